"""Stories for tests of chats, bots and call-backs: they came later than those of `stories`.

In: a `Chooser`. Out: legal event dicts without ids, in the order of the story. They are apart, so
that no choice among the others moves and a seed tells what it told.
"""

from tests.stories import (
    AGENTS,
    BASE_MS,
    CHANNELS,
    DAY_GAPS,
    HOUR,
    LEADS_TO,
    LONG_GAPS,
    MINUTE,
    QUEUES,
    SHORT_GAPS,
    SOURCES,
    STARTS,
    TENANTS,
    Chooser,
    Event,
    Seeded,
    legal,
    weighted,
)

#: A conversation in writing, by what a naive reader would think it is doing.
WRITTEN: dict[str, tuple[str, ...]] = {
    "idle": weighted({"contact.enqueued": 6, "customer": 2, "bot": 1, "bot.ended": 2}),
    "waiting": weighted(
        {
            "contact.answered": 4,
            "agent": 3,
            "customer": 3,
            "bot": 1,
            "automatic": 1,
            "contact.flowed_out": 1,
            "silence": 1,
            "bot.ended": 1,
        }
    ),
    "connected": weighted(
        {
            "customer": 5,
            "agent": 5,
            "moved_on": 3,
            "contact.ended": 2,
            "bot": 1,
            "automatic": 1,
            "bot.ended": 1,
        }
    ),
    "after": weighted(
        {"contact.enqueued": 3, "customer": 2, "agent": 1, "bot.ended": 1, "contact.answered": 1}
    ),
}


def chat_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """What customers, agents and bots write to each other; now and then it is a call."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": chooser.pick(("chat", "chat", "chat", "voice")),
        "contact_id": f"m{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    at, queue, phase = BASE_MS + chooser.pick(STARTS), chooser.pick(QUEUES), "idle"
    reason = chooser.pick((None, None, None, "callback"))
    told: list[Event] = []
    for _ in range(chooser.pick((6, 3, 8, 10, 14, 18))):
        step = chooser.pick(WRITTEN[phase])
        given: Event = {"queue": queue}
        if step in ("customer", "agent", "bot", "automatic"):
            told.append({"type": "message.sent", "occurred_at": at, **who})
            told[-1]["author"] = "agent" if step == "automatic" else step
            if step in ("agent", "automatic"):
                told[-1]["agent_id"] = chooser.pick(AGENTS)
            if step == "automatic":
                told[-1]["automatic"] = True
        else:
            if step == "silence":
                at += chooser.pick((30_000, 30_001, 2 * MINUTE))
                step = "contact.flowed_out"
            elif step == "moved_on":
                told.append(legal(chooser, who, "contact.transferred", at, queue=queue))
                at += chooser.pick((0, 0, 1, 2_000))
                queue, step = chooser.pick(QUEUES), "contact.enqueued"
                given = {"queue": queue}
            if step == "contact.enqueued":
                given |= {"reason": reason}
            told.append(legal(chooser, who, step, at, **given))
        phase = LEADS_TO.get(step, "connected" if step == "agent" and phase == "waiting" else phase)
        at += chooser.pick((*SHORT_GAPS, *SHORT_GAPS, MINUTE, HOUR, 4 * HOUR, 4 * HOUR + 1))
    return told


def callback_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """Calls that are promised back, tried, reached or not, asked for again, or never asked for."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "contact_id": f"b{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    channel, queue = chooser.pick(CHANNELS), chooser.pick(QUEUES)
    at = BASE_MS + chooser.pick(STARTS)
    told: list[Event] = []
    for _ in range(chooser.pick((3, 1, 2, 4, 6, 8))):
        step = chooser.pick(("asked", "callback.requested", *("callback.attempted",) * 4, "visit"))
        by = {**who, "channel": chooser.pick((channel, channel, channel, "voice"))}
        where = chooser.pick((queue, queue, queue, *QUEUES))
        steps = {
            "asked": ("contact.enqueued", "contact.flowed_out"),
            "visit": ("contact.enqueued", "contact.offered", "contact.answered", "contact.ended"),
        }
        for kind in steps.get(step, (step,)):
            given: Event = {"queue": where, "reason": "callback"}
            if kind == "contact.enqueued" and step == "asked":
                given["reason"] = None
            if kind == "callback.attempted":
                given["outcome"] = chooser.pick(
                    ("not_reached", "not_reached", "connected", "cancelled", "given_up")
                )
            told.append(legal(chooser, by, kind, at, **given))
            if given.get("outcome") == "not_reached" and chooser.pick((False, False, True)):
                told[-1]["final"] = True
            at += chooser.pick((0, 1_000, 5_001, MINUTE))
        at += chooser.pick((*SHORT_GAPS, *LONG_GAPS, *DAY_GAPS))
    return told


def handed_over_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """A ticket that a bot had first."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": "ticket",
        "contact_id": f"h{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    at = BASE_MS + chooser.pick(STARTS)
    told: list[Event] = []
    kinds = ("ticket.opened", "bot.ended", "ticket.replied", "ticket.moved", "ticket.resolved")
    for kind in kinds if chooser.pick((True, True, False)) else (kinds[1], *kinds[:3]):
        for _ in range(chooser.pick((1, 1, 2))):
            told.append(legal(chooser, who, kind, at))
            at += chooser.pick((*SHORT_GAPS, MINUTE, HOUR))
    return told


LATER_STORIES = (chat_story, chat_story, callback_story, callback_story, handed_over_story)


def told_twice_history(seed: int, contacts: int = 6) -> list[Event]:
    """Flow-outs told twice by one id: one may ask for a call back, the other for none."""
    chooser = Seeded(seed)
    told: list[Event] = []
    for _ in range(contacts):
        at = BASE_MS + chooser.pick(STARTS)
        who: Event = {
            "tenant": "default",
            "channel": chooser.pick(CHANNELS),
            "contact_id": f"c{chooser.pick(range(4))}",
            "source": chooser.pick(SOURCES),
        }
        for kind in ("contact.enqueued", "contact.flowed_out", "callback.attempted"):
            at += chooser.pick(SHORT_GAPS)
            event = {**legal(chooser, who, kind, at), "event_id": f"d{len(told)}"}
            if kind == "callback.attempted" and chooser.pick((True, False, False)):
                event["event_id"] = told[-1]["event_id"]
            told.append(event)
            if kind == "contact.flowed_out":
                event["reason"] = chooser.pick(("callback", "callback", "timeout"))
                other = {
                    **event,
                    "reason": chooser.pick(("callback", "closed", "other", "timeout")),
                }
                for name, values in (
                    ("occurred_at", (at, at, at + 1, at - 1, at + 5_000)),
                    ("queue", QUEUES),
                    ("channel", (who["channel"], who["channel"], *CHANNELS)),
                    ("revision", (0, 0, 0, 1)),
                    ("due_at", (at, at + MINUTE)),
                    ("direction", ("inbound", "inbound", "outbound")),
                ):
                    if chooser.pick((True, False)):
                        other[name] = chooser.pick(values)
                told.append(other)
    return told
