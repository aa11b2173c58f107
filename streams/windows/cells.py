"""Layer 3: what one source partition sends to the queues' stage (topic `contact.cells`).

Values are absolute and cumulative: a reader replaces, never adds, so a repeated batch does no harm.
A batch also carries the source's progress, so an idle source is told from a dead one.
"""

import msgspec

from streams.contract.words import SplitBy
from streams.lifecycle.agent_own import Standing

Values = dict[int, int]


class CellUpdate(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The newest contents of one pane (start in ms) of one (tenant, queue, channel)."""

    tenant: str
    queue: str
    channel: str
    pane: int
    values: Values


class OldestUpdate(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The oldest start (ms) of what stands in a level of the queue now; None where nothing does.

    And how many stand there, and the sum of their starts.
    """

    tenant: str
    queue: str
    channel: str
    level: int
    oldest: int | None
    standing: int = 0
    starts: int = 0


class NameUpdate(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The value that the block of numbers from `first` on stands for in a queue's panes."""

    tenant: str
    queue: str
    channel: str
    first: int
    by: SplitBy
    value: str


class CellBatch(msgspec.Struct, array_like=True, frozen=True):
    """One transaction's changes of one source for one partition of queues. Times in ms.

    `following`: every input of the source was caught up, so its `now` goes on with the clock.
    """

    source: int
    sources: int
    now: int
    closed_before: int
    watermark: int | None
    following: bool
    cells: list[CellUpdate]
    oldest_updates: list[OldestUpdate]
    names: list[NameUpdate] = []
    standings: list[Standing] = []


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(CellBatch).decode
_ENCODE_VALUES = msgspec.msgpack.Encoder().encode
_DECODE_VALUES = msgspec.msgpack.Decoder(Values).decode


def encode_batch(batch: CellBatch) -> bytes:
    """The bytes of a `contact.cells` record."""
    return _ENCODE(batch)


def decode_batch(data: bytes) -> CellBatch:
    """The batch in a `contact.cells` record; msgspec.MsgspecError where it is none."""
    return _DECODE(data)


def encode_values(values: Values) -> bytes:
    """A pane's contents as they stand in a changelog."""
    return _ENCODE_VALUES(values)


def decode_values(data: bytes) -> Values:
    """Inverse of `encode_values`."""
    return _DECODE_VALUES(data)


def kafka_key_of(tenant: str, queue: str) -> bytes:
    """The Kafka key of a queue: its cells go where its KPI records are made."""
    return f"{tenant}\0{queue}".encode()
