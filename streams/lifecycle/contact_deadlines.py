"""Layer 2: a contact's step: one event from the table of `contact.py`, or one implied event.

Implied events (deadlines) fall due at a known time; `due` in the state is the earliest. They sort
after real events of their millisecond. At one and the same due time the order is: threshold, limit
of the wait, silence, maximum waiting age, wrap-up cap, maximum handling age, forgetting. What is
due of surveys goes before all of them, and has to do with none.

The order is fixed because figures depend on it. A visit whose threshold or limit and silence fall
on one millisecond still waited when they passed: it counts as over them and then as abandoned; the
other way round it would be abandoned within them. Threshold and limit change nothing of each other.
Silence goes before the maximum age, because it says that the customer left, and the age only that
nobody told how the wait ended. A wrap-up is an earlier visit's and changes no figure of the one at
hand; its place is fixed all the same, so that two folds book the same steps. Forgetting is last: it
leaves nothing that could fall due.
"""

import msgspec

from streams.contract.words import UNKNOWN_REASON
from streams.lifecycle import (
    comings,
    contact,
    contact_aged,
    contact_effects,
    contact_talk,
    feedback,
    topics,
)
from streams.lifecycle import contact_state as visit
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import AGED_MS, CONNECTED, IDLE, WAITING, ContactState
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ranks import CONTACT_RANKS
from streams.lifecycle.rules import NEVER, QueueRules

# What can befall a waiting visit: of two at one time, the lesser number happens first.
_THRESHOLD, _LIMIT, _SILENCE, _MAX_WAIT, _NOTHING = range(5)

_STEPS = tuple(zip(*contact.TABLE.values(), strict=True))
_FIELDS = ContactState.__struct_fields__
_MESSAGE = CONTACT_RANKS["message.sent"]


def step(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """Take one event, in order."""
    phase, rank = state.phase, fact.rank
    if phase != IDLE and fact.queue is not None and fact.queue != state.queue:
        phase = contact.ELSEWHERE
    effect = _STEPS[phase][rank]
    if fact.topic is not None:
        state.topic = fact.topic
    if fact.customer:
        comings.hear(state, fact, ledger)
    if effect is contact_effects.nothing:
        pass
    elif effect.__class__ is str:
        ledger.anomaly(effect, fact)
    else:
        if fact.detail == UNKNOWN_REASON:
            ledger.anomaly("unknown_reason", fact)
        effect(state, fact, ledger)
        # What is written in a conversation moves nothing that falls due, and there is much of it.
        if rank != _MESSAGE or phase != CONNECTED:
            state.due = _due(state, ledger)
    if fact.topic is not None:
        topics.settle(state)
    if fact.customer:
        comings.settle(state, fact.at, ledger)


def _due(state: ContactState, ledger: Ledger) -> int:
    """The earliest implied event, ms; NEVER without one."""
    if state.phase == WAITING:
        due = min(_waiting(state, ledger.rules_for(state.queue, state.entered_at)))[0]
    elif state.phase == CONNECTED:
        due = _expires_at(state, ledger)
    else:
        due = _forgotten_at(state, ledger)
    for leg in state.wrapups:
        if leg.completes_visit:
            due = min(due, leg.ended_at + contact_talk.cap_of(leg, ledger))
    return min(due, feedback.due_of(state.surveys)) if state.surveys else due


def _expires_at(state: ContactState, ledger: Ledger) -> int:
    age = ledger.rules_for(state.queue, state.entered_at).max_handle_ms
    return NEVER if age is None else state.answered_at + age


def _forgotten_at(state: ContactState, ledger: Ledger) -> int:
    last = state.closed_at
    if last < 0:
        if state.words is None:
            return NEVER
        last = state.words.heard_at
    if any(leg.completes_visit for leg in state.wrapups):
        return NEVER
    due = last + ledger.rules.horizon_ms
    for one in state.aged:
        due = max(due, one.closed_at + AGED_MS)
    return due


def _waiting(state: ContactState, rules: QueueRules) -> list[tuple[int, int]]:
    """(due, order) of everything that can befall a waiting visit."""
    dues = [(NEVER, _NOTHING)]
    counted = not (state.outbound or state.callback)
    if counted and not state.threshold_decided and rules.threshold_ms is not None:
        dues.append((state.entered_at + rules.threshold_ms, _THRESHOLD))
    if counted and not state.over_limit and rules.wait_limit_ms is not None:
        dues.append((state.entered_at + rules.wait_limit_ms, _LIMIT))
    if rules.silent_ms is not None:
        dues.append((state.customer_at + rules.silent_ms, _SILENCE))
    if rules.max_wait_ms is not None:
        dues.append((state.entered_at + rules.max_wait_ms, _MAX_WAIT))
    return dues


def fire(state: ContactState, ledger: Ledger) -> None:
    """Let the implied event happen that is due first.

    Nothing does where an edit changed the rules of a visit that began ahead of the unit's now.
    """
    at = state.due
    _happen(state, at, ledger)
    topics.settle(state)
    comings.settle(state, at, ledger)
    state.due = _due(state, ledger)


def _happen(state: ContactState, at: int, ledger: Ledger) -> None:
    if state.surveys and feedback.due_of(state.surveys) == at:
        feedback.fire(state, at, ledger)
        return
    if state.phase == WAITING:
        due, kind = min(_waiting(state, ledger.rules_for(state.queue, state.entered_at)))
        if due == at:
            _BEFALLS[kind](state, at, ledger)
            return
    for leg in state.wrapups:
        if leg.completes_visit and leg.ended_at + contact_talk.cap_of(leg, ledger) == at:
            contact_talk.give_up(state, leg, at, ledger)
            return
    if state.phase == CONNECTED:
        if _expires_at(state, ledger) == at:
            contact_aged.expire(state, at, ledger)
    elif state.phase == IDLE and _forgotten_at(state, ledger) == at:
        _forget(state)


def _forget(state: ContactState) -> None:
    # What is in doubt stays so: when the contact is forgotten must change no figure.
    doubt, surveys, topic = state.doubt, state.surveys, state.topic
    customer = comings.forgotten(state.customer)
    for field, value in zip(_FIELDS, msgspec.structs.astuple(visit.blank()), strict=True):
        setattr(state, field, value)
    state.doubt, state.surveys, state.topic, state.customer = doubt, surveys, topic, customer


def _threshold_passed(state: ContactState, at: int, ledger: Ledger) -> None:
    state.threshold_decided = True
    sign, cell = ledger.sign, ledger.cell(state.queue, at)
    cell[c.THRESHOLD_DECIDED] += sign
    cell[c.OVER_THRESHOLD] += sign
    cell[c.OVER_THRESHOLD_MOMENT] += sign * (at % ledger.width)


def _limit_passed(state: ContactState, at: int, ledger: Ledger) -> None:
    state.over_limit = True
    sign, cell = ledger.sign, ledger.cell(state.queue, at)
    cell[c.LIMIT_DECIDED] += sign
    cell[c.WAITED_OVER_LIMIT] += sign
    cell[c.OVER_LIMIT] += sign
    cell[c.OVER_LIMIT_MOMENT] += sign * (at % ledger.width)


#: What befalls a waiting visit, by its number above.
_BEFALLS = (_threshold_passed, _limit_passed, contact_aged.fall_silent, contact_aged.orphan)
