"""Layer 1: bytes to an event, or to the reason why they are none.

In: one Kafka record's value or one NDJSON line. Out: `Event`, with integer-ms times, or `Rejected`.
Invariant: `decode` raises on no bytes whatever. Whether the bytes are an event depends on the bytes
alone: not on the clock, the topic or what came before.
Cost: about 1 µs an event; finding out why bytes were rejected is slower and happens only then.
"""

from typing import Final

import msgspec
from msgspec.structs import force_setattr

from streams.contract.events import (
    AgentHeartbeat,
    AgentState,
    BotEnded,
    CallbackAttempted,
    CallbackRequested,
    ContactAnswered,
    ContactEnqueued,
    ContactFlowedOut,
    DueTimes,
    Event,
    TicketSlaSet,
    TicketSnapshot,
)
from streams.contract.limits import MAX_RECORD_BYTES, MAX_TIME_MS, MIN_TIME_MS
from streams.contract.words import SLA_METRICS
from streams.wire.explain import TIME_RANGE, explain
from streams.wire.instants import parse_rfc3339_ms
from streams.wire.letters import in_known_words
from streams.wire.names import has_nul, has_outer_blanks, keep_clean, misnamed
from streams.wire.rejected import Rejected

_BLANK, _BACKSLASH = b" \\"
_decode: Final = msgspec.json.Decoder(Event).decode
_FURTHER_TIMES: Final = {
    ContactEnqueued: ("arrived_at",),
    ContactAnswered: ("entered_at",),
    ContactFlowedOut: ("due_at",),
    CallbackRequested: ("due_at",),
    CallbackAttempted: ("requested_at", "due_at"),
    BotEnded: ("started_at",),
    TicketSlaSet: ("due_at",),
    TicketSnapshot: ("opened_at", "first_replied_at", "last_customer_at"),
    AgentState: ("since",),
    AgentHeartbeat: ("since",),
}


def decode(raw: bytes | bytearray | memoryview | None) -> Event | Rejected:
    """Return the event in `raw`, or why there is none. A record without a value is `not_json`."""
    if type(raw) is not bytes:
        if raw is None:
            return Rejected("not_json", "the record has no value")
        raw = bytes(raw)
    if len(raw) > MAX_RECORD_BYTES:
        return Rejected("too_large", f"expected at most {MAX_RECORD_BYTES} bytes")
    ascii_only = raw.isascii()
    try:
        # The decoder does not look into fields it does not know: they are checked here.
        if not ascii_only:
            raw.decode()
        event: Event = _decode(raw)
    except (ValueError, RecursionError) as error:
        written = in_known_words(raw)
        if written is None:
            return explain(raw, error)
        event = written
    struct = type(event)
    for field in _FURTHER_TIMES.get(struct, ()):
        if type(getattr(event, field)) is str:
            fault = _read_time(event, field)
            if fault is not None:
                return fault
    if isinstance(event, TicketSnapshot) and event.due is not None:
        for metric in SLA_METRICS:
            if type(getattr(event.due, metric)) is str:
                fault = _read_time(event.due, metric, "due.")
                if fault is not None:
                    return fault
    if event.customer_ref is not None:
        force_setattr(event, "customer_ref", event.customer_ref.lower())
    if type(event.occurred_at) is not int:
        fault = _read_time(event, "occurred_at")
        if fault is not None:
            return fault
    # An escape may stand for any letter. Without one nothing but a blank is white in ASCII: JSON
    # forbids control characters in text. What is written without blanks, as most is, has none.
    is_plain = ascii_only and _BACKSLASH not in raw
    if not is_plain or (_BLANK in raw and has_outer_blanks(event)):
        fault = keep_clean(event)
        if fault is not None:
            return fault
    fault = misnamed(event)
    if fault is None and not is_plain:
        fault = has_nul(event, raw)
    return fault or event


def _read_time(event: Event | DueTimes, field: str, within: str = "") -> Rejected | None:
    """Turn the text of `field` into ms. The event is ours alone here, so it may still change."""
    try:
        instant = parse_rfc3339_ms(getattr(event, field))
    except ValueError as fault:
        return Rejected("schema", str(fault), within + field)
    if not MIN_TIME_MS <= instant <= MAX_TIME_MS:
        return Rejected("schema", TIME_RANGE, within + field)
    force_setattr(event, field, instant)
    return None
