"""Tickets at rest: open ones cost nothing, settled ones are forgotten by the day, unread."""

import gc
import json
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from streams.lifecycle import counters as c
from streams.lifecycle import ticket as t
from streams.lifecycle.changelog import TICKET as TICKET_KEY
from streams.lifecycle.entity import Entity, fold
from streams.lifecycle.facts import Fact, in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import TICKET
from streams.lifecycle.packed import KINDS
from streams.lifecycle.rules import NEVER, QueueRules, Rules
from tests.examples import QUICK, examples
from tests.lifecycle.lives import DAY, HOUR, MINUTE, START, fact
from tests.lifecycle.test_store import HORIZON, Unit, minus

#: Tickets as workers wrote them that forgot a closed one after the horizon.
STORED = json.loads(Path(__file__).with_name("tickets_stored.json").read_text(encoding="utf-8"))
REPLY = {"author": "agent"}
#: From START to the first midnight, UTC.
MIDNIGHT = DAY - START % DAY


def key(name: object) -> str:
    """The key of a ticket."""
    return f"t\0default\0ticket\0{name}"


def told(unit: Unit, name: object, kind: str, at: int, number: int = 0, **fields: Any) -> str:
    """Say something of a ticket, at its own time, and end the turn."""
    said = fact(kind, at, number, "ticket", contact_id=str(name), **fields)
    result = unit.add(key(name), said, at)
    unit.turn(at)
    return result


def settled(unit: Unit, name: object, how: str = "resolved") -> None:
    """A ticket that was opened and settled on the day of START, folded, and at rest."""
    told(unit, name, "opened", 0)
    told(unit, name, how, MINUTE, 1)
    unit.turn(6 * HOUR)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_ticket_at_rest_is_neither_looked_at_nor_written(restarts: bool) -> None:
    """1,000 open and 1,000 settled ones over 90 days: written when a deadline passes, else never.

    After an open one comes into another age; after a settled one can no longer be taken back, and
    once more when that is final.
    """
    unit, each = Unit(), examples(1_000)
    for number in range(2 * each):
        unit.add(key(number), fact("opened", number, 0, "ticket"), number)
        if number % 2:
            unit.add(key(number), fact("resolved", MINUTE, 1, "ticket"), MINUTE)
    for now in (HOUR, 5 * HOUR):
        unit.turn(now)
    ages = [8 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY]
    back = 7 * DAY + MINUTE
    expected = {0: ages, 1: [back, back + HORIZON + MINUTE]}
    for now in range(5 * HOUR, MIDNIGHT + 90 * DAY, HOUR):
        if restarts and now % DAY < HOUR:
            unit = Unit(unit.log, now)
        unit.turn(now)
        for parity, times in expected.items():
            passed = any(now - HOUR <= at + 2_000 < now for at in times)
            of_these = [name for name in unit.written if int(name.split("\0")[3]) % 2 == parity]
            assert len(of_these) == each * passed, (now / HOUR, parity, len(of_these))
        if now > 31 * DAY:
            assert len(unit.store._wakes) == 0
            assert not unit.store._at_hand
    unit.turn(MIDNIGHT + 90 * DAY + HORIZON)
    assert sorted(unit.log) == sorted(key(number) for number in range(0, 2 * each, 2))
    assert len(unit.tombstones) == each


@pytest.mark.parametrize("whose", [{}, {"customer_ref": "ab" * 32}])
@pytest.mark.parametrize("how", ["resolved", "closed"])
def test_a_remembered_ticket_costs_160_bytes_of_the_changelog(
    how: str, whose: dict[str, str]
) -> None:
    """Key and value, with everything that a ticket can have behind it."""
    unit = Unit()
    name = "8c5e0b9a-5e4f-4b1e-9a3d-2f6d1c7e8a90"
    steps: list[tuple[str, dict[str, Any]]] = [
        ("snapshot", {"opened_at": START - DAY, "status": "on_hold"}),
        ("status_changed", {"status": "on_hold"}),
        ("resolved", {"author": "bot"}),
        ("reopened", {}),
        ("assigned", {"agent_id": "anna"}),
        ("assigned", {}),
        ("work.started", {"agent_id": "anna"}),
        ("replied", {"author": "agent"}),
        ("replied", {"author": "customer"}),
        ("status_changed", {"status": "pending"}),
        (how, {}),
    ]
    for number, (kind, fields) in enumerate(steps):
        at = number * MINUTE
        told(unit, name, kind, at, number, queue="customer-service-de", **fields, **whose)
    for now in (6 * HOUR, 8 * DAY):
        unit.turn(now)
        ((found, value),) = unit.log.items()
        assert len(found.encode()) + len(value) <= 160, len(found.encode()) + len(value)


@pytest.mark.parametrize("whose", [{}, {"customer_ref": "ab" * 32}])
@pytest.mark.parametrize(("promised", "cost"), [((), 300), (((30 * DAY,) * 5,) * 3, 360)])
def test_an_idle_open_ticket_costs_few_bytes_of_memory(
    promised: Any, cost: int, whose: dict[str, str]
) -> None:
    """Listed for its next age too, with usual names; and with two clocks that run."""
    place = ("default", "customer-service-de", "ticket")
    unit = Unit(rules=Rules({place: QueueRules(sla_ms=promised)}))
    queue: dict[str, Any] = {"queue": "customer-service-de", "kind": "complaint", **whose}
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    count = 1_000 if QUICK else 2_000
    for number in range(count):
        said = fact("opened", number, number, "ticket", **queue)
        unit.add(key(f"8c5e0b9a-5e4f-4b1e-9a3d-2f6d1c{number:06}"), said, number)
    del said
    for now in (MINUTE, 2 * HOUR, 5 * HOUR, 9 * HOUR, 14 * HOUR):
        unit.store.advance(START + now)
        unit.store.close(START + now - HORIZON)
        unit.store.collect(START + now - HORIZON)
    unit.ledger.entries.clear()
    unit.ledger.of_customers.clear()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(unit.store) == len(unit.store._wakes) == count
    assert (after - before) / count <= cost, (after - before) / count


def test_a_settled_ticket_is_forgotten_at_the_end_of_its_last_day_of_memory() -> None:
    """To the last millisecond it comes back; after it nobody knows it, whenever the turn was."""
    last = MIDNIGHT + 90 * DAY - 1
    for at, reopened in ((last, 1), (last + 1, 0)):
        for looked in (False, True):
            unit = Unit()
            settled(unit, "a")
            if looked:  # time has passed the day already: what comes now comes late
                unit.turn(last + HORIZON - 1)
            told(unit, "a", "reopened", at, 2)
            assert total(unit, c.TICKETS_REOPENED) == reopened
            assert unit.ledger.anomalies["ticket_unknown"] == 1 - reopened


def total(unit: Unit, counter: int) -> int:
    """The sum of one counter over all time."""
    return sum(n for (_, _, number), n in unit.booked().items() if number == counter)


def test_a_ticket_that_nothing_was_said_of_is_forgotten_without_being_read() -> None:
    """A tombstone a horizon after its day is over; nobody unpacks it for that."""
    unit = Unit()
    settled(unit, "a", "closed")
    over = MIDNIGHT + 90 * DAY + HORIZON
    unit.turn(over - 1)
    assert set(unit.log) == {key("a")}
    unit.store._packed[key("a")] = b"not to be read"
    unit.turn(over)
    assert (unit.log, unit.tombstones, len(unit.store)) == ({}, [key("a")], 0)


def test_whatever_is_said_of_a_settled_ticket_puts_its_day_off() -> None:
    """It counts from the last event, also from one that changes nothing."""
    unit = Unit()
    settled(unit, "a")
    told(unit, "a", "assigned", 50 * DAY, 2)
    unit.turn(50 * DAY + HORIZON + MINUTE)
    told(unit, "b", "opened", MIDNIGHT + 139 * DAY)
    assert set(unit.log) == {key("a"), key("b")}
    told(unit, "a", "reopened", MIDNIGHT + 140 * DAY - 1, 3)
    assert total(unit, c.TICKETS_REOPENED) == 1


@pytest.mark.parametrize("seed", range(20))
def test_live_forgets_as_one_fold_of_all_does(seed: int) -> None:
    """Late events, restarts and turns at any time: the same counts as a replay, to the unit."""
    chance = Random(seed)
    days = chance.choice((1, 2))
    log: list[tuple[int, str, Fact]] = []
    kinds = (
        *("assigned", "resolved", "closed", "reopened", "replied", "status_changed", "snapshot"),
        *("work.started", "work.ended", "asked", "moved", "ticket.updated"),
    )
    fields: dict[str, dict[str, Any]] = {
        "assigned": {"agent_id": chance.choice((None, "anna"))},
        "work.started": {"agent_id": "anna"},
        "work.ended": {"agent_id": "anna"},
        "asked": {"author": "customer"},
        "replied": REPLY,
        "status_changed": {"status": "pending"},
        "moved": {"queue": chance.choice(("billing", "support"))},
        "ticket.updated": {"kind": chance.choice(("complaint", "request"))},
        "snapshot": {"opened_at": START - DAY, "status": "closed"},
    }
    for name in range(8):
        at = chance.randrange(DAY)
        for number in range(chance.randrange(2, 9)):
            kind = chance.choice(kinds) if number else chance.choice(("opened", "snapshot"))
            about = fields.get(kind, {})
            kind = "replied" if kind == "asked" else kind
            said = fact(kind, at, number, "ticket", **about)
            log.append((at + chance.choice((0, 0, chance.randrange(HORIZON))), key(name), said))
            at += chance.choice((1_000, MINUTE, HOUR, DAY, 2 * DAY))
            if chance.random() < 0.4:
                at += DAY - 1 - (START + at) % DAY + chance.choice((0, 1))
    log.sort(key=lambda entry: entry[0])
    # Days that end with the memory's, and with an age.
    own = QueueRules(resolution_ms=chance.choice((1, 3, 7)) * DAY, repeat_ms=days * DAY)
    rules = Rules({("default", "billing", "ticket"): own}, ticket_memory_days=days)
    unit = Unit(rules=rules)
    booked: dict[Any, int] = {}
    for now, owner, said in log:
        unit.add(owner, said, now)
        if chance.random() < 0.6:
            unit.turn(now)
            if chance.random() < 0.3:
                booked = added(booked, unit.booked())
                unit = Unit(unit.log, now, rules)
    end = log[-1][0] + chance.choice((0, HOUR, 5 * DAY))
    unit.turn(end)
    whole = Ledger(rules)
    whole.select("default", "ticket")
    for ticket in {owner for _, owner, _ in log}:
        facts, _, _ = in_order([said for _, owner, said in log if owner == ticket])
        fold(TICKET, facts, START + end, whole)
    replayed = Unit(rules=rules)
    replayed.ledger = whole
    assert minus(added(booked, unit.booked()), replayed.booked()) == {}
    if end > log[-1][0] + DAY:
        unit.turn(end + 4 * DAY)
        assert all(kept.state.phase == t.OPEN for _, kept in unit.store.entities())
        assert len(unit.log) == len(unit.store)


def added(one: dict[Any, int], other: dict[Any, int]) -> dict[Any, int]:
    """Both together."""
    return {k: one.get(k, 0) + other.get(k, 0) for k in one | other}


# -- what older workers stored ---------------------------------------------------------------------


def loaded(name: str) -> tuple[Unit, str]:
    """A unit that goes on from a ticket as it was stored before there was a memory."""
    found = STORED[name]
    return Unit({found["key"]: bytes.fromhex(found["value"])}, found["now"]), found["key"]


def stored(value: bytes) -> Entity[t.TicketState, Fact]:
    """A ticket of the changelog."""
    return KINDS[TICKET_KEY].decode(value)


@pytest.mark.parametrize("name", STORED)
def test_a_ticket_of_older_rules_is_loaded_and_rests_as_one_of_these(name: str) -> None:
    """Within a day it stands in the new form, in no heap, its state as those rules left it."""
    unit, its_key = loaded(name)
    before = stored(bytes.fromhex(STORED[name]["value"]))
    for hour in range(STORED[name]["now"] // HOUR, 30):
        unit.turn(hour * HOUR)
    assert unit.booked() == {}
    after = stored(unit.log[its_key])
    assert (after.base, after.tail, after.state.version) == (None, [], t.VERSION)
    last_day = START // DAY
    due = NEVER if name.startswith("open") else (last_day + 91) * DAY - 1
    gone = (due + 1) // DAY if due < NEVER else 0
    assert after.state == msgspec.structs.replace(
        before.state, due=due, version=t.VERSION, forgotten_on=gone
    )
    assert len(unit.store._wakes) == 0
    assert len(unit.store._memory) == (0 if name.startswith("open") else 1)


@pytest.mark.parametrize("age", ["fresh", "idle"])
def test_an_open_ticket_of_older_rules_stays(age: str) -> None:
    """It was to be given up after 90 days; now it is resolved, from its opening, after 200."""
    unit, its_key = loaded(f"open {age}")
    for day in range(1, 200):
        unit.turn(day * DAY)
    starts = unit.store.oldest.starts[("default", "billing", "ticket"), c.BACKLOG["open"]]
    assert list(starts) == [START]
    unit.add(its_key, fact("resolved", 200 * DAY, 9, "ticket"), 200 * DAY)
    unit.turn(200 * DAY)
    assert total(unit, c.TICKETS_RESOLVED) == 1
    assert total(unit, c.RESOLUTION_TIME) == 200 * DAY
    assert total(unit, c.RESOLVED_WITHOUT_REPLY) == 0
    assert total(unit, c.BACKLOG["pending"]) == -1


@pytest.mark.parametrize("name", [name for name in STORED if not name.startswith("open")])
def test_a_settled_ticket_of_older_rules_comes_back(name: str) -> None:
    """The closed one was to be forgotten after the horizon; its closing is no resolution now."""
    unit, its_key = loaded(name)
    last = MIDNIGHT + 90 * DAY - 1
    for day in range(1, 90):
        unit.turn(day * DAY)
    unit.add(its_key, fact("reopened", last, 9, "ticket"), last)
    unit.add(its_key, fact("resolved", last + HOUR, 10, "ticket"), last + HOUR)
    unit.turn(last + HOUR)
    assert total(unit, c.TICKETS_REOPENED) == 1
    assert total(unit, c.TICKETS_RESOLVED) == (1 if name.startswith("closed") else 0)


@pytest.mark.parametrize("name", [name for name in STORED if name.endswith("fresh")])
def test_what_older_rules_have_booked_is_not_booked_again(name: str) -> None:
    """A late event takes its own step; what was folded stays, and a repeat finds its id."""
    unit, its_key = loaded(name)
    late = fact("replied", 10 * MINUTE, 7, "ticket", author="customer")
    assert unit.add(its_key, late, 2 * HOUR) == "ok"
    for said in stored(bytes.fromhex(STORED[name]["value"])).tail:
        assert unit.add(its_key, said, 2 * HOUR) == "duplicate"
    unit.turn(2 * HOUR)
    assert unit.booked() == {}


@pytest.mark.parametrize("restarts", [False, True])
def test_an_open_tickets_facts_go_from_the_changelog_once_they_are_final(restarts: bool) -> None:
    """It is written once more, without them, and then not again; nothing of it is due then."""
    unit = Unit()
    told(unit, "one", "opened", 0)
    told(unit, "one", "updated", 2 * HOUR, 1)
    assert stored(unit.log[key("one")]).tail
    unit.turn(3 * HOUR)
    if restarts:
        unit = Unit(unit.log, 3 * HOUR)
    unit.turn(7 * HOUR)
    assert unit.written == [key("one")]
    assert not stored(unit.log[key("one")]).tail
    unit.turn(8 * HOUR)
    assert unit.written == []
