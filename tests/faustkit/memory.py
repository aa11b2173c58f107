"""Kafka's transactions in memory, a stage that records its calls, and their small helpers."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.faustkit.options import MAX_BATCH_BYTES, Options
from streams.faustkit.stage import Batch, InputClock, StageSpec, Turn

IN, OTHER, OUT, LOG = "in", "other", "out", "changelog"
OPTIONS = Options("app", {"bootstrap_servers": "nowhere:1"}, tick_seconds=0.05, linger_seconds=0)


async def until(met: Callable[[], object], seconds: float = 5) -> None:
    """Wait for it on the event loop, with a deadline."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.002)


class Ended:
    """Stands for the end of the process."""

    def __init__(self) -> None:
        self.reasons: list[tuple[str, BaseException | None]] = []

    def __call__(self, reason: str, exc: BaseException | None = None, **_: object) -> None:
        self.reasons.append((reason, exc))

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def __repr__(self) -> str:
        return repr(self.reasons)


@dataclass(frozen=True)
class MemoryRecord:
    """One record."""

    topic: str
    partition: int
    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class MemoryBatch:
    """aiokafka's real batch builder, remembering what went into it."""

    def __init__(self, limit: int) -> None:
        self.builder = BatchBuilder(limit, 0, is_transactional=True)
        self.records: list[tuple[bytes | None, bytes | None]] = []

    def append(self, **record: Any) -> object:
        added = self.builder.append(**record)
        if added is not None:
            self.records.append((record["key"], record["value"]))
        return added

    def close(self) -> None:
        self.builder.close()


class MemoryKafka:
    """Committed records by (topic, partition); the links of the units.

    `hold`: an event that deliveries wait for. `fail`: what a delivery raises; `fail_commit`: what
    the commit itself raises.
    """

    def __init__(self, partitions: int = 4, batch_limit: int = MAX_BATCH_BYTES) -> None:
        self.logs: dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]]
        self.logs = defaultdict(list)
        self.partitions = partitions
        self.batch_limit = batch_limit
        self.epochs: dict[str, int] = defaultdict(int)
        self.hold: asyncio.Event | None = None
        self.fail: Exception | None = None
        self.fail_commit: Exception | None = None
        self.reads = 0
        self.transactions = 0

    def producer(self, options: Options, stage: str, partition: int) -> "MemoryProducer":
        return MemoryProducer(self, f"{options.app_id}-{stage}-{partition}")

    async def read(
        self, _: Options, topic: str, partition: int, progress: Callable[[int], None]
    ) -> tuple[dict[bytes, bytes], int]:
        self.reads += 1
        await asyncio.sleep(0)
        newest = {k: v for k, v in self.logs[topic, partition] if k is not None}
        progress(0)
        return {k: v for k, v in newest.items() if v is not None}, len(newest)

    def newest(self, topic: str = LOG, partition: int = 0) -> dict[bytes | None, bytes | None]:
        """The newest value of each key."""
        return dict(self.logs[topic, partition])


class MemoryProducer:
    """A transactional producer: the newest of an id fences the others."""

    def __init__(self, kafka: MemoryKafka, name: str) -> None:
        self.kafka, self.name, self.epoch = kafka, name, -1
        self.open: list[tuple[str, int, MemoryBatch]] | None = None
        self.stopped = False

    async def start(self) -> None:
        self.kafka.epochs[self.name] += 1
        self.epoch = self.kafka.epochs[self.name]

    def _check(self) -> None:
        if self.epoch != self.kafka.epochs[self.name]:
            raise ProducerFenced

    async def begin_transaction(self) -> None:
        assert self.open is None
        self.open = []

    def create_batch(self) -> MemoryBatch:
        return MemoryBatch(self.kafka.batch_limit)

    async def partitions_for(self, _: str) -> set[int]:
        return set(range(self.kafka.partitions))

    async def send_batch(
        self, batch: MemoryBatch, topic: str, *, partition: int
    ) -> "asyncio.Future[None]":
        assert self.open is not None
        self.open.append((topic, partition, batch))
        return asyncio.ensure_future(self._deliver())

    async def _deliver(self) -> None:
        if self.kafka.hold is not None:
            await self.kafka.hold.wait()
        self._check()
        if self.kafka.fail is not None:
            raise self.kafka.fail

    async def commit_transaction(self) -> None:
        self._check()
        if self.kafka.fail_commit is not None:
            raise self.kafka.fail_commit
        assert self.open is not None
        for topic, partition, batch in self.open:
            self.kafka.logs[topic, partition] += batch.records
        self.kafka.transactions += 1
        self.open = None

    async def stop(self) -> None:
        self.stopped = True
        if self.epoch != self.kafka.epochs[self.name]:
            raise KafkaError("the sender of a fenced producer has died")


@dataclass(eq=False)
class Recorder:
    """A stage that counts records per key and remembers its calls."""

    inputs: tuple[str, ...] = (IN,)
    restored_values: dict[bytes, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    accepted: list[tuple[str, int]] = field(default_factory=list)
    counts: dict[bytes, int] = field(default_factory=dict)
    dirty: set[bytes] = field(default_factory=set)
    clocks: dict[str, InputClock] = field(default_factory=dict)
    fail: Exception | None = None
    cost_seconds: float = 0.0  # of a record, in the turn
    width: int = 0  # bytes of a stored value, at least
    turned: list[int] = field(default_factory=list)  # records of each turn

    def restore(self, key: bytes, value: bytes) -> None:
        self.calls.append("restore")
        self.restored_values[key] = value
        self.counts[key] = int(value.lstrip(b"0"))

    def restored(self) -> None:
        self.calls.append("restored")

    def accept(self, topic: str, records: Sequence[Any]) -> None:
        if self.fail is not None:
            raise self.fail
        for record in records:
            self.accepted.append((topic, record.offset))
            if record.key is not None:
                self.counts[record.key] = self.counts.get(record.key, 0) + 1
                self.dirty.add(record.key)

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        self.calls.append("turn")
        self.turned.append(len(self.accepted) - sum(self.turned))
        time.sleep(self.cost_seconds * self.turned[-1])
        self.clocks = {
            topic: InputClock(clock.caught_up_ms, clock.unread, clock.fetched)
            for topic, clock in clocks.items()
        }
        turn = Turn()
        for key in sorted(self.dirty):
            value = str(self.counts[key]).encode()
            turn.state.append((key, value.zfill(self.width)))
            turn.outputs.append((OUT, None, key, value, [("h", b"1")]))
        self.dirty.clear()
        return turn

    def committed(self) -> None:
        self.calls.append("committed")

    def closed(self) -> None:
        self.calls.append("closed")


class Factory:
    """Makes recorders and keeps them."""

    def __init__(self, *inputs: str, held_back: tuple[str, ...] = ()) -> None:
        self.inputs = inputs or (IN,)
        self.held_back = held_back
        self.made: list[Recorder] = []

    def __call__(self, stage: str, partition: int) -> Recorder:
        self.made.append(Recorder(self.inputs))
        return self.made[-1]

    @property
    def last(self) -> Recorder:
        return self.made[-1]

    def spec(self, name: str = "stage", changelog: str = LOG) -> StageSpec:
        """A stage of this factory."""
        return StageSpec(name, self.inputs, changelog, self, held_back=self.held_back)


def records(keys: Iterable[bytes | None], start: int = 0, topic: str = IN) -> list[MemoryRecord]:
    """Records of partition 0 at successive offsets."""
    return [MemoryRecord(topic, 0, start + i, key=key) for i, key in enumerate(keys)]


def batch(
    keys: Iterable[bytes | None], start: int = 0, epoch: int = 1, topic: str = IN, after: int = 0
) -> Batch:
    """A batch of these records; `after` offsets without a record (markers) follow them."""
    found = records(keys, start, topic)
    return Batch(topic, 0, start, start + len(found) + after, epoch, found)


class MemoryEvent:
    """The part of a Faust event that a unit sees."""

    def __init__(self, value: Batch) -> None:
        self.value = value
        self.acked = False

    def ack(self) -> bool:
        self.acked = True
        return True
