"""Layer 3: how far event time has come, by input and source.

An input's watermark is the least over its sources of the largest time seen. A source that has ended
holds nobody; when all have, the last of them speaks. Times in ms.
"""

import msgspec

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(dict[str, tuple[int, bool]]).decode

#: As many sources are remembered however long they are silent: a dead feed must stay in sight.
MOST = 1_000


class Sources:
    """The sources of one input topic: the largest time of each, and whether it has ended."""

    __slots__ = ("marks",)

    def __init__(self, packed: bytes | None = None) -> None:
        self.marks: dict[str, tuple[int, bool]] = {} if packed is None else _DECODE(packed)

    def see(self, source: str, at: int, ended: bool = False) -> None:
        """An event (or heartbeat) of the source at `at`; a later one undoes an earlier `ended`."""
        known = self.marks.get(source)
        if known is None or at > known[0]:
            self.marks[source] = at, ended
        elif ended and at == known[0]:
            self.marks[source] = at, True

    def watermark(self) -> int | None:
        """What every live source has passed; None without sources."""
        live = [at for at, ended in self.marks.values() if not ended]
        if live:
            return min(live)
        return max((at for at, _ in self.marks.values()), default=None)

    def prune(self, before: int) -> None:
        """Beyond `MOST` sources, forget those whose last word is older than `before` (ms)."""
        if len(self.marks) > MOST:
            self.marks = {name: mark for name, mark in self.marks.items() if mark[0] >= before}

    def pack(self) -> bytes:
        """As it stands in the changelog."""
        return _ENCODE(self.marks)
