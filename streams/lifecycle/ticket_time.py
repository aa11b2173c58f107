"""Layer 2: how long something of a ticket lasted, in the business time of the queues that had it.

In: a ticket's state, two instants. Out: ms of open time by the calendar in force at each instant,
of the queue that had the ticket then. Invariant: what has elapsed when a ticket is moved is never
worked out again. Cost: nothing but a subtraction where no queue has a calendar; a moved ticket
remembers for each instant that something may yet be measured from how much had elapsed.
"""

from collections.abc import Iterator

from streams.lifecycle.business import elapsed
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ticket_state import NEVER_ASSIGNED, OPEN, TicketState


def lasted(state: TicketState, since: int, at: int, ledger: Ledger) -> int:
    """Business time from an instant that is remembered to `at` (ms), ms."""
    before = 0
    if state.spent:
        moved_at, _ = state.spent[-1]
        if since < moved_at:
            before, since = dict(state.spent)[since], moved_at
    calendars = ledger.calendars(state.queue)
    return before + (elapsed(calendars, since, at) if calendars else at - since)


def move(state: TicketState, queue: str, at: int, ledger: Ledger) -> None:
    """The ticket goes to `queue` at `at` (ms)."""
    if state.spent or ledger.calendars(state.queue) or ledger.calendars(queue):
        known = sorted(since for since in {*_measured_from(state)} if since < at)
        spent = ((since, lasted(state, since, at, ledger)) for since in known)
        state.spent = (*spent, (at, 0))
    state.queue = queue


def rest(state: TicketState) -> None:
    """Forget what matters to an open ticket alone, and what nothing is measured from any more."""
    state.status, state.reopened_at = "open", -1
    if state.spent:
        *known, moved = state.spent
        needed = {*_measured_from(state)}
        kept = tuple(instant for instant in known if instant[0] in needed)
        state.spent = (*kept, moved) if kept else ()


def end_status(state: TicketState, at: int, ledger: Ledger) -> None:
    """The open ticket's status ends at `at` (ms); how long it was counts while it may."""
    since, status = state.status_at, state.status
    state.status_at = at
    if state.pending_ms < 0:
        return
    if status == "pending":
        state.pending_ms += at - since
        state.pending_closed_ms += at - since - lasted(state, since, at, ledger)
    elif status == "on_hold":
        state.on_hold_ms += lasted(state, since, at, ledger)


def _measured_from(state: TicketState) -> Iterator[int]:
    """The instants that something may yet be measured from."""
    unfinished = not (state.responded and state.resolved)
    if unfinished or state.unassigned == NEVER_ASSIGNED or state.reopened_at < 0:
        yield state.opened_at
    if state.response_from >= 0 and not state.responded:
        yield state.response_from
    if state.resolution_from >= 0 and not state.resolved:
        yield state.resolution_from
    if state.asked_at >= 0:
        yield state.asked_at
    if state.phase == OPEN:
        yield state.status_at
        yield max(state.opened_at, state.reopened_at)
