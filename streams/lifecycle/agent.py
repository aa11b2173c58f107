"""Layer 2: the life of an agent: each source's snapshot holds until its next one, or for its time.

Contributions are levels: for each queue of the agent, and once for `_all`, on each channel it has a
slot for. Busy is any handling or wrapping, whatever the state says; staffed is busy or available.
Contacts that are handled are counted on chats, however few slots there are. A snapshot that changes
nothing contributes nothing. Nearly every agent has one source: that way is
short. What several say together: `agent_sources.py`. Who stays in one state for too long:
`agent_limits.py`.
"""

from typing import Final

import msgspec

from streams.contract.words import ALL
from streams.lifecycle import agent_limits
from streams.lifecycle import counters as c
from streams.lifecycle.agent_sources import (
    COUNTED,
    MAX_SOURCES,
    Heights,
    Place,
    Source,
    contacts_of,
    oldest_of,
    union,
)
from streams.lifecycle.facts import Snapshot
from streams.lifecycle.ledger import Ledger, Standing
from streams.lifecycle.rules import FORGET_MS, NEVER

UNKNOWN: Final = "unknown"
GONE: Final = ""
#: In place of one source's name: there are several, or none is known, because the snapshot was
#: stored when it replaced that of any other source.
ANY: Final = ""


class AgentState(msgspec.Struct, array_like=True, gc=False):
    """What holds now: the newest word. It is that of `source`; of several, all stand in `sources`.

    `state` is empty for an agent nothing is known of; `unknown` where the newest word's time is
    over: then it says where the agent is unknown once no other holds. `last_at` and `due` are ms;
    `due` is the next end of a word (`until`) or of a limit (`limit_due`), whichever comes first.
    """

    state: str = GONE
    queues: tuple[str, ...] = ()
    ringing: int = 0
    handling: tuple[tuple[str, int], ...] = ()
    wrapping: tuple[tuple[str, int], ...] = ()
    capacity: tuple[tuple[str, int], ...] = ()
    last_at: int = -1
    due: int = NEVER
    source: str = ANY
    #: The words that hold, the newest one last.
    sources: tuple[Source, ...] = ()
    #: -1 in what was stored when `due` was nothing but the end of a word.
    until: int = -1
    #: Whether the last snapshot was taken when states had limits, and contacts were counted.
    has_limits: bool = False
    stays: tuple[agent_limits.Stay, ...] = ()
    stuck: tuple[agent_limits.Stuck, ...] = ()
    limit_due: int = NEVER


def blank() -> AgentState:
    """An agent nothing is known of."""
    return AgentState()


def is_blank(state: AgentState, before: int) -> bool:
    """Whether nothing is known of the agent."""
    return state.state == GONE


def standing(state: AgentState) -> tuple[Standing, ...]:
    """The places in which the agent has been in its state for too long, each since it began."""
    return tuple((queue, channel, c.ANY_STUCK, since) for queue, channel, _, since in state.stuck)


def shown_as(state: AgentState) -> str:
    """The one state the agent of one source is counted in, by precedence."""
    if state.state == "error" and state.source == ANY:
        return "error"  # as it was booked
    if state.handling:
        return "on_contact"
    if state.wrapping:
        return "wrapup"
    if state.ringing:
        return "ringing"
    return state.state


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
    ):
        return
    queues, before = state.queues, _heights(state)
    _say(state, fact)
    _contribute(queues, before, state, at, ledger)
    _begin(state, fact, ledger)


def _say(state: AgentState, fact: Snapshot) -> None:
    state.state, state.queues, state.ringing = fact.state, fact.queues, fact.ringing
    state.handling, state.wrapping, state.capacity = fact.handling, fact.wrapping, fact.capacity
    state.has_limits = fact.since >= 0


def fire(state: AgentState, ledger: Ledger) -> None:
    """The time of a word is over; after the last one the agent is unknown, much later gone.

    Or a limit is: from now on the agent has been in its state for too long.
    """
    at = state.due
    if state.limit_due <= at:
        _limit(state, _shown(state), at, at, ledger)
        return
    if state.sources:
        _fire_beside(state, ledger)
    else:
        _end_word(state, at, ledger)
    _hold(state, (0, 0), at, at, ledger)


def _end_word(state: AgentState, at: int, ledger: Ledger) -> None:
    queues, before = state.queues, _heights(state)
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
    state.ringing = 0


# -- limits of states ------------------------------------------------------------------------------


def _begin(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """After a snapshot: what it begins, or ends."""
    # Real events come before implied ones of the same millisecond.
    _hold(state, (c.STATES[fact.state], fact.since), fact.at, fact.at - 1, ledger)


def _hold(state: AgentState, told: agent_limits.Stay, at: int, passed: int, ledger: Ledger) -> None:
    """The agent may be shown otherwise since `at`."""
    numbers = _numbers(state)
    if numbers or state.stays:
        state.stays = agent_limits.stays(state.stays, numbers, told, at)
    soonest = agent_limits.soonest(state.stays, ledger)
    if state.stuck or soonest <= passed:
        _limit(state, _shown(state), at, passed, ledger)
    else:
        state.due = min(_until(state), soonest)
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
    state.due = min(_until(state), state.limit_due)


def _until(state: AgentState) -> int:
    """When the next word's time is over."""
    return state.until if state.until >= 0 else state.due


def _numbers(state: AgentState) -> tuple[int, ...]:
    """The numbers of the states with a limit that the agent is shown in."""
    if state.sources:
        return tuple(_shown(state).values())
    if not state.has_limits or state.state == GONE or not state.capacity:
        return ()
    number = c.STATES[shown_as(state)]
    return (number,) if number in agent_limits.LIMITED else ()


def _shown(state: AgentState) -> dict[Place, int]:
    """The number of the state the agent is shown in, by place, `_all` after the queues.

    Nothing where the one state it is in has no limit.
    """
    if state.sources:
        if not state.has_limits:
            return {}
        found = union(state.sources, state.has_limits).items()
        return {place: next(iter(heights)) for place, heights in sorted(found, key=_whole_last)}
    places = [(queue, channel) for channel, _ in state.capacity for queue in (*state.queues, ALL)]
    return {place: number for number in _numbers(state) for place in places}


def _whole_last(item: tuple[Place, Heights]) -> bool:
    return item[0][0] == ALL


# -- one source ------------------------------------------------------------------------------------


def _heights(state: AgentState) -> dict[str, Heights]:
    """What an agent of one source contributes, by channel, to `_all` and each queue alike."""
    if state.state == GONE:
        return {}
    handling, wrapping = state.handling, state.wrapping
    busy = bool(handling or wrapping)
    staffed = busy or state.state == "available"
    shown = c.STATES[shown_as(state)]
    by_channel = {}
    for channel, slots in state.capacity:
        heights = {shown: 1}
        if staffed:
            heights[c.STAFFED_AGENTS] = 1
            heights[c.SLOT_CAPACITY] = slots
        if busy:
            heights[c.HANDLING_AGENTS] = 1
            used = 0
            for name, n in handling + wrapping:
                if name == channel:
                    used += n
            if used:
                heights[c.SLOT_BUSY] = min(used, slots)
            if channel == COUNTED and handling and state.has_limits:
                contacts = contacts_of(handling)
                if contacts:
                    heights[c.AGENT_CONTACTS], heights[c.CHANNEL_AGENTS] = contacts, 1
        by_channel[channel] = heights
    return by_channel


def _contribute(
    queues: tuple[str, ...], before: dict[str, Heights], state: AgentState, at: int, ledger: Ledger
) -> None:
    """Book what differs from `before`, when the agent was a member of `queues`."""
    after = _heights(state)
    same = queues == state.queues
    if same and before == after:
        return
    channels = before.keys() if before.keys() == after.keys() else before.keys() | after.keys()
    for channel in channels:
        old, new = before.get(channel, {}), after.get(channel, {})
        changes = _changes(old, new)
        ledger.select(ledger.tenant, channel)
        if changes:
            _book(ALL, changes, at, ledger)
        if same:
            for queue in queues if changes else ():
                _book(queue, changes, at, ledger)
            continue
        for queue in {*queues, *state.queues}:
            left = old if queue in queues else {}
            joined = new if queue in state.queues else {}
            _book(queue, _changes(left, joined), at, ledger)


# -- several ---------------------------------------------------------------------------------------


def _step_beside(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """Take the word of one of several sources, or of another than the one there was."""
    before = _held(state)
    known = []
    if fact.by_source:  # else it replaces all, as it did when it was stored
        known = [each for each in _sources(state) if each.name != fact.source]
    if len(known) == MAX_SOURCES:
        known.remove(oldest_of(known))
        ledger.anomaly("source_dropped", fact)
    _say(state, fact)
    state.last_at, state.until = fact.at, fact.at + fact.ttl
    state.source, state.sources = fact.source if fact.by_source else ANY, ()
    if known:
        state.sources = (*known, *_sources(state))
        state.source = ANY
        state.until = min(each.until for each in state.sources)
    _contribute_each(before, _held(state), fact.at, ledger)


def _fire_beside(state: AgentState, ledger: Ledger) -> None:
    """The time of one of several words, or of more of them, is over."""
    before, at = _held(state), state.due
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
    _contribute_each(before, _held(state), at, ledger)


def _sources(state: AgentState) -> tuple[Source, ...]:
    """The words that hold, the newest one last, but for one of a source that is not known."""
    if state.source == ANY or state.state == UNKNOWN:
        return state.sources
    return (
        Source(
            state.source,
            state.last_at,
            _until(state),
            state.state,
            state.queues,
            state.ringing,
            state.handling,
            state.wrapping,
            state.capacity,
        ),
    )


def _held(state: AgentState) -> dict[Place, Heights]:
    """What the agent contributes now, by place."""
    if state.sources:
        return union(state.sources, state.has_limits)
    return {
        (queue, channel): heights
        for channel, heights in _heights(state).items()
        for queue in (ALL, *state.queues)
    }


def _contribute_each(
    before: dict[Place, Heights], after: dict[Place, Heights], at: int, ledger: Ledger
) -> None:
    for place in before.keys() | after.keys():
        queue, channel = place
        changes = _changes(before.get(place, {}), after.get(place, {}))
        ledger.select(ledger.tenant, channel)
        _book(queue, changes, at, ledger)


def _changes(old: Heights, new: Heights) -> list[tuple[int, int]]:
    changes = []
    for level, height in new.items():
        change = height - old.get(level, 0)
        if change:
            changes.append((level, change))
    changes += [(level, -height) for level, height in old.items() if level not in new]
    return changes


def _book(queue: str, changes: list[tuple[int, int]], at: int, ledger: Ledger) -> None:
    if not changes:
        return
    sign, cell, offset = ledger.sign, ledger.cell(queue, at), at % ledger.width
    for level, change in changes:
        amount = sign * change
        cell[level] += amount
        cell[level + c.MOMENT] += amount * offset
