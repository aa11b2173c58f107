"""Records of another system's JSON files to canonical events, by a translator.

In: paths and a `Translator`. Out: (name, number, event or why not), like the other formats'. A
document may be a record, or hold lists of them (`{"tickets": [...]}`); a record's place is its
file and line, or its list and its number in it, from 1.
Invariants: every record is used, passed over with a reason, or rejected, and the three are counted;
every event has been through `decode`. Files are read twice: the first time to learn what other
records need. Memory is that of one document, 64 MiB at most, and of what a translator remembers.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from streams.contract.events import Event
from streams.errors import UsageError
from streams.sources.complaints import Complaints
from streams.sources.files import STANDARD_INPUT, opened
from streams.sources.json_objects import objects_in
from streams.sources.ndjson import blocks_of
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

MAX_DOCUMENT_BYTES: Final = 64 << 20

Record = dict[str, Any]


def part(record: Record, name: str) -> Record:
    """The object in a field; an empty one where there is none."""
    held = record.get(name)
    return held if isinstance(held, dict) else {}


class Translator(Protocol):
    """What a source's records mean. Pure: no clock, no files; what it remembers is small."""

    #: The lists a document may hold; a document with none of them is a record itself.
    LISTS: tuple[str, ...]

    def learn(self, kind: str, record: Record) -> None:
        """Take from a record (of the list `kind`) what other records need; before `events`."""

    def events(self, kind: str, record: Record) -> list[Record] | str:
        """The record's events as the contract writes them, or why it is passed over."""

    def origin(self, record: Record, event: Record, field: str) -> str:
        """The path in the record of what became a field of one of its events."""


def translated(
    paths: list[Path], translator: Translator, said: Complaints
) -> Iterator[tuple[str, int, Event | Rejected]]:
    """Yield name, number and event, or why there is none; `said` hears what was passed over."""
    if any(str(path) == STANDARD_INPUT for path in paths):
        raise UsageError("this format is read twice: name files, not standard input")
    for _, _, kind, record in _records(paths, translator.LISTS):
        if not isinstance(record, Rejected):
            translator.learn(kind, record)
    read = used = rejected = 0
    for name, number, kind, record in _records(paths, translator.LISTS):
        read += 1
        found: list[Record] | str | Rejected = (
            record if isinstance(record, Rejected) else translator.events(kind, record)
        )
        if isinstance(found, Rejected):
            rejected += 1
            yield name, number, found
        elif isinstance(found, str):
            said.note(f"passed over: {found}")
        else:
            made = [decode(msgspec.json.encode(event)) for event in found]
            fault = _first_fault(translator, record, found, made)
            if fault is not None:
                # One that cannot be used spoils its record: half a story would be another one.
                rejected += 1
                yield name, number, fault
                continue
            used += 1
            for event in made:
                yield name, number, event
    over = read - used - rejected
    said.say(f"{read:,} records: {used:,} used, {over:,} passed over, {rejected:,} not understood")


def _first_fault(
    translator: Translator, record: Any, told: list[Record], made: list[Event | Rejected]
) -> Rejected | None:
    """What is wrong with the first event that cannot be used, by the name the record has for it."""
    for event, found in zip(told, made, strict=True):
        if isinstance(found, Rejected):
            field = found.field and translator.origin(record, event, found.field)
            return replace(found, field=field)
    return None


def _records(
    paths: list[Path], lists: tuple[str, ...]
) -> Iterator[tuple[str, int, str, Record | Rejected]]:
    for path in paths:
        with opened(path) as stream:
            for line, _, raw in objects_in(blocks_of(stream), MAX_DOCUMENT_BYTES):
                if len(raw) > MAX_DOCUMENT_BYTES:
                    limit = f"expected at most {MAX_DOCUMENT_BYTES >> 20} MiB"
                    yield str(path), line, "", Rejected("too_large", limit)
                    continue
                try:
                    document = msgspec.json.decode(raw)
                except (ValueError, RecursionError):
                    yield str(path), line, "", Rejected("not_json", "expected a JSON object")
                    continue
                yield from _of_document(str(path), line, document, lists)


def _of_document(
    name: str, line: int, document: Any, lists: tuple[str, ...]
) -> Iterator[tuple[str, int, str, Record | Rejected]]:
    if not isinstance(document, dict):
        yield name, line, "", Rejected("schema", "expected an object")
        return
    held = [kind for kind in lists if isinstance(document.get(kind), list)]
    if not held:
        yield name, line, "", document
    for kind in held:
        for number, record in enumerate(document[kind], 1):
            place = f"{name}:{line}:{kind}"
            if isinstance(record, dict):
                yield place, number, kind, record
            else:
                yield place, number, kind, Rejected("schema", "expected an object")
