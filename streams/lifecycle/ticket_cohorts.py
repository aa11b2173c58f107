"""Layer 2: what is decided of a ticket days after its opening or resolution; its age; its kind.

In: a ticket's state where it opens, is resolved, comes back, leaves or is moved, and deadlines.
Out: cohorts of openings, in the queue that the ticket was opened in; cohorts of resolutions and the
stocks by age, in the queue that has it. Invariant: of an opening and of a resolution one decision;
an open ticket is in one age. Cost: a byte of state each while nothing is left to be decided.

Only tickets whose opening was counted are in cohorts of openings. Days begin where the opening
queue says; deadlines are those of the rules in force at the opening, or the resolution.
"""

from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.local_days import midnight_of
from streams.lifecycle.rules import NEVER
from streams.lifecycle.ticket_state import (
    AGES,
    AGES_END_MS,
    DECIDED,
    NO_AGE,
    NO_DEADLINE,
    OPEN,
    TicketState,
    complaint_is,
    count_in,
)


def opened(state: TicketState, at: int, ledger: Ledger) -> None:
    """The opening is counted at `at`: from now on the ticket is in the cohorts of openings.

    Not where it has been resolved before that was told, or should have been.
    """
    rules = ledger.rules_for(state.queue, state.opened_at)
    until = state.opened_at + rules.resolution_ms
    if not state.resolved and at <= until:
        state.within_until = until


def resolved(state: TicketState, at: int, ledger: Ledger) -> None:
    """A person resolves the ticket, for the first time or again."""
    if state.within_until != NO_DEADLINE:
        queue = state.opened_in or state.queue
        if _is_same_day(state, queue, at, ledger):
            count_in(state, queue, at, c.RESOLVED_SAME_DAY, ledger)
        if state.within_until != DECIDED:
            count_in(state, queue, at, c.RESOLUTION_DECIDED, ledger)
            count_in(state, queue, at, c.RESOLVED_WITHIN, ledger)
    _forget_opening(state)
    state.reopen_until = at + ledger.rules_for(state.queue, at).repeat_ms


def left(state: TicketState, at: int, ledger: Ledger) -> None:
    """The ticket leaves the figures: what is not decided yet will not be."""
    if state.within_until != NO_DEADLINE:
        queue = state.opened_in or state.queue
        if _is_same_day(state, queue, at, ledger):
            count_in(state, queue, at, c.LEFT_SAME_DAY, ledger)
    _forget_opening(state)
    state.reopen_until = NO_DEADLINE


def back(state: TicketState, at: int, ledger: Ledger) -> None:
    """The ticket is open again; it was resolved by a person not too long ago, or was not."""
    if state.reopen_until != NO_DEADLINE:
        state.reopen_until = NO_DEADLINE
        count_in(state, state.queue, at, c.REOPEN_DECIDED, ledger)
        count_in(state, state.queue, at, c.REOPENED_WITHIN, ledger)


def moved(state: TicketState, queue: str) -> None:
    """The ticket goes to `queue`: where it was opened is remembered while that matters."""
    if state.within_until != NO_DEADLINE:
        opened_in = state.opened_in or state.queue
        state.opened_in = "" if opened_in == queue else opened_in


def _forget_opening(state: TicketState) -> None:
    state.within_until, state.opened_in = NO_DEADLINE, ""


def _is_same_day(state: TicketState, queue: str, at: int, ledger: Ledger) -> bool:
    zone = ledger.rules_for(queue, state.opened_at).time_zone
    return midnight_of(at, zone) <= state.opened_at


def updated(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """The kind is another from now on, where it is told."""
    complaint = complaint_is(fact, state.complaint)
    if state.phase == OPEN and complaint != state.complaint:
        ledger.level(state.queue, fact.at, c.COMPLAINTS_OPEN, 1 if complaint else -1)
    state.complaint = complaint


# -- implied events ----------------------------------------------------------------------------


def older_at(state: TicketState) -> int:
    """When the open ticket comes into the next age, ms; NEVER for the oldest."""
    if NO_AGE < state.age < len(AGES_END_MS):
        return state.opened_at + AGES_END_MS[state.age]
    return NEVER


def grow_older(state: TicketState, at: int, ledger: Ledger) -> None:
    """The open ticket comes into the next age."""
    ledger.level(state.queue, at, AGES[state.age], -1)
    state.age += 1
    ledger.level(state.queue, at, AGES[state.age], 1)


def to_be_resolved_by(state: TicketState) -> int:
    """When it is decided, ms, that the ticket was not resolved in time; NEVER: it is, or was."""
    return state.within_until if state.within_until > DECIDED else NEVER


def decide_resolution(state: TicketState, at: int, ledger: Ledger) -> None:
    """The time is over; a ticket that a bot has settled is neither resolved nor unresolved."""
    state.within_until = DECIDED
    if not state.by_bot:
        count_in(state, state.opened_in or state.queue, at, c.RESOLUTION_DECIDED, ledger)


def to_be_back_by(state: TicketState) -> int:
    """When it is decided, ms, that the last resolution was not taken back; NEVER: it is."""
    return state.reopen_until if state.reopen_until > DECIDED else NEVER


def decide_reopening(state: TicketState, at: int, ledger: Ledger) -> None:
    """The resolution stands: nobody has taken it back in time."""
    state.reopen_until = NO_DEADLINE
    count_in(state, state.queue, at, c.REOPEN_DECIDED, ledger)
