"""Layer 2: what an agent of one source contributes, from what the source says.

In: `Said`, all of a snapshot that decides it. Out: heights of levels by channel, for `_all` and
each queue alike, and what changes between two of them. Both are pure functions of plain values, and
agents go through the same few over and over: the answers are kept, which halves the time of a
snapshot. Nobody may change what they return.
"""

from functools import lru_cache
from typing import Final

from streams.lifecycle import counters as c
from streams.lifecycle.agent_sources import COUNTED, Heights, contacts_of

#: The state of an agent nothing is known of.
GONE: Final = ""
Counts = tuple[tuple[str, int], ...]
#: Of a snapshot: its state, whether it rings, handling, wrapping, capacity, whether states had
#: limits and contacts were counted when it was taken, and whether its source is not known.
Said = tuple[str, bool, Counts, Counts, Counts, bool, bool]
#: (number of a level, by how much it changes).
Changes = tuple[tuple[int, int], ...]


def shown_as(said: Said) -> str:
    """The one state the agent of one source is counted in, by precedence."""
    state, ringing, handling, wrapping, _, _, unnamed = said
    if state == "error" and unnamed:
        return "error"  # as it was booked
    if handling:
        return "on_contact"
    if wrapping:
        return "wrapup"
    if ringing:
        return "ringing"
    return state


@lru_cache(maxsize=8_192)
def heights_of(said: Said) -> dict[str, Heights]:
    """What an agent of one source contributes, by channel, to `_all` and each queue alike."""
    state, _, handling, wrapping, capacity, has_limits, _ = said
    if state == GONE:
        return {}
    busy = bool(handling or wrapping)
    staffed = busy or state == "available"
    shown = c.STATES[shown_as(said)]
    by_channel = {}
    for channel, slots in capacity:
        heights = {shown: 1}
        if staffed:
            heights[c.STAFFED_AGENTS] = 1
            heights[c.SLOT_CAPACITY] = slots
        if busy:
            heights[c.HANDLING_AGENTS] = 1
            used = sum(n for name, n in handling + wrapping if name == channel)
            if used:
                heights[c.SLOT_BUSY] = min(used, slots)
            if channel == COUNTED and handling and has_limits:
                contacts = contacts_of(handling)
                if contacts:
                    heights[c.AGENT_CONTACTS], heights[c.CHANNEL_AGENTS] = contacts, 1
        by_channel[channel] = heights
    return by_channel


@lru_cache(maxsize=16_384)
def moves(before: Said, after: Said) -> tuple[tuple[str, Changes], ...]:
    """The channels on which anything changes, and what."""
    old, new = heights_of(before), heights_of(after)
    each = (
        (channel, changes_of(old.get(channel, {}), new.get(channel, {})))
        for channel in sorted(old.keys() | new.keys())
    )
    return tuple((channel, changes) for channel, changes in each if changes)


def changes_of(old: Heights, new: Heights) -> Changes:
    """What brings levels from one height to another."""
    changes = [
        (level, change) for level, height in new.items() if (change := height - old.get(level, 0))
    ]
    changes += [(level, -height) for level, height in old.items() if level not in new]
    return tuple(changes)
