"""What units tell each other of customers: each item to one unit, in batches that fit."""

from collections import Counter, defaultdict
from typing import Any

import pytest

from streams.lifecycle.comings import CAME, Item
from streams.windows import customer_batches
from streams.windows.customer_batches import (
    CustomerBatch,
    decode_customers,
    encode_customers,
    partition_of_customer,
    shares,
)


def items(number: int) -> Any:
    """As many customers, each with an entry that is taken back and another."""
    told: Any = defaultdict(Counter)
    for n in range(number):
        entry = Item(CAME, "voice", f"c{n}", n, n, n, 0, "billing", None, 7)
        told["default", n.to_bytes(12, "big")] += Counter({entry._replace(at=n + 1): 1})
        told["default", n.to_bytes(12, "big")][entry] -= 1
    return told


def test_each_customer_is_one_units_and_what_is_taken_back_comes_first() -> None:
    """All that is told of one goes to one; an item told and taken back is not sent."""
    told = items(100)
    told["default", (0).to_bytes(12, "big")][Item(CAME, "chat", "x", 0, 0, 0)] = 0
    found = shares(told, 4)
    assert all(found)
    assert sum(map(len, found)) == 200
    for number, share in enumerate(found):
        assert {partition_of_customer(one[0], one[1], 4) for one in share} == {number}
        assert [one[3] for one in share] == [-1, 1] * (len(share) // 2)


def test_a_long_batch_is_cut_and_its_last_part_alone_has_come_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has read a part only does not take the turn for read."""
    (told,) = shares(items(200), 1)
    before, after = CustomerBatch(1, 2, 10, []), CustomerBatch(1, 2, 20, [])
    monkeypatch.setattr(customer_batches, "BATCH_BYTES", 5_000)
    parts = encode_customers(told, before, after)
    assert len(parts) > 5
    assert all(len(part) <= 5_000 for part in parts)
    read = [decode_customers(part) for part in parts]
    assert [batch.now for batch in read] == [10] * (len(parts) - 1) + [20]
    assert [one for batch in read for one in batch.told] == told
