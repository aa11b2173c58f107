"""Layer 3: how far event time has come, by input and source.

An input's watermark is the least over its sources of the largest time seen. A source that has ended
holds nobody; when all have, the last of them speaks. Times in ms.

Of more than `MOST` sources those whose last word is newest are remembered: a function of the words,
whatever their order. A forgotten one holds nobody's time, and comes back with its next word that is
newer than the oldest one remembered. Its events count as ever. They are late by the rule that holds
for all, only the slowest source of that rule is the slowest of those remembered: what comes within
the horizon of a thousand others is never late.
"""

from collections.abc import Mapping

import msgspec

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(dict[str, tuple[int, bool]]).decode

#: As many sources of an input are remembered however long they are silent: a dead feed must stay in
#: sight. Of the longest names that is a record of 280 kB.
MOST = 1_000


def newest(marks: Mapping[str, int], most: int) -> dict[str, int]:
    """Of sources and their last words (ms) the `most` newest."""
    if len(marks) <= most:
        return dict(marks)
    return dict(sorted(marks.items(), key=lambda item: (item[1], item[0]))[-most:])


class Sources:
    """The sources of one input topic: the largest time of each, and whether it has ended.

    `forgotten` counts those that gave way to others.
    """

    __slots__ = ("forgotten", "marks")

    def __init__(self, packed: bytes | None = None) -> None:
        self.forgotten = 0
        self.marks: dict[str, tuple[int, bool]] = {} if packed is None else _DECODE(packed)

    def see(self, source: str, at: int, ended: bool = False) -> None:
        """An event (or heartbeat) of the source at `at`; a later one undoes an earlier `ended`."""
        known = self.marks.get(source)
        if known is None or at > known[0]:
            self.marks[source] = at, ended
            if len(self.marks) > 2 * MOST:
                self._trim()
        elif ended and at == known[0]:
            self.marks[source] = at, True

    def watermark(self) -> int | None:
        """What every live source has passed; None without sources."""
        self._trim()
        live = [at for at, ended in self.marks.values() if not ended]
        if live:
            return min(live)
        return max((at for at, _ in self.marks.values()), default=None)

    def _trim(self) -> None:
        """Forget all but the `MOST` newest."""
        more = len(self.marks) - MOST
        if more > 0:
            kept = newest({name: at for name, (at, _) in self.marks.items()}, MOST)
            self.marks = {name: self.marks[name] for name in kept}
            self.forgotten += more

    def pack(self) -> bytes:
        """As it stands in the changelog."""
        self._trim()
        return _ENCODE(self.marks)
