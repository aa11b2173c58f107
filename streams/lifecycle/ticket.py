"""Layer 2: the life of a ticket, one transition table.

A ticket is open (by status), resolved, closed, or has left the figures (merged, spam, deleted). Its
backlog is a stock: a level by status. Counts go to the queue that has the ticket at that moment.
First response and resolution are counted once a ticket, from its opening.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS, NEVER

NONE: Final = 0
OPEN: Final = 1
RESOLVED: Final = 2
CLOSED: Final = 3
LEFT: Final = 4
PHASES = ("none", "open", "resolved", "closed", "left")


class TicketState(msgspec.Struct, array_like=True, gc=False):
    """What the past of a ticket means for its future. Times in ms, -1: none."""

    phase: int = NONE
    queue: str = ""
    status: str = "open"
    opened_at: int = -1
    responded: bool = False
    resolved: bool = False
    closed_at: int = -1
    due: int = NEVER


def blank() -> TicketState:
    """A ticket nothing is known of."""
    return TicketState()


def is_blank(state: TicketState, before: int) -> bool:
    """Whether nothing is known of the ticket."""
    return state.phase == NONE


def oldest_entry(state: TicketState) -> tuple[str, int, int] | None:
    """(queue, level, start in ms) of what a wallboard shows the oldest of."""
    return (state.queue, c.BACKLOG["open"], state.opened_at) if state.phase == OPEN else None


# -- effects ---------------------------------------------------------------------------------------


def _count(state: TicketState, fact: Fact, counter: int, ledger: Ledger, amount: int = 1) -> None:
    ledger.cell(state.queue, fact.at)[counter] += ledger.sign * amount


def _backlog(state: TicketState, at: int, change: int, ledger: Ledger) -> None:
    ledger.level(state.queue, at, c.BACKLOG[state.status], change)


def _opened(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    state.phase, state.queue, state.status = OPEN, fact.queue or "", "open"
    state.opened_at = fact.at
    _count(state, fact, c.TICKETS_OPENED, ledger)
    _backlog(state, fact.at, 1, ledger)


def _replied(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if fact.detail == "reply" and not state.responded:
        state.responded = True
        _count(state, fact, c.FIRST_RESPONSES, ledger)
        _count(state, fact, c.FIRST_RESPONSE_TIME, ledger, fact.at - state.opened_at)


def _status_changed(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    _backlog(state, fact.at, -1, ledger)
    state.status = fact.detail or "open"
    _backlog(state, fact.at, 1, ledger)


def _moved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if state.phase == OPEN:
        _backlog(state, fact.at, -1, ledger)
    state.queue = fact.queue or ""
    _count(state, fact, c.TICKETS_MOVED_IN, ledger)
    if state.phase == OPEN:
        _backlog(state, fact.at, 1, ledger)


def _resolved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    _backlog(state, fact.at, -1, ledger)
    if fact.detail == "left":
        state.phase, state.closed_at = LEFT, fact.at
        return
    state.phase = RESOLVED
    if not state.resolved:
        state.resolved = True
        lasted = fact.at - state.opened_at
        _count(state, fact, c.TICKETS_RESOLVED, ledger)
        _count(state, fact, c.RESOLUTION_TIME, ledger, lasted)
        _count(state, fact, c.RESOLUTION_BUCKETS + bucket_of(lasted), ledger)


def _reopened(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    state.phase, state.status, state.closed_at = OPEN, "open", -1
    _count(state, fact, c.TICKETS_REOPENED, ledger)
    _backlog(state, fact.at, 1, ledger)


def _closed(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if state.phase == OPEN:
        _backlog(state, fact.at, -1, ledger)
    state.phase, state.closed_at = LEFT if fact.detail == "left" else CLOSED, fact.at


def _nothing(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """No effect on these figures; the event keeps the ticket from being forgotten."""


Effect = Callable[[TicketState, Fact, Ledger], None]
_NO, _OVER, _AGAIN = "ticket_unknown", "ticket_closed", "ticket_opened_again"
_UNSOLVED, _SOLVED = "ticket_not_resolved", "ticket_resolved"

# The rules that do not fit the table:
#
# A ticket opens once: it makes no visits, and `ticket.reopened` goes on with the same one. First
# response and resolution are counted once, from the opening, however often it is reopened. A
# resolved ticket can still be replied to, moved and closed. One that left the figures (resolved or
# closed as merged, spam or deleted) does not come back; one that was closed does, if reopened.
#
# Counts and backlog belong to the queue that has the ticket at that moment; what was counted for
# the queue before stays there. Only an open ticket is in a backlog, by its status.
#
# The one implied event is being forgotten: a horizon after it was closed or left, else 90 days
# after its last event, whatever that did; an open one then leaves the backlog. Events of one time
# and `seq` are taken in the order of the rows, always. A refold is as in `contact.py`.

#: The phases an effect may lead to; one that is not named here leaves the phase as it is.
LEADS_TO: dict[Effect, tuple[int, ...]] = {
    _opened: (OPEN,),
    _resolved: (RESOLVED, LEFT),
    _reopened: (OPEN,),
    _closed: (CLOSED, LEFT),
}

#: event: what it does to a ticket that is unknown, open, resolved, closed, left.
TABLE: dict[str, tuple[Effect | str, ...]] = {
    "ticket.opened": (_opened, _AGAIN, _AGAIN, _AGAIN, _AGAIN),
    "ticket.assigned": (_NO, _nothing, _nothing, _nothing, _nothing),
    "ticket.replied": (_NO, _replied, _replied, _OVER, _OVER),
    "ticket.status_changed": (_NO, _status_changed, _SOLVED, _OVER, _OVER),
    "ticket.sla_set": (_NO, _nothing, _nothing, _nothing, _nothing),
    "ticket.moved": (_NO, _moved, _moved, _OVER, _OVER),
    "work.started": (_NO, _nothing, _nothing, _nothing, _nothing),
    "work.ended": (_NO, _nothing, _nothing, _nothing, _nothing),
    "ticket.resolved": (_NO, _resolved, _SOLVED, _OVER, _OVER),
    "ticket.reopened": (_NO, _UNSOLVED, _reopened, _reopened, _OVER),
    "ticket.closed": (_NO, _closed, _closed, _OVER, _OVER),
}
_STEPS = tuple(zip(*TABLE.values(), strict=True))


def step(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """Take one event, in order."""
    effect = _STEPS[state.phase][fact.rank]
    if effect.__class__ is str:
        ledger.anomaly(effect, fact)
    else:
        effect(state, fact, ledger)
    if state.phase == NONE:
        state.due = NEVER
    elif state.closed_at >= 0:
        state.due = state.closed_at + ledger.rules.horizon_ms
    else:
        state.due = fact.at + FORGET_MS


def fire(state: TicketState, ledger: Ledger) -> None:
    """The ticket is forgotten: its only implied event."""
    if state.phase == OPEN:
        _backlog(state, state.due, -1, ledger)
    for field, value in zip(state.__struct_fields__, msgspec.structs.astuple(blank()), strict=True):
        setattr(state, field, value)
