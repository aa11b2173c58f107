"""Layer 3: the customers of one intake unit, and what it and the other units tell of them.

In: what the unit's contacts and tickets told in the ledger, and the batches of other units. Out:
the customers' bookings in the ledger, the changelog's writes, and the batches for the other units
(`customer_batches.py`). Invariant: an item is taken in the turn after it was heard, and every turn
tells each other unit how far this one is. Cost: that of `lifecycle/customers.py`. Times in ms.
"""

from streams.lifecycle.changelog import HEARD, Write, key_of
from streams.lifecycle.customers import Customers
from streams.lifecycle.ledger import Ledger
from streams.windows.cells import decode_values, encode_values
from streams.windows.customer_batches import CustomerBatch, Told, encode_customers, shares


class UnitCustomers:
    """The customers whose unit has this partition number."""

    def __init__(self, ledger: Ledger, partition: int, partitions: int) -> None:
        self._partition, self._partitions = partition, partitions
        self._ledger = ledger
        self._customers = Customers(ledger)
        self._told: list[Told] = []
        #: How far the other units were when they told last what they know of customers here.
        self._heard: dict[int, int] = {}
        self._has_heard = False
        #: How far this unit was when it told last.
        self._told_at = -1

    def __len__(self) -> int:
        return len(self._customers)

    def accept(self, batch: CustomerBatch) -> None:
        """Take what another unit tells of customers who are here."""
        self._told += batch.told
        known = self._heard.get(batch.source, -1)
        self._heard[batch.source] = max(known, batch.now)
        self._has_heard = True

    def advance(self, now: int, final_before: int) -> list[list[Told]]:
        """Book what this unit and others told, and what falls due before `now`.

        Nothing before `final_before`. Returned is what goes to other units, by their numbers.
        """
        told = shares(self._ledger.of_customers, self._partitions)
        self._ledger.of_customers.clear()
        here, told[self._partition], self._told = told[self._partition] + self._told, [], []
        for tenant, ref, item, times in here:
            self._customers.take(tenant, ref, item, times, final_before)
        self._customers.advance(now, final_before)
        return told

    def collect(self, final_before: int) -> list[Write]:
        """The changelog's writes of all customers that are others now."""
        return self._customers.collect(final_before)

    def collect_heard(self) -> list[Write]:
        """The changelog's write of how far other units are, where any was heard of."""
        if not self._has_heard:
            return []
        self._has_heard = False
        return [(key_of(HEARD).encode(), encode_values(self._heard))]

    def batches(self, told: list[list[Told]], now: int) -> list[tuple[int, bytes]]:
        """The batches for the other units, by their numbers; `now`: how far this one is."""
        if self._partitions == 1:
            return []
        source = self._partition, self._partitions
        before = CustomerBatch(*source, self._told_at, [])
        after = CustomerBatch(*source, now, [])
        self._told_at = now
        # Most of them say how far the unit is, and no more.
        nothing = encode_customers([], before, after)
        return [
            (number, data)
            for number, items in enumerate(told)
            if number != self._partition
            for data in (encode_customers(items, before, after) if items else nothing)
        ]

    def slowest(self) -> int:
        """How far the slowest other unit is; -1 while one was not heard of."""
        if len(self._heard) < self._partitions - 1:
            return -1
        return min(self._heard.values(), default=-1)

    # -- changelog -----------------------------------------------------------------------------

    def restore(self, tenant: str, ref: str, value: bytes) -> None:
        """One changelog record: a customer."""
        self._customers.restore(tenant, ref, value)

    def restore_heard(self, value: bytes) -> None:
        """The changelog record of how far other units are."""
        self._heard = decode_values(value)

    def restored(self, now: int) -> None:
        """Every record was given; the unit's time is `now`."""
        self._told_at = now
        self._customers.restored(now)
