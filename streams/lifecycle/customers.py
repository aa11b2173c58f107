"""Layer 2: all customers of one unit, packed between transactions.

In: items that contacts and tickets told, of this unit and others; the unit's time. Out: bookings in
the ledger, and the changelog's writes. Invariant after `advance`: what falls due before `now` has
been booked. What an item changes in a pane that is final already is dated at the first that is not,
and counted; the rest of what it changes there is left. Cost: some ten microseconds an item; of one
that nothing is told of, about 150 bytes and a look a month.

A customer is known by his tenant's number in this process and the beginning of his hash.
"""

from collections import defaultdict
from heapq import heappop, heappush
from typing import Final

import msgspec

from streams.contract.words import DAY_MS, HOUR_MS
from streams.lifecycle import counters as c
from streams.lifecycle import topics
from streams.lifecycle.changelog import CUSTOMER, Write, key_of
from streams.lifecycle.comings import CAME, ENDED, LEFT, REOPENED, Item
from streams.lifecycle.customer import Booking, Customer, change
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.splits import TOPIC_FCR_DECIDED, TOPIC_FCR_RESOLVED

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Customer).decode
#: What is counted by topic too.
_BY_TOPIC = {c.FCR_DECIDED: TOPIC_FCR_DECIDED, c.FCR_RESOLVED: TOPIC_FCR_RESOLVED}
#: Items that book nothing at their own time.
_DATED_LATER: Final = frozenset({ENDED, REOPENED, LEFT})


class Customers:
    """The customers of one unit. Times in ms."""

    def __init__(self, ledger: Ledger) -> None:
        self.now = -1
        self._ledger = ledger
        self._lateness = ledger.rules.horizon_ms + ledger.rules.grace_ms
        self._packed: dict[bytes, bytes] = {}
        self._at_hand: dict[bytes, Customer] = {}
        self._tenants: dict[str, int] = {}
        self._names: list[str] = []
        # When to look at whom: by the hour, and within the next one by the millisecond. One may be
        # listed twice, or too early: then the look finds nothing due.
        self._hours: defaultdict[int, list[bytes]] = defaultdict(list)
        self._soon: list[tuple[int, bytes]] = []
        self._unlisted: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._packed)

    def take(self, tenant: str, ref: bytes, item: Item, times: int, since: int) -> None:
        """An item is told (1) or taken back (-1); nothing is booked before `since` (ms)."""
        customer = self._of(self._key(tenant, ref))
        if times > 0 and _dated(item) < since:
            self._ledger.anomaly("customer_late")
            if item.kind not in _DATED_LATER:
                at = item.at if item.kind == CAME else since
                item = item._replace(known=since, at=at)
        at = max(since, item.known)
        moves = times < 0 or not customer.is_unmoved_by(item, self.now)
        before = customer.bookings(at, self.now) if moves else []
        if times > 0:
            customer.take(item)
        elif not customer.take_back(item):
            self._ledger.anomaly("customer_late")
            return
        after = customer.bookings(at, self.now) if moves else []
        if before != after:
            self._book(tenant, before, after)
        for _ in range(customer.trim()):
            self._ledger.anomaly("customer_trimmed")

    def _book(self, tenant: str, before: list[Booking], after: list[Booking]) -> None:
        for booking, times in change(before, after).items():
            if times:
                book(tenant, booking, times, self._ledger)

    def advance(self, now: int, since: int) -> None:
        """Book what falls due before `now`, nothing before `since` (ms)."""
        before, self.now = self.now, max(self.now, now)
        for hour in sorted(hour for hour in self._hours if hour * HOUR_MS < now):
            for key in dict.fromkeys(self._hours.pop(hour)):
                if key in self._packed:
                    look = self._of(key).next_look(before, self._lateness)
                    heappush(self._soon, (look, key))
        while self._soon and self._soon[0][0] < now:
            _, key = heappop(self._soon)
            if key in self._packed:
                self._unlisted.add(key)
                self._of(key)
        for key, customer in self._at_hand.items():
            if customer.next_look(before, self._lateness) >= self.now:
                continue
            due = customer.bookings(max(since, before), before)
            fallen = customer.bookings(max(since, before), self.now)
            if fallen != due:
                self._book(self._tenant_of(key), due, fallen)

    def collect(self, since: int) -> list[Write]:
        """Pack all that is at hand; return the changelog's writes.

        What matters no more to anything from `since` (ms) on is forgotten.
        """
        writes: list[Write] = []
        most = self._ledger.rules.max_customers
        for key, customer in self._at_hand.items():
            packed = self._packed.get(key)
            if customer.is_worth_a_look(since):
                customer.forget(since)
            if customer.is_empty():
                if packed is not None:
                    del self._packed[key]
                    writes.append((self._stored_under(key), None))
            elif packed is None and len(self._packed) >= most:
                self._ledger.anomaly("customers_full")
            else:
                encoded = _ENCODE(customer)
                self._list(customer.next_look(self.now, self._lateness), key, packed)
                if encoded != packed:
                    self._packed[key] = encoded
                    writes.append((self._stored_under(key), encoded))
        self._at_hand, self._unlisted = {}, set()
        return writes

    def _list(self, look: int, key: bytes, packed: bytes | None) -> None:
        """See to it that the customer is looked at; one that is listed for then already is not."""
        if look < (self.now // HOUR_MS + 1) * HOUR_MS:
            heappush(self._soon, (look, key))
        elif packed is None or key in self._unlisted or look // HOUR_MS != self._listed_for(packed):
            self._hours[look // HOUR_MS].append(key)

    def _listed_for(self, packed: bytes) -> int:
        return _DECODE(packed).next_look(self.now, self._lateness) // HOUR_MS

    def restore(self, tenant: str, ref: str, value: bytes) -> None:
        """One changelog record."""
        self._packed[self._key(tenant, bytes.fromhex(ref))] = value

    def restored(self, now: int) -> None:
        """Every record was given; the unit's time is `now` (ms)."""
        self.now = now
        for key, packed in self._packed.items():
            self._list(_DECODE(packed).next_look(now, self._lateness), key, None)

    def _key(self, tenant: str, ref: bytes) -> bytes:
        number = self._tenants.get(tenant)
        if number is None:
            number = self._tenants[tenant] = len(self._names)
            self._names.append(tenant)
        return bytes((number & 255, number >> 8)) + ref

    def _tenant_of(self, key: bytes) -> str:
        return self._names[key[0] | key[1] << 8]

    def _stored_under(self, key: bytes) -> bytes:
        return key_of(CUSTOMER, self._tenant_of(key), key[2:].hex()).encode()

    def _of(self, key: bytes) -> Customer:
        """The customer, at hand."""
        customer = self._at_hand.get(key)
        if customer is None:
            packed = self._packed.get(key)
            customer = self._at_hand[key] = Customer() if packed is None else _DECODE(packed)
        return customer


def book(tenant: str, booking: Booking, times: int, ledger: Ledger) -> None:
    """Count it so many times; below 0, take it back."""
    at, channel, queue, counter, topic = booking
    ledger.select(tenant, channel).cell(queue, at)[counter] += times
    if counter in _BY_TOPIC:
        topics.book(topic, queue, at, _BY_TOPIC[counter], ledger, times)


def _dated(item: Item) -> int:
    """When an item can change a booking first, ms."""
    return item.at + item.days * DAY_MS if item.kind == ENDED else item.known
