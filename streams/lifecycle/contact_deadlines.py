"""Stage 2: a contact's step: one event from the table of `contact.py`, or one implied event.

Implied events (deadlines) fall due at a known time; `due` in the state is the earliest. They sort
after real events of their millisecond. At one and the same due time the order is: threshold,
silence, maximum waiting age, wrap-up cap, maximum handling age, forgetting.
"""

import msgspec

from streams.lifecycle import contact
from streams.lifecycle import contact_state as visit
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import CONNECTED, WAITING, ContactState
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Book
from streams.lifecycle.rules import NEVER, QueuePolicy

_STEPS = tuple(zip(*contact.TABLE.values(), strict=True))
_FIELDS = ContactState.__struct_fields__


def step(state: ContactState, fact: Fact, book: Book) -> None:
    """Take one event, in order."""
    effect = _STEPS[state.phase][fact.rank]
    if effect is contact.nothing:
        return
    if effect.__class__ is str:
        book.anomaly(effect)
    else:
        effect(state, fact, book)
        state.due = _due(state, book)


def _due(state: ContactState, book: Book) -> int:
    """The earliest implied event, ms; NEVER without one."""
    phase, due = state.phase, NEVER
    if phase == WAITING:
        due = min(_waiting(state, book.policy(state.queue, state.entered_at)))[0]
    elif phase == CONNECTED:
        age = book.policy(state.queue, state.entered_at).max_handle_ms
        if age is not None:
            due = state.answered_at + age
    elif state.closed_at >= 0 and not (state.wrapups and any(leg.whole for leg in state.wrapups)):
        due = state.closed_at + book.policies.horizon_ms
    for leg in state.wrapups:
        if leg.whole:
            due = min(due, leg.ended_at + contact.cap_of(leg, book))
    return due


def _waiting(state: ContactState, policy: QueuePolicy) -> list[tuple[int, int]]:
    """(due, order) of everything that can befall a waiting visit."""
    dues = [(NEVER, 3)]
    if not state.decided and not state.outbound and policy.threshold_ms is not None:
        dues.append((state.entered_at + policy.threshold_ms, 0))
    if policy.silent_ms is not None:
        dues.append((state.customer_at + policy.silent_ms, 1))
    if policy.max_wait_ms is not None:
        dues.append((state.entered_at + policy.max_wait_ms, 2))
    return dues


def fire(state: ContactState, book: Book) -> None:
    """Let the implied event happen that is due first."""
    at = state.due
    if state.phase == WAITING:
        due, kind = min(_waiting(state, book.policy(state.queue, state.entered_at)))
        if due == at:
            (_threshold_passed, _fell_silent, _orphaned)[kind](state, at, book)
            state.due = _due(state, book)
            return
    for leg in state.wrapups:
        if leg.whole and leg.ended_at + contact.cap_of(leg, book) == at:
            _capped(state, leg, at, book)
            state.due = _due(state, book)
            return
    if state.phase == CONNECTED:
        _handling_expired(state, at, book)
        state.due = _due(state, book)
    else:
        for field, value in zip(_FIELDS, msgspec.structs.astuple(visit.blank()), strict=True):
            setattr(state, field, value)


def _threshold_passed(state: ContactState, at: int, book: Book) -> None:
    state.decided = True
    sign, cell = book.sign, book.cell(state.queue, at)
    cell[c.DECIDED] += sign
    cell[c.OVER_THRESHOLD] += sign
    cell[c.OVER_THRESHOLD + 1] += sign * (at % book.width)


def _fell_silent(state: ContactState, at: int, book: Book) -> None:
    queue, outbound = state.queue, state.outbound
    contact.abandon(state, at, True, book)
    if not outbound:
        state.silent_queue = queue


def _orphaned(state: ContactState, at: int, book: Book) -> None:
    contact.orphan(state, at, book)


def _capped(state: ContactState, leg: visit.Wrapup, at: int, book: Book) -> None:
    book.anomaly("wrapup_capped")
    state.wrapups = tuple(other for other in state.wrapups if other is not leg)
    contact.handled(leg, at, contact.cap_of(leg, book), book)
    state.closed_at = at


def _handling_expired(state: ContactState, at: int, book: Book) -> None:
    book.anomaly("handling_expired")
    contact.expire(state, at, book)
