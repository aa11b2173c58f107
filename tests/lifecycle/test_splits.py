"""Numbers of values that no closed list has: whose they are, and how many a unit keeps apart."""

from typing import get_args

from streams.contract.words import ALL, OTHER, SplitBy
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import Rules
from streams.lifecycle.splits import (
    BLOCK,
    MOST_KNOWN,
    SPLIT_BASE,
    block_of,
    by_of,
    number_of,
)

AT = 1_700_000_000_000


def test_a_number_tells_its_block_and_what_the_block_tells_apart() -> None:
    """So a value that was stored is known again without its name; no other counter is in a way."""
    found = set()
    for by in get_args(SplitBy):
        for value in ("EUR", "refund", OTHER):
            first = number_of(by, value)
            assert first >= SPLIT_BASE > c.LOCAL + 1_000
            assert {block_of(first + place) for place in range(BLOCK)} == {first}
            assert {by_of(first + place) for place in range(BLOCK)} == {by}
            found.add(first)
    assert len(found) == 9


def test_a_value_is_told_once_of_the_queue_and_once_of_all_of_them() -> None:
    """With the first booking of a process; a fold without a trace tells nothing."""
    ledger = Ledger(Rules({})).select("default", "voice")
    ledger.sign = 0
    ledger.split("billing", AT, "currency", "EUR")
    assert not ledger.told
    ledger.sign = 1
    for queue in ("billing", "support", "billing"):
        cell, first = ledger.split(queue, AT, "currency", "EUR")
        cell[first] += 1
    eur = number_of("currency", "EUR")
    assert ledger.told == [
        ("default", queue, "voice", eur, "currency", "EUR") for queue in ("billing", ALL, "support")
    ]
    assert ledger.entries["default", "billing", "voice"].panes[AT - AT % ledger.width] == {eur: 2}


def test_values_beyond_what_is_kept_apart_are_other_and_counted() -> None:
    """Of a queue and of all of them, each kind by itself; topics are bounded by the settings."""
    ledger = Ledger(Rules({})).select("default", "voice")
    other = number_of("currency", OTHER)
    for queue in ("a", "b"):
        for number in range(MOST_KNOWN):
            ledger.split(queue, AT, "currency", f"{queue}{number}")
    assert ledger.split("a", AT, "currency", "more")[1] == other
    assert ledger.split("a", AT, "currency", "a7")[1] == number_of("currency", "a7")
    assert ledger.split("a", AT, "instrument", "0 5 1 x")[1] != other
    for number in range(2 * MOST_KNOWN):
        assert ledger.split("a", AT, "topic", f"t{number}")[1] == number_of("topic", f"t{number}")
    assert ("default", "a", "voice", other, "currency", OTHER) in ledger.told
    assert ("default", ALL, "voice", other, "currency", OTHER) in ledger.told
    assert ledger.over_limit["values"] == MOST_KNOWN + 1
    # What a queue keeps apart and `_all` does not is in `_all`'s other, at the same place.
    into = ledger.entry(ALL).panes[0]
    one, two = number_of("currency", "a7"), number_of("currency", "b7")
    known = ledger.entry(ALL).known
    ledger.add_to_all(into, {one + 1: 5, two + 1: 7, c.OFFERED: 1}, known)
    assert into == {one + 1: 5, other + 1: 7, c.OFFERED: 1}
