"""Layer 2: an agent of several systems: what their last words say together, place by place.

In: the last word of each source that still holds. Out: what the agent is in each (queue, channel)
that one of them puts it in, `_all` among the queues. Invariant: the order of the sources does not
matter, and one alone gives what `agent.py` gives for one, which nearly every agent has. Cost: some
10 µs.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.contract.words import ALL
from streams.lifecycle import counters as c

#: (queue, channel) within a tenant.
Place = tuple[str, str]
#: Height by level.
Heights = dict[int, int]
Counts = tuple[tuple[str, int], ...]

#: The channel on which one agent has several contacts at a time.
COUNTED: Final = "chat"
#: So many sources of one agent are kept.
MAX_SOURCES: Final = 4
#: Which state an agent is shown in, the first that holds. The order of `words.AGENT_STATES` is
#: another: it decides stored numbers.
PRECEDENCE: Final = (
    *("on_contact", "wrapup", "ringing"),  # of any source
    *("error", "break", "available", "unknown", "offline"),  # of those that name the place
)


class Source(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The last word of one source, said at `at` and good until `until` (ms)."""

    name: str
    at: int
    until: int
    state: str
    queues: tuple[str, ...]
    ringing: int
    handling: Counts
    wrapping: Counts
    capacity: Counts
    #: Why there is a break, and since when it has been said.
    reason: str = ""
    reason_at: int = -1


def oldest_of(sources: list[Source]) -> Source:
    """The one that has been silent longest; of several the least name."""
    return min(sources, key=lambda source: (source.at, source.name))


def union(sources: Sequence[Source], counts_contacts: bool) -> dict[Place, Heights]:
    """What the agent contributes to each place while all these hold."""
    members: defaultdict[Place, list[tuple[Source, int]]] = defaultdict(list)
    for source in sources:
        for channel, slots in source.capacity:
            for queue in (ALL, *source.queues):
                members[queue, channel].append((source, slots))
    anywhere = {
        "on_contact": any(source.handling for source in sources),
        "wrapup": any(source.wrapping for source in sources),
        "ringing": any(source.ringing for source in sources),
    }
    busy = anywhere["on_contact"] or anywhere["wrapup"]
    shown = [state for state, holds in anywhere.items() if holds]
    found = {}
    for place, of_place in members.items():
        states = shown or sorted((source.state for source, _ in of_place), key=PRECEDENCE.index)
        heights = found[place] = {c.STATES[states[0]]: 1}
        # One mouth: two telephone systems show one call. Chats and tickets go side by side.
        both = max if place[1] == "voice" else sum
        slots = both([slots for source, slots in of_place if _is_active(source)] or [0])
        if not slots:
            continue
        heights[c.STAFFED_AGENTS] = 1
        heights[c.SLOT_CAPACITY] = slots
        if busy:
            heights[c.HANDLING_AGENTS] = 1
            used = both([_used(source, place[1]) for source, _ in of_place])
            if used:
                heights[c.SLOT_BUSY] = min(used, slots)
            if counts_contacts and place[1] == COUNTED:
                contacts = sum(contacts_of(source.handling) for source, _ in of_place)
                if contacts:
                    heights[c.AGENT_CONTACTS], heights[c.CHANNEL_AGENTS] = contacts, 1
    return found


def contacts_of(handling: Counts) -> int:
    """How many contacts of the channel `COUNTED` are handled."""
    return next((n for name, n in handling if name == COUNTED), 0)


def _is_active(source: Source) -> bool:
    """Whether the agent is there for this source: its slots count."""
    return bool(source.state == "available" or source.handling or source.wrapping)


def _used(source: Source, channel: str) -> int:
    return sum(n for name, n in source.handling + source.wrapping if name == channel)
