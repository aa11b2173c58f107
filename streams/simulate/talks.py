"""Conversations of the simulated centre, from the answer to the end of the wrap-up.

In: visits that were answered. Out: holds, ends, transfers, wrap-ups, and entries in the books.
Invariant: an agent is free for others once, when the conversation or its wrap-up is over.
"""

from collections.abc import Callable

from streams.simulate.chatting import Chatting
from streams.simulate.config import CHAT
from streams.simulate.customers import Customers
from streams.simulate.floor import Floor
from streams.simulate.follow_ups import FollowUps
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks
from streams.simulate.visit import CONNECTED, LEFT, Visit


class Talks:
    """`transfer` sends who was talked to on to a queue."""

    def __init__(
        self,
        kernel: Kernel,
        floor: Floor,
        books: dict[str, QueueBooks],
        follow_ups: FollowUps,
        customers: Customers,
        chatting: Chatting,
        transfer: Callable[[Visit, str], None],
    ) -> None:
        self.kernel = kernel
        self.floor = floor
        self.books = books
        self.follow_ups = follow_ups
        self.customers = customers
        self.chatting = chatting
        self.transfer = transfer

    def begin(self, visit: Visit) -> None:
        """An agent and the customer talk."""
        kernel, plan = self.kernel, visit.plan
        talk = 2 + kernel.lognormal(max(1.0, plan.handle_seconds - 2), 0.7)
        if kernel.chance(plan.hold_ratio):
            kernel.after(talk * kernel.rng.uniform(0.1, 0.8), self._hold, visit)
            talk += plan.hold_seconds
        if plan.channel == CHAT:
            self.chatting.message(visit, "customer")
        kernel.after(talk, self._finish, visit)

    def _hold(self, visit: Visit) -> None:
        if visit.state == CONNECTED:
            assert visit.agent is not None
            visit.holding_since_ms = self.kernel.now_ms
            visit.emit(self.kernel, "hold.started", agent_id=visit.agent.id)
            self.kernel.after(self.kernel.lognormal(visit.plan.hold_seconds), self._unhold, visit)

    def _unhold(self, visit: Visit) -> None:
        if visit.state == CONNECTED and visit.holding_since_ms is not None:
            assert visit.agent is not None
            visit.held_ms += self.kernel.now_ms - visit.holding_since_ms
            visit.holding_since_ms = None
            visit.emit(self.kernel, "hold.ended", agent_id=visit.agent.id)

    def _finish(self, visit: Visit) -> None:
        """The conversation is over: transferred, or ended and wrapped up."""
        kernel, plan, agent = self.kernel, visit.plan, visit.agent
        assert agent is not None
        if visit.holding_since_ms is not None:
            if kernel.chance(0.5):
                self._unhold(visit)
            else:  # ended while on hold: the end closes the hold
                visit.held_ms += kernel.now_ms - visit.holding_since_ms
        visit.state = LEFT
        talk_ms = kernel.now_ms - visit.answered_ms - visit.held_ms
        self.floor.shift_count(agent, "handling", plan.channel, -1)
        books = self.books[plan.name]
        books.ended(visit.number, kernel.now_ms)
        self.customers.books.end(visit.contact, plan.name, kernel.now_ms)
        if plan.transfer_to is not None and kernel.chance(plan.transfer_ratio):
            visit.emit(kernel, "contact.transferred", agent_id=agent.id, to_queue=plan.transfer_to)
            books.handled(talk_ms, visit.held_ms, True)
            self.transfer(visit, plan.transfer_to)
            self.floor.freed(agent)
            return
        visit.emit(kernel, "contact.ended", agent_id=agent.id)
        words = visit.words
        if words.customer:
            books.chat["messaged"] += 1
            books.chat["left_unanswered"] += words.asked_ms is not None
            books.chat["answered_no_reply"] += not visit.replied
        words.agent = False
        wraps = plan.wrapup_seconds > 0
        if not (wraps and plan.waits_for_wrapup):
            books.handled(talk_ms, visit.held_ms, False)
        self.follow_ups.ended(plan, visit.contact, agent.id)
        if wraps:
            self.floor.shift_count(agent, "wrapping", plan.channel, 1)
            wrap = 0.5 + kernel.exponential(max(0.5, plan.wrapup_seconds - 0.5))
            kernel.after(wrap, self._wrapped_up, visit, kernel.now_ms, talk_ms)
        else:
            self.floor.freed(agent)

    def _wrapped_up(self, visit: Visit, ended_ms: int, talk_ms: int) -> None:
        plan, agent = visit.plan, visit.agent
        assert agent is not None
        books = self.books[plan.name]
        visit.emit(self.kernel, "wrapup.ended", agent_id=agent.id)
        if plan.waits_for_wrapup:
            books.handled(talk_ms, visit.held_ms, False)
        books.sum_ms["wrapup"] += self.kernel.now_ms - ended_ms
        self.floor.shift_count(agent, "wrapping", plan.channel, -1)
        self.floor.freed(agent)
