"""Real workers under every fault: the intervals they leave equal one replay of the same files.

Each fault strikes while Kafka itself shows a transaction open and records that no position has
passed; an idle fault cannot pass.
"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.kafka.local_kafka import LocalKafka
from streams.settings import Settings
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import RATE, centre, expected_sums, write_call_log
from tests.broker.worker_world import STOPPED, Supply, World

EVENT_TIME = ("--clock", "event")


@pytest.fixture
def world(
    fresh_topics: Callable[..., Settings], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[World]:
    """Topics of its own, and nobody working on them yet."""
    # Twice the fixture's: on a busy machine a healthy worker must keep its session.
    session = getattr(request, "param", 12)
    settings = fresh_topics(session_timeout_seconds=session, transaction_timeout_seconds=8)
    made = World(settings, tmp_path)
    yield made
    made.close()


def test_a_killed_worker_leaves_the_call_log_exact(world: World) -> None:
    """kill -9 amid a transaction, and a start again: every count and second as in the replay."""
    supply = Supply(world, write_call_log, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = world.stop_amid_work(first, supply)
    lag = world.lag()
    assert uncommitted > 0
    assert lag > 0
    first.send(signal.SIGKILL)
    first.ended(5)
    third = world.start(*EVENT_TIME)
    supply.finish()
    world.await_exact(expected_sums(world.settings, supply.events))
    assert second.running
    assert third.running
    print(f"killed with {uncommitted} changelog records uncommitted, lag {lag}")


def test_a_stalled_worker_writes_nothing_when_it_wakes_up(world: World) -> None:
    """SIGSTOP beyond the session timeout: what it had open is aborted, it may not write again."""
    supply = Supply(world, centre, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = world.stop_amid_work(first, supply)
    lag = world.lag()
    assert uncommitted > 0
    assert lag > 0
    supply.finish()
    # Nobody else can have read the rest: its partitions are the second worker's now.
    wait_until(lambda: world.lag() == 0, PATIENCE, "the second worker takes over")
    world.await_exact(expected_sums(world.settings, supply.events))
    first.send(signal.SIGCONT)
    wait_until(lambda: not first.running or first.ready, PATIENCE, "it ends, or has joined again")
    # Records that it would write beside the new owner, were it not fenced.
    supply.begin()
    supply.finish()
    world.await_exact(expected_sums(world.settings, supply.events))
    code = first.process.poll()
    assert code in (None, STOPPED), first.said[-3000:]
    assert code is None or "fenced" in first.said
    assert second.running
    assert "fenced" not in second.said
    print(f"stalled with {uncommitted} changelog records uncommitted, lag {lag}; ended: {code}")


def test_planned_scaling_disturbs_nobody(world: World) -> None:
    """A third worker, then one and another leave by SIGTERM, amid the work: exit 0, no fencing."""
    supply = Supply(world, centre, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = [world.stop_amid_work(first, supply)]
    third = world.start(*EVENT_TIME)
    first.send(signal.SIGCONT)
    wait_until(lambda: third.ready and first.ready and second.ready, PATIENCE, "scale-out")
    for leaving in (second, first):
        uncommitted.append(world.stop_amid_work(leaving, supply))
        leaving.send(signal.SIGTERM)
        leaving.send(signal.SIGCONT)
        assert leaving.ended(PATIENCE) == 0, leaving.said[-3000:]
    supply.finish()
    world.await_exact(expected_sums(world.settings, supply.events))
    for worker in world.workers:
        assert "fenced" not in worker.said
        assert "CRITICAL" not in worker.said
    assert third.running
    print(f"changelog records uncommitted at scale-out, scale-in and the last: {uncommitted}")


# The default session, in which a broker is mostly back.
@pytest.mark.parametrize("world", [30], indirect=True)
def test_a_broker_that_dies_and_comes_back(world: World, kafka: LocalKafka) -> None:
    """The broker dies amid transactions: workers wait or end with 70, and all is exact after."""
    supply = Supply(world, centre, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = world.stop_amid_work(first, supply)
    # However long it takes until the broker dies, nobody takes over from the first.
    second.send(signal.SIGSTOP)
    supply.finish()
    lag = world.lag()
    assert uncommitted > 0
    assert lag > 0
    kafka.kill_node(0)
    first.send(signal.SIGCONT)
    second.send(signal.SIGCONT)
    kafka.start_node(0)
    ended = world.supervise(
        lambda: any(w.running and w.ready for w in world.workers), PATIENCE, STOPPED, *EVENT_TIME
    )
    supply.begin()
    supply.finish()
    expected = expected_sums(world.settings, supply.events)
    ended += world.supervise(
        lambda: world.lag() == 0 and not world.differences(expected), PATIENCE, STOPPED, *EVENT_TIME
    )
    print(f"broker gone at {uncommitted} changelog records uncommitted, lag {lag}; ended: {ended}")
    assert second.running or STOPPED in ended
