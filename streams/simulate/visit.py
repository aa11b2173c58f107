"""One stay of one contact in one queue, as the simulated centre keeps it."""

from typing import Any

from streams.simulate.config import SOURCE_OF_CHANNEL, QueuePlan
from streams.simulate.customers import Customer
from streams.simulate.floor import Agent
from streams.simulate.kernel import Kernel

WAITING, RINGING, CONNECTED, LEFT = range(4)


class Words:
    """What was written in a contact, and what a bot left over."""

    __slots__ = ("agent", "asked_ms", "customer", "escalated_ms")

    def __init__(self) -> None:
        self.agent = self.customer = False
        """Whether the customer has ever written, and an agent since a conversation ended."""
        self.asked_ms: int | None = None
        """When the customer wrote the first of what no person has answered."""
        self.escalated_ms: int | None = None
        """When a bot handed over what no person has taken up."""


class Promise:
    """A call back that is owed to a customer, with the id of the contact that asked for it."""

    __slots__ = ("asked_ms", "contact", "customer", "due_ms", "plan", "tries")

    def __init__(
        self, plan: QueuePlan, contact: str, customer: Customer, asked_ms: int, due_ms: int | None
    ) -> None:
        self.plan = plan
        self.contact = contact
        self.customer = customer
        self.asked_ms = asked_ms
        self.due_ms = due_ms
        self.tries = 0


class Visit:
    """One stay of one contact in one queue."""

    __slots__ = (
        "agent", "answered_ms", "arrived_ms", "callback", "carried", "contact", "customer",
        "entered_ms", "held_ms", "holding_since_ms", "hop", "left_ms", "not_to", "number", "offer",
        "plan", "replied", "spoke", "state", "waited_ms", "words",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        contact: str,
        customer: Customer,
        plan: QueuePlan,
        at_ms: int,
        former: "Visit | None" = None,
        words: Words | None = None,
        callback: bool = False,
    ) -> None:
        self.number = number
        self.contact = contact
        self.customer = customer
        self.plan = plan
        self.entered_ms = at_ms
        self.state = WAITING
        self.agent: Agent | None = None
        self.not_to: set[str] = set()
        """Agents it is not offered to: who refused it, or transferred it away."""
        self.offer = 0
        self.answered_ms = 0
        self.held_ms = 0
        self.holding_since_ms: int | None = None
        self.arrived_ms: int | None = None
        """When its contact arrived, unless somebody has answered it before."""
        self.left_ms = 0
        """When it left the queue unanswered."""
        self.waited_ms = 0
        """What the customer had waited before, since he came or was last spoken to."""
        self.callback = callback
        """It is a call back that was promised: nobody waits on the line."""
        self.spoke = self.replied = False
        """Whether an agent has written in it, and the customer since he was answered."""
        self.hop = 1
        """The number of the visit among its contact's; a transfer may begin another contact."""
        if former is not None and former.contact == contact:
            self.hop = former.hop + (not former.callback)
            words = former.words
            if not former.answered_ms:
                self.arrived_ms = former.arrived_ms
                self.waited_ms = former.waited_ms
                if not former.callback:
                    self.waited_ms += former.left_ms - former.entered_ms
        self.words: Words = words or Words()
        self.carried = self.words.agent and self.words.asked_ms is not None
        """Whether the customer was waiting for a response when it began."""

    def emit(self, kernel: Kernel, event_type: str, /, **fields: Any) -> None:
        """Something happens to it now."""
        channel = self.plan.channel
        kernel.emit(
            SOURCE_OF_CHANNEL[channel], event_type, self.contact,
            channel=channel, contact_id=self.contact, queue=self.plan.name, **fields,
        )  # fmt: skip
