"""The simulated contact centre: demand meets staff, and everything that happens is an event.

In: a CentreConfig and a seed. Out: event dictionaries as the contract has them, in time order, the
last of each source an `ended` heartbeat at the end; and the truth.
Invariant: the same config, seed and start give the same events; a shorter run is a prefix of a
longer one, up to its `ended` heartbeats. Cost: some 15 µs an event.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from math import pi, sin
from random import Random
from typing import Any

from streams.contract.words import CHANNEL_DEFAULTS
from streams.simulate.config import SOURCES, TICKET, CentreConfig, QueuePlan
from streams.simulate.contacts import Conversations
from streams.simulate.customer_books import CustomerBooks
from streams.simulate.customers import Customers
from streams.simulate.floor import Agent, Floor
from streams.simulate.follow_ups import FollowUps
from streams.simulate.kernel import Event, Kernel
from streams.simulate.ticket_books import TicketBooks
from streams.simulate.tickets import Desk
from streams.simulate.truth import QueueBooks, add_up

ALL = "_all"


class Centre:
    """One centre of one tenant. `run` is called once."""

    def __init__(self, config: CentreConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.plans = {plan.name: plan for plan in config.queues}
        self.customer_books = CustomerBooks({plan.name: plan.repeat_days for plan in config.queues})
        self.books = {
            plan.name: QueueBooks(
                plan.name, plan.channel,
                _ms(plan.service_level_seconds), _ms(plan.short_abandon_seconds),
                _ms(CHANNEL_DEFAULTS[plan.channel].wait_limit_seconds),
                self._ticket_books(plan),
            )
            for plan in config.queues
        }  # fmt: skip
        self.start_ms = 0
        self.end_ms = 0
        self.events = 0
        self._finishing = False
        self._kernel: Kernel | None = None

    def run(self, start_ms: int, end_ms: int) -> Iterator[Event]:
        """All events in [start_ms, end_ms), then each source's `ended` heartbeat at the end."""
        kernel = self._open(start_ms)
        self.end_ms = end_ms
        yield from self._taken()
        while not self._finishing:
            due = kernel.next_ms()
            if due is None or due >= end_ms:
                break
            kernel.advance()
            self.floor.flush()
            if kernel.events:
                yield from self._taken()
        if self._finishing:
            self.end_ms = kernel.now_ms
        kernel.now_ms = self.end_ms
        for source in SOURCES:
            self._source_heartbeat(source, ended=True)
        yield from self._taken()

    def finish(self) -> None:
        """The run ends with the millisecond it has reached, as if that had been its end."""
        self._finishing = True

    def _open(self, start_ms: int) -> Kernel:
        # Ids must not repeat between two runs: they carry the start. They do not depend on the end.
        text = f"{self.config.tenant}/{self.seed}/{start_ms}"
        run = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        kernel = Kernel(self.config.tenant, self.seed, run, Random(text), start_ms)
        self._kernel = kernel
        self.start_ms = start_ms
        self.floor = Floor(kernel, self.config)
        follow_ups = FollowUps(kernel, self.books, self.customer_books)
        customers = Customers(kernel, self.customer_books)
        self.conversations = Conversations(
            kernel, self.floor, self.plans, self.books, follow_ups, customers
        )
        self.desk = Desk(kernel, self.floor, self.plans, self.books, follow_ups, customers)
        # Before all else: a reader knows from the first record on whom to wait for.
        self._beat(ended=False)
        self.floor.on_free = self._serve
        self.floor.open()
        self.floor.flush()
        for plan in self.config.queues:
            if self.config.warm_start:
                self._fill(plan)
            self._plan_arrival(plan)
        return kernel

    def _ticket_books(self, plan: QueuePlan) -> TicketBooks | None:
        if plan.channel != TICKET:
            return None
        broken = partial(self.customer_books.fail, plan.name)
        return TicketBooks(plan.sla, plan.repeat_days, broken)

    def _serve(self, agent: Agent) -> None:
        self.desk.serve(agent)
        self.conversations.serve(agent)

    def _fill(self, plan: QueuePlan) -> None:
        """The contacts that would be in progress by now arrive within the first half minute."""
        busy = plan.handle_seconds + plan.wrapup_seconds
        for _ in range(round(plan.rate * busy * 0.8)):
            self._kernel_().after(self._kernel_().rng.uniform(0, 30), self._arrive, plan)

    def _plan_arrival(self, plan: QueuePlan) -> None:
        """Arrivals are a Poisson process with a swinging rate, drawn by thinning."""
        kernel = self._kernel_()
        peak = plan.rate * (1 + plan.swing)
        kernel.after(kernel.exponential(1 / peak), self._maybe_arrive, plan, peak)

    def _maybe_arrive(self, plan: QueuePlan, peak: float) -> None:
        kernel = self._kernel_()
        phase = len(plan.name)  # the queues do not peak together
        wave = sin(2 * pi * kernel.now_ms / (plan.swing_seconds * 1000) + phase)
        if kernel.rng.random() * peak < plan.rate * (1 + plan.swing * wave):
            self._arrive(plan)
        self._plan_arrival(plan)

    def _arrive(self, plan: QueuePlan) -> None:
        if plan.channel == TICKET:
            self.desk.arrive(plan)
        else:
            self.conversations.arrive(plan)

    def _beat(self, ended: bool) -> None:
        for source in SOURCES:
            self._source_heartbeat(source, ended)
        if not ended:
            kernel = self._kernel_()
            kernel.after(self.config.source_heartbeat_seconds, self._beat, False)

    def _source_heartbeat(self, source: str, ended: bool) -> None:
        self._kernel_().emit(source, "source.heartbeat", source, ended=ended or None)

    def _taken(self) -> list[Event]:
        kernel = self._kernel_()
        events = kernel.events
        kernel.events = []
        self.events += len(events)
        return events

    def _kernel_(self) -> Kernel:
        assert self._kernel is not None, "run() opens the centre"
        return self._kernel

    def truth(self) -> dict[str, Any]:
        """The books as of the time reached: one entry a queue, then `_all` a channel."""
        kernel = self._kernel_()
        now, tenant = kernel.now_ms, self.config.tenant
        rows = []
        for plan in self.config.queues:
            pool = self.floor.pools[plan.name]
            row = self.books[plan.name].as_json(
                tenant, now, self.floor.seconds_of(pool, plan.channel)
            )
            row["live"]["agents"] = self.floor.states(pool, plan.channel)
            rows.append(row)
        # What was promised in vain by now failed somebody.
        of_customers = self.customer_books.as_json(now)
        for row in rows:
            row["customers"] = of_customers[row["queue"]]
        everyone = self.floor.everyone()
        for channel in sorted({plan.channel for plan in self.config.queues}):
            total = add_up(row for row in rows if row["channel"] == channel and row["queue"] != ALL)
            total |= {"tenant": tenant, "queue": ALL, "channel": channel}
            seconds = self.floor.seconds_of(everyone, channel)
            total |= seconds.as_json()
            total["chat"] |= seconds.chats_as_json()
            rows.append(total)
        return {
            "tenant": tenant, "seed": self.seed, "start": self.start_ms, "as_of": now,
            "events": self.events,
            "settings": {
                plan.name: {
                    "channel": plan.channel,
                    "service_level_seconds": plan.service_level_seconds,
                    "short_abandon_seconds": plan.short_abandon_seconds,
                    "wrapup": plan.waits_for_wrapup,
                    "sla": plan.sla,
                    "repeat_days": plan.repeat_days,
                }
                for plan in self.config.queues
            },
            "queues": sorted(rows, key=lambda row: (row["queue"], row["channel"])),
        }  # fmt: skip


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
