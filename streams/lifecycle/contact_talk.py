"""Layer 2: the conversation of a visit and the work after it: hold, transfer, end, wrap-up.

What an event does is booked through the ledger alone, as in `contact_effects.py`. A conversation
leaves a `Wrapup` beside the visits to come, whether its queue waits for it or not.
"""

from bisect import bisect_left

from streams.lifecycle import agent_legs, comings, topics
from streams.lifecycle import contact_words as words
from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import (
    MAX_OWED,
    SAID,
    SAID_TRANSFERRED,
    ContactState,
    Wrapup,
    close,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.plan import fits
from streams.lifecycle.splits import TOPIC_HANDLE_TIME, TOPIC_HANDLED


def hold_started(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The customer is on hold."""
    if state.hold_since >= 0:
        ledger.anomaly("said_again", fact)
    else:
        state.hold_since = fact.at


def hold_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The customer is back."""
    if state.hold_since < 0:
        ledger.anomaly("hold_ended_without_visit", fact)
    else:
        state.hold += fact.at - state.hold_since
        state.hold_since = -1


def _connection(state: ContactState, at: int, agent: str | None, completes_visit: bool) -> Wrapup:
    """The connected part of the visit, ended at `at`; an open hold ends with it."""
    hold = state.held_by(at)
    talk = at - state.answered_at - hold
    who, began = agent or state.agent, state.entered_at
    return Wrapup(at, state.queue, who, state.outbound, completes_visit, talk, hold, began)


def _is_former(state: ContactState, fact: Fact) -> bool:
    """Whether the event is of the agent who had the conversation before."""
    return state.former is not None and fact.agent == state.former and fact.agent != state.agent


def transferred(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The conversation is transferred; by the agent before, it goes on with the one who has it."""
    if not _is_former(state, fact):
        transfer(state, fact.at, fact.agent, SAID_TRANSFERRED, ledger)
        state.to_queue = fact.detail
    elif state.transferred:
        ledger.anomaly("former_agent", fact)
    else:
        _count_transfer(state, fact.at, ledger)


def _count_transfer(state: ContactState, at: int, ledger: Ledger) -> None:
    if not state.transferred and not state.outbound:
        ledger.cell(state.queue, at)[c.TRANSFERRED] += ledger.sign
    state.transferred = True


def transfer(state: ContactState, at: int, agent: str | None, how: int, ledger: Ledger) -> None:
    """The conversation goes to somebody else at `at` (ms): handled, and counted as transferred."""
    leg = _connection(state, at, agent, completes_visit=False)
    _handle_at_once(state, leg, ledger)
    _count_transfer(state, at, ledger)
    _disconnect(state, leg, how, ledger)


def ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The conversation is over; said of the agent before, it is not."""
    if _is_former(state, fact):
        ledger.anomaly("former_agent", fact)
        return
    if state.words is not None:
        words.end(state, state.words.visit, state.queue, state.outbound, fact.at, ledger)
    awaited = ledger.rules_for(state.queue, state.entered_at).wrapup and not state.handled_already
    leg = _connection(state, fact.at, fact.agent, awaited)
    if not awaited:
        _handle_at_once(state, leg, ledger)
    _disconnect(state, leg, SAID, ledger)


def _handle_at_once(state: ContactState, leg: Wrapup, ledger: Ledger) -> None:
    if not state.handled_already:
        handled(state, leg, leg.ended_at, 0, ledger)
    else:
        book_talk(state, leg, ledger)


def book_talk(state: ContactState, leg: Wrapup, ledger: Ledger) -> None:
    """Further talk of a visit that is handled already."""
    if not leg.outbound:
        cell = ledger.cell(leg.queue, leg.ended_at)
        cell[c.TALK] += ledger.sign * leg.talk
        cell[c.HOLD] += ledger.sign * leg.hold
        topic, at, spent = state.topic, leg.ended_at, leg.talk + leg.hold
        topics.book(topic, leg.queue, at, TOPIC_HANDLE_TIME, ledger, spent)


def _disconnect(state: ContactState, leg: Wrapup, how: int, ledger: Ledger) -> None:
    if not state.outbound:
        ledger.level(state.queue, leg.ended_at, c.HANDLING, -1)
    if state.customer is not None:
        start = -1 if leg.outbound else state.customer.visit
        comings.hung_up(state, leg.queue, leg.ended_at, start, how == SAID, ledger)
    close(state, leg.ended_at, how, handled=not leg.completes_visit)
    owe(state, leg, state.legs, ledger)


def owe(
    state: ContactState, leg: Wrapup, earlier: tuple[agent_legs.EarlierLeg, ...], ledger: Ledger
) -> None:
    """A leg has ended, and its wrap-up is owed; of too many, the oldest is given up.

    `earlier`: the legs of agents who had the same conversation before.
    """
    if ledger.has_agents and not leg.outbound:
        state.leg_agent = leg.agent
        agent_legs.ended(leg, earlier, ledger)
    state.wrapups = (*state.wrapups, leg)
    if len(state.wrapups) > MAX_OWED:
        oldest = state.wrapups[0]
        if oldest.completes_visit:
            give_up(state, oldest, leg.ended_at, ledger)
        state.wrapups = state.wrapups[1:]


def give_up(state: ContactState, leg: Wrapup, at: int, ledger: Ledger) -> None:
    """Nobody reported the wrap-up that was awaited: handled without; it may still be reported."""
    if not leg.outbound:
        ledger.cell(leg.queue, at)[c.WRAPUPS_UNREPORTED] += ledger.sign
    ledger.anomaly("wrapups_unreported")
    handled(state, leg, at, 0, ledger)
    late = Wrapup(
        leg.ended_at, leg.queue, leg.agent, leg.outbound, False, leg.talk, leg.hold, leg.entered_at
    )
    state.wrapups = tuple(late if other is leg else other for other in state.wrapups)
    state.closed_at = max(state.closed_at, at)


def handled(state: ContactState, leg: Wrapup, at: int, wrapup: int, ledger: Ledger) -> None:
    """The visit is handled at `at`, booked whole; `wrapup` in ms."""
    if leg.outbound:
        return
    sign, cell = ledger.sign, ledger.cell(leg.queue, at)
    cell[c.HANDLED] += sign
    if leg.hold > 0:
        cell[c.HELD] += sign
    cell[c.TALK] += sign * leg.talk
    cell[c.HOLD] += sign * leg.hold
    cell[c.WRAPUP] += sign * wrapup
    total = leg.talk + leg.hold + wrapup
    cell[c.HANDLED_WITHIN + bisect_left(c.HANDLE_BOUNDS_MS, total)] += sign
    cell[c.HANDLE_TIME] += sign * total
    if ledger.has_topics:
        topics.book(state.topic, leg.queue, at, TOPIC_HANDLED, ledger)
        topics.book(state.topic, leg.queue, at, TOPIC_HANDLE_TIME, ledger, total)


def cap_of(leg: Wrapup, ledger: Ledger) -> int:
    """The longest wrap-up that is counted for the visit, ms."""
    return ledger.rules_for(leg.queue, leg.entered_at).wrapup_cap_ms


def wrapup_ended(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The agent finished the work after a contact."""
    leg = _owed(state, fact)
    if leg is None:
        ledger.anomaly("wrapup_without_visit", fact)
        return
    state.wrapups = tuple(other for other in state.wrapups if other is not leg)
    cap, lasted = cap_of(leg, ledger), fact.at - leg.ended_at
    if lasted > cap:
        ledger.anomaly("wrapup_capped", fact)
        lasted = cap
    if not leg.outbound:
        ledger.cell(leg.queue, fact.at)[c.WRAPUPS_REPORTED] += ledger.sign
        if ledger.has_agents:
            agent_legs.wrapped_up(leg, fact.at, lasted, ledger)
    if leg.completes_visit:
        handled(state, leg, fact.at, lasted, ledger)
        state.closed_at = max(state.closed_at, fact.at)
    elif not leg.outbound:
        ledger.cell(leg.queue, fact.at)[c.WRAPUP] += ledger.sign * lasted
        topics.book(state.topic, leg.queue, fact.at, TOPIC_HANDLE_TIME, ledger, lasted)


def owed_to(wrapups: tuple[Wrapup, ...], fact: Fact) -> list[Wrapup]:
    """The wrap-ups that the event may be the end of, by queue and agent, the oldest first."""
    return [leg for leg in wrapups if fits(leg.queue, fact.queue) and fits(leg.agent, fact.agent)]


def _owed(state: ContactState, fact: Fact) -> Wrapup | None:
    """Which wrap-up it is: its agent's, one that ended just now, the oldest."""
    agent = fact.agent

    def unlikely(leg: Wrapup) -> tuple[bool, bool]:
        return agent is None or leg.agent != agent, leg.ended_at != fact.at

    # Of equals the oldest: the first.
    return min(owed_to(state.wrapups, fact), key=unlikely, default=None)
