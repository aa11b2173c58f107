"""Shared by every test: one real Kafka a session for those that need it, own topics a test.

Which tests `make quick` leaves out is settled here, and that the others start no server.
"""

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings as hypothesis_settings

from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.examples import examples
from tests.no_servers import Guard, is_slow
from tests.scheduling import NICE, STEPS_BACK, FromBothEnds, steps_back

_numbers = itertools.count(1)
_no_servers = Guard()
# The same loader in C: rules and messages are read while tests are collected, by each process.
yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]
# No test measures time: on a busy machine an example takes what it takes.
hypothesis_settings.register_profile("any machine", deadline=None, max_examples=examples(100))
hypothesis_settings.load_profile("any machine")


# Before the expression of -m is looked at.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks as slow what needs a Kafka; files with slow tests come first.

    Tests are handed out in this order. What waits for minutes must not be begun last, and what
    waits leaves its core to others; at the end there is much that is short.
    """
    wait = set()
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if is_slow(item.path.parts, fixtures, item.get_closest_marker("slow") is not None):
            item.add_marker("slow")
            wait.add(item.path)
    items.sort(key=lambda item: item.path not in wait)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not go through it again and again."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FromBothEnds | None:
    """Where whole files are handed out; None: as xdist does."""
    return FromBothEnds(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells the last of several workers so, where whole files are handed out."""
    workers = node.config.getoption("numprocesses") or 0
    if node.config.getoption("dist") == "loadfile":
        node.workerinput[STEPS_BACK] = steps_back(node.gateway.id, workers)


def pytest_configure(config: pytest.Config) -> None:
    """The worker that fills the others' pauses lets them go first."""
    if getattr(config, "workerinput", {}).get(STEPS_BACK):
        os.nice(NICE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for processes of their own."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Keeps the guard up while a test that is not slow, and what is set up for it, runs."""
    if item.get_closest_marker("slow") is not None:
        return (yield)
    with _no_servers():
        return (yield)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """One real Apache Kafka for the whole session, on free loopback ports."""
    broker = LocalKafka(1, tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    # Its directory goes too: nothing to shut down in order.
    broker.stop(patience_seconds=0)


@pytest.fixture
def fresh_settings(kafka: LocalKafka) -> Callable[..., Settings]:
    """Makes Settings with an app id and topic names of their own; the topics are not made."""

    def make(**changes: object) -> Settings:
        name = f"t{os.getpid()}-{next(_numbers)}"
        values: dict[str, object] = {
            "bootstrap": kafka.bootstrap,
            "app_id": name,
            "topic_prefix": f"{name}.",
            "metrics_port": 0,
            "board_port": 0,
            # The least Kafka allows: a killed worker's partitions are soon free.
            "session_timeout_seconds": 6,
            "transaction_timeout_seconds": 5,
        }
        return Settings(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def fresh_topics(fresh_settings: Callable[..., Settings]) -> Callable[..., Settings]:
    """Makes Settings as `fresh_settings` does, and their topics."""

    def make(**changes: object) -> Settings:
        settings = fresh_settings(**changes)
        create_topics(settings)
        return settings

    return make


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return Path(__file__).parent.parent
