"""What a poll returns and when it refuses, on aiokafka's real subscription and fetcher."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import TopicPartition
from faust.types import TP

from streams.errors import StateError
from streams.faustkit.consumer_thread import (
    FETCH_WAIT_MS,
    GATHER_BYTES,
    UnitConsumerThread,
    _Mark,
)
from streams.faustkit.options import Options
from tests.faustkit.memory import IN, OTHER, MemoryRecord

A, B = TP(IN, 0), TP(OTHER, 0)


class Client:
    """The part of aiokafka's client that its fetcher touches while nothing is fetched."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._metadata_max_age_ms = 1_000
        self.cluster = self

        self.leader = -1

    def leader_for_partition(self, _: object) -> int:
        return self.leader

    def force_metadata_update(self) -> "asyncio.Future[None]":
        return self._loop.create_future()


class Answered:
    """Stands for aiokafka's parsed answer of one partition."""

    def __init__(self, next_offset: int, offsets: list[int]) -> None:
        self.next_fetch_offset = next_offset
        self._records: Iterator[MemoryRecord] = iter(MemoryRecord(IN, 0, n) for n in offsets)

    def __iter__(self) -> Iterator[MemoryRecord]:
        return self._records


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Nothing to do."""

    def on_partitions_revoked(self, revoked: object) -> None: ...

    def on_partitions_assigned(self, assigned: object) -> None: ...


class Poller:
    """A thread object without its thread, a fetcher without its broker."""

    def __init__(self) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.subscribe({IN, OTHER}, listener=Listener())
        self.client = Client()
        self.fetcher = Fetcher(self.client, self.subscriptions, isolation_level="read_committed")
        self.thread = UnitConsumerThread.__new__(UnitConsumerThread)
        app: Any = SimpleNamespace(options=Options("app", {}, poll_seconds=0.05))
        self.thread.app = app
        self.thread._consumer = SimpleNamespace(_fetcher=self.fetcher)
        self.thread._marks = {}
        self.thread.consumer = type("Flow", (), {"flow_active": True})()
        self.assign()

    def assign(self) -> Any:
        """A new assignment, as each rebalance makes one."""
        self.subscriptions.assign_from_subscribed([TopicPartition(*A), TopicPartition(*B)])
        self.assignment = self.subscriptions.subscription.assignment
        return self.assignment

    def seek(self, tp: TP, offset: int) -> None:
        """What `_seek_inputs` does in the end."""
        self.subscriptions.seek(TopicPartition(*tp), offset)
        self.thread._marks[tp] = _Mark(self.assignment, offset)

    def answer(self, tp: TP, offsets: list[int], following: int, stable: int) -> None:
        """A fetch of this partition has been answered."""
        state = self.assignment.state_value(tp)
        state.lso, state.timestamp = stable, 1_234
        parsed = Answered(state.position, offsets)
        self.fetcher._records[TopicPartition(*tp)] = FetchResult(
            TopicPartition(*tp), assignment=self.assignment, partition_records=parsed, backoff=0
        )
        # aiokafka moves this on as the records are taken; here they are taken all at once.
        parsed_next = following

        def update() -> None:
            state.consumed_to(parsed_next)

        self.fetcher._records[TopicPartition(*tp)]._update_position = update

    async def poll(self, *tps: TP) -> Any:
        """One drain."""
        return await self.thread._drain(self.fetcher, list(tps), 100)

    async def fetch(self, tp: TP) -> Any:
        """One poll that does not wait."""
        return await self.thread._fetch([tp], 100, 0)

    def next_request(self) -> tuple[int, int]:
        """The least bytes and the most ms of the request that aiokafka would send now."""
        self.client.leader = 0
        ((_, request),), *_ = self.fetcher._get_actions_per_node(self.assignment)
        self.client.leader = -1
        return request._min_bytes, request._max_wait_ms


def run(test: Callable[[Poller], Coroutine[Any, Any, None]]) -> None:
    """Run an async test with a poller, and close its fetcher."""

    async def bounded() -> None:
        poller = Poller()
        try:
            async with asyncio.timeout(10):
                await test(poller)
        finally:
            await poller.fetcher.close()

    asyncio.run(bounded())


def test_a_poll_tells_where_it_began_and_where_the_next_one_will() -> None:
    """Positions before and after, markers included, the last stable offset and its time."""

    async def test(poller: Poller) -> None:
        poller.seek(A, 10)
        poller.answer(A, [10, 12], following=14, stable=20)
        part = (await poller.poll(A))[A]
        assert (part.start, part.next, part.stable, part.wall_ms) == (10, 14, 20, 1_234)
        assert [record.offset for record in part.records] == [10, 12]
        part = (await poller.poll(A))[A]
        assert (part.start, part.next, list(part.records)) == (14, 14, [])

    run(test)


def test_a_position_that_was_moved_by_others_is_an_error() -> None:
    """aiokafka resets an offset out of range by itself; unseen, records would be skipped."""

    async def test(poller: Poller) -> None:
        poller.seek(A, 10)
        state = poller.assignment.state_value(A)
        state.await_reset(-2)
        with pytest.raises(StateError, match="moved from 10 to None"):
            await poller.poll(A)
        state.reset_to(500)
        with pytest.raises(StateError, match="moved from 10 to 500"):
            await poller.poll(A)

    run(test)


def test_partitions_that_were_not_sought_are_not_polled() -> None:
    """Neither before the seek nor, with an old mark, after a rebalance; and never "all of them"."""

    async def test(poller: Poller) -> None:
        poller.seek(A, 0)
        poller.subscriptions.seek(TopicPartition(*B), 0)
        poller.answer(B, [0, 1], following=2, stable=2)
        assert await poller.poll(B) == {}
        assert set(await poller.poll(A, B)) == {A}
        poller.assign()
        assert await poller.poll(A, B) == {}

    run(test)


def test_nothing_is_polled_while_partitions_are_reassigned_or_the_flow_is_stopped() -> None:
    """A poll that waited inside aiokafka would hold up the rebalance it waits for."""

    async def test(poller: Poller) -> None:
        poller.seek(A, 0)
        poller.answer(A, [0], following=1, stable=1)
        poller.thread.consumer.flow_active = False
        assert await poller.poll(A) == {}
        poller.thread.consumer.flow_active = True
        poller.subscriptions.begin_reassignment()
        assert await poller.poll(A) == {}

    run(test)


def test_a_closed_fetcher_ends_the_fetching() -> None:
    """Faust knows this error as the end of its consumer."""

    async def test(poller: Poller) -> None:
        await poller.fetcher.close()
        poller.fetcher._fetch_task = asyncio.ensure_future(asyncio.sleep(0))
        with pytest.raises(ConsumerStoppedError):
            await poller.poll(A)

    run(test)


def test_while_records_come_the_broker_gathers_them() -> None:
    """The answer to each request holds all that came since the last poll; an idle one waits long.

    A request that is answered by the first record lets all that follow wait for two polls.
    """

    async def test(poller: Poller) -> None:
        for tp in (A, B):
            poller.seek(tp, 0)
        poller.answer(A, [0], following=1, stable=1)
        assert len((await poller.fetch(A))[A].records) == 1
        assert poller.next_request() == (GATHER_BYTES, 50)
        assert not (await poller.fetch(A))[A].records
        assert poller.next_request() == (1, FETCH_WAIT_MS)

    run(test)
