"""The oracle's events: whose story each belongs to, which of its repeats holds, in which order.

In: legal event dicts in any order. Out: for each entity its events, each id once, as they are told.
"""

from collections import Counter

from tests.oracle.agents import said
from tests.oracle.feedback import clean, customer_of, words_of
from tests.oracle.ticket import detail_of

CONTACT_RANKS = {
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
    "followup.completed": 15,
    "survey.sent": 16,
    "survey.answered": 17,
    "sale.closed": 18,
    "sale.cancelled": 19,
}
CALLBACK_RANKS = {"contact.flowed_out": 11, "callback.requested": 13, "callback.attempted": 14}
TICKET_RANKS = {
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
AGENT_RANKS = {"agent.state": 0, "agent.heartbeat": 1}


def entities_of(event: dict) -> list[tuple[str, ...]]:
    """Whose stories the event belongs to: who flows out may have asked to be called back.

    Another reason asks for nothing, but of one id one event counts, and it may be that one.
    """
    found = [entity_of(event)]
    if event["type"] == "contact.flowed_out":
        found.append(("callback", event.get("tenant", "default"), event["contact_id"]))
    return [entity for entity in found if entity is not None]


def entity_of(event: dict) -> tuple[str, ...] | None:
    """Whose story the event belongs to first; None for events that belong to no lifecycle."""
    kind = event["type"]
    tenant = event.get("tenant", "default")
    if kind in AGENT_RANKS:
        return ("agent", tenant, event["agent_id"])
    if kind in TICKET_RANKS and event["channel"] == "ticket":
        return ("ticket", tenant, event["contact_id"])
    if kind in CALLBACK_RANKS and kind not in CONTACT_RANKS:
        return ("callback", tenant, event["contact_id"])
    if kind in CONTACT_RANKS and event["channel"] in ("voice", "chat"):
        return ("contact", tenant, event["channel"], event["contact_id"])
    return None


def content(event: dict) -> tuple:
    """The event's meaning, in the order that decides between repeats that differ."""
    kind = event["type"]
    seq = event.get("seq") or 0
    if kind in AGENT_RANKS:

        def counts(name: str, default: dict) -> list:
            given = event.get(name)
            return sorted((k, n) for k, n in (default if given is None else given).items() if n)

        return (
            AGENT_RANKS[kind],
            seq,
            event["state"],
            tuple(sorted(set(event.get("queues") or ()))),
            event.get("ringing") or 0,
            tuple(counts("handling", {})),
            tuple(counts("wrapping", {})),
            tuple(counts("capacity", {"voice": 1})),
            event.get("ttl_seconds") or 57_600,
            event.get("since") or 0,
            said(event)[1],
        )
    detail: str | None = None
    if kind == "contact.resumed":
        detail = "returned"
    elif kind.startswith("ticket."):
        detail = detail_of(event)
    elif kind in ("contact.enqueued", "contact.flowed_out", "contact.blocked"):
        detail = event.get("reason")
    elif kind in ("offer.failed", "bot.ended", "callback.attempted"):
        detail = event["outcome"] + (" final" if event.get("final") else "")
    elif kind == "contact.abandoned":
        detail = event.get("kind")
    elif kind == "contact.transferred":
        detail = event.get("to_queue")
    elif kind == "followup.completed":
        detail = event["outcome"]
    elif kind.startswith(("survey.", "sale.")):
        detail = event["kind"]
    elif kind == "message.sent":
        detail = "bot" if event.get("automatic") else event["author"]
    ranks = TICKET_RANKS if event.get("channel") == "ticket" else CALLBACK_RANKS | CONTACT_RANKS
    rank = ranks.get(kind, 0)
    directed = kind in CONTACT_RANKS | CALLBACK_RANKS and kind != "followup.completed"
    directed = directed or kind in ("ticket.opened", "ticket.snapshot")
    outbound = directed and event.get("direction") == "outbound"
    queue, agent = event.get("queue") or "", event.get("agent_id") or ""
    earlier = {
        "contact.answered": "entered_at",
        "contact.enqueued": "arrived_at",
        "ticket.sla_set": "due_at",
        "contact.flowed_out": "due_at",
        "bot.ended": "started_at",
        "callback.requested": "due_at",
        "callback.attempted": "requested_at",
    }
    told = [event.get(earlier.get(kind, "opened_at"))]
    if kind == "callback.attempted":
        told.append(event.get("due_at"))
    times = (-1 if time is None else time for time in told)
    about = (words_of(event), clean(event.get("topic")), customer_of(event) or "")
    # A request is called back on either channel; a contact has one.
    place = event.get("channel") or ""
    return rank, seq, queue, agent, detail or "", outbound, *times, place, about


def without_repeats(events: list[dict], anomalies: Counter[str]) -> list[dict]:
    """One event an id (of its source): the highest revision, then the least (time, content)."""
    versions: dict[tuple[str, str], set[tuple[int, int, tuple]]] = {}
    chosen: dict[tuple[str, str, int, int, tuple], dict] = {}
    for event in events:
        identity = (event["source"], event["event_id"])
        version = (-event.get("revision", 0), event["occurred_at"], content(event))
        versions.setdefault(identity, set()).add(version)
        chosen[(*identity, *version)] = event
    anomalies["repeat_differs"] += sum(len(found) - 1 for found in versions.values())
    return [chosen[(*identity, *min(found))] for identity, found in versions.items()]


def in_order(events: list[dict], ranks: dict[str, int]) -> list[dict]:
    """The order in which an entity's events are folded, but for the group rule of contacts."""

    def place(event: dict) -> tuple:
        seq = event.get("seq") or 0
        rank = ranks[event["type"]]
        return (event["occurred_at"], seq, rank, event["source"], event["event_id"])

    return sorted(events, key=place)
