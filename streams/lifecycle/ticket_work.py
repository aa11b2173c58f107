"""Layer 2: who has a ticket, and who works on it, from `work.started` to `work.ended`.

In: the events, a ticket's state. Out: first assignments, the stock of tickets without an agent;
work time, booked whole where a piece of work ends, and the tickets worked on. Invariant: an agent
works on a ticket or does not, so that two starts are one piece; nothing waits for an end that is
not told. Cost: a byte of state while nobody works on it.
"""

from typing import Final

from streams.contract.words import MAX_WORK_SECONDS
from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ticket_state import (
    ASSIGNED,
    LOST_AGENT,
    NEVER_ASSIGNED,
    OPEN,
    TicketState,
    count,
)
from streams.lifecycle.ticket_time import lasted

_LONGEST_MS: Final = MAX_WORK_SECONDS * 1_000
#: So many agents work on a ticket at once; the next takes the place of who began first.
_MOST: Final = 8


def assigned(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """The ticket has an agent, or none any more; the first one counts."""
    before = state.unassigned
    if fact.agent is not None:
        state.unassigned = ASSIGNED
        if before == NEVER_ASSIGNED:
            count(state, fact, c.TICKETS_ASSIGNED, ledger)
            opened_at = state.opened_at
            count(state, fact, c.ASSIGN_TIME, ledger, lasted(state, opened_at, fact.at, ledger))
            count(state, fact, c.ASSIGN_CALENDAR, ledger, fact.at - opened_at)
    elif before == ASSIGNED:
        state.unassigned = LOST_AGENT
    if state.phase == OPEN and bool(before) != bool(state.unassigned):
        change = -1 if before else 1
        ledger.level(state.queue, fact.at, c.BACKLOG_UNASSIGNED, change)


def started(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """An agent works on the ticket from now on, where he does not yet."""
    agent = fact.agent or ""
    began = dict(state.working).get(agent)
    if began is not None and fact.at - began <= _LONGEST_MS:
        ledger.anomaly("said_again", fact)
        return
    others = tuple(piece for piece in state.working if piece[0] != agent)
    if began is not None or len(others) == _MOST:
        ledger.anomaly("work_dropped", fact)
        others = others[-_MOST + 1 :]
    state.working = (*others, (agent, fact.at))


def ended(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """The piece of work is over; after a resolution, which ended it, nothing is left to end."""
    pieces = tuple(piece for piece in state.working if piece[0] == fact.agent)
    if pieces:
        _book(state, fact, pieces, ledger)
    elif state.phase == OPEN:
        ledger.anomaly("work_ended_without_start", fact)


def end_all(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """The ticket is resolved, closed or left: so ends all work on it."""
    _book(state, fact, state.working, ledger)


def _book(
    state: TicketState, fact: Fact, pieces: tuple[tuple[str, int], ...], ledger: Ledger
) -> None:
    for piece in pieces:
        if fact.at - piece[1] > _LONGEST_MS:
            ledger.anomaly("work_dropped", fact)
            continue
        count(state, fact, c.WORK_TIME, ledger, fact.at - piece[1])
        if not state.worked:
            state.worked = True
            count(state, fact, c.TICKETS_WORKED, ledger)
    state.working = tuple(piece for piece in state.working if piece not in pieces)
