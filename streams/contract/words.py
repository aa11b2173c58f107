"""The words of the contract: every closed list, reserved name, topic and default, each once.

In: nothing. Out: constants that everybody reads, so that a new word is one line here. Imports
nothing of the project. The order of reasons, outcomes and states decides stored numbers
(`lifecycle/counters.py`): append, never reorder.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

#: (tenant, queue, channel): whose figures a record has.
QueueKey = tuple[str, str, str]
#: The queue that is every queue of its tenant and channel, each agent once.
ALL: Final = "_all"
#: The queue that further queues count as, once a tenant has too many; and the tenant that further
#: tenants count as, whose only queue is it.
OTHER: Final = "_other"
#: The queue of what bots did where the event names none.
BOT: Final = "_bot"
#: The queue of surveys, sales and follow-ups that name none and whose contact is not known; and the
#: topic of what has none.
NONE: Final = "_none"
RESERVED_QUEUES: Final = frozenset({ALL, OTHER, BOT, NONE})
#: The agent of what nobody is named for; `OTHER` is that of further agents, once there are too
#: many. An event that names one of them names nobody.
NOBODY: Final = "_nobody"
#: In the place of a channel where the figures are one agent's: in no record, and on no board.
OF_AGENT: Final = "_agent"
#: Whether figures of single agents are published, and under which names.
AgentFiguresBy = Literal["off", "names", "pseudonyms"]
AGENT_FIGURES_BY: Final[tuple[str, ...]] = get_args(AgentFiguresBy)

#: By what some figures of a queue are told apart, and how many values are told apart at most; what
#: is beyond is `OTHER`.
SplitBy = Literal["topic", "instrument", "currency"]
MOST_VALUES: Final[dict[str, int]] = {"topic": 50, "instrument": 8, "currency": 8}

Channel = Literal["voice", "chat", "ticket"]
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
#: Channels with visits: somebody waits and is answered.
LiveChannel = Literal["voice", "chat"]

#: The sliding windows, by their length.
SLIDING_MS: Final = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "60m": HOUR_MS,
}
#: The calendar day so far, in the queue's time zone.
TODAY: Final = "today"
WINDOWS: Final = (*SLIDING_MS, TODAY)
INTERVAL_MS: Final = 15 * MINUTE_MS

Formula = Literal["answered_only", "offered", "offered_less_short", "removed_in_threshold"]
FORMULAS: Final[tuple[str, ...]] = get_args(Formula)

#: Why a visit left its queue unanswered, and not by hanging up.
FlowOutReason = Literal[
    "timeout",
    "overflow",
    "key",
    "voicemail",
    "callback",
    "transfer",
    "no_agents",
    "closed",
    "error",
    "other",
    "answered_elsewhere",
]
FLOW_OUT_REASONS: Final[tuple[str, ...]] = get_args(FlowOutReason)

#: Why an entry was refused.
BlockReason = Literal["full", "closed", "no_agents", "other"]
BLOCK_REASONS: Final[tuple[str, ...]] = get_args(BlockReason)

#: A reason that is none of the contract's words: the event counts with `other`, or without one.
UNKNOWN_REASON: Final = "unknown"

#: How an attempt to connect an agent failed, as events say it.
OfferOutcome = Literal["rejected", "timeout", "customer_left", "rescinded"]
#: And as records count it: an answer is an accepted offer.
OFFER_OUTCOMES: Final = ("accepted", *get_args(OfferOutcome))

#: The exclusive states an agent is counted in; which one: `lifecycle/agent_sources.py`.
AGENT_STATES: Final = (
    "error",
    "on_contact",
    "wrapup",
    "ringing",
    "break",
    "available",
    "unknown",
    "offline",
)
#: The states that an agent is not meant to stay in, and how long is too long, where the queue does
#: not say.
STATE_LIMIT_SECONDS: Final = {
    "error": 120,
    "on_contact": 7_200,
    "wrapup": 900,
    "ringing": 60,
    "break": 3_600,
}
#: The reasons for a break that one queue has figures for, those of all queues of a tenant through
#: time, and the key of what is none of them.
MAX_BREAK_REASONS: Final = 16
MAX_ALL_BREAK_REASONS: Final = 64
OTHER_REASON: Final = "other"
TicketStatus = Literal["open", "pending", "on_hold"]
TICKET_STATUSES: Final[tuple[str, ...]] = get_args(TicketStatus)
#: Resolved or closed for one of these reasons a ticket is out of the figures.
TICKET_LEAVES: Final = ("merged", "spam", "deleted")

#: What a ticket may be promised, and the priorities that promises are told apart by; any other
#: priority, and none, is `other`.
SlaMetric = Literal["first_response", "next_response", "resolution"]
SLA_METRICS: Final[tuple[str, ...]] = get_args(SlaMetric)
TICKET_PRIORITIES: Final = ("urgent", "high", "normal", "low", "other")
#: The kind of a ticket that has figures of its own.
COMPLAINT: Final = "complaint"
#: Ages of open tickets, by the border that they have not reached, in ms; `over`: beyond the last.
BACKLOG_AGES_MS: Final = {
    "1h": HOUR_MS,
    "8h": 8 * HOUR_MS,
    "24h": 24 * HOUR_MS,
    "3d": 3 * DAY_MS,
    "7d": 7 * DAY_MS,
    "30d": 30 * DAY_MS,
}
BACKLOG_AGES: Final = (*BACKLOG_AGES_MS, "over")
#: Attempts to call back that called anybody.
CALLBACK_ATTEMPTS: Final = ("connected", "not_reached")

SurveyKind = Literal["csat", "nps", "ces", "resolved"]
SURVEY_KINDS: Final[tuple[str, ...]] = get_args(SurveyKind)
#: Within how many days an answer counts as one to a survey that was sent.
SURVEY_DAYS: Final = 7
SaleKind = Literal["upsell", "cross_sell"]
SALE_KINDS: Final[tuple[str, ...]] = get_args(SaleKind)
FollowupOutcome = Literal["satisfied", "unsatisfied", "not_reached"]
FOLLOWUP_OUTCOMES: Final[tuple[str, ...]] = get_args(FollowupOutcome)

#: What became of a legal event that found an unexpected state, or of a life that an age ended.
AnomalySort = Literal["took_effect_otherwise", "given_up_by_age", "did_nothing"]
ANOMALY_SORTS: Final[tuple[AnomalySort, ...]] = get_args(AnomalySort)

CALLS: Final = "contact.calls"
CHATS: Final = "contact.chats"
TICKETS: Final = "contact.tickets"
AGENTS: Final = "contact.agents"
SURVEYS: Final = "contact.surveys"
#: What units tell each other of customers.
CUSTOMERS: Final = "contact.customers"
#: What is published of single agents.
AGENT_FIGURES: Final = "contact.agent_figures"
#: The topics that events come from.
INPUT_TOPICS: Final = (CALLS, CHATS, TICKETS, AGENTS, SURVEYS)
TOPIC_OF_CHANNEL: Final = {"voice": CALLS, "chat": CHATS, "ticket": TICKETS}


@dataclass(frozen=True, slots=True)
class ChannelDefaults:
    """What a queue that does not say so has on one channel; None = none. Seconds."""

    service_level_seconds: int | None
    short_abandon_seconds: int | None
    max_wait_seconds: int | None
    max_handle_seconds: int | None
    wait_limit_seconds: int | None


# Tickets are judged by first response and resolution, not by a waiting threshold, and may stay open
# for months: no threshold and no ages.
CHANNEL_DEFAULTS: Final[dict[str, ChannelDefaults]] = {
    "voice": ChannelDefaults(20, 5, 4 * 3600, 12 * 3600, 60),
    "chat": ChannelDefaults(60, 10, 4 * 3600, 12 * 3600, None),
    "ticket": ChannelDefaults(None, None, None, None, None),
}
#: The longest wrap-up that is counted, where the queue does not say.
WRAPUP_CAP_SECONDS: Final = 900
#: How many days a ticket is remembered that was resolved or closed.
TICKET_MEMORY_DAYS: Final = 90
#: Where the queue does not say: in how many days after its opening a ticket is to be resolved, and
#: in how many a resolution can be taken back.
RESOLUTION_DAYS: Final = 7
REPEAT_DAYS: Final = 7
#: How many days a promise to call back is remembered after the last word of it.
CALLBACK_MEMORY_DAYS: Final = 7
#: The longest piece of work on a ticket; a longer one was never ended, and is not counted.
MAX_WORK_SECONDS: Final = 12 * 3600
#: How late an event may come behind the slowest live source.
HORIZON_SECONDS: Final = 4 * 3600
#: Within it, meaning orders the events of a contact, not the clock.
GRACE_SECONDS: Final = 5
#: Queues a tenant may have; further ones count as `OTHER`.
MAX_QUEUES: Final = 2_000
#: Queues of all tenants together, each channel by itself; further ones count as their tenant's
#: `OTHER`. One costs a worker about 100 kB.
MAX_ALL_QUEUES: Final = 10_000
#: Tenants; further ones count as the tenant `OTHER`.
MAX_TENANTS: Final = 100

#: Agents of a tenant with figures of their own; further ones count as `OTHER`. One costs a worker
#: about 100 kB.
MAX_AGENTS: Final = 10_000

#: Customers that a partition remembers; one costs a worker about 150 bytes.
MAX_CUSTOMERS: Final = 200_000

#: Inclusive upper bounds of the histograms of waits and handling on `/metrics`.
WAIT_BOUNDS_SECONDS: Final = (5, 10, 20, 30, 60, 120, 300, 600)
HANDLE_BOUNDS_SECONDS: Final = (30, 60, 120, 180, 300, 450, 600, 900, 1_800)
