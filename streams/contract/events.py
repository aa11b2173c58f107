"""Layer 1: the event types of the contract, one struct each; the JSON Schemas are made from them.

In: nothing. Out: `Event`, the union `decode` understands, and `TYPES`, tag to struct.
Invariants: a decoded event satisfies every constraint below, and its times are integer ms. Events
are frozen. Unknown fields are ignored, so a producer may add one. `null` is the same as absent
where a field may be absent. Structs built in Python are not checked: sources check for themselves.

Channels: contact, offer, hold, wrap-up, message and callback events are `voice` or `chat`; ticket
and work events are `ticket`; bots, follow-ups, surveys and sales take any of the three; agent
events and heartbeats need none.
"""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

import msgspec
from msgspec import Meta

from streams.contract import limits
from streams.contract.words import (
    BlockReason,
    Channel,
    FlowOutReason,
    FollowupOutcome,
    LiveChannel,
    OfferOutcome,
    SaleKind,
    SlaMetric,
    SurveyKind,
    TicketStatus,
)

if TYPE_CHECKING:
    Instant = int
else:
    # Text is turned into integer ms by `decode` before anybody else sees the event.
    Instant = (
        Annotated[
            int,
            Meta(
                ge=limits.MIN_TIME_MS,
                le=limits.MAX_TIME_MS,
                description="Milliseconds since the epoch, UTC.",
            ),
        ]
        | Annotated[
            str,
            Meta(
                max_length=limits.MAX_TIME_TEXT,
                description="RFC 3339 with an offset; cut to the millisecond.",
                extra_json_schema={"format": "date-time"},
            ),
        ]
    )

ContactId = Annotated[str, Meta(min_length=1, max_length=limits.MAX_CONTACT_ID)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME)]
Reference = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
CustomerRef = Annotated[
    str,
    Meta(
        # The length too, for `$` also matches before a line's end.
        pattern="^[0-9A-Fa-f]{64}$",
        min_length=limits.REF_DIGITS,
        max_length=limits.REF_DIGITS,
        description="HMAC-SHA-256 of the customer's address or number, in hexadecimal digits: "
        "made at the source, with a key that does not leave it. Kept in small letters.",
    ),
]
Text = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
Count = Annotated[int, Meta(ge=0, le=limits.MAX_COUNT)]
Priority = (
    Annotated[int, Meta(ge=-limits.MAX_PRIORITY, le=limits.MAX_PRIORITY)]
    | Annotated[str, Meta(min_length=1, max_length=limits.MAX_WORD)]
)
# Written as `int | float`, so that a whole number stays one.
Score = (
    Annotated[int, Meta(ge=-limits.MAX_SCORE, le=limits.MAX_SCORE)]
    | Annotated[float, Meta(ge=-limits.MAX_SCORE, le=limits.MAX_SCORE)]
)
Amount = (
    Annotated[int, Meta(ge=0, le=limits.MAX_AMOUNT)]
    | Annotated[float, Meta(ge=0, le=limits.MAX_AMOUNT)]
    | Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$",
            max_length=limits.MAX_AMOUNT_TEXT,
            description="A decimal number in text, as 12.90: exact.",
        ),
    ]
)
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3, description="ISO 4217, as EUR.")]
Attributes = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=limits.MAX_WORD)],
        Annotated[str, Meta(max_length=limits.MAX_ATTRIBUTE_VALUE)],
    ],
    Meta(max_length=limits.MAX_ATTRIBUTES),
]
Queues = Annotated[tuple[Name, ...], Meta(max_length=limits.MAX_QUEUES)]

TicketChannel = Literal["ticket"]
ChannelCounts = Annotated[
    dict[Channel, Count],
    Meta(extra_json_schema={"propertyNames": {"enum": sorted(get_args(Channel))}}),
]

EnqueueReason = Literal["initial", "transfer", "requeue", "overflow", "callback", "returned"]
_UNKNOWN = Meta(description="Any other word is read as `unknown`, and counts as `other`.")
Author = Literal["customer", "agent", "bot"]
SnapshotStatus = Literal["open", "pending", "on_hold", "resolved", "closed"]


class BaseEvent(
    msgspec.Struct,
    kw_only=True,
    frozen=True,
    tag_field="type",
    omit_defaults=True,
    # No event can be part of a reference cycle: it holds text, numbers and containers of those.
    gc=False,
):
    """What every event has. A subclass narrows what its type requires."""

    TYPE: ClassVar[str]
    """The tag: the `type` field of the JSON."""

    event_id: ContactId
    occurred_at: Instant
    source: Name
    tenant: Name = "default"
    channel: Channel | None = None
    contact_id: ContactId | None = None
    queue: Name | None = None
    agent_id: Name | None = None
    seq: Annotated[int, Meta(ge=0, le=limits.MAX_SEQ)] = 0
    revision: Annotated[
        int,
        Meta(
            ge=0,
            le=limits.MAX_REVISION,
            description="Of several events with one source and event_id the highest counts.",
        ),
    ] = 0
    customer_ref: CustomerRef | None = None
    topic: Text | None = None
    direction: Literal["inbound", "outbound"] = "inbound"
    attributes: Attributes | None = None


class ContactEvent(BaseEvent, kw_only=True, frozen=True):
    """Something that happened to a call or a chat."""

    channel: LiveChannel
    contact_id: ContactId


class QueuedContactEvent(ContactEvent, kw_only=True, frozen=True):
    """The same, where the queue must be named."""

    queue: Name


class ContactEnqueued(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.enqueued"):
    """The contact began to wait: opens a visit."""

    parent_contact_id: ContactId | None = None
    reason: (
        Annotated[
            Literal[EnqueueReason, "unknown"],
            Meta(description="Any other word is read as `unknown`, and counts as none."),
        ]
        | None
    ) = None
    priority: Priority | None = None
    arrived_at: Instant | None = None


class ContactResumed(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.resumed"):
    """The customer came back to the same place after a drop: a new visit, reason `returned`."""


class ContactBlocked(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.blocked"):
    """Refused entry: never offered."""

    reason: Annotated[Literal[BlockReason, "unknown"], _UNKNOWN]


class ContactOffered(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.offered"):
    """Ringing at an agent."""

    agent_id: Name


class OfferFailed(QueuedContactEvent, kw_only=True, frozen=True, tag="offer.failed"):
    """The agent did not take it."""

    agent_id: Name
    outcome: OfferOutcome


class ContactAnswered(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.answered"):
    """An agent is connected; the first time closes the wait.

    `entered_at`: since when the contact waited, from a source that tells it with the answer alone.
    """

    entered_at: Instant | None = None


class HoldStarted(ContactEvent, kw_only=True, frozen=True, tag="hold.started"):
    """The customer is on hold."""


class HoldEnded(ContactEvent, kw_only=True, frozen=True, tag="hold.ended"):
    """The customer is back from hold."""


class ContactTransferred(ContactEvent, kw_only=True, frozen=True, tag="contact.transferred"):
    """Closes the agent leg; the next `contact.enqueued` of the contact is a new visit."""

    to_queue: Name | None = None


class ContactEnded(ContactEvent, kw_only=True, frozen=True, tag="contact.ended"):
    """The conversation is over."""


class WrapupEnded(ContactEvent, kw_only=True, frozen=True, tag="wrapup.ended"):
    """The agent finished the work after the contact."""


class ContactAbandoned(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.abandoned"):
    """The customer left unanswered."""

    kind: Literal["hangup", "silent"] | None = None


class ContactFlowedOut(QueuedContactEvent, kw_only=True, frozen=True, tag="contact.flowed_out"):
    """Left the queue unanswered, and not by hanging up.

    `due_at`, with the reason `callback`: the time agreed for the call back.
    """

    reason: Annotated[Literal[FlowOutReason, "unknown"], _UNKNOWN]
    due_at: Instant | None = None


class MessageSent(ContactEvent, kw_only=True, frozen=True, tag="message.sent"):
    """A chat message. `agent_id` is required when the author is an agent.

    An agent's answers who waits, unless it is `automatic`.
    """

    author: Author
    automatic: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError where an agent's message does not name the agent."""
        if self.author == "agent" and self.agent_id is None:
            raise ValueError("agent_id: required when `author` is `agent`")


class CallbackRequested(QueuedContactEvent, kw_only=True, frozen=True, tag="callback.requested"):
    """A call back was asked for otherwise than from a queue: on a web page, say.

    `due_at`: the time agreed. Later attempts have the contact_id of the request.
    """

    due_at: Instant | None = None


class CallbackAttempted(QueuedContactEvent, kw_only=True, frozen=True, tag="callback.attempted"):
    """A promised call back was tried; its contact_id is the request's.

    `final`: it will not be tried again. `requested_at`, `due_at`: of the request, where it may not
    be known.
    """

    outcome: Literal["connected", "not_reached", "cancelled", "given_up"]
    final: bool = False
    requested_at: Instant | None = None
    due_at: Instant | None = None


class AnyChannelEvent(BaseEvent, kw_only=True, frozen=True):
    """Something about a contact or a ticket, whatever its channel."""

    channel: Channel
    contact_id: ContactId


class BotEnded(AnyChannelEvent, kw_only=True, frozen=True, tag="bot.ended"):
    """The bot's part is over; `started_at`: when it began."""

    outcome: Literal["contained", "escalated"]
    started_at: Instant | None = None


class FollowupCompleted(AnyChannelEvent, kw_only=True, frozen=True, tag="followup.completed"):
    """The customer was called back after the case."""

    outcome: FollowupOutcome


class TicketEvent(BaseEvent, kw_only=True, frozen=True):
    """Something that happened to a ticket; its id is the `contact_id`."""

    channel: TicketChannel
    contact_id: ContactId


class TicketOpened(TicketEvent, kw_only=True, frozen=True, tag="ticket.opened"):
    """A ticket came into being."""

    queue: Name
    kind: Text | None = None
    priority: Priority | None = None


class TicketUpdated(TicketEvent, kw_only=True, frozen=True, tag="ticket.updated"):
    """The priority, the kind or the topic is another from now on; what is absent stays."""

    kind: Text | None = None
    priority: Priority | None = None


class TicketAssigned(TicketEvent, kw_only=True, frozen=True, tag="ticket.assigned"):
    """A ticket has an agent; without `agent_id`, none."""


class TicketReplied(TicketEvent, kw_only=True, frozen=True, tag="ticket.replied"):
    """A reply; `public` false is an internal note."""

    author: Author
    public: bool = True


class TicketStatusChanged(TicketEvent, kw_only=True, frozen=True, tag="ticket.status_changed"):
    """Open, pending or on hold."""

    status: TicketStatus


class TicketSlaSet(TicketEvent, kw_only=True, frozen=True, tag="ticket.sla_set"):
    """A promise with a due time; without `due_at`, the queue's target; or it is `cancelled`."""

    metric: SlaMetric
    due_at: Instant | None = None
    cancelled: bool = False


class TicketResolved(TicketEvent, kw_only=True, frozen=True, tag="ticket.resolved"):
    """Solved. The reasons `merged`, `spam` and `deleted` leave the figures."""

    reason: Text | None = None
    author: Author = "agent"


class TicketReopened(TicketEvent, kw_only=True, frozen=True, tag="ticket.reopened"):
    """Not solved after all."""

    reason: Text | None = None


class TicketClosed(TicketEvent, kw_only=True, frozen=True, tag="ticket.closed"):
    """No longer worked on. The reasons `merged`, `spam` and `deleted` leave the figures."""

    reason: Text | None = None
    author: Author = "agent"


class TicketMoved(TicketEvent, kw_only=True, frozen=True, tag="ticket.moved"):
    """The ticket belongs to `queue` now."""

    queue: Name


class DueTimes(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """When the running promises of a ticket are due."""

    first_response: Instant | None = None
    next_response: Instant | None = None
    resolution: Instant | None = None


class TicketSnapshot(TicketEvent, kw_only=True, frozen=True, tag="ticket.snapshot"):
    """A ticket that began before the stream, as it is now; nothing for a ticket that is known.

    `last_customer_at`: when the customer wrote what nobody has replied to. `due`: the running
    promises.
    """

    queue: Name
    opened_at: Instant
    status: SnapshotStatus
    first_replied_at: Instant | None = None
    kind: Text | None = None
    priority: Priority | None = None
    pending_seconds: Annotated[int, Meta(ge=0, le=limits.MAX_PENDING_SECONDS)] | None = None
    last_customer_at: Instant | None = None
    due: DueTimes | None = None


class WorkStarted(TicketEvent, kw_only=True, frozen=True, tag="work.started"):
    """An agent began to work on a ticket."""

    agent_id: Name


class WorkEnded(TicketEvent, kw_only=True, frozen=True, tag="work.ended"):
    """An agent stopped working on a ticket."""

    agent_id: Name


class SurveySent(AnyChannelEvent, kw_only=True, frozen=True, tag="survey.sent"):
    """A survey went out; `survey_id`: which, where a contact has several of one kind."""

    kind: SurveyKind
    survey_id: Reference | None = None


class SurveyAnswered(AnyChannelEvent, kw_only=True, frozen=True, tag="survey.answered"):
    """A survey came back. `scale_min` < `scale_max`, and the score lies on the scale.

    `version`: the instrument, as a questionnaire's name and edition.
    """

    kind: SurveyKind
    score: Score
    scale_min: Score
    scale_max: Score
    higher_is_better: bool
    version: Reference
    survey_id: Reference | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where the score cannot be read on its scale."""
        if not self.scale_min < self.scale_max:
            raise ValueError("scale_max: must be above `scale_min`")
        if not self.scale_min <= self.score <= self.scale_max:
            raise ValueError("score: must lie between `scale_min` and `scale_max`")


class SaleClosed(AnyChannelEvent, kw_only=True, frozen=True, tag="sale.closed"):
    """An offer was taken up; an amount has a currency."""

    kind: SaleKind
    amount: Amount | None = None
    currency: Currency | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where it is not said what the amount is an amount of."""
        if self.amount is not None and self.currency is None:
            raise ValueError("currency: required with an `amount`")


class SaleCancelled(SaleClosed, kw_only=True, frozen=True, tag="sale.cancelled"):
    """A sale was undone: counted beside the sales, never taken off them."""


def _one_call() -> ChannelCounts:
    return {"voice": 1}


class AgentEvent(BaseEvent, kw_only=True, frozen=True):
    """A full snapshot of one agent by one source, valid until that source's next one.

    `since`: when the state began. A source that is not a telephone system sends `capacity`.
    """

    agent_id: Name
    state: Literal["available", "break", "offline", "error"]
    reason: Text | None = None
    queues: Queues = ()
    ringing: Count = 0
    handling: ChannelCounts = {}
    wrapping: ChannelCounts = {}
    capacity: ChannelCounts = msgspec.field(default_factory=_one_call)
    ttl_seconds: Annotated[int, Meta(ge=1, le=limits.MAX_TTL_SECONDS)] | None = None
    since: Instant | None = None


class AgentState(AgentEvent, kw_only=True, frozen=True, tag="agent.state"):
    """Something about the agent changed."""


class AgentHeartbeat(AgentEvent, kw_only=True, frozen=True, tag="agent.heartbeat"):
    """Nothing needs to have changed: the agent is still as it says."""


class SourceHeartbeat(BaseEvent, kw_only=True, frozen=True, tag="source.heartbeat"):
    """The source is alive, and all of its events up to `occurred_at` have been sent."""

    ended: bool = False


Event = (
    ContactEnqueued
    | ContactResumed
    | ContactBlocked
    | ContactOffered
    | OfferFailed
    | ContactAnswered
    | HoldStarted
    | HoldEnded
    | ContactTransferred
    | ContactEnded
    | WrapupEnded
    | ContactAbandoned
    | ContactFlowedOut
    | MessageSent
    | BotEnded
    | CallbackRequested
    | CallbackAttempted
    | FollowupCompleted
    | TicketOpened
    | TicketUpdated
    | TicketAssigned
    | TicketReplied
    | TicketStatusChanged
    | TicketSlaSet
    | TicketResolved
    | TicketReopened
    | TicketClosed
    | TicketMoved
    | TicketSnapshot
    | WorkStarted
    | WorkEnded
    | SurveySent
    | SurveyAnswered
    | SaleClosed
    | SaleCancelled
    | AgentState
    | AgentHeartbeat
    | SourceHeartbeat
)


def _by_tag() -> dict[str, type[Event]]:
    types: dict[str, type[Event]] = {}
    for struct in get_args(Event):
        tag = struct.__struct_config__.tag
        struct.TYPE = tag
        types[tag] = struct
    return types


TYPES: dict[str, type[Event]] = _by_tag()
