"""What a file's reader could not use, in as few lines as tell it.

In: places and reasons. Out: for equal reasons one line, with the first places and how many there
are. Invariant: memory is bounded: reasons beyond `MOST` are only counted.
"""

from collections.abc import Iterator
from typing import Final

from streams.wire.rejected import Rejected

MOST: Final = 1_000
PLACES: Final = 3


class Complaints:
    """`add` each, then print `lines` once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[str]] = {}
        self._times: dict[tuple[str, str, str], int] = {}
        self._more = 0
        #: What is worth a line of its own, with how many rows it is about.
        self.notes: dict[str, int] = {}
        self._said: list[str] = []

    def add(self, name: str, line: int, rejected: Rejected) -> None:
        """Take one; `name` and `line` say where."""
        key = rejected.reason, rejected.field or "", rejected.detail
        places = self._found.get(key)
        if places is None:
            if len(self._found) >= MOST:
                self._more += 1
                return
            places = self._found.setdefault(key, [])
        self._times[key] = self._times.get(key, 0) + 1
        if len(places) < PLACES:
            places.append(f"{name}:{line}")

    def note(self, text: str) -> None:
        """Something that is no fault, said of one more row; `{}` is where their number goes."""
        self.notes[text] = self.notes.get(text, 0) + 1

    def say(self, text: str) -> None:
        """A last line of its own."""
        self._said.append(text)

    def lines(self) -> Iterator[str]:
        """Yield what is to be said, in the order in which it was met."""
        for (reason, field, detail), places in self._found.items():
            where = f" ({field})" if field else ""
            line = f"{places[0]}: {reason}{where}: {detail}"
            if places[1:]:
                line += f"; also {', '.join(places[1:])}"
            times = self._times[reason, field, detail]
            if times > PLACES:
                line += f"; {times:,} in all"
            yield line
        if self._more:
            yield f"and {self._more:,} lines with further reasons"
        for text, times in self.notes.items():
            before, mark, after = text.partition("{}")
            yield f"{before}{times:,}{after}" if mark else f"{text}: {times:,} rows"
        yield from self._said
