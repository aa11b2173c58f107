"""Exact under every fault, on a real Kafka: each fault strikes while records are uncommitted."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.kafka.local_kafka import LocalKafka
from tests.broker.toy_world import PATIENCE, STOPPED, World, wait_until

EVENTS = 16_000
# So slow that the faults strike amid the work.
WORK_SECONDS = 150e-6
SESSION_SECONDS = 6
#: Beyond all patience: whoever waits for a session to run out is found out.
LONG_SESSION = 600
_numbers = itertools.count(1)

MakeWorld = Callable[..., World]


@pytest.fixture
def world(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """Topics of its own, 16,000 events in them, and slow workers."""
    made = World(
        kafka,
        tmp_path,
        f"toy{os.getpid()}-{next(_numbers)}",
        work_seconds=WORK_SECONDS,
        session_timeout=SESSION_SECONDS,
        transaction_timeout=4,
        options={"max_records": 300, "linger_seconds": 0.02},
    )
    made.produce(EVENTS)
    yield made
    made.close()


def test_a_killed_worker_loses_and_repeats_nothing(world: World) -> None:
    """kill -9 with an applied, uncommitted batch: the next worker counts it once."""
    first = world.start()
    first.stop_amid_work()
    assert first.uncommitted > 0
    first.send(signal.SIGKILL)
    first.ended(PATIENCE)
    second = world.start()
    world.await_exact()
    assert second.mark["restored"] > 0
    assert second.running


def test_a_terminated_worker_commits_what_it_has_applied_and_leaves(world: World) -> None:
    """SIGTERM amid the work: exit 0, nothing uncommitted, and no waiting for a session."""
    world.config["session_timeout"] = LONG_SESSION
    first = world.start()
    wait_until(lambda: first.amid_work and first.mark.get("records", 0) > 0, PATIENCE, "work")
    first.send(signal.SIGTERM)
    assert first.ended(PATIENCE) == 0, first.log.read_text()[-3000:]
    assert first.uncommitted == 0
    assert 0 < first.mark["records"] < EVENTS
    second = world.start()
    wait_until(lambda: second.ready, PATIENCE, "the second worker has the partitions")
    world.await_exact()


def test_a_stalled_worker_is_fenced_when_it_wakes_up(world: World) -> None:
    """Stopped beyond the session timeout with an open transaction: it may not write any more."""
    first = world.start()
    wait_until(lambda: first.ready, PATIENCE, "the first worker works")
    second = world.start()
    wait_until(lambda: second.ready and first.ready, PATIENCE, "both workers work")
    world.produce(EVENTS)
    first.stop_amid_work()
    stalled = time.monotonic()
    wait_until(lambda: len(second.mark["owned"]) == 8, PATIENCE, "the second worker takes over")
    assert time.monotonic() - stalled > SESSION_SECONDS - 2
    wait_until(lambda: second.ready, PATIENCE, "the second worker has loaded the rest")
    assert first.uncommitted > 0
    first.send(signal.SIGCONT)
    assert first.ended(PATIENCE) == STOPPED, first.log.read_text()[-3000:]
    assert "fenced" in first.log.read_text()
    world.await_exact()
    assert second.mark["fences"] == 0


def test_a_worker_is_added_and_removed_amid_the_work(world: World) -> None:
    """Scale-out and scale-in: partitions move, those that stay are not loaded again."""
    first = world.start()
    wait_until(lambda: first.amid_work, PATIENCE, "work")
    second = world.start()
    wait_until(
        lambda: second.ready and first.ready and len(second.mark["owned"]) == 4,
        PATIENCE,
        "scale-out",
    )
    assert first.mark["owned"] == sorted(first.mark["owned"])
    assert len(first.mark["owned"]) == 4
    assert first.log.read_text().count("unit loaded") == 8, "kept units were loaded again"
    world.produce(EVENTS)
    wait_until(lambda: first.uncommitted > 0 and second.uncommitted > 0, PATIENCE, "both work")
    second.send(signal.SIGTERM)
    assert second.ended(PATIENCE) == 0
    assert second.uncommitted == 0
    wait_until(lambda: first.ready and len(first.mark["owned"]) == 8, PATIENCE, "scale-in")
    world.await_exact()
    assert first.running
    assert first.mark["fences"] == 0


def test_a_worker_that_fails_leaves_at_once(world: World) -> None:
    """A bug in a stage ends the process with 70, and nobody waits for its session to run out."""
    world.config["session_timeout"] = LONG_SESSION
    first = world.start()
    wait_until(lambda: first.ready, PATIENCE, "the first worker works")
    second = world.start()
    wait_until(lambda: second.ready and first.ready, PATIENCE, "both workers work")
    (first.home / "bomb").touch()
    world.produce(EVENTS)
    assert first.ended(PATIENCE) == STOPPED
    assert "a bug in the stage" in first.log.read_text()
    wait_until(
        lambda: second.ready and len(second.mark["owned"]) == 8, PATIENCE, "a quick takeover"
    )
    world.await_exact()


def test_a_broker_that_dies_and_comes_back(world: World, kafka: LocalKafka) -> None:
    """The broker is killed amid transactions: workers wait or end with 70, and all is exact."""
    first = world.start()
    wait_until(lambda: first.amid_work, PATIENCE, "work")
    supervised = world.supervised({STOPPED})
    kafka.kill_node(0)
    committed = first.committed
    # Before anything can fail: other tests share this broker.
    kafka.start_node(0)
    assert 0 < committed < EVENTS
    world.await_exact(meanwhile=supervised)
