"""Who comes to the simulated centre, by whatever channel, and when the centre says who it is.

In: draws of those who come. Out: customers, new ones and ones who have been here before. Most are
known as they come, some when somebody speaks to them, a few never. Invariant: who was here more
than `RETURNS_MS` ago does not come again, so that books may forget. Cost: 16 bytes for each who
came in that time.
"""

from array import array
from bisect import bisect_right
from random import Random

from streams.simulate.customer_books import DAY_MS, RETURNS_MS, CustomerBooks
from streams.simulate.kernel import Kernel

#: When it is told who a customer is: as he comes, as somebody speaks to him, never.
COMING, SPOKEN_TO, NEVER = range(3)
TOLD = ((0.86, COMING), (0.94, SPOKEN_TO), (1.0, NEVER))
FORGOTTEN_AT_ONCE = 10_000


class Customer:
    """A customer in one contact. `number`: the person's."""

    __slots__ = ("_ref", "_told", "number")

    def __init__(self, number: int, ref: str, told: int) -> None:
        self.number = number
        self._ref = ref
        self._told = told

    def ref(self, at: int) -> str | None:
        """What sources tell of him at COMING or SPOKEN_TO."""
        return self._ref if self._told == at else None


class Customers:
    """Everybody who has come lately."""

    def __init__(self, kernel: Kernel, books: CustomerBooks) -> None:
        self.books = books
        self._kernel = kernel
        self._rng = Random(f"{kernel.run} customers")
        self._when = array("q")
        self._who = array("q")

    def comes(self, number: int, share: float | None) -> Customer:
        """Somebody comes: the new customer of this number, 1 to a million, or, with `share` (0-1),
        one who came within the last days, the more likely the later."""
        now = self._kernel.now_ms
        person = self._who_came(now, share) if share is not None else None
        if person is None:
            if share is not None:  # he was here before the run began
                number = self._rng.randint(1, 1_000_000)
            person = now // DAY_MS * 1_000_000 + number
        self._when.append(now)
        self._who.append(person)
        self._forget(now)
        chance = self._rng.random()
        told = next(when for limit, when in TOLD if chance < limit)
        return Customer(person, self._kernel.customer(person), told)

    def _who_came(self, now: int, share: float) -> int | None:
        place = bisect_right(self._when, now - round(share**4 * RETURNS_MS))
        return self._who[place - 1] if place else None

    def _forget(self, now: int) -> None:
        many = FORGOTTEN_AT_ONCE
        if len(self._when) > many and self._when[many] < now - RETURNS_MS:
            del self._when[:many]
            del self._who[:many]
