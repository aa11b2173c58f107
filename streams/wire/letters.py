"""Layer 1: words of an enumeration, in whatever letters' case a system writes them.

In: bytes that the decoder refused. Out: the event they are with those words in small letters, and
with `unknown` for a reason that is no word of the contract's; None where that is not what was
wrong. Runs for refused records only, so the usual ones pay nothing.
"""

from typing import Any

import msgspec

from streams.contract.events import TYPES, Event
from streams.contract.words import UNKNOWN_REASON
from streams.wire.explain import words_of


def in_known_words(raw: bytes) -> Event | None:
    """Return the event in `raw` with its words (and mappings' keys) as the contract has them."""
    try:
        document: Any = msgspec.json.decode(raw)
        struct = TYPES.get(document["type"])
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    if struct is None:
        return None
    known = {field: _known(document.get(field), words) for field, words in words_of(struct).items()}
    changed = {field: value for field, value in known.items() if value != document.get(field)}
    if not changed:
        return None
    try:
        event: Event = msgspec.convert(document | changed, Event)
        return event
    except ValueError:
        return None


def _known(value: Any, words: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        word = value.lower()
        return UNKNOWN_REASON if UNKNOWN_REASON in words and word not in words else word
    if isinstance(value, dict):
        small = {key.lower(): inner for key, inner in value.items()}
        return small if len(small) == len(value) else value
    return value
