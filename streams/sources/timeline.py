"""Events of several files in time order, without holding them in memory.

In: lines of NDJSON, or events of another format, in any order. Out: each event's bytes, topic and
key, ordered by `occurred_at`; equal times keep the order they came in.
Invariant: bytes are passed on as they came, each accepted event exactly once. Lines that are no
events are reported and left out; source heartbeats too, the publisher writes its own.
Limits: about 25 bytes of memory an event, 70 while sorting, and a temporary file as large as the
events (5 million: 300 MB and 1.3 GB).
"""

import mmap
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import NamedTuple, Self

from streams.contract.events import Event, SourceHeartbeat
from streams.contract.words import INPUT_TOPICS
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of

Report = Callable[[str, int, Rejected], object]
"""Called with file, line (from 1) and reason for each line that is no event."""


class Timed(NamedTuple):
    """One event on its way: `topic` is the contract's name."""

    at_ms: int
    topic: str
    key: bytes
    value: bytes


class Timeline:
    """`with Timeline() as timeline:` add events, then iterate over all of them, in time order."""

    def __init__(self) -> None:
        self.sources: dict[str, None] = {}
        """Every source seen, in order of appearance."""
        self.rejected = 0
        self.heartbeats = 0
        """Source heartbeats that came; they are left out."""
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        """The smallest and the largest time, heartbeats' included."""
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._times = array("q")
        self._starts = array("Q", [0])
        self._topics = array("B")
        self._key_lengths = array("H")
        self._sorted = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spool.close()

    def __len__(self) -> int:
        return len(self._times)

    def add_lines(self, lines: Iterable[tuple[str, int, bytes]], report: Report) -> None:
        """The events in the lines (file, number, bytes) are in the timeline."""
        for name, number, raw in lines:
            event = decode(raw)
            if isinstance(event, Rejected):
                self.rejected += 1
                report(name, number, event)
            else:
                self._add(event, raw.strip())

    def add_events(
        self, events: Iterable[tuple[str, int, Event | Rejected]], report: Report
    ) -> None:
        """The events (file, line, event) of another format are in the timeline."""
        for name, number, event in events:
            if isinstance(event, Rejected):
                self.rejected += 1
                report(name, number, event)
            else:
                self._add(event, encode(event))

    def _add(self, event: Event, value: bytes) -> None:
        at_ms = event.occurred_at
        self.sources.setdefault(event.source)
        if self.first_ms is None or at_ms < self.first_ms:
            self.first_ms = at_ms
        if self.last_ms is None or at_ms > self.last_ms:
            self.last_ms = at_ms
        if isinstance(event, SourceHeartbeat):
            self.heartbeats += 1
            return
        if self._times and at_ms < self._times[-1]:
            self._sorted = False
        topic, key = topic_of(event), key_of(event)
        assert topic is not None
        assert key is not None
        raw_key = key.encode()
        self._times.append(at_ms)
        self._starts.append(self._starts[-1] + len(raw_key) + len(value))
        self._topics.append(INPUT_TOPICS.index(topic))
        self._key_lengths.append(len(raw_key))
        self._spool.write(raw_key + value)

    def __iter__(self) -> Iterator[Timed]:
        if not self._times:
            return
        self._spool.flush()
        times, starts = self._times, self._starts
        order: range | array[int] = range(len(times))
        if not self._sorted:
            order = array("q", sorted(order, key=times.__getitem__))
        with mmap.mmap(self._spool.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for index in order:
                start = starts[index]
                middle = start + self._key_lengths[index]
                yield Timed(
                    times[index],
                    INPUT_TOPICS[self._topics[index]],
                    text[start:middle],
                    text[middle : starts[index + 1]],
                )
