"""Layer 2: the fact of an event.

In: an event. Out: the part of it that can change a number; which events have one, and how it is
made, stands in `FACTS`. A name is one object however many facts have it. Cost: 1-2 us.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from streams.contract import events as wire
from streams.contract.names import clean
from streams.lifecycle import changelog, feedback_words, ticket_words
from streams.lifecycle.facts import AnyFact, CallbackFact, Fact, Snapshot
from streams.lifecycle.ranks import AGENT_RANKS, CALLBACK_RANKS, CONTACT_RANKS, TICKET_RANKS
from streams.lifecycle.rules import SNAPSHOT_MS

#: So many bytes of a customer's hash tell him from all others.
REF_BYTES: Final = 12

#: Struct of a contact event: (rank, name of the field that becomes `detail`).
_CONTACT = {
    struct: (
        CONTACT_RANKS[struct.TYPE],
        next(
            (
                name
                for name in ("reason", "outcome", "kind", "author")
                if name in struct.__struct_fields__
            ),
            None,
        ),
    )
    for struct in wire.TYPES.values()
    if struct.TYPE in CONTACT_RANKS
}
_TICKET = {
    struct: TICKET_RANKS[struct.TYPE]
    for struct in wire.TYPES.values()
    if struct.TYPE in TICKET_RANKS
}


@lru_cache(maxsize=65_536)
def _shared(name: str | None) -> str | None:
    """The same name as one object: the decoder makes a new one for every event."""
    return name


def _topic_of(topic: str) -> str | None:
    """What the event is about, as a queue's list has it; an empty topic says nothing."""
    return clean(topic) or None


def _customer_of(ref: str) -> bytes:
    """Whose it is, in some of the bytes of his hash: as good as all, and kept millions of times."""
    return bytes.fromhex(ref[: 2 * REF_BYTES])


def _fact(event: Any, rank: int, detail: str | None, outbound: bool, since: int | None) -> Fact:
    """What is kept of a contact's or ticket's event in the same way, whatever it tells."""
    return Fact(
        event.occurred_at,
        event.seq,
        rank,
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        _shared(event.queue),
        _shared(event.agent_id),
        detail,
        outbound,
        event.revision,
        -1 if since is None else since,
        None if event.topic is None else _topic_of(event.topic),
        b"" if event.customer_ref is None else _customer_of(event.customer_ref),
    )


def contact_fact(event: Any) -> Fact:
    """The fact of a call's or chat's event."""
    struct = event.__class__
    rank, field = _CONTACT[struct]
    detail = None
    if field is not None:
        detail = getattr(event, field)
        if struct is wire.MessageSent and event.automatic:
            detail = "bot"
    elif struct is wire.ContactResumed:
        detail = "resumed"
    elif struct is wire.ContactTransferred:
        detail = _shared(event.to_queue)
    told = None
    if struct is wire.ContactAnswered:
        told = event.entered_at
    elif struct is wire.ContactEnqueued:
        told = event.arrived_at
    elif struct is wire.BotEnded:
        told = event.started_at
    return _fact(event, rank, detail, event.direction == "outbound", told)


#: Struct of a ticket's event: the field with an earlier time that it tells of.
_SINCE = {
    wire.BotEnded: "started_at",
    wire.TicketSlaSet: "due_at",
    wire.TicketSnapshot: "opened_at",
}


def ticket_fact(event: Any) -> Fact:
    """The fact of a ticket's event."""
    struct = event.__class__
    since = getattr(event, _SINCE[struct]) if struct in _SINCE else None
    brings = struct is wire.TicketOpened or struct is wire.TicketSnapshot
    outbound = brings and event.direction == "outbound"
    return _fact(event, _TICKET[struct], ticket_words.detail_of(event), outbound, since)


def bot_fact(event: Any) -> Fact:
    """The fact of the end of a bot's conversation, whatever the channel."""
    return ticket_fact(event) if event.channel == "ticket" else contact_fact(event)


def feedback_fact(event: Any) -> Fact:
    """The fact of a survey, a sale or a follow-up, whatever the channel."""
    ranks = TICKET_RANKS if event.channel == "ticket" else CONTACT_RANKS
    # After the case it is us who ask: that says nothing.
    outbound = event.direction == "outbound" and not isinstance(event, wire.FollowupCompleted)
    return _fact(event, ranks[event.TYPE], feedback_words.detail_of(event), outbound, None)


def callback_fact(event: Any) -> CallbackFact:
    """The fact of an event of a request to be called back."""
    struct, since = event.__class__, None
    if struct is wire.CallbackAttempted:
        detail, since = event.outcome, event.requested_at
        if event.final:
            detail += " final"
    else:
        detail = event.reason if struct is wire.ContactFlowedOut else "callback"
    due_at = event.due_at
    return CallbackFact(
        event.occurred_at,
        event.seq,
        CALLBACK_RANKS[event.TYPE],
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        _shared(event.queue),
        _shared(event.agent_id),
        detail,
        event.direction == "outbound",
        event.revision,
        -1 if since is None else since,
        -1 if due_at is None else due_at,
        event.channel,
    )


def snapshot(event: wire.AgentState | wire.AgentHeartbeat) -> Snapshot:
    """The fact of an agent's event."""
    handling, wrapping, capacity = event.handling, event.wrapping, event.capacity
    return Snapshot(
        event.occurred_at,
        event.seq,
        AGENT_RANKS[event.TYPE],
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        event.state,
        _members(event.queues),
        event.ringing,
        _counts(tuple(handling.items())) if handling else (),
        _counts(tuple(wrapping.items())) if wrapping else (),
        _counts(tuple(capacity.items())) if capacity else (),
        SNAPSHOT_MS if event.ttl_seconds is None else event.ttl_seconds * 1_000,
        event.revision,
        True,
        event.since or 0,
        _reason_of(event.reason) if event.reason and event.state == "break" else "",
    )


@lru_cache(maxsize=4_096)
def _reason_of(text: str) -> str:
    return text.strip().lower()


@lru_cache(maxsize=16_384)
def _members(queues: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(queues)))


@lru_cache(maxsize=16_384)
def _counts(counts: tuple[tuple[Any, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((channel, n) for channel, n in counts if n > 0))


#: What makes the fact of an event, by its struct; events without one change no lifecycle.
FACTS: dict[type[Any], Callable[[Any], AnyFact]] = (
    dict.fromkeys(_CONTACT, contact_fact)
    | dict.fromkeys(_TICKET, ticket_fact)
    | {wire.AgentState: snapshot, wire.AgentHeartbeat: snapshot, wire.BotEnded: bot_fact}
    | dict.fromkeys(feedback_words.STRUCTS, feedback_fact)
    | {wire.CallbackRequested: callback_fact, wire.CallbackAttempted: callback_fact}
)
#: Structs of events of a request alone. A flow-out of a contact, for whatever reason, is one of a
#: request as well: another one of its id may have asked for it, and one of them counts.
OF_REQUESTS = frozenset({wire.CallbackRequested, wire.CallbackAttempted})


def _entity_of(struct: type[Any]) -> str:
    if issubclass(struct, wire.AgentEvent):
        return changelog.AGENT
    if issubclass(struct, wire.TicketEvent):
        return changelog.TICKET
    return changelog.CALLBACK if struct in OF_REQUESTS else changelog.CONTACT


#: The kind of entity that an event changes, by its struct; of a ticket's channel it is a ticket.
ENTITIES = {struct: _entity_of(struct) for struct in FACTS}

#: Structs of the events that could have an effect each by itself: no message, nothing of agents.
EFFECTIVE = frozenset(_CONTACT.keys() | _TICKET.keys() | OF_REQUESTS) - {wire.MessageSent}
