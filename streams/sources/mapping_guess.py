"""A mapping for a call log that nobody here has seen, as far as the file itself tells it.

In: the text of a file's beginning. Out: a `Guess`: delimiter, the header's line, columns, forms of
time, words of the outcome. Invariant: what the file does not tell, or tells in two ways (3/4 is a
day in March or in April), is left open and said; nothing that stands in a column of customers is
ever shown, for such columns are not looked for.
"""

import csv
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from streams.sources.call_log_mapping import EITHER, LENGTHS, NOTHING, REQUIRED
from streams.sources.clock_times import TimeReader, read_length
from streams.sources.column_names import COLUMN_NAMES, DATES, OUTCOME_WORDS, TIMES

DELIMITERS: Final = (",", ";", "\t", "|")
TIME_COLUMNS: Final = ("entered_at", "answered_at", "ended_at", "left_at")
_DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
FORMS: Final = (
    *("rfc3339", "epoch_ms", "epoch_seconds", "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S"),
    *(f"{date} {clock}" for date in _DATES for clock in _CLOCKS),
)
#: Numbers of an epoch lie here, so that a call's length in seconds is none.
_SECONDS: Final = range(631_152_000, 4_102_444_800)


@dataclass
class Guess:
    """What was found; `open` says in words what was not."""

    delimiter: str = ","
    skip: int = 0
    has_header: bool = True
    header: list[str] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    forms: list[str] = field(default_factory=list)
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
    _columns(made)
    _times(made, body)
    _words(made, body)
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


def _columns(made: Guess) -> None:
    names = {plain(name): name for name in reversed(made.header)}
    for ours, theirs in COLUMN_NAMES.items():
        found = next(
            (names[name] for name in (ours.replace("_", ""), *theirs) if name in names), None
        )
        if found is not None and [found] not in made.columns.values():
            made.columns[ours] = [found]
    date = next((names[name] for name in names if name in DATES), None)
    clock = next((names[name] for name in names if name in TIMES), None)
    if date and clock and made.columns.get("entered_at", [date]) == [date]:
        made.columns["entered_at"] = [date, clock]
    missing = [ours for ours in REQUIRED if ours not in made.columns]
    missing += [" or ".join(pair) for pair in EITHER if not any(p in made.columns for p in pair)]
    for ours in missing if made.has_header else ():
        made.open.append(f"no column was found for {ours}")


def _cells(made: Guess, body: list[list[str]], ours: str) -> list[str]:
    places = [made.header.index(name) for name in made.columns.get(ours, [])]
    texts = (" ".join(row[place].strip() for place in places) for row in body if places)
    return [text for text in texts if text not in NOTHING]


def _times(made: Guess, body: list[list[str]]) -> None:
    # A length in a column that sounds like an instant, or the other way round, is left open.
    for ours in LENGTHS:
        if not all(_reads(read_length, text) for text in _cells(made, body, ours)):
            made.open.append(f"{ours}: {made.columns.pop(ours)[0]} holds no lengths")
    texts = [text for ours in TIME_COLUMNS for text in _cells(made, body, ours)]
    if not texts:
        return
    epochs = [text.partition(".")[0] for text in texts]
    whole = all(text.isascii() and text.isdigit() for text in epochs)
    forms = []
    for form in FORMS:
        if form.startswith("epoch") and not whole:
            continue
        if form == "epoch_ms" and any(int(text) // 1000 not in _SECONDS for text in epochs):
            continue
        if form == "epoch_seconds" and any(int(text) not in _SECONDS for text in epochs):
            continue
        read = TimeReader([form], "UTC").read
        if all(_reads(read, text) for text in texts):
            forms.append(form)
    made.has_offset = all(_reads(TimeReader(["rfc3339"], None).read, text) for text in texts)
    if "rfc3339" in forms:
        forms = ["rfc3339"]
    if len(forms) > 1:
        made.open.append(
            f"the times read in several ways: {' or '.join(forms)}; keep the right one"
        )
    if not forms:
        made.open.append("the form of the times was not found: name it in [time] format")
    made.forms = forms


def _reads(read: object, text: str) -> bool:
    try:
        read(text)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def _words(made: Guess, body: list[list[str]]) -> None:
    """What the words of the outcome mean, and where a reason means more than they do."""
    outcome, reason = made.columns.get("outcome"), made.columns.get("reason")
    if outcome is None:
        return
    places = [made.header.index(names[0]) for names in (outcome, reason) if names]
    numbers = 0
    for cells, times in Counter(tuple(row[p].strip() for p in places) for row in body).items():
        word = cells[0]
        if word in NOTHING:
            continue
        if sum(sign.isdigit() for sign in word) > 3:
            numbers += times  # perhaps somebody's number: another column is the outcome
            continue
        ours = _outcome(word)
        why = _outcome(cells[-1]) if len(cells) > 1 else ""
        if ours == "abandoned" and why not in ("", "answered", "abandoned"):
            ours, word = why, f"{word}+{cells[1]}"
        made.words.setdefault(ours, Counter())[word] += times
    if unknown := made.words.get(""):
        made.open.append(f"{len(unknown)} words of the outcome have no meaning yet")
    if numbers:
        made.open.append(f"{outcome[0]} holds numbers in {numbers} rows: is it the outcome?")


def _outcome(word: str) -> str:
    found = plain(word)
    return next((ours for ours, words in OUTCOME_WORDS.items() if found in words), "")
