"""Histories for tests: lists of legal event dicts, told as stories and then spoiled.

Mutations drop, repeat, change, shift and swap events; wild events are legal one by one and make no
sense together. The same code serves Hypothesis (`histories()`, which shrinks) and plain seeded runs
of any size (`random_history`).
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import orjson
from hypothesis import strategies as st

from tests.agent_stories import AGENT_STORIES
from tests.customer_stories import CUSTOMER_STORIES, FEEDBACK, REFS, said, told_of_customers
from tests.later_stories import LATER_STORIES
from tests.promise_stories import ticket_with_promises
from tests.stories import (
    BASE_MS,
    CONTACT_TYPES,
    FIELDS,
    HOUR,
    MINUTE,
    QUEUES,
    STORIES,
    TICKET_TYPES,
    Chooser,
    Drawn,
    Event,
    Seeded,
    agent_story,
    legal,
    snapshot,
)


def with_ids(stories: Sequence[list[Event]], letter: str = "e") -> list[Event]:
    """All events of the stories, each with an id of its own."""
    events = [event for story in stories for event in story]
    return [{**event, "event_id": f"{letter}{number}"} for number, event in enumerate(events)]


def altered(c: Chooser, event: Event) -> Event:
    """Another legal event of the same entity: another time, queue, agent, type or seq."""
    kind, at = event["type"], event["occurred_at"]
    what = c.pick(("time", "time", "content", "type", "seq", "unread"))
    if what == "time":
        return {**event, "occurred_at": at + c.pick((1, -1, 1_000, -1_000, 20_000, -MINUTE))}
    if what == "seq":
        return {**event, "seq": c.pick((0, 1, 2))}
    if what in ("content", "type") and kind in ("agent.state", "agent.heartbeat"):
        who = {name: event[name] for name in ("tenant", "agent_id", "source", "event_id")}
        return snapshot(c, who, at)
    if what in ("content", "type") and kind in FEEDBACK:
        names = ("tenant", "channel", "contact_id", "source", "event_id")
        who = {name: event[name] for name in names if name in event}
        return said(c, who, kind if what == "content" else c.pick(FEEDBACK), at)
    if what == "unread" or kind not in FIELDS:
        return {**event, "customer_ref": REFS[-1]}
    family = TICKET_TYPES if event["channel"] == "ticket" else CONTACT_TYPES
    who = {name: event[name] for name in ("tenant", "channel", "contact_id", "source", "event_id")}
    return legal(c, who, kind if what == "content" else c.pick(family), at)


GRACE = 5_000
#: How far apart two systems may stamp neighbours, or one thing twice.
SKEWS = (0, 1, 200, 1_000, GRACE - 1, GRACE, GRACE + 1)
ENTRIES = ("contact.enqueued", "contact.resumed")


def misread(c: Chooser, events: list[Event], n: int) -> None:
    """What real systems do to the events of a call or chat, in place; they stay legal."""
    event = events[n]
    if event["type"] not in CONTACT_TYPES:
        return
    names = ("tenant", "channel", "contact_id")
    own = [m for m, one in enumerate(events) if all(one.get(x) == event.get(x) for x in names)]
    what = c.pick(("neighbour", "neighbour", "again", "jitter", "queue", "agent", "other", "entry"))
    if what == "neighbour":
        in_time = sorted(own, key=lambda m: events[m]["occurred_at"])
        beside = events[in_time[in_time.index(n) - 1]]["occurred_at"]
        events[n] = {**event, "occurred_at": beside + c.pick(SKEWS) * c.pick((1, -1))}
    elif what == "again":
        at, event_id = event["occurred_at"] + c.pick(SKEWS), f"{event['event_id']}x{len(events)}"
        events.append({**event, "event_id": event_id, "occurred_at": at})
    elif what == "jitter":
        for m in own:
            at = events[m]["occurred_at"] + c.pick((0, 200, -200, 1_000, -1_000))
            events[m] = {**events[m], "occurred_at": at}
    elif what == "queue" and None in FIELDS[event["type"]].get("queue", (None,)):
        events[n] = {name: value for name, value in event.items() if name != "queue"}
    elif what == "agent" and None in FIELDS[event["type"]].get("agent_id", ()):
        events[n] = {name: value for name, value in event.items() if name != "agent_id"}
    elif what == "other":
        events[n] = {**event, "queue": c.pick(QUEUES)}
    elif what == "entry":
        entries = [m for m in own if events[m]["type"] in ENTRIES]
        if entries:
            del events[c.pick(entries)]


def spoil(c: Chooser, events: list[Event]) -> None:
    """One mutation, in place; every event stays legal."""
    if not events:
        return
    n, m = c.pick(range(len(events))), c.pick(range(len(events)))
    event, other = events[n], events[m]
    common = ("drop", "repeat", "differ", "differ", "shift", "meet", "meet", "swap")
    what = c.pick((*common, *("misread",) * 8))
    if what == "misread":
        misread(c, events, n)
    elif what == "drop":
        del events[n]
    elif what == "repeat":
        events.append(dict(event))
    elif what == "differ":
        events.append({**altered(c, event), "revision": c.pick((0, 0, 1, 2))})
    elif what == "shift":
        delta = c.pick((1, -1, 1_000, -1_000, -5_000, 20_000, -MINUTE, HOUR, -HOUR))
        events[n] = {**event, "occurred_at": event["occurred_at"] + delta}
    elif what == "meet":
        neighbour = c.pick((events[n - 1], other))
        seq = {"seq": neighbour["seq"]} if "seq" in neighbour else {}
        events[n] = {**event, "occurred_at": neighbour["occurred_at"], **seq}
    elif event.get("channel") == other.get("channel") and "contact_id" in event:
        ids = event["contact_id"], other.get("contact_id", event["contact_id"])
        events[n] = {**event, "contact_id": ids[1]}
        events[m] = {**other, "contact_id": ids[0]}


PROMISE_STORIES = (ticket_with_promises,) * 3


@st.composite
def _story(draw: Callable) -> list[Event]:
    chooser = Drawn(draw)
    return chooser.pick((*STORIES, *LATER_STORIES, *PROMISE_STORIES, *CUSTOMER_STORIES))(chooser)


@st.composite
def histories(draw: Callable, max_stories: int = 7, max_mutations: int = 5) -> list[Event]:
    """Histories of up to about 60 events, in the order of their stories, not of time."""
    events = with_ids(draw(st.lists(_story(), min_size=1, max_size=max_stories)))
    chooser = Drawn(draw)
    if chooser.pick((False, True)):
        events = told_of_customers(events, salt=1)
    for _ in range(draw(st.integers(0, max_mutations))):
        spoil(chooser, events)
    return events[:80]


@st.composite
def agent_histories(draw: Callable, max_stories: int = 6, max_mutations: int = 4) -> list[Event]:
    """Histories of what agents did, and of what they say of themselves."""
    chooser = Drawn(draw)
    count = draw(st.integers(1, max_stories))
    stories = (*AGENT_STORIES, *AGENT_STORIES, agent_story)
    events = with_ids([chooser.pick(stories)(chooser, 2) for _ in range(count)], "g")
    for _ in range(draw(st.integers(0, max_mutations))):
        spoil(chooser, events)
    return events[:80]


def random_history(seed: int, stories: int = 10, contacts: int = 4) -> list[Event]:
    """The same kind of history of any size from a seed; 1,000 stories are about 5,000 events."""
    chooser = Seeded(seed)
    told = [chooser.pick(STORIES)(chooser, contacts) for _ in range(stories)]
    events = with_ids(told)
    for _ in range(stories // 2):
        spoil(chooser, events)
    later = later_history(seed, stories // 4, contacts)
    others = events + later + promised_history(seed, 1 + stories // 5, contacts)
    if seed % 3:
        others = told_of_customers(others, salt=seed)
    return others + customer_history(seed, 1 + stories // 4, contacts)


def later_history(seed: int, stories: int, contacts: int = 4) -> list[Event]:
    """The stories that came later, by choices of their own."""
    chooser = Seeded(seed + 1_000_000)
    told = [chooser.pick(LATER_STORIES)(chooser, contacts) for _ in range(stories)]
    events = with_ids(told, "f")
    for _ in range(stories // 2):
        spoil(chooser, events)
    return events


def promised_history(seed: int, stories: int, contacts: int = 4) -> list[Event]:
    """Tickets with promises, by choices of their own too."""
    chooser = Seeded(2**32 + seed)
    told = [chooser.pick(PROMISE_STORIES)(chooser, contacts) for _ in range(stories)]
    events = with_ids(told, "p")
    for _ in range(stories // 2):
        spoil(chooser, events)
    return events


def customer_history(seed: int, stories: int, contacts: int = 4) -> list[Event]:
    """Surveys, sales and customers who come again, by choices of their own."""
    chooser = Seeded(2**33 + seed)
    told = [chooser.pick(CUSTOMER_STORIES)(chooser, contacts) for _ in range(stories)]
    events = with_ids(told, "u")
    for _ in range(stories // 2):
        spoil(chooser, events)
    return events


def agent_history(seed: int, stories: int, contacts: int = 4) -> list[Event]:
    """What agents did, by choices of their own, and any other history."""
    chooser = Seeded(2**34 + seed)
    told = [chooser.pick((*AGENT_STORIES, agent_story))(chooser, contacts) for _ in range(stories)]
    events = with_ids(told, "g")
    for _ in range(stories // 2):
        spoil(chooser, events)
    return events + random_history(seed, stories // 2, contacts)


def encoded(history: Sequence[Event]) -> list[bytes]:
    """The events as the bytes of Kafka records."""
    return list(map(orjson.dumps, history))


def queue_settings() -> st.SearchStrategy[list[dict]]:
    """A few configurations: none, wrap-up awaited, silent chat, other thresholds and ages."""
    return st.sampled_from(QUEUE_VARIANTS)


BERLIN = {
    "time_zone": "Europe/Berlin",
    "hours": "Mon-Fri 09:00-17:00, Sat 10:00-14:00",
    "holidays": {"2023-11-16": "09:00-12:00", "2023-11-20": "", "2024-03-29": ""},
}
NEW_YORK = {"time_zone": "America/New_York", "hours": "Mon-Sun 22:00-06:00"}
LORD_HOWE = {"time_zone": "Australia/Lord_Howe", "hours": "Mon-Sun 01:15-13:45"}


def closed_from(first: str, days: int) -> dict[str, Any]:
    """Hours of a centre that is closed for so many days from a date on."""
    dates = (date.fromisoformat(first) + timedelta(days=day) for day in range(days))
    hours = {"time_zone": "UTC", "hours": "Mon-Sun 08:00-20:00"}
    return {**hours, "holidays": {day.isoformat(): "" for day in dates}}


#: What tickets are promised, by queue.
PROMISES: dict[str, dict] = {
    "billing": {
        "calendar": BERLIN,
        "time_zone": "Europe/Berlin",
        "sla": {
            "first_response": {"urgent": 60, "normal": 300, "low": 3_600, "other": 600},
            "next_response": 300,
            "resolution": {"urgent": 3_600, "high": 14_400, "other": 28_800},
        },
    },
    "support": {
        "calendar": NEW_YORK,
        "sla": {"first_response": 300, "next_response": {"other": 60}, "resolution": 3_600},
        "at_risk_seconds": 120,
        "pause_on_hold": True,
        "resolution_days": 1,
        "repeat_days": 2,
    },
    "sales": {
        "calendar": LORD_HOWE,
        "sla": {"first_response": {"high": 60}, "next_response": 3_600, "resolution": 28_800},
        "at_risk_seconds": 7_200,
        "repeat_days": 1,
    },
}

#: Topics of queues, as the settings keep them.
TOPIC_LIST = ("bill", "order", "café")

QUEUE_VARIANTS: tuple[list[dict], ...] = (
    [],
    [
        {
            "name": "billing",
            "channels": ["voice", "chat"],
            "wrapup": True,
            "topics": TOPIC_LIST,
            "csat_satisfied_from": 4,
            "break_reasons": ["coffee", "lunch"],
        }
    ],
    [
        {"name": "billing", "channels": ["voice", "chat"], "silent_chat_seconds": 30},
        {"name": "support", "channels": ["chat"], "silent_chat_seconds": 120, "wrapup": True},
    ],
    [
        {
            "name": name,
            "channels": ["voice", "chat", "ticket"],
            "service_level_seconds": 10,
            "short_abandon_seconds": 1,
            "wrapup": name != "sales",
            "wrapup_cap_seconds": 20,
            "max_wait_seconds": 300,
            "max_handle_seconds": 900,
            "state_limit_seconds": {"ringing": 1, "on_contact": 30, "wrapup": 0}
            | ({"error": 5} if name == "sales" else {}),
            "topics": TOPIC_LIST,
            "break_reasons": {"sales": ["lunch"], "support": ["training", "coffee"]}.get(name, []),
            **PROMISES[name],
        }
        for name in QUEUES
    ],
    [
        {
            "name": "sales",
            "tenant": "acme",
            "channels": ["voice", "chat"],
            "service_level_seconds": 5,
            "short_abandon_seconds": 5,
            "silent_chat_seconds": 20,
        },
        {"name": "idle", "channels": ["voice", "ticket"]},
        {
            "name": "support",
            "channels": ["ticket"],
            "closed_resolves": False,
            "topics": ("bill",),
            "csat_satisfied_from": 0.5,
            "sla": {"first_response": 60, "next_response": 300, "resolution": 3_600},
        },
    ],
    [
        {
            "name": name,
            "channels": ["voice", "chat", "ticket"],
            "sla": PROMISES[name]["sla"],
            "calendar": PROMISES[name]["calendar"] if name != "billing" else "",
            "topics": ("bill",) if name == "billing" else (),
            "break_reasons": ["lunch", "training"],
            "changes": [
                {
                    "from": BASE_MS + 12_000,
                    "service_level_seconds": 10,
                    "break_reasons": ["coffee", "lunch"],
                    "closed_resolves": False,
                    "wrapup": True,
                    "wrapup_cap_seconds": 20,
                    "max_handle_seconds": 900,
                    "calendar": LORD_HOWE,
                    "resolution_days": 2,
                    "topics": TOPIC_LIST if name != "support" else (),
                },
                {
                    "from": BASE_MS + 3 * MINUTE,
                    "service_level_seconds": 30,
                    "short_abandon_seconds": 1,
                    "max_wait_seconds": 300,
                    "silent_chat_seconds": 30,
                    "break_reasons": [],
                    "state_limit_seconds": {"break": 10, "ringing": 0},
                    "calendar": "",
                    "sla": {"first_response": 60, "next_response": 60, "resolution": 300},
                },
                {
                    "from": BASE_MS + 39_100_123,
                    "calendar": BERLIN,
                    "at_risk_seconds": 30,
                    "pause_on_hold": True,
                    "topics": ("order",),
                    "csat_satisfied_from": 2.5,
                    "break_reasons": ["training"],
                },
                {"from": BASE_MS + 58_900_000, "calendar": NEW_YORK, "repeat_days": 1},
                {"from": 1_711_846_800_000, "calendar": BERLIN},
            ],
        }
        for name in QUEUES
    ],
    # Closed for so long that a clock is never due, on either side of how long that is; one opens
    # again before, and what is moved there has its time again.
    [
        {
            "name": name,
            "channels": ["voice", "ticket"],
            "sla": PROMISES[name]["sla"],
            "calendar": closed_from(first, days),
            "changes": [{"from": BASE_MS + opens, "calendar": then}],
        }
        for name, first, days, opens, then in (
            ("billing", "2023-11-15", 400, 235_600_000, closed_from("2023-11-18", 500)),
            ("support", "2023-11-15", 399, 58_600_000, BERLIN),
            ("sales", "2023-11-18", 401, 30 * 86_400_000, closed_from("2023-12-20", 398)),
        )
    ],
)
