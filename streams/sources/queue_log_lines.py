"""The lines of Asterisk's queue logs, in the order in which they were written.

In: files of `epoch|call|queue|agent|event|data…`, in any order: queue_log and what rotation made of
it, copies that overlap. Out: `Line`, or why it is none, each with its place.
Invariants: lines are ordered by (second, file, number). A file whose newest line is first is read
from its end; in one that is in no order, lines of a second stand as what they tell of their call.
Files are ordered by their first second, then their last one, then their name, never by the order in
which they were given. A line that stands in two files counts once. In one file the same line twice
in a second is a repeat too, but for events that may happen twice to one call.
Cost: all lines are held, about 250 bytes each.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Final, NamedTuple

from streams.contract.limits import MAX_CONTACT_ID, MAX_NAME, MAX_RECORD_BYTES
from streams.contract.names import clean
from streams.contract.words import RESERVED_QUEUES
from streams.sources.files import STANDARD_INPUT, opened
from streams.sources.ndjson import blocks_of, numbered_lines
from streams.sources.queue_log_events import place_in_second
from streams.wire.rejected import Rejected

#: Words for no call, no queue, no agent; MANAGER, CLI and REALTIME are who added a member.
_NOTHING: Final = frozenset({"", "NONE"})
_NO_CALLS: Final = _NOTHING | {"MANAGER", "CLI", "REALTIME"}
#: What may truly happen twice in one second with the same words.
_AGAIN: Final = frozenset({b"RINGNOANSWER", b"AGENTDUMP", b"FULL", b"JOINEMPTY", b"CLOSED"})
#: 1990-01-13 (a wait of 11 days before it is still a time) and 2100-01-01.
_FIRST_SECOND, _LAST_SECOND = 632_188_800, 4_102_444_799
#: So many lines may be earlier than the one before in a file that is in order all the same; a tenth
#: of the lines may not.
_FEW_BACK, _MOSTLY = 20, 10
_LONGEST_SECONDS: Final = 999_999
_MOST_DIGITS: Final = 9


_LETTERS: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


class Line(NamedTuple):
    """One line; call, queue and agent are empty where there is none."""

    second: int
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def number(self, place: int) -> int | None:
        """The whole number at a place of the data, from the right if negative; None if none."""
        if not -len(self.data) <= place < len(self.data):
            return None
        text = self.data[place]
        is_one = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        return int(text) if is_one else None

    def seconds(self, place: int) -> int | None:
        """The same as a length of time, s; None where it is longer than eleven days."""
        number = self.number(place)
        return number if number is not None and number <= _LONGEST_SECONDS else None


def folded(queue: str) -> str:
    """The name as Asterisk compares it: letters A to Z are one in both cases, no others."""
    return queue.translate(_LETTERS)


def short(name: str) -> str:
    """The name as an id; a hash of it where it has no room there."""
    if len(name) <= MAX_CONTACT_ID:
        return name
    return blake2b(name.encode(), digest_size=16).hexdigest()


class QueueLogs:
    """All lines of the files, by their rank from 0."""

    def __init__(self, paths: list[Path], members: dict[str, str]) -> None:
        """Raise StreamsError where a file cannot be read. `members`: interface to name."""
        self._members = members
        #: Other spellings of queues, to the one they are told in.
        self.spelled: dict[str, str] = {}
        self._names: list[str] = []
        self._texts: list[bytes] = []
        self._seconds, self._numbers = array("q"), array("q")
        self._files = array("l")
        for path in paths:
            self._add("<stdin>" if str(path) == STANDARD_INPUT else str(path), path)
        self._order = self._ordered()
        self._repeats = self._repeated()
        self._next = self._of_the_same_call()

    def __len__(self) -> int:
        return len(self._texts)

    def place(self, rank: int) -> tuple[str, int]:
        """File and number, from 1, of the line of that rank."""
        index = self._order[rank]
        return self._names[self._files[index]], self._numbers[index]

    def is_repeat(self, rank: int) -> bool:
        """Whether the same line was there before."""
        return bool(self._repeats[rank])

    def line(self, rank: int) -> Line | Rejected:
        """What stands in the line of that rank."""
        index = self._order[rank]
        line = _parsed(self._texts[index], self._seconds[index], self._members)
        if isinstance(line, Line) and line.queue:
            spelled = self.spelled.get(line.queue)
            if spelled is not None:
                return line._replace(queue=spelled)
        return line

    def later(self, rank: int, within: int, most: int = 32) -> Iterator[Line]:
        """The following lines of the same call, up to `within` seconds after it, few at most."""
        last = self._seconds[self._order[rank]] + within
        for _ in range(most):
            rank = self._next[rank]
            if rank < 0 or self._seconds[self._order[rank]] > last:
                return
            line = self.line(rank)
            if isinstance(line, Line) and not self._repeats[rank]:
                yield line

    def _add(self, name: str, path: Path) -> None:
        file = len(self._names)
        self._names.append(name)
        with opened(path) as stream:
            for number, raw in numbered_lines(blocks_of(stream)):
                if raw and not raw.isspace():
                    self._texts.append(raw)
                    self._seconds.append(_second(raw))
                    self._numbers.append(number)
                    self._files.append(file)

    def _ordered(self) -> "array[int]":
        spans: dict[int, tuple[int, int]] = {}
        for second, file in zip(self._seconds, self._files, strict=True):
            if second >= 0:
                first, last = spans.get(file, (second, second))
                spans[file] = min(first, second), max(last, second)
        files = sorted(range(len(self._names)), key=lambda f: (spans.get(f, ()), self._names[f]))
        ranks = {file: rank for rank, file in enumerate(files)}
        seconds, of = self._seconds, self._files
        runs = [self._runs(file) for file in range(len(self._names))]

        def place(index: int) -> tuple[int, int, int]:
            run, within = runs[of[index]], 0
            if run == "backwards":
                within = -index
            elif run == "any":
                _, *fields = self._texts[index].decode(errors="replace").rstrip("|").split("|")
                within = place_in_second(fields[3], fields[4:]) if len(fields) > 3 else 0
            return seconds[index], ranks[of[index]], within

        # Else lines come within a second in their file's order, and sorting is stable.
        return array("q", sorted(range(len(seconds)), key=place))

    def _runs(self, file: int) -> str:
        """How a file's lines stand: in order as written, `backwards`, or in `any` order."""
        seconds = [s for s, of in zip(self._seconds, self._files, strict=True) if of == file]
        steps = Counter((a > b) - (a < b) for a, b in pairwise(seconds))
        if steps[1] < _FEW_BACK:
            return ""
        if steps[-1] * _MOSTLY < steps[1]:
            return "backwards"
        return "any" if steps[1] * _MOSTLY > len(seconds) else ""

    def _repeated(self) -> bytearray:
        repeats = bytearray(len(self))
        second, here = -1, 0
        kept: Counter[bytes] = Counter()
        seen: Counter[tuple[int, bytes]] = Counter()
        for rank, index in enumerate(self._order):
            if self._seconds[index] != second:
                second = self._seconds[index]
                kept.clear()
                seen.clear()
            text, file = self._texts[index], self._files[index]
            seen[file, text] += 1
            here = seen[file, text] if _event(text) in _AGAIN else 1
            if second < 0 or here > kept[text]:
                kept[text] += 1
            else:
                repeats[rank] = 1
        return repeats

    def _of_the_same_call(self) -> "array[int]":
        """For each rank the next one of the same call, -1 for the last."""
        following = array("q", [-1]) * len(self)
        last: dict[bytes, int] = {}
        for rank in range(len(self) - 1, -1, -1):
            call = self._texts[self._order[rank]].split(b"|", 2)[1:2]
            if call:
                following[rank] = last.get(call[0], -1)
                last[call[0]] = rank
        return following


def _second(raw: bytes) -> int:
    """When the line was written; -1 where that is no time: such lines come first, as no lines."""
    text = raw.split(b"|", 1)[0].strip()
    if not text.isdigit() or len(text) > 10 or not _FIRST_SECOND <= int(text) <= _LAST_SECOND:
        return -1
    return int(text)


def _event(raw: bytes) -> bytes:
    return b"".join(raw.split(b"|", 5)[4:5])


def _parsed(raw: bytes, second: int, members: dict[str, str]) -> Line | Rejected:
    if len(raw) > MAX_RECORD_BYTES:
        return Rejected("too_large", f"expected at most {MAX_RECORD_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return Rejected("schema", "expected UTF-8")
    _, *fields = text.split("|")
    if len(fields) < 4:
        return Rejected("schema", "expected epoch|call|queue|agent|event and its data")
    if "\0" in text:
        return Rejected("schema", "must not contain a NUL character")
    if second < 0:
        return Rejected("schema", "expected seconds since 1970, from 1990 to 2100", "epoch")
    call, queue, agent = fields[0].strip(), clean(fields[1]), fields[2].strip()
    call = "" if call in _NO_CALLS else call
    queue = "" if queue in _NOTHING else queue
    agent = "" if agent in _NOTHING else clean(members.get(agent, agent))
    if len(call) > MAX_CONTACT_ID:
        return Rejected("schema", f"expected at most {MAX_CONTACT_ID} characters", "call")
    for name, value in (("queue", queue), ("agent", agent)):
        if len(value) > MAX_NAME:
            return Rejected("schema", f"expected at most {MAX_NAME} characters", name)
    if queue in RESERVED_QUEUES:
        return Rejected("schema", "this name is reserved", "queue")
    while len(fields) > 4 and not fields[-1]:
        fields.pop()
    return Line(second, call, queue, agent, fields[3].strip(), tuple(fields[4:]))
