"""Layer 2: what is remembered of a ticket, and how its effects book.

In: the effects of `ticket.py` and `ticket_work.py`. Out: `TicketState`; counts and levels of the
queue that has the ticket. Invariant: fields are stored by place, so new ones go to the end and have
a default that says nothing of a ticket stored before. Cost: a byte for each field at its default.
"""

from bisect import bisect_left
from typing import Final

import msgspec

from streams.contract.words import BACKLOG_AGES_MS, COMPLAINT, DAY_MS
from streams.contract.words import NONE as NO_QUEUE
from streams.lifecycle import counters as c
from streams.lifecycle.comings import Whose
from streams.lifecycle.facts import Fact
from streams.lifecycle.feedback import Survey
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS, NEVER
from streams.lifecycle.ticket_words import NO_COMPLAINT

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

#: In place of a deadline: there is none; what it is for is decided.
NO_DEADLINE: Final = -1
DECIDED: Final = 0
#: In no age: not open, or stored when there were none.
NO_AGE: Final = -1
#: The stocks by age, youngest first, and the age (ms) at which a ticket leaves each but the last.
AGES: Final = tuple(c.AGES.values())
AGES_END_MS: Final = tuple(BACKLOG_AGES_MS.values())

#: The version of the rules that a stored state goes by; see `adopt`.
VERSION: Final = 2


#: What becomes of a promise: there is time, little is left, it was due; and was then cancelled.
ON_TIME: Final = 0
AT_RISK: Final = 1
BREACHED: Final = 2
CANCELLED: Final = 3


class Clock(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One promise. Times in ms; -1: none.

    `metric`, `priority`: places in the contract's lists. `target_ms`: in business time. `told_at`:
    when it is due by what a source told. `elapsed_ms`: how far it had gone when it last went on, at
    `since`; -1: it stands still. `never_due`: that was counted.
    """

    metric: int
    priority: int
    target_ms: int = -1
    risk_ms: int = -1
    pause_on_hold: bool = False
    elapsed_ms: int = 0
    since: int = -1
    due: int = -1
    risk_at: int = -1
    phase: int = ON_TIME
    told_at: int = -1
    never_due: bool = False


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
    it was counted as a ticket somebody has worked on. `forgotten_on`: the day (UTC, since
    1970) before which a settled one is forgotten, which was its only implied event by the rules
    before version 2; 0: none. `complaint`: by what
    was told last. `within_until`: by when it is to be resolved; DECIDED: it was not, or nobody
    can say; NO_DEADLINE: it is in no cohort of openings any more. `opened_in`: until then, the
    queue of the opening where it is another. `reopen_until`: by when the last resolution can be
    taken back. `age`: in which stock by age it is. `priority`: its place in the contract's list.
    `clocks`: of what is promised now. `spent`: where calendars matter, when it was moved last, and
    before that the instants that something is measured from, each with the business time from it to
    the move. `pending_closed_ms`: what of `pending_ms` was no business time. `escalated_at`: when a
    bot handed over what no person has replied to since. `topic`: what it is about, as was told
    last. `customer`: whose it is.
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
    forgotten_on: int = 0
    complaint: bool = False
    opened_in: str = ""
    within_until: int = NO_DEADLINE
    reopen_until: int = NO_DEADLINE
    age: int = NO_AGE
    priority: int = 4
    clocks: tuple[Clock, ...] = ()
    spent: tuple[tuple[int, int], ...] = ()
    pending_closed_ms: int = 0
    escalated_at: int = -1
    surveys: tuple[Survey, ...] = ()
    topic: str | None = None
    customer: Whose | None = None

    @property
    def leg_agent(self) -> str | None:
        """A ticket has no legs, and keeps no agent."""
        return None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing of the ticket is remembered."""
        return self.phase == NONE and not self.surveys

    @property
    def feedback_queue(self) -> str:
        """The queue that has the ticket, or had it last; `_none` where it is not known."""
        return self.queue or NO_QUEUE

    @property
    def forgotten_at(self) -> int:
        """When it is forgotten, the last ms of a day; NEVER while it is open."""
        return self.forgotten_on * DAY_MS - 1 if self.forgotten_on else NEVER


def forgotten_on(last_at: int, days: int) -> int:
    """The day (UTC, since 1970) with which nobody remembers it: its last event's + `days` + 1."""
    return last_at // DAY_MS + 1 + days


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
            state.due = forgotten_on(max(last_at, state.due - FORGET_MS), days) * DAY_MS - 1
        elif state.phase in (CLOSED, LEFT):
            state.due = forgotten_on(max(last_at, state.settled_at), days) * DAY_MS - 1
        else:
            state.due = NEVER
    state.forgotten_on = (state.due + 1) // DAY_MS if state.due < NEVER else 0


def is_resting(state: TicketState) -> bool:
    """Whether nothing but being forgotten, or nothing at all, can befall the ticket by itself."""
    if state.version == 1:
        return True
    if state.surveys:
        return False
    return state.due == state.forgotten_at and state.due not in (
        state.within_until,
        state.reopen_until,
    )


def count(state: TicketState, fact: Fact, counter: int, ledger: Ledger, amount: int = 1) -> None:
    """Book for the queue that has the ticket, at the event's time."""
    count_in(state, state.queue, fact.at, counter, ledger, amount)


def count_in(
    state: TicketState, queue: str, at: int, counter: int, ledger: Ledger, amount: int = 1
) -> None:
    """Book for a queue at `at` (ms); a complaint's counts and sums stand once more apart."""
    cell = ledger.cell(queue, at)
    amount *= ledger.sign
    cell[counter] += amount
    if state.complaint and counter in c.COMPLAINTS:
        cell[c.COMPLAINTS[counter]] += amount


def complaint_is(fact: Fact, before: bool) -> bool:
    """Whether the ticket is a complaint by what the event says of its kind, if anything."""
    words = (fact.detail or "").split(" ")
    return COMPLAINT in words or (before and NO_COMPLAINT not in words)


def backlog(state: TicketState, at: int, change: int, ledger: Ledger) -> None:
    """The open ticket comes into its queue's stocks (+1) or leaves them (-1)."""
    ledger.level(state.queue, at, c.BACKLOG[state.status], change)
    if state.unassigned:
        ledger.level(state.queue, at, c.BACKLOG_UNASSIGNED, change)
    if state.complaint:
        ledger.level(state.queue, at, c.COMPLAINTS_OPEN, change)
    if change > 0:
        state.age = bisect_left(AGES_END_MS, at - state.opened_at)
    if state.age != NO_AGE:
        ledger.level(state.queue, at, AGES[state.age], change)
    if change < 0:
        state.age = NO_AGE
