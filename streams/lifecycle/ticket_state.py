"""Layer 2: what is remembered of a ticket, and how its effects book.

In: the effects of `ticket.py` and `ticket_work.py`. Out: `TicketState`; counts and levels of the
queue that has the ticket. Invariant: fields are stored by place, so new ones go to the end and have
a default that says nothing of a ticket stored before. Cost: a byte for each field at its default.
"""

from typing import Final

import msgspec

from streams.contract.words import DAY_MS
from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS, NEVER

NONE: Final = 0
OPEN: Final = 1
RESOLVED: Final = 2
CLOSED: Final = 3
LEFT: Final = 4
PHASES = ("none", "open", "resolved", "closed", "left")

#: Whether a ticket has an agent: it has, it has lost the one it had, it never had one.
ASSIGNED: Final = 0
LOST_AGENT: Final = 1
NEVER_ASSIGNED: Final = 2

#: The version of the rules that a stored state goes by; see `adopt`.
VERSION: Final = 2


class TicketState(msgspec.Struct, array_like=True, gc=False):
    """What the past of a ticket means for its future. Times in ms, -1: none.

    `settled_at`: when it was resolved or closed; `responded`, `resolved`: the first one was
    counted. `unknown_opening`: known by a snapshot, its opening was not told. `replied`: a person
    has, ever; `since_reopening`: and none since the ticket came back. `awaits_customer`: we wrote
    first, and he has not answered. The clocks of first response and resolution began at
    `response_from` and `resolution_from`, -1: at the opening. `by_bot`: a bot has settled it.
    `doubt`: until when an opening may still come that events before it wait for. `unassigned`: it
    has no agent, and had one before, or never had. `asked_at`: when the customer wrote what nobody
    has replied to since, after the first response. `status_at`: since when it has its status.
    `pending_ms`, `on_hold_ms`: how long it was so before that, since the clock of the resolution
    began and until it ended; -1: not known. `working`: who works on it, and since when. `worked`:
    it was counted as a ticket somebody has worked on. `forgotten_at`: when a settled one is
    forgotten, which was its only implied event by the rules before version 2. `escalated_at`: when
    a bot handed over what no person has replied to since.
    """

    phase: int = NONE
    queue: str = ""
    status: str = "open"
    opened_at: int = -1
    responded: bool = False
    resolved: bool = False
    settled_at: int = -1
    due: int = NEVER
    version: int = 0
    unknown_opening: bool = False
    replied: bool = False
    since_reopening: bool = False
    awaits_customer: bool = False
    by_bot: bool = False
    response_from: int = -1
    resolution_from: int = -1
    reopened_at: int = -1
    doubt: int = -1
    unassigned: int = ASSIGNED
    asked_at: int = -1
    status_at: int = -1
    pending_ms: int = -1
    on_hold_ms: int = 0
    working: tuple[tuple[str, int], ...] = ()
    worked: bool = False
    forgotten_at: int = NEVER
    escalated_at: int = -1


def remembered_until(last_at: int, days: int) -> int:
    """The last ms a settled ticket is remembered: 00:00 UTC ends its last event's day + `days`."""
    return (last_at // DAY_MS + 1 + days) * DAY_MS - 1


def adopt(state: TicketState, days: int, last_at: int = -1) -> None:
    """Let a state that older rules led to go on by these; one of these stays as it is.

    `last_at`: the last event in ms, if known. Older rules had another way to forget alone; what
    they have booked is right by its own rules, and stays.
    """
    if state.version == VERSION:
        return
    before, state.version = state.version, VERSION
    if before == 0:
        if state.phase == RESOLVED:
            state.due = remembered_until(max(last_at, state.due - FORGET_MS), days)
        elif state.phase in (CLOSED, LEFT):
            state.due = remembered_until(max(last_at, state.settled_at), days)
        else:
            state.due = NEVER
    state.forgotten_at = state.due


def is_resting(state: TicketState) -> bool:
    """Whether nothing but being forgotten, or nothing at all, can befall the ticket by itself."""
    return state.due == state.forgotten_at or state.version == 1


def count(state: TicketState, fact: Fact, counter: int, ledger: Ledger, amount: int = 1) -> None:
    """Book for the queue that has the ticket, at the event's time."""
    ledger.cell(state.queue, fact.at)[counter] += ledger.sign * amount


def end_status(state: TicketState, at: int) -> None:
    """The open ticket's status ends at `at` (ms); how long it was counts while it may."""
    lasted, state.status_at = at - state.status_at, at
    if state.pending_ms < 0:
        return
    if state.status == "pending":
        state.pending_ms += lasted
    elif state.status == "on_hold":
        state.on_hold_ms += lasted


def backlog(state: TicketState, at: int, change: int, ledger: Ledger) -> None:
    """The open ticket comes into its queue's stocks (+1) or leaves them (-1)."""
    ledger.level(state.queue, at, c.BACKLOG[state.status], change)
    if state.unassigned:
        ledger.level(state.queue, at, c.BACKLOG_UNASSIGNED, change)
