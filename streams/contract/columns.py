"""A record as one row of a table: the same columns, in the same order and types, whatever it holds.

In: the structs of `records.py`. Out: `Column`s: what a file's header, types and metadata are made
of. Figures keep their names; what lies deeper is joined by `_` (`service_level_offered`,
`definitions_targets_abandonment`); what has keys by name is one column of text. Instants lose their
`_at`-style ms: they are timestamps, UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import msgspec

from streams.contract.fields import Field, Kind, fields_of, part_of, plain_type, row_of
from streams.contract.records import IntervalRecord

ColumnType = Literal["text", "integer", "number", "boolean", "timestamp", "json"]
_SORTED = msgspec.json.Encoder(order="sorted").encode
_TYPES: dict[Any, ColumnType] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `path` leads to the value in a record as its readers get it."""

    name: str
    path: tuple[str, ...]
    type: ColumnType
    nullable: bool
    unit: str
    kind: Kind
    meaning: str

    def of(self, record: Mapping[str, Any]) -> Any:
        """The record's value; None where it is null, or where an older record lacks it."""
        value: Any = record
        for key in self.path:
            value = None if value is None else value.get(key)
        return _SORTED(value).decode() if isinstance(value, dict | list) else value


@cache
def interval_columns() -> tuple[Column, ...]:
    """The columns of `contact.intervals`: whose and when, then the figures, then the rest."""
    columns = tuple(_columns(IntervalRecord, ()))
    first = ("tenant", "queue", "channel", "interval_start", "interval_seconds")
    order = {name: number for number, name in enumerate(first)}
    figures = len(order)

    def rank(column: Column) -> int:
        return order.get(column.name, figures + (column.path[0] != "figures"))

    return tuple(sorted(columns, key=rank))


def _columns(
    struct: type[msgspec.Struct], path: tuple[str, ...], may_lack: bool = False
) -> Iterator[Column]:
    """`may_lack`: whether a record may be without the struct."""
    for field in fields_of(struct).values():
        here = (*path, field.name)
        part = part_of(field)
        lacks = may_lack or field.since > 0
        if part is not None:
            yield from _columns(part, here, lacks or field.nullable)
        elif row_of(field) is not None:
            meaning = f"{field.meaning} A list, as JSON."
            yield Column("_".join(here[1:]), here, "json", True, "", field.kind, meaning)
        elif field.by_name:
            yield _column(here, field, str, f"{field.meaning} As a JSON object.", lacks)
        elif field.each:
            inner = get_args(field.type)[1]
            for word in field.each:
                meaning = field.each_means.format(word)
                yield _column((*here, word), field, inner, meaning, lacks)
        else:
            yield _column(here, field, field.type, field.meaning, lacks)


def _column(path: tuple[str, ...], field: Field, kind: Any, meaning: str, may_lack: bool) -> Column:
    plain, nullable = plain_type(kind)
    is_instant = field.kind == "instant"
    shown = path[1:] if path[0] == "figures" else path
    return Column(
        name="_".join(shown),
        path=path,
        type="timestamp" if is_instant else _TYPES[plain],
        nullable=nullable or may_lack,
        unit="" if is_instant else field.unit,
        kind=field.kind,
        meaning=meaning,
    )
