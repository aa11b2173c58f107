"""Layer 2: what is written in a chat, and what bots hand over to people.

In: messages and the ends of bots' conversations; beginnings, answers and ends of visits. Out:
counters of chats and bots, times of first messages and responses. Invariant: a contact of which
nothing was written and nothing handed over has no `Words`, and costs nothing here.
"""

from msgspec.structs import replace

from streams.contract.words import BOT
from streams.lifecycle import comings
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import (
    CONNECTED,
    COUNTED,
    NO_WORDS,
    PAST,
    UNCOUNTED,
    ContactState,
    VisitWords,
    Words,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger

# -- messages --------------------------------------------------------------------------------------


def heard(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message of a bot, or of a person who is in no conversation: that ends a run all the same.

    Those of calls mean nothing.
    """
    if ledger.channel == "chat":
        known = state.words or Words(fact.at)
        if fact.detail == "agent":
            visit = replace(known.visit, carried=-1)
            known = replace(known, asked_at=-1, agent=True, visit=visit)
        state.words = replace(known, heard_at=fact.at, told=True)


def told(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message is about to be looked at: this chat is one of which messages are told."""
    if ledger.channel == "chat":
        state.words = replace(state.words or Words(fact.at), heard_at=fact.at, told=True)


def customer_wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message of the customer; the first that nobody has answered begins a run."""
    if ledger.channel == "chat":
        known = state.words or Words(fact.at)
        if (
            state.phase == CONNECTED
            and known.asked_at >= 0
            and known.customer > known.visit.customer
        ):
            return  # a run goes on, as most do: nothing is new
        asked_at = fact.at if known.asked_at < 0 else known.asked_at
        state.words = replace(
            known, heard_at=fact.at, told=True, customer=known.customer + 1, asked_at=asked_at
        )


def agent_wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A person's message in a conversation: the visit's first, or a response, or both."""
    if ledger.channel != "chat":
        return
    at, known = fact.at, state.words or Words(fact.at)
    visit = known.visit
    if (
        known.asked_at < 0
        and known.agent
        and known.escalated_at < 0
        and visit.first == PAST
        and visit.carried < 0
    ):
        return  # one more message that answers nothing
    if not state.outbound:
        sign, cell = ledger.sign, ledger.cell(state.queue, at)
        if visit.first == COUNTED:
            wait = at - state.entered_at
            cell[c.FIRST_MESSAGES] += sign
            cell[c.FIRST_MESSAGE_TIME] += sign * wait
            cell[c.FIRST_MESSAGE_BUCKETS + bucket_of(wait)] += sign
        carried = known.agent and visit.carried == known.asked_at
        if known.asked_at >= 0 and (visit.first == PAST or carried):
            lasted = at - known.asked_at
            cell[c.RESPONSES] += sign
            cell[c.RESPONSE_TIME] += sign * lasted
            cell[c.RESPONSE_BUCKETS + bucket_of(lasted)] += sign
        book_handoff(state.queue, known.escalated_at, at, ledger)
    visit = VisitWords(PAST, visit.customer)
    state.words = replace(
        known, heard_at=at, told=True, asked_at=-1, agent=True, visit=visit, escalated_at=-1
    )


# -- visits ----------------------------------------------------------------------------------------


def begin(state: ContactState, at: int, ledger: Ledger) -> None:
    """A visit begins. Nobody waits for the first message of a call back."""
    if state.words is not None or ledger.channel == "chat":
        known = state.words or Words(at)
        first = UNCOUNTED if state.callback else COUNTED
        carried = known.asked_at if known.agent else -1
        state.words = replace(known, visit=VisitWords(first, 0, carried))


def unmeasured(state: ContactState, at: int, ledger: Ledger) -> None:
    """Nobody knows since when the visit waited: not for its first message either."""
    if ledger.channel == "chat":
        known = state.words or Words(at)
        state.words = replace(known, visit=replace(known.visit, first=UNCOUNTED))


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
    visit = replace(known.visit, customer=known.customer)
    state.words = replace(known, visit=visit, escalated_at=escalated_at)


def goes_on(state: ContactState, visit: VisitWords | None) -> None:
    """A visit goes on that was closed, with what was written in it."""
    if state.words is not None:
        state.words = replace(state.words, visit=visit or NO_WORDS)


def same_visit(state: ContactState, visit: VisitWords | None) -> None:
    """The visit that is answered is one that an age had closed: it was entered before that."""
    if state.words is not None:
        carried = (visit or NO_WORDS).carried
        state.words = replace(state.words, visit=replace(state.words.visit, carried=carried))


def end(
    state: ContactState,
    visit: VisitWords | None,
    queue: str,
    outbound: bool,
    at: int,
    ledger: Ledger,
) -> None:
    """The conversation of a visit is over, at `at` (ms); counted if the customer ever wrote."""
    known = state.words
    if known is None:
        return
    if known.customer and not outbound:
        sign, cell = ledger.sign, ledger.cell(queue, at)
        cell[c.CHATS_MESSAGED] += sign
        if known.asked_at >= 0:
            cell[c.CHATS_LEFT_UNANSWERED] += sign
        if known.customer == (visit or NO_WORDS).customer:
            cell[c.CHATS_NO_REPLY] += sign
    state.words = replace(known, agent=False)


# -- bots ------------------------------------------------------------------------------------------


def bot_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A bot's conversation is over; what it hands over waits for a person."""
    if fact.outbound:
        return
    book_bot(fact, ledger)
    if fact.detail == "escalated":
        known = state.words or Words(fact.at)
        state.words = replace(known, heard_at=fact.at, escalated_at=fact.at)
    elif state.customer is not None:
        comings.contained(state, fact.at, ledger)


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
