"""Promises live: late events, restarts and turns at any time book what one fold of all does."""

from random import Random
from typing import Any, cast

import pytest

from streams.contract.words import SLA_METRICS
from streams.lifecycle import counters as c
from streams.lifecycle.entity import fold
from streams.lifecycle.facts import Fact, in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import TICKET
from streams.lifecycle.rules import QueueRules, Rules
from tests.lifecycle.lives import DAY, HOUR, MINUTE, START, fact
from tests.lifecycle.test_business import BERLIN, NEW_YORK, calendar
from tests.lifecycle.test_memory import added, key
from tests.lifecycle.test_promises import rules
from tests.lifecycle.test_store import HORIZON, Unit, minus

KINDS = (
    *("assigned", "resolved", "closed", "reopened", "replied", "asked", "asked", "replied"),
    *("status_changed", "status_changed", "sla_set", "sla_set", "sla_set", "moved", "moved"),
    *("updated", "snapshot", "resolved"),
)
STATUSES = ("open", "pending", "on_hold")


def places(chance: Random) -> dict[Any, QueueRules]:
    """Three queues: two with hours, of which one changes, and one with none."""
    berlin = calendar(BERLIN, "Mon-Fri 09:00-17:00, Sat 22:00-06:00")
    york = calendar(NEW_YORK, "Mon-Sun 00:00-12:30")
    later = (
        (START + chance.randrange(3 * DAY), rules(york, resolution=5 * HOUR)),
        (START + chance.randrange(3, 6) * DAY, rules(None, first_response=HOUR)),
    )
    some = {"first_response": 3 * HOUR, "next_response": HOUR, "resolution": 9 * HOUR}
    return {
        ("default", "billing", "ticket"): rules(berlin, later, pause_on_hold=True, **some),
        ("default", "york", "ticket"): rules(york, at_risk_ms=2 * HOUR, **some),
        ("default", "plain", "ticket"): rules(None, resolution=DAY),
    }


def said(chance: Random, kind: str, at: int, number: int) -> Fact:
    """An event with what it may tell."""
    queue = chance.choice(("billing", "york", "plain", "other"))
    due = START + at + chance.randrange(-2 * HOUR, 20 * HOUR)
    told: dict[str, dict[str, Any]] = {
        "assigned": {"agent_id": chance.choice((None, "anna"))},
        "asked": {"author": "customer"},
        "replied": {"author": chance.choice(("agent", "agent", "bot"))},
        "resolved": {"author": chance.choice(("agent", "bot"))},
        "status_changed": {"status": chance.choice(STATUSES)},
        "sla_set": {
            "metric": chance.choice(SLA_METRICS),
            **chance.choice(({"due_at": due}, {"due_at": due}, {}, {"cancelled": True})),
        },
        "moved": {"queue": queue},
        "opened": {"queue": queue, "direction": chance.choice(("inbound", "inbound", "outbound"))},
        "snapshot": {
            "queue": queue,
            "opened_at": START + at - DAY,
            "status": chance.choice(STATUSES),
            "due": {chance.choice(SLA_METRICS): due},
            "last_customer_at": START + at - HOUR,
            **chance.choice(({}, {"first_replied_at": START + at - 2 * HOUR})),
        },
        "updated": {"kind": "complaint", "priority": "urgent"},
    }
    name = "replied" if kind == "asked" else kind
    return cast("Fact", fact(name, at, number, "ticket", **told.get(kind, {})))


def history(chance: Random) -> list[tuple[int, str, Fact]]:
    """(when it comes, ticket, event), in the order they come; some late, none too late."""
    log = []
    for name in range(6):
        at = chance.randrange(DAY)
        for number in range(chance.randrange(2, 12)):
            kind = chance.choice(KINDS) if number else chance.choice(("opened", "snapshot"))
            late = chance.choice((0, 0, chance.randrange(HORIZON)))
            log.append((at + late, key(name), said(chance, kind, at, number)))
            at += chance.choice((0, 1_000, MINUTE, HOUR, 5 * HOUR, DAY))
    return sorted(log, key=lambda entry: entry[0])


@pytest.mark.parametrize("seed", range(60))
def test_live_books_what_one_fold_of_all_does(seed: int) -> None:
    """To the unit; each clock is decided once, and the stocks are what is left of them."""
    chance = Random(seed)
    log, configured = history(chance), Rules(places(chance))
    unit = Unit(rules=configured)
    booked: dict[Any, int] = {}
    for now, owner, told in log:
        unit.add(owner, told, now)
        if chance.random() < 0.6:
            unit.turn(now)
            if chance.random() < 0.3:
                booked = added(booked, unit.booked())
                unit = Unit(unit.log, now, configured)
    end = log[-1][0] + chance.choice((0, HOUR, 5 * DAY))
    unit.turn(end)
    whole = Ledger(configured).select("default", "ticket")
    for ticket in {owner for _, owner, _ in log}:
        facts, _, _ = in_order([told for _, owner, told in log if owner == ticket])
        fold(TICKET, facts, START + end, whole)
    replayed = Unit(rules=configured)
    replayed.ledger = whole
    assert minus(added(booked, unit.booked()), replayed.booked()) == {}
    sums: dict[int, int] = {}
    for (_, _, counter), n in replayed.booked().items():
        sums[counter] = sums.get(counter, 0) + n
    waiting = [kept.state for _, kept in unit.store.entities()]
    for metric, word in enumerate(SLA_METRICS):
        clocks = [one for state in waiting for one in state.clocks if one.metric == metric]
        assert sums.get(c.BREACHED_OPEN[word], 0) == sum(one.phase == 2 for one in clocks)
        running = sum(one.phase < 2 and one.since >= 0 for one in clocks)
        assert sums.get(c.RUNNING[word], 0) == running
        assert sums.get(c.PAUSED[word], 0) == sum(one.phase < 2 for one in clocks) - running
        assert sums.get(c.AT_RISK[word], 0) == sum(one.phase == 1 for one in clocks)
