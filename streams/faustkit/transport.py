"""The Faust transport `units://`: hands an agent one event a fetched partition batch.

In: the group's assignment, and raw records from the consumer thread. Out: Faust messages whose
value is a `Batch`; commits in strict order of hand-over. Overrides, each with a contract test:
getmany, _new_offset, perform_seek, on_partitions_revoked, on_partitions_assigned, wait_empty,
verify_event_path.
Invariant: what is handed over begins where the unit's state ends, and has no hole.
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.faustkit.consumer_thread import Fetched, UnitConsumerThread
from streams.faustkit.stage import Batch
from streams.faustkit.units import Units

if TYPE_CHECKING:
    from streams.faustkit.application import UnitApp

log = logging.getLogger(__name__)

# Records in one Faust event, in one poll, and in a poll that is still "small".
BATCH_RECORDS = 500
POLL_RECORDS = 8_000
SMALL_POLL_RECORDS = 500
# Longer makes stopping and rebalancing wait; shorter costs CPU while idle.
POLL_WAIT_SECONDS = 0.25
NOTHING_POLLABLE_SECONDS = 0.02
OFFSET_COMMIT_SECONDS = 5.0


class Consumer(driver.Consumer):
    """Faust's aiokafka consumer with batches, and with the units deciding where to read."""

    _thread: UnitConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_hand: defaultdict[TP, deque[int]] = defaultdict(deque)
        self._idle = asyncio.Event()
        self._idle.set()
        self._poll_not_before = 0.0

    @property
    def _kit(self) -> "UnitApp":
        return cast("UnitApp", self.app)

    @property
    def units(self) -> Units:
        """The units of this app."""
        return self._kit.units

    def _new_consumer_thread(self) -> UnitConsumerThread:
        return UnitConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- fetching

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109
        """Yield one message a fetched batch; Faust's fetcher calls this in a loop."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # as Faust does
        pause = self._poll_not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        if self.should_stop or not self.flow_active:
            return
        self._idle.clear()
        try:
            epoch = self.units.epoch
            polled_at = time.monotonic()
            fetched = await self._poll(min(timeout, POLL_WAIT_SECONDS))
            records = sum(len(part.records) for part in fetched.values())
            if records < SMALL_POLL_RECORDS:
                self._poll_not_before = polled_at + self.units.options.poll_seconds
            if self.units.epoch == epoch and self.flow_active:
                self._observe(fetched)
            for tp, part in fetched.items():
                for message in self._messages(tp, part, epoch):
                    if self.units.epoch != epoch or not self.flow_active:
                        return  # an assignment has ended: the coming seek reads this again
                    self._in_hand[tp].append(message.offset)
                    # Faust would make a gap of every offset between this one and the last.
                    self._read_offset[tp] = message.offset - 1
                    yield tp, message
        except self.consumer_stopped_errors:
            raise
        except Exception as exc:
            self._kit.end("the inputs cannot be read", exc)
            raise
        finally:
            self._idle.set()

    async def _poll(self, seconds: float) -> Mapping[TP, Fetched]:
        wanted = self.units.pollable()
        if not wanted:
            await asyncio.sleep(NOTHING_POLLABLE_SECONDS)
            return {}
        tps = [TP(topic, partition) for topic, partition in wanted]
        return await self._thread.fetch(tps, POLL_RECORDS, seconds)

    def _observe(self, fetched: Mapping[TP, Fetched]) -> None:
        for tp, part in fetched.items():
            self.units.stats.heard_ms = max(self.units.stats.heard_ms, part.wall_ms)
            unit = self.units.unit(tp.topic, tp.partition)
            if unit is not None:
                unit.observe(tp.topic, part.stable, part.wall_ms)

    def _messages(self, tp: TP, part: Fetched, epoch: int) -> list[ConsumerMessage]:
        if part.next == part.start:
            return []
        records = part.records
        starts = range(0, max(1, len(records)), BATCH_RECORDS)
        pieces = [records[start : start + BATCH_RECORDS] for start in starts]
        messages = []
        start = part.start
        for piece in pieces:
            end = part.next if piece is pieces[-1] else piece[-1].offset + 1
            batch = Batch(tp.topic, tp.partition, start, end, epoch, piece)
            messages.append(self._message(tp, batch))
            start = end
        return messages

    def _message(self, tp: TP, batch: Batch) -> ConsumerMessage:
        return ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=batch.next - 1,
            timestamp=0.0,
            timestamp_type=0,
            headers=None,
            key=None,
            value=cast("bytes", batch),  # the raw codec passes it on as it is
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    # -- offset commits: for lag tools; the units' positions say where to go on

    def _new_offset(self, tp: TP) -> int | None:
        in_hand, acked = self._in_hand[tp], self._acked_index[tp]
        done = None
        while in_hand and in_hand[0] in acked:
            done = in_hand.popleft()
            acked.discard(done)
        if done is None:
            return None
        self._acked[tp][:] = [offset for offset in self._acked[tp] if offset > done]
        return done + 1

    async def _quiesce(self) -> None:
        """The units have nothing in flight, and what they did is committed to the group."""
        await self.units.suspend()
        try:
            await asyncio.wait_for(self.commit(), OFFSET_COMMIT_SECONDS)
        except TimeoutError:
            log.warning("offset commit took too long")
        self._in_hand.clear()
        # What was dropped is never acknowledged, and Faust would wait for it without end.
        self._unacked_messages.clear()

    async def wait_empty(self) -> None:
        """Called by Faust before a rebalance and at stop, instead of waiting for every ack."""
        await self._quiesce()

    # -- rebalance

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit before Faust forgets what was acknowledged."""
        self.stop_flow()
        await self._quiesce()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Faust seeks after this, unless nothing is assigned: then the units must know it here."""
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            self.units.assign(generation_id, [], self._seek_unit)

    async def perform_seek(self) -> None:
        """Give the units their assignment; each one's inputs are sought once it is loaded.

        Faust resumes the flow after this; partitions that have not been sought are not polled.
        """
        self.stop_flow()
        async with asyncio.timeout(self.units.options.session_timeout_seconds):
            await self._idle.wait()
        for memory in (self._in_hand, self._acked, self._acked_index, self._gap):
            memory.clear()
        self._read_offset.clear()
        self._committed_offset.clear()
        assignment = [(tp.topic, tp.partition) for tp in self.assignment()]
        try:
            self.units.assign(self.app.consumer_generation_id, assignment, self._seek_unit)
        except Exception as exc:
            self._kit.end("the assignment cannot be taken", exc)
            raise

    async def _seek_unit(
        self, partition: int, wanted: Mapping[str, int | None]
    ) -> Mapping[str, int] | None:
        found = await self._thread.seek_inputs(
            {TP(topic, partition): offset for topic, offset in wanted.items()}
        )
        return None if found is None else {tp.topic: offset for tp, offset in found.items()}

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's liveness messages compare wall and monotonic clocks; the watchdog is ours."""


class Transport(driver.Transport):
    """Registered as `units` in faust.transports."""

    Consumer = Consumer
