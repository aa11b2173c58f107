"""One stay of one contact in one queue, as the simulated centre keeps it."""

from streams.simulate.config import QueuePlan
from streams.simulate.floor import Agent

WAITING, RINGING, CONNECTED, LEFT = range(4)


class Visit:
    """One stay of one contact in one queue."""

    __slots__ = (
        "agent", "answered_ms", "arrived_ms", "contact", "customer", "entered_ms", "held_ms",
        "holding_since_ms", "hop", "left_ms", "not_to", "number", "offer", "plan", "state",
        "waited_ms",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        contact: str,
        customer: str,
        plan: QueuePlan,
        at_ms: int,
        former: "Visit | None" = None,
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
        self.hop = 1
        """The number of the visit among its contact's; a transfer may begin another contact."""
        if former is not None and former.contact == contact:
            self.hop = former.hop + 1
            if not former.answered_ms:
                self.arrived_ms = former.arrived_ms
                self.waited_ms = former.waited_ms + former.left_ms - former.entered_ms
