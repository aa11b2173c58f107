"""A unit: one partition number of one stage, its state and its transactional producer.

In: Faust events carrying a `Batch` each. Out: one transaction a turn with the stage's writes and
the input positions; only then the acknowledgements. Life: acquire (fence, load) → begin (inputs
are sought) → turns; suspended during a rebalance; release. Apply, write and commit are one critical
section, `_gate`: suspend and release wait for it and nothing is written after them.
Invariant: the changelog partition holds a state and the positions that belong to it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from aiokafka.errors import KafkaError, ProducerFenced

from streams.errors import StateError
from streams.faustkit import transaction_writer as outbox
from streams.faustkit.clients import Clients
from streams.faustkit.inbox import Event, Inbox, Piece
from streams.faustkit.options import Options
from streams.faustkit.parts import Parts
from streams.faustkit.shutdown import End
from streams.faustkit.stage import Batch, InputClock, StageSpec
from streams.faustkit.stats import UnitStats

log = logging.getLogger(__name__)

POSITION_KEY = b"\0position:"
# Records given to the stage between two turns of the event loop: 1-10 ms.
SLICE = 250
CLOSE_SECONDS = 2.0
# After a commit that took this share of its timeout the next turn takes half as many records.
SLOW_COMMIT = 0.1
SUSPENDED = -1  # instead of an epoch


class Unit:
    """See the module; everything runs on the event loop."""

    def __init__(
        self,
        spec: StageSpec,
        partition: int,
        options: Options,
        stats: UnitStats,
        links: Clients,
        end: End,
    ) -> None:
        self.spec = spec
        self.partition = partition
        self.stats = stats
        self.next: dict[str, int] = {}  # the offset each input goes on at
        self.epoch = SUSPENDED  # the assignment the inputs were sought for
        self.released = False
        self.busy_since: float | None = None  # monotonic start of the commit in flight
        self._options = options
        self._linger = (
            options.linger_seconds if spec.linger_seconds is None else spec.linger_seconds
        )
        self._links = links
        self._end = end
        self._stage = spec.factory(spec.name, partition)
        self._clocks = {topic: InputClock() for topic in spec.inputs}
        self._fetched: dict[str, tuple[int, int]] = {}  # topic: last stable offset, wall ms
        self._inbox = Inbox(spec.inputs, spec.held_back)
        # Records of the next turn. What a record costs is not known yet: a first turn that took
        # all it may could be longer than a commit may take, at each start anew.
        self._limit = min(SLICE, options.max_records)
        self._parts = Parts()
        self._gate = asyncio.Lock()
        self._wake = asyncio.Event()
        self._producer: Any = None
        self._acquiring: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    # -- acquire and release

    def acquire(self) -> asyncio.Task[None]:
        """Fence every earlier owner and load the state; the task is the same at each call."""
        if self._acquiring is None:
            self._acquiring = asyncio.create_task(self._acquire())
        return self._acquiring

    async def _acquire(self) -> None:
        started = time.monotonic()
        async with asyncio.timeout(self._options.load_timeout_seconds):
            self._producer = self._links.producer(self._options, self.spec.name, self.partition)
            await self._producer.start()
            newest, records = await self._links.read(
                self._options, self.spec.changelog, self.partition, self._progress
            )
        for index, (key, value) in enumerate(self._parts.join(newest).items()):
            if key.startswith(POSITION_KEY):
                self._take_position(key.removeprefix(POSITION_KEY).decode(), value)
            elif not key.startswith(b"\0"):
                self._stage.restore(key, value)
            if index % SLICE == 0:
                await asyncio.sleep(0)
        self._stage.restored()
        self.stats.restore_records += records
        self.stats.restore_seconds = time.monotonic() - started
        self.stats.loaded = True
        log.info(
            "unit loaded",
            extra={"stage": self.spec.name, "partition": self.partition, "records": records,
                   "seconds": round(self.stats.restore_seconds, 3), "next": dict(self.next)},
        )  # fmt: skip

    def _take_position(self, topic: str, value: bytes) -> None:
        if topic in self._clocks:
            self.next[topic] = int(value) + 1
            self.stats.positions[topic] = int(value)

    def _progress(self, remaining: int) -> None:
        self.stats.restore_remaining = remaining

    async def suspend(self) -> None:
        """Nothing is in flight when this returns, and nothing is written until `begin`.

        Waiting batches are dropped unacknowledged: the inputs are sought before the unit goes on.
        """
        self.epoch = SUSPENDED
        async with self._gate:
            self._drop_queue()

    def retire(self) -> None:
        """The partition is lost: no turn begins any more. `release` is to follow."""
        self.released = True
        self.epoch = SUSPENDED
        self.stats.assigned = self.stats.loaded = False
        self.stats.restore_remaining = 0

    async def release(self) -> None:
        """Wait for the commit in flight, then write nothing more and give everything back."""
        if not self.released:
            self.retire()
        await self.suspend()
        tasks = [task for task in (self._acquiring, self._task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._stage.closed()
        await self._close_producer()

    async def _close_producer(self) -> None:
        if self._producer is None:
            return
        try:
            await asyncio.wait_for(self._producer.stop(), CLOSE_SECONDS)
        except (KafkaError, TimeoutError, AssertionError) as exc:
            # It was fenced, or the broker is gone: its connections end with the process.
            log.info("producer did not stop cleanly", extra={"error": repr(exc)})

    def _drop_queue(self) -> None:
        self._inbox.clear()
        self.stats.queued = 0

    # -- input

    def begin(self, epoch: int, starts: Mapping[str, int]) -> None:
        """The inputs have been sought to `starts`: go on from there, under assignment `epoch`."""
        self.next.update(starts)
        self._fetched.clear()
        self._inbox.next.update(self.next)
        self.epoch = epoch
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def has_room(self, topic: str) -> bool:
        """Whether this input may be polled."""
        most = self._options.queue_records
        return self._inbox.records < most and self._inbox.held(topic) < most

    def observe(self, topic: str, stable: int | None, wall_ms: int) -> None:
        """A fetch answered at `wall_ms` that `stable` is the end of what may be read."""
        if stable is not None:
            self._fetched[topic] = stable, wall_ms
            self.stats.end_offsets[topic] = stable

    def put(self, event: Event) -> None:
        """Queue one batch; one of an assignment that is over is dropped, it will be read again."""
        if event.value.epoch != self.epoch:
            return
        self._inbox.put(event)
        self.stats.queued = self._inbox.records
        self._wake.set()

    # -- the loop

    async def _run(self) -> None:
        try:
            await self._turns()
        except asyncio.CancelledError:
            raise
        except ProducerFenced as exc:
            self.stats.fences += 1
            if self.released:
                log.info("a released unit was fenced", extra=self._place())
            else:
                name = self._options.group_instance_id
                self._end("a live unit was fenced: another worker has its partition"
                          + (f" (one that was started as {name} too?)" if name else "")
                          + ", or its transaction was open beyond the transaction timeout", exc,
                          **self._place())  # fmt: skip
        except BaseException as exc:
            self._end("a unit failed", exc, **self._place())

    def _place(self) -> dict[str, object]:
        return {"stage": self.spec.name, "partition": self.partition}

    async def _turns(self) -> None:
        loop = asyncio.get_running_loop()
        tick = self._options.tick_seconds
        # Spread over the tick, so that the units do not all work in the same instant.
        next_tick = loop.time() + tick * (self.partition * 37 % 100 / 100)
        last = 0.0
        while not self.released:
            await self._wait(next_tick, last)
            due = loop.time() >= next_tick
            async with self._gate:
                if self.epoch == SUSPENDED:
                    next_tick = max(next_tick, loop.time() + tick / 10)
                    continue
                pieces = self._inbox.take(self._limit, self._unread())
                self.stats.queued = self._inbox.records
                if pieces or due:
                    last = loop.time()
                    await self._turn(pieces)
            if due:
                next_tick = max(next_tick + tick, loop.time())

    async def _wait(self, next_tick: float, last: float) -> None:
        """Return at the tick, or sooner when enough waits or has waited long enough."""
        loop = asyncio.get_running_loop()
        while True:
            at = next_tick
            if self.epoch != SUSPENDED and self._inbox.is_ready(self._unread()):
                if self._inbox.records >= self._options.eager_records:
                    return
                # Just before a tick it is cheaper to wait for the tick.
                if last + self._linger < next_tick - self._linger / 2:
                    at = last + self._linger
            if loop.time() >= at:
                return
            self._wake.clear()
            handle = loop.call_at(at, self._wake.set)
            await self._wake.wait()
            handle.cancel()

    def _unread(self) -> list[str]:
        """The topics of which there are, or may be, records that are not here yet."""
        return [
            topic
            for topic in self.spec.inputs
            if topic not in self._fetched or self._inbox.next[topic] < self._fetched[topic][0]
        ]

    async def _turn(self, pieces: list[Piece]) -> None:
        started = time.monotonic()
        moved: set[str] = set()
        accepted = self.stats.records
        for piece in pieces:
            batch = piece.batch
            await self._accept(batch)
            if batch.next > self.next[batch.topic]:
                self.next[batch.topic] = batch.next
                moved.add(batch.topic)
        wall_ms = time.time_ns() // 1_000_000
        turning = time.monotonic()
        turn = self._stage.turn(self._read_clocks(), wall_ms)
        applied = time.monotonic()
        self._pace(self.stats.records - accepted, applied - turning)
        self.stats.apply.add(applied - started)
        if turn.state or turn.outputs or moved:
            self.busy_since = applied
            await self._commit(self._writes(turn.state, turn.outputs, moved), wall_ms)
            self.busy_since = None
            committing = time.monotonic() - applied
            if committing > SLOW_COMMIT * self._options.commit_timeout_seconds:
                self._limit = max(SLICE, (self.stats.records - accepted) // 2)
            self.stats.commits += 1
            self.stats.commit.add(committing)
            self.stats.transaction.add(self.stats.records - accepted)
            self.stats.last_commit_at = time.time()
            for topic in moved:
                self.stats.positions[topic] = self.next[topic] - 1
        self.stats.turns += 1
        self.stats.last_turn_at = time.time()
        self._stage.committed()
        for piece in pieces:
            if piece.event is not None:
                piece.event.ack()

    def _pace(self, records: int, seconds: float) -> None:
        """The next turn takes what fits into `turn_seconds`, going by this one.

        Only a turn that had much to do shows that more would have fitted.
        """
        if seconds <= self._options.turn_seconds:
            if 2 * records >= self._limit:
                self._limit = min(self._options.max_records, 2 * self._limit)
        else:
            self._limit = max(SLICE, int(records * self._options.turn_seconds / seconds))

    async def _accept(self, batch: Batch) -> None:
        expected = self.next[batch.topic]
        if batch.start > expected:
            raise StateError(
                f"{batch.topic} partition {batch.partition} goes on at {batch.start}, "
                f"but the state needs {expected}: records between them were never seen"
            )
        records = batch.records
        old = 0
        if batch.start < expected:
            old = sum(1 for record in records if record.offset < expected)
            self.stats.skipped_replayed += old
        fresh = iter(records[old:])
        while piece := list(islice(fresh, SLICE)):
            self._stage.accept(batch.topic, piece)
            await asyncio.sleep(0)
        self.stats.batches += 1
        self.stats.records += len(records) - old

    def _read_clocks(self) -> Mapping[str, InputClock]:
        for topic, clock in self._clocks.items():
            stable, wall_ms = self._fetched.get(topic, (-1, 0))
            clock.fetched = stable >= 0
            # Nothing was beyond what is applied when that was fetched.
            here = clock.fetched and self.next[topic] >= stable
            clock.caught_up_ms = wall_ms if here else None
            clock.unread = not here
        return self._clocks

    def _writes(
        self, state: list[tuple[bytes, bytes | None]], outputs: list[outbox.Write], moved: set[str]
    ) -> Iterable[outbox.Write]:
        changelog_topic, partition = self.spec.changelog, self.partition
        for key, value in state:
            for part_key, part in self._parts.split(key, value):
                yield changelog_topic, partition, part_key, part, []
        for topic in moved:
            position = str(self.next[topic] - 1).encode()
            yield changelog_topic, partition, POSITION_KEY + topic.encode(), position, []
        yield from outputs

    async def _commit(self, writes: Iterable[outbox.Write], wall_ms: int) -> None:
        async with asyncio.timeout(self._options.commit_timeout_seconds):
            await self._producer.begin_transaction()
            self.stats.written += await outbox.deliver(self._producer, writes, wall_ms)
            await self._producer.commit_transaction()
