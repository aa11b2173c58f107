"""The transport in a real Faust app: each test reproduces a way in which stock Faust goes wrong."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from unittest.mock import AsyncMock

import pytest
from faust.types import TP

from streams.errors import StateError
from streams.faustkit.transport import BATCH_RECORDS
from tests.faustkit.harness import GENERATION, running
from tests.faustkit.memory import IN, OTHER, until

TP0 = TP(IN, 0)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run one test on an event loop of its own, within 20 s."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(bounded())


def test_one_event_carries_a_whole_fetch_up_to_its_bound() -> None:
    """Faust's price is paid per batch, and a batch is never so large that it stalls the loop."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([b"k"] * (2 * BATCH_RECORDS + 1), start=0)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.stats.positions[IN] == 2 * BATCH_RECORDS)
            assert len(harness.factory.last.accepted) == 2 * BATCH_RECORDS + 1
            assert unit.stats.batches == 3
            assert not harness.ended

    run(test())


def test_gaps_in_offsets_do_not_freeze_the_commits() -> None:
    """Transaction markers and compacted records leave holes; the commit passes over all of them."""

    async def test() -> None:
        async with running() as harness:
            for start in range(0, 300, 3):
                harness.thread.append([b"k"], start=start, after=2)
                await asyncio.sleep(0.001)
            await until(lambda: harness.factory.last.counts.get(b"k") == 100)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.next == {IN: 300})
            await until(lambda: not harness.consumer._unacked_messages)
            await harness.consumer.commit()
            assert harness.thread.committed == {TP0: 300}
            assert not harness.consumer._acked[TP0]
            assert not harness.consumer._acked_index[TP0]
            assert not harness.consumer._gap
            assert not harness.ended

    run(test())


def test_offsets_without_any_record_are_passed_on() -> None:
    """Markers alone move the position: a log that is cut off behind them stops no restart."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([], start=0, after=7)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.stats.positions[IN] == 6)
            assert unit.stats.batches == 1
            assert not harness.ended

    run(test())


def test_nothing_in_flight_is_ever_committed() -> None:
    """With a batch unacknowledged, neither it nor anything behind it is committed."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([b"k"], start=0)
            await until(lambda: harness.kafka.transactions == 1)
            await until(lambda: not harness.consumer._unacked_messages)
            harness.kafka.hold = asyncio.Event()
            harness.thread.append([b"k"], start=1)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.busy_since is not None)
            harness.thread.append([b"k"], start=2)
            await until(lambda: unit.stats.queued == 1)
            await harness.consumer.commit()
            assert harness.thread.committed == {TP0: 1}
            harness.kafka.hold.set()
            await until(lambda: harness.factory.last.counts[b"k"] == 3)
            await until(lambda: not harness.consumer._unacked_messages)
            await harness.consumer.commit()
            assert harness.thread.committed == {TP0: 3}

    run(test())


def test_an_acknowledgement_out_of_order_waits_for_those_before_it() -> None:
    """Stock Faust commits past one unacknowledged event; here the order of hand-over decides."""

    async def test() -> None:
        async with running() as harness:
            consumer = harness.consumer
            consumer._in_hand[TP0].extend([4, 9, 12])
            for acked, expected in ((9, None), (4, 10), (12, 13)):
                consumer._acked[TP0].append(acked)
                consumer._acked_index[TP0].add(acked)
                assert consumer._new_offset(TP0) == expected
            assert not consumer._acked[TP0]

    run(test())


def test_acknowledged_batches_are_committed_before_the_partitions_go() -> None:
    """Stock Faust forgets at the revoke what it had not committed yet; here nothing is replayed."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([b"k"] * 50, start=0)
            await until(lambda: harness.kafka.transactions == 1)
            assert harness.thread.commits == []
            await harness.consumer.on_partitions_revoked({TP0})
            assert harness.thread.committed == {TP0: 50}

    run(test())


def test_a_revoke_waits_for_the_commit_in_flight_and_drops_the_rest() -> None:
    """What is applied is committed before the partition goes; what waits is left to the next."""

    async def test() -> None:
        async with running() as harness:
            harness.kafka.hold = asyncio.Event()
            harness.thread.append([b"k"], start=0)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.busy_since is not None)
            harness.thread.append([b"k"], start=1)
            await until(lambda: unit.stats.queued == 1)
            revoke = asyncio.create_task(harness.consumer.on_partitions_revoked({TP0}))
            await asyncio.sleep(0.1)
            assert not revoke.done()
            harness.kafka.hold.set()
            await revoke
            assert harness.thread.committed == {TP0: 1}
            assert harness.kafka.newest()[b"k"] == b"1"
            turns = harness.factory.last.calls.count("turn")
            await asyncio.sleep(0.2)
            assert harness.factory.last.calls.count("turn") == turns

    run(test())


def test_a_kept_unit_is_not_loaded_again_and_reads_on() -> None:
    """A rebalance that leaves the partition here costs no load, no replay and no record."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([b"k"] * 3, start=0)
            await until(lambda: harness.kafka.transactions == 1)
            unit = harness.app.units.live["stage", 0]
            await harness.rebalance([(IN, 0), (IN, 1)], GENERATION + 1)
            await until(lambda: harness.app.units.ready)
            assert harness.app.units.live["stage", 0] is unit
            assert {TP0: 3} in harness.thread.sought
            harness.thread.append([b"k"] * 2, start=3)
            await until(lambda: harness.factory.made[0].counts == {b"k": 5})
            assert harness.kafka.reads == 2
            assert unit.stats.skipped_replayed == 0
            assert not harness.ended

    run(test())


def test_a_lost_unit_is_closed_and_its_records_are_dropped() -> None:
    """After the partition has gone nothing reaches its stage, and its producer is stopped."""

    async def test() -> None:
        async with running(partitions=(0, 1)) as harness:
            await until(lambda: harness.app.units.ready)
            lost = harness.factory.made[0]
            await harness.rebalance([(IN, 1)], GENERATION + 1)
            await until(lambda: "closed" in lost.calls)
            assert ("stage", 0) not in harness.app.units.live
            stats = harness.app.units.stats.units["stage", 0]
            assert not stats.assigned
            assert not stats.loaded
            assert all(TP0 not in polled for polled in harness.thread.polls[-1:])
            assert not harness.ended

    run(test())


def test_a_unit_that_missed_a_generation_is_loaded_again() -> None:
    """Out of the group for a while: somebody else may have written its state meanwhile."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([b"k"] * 3, start=0)
            await until(lambda: harness.kafka.transactions == 1)
            first = harness.app.units.live["stage", 0]
            await harness.rebalance([(IN, 0)], GENERATION + 2)
            await until(lambda: harness.app.units.ready)
            second = harness.app.units.live["stage", 0]
            assert second is not first
            assert first.released
            assert second.stats.assigned
            assert harness.factory.last.restored_values == {b"k": b"3"}
            harness.thread.append([b"k"], start=3)
            await until(lambda: harness.factory.last.counts == {b"k": 4})
            assert not harness.ended

    run(test())


def test_a_worker_without_partitions_is_ready_and_holds_nothing() -> None:
    """More workers than partitions: Faust does not even seek then, and no unit may stay behind."""

    async def test() -> None:
        async with running() as harness:
            await until(lambda: harness.app.units.ready)
            lost = harness.factory.last
            await harness.consumer.on_partitions_revoked({TP0})
            harness.thread.assigned = set()
            assert not harness.app.units.ready
            # The app's part of it needs the recovery service, which the harness has not started.
            harness.consumer._on_partitions_assigned = AsyncMock()
            await harness.consumer.on_partitions_assigned(set(), GENERATION + 1)
            await until(lambda: "closed" in lost.calls)
            assert harness.app.units.ready
            assert harness.app.units.live == {}
            assert not harness.ended

    run(test())


def test_records_fetched_before_a_rebalance_never_arrive_after_it() -> None:
    """The recovery race of stock Faust: what a poll of the old assignment brings is read again."""

    async def test() -> None:
        async with running() as harness:
            await until(lambda: harness.app.units.ready)
            harness.thread.gate = asyncio.Event()
            harness.thread.append([b"k"] * 4, start=0)
            await until(lambda: harness.thread.at[TP0] == 4)
            rebalance = asyncio.create_task(harness.rebalance([(IN, 0)], GENERATION + 1))
            await asyncio.sleep(0.05)
            harness.thread.gate.set()
            harness.thread.gate = None
            await rebalance
            await until(lambda: harness.factory.last.counts == {b"k": 4})
            assert [offset for _, offset in harness.factory.last.accepted] == [0, 1, 2, 3]
            unit = harness.app.units.live["stage", 0]
            assert unit.stats.skipped_replayed == 0
            assert not harness.ended

    run(test())


def test_stopping_does_not_wait_for_what_is_never_acknowledged() -> None:
    """Stock `wait_empty` loops while one event is unacknowledged; ours ends with the commits."""

    async def test() -> None:
        async with running() as harness:
            harness.kafka.hold = asyncio.Event()
            harness.thread.append([b"k"], start=0)
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.busy_since is not None)
            harness.thread.append([b"k"], start=1)
            await until(lambda: unit.stats.queued == 1)
            harness.kafka.hold.set()
            async with asyncio.timeout(2):
                await harness.consumer.wait_empty()
            assert harness.thread.committed == {TP0: 1}

    run(test())


def test_a_full_unit_is_not_polled_and_others_do_not_wait_for_it() -> None:
    """Back-pressure by not asking: the other partition goes on meanwhile."""

    async def test() -> None:
        async with running(partitions=(0, 1)) as harness:
            await until(lambda: harness.app.units.ready)
            harness.kafka.hold = asyncio.Event()
            full = harness.app.units.options.queue_records
            unit = harness.app.units.live["stage", 0]
            harness.thread.append([b"k"], start=0)
            await until(lambda: unit.busy_since is not None)
            harness.thread.append([b"k"] * full, start=1)
            await until(lambda: not unit.has_room(IN))
            before = len(harness.thread.polls)
            await until(lambda: len(harness.thread.polls) > before + 3)
            assert harness.thread.polls[-1] == {TP(IN, 1)}
            harness.kafka.hold.set()
            await until(lambda: harness.factory.made[0].counts == {b"k": full + 1})
            assert not harness.ended

    run(test())


def test_several_inputs_meet_in_one_unit() -> None:
    """Partition p of every input of a stage goes to one unit, each with its own position."""

    async def test() -> None:
        async with running(IN, OTHER) as harness:
            harness.thread.append([b"k"], start=0)
            tp = TP(OTHER, 0)
            harness.thread.ends[tp] = 4
            unit = harness.app.units.live["stage", 0]
            await until(lambda: unit.stats.positions == {IN: 0, OTHER: 3})

    run(test())


def test_poison_records_reach_the_stage_untouched() -> None:
    """No bytes, and no missing ones, can fail before the stage, which owns what to do with them."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.append([None, b"\xff\xfe", b""], start=0)
            await until(lambda: len(harness.factory.last.accepted) == 3)
            assert not harness.ended

    run(test())


def test_an_exception_in_an_agent_ends_the_process() -> None:
    """Faust would acknowledge the event, restart the agent and look healthy."""

    async def test() -> None:
        async with running() as harness:
            harness.app.units.put = lambda _: 1 / 0
            harness.thread.append([b"k"], start=0)
            await until(lambda: harness.ended)
            assert "agent" in harness.ended.reasons[0][0]

    run(test())


def test_a_crash_of_a_faust_service_ends_the_process() -> None:
    """Fetcher, conductor, consumer thread: whichever crashes, nothing goes on without it."""

    async def test() -> None:
        async with running() as harness:
            await harness.consumer.crash(ZeroDivisionError())
            await until(lambda: harness.ended)

    run(test())


def test_a_failing_fetch_ends_the_process() -> None:
    """A corrupt record, a refused topic or a moved position cannot be passed over."""

    async def test() -> None:
        async with running() as harness:
            harness.thread.fail = ValueError("corrupt")
            await until(lambda: harness.ended)

    run(test())


def test_a_unit_with_a_part_of_its_inputs_ends_the_process() -> None:
    """Without co-partitioning a contact's events would be split between two states."""

    async def test() -> None:
        async with running(IN, OTHER) as harness:
            await harness.consumer.on_partitions_revoked(harness.thread.assignment())
            harness.thread.assigned = {TP0}
            with pytest.raises(StateError, match="another worker"):
                await harness.consumer.perform_seek()
            assert harness.ended

    run(test())
