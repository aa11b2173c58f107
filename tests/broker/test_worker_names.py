"""Workers with names (`group_instance_id`): started again in time, they disturb no other worker.

Static membership leaves the group's assignment as it is while a member is away, and never says that
it leaves. Whether anybody else had to pause is read from that worker's own count of assignments.
"""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.settings import Settings
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import RATE, centre, expected_sums
from tests.broker.worker_world import STOPPED, Supply, Worker, World

REBALANCES = ("stream_rebalances_total", "")


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    """Topics of its own; a session that outlasts a restart on the busiest machine."""
    made = World(fresh_topics(session_timeout_seconds=90, transaction_timeout_seconds=8), tmp_path)
    yield made
    made.close()


def start(world: World, name: str) -> Worker:
    """Start a worker of that name."""
    return world.start("--clock", "event", "--group-instance-id", name)


def rebalances(worker: Worker) -> float:
    """How many assignments it went through."""
    return worker.metrics()[REBALANCES]


def name_of(worker: Worker) -> str:
    """The name it says it has."""
    found = re.search(r"^worker (\S+) of ", worker.said, re.MULTILINE)
    assert found is not None, worker.said
    return found[1]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda it: it.name)
def test_a_named_worker_that_comes_back_disturbs_nobody(world: World, how: signal.Signals) -> None:
    """Each of two ends amid a transaction and starts again, leader and follower alike: the other
    goes through no assignment, and every figure is as in the replay."""
    workers = {name: start(world, name) for name in ("first", "second")}
    wait_until(lambda: all(w.ready for w in workers.values()), PATIENCE, "both have their units")
    supply = Supply(world, centre, RATE)
    for name, other in (("first", "second"), ("second", "first")):
        before = rebalances(workers[other])
        assert world.stop_amid_work(workers[name], supply) > 0
        workers[name].send(how)
        workers[name].send(signal.SIGCONT)
        assert workers[name].ended(PATIENCE) == (0 if how is signal.SIGTERM else -signal.SIGKILL)
        supply.finish()
        workers[name] = start(world, name)
        wait_until(lambda: all(w.ready for w in workers.values()), PATIENCE, "its units are back")
        assert rebalances(workers[name]) == 1
        assert rebalances(workers[other]) == before
    world.await_exact(expected_sums(world.settings, supply.events))
    assert not [worker for worker in world.workers if "fenced" in worker.said]


def test_a_killed_worker_finds_its_own_name_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `auto` nobody gives names: two workers of one host differ, and one that is killed with
    -9 and started again has its partitions back without the other going through an assignment."""
    monkeypatch.setenv("XDG_STATE_HOME", str(world.home / "state"))
    killed, other = start(world, "auto"), start(world, "auto")
    wait_until(lambda: killed.ready and other.ready, PATIENCE, "both have their units")
    before = rebalances(other)
    supply = Supply(world, centre, RATE)
    assert world.stop_amid_work(killed, supply) > 0
    killed.send(signal.SIGKILL)
    assert killed.ended(PATIENCE) == -signal.SIGKILL
    supply.finish()
    again = start(world, "auto")
    wait_until(lambda: again.ready and other.ready, PATIENCE, "its units are back")
    assert name_of(again) == name_of(killed) != name_of(other)
    assert rebalances(again) == 1
    assert rebalances(other) == before
    world.await_exact(expected_sums(world.settings, supply.events))
    assert not [worker for worker in world.workers if "fenced" in worker.said]


def test_of_two_workers_with_one_name_the_older_ends(world: World) -> None:
    """A mistake that is loud and costs no number: the newer has the partitions, the older may not
    write any more and ends with 70, while a third one goes on."""
    older, third = start(world, "twice"), start(world, "once")
    wait_until(lambda: older.ready and third.ready, PATIENCE, "both have their units")
    newer = start(world, "twice")
    wait_until(lambda: newer.ready, PATIENCE, "the newer has the units")
    supply = Supply(world, centre, RATE)
    supply.begin()
    assert older.ended(PATIENCE) == STOPPED
    assert "a live unit was fenced" in older.said
    assert "one that was started as twice too?" in older.said
    supply.finish()
    world.await_exact(expected_sums(world.settings, supply.events))
    assert newer.running
    assert third.running
