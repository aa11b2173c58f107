"""Calls and chats of the simulated centre, from arrival to the answer, and on after a transfer.

In: arrivals from the centre and free agents from the floor. Out: events and entries in the books.
A contact may make several visits (transfer, overflow, return); a visit is offered to one agent at
a time, and to another one after a missed or rejected offer.
Invariant: a visit leaves the queue exactly once; every delayed action checks that the visit is
still where it was, so a patience that runs out after the answer does nothing.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from streams.simulate.call_backs import CallBacks
from streams.simulate.chatting import Chatting
from streams.simulate.config import CHAT, SOURCE_OF_CHANNEL, VOICE, QueuePlan
from streams.simulate.customers import COMING, SPOKEN_TO, Customer, Customers
from streams.simulate.floor import Agent, Floor
from streams.simulate.follow_ups import FollowUps
from streams.simulate.kernel import Kernel
from streams.simulate.talks import Talks
from streams.simulate.truth import QueueBooks
from streams.simulate.visit import CONNECTED, LEFT, RINGING, WAITING, Visit, Words

CALL_TOPICS = ("invoice", "delivery", "contract", "fault", "password", "other")
#: A customer who is sent away for this was failed.
FAILING = ("timeout",)


class Conversations:
    """The voice and chat queues."""

    def __init__(
        self,
        kernel: Kernel,
        floor: Floor,
        plans: dict[str, QueuePlan],
        books: dict[str, QueueBooks],
        follow_ups: FollowUps,
        customers: Customers,
    ) -> None:
        self.kernel = kernel
        self.floor = floor
        self.config = floor.config
        self.plans = {name: plan for name, plan in plans.items() if plan.channel in (VOICE, CHAT)}
        self.books = books
        self.customers = customers
        self.chatting = Chatting(kernel, books, customers)
        self.talks = Talks(
            kernel, floor, books, follow_ups, customers, self.chatting, self._transfer
        )
        self.call_backs = CallBacks(kernel, books, self._enter_called)
        self.lines: dict[str, deque[Visit]] = {name: deque() for name in self.plans}
        self._visits = 0
        self._contacts = 0

    def _emit(self, event_type: str, visit: Visit, /, **fields: Any) -> None:
        visit.emit(self.kernel, event_type, **fields)

    # -- arriving ---------------------------------------------------------------------------

    def arrive(self, plan: QueuePlan) -> None:
        """A new contact reaches the system; chats may meet a bot before the queue."""
        contact, number, share = self._new_contact(plan)
        customer = self.customers.comes(number, share)
        self.books[plan.name].count["arrivals"] += 1
        arrived_ms = self.kernel.now_ms
        if plan.channel == CHAT and self.kernel.chance(plan.bot_ratio):
            rounds = self.kernel.rng.randint(1, 3)
            self.chatting.meet_bot(plan, contact, customer, arrived_ms, rounds, self._enter_new)
            return
        if self.kernel.chance(plan.web_callback_ratio):
            # Somebody who does not call at all asks on the web page.
            web, number, share = self._new_contact(plan)
            self.call_backs.ask(plan, web, self.customers.comes(number, share))
        if plan.channel == VOICE:  # the menu
            delay = self.kernel.rng.uniform(3, 12)
        else:
            delay = self.kernel.rng.uniform(0.2, 1.0)
        self.kernel.after(delay, self._enter_new, plan, contact, customer, arrived_ms)

    def _new_contact(self, plan: QueuePlan) -> tuple[str, int, float | None]:
        """The id of a contact; the number of a new customer, or how long ago he was here."""
        self._contacts += 1
        # A third of the customers have been here before.
        most = 400 if self.kernel.chance(0.33) else 1_000_000
        number = self.kernel.rng.randint(1, most)
        contact = f"{plan.channel}-{self.kernel.run}-{self._contacts}"
        return contact, number, number / most if most == 400 else None

    def _enter_new(
        self,
        plan: QueuePlan,
        contact: str,
        customer: Customer,
        arrived_ms: int,
        words: Words | None = None,
    ) -> None:
        if plan.max_waiting is not None and len(self.lines[plan.name]) >= plan.max_waiting:
            self.kernel.emit(
                SOURCE_OF_CHANNEL[plan.channel], "contact.blocked", contact,
                channel=plan.channel, contact_id=contact, queue=plan.name, reason="full",
            )  # fmt: skip
            self.books[plan.name].blocked("full")
            return
        topic = self.kernel.rng.choice(CALL_TOPICS)
        self.enter(
            plan, contact, customer, "contact.enqueued", words=words,
            reason="initial", arrived_at=arrived_ms, topic=topic,
        )  # fmt: skip

    def enter(
        self,
        plan: QueuePlan,
        contact: str,
        customer: Customer,
        event_type: str,
        not_to: Iterable[str] = (),
        former: Visit | None = None,
        words: Words | None = None,
        **fields: Any,
    ) -> None:
        """A visit is opened: by `contact.enqueued`, or by `contact.resumed`, after `former`."""
        kernel = self.kernel
        self._visits += 1
        calls_back = fields.get("reason") == "callback"
        visit = Visit(
            self._visits, contact, customer, plan, kernel.now_ms, former, words, calls_back
        )
        visit.arrived_ms = fields.get("arrived_at", visit.arrived_ms)
        visit.not_to.update(not_to)
        customer_ref = customer.ref(COMING)
        self._emit(event_type, visit, customer_ref=customer_ref, **fields)
        known = self.customers.books
        known.begin(contact, plan.channel, customer.number, kernel.now_ms)
        if calls_back:
            self.books[plan.name].callbacks["visits"] += 1
        else:
            self.books[plan.name].enqueued(visit.number, kernel.now_ms, visit.hop)
            known.come(contact, plan.name, kernel.now_ms, fields.get("topic"))
        if customer_ref is not None:
            known.tell(contact, plan.name, kernel.now_ms)
        self.lines[plan.name].append(visit)
        draw = kernel.lognormal if plan.lognormal_patience else kernel.exponential
        kernel.after(draw(plan.patience_seconds), self._lose_patience, visit)
        if plan.give_up_seconds is not None:
            kernel.after(plan.give_up_seconds, self._give_up, visit)
        if not calls_back and kernel.chance(plan.callback_ratio):
            kernel.after(plan.callback_after_seconds, self._take_callback, visit)
        agent = self.floor.pick(plan.name, plan.channel, visit.not_to)
        if agent is not None and self._next_for(agent) is visit:
            self._offer(visit, agent)

    # -- offering ---------------------------------------------------------------------------

    def serve(self, agent: Agent) -> None:
        """The free agent gets the longest waiting visit they can take, chats up to capacity."""
        visit = self._next_for(agent)
        if visit is not None:
            self._offer(visit, agent)

    def _next_for(self, agent: Agent) -> Visit | None:
        best: Visit | None = None
        for queue in agent.queues:
            line = self.lines.get(queue)
            if not line or not agent.can_take(self.plans[queue].channel):
                continue
            for visit in line:
                if visit.state == WAITING and agent.id not in visit.not_to:
                    if best is None or visit.number < best.number:
                        best = visit
                    break
        return best

    def _offer(self, visit: Visit, agent: Agent) -> None:
        kernel, config = self.kernel, self.config
        visit.state = RINGING
        visit.agent = agent
        visit.offer += 1
        self.floor.change(agent, ringing=1)
        self._emit("contact.offered", visit, agent_id=agent.id)
        fate = kernel.rng.random()
        if fate < config.missed_ratio:
            kernel.after(
                config.ring_timeout_seconds, self._offer_failed, visit, visit.offer, "timeout"
            )
        elif fate < config.missed_ratio + config.rejected_ratio:
            kernel.after(
                kernel.rng.uniform(1, 5), self._offer_failed, visit, visit.offer, "rejected"
            )
        else:
            ring = min(kernel.lognormal(config.ring_seconds), config.ring_timeout_seconds - 1)
            kernel.after(ring, self._answer, visit, visit.offer)

    def _offer_failed(self, visit: Visit, offer: int, outcome: str) -> None:
        if visit.state != RINGING or visit.offer != offer:
            return
        agent = self._take_from_agent(visit, outcome)
        visit.state = WAITING
        visit.not_to.add(agent.id)
        if outcome == "timeout":
            self.floor.step_out(agent, self.kernel.rng.uniform(15, 45))
        other = self.floor.pick(visit.plan.name, visit.plan.channel, visit.not_to)
        if other is not None:
            self._offer(visit, other)
        self.floor.freed(agent)

    def _take_from_agent(self, visit: Visit, outcome: str) -> Agent:
        """The ringing stops; the attempt has its outcome."""
        agent = visit.agent
        assert agent is not None
        self._emit("offer.failed", visit, agent_id=agent.id, outcome=outcome)
        self.books[visit.plan.name].offers[outcome] += 1
        self.floor.change(agent, ringing=0)
        visit.agent = None
        return agent

    # -- leaving unanswered -----------------------------------------------------------------

    def _leave_queue(self, visit: Visit, offer_outcome: str) -> Agent | None:
        agent = None
        if visit.state == RINGING:
            agent = self._take_from_agent(visit, offer_outcome)
        visit.state = LEFT
        visit.left_ms = self.kernel.now_ms
        self.lines[visit.plan.name].remove(visit)
        return agent

    def _lose_patience(self, visit: Visit) -> None:
        if visit.state not in (WAITING, RINGING):
            return
        kernel, plan = self.kernel, visit.plan
        agent = self._leave_queue(visit, "customer_left")
        silent = plan.channel == CHAT and kernel.chance(0.25)
        self._emit("contact.abandoned", visit, kind="silent" if silent else "hangup")
        if not visit.callback:
            books = self.books[plan.name]
            if not books.abandoned(visit.number, kernel.now_ms, silent, visit.waited_ms):
                self.customers.books.fail(plan.name, visit.contact, kernel.now_ms)
        if kernel.chance(plan.returning_ratio):
            kernel.after(kernel.rng.uniform(20, 120), self._return, visit)
        if agent is not None:
            self.floor.freed(agent)

    def _return(self, visit: Visit) -> None:
        self.books[visit.plan.name].count["resumed"] += 1
        self.enter(visit.plan, visit.contact, visit.customer, "contact.resumed", former=visit)

    def _give_up(self, visit: Visit) -> None:
        if visit.state not in (WAITING, RINGING):
            return
        plan = visit.plan
        agent = self._flow_out(visit, plan.give_up_reason)
        if plan.give_up_reason == "overflow" and plan.overflow_to is not None:
            self.enter(
                self.plans[plan.overflow_to], visit.contact, visit.customer,
                "contact.enqueued", former=visit, reason="overflow",
            )  # fmt: skip
        if agent is not None:
            self.floor.freed(agent)

    def _take_callback(self, visit: Visit) -> None:
        """The customer hangs up and is called back later, as a contact of its own."""
        if visit.state != WAITING:
            return
        due_ms = self.call_backs.agree()
        self._flow_out(visit, "callback", due_ms)
        self.call_backs.promise(visit.plan, visit.contact, visit.customer, due_ms)

    def _enter_called(self, plan: QueuePlan, asked_in: str, customer: Customer) -> None:
        """Who was called back is connected with the queue: by a contact of its own."""
        contact, *_ = self._new_contact(plan)
        self.enter(
            plan, contact, customer, "contact.enqueued", reason="callback",
            parent_contact_id=asked_in,
        )  # fmt: skip

    def _flow_out(self, visit: Visit, reason: str, due_ms: int | None = None) -> Agent | None:
        agent = self._leave_queue(visit, "rescinded")
        self._emit("contact.flowed_out", visit, reason=reason, due_at=due_ms)
        if not visit.callback:
            self.books[visit.plan.name].flowed_out(visit.number, self.kernel.now_ms, reason)
            if reason in FAILING:
                self.customers.books.fail(visit.plan.name, visit.contact, self.kernel.now_ms)
        return agent

    # -- answered ----------------------------------------------------------------------------

    def _answer(self, visit: Visit, offer: int) -> None:
        if visit.state != RINGING or visit.offer != offer:
            return
        kernel, plan, agent = self.kernel, visit.plan, visit.agent
        assert agent is not None
        visit.state = CONNECTED
        visit.answered_ms = kernel.now_ms
        self.lines[plan.name].remove(visit)
        self.floor.change(agent, ringing=0)
        self.floor.shift_count(agent, "handling", plan.channel, 1)
        customer_ref = visit.customer.ref(SPOKEN_TO)
        self._emit("contact.answered", visit, agent_id=agent.id, customer_ref=customer_ref)
        known = self.customers.books
        if customer_ref is not None:
            known.tell(visit.contact, plan.name, kernel.now_ms)
        if visit.callback:
            self.books[plan.name].took_call_back(visit.number, kernel.now_ms)
        else:
            self.books[plan.name].answered(
                visit.number, kernel.now_ms, visit.waited_ms, visit.arrived_ms
            )
            known.answer(visit.contact, plan.name, kernel.now_ms)
        self.talks.begin(visit)
        self.floor.freed(agent)  # a chat agent may have another slot

    def _transfer(self, visit: Visit, queue: str) -> None:
        """Most transfers stay the same contact; a fifth get a new id from another system."""
        contact, parent = visit.contact, None
        if visit.agent is not None:
            visit.not_to.add(visit.agent.id)
        if self.kernel.chance(0.2):
            parent = contact
            contact, *_ = self._new_contact(self.plans[queue])
        self.enter(
            self.plans[queue], contact, visit.customer, "contact.enqueued", visit.not_to, visit,
            reason="transfer", parent_contact_id=parent,
        )  # fmt: skip
