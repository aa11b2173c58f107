"""One customer: what is booked of what his contacts told, how he is kept and forgotten."""

import itertools
import random
import sys
from collections import Counter
from typing import Any

import msgspec
import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.comings import (
    ANSWERED,
    CAME,
    CONTAINED,
    ENDED,
    FAILED,
    LEFT,
    REOPENED,
    Item,
)
from streams.lifecycle.customer import MOST_COMINGS, Customer
from streams.lifecycle.customers import Customers
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import NEVER, Rules
from tests.lifecycle.lives import DAY, HOUR, MINUTE, START, contact

REF = bytes(range(12))
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Customer).decode


def item(kind: int, at: int, start: int = 0, contact: str = "c1", **more: Any) -> Item:
    """Told at once, of billing; times in ms since the start."""
    known = more.pop("known", at)
    days = 7 if kind in (CAME, ENDED) else 0
    place = (kind, "voice", contact, START + start, START + at, START + known)
    told: dict[str, Any] = {"queue": "billing", "days": days} | more
    return Item(*place, **told)


def coming(contact: str, at: int, minutes: int = 5) -> list[Item]:
    """A call that is answered and ends."""
    end = at + minutes * MINUTE
    return [
        item(CAME, at, at, contact),
        item(ANSWERED, at + 1, at, contact),
        item(ENDED, end, at, contact, order=1),
    ]


def booked(items: list[Item], now: int = 400 * DAY, since: int = 0) -> dict[tuple[int, int], int]:
    """{(counter, ms since the start): times}."""
    customer = Customer()
    for one in items:
        customer.take(one)
    found: dict[tuple[int, int], int] = {}
    for at, _, _, counter, _ in customer.bookings(START + since, START + now):
        found[counter, at - START] = found.get((counter, at - START), 0) + 1
    return found


def test_an_end_and_what_comes_within_its_days() -> None:
    """Exactly `repeat_days` after the end is within, and so is the end's next millisecond."""
    first, end = coming("c1", 0), 5 * MINUTE
    for gap, again in ((1, True), (7 * DAY, True), (7 * DAY + 1, False)):
        found = booked([*first, item(CAME, end + gap, end + gap, "c2")])
        assert ((c.REPEAT_CONTACTS, end + gap) in found) == again
        assert ((c.FCR_RESOLVED, end + 7 * DAY) in found) != again
    assert (c.FCR_RESOLVED, end + 7 * DAY) in booked([*first, item(CAME, end, end, "c2")])


def test_topics_that_are_told_and_differ_part_two_matters() -> None:
    """One that is not told is like any."""
    for one, other, same in (("a", "b", False), ("a", "a", True), ("a", None, True)):
        ended = item(ENDED, MINUTE, topic=one)
        came = item(CAME, HOUR, HOUR, "c2", topic=other)
        found = booked([item(CAME, 0), ended, came])
        assert ((c.REPEAT_CONTACTS, HOUR) in found) == same
        assert ((c.FCR_RESOLVED, MINUTE + 7 * DAY) in found) != same
        assert (c.RETURNING_CONTACTS, HOUR) in found


def test_a_ticket_that_was_reopened_was_not_resolved_at_once() -> None:
    """Within its days; and the last end decides where there are several."""
    end = item(ENDED, MINUTE)
    assert (c.FCR_RESOLVED, MINUTE + 7 * DAY) not in booked([end, item(REOPENED, 3 * DAY)])
    assert (c.FCR_RESOLVED, MINUTE + 7 * DAY) in booked([end, item(REOPENED, 8 * DAY)])
    moved = booked([end, item(ENDED, HOUR, order=1)])
    assert set(moved) == {(counter, HOUR + 7 * DAY) for counter in (c.FCR_DECIDED, c.FCR_RESOLVED)}


def test_the_second_failure_counts_and_then_none_for_a_week() -> None:
    """Failures a day apart: the second, and the first that is more than 7 days after it."""
    failures = [item(FAILED, day * DAY) for day in range(12)]
    assert set(booked(failures)) == {(c.FAILED_AGAIN, DAY), (c.FAILED_AGAIN, 9 * DAY)}
    apart = [item(FAILED, 0), item(FAILED, 7 * DAY + 1)]
    assert booked(apart) == {}


def test_what_is_forgotten_leaves_the_chain_of_failures_as_it_was() -> None:
    """When one was counted last is remembered."""
    customer, found = Customer(), set()
    for day in range(30):
        now = START + day * DAY
        customer.take(item(FAILED, day * DAY))
        found |= {at - START for at, *_ in customer.bookings(now, NEVER)}
        customer.forget(now)
    assert found == {DAY, 9 * DAY, 17 * DAY, 25 * DAY}
    assert len(customer.failures) <= 8


def test_who_reaches_a_person_within_a_day_was_not_contained() -> None:
    """The first answer after the bot, once a bot's conversation, at that answer."""
    bots = [item(CONTAINED, 0, -1, order=0), item(CONTAINED, MINUTE, -1, order=1)]
    answers = [item(ANSWERED, at, 0) for at in (HOUR, 2 * HOUR)]
    assert booked([*bots, *answers]) == {(c.BOT_CONTAINED_RETURNED, HOUR): 2}
    assert booked([*bots, item(ANSWERED, 24 * HOUR + MINUTE + 1)]) == {}


@pytest.mark.parametrize("seed", range(20))
def test_order_and_taking_back_leave_no_trace(seed: int) -> None:
    """Items in any order, some told and taken back, packed on the way: the same bookings."""
    chance = random.Random(seed)
    items = list(itertools.chain(*(coming(f"c{n}", n * 3 * DAY) for n in range(6))))
    items += [item(FAILED, chance.randrange(20) * DAY, -1, order=n) for n in range(4)]
    expected = booked(items)
    wrong = [one._replace(at=one.at + HOUR, order=9) for one in chance.sample(items, 6)]
    todo = [(one, True) for one in items + wrong]
    chance.shuffle(todo)
    customer = Customer()
    for one, _ in todo:
        customer.take(one)
        customer = _decode(_encode(customer))
        if chance.random() < 0.3 and one in wrong:
            assert customer.take_back(one)
            customer.take(one)
    # An entry told anew replaces the one before: take those back first, and tell the right ones.
    for one in wrong:
        customer.take_back(one)
    for one in items:
        if one.kind == CAME:
            customer.take(one)
    found = Counter(customer.bookings(START, START + 400 * DAY))
    assert {(counter, at - START): n for (at, _, _, counter, _), n in found.items()} == expected


def test_a_customer_of_one_coming_takes_150_bytes() -> None:
    """Key and value as they are kept, with an id of 20 characters; the dict's slot not counted."""
    ledger = Ledger(Rules({}))
    customers = Customers(ledger)
    for one in coming("voice-1a2b3c4d-12345", 0):
        customers.take("default", REF, one, 1, 0)
    customers.advance(START + HOUR, START)
    customers.collect(START)
    ((key, value),) = customers._packed.items()
    assert sys.getsizeof(key) + sys.getsizeof(value) <= 150


def test_a_stored_customer_goes_on_where_he_was() -> None:
    """His deadline is booked after a load, once, at its time."""
    ledger = Ledger(Rules({}), 1)
    before = Customers(ledger)
    for one in coming("c1", 0):
        before.take("north", REF, one, 1, 0)
    before.advance(START + HOUR, START)
    writes = before.collect(START)
    after = Customers(ledger)
    for key, value in writes:
        _, tenant, ref = key.decode().split("\0")
        assert value is not None
        after.restore(tenant, ref, value)
    after.restored(START + HOUR)
    final = START + 5 * MINUTE + 7 * DAY
    after.advance(final, START)
    panes = ledger.select("north", "voice").entry("billing").panes
    assert not any(cell.get(c.FCR_DECIDED) for cell in panes.values())
    after.collect(START)
    after.advance(final + 1, START)
    after.collect(START)
    after.advance(final + DAY, START)
    decided = {at: cell[c.FCR_DECIDED] for at, cell in panes.items() if cell.get(c.FCR_DECIDED)}
    assert decided == {final: 1}


def test_what_is_told_when_its_time_is_final_is_dated_later_and_counted() -> None:
    """Only a unit that is behind by hours does so."""
    ledger = Ledger(Rules({}), 1)
    customers = Customers(ledger)
    since = START + 9 * HOUR
    customers.take("default", REF, item(CAME, 0), 1, since)
    panes = ledger.select("default", "voice").entry("billing").panes
    assert {at for at, cell in panes.items() if cell[c.CONTACTS_WITH_REF]} == {since}
    assert ledger.anomalies == {"customer_late": 1}


@pytest.mark.parametrize(("answered", "failed"), [(25_000, []), (25_001, [20_000])])
def test_who_flowed_out_and_is_answered_within_grace_was_not_failed(
    answered: int, failed: list[int]
) -> None:
    """Grace is 5 s; what was told to the customer is taken back."""
    life = contact(
        ("enqueued", 0, {"customer_ref": "ab" * 32}),
        ("flowed_out", 20_000, {"reason": "no_agents"}),
        ("enqueued", 20_000, {"queue": "support", "reason": "overflow"}),
        ("answered", answered, {"queue": "support", "agent_id": "anna"}),
    )
    (items,) = life.ledger.of_customers.values()
    told = [one.at - START for one, times in items.items() if one.kind == FAILED and times]
    assert told == failed


@pytest.mark.parametrize("kind", [CAME, ENDED, ANSWERED, REOPENED, LEFT, FAILED, CONTAINED])
def test_whatever_is_told_can_be_taken_back(kind: int) -> None:
    """Nothing is left of it then, and nothing is taken back twice."""
    customer, told = Customer(), item(kind, HOUR, -1 if kind in (FAILED, CONTAINED) else 0)
    customer.take(told)
    assert not customer.is_empty()
    assert customer.take_back(told)
    assert customer.is_empty()
    assert not customer.take_back(told)


@pytest.mark.parametrize("kind", [CAME, ANSWERED, FAILED, CONTAINED])
def test_what_is_too_much_to_remember_is_counted_when_it_goes(kind: int) -> None:
    """Each once: of comings, of what was told of one, of failures, of bots' conversations."""
    customer = Customer()
    for number in range(MOST_COMINGS + 2):
        start = {CAME: number * HOUR, ANSWERED: 0}.get(kind, -1)
        customer.take(item(kind, number * HOUR, start, order=number))
    assert (customer.trim(), customer.trim()) == (2, 0)
