"""Short histories in which every kind of event, and every field of it, moves what it is for.

`STORIES`: events by history. `OTHERWISE`: for a kind and a field, what it says instead; whoever
reads changes it wherever the histories have it.
"""

from typing import Any, Final

from tests.contract.telling import ABSENT, Told, at
from tests.contract.told_contacts import CALLBACKS, CALLS, CHATS, HOURS_LATER, agents
from tests.contract.told_customers import CUSTOMERS
from tests.contract.told_feedback import FEEDBACK
from tests.contract.told_tickets import DAYS_LATER, PROMISES, TICKETS, complaints

CONFIG: Final = """
[calendars.office]
hours = "Mon-Fri 08:00-17:00"

[[queues]]
name = "q"
channels = ["voice", "chat"]
wrapup = true
wrapup_cap_seconds = 60
topics = ["bill", "order"]
break_reasons = ["lunch"]

[[queues]]
name = "r"
channels = ["voice", "chat"]

[[queues]]
name = "mail"
channels = ["ticket"]
topics = ["bill"]

[[queues]]
name = "letters"
channels = ["ticket"]

[[queues]]
name = "promised"
channels = ["ticket"]
calendar = "office"
at_risk_seconds = 20

[queues.sla]
first_response = { urgent = 60, high = 60, normal = 300, low = 300, other = 300 }
next_response = 300
resolution = 1_000
"""


STORIES: Final[dict[str, list[Told]]] = {
    "calls": CALLS,
    "chats": CHATS,
    "call-backs": CALLBACKS,
    "hours later": HOURS_LATER,
    "feedback": FEEDBACK,
    "customers": CUSTOMERS,
    "tickets": TICKETS,
    "promises": PROMISES,
    "days later": DAYS_LATER,
    "complaints": complaints(TICKETS),
    "promises of complaints": complaints(PROMISES),
    "complaints, days later": complaints(DAYS_LATER),
    "agents": agents("agent.state"),
    "agents as they still are": agents("agent.heartbeat"),
}

_SNAPSHOT: Final[dict[str, Any]] = {
    "state": "offline",
    "queues": [],
    "ringing": 0,
    "handling": {},
    "wrapping": {},
    "capacity": {"voice": 1, "chat": 3},
    "ttl_seconds": 50,
    "since": ABSENT,
    "reason": "meeting",
}

#: A value, or what makes one of the value that is there.
OTHERWISE: Final[dict[tuple[str, str], Any]] = {
    ("contact.enqueued", "customer_ref"): ABSENT,
    ("offer.failed", "event_id"): "the same",
    ("contact.enqueued", "occurred_at"): lambda time: time - 1_500,
    ("agent.state", "source"): "acd",
    ("contact.enqueued", "tenant"): "acme",
    ("contact.enqueued", "channel"): "chat",
    ("contact.enqueued", "contact_id"): "the same",
    ("contact.enqueued", "queue"): "r",
    ("ticket.opened", "queue"): "letters",
    ("agent.state", "agent_id"): "anna",
    ("ticket.assigned", "agent_id"): ABSENT,
    ("ticket.assigned", "seq"): 0,
    ("contact.answered", "revision"): 0,
    ("contact.enqueued", "direction"): "outbound",
    ("ticket.opened", "direction"): "outbound",
    ("contact.enqueued", "arrived_at"): ABSENT,
    ("contact.enqueued", "topic"): "order",
    ("ticket.updated", "topic"): ABSENT,
    ("contact.enqueued", "reason"): "initial",
    ("contact.blocked", "reason"): "closed",
    ("offer.failed", "outcome"): "customer_left",
    ("contact.answered", "entered_at"): ABSENT,
    ("contact.abandoned", "kind"): "hangup",
    ("contact.flowed_out", "reason"): "key",
    ("contact.flowed_out", "due_at"): ABSENT,
    ("bot.ended", "outcome"): "contained",
    ("bot.ended", "started_at"): ABSENT,
    ("callback.requested", "due_at"): ABSENT,
    ("callback.attempted", "outcome"): "not_reached",
    ("callback.attempted", "final"): False,
    ("callback.attempted", "requested_at"): ABSENT,
    ("callback.attempted", "due_at"): ABSENT,
    ("message.sent", "author"): "bot",
    ("message.sent", "automatic"): False,
    ("ticket.replied", "author"): "bot",
    ("ticket.replied", "public"): False,
    ("ticket.status_changed", "status"): "pending",
    ("ticket.resolved", "reason"): ABSENT,
    ("ticket.resolved", "author"): "bot",
    ("ticket.closed", "reason"): ABSENT,
    ("ticket.closed", "author"): "bot",
    ("ticket.snapshot", "opened_at"): at(-1_500),
    ("ticket.snapshot", "status"): "on_hold",
    ("ticket.snapshot", "first_replied_at"): ABSENT,
    ("ticket.snapshot", "pending_seconds"): ABSENT,
    ("ticket.snapshot", "kind"): ABSENT,
    ("ticket.snapshot", "priority"): "low",
    ("ticket.snapshot", "last_customer_at"): at(-50),
    ("ticket.snapshot", "due.first_response"): ABSENT,
    ("ticket.snapshot", "due.next_response"): at(40),
    ("ticket.snapshot", "due.resolution"): ABSENT,
    ("ticket.opened", "kind"): ABSENT,
    ("ticket.opened", "priority"): "normal",
    ("ticket.updated", "kind"): "question",
    ("ticket.updated", "priority"): "low",
    ("ticket.sla_set", "metric"): "next_response",
    ("ticket.sla_set", "due_at"): at(90),
    ("ticket.sla_set", "cancelled"): False,
    ("survey.sent", "kind"): "nps",
    ("survey.sent", "survey_id"): ABSENT,
    ("survey.answered", "kind"): "ces",
    ("survey.answered", "score"): 1,
    ("survey.answered", "scale_min"): lambda least: least + 0.5,
    ("survey.answered", "scale_max"): lambda greatest: greatest + 1,
    ("survey.answered", "higher_is_better"): lambda higher: not higher,
    ("survey.answered", "version"): "v9",
    ("survey.answered", "survey_id"): ABSENT,
    ("followup.completed", "outcome"): "not_reached",
    ("sale.closed", "kind"): "cross_sell",
    ("sale.closed", "amount"): ABSENT,
    ("sale.closed", "currency"): "USD",
    ("sale.cancelled", "kind"): "cross_sell",
    ("sale.cancelled", "amount"): ABSENT,
    ("sale.cancelled", "currency"): "USD",
    **{("agent.state", name): value for name, value in _SNAPSHOT.items()},
    **{("agent.heartbeat", name): value for name, value in _SNAPSHOT.items()},
}

#: What moves no figure, said otherwise.
TO_NO_AVAIL: Final[dict[tuple[str, str], Any]] = {
    ("contact.enqueued", "attributes"): ABSENT,
    ("contact.enqueued", "parent_contact_id"): ABSENT,
    ("contact.enqueued", "priority"): 2,
    ("contact.transferred", "to_queue"): "r",
    ("ticket.reopened", "reason"): ABSENT,
    ("source.heartbeat", "ended"): True,
}
