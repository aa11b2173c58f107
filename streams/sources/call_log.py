"""A call-by-call table, as any ACD can export it, to canonical events.

In: a file as `files.py` opens it, one row a stay in a queue (or a leg of one), and a mapping of its
columns. Out: (line number, event) for each event of a row (`call_rows.py`); a row that cannot be
used is (line number, Rejected), and the rest goes on.
Invariants: event ids depend on the stay alone, so a row read twice counts once; every event
satisfies the constraints of its type; memory does not depend on the file.
"""

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.contract.events import Event
from streams.contract.limits import MAX_RECORD_BYTES
from streams.errors import ConfigError
from streams.sources.call_log_mapping import (
    COLUMNS,
    EITHER,
    IN_WORDS,
    REQUIRED,
    CallLogMapping,
    load_mapping,
)
from streams.sources.call_rows import BadRowError, RowReader
from streams.sources.complaints import Complaints
from streams.sources.files import opened
from streams.sources.ndjson import blocks_of, numbered_lines
from streams.wire.rejected import Rejected

if TYPE_CHECKING:
    from _csv import Reader  # csv's own type of rows has no public name

#: How far below the first line a header is looked for, to say where it is.
LOOK_LINES: Final = 50
#: How many columns that are not used an error names.
_SHOWN: Final = 8
_DELIMITERS: Final = ";,\t|"


def read(
    path: str | Path,
    mapping: CallLogMapping | Path | None = None,
    customer_key: bytes | None = None,
    said: Complaints | None = None,
) -> Iterator[tuple[int, Event | Rejected]]:
    """Yield the line number (of the row's first line, the file's first is 1) and what is there.

    `mapping` is one, or a TOML file with one; None reads our own column names. `customer_key` is
    what customers are hashed with; without one they are not read. `said` hears of rows passed over.
    Raise ConfigError where a column is missing or the mapping is wrong, StreamsError where the file
    cannot be read.
    """
    if mapping is None:
        mapping = CallLogMapping()
    elif isinstance(mapping, Path):
        mapping = load_mapping(mapping)
    encoding = mapping.encoding.lower().replace("_", "-")
    wide = encoding.startswith(("utf-16", "utf-32"))
    with opened(path, encoding if wide else "utf-16") as stream:
        faults: dict[int, Rejected] = {}
        lines = itertools.islice(numbered_lines(blocks_of(stream)), mapping.skip, None)
        text = _text(lines, "utf-8" if wide else mapping.encoding, faults)
        if mapping.header:
            header: list[str] | None = list(mapping.header)
            first, ahead = mapping.skip + 1, []
        else:
            ahead = list(itertools.islice(text, LOOK_LINES))
            header = next(csv.reader(ahead[:1], delimiter=mapping.delimiter), None)
            first = mapping.skip + 2
        if faults.get(first - 1) or not header:
            raise ConfigError([f"{path}: expected a header line with the columns' names"])
        names = [name.strip() for name in header]
        _check_header(path, names, mapping, ahead)
        rows = csv.reader(itertools.chain(ahead[1:], text), delimiter=mapping.delimiter)
        reader = RowReader(mapping, names, customer_key, said or Complaints())
        yield from _calls(rows, first - 1, reader, faults)


def _text(
    lines: Iterator[tuple[int, bytes]], encoding: str, faults: dict[int, Rejected]
) -> Iterator[str]:
    """Lines as text; of one that is none, an empty line, and its fault noted by number."""
    for number, raw in lines:
        if len(raw) > MAX_RECORD_BYTES:
            faults[number] = Rejected("too_large", f"expected at most {MAX_RECORD_BYTES} bytes")
            yield "\n"
            continue
        try:
            # A stray CR is not the end of a row, and csv would take it for one.
            yield raw.decode(encoding).replace("\r", " ") + "\n"
        except UnicodeDecodeError:
            faults[number] = Rejected("schema", f"not valid {encoding.upper()}")
            yield "\n"


def _check_header(
    path: str | Path, names: list[str], mapping: CallLogMapping, ahead: Iterable[str]
) -> None:
    """Raise ConfigError where a column is missing. No cell is shown: it may be no header at all."""
    missing = _missing(names, mapping)
    if not missing:
        return
    told = (f"{name} ({IN_WORDS[name]})" if name in IN_WORDS else name for name in missing)
    what, say = f"no column for {', '.join(told)}", "in a file for --mapping"
    if len(names) == 1 and not mapping.header:
        for other in _DELIMITERS:
            if other != mapping.delimiter and other in names[0]:
                shown = {"\t": "\\t"}.get(other, other)
                ask = f"{path}: the header is one column; is the delimiter {shown!r}? Say it {say}"
                raise ConfigError([f'{ask}: [csv] delimiter = "{shown}"'])
    for skip, line in enumerate(ahead):
        cells = next(csv.reader([line], delimiter=mapping.delimiter), [])
        if skip and not _missing([cell.strip() for cell in cells], mapping):
            lines = mapping.skip + skip
            found = f"{path}: {what} in the first line, but line {lines + 1} has them all"
            raise ConfigError([f"{found}: skip those before it, {say}: [csv] skip = {lines}"])
    hint = f'[columns] {missing[0].partition(" ")[0]} = "…" {say} says which it is'
    if any(name in names for column in REQUIRED for name in mapping.headers(column)):
        used = {name for column in COLUMNS for name in mapping.headers(column)}
        rest = [name for name in names if name not in used]
        shown, more = ", ".join(rest[:_SHOWN]), len(rest) - _SHOWN
        left = f"not yet used: {shown}{f' and {more} more' if more > 0 else ''}"
        raise ConfigError([f"{path}: {what}; {left if rest else 'every column is used'}. {hint}"])
    taken = f"{path}: {what} in the header, for which the first line is taken. {hint}"
    others = (
        'names without a header: [csv] header = ["call_id", …]; lines before it: [csv] skip = 1'
    )
    raise ConfigError([f"{taken}; {others}"])


def _missing(names: list[str], mapping: CallLogMapping) -> list[str]:
    def has(column: str) -> bool:
        return all(name in names for name in mapping.headers(column))

    missing = [column for column in REQUIRED if not has(column)]
    missing += [" or ".join(pair) for pair in EITHER if not any(map(has, pair))]
    # One that is named has to be there.
    missing += [column for column in mapping.columns if not has(column) and column not in missing]
    return missing


def _calls(
    rows: "Reader", before: int, reader: RowReader, faults: dict[int, Rejected]
) -> Iterator[tuple[int, Event | Rejected]]:
    events = reader.events
    while True:
        line = before + rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as fault:
            yield line, Rejected("schema", f"not valid CSV: {fault}")
            continue
        for number in sorted(faults):
            yield number, faults.pop(number)
        if row is None:
            return
        if not any(row):
            continue
        try:
            made = events(row)
        except BadRowError as bad:
            lines = before + rows.line_num - line + 1
            hint = f" (the row has {lines} lines: is a quote left open?)" if lines > 1 else ""
            yield line, Rejected("schema", bad.detail + hint, bad.column)
            continue
        for event in made:
            yield line, event
