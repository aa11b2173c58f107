"""A call-by-call CSV, as any ACD can export it, to canonical events.

In: a CSV file with one row a call, plain or gzip, and a mapping of its columns. Out: (line number,
event) two or three times a call: `contact.enqueued`, then `contact.answered` and `contact.ended`,
or `contact.abandoned`. A row that cannot be used is (line number, Rejected), and the rest goes on.
Invariants: event ids depend on call id and type alone, so a row read twice counts once; every
event satisfies the constraints of its type; memory does not depend on the file.
"""

import csv
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.contract.events import (
    ContactAbandoned,
    ContactAnswered,
    ContactEnded,
    ContactEnqueued,
    Event,
)
from streams.contract.limits import (
    MAX_CONTACT_ID,
    MAX_NAME,
    MAX_PRIORITY,
    MAX_RECORD_BYTES,
    MAX_TEXT,
    MAX_TIME_MS,
    MAX_WORD,
    MIN_TIME_MS,
)
from streams.errors import ConfigError
from streams.sources.call_log_mapping import OPTIONAL, REQUIRED, CallLogMapping, load_mapping
from streams.sources.files import opened
from streams.sources.ndjson import blocks_of, numbered_lines
from streams.wire.explain import TIME_RANGE
from streams.wire.rejected import Rejected

if TYPE_CHECKING:
    from _csv import Reader  # csv's own type of rows has no public name

_SUFFIX_ROOM: Final = len(":enqueued")


def read(
    path: str | Path, mapping: CallLogMapping | Path | None = None
) -> Iterator[tuple[int, Event | Rejected]]:
    """Yield the line number (of the row's first line, the header is 1) and what stands there.

    `mapping` is one, or a TOML file with one; None reads our own column names. Raise ConfigError
    where a column is missing or the mapping is wrong, StreamsError where the file cannot be read.
    """
    if mapping is None:
        mapping = CallLogMapping()
    elif isinstance(mapping, Path):
        mapping = load_mapping(mapping)
    with opened(path) as stream:
        faults: dict[int, Rejected] = {}
        rows = csv.reader(
            _text(numbered_lines(blocks_of(stream)), mapping.encoding, faults),
            delimiter=mapping.delimiter,
        )
        header = next(rows, None)
        if faults or not header:
            raise ConfigError([f"{path}: expected a header line with the columns' names"])
        yield from _calls(rows, _RowReader(mapping, _places(path, header, mapping)), faults)


class _BadRowError(Exception):
    """What makes a row unusable, and the field it is in."""

    def __init__(self, field: str | None, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


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
            yield raw.decode(encoding) + "\n"
        except UnicodeDecodeError:
            faults[number] = Rejected("schema", f"not valid {encoding.upper()}")
            yield "\n"


def _places(path: str | Path, header: list[str], mapping: CallLogMapping) -> dict[str, int]:
    """Where each field stands in a row; optional ones that the log does not have are left out."""
    names = [name.strip() for name in header]
    places: dict[str, int] = {}
    mistakes = []
    for field in REQUIRED + OPTIONAL:
        name = mapping.columns.get(field, field)
        if name in names:
            places[field] = names.index(name)
        elif field in REQUIRED or field in mapping.columns:
            mistakes.append(
                f"{path}: no column {name!r} for {field}; the file has: {', '.join(names)}."
                f' Say which it is in a file for --mapping: [columns] {field} = "…"'
            )
    if mistakes:
        raise ConfigError(mistakes)
    return places


def _calls(
    rows: "Reader", reader: "_RowReader", faults: dict[int, Rejected]
) -> Iterator[tuple[int, Event | Rejected]]:
    events = reader.events
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as fault:
            yield line, Rejected("schema", f"not valid CSV: {fault}")
            continue
        for number in sorted(faults):
            yield number, faults.pop(number)
        if row is None:
            return
        if not row:
            continue
        try:
            made = events(row)
        except _BadRowError as bad:
            lines = rows.line_num - line + 1
            hint = f" (the row has {lines} lines: is a quote left open?)" if lines > 1 else ""
            yield line, Rejected("schema", bad.detail + hint, reader.column(bad.field))
            continue
        for event in made:
            yield line, event


class _RowReader:
    """One row to its events; everything the structs do not check in Python is checked here."""

    def __init__(self, mapping: CallLogMapping, places: dict[str, int]) -> None:
        self._mapping = mapping
        self._call_id = places["call_id"]
        self._queue = places["queue"]
        self._entered_at = places["entered_at"]
        self._outcome = places["outcome"]
        self._answered_at = places["answered_at"]
        self._ended_at = places["ended_at"]
        self._agent = places.get("agent")
        self._customer = places.get("customer")
        self._priority = places.get("priority")
        self._cells = max(places.values()) + 1
        self._read_time = mapping.time_reader()

    def column(self, field: str | None) -> str | None:
        """Return the header's name of a field."""
        return None if field is None else self._mapping.columns.get(field, field)

    def events(self, row: list[str]) -> tuple[Event, ...]:
        """Return the call's events in time order; raise _BadRowError where the row is unusable."""
        if len(row) < self._cells:
            raise _BadRowError(None, f"expected {self._cells} cells, found {len(row)}")
        mapping = self._mapping
        call_id = _required(row[self._call_id].strip(), "call_id", MAX_CONTACT_ID)
        queue = _required(row[self._queue].strip(), "queue", MAX_NAME)
        outcome = mapping.outcomes.get(row[self._outcome].strip())
        if outcome is None:
            words = ", ".join(sorted(mapping.outcomes))
            raise _BadRowError("outcome", f"expected one of: {words}")
        customer = _optional(row, self._customer, "customer", MAX_TEXT)
        # Beyond the id's own limit, a digest keeps the event id within its.
        stem = call_id
        if len(stem) > MAX_CONTACT_ID - _SUFFIX_ROOM:
            stem = blake2b(call_id.encode(), digest_size=16).hexdigest()
        enqueued = ContactEnqueued(
            event_id=f"{stem}:enqueued",
            occurred_at=self._time(row[self._entered_at], "entered_at"),
            source=mapping.source,
            tenant=mapping.tenant,
            channel=mapping.channel,
            contact_id=call_id,
            queue=queue,
            customer_ref=customer,
            priority=self._priority_of(row),
        )
        ended_at = self._time(row[self._ended_at], "ended_at")
        if outcome == "abandoned":
            abandoned = ContactAbandoned(
                event_id=f"{stem}:abandoned",
                occurred_at=ended_at,
                # Order within one millisecond, where the clock alone does not tell.
                seq=1,
                source=mapping.source,
                tenant=mapping.tenant,
                channel=mapping.channel,
                contact_id=call_id,
                queue=queue,
                customer_ref=customer,
            )
            return enqueued, abandoned
        agent = _optional(row, self._agent, "agent", MAX_NAME)
        answered = ContactAnswered(
            event_id=f"{stem}:answered",
            occurred_at=self._time(row[self._answered_at], "answered_at"),
            seq=1,
            source=mapping.source,
            tenant=mapping.tenant,
            channel=mapping.channel,
            contact_id=call_id,
            queue=queue,
            agent_id=agent,
            customer_ref=customer,
        )
        ended = ContactEnded(
            event_id=f"{stem}:ended",
            occurred_at=ended_at,
            seq=2,
            source=mapping.source,
            tenant=mapping.tenant,
            channel=mapping.channel,
            contact_id=call_id,
            queue=queue,
            agent_id=agent,
            customer_ref=customer,
        )
        return enqueued, answered, ended

    def _time(self, cell: str, field: str) -> int:
        try:
            instant = self._read_time(cell.strip())
        except ValueError as fault:
            raise _BadRowError(field, str(fault)) from None
        if not MIN_TIME_MS <= instant <= MAX_TIME_MS:
            raise _BadRowError(field, TIME_RANGE)
        return instant

    def _priority_of(self, row: list[str]) -> int | str | None:
        """Whole numbers as such, anything else as text."""
        text = _optional(row, self._priority, "priority", MAX_WORD)
        if text is None or not (text.isascii() and text.isdigit()):
            return text
        number = int(text)
        if number > MAX_PRIORITY:
            raise _BadRowError("priority", f"expected at most {MAX_PRIORITY}")
        return number


def _required(text: str, field: str, most: int) -> str:
    if not 1 <= len(text) <= most:
        raise _BadRowError(field, f"expected 1 to {most} characters")
    return text


def _optional(row: list[str], place: int | None, field: str, most: int) -> str | None:
    text = row[place].strip() if place is not None else ""
    if len(text) > most:
        raise _BadRowError(field, f"expected at most {most} characters")
    return text or None
