"""Values that figures are told apart by, from a booking to a record; names and sums together."""

from typing import Any

import msgspec

from streams.contract.words import ALL, MOST_VALUES, OTHER
from streams.kpis.replay import Replay
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.splits import CURRENCY_AMOUNT, CURRENCY_SALES, MOST_KNOWN
from streams.settings import Settings
from streams.windows.batches import batches
from streams.windows.cells import CellBatch, NameUpdate, decode_batch
from tests.laws.pipeline import Pipeline, published

START = 1_700_000_100_000
#: (ms after START, queue, currency, thousandths)
SOLD = [
    (0, "billing", "EUR", 5_000),
    (1, "billing", "USD", 250),
    (20_000, "support", "EUR", 1),
    (900_000, "billing", "EUR", 2_000),
]


def book(ledger: Ledger, at: int, queue: str, currency: str, amount: int) -> None:
    """One sale, as an effect books it."""
    cell, first = ledger.select("default", "voice").split(queue, START + at, "currency", currency)
    cell[first + CURRENCY_SALES] += 1
    cell[first + CURRENCY_AMOUNT] += amount


def amounts(record: dict[str, Any], window: str) -> dict[str, tuple[int, float]]:
    """By currency: how many sales, and what they amount to."""
    sales = record["windows"][window]["sales"]
    return {row["currency"]: (row["n"], row["closed"]) for row in sales["amounts"]}


def live(bookings: list[tuple[int, str, str, int]], restart: bool = False) -> dict[str, Any]:
    """What both stages make of them; `restart`: with all units loaded again after each."""
    pipeline = Pipeline(Settings(), 1)
    for at, queue, currency, amount in bookings:
        book(pipeline.intakes[0].ledger, at, queue, currency, amount)
        pipeline.turn(START + at + 10_000)
        if restart:
            pipeline.restart()
    pipeline.turn(START + 960_000)
    records = pipeline.kpis()
    return {queue: amounts(records["default", queue, "voice"], "today") for queue in
            (ALL, "billing", "support")}  # fmt: skip


def test_a_record_says_what_was_booked_by_value_live_and_replayed() -> None:
    """A queue its own, `_all` the sums of its queues."""
    replay = Replay(Settings())
    for at, queue, currency, amount in SOLD:
        book(replay.ledger, at, queue, currency, amount)
    replayed = {record.queue: amounts(published(record), "all") for record in replay.records()}
    assert replayed == live(SOLD)
    assert replayed == {
        ALL: {"EUR": (3, 7.001), "USD": (1, 0.25)},
        "billing": {"EUR": (2, 7.0), "USD": (1, 0.25)},
        "support": {"EUR": (1, 0.001)},
    }


def test_names_outlive_a_restart_of_either_stage() -> None:
    """They stand in the state of the queues' stage, and are told again by a new intake."""
    assert live(SOLD, restart=True) == live(SOLD)


def test_a_value_that_is_stored_is_not_other_after_a_restart() -> None:
    """A unit that is full takes back what it booked from the value that it booked it under."""
    pipeline = Pipeline(Settings(), 1)
    for number in range(MOST_KNOWN):
        book(pipeline.intakes[0].ledger, 0, "billing", f"a{number}", 1_000)
    book(pipeline.intakes[0].ledger, 0, "billing", "b", 1_000)
    pipeline.turn(START + 10_000)
    pipeline.restart()
    ledger = pipeline.intakes[0].ledger.select("default", "voice")
    ledger.sign = -1
    for currency in ("b", "a7"):
        cell, first = ledger.split("billing", START, "currency", currency)
        cell[first + CURRENCY_SALES] -= 1
        cell[first + CURRENCY_AMOUNT] -= 1_000
    pipeline.turn(START + 20_000)
    panes = pipeline.intakes[0].cells.by_queue["default", "billing", "voice"]
    assert sorted(n for pane in panes.values() for n in pane.values() if n) == sorted(
        [1, 1_000] * (MOST_KNOWN - 1)
    )


def test_a_record_shows_the_first_values_by_name_and_the_rest_as_other() -> None:
    """Which those are does not depend on what came first; amounts of several have no sum."""
    codes = [f"{letter}AA" for letter in "KBDCEFGHIJ"]
    found = live([(0, queue, code, 1_000) for code in codes for queue in ("billing", "support")])
    shown = sorted(codes)[: MOST_VALUES["currency"]]
    assert found["billing"] == {**dict.fromkeys(shown, (1, 1.0)), OTHER: (2, None)}
    assert found[ALL] == {**dict.fromkeys(shown, (2, 2.0)), OTHER: (4, None)}


def test_names_come_no_later_than_their_cells_and_old_batches_have_none() -> None:
    """A reader of the parts one at a time knows each number it reads."""
    progress = CellBatch(0, 1, 5, 0, None, False, [], [])
    names = [
        NameUpdate("default", f"q{n}", "voice", 64 * n, "currency", "x" * 250_000)
        for n in range(20)
    ]
    parts = [decode_batch(data) for _, data in batches([], [], names, progress, progress)]
    assert len(parts) > 1
    assert [name for part in parts for name in part.names] == names
    before = msgspec.msgpack.encode([0, 1, 5, 0, None, False, [], []])
    assert decode_batch(before) == progress
