"""One unit: what it applies, writes and acknowledges, and when it refuses to go on."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError, ProducerFenced

from streams.errors import StateError
from streams.faustkit.stage import Batch
from streams.faustkit.stats import UnitStats
from streams.faustkit.unit import POSITION_KEY, Unit
from tests.faustkit.memory import (
    IN,
    OPTIONS,
    OTHER,
    OUT,
    Ended,
    Factory,
    MemoryEvent,
    MemoryKafka,
    MemoryRecord,
    batch,
    until,
)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run one test on an event loop of its own, within 20 s."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(bounded())


async def begun(kafka: MemoryKafka, ended: Ended, factory: Factory, **changes: Any) -> Unit:
    """A loaded unit whose inputs have been sought; epoch 1. `changes`: of the options."""
    spec = factory.spec()
    unit = Unit(spec, 0, replace(OPTIONS, **changes), stats_of(factory), kafka, ended)
    await unit.acquire()
    unit.begin(1, {topic: unit.next.get(topic, 0) for topic in spec.inputs})
    return unit


def stats_of(factory: Factory) -> UnitStats:
    """Fresh statistics."""
    unread = dict.fromkeys(factory.inputs, -1)
    return UnitStats("stage", 0, assigned=True, positions=unread, end_offsets=dict(unread))


async def feed(unit: Unit, *batches: Any) -> list[MemoryEvent]:
    """Put batches and wait until all are acknowledged."""
    events = [MemoryEvent(one) for one in batches]
    for event in events:
        unit.put(event)
    await until(lambda: all(event.acked for event in events))
    return events


def test_state_position_and_output_are_one_transaction(
    kafka_memory: MemoryKafka, ended: Ended
) -> None:
    """What a turn returned is there with the position it belongs to, and only then acknowledged."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        await feed(unit, batch([b"a", b"b", b"a"], after=1))
        assert kafka_memory.newest() == {b"a": b"2", b"b": b"1", POSITION_KEY + b"in": b"3"}
        outputs = {k: v for p in range(4) for k, v in kafka_memory.logs[OUT, p]}
        assert outputs == {b"a": b"2", b"b": b"1"}
        assert kafka_memory.transactions == 1
        assert unit.stats.positions == {IN: 3}
        await unit.release()

    run(test())
    assert not ended


def test_a_successor_goes_on_where_the_state_ends(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """The next owner gets the newest value of each key, the unit's own keys not among them."""

    async def test() -> None:
        first = await begun(kafka_memory, ended, Factory())
        await feed(first, batch([b"a", b"a", b"b"]))
        await first.release()
        factory = Factory()
        second = await begun(kafka_memory, ended, factory)
        assert factory.last.restored_values == {b"a": b"2", b"b": b"1"}
        assert factory.last.calls[:3] == ["restore", "restore", "restored"]
        assert second.next == {IN: 3}
        await feed(second, batch([b"a"], start=3))
        assert kafka_memory.newest()[b"a"] == b"3"
        await second.release()

    run(test())
    assert not ended


def test_replayed_records_are_counted_and_skipped(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Offsets at or below the position change nothing, whole batches of them not even a log."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        await feed(unit, batch([b"a", b"a"]))
        await feed(unit, batch([b"a", b"a"]))
        assert kafka_memory.transactions == 1
        await feed(unit, batch([b"a", b"a", b"a"]))
        assert factory.last.counts == {b"a": 3}
        assert unit.stats.skipped_replayed == 4
        assert unit.stats.records == 3
        await unit.release()

    run(test())
    assert not ended


def test_a_hole_before_a_batch_ends_the_process(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """A batch that begins beyond position + 1 means that records were lost on the way."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        event = MemoryEvent(batch([b"a"], start=1))
        unit.put(event)
        await until(lambda: ended)
        assert isinstance(ended.reasons[0][1], StateError)
        assert factory.last.accepted == []
        assert not event.acked

    run(test())


def test_a_stalled_producer_acknowledges_nothing(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """As long as the broker has not answered, nothing is acknowledged and nothing more applied."""

    async def test() -> None:
        kafka_memory.hold = asyncio.Event()
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        events = [MemoryEvent(batch([b"a"], start=0)), MemoryEvent(batch([b"a"], start=1))]
        unit.put(events[0])
        await until(lambda: unit.busy_since is not None)
        unit.put(events[1])
        turns = factory.last.calls.count("turn")
        await asyncio.sleep(3 * OPTIONS.tick_seconds)
        assert not any(event.acked for event in events)
        assert factory.last.calls.count("turn") == turns
        assert "committed" not in factory.last.calls[-1:]
        kafka_memory.hold.set()
        await until(lambda: all(event.acked for event in events))
        await unit.release()

    run(test())
    assert not ended


@pytest.mark.parametrize("at", ["fail", "fail_commit"])
@pytest.mark.parametrize("problem", [MessageSizeTooLargeError(), ProducerFenced()])
def test_a_failed_write_ends_the_process(
    kafka_memory: MemoryKafka, ended: Ended, at: str, problem: Exception
) -> None:
    """A send or a commit that fails, for whatever reason: no acknowledgement, and the end."""

    async def test() -> None:
        unit = await begun(kafka_memory, ended, Factory())
        setattr(kafka_memory, at, problem)
        event = MemoryEvent(batch([b"a"]))
        unit.put(event)
        await until(lambda: ended)
        assert ended.reasons[0][1] is problem
        assert not event.acked
        assert kafka_memory.newest() == {}

    run(test())


def test_a_bug_in_the_stage_ends_the_process(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Anything a stage raises is fatal: Faust would skip the records and look healthy."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        factory.last.fail = ZeroDivisionError()
        event = MemoryEvent(batch([b"a"]))
        unit.put(event)
        await until(lambda: ended)
        assert not event.acked

    run(test())


def test_a_live_unit_that_is_fenced_ends_the_process(
    kafka_memory: MemoryKafka, ended: Ended
) -> None:
    """Another owner has started: what this one applied must never be written or acknowledged."""

    async def test() -> None:
        stale = await begun(kafka_memory, ended, Factory())
        await feed(stale, batch([b"a"]))
        owner = await begun(kafka_memory, ended, Factory())
        event = MemoryEvent(batch([b"a"], start=1))
        stale.put(event)
        await until(lambda: ended)
        assert isinstance(ended.reasons[0][1], ProducerFenced)
        assert stale.stats.fences == 1
        assert not event.acked
        await feed(owner, batch([b"a"], start=1))
        assert kafka_memory.newest()[b"a"] == b"2"
        await owner.release()

    run(test())


def test_a_released_unit_that_is_fenced_is_normal(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """A commit in flight at the release may lose against the next owner; nobody minds."""

    async def test() -> None:
        kafka_memory.hold = asyncio.Event()
        unit = await begun(kafka_memory, ended, Factory())
        event = MemoryEvent(batch([b"a"]))
        unit.put(event)
        await until(lambda: unit.busy_since is not None)
        release = asyncio.create_task(unit.release())
        await asyncio.sleep(0)
        kafka_memory.epochs["app-stage-0"] += 1
        kafka_memory.hold.set()
        await release
        assert unit.stats.fences == 1
        assert not event.acked
        assert kafka_memory.newest() == {}

    run(test())
    assert not ended


def test_release_waits_for_the_commit_and_then_writes_nothing(
    kafka_memory: MemoryKafka, ended: Ended
) -> None:
    """What was applied is committed; what waited is dropped unacknowledged; no tick comes after."""

    async def test() -> None:
        kafka_memory.hold = asyncio.Event()
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        first, second = MemoryEvent(batch([b"a"])), MemoryEvent(batch([b"a"], start=1))
        unit.put(first)
        await until(lambda: unit.busy_since is not None)
        unit.put(second)
        release = asyncio.create_task(unit.release())
        await asyncio.sleep(2 * OPTIONS.tick_seconds)
        assert not release.done()
        kafka_memory.hold.set()
        await release
        calls = list(factory.last.calls)
        assert first.acked
        assert not second.acked
        assert kafka_memory.newest() == {b"a": b"1", POSITION_KEY + b"in": b"0"}
        await asyncio.sleep(3 * OPTIONS.tick_seconds)
        assert factory.last.calls == calls
        assert calls[-1] == "closed"

    run(test())
    assert not ended


def test_a_suspended_unit_goes_on_where_it_was(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Over a rebalance it keeps its state, forgets its queue and takes nothing of the old epoch."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        await feed(unit, batch([b"a"]))
        await unit.suspend()
        late = MemoryEvent(batch([b"a"], start=1))
        unit.put(late)
        turns = factory.last.calls.count("turn")
        await asyncio.sleep(3 * OPTIONS.tick_seconds)
        assert factory.last.calls.count("turn") == turns
        unit.begin(2, {IN: 1})
        unit.put(late)
        await feed(unit, batch([b"a"], start=1, epoch=2))
        assert not late.acked
        assert kafka_memory.newest()[b"a"] == b"2"
        assert kafka_memory.reads == 1
        await unit.release()

    run(test())
    assert not ended


def test_the_stage_is_turned_on_each_tick(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Time passes without records too; a turn that wrote nothing starts no transaction."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        await until(lambda: factory.last.calls.count("committed") >= 3)
        assert kafka_memory.transactions == 0
        await unit.release()

    run(test())
    assert not ended


def test_a_full_unit_has_no_room(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Beyond its limit of waiting records it is not polled for, and then it is again."""

    async def test() -> None:
        kafka_memory.hold = asyncio.Event()
        unit = await begun(kafka_memory, ended, Factory())
        size = OPTIONS.queue_records // 4
        events = [MemoryEvent(batch([b"a"] * size, start=i * size)) for i in range(8)]
        for event in events:
            unit.put(event)
        assert not unit.has_room(IN)
        kafka_memory.hold.set()
        await until(lambda: all(event.acked for event in events))
        assert unit.has_room(IN)
        assert unit.stats.queued == 0
        await unit.release()

    run(test())
    assert not ended


def test_what_is_held_back_is_taken_in_its_time_and_gone_on_with_after_a_restart(
    kafka_memory: MemoryKafka, ended: Ended
) -> None:
    """A batch of a topic that is held back can be taken in parts: the position says how far."""

    def at(times: list[int], topic: str, start: int = 0) -> Batch:
        found = [
            MemoryRecord(topic, 0, start + i, timestamp=time, key=b"a")
            for i, time in enumerate(times)
        ]
        return Batch(topic, 0, start, start + len(found), 1, found)

    async def test() -> None:
        factory = Factory(IN, OTHER, held_back=(OTHER,))
        unit = await begun(kafka_memory, ended, factory)
        unit.observe(IN, 4, 1)
        unit.observe(OTHER, 3, 1)
        early = MemoryEvent(at([10, 20, 30], OTHER))
        unit.put(early)
        await feed(unit, at([5, 15], IN))
        assert factory.last.accepted == [(IN, 0), (IN, 1), (OTHER, 0)]
        assert kafka_memory.newest()[POSITION_KEY + OTHER.encode()] == b"0"
        assert not early.acked
        await unit.release()

        factory = Factory(IN, OTHER, held_back=(OTHER,))
        unit = await begun(kafka_memory, ended, factory)
        assert unit.next == {IN: 2, OTHER: 1}
        late = MemoryEvent(at([20, 30], OTHER, start=1))
        unit.put(late)
        unit.observe(IN, 4, 1)
        unit.observe(OTHER, 3, 1)
        await feed(unit, at([25], IN, start=2))
        assert factory.last.accepted == [(IN, 2), (OTHER, 1)]
        await feed(unit, at([26], IN, start=3))
        await until(lambda: late.acked)
        assert factory.last.accepted == [(IN, 2), (OTHER, 1), (IN, 3), (OTHER, 2)]
        assert kafka_memory.newest()[b"a"] == b"7"
        await unit.release()

    run(test())
    assert not ended


def test_a_slow_stage_is_given_less_at_once(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """While it works nothing else does, and other units' transactions stand open."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        pieces = 3 * OPTIONS.max_records // 250

        async def turned(cost_seconds: float) -> list[int]:
            factory.last.cost_seconds, before = cost_seconds, len(factory.last.turned)
            first = unit.next[IN]
            await feed(unit, *(batch([b"a"] * 250, start=first + 250 * i) for i in range(pieces)))
            return factory.last.turned[before:]

        assert max(await turned(0)) == OPTIONS.max_records
        slow = await turned(4 * OPTIONS.turn_seconds / OPTIONS.max_records)
        assert max(slow[slow.index(max(slow)) + 1 :]) <= OPTIONS.max_records // 2
        assert max(await turned(0)) == OPTIONS.max_records, "it got its breath back"
        await unit.release()

    run(test())
    assert not ended


def test_a_unit_starts_small_and_grows(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """What a record costs is not known at first; idle turns do not show it."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        await until(lambda: len(factory.last.turned) > 5)
        before = len(factory.last.turned)
        await feed(unit, *(batch([b"a"] * 250, start=250 * i) for i in range(31)))
        taken = [records for records in factory.last.turned[before:] if records]
        assert taken[:5] == [250, 500, 1_000, 2_000, 4_000]
        await unit.release()

    run(test())
    assert not ended


def test_after_a_slow_commit_a_turn_takes_half(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """A machine that cannot write so much in time is not asked for it again and again."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory, commit_timeout_seconds=3.0)
        await feed(unit, *(batch([b"a"] * 250, start=250 * i) for i in range(31)))
        before = sum(1 for records in factory.last.turned if records)
        kafka_memory.hold = asyncio.Event()
        events = [MemoryEvent(batch([b"a"] * 250, start=250 * i)) for i in range(31, 63)]
        for event in events:
            unit.put(event)
        await until(lambda: unit.busy_since is not None)
        await until(lambda: time.monotonic() - (unit.busy_since or 0) > 0.4)
        kafka_memory.hold.set()
        await until(lambda: all(event.acked for event in events))
        taken = [records for records in factory.last.turned if records][before:]
        assert taken[1] <= taken[0] // 2  # 4,000 and 2,000, unless the machine was slow before
        await unit.release()

    run(test())
    assert not ended


def test_clocks_tell_caught_up_from_unread(kafka_memory: MemoryKafka, ended: Ended) -> None:
    """Caught up is: a fetch showed the end, and everything before it is applied. Nothing less."""

    async def test() -> None:
        factory = Factory(IN, OTHER)
        unit = await begun(kafka_memory, ended, factory)

        async def clock(topic: str) -> tuple[int | None, bool, bool]:
            turns = factory.last.calls.count("turn")
            await until(lambda: factory.last.calls.count("turn") > turns + 1)
            found = factory.last.clocks[topic]
            return found.caught_up_ms, found.unread, found.fetched

        assert await clock(IN) == (None, True, False)
        unit.observe(IN, 0, 1_000)
        assert await clock(IN) == (1_000, False, True)
        assert await clock(OTHER) == (None, True, False)
        # Fetched, not yet here; then here, but more was behind it; then all, markers included.
        unit.observe(IN, 5, 2_000)
        assert await clock(IN) == (None, True, True)
        await feed(unit, batch([b"a", b"b"]))
        assert await clock(IN) == (None, True, True)
        unit.observe(IN, 5, 3_000)
        await feed(unit, batch([b"a"], start=2, after=2))
        assert await clock(IN) == (3_000, False, True)
        await unit.release()

    run(test())
    assert not ended
