"""Layer 2: the order of an entity's events within one millisecond and seq, by type.

Numbers are stored with the facts: new types go to the end of their list, nothing is renumbered.
"""

from typing import Final

CONTACT_RANKS: Final = {
    "contact.enqueued": 0,
    "contact.resumed": 0,
    "contact.blocked": 1,
    "contact.offered": 2,
    "offer.failed": 3,
    "contact.answered": 4,
    "hold.started": 5,
    "hold.ended": 6,
    "contact.transferred": 7,
    "contact.ended": 8,
    "wrapup.ended": 9,
    "contact.abandoned": 10,
    "contact.flowed_out": 11,
    "message.sent": 12,
    "bot.ended": 13,
    "callback.attempted": 14,
    "followup.completed": 15,
    "survey.sent": 16,
    "survey.answered": 17,
    "sale.closed": 18,
    "sale.cancelled": 19,
}
#: What says how a visit ended.
CLOSERS: Final = frozenset(
    CONTACT_RANKS[f"contact.{kind}"] for kind in ("transferred", "ended", "abandoned", "flowed_out")
)
TICKET_RANKS: Final = {
    "ticket.opened": 0,
    "ticket.assigned": 1,
    "ticket.replied": 2,
    "ticket.status_changed": 3,
    "ticket.sla_set": 4,
    "ticket.moved": 5,
    "work.started": 6,
    "work.ended": 7,
    "ticket.resolved": 8,
    "ticket.reopened": 9,
    "ticket.closed": 10,
    "ticket.snapshot": 11,
    "bot.ended": 12,
    "ticket.updated": 13,
    "survey.sent": 14,
    "survey.answered": 15,
    "followup.completed": 16,
    "sale.closed": 17,
    "sale.cancelled": 18,
}
#: Of a request to be called back.
CALLBACK_RANKS: Final = {"contact.flowed_out": 0, "callback.requested": 1, "callback.attempted": 2}
AGENT_RANKS: Final = {"agent.state": 0, "agent.heartbeat": 1}
