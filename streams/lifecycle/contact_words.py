"""Layer 2: what is written in a chat, and what bots hand over to people.

In: messages and the ends of bots' conversations; beginnings, answers and ends of visits. Out:
counters of chats and bots, times of first messages and responses. Invariant: a contact of which
nothing was written and nothing handed over has no `Words`, and costs nothing here.
"""

from msgspec.structs import replace

from streams.contract.words import BOT
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import (
    COUNTED,
    PAST,
    UNCOUNTED,
    ContactState,
    Words,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger

# -- messages --------------------------------------------------------------------------------------


def heard(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message of whomever; those of calls mean nothing."""
    if ledger.channel == "chat":
        known = state.words or Words(fact.at)
        state.words = replace(known, heard_at=fact.at, told=True)


def customer_wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message of the customer; the first that nobody has answered begins a run."""
    if ledger.channel == "chat":
        known = state.words or Words(fact.at)
        asked_at = fact.at if known.asked_at < 0 else known.asked_at
        state.words = replace(
            known, heard_at=fact.at, told=True, customer=known.customer + 1, asked_at=asked_at
        )


def agent_wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A person's message in a conversation: the visit's first, or perhaps a response."""
    if ledger.channel != "chat":
        return
    at, known = fact.at, state.words or Words(fact.at)
    before, first = known.visit
    if not state.outbound:
        cell, sign = ledger.cell(state.queue, at), ledger.sign
        if first == COUNTED:
            wait = at - state.entered_at
            cell[c.FIRST_MESSAGES] += sign
            cell[c.FIRST_MESSAGE_TIME] += sign * wait
            cell[c.FIRST_MESSAGE_BUCKETS + bucket_of(wait)] += sign
        elif first == PAST and known.asked_at >= 0:
            lasted = at - known.asked_at
            cell[c.RESPONSES] += sign
            cell[c.RESPONSE_TIME] += sign * lasted
            cell[c.RESPONSE_BUCKETS + bucket_of(lasted)] += sign
        book_handoff(state.queue, known.escalated_at, at, ledger)
    state.words = replace(
        known, heard_at=at, told=True, asked_at=-1, visit=(before, PAST), escalated_at=-1
    )


def of_nobody_here(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message of a bot, or of a person who is in no conversation: it ends a run all the same."""
    heard(state, fact, ledger)
    if fact.detail == "agent" and state.words is not None:
        state.words = replace(state.words, asked_at=-1)


# -- visits ----------------------------------------------------------------------------------------


def begin(state: ContactState, at: int, ledger: Ledger) -> None:
    """A visit begins: nobody has written in it. Nobody waits for the first word of a call back."""
    if state.words is not None or ledger.channel == "chat":
        known = state.words or Words(at)
        state.words = replace(known, visit=(0, UNCOUNTED if state.callback else COUNTED))


def unmeasured(state: ContactState, at: int, ledger: Ledger) -> None:
    """Nobody knows since when the visit waited: not for its first message either."""
    if ledger.channel == "chat":
        known = state.words or Words(at)
        state.words = replace(known, visit=(known.visit[0], UNCOUNTED))


def connected(state: ContactState, at: int, ledger: Ledger) -> None:
    """A conversation begins; where nothing is written, this is a person's first word."""
    known = state.words
    if known is None:
        return
    escalated_at = known.escalated_at
    if escalated_at >= 0 and not known.told:
        if not state.outbound:
            book_handoff(state.queue, escalated_at, at, ledger)
        escalated_at = -1
    visit = (known.customer, known.visit[1])
    state.words = replace(known, visit=visit, escalated_at=escalated_at)


def goes_on(state: ContactState, visit: tuple[int, int] | None) -> None:
    """An earlier visit goes on, of which this was remembered."""
    if state.words is not None:
        state.words = replace(state.words, visit=visit or (0, COUNTED))


def forget_visit(state: ContactState) -> None:
    """The visit at hand is one of which nothing is known."""
    if state.words is not None:
        state.words = replace(state.words, visit=(0, COUNTED))


def conversation_ended(
    words: Words, visit: tuple[int, int], queue: str, at: int, ledger: Ledger
) -> None:
    """A conversation is over, and is not transferred; counted if the customer ever wrote."""
    if not words.customer:
        return
    sign, cell = ledger.sign, ledger.cell(queue, at)
    cell[c.CHATS_MESSAGED] += sign
    if words.asked_at >= 0:
        cell[c.CHATS_LEFT_UNANSWERED] += sign
    if words.customer == visit[0]:
        cell[c.CHATS_NO_REPLY] += sign


# -- bots ------------------------------------------------------------------------------------------


def bot_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A bot's conversation is over; what it hands over waits for a person."""
    if fact.outbound:
        return
    book_bot(fact, ledger)
    if fact.detail == "escalated":
        known = state.words or Words(fact.at)
        state.words = replace(known, heard_at=fact.at, escalated_at=fact.at)


def book_bot(fact: Fact, ledger: Ledger) -> None:
    """The end of a bot's conversation, on any channel, in the queue it names or in `_bot`."""
    sign, cell = ledger.sign, ledger.cell(fact.queue or BOT, fact.at)
    cell[c.BOT_ESCALATED if fact.detail == "escalated" else c.BOT_CONTAINED] += sign
    if fact.since >= 0:
        if fact.since > fact.at:
            ledger.anomaly("clamped", fact)
        cell[c.BOT_TIMED] += sign
        cell[c.BOT_TIME] += sign * max(0, fact.at - fact.since)


def book_handoff(queue: str, escalated_at: int, at: int, ledger: Ledger) -> None:
    """A person's first word after a bot handed over at `escalated_at` (ms; -1: none did)."""
    if escalated_at >= 0:
        sign, cell = ledger.sign, ledger.cell(queue, at)
        cell[c.BOT_HANDOFFS] += sign
        cell[c.BOT_HANDOFF_TIME] += sign * (at - escalated_at)
