"""A mapping for a call log that nobody here has seen, as far as the file itself tells it.

In: the text of a file's beginning. Out: a `Guess`: delimiter, the header's line, columns, forms of
time, unit of lengths, words of the outcome. Invariant: what the file does not tell, or tells in two
ways (3/4 is a day in March or in April), is left open and said; a column whose cells cannot be read
as what its name says is left out and said; nothing that stands in a column of customers is ever
shown, for such columns are not looked for.
"""

import csv
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from streams.lifecycle.rules import GRACE_MS
from streams.sources.call_log_mapping import (
    CHANNEL_WORDS,
    DIRECTION_WORDS,
    EITHER,
    IN_WORDS,
    LENGTHS,
    NOTHING,
    REQUIRED,
)
from streams.sources.clock_times import LengthUnit, TimeReader, read_length
from streams.sources.column_names import COLUMN_NAMES, DATES, OUTCOME_WORDS, TIMES
from streams.sources.time_forms import (
    forms_of,
    has_offsets,
    is_epoch,
    is_length,
    is_length_in_seconds,
    with_zone_words,
)

DELIMITERS: Final = (",", ";", "\t", "|")
TIME_COLUMNS: Final = ("entered_at", "answered_at", "ended_at", "left_at")
#: A column of more different words than this is no outcome.
_MOST_WORDS: Final = 20
_MISSED: Final = frozenset({"missed"})


@dataclass
class Guess:
    """What was found; `open` says in words what was not."""

    delimiter: str = ","
    skip: int = 0
    has_header: bool = True
    header: list[str] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    """Columns that only sound right, and why they are not among `columns`."""
    missing: list[str] = field(default_factory=list)
    """What no column was found for, and no log is read without."""
    queues: dict[str, list[str]] = field(default_factory=dict)
    forms: list[str] = field(default_factory=list)
    zone_words: list[str] = field(default_factory=list)
    """What stands where %Z does in `forms`."""
    lengths: LengthUnit = "seconds"
    has_offset: bool = False
    words: dict[str, Counter[str]] = field(default_factory=dict)
    """Our outcome, or "" where it is not known, to their words and how many rows have them."""
    open: list[str] = field(default_factory=list)


def guess(lines: list[str]) -> Guess:
    """Return what the first lines of a file tell. Raise ValueError where they are no table."""
    made = Guess()
    made.delimiter, rows = _table(lines)
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)[0][0]
    _header(made, rows, width)
    start = made.skip + made.has_header
    body = [row for row in rows[start:] if len(row) >= width]
    _columns(made, body)
    _known_words(made, body)
    _lengths_as_times(made, body)
    _times(made, body)
    _lengths(made, body)
    _hold(made, body)
    _ends(made, body)
    _queues(made, body)
    _words(made, body)
    made.missing = [ours for ours in REQUIRED if ours not in made.columns]
    for pair in EITHER:
        if not any(ours in made.columns for ours in pair):
            made.missing.append(" or ".join(pair))
    for ours in made.missing if made.has_header else ():
        made.open.append(f"no column was found for {ours}: {IN_WORDS[ours]}")
    return made


def plain(name: str) -> str:
    """A name in small letters, without accents, blanks and signs."""
    letters = unicodedata.normalize("NFD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())


def _table(lines: list[str]) -> tuple[str, list[list[str]]]:
    best: tuple[int, int, str, list[list[str]]] | None = None
    for place, delimiter in enumerate(DELIMITERS):
        rows = list(csv.reader(lines, delimiter=delimiter))
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if widths:
            width, times = widths.most_common(1)[0]
            found = (times * width, -place, delimiter, rows)
            best = max(best, found, key=lambda it: it[:2]) if best else found
    if best is None:
        raise ValueError("no table: no line has two cells between , ; tabs or |")
    return best[2], best[3]


def _header(made: Guess, rows: list[list[str]], width: int) -> None:
    """The header is the line with most names we know, and at least three of them."""

    def known(row: list[str]) -> int:
        return sum(_meaning(cell) is not None or plain(cell) in DATES | TIMES for cell in row)

    candidates = [(known(row), -number) for number, row in enumerate(rows) if len(row) >= width]
    most, number = max(candidates)
    if most < 3:
        made.has_header = False
        made.header = [f"column {n}" for n in range(1, width + 1)]
        made.open.append("no line of names was found: name the columns in [csv] header")
        return
    made.skip, made.header = -number, [cell.strip() for cell in rows[-number]]


def _meaning(name: str) -> str | None:
    found = plain(name)
    return next((ours for ours, names in COLUMN_NAMES.items() if found in names), None)


def _columns(made: Guess, body: list[list[str]]) -> None:
    names = {plain(name): name for name in reversed(made.header)}
    for ours, theirs in COLUMN_NAMES.items():
        found = next(
            (names[name] for name in (ours.replace("_", ""), *theirs) if name in names), None
        )
        if found is not None and [found] not in made.columns.values():
            made.columns[ours] = [found]
    date = next((names[name] for name in names if name in DATES), None)
    clock = next((names[name] for name in names if name in TIMES), None)
    entered = made.columns.get("entered_at", [date] if date else [])
    if date and clock and entered == [date]:
        made.columns["entered_at"] = [date, clock]
    elif date and date not in entered and not forms_of(_cells(made, body, "entered_at"))[0]:
        made.columns["entered_at"] = [date, *entered]  # Start_Time beside Start_Date
        if not forms_of(_cells(made, body, "entered_at"))[0]:
            made.columns["entered_at"] = entered
    if "outcome" not in made.columns and made.has_header:
        _outcome_by_its_words(made, body)


def _outcome_by_its_words(made: Guess, body: list[list[str]]) -> None:
    """A column of `type` or `state` is the outcome where its few words say so."""
    used = {name for names in made.columns.values() for name in names}
    for place, name in enumerate(made.header):
        words = {row[place].strip() for row in body}.difference(NOTHING)
        meant = {_outcome(word) for word in words}
        if name not in used and "abandoned" in meant and len(words) <= _MOST_WORDS:
            made.columns["outcome"] = [name]
            made.open.append(f"outcome: {name} is taken, by its words; is it the outcome?")
            return


def _cells(made: Guess, body: list[list[str]], ours: str) -> list[str]:
    places = [made.header.index(name) for name in made.columns.get(ours, [])]
    texts = (" ".join(row[place].strip() for place in places) for row in body if places)
    return [text for text in texts if text not in NOTHING]


def _leave_out(made: Guess, ours: str, why: str) -> None:
    names = made.columns.pop(ours)
    made.left_out[ours] = names, why
    made.open.append(f"{ours}: {' + '.join(names)} {why}; left out")


def _known_words(made: Guess, body: list[list[str]]) -> None:
    for ours, words in (("channel", CHANNEL_WORDS), ("direction", DIRECTION_WORDS)):
        if any(text.lower() not in words for text in _cells(made, body, ours)):
            _leave_out(made, ours, f"holds words other than {', '.join(words)}")


def _lengths_as_times(made: Guess, body: list[list[str]]) -> None:
    """Seconds until somebody gave up are no instant, whatever the column is called."""
    for ours in TIME_COLUMNS[1:]:
        texts = _cells(made, body, ours)
        if texts and all(is_length(text) and not is_epoch(text) for text in texts):
            names = made.columns[ours]
            _leave_out(made, ours, "holds lengths, not times")
            if ours == "left_at" and "wait" not in made.columns and "answered_at" in made.columns:
                made.columns["wait"] = names  # of those who were not answered
                made.open.append(f"wait: {names[0]}, for there is no other; from the entry on?")


def _lengths(made: Guess, body: list[list[str]]) -> None:
    small, counted = [], []
    for ours in [ours for ours in LENGTHS if ours in made.columns]:
        texts = _cells(made, body, ours)
        if not all(map(is_length, texts)):
            _leave_out(made, ours, "holds no lengths")
            continue
        numbers = [number for text in texts if ":" not in text and (number := float(text))]
        if numbers:
            counted.append(ours)
            small += [ours] if max(numbers) < 1 else []
    if small == counted and small:
        made.lengths = "days"
        made.open.append(
            f"{', '.join(small)}: all lengths are below 1: taken as fractions of a day; if they"
            ' are seconds: [time] lengths = "seconds"'
        )
        return
    for ours in small:
        name = made.columns[ours][0]
        made.open.append(
            f"{ours}: all lengths of {name} are below 1: fractions of a day? [time] lengths is for"
            " all columns"
        )
    for ours in counted:
        if not all(map(is_length_in_seconds, _cells(made, body, ours))):
            _leave_out(made, ours, "holds no lengths in seconds")


def _hold(made: Guess, body: list[list[str]]) -> None:
    """Hold that talk has in it already would be counted twice: a call's end tells which it is."""
    needed = ("entered_at", "ended_at", "wait", "talk", "hold")
    if not made.forms or not made.columns.keys() >= set(needed):
        return
    read = TimeReader(with_zone_words(made.forms[0], made.zone_words), "UTC").read
    for row in body:
        cells = [text for ours in needed for text in _cells(made, [row], ours)]
        if len(cells) == len(needed):
            latest = read(cells[1]) - read(cells[0]) + GRACE_MS
            wait, talk, hold = (read_length(text, made.lengths) for text in cells[2:])
            if wait + talk <= latest < wait + talk + hold:
                _leave_out(made, "hold", "lies within talk: with both, calls outlast their end")
                return


def _ends(made: Guess, body: list[list[str]]) -> None:
    """Where lengths tell all of a call, its end adds nothing."""
    filled = len(_cells(made, body, "wait")) == len(body)
    if body and filled and "talk" in made.columns and "ended_at" in made.columns:
        made.left_out["ended_at"] = (
            made.columns.pop("ended_at"),
            "wait and talk tell it, and a call goes on after them",
        )


def _times(made: Guess, body: list[list[str]]) -> None:
    """The entry's forms first, so that no other column spoils them."""
    texts: list[str] = []
    first = ""
    for ours in TIME_COLUMNS:
        cells = _cells(made, body, ours)
        if not cells:
            continue
        forms, words = forms_of(cells)
        common = [form for form in made.forms if form in forms] if texts else forms
        if texts and not common:
            other = f": {' or '.join(forms)}" if forms else ""
            _leave_out(made, ours, f"is written in another form than {first}{other}")
            continue
        first, made.forms, texts = first or ours, common, texts + cells
        made.zone_words += [word for word in words if word not in made.zone_words]
        if not forms:
            names = " + ".join(made.columns[ours])
            made.open.append(
                f"{ours}: the form of the times in {names} was not found: name it in [time] format"
            )
            return
    if not texts:
        return
    if not any("%Z" in form for form in made.forms):
        made.zone_words = []
    made.has_offset = has_offsets(made.forms[0], made.zone_words, texts)
    if len(made.forms) > 1:
        made.open.append(
            f"the times read in several ways: {' or '.join(made.forms)}; keep the right one"
        )
    if made.zone_words:
        made.open.append(
            f"the times say {', '.join(made.zone_words)}, which is no offset: name their zone in"
            " [time] zone; until then they count as UTC"
        )
    elif not made.has_offset:
        made.open.append("the times have no offset: name their zone; until then they count as UTC")


def _queues(made: Guess, body: list[list[str]]) -> None:
    """Cisco marks with a star, of several queues, the one that answered."""
    for name in dict.fromkeys(_cells(made, body, "queue")):
        ours = name.rstrip("*").rpartition(",")[2].strip()
        if name.endswith("*") and ours:
            made.queues.setdefault(ours, []).append(name)
    if made.queues:
        made.open.append("queue: a name with a star is taken for the queue before the star")


def _words(made: Guess, body: list[list[str]]) -> None:
    """What the words of the outcome mean, and where a reason means more than they do."""
    outcome, reason = made.columns.get("outcome"), made.columns.get("reason")
    if outcome is None:
        return
    places = [made.header.index(names[0]) for names in (outcome, reason) if names]
    numbers = 0
    known = {plain(row[places[0]]) for row in body}.difference(_MISSED)
    abandons = not known.isdisjoint(OUTCOME_WORDS["abandoned"])
    for cells, times in Counter(tuple(row[p].strip() for p in places) for row in body).items():
        word = cells[0]
        if word in NOTHING:
            continue
        if sum(sign.isdigit() for sign in word) > 3:
            numbers += times  # perhaps somebody's number: another column is the outcome
            continue
        ours = _outcome(word)
        if abandons and plain(word) in _MISSED:
            ours = ""  # not who hung up, then: timed out, or rang and was not taken
        why = _outcome(cells[-1]) if len(cells) > 1 else ""
        if ours == "abandoned" and why not in ("", "answered", "abandoned"):
            ours, word = why, f"{word}+{cells[1]}"
        made.words.setdefault(ours, Counter())[word] += times
    given_up = [row for row in body if _outcome(row[places[0]]) == "abandoned"]
    waits = [read_length(text, made.lengths) for text in _cells(made, given_up, "wait")]
    if waits and not any(waits) and "ended_at" in made.columns.keys() | made.left_out.keys():
        made.open.append(
            f"wait: {made.columns['wait'][0]} is 0 in every row that was abandoned: is it of"
            ' answers alone? Then name ended_at too, and "0" in [time] nothing'
        )
    if unknown := made.words.get(""):
        made.open.append(f"{len(unknown)} words of the outcome have no meaning yet")
    if numbers:
        made.open.append(f"{outcome[0]} holds numbers in {numbers} rows: is it the outcome?")


def _outcome(word: str) -> str:
    found = plain(word)
    return next((ours for ours, words in OUTCOME_WORDS.items() if found in words), "")
