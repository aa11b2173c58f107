"""Layer 1: the bytes of a rejected record without what they tell of a customer.

In: bytes, whatever they were rejected for. Out: the same bytes; or, where a `customer_ref` in them
is no hash, that value as `"refused"` and every other byte as it was. Invariant: no such value is
left, however its name is escaped, however often and how deep it stands; of bytes that are no JSON
nothing is left behind the field's name. Cost: a search; only for rejected records.
"""

import re
from typing import Final

import msgspec

FIELD: Final = b"customer_ref"
_REFUSED: Final = b'"refused"'
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]|[^][{}",:\s]+', re.DOTALL)
#: The name in bytes that are no JSON: any of its letters may be escaped.
_NAME: Final = re.compile(
    b"".join(b"(?:%c|\\\\u00(?i:%02x))" % (letter, letter) for letter in FIELD)
)
_COLON: Final = re.compile(rb"\s*:\s*")
_HASH: Final = re.compile(rb'"[0-9A-Fa-f]{64}"|null')
_json: Final = msgspec.json.Decoder().decode


def masked(raw: bytes) -> bytes:
    """Return `raw` without a raw customer reference; the very object where it has none."""
    if FIELD not in raw and b"\\u" not in raw:
        return raw
    try:
        _json(raw)
    except (ValueError, RecursionError):
        named = _NAME.search(raw)
        if named is None or named.end() == len(raw):
            return raw
        return raw[: named.end()] + b'": ' + _REFUSED
    kept, done = [], 0
    for name in _TOKEN.finditer(raw):
        if name.start() < done or not _is_field(name[0]):
            continue
        colon = _COLON.match(raw, name.end())
        if colon is None or _HASH.match(raw, colon.end()):
            continue
        kept += [raw[done : colon.end()], _REFUSED]
        done = _end_of_value(raw, colon.end())
    return b"".join((*kept, raw[done:])) if kept else raw


def _is_field(token: bytes) -> bool:
    if token[:1] != b'"':
        return False
    return token[1:-1] == FIELD or (b"\\" in token and _json(token) == FIELD.decode())


def _end_of_value(raw: bytes, start: int) -> int:
    """Where the JSON value that begins at `start` ends."""
    depth = 0
    for token in _TOKEN.finditer(raw, start):
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
        if depth == 0:
            return token.end()
    return len(raw)
