"""The input consumer's own thread: read_committed fetches that know where they began.

In: the partitions to poll, the offsets to seek. Out: per partition the records and the positions
before and after. All of it happens in the thread's event loop: a poll sees one state of aiokafka.
Overrides of faust's AIOKafkaConsumerThread: _create_worker_consumer, _commit. Reads aiokafka's
subscription state and fetcher; tests/faustkit/test_consumer_thread.py pins what is relied on.
Invariant: a position moves only by what a poll returned; any other move raises StateError.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.errors import StateError
from streams.faustkit.stage import Record

if TYPE_CHECKING:
    from streams.faustkit.application import UnitApp

log = logging.getLogger(__name__)

# How long the broker holds an empty fetch: how old "caught up" can be while idle.
FETCH_WAIT_MS = 500
# While records come, the broker gathers them for `poll_seconds`, or until they have these bytes.
# aiokafka asks again once the last answer was taken: one that came with the first record would be
# taken with the next poll, and all that followed that record with the one after.
GATHER_BYTES = 65_536
READ_COMMITTED = "read_committed"


@dataclass(slots=True)
class Fetched:
    """What one poll found in one partition; `stable` is None until a fetch has answered.

    `stable`: the last stable offset at wall time `wall_ms`. Offsets from `start` up to `next`.
    """

    start: int
    next: int
    stable: int | None
    wall_ms: int
    records: Sequence[Record]


@dataclass(slots=True)
class _Mark:
    """Where a partition is to be, in which of aiokafka's assignments."""

    assignment: Any
    next: int


class UnitConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, read_committed, with polls that never wait inside aiokafka."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._marks: dict[TP, _Mark] = {}

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust sets it under its own exactly_once only, and fixes the wait at 1.5 s.
        consumer._isolation_level = READ_COMMITTED
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    # -- polling

    async def fetch(
        self, tps: Iterable[TP], max_records: int, seconds: float
    ) -> Mapping[TP, Fetched]:
        """Poll partitions, waiting up to `seconds` for the first record; {} during a rebalance."""
        found: Mapping[TP, Fetched]
        found = await self.call_thread(self._fetch, list(tps), max_records, seconds)
        return found

    async def _fetch(self, tps: list[TP], max_records: int, seconds: float) -> Mapping[TP, Fetched]:
        fetcher = self._ensure_consumer()._fetcher
        deadline = time.monotonic() + seconds
        while True:
            found = await self._drain(fetcher, tps, max_records)
            wait = deadline - time.monotonic()
            moved = any(part.next != part.start for part in found.values())
            self._pace(fetcher, busy=moved)
            if moved or wait <= 0:
                return found
            waiter = fetcher._create_fetch_waiter()
            await asyncio.wait([waiter], timeout=wait if found else min(wait, 0.02))
            if not waiter.done():
                waiter.cancel()

    def _pace(self, fetcher: Any, busy: bool) -> None:
        """How the broker is to answer the next fetch, which leaves once the fetcher's task runs."""
        options = cast("UnitApp", self.app).options
        fetcher._fetch_min_bytes = GATHER_BYTES if busy else 1
        fetcher._fetch_max_wait_ms = round(options.poll_seconds * 1_000) if busy else FETCH_WAIT_MS

    async def _drain(self, fetcher: Any, tps: list[TP], max_records: int) -> dict[TP, Fetched]:
        """Take what has been fetched; nothing else can run in this thread meanwhile."""
        if fetcher._closed:
            raise ConsumerStoppedError
        subscriptions = fetcher._subscriptions
        assignment = self._assignment(subscriptions)
        if assignment is None or not self.consumer.flow_active:
            return {}
        marks = {tp: mark for tp in tps if (mark := self._mark(tp, assignment)) is not None}
        if not marks:
            return {}
        for tp, mark in marks.items():
            state = assignment.state_value(tp)
            position = state.position if state.has_valid_position else None
            if position != mark.next:
                raise StateError(
                    f"{tp.topic} partition {tp.partition} has been moved from {mark.next} to "
                    f"{position}: the log was cut off or replaced under the reader"
                )
        with subscriptions.fetch_context():
            # With timeout 0 this never suspends, except while partitions are being reassigned.
            records = await fetcher.fetched_records(set(marks), timeout=0, max_records=max_records)
        found = {}
        for tp, mark in marks.items():
            state = assignment.state_value(tp)
            found[tp] = Fetched(
                mark.next, state.position, state.lso, state.timestamp or 0, records.get(tp, ())
            )
            mark.next = state.position
        return found

    def _mark(self, tp: TP, assignment: Any) -> _Mark | None:
        mark = self._marks.get(tp)
        return mark if mark is not None and mark.assignment is assignment else None

    @staticmethod
    def _assignment(subscriptions: Any) -> Any:
        if subscriptions.reassignment_in_progress or subscriptions.subscription is None:
            return None
        assignment = subscriptions.subscription.assignment
        return assignment if assignment is not None and assignment.active else None

    # -- seeking

    async def seek_inputs(self, wanted: Mapping[TP, int | None]) -> Mapping[TP, int] | None:
        """Go to these offsets (None = the beginning) and return them all as numbers.

        None when the partitions are not assigned any more. Raises StateError for an offset before
        the log's beginning or beyond its end.
        """
        found: Mapping[TP, int] | None
        found = await self.call_thread(self._seek_inputs, dict(wanted))
        return found

    async def _seek_inputs(self, wanted: Mapping[TP, int | None]) -> Mapping[TP, int] | None:
        consumer = self._ensure_consumer()
        tps = [TopicPartition(tp.topic, tp.partition) for tp in wanted]
        first = await consumer.beginning_offsets(tps)
        last = await consumer.end_offsets(tps)
        starts = {tp: first[tp] if offset is None else offset for tp, offset in wanted.items()}
        assignment = self._assignment(consumer._subscription)
        if assignment is None or not all(tp in assignment.tps for tp in wanted):
            return None
        for tp, start in starts.items():
            if not first[tp] <= start <= last[tp]:
                raise StateError(
                    f"the state goes on at offset {start} of {tp.topic} partition {tp.partition}, "
                    f"but the topic holds {first[tp]} to {last[tp]}: it was cut off or recreated. "
                    "A restart cannot mend that: see deploy/runbooks/WorkerRestarting.md"
                )
            consumer.seek(TopicPartition(tp.topic, tp.partition), start)
            self._marks[tp] = _Mark(assignment, start)
        return starts

    # -- leaving

    def leave_group(self, seconds: float) -> None:
        """Tell the group, from any thread: the others need not wait for the session to run out.

        Gives up after `seconds`. For a process that fails; a normal stop leaves by itself.
        """
        if self._consumer is not None and self._consumer._coordinator is not None:
            asyncio.run_coroutine_threadsafe(
                self._consumer._coordinator._maybe_leave_group(), self.thread_loop
            ).result(seconds)

    # -- offset commits

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit for lag tools. A failure is counted: nothing reads these offsets to go on."""
        consumer = self._ensure_consumer()
        assigned = self.assignment()
        try:
            await consumer.commit(
                {
                    TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "")
                    for tp, offset in offsets.items()
                    if tp in assigned
                }
            )
        except (KafkaError, IllegalStateError) as exc:
            cast("UnitApp", self.app).units.stats.offset_commits_failed += 1
            log.warning("offset commit failed", extra={"error": type(exc).__name__})
            return False
        return True
