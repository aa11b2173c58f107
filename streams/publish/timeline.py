"""Events of several files in time order, without holding them in memory.

In: NDJSON files (or other formats, turned into NDJSON in a temporary file first). Out: each event's
bytes, topic and key, ordered by `occurred_at`; equal times keep the order of files and lines.
Invariant: the bytes are the file's own, each accepted line comes exactly once. Undecodable lines
are reported and left out; the files' source heartbeats are left out too, the publisher writes
its own. Memory: an index of about 60 bytes an event (5 million events: 300 MB), not the events.
"""

import mmap
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from streams.errors import StreamsError
from streams.wire import Rejected, decode, key_of, topic_of
from streams.wire.events import SourceHeartbeat

Report = Callable[[str, int, Rejected], None]
"""Called with file, line (from 1) and reason for each line that is no event."""


class Timed(NamedTuple):
    """One event on its way: `topic` is the contract's name."""

    at_ms: int
    topic: str
    key: bytes
    value: bytes


class Timeline:
    """Files are added, then the events are iterated, as often as wanted."""

    def __init__(self) -> None:
        self.sources: dict[str, None] = {}
        """Every source seen, in order of appearance."""
        self.rejected = 0
        self.heartbeats = 0
        """Source heartbeats of the files; they are left out."""
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        """The largest time over all files, heartbeats included."""
        self._files: list[mmap.mmap] = []
        self._times = array("q")
        self._offsets = array("q")
        self._lengths = array("L")
        self._file_of = array("H")
        self._sorted = True

    def __len__(self) -> int:
        return len(self._times)

    def add_ndjson(self, path: Path, report: Report) -> None:
        """All events of the file are in the timeline; raises StreamsError if it cannot be read."""
        try:
            with path.open("rb") as file:
                self.add_open(file, str(path), report)
        except OSError as problem:
            raise StreamsError(f"cannot read {path}: {problem.strerror}") from None

    def add_open(
        self, file: IO[bytes], name: str, report: Report, lines: list[int] | None = None
    ) -> None:
        """As `add_ndjson`, of an open file with a descriptor. `lines` numbers lines otherwise."""
        file.seek(0, 2)
        if file.tell() == 0:
            return
        text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._files.append(text)
        offset = number = 0
        for raw in iter(text.readline, b""):
            number += 1
            start, offset = offset, offset + len(raw)
            value = raw.strip()
            if not value:
                continue
            event = decode(value)
            if isinstance(event, Rejected):
                self.rejected += 1
                report(name, lines[number - 1] if lines else number, event)
                continue
            at_ms = event.occurred_at
            assert isinstance(at_ms, int)
            self.sources.setdefault(event.source)
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            last = self.last_ms
            self.last_ms = at_ms if last is None else max(last, at_ms)
            if isinstance(event, SourceHeartbeat):
                self.heartbeats += 1
                continue
            if self._times and at_ms < self._times[-1]:
                self._sorted = False
            self._times.append(at_ms)
            self._offsets.append(start)
            self._lengths.append(len(raw))
            self._file_of.append(len(self._files) - 1)

    def __iter__(self) -> Iterator[Timed]:
        order: range | array[int] = range(len(self._times))
        if not self._sorted:
            order = array("q", sorted(order, key=self._times.__getitem__))
        for index in order:
            start = self._offsets[index]
            value = self._files[self._file_of[index]][start : start + self._lengths[index]].strip()
            event = decode(value)
            assert not isinstance(event, Rejected), "the file changed while it was read"
            topic, key = topic_of(event), key_of(event)
            assert topic is not None
            assert key is not None
            yield Timed(self._times[index], topic, key.encode(), value)
