"""One entity: whatever the order its facts come in, it holds what their fold in order gives."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lifecycle import counters as c
from streams.lifecycle import entity
from streams.lifecycle.entity import Entity
from streams.lifecycle.event_facts import FACTS, OF_REQUESTS, callback_fact
from streams.lifecycle.facts import in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import AGENT, CALLBACK, CONTACT, TICKET
from streams.lifecycle.rules import NEVER, Rules
from streams.wire.decode import decode
from tests.lifecycle.lives import FAR, HOUR, START, fact, facts, ledger
from tests.strategies import encoded, histories

CALL = (("enqueued", 0), ("answered", 30_000, {"agent_id": "anna"}), ("ended", 90_000))


class One:
    """An entity at hand, with the book it writes in."""

    def __init__(self, life: Any = CONTACT, channel: str = "voice") -> None:
        self.life = life
        self.ledger = ledger(None, channel).select("default", channel)
        self.kept: Any = Entity(None, life.blank(), [], -1)
        self.ids: set[str] = set()

    def add(self, told: Any, limit: int = -1) -> str:
        """Take a fact while the unit's now is `limit` (ms since START; -1: it has none)."""
        now = START + limit if limit >= 0 else -1
        return entity.add(self.life, self.kept, told, now, self.ledger, self.ids)

    def fire_until(self, now: int) -> None:
        """Time passes."""
        entity.fire_until(self.life, self.kept, START + now, self.ledger)

    def total(self, counter: int) -> dict[int, int]:
        """Contributions of a counter by ms since START."""
        panes = self.ledger.entry("billing").panes.items()
        return {at - START: n for at, cell in sorted(panes) if (n := cell[counter])}


def booked(ledger: Ledger) -> dict[tuple[str, int, int], int]:
    """Everything that is not zero."""
    return {
        (f"{entry.queue}/{entry.channel}", at, counter): n
        for entry in ledger.entries.values()
        for at, cell in entry.panes.items()
        for counter, n in cell.items()
        if n
    }


def entities(history: list[dict[str, Any]]) -> list[tuple[Any, str, list[Any]]]:
    """(lifecycle, channel, facts) of each entity of a history."""
    found: dict[tuple[str, ...], tuple[Any, str, list[Any]]] = {}
    life: Any
    for raw in encoded(history):
        event: Any = decode(raw)
        make = FACTS.get(type(event))
        if make is None or (event.TYPE == "followup.completed" and event.channel == "ticket"):
            continue
        key: tuple[str, ...]
        request = ("b", event.tenant, event.contact_id)
        if event.TYPE == "contact.flowed_out":
            of_request = found.setdefault(request, (CALLBACK, "", []))
            of_request[2].append(callback_fact(event))
        if type(event) in OF_REQUESTS:
            key, life, channel = request, CALLBACK, ""
        elif event.TYPE.startswith("agent."):
            key, life, channel = ("a", event.tenant, event.agent_id), AGENT, ""
        else:
            key, channel = (event.channel, event.tenant, event.contact_id), event.channel
            life = TICKET if channel == "ticket" else CONTACT
        found.setdefault(key, (life, channel, []))[2].append(make(event))
    return list(found.values())


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_ticks_give_the_fold(
    history: list[dict[str, Any]], chance: Random
) -> None:
    """Steps and refolds at any times book exactly what one fold of everything books."""
    for life, channel, told in entities(history):
        last = max(each.at for each in told)
        ordered, _, _ = in_order(told)
        wanted = Ledger(Rules({}), 1)
        state = entity.fold(life, ordered, last, wanted.select("default", channel))

        ledger = Ledger(Rules({}), 1)
        kept: Any = Entity(None, life.blank(), [], -1)
        ids: set[str] = set()
        arrivals = [*told, *chance.choices(told, k=2)]
        chance.shuffle(arrivals)
        now = min(each.at for each in told)
        for each in arrivals:
            entity.add(life, kept, each, now, ledger.select("default", channel), ids)
            now = max(now, min(last, now + chance.choice((0, 1, 20_000, HOUR))))
            if chance.random() < 0.5:
                entity.fire_until(life, kept, now, ledger.select("default", channel))
        entity.fire_until(life, kept, last, ledger.select("default", channel))
        assert booked(ledger) == booked(wanted)
        assert +ledger.anomalies == +wanted.anomalies
        assert kept.state == state


def test_deadlines_wait_for_the_units_now() -> None:
    """An event alone moves no time: what is implied before it may still be contradicted."""
    one = One()
    told = facts(CALL)
    one.add(told[0])
    one.add(told[2])
    assert one.total(c.THRESHOLD_DECIDED) == {}
    one.add(told[1])
    one.fire_until(20_000)
    assert one.total(c.THRESHOLD_DECIDED) == {}
    one.fire_until(20_001)
    assert one.total(c.THRESHOLD_DECIDED) == {20_000: 1}


def test_a_deadline_that_an_event_comes_before_is_taken_back() -> None:
    """The answer was in time after all: the miss and its levels vanish without a trace."""
    one = One()
    one.add(fact("enqueued", 0))
    one.fire_until(25_000)
    assert one.total(c.OVER_THRESHOLD) == {20_000: 1}
    assert one.add(fact("answered", 19_000, 1), 25_000) == "ok"
    assert one.total(c.OVER_THRESHOLD) == {}
    assert one.total(c.THRESHOLD_DECIDED) == one.total(c.ANSWERED_IN_THRESHOLD) == {19_000: 1}


def test_the_same_event_again_does_nothing() -> None:
    """By (source, event_id) within the entity; another source's id is another event."""
    one = One()
    assert one.add(fact("enqueued", 0)) == "ok"
    assert one.add(fact("enqueued", 0)) == "duplicate"
    assert one.add(fact("blocked", 0, reason="full", source="ivr")) == "ok"
    assert one.total(c.OFFERED) == {0: 1}


@pytest.mark.parametrize("order", [1, -1])
def test_of_repeats_with_other_content_the_least_counts(order: int) -> None:
    """Whichever comes first: the earlier time, and the conflict is counted."""
    one = One()
    told = [fact("enqueued", 5_000), fact("enqueued", 4_000)][::order]
    assert [one.add(each) for each in told] == ["ok", "conflict"]
    assert one.total(c.OFFERED) == {4_000: 1}


@pytest.mark.parametrize("order", [1, -1])
def test_the_highest_revision_counts_whichever_comes_first(order: int) -> None:
    """Though its time is later, and even its type another."""
    one = One()
    told = [
        fact("answered", 9_000, 1, event_id="x", revision=7),
        fact("abandoned", 8_000, 1, event_id="x", revision=6),
        fact("abandoned", 5_000, 1, event_id="x"),
    ][::order]
    one.add(fact("enqueued", 0))
    assert [one.add(each) for each in told] == ["ok", "revision", "revision"]
    assert one.total(c.ANSWERED) == {9_000: 1}
    assert one.total(c.ABANDONED) == {}


@pytest.mark.parametrize(
    ("least", "other"),
    [
        ({}, {"seq": 1}),
        ({"queue": "billing"}, {"queue": "sales"}),
        ({}, {"agent_id": "anna"}),
        ({"agent_id": "anna"}, {"agent_id": "ben"}),
        ({"reason": "closed"}, {"reason": "overflow"}),
        ({"direction": "inbound"}, {"direction": "outbound"}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_repeats_of_one_time_are_compared_field_by_field(
    least: dict[str, Any], other: dict[str, Any], order: int
) -> None:
    """By `seq`, queue, agent, detail and direction: never by which of the two came first."""
    one = One()
    reason = {"reason": "overflow"}
    told = [fact("flowed_out", 0, **(reason | fields)) for fields in (least, other)]
    assert [one.add(each) for each in told[::order]] == ["ok", "conflict"]
    assert one.kept.tail == [told[0]]
    assert in_order(told[::order]) == ([told[0]], 0, 1)


def test_a_base_forgets_ids_and_keeps_every_number() -> None:
    """What is older than `closed_before` is final; the fold after it goes on as before."""
    one = One()
    for told in facts(CALL)[:2]:
        one.add(told)
    one.fire_until(40_000)
    before = booked(one.ledger)
    entity.rebase(CONTACT, one.kept, START + 35_000, one.ledger)
    assert one.kept.tail == []
    assert booked(one.ledger) == before
    one.add(fact("ended", 90_000, 2), 40_000)
    assert one.total(c.TALK) == {90_000: 60_000}


def test_a_packed_tail_is_put_back_as_it_was() -> None:
    """Packing and unpacking change neither the fold nor what is booked."""
    one = One(TICKET, "ticket")
    one.add(fact("opened", 0, channel="ticket"))
    for number in range(1, 100):
        one.add(fact("assigned", number, number, "ticket", agent_id="anna"))
    state, tail, numbers = one.kept.state, one.kept.tail.copy(), booked(one.ledger)
    chunk = entity.pack(TICKET, one.kept, one.ledger)
    assert chunk is not None
    assert len(one.kept.tail) == entity.PACK_LEAVES
    assert (one.kept.state, one.kept.chunks) == (state, 1)
    entity.unpack(one.kept, chunk)
    assert (one.kept.tail, one.kept.base, one.kept.chunks) == (tail, None, 0)
    assert booked(one.ledger) == numbers


def test_packing_never_parts_an_instant() -> None:
    """What shares its time stays together, on the tail's side; one single instant is not packed."""
    one = One(TICKET, "ticket")
    one.add(fact("opened", 0, channel="ticket"))
    for number in range(1, 90):
        at = min(60, number)
        one.add(fact("assigned", at, number, "ticket", agent_id="anna"))
    chunk = entity.pack(TICKET, one.kept, one.ledger)
    assert chunk is not None
    assert [told.at - START for told in chunk.facts] == list(range(60))
    assert {told.at - START for told in one.kept.tail} == {60}
    at_once = One(TICKET, "ticket")
    for number in range(60):
        at_once.add(fact("assigned", 0, number, "ticket", agent_id="anna"))
    assert entity.pack(TICKET, at_once.kept, at_once.ledger) is None


@given(histories())
def test_what_hangs_together_is_never_parted(history: list[dict[str, Any]]) -> None:
    """Wherever it is cut: as found by a fold of everything, and mostly without one."""
    for life, channel, told in entities(history):
        ordered, _, _ = in_order(told)
        one = One(life, channel)
        one.kept.tail = ordered
        spans: list[tuple[int, int]] = []
        entity._moved_up(life, None, ordered, NEVER, -1, one.ledger, spans)
        for before in {each.at + later for each in ordered for later in (0, 1)}:
            wanted = before
            for start, end in sorted(spans, reverse=True):
                if start < wanted <= end:
                    wanted = start
            assert entity._cut(life, one.kept, before, one.ledger) == wanted


def test_a_short_tail_is_not_packed() -> None:
    """There is nothing to win."""
    one = One()
    one.add(fact("enqueued", 0))
    one.fire_until(FAR)
    assert entity.pack(CONTACT, one.kept, one.ledger) is None


@pytest.mark.parametrize(
    ("least", "other"),
    [
        ({"state": "available"}, {"state": "break"}),
        ({"queues": ["billing"]}, {"queues": ["sales"]}),
        ({"since": START - 60_000}, {"since": START - 30_000}),
        ({}, {"since": START - 30_000}),
        ({"reason": "a"}, {"reason": "b"}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_repeats_of_a_snapshot_are_compared_field_by_field(
    least: dict[str, Any], other: dict[str, Any], order: int
) -> None:
    """As those of a contact's events: never by which of the two came first."""
    whole = {"agent_id": "anna", "state": "break", "queues": ["billing"]}
    told = [fact("agent.state", 0, **(whole | fields)) for fields in (least, other)]
    assert in_order(told[::order]) == ([told[0]], 0, 1)
