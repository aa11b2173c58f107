"""Layer 2: visits that an age closed, and what is said of them later; answers that find no visit.

What an age concluded stays booked. What is told of that visit later, while it is remembered, is
counted beside it: the threshold is never decided a second time, and no level is raised again but
that of a conversation that begins.
"""

from streams.lifecycle import contact_effects as effects
from streams.lifecycle import counters as c
from streams.lifecycle.contact_order import is_answered_again
from streams.lifecycle.contact_state import (
    AGED_MS,
    BY_AGE,
    CONNECTED,
    EXPIRED,
    IDLE,
    MAX_AGED,
    ORPHANED,
    SAID,
    SAID_FLOWED_OUT,
    SAID_TRANSFERRED,
    SILENT,
    Aged,
    Closed,
    ContactState,
    Wrapup,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger

# -- an age closes a visit -------------------------------------------------------------------------


def _remember(state: ContactState, at: int, age: int) -> None:
    aged = Aged(
        state.queue,
        state.entered_at,
        at,
        age,
        state.outbound,
        state.answered_at if age == EXPIRED else -1,
        state.agent,
        state.hold,
        state.hold_since,
    )
    state.aged = (*state.aged, aged)[-MAX_AGED:]


def orphan(state: ContactState, at: int, ledger: Ledger) -> None:
    """Nobody ever reported how the wait ended: it leaves the wallboard, at its maximum age."""
    ledger.anomaly("orphaned")
    _remember(state, at, ORPHANED)
    if not state.outbound:
        ledger.cell(state.queue, at)[c.ORPHANED] += ledger.sign
        effects.leave_undecided(state, at, ledger)
    effects.close(state, at, BY_AGE)


def fall_silent(state: ContactState, at: int, ledger: Ledger) -> None:
    """The customer of a waiting chat wrote nothing for too long: he left."""
    ledger.anomaly("silent")
    queue, outbound = state.queue, state.outbound
    _remember(state, at, SILENT)
    effects.abandon(state, at, True, BY_AGE, ledger)
    if not outbound:
        state.silent_queue = queue


def expire(state: ContactState, at: int, ledger: Ledger) -> None:
    """Answered and never ended: closed unhandled, outside AHT, at the maximum handling age."""
    ledger.anomaly("handling_expired")
    if not state.more:
        _remember(state, at, EXPIRED)
    if not state.outbound:
        ledger.level(state.queue, at, c.HANDLING, -1)
    effects.close(state, at, BY_AGE)


# -- what is said of it later ----------------------------------------------------------------------


def _take(state: ContactState, fact: Fact, ages: tuple[int, ...]) -> Aged | None:
    """The last visit of the event's queue that one of these ages closed: it is known now."""
    if state.phase != IDLE and fact.queue is None:
        return None  # about the open visit
    for one in reversed(state.aged):
        if one.age in ages and (fact.queue is None or one.queue == fact.queue):
            if fact.at - one.closed_at > AGED_MS:
                return None
            state.aged = tuple(other for other in state.aged if other is not one)
            return one
    return None


def _recovered(one: Aged, fact: Fact, ledger: Ledger) -> None:
    ledger.anomaly("recovered", fact)
    if one.age == ORPHANED and not one.outbound:
        ledger.cell(one.queue, fact.at)[c.ORPHANS_RECOVERED] += ledger.sign


def _left(state: ContactState, one: Aged, fact: Fact, how: int) -> None:
    """The visit's end is known, beside whatever is open."""
    if state.phase == IDLE:
        state.last = Closed(one.queue, one.entered_at, -1, fact.at, one.agent, one.outbound, how)
        state.closed_at = max(state.closed_at, fact.at)


def _flows_out(state: ContactState, fact: Fact, reason: str, how: int, ledger: Ledger) -> bool:
    one = _take(state, fact, (ORPHANED,))
    if one is None:
        return False
    _recovered(one, fact, ledger)
    if not one.outbound:
        cell = ledger.cell(one.queue, fact.at)
        effects.book_flow_out(cell, ledger.sign, fact.at - one.entered_at, reason)
    _left(state, one, fact, how)
    return True


def _conversation_ends(state: ContactState, fact: Fact, how: int, ledger: Ledger) -> bool:
    """The end of an expired conversation: it is handled, with all its talk."""
    one = _take(state, fact, (EXPIRED,))
    if one is None:
        return False
    _recovered(one, fact, ledger)
    hold = one.hold + (fact.at - one.hold_since if one.hold_since >= 0 else 0)
    talk = fact.at - one.answered_at - hold
    rules = ledger.rules_for(one.queue, one.entered_at)
    awaited = rules.wrapup and how != SAID_TRANSFERRED
    who = fact.agent or one.agent
    leg = Wrapup(fact.at, one.queue, who, one.outbound, awaited, talk, hold, one.entered_at)
    if not awaited:
        effects.handled(leg, fact.at, 0, ledger)
    if how == SAID_TRANSFERRED and not one.outbound:
        ledger.cell(one.queue, fact.at)[c.TRANSFERRED] += ledger.sign
    if state.phase == IDLE:
        state.last = Closed(
            one.queue, one.entered_at, one.answered_at, fact.at, one.agent, one.outbound, how
        )
    state.closed_at = max(state.closed_at, fact.at)
    effects.owe(state, leg, ledger)
    return True


def ended_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An end without a visit: of one that an age closed, or an anomaly."""
    if not _conversation_ends(state, fact, SAID, ledger) and not _flows_out(
        state, fact, "other", SAID, ledger
    ):
        _unexpected(state, fact, "ended_without_visit", ledger)


def transferred_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A transfer without a visit: of one that an age closed, or an anomaly."""
    if not _conversation_ends(state, fact, SAID_TRANSFERRED, ledger) and not _flows_out(
        state, fact, "transfer", SAID, ledger
    ):
        _unexpected(state, fact, "transferred_without_visit", ledger)


def flowed_out_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A flow-out without a visit: of one that an age closed, or an anomaly."""
    if not _flows_out(state, fact, fact.detail or "other", SAID_FLOWED_OUT, ledger):
        _unexpected(state, fact, "flowed_out_without_visit", ledger)


def abandoned_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An abandonment without a visit: of one that an age closed, or of one nobody saw enter."""
    silent = fact.detail == "silent"
    one = _take(state, fact, (ORPHANED,))
    if one is not None:
        _recovered(one, fact, ledger)
        if not one.outbound:
            cell, wait = ledger.cell(one.queue, fact.at), fact.at - one.entered_at
            effects.book_abandonment(cell, ledger.sign, wait, silent)
        _left(state, one, fact, SAID)
    elif _conversation_ends(state, fact, SAID, ledger):
        return
    elif state.phase != IDLE or _knows(state, fact.queue or ""):
        _unexpected(state, fact, "abandoned_without_visit", ledger)
    else:
        _abandoned_unseen(state, fact, silent, ledger)


def _knows(state: ContactState, queue: str) -> bool:
    """Whether a visit in that queue is remembered."""
    last = state.last
    return (
        (last is not None and last.queue == queue)
        or queue in state.queues
        or any(one.queue == queue for one in state.aged)
    )


def _abandoned_unseen(state: ContactState, fact: Fact, silent: bool, ledger: Ledger) -> None:
    """A visit of which only the end was told: it counts, but nobody knows how long it waited."""
    ledger.anomaly("abandoned_unmeasured", fact)
    queue = fact.queue or ""
    if not fact.outbound:
        sign, cell = ledger.sign, ledger.cell(queue, fact.at)
        cell[c.OFFERED] += sign
        cell[c.ABANDONED] += sign
        cell[c.ABANDONED_UNMEASURED] += sign
        if silent:
            cell[c.SILENT_ABANDONED] += sign
    state.queue, state.entered_at, state.agent = queue, fact.at, None
    state.outbound = fact.outbound
    effects.close(state, fact.at, SAID)


def _unexpected(state: ContactState, fact: Fact, kind: str, ledger: Ledger) -> None:
    ledger.anomaly(kind if state.phase == IDLE else "other_queue", fact)


# -- an answer that finds no visit -----------------------------------------------------------------


def answered_unseen(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An answer in a queue in which nobody is seen to wait.

    Told before; or a transferred visit that goes on; or one that an age closed; or one of which the
    entry was not told.
    """
    last = state.last
    if is_answered_again(state, fact, ledger.rules.grace_ms):
        ledger.anomaly("answered_again", fact)
    elif (
        last is not None
        and state.phase == IDLE
        and last.how == SAID_TRANSFERRED
        and last.connected
        and last.queue == fact.queue
    ):
        _goes_on(state, last, fact, ledger)
    elif (one := _take(state, fact, (ORPHANED, SILENT))) is not None:
        _recovered(one, fact, ledger)
        if one.age == SILENT and not one.outbound:
            ledger.cell(one.queue, fact.at)[c.OFFERED] += ledger.sign
        effects.open_answered(state, fact, one.entered_at, one.outbound, ledger)
    else:
        _opens_answered(state, fact, ledger)


def _goes_on(state: ContactState, last: Closed, fact: Fact, ledger: Ledger) -> None:
    """A transferred conversation without an entry since: the same visit, with another agent."""
    ledger.anomaly("goes_on", fact)
    at = fact.at
    state.phase, state.queue, state.entered_at = CONNECTED, last.queue, last.entered_at
    state.outbound, state.answered_at, state.agent = last.outbound, at, fact.agent
    state.hold_since, state.hold, state.ringing = -1, 0, ()
    state.former, state.more, state.transferred = None, True, True
    state.resumed = state.continues = state.answered_by_message = False
    if not last.outbound:
        ledger.level(last.queue, at, c.HANDLING, 1)


def _opens_answered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A visit of which the first that was told is its answer."""
    queue, outbound = fact.queue or "", fact.outbound
    known = 0 <= fact.since <= fact.at
    effects.open_answered(state, fact, fact.since if known else None, outbound, ledger)
    if not known:
        ledger.anomaly("answered_unmeasured", fact)
    if outbound:
        return
    cell = ledger.cell(queue, fact.at)
    cell[c.OFFERED] += ledger.sign
    threshold = ledger.rules_for(queue, state.entered_at).threshold_ms
    if known and threshold is not None:
        cell[c.THRESHOLD_DECIDED] += ledger.sign
        if fact.at - fact.since <= threshold:
            cell[c.ANSWERED_IN_THRESHOLD] += ledger.sign
