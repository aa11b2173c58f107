"""Layer 2: the life of an agent: each snapshot holds until the next one, or until its time to live.

Contributions are levels: for each queue of the agent, and once for `_all`, on each channel it has a
slot for. Busy is any handling or wrapping, whatever the state says; staffed is busy or available. A
snapshot that changes nothing contributes nothing.
"""

from typing import Final

import msgspec

from streams.contract.words import ALL
from streams.lifecycle import counters as c
from streams.lifecycle.facts import Snapshot
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS, NEVER

UNKNOWN: Final = "unknown"
GONE: Final = ""


class AgentState(msgspec.Struct, array_like=True, gc=False):
    """What holds now. `state` is empty for an agent nothing is known of; `last_at` in ms."""

    state: str = GONE
    queues: tuple[str, ...] = ()
    ringing: int = 0
    handling: tuple[tuple[str, int], ...] = ()
    wrapping: tuple[tuple[str, int], ...] = ()
    capacity: tuple[tuple[str, int], ...] = ()
    last_at: int = -1
    due: int = NEVER


def blank() -> AgentState:
    """An agent nothing is known of."""
    return AgentState()


def is_blank(state: AgentState, before: int) -> bool:
    """Whether nothing is known of the agent."""
    return state.state == GONE


def oldest_entry(state: AgentState) -> None:
    """Agents have no oldest."""
    return


def shown_as(state: AgentState) -> str:
    """The one state the agent is counted in, by precedence."""
    if state.state in ("error", UNKNOWN):
        return state.state
    if state.handling:
        return "on_contact"
    if state.wrapping:
        return "wrapup"
    if state.ringing:
        return "ringing"
    return state.state


def step(state: AgentState, fact: Snapshot, ledger: Ledger) -> None:
    """Take one snapshot, in order."""
    state.last_at, state.due = fact.at, fact.at + fact.ttl
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
    """The snapshot is void: the agent is unknown, and much later gone."""
    queues, before, at = state.queues, _heights(state), state.due
    gone = state.state == UNKNOWN
    state.state = GONE if gone else UNKNOWN
    state.handling = state.wrapping = ()
    state.ringing = 0
    if gone:
        state.queues = state.capacity = ()
        state.last_at = -1
    state.due = NEVER if gone else state.last_at + FORGET_MS
    _contribute(queues, before, state, at, ledger)


#: Height by level.
Heights = dict[int, int]


def _heights(state: AgentState) -> dict[str, Heights]:
    """What the agent contributes now, by channel, to `_all` and to each of its queues alike."""
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
