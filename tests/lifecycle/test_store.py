"""All entities of a unit, packed: what the changelog holds is the state, and it does not grow."""

import gc
import tracemalloc
from collections.abc import Container
from random import Random
from typing import Any

import pytest

from streams.contract.words import STATE_LIMIT_SECONDS, QueueKey
from streams.lifecycle import counters as c
from streams.lifecycle import entity
from streams.lifecycle.changelog import AGENT, key_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import QueueRules, Rules
from streams.lifecycle.store import EntityStore
from tests.examples import examples
from tests.lifecycle.lives import HOUR, MINUTE, START, Told, fact

HORIZON = 4 * HOUR
TICKET = "t\0default\0ticket\0c"


CALLS = c.STUCK["on_contact"]


class Unit:
    """A store with its book and a compacted changelog. Times in ms since START."""

    def __init__(
        self,
        log: dict[str, bytes] | None = None,
        now: int = -1,
        rules: Rules | None = None,
        changed: Container[QueueKey] = (),
    ) -> None:
        self.log: dict[str, bytes] = {} if log is None else dict(log)
        self.ledger = Ledger(rules or Rules({}))
        self.store = EntityStore(self.ledger)
        for key, value in self.log.items():
            self.store.restore(key, value)
        self.store.now = now + START if now >= 0 else -1
        self.store.restored(changed)
        self.tombstones: list[str] = []
        #: The keys of the last transaction.
        self.written: list[str] = []

    def add(self, key: str, told: Any, now: int) -> str:
        """One fact of the entity."""
        return self.store.add(key, told, START + now)

    def turn(self, now: int) -> None:
        """End one transaction."""
        before = START + now - HORIZON
        self.store.advance(START + now)
        self.store.close(before)
        self.write(before)

    def write(self, before: int) -> None:
        """The transaction's writes, as a compacted topic keeps them."""
        self.written = []
        for key, value in self.store.collect(before):
            self.written.append(key.decode())
            if value is None:
                self.log.pop(key.decode(), None)
                self.tombstones.append(key.decode())
            else:
                self.log[key.decode()] = value

    def booked(self) -> dict[tuple[str, int, int], int]:
        """Everything booked so far, zeros left out."""
        return {
            (entry.queue, at, counter): n
            for entry in self.ledger.entries.values()
            for at, cell in entry.panes.items()
            for counter, n in cell.items()
            if n
        }


def key(number: int) -> str:
    """The key of a voice contact."""
    return f"c\0default\0voice\0{number}"


def minus(one: dict[Any, int], other: dict[Any, int]) -> dict[Any, int]:
    """What `one` has more than `other`, zeros left out."""
    return {k: n for k in one | other if (n := one.get(k, 0) - other.get(k, 0))}


def call(number: int, start: int) -> list[Told]:
    """A call that is answered after the threshold."""
    return [("enqueued", start), ("answered", start + 25_000), ("ended", start + 60_000 + number)]


def test_restored_from_its_writes_a_store_is_the_same() -> None:
    """At any point a fresh store made of the changelog goes on exactly as the old one would."""
    chance = Random(5)
    told = [
        (key(n), fact(kind, at, m))
        for n in range(30)
        for m, (kind, at, *_) in enumerate(call(n, chance.randrange(HOUR)))
    ]
    chance.shuffle(told)
    half = len(told) // 2
    old = Unit()
    for name, each in told[:half]:
        old.add(name, each, MINUTE)
    old.turn(MINUTE)
    new = Unit(old.log, MINUTE)
    assert dict(new.store.oldest.starts) == dict(old.store.oldest.starts)
    before = old.booked()
    for unit in (old, new):
        for name, each in told[half:]:
            unit.add(name, each, MINUTE)
        unit.turn(2 * HOUR)
    assert new.booked() == minus(old.booked(), before)
    assert [found for _, found in sorted(new.store.entities())] == [
        found for _, found in sorted(old.store.entities())
    ]


def test_a_restored_store_wakes_when_the_old_one_would_have() -> None:
    """Restarted before each turn or never: both write the same until only the ticket is left."""
    chance = Random(6)
    steady = Unit()
    for n in range(30):
        start = chance.randrange(HOUR)
        for m, (kind, at, *_) in enumerate(call(n, start)[: chance.randint(1, 3)]):
            steady.add(key(n), fact(kind, at, m), HOUR)
    steady.add(TICKET, fact("opened", 0, channel="ticket"), HOUR)
    steady.turn(HOUR)
    log, before = steady.log, HOUR
    for now in range(HOUR, 100 * HOUR, 31 * MINUTE):
        restarted = Unit(log, before)
        for unit in (steady, restarted):
            unit.turn(now)
        log, before = restarted.log, now
        assert log == steady.log
    assert set(log) == {TICKET}


def test_an_entity_is_gone_a_horizon_after_its_end() -> None:
    """Nothing of it stays but a tombstone in the changelog."""
    unit = Unit()
    for number, (kind, at, *_) in enumerate(call(0, 0)):
        unit.add(key(0), fact(kind, at, number), 0)
    unit.turn(MINUTE)
    assert set(unit.log) == {key(0)}
    for hour in range(1, 12):
        unit.turn(hour * HOUR)
    assert unit.log == {}
    assert unit.tombstones == [key(0)]
    assert len(unit.store) == 0


def test_an_early_end_is_remembered_while_its_answer_may_come() -> None:
    """Grace beyond the horizon; a millisecond more and nothing of it is left."""
    at = MINUTE - 1 - START % MINUTE  # the end of a minute, for a store looks once a minute
    for later, kept in ((5_000, True), (5_001, False)):
        unit = Unit()
        unit.add(key(0), fact("ended", at), 0)
        unit.turn(at)
        now = at + HORIZON + later
        unit.turn(now)
        assert (key(0) in unit.store) is kept
        unit.add(key(0), fact("enqueued", at + later, 1), now)
        unit.turn(now)
        assert (c.FLOWED_OUT in {counter for _, _, counter in unit.booked()}) is kept


def test_an_entity_that_nothing_befalls_is_not_written_again() -> None:
    """It rests packed from turn to turn; once an hour it is looked at."""
    unit = Unit()
    unit.add(TICKET, fact("opened", 0, channel="ticket"), 0)
    unit.turn(1_000)
    for now in (2_000, MINUTE, HOUR):
        unit.store.advance(START + now)
        assert unit.store.collect(START + now - HORIZON) == []


def test_a_contact_that_came_and_went_in_one_turn_leaves_nothing_behind() -> None:
    """An entity that was never written needs no tombstone."""
    unit = Unit()
    unit.add(key(0), fact("message.sent", 0, author="bot"), 10 * HOUR)
    unit.turn(10 * HOUR)
    assert (unit.log, unit.tombstones) == ({}, [])


def test_deadlines_are_found_again_after_a_restore() -> None:
    """The heap of what falls due is made of the state: a restart forgets no orphan."""
    old = Unit()
    old.add(key(0), fact("enqueued", 0), 0)
    old.turn(1_000)
    new = Unit(old.log, 1_000)
    new.turn(4 * HOUR + 1)
    orphaned = [at for _, at, counter in new.booked() if counter == 7]
    assert orphaned == [START + 4 * HOUR - (START + 4 * HOUR) % 10_000]


def test_long_tails_are_packed_into_chunks_of_their_own() -> None:
    """A busy ticket writes little a turn: its old facts stand in records that rest."""
    unit = Unit()
    unit.add(TICKET, fact("opened", 0, 0, "ticket"), 0)
    for number in range(1, 201):
        unit.add(TICKET, fact("replied", number, number, "ticket", author="customer"), 0)
        if number % 10 == 0:
            unit.turn(1_000)
    chunks = [name for name in unit.log if name.startswith("k")]
    assert len(chunks) >= 3
    assert len(unit.log[TICKET]) < 5_000
    kept = dict(unit.store.entities())[TICKET]
    assert len(kept.tail) <= entity.PACK_ABOVE


@pytest.mark.parametrize("restart", [False, True])
def test_chunks_come_back_for_what_concerns_them(restart: bool) -> None:
    """A repeat is recognised and an early fact finds its place, whatever was packed away."""
    unit, plain = Unit(), Unit()
    told = [fact("opened", 0, 0, "ticket")]
    told += [fact("replied", n, n, "ticket", author="customer") for n in range(1, 120)]
    for unlike in (unit, plain):
        for number, each in enumerate(told):
            unlike.add(TICKET, each, 0)
            if unlike is unit and number % 10 == 0:
                unlike.turn(1_000)
    unit.turn(1_000)
    before = unit.booked()
    if restart:
        unit = Unit(unit.log, 1_000)
    assert unit.add(TICKET, told[3], 1_000) == "duplicate"
    early = fact("replied", 50, 900, "ticket", author="agent")
    assert unit.add(TICKET, early, 1_000) == "ok"
    unit.turn(2_000)
    plain.add(TICKET, early, 1_000)
    plain.turn(2_000)
    total = plain.booked() if not restart else minus(plain.booked(), before)
    assert unit.booked() == total
    assert [name for name in unit.log if name.startswith("k")]


def test_chunks_are_dropped_once_they_are_final() -> None:
    """A ticket open for days costs what its last four hours cost."""
    unit = Unit()
    unit.add(TICKET, fact("opened", 0, 0, "ticket"), 0)
    for number in range(1, 300):
        unit.add(TICKET, fact("replied", number, number, "ticket", author="customer"), 0)
        unit.turn(1_000)
    unit.add(TICKET, fact("replied", 9 * HOUR, 999, "ticket", author="customer"), 0)
    for hour in range(9, 16):
        unit.turn(hour * HOUR)
    assert set(unit.log) == {TICKET}
    kept = dict(unit.store.entities())[TICKET]
    assert (kept.tail, kept.chunks) == ([], 0)


def test_an_open_contact_costs_at_most_a_kibibyte() -> None:
    """State, key, changelog bytes and its places in heap and lists together."""
    number, unit = examples(4_000), Unit()
    warm = Unit()
    for n in range(100):
        warm.add(key(n), fact("enqueued", n), 0)
    warm.turn(1_000)
    gc.collect()
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    for n in range(number):
        unit.add(key(n), fact("enqueued", n, n), 0)
        unit.add(key(n), fact("answered", n + 9_000, number + n, agent_id=f"agent-{n % 50}"), 0)
        if n % 500 == 0:
            unit.store.advance(START)
            unit.store.collect(START - HORIZON)
    unit.store.advance(START + 20_000)
    unit.store.collect(START - HORIZON)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - base
    tracemalloc.stop()
    assert len(unit.store) == number
    assert used / number <= 1_024


def test_a_limit_that_does_not_pass_costs_no_write() -> None:
    """Looked at when it would be due, an agent who has gone on is left, and found later."""
    unit = Unit()
    anna = key_of(AGENT, "default", "", "anna")

    def say(at: int, number: int, **fields: Any) -> None:
        about: dict[str, Any] = {"agent_id": "anna", "queues": ["billing"], "state": "available"}
        unit.add(anna, fact("agent.state", at, number, **about, **fields), at)
        unit.turn(at)

    for number in range(20):
        say(number * 8_000, 2 * number, ringing=1)
        say(number * 8_000 + 4_000, 2 * number + 1, handling={"voice": 1})
    log, since = dict(unit.log), 19 * 8_000 + 4_000
    for now in range(since + 1_000, since + 30 * MINUTE, 1_000):
        unit.turn(now)
    assert unit.log == log
    for again in (unit, Unit(unit.log, since + 30 * MINUTE)):
        for now in range(since + 30 * MINUTE, since + 3 * HOUR, MINUTE):
            again.turn(now)
        assert list(map(list, again.store.oldest.starts.values())) == [[START + since]] * 2
        stuck = {at: n for (_, at, counter), n in again.booked().items() if counter == CALLS}
        due = START + since + 2 * HOUR
        assert stuck == {due - due % again.ledger.width: 1}


def test_a_limit_within_the_hour_passes_at_its_time() -> None:
    """Though an earlier deadline, that was put off meanwhile, was looked at before."""
    limits = tuple(30 * MINUTE if state == "on_contact" else None for state in STATE_LIMIT_SECONDS)
    rules = Rules({("default", "billing", "voice"): QueueRules(state_limits_ms=limits)})
    unit, anna = Unit(rules=rules), key_of(AGENT, "default", "", "anna")
    about: dict[str, Any] = {"agent_id": "anna", "queues": ["billing"], "state": "available"}
    for number, at in enumerate((0, 10 * MINUTE, 20 * MINUTE)):
        handling = {} if number == 1 else {"voice": 1}
        unit.add(anna, fact("agent.state", at, number, **about, handling=handling), at)
        unit.turn(at)
    for now in range(21 * MINUTE, 52 * MINUTE, MINUTE):
        unit.turn(now)
    due = START + 50 * MINUTE
    stuck = {(q, at): n for (q, at, counter), n in unit.booked().items() if counter == CALLS}
    assert stuck["billing", due - due % unit.ledger.width] == 1
