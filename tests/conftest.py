"""Shared by every test that needs a real Kafka: one broker a session, own topics a test."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings

_numbers = itertools.count(1)


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
