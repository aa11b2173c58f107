"""Real workers under every fault: the intervals they leave equal one replay of the same files.

Each fault strikes while Kafka itself shows a transaction open and records that no position has
passed; an idle fault cannot pass.
"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.settings import Settings
from streams.tools.local_kafka import LocalKafka
from tests.broker.toy_world import wait_until
from tests.broker.worker_files import expected_sums, read_events, write_call_log, write_centre
from tests.broker.worker_world import PATIENCE, STOPPED, World

EVENT_TIME = ("--clock", "event")
CONTACTS = 4_000


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    """Topics of its own, and nobody working on them yet."""
    # Twice the fixture's: on a busy machine a healthy worker must keep its session.
    made = World(fresh_topics(session_timeout_seconds=12, transaction_timeout_seconds=8), tmp_path)
    yield made
    made.close()


def published(world: World, *files: Path) -> None:
    """Every file is in Kafka."""
    for path in files:
        assert world.publish(path).wait(PATIENCE) == 0, (world.home / "publish.log").read_text()


def test_a_killed_worker_leaves_the_call_log_exact(world: World) -> None:
    """kill -9 amid a transaction, and a start again: every count and second as in the replay."""
    log = write_call_log(world.home / "calls.csv", copies=1)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    publisher = world.publish(log)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = world.stop_amid_work(first)
    assert uncommitted > 0
    assert world.lag() > 0
    print(f"killed with {uncommitted} changelog records uncommitted, lag {world.lag()}")
    first.send(signal.SIGKILL)
    first.ended(5)
    third = world.start(*EVENT_TIME)
    assert publisher.wait(PATIENCE) == 0
    world.await_exact(expected_sums(world.settings, read_events(log)))
    assert second.running
    assert third.running


def test_a_stalled_worker_writes_nothing_when_it_wakes_up(world: World) -> None:
    """SIGSTOP beyond the session timeout: what it had open is aborted, it may not write again."""
    files = [write_centre(world.home / f"{n}.ndjson", CONTACTS // 2, seed=n) for n in (1, 2)]
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    publisher = world.publish(files[0])
    uncommitted = world.stop_amid_work(first)
    lag = world.lag()
    assert uncommitted > 0
    assert lag > 0
    assert publisher.wait(PATIENCE) == 0
    # Nobody else can have read the rest: its partitions are the second worker's now.
    wait_until(lambda: world.lag() == 0, PATIENCE, "the second worker takes over")
    events = read_events(files[0])
    world.await_exact(expected_sums(world.settings, events))
    first.send(signal.SIGCONT)
    wait_until(lambda: not first.running or first.ready, PATIENCE, "it ends, or has joined again")
    # Records that it would write beside the new owner, were it not fenced.
    published(world, files[1])
    world.await_exact(expected_sums(world.settings, events + read_events(files[1])))
    code = first.process.poll()
    assert code in (None, STOPPED), first.said[-3000:]
    assert code is None or "fenced" in first.said
    assert second.running
    assert "fenced" not in second.said
    print(f"stalled with {uncommitted} changelog records uncommitted, lag {lag}; ended: {code}")


def test_planned_scaling_disturbs_nobody(world: World) -> None:
    """A third worker, then one and another leave by SIGTERM, amid the work: exit 0, no fencing."""
    files = [write_centre(world.home / f"{n}.ndjson", CONTACTS // 3, seed=n) for n in (1, 2, 3)]
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = []

    publishers = [world.publish(files[0])]
    uncommitted.append(world.stop_amid_work(first))
    third = world.start(*EVENT_TIME)
    first.send(signal.SIGCONT)
    wait_until(lambda: third.ready and first.ready and second.ready, PATIENCE, "scale-out")
    for path, leaving in ((files[1], second), (files[2], first)):
        publishers.append(world.publish(path))
        uncommitted.append(world.stop_amid_work(leaving))
        leaving.send(signal.SIGTERM)
        leaving.send(signal.SIGCONT)
        assert leaving.ended(PATIENCE) == 0, leaving.said[-3000:]
    assert [publisher.wait(PATIENCE) for publisher in publishers] == [0, 0, 0]
    events = [event for path in files for event in read_events(path)]
    world.await_exact(expected_sums(world.settings, events))
    for worker in world.workers:
        assert "fenced" not in worker.said
        assert "CRITICAL" not in worker.said
    assert third.running
    print(f"changelog records uncommitted at scale-out, scale-in and the last: {uncommitted}")


def test_a_broker_that_dies_and_comes_back(world: World, kafka: LocalKafka) -> None:
    """The broker dies amid transactions: workers wait or end with 70, and all is exact after."""
    files = [write_centre(world.home / f"{n}.ndjson", CONTACTS // 2, seed=n) for n in (1, 2)]
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    publisher = world.publish(files[0])
    uncommitted = world.stop_amid_work(first)
    assert publisher.wait(PATIENCE) == 0
    lag = world.lag()
    assert uncommitted > 0
    assert lag > 0
    kafka.kill_node(0)
    first.send(signal.SIGCONT)
    kafka.start_node(0)
    ended = world.supervise(
        lambda: any(w.running and w.ready for w in world.workers), PATIENCE, STOPPED, *EVENT_TIME
    )
    published(world, files[1])
    ended += world.supervise(lambda: world.lag() == 0, PATIENCE, STOPPED, *EVENT_TIME)
    events = [event for path in files for event in read_events(path)]
    world.await_exact(expected_sums(world.settings, events))
    print(f"broker gone at {uncommitted} changelog records uncommitted, lag {lag}; ended: {ended}")
    assert second.running or STOPPED in ended
