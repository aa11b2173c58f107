"""Layer 2: what a lifecycle keeps of an event.

A fact is the part of an event that can change a number, small enough to be remembered for the
lateness horizon. Facts of one entity are ordered by (at, seq, rank, source, id); `rank` is the
type's place in its lifecycle's list. Times in ms.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from streams.contract import events as wire
from streams.contract.names import clean
from streams.contract.words import COMPLAINT, SLA_METRICS, TICKET_LEAVES, TICKET_PRIORITIES
from streams.lifecycle import feedback_words
from streams.lifecycle.ranks import AGENT_RANKS, CALLBACK_RANKS, CONTACT_RANKS, TICKET_RANKS
from streams.lifecycle.rules import SNAPSHOT_MS

#: A ticket's kind is told, and is another than `words.COMPLAINT`.
NO_COMPLAINT: Final = "no_complaint"
#: What words begin with that tell a priority, when the customer asked, when something is due.
_PRIORITY, _CUSTOMER, _DUE = "priority:", "customer:", "due:"

#: So many bytes of a customer's hash tell him from all others.
REF_BYTES: Final = 12

Order = tuple[int, int, int, str, str]


class Told(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an event of a contact, ticket or request tells.

    `detail`: its reason, outcome, kind, status or author; of a transfer the queue that the contact
    is to go to. `since`: an earlier time that it tells of, -1 without one.
    """

    at: int
    seq: int
    rank: int
    source: str
    id: str
    queue: str | None = None
    agent: str | None = None
    detail: str | None = None
    outbound: bool = False
    revision: int = 0
    since: int = -1


class Fact(Told, array_like=True, frozen=True, gc=False):
    """A contact's or ticket's event. `topic`: what that is about from now on, None: not told.

    `customer`: whose it is, the beginning of his keyed hash; empty: not told.
    """

    topic: str | None = None
    customer: bytes = b""


class CallbackFact(Told, array_like=True, frozen=True, gc=False):
    """An event of a request to be called back. `since`: when it was asked for, of an attempt.

    `detail`: an attempt's outcome, and whether it is `final`; `callback` of what asks, or another
    reason. `due_at`: the time agreed, -1 without one. `channel`: the event's.
    """

    due_at: int = -1
    channel: str = ""


class Snapshot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An agent's event: all that holds until its source's next one. Counts are sorted pairs.

    `by_source` is false in what was stored when a snapshot replaced that of any other source.
    `since` is when the state began, 0 where that is not told; -1 in what was stored when no state
    had a limit. `reason`: why there is a break; empty without one, and in every other state.
    """

    at: int
    seq: int
    rank: int
    source: str
    id: str
    state: str
    queues: tuple[str, ...]
    ringing: int
    handling: tuple[tuple[str, int], ...]
    wrapping: tuple[tuple[str, int], ...]
    capacity: tuple[tuple[str, int], ...]
    ttl: int
    revision: int = 0
    by_source: bool = False
    since: int = -1
    reason: str = ""


#: What any entity keeps of an event.
AnyFact = Told | Snapshot


def order_of(fact: AnyFact) -> Order:
    """The place of a fact among its entity's."""
    return fact.at, fact.seq, fact.rank, fact.source, fact.id


def content_of(fact: AnyFact) -> tuple[Any, ...]:
    """What of two facts with one id decides which is used: the least.

    The highest revision first, then time, then content.
    """
    if isinstance(fact, Snapshot):
        said = msgspec.structs.astuple(fact)[5:-4]
        return -fact.revision, fact.at, fact.rank, fact.seq, *said, max(fact.since, 0), fact.reason
    more = (fact.due_at, fact.channel) if isinstance(fact, CallbackFact) else ()
    about = (fact.topic or "", fact.customer) if isinstance(fact, Fact) else ()
    detail, said = feedback_words.content_of(fact.detail or "")
    return (
        -fact.revision,
        fact.at,
        fact.rank,
        fact.seq,
        fact.queue or "",
        fact.agent or "",
        detail,
        fact.outbound,
        fact.since,
        *more,
        *said,
        *about,
    )


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
#: What a public reply is called, by its author; a bot's means nothing.
_REPLIES = {"agent": "reply", "customer": "customer", "bot": None}


@lru_cache(maxsize=65_536)
def _shared(name: str | None) -> str | None:
    """The same name as one object: the decoder makes a new one for every event."""
    return name


def _topic_of(event: Any) -> str | None:
    """What the event is about, as a queue's list has it; an empty topic says nothing."""
    return None if event.topic is None else clean(event.topic) or None


def _customer_of(event: Any) -> bytes:
    """Whose it is, in some of the bytes of his hash: as good as all, and kept millions of times."""
    ref = event.customer_ref
    return b"" if ref is None else bytes.fromhex(ref[: 2 * REF_BYTES])


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
    return Fact(
        event.occurred_at,
        event.seq,
        rank,
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        _shared(event.queue),
        _shared(event.agent_id),
        detail,
        event.direction == "outbound",
        event.revision,
        -1 if told is None else told,
        _topic_of(event),
        _customer_of(event),
    )


def _kind_of(event: Any) -> str | None:
    """Of a ticket's kinds, which are the customers' own words, one matters."""
    if event.kind is None:
        return None
    return COMPLAINT if event.kind.strip().lower() == COMPLAINT else NO_COMPLAINT


def _priority_of(event: Any) -> str | None:
    """Of priorities, too, the words that a queue can promise something for."""
    if event.priority is None:
        return None
    word = event.priority.strip().lower() if isinstance(event.priority, str) else ""
    return f"{_PRIORITY}{word if word in TICKET_PRIORITIES else TICKET_PRIORITIES[-1]}"


def _joined(*words: str | None) -> str | None:
    return " ".join(word for word in words if word is not None) or None


def _snapshot_of(event: Any) -> str | None:
    """What a snapshot says beside the queue, the agent and the opening."""
    dues = event.due or wire.DueTimes()
    return _joined(
        event.status,
        None if event.first_replied_at is None else "replied",
        None if event.pending_seconds is None else str(event.pending_seconds),
        COMPLAINT if _kind_of(event) == COMPLAINT else None,
        _priority_of(event),
        None if event.last_customer_at is None else f"{_CUSTOMER}{event.last_customer_at}",
        *(
            f"{_DUE}{metric}={at}"
            for metric in SLA_METRICS
            if (at := getattr(dues, metric)) is not None
        ),
    )


def priority_of(fact: Fact, before: int) -> int:
    """The place in `TICKET_PRIORITIES` of the priority that an event tells; else as before."""
    for word in (fact.detail or "").split(" "):
        if word.startswith(_PRIORITY):
            return TICKET_PRIORITIES.index(word.removeprefix(_PRIORITY))
    return before


def promised(words: list[str]) -> tuple[int, dict[str, int]]:
    """Of a snapshot's words: when the customer asked, -1 without that; when what is due. Ms."""
    asked_at, dues = -1, {}
    for word in words:
        if word.startswith(_CUSTOMER):
            asked_at = int(word.removeprefix(_CUSTOMER))
        elif word.startswith(_DUE):
            metric, at = word.removeprefix(_DUE).split("=")
            dues[metric] = int(at)
    return asked_at, dues


def ticket_fact(event: Any) -> Fact:
    """The fact of a ticket's event.

    `detail` is the status; why it left the figures, or `bot`; `reply` of an agent or `customer`,
    both in public; the kind and the priority, if told; what is promised; of a snapshot the status,
    whether it was replied to, the seconds it was pending, and all of these, if told.
    """
    struct = event.__class__
    detail, outbound, since = None, False, -1
    if struct is wire.TicketStatusChanged:
        detail = event.status
    elif struct is wire.TicketReplied:
        detail = _REPLIES[event.author] if event.public else None
    elif struct is wire.TicketResolved or struct is wire.TicketClosed:
        reason = (event.reason or "").strip().lower()
        if reason in TICKET_LEAVES:
            detail = reason
        elif event.author == "bot":
            detail = "bot"
    elif struct is wire.BotEnded:
        detail, since = event.outcome, -1 if event.started_at is None else event.started_at
    elif struct is wire.TicketOpened:
        outbound, detail = (
            event.direction == "outbound",
            _joined(_kind_of(event), _priority_of(event)),
        )
    elif struct is wire.TicketUpdated:
        detail = _joined(_kind_of(event), _priority_of(event))
    elif struct is wire.TicketSlaSet:
        detail = f"{event.metric} cancelled" if event.cancelled else event.metric
        since = -1 if event.due_at is None else event.due_at
    elif struct is wire.TicketSnapshot:
        outbound, since = event.direction == "outbound", event.opened_at
        detail = _snapshot_of(event)
    return Fact(
        event.occurred_at,
        event.seq,
        _TICKET[struct],
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        _shared(event.queue),
        _shared(event.agent_id),
        detail,
        outbound,
        event.revision,
        since,
        _topic_of(event),
        _customer_of(event),
    )


def bot_fact(event: Any) -> Fact:
    """The fact of the end of a bot's conversation, whatever the channel."""
    return ticket_fact(event) if event.channel == "ticket" else contact_fact(event)


def feedback_fact(event: Any) -> Fact:
    """The fact of a survey, a sale or a follow-up, whatever the channel."""
    ranks = TICKET_RANKS if event.channel == "ticket" else CONTACT_RANKS
    return Fact(
        event.occurred_at,
        event.seq,
        ranks[event.TYPE],
        _shared(event.source),  # type: ignore[arg-type]
        event.event_id,
        _shared(event.queue),
        _shared(event.agent_id),
        feedback_words.detail_of(event),
        # We are who asks after the case: that says nothing.
        event.direction == "outbound" and not isinstance(event, wire.FollowupCompleted),
        event.revision,
        topic=_topic_of(event),
        customer=_customer_of(event),
    )


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

#: Structs of the events that could have an effect each by itself: no message, nothing of agents.
EFFECTIVE = frozenset(_CONTACT.keys() | _TICKET.keys() | OF_REQUESTS) - {wire.MessageSent}


def in_order(facts: list[Any]) -> tuple[list[Any], int, int]:
    """An entity's facts, in whatever order they came, as they are folded: ordered, each id once.

    Also returns how many repeats had the same content, and how many had another: of those, the
    highest revision is kept, and of one revision the least content.
    """
    before = -1
    for fact in facts:
        if fact.at <= before:
            facts = sorted(facts, key=order_of)
            break
        before = fact.at
    if len({fact.id for fact in facts}) == len(facts):
        return facts, 0, 0
    contents: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
    for fact in facts:
        contents[fact.source, fact.id].add(fact)
    kept = sorted((min(same, key=content_of) for same in contents.values()), key=order_of)
    distinct = sum(map(len, contents.values()))
    return kept, len(facts) - distinct, distinct - len(kept)
