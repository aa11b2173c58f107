"""Layer 2: visits that an age closed, and what is said of them later; answers that find no visit.

What an age concluded stays booked. What is told of that visit later, while it is remembered, is
counted beside it: the threshold is never decided a second time, and no level is raised again but
that of a conversation that begins.
"""

from streams.lifecycle import comings
from streams.lifecycle import contact_effects as effects
from streams.lifecycle import contact_leave as leaving
from streams.lifecycle import contact_talk as talk
from streams.lifecycle import contact_words as words
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import (
    AGED_MS,
    BY_AGE,
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
    close,
    remember_last,
    visit_words,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS

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
        state.held_by(at) if age == EXPIRED else 0,
        state.handled_already,
        state.transferred,
        visit_words(state),
        state.callback,
        comings.of_visit(state),
        state.legs if age == EXPIRED else (),
    )
    state.aged = (*state.aged, aged)[-MAX_AGED:]


def orphan(state: ContactState, at: int, ledger: Ledger) -> None:
    """Nobody ever reported how the wait ended: it leaves the wallboard, at its maximum age."""
    ledger.anomaly("orphaned")
    _remember(state, at, ORPHANED)
    if not (state.outbound or state.callback):
        ledger.cell(state.queue, at)[c.ORPHANED] += ledger.sign
        leaving.book_unanswered(state, state.queue, at, ledger)
        leaving.leave(state, at, None, ledger)
    close(state, at, BY_AGE)


def fall_silent(state: ContactState, at: int, ledger: Ledger) -> None:
    """The customer of a waiting chat wrote nothing for too long: he left."""
    ledger.anomaly("silent")
    queue, uncounted = state.queue, state.outbound or state.callback
    _remember(state, at, SILENT)
    leaving.abandon(state, at, True, BY_AGE, ledger)
    if not uncounted:
        state.silent_queue = queue


def expire(state: ContactState, at: int, ledger: Ledger) -> None:
    """Answered and never ended: closed unhandled, outside AHT, at the maximum handling age."""
    ledger.anomaly("handling_expired")
    _remember(state, at, EXPIRED)
    if not state.outbound:
        ledger.level(state.queue, at, c.HANDLING, -1)
    close(state, at, BY_AGE)


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
    if one.age == ORPHANED and not (one.outbound or one.callback):
        ledger.cell(one.queue, fact.at)[c.ORPHANS_RECOVERED] += ledger.sign


def _left(state: ContactState, one: Aged, fact: Fact, how: int, handled: bool = True) -> None:
    """The visit's end is known, beside whatever is open."""
    began, answered = one.entered_at, one.answered_at
    closed = Closed(one.queue, began, answered, fact.at, one.agent, one.outbound, how, one.words)
    remember_last(state, closed)
    if handled:
        state.closed_at = max(state.closed_at, fact.at)


def _flows_out(one: Aged, state: ContactState, fact: Fact, how: int, ledger: Ledger) -> None:
    """The end of a wait that an age closed: it flowed out."""
    reason = "transfer" if how == SAID_TRANSFERRED else "other"
    if how == SAID_FLOWED_OUT:
        reason = leaving.reason_of(fact)
    if not (one.outbound or one.callback):
        cell = ledger.cell(one.queue, fact.at)
        leaving.book_flow_out(state, cell, ledger.sign, fact.at - one.entered_at, reason)
        leaving.book_unanswered(state, one.queue, fact.at, ledger)
        if reason in comings.FAILING:
            comings.failed_unless_answered(state, one.queue, fact.at, ledger)
    _left(state, one, fact, how)


def _hangs_up(one: Aged, state: ContactState, fact: Fact, how: int, ledger: Ledger) -> None:
    """The end of a conversation that an age closed: it is handled, with all its talk."""
    talked = fact.at - one.answered_at - one.hold
    rules = ledger.rules_for(one.queue, one.entered_at)
    transferred = how == SAID_TRANSFERRED
    if not transferred:
        words.end(state, one.words, one.queue, one.outbound, fact.at, ledger)
    awaited = rules.wrapup and not transferred and not one.handled_already
    who = fact.agent or one.agent
    leg = Wrapup(fact.at, one.queue, who, one.outbound, awaited, talked, one.hold, one.entered_at)
    if one.handled_already:
        talk.book_talk(state, leg, ledger)
    elif not awaited:
        talk.handled(state, leg, fact.at, 0, ledger)
    if transferred and not one.transferred and not one.outbound:
        ledger.cell(one.queue, fact.at)[c.TRANSFERRED] += ledger.sign
    _left(state, one, fact, how, handled=not awaited)
    if state.customer is not None:
        start = -1 if one.outbound else one.coming
        comings.hung_up(state, one.queue, fact.at, start, not transferred, ledger)
    talk.owe(state, leg, one.legs, ledger)


def _ends(state: ContactState, fact: Fact, how: int, ledger: Ledger) -> bool:
    """The event ends the last visit that an age closed; False if there is none."""
    one = _take(state, fact, (ORPHANED, EXPIRED))
    if one is None:
        return False
    _recovered(one, fact, ledger)
    end = _hangs_up if one.age == EXPIRED else _flows_out
    end(one, state, fact, how, ledger)
    return True


def ended_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An end without a visit: of one that an age closed, or an anomaly."""
    if not _ends(state, fact, SAID, ledger):
        _unexpected(state, fact, "ended_without_visit", ledger)


def transferred_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A transfer without a visit: of one that an age closed, or an anomaly."""
    if not _ends(state, fact, SAID_TRANSFERRED, ledger):
        _unexpected(state, fact, "transferred_without_visit", ledger)
    elif state.phase == IDLE:
        state.to_queue = fact.detail


def flowed_out_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A flow-out without a visit: of one that an age closed, or an anomaly."""
    one = _take(state, fact, (ORPHANED,))
    if one is None:
        _unexpected(state, fact, "flowed_out_without_visit", ledger)
        return
    _recovered(one, fact, ledger)
    _flows_out(one, state, fact, SAID_FLOWED_OUT, ledger)


def abandoned_late(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An abandonment without a visit: of one that an age closed, or of one nobody saw enter."""
    silent = fact.detail == "silent"
    one = _take(state, fact, (ORPHANED, EXPIRED))
    if one is not None:
        _recovered(one, fact, ledger)
        if one.age == EXPIRED:  # who was answered has not abandoned
            _hangs_up(one, state, fact, SAID, ledger)
            return
        if not (one.outbound or one.callback):
            cell, wait = ledger.cell(one.queue, fact.at), fact.at - one.entered_at
            leaving.book_abandonment(state, cell, ledger.sign, wait, silent)
            leaving.book_unanswered(state, one.queue, fact.at, ledger)
            comings.failed(state, one.queue, fact.at, ledger)
            state.waited += wait
        _left(state, one, fact, SAID)
    elif state.phase != IDLE or _knows(state, fact.queue or "", fact.at):
        _unexpected(state, fact, "abandoned_without_visit", ledger)
    else:
        _abandoned_unseen(state, fact, silent, ledger)


def _knows(state: ContactState, queue: str, at: int) -> bool:
    """Whether a visit in that queue is remembered at `at` (ms)."""
    last = state.last
    return (
        (last is not None and last.queue == queue)
        or queue in state.queues
        or any(one.queue == queue and at - one.closed_at <= AGED_MS for one in state.aged)
    )


def _abandoned_unseen(state: ContactState, fact: Fact, silent: bool, ledger: Ledger) -> None:
    """A visit of which only the end was told: it counts, but nobody knows how long it waited."""
    ledger.anomaly("abandoned_unmeasured", fact)
    queue = fact.queue or ""
    if not fact.outbound:
        sign, cell = ledger.sign, ledger.cell(queue, fact.at)
        effects.book_entry(state, cell, sign)
        cell[c.ABANDONED] += sign
        cell[c.ABANDONED_UNMEASURED] += sign
        leaving.book_unanswered(state, queue, fact.at, ledger)
        if silent:
            cell[c.SILENT_ABANDONED] += sign
    words.goes_on(state, None)
    state.queue, state.entered_at, state.agent = queue, fact.at, None
    state.outbound, state.silent_queue, state.to_queue = fact.outbound, None, None
    comings.visits(state, fact.at, fact.at, fact.outbound, False, ledger)
    if not fact.outbound:
        comings.failed(state, queue, fact.at, ledger)
    close(state, fact.at, SAID)


def _unexpected(state: ContactState, fact: Fact, kind: str, ledger: Ledger) -> None:
    ledger.anomaly(kind if state.phase == IDLE else "other_queue", fact)


# -- an answer that finds no visit -----------------------------------------------------------------


def answered_unseen(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An answer in a queue in which nobody is seen to wait.

    Told before; or a transferred visit that goes on; or one that an age closed; or one of which the
    entry was not told.
    """
    last = state.last
    if last is not None and not (last.connected and last.queue == fact.queue):
        last = None
    if last is not None and fact.at - last.answered_at <= ledger.rules.grace_ms:
        ledger.anomaly("answered_again", fact)
    elif last is not None and last.how == SAID_TRANSFERRED and state.phase == IDLE:
        _goes_on(state, last, fact, ledger)
    elif (one := _take(state, fact, (ORPHANED, SILENT))) is not None:
        _recovered(one, fact, ledger)
        if one.age == SILENT and not one.outbound:
            cell = ledger.cell(one.queue, fact.at)
            if one.callback:
                cell[c.CALLBACK_VISITS] += ledger.sign
            else:
                effects.book_entry(state, cell, ledger.sign)
        effects.open_answered(
            *(state, fact, one.entered_at, one.outbound, ledger, one.callback),
            offered_before=one.age == ORPHANED,
        )
        if one.age == ORPHANED:
            comings.recovered(state, one.coming)
        if one.age == ORPHANED:
            words.same_visit(state, one.words)
    else:
        _opens_answered(state, fact, ledger)


def _goes_on(state: ContactState, last: Closed, fact: Fact, ledger: Ledger) -> None:
    """A transferred conversation without an entry since: the same visit, with another agent."""
    ledger.anomaly("goes_on", fact)
    state.queue, state.entered_at, state.outbound = last.queue, last.entered_at, last.outbound
    state.former, state.handled_already, state.transferred = None, True, True
    state.resumed = state.continues = state.answered_by_message = False
    effects.connect(state, fact.at, fact.agent, ledger)
    words.goes_on(state, last.words)
    if not last.outbound:
        ledger.level(last.queue, fact.at, c.HANDLING, 1)


def _opens_answered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A visit of which the first that was told is its answer."""
    queue, outbound = fact.queue or "", fact.outbound
    # Two clocks that differ a little: it waited for no time, and not for less. And for no longer
    # than a visit can wait.
    since = min(fact.since, fact.at)
    longest = ledger.rules_for(queue, since).max_wait_ms or FORGET_MS
    known = fact.since >= fact.at - longest and fact.since <= fact.at + ledger.rules.grace_ms
    effects.open_answered(state, fact, since if known else None, outbound, ledger)
    if not known:
        ledger.anomaly("answered_unmeasured", fact)
    if outbound:
        return
    cell = ledger.cell(queue, fact.at)
    effects.book_entry(state, cell, ledger.sign)
    if not known:
        return
    rules = ledger.rules_for(queue, state.entered_at)
    if rules.threshold_ms is not None:
        cell[c.THRESHOLD_DECIDED] += ledger.sign
        if fact.at - since <= rules.threshold_ms:
            cell[c.ANSWERED_IN_THRESHOLD] += ledger.sign
    if rules.wait_limit_ms is not None:
        cell[c.LIMIT_DECIDED] += ledger.sign
        if fact.at - since > rules.wait_limit_ms:
            cell[c.WAITED_OVER_LIMIT] += ledger.sign
