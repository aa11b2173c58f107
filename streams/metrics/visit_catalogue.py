"""The metrics of queues whatever the channel, of visits, agents, bots and call-backs (layer 5).

In: nothing. Out: `VISIT_METRICS`, a part of the catalogue. Invariant: as in `catalogue.py`.
"""

from collections.abc import Mapping
from typing import Final

from streams.contract.fields import fields_of
from streams.contract.figures import Figures
from streams.contract.words import (
    HANDLE_BOUNDS_SECONDS,
    WAIT_BOUNDS_SECONDS,
)
from streams.lifecycle import counters as c
from streams.metrics.metric import (
    CHAT,
    LIVE,
    QUEUE,
    MetricDef,
    counted,
    counter,
    gauge,
    histogram_booked,
    seconds,
)

WINDOWS: Final = ("5m", "30m")

#: Abandoned, but not short: a number of its own, because the difference of two counters can fall.
ABANDONED_QUEUED: Final = -1


def _labelled(label: str) -> dict[str, str]:
    """The figures that a series with this label shows: the label's value to the figure's name."""
    figures = fields_of(Figures)
    return {field.labels[label]: name for name, field in figures.items() if label in field.labels}


#: What `window_contacts` and `window_agent_seconds` show of a window. The slots are the chat pair:
#: one agent with three chats is busy once in `busy` and three times in `slot_busy`.
WINDOW_OUTCOMES: Final[Mapping[str, str]] = _labelled("outcome")
AGENT_SECONDS: Final[Mapping[str, str]] = _labelled("state")

# Processing-time counters: first bookings only, they never fall when a late event corrects.
_VISITS: Final = (
    counted("contacts_offered_total", "Visits that entered the queue.", c.OFFERED, LIVE),
    counted(
        "contacts_entered_total",
        "Contacts at their first, second and third visit; the first counts contacts.",
        dict(zip(("first", "second", "third"), c.HOPS, strict=True)),
        LIVE,
        "visit",
    ),
    counted(
        "contacts_laps_total",
        "Entries of who had left the same queue within grace before; not offered.",
        c.LAPS,
        LIVE,
    ),
    counted(
        "contacts_blocked_total",
        "Contacts refused entry, by reason; never offered.",
        c.BLOCKED_REASONS,
        LIVE,
        "reason",
    ),
    counted(
        "contacts_answered_total",
        "Visits answered, at the first agent connection.",
        c.ANSWERED,
        LIVE,
    ),
    counted(
        "contacts_abandoned_total",
        "Visits the customer left unanswered: short (within the short-abandon threshold), queued.",
        {"short": c.SHORT_ABANDONED, "queued": ABANDONED_QUEUED},
        LIVE,
        "kind",
    ),
    counted(
        "contacts_within_threshold_total",
        "Visits answered within the service-level threshold.",
        c.ANSWERED_IN_THRESHOLD,
        LIVE,
    ),
    counted(
        "contacts_threshold_decided_total",
        "Visits whose service level is decided: left the wait, or the threshold passed.",
        c.THRESHOLD_DECIDED,
        LIVE,
    ),
    counted(
        "contacts_over_limit_total",
        "Visits that still waited when the limit that nobody should wait over had passed.",
        c.WAITED_OVER_LIMIT,
        LIVE,
    ),
    counted(
        "contacts_limit_decided_total",
        "Visits of which that is known: left the wait, or the limit passed.",
        c.LIMIT_DECIDED,
        LIVE,
    ),
    counted(
        "contacts_flowed_out_total",
        "Visits that left unanswered otherwise: timeout, overflow, voicemail, callback, transfer.",
        c.FLOWED_OUT,
        LIVE,
    ),
    counted("contacts_handled_total", "Visits whose handling is complete.", c.HANDLED, LIVE),
    counted(
        "contacts_offers_total",
        "Attempts to connect an agent, by outcome; every answer is an accepted one.",
        c.OFFERS,
        LIVE,
        "outcome",
    ),
    counter(
        "contacts_corrections_total",
        QUEUE,
        "What a later event changed of panes older than grace; the counters above keep the first.",
    ),
    seconds(
        "contacts_customer_wait_seconds_total",
        "All that customers waited up to an answer, the contact's other visits too; divide by "
        "wait_seconds_count of outcome answered.",
        c.CUSTOMER_WAIT,
        (c.ANSWERED_MEASURED,),
        LIVE,
    ),
    seconds(
        "contacts_customer_wait_abandoned_seconds_total",
        "The same up to an abandonment; divide by wait_seconds_count of outcome abandoned.",
        c.CUSTOMER_WAIT_ABANDONED,
        (c.ABANDONED,),
        LIVE,
    ),
    counted(
        "contacts_timed_to_answer_total",
        "First answers of contacts whose arrival is told.",
        c.TIMES_TO_ANSWER,
        LIVE,
    ),
    seconds(
        "contacts_time_to_answer_seconds_total",
        "From the contact's arrival, menus included, to those.",
        c.TIME_TO_ANSWER,
        (c.TIMES_TO_ANSWER,),
        LIVE,
    ),
    histogram_booked(
        "wait_seconds",
        WAIT_BOUNDS_SECONDS,
        "Wait of visits answered or abandoned.",
        {
            ("answered",): (c.ANSWERED_WITHIN, c.ANSWERED_WAIT),
            ("abandoned",): (c.ABANDONED_WITHIN, c.ABANDONED_WAIT),
        },
        "outcome",
    ),
    histogram_booked(
        "handle_seconds",
        HANDLE_BOUNDS_SECONDS,
        "Talk, hold and wrap-up of handled visits.",
        {(): (c.HANDLED_WITHIN, c.HANDLE_TIME)},
    ),
)

_CHATS: Final = (
    counted(
        "chats_first_messages_total",
        "Visits at their first message by an agent, no bot's or automatic one.",
        c.FIRST_MESSAGES,
        CHAT,
    ),
    seconds(
        "chats_first_message_seconds_total",
        "From the entry to those.",
        c.FIRST_MESSAGE_TIME,
        (c.FIRST_MESSAGES,),
        CHAT,
    ),
    counted(
        "chats_responses_total",
        "Later messages by an agent that answer one of the customer's.",
        c.RESPONSES,
        CHAT,
    ),
    seconds(
        "chats_response_seconds_total",
        "From the customer's first unanswered message to those.",
        c.RESPONSE_TIME,
        (c.RESPONSES,),
        CHAT,
    ),
    counted(
        "chats_messaged_total",
        "Conversations that ended, of which any message of a customer was told.",
        c.CHATS_MESSAGED,
        CHAT,
    ),
    counted(
        "chats_unanswered_total",
        "Of those, by how: left with the customer's last message unanswered; silent, without a "
        "word of the customer after the answer.",
        {"left": c.CHATS_LEFT_UNANSWERED, "silent": c.CHATS_NO_REPLY},
        CHAT,
        "kind",
    ),
)

_BOTS: Final = (
    counted(
        "bots_conversations_total",
        "Conversations of bots that ended: contained, or escalated to people.",
        {"contained": c.BOT_CONTAINED, "escalated": c.BOT_ESCALATED},
        label="outcome",
    ),
    counted(
        "bots_handoffs_total",
        "First words of a person after a bot handed the contact over.",
        c.BOT_HANDOFFS,
    ),
    seconds(
        "bots_handoff_wait_seconds_total",
        "From the hand-over to those.",
        c.BOT_HANDOFF_TIME,
        (c.BOT_HANDOFFS,),
    ),
)

_CALLBACKS: Final = (
    counted("callbacks_asked_total", "Call-backs asked for.", c.CALLBACKS_ASKED, LIVE),
    counted(
        "callbacks_attempted_total",
        "Attempts to call back, by outcome; several a request.",
        {"connected": c.CALLBACKS_CONNECTED, "not_reached": c.CALLBACKS_NOT_REACHED},
        LIVE,
        "outcome",
    ),
    counted(
        "callbacks_ended_total",
        "Requests that ended, by how; each once.",
        {
            "reached": c.CALLBACKS_REACHED,
            "given_up": c.CALLBACKS_GIVEN_UP,
            "cancelled": c.CALLBACKS_CANCELLED,
            "expired": c.CALLBACKS_EXPIRED,
        },
        LIVE,
        "outcome",
    ),
    counted(
        "callbacks_timed_total",
        "Requests reached of which it is known since when.",
        c.CALLBACKS_TIMED,
        LIVE,
    ),
    seconds(
        "callbacks_reach_seconds_total",
        "From asked, or the time agreed if later, to reached, of those.",
        c.CALLBACK_TIME,
        (c.CALLBACKS_TIMED,),
        LIVE,
    ),
    counted(
        "callbacks_visits_total",
        "Visits entered with the reason callback; in no figure of waiting.",
        c.CALLBACK_VISITS,
        LIVE,
    ),
    gauge("queue_callbacks_owed", QUEUE, "Calls promised back and not ended.", LIVE),
    gauge(
        "queue_callbacks_overdue", QUEUE, "Of those, the ones whose agreed time has passed.", LIVE
    ),
    gauge(
        "queue_oldest_callback_timestamp_seconds",
        QUEUE,
        "When the oldest of the calls owed was asked for; absent when none is.",
        LIVE,
    ),
)

# Levels now, and event-time windows with every late correction in them.
_LEVELS: Final = (
    gauge("queue_contacts_waiting", QUEUE, "Visits waiting now, ringing included."),
    gauge(
        "queue_contacts_over_limit",
        QUEUE,
        "Of those, the ones who have waited for longer than the limit.",
        LIVE,
    ),
    gauge(
        "queue_oldest_waiting_timestamp_seconds",
        QUEUE,
        "When the longest-waiting visit entered the queue; absent when nobody waits.",
    ),
    gauge(
        "queue_agents",
        (*QUEUE, "state"),
        "Members of the queue by exclusive state; queues share agents, so queues do not add up.",
    ),
    gauge(
        "queue_agents_stuck",
        (*QUEUE, "state"),
        "Of those in a state, members who have been there for longer than the queue's limit.",
    ),
    gauge(
        "window_contacts",
        (*QUEUE, "window", "outcome"),
        "Visits in the sliding event-time window by outcome, each at its own event's time.",
    ),
    gauge(
        "window_waited_seconds",
        (*QUEUE, "window"),
        "Sum of the waits of visits answered in the window; divide by outcome answered_measured.",
    ),
    gauge(
        "window_handled_seconds",
        (*QUEUE, "window"),
        "Sum of talk, hold and wrap-up of visits handled in the window; divide by handled.",
    ),
    gauge(
        "window_agent_seconds",
        (*QUEUE, "window", "state"),
        "Agent seconds in the window: busy (handling or wrap-up), staffed (busy or available); "
        "slot_busy and slot_capacity are the same by slot, for concurrent channels.",
    ),
    gauge("queue_info", (*QUEUE, "site", "skill", "team"), "1; what the queue belongs to."),
    gauge("queue_occupancy_limit_ratio", QUEUE, "Occupancy above which the queue pages."),
    gauge(
        "queue_wait_threshold_seconds",
        QUEUE,
        "Service-level threshold; absent for a queue without one.",
        LIVE,
    ),
    gauge(
        "queue_wait_limit_seconds",
        QUEUE,
        "The limit that nobody should wait over; absent for a queue without one.",
        LIVE,
    ),
    gauge(
        "queue_target_service_level_ratio",
        QUEUE,
        "Share to be answered within the threshold.",
        LIVE,
    ),
)

VISIT_METRICS: Final[tuple[MetricDef, ...]] = _VISITS + _CHATS + _BOTS + _CALLBACKS + _LEVELS
