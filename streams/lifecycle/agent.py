"""Layer 2: the life of an agent: each source's snapshot holds until its next one, or for its time.

Contributions are levels: for each queue of the agent, and once for `_all`, on each channel it has a
slot for. Busy is any handling or wrapping, whatever the state says; staffed is busy or available. A
snapshot that changes nothing contributes nothing. Nearly every agent has one source: that way is
short. What several say together: `agent_sources.py`.
"""

from typing import Final

import msgspec

from streams.contract.words import ALL
from streams.lifecycle import counters as c
from streams.lifecycle.agent_sources import MAX_SOURCES, Heights, Place, Source, oldest_of, union
from streams.lifecycle.facts import Snapshot
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS, NEVER

UNKNOWN: Final = "unknown"
GONE: Final = ""
#: The source of a snapshot that was stored when an agent had one, whoever said it.
ANY: Final = ""


class AgentState(msgspec.Struct, array_like=True, gc=False):
    """What holds now: the newest word, of `source`, good until `until`, and those of `others`.

    `state` is empty for an agent nothing is known of; `unknown` where the newest word's time is
    over: then it only says where the agent is unknown, once there are no `others`. `last_at`,
    `until` and `due`, the next end of a word, are ms.
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
    until: int = NEVER
    others: tuple[Source, ...] = ()


def blank() -> AgentState:
    """An agent nothing is known of."""
    return AgentState()


def is_blank(state: AgentState, before: int) -> bool:
    """Whether nothing is known of the agent."""
    return state.state == GONE


def oldest_entry(state: AgentState) -> None:
    """Agents have no oldest."""
    return


def is_open(state: AgentState) -> bool:
    """No snapshot jumps the order of its instant."""
    return False


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
    if fact.source != state.source or state.others:
        if state.others or state.state not in (GONE, UNKNOWN):
            _step_beside(state, fact, ledger)
            return
        state.source = fact.source if fact.by_source else ANY
    state.last_at = fact.at
    state.due = state.until = fact.at + fact.ttl
    if (
        fact.state == state.state
        and fact.handling == state.handling
        and fact.wrapping == state.wrapping
        and fact.queues == state.queues
        and fact.capacity == state.capacity
        and fact.ringing == state.ringing
    ):
        return
    queues, before = state.queues, _heights(state)
    state.state, state.queues, state.ringing = fact.state, fact.queues, fact.ringing
    state.handling, state.wrapping, state.capacity = fact.handling, fact.wrapping, fact.capacity
    _contribute(queues, before, state, fact.at, ledger)


def fire(state: AgentState, ledger: Ledger) -> None:
    """The time of a word is over; after the last one the agent is unknown, much later gone."""
    if state.others:
        _fire_beside(state, ledger)
        return
    queues, before, at = state.queues, _heights(state), state.due
    if state.state == UNKNOWN:
        state.state, state.source, state.until = GONE, ANY, NEVER
        state.queues = state.capacity = ()
        state.last_at, state.due = -1, NEVER
    else:
        _make_unknown(state)
        _close(state, ledger)
    _contribute(queues, before, state, at, ledger)


def _make_unknown(state: AgentState) -> None:
    state.state = UNKNOWN
    state.handling = state.wrapping = ()
    state.ringing = 0


def _close(state: AgentState, ledger: Ledger) -> None:
    """No word holds any more."""
    state.due = state.last_at + FORGET_MS
    if state.source != ANY:  # it was not counted when there was one source
        ledger.anomaly("agent_unknown")


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
        known = [each for each in _sources(state) if each.name not in (fact.source, ANY)]
    if len(known) == MAX_SOURCES:
        known.remove(oldest_of(known))
        ledger.anomaly("source_dropped", fact)
    state.others = tuple(known)
    state.source = fact.source if fact.by_source else ANY
    state.last_at, state.until = fact.at, fact.at + fact.ttl
    state.due = min([state.until, *(each.until for each in known)])
    state.state, state.queues, state.ringing = fact.state, fact.queues, fact.ringing
    state.handling, state.wrapping, state.capacity = fact.handling, fact.wrapping, fact.capacity
    _contribute_each(before, _held(state), fact.at, ledger)


def _fire_beside(state: AgentState, ledger: Ledger) -> None:
    """The time of one of several words, or of more of them, is over."""
    before, at = _held(state), state.due
    if state.state != UNKNOWN and state.until <= at:
        _make_unknown(state)
    state.others = tuple(each for each in state.others if each.until > at)
    ends = [each.until for each in _sources(state)]
    if ends:
        state.due = min(ends)
    else:
        _close(state, ledger)
    _contribute_each(before, _held(state), at, ledger)


def _sources(state: AgentState) -> list[Source]:
    """The words that hold, the newest one last."""
    if state.state in (UNKNOWN, GONE):
        return list(state.others)
    newest = Source(
        state.source,
        state.last_at,
        state.until,
        state.state,
        state.queues,
        state.ringing,
        state.handling,
        state.wrapping,
        state.capacity,
    )
    return [*state.others, newest]


def _held(state: AgentState) -> dict[Place, Heights]:
    """What the agent contributes now, by place."""
    if state.others:
        return union(_sources(state))
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
