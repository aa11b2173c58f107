"""Stories of promises: tickets whose clocks run by calendars, pause, are set, kept and broken.

Events are legal and have no ids yet, as those of `stories`. Times are gaps that matter to the
queues of `strategies`: targets, both sides of them, a day, cohorts, and the nights in which clocks
change in Berlin, New York and on Lord Howe.
"""

from tests.stories import (
    AGENTS,
    BASE_MS,
    DAY,
    HOUR,
    MINUTE,
    QUEUES,
    SOURCES,
    TENANTS,
    Chooser,
    Event,
)

#: Tuesday at night; Wednesday and Friday in office hours; nights before a change of clocks.
STARTS = (
    *(0, 38_800_000, 58_600_000, 235_600_000, 38_800_000),
    *(1_710_043_200_000 - BASE_MS, 1_711_839_600_000 - BASE_MS, 1_712_412_000_000 - BASE_MS),
)
GAPS = (
    *(0, 1, 1_000, 30_000, MINUTE - 1, MINUTE, MINUTE + 1, 5 * MINUTE, 8 * MINUTE, HOUR),
    *(0, 1_000, 30_000, MINUTE, 5 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR + 1, DAY, 3 * DAY),
)
#: Borders of ages and of cohorts after the opening, met exactly.
EDGES = (HOUR, 8 * HOUR, DAY, DAY + 1, 2 * DAY, 3 * DAY, 7 * DAY, 7 * DAY + 1, 30 * DAY)
DUE = (None, 0, -1, 1, MINUTE, 5 * MINUTE, HOUR, 8 * HOUR, 3 * DAY)
METRICS = ("first_response", "resolution", "next_response")
PRIORITIES = ("urgent", None, " Normal", "high", "low", 3, "vip")
KINDS = (None, None, "complaint", " Complaint ", "question")
STEPS = (
    *("agent", "customer", "customer", "talk", "talk", "pending", "on_hold", "open", "resolved"),
    *("set", "set", "reopened", "back", "moved", "updated", "escalated", "closed", "left"),
    *("assigned", "edge"),
)


def ticket_with_promises(chooser: Chooser, _contacts: int = 4) -> list[Event]:
    """One ticket with promises, opened or known by a snapshot, and then up to 12 steps."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": "ticket",
        "contact_id": f"p{chooser.pick(range(3))}",
        "source": chooser.pick(SOURCES),
    }
    at = began_at = BASE_MS + chooser.pick(STARTS)
    told = [beginning(chooser, who, at)]
    for _ in range(chooser.pick((3, 1, 2, 5, 8, 12))):
        at += chooser.pick(GAPS)
        step = chooser.pick(STEPS)
        if step == "edge":
            edge = began_at + chooser.pick(EDGES)
            at, step = max(at, edge), chooser.pick(("resolved", "reopened", "moved", "left"))
        if step == "talk":
            told.append(event(chooser, who, "customer", at))
            at += chooser.pick(GAPS)
            step = "agent"
        elif step == "back":
            told.append(event(chooser, who, "resolved", at))
            at += chooser.pick(GAPS)
            step = "reopened"
        told.append(event(chooser, who, step, at))
    return told


def known(**fields: object) -> Event:
    """The fields that are told."""
    return {name: value for name, value in fields.items() if value is not None}


def beginning(chooser: Chooser, who: Event, at: int) -> Event:
    """What makes the ticket known."""
    about = known(
        queue=chooser.pick(QUEUES),
        priority=chooser.pick(PRIORITIES),
        kind=chooser.pick(KINDS),
        direction=chooser.pick((None, None, None, None, "outbound")),
    )
    if chooser.pick((True, True, True, False)):
        return {"type": "ticket.opened", "occurred_at": at, **who, **about}
    due = {metric: chooser.pick(DUE) for metric in METRICS}
    return {
        "type": "ticket.snapshot",
        "occurred_at": at,
        **who,
        **about,
        **known(
            opened_at=at - chooser.pick((0, 1_000, HOUR, DAY, 3 * DAY, 40 * DAY)),
            status=chooser.pick(("open", "open", "pending", "on_hold", "resolved")),
            first_replied_at=chooser.pick((None, at - 1_000)),
            last_customer_at=chooser.pick((None, at - 500, at - 2 * DAY)),
            pending_seconds=chooser.pick((None, 0, 600)),
            due=known(**{m: None if gap is None else at + gap for m, gap in due.items()}) or None,
        ),
    }


def event(chooser: Chooser, who: Event, step: str, at: int) -> Event:
    """One step of a ticket as an event."""
    kind, fields = f"ticket.{step}", {}
    if step in ("agent", "customer"):
        kind, fields = "ticket.replied", {"author": step}
    elif step in ("pending", "on_hold", "open"):
        kind, fields = "ticket.status_changed", {"status": step}
    elif step == "set":
        due = chooser.pick(DUE)
        kind, fields = (
            "ticket.sla_set",
            known(
                metric=chooser.pick(METRICS),
                due_at=None if due is None else at + due,
                cancelled=chooser.pick((None, None, None, None, True)),
            ),
        )
    elif step == "updated":
        fields = known(kind=chooser.pick(KINDS), priority=chooser.pick(PRIORITIES))
    elif step in ("resolved", "closed"):
        fields = known(author=chooser.pick((None, None, "agent", "bot")))
    elif step == "left":
        kind, fields = "ticket.closed", {"reason": chooser.pick(("merged", "spam", "deleted"))}
    elif step == "moved":
        fields = {"queue": chooser.pick(QUEUES)}
    elif step == "assigned":
        fields = {"agent_id": chooser.pick(AGENTS)}
    elif step == "escalated":
        kind, fields = (
            "bot.ended",
            {"outcome": chooser.pick(("escalated", "escalated", "contained"))},
        )
    return {"type": kind, "occurred_at": at, **who, **fields}
