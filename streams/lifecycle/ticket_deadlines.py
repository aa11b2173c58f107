"""Layer 2: a ticket's step: one event from the table of `ticket.py`, or one implied event.

Implied events (deadlines) fall due at a known time; `due` in the state is the earliest. They sort
after real events of their millisecond. At one and the same due time they happen in the order of
`_BEFALLS`. The order is fixed because figures depend on it; forgetting is last, for it leaves
nothing that could fall due.

What falls due is told by `_dues`, what it does by `_BEFALLS`: a new deadline is a line in each, and
must be in the past (or gone) once it has happened. Cost: a look at each deadline a step.
"""

import msgspec

from streams.lifecycle import comings, feedback, ticket, topics
from streams.lifecycle import ticket_cohorts as cohorts
from streams.lifecycle import ticket_promises as promises
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ticket_state import OPEN, TicketState, forgotten_on

_STEPS = tuple(zip(*ticket.TABLE.values(), strict=True))
_FIELDS = TicketState.__struct_fields__

# What can befall a ticket: of two at one time, the lesser number happens first.
_BREACHED, _AT_RISK, _OLDER, _UNRESOLVED, _NOT_BACK, _SURVEYS, _FORGOTTEN = range(7)


def step(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """Take one event, in order."""
    effect = _STEPS[state.phase][fact.rank]
    topics.hear(state, fact)
    if fact.customer:
        comings.hear(state, fact, ledger)
    if effect.__class__ is str:
        ledger.anomaly(effect, fact)
    else:
        effect(state, fact, ledger)
    topics.settle(state)
    if fact.customer:
        comings.settle(state, fact.at, ledger)
    if fact.rank not in feedback.OF_TICKETS:
        settled, days = state.phase > OPEN, ledger.rules.ticket_memory_days
        state.forgotten_on = forgotten_on(fact.at, days) if settled else 0
    look_ahead(state, ledger)


def look_ahead(state: TicketState, ledger: Ledger) -> None:
    """Find out what falls due first, and when."""
    state.due = min(_dues(state, ledger))[0]


def _dues(state: TicketState, ledger: Ledger) -> list[tuple[int, int]]:
    """(due, order) of everything that can befall the ticket; NEVER: it does not."""
    return [
        *((at, _BREACHED if is_due else _AT_RISK) for at, is_due in promises.dues(state)),
        (cohorts.older_at(state), _OLDER),
        (cohorts.to_be_resolved_by(state), _UNRESOLVED),
        (cohorts.to_be_back_by(state), _NOT_BACK),
        (feedback.due_of(state.surveys), _SURVEYS),
        (state.forgotten_at, _FORGOTTEN),
    ]


def fire(state: TicketState, ledger: Ledger) -> None:
    """Let the implied event happen that is due first."""
    at, order = min(_dues(state, ledger))
    # Later than it was noted to be, where an edit changed the rules since: nothing happens yet.
    if at <= state.due:
        _BEFALLS[order](state, at, ledger)
        topics.settle(state)
        comings.settle(state, at, ledger)
    look_ahead(state, ledger)


def _forget(state: TicketState, at: int, ledger: Ledger) -> None:
    surveys, topic, customer = state.surveys, state.topic, comings.forgotten(state.customer)
    for field, value in zip(_FIELDS, msgspec.structs.astuple(ticket.blank()), strict=True):
        setattr(state, field, value)
    state.surveys, state.topic, state.customer = surveys, topic, customer


#: What befalls a ticket, by its number above.
_BEFALLS = (
    promises.breach,
    promises.endanger,
    cohorts.grow_older,
    cohorts.decide_resolution,
    cohorts.decide_reopening,
    feedback.fire,
    _forget,
)
