"""Stage 2: the life of a contact (voice, chat), one transition table.

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
from streams.lifecycle.ledger import Book
from streams.lifecycle.rules import SKEW_MS

# -- effects ---------------------------------------------------------------------------------------


def _enqueued(state: ContactState, fact: Fact, book: Book) -> None:
    _open(state, fact.queue or "", fact.at, fact.outbound, book)


def _requeued(state: ContactState, fact: Fact, book: Book) -> None:
    reason = fact.detail if fact.detail in c.REASONS else "other"
    _flow_out(state, fact.at, reason or "other", book)
    _enqueued(state, fact, book)


def _moved_on(state: ContactState, fact: Fact, book: Book) -> None:
    _transfer(state, fact.at, state.agent, book)
    _enqueued(state, fact, book)


def _open(state: ContactState, queue: str, at: int, outbound: bool, book: Book) -> None:
    early = state.early_at
    state.phase, state.queue, state.entered_at, state.outbound = WAITING, queue, at, outbound
    state.decided, state.ringing, state.customer_at = False, (), at
    state.early_at, state.silent_queue = -1, None
    if not outbound:
        sign, cell, offset = book.sign, book.cell(queue, at), at % book.width
        cell[c.OFFERED] += sign
        cell[c.WAITING] += sign
        cell[c.WAITING + 1] += sign * offset
    if early >= 0 and at - early <= SKEW_MS:
        book.anomaly("clamped")
        _answer(state, at, state.early_agent, book)
    state.early_agent = None


def _blocked(state: ContactState, fact: Fact, book: Book) -> None:
    if not fact.outbound:
        book.cell(fact.queue or "", fact.at)[c.BLOCKED] += book.sign


def _offered(state: ContactState, fact: Fact, book: Book) -> None:
    agent = fact.agent or ""
    if agent in state.ringing:
        return
    if not state.ringing and not state.outbound:
        book.level(state.queue, fact.at, c.RINGING, 1)
    state.ringing = (*state.ringing, agent)


def _offer_failed(state: ContactState, fact: Fact, book: Book) -> None:
    if not state.outbound:
        book.cell(state.queue, fact.at)[c.OFFERS[fact.detail or ""]] += book.sign
    if fact.agent in state.ringing:
        state.ringing = tuple(agent for agent in state.ringing if agent != fact.agent)
        if not state.ringing and not state.outbound:
            book.level(state.queue, fact.at, c.RINGING, -1)


def _answered(state: ContactState, fact: Fact, book: Book) -> None:
    _answer(state, fact.at, fact.agent, book)


def _answer(state: ContactState, at: int, agent: str | None, book: Book) -> None:
    if not state.outbound:
        sign, cell, offset = book.sign, book.cell(state.queue, at), at % book.width
        wait = at - state.entered_at
        cell[c.ANSWERED] += sign
        cell[c.ACCEPTED] += sign
        cell[c.ANSWERED_WAIT] += sign * wait
        cell[c.CLOSED_WAIT] += sign * wait
        cell[c.WAIT_BUCKETS + bucket_of(wait)] += sign
        cell[c.ANSWERED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign
        cell[c.HANDLING] += sign
        cell[c.HANDLING + 1] += sign * offset
        _leave(state, at, c.ANSWERED_IN, book)
    state.phase, state.answered_at, state.agent = CONNECTED, at, agent
    state.hold_since, state.hold, state.ringing = -1, 0, ()


def _leave(state: ContactState, at: int, within: int | None, book: Book) -> None:
    """The wait is over: levels fall, and the threshold is decided if it has not passed."""
    sign, cell, offset = book.sign, book.cell(state.queue, at), at % book.width
    cell[c.WAITING] -= sign
    cell[c.WAITING + 1] -= sign * offset
    if state.ringing:
        cell[c.RINGING] -= sign
        cell[c.RINGING + 1] -= sign * offset
    if state.decided:
        cell[c.OVER_THRESHOLD] -= sign
        cell[c.OVER_THRESHOLD + 1] -= sign * offset
        return
    threshold = book.policy(state.queue, state.entered_at).threshold_ms
    if within is not None and threshold is not None and at <= state.entered_at + threshold:
        cell[c.DECIDED] += sign
        cell[within] += sign


def _early(state: ContactState, fact: Fact, book: Book) -> None:
    """No visit (yet): with clock skew the enqueue may follow within five seconds."""
    state.early_at, state.early_agent = fact.at, fact.agent
    book.anomaly("answered_without_visit")


def _hold_started(state: ContactState, fact: Fact, book: Book) -> None:
    if state.hold_since >= 0:
        book.anomaly("hold_repeated")
    else:
        state.hold_since = fact.at


def _hold_ended(state: ContactState, fact: Fact, book: Book) -> None:
    if state.hold_since < 0:
        book.anomaly("hold_not_started")
    else:
        state.hold += fact.at - state.hold_since
        state.hold_since = -1


def _connection(state: ContactState, at: int, agent: str | None, whole: bool) -> Wrapup:
    """The connected part of the visit, ended at `at`; an open hold ends with it."""
    hold = state.hold + (at - state.hold_since if state.hold_since >= 0 else 0)
    talk = at - state.answered_at - hold
    who, began = agent or state.agent, state.entered_at
    return Wrapup(at, state.queue, who, state.outbound, whole, talk, hold, began)


def _disconnect(state: ContactState, wrapup: Wrapup, book: Book) -> None:
    if not state.outbound:
        book.level(state.queue, wrapup.ended_at, c.HANDLING, -1)
    _close(state, wrapup.ended_at, handled=not wrapup.whole)
    state.wrapups = (*state.wrapups, wrapup)


def _transferred(state: ContactState, fact: Fact, book: Book) -> None:
    _transfer(state, fact.at, fact.agent, book)


def _transfer(state: ContactState, at: int, agent: str | None, book: Book) -> None:
    leg = _connection(state, at, agent, whole=False)
    handled(leg, at, 0, book)
    if not leg.outbound:
        book.cell(leg.queue, at)[c.TRANSFERRED] += book.sign
    _disconnect(state, leg, book)


def _ended(state: ContactState, fact: Fact, book: Book) -> None:
    awaited = book.policy(state.queue, state.entered_at).wrapup
    leg = _connection(state, fact.at, fact.agent, awaited)
    if not leg.whole:
        handled(leg, fact.at, 0, book)
    _disconnect(state, leg, book)


def handled(leg: Wrapup, at: int, wrapup: int, book: Book) -> None:
    """The visit is handled at `at`, booked whole."""
    if leg.outbound:
        return
    sign, cell = book.sign, book.cell(leg.queue, at)
    cell[c.HANDLED] += sign
    cell[c.TALK] += sign * leg.talk
    cell[c.HOLD] += sign * leg.hold
    cell[c.WRAPUP] += sign * wrapup
    total = leg.talk + leg.hold + wrapup
    cell[c.HANDLED_WITHIN + bisect_left(c.HANDLE_BOUNDS_MS, total)] += sign
    cell[c.HANDLE_TIME] += sign * total


def cap_of(leg: Wrapup, book: Book) -> int:
    """The longest wrap-up that is counted for the visit, ms."""
    return book.policy(leg.queue, leg.entered_at).wrapup_cap_ms


def _wrapup_ended(state: ContactState, fact: Fact, book: Book) -> None:
    reported = fact.agent

    def fits(leg: Wrapup) -> int:
        if leg.agent is None or reported is None:
            return 1
        return 0 if leg.agent == reported else 2

    leg = min(state.wrapups, key=fits, default=None)  # of equal fits the oldest: the first
    if leg is None or fits(leg) == 2:
        book.anomaly("wrapup_without_visit")
        return
    state.wrapups = tuple(other for other in state.wrapups if other is not leg)
    cap = cap_of(leg, book)
    lasted = fact.at - leg.ended_at
    if lasted > cap:
        book.anomaly("wrapup_capped")
        lasted = cap
    if leg.whole:
        handled(leg, fact.at, lasted, book)
        state.closed_at = fact.at
    elif not leg.outbound:
        book.cell(leg.queue, fact.at)[c.WRAPUP] += book.sign * lasted


def _abandoned(state: ContactState, fact: Fact, book: Book) -> None:
    abandon(state, fact.at, fact.detail == "silent", book)


def abandon(state: ContactState, at: int, silent: bool, book: Book) -> None:
    """The customer left unanswered; short if within the queue's short-abandon threshold."""
    if not state.outbound:
        sign, cell, wait = book.sign, book.cell(state.queue, at), at - state.entered_at
        short = book.policy(state.queue, state.entered_at).short_ms
        cell[c.ABANDONED] += sign
        if short is not None and wait <= short:
            cell[c.SHORT_ABANDONED] += sign
        if silent:
            cell[c.SILENT_ABANDONED] += sign
        cell[c.ABANDONED_WAIT] += sign * wait
        cell[c.ABANDONED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign
        cell[c.CLOSED_WAIT] += sign * wait
        _leave(state, at, c.ABANDONED_IN, book)
    _close(state, at)


def orphan(state: ContactState, at: int, book: Book) -> None:
    """Nobody ever reported how the wait ended: it leaves the wallboard, at its maximum age."""
    if not state.outbound:
        book.cell(state.queue, at)[c.ORPHANED] += book.sign
        _leave(state, at, None, book)
    _close(state, at)


def expire(state: ContactState, at: int, book: Book) -> None:
    """Answered and never ended: closed unhandled, outside AHT, at the maximum handling age."""
    if not state.outbound:
        book.level(state.queue, at, c.HANDLING, -1)
    _close(state, at)


def _flowed_out(state: ContactState, fact: Fact, book: Book) -> None:
    _flow_out(state, fact.at, fact.detail or "other", book)


def _waiting_ended(state: ContactState, fact: Fact, book: Book) -> None:
    _flow_out(state, fact.at, "other", book)


def _waiting_transferred(state: ContactState, fact: Fact, book: Book) -> None:
    _flow_out(state, fact.at, "transfer", book)


def _flow_out(state: ContactState, at: int, reason: str, book: Book) -> None:
    if not state.outbound:
        sign, cell = book.sign, book.cell(state.queue, at)
        cell[c.FLOWED_OUT] += sign
        cell[c.REASONS[reason]] += sign
        cell[c.CLOSED_WAIT] += sign * (at - state.entered_at)
        _leave(state, at, c.FLOWED_OUT_IN, book)
    _close(state, at)


def _close(state: ContactState, at: int, handled: bool = True) -> None:
    state.phase, state.ringing, state.outbound = IDLE, (), False
    if handled:
        state.closed_at = at


def _customer_wrote(state: ContactState, fact: Fact, book: Book) -> None:
    if fact.detail == "customer":
        state.customer_at = fact.at


def _wrote_again(state: ContactState, fact: Fact, book: Book) -> None:
    if fact.detail == "customer" and state.silent_queue is not None:
        _open(state, state.silent_queue, fact.at, fact.outbound, book)


def nothing(state: ContactState, fact: Fact, book: Book) -> None:
    """No effect on the visit; the event itself is remembered."""


Effect = Callable[[ContactState, Fact, Book], None]

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
