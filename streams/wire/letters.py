"""Layer 1: words of an enumeration, in whatever letters' case a system writes them.

In: bytes that the decoder refused. Out: the event they are with those words in small letters, None
where that is not what was wrong. Runs for refused records only, so the usual ones pay nothing.
"""

from typing import Any

import msgspec

from streams.contract.events import TYPES, Event
from streams.wire.explain import words_of


def in_small_letters(raw: bytes) -> Event | None:
    """Return the event in `raw` with its enumerations' words (and keys) in small letters."""
    try:
        document: Any = msgspec.json.decode(raw)
        struct = TYPES.get(document["type"])
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    if struct is None:
        return None
    smaller = {field: _small(document.get(field)) for field in words_of(struct)}
    changed = {field: value for field, value in smaller.items() if value != document.get(field)}
    if not changed:
        return None
    try:
        event: Event = msgspec.convert(document | changed, Event)
        return event
    except ValueError:
        return None


def _small(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, dict):
        small = {key.lower(): inner for key, inner in value.items()}
        return small if len(small) == len(value) else value
    return value
