"""How a clock's stocks move: from when to when each promise is in which of them, by hand."""

from typing import Any

import pytest

from tests.oracle.oracle import Oracle, Result

OPENED = 1_705_305_600_000  # Monday 15 January 2024, 08:00 UTC
HOUR = 3_600
OFFICE = {"time_zone": "UTC", "hours": "Mon-Fri 09:00-17:00"}
QUEUES: list[dict[str, Any]] = [
    {
        "name": "desk",
        "channels": ["ticket"],
        "sla": {"first_response": HOUR, "next_response": 600, "resolution": 2 * HOUR},
        "at_risk_seconds": 300,
    },
    {
        "name": "holds",
        "channels": ["ticket"],
        "sla": {"resolution": 2 * HOUR},
        "pause_on_hold": True,
    },
    {"name": "office", "channels": ["ticket"], "calendar": OFFICE, "sla": {"resolution": HOUR}},
    {"name": "none", "channels": ["ticket"]},
]

Told = tuple[str, float, dict[str, Any]]


def run(queue: str, *told: Told, until: float) -> Result:
    """A ticket opened in the queue at 0 s, then what is told, and nothing until then."""
    story = [("ticket.opened", 0.0, {"queue": queue}), *told]
    events = [
        {
            "type": kind,
            "event_id": f"e{number}",
            "source": "desk",
            "channel": "ticket",
            "contact_id": "t",
            "occurred_at": OPENED + round(at * 1_000),
            **fields,
        }
        for number, (kind, at, fields) in enumerate(story)
    ]
    beat: dict[str, Any] = {"type": "source.heartbeat", "event_id": "b", "source": "desk"}
    beat |= {"occurred_at": OPENED + round(until * 1_000)}
    return Oracle(QUEUES).run([*events, beat])


def stretches(result: Result, level: str) -> list[tuple[str, float, float | None]]:
    """(queue, from, until) of each time in which the level was 1, in seconds; None: it still is."""
    found: list[tuple[str, float, float | None]] = []
    for queue in [entry["name"] for entry in QUEUES]:
        rows = [(row[0], row[5]) for row in result.levels if row[2] == queue and row[4] == level]
        height, since = 0, 0.0
        for at in sorted({time for time, _ in rows}):
            before, height = height, height + sum(n for time, n in rows if time == at)
            assert height in (0, 1)
            if height > before:
                since = (at - OPENED) / 1_000
            elif height < before:
                found.append((queue, since, (at - OPENED) / 1_000))
        if height:
            found.append((queue, since, None))
    return sorted(found, key=lambda one: one[1])


def due_at(at: float) -> dict[str, Any]:
    return {"due_at": OPENED + round(at * 1_000)}


def said(metric: str, **fields: Any) -> dict[str, Any]:
    return {"metric": metric, **fields}


AGENT, PENDING, OPEN = {"author": "agent"}, {"status": "pending"}, {"status": "open"}
FIRST, NEXT, SOLVE = "first_response", "next_response", "resolution"
KNOWN = {"queue": "desk", "opened_at": OPENED, "status": "open", "first_replied_at": OPENED}
REPLIED, STATUS, SET = "ticket.replied", "ticket.status_changed", "ticket.sla_set"
#: queue, what is told, level, (queue, from, until) of it; the history ends at 40,000 s.
STORIES: dict[str, tuple[str, list[Told], str, list[tuple]]] = {
    "runs until it is kept": (
        "desk",
        [(REPLIED, 100, AGENT)],
        f"sla.{FIRST}.running",
        [("desk", 0, 100)],
    ),
    "at risk until it is kept at due": (
        "desk",
        [(REPLIED, 3_600, AGENT)],
        f"sla.{FIRST}.at_risk",
        [("desk", 3_300, 3_600)],
    ),
    "broken until it is late": (
        "desk",
        [(REPLIED, 5_000, AGENT)],
        f"sla.{FIRST}.breached_open",
        [("desk", 3_600, 5_000)],
    ),
    "not at risk while pending, and again when open": (
        "desk",
        [(STATUS, 7_000, PENDING), (STATUS, 9_000, OPEN), ("ticket.resolved", 9_100, {})],
        f"sla.{SOLVE}.at_risk",
        [("desk", 6_900, 7_000), ("desk", 9_000, 9_100)],
    ),
    "stands still while pending": (
        "desk",
        [(STATUS, 7_000, PENDING), (STATUS, 9_000, OPEN)],
        f"sla.{SOLVE}.paused",
        [("desk", 7_000, 9_000)],
    ),
    "due 200 s after it goes on": (
        "desk",
        [(STATUS, 7_000, PENDING), (STATUS, 9_000, OPEN)],
        f"sla.{SOLVE}.breached_open",
        [("desk", 9_200, None)],
    ),
    "pending in the very millisecond in which it is due": (
        "desk",
        [(STATUS, 7_200, PENDING)],
        f"sla.{SOLVE}.breached_open",
        [("desk", 7_200, None)],
    ),
    "on hold it goes on": (
        "desk",
        [(STATUS, 100, {"status": "on_hold"})],
        f"sla.{SOLVE}.running",
        [("desk", 0, 7_200)],
    ),
    "on hold it stands still where the queue says so": (
        "holds",
        [(STATUS, 100, {"status": "on_hold"}), (STATUS, 150, PENDING), (STATUS, 300, OPEN)],
        f"sla.{SOLVE}.paused",
        [("holds", 100, 300)],
    ),
    "at risk for a fifth of two hours": (
        "holds",
        [],
        f"sla.{SOLVE}.at_risk",
        [("holds", 5_760, 7_200)],
    ),
    "a due time that is told runs while pending": (
        "desk",
        [(STATUS, 100, PENDING), (SET, 200, said(SOLVE, **due_at(900)))],
        f"sla.{SOLVE}.breached_open",
        [("desk", 900, None)],
    ),
    "put off while at risk": (
        "desk",
        [(SET, 3_400, said(FIRST, **due_at(5_000))), (REPLIED, 6_000, AGENT)],
        f"sla.{FIRST}.at_risk",
        [("desk", 3_300, 3_400), ("desk", 4_700, 5_000)],
    ),
    "cancelled after it was broken": (
        "desk",
        [(SET, 4_000, said(FIRST, cancelled=True)), (SET, 4_100, said(FIRST, **due_at(9_000)))],
        f"sla.{FIRST}.breached_open",
        [("desk", 3_600, 4_000)],
    ),
    "cancelled, and promised again": (
        "desk",
        [(SET, 100, said(FIRST, cancelled=True)), (SET, 200, said(FIRST))],
        f"sla.{FIRST}.running",
        [("desk", 0, 100), ("desk", 200, 3_800)],
    ),
    "moved while it is broken": (
        "desk",
        [("ticket.moved", 4_000, {"queue": "none"}), (REPLIED, 5_000, AGENT)],
        f"sla.{FIRST}.breached_open",
        [("desk", 3_600, 4_000), ("none", 4_000, 5_000)],
    ),
    "moved to an office that opens in half an hour": (
        "desk",
        [("ticket.moved", 1_800, {"queue": "office"})],
        f"sla.{SOLVE}.running",
        [("desk", 0, 1_800), ("office", 1_800, 9_000)],
    ),
    "moved from an office that is closed": (
        "office",
        [("ticket.moved", 1_800, {"queue": "none"})],
        f"sla.{SOLVE}.running",
        [("office", 0, 1_800), ("none", 1_800, 5_400)],
    ),
    "left while it runs": (
        "desk",
        [("ticket.closed", 500, {"reason": "spam"})],
        f"sla.{FIRST}.running",
        [("desk", 0, 500)],
    ),
    "a bot resolves it, and it comes back": (
        "desk",
        [("ticket.resolved", 500, {"author": "bot"}), ("ticket.reopened", 9_000, {})],
        f"sla.{SOLVE}.running",
        [("desk", 0, 500), ("desk", 9_000, 16_200)],
    ),
    "a person resolves it, and it comes back": (
        "desk",
        [("ticket.resolved", 500, {}), ("ticket.reopened", 9_000, {})],
        f"sla.{SOLVE}.running",
        [("desk", 0, 500)],
    ),
    "back before anybody replied": (
        "desk",
        [("ticket.resolved", 500, {}), ("ticket.reopened", 9_000, {})],
        f"sla.{FIRST}.running",
        [("desk", 0, 500), ("desk", 9_000, 12_600)],
    ),
    "handed over by a bot": (
        "desk",
        [("bot.ended", 4_000, {"outcome": "escalated"}), (REPLIED, 5_000, AGENT)],
        f"sla.{FIRST}.breached_open",
        [("desk", 3_600, 4_000)],
    ),
    "one clock for two questions": (
        "desk",
        [
            (REPLIED, 10, AGENT),
            (REPLIED, 100, {"author": "customer"}),
            (REPLIED, 200, {"author": "customer"}),
        ],
        f"sla.{NEXT}.running",
        [("desk", 100, 700)],
    ),
    "one clock for the question that a snapshot knew and the next one": (
        "none",
        [
            ("ticket.snapshot", 0, KNOWN | {"contact_id": "s", "due": {NEXT: OPENED + 700_000}}),
            (REPLIED, 100, {"author": "customer", "contact_id": "s"}),
        ],
        f"sla.{NEXT}.running",
        [("desk", 0, 700)],
    ),
    "a private note and a bot keep no promise": (
        "desk",
        [(REPLIED, 10, {"author": "bot"}), (REPLIED, 20, {"author": "agent", "public": False})],
        f"sla.{FIRST}.running",
        [("desk", 0, 3_600)],
    ),
    "moved in the evening, it stays at risk": (
        "office",
        [
            (SET, 100, said(SOLVE, **due_at(90_600))),
            ("ticket.moved", 31_500, {"queue": "none"}),
            ("ticket.resolved", 33_000, {}),
        ],
        f"sla.{SOLVE}.at_risk",
        [("office", 31_200, 31_500), ("none", 31_500, 33_000)],
    ),
    "due this evening, and at risk from half past four": (
        "office",
        [(SET, 100, said(SOLVE, **due_at(32_400))), ("ticket.resolved", 31_000, {})],
        f"sla.{SOLVE}.at_risk",
        [("office", 30_600, 31_000)],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_clock_is_where_it_was_worked_out_to_be(name: str) -> None:
    """Each stretch of a stock, by hand."""
    queue, told, level, expected = STORIES[name]
    assert stretches(run(queue, *told, until=40_000), level) == expected


@pytest.mark.parametrize("until", [7_200, 7_200.001])
def test_what_is_due_as_it_pauses_is_paused_until_its_millisecond_is_over(until: float) -> None:
    """It stands still by what the ticket is, and is broken by what may not be told any more."""
    clocks = run("desk", (STATUS, 7_200, PENDING), until=until)
    live = clocks.live("default", "desk", "ticket")["sla"][SOLVE]
    assert (live["paused"], live["breached_open"]) == ((0, 1), (1, 0))[until == 7_200]


def test_a_clock_that_begins_with_little_left_is_at_risk_at_once() -> None:
    """By the event that starts it: it waits for no deadline."""
    clocks = run("none", (SET, 10, said(FIRST, **due_at(20))), until=10)
    assert clocks.live("default", "none", "ticket")["sla"][FIRST]["at_risk"] == 1


@pytest.mark.parametrize("until", [3_299, 3_300, 3_300.001, 3_600, 3_600.001])
def test_a_deadline_has_passed_when_its_millisecond_is_over(until: float) -> None:
    """Broken, or at risk, only by what may not be told any more."""
    clocks = run("desk", until=until).live("default", "desk", "ticket")["sla"][FIRST]
    broken = until > 3_600
    assert clocks == {
        "running": int(not broken),
        "paused": 0,
        "at_risk": int(until > 3_300 and not broken),
        "breached_open": int(broken),
    }
