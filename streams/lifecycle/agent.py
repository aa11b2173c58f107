"""Layer 2: the life of an agent: each source's snapshot holds until its next one, or for its time.

Contributions are levels: for each queue of the agent, and once for `_all`, on each channel it has a
slot for. Busy is any handling or wrapping, whatever the state says; staffed is busy or available.
Contacts that are handled are counted on chats, however few slots there are. A snapshot that changes
nothing contributes nothing. Nearly every agent has one source: that way is short. What is
remembered: `agent_state.py`. What several say together: `agent_sources.py`. Who stays in one state
for too long: `agent_limits.py`. Why he is on a break: `agent_breaks.py`.
"""

from streams.contract.words import ALL
from streams.lifecycle import agent_breaks, agent_limits, agent_own
from streams.lifecycle import counters as c
from streams.lifecycle.agent_levels import (
    GONE,
    Changes,
    Said,
    changes_of,
    heights_of,
    moves,
    shown_as,
)
from streams.lifecycle.agent_sources import MAX_SOURCES, Heights, Place, oldest_of
from streams.lifecycle.agent_state import ANY, UNKNOWN, AgentState
from streams.lifecycle.facts import Snapshot
from streams.lifecycle.ledger import Ledger, Standing
from streams.lifecycle.rules import FORGET_MS, NEVER


def blank() -> AgentState:
    """An agent nothing is known of."""
    return AgentState()


def is_blank(state: AgentState, before: int) -> bool:
    """Whether nothing is known of the agent."""
    return state.state == GONE


def standing(state: AgentState) -> tuple[Standing, ...]:
    """The places in which the agent has been in its state for too long, each since it began."""
    return tuple((queue, channel, c.ANY_STUCK, since) for queue, channel, _, since in state.stuck)


def step(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """Take one snapshot, in order."""
    at = fact.at
    if fact.source != state.source:
        if state.sources or state.state not in (GONE, UNKNOWN):
            _step_beside(state, fact, ledger)
            _begin(state, fact, ledger)
            return
        state.source = fact.source if fact.by_source else ANY
    state.last_at, state.until = at, at + fact.ttl
    state.due = min(state.until, state.limit_due)
    if (
        fact.state == state.state
        and state.has_limits == (fact.since >= 0)
        and fact.handling == state.handling
        and fact.wrapping == state.wrapping
        and fact.queues == state.queues
        and fact.capacity == state.capacity
        and fact.ringing == state.ringing
        and fact.reason == state.reason
    ):
        return
    queues, before = state.queues, state.said()
    _say(state, fact, (state.state, state.reason, state.reason_at))
    _contribute(queues, before, state, at, ledger)
    _begin(state, fact, ledger)


def _say(state: AgentState, fact: Snapshot, before: tuple[str, str, int]) -> None:
    """`before`: the state that the source said last, why, and since when."""
    if fact.state != agent_breaks.BREAK:
        state.reason_at = -1
    elif before[:2] == (fact.state, fact.reason) and before[2] >= 0:
        state.reason_at = before[2]
    else:
        state.reason_at = fact.at
    state.reason = fact.reason
    state.state, state.queues, state.ringing = fact.state, fact.queues, fact.ringing
    state.handling, state.wrapping, state.capacity = fact.handling, fact.wrapping, fact.capacity
    state.has_limits = fact.since >= 0


def fire(state: AgentState, ledger: Ledger) -> None:
    """The time of a word is over; after the last one the agent is unknown, much later gone.

    Or a limit is: from now on the agent has been in its state for too long.
    """
    at = state.due
    if state.limit_due <= at:
        _limit(state, state.shown(), at, at, ledger)
        return
    if state.sources:
        _fire_beside(state, ledger)
    else:
        _end_word(state, at, ledger)
    _book_breaks(state, at, ledger)
    if ledger.has_agents:
        settle_own(state, (0, 0), at, ledger)
    _hold(state, (0, 0), at, at, ledger)


def _end_word(state: AgentState, at: int, ledger: Ledger) -> None:
    queues, before = state.queues, state.said()
    if state.state == UNKNOWN:
        state.state, state.source = GONE, ANY
        state.queues = state.capacity = ()
        state.last_at = state.until = -1
        state.due, state.has_limits = NEVER, False
    else:
        _make_unknown(state)
        state.until = state.last_at + FORGET_MS
        if state.source != ANY:  # it was not counted then
            ledger.anomaly("agent_unknown")
    _contribute(queues, before, state, at, ledger)


def _make_unknown(state: AgentState) -> None:
    state.state = UNKNOWN
    state.handling = state.wrapping = ()
    state.ringing, state.reason, state.reason_at = 0, "", -1


# -- limits of states ------------------------------------------------------------------------------


def _begin(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """After a snapshot: what it begins, or ends."""
    _book_breaks(state, fact.at, ledger)
    if ledger.has_agents:
        settle_own(state, (c.STATES[fact.state], fact.since), fact.at, ledger)
    # Real events come before implied ones of the same millisecond.
    _hold(state, (c.STATES[fact.state], fact.since), fact.at, fact.at - 1, ledger)


def _hold(state: AgentState, told: agent_limits.Stay, at: int, passed: int, ledger: Ledger) -> None:
    """The agent may be shown otherwise since `at`."""
    numbers = state.limited_numbers()
    if numbers or state.stays:
        state.stays = agent_limits.stays(state.stays, numbers, told, at)
    soonest = agent_limits.soonest(state.stays, ledger)
    if state.stuck or soonest <= passed:
        _limit(state, state.shown(), at, passed, ledger)
    else:
        state.due = min(state.word_until(), soonest)
        state.limit_due = soonest


def _limit(
    state: AgentState, shown: dict[Place, int], at: int, passed: int, ledger: Ledger
) -> None:
    """Where a limit is over once `passed` (ms) is: booked at `at`."""
    stuck: tuple[agent_limits.Stuck, ...] = ()
    state.limit_due = NEVER
    if state.stays:
        stuck, state.limit_due = agent_limits.over_limits(state.stays, shown, passed, ledger)
    if stuck != state.stuck:
        agent_limits.book(state.stuck, stuck, at, ledger)
        state.stuck = stuck
    state.due = min(state.word_until(), state.limit_due)


def _book_breaks(state: AgentState, at: int, ledger: Ledger) -> None:
    """The agent may be on a break, or for another reason, since `at`."""
    if not (state.reason or state.on_break or state.sources):
        return
    said = (state.reason_at, state.reason)
    now = agent_breaks.levels_of(
        state.shown(),
        lambda place: agent_breaks.first_of(state.sources, place) if state.sources else said,
        ledger,
    )
    if now != state.on_break:
        agent_breaks.book(state.on_break, now, at, ledger)
        state.on_break = now


def settle_own(state: AgentState, told: agent_limits.Stay, at: int, ledger: Ledger) -> None:
    """The agent may be in another state of his own since `at` (ms); `told` as in `_hold`."""
    shown, reason = "", state.reason
    if state.sources:
        shown = agent_own.of_several(state.sources)
        if shown == agent_breaks.BREAK:
            reason = agent_breaks.first_said(state.sources)
    elif state.state != GONE and state.capacity:
        shown = shown_as(state.said())
    agent_own.settle(state, shown, reason, told, at, ledger)


# -- one source ------------------------------------------------------------------------------------


def _contribute(
    queues: tuple[str, ...], before: Said, state: AgentState, at: int, ledger: Ledger
) -> None:
    """Book what differs from `before`, when the agent was a member of `queues`."""
    if not ledger.sign:
        return  # a base moves up: nothing is booked
    after = state.said()
    if queues == state.queues:
        for channel, changes in moves(before, after):
            ledger.select(ledger.tenant, channel)
            _book(ALL, changes, at, ledger)
            for queue in queues:
                _book(queue, changes, at, ledger)
        return
    old_ones, new_ones = heights_of(before), heights_of(after)
    for channel in old_ones.keys() | new_ones.keys():
        old, new = old_ones.get(channel, {}), new_ones.get(channel, {})
        ledger.select(ledger.tenant, channel)
        _book(ALL, changes_of(old, new), at, ledger)
        for queue in {*queues, *state.queues}:
            left = old if queue in queues else {}
            joined = new if queue in state.queues else {}
            _book(queue, changes_of(left, joined), at, ledger)


# -- several ---------------------------------------------------------------------------------------


def _step_beside(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """Take the word of one of several sources, or of another than the one there was."""
    before = state.heights()
    known, own = [], ("", "", -1)
    if fact.by_source:  # else it replaces all, as it did when it was stored
        for each in state.words():
            if each.name != fact.source:
                known.append(each)
            else:
                own = each.state, each.reason, each.reason_at
    if len(known) == MAX_SOURCES:
        known.remove(oldest_of(known))
        ledger.anomaly("source_dropped", fact)
    _say(state, fact, own)
    state.last_at, state.until = fact.at, fact.at + fact.ttl
    state.source, state.sources = fact.source if fact.by_source else ANY, ()
    if known:
        state.sources = (*known, *state.words())
        state.source = ANY
        state.until = min(each.until for each in state.sources)
    _contribute_each(before, state.heights(), fact.at, ledger)


def _fire_beside(state: AgentState, ledger: Ledger) -> None:
    """The time of one of several words, or of more of them, is over."""
    before, at = state.heights(), state.due
    if state.state != UNKNOWN and state.sources[-1].until <= at:
        _make_unknown(state)
    state.sources = tuple(each for each in state.sources if each.until > at)
    if state.sources:
        state.until = min(each.until for each in state.sources)
        if len(state.sources) == 1 and state.state != UNKNOWN:
            state.source, state.sources = state.sources[0].name, ()
    else:
        state.until = state.last_at + FORGET_MS
        ledger.anomaly("agent_unknown")
    _contribute_each(before, state.heights(), at, ledger)


def _contribute_each(
    before: dict[Place, Heights], after: dict[Place, Heights], at: int, ledger: Ledger
) -> None:
    for place in before.keys() | after.keys():
        queue, channel = place
        changes = changes_of(before.get(place, {}), after.get(place, {}))
        ledger.select(ledger.tenant, channel)
        _book(queue, changes, at, ledger)


def _book(queue: str, changes: Changes, at: int, ledger: Ledger) -> None:
    if not changes:
        return
    sign, cell, offset = ledger.sign, ledger.cell(queue, at), at % ledger.width
    for level, change in changes:
        amount = sign * change
        cell[level] += amount
        cell[level + c.MOMENT] += amount * offset
