"""Layer 1: finds out why the decoder refused, in words for the producer's developer.

In: the refused bytes and the decoder's complaint. Out: `Rejected`.
Invariant: never raises; names places, expectations and limits, never a value from the record.
Runs only for rejected records: it reads them a second time, because the decoder stops at the first
fault and a broken document matters more than a wrong field in it.
"""

import re
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from streams.contract.events import TYPES, BaseEvent
from streams.contract.limits import MAX_TIME_MS, MIN_TIME_MS
from streams.contract.words import SLA_METRICS
from streams.wire.rejected import Rejected

TIME_FIELDS = frozenset(
    {
        *("occurred_at", "arrived_at", "due_at", "entered_at", "since"),
        *("opened_at", "first_replied_at", "last_customer_at", "requested_at", "started_at"),
        *(f"due.{metric}" for metric in SLA_METRICS),
    }
)
TIME_EXPECTED = "expected integer ms since the epoch, or RFC 3339 text with an offset"
TIME_RANGE = f"expected a time from 1990 to 2100 ({MIN_TIME_MS} to {MAX_TIME_MS} ms)"

REF_EXPECTED = (
    "expected 64 hexadecimal digits: HMAC-SHA-256 of the reference, made at the source; "
    "never the reference itself"
)

_any_json = msgspec.json.Decoder().decode
# The last place the message names: a value that it repeats before may hold the same words.
_PATH = re.compile(r"^(?P<what>.*) - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(\w+)`")
_CROSS_FIELD = re.compile(r"^(?P<path>[a-z_]+): (?P<what>.*)$")
_UNKNOWN_TYPE = f"expected the name of an event type, as {next(iter(TYPES))}; all are in schemas/"


def explain(raw: bytes, error: Exception) -> Rejected:
    """Return the reason for `error`, which decoding `raw` raised."""
    document = _document(raw)
    if isinstance(document, Rejected):
        return document
    tag = document.get("type")
    if tag is None:
        return Rejected("schema", "required field is missing", "type")
    if not isinstance(tag, str):
        return Rejected("schema", "expected text", "type")
    struct = TYPES.get(tag)
    if struct is None:
        return Rejected("unknown_type", _UNKNOWN_TYPE, "type")
    return _violation(struct, str(error))


def _document(raw: bytes) -> dict[str, Any] | Rejected:
    try:
        raw.decode()
        document = _any_json(raw)
    except UnicodeDecodeError as fault:
        return Rejected("not_json", f"invalid UTF-8 (byte {fault.start})")
    except RecursionError:
        return Rejected("not_json", "nested too deeply")
    except ValueError as fault:
        return Rejected("not_json", str(fault))
    if not isinstance(document, dict):
        return Rejected("not_json", "expected a JSON object")
    return document


def _violation(struct: type[BaseEvent], message: str) -> Rejected:
    missing = _MISSING.match(message)
    if missing:
        return Rejected("schema", "required field is missing", missing[1])
    match = _PATH.match(message) or _CROSS_FIELD.match(message)
    if match is None:
        return Rejected("schema", "not as the schema says")
    path, what = match["path"], match["what"]
    name = path.partition("[")[0]
    if path == "type":
        return Rejected("schema", "the field is given twice, with two values", "type")
    if name == "customer_ref":
        return Rejected("schema", REF_EXPECTED, path)
    if name in TIME_FIELDS:
        return Rejected("schema", TIME_RANGE if "`int` " in what else TIME_EXPECTED, path)
    if what.startswith("Invalid enum value"):
        allowed = ", ".join(words_of(struct).get(name, ()))
        return Rejected("schema", f"expected one of: {allowed}", path)
    return Rejected("schema", what[:1].lower() + what[1:], path)


@cache
def words_of(struct: type[BaseEvent]) -> dict[str, tuple[str, ...]]:
    """Field to the values it may have, for fields (or mappings' keys) with a fixed list."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    allowed = {field.name: _literals(field.type) for field in info.fields}
    return {name: values for name, values in allowed.items() if values}


def _literals(kind: inspect.Type) -> tuple[str, ...]:
    match kind:
        case inspect.LiteralType():
            return tuple(str(value) for value in kind.values)
        case inspect.UnionType():
            return tuple(value for part in kind.types for value in _literals(part))
        case inspect.DictType():
            return _literals(kind.key_type)
        case inspect.Metadata():
            return _literals(kind.type)
        case _:
            return ()
