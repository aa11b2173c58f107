"""Tickets of the simulated centre: opened, worked on, answered, put aside, resolved, reopened.

In: arrivals from the centre and free desk agents from the floor. Out: events and entries in the
books. A desk agent works on one ticket at a time, from `work.started` to `work.ended`, and ends
each piece of work with a public reply.
Invariant: a ticket is open, pending, on hold, resolved or closed; the books' backlog is the stock
of the first three.
"""

from collections import deque
from random import Random
from typing import Any

from streams.simulate.config import SOURCE_OF_CHANNEL, TICKET, QueuePlan
from streams.simulate.customers import COMING, SPOKEN_TO, Customer, Customers
from streams.simulate.floor import Agent, Floor
from streams.simulate.follow_ups import FollowUps
from streams.simulate.kernel import Kernel
from streams.simulate.promise_books import PromiseBooks
from streams.simulate.ticket_books import TicketBooks
from streams.simulate.truth import QueueBooks

COMPLAINT = "complaint"
KINDS = ("request", "request", "request", COMPLAINT)
PRIORITIES = ("low", "normal", "high", "urgent")
#: Of 100,000 customers, those who have been here before.
AGAIN = 33_000


class Ticket:
    """One ticket; `replied` and `resolved` are the first ones."""

    __slots__ = (
        *("asked_ms", "assigned", "began_ms", "customer", "kind", "opened_ms", "plan"),
        *("priority", "ref", "reopened_ms", "replied", "resolved", "spent_ms", "status"),
        *("status_ms", "worked"),
    )

    def __init__(
        self, ref: str, plan: QueuePlan, at_ms: int, kind: str, priority: str, customer: Customer
    ) -> None:
        self.ref = ref
        self.plan = plan
        self.customer = customer
        self.kind, self.priority = kind, priority
        self.opened_ms = self.began_ms = at_ms
        """`began_ms`: opened or last reopened."""
        self.status, self.status_ms = "open", at_ms
        self.spent_ms = {"pending": 0, "on_hold": 0}
        self.replied = self.worked = False
        self.resolved = False
        self.assigned: str | None = None
        self.asked_ms: int | None = None
        """When the customer wrote what nobody has replied to."""
        self.reopened_ms: int | None = None
        """Set while the reply to a reopened ticket is due."""


class Desk:
    """The ticket queues."""

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
        self.books = books
        self.follow_ups = follow_ups
        self.customers = customers
        self.lines: dict[str, deque[Ticket]] = {
            name: deque() for name, plan in plans.items() if plan.channel == TICKET
        }
        self._tickets = 0
        # Numbers of its own: without these the centre would live the same life.
        self._updates = Random(f"{kernel.run} updates")
        self._agreed = Random(f"{kernel.run} agreed")

    def _emit(self, event_type: str, ticket: Ticket, /, **fields: Any) -> None:
        self.kernel.emit(
            SOURCE_OF_CHANNEL[TICKET], event_type, ticket.ref,
            channel=TICKET, contact_id=ticket.ref, queue=ticket.plan.name, **fields,
        )  # fmt: skip

    def arrive(self, plan: QueuePlan) -> None:
        """A ticket is opened."""
        rng = self.kernel.rng
        self._tickets += 1
        ref, now = f"ticket-{self.kernel.run}-{self._tickets}", self.kernel.now_ms
        kind, priority, drawn = rng.choice(KINDS), rng.choice(PRIORITIES), rng.randint(1, 100_000)
        customer = self.customers.comes(drawn, drawn / AGAIN if drawn <= AGAIN else None)
        ticket = Ticket(ref, plan, now, kind, priority, customer)
        customer_ref = customer.ref(COMING)
        self._emit("ticket.opened", ticket, kind=kind, priority=priority, customer_ref=customer_ref)
        self.customers.books.begin(ref, TICKET, customer.number, now)
        self.customers.books.come(ref, plan.name, now)
        if customer_ref is not None:
            self.customers.books.tell(ref, plan.name, now)
        books = self.books[plan.name]
        self._tickets_of(ticket).kind(ref, ticket.kind == COMPLAINT, now)
        self._tickets_of(ticket).opened(ref, now)
        for metric in ("first_response", "resolution"):
            self._promises_of(ticket).ask(ref, metric, ticket.priority, now)
        self._count(ticket, "tickets_opened")
        books.count["arrivals"] += 1
        books.backlog["open"] += 1
        self._queue(ticket)

    def _queue(self, ticket: Ticket) -> None:
        line = self.lines[ticket.plan.name]
        line.append(ticket)
        agent = self.floor.pick(ticket.plan.name, TICKET, ())
        if agent is not None:
            self._work(line.popleft(), agent)

    def serve(self, agent: Agent) -> None:
        """The free agent works on the ticket that has been in the line longest."""
        for queue in agent.queues:
            line = self.lines.get(queue)
            if line and agent.can_take(TICKET):
                self._work(line.popleft(), agent)

    def _work(self, ticket: Ticket, agent: Agent) -> None:
        if ticket.assigned is None:
            self._count(ticket, "tickets_assigned")
            self._sum(ticket, "assign", self.kernel.now_ms - ticket.opened_ms)
        if ticket.assigned != agent.id:
            ticket.assigned = agent.id
            self._emit("ticket.assigned", ticket, agent_id=agent.id)
        self._emit("work.started", ticket, agent_id=agent.id)
        self.floor.shift_count(agent, "handling", TICKET, 1)
        work = 3 + self.kernel.lognormal(max(1.0, ticket.plan.handle_seconds - 3), 0.6)
        self.kernel.after(work, self._worked, ticket, agent, self.kernel.now_ms)

    def _worked(self, ticket: Ticket, agent: Agent, began_ms: int) -> None:
        kernel = self.kernel
        if kernel.chance(0.1):  # a note to colleagues is no reply
            self._emit("ticket.replied", ticket, author="agent", public=False, agent_id=agent.id)
        customer_ref = ticket.customer.ref(SPOKEN_TO)
        self._emit(
            "ticket.replied", ticket, author="agent", public=True, agent_id=agent.id,
            customer_ref=customer_ref,
        )  # fmt: skip
        if customer_ref is not None:
            self.customers.books.tell(ticket.ref, ticket.plan.name, kernel.now_ms)
        self._book_reply(ticket)
        self._update(ticket)
        self._sum(ticket, "work", kernel.now_ms - began_ms)
        if not ticket.worked:
            ticket.worked = True
            self._count(ticket, "tickets_worked")
        fate = kernel.rng.random()
        if fate < 0.60:
            self._resolve(ticket, agent)
        elif fate < 0.90:
            self._put_aside(ticket, "pending", kernel.rng.uniform(120, 900))
        else:
            self._put_aside(ticket, "on_hold", kernel.rng.uniform(300, 1200))
        self._emit("work.ended", ticket, agent_id=agent.id)
        self.floor.shift_count(agent, "handling", TICKET, -1)
        self.floor.freed(agent)

    def _book_reply(self, ticket: Ticket) -> None:
        books, now = self.books[ticket.plan.name], self.kernel.now_ms
        answered = "next_response" if ticket.replied else "first_response"
        self._promises_of(ticket).fulfil(ticket.ref, answered, now)
        if not ticket.replied:
            ticket.replied = True
            self._count(ticket, "first_responses")
            self._sum(ticket, "first_response", now - ticket.opened_ms)
        elif ticket.asked_ms is not None:
            self._count(ticket, "next_responses")
            self._sum(ticket, "next_response", now - ticket.asked_ms)
        elif ticket.reopened_ms is not None:
            books.count["reopen_responses"] += 1
            books.sum_ms["reopen_response"] += now - ticket.reopened_ms
        ticket.reopened_ms = ticket.asked_ms = None

    def _update(self, ticket: Ticket) -> None:
        """Whoever has read the ticket may find that it is something else, or more urgent."""
        chance = self._updates.random()
        if chance < 0.05:
            ticket.kind = "request" if ticket.kind == COMPLAINT else COMPLAINT
            self._emit("ticket.updated", ticket, kind=ticket.kind)
            self._tickets_of(ticket).kind(ticket.ref, ticket.kind == COMPLAINT, self.kernel.now_ms)
        elif chance < 0.10:
            ticket.priority = self._updates.choice(PRIORITIES)
            self._emit("ticket.updated", ticket, priority=ticket.priority)

    def _tickets_of(self, ticket: Ticket) -> TicketBooks:
        books = self.books[ticket.plan.name].tickets
        assert books is not None, "a queue of tickets"
        return books

    def _promises_of(self, ticket: Ticket) -> PromiseBooks:
        return self._tickets_of(ticket).promises

    def _count(self, ticket: Ticket, name: str) -> None:
        self.books[ticket.plan.name].count[name] += 1
        self._tickets_of(ticket).note(ticket.ref, name, 1)

    def _sum(self, ticket: Ticket, name: str, ms: int) -> None:
        self.books[ticket.plan.name].sum_ms[name] += ms
        self._tickets_of(ticket).note(ticket.ref, name, ms)

    def _move(self, ticket: Ticket, status: str) -> None:
        backlog = self.books[ticket.plan.name].backlog
        if ticket.status in backlog:
            backlog[ticket.status] -= 1
        if status in backlog:
            backlog[status] += 1
        now = self.kernel.now_ms
        if ticket.status in ticket.spent_ms:
            ticket.spent_ms[ticket.status] += now - ticket.status_ms
        ticket.status, ticket.status_ms = status, now

    def _put_aside(self, ticket: Ticket, status: str, seconds: float) -> None:
        self._move(ticket, status)
        self._emit("ticket.status_changed", ticket, status=status)
        if status == "pending":
            self._promises_of(ticket).put_aside(ticket.ref, self.kernel.now_ms)
        if not ticket.resolved:
            self._agree(ticket)
        self.kernel.after(seconds, self._take_up, ticket)

    def _agree(self, ticket: Ticket) -> None:
        """Whoever has to wait may be told by when it is resolved, or say that it is not urgent."""
        chance, promises, now = self._agreed.random(), self._promises_of(ticket), self.kernel.now_ms
        told = {"metric": "resolution"}
        if chance < 0.10:
            due_ms = now + round(self._agreed.uniform(60, 1800) * 1000)
            self._emit("ticket.sla_set", ticket, due_at=due_ms, **told)
            promises.agree(ticket.ref, "resolution", ticket.priority, due_ms, now)
        elif chance < 0.15:
            self._emit("ticket.sla_set", ticket, cancelled=True, **told)
            promises.cancel(ticket.ref, "resolution", now)

    def _take_up(self, ticket: Ticket) -> None:
        if ticket.status == "pending":
            self._emit("ticket.replied", ticket, author="customer", public=True)
            now = ticket.asked_ms = self.kernel.now_ms
            self._promises_of(ticket).ask(ticket.ref, "next_response", ticket.priority, now)
            self._promises_of(ticket).take_up(ticket.ref, now)
        self._move(ticket, "open")
        self._emit("ticket.status_changed", ticket, status="open")
        self._queue(ticket)

    def _resolve(self, ticket: Ticket, agent: Agent) -> None:
        kernel, books = self.kernel, self.books[ticket.plan.name]
        self._move(ticket, "resolved")
        self._emit("ticket.resolved", ticket, agent_id=agent.id)
        self._sum(ticket, "resolution_cycle", kernel.now_ms - ticket.began_ms)
        self._tickets_of(ticket).resolved(ticket.ref, kernel.now_ms)
        self._promises_of(ticket).fulfil(ticket.ref, "resolution", kernel.now_ms)
        if ticket.resolved:
            self._count(ticket, "tickets_resolved_again")
        else:
            ticket.resolved = True
            self._count(ticket, "tickets_resolved")
            self.customers.books.end(ticket.ref, ticket.plan.name, kernel.now_ms)
            lasted = kernel.now_ms - ticket.opened_ms
            self._sum(ticket, "resolution", lasted)
            self._count(ticket, "resolution_net_count")
            self._sum(ticket, "resolution_net", lasted - ticket.spent_ms["pending"])
            books.sum_ms["on_hold"] += ticket.spent_ms["on_hold"]
            if not ticket.replied:
                self._count(ticket, "resolved_without_reply")
        self.follow_ups.ended(ticket.plan, ticket.ref, agent.id)
        if kernel.chance(0.08):
            kernel.after(kernel.rng.uniform(120, 900), self._reopen, ticket)
        else:
            kernel.after(kernel.rng.uniform(600, 1800), self._close, ticket)

    def _reopen(self, ticket: Ticket) -> None:
        self._move(ticket, "open")
        ticket.reopened_ms = ticket.began_ms = self.kernel.now_ms
        self._emit("ticket.reopened", ticket)
        self.customers.books.reopen(ticket.ref, self.kernel.now_ms)
        self._count(ticket, "tickets_reopened")
        self._tickets_of(ticket).reopened(ticket.ref, ticket.opened_ms, self.kernel.now_ms)
        self._queue(ticket)

    def _close(self, ticket: Ticket) -> None:
        self._move(ticket, "closed")
        self._emit("ticket.closed", ticket)
        self.books[ticket.plan.name].count["tickets_closed"] += 1
