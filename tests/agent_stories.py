"""Stories of what one agent did: conversations of several agents, wrap-ups, surveys about them.

In: a `Chooser`. Out: legal event dicts without ids, in the order of the story. They are apart, so
that no choice among the others moves and a seed tells what it told.
"""

from tests.customer_stories import said
from tests.stories import (
    AGENTS,
    BASE_MS,
    DAY,
    HOUR,
    MINUTE,
    QUEUES,
    SOURCES,
    STARTS,
    TENANTS,
    Chooser,
    Event,
    agent_story,
    legal,
)

#: One of them is often not named.
NAMED = (None, *AGENTS)
SHORT = (1_000, 0, 1, 4_999, 5_000, 5_001, 20_000, MINUTE, 15 * MINUTE + 1)
#: What happens in a conversation before its end; what ends it, and how it goes on.
WITHIN = ("nothing", "nothing", "hold", "another", "again", "rung")
AFTER = ("wrapup", "wrapup", "on_here", "on_there", "nothing", "age")
#: Until the survey, and its answer: at once, before and after the contact is forgotten.
SURVEYED_AFTER = (1_000, 0, MINUTE, 4 * HOUR, 4 * HOUR + 1, 7 * DAY, 7 * DAY + 1)


def served_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """A call or chat that one agent has, or several in turn, and what the customer thinks of it."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": chooser.pick(("voice", "voice", "chat")),
        "contact_id": f"g{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    if chooser.pick((False,) * 9 + (True,)):
        who["direction"] = "outbound"
    at, queue = BASE_MS + chooser.pick(STARTS), chooser.pick(QUEUES)
    told = [legal(chooser, who, "contact.enqueued", at, queue=queue, reason=None)]
    for _ in range(chooser.pick((1, 2, 3))):
        at += chooser.pick(SHORT)
        kind = "contact.answered"
        if who["channel"] == "chat" and chooser.pick((False, True)):
            kind = "message.sent"
        told.append(legal(chooser, who, kind, at, queue=queue, author="agent"))
        for step in (chooser.pick(WITHIN), chooser.pick(WITHIN)):
            at += chooser.pick(SHORT)
            kind = {"another": "contact.answered", "again": "contact.answered"}.get(step, "")
            kind = {"hold": "hold.started", "rung": "offer.failed"}.get(step, kind)
            if kind:
                told.append(legal(chooser, who, kind, at, queue=queue))
        at += chooser.pick(SHORT)
        how, after = chooser.pick(("contact.ended", "contact.transferred")), chooser.pick(AFTER)
        if after == "age":
            at += chooser.pick((12 * HOUR, 12 * HOUR + 1, 3 * DAY))
        told.append(legal(chooser, who, how, at, queue=chooser.pick((None, queue))))
        if after == "wrapup":
            at += chooser.pick((*SHORT, HOUR))
            told.append(legal(chooser, who, "wrapup.ended", at))
        elif after == "on_there":
            queue = chooser.pick(QUEUES)
            told.append(legal(chooser, who, "contact.enqueued", at, queue=queue))
        elif after != "on_here":
            break
    return told + surveyed(chooser, who, at)


def asked_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """A ticket that one agent or another has, or none, and what the customer thinks of it."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": "ticket",
        "contact_id": f"g{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    at = BASE_MS + chooser.pick(STARTS)
    told = []
    steps = chooser.pick((("ticket.assigned",), (), ("ticket.assigned", "ticket.assigned")))
    ends = chooser.pick((("ticket.resolved",), (), ("ticket.resolved", "ticket.closed")))
    for kind in ("ticket.opened", *steps, *ends):
        told.append(legal(chooser, who, kind, at, reason=None))
        at += chooser.pick(SHORT)
    return told + surveyed(chooser, who, at)


def surveyed(chooser: Chooser, who: Event, at: int) -> list[Event]:
    """One survey, mostly of the kind that an agent's figures have."""
    about = {"kind": chooser.pick(("csat", "csat", "csat", "nps")), "survey_id": None}
    about["direction"] = None
    told = []
    for kind in chooser.pick(
        (
            ("survey.answered",),
            ("survey.sent", "survey.answered"),
            (),
            ("survey.sent", "survey.sent", "survey.answered", "survey.answered"),
        )
    ):
        at += chooser.pick(SURVEYED_AFTER)
        event = said(chooser, who, kind, at, **about)
        agent = chooser.pick((None, *NAMED))
        told.append(event if agent is None else event | {"agent_id": agent})
    return told


def slotless_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """An agent whose systems now and then give no slot for any channel."""
    told = agent_story(chooser, contacts)
    slots: tuple[dict[str, int] | None, ...] = (
        None,
        None,
        {},
        {"voice": 0},
        {"voice": 0, "chat": 0},
    )
    for event in told:
        given = chooser.pick(slots)
        if given is not None:
            event["capacity"] = given
    return told


AGENT_STORIES = (served_story, served_story, asked_story, slotless_story)
