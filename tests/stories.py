"""Stories for tests: legal event dicts of one contact, ticket or agent, mostly as life goes.

A `Chooser` takes every decision, so the same story can be drawn by Hypothesis or by a seed. Events
have no ids yet: `strategies` gives them, mixes stories to histories, and spoils them.
Times are gaps that matter: 0–2 ms, both sides of grace (5 s), T, caps, ages, horizon, memory,
time-to-live.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Event = dict[str, Any]

BASE_MS = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
TENANTS = ("default", "default", "default", "acme")
QUEUES = ("billing", "support", "sales")
AGENTS = ("anna", "ben", "cleo")
SOURCES = ("acd", "crm")
#: Systems that one agent works in: mostly one, or as many as may be, or more than are kept.
AGENT_SOURCES = (("acd",), ("acd",), SOURCES, ("acd", "bot", "crm", "desk", "mail", "pbx"))
CHANNELS = ("voice", "chat")
SHORT_GAPS = (0, 1_000, 1, 2, 999, 4_999, 5_000, 5_001, 10_000, 19_999, 20_000, 20_001, 33_000)
LONG_GAPS = (
    *(MINUTE, MINUTE + 1, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE + 1, HOUR),
    *(4 * HOUR, 4 * HOUR + 1, 12 * HOUR, 12 * HOUR + 1, 16 * HOUR, 16 * HOUR + 1, 24 * HOUR + 1),
    *(72 * HOUR, 72 * HOUR + 1, 90 * DAY, 91 * DAY),
)
GAPS = (*SHORT_GAPS, *SHORT_GAPS, *LONG_GAPS)
EARLY_GAPS = (0, 1, 1_000, 4_999, 5_000, 5_001, 6_000)
ARRIVED_BEFORE = (7_000, 0, -1_000, HOUR, HOUR + 300_000, HOUR + 300_001, 5 * HOUR, 5 * HOUR + 1)
ENTERED_BEFORE = (0, 7_000, 20_000, 20_001, HOUR)
#: Before, at and after: when a call back is agreed, when a bot began.
DUE_AFTER = (HOUR, 0, -1, 1, MINUTE, -HOUR, 5 * MINUTE, DAY, 8 * DAY)
BOT_BEFORE = (30_000, 0, 1, -1_000, HOUR)
DAY_GAPS = (DAY, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 8 * DAY)
STARTS = (0, 1, 9_999, 10_000, 15_000, MINUTE, HOUR, 5 * HOUR)

BREAKS = (None, "lunch", " Lunch", "coffee", "coffee", "training", "stretching", "other")
FLOW_REASONS = ("timeout", "overflow", "key", "voicemail", "callback", "transfer", "other")
OPEN_REASONS = (None, "initial", "transfer", "requeue", "overflow", "callback", "returned")
FIELDS: dict[str, dict[str, tuple]] = {
    "contact.enqueued": {"queue": QUEUES, "reason": OPEN_REASONS, "direction": (None,) * 7},
    "contact.resumed": {"queue": QUEUES},
    "contact.blocked": {"queue": QUEUES, "reason": ("full", "closed", "no_agents", "other")},
    "contact.offered": {"queue": QUEUES, "agent_id": AGENTS},
    "offer.failed": {
        "queue": QUEUES,
        "agent_id": AGENTS,
        "outcome": ("rejected", "timeout", "customer_left", "rescinded"),
    },
    "contact.answered": {"queue": QUEUES, "agent_id": (*AGENTS, None)},
    "hold.started": {"agent_id": (None, *AGENTS)},
    "hold.ended": {"agent_id": (None, *AGENTS)},
    "contact.transferred": {
        "agent_id": (None, *AGENTS),
        "queue": (None, *QUEUES),
        "to_queue": (None, *QUEUES),
    },
    "contact.ended": {"agent_id": (None, *AGENTS), "queue": (None, None, None, *QUEUES)},
    "wrapup.ended": {"agent_id": (None, *AGENTS)},
    "contact.abandoned": {"queue": QUEUES, "kind": (None, "hangup", "silent")},
    "contact.flowed_out": {"queue": QUEUES, "reason": FLOW_REASONS},
    "message.sent": {"author": ("customer", "customer", "bot", "agent")},
    "bot.ended": {"outcome": ("contained", "escalated")},
    "callback.attempted": {"queue": QUEUES, "outcome": ("connected", "not_reached")},
    "callback.requested": {"queue": QUEUES},
    "ticket.opened": {
        "queue": QUEUES,
        "kind": (None, "complaint"),
        "direction": (None, None, None, "outbound"),
    },
    "ticket.assigned": {"agent_id": (None, *AGENTS)},
    "ticket.replied": {
        "author": ("agent", "agent", "customer", "customer", "bot"),
        "public": (None, True, False),
    },
    "ticket.status_changed": {"status": ("open", "pending", "on_hold")},
    "ticket.sla_set": {"metric": ("first_response", "resolution")},
    "ticket.resolved": {
        "reason": (None, None, None, None, None, "Merged"),
        "author": (None, None, "agent", "bot", "bot", "customer"),
    },
    "ticket.reopened": {},
    "ticket.closed": {
        "reason": (None, None, None, None, "spam", " Deleted"),
        "author": (None, None, "bot"),
    },
    "ticket.moved": {"queue": QUEUES},
    "ticket.snapshot": {
        "queue": QUEUES,
        "opened_at": (BASE_MS - HOUR, BASE_MS, BASE_MS - 100 * DAY, BASE_MS + HOUR),
        "status": ("open", "pending", "on_hold", "resolved", "closed"),
        "first_replied_at": (None, None, BASE_MS - 1),
        "pending_seconds": (None, 0, 60, 7_200),
        "agent_id": (None, None, *AGENTS),
        "direction": (None, None, None, "outbound"),
    },
    "work.started": {"agent_id": AGENTS},
    "work.ended": {"agent_id": AGENTS},
}
#: What came later is in stories of its own, so that seeds tell what they told.
LATER = ("callback.requested",)
CONTACT_TYPES = tuple(
    kind for kind in FIELDS if not kind.startswith(("ticket.", "work.")) and kind not in LATER
)
TICKET_TYPES = tuple(kind for kind in FIELDS if kind.startswith(("ticket.", "work.")))


#: What a ticket's figures turn on, besides any event there is.
TICKET_TURNS = (
    *("ticket.replied", "ticket.resolved", "ticket.closed"),
    *("ticket.reopened", "ticket.status_changed", "midnight", "talk", "work"),
)


def weighted(weights: dict[str, int]) -> tuple[str, ...]:
    """Each step as often as its weight says; the first is what Hypothesis shrinks to."""
    return tuple(step for step, weight in weights.items() for _ in range(weight))


# What usually comes next, by what a naive reader would think the contact is doing.
NEXT: dict[str, tuple[str, ...]] = {
    "idle": weighted(
        {
            "contact.enqueued": 5,
            "contact.resumed": 1,
            "contact.blocked": 1,
            "answered_early": 1,
        }
    ),
    "waiting": weighted(
        {
            "contact.answered": 6,
            "contact.offered": 2,
            "offer.failed": 1,
            "contact.abandoned": 2,
            "contact.flowed_out": 1,
            "message.sent": 2,
            "contact.enqueued": 1,
            "silence": 1,
            "left_late": 1,
        }
    ),
    "connected": weighted(
        {
            "contact.ended": 4,
            "contact.transferred": 1,
            "moved_on": 2,
            "hold.started": 2,
            "hold.ended": 1,
            "message.sent": 1,
            "contact.enqueued": 1,
            "contact.abandoned": 1,
            "contact.answered": 1,
            "left_late": 1,
        }
    ),
    "after": weighted(
        {
            "wrapup.ended": 4,
            "contact.enqueued": 2,
            "message.sent": 1,
            "contact.resumed": 1,
            "answered_early": 1,
            "contact.answered": 1,
        }
    ),
}
LEADS_TO = {
    "contact.enqueued": "waiting",
    "contact.resumed": "waiting",
    "contact.answered": "connected",
    "contact.ended": "after",
    "contact.transferred": "after",
    "contact.abandoned": "after",
    "contact.flowed_out": "after",
}


class Chooser(Protocol):
    """Where decisions come from. The first option is the simplest one."""

    def pick(self, options: Sequence[T]) -> T: ...


class Drawn:
    """Decisions by Hypothesis, which shrinks them towards the first option."""

    def __init__(self, draw: Callable) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))


class Seeded:
    """Decisions by a seeded generator, for runs too large for Hypothesis."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed).choice


def legal(chooser: Chooser, who: Event, kind: str, at: int, **given: Any) -> Event:
    """One legal event of `kind`; what `given` does not say is chosen. It has no id yet."""
    event = {"type": kind, "occurred_at": at, **who}
    for name, options in FIELDS[kind].items():
        value = given[name] if name in given else chooser.pick(options)
        if value is not None:
            event[name] = value
    if event.get("author") == "agent" and kind == "message.sent":
        event["agent_id"] = chooser.pick(AGENTS)
        if chooser.pick((False, False, True)):
            event["automatic"] = True
    if kind == "contact.answered" and chooser.pick((False,) * 7 + (True,)):
        event["entered_at"] = at - chooser.pick(ENTERED_BEFORE)
    if kind == "contact.enqueued" and at // SECOND % 3 == 0:  # no choice: seeds tell what they told
        event["arrived_at"] = at - ARRIVED_BEFORE[at // SECOND // 3 % len(ARRIVED_BEFORE)]
    return event | told_besides(event, at)


def told_besides(event: Event, at: int) -> Event:
    """Further fields of bots and call-backs, by the time: no choice either."""
    kind, n = event["type"], at // SECOND
    due = at + DUE_AFTER[n // 2 % len(DUE_AFTER)]
    if kind == "bot.ended":
        queue = {"queue": QUEUES[n // 2 % 3]} if n % 2 else {}
        began = {"started_at": at - BOT_BEFORE[n // 3 % len(BOT_BEFORE)]} if n % 3 else {}
        return queue | began
    asks = kind == "contact.flowed_out" and event["reason"] == "callback"
    if (asks or kind == "callback.requested") and n % 2:
        return {"due_at": due}
    if kind == "callback.attempted":
        asked = {"requested_at": at - DUE_AFTER[n // 5 % len(DUE_AFTER)]} if n % 5 < 2 else {}
        return asked | ({"due_at": due} if n % 3 == 0 else {})
    return {}


def contact_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """One call or chat, up to 12 steps, mostly in an order that makes sense."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": chooser.pick(CHANNELS),
        "contact_id": f"c{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    at = BASE_MS + chooser.pick(STARTS)
    queue = chooser.pick(QUEUES)
    outbound = {"direction": "outbound"} if chooser.pick((False,) * 9 + (True,)) else {}
    told: list[Event] = []
    phase = "idle"
    for _ in range(chooser.pick((3, 1, 2, 4, 5, 6, 8, 10, 12))):
        step = chooser.pick(NEXT[phase])
        same = {"queue": queue} if chooser.pick((True, True, True, False)) else {}
        if step == "answered_early":
            told.append(legal(chooser, who, "contact.answered", at))
            at += chooser.pick(EARLY_GAPS)
            step = "contact.enqueued"
        elif step == "left_late":
            told.append(legal(chooser, who, left_late(chooser, phase), at, queue=queue))
            told[-1]["occurred_at"] += chooser.pick(EARLY_GAPS)
            queue, same, step = chooser.pick(QUEUES), {}, "contact.enqueued"
        elif step == "silence":
            at += chooser.pick((30_000, 30_001, 2 * MINUTE))
            step = "message.sent"
        elif step == "moved_on":
            told.append(
                legal(chooser, who, "contact.transferred", at, queue=chooser.pick((None, queue)))
            )
            at += chooser.pick((0, 0, 0, 1))
            queue, same, step = chooser.pick(QUEUES), {}, "contact.enqueued"
        event = legal(chooser, {**who, **outbound}, step, at, **same)
        if chooser.pick((False,) * 7 + (True,)):
            event["seq"] = chooser.pick((1, 0, 2))
        told.append(event)
        phase = LEADS_TO.get(step, phase)
        if phase == "waiting" and step in ("contact.enqueued", "contact.resumed"):
            queue = event["queue"]
        at += chooser.pick(GAPS)
    return told


def left_late(chooser: Chooser, phase: str) -> str:
    """What says that a contact left the queue, where its next entry is stamped before it."""
    if phase == "connected":
        return chooser.pick(("contact.transferred", "contact.ended"))
    return chooser.pick(("contact.flowed_out", "contact.abandoned"))


def ticket_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """One ticket, opened or known by a snapshot, and then up to 12 random steps."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": "ticket",
        "contact_id": f"t{chooser.pick(range(max(2, contacts // 2)))}",
        "source": chooser.pick(SOURCES),
    }
    at = BASE_MS + chooser.pick(STARTS)
    first = chooser.pick(("ticket.opened", "ticket.opened", "ticket.opened", "ticket.snapshot"))
    told = [legal(chooser, who, first, at)]
    for _ in range(chooser.pick((2, 1, 3, 4, 5, 6, 9, 12))):
        at += chooser.pick((*SHORT_GAPS, *LONG_GAPS))
        given: Event = {}
        step = chooser.pick((*TICKET_TYPES, *TICKET_TURNS, *TICKET_TURNS))
        if step == "talk":  # what the customer writes is answered
            given = {"author": "customer", "public": None}
            told.append(legal(chooser, who, "ticket.replied", at, **given))
            step, given = "ticket.replied", {"author": "agent", "public": None}
            at += chooser.pick((*SHORT_GAPS, *LONG_GAPS))
        elif step == "work":
            given = {"agent_id": chooser.pick(AGENTS)}
            told.append(legal(chooser, who, "work.started", at, **given))
            step = "work.ended"
            at += chooser.pick((*SHORT_GAPS, *LONG_GAPS))
        if step == "midnight":  # the last millisecond a settled ticket is remembered, and the next
            at += chooser.pick((0, 90 * DAY))
            at += DAY - 1 - at % DAY + chooser.pick((0, 1))
            step = chooser.pick(("ticket.reopened", "ticket.status_changed", "ticket.opened"))
        told.append(legal(chooser, who, step, at, **given))
    return told


def snapshot(chooser: Chooser, who: Event, at: int) -> Event:
    """One legal agent event; many fields are absent."""
    event: Event = {
        "type": chooser.pick(("agent.state", "agent.heartbeat")),
        "occurred_at": at,
        **who,
    }
    event["state"] = chooser.pick(("available", "available", "break", "break", "offline", "error"))
    counts: tuple[dict[str, int] | None, ...] = (
        {"voice": 1},
        {},
        None,
        {"chat": 2},
        {"voice": 1, "chat": 3},
        {"ticket": 1},
    )
    slots = (None, {"voice": 1}, {"chat": 2}, {"voice": 1, "chat": 3}, {"voice": 0, "ticket": 2})
    choices: dict[str, tuple] = {
        "since": (None, None, None, at - 1_000, at - 4 * MINUTE, at + 1_000),
        "queues": (["billing"], ["billing", "support"], [], None, ["sales", "sales"]),
        "handling": (None, None, *counts),
        "wrapping": (None, None, None, *counts),
        "ringing": (None, None, 0, 1),
        "capacity": slots,
        "ttl_seconds": (None, None, 1, 30, 600, 40 * 3_600),
        "reason": BREAKS if event["state"] == "break" else (None, None, "lunch"),
    }
    if event["state"] == "break" and chooser.pick((True, True, True, False)):
        for busy in ("handling", "wrapping", "ringing"):  # who is busy is not shown on a break
            del choices[busy]
    for name, options in choices.items():
        value = chooser.pick(options)
        if value is not None:
            event[name] = value
    return event


def agent_story(chooser: Chooser, _contacts: int = 4) -> list[Event]:
    """One agent's snapshots by one system or several, up to 12."""
    who = {"tenant": chooser.pick(TENANTS), "agent_id": chooser.pick(AGENTS)}
    sources = chooser.pick(AGENT_SOURCES)
    gaps = chooser.pick(((*SHORT_GAPS, *LONG_GAPS, 16 * HOUR, 16 * HOUR + 1), SHORT_GAPS))
    at = BASE_MS + chooser.pick(STARTS)
    told = []
    for _ in range(chooser.pick((2, 1, 3, 5, 8, 12))):
        told.append(snapshot(chooser, {**who, "source": chooser.pick(sources)}, at))
        at += chooser.pick(gaps)
    return told


def wild_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """Legal events of one contact or ticket in an order that makes no sense, close in time."""
    ticket = chooser.pick((False, False, False, True))
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": "ticket" if ticket else chooser.pick(CHANNELS),
        "contact_id": f"{'t' if ticket else 'c'}{chooser.pick(range(contacts))}",
    }
    at = BASE_MS + chooser.pick(STARTS)
    told = []
    for _ in range(chooser.pick((3, 1, 5, 8, 12))):
        kind = chooser.pick(TICKET_TYPES if ticket else CONTACT_TYPES)
        told.append(legal(chooser, {**who, "source": chooser.pick(SOURCES)}, kind, at))
        if chooser.pick((False, False, True)):
            told[-1]["seq"] = chooser.pick((0, 1))
        at += chooser.pick((0, 0, 0, 1, 1_000, 20_000, MINUTE, -1, -1_000, 4 * HOUR))
    return told


def quiet_story(chooser: Chooser, _contacts: int = 4) -> list[Event]:
    """A sign of life that only moves the end of the history, or something without a lifecycle."""
    at = BASE_MS + chooser.pick((21_000, 60_001, HOUR, 5 * HOUR, 17 * HOUR, 30 * HOUR, 92 * DAY))
    beat: Event = {"type": "source.heartbeat", "occurred_at": at, "source": chooser.pick(SOURCES)}
    about = {"channel": chooser.pick(CHANNELS), "contact_id": "c0"}
    follow = {**beat, **about, "type": "followup.completed", "outcome": "satisfied"}
    sale = {**beat, **about, "type": "sale.closed", "kind": "upsell"}
    return [chooser.pick((beat, beat, beat, follow, sale))]


STORIES = (
    *(contact_story,) * 6,
    *(ticket_story, ticket_story, agent_story, agent_story),
    *(wild_story, quiet_story, quiet_story),
)
