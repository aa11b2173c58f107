"""Layer 2: what a ticket was promised: a first response, a reply to each question, a resolution.

In: a ticket's state where something is asked for, done, withdrawn, moved or promised otherwise, and
two deadlines of each clock. Out: promises kept, broken and withdrawn, and the stocks of clocks that
run, stand still, have little time left, or were due. Invariant: of each clock one decision, so that
kept + broken + withdrawn + running + paused are the clocks that were started. Cost: some 40 bytes a
clock, and one deadline at a time.

A clock runs while something is asked for that has a due time: the queue's target for the ticket's
priority, in business time, or what a source told, which holds as it stands. Target, limits and
priority are those of the instant at which the clock starts; which calendar, that of each instant.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from streams.contract.words import SLA_METRICS
from streams.lifecycle import comings
from streams.lifecycle import counters as c
from streams.lifecycle.business import elapsed, reach
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import NEVER
from streams.lifecycle.ticket_state import (
    AT_RISK,
    BREACHED,
    CANCELLED,
    ON_TIME,
    OPEN,
    Clock,
    TicketState,
)

FIRST, NEXT, RESOLUTION = range(len(SLA_METRICS))
#: With how much left a promise is at risk, where the queue does not say: half an hour, or a fifth.
_AT_RISK_MS: Final = 1_800_000
_AT_RISK_SHARE: Final = 5

_BOOKED = tuple(c.SLA.values())
_MET, _BREACHED = tuple(c.MET.values()), tuple(c.BREACHED.values())
_RUNNING, _PAUSED = tuple(c.RUNNING.values()), tuple(c.PAUSED.values())
_RISKY, _OVERDUE = tuple(c.AT_RISK.values()), tuple(c.BREACHED_OPEN.values())


# -- what becomes of what is asked for -------------------------------------------------------------


def ask(state: TicketState, metric: int, at: int, ledger: Ledger, told_at: int = -1) -> None:
    """Something is asked for from `at` on; `told_at`: when it is due, by the source.

    Nothing is promised where there is neither that nor a target.
    """
    if _of(state, metric):
        return
    rules = ledger.rules_for(state.queue, at)
    target = rules.sla_ms[metric][state.priority] if rules.sla_ms else None
    if target is None and told_at < 0:
        return
    clock = Clock(
        metric,
        state.priority,
        -1 if target is None else target,
        -1 if rules.at_risk_ms is None else rules.at_risk_ms,
        rules.pause_on_hold,
        told_at=told_at,
    )
    _put(state, _told(state, clock, at, ledger), at, ledger)


def fulfil(state: TicketState, metric: int, at: int, ledger: Ledger) -> None:
    """It is done: the promise was kept, unless it was broken before."""
    for clock in _of(state, metric):
        _take(state, clock, at, ledger)
        if clock.phase < BREACHED:
            _count(state, metric, _MET[clock.priority], at, ledger)


def withdraw(state: TicketState, metric: int, at: int, ledger: Ledger) -> None:
    """It is no longer asked for."""
    for clock in _of(state, metric):
        _take(state, clock, at, ledger)
        if clock.phase < BREACHED:
            _count(state, metric, c.WITHDRAWN, at, ledger)


def withdraw_all(state: TicketState, at: int, ledger: Ledger) -> None:
    """The ticket is no longer open."""
    for metric in range(len(SLA_METRICS)):
        withdraw(state, metric, at, ledger)


def ask_anew(state: TicketState, metric: int, at: int, ledger: Ledger) -> None:
    """It is asked for once more, by somebody else: what was promised before is withdrawn."""
    withdraw(state, metric, at, ledger)
    ask(state, metric, at, ledger)


def reopened(state: TicketState, at: int, ledger: Ledger) -> None:
    """The ticket is open again: what nobody has done yet is asked for from now on."""
    if not state.responded:
        if not state.awaits_customer:
            ask(state, FIRST, at, ledger)
    elif state.asked_at >= 0:
        ask(state, NEXT, at, ledger)
    if not state.resolved:
        ask(state, RESOLUTION, at, ledger)


def status_changed(state: TicketState, at: int, ledger: Ledger) -> None:
    """The resolution's clock stands still while the ticket waits for the customer."""
    for clock in _of(state, RESOLUTION):
        if clock.phase >= BREACHED or (clock.since < 0) == _pauses(state, clock):
            continue
        _take(state, clock, at, ledger)
        _put(state, _going_on(state, clock, at, ledger), at, ledger)


def leave(state: TicketState, at: int, ledger: Ledger) -> list[Clock]:
    """The ticket leaves its queue at `at`: its clocks, as far as they have gone there."""
    clocks = list(state.clocks)
    for clock in clocks:
        _take(state, clock, at, ledger)
    return [_stopped(state, clock, at, ledger) for clock in clocks]


def enter(state: TicketState, clocks: list[Clock], at: int, ledger: Ledger) -> None:
    """They go on by the calendar of the queue that the ticket has come to."""
    for clock in clocks:
        decided = clock.phase >= BREACHED
        going_on = clock if decided else _going_on(state, clock, at, ledger, clock.phase)
        _put(state, going_on, at, ledger)


def told(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """`ticket.sla_set`: a due time, back to the queue's target, or no promise any more.

    What is decided stays so: one that was broken and is cancelled is only overdue no longer.
    """
    word, *more = (fact.detail or "").split(" ")
    metric, at, due_at = SLA_METRICS.index(word), fact.at, fact.since
    clocks = _of(state, metric)
    if not clocks:
        if not _is_asked_for(state, metric):
            ledger.anomaly("sla_without_clock", fact)
        elif not more:
            ask(state, metric, at, ledger, due_at)
        return
    (clock,) = clocks
    if more and clock.phase < BREACHED:
        withdraw(state, metric, at, ledger)
    elif more:
        _take(state, clock, at, ledger)
        _put(state, replace(clock, phase=CANCELLED), at, ledger)
    elif clock.phase < BREACHED and (due_at >= 0 or clock.told_at >= 0):
        if due_at < 0 and clock.target_ms < 0:
            withdraw(state, metric, at, ledger)
            return
        _take(state, clock, at, ledger)
        again = replace(_stopped(state, clock, at, ledger), told_at=due_at)
        _put(state, _told(state, again, at, ledger), at, ledger)


def known(state: TicketState, at: int, dues: dict[str, int], ledger: Ledger) -> None:
    """A snapshot of an open ticket: the promises that it says run."""
    for metric, word in enumerate(SLA_METRICS):
        asked = metric == RESOLUTION or (metric == NEXT) == state.responded
        if word in dues and asked:
            ask(state, metric, at, ledger, dues[word])


def _is_asked_for(state: TicketState, metric: int) -> bool:
    if state.phase != OPEN:
        return False
    if metric == FIRST:
        return not state.responded and not state.awaits_customer
    return state.asked_at >= 0 if metric == NEXT else not state.resolved


# -- deadlines -------------------------------------------------------------------------------------


def dues(state: TicketState) -> Iterator[tuple[int, bool]]:
    """(ms, whether it is the due time itself) of what befalls each clock."""
    for clock in state.clocks:
        if clock.due >= 0:
            yield clock.due, True
        if clock.risk_at >= 0:
            yield clock.risk_at, False


def next_due(state: TicketState) -> int:
    """When the first of the clocks that run is due, ms; NEVER without one."""
    running = (clock.due for clock in state.clocks if clock.due >= 0 and clock.since >= 0)
    return min(running, default=NEVER)


def breach(state: TicketState, at: int, ledger: Ledger) -> None:
    """What is due at `at`, and was not done by then, was promised in vain."""
    for clock in state.clocks:
        if clock.due == at:
            _take(state, clock, at, ledger)
            _put(state, _breached(state, clock, at, ledger), at, ledger)


def endanger(state: TicketState, at: int, ledger: Ledger) -> None:
    """Little time is left from `at` on."""
    for clock in state.clocks:
        if clock.risk_at == at:
            _take(state, clock, at, ledger)
            _put(state, replace(clock, phase=AT_RISK, risk_at=-1), at, ledger)


def reschedule(state: TicketState, at: int, ledger: Ledger) -> None:
    """The calendars are others from `at` on, than they were to be: what is not yet due is anew."""
    for clock in state.clocks:
        if clock.phase >= BREACHED or clock.since < 0:
            continue
        _take(state, clock, at, ledger)
        stopped = _stopped(state, clock, at, ledger)
        _put(state, _going_on(state, stopped, at, ledger), at, ledger)


# -- one clock -------------------------------------------------------------------------------------


def _of(state: TicketState, metric: int) -> list[Clock]:
    """The metric's clock, if there is one."""
    return [clock for clock in state.clocks if clock.metric == metric]


def _pauses(state: TicketState, clock: Clock) -> bool:
    """Whether the clock stands still in the ticket's status."""
    if clock.metric != RESOLUTION or clock.told_at >= 0:
        return False
    return state.status == "pending" or (state.status == "on_hold" and clock.pause_on_hold)


def _stopped(state: TicketState, clock: Clock, at: int, ledger: Ledger) -> Clock:
    """The clock with all that has elapsed until `at`."""
    if clock.since < 0:
        return clock
    more = elapsed(ledger.calendars(state.queue), clock.since, at)
    return replace(clock, elapsed_ms=clock.elapsed_ms + more, since=-1)


def _told(state: TicketState, clock: Clock, at: int, ledger: Ledger) -> Clock:
    """The clock with another due time from `at` on, which may have passed already."""
    by_target = clock.told_at < 0
    over = clock.elapsed_ms >= clock.target_ms if by_target else clock.told_at <= at
    return (_breached if over else _going_on)(state, clock, at, ledger)


def _going_on(
    state: TicketState, clock: Clock, at: int, ledger: Ledger, phase: int = ON_TIME
) -> Clock:
    """The undecided clock from `at` on: it runs or stands still.

    `phase` AT_RISK: it is, and stays so.
    """
    clock = _stopped(state, clock, at, ledger)
    calendars, told_at, target = ledger.calendars(state.queue), clock.told_at, clock.target_ms
    if told_at >= 0:
        left = elapsed(calendars, at, told_at)
        due, limit = told_at, _AT_RISK_MS if clock.risk_ms < 0 else clock.risk_ms
    else:
        left = target - clock.elapsed_ms
        if _pauses(state, clock):
            # Due at this very instant, it is paused in vain.
            due = at if left <= 0 else -1
            return replace(clock, due=due, risk_at=-1, phase=ON_TIME)
        due = reach(calendars, at, left)
        limit = min(_AT_RISK_MS, target // _AT_RISK_SHARE) if clock.risk_ms < 0 else clock.risk_ms
        limit = min(limit, target)
    if due == NEVER:
        if not clock.never_due:
            ledger.cell(state.queue, at)[c.SLA_NEVER_DUE] += ledger.sign
        return replace(clock, since=at, due=-1, risk_at=-1, phase=ON_TIME, never_due=True)
    if phase == AT_RISK or left <= limit:
        return replace(clock, since=at, due=due, risk_at=-1, phase=AT_RISK)
    risk_at = reach(calendars, at, left - limit)
    return replace(clock, since=at, due=due, risk_at=risk_at, phase=ON_TIME)


def _breached(state: TicketState, clock: Clock, at: int, ledger: Ledger) -> Clock:
    _count(state, clock.metric, _BREACHED[clock.priority], at, ledger)
    comings.failed(state, state.queue, at, ledger)
    # What it went by matters no more, and is not stored.
    return Clock(clock.metric, clock.priority, phase=BREACHED)


def _put(state: TicketState, clock: Clock, at: int, ledger: Ledger) -> None:
    state.clocks = (*state.clocks, clock)
    _levels(state, clock, at, 1, ledger)


def _take(state: TicketState, clock: Clock, at: int, ledger: Ledger) -> None:
    _levels(state, clock, at, -1, ledger)
    state.clocks = tuple(other for other in state.clocks if other is not clock)


def _levels(state: TicketState, clock: Clock, at: int, change: int, ledger: Ledger) -> None:
    metric = clock.metric
    if clock.phase == CANCELLED:
        return
    if clock.phase == BREACHED:
        ledger.level(state.queue, at, _OVERDUE[metric], change)
    elif clock.since < 0:
        ledger.level(state.queue, at, _PAUSED[metric], change)
    else:
        ledger.level(state.queue, at, _RUNNING[metric], change)
        if clock.phase == AT_RISK:
            ledger.level(state.queue, at, _RISKY[metric], change)


def _count(state: TicketState, metric: int, what: int, at: int, ledger: Ledger) -> None:
    """Book what became of a promise; of a complaint's, once more apart."""
    cell = ledger.cell(state.queue, at)
    cell[_BOOKED[metric] + what] += ledger.sign
    if state.complaint:
        cell[_BOOKED[metric] + c.SLA_OF_COMPLAINT + what] += ledger.sign
