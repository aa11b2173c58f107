"""The oracle's promises of one ticket: clocks that run, stand still, are kept or broken.

In: calls by `tickets` and `ticket`, in the order of events. Out: counts, each clock's decision
once, and levels of the clocks that are open, in the queue that the ticket is in.
A clock by a target counts open time; due is the earliest instant at which that reaches the target.
A clock by a due time told by the source runs until then, whatever the calendar says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

METRICS = ("first_response", "next_response", "resolution")
RISK_MS = 1_800_000
ENDLESS = 10**15


@dataclass
class Promise:
    """One clock; `state` is running, paused, breached, or decided: breached and then cancelled."""

    metric: str
    priority: str
    target_ms: int | None
    risk_ms: int | None  # as the queue says; None: it does not
    pause_on_hold: bool
    since: int  # open time until then is in `elapsed`
    elapsed: int = 0
    state: str = "running"
    due_at: int | None = None  # told by the source
    due: int | None = None  # while it runs; None: never
    risk_at: int | None = None
    at_risk: bool = False
    never_told: bool = False

    @property
    def undecided(self) -> bool:
        return self.state in ("running", "paused")


class Promises:
    """The clocks of one ticket, by metric."""

    def __init__(self, ticket: Any) -> None:
        self.ticket = ticket
        self.clocks: dict[str, Promise] = {}

    def level(self, one: Promise, at: int, amount: int) -> None:
        """The clock enters (1) or leaves (-1) the stocks it is in, as it is now."""
        stocks = [{"breached": "breached_open", "decided": None}.get(one.state, one.state)]
        if one.at_risk:
            stocks.append("at_risk")
        for stock in filter(None, stocks):
            self.ticket.level(at, f"sla.{one.metric}.{stock}", amount)

    def become(self, one: Promise, at: int, state: str, at_risk: bool = False) -> None:
        self.level(one, at, -1)
        one.state, one.at_risk = state, at_risk
        self.level(one, at, 1)

    # -- what is asked for -----------------------------------------------------------------------

    def asked_for(self, metric: str) -> bool:
        """Whether the ticket waits for this now."""
        ticket = self.ticket
        if ticket.status is None:
            return False
        if metric == "resolution":
            return not ticket.has("resolved")
        if metric == "first_response":
            return not ticket.has("first response") and ticket.response_clock() is not None
        return ticket.has("first response") and bool(ticket.questions())

    def opened(self, at: int) -> None:
        """The ticket was opened, or reopened: what it waits for now is promised anew."""
        for metric in METRICS:
            if self.asked_for(metric):
                self.start(metric, at)

    def asked(self, metric: str, at: int) -> None:
        """The customer wrote: one clock for all that is unanswered."""
        if self.asked_for(metric) and metric not in self.clocks:
            self.start(metric, at)

    def escalated(self, at: int) -> None:
        """A bot gave it to people; if nobody had replied, their time begins here."""
        if self.asked_for("first_response"):
            self.withdraw("first_response", at)
            self.start("first_response", at)

    def snapshot(self, due: dict, at: int) -> None:
        """A ticket became known with promises that are waited for."""
        if self.ticket.status is None:
            return
        replied = self.ticket.has("first response")
        for metric in METRICS:
            wanted = {"first_response": not replied, "next_response": replied}.get(metric, True)
            if wanted and due.get(metric) is not None:
                self.start(metric, at, due[metric])

    # -- how clocks begin and end ----------------------------------------------------------------

    def start(self, metric: str, at: int, due_at: int | None = None) -> None:
        rules, priority = self.ticket.rules(at), self.ticket.priority
        target = rules["sla"].get(metric)
        if isinstance(target, dict):
            target = target.get(priority)
        if target is None and due_at is None:
            return
        target_ms = None if target is None else target * 1_000
        one = Promise(metric, priority, target_ms, rules["risk_ms"], rules["pause_on_hold"], at)
        self.clocks[metric] = one
        self.ticket.count(at, f"sla.{metric}.started")
        self.level(one, at, 1)
        if due_at is not None:
            self.set_due(one, due_at, at)
        else:
            self.go_on(one, at)

    def fulfil(self, metric: str, at: int) -> None:
        one = self.clocks.pop(metric, None)
        if one is None:
            return
        self.level(one, at, -1)
        if one.undecided:
            self.ticket.count(at, f"sla.{metric}.met.{one.priority}")

    def withdraw(self, metric: str, at: int) -> None:
        one = self.clocks.pop(metric, None)
        if one is None:
            return
        self.level(one, at, -1)
        if one.undecided:
            self.ticket.count(at, f"sla.{metric}.withdrawn")

    def settled(self, at: int, resolved: bool) -> None:
        """The ticket is not open any more, by a person's resolution or otherwise."""
        if resolved:
            self.fulfil("resolution", at)
        for metric in METRICS:
            self.withdraw(metric, at)

    def breach(self, one: Promise, at: int) -> None:
        self.become(one, at, "breached")
        self.ticket.count(at, f"sla.{one.metric}.breached.{one.priority}")

    # -- time ------------------------------------------------------------------------------------

    def stop(self, one: Promise, at: int) -> None:
        """What has elapsed until now stays."""
        if one.state == "running":
            one.elapsed += self.ticket.business(one.since, at)
        one.since = at

    def paused(self, one: Promise) -> bool:
        """Whether it stands still with the ticket as it is."""
        if one.metric != "resolution" or one.due_at is not None:
            return False
        status = self.ticket.status
        return status == "pending" or (status == "on_hold" and one.pause_on_hold)

    def go_on(self, one: Promise, at: int) -> None:
        """Due, and when it is at risk, are found from here on: by the calendars ahead."""
        used_up = one.due_at is None and one.target_ms is not None and one.elapsed >= one.target_ms
        state = "paused" if self.paused(one) else "running"
        at_risk = one.at_risk and state == "running"
        if (state, at_risk) != (one.state, one.at_risk):
            self.become(one, at, state, at_risk)
        one.due = one.risk_at = None
        if state == "paused":
            one.due = at if used_up else None  # it was due in this very millisecond
            return
        clock = self.ticket.oracle.clocks.of(self.ticket.tenant, self.ticket.queue)
        if one.due_at is not None:
            one.due, risk = one.due_at, RISK_MS if one.risk_ms is None else one.risk_ms
            one.risk_at = clock.reach(at, clock.between(at, one.due) - risk, ENDLESS)
            self.risk_now(one, at)
            return
        target = one.target_ms
        assert target is not None, "a clock has a target or a due time"
        risk = min(RISK_MS, target // 5) if one.risk_ms is None else min(one.risk_ms, target)
        one.due = clock.reach(at, target - one.elapsed)
        if one.due is not None:
            one.risk_at = clock.reach(at, target - risk - one.elapsed)
            self.risk_now(one, at)
            return
        if one.at_risk:  # never due, it is not at risk either
            self.become(one, at, state)
        if not one.never_told:
            one.never_told = True
            self.ticket.count(at, "sla_never_due")

    def risk_now(self, one: Promise, at: int) -> None:
        """A clock that begins or goes on with little left is at risk by that event itself."""
        if one.risk_at == at and not one.at_risk:
            self.become(one, at, one.state, True)

    def set_due(self, one: Promise, due_at: int, at: int) -> None:
        one.due_at = due_at
        self.become(one, at, "running")
        if due_at <= at:
            self.breach(one, at)
        else:
            self.go_on(one, at)

    def deadlines(self) -> Iterator[tuple[int, Callable[[int], None]]]:
        for one in self.clocks.values():
            if not one.undecided:
                continue
            if one.due is not None:
                yield one.due, lambda at, one=one: self.breach(one, at)  # type: ignore[misc]
            if one.risk_at is not None and not one.at_risk:
                yield (
                    one.risk_at,
                    lambda at, one=one: self.become(one, at, "running", True),  # type: ignore[misc]
                )

    def due_times(self) -> list[int]:
        """When the running clocks are due."""
        running = [one for one in self.clocks.values() if one.state == "running"]
        return [one.due for one in running if one.due is not None]

    # -- what befalls the ticket -----------------------------------------------------------------

    def have_status(self, at: int) -> None:
        """The status is another: a clock may stand still, or go on."""
        one = self.clocks.get("resolution")
        if one is not None and one.undecided:
            self.stop(one, at)
            if self.paused(one) != (one.state == "paused"):
                self.go_on(one, at)

    def leave_queue(self, at: int) -> None:
        for one in self.clocks.values():
            self.stop(one, at)
            self.level(one, at, -1)

    def enter_queue(self, at: int) -> None:
        for one in self.clocks.values():
            self.level(one, at, 1)
            if one.state == "running":
                self.go_on(one, at)

    def set(self, event: dict, at: int) -> bool:
        """The source says when something is due, or that it is not; False: nobody waits for it."""
        metric, due_at = event["metric"], event.get("due_at")
        one = self.clocks.get(metric)
        if one is None:
            if not self.asked_for(metric):
                return False
            if not event.get("cancelled"):
                self.start(metric, at, due_at)
        elif event.get("cancelled"):
            if one.undecided:
                self.withdraw(metric, at)
            else:
                self.become(one, at, "decided")
        elif one.undecided and due_at is not None:
            self.stop(one, at)
            self.set_due(one, due_at, at)
        elif one.undecided and one.due_at is not None:
            self.stop(one, at)
            one.due_at, one.at_risk = None, self._safe_again(one, at)
            if one.target_ms is None:
                self.withdraw(metric, at)
            elif one.elapsed >= one.target_ms:
                self.breach(one, at)
            else:
                self.go_on(one, at)
        return True

    def _safe_again(self, one: Promise, at: int) -> bool:
        """It is not at risk until that is found anew."""
        self.become(one, at, one.state, False)
        return False
