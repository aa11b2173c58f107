"""Layer 1, backwards: an event to its canonical bytes, for publishing and for test data.

In: an event. Out: compact JSON, fields in the struct's order, mappings sorted, defaults left out.
Invariant: `decode(encode(event)) == event`, and equal events have equal bytes.
"""

from typing import Final

import msgspec

from streams.contract.events import Event

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def encode(event: Event) -> bytes:
    """Return the canonical bytes, without a line end."""
    return _encode(event)
