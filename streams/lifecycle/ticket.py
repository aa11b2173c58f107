"""Layer 2: the life of a ticket, one transition table.

A ticket is open (by status), resolved, closed, or has left the figures (merged, spam, deleted). Its
backlog is a stock: a level by status. Counts go to the queue that has the ticket at that moment.
First response and resolution are counted once a ticket. An open one stays, however old; a settled
one is remembered for some days and then forgotten, which contributes nothing.
"""

from collections.abc import Callable
from typing import Final

from streams.lifecycle import comings, feedback
from streams.lifecycle import counters as c
from streams.lifecycle import ticket_answers as answers
from streams.lifecycle import ticket_cohorts as cohorts
from streams.lifecycle import ticket_promises as promises
from streams.lifecycle import ticket_work as work
from streams.lifecycle.contact_words import book_bot
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger, Standing
from streams.lifecycle.plan import Plan
from streams.lifecycle.ranks import TICKET_RANKS
from streams.lifecycle.rules import NEVER
from streams.lifecycle.ticket_state import (
    ASSIGNED,
    CLOSED,
    LEFT,
    NEVER_ASSIGNED,
    NONE,
    OPEN,
    PHASES,
    RESOLVED,
    VERSION,
    TicketState,
    backlog,
    complaint_is,
    count,
)
from streams.lifecycle.ticket_time import end_status, move, rest
from streams.lifecycle.ticket_words import priority_of, promised

__all__ = ["CLOSED", "LEFT", "NONE", "OPEN", "PHASES", "RESOLVED", "VERSION", "TicketState"]

#: The place of `other` in `words.TICKET_PRIORITIES`.
NO_PRIORITY: Final = 4
#: What makes a ticket known; any other event needs that.
BRINGS: Final = frozenset({TICKET_RANKS["ticket.opened"], TICKET_RANKS["ticket.snapshot"]})
#: Ranks that find what they need in any state, and make no ticket known.
FREE: Final = feedback.OF_TICKETS - BRINGS


def blank() -> TicketState:
    """A ticket nothing is known of."""
    return TicketState(version=VERSION)


def is_blank(state: TicketState, before: int) -> bool:
    """Whether nothing is known of the ticket."""
    return state.doubt < before and state.is_unknown


def standing(state: TicketState) -> tuple[Standing, ...]:
    """What the ticket stands in now: an open one in its queue's backlog, since its opening.

    And, with a clock that runs, among those with one, until that is due.
    """
    if state.phase != OPEN:
        return ()
    backlogged = (state.queue, "", c.BACKLOG["open"], state.opened_at)
    due = promises.next_due(state) if state.clocks else NEVER
    return (backlogged,) if due == NEVER else (backlogged, (state.queue, "", c.NEXT_DUE, due))


def is_plain(state: TicketState, fact: Fact, grace: int) -> bool:
    """Whether the event finds its ticket, makes it known, or needs none."""
    rank = fact.rank
    return state.phase != NONE or rank in BRINGS or rank in feedback.OF_TICKETS


def arrange(state: TicketState, plan: Plan, index: int) -> bool:
    """An event that finds no ticket waits for the first within grace that makes it known."""
    fact = plan.todo[index]
    until = plan.own_time(fact) + plan.grace
    place = plan.first(index, until, BRINGS, None)
    if place is None:
        state.doubt = max(state.doubt, until)
        return False
    plan.move_behind(index, place)
    return True


def is_doubted(state: TicketState, fact: Fact, grace: int) -> bool:
    """Whether the event makes the ticket known that an earlier one did not find."""
    return fact.at <= state.doubt and fact.rank in BRINGS


# -- effects ---------------------------------------------------------------------------------------


def _opened(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    state.phase, state.queue, state.status = OPEN, fact.queue or "", "open"
    state.opened_at, state.awaits_customer = fact.at, fact.outbound
    state.unassigned, state.status_at, state.pending_ms = NEVER_ASSIGNED, fact.at, 0
    state.complaint = complaint_is(fact, False)
    state.priority = priority_of(fact.detail, NO_PRIORITY)
    count(state, fact, c.TICKETS_OPENED, ledger)
    cohorts.opened(state, fact.at, ledger)
    backlog(state, fact.at, 1, ledger)
    if not fact.outbound:
        comings.come(state, fact.at, fact.at, fact.at, ledger)
        promises.ask(state, promises.FIRST, fact.at, ledger)
    promises.ask(state, promises.RESOLUTION, fact.at, ledger)


def _known(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    status, *more = (fact.detail or "open").split(" ")
    replied, state.complaint = "replied" in more, complaint_is(fact, False)
    state.queue, state.opened_at = fact.queue or "", min(fact.since, fact.at)
    if fact.since > fact.at:
        ledger.anomaly("clamped", fact)
    state.unknown_opening, state.awaits_customer = True, fact.outbound
    state.responded = state.replied = replied
    state.unassigned = NEVER_ASSIGNED if fact.agent is None else ASSIGNED
    state.priority = priority_of(fact.detail, NO_PRIORITY)
    if not fact.outbound:
        comings.come(state, state.opened_at, -1, fact.at, ledger)
    if status in c.BACKLOG:
        state.phase, state.status, state.status_at = OPEN, status, fact.at
        for pending in filter(str.isdigit, more):
            state.pending_ms = min(int(pending) * 1_000, fact.at - state.opened_at)
        count(state, fact, c.TICKETS_MOVED_IN, ledger)  # its queue exists, if it is moved at once
        backlog(state, fact.at, 1, ledger)
        asked_at, dues = promised(more)
        if asked_at >= 0:
            asked_at = min(max(asked_at, state.opened_at), fact.at)
            answers.asked(state, asked_at)
        promises.known(state, fact.at, dues, ledger)
    else:
        state.phase, state.resolved = RESOLVED if status == "resolved" else CLOSED, True


def _opened_again(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if state.unknown_opening:
        state.unknown_opening = False
        _updated(state, fact, ledger)
        count(state, fact, c.TICKETS_OPENED, ledger)
        comings.count_opening(state, fact.at, ledger)
        if state.phase != LEFT:
            cohorts.opened(state, fact.at, ledger)
    else:
        ledger.anomaly("ticket_opened_again", fact)


def _bot_ended(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """Counted whatever the ticket is; what is handed over starts the first response anew."""
    book_bot(fact, ledger)
    if fact.detail == "escalated" and state.phase != NONE:
        state.escalated_at = fact.at
        if not state.responded and not state.awaits_customer:
            state.response_from = fact.at
            if state.phase == OPEN:
                promises.ask_anew(state, promises.FIRST, fact.at, ledger)


def _status_changed(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    ledger.level(state.queue, fact.at, c.BACKLOG[state.status], -1)
    end_status(state, fact.at, ledger)
    state.status = fact.detail or "open"
    ledger.level(state.queue, fact.at, c.BACKLOG[state.status], 1)
    promises.status_changed(state, fact.at, ledger)


def _moved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if state.phase == OPEN:
        backlog(state, fact.at, -1, ledger)
    clocks = promises.leave(state, fact.at, ledger)
    cohorts.moved(state, fact.queue or "")
    move(state, fact.queue or "", fact.at, ledger)
    count(state, fact, c.TICKETS_MOVED_IN, ledger)
    promises.enter(state, clocks, fact.at, ledger)
    if state.phase == OPEN:
        backlog(state, fact.at, 1, ledger)


def _settle(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """What ends with any resolution or closing."""
    if state.phase == OPEN:
        backlog(state, fact.at, -1, ledger)
        end_status(state, fact.at, ledger)
    state.settled_at, state.asked_at, state.status_at = fact.at, -1, -1
    work.end_all(state, fact, ledger)


def _resolved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    _settle(state, fact, ledger)
    if not _left(state, fact, ledger):
        state.phase = RESOLVED
        answers.resolved(state, fact, ledger)
    _rest(state, fact, ledger)


def _rest(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """Nothing more is asked for, and little more is to be measured."""
    promises.withdraw_all(state, fact.at, ledger)
    rest(state)


def _left(state: TicketState, fact: Fact, ledger: Ledger) -> bool:
    """Whether the ticket leaves the figures by this, which is counted by why."""
    counter = c.TICKETS_LEFT.get(fact.detail or "")
    if counter is None:
        return False
    state.phase = LEFT
    count(state, fact, counter, ledger)
    comings.left(state, fact.at, ledger)
    cohorts.left(state, fact.at, ledger)
    return True


def _closed(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    opened = state.phase == OPEN
    _settle(state, fact, ledger)
    if not _left(state, fact, ledger):
        if opened and ledger.rules_for(state.queue, state.opened_at).closed_resolves:
            answers.resolved(state, fact, ledger)
        state.phase = CLOSED
    _rest(state, fact, ledger)


def _reopened(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    _back(state, fact, ledger, "open")


def _reopened_as(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    if state.settled_at >= 0 and fact.at - state.settled_at <= ledger.rules.grace_ms:
        ledger.anomaly("status_after_resolution", fact)
    else:
        _back(state, fact, ledger, fact.detail or "open")


def _back(state: TicketState, fact: Fact, ledger: Ledger, status: str) -> None:
    state.phase, state.status, state.status_at = OPEN, status, fact.at
    state.settled_at, state.reopened_at, state.since_reopening = -1, fact.at, True
    if not state.responded and not state.awaits_customer:
        state.response_from = fact.at
    if state.by_bot:
        state.by_bot, state.resolution_from = False, fact.at
        if not state.resolved:
            state.pending_ms = 0
    count(state, fact, c.TICKETS_REOPENED, ledger)
    comings.reopened(state, fact.at, ledger)
    cohorts.back(state, fact.at, ledger)
    backlog(state, fact.at, 1, ledger)
    promises.reopened(state, fact.at, ledger)


def _not_resolved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    again = state.reopened_at >= 0 and fact.at - state.reopened_at <= ledger.rules.grace_ms
    ledger.anomaly("said_again" if again else "ticket_not_resolved", fact)


def _updated(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """The kind, the priority are others from now on; what is promised already stays."""
    cohorts.updated(state, fact, ledger)
    state.priority = priority_of(fact.detail, state.priority)


def _nothing(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """No effect on these figures; the event keeps a settled ticket from being forgotten."""


Effect = Callable[[TicketState, Fact, Ledger], None]
_NO, _OVER, _SOLVED = "ticket_unknown", "ticket_closed", "ticket_resolved"
_NO_CLOCK = "sla_without_clock"

# The rules that do not fit the table:
#
# A ticket opens once: it makes no visits, and `ticket.reopened` goes on with the same one. So does
# a status that comes later than grace after it was resolved or closed; within grace it is a part of
# that, and `ticket.reopened` within grace after it came back says so again. One that left the
# figures (resolved or closed as merged, spam or deleted) does not come back. A snapshot makes a
# ticket known that began before the stream; its opening, if it is told later, counts as opened.
#
# The first response is a person's first public reply. Its clock begins at the opening, or at the
# last reopening that nobody had replied before; where we wrote first, at the customer's first
# reply; and where a bot had it, when that handed it over. What a bot hands over waits for a public
# reply in any case.
#
# The first resolution counts, from the opening; closing a ticket that nobody has resolved is one,
# but where the queue says `closed_resolves = false` (as it said when the ticket was opened). A
# bot's is none, unless a person has replied since the opening or the last reopening: it is counted
# apart, each, and the person's after it runs from the reopening between the two. A person's later
# resolutions are counted apart; each has a cycle, from the opening or the last reopening.
#
# The time in pending since the clock of a first resolution began is known, but of a ticket that a
# snapshot without `pending_seconds` made known; where a bot's resolution started the clock anew, it
# begins there. A settled ticket is not in pending.
#
# A next response is a person's first public reply after a run of the customer's, once there was a
# first response; from the first of the run. What is resolved, closed or left asks no more.
#
# Of what is asked for and has a due time a clock runs (`ticket_promises.py`): of the first response
# as of its time above, where nobody has replied yet; of a next response from the question, or from
# the reopening where that was asked before; of the resolution from the opening, or the reopening
# after it was settled otherwise than by a person. What is settled is promised nothing.
#
# Times are business times of the queues that had the ticket (`ticket_time.py`); those by the clock
# on the wall are booked beside them. Work is by the clock on the wall.
#
# The first assignment to an agent counts, once a ticket; an open ticket without an agent is in a
# stock of its own. A snapshot that names an agent tells of one that was assigned before.
#
# Work is what an agent does between `work.started` and `work.ended`: booked at its end, or at the
# resolution, closing or leaving before it. A second start of one agent is none. What lasts longer
# than `MAX_WORK_SECONDS` was never ended: it is dropped, when that is seen, and counted.
#
# Counts and backlog belong to the queue that has the ticket at that moment; what was counted for
# the queue before stays there. Only an open ticket is in a backlog, by its status and by its age.
# Cohorts of openings belong to the queue of the opening: `ticket_cohorts.py`.
#
# Surveys, sales and follow-ups count in the queue they name, else in the one that has the ticket,
# or had it last; of a ticket that is not known in `_none`. Surveys are as in `contact.py`: none of
# these keeps the ticket itself from being forgotten.
#
# Topics are as in `contact.py`; an unknown ticket has none.
#
# A ticket is forgotten `ticket_memory_days` after the day of its last event but those, whatever
# that did; an open one never is. What else falls due, and in which order: `ticket_deadlines.py`.
# Events of one time and `seq` are taken in the order of the rows, always. A refold is as in
# `contact.py`.

#: The phases an effect may lead to; one that is not named here leaves the phase as it is.
LEADS_TO: dict[Effect, tuple[int, ...]] = {
    _opened: (OPEN,),
    _known: (OPEN, RESOLVED, CLOSED),
    _resolved: (RESOLVED, LEFT),
    _reopened: (OPEN,),
    _reopened_as: (OPEN,),
    _closed: (CLOSED, LEFT),
}

#: event: what it does to a ticket that is unknown, open, resolved, closed, left.
TABLE: dict[str, tuple[Effect | str, ...]] = {
    "ticket.opened": (_opened, _opened_again, _opened_again, _opened_again, _opened_again),
    "ticket.assigned": (_NO, work.assigned, work.assigned, work.assigned, _nothing),
    "ticket.replied": (_NO, answers.replied, answers.replied, _OVER, _OVER),
    "ticket.status_changed": (_NO, _status_changed, _reopened_as, _reopened_as, _OVER),
    "ticket.sla_set": (_NO, promises.told, _NO_CLOCK, _NO_CLOCK, _NO_CLOCK),
    "ticket.moved": (_NO, _moved, _moved, _OVER, _OVER),
    "work.started": (_NO, work.started, work.started, work.started, _nothing),
    "work.ended": (_NO, work.ended, work.ended, work.ended, _nothing),
    "ticket.resolved": (_NO, _resolved, _SOLVED, _OVER, _OVER),
    "ticket.reopened": (_NO, _not_resolved, _reopened, _reopened, _OVER),
    "ticket.closed": (_NO, _closed, _closed, _OVER, _OVER),
    "ticket.snapshot": (_known, _nothing, _nothing, _nothing, _nothing),
    "bot.ended": (_bot_ended, _bot_ended, _bot_ended, _bot_ended, _nothing),
    "ticket.updated": (_NO, _updated, _updated, _updated, _nothing),
    **{kind: (effect,) * 5 for kind, effect in feedback.EFFECTS.items()},
}
