"""JSON Schemas of events and records, made from the structs that decode and encode them.

In: nothing. Out: file name to text of every schema; `python deploy/generate.py` writes them to
`schemas/`. Each file is complete in itself: one an event type, `event.v1.json` for all of them,
`kpi.v1.json`, `interval.v1.json`, `anomaly.v1.json` and `agent_figures.v1.json`.
Invariant: what `wire/decode.py` accepts an event's schema accepts, and the other way round, but for
what JSON Schema cannot say: record size, a time's range in text, one field compared with another
(in the description then). A record's schema has every key, with its meaning.
"""

import json
from typing import Any, Final, get_args

import msgspec

from streams.contract.agent_figures import AgentRecord
from streams.contract.events import TYPES, Event, MessageSent
from streams.contract.fields import Field, fields_of, part_of, plain_type, row_of
from streams.contract.records import AnomalyRecord, IntervalRecord, KpiRecord
from streams.contract.words import TODAY

VERSION: Final = "v1"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

# What a struct checks by comparing fields, as far as JSON Schema can say it.
_CROSS_FIELD: Final[dict[str, dict[str, Any]]] = {
    MessageSent.__name__: {
        "if": {"properties": {"author": {"const": "agent"}}, "required": ["author"]},
        "then": {
            "required": ["agent_id"],
            "properties": {"agent_id": {"type": "string"}},
        },
    },
}
_RECORDS: Final[dict[str, type[msgspec.Struct]]] = {
    "kpi": KpiRecord,
    "interval": IntervalRecord,
    "anomaly": AnomalyRecord,
    "agent_figures": AgentRecord,
}
_JSON_TYPES: Final = {int: "integer", float: "number", str: "string", bool: "boolean"}


def documents() -> dict[str, str]:
    """File name to text of every schema."""
    bodies = {tag: _event(struct) for tag, struct in TYPES.items()} | {"event": _event(Event)}
    bodies |= {name: _object(struct) for name, struct in _RECORDS.items()}
    return {f"{name}.{VERSION}.json": _text(name, body) for name, body in bodies.items()}


def _text(name: str, body: dict[str, Any]) -> str:
    head = {"$schema": DIALECT, "$id": f"{name}.{VERSION}.json", "title": name}
    return json.dumps(head | body, indent=2, ensure_ascii=False) + "\n"


def _event(shape: Any) -> dict[str, Any]:
    schema = msgspec.json.schema(shape)
    definitions = schema.get("$defs", {})
    for struct, rule in _CROSS_FIELD.items():
        if struct in definitions:
            definitions[struct] |= rule
    return schema


def _object(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return _keys({name: _property(field) for name, field in fields_of(struct).items()})


def _keys(properties: dict[str, Any]) -> dict[str, Any]:
    ordered = dict(sorted(properties.items()))
    return {"type": "object", "properties": ordered, "required": list(ordered)}


def _property(field: Field) -> dict[str, Any]:
    part, row = part_of(field), row_of(field)
    if row is not None:
        kind = ["array", "null"] if field.nullable else "array"
        body: dict[str, Any] = {"type": kind, "items": _object(row)}
    elif field.by_name:
        value = {"type": _type(get_args(field.type)[1])}
        body = {"type": "object", "additionalProperties": value}
    elif not field.each:
        body = {"type": _type(field.type)} if part is None else _object(part)
        if part is not None and field.nullable:
            body["type"] = ["object", "null"]
    else:
        value = {"type": _type(get_args(field.type)[1])} if part is None else _object(part)
        body = _keys({word: {"description": _means(field, word)} | value for word in field.each})
    return {"description": field.meaning} | body


def _means(field: Field, word: str) -> str:
    if word == TODAY:
        return "The calendar day so far, in the queue's time zone."
    return field.each_means.format(word)


def _type(kind: Any) -> str | list[str]:
    plain, nullable = plain_type(kind)
    name = _JSON_TYPES[plain]
    return [name, "null"] if nullable else name
