"""Layer 2: what a ticket's customer waits for: replies, and the resolution; and how long it took.

In: replies and resolutions, a ticket's state. Out: first and next responses, resolutions, their
times: business time and, beside it, time by the clock on the wall. Invariant: each is booked whole
at its own event; a first one once a ticket. Cost: one look at the calendar a time booked.
"""

from streams.lifecycle import comings, topics
from streams.lifecycle import counters as c
from streams.lifecycle import ticket_cohorts as cohorts
from streams.lifecycle import ticket_promises as promises
from streams.lifecycle.contact_words import book_handoff
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.splits import TOPIC_RESOLUTION_TIME, TOPIC_RESOLVED
from streams.lifecycle.ticket_state import OPEN, TicketState, count
from streams.lifecycle.ticket_time import lasted


def replied(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """A public reply, of the customer or a person; a bot's, or a note, is nothing."""
    if fact.detail == "customer":
        awaited = asked(state, fact.at)
        if awaited is not None and state.phase == OPEN:
            promises.ask(state, awaited, fact.at, ledger)
    elif fact.detail == "reply":
        state.replied, state.since_reopening = True, False
        book_handoff(state.queue, state.escalated_at, fact.at, ledger)
        state.escalated_at = -1
        if not state.responded and not state.awaits_customer:
            _first(state, fact, ledger)
        elif state.asked_at >= 0:
            _next(state, fact, ledger)
        promises.fulfil(state, promises.FIRST, fact.at, ledger)
        promises.fulfil(state, promises.NEXT, fact.at, ledger)


def asked(state: TicketState, at: int) -> int | None:
    """The customer wrote at `at` (ms): which promise that asks for; None: none that is new."""
    if state.awaits_customer:
        state.awaits_customer = False
        if not state.responded:
            state.response_from = at
            return promises.FIRST
    if state.responded and state.asked_at < 0:
        state.asked_at = at
        return promises.NEXT
    return None


def _first(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    since = state.opened_at if state.response_from < 0 else state.response_from
    took = lasted(state, since, fact.at, ledger)
    count(state, fact, c.FIRST_RESPONSES, ledger)
    count(state, fact, c.FIRST_RESPONSE_TIME, ledger, took)
    count(state, fact, c.FIRST_RESPONSE_BUCKETS + bucket_of(took), ledger)
    count(state, fact, c.FIRST_RESPONSE_CALENDAR, ledger, fact.at - since)
    state.responded, state.response_from = True, -1


def _next(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    since = state.asked_at
    count(state, fact, c.NEXT_RESPONSES, ledger)
    count(state, fact, c.NEXT_RESPONSE_TIME, ledger, lasted(state, since, fact.at, ledger))
    count(state, fact, c.NEXT_RESPONSE_CALENDAR, ledger, fact.at - since)
    state.asked_at = -1


def resolved(state: TicketState, fact: Fact, ledger: Ledger) -> None:
    """A bot's that nobody had answered, each; a person's, the first one and the others apart."""
    replied_to = state.replied or state.responded
    if fact.detail == "bot" and (state.since_reopening or not replied_to):
        state.by_bot, state.pending_ms, state.pending_closed_ms, state.on_hold_ms = True, -1, 0, 0
        count(state, fact, c.BOT_RESOLVED, ledger)
        return
    promises.fulfil(state, promises.RESOLUTION, fact.at, ledger)
    since = max(state.opened_at, state.reopened_at)
    count(state, fact, c.RESOLUTION_CYCLE_TIME, ledger, lasted(state, since, fact.at, ledger))
    count(state, fact, c.RESOLUTION_CYCLE_CALENDAR, ledger, fact.at - since)
    cohorts.resolved(state, fact.at, ledger)
    if state.resolved:
        count(state, fact, c.TICKETS_RESOLVED_AGAIN, ledger)
        return
    state.resolved = True
    since = state.opened_at if state.resolution_from < 0 else state.resolution_from
    took = lasted(state, since, fact.at, ledger)
    count(state, fact, c.TICKETS_RESOLVED, ledger)
    comings.end(state, state.queue, fact.at, comings.of_visit(state), ledger)
    count(state, fact, c.RESOLUTION_TIME, ledger, took)
    topics.book(state.topic, state.queue, fact.at, TOPIC_RESOLVED, ledger)
    topics.book(state.topic, state.queue, fact.at, TOPIC_RESOLUTION_TIME, ledger, took)
    count(state, fact, c.RESOLUTION_BUCKETS + bucket_of(took), ledger)
    count(state, fact, c.RESOLUTION_CALENDAR, ledger, fact.at - since)
    if not replied_to:
        count(state, fact, c.RESOLVED_WITHOUT_REPLY, ledger)
    if state.pending_ms >= 0:
        pending = state.pending_ms - state.pending_closed_ms
        calendar = fact.at - since - state.pending_ms
        count(state, fact, c.RESOLVED_NET, ledger)
        count(state, fact, c.RESOLUTION_NET_TIME, ledger, max(0, took - pending))
        count(state, fact, c.RESOLUTION_NET_CALENDAR, ledger, calendar)
        count(state, fact, c.ON_HOLD_TIME, ledger, state.on_hold_ms)
    state.pending_ms, state.pending_closed_ms, state.on_hold_ms = -1, 0, 0
    state.resolution_from = -1
