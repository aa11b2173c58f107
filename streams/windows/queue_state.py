"""Layer 3: one queue of one channel, or one agent, and what is stored of it.

In: what cells say of it (`queues.py` applies them), and its records of the changelog. Out: its
panes, who stands in it since when, how far it is published, and its stored form. Invariant: what
was packed and restored is the same queue; the running sums follow by `Panes.rebuild`. The order of
fields in what is stored is never changed. Cost: one encoding a record. Times in ms.
"""

from dataclasses import dataclass, field

import msgspec

from streams.contract.words import OF_AGENT, QueueKey, SplitBy
from streams.windows.cells import Values
from streams.windows.panes import Panes


class StoredQueue(msgspec.Struct, array_like=True, gc=False):
    """What the changelog keeps of a queue beside its panes and intervals."""

    base: Values
    oldest: dict[int, dict[int, int]]
    used: bool
    cursor: int
    first: int
    talking: dict[int, tuple[int, int]] = {}
    names: dict[int, tuple[SplitBy, str]] = {}
    standing: tuple[int, int, str] = (0, -1, "")


class StoredInterval(msgspec.Struct, array_like=True, gc=False):
    """What the changelog keeps of an interval: the sums of its panes that are final."""

    folded: Values
    final: bool


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE_QUEUE = msgspec.msgpack.Decoder(StoredQueue).decode
_DECODE_INTERVAL = msgspec.msgpack.Decoder(StoredInterval).decode


@dataclass(slots=True)
class Queue:
    """One (tenant, queue, channel): its panes, and the oldest of what stands in it by source."""

    queue_key: QueueKey
    zone: str = "UTC"
    panes: Panes = field(default_factory=Panes)
    oldest: dict[int, dict[int, int]] = field(default_factory=dict)
    #: By source: how many visits are connected, and the sum of their answers' times.
    talking: dict[int, tuple[int, int]] = field(default_factory=dict)
    #: The values that figures are told apart by, by the first number of each.
    names: dict[int, tuple[SplitBy, str]] = field(default_factory=dict)
    used: bool = False
    #: Intervals are due from `first` on; those before `cursor` have been published.
    first: int = -1
    cursor: int = -1
    shown_cut: int = -1
    has_open_levels: bool = True
    #: Of an agent: his state's number in `counters.STATES` (0: none), since when, why a break is.
    standing: tuple[int, int, str] = (0, -1, "")
    dirty: bool = True
    #: A source has told something since it was published: not time alone has passed.
    has_news: bool = False

    def oldest_at(self, level: int) -> int | None:
        """The least start over all sources, ms; None where nothing stands in the level."""
        return min(self.oldest.get(level, {}).values(), default=None)

    def in_progress_ms(self, as_of: int) -> int:
        """How long all who talk have talked at `as_of`: n x as_of less the sum of the answers."""
        return sum(max(n * as_of - answers, 0) for n, answers in self.talking.values())

    @property
    def is_agent(self) -> bool:
        """Whether it is a single agent, who stands here like a queue."""
        return self.queue_key[2] == OF_AGENT

    def publish_from(self, start: int) -> None:
        """The first interval to publish starts at `start`."""
        self.first = self.cursor = start

    # -- stored form ---------------------------------------------------------------------------

    def pack(self) -> bytes:
        """The queue without its panes and intervals, as it stands in the changelog."""
        return _ENCODE(
            StoredQueue(
                self.panes.base,
                self.oldest,
                self.used,
                self.cursor,
                self.first,
                self.talking,
                self.names,
                self.standing,
            )
        )

    def restore(self, value: bytes) -> None:
        """What `pack` gave; a queue that is configured is in use all the same."""
        stored = _DECODE_QUEUE(value)
        self.panes.base, self.oldest = stored.base, stored.oldest
        self.talking, self.names = stored.talking, stored.names
        self.standing = stored.standing
        self.used = stored.used or self.used
        self.first, self.cursor = stored.first, stored.cursor

    def pack_interval(self, start: int) -> bytes | None:
        """The final part of an interval, as it stands in the changelog; None where it is gone."""
        interval = self.panes.intervals.get(start)
        if interval is None:
            return None
        return _ENCODE(StoredInterval(interval.folded, interval.final))

    def restore_interval(self, start: int, value: bytes) -> None:
        """What `pack_interval` gave."""
        final_part = _DECODE_INTERVAL(value)
        interval = self.panes.interval(start)
        interval.folded, interval.final = final_part.folded, final_part.final
        interval.changed = False
