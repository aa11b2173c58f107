"""Layer 2: how a wait ends: what is decided when it does, and what leaving unanswered books.

What an event does is booked through the ledger alone, as in `contact_effects.py`. Threshold and
limit of the wait are decided here for who leaves in time, and in `contact_deadlines.py` for others.
"""

from bisect import bisect_left

from streams.lifecycle import comings, topics
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import (
    BY_AGE,
    SAID,
    SAID_FLOWED_OUT,
    ContactState,
    close,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.splits import TOPIC_UNANSWERED


def leave(state: ContactState, at: int, in_threshold: int | None, ledger: Ledger) -> None:
    """The wait is over: levels fall, and what has not passed is decided: threshold and limit.

    `in_threshold`: the counter of who leaves so in time; None: nothing is decided.
    """
    sign, cell, offset = ledger.sign, ledger.cell(state.queue, at), at % ledger.width
    cell[c.WAITING] -= sign
    cell[c.WAITING_MOMENT] -= sign * offset
    if state.ringing:
        cell[c.RINGING] -= sign
        cell[c.RINGING_MOMENT] -= sign * offset
    rules = ledger.rules_for(state.queue, state.entered_at)
    threshold, limit = rules.threshold_ms, rules.wait_limit_ms
    if state.over_limit:
        cell[c.OVER_LIMIT] -= sign
        cell[c.OVER_LIMIT_MOMENT] -= sign * offset
    elif in_threshold is not None and limit is not None and at <= state.entered_at + limit:
        cell[c.LIMIT_DECIDED] += sign
    if state.threshold_decided:
        cell[c.OVER_THRESHOLD] -= sign
        cell[c.OVER_THRESHOLD_MOMENT] -= sign * offset
    elif in_threshold is not None and threshold is not None and at <= state.entered_at + threshold:
        cell[c.THRESHOLD_DECIDED] += sign
        cell[in_threshold] += sign


def abandoned(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The customer left."""
    abandon(state, fact.at, fact.detail == "silent", SAID, ledger)


def abandon(state: ContactState, at: int, silent: bool, how: int, ledger: Ledger) -> None:
    """The customer left unanswered; short if within the queue's short-abandon threshold."""
    if not (state.outbound or state.callback):
        wait, cell = at - state.entered_at, ledger.cell(state.queue, at)
        short = ledger.rules_for(state.queue, state.entered_at).short_ms
        book_abandonment(state, cell, ledger.sign, wait, silent)
        book_unanswered(state, state.queue, at, ledger)
        if how != BY_AGE:  # a limit is not a measurement
            state.waited += wait
        if short is not None and wait <= short and not state.continues:
            cell[c.SHORT_ABANDONED] += ledger.sign
        else:
            comings.failed(state, state.queue, at, ledger)
        leave(state, at, c.ABANDONED_IN_THRESHOLD, ledger)
    close(state, at, how)


def book_unanswered(state: ContactState, queue: str, at: int, ledger: Ledger) -> None:
    """Abandoned, flowed out or orphaned: by topic all of that is one."""
    topics.book(state.topic, queue, at, TOPIC_UNANSWERED, ledger)


def book_abandonment(
    state: ContactState, cell: dict[int, int], sign: int, wait: int, silent: bool
) -> None:
    """An abandonment with its wait, ms."""
    cell[c.ABANDONED] += sign
    if silent:
        cell[c.SILENT_ABANDONED] += sign
    cell[c.ABANDONED_WAIT] += sign * wait
    cell[c.CUSTOMER_WAIT_ABANDONED] += sign * (state.waited + wait)
    cell[c.ABANDONED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign
    cell[c.CLOSED_WAIT] += sign * wait


def flowed_out(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """It left the queue, and not by hanging up."""
    flow_out(state, fact.at, reason_of(fact), SAID_FLOWED_OUT, ledger)


def reason_of(fact: Fact) -> str:
    """The reason that a fact gives for a flow-out; `other` where that is none."""
    return fact.detail if fact.detail in c.REASONS else "other"


def waiting_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An end without an answer."""
    flow_out(state, fact.at, "other", SAID, ledger)


def waiting_transferred(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A transfer without an answer."""
    flow_out(state, fact.at, "transfer", SAID, ledger)
    state.to_queue = fact.detail


def flow_out(state: ContactState, at: int, reason: str, how: int, ledger: Ledger) -> None:
    """The visit leaves its queue unanswered, for a reason of `counters.REASONS`."""
    if not (state.outbound or state.callback):
        cell = ledger.cell(state.queue, at)
        book_flow_out(state, cell, ledger.sign, at - state.entered_at, reason)
        book_unanswered(state, state.queue, at, ledger)
        if reason in comings.FAILING:
            comings.failed_unless_answered(state, state.queue, at, ledger)
        leave(state, at, c.FLOWED_OUT_IN_THRESHOLD, ledger)
    close(state, at, how)


def book_flow_out(
    state: ContactState, cell: dict[int, int], sign: int, wait: int, reason: str
) -> None:
    """A flow-out with its wait, ms."""
    cell[c.FLOWED_OUT] += sign
    cell[c.REASONS[reason]] += sign
    cell[c.CLOSED_WAIT] += sign * wait
    state.waited += wait
