"""Calls back that the simulated centre owes, and how it goes about them.

In: customers who would rather be called, on the line or on a web page. Out: what is asked for and
attempted, entries in the books, and those who were reached. Invariant: nothing is owed any more
once somebody was reached, cancelled or given up.
"""

from collections.abc import Callable

from streams.simulate.config import SOURCE_OF_CHANNEL, QueuePlan
from streams.simulate.customers import COMING, Customer
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks
from streams.simulate.visit import Promise


class CallBacks:
    """`reached` takes who is connected: his queue, the contact in which he asked, himself."""

    def __init__(
        self,
        kernel: Kernel,
        books: dict[str, QueueBooks],
        reached: Callable[[QueuePlan, str, Customer], None],
    ) -> None:
        self.kernel = kernel
        self.books = books
        self.reached = reached

    def ask(self, plan: QueuePlan, contact: str, customer: Customer) -> None:
        """Somebody asks for it without having called."""
        due_ms = self.agree()
        self.kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "callback.requested", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, due_at=due_ms, customer_ref=customer.ref(COMING),
        )  # fmt: skip
        self.promise(plan, contact, customer, due_ms)

    def agree(self) -> int | None:
        """Every third customer says when to call."""
        if not self.kernel.chance(0.3):
            return None
        return self.kernel.now_ms + round(self.kernel.rng.uniform(180, 900) * 1000)

    def promise(
        self, plan: QueuePlan, contact: str, customer: Customer, due_ms: int | None
    ) -> None:
        """He is owed a call, perhaps at a time agreed (ms)."""
        kernel = self.kernel
        promise = Promise(plan, contact, customer, kernel.now_ms, due_ms)
        self.books[plan.name].asked_back(promise.contact, kernel.now_ms, due_ms)
        self._call_later(promise)

    def _call_later(self, promise: Promise) -> None:
        self.kernel.after(self.kernel.rng.uniform(120, 600), self._call_back, promise)

    def _call_back(self, promise: Promise) -> None:
        kernel, plan, contact = self.kernel, promise.plan, promise.contact
        outcome = kernel.rng.choices(
            ("connected", "not_reached", "cancelled", "given_up"), weights=(70, 24, 4, 2)
        )[0]
        promise.tries += 1
        final = outcome == "not_reached" and promise.tries == 3
        kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "callback.attempted", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, outcome=outcome, final=final or None,
            requested_at=promise.asked_ms, due_at=promise.due_ms,
        )  # fmt: skip
        self.books[plan.name].called_back(contact, kernel.now_ms, outcome, final)
        if outcome == "connected":
            self.reached(plan, contact, promise.customer)
        elif outcome == "not_reached" and not final:
            self._call_later(promise)
