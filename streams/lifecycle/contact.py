"""Layer 2: the life of a contact (voice, chat), one transition table.

A contact stands in one queue at a time (a visit: waiting, then connected), and beside that may have
wrap-ups that are not reported yet. Every (phase, event) pair is in `TABLE`: an effect, or the name
of the anomaly that is counted while nothing changes. `step` takes one event, `fire` the earliest
implied one (threshold, ages, wrap-up cap, silence, forgetting). Cost: about a microsecond.
"""

from bisect import bisect_left
from collections.abc import Callable

from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import CONNECTED, IDLE, WAITING, ContactState, Wrapup
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import SKEW_MS

# -- effects ---------------------------------------------------------------------------------------


def _enqueued(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _open(state, fact.queue or "", fact.at, fact.outbound, ledger)


def _requeued(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    reason = fact.detail if fact.detail in c.REASONS else "other"
    _flow_out(state, fact.at, reason or "other", ledger)
    _enqueued(state, fact, ledger)


def _moved_on(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _transfer(state, fact.at, state.agent, ledger)
    _enqueued(state, fact, ledger)


def _open(state: ContactState, queue: str, at: int, outbound: bool, ledger: Ledger) -> None:
    answered_at = state.answer_before_enqueue_at
    state.phase, state.queue, state.entered_at, state.outbound = WAITING, queue, at, outbound
    state.threshold_decided, state.ringing, state.customer_at = False, (), at
    state.answer_before_enqueue_at, state.silent_queue = -1, None
    if not outbound:
        sign, cell, offset = ledger.sign, ledger.cell(queue, at), at % ledger.width
        cell[c.OFFERED] += sign
        cell[c.WAITING] += sign
        cell[c.WAITING_MOMENT] += sign * offset
    if answered_at >= 0 and at - answered_at <= SKEW_MS:
        ledger.anomaly("clamped")
        _answer(state, at, state.answer_before_enqueue_agent, ledger)
    state.answer_before_enqueue_agent = None


def _blocked(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if not fact.outbound:
        ledger.cell(fact.queue or "", fact.at)[c.BLOCKED] += ledger.sign


def _offered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    agent = fact.agent or ""
    if agent in state.ringing:
        return
    if not state.ringing and not state.outbound:
        ledger.level(state.queue, fact.at, c.RINGING, 1)
    state.ringing = (*state.ringing, agent)


def _offer_failed(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if not state.outbound:
        ledger.cell(state.queue, fact.at)[c.OFFERS[fact.detail or ""]] += ledger.sign
    if fact.agent in state.ringing:
        state.ringing = tuple(agent for agent in state.ringing if agent != fact.agent)
        if not state.ringing and not state.outbound:
            ledger.level(state.queue, fact.at, c.RINGING, -1)


def _answered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _answer(state, fact.at, fact.agent, ledger)


def _answer(state: ContactState, at: int, agent: str | None, ledger: Ledger) -> None:
    if not state.outbound:
        sign, cell, offset = ledger.sign, ledger.cell(state.queue, at), at % ledger.width
        wait = at - state.entered_at
        cell[c.ANSWERED] += sign
        cell[c.ACCEPTED] += sign
        cell[c.ANSWERED_WAIT] += sign * wait
        cell[c.CLOSED_WAIT] += sign * wait
        cell[c.WAIT_BUCKETS + bucket_of(wait)] += sign
        cell[c.ANSWERED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign
        cell[c.HANDLING] += sign
        cell[c.HANDLING_MOMENT] += sign * offset
        _leave(state, at, c.ANSWERED_IN_THRESHOLD, ledger)
    state.phase, state.answered_at, state.agent = CONNECTED, at, agent
    state.hold_since, state.hold, state.ringing = -1, 0, ()


def _leave(state: ContactState, at: int, in_threshold: int | None, ledger: Ledger) -> None:
    """The wait is over: levels fall, and the threshold is decided if it has not passed."""
    sign, cell, offset = ledger.sign, ledger.cell(state.queue, at), at % ledger.width
    cell[c.WAITING] -= sign
    cell[c.WAITING_MOMENT] -= sign * offset
    if state.ringing:
        cell[c.RINGING] -= sign
        cell[c.RINGING_MOMENT] -= sign * offset
    if state.threshold_decided:
        cell[c.OVER_THRESHOLD] -= sign
        cell[c.OVER_THRESHOLD_MOMENT] -= sign * offset
        return
    threshold = ledger.rules_for(state.queue, state.entered_at).threshold_ms
    if in_threshold is not None and threshold is not None and at <= state.entered_at + threshold:
        cell[c.THRESHOLD_DECIDED] += sign
        cell[in_threshold] += sign


def _early(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """No visit (yet): with clock skew the enqueue may follow within five seconds."""
    state.answer_before_enqueue_at, state.answer_before_enqueue_agent = fact.at, fact.agent
    ledger.anomaly("answered_without_visit", fact)


def _hold_started(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if state.hold_since >= 0:
        ledger.anomaly("hold_repeated", fact)
    else:
        state.hold_since = fact.at


def _hold_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if state.hold_since < 0:
        ledger.anomaly("hold_not_started", fact)
    else:
        state.hold += fact.at - state.hold_since
        state.hold_since = -1


def _connection(state: ContactState, at: int, agent: str | None, completes_visit: bool) -> Wrapup:
    """The connected part of the visit, ended at `at`; an open hold ends with it."""
    hold = state.hold + (at - state.hold_since if state.hold_since >= 0 else 0)
    talk = at - state.answered_at - hold
    who, began = agent or state.agent, state.entered_at
    return Wrapup(at, state.queue, who, state.outbound, completes_visit, talk, hold, began)


def _disconnect(state: ContactState, wrapup: Wrapup, ledger: Ledger) -> None:
    if not state.outbound:
        ledger.level(state.queue, wrapup.ended_at, c.HANDLING, -1)
    _close(state, wrapup.ended_at, handled=not wrapup.completes_visit)
    state.wrapups = (*state.wrapups, wrapup)


def _transferred(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _transfer(state, fact.at, fact.agent, ledger)


def _transfer(state: ContactState, at: int, agent: str | None, ledger: Ledger) -> None:
    leg = _connection(state, at, agent, completes_visit=False)
    handled(leg, at, 0, ledger)
    if not leg.outbound:
        ledger.cell(leg.queue, at)[c.TRANSFERRED] += ledger.sign
    _disconnect(state, leg, ledger)


def _ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    awaited = ledger.rules_for(state.queue, state.entered_at).wrapup
    leg = _connection(state, fact.at, fact.agent, awaited)
    if not leg.completes_visit:
        handled(leg, fact.at, 0, ledger)
    _disconnect(state, leg, ledger)


def handled(leg: Wrapup, at: int, wrapup: int, ledger: Ledger) -> None:
    """The visit is handled at `at`, booked whole."""
    if leg.outbound:
        return
    sign, cell = ledger.sign, ledger.cell(leg.queue, at)
    cell[c.HANDLED] += sign
    cell[c.TALK] += sign * leg.talk
    cell[c.HOLD] += sign * leg.hold
    cell[c.WRAPUP] += sign * wrapup
    total = leg.talk + leg.hold + wrapup
    cell[c.HANDLED_WITHIN + bisect_left(c.HANDLE_BOUNDS_MS, total)] += sign
    cell[c.HANDLE_TIME] += sign * total


def cap_of(leg: Wrapup, ledger: Ledger) -> int:
    """The longest wrap-up that is counted for the visit, ms."""
    return ledger.rules_for(leg.queue, leg.entered_at).wrapup_cap_ms


def _wrapup_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    reported = fact.agent

    def fits(leg: Wrapup) -> int:
        if leg.agent is None or reported is None:
            return 1
        return 0 if leg.agent == reported else 2

    leg = min(state.wrapups, key=fits, default=None)  # of equal fits the oldest: the first
    if leg is None or fits(leg) == 2:
        ledger.anomaly("wrapup_without_visit", fact)
        return
    state.wrapups = tuple(other for other in state.wrapups if other is not leg)
    cap = cap_of(leg, ledger)
    lasted = fact.at - leg.ended_at
    if lasted > cap:
        ledger.anomaly("wrapup_capped", fact)
        lasted = cap
    if leg.completes_visit:
        handled(leg, fact.at, lasted, ledger)
        state.closed_at = fact.at
    elif not leg.outbound:
        ledger.cell(leg.queue, fact.at)[c.WRAPUP] += ledger.sign * lasted


def _abandoned(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    abandon(state, fact.at, fact.detail == "silent", ledger)


def abandon(state: ContactState, at: int, silent: bool, ledger: Ledger) -> None:
    """The customer left unanswered; short if within the queue's short-abandon threshold."""
    if not state.outbound:
        sign, cell, wait = ledger.sign, ledger.cell(state.queue, at), at - state.entered_at
        short = ledger.rules_for(state.queue, state.entered_at).short_ms
        cell[c.ABANDONED] += sign
        if short is not None and wait <= short:
            cell[c.SHORT_ABANDONED] += sign
        if silent:
            cell[c.SILENT_ABANDONED] += sign
        cell[c.ABANDONED_WAIT] += sign * wait
        cell[c.ABANDONED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign
        cell[c.CLOSED_WAIT] += sign * wait
        _leave(state, at, c.ABANDONED_IN_THRESHOLD, ledger)
    _close(state, at)


def orphan(state: ContactState, at: int, ledger: Ledger) -> None:
    """Nobody ever reported how the wait ended: it leaves the wallboard, at its maximum age."""
    if not state.outbound:
        ledger.cell(state.queue, at)[c.ORPHANED] += ledger.sign
        _leave(state, at, None, ledger)
    _close(state, at)


def expire(state: ContactState, at: int, ledger: Ledger) -> None:
    """Answered and never ended: closed unhandled, outside AHT, at the maximum handling age."""
    if not state.outbound:
        ledger.level(state.queue, at, c.HANDLING, -1)
    _close(state, at)


def _flowed_out(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    reason = fact.detail if fact.detail in c.REASONS else "other"
    _flow_out(state, fact.at, reason, ledger)


def _waiting_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _flow_out(state, fact.at, "other", ledger)


def _waiting_transferred(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    _flow_out(state, fact.at, "transfer", ledger)


def _flow_out(state: ContactState, at: int, reason: str, ledger: Ledger) -> None:
    if not state.outbound:
        sign, cell = ledger.sign, ledger.cell(state.queue, at)
        cell[c.FLOWED_OUT] += sign
        cell[c.REASONS[reason]] += sign
        cell[c.CLOSED_WAIT] += sign * (at - state.entered_at)
        _leave(state, at, c.FLOWED_OUT_IN_THRESHOLD, ledger)
    _close(state, at)


def _close(state: ContactState, at: int, handled: bool = True) -> None:
    state.phase, state.ringing, state.outbound = IDLE, (), False
    if handled:
        state.closed_at = at


def _customer_wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if fact.detail == "customer":
        state.customer_at = fact.at


def _wrote_again(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    if fact.detail == "customer" and state.silent_queue is not None:
        _open(state, state.silent_queue, fact.at, fact.outbound, ledger)


def nothing(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """No effect on the visit; the event itself is remembered."""


Effect = Callable[[ContactState, Fact, Ledger], None]

# The rules that do not fit the table:
#
# Who opens a visit. `contact.enqueued` and `contact.resumed`, which share the first row; and after
# the silence deadline ended a visit, the customer's next message, in the same queue. What opens a
# visit while one is open ends that one first: a waiting one flows out, by the reason the event
# gives or as `other`; a connected one is transferred.
#
# Who closes a visit. While it waits: `contact.abandoned`, `contact.flowed_out`, and, as flowing
# out too, `contact.transferred` (`transfer`) and `contact.ended` (`other`). While it is connected:
# `contact.transferred`, `contact.ended`, and `contact.abandoned` as if it were `contact.ended`,
# for who was answered has not abandoned. By implied events: silence (abandoned), the maximum
# waiting age (orphaned) and the maximum handling age (answered, never handled).
#
# One instant. Events of one time and `seq` are taken in the order of the rows, so an opener comes
# first. But if a visit was open before that instant, one closer goes before the opener: the one
# that names the visit's queue, else one that names none, else any; of several the first by row.
#
# Early answers and skew. An answer without a visit is the anomaly `answered_without_visit`, and is
# remembered. If a visit opens within `SKEW_MS` after it, two clocks disagree: the visit is
# answered in the instant it opened, by the agent of the early answer, and `clamped` is counted.
#
# Wrap-ups outlive the visit. Every connected visit that is transferred or ended leaves a `Wrapup`
# beside the visits to come. A transferred one is handled at once. So is an ended one, unless its
# queue waits for wrap-ups: then it is handled when its wrap-up is reported, or when the cap has
# passed, at that time. `wrapup.ended` takes the oldest of its agent, else the oldest where either
# agent is not named, in any phase; more than the cap is cut. A visit that was handled at once gets
# its wrap-up time when that is reported, without a deadline.
#
# Implied events have a due time and happen as if they were events of that time, after all real
# ones of the millisecond: an answer at exactly the threshold is in time. Of equal due times the
# order is threshold, silence, maximum waiting age, wrap-up cap, maximum handling age, forgetting.
# A contact is forgotten a horizon after its last visit was closed, and handled if a wrap-up was
# awaited; an event after that finds nothing. See `contact_deadlines.py`.
#
# Rules through time. Thresholds, ages, silence, cap, and whether the queue waits for wrap-ups: as
# they were when the visit was enqueued.
#
# Outbound. A visit that an outbound event opened goes through the same phases and is in no figure:
# whatever books asks first. Its anomalies are counted like any other's.
#
# Refold. Events come late and in any order. What sorts last takes one step. For anything else
# `entity.py` folds the contact twice: as it was, with the ledger's sign -1, and with the event in
# its place, with +1; what remains is the difference. So an effect reads nothing but the state, the
# fact and the rules, and books through the ledger alone, times its sign, in the pane of the time
# at which it happens.

#: The phases an effect may lead to; one that is not named here leaves the phase as it is.
#: After an early answer a visit opens connected; `_wrote_again` opens one only after silence.
LEADS_TO: dict[Effect, tuple[int, ...]] = {
    _enqueued: (WAITING, CONNECTED),
    _requeued: (WAITING,),
    _moved_on: (WAITING,),
    _answered: (CONNECTED,),
    _abandoned: (IDLE,),
    _flowed_out: (IDLE,),
    _waiting_ended: (IDLE,),
    _waiting_transferred: (IDLE,),
    _ended: (IDLE,),
    _transferred: (IDLE,),
    _wrote_again: (IDLE, WAITING, CONNECTED),
}
PHASES = ("no visit open", "waiting", "connected")

#: event: what it does when no visit is open, while one waits, while one is connected.
TABLE: dict[str, tuple[Effect | str, Effect | str, Effect | str]] = {
    "contact.enqueued": (_enqueued, _requeued, _moved_on),
    "contact.blocked": (_blocked, _blocked, _blocked),
    "contact.offered": ("offered_without_visit", _offered, "offered_while_connected"),
    "offer.failed": ("offer_failed_without_visit", _offer_failed, _offer_failed),
    "contact.answered": (_early, _answered, "answered_again"),
    "hold.started": ("hold_without_visit", "hold_while_waiting", _hold_started),
    "hold.ended": ("hold_without_visit", "hold_while_waiting", _hold_ended),
    "contact.transferred": ("transferred_without_visit", _waiting_transferred, _transferred),
    "contact.ended": ("ended_without_visit", _waiting_ended, _ended),
    "wrapup.ended": (_wrapup_ended, _wrapup_ended, _wrapup_ended),
    "contact.abandoned": ("abandoned_without_visit", _abandoned, _ended),
    "contact.flowed_out": ("flowed_out_without_visit", _flowed_out, "flowed_out_while_connected"),
    "message.sent": (_wrote_again, _customer_wrote, nothing),
    "bot.ended": (nothing, nothing, nothing),
    "callback.attempted": (nothing, nothing, nothing),
    "followup.completed": (nothing, nothing, nothing),
}
