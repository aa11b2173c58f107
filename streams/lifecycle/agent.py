"""Stage 2: the life of an agent: each snapshot holds until the next one, or until its time to live.

Contributions are levels: for each queue of the agent, and once for `_all`, on each channel it has a slot
for. Busy is any handling or wrapping, whatever the state says; staffed is busy or available. A snapshot
that changes nothing contributes nothing.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from streams.lifecycle import counters as c
from streams.lifecycle.book import ALL, Book
from streams.lifecycle.policy import FORGET_MS, NEVER

if TYPE_CHECKING:
    from streams.lifecycle.facts import Snapshot

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


def since(state: AgentState) -> None:
    """Agents have no oldest."""
    return


def is_open(state: AgentState) -> bool:
    """No snapshot jumps the order of its instant."""
    return False


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


def step(state: AgentState, fact: "Snapshot", book: Book) -> None:
    """Take one snapshot, in order."""
    before = _levels(state)
    state.state, state.queues, state.ringing = fact.state, fact.queues, fact.ringing
    state.handling, state.wrapping, state.capacity = fact.handling, fact.wrapping, fact.capacity
    state.last_at, state.due = fact.at, fact.at + fact.ttl
    _contribute(before, _levels(state), fact.at, book)


def fire(state: AgentState, book: Book) -> None:
    """The snapshot is void: the agent is unknown, and much later gone."""
    before, at = _levels(state), state.due
    gone = state.state == UNKNOWN
    state.state = GONE if gone else UNKNOWN
    state.handling = state.wrapping = ()
    state.ringing = 0
    if gone:
        state.queues = state.capacity = ()
        state.last_at = -1
    state.due = NEVER if gone else state.last_at + FORGET_MS
    _contribute(before, _levels(state), at, book)


Levels = dict[tuple[str, str], tuple[tuple[int, int], ...]]


def _levels(state: AgentState) -> Levels:
    """What the agent contributes now: {(queue, channel): ((level, height), …)}."""
    if state.state == GONE:
        return {}
    busy = bool(state.handling or state.wrapping)
    staffed = busy or state.state == "available"
    shown = c.STATES[shown_as(state)]
    levels: Levels = {}
    for channel, slots in state.capacity:
        heights = [(shown, 1)]
        if staffed:
            heights += [(c.STAFFED, 1), (c.SLOT_CAPACITY, slots)]
        if busy:
            heights.append((c.BUSY, 1))
            used = sum(n for name, n in state.handling + state.wrapping if name == channel)
            if used:
                heights.append((c.SLOT_BUSY, min(used, slots)))
        fixed = tuple(heights)
        levels[ALL, channel] = fixed
        for queue in state.queues:
            levels[queue, channel] = fixed
    return levels


def _contribute(before: Levels, after: Levels, at: int, book: Book) -> None:
    if before == after:
        return
    for place in before.keys() | after.keys():
        old, new = dict(before.get(place, ())), dict(after.get(place, ()))
        if old == new:
            continue
        queue, channel = place
        book.open(book.tenant, channel)
        for level in old.keys() | new.keys():
            change = new.get(level, 0) - old.get(level, 0)
            if change:
                book.level(queue, at, level, change)
