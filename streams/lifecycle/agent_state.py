"""Layer 2: what is remembered of an agent, and what he is by it.

In: the state that `agent.py` keeps. Out: `AgentState`; what it contributes by place, and the state
the agent is shown in there. Invariant: fields are stored by place, so new ones go to the end and
have a default that says nothing of an agent stored before; no function here changes one. Cost: of
one source, which nearly every agent has, a tuple or two; of several, that of `agent_sources.py`.
"""

from typing import Final

import msgspec

from streams.contract.words import ALL
from streams.lifecycle import agent_breaks, agent_limits, agent_own
from streams.lifecycle import counters as c
from streams.lifecycle.agent_levels import GONE, Said, heights_of, shown_as
from streams.lifecycle.agent_sources import Heights, Place, Source, union
from streams.lifecycle.rules import NEVER

UNKNOWN: Final = "unknown"
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
    #: Why there is a break, and since when this is said; empty and -1 in every other state.
    reason: str = ""
    reason_at: int = -1
    on_break: tuple[agent_breaks.OnBreak, ...] = ()
    #: What his own figures say; None where they are not wanted, or he is in no state.
    own: agent_own.Own | None = None

    def word_until(self) -> int:
        """When the next word's time is over."""
        return self.until if self.until >= 0 else self.due

    def said(self) -> Said:
        """All of the newest word that decides what an agent of one source contributes."""
        return (
            self.state,
            self.ringing > 0,
            self.handling,
            self.wrapping,
            self.capacity,
            self.has_limits,
            self.source == ANY,
        )

    def words(self) -> tuple[Source, ...]:
        """The words that hold, the newest one last, but for one of a source that is not known."""
        if self.source == ANY or self.state == UNKNOWN:
            return self.sources
        return (
            Source(
                self.source,
                self.last_at,
                self.word_until(),
                self.state,
                self.queues,
                self.ringing,
                self.handling,
                self.wrapping,
                self.capacity,
                self.reason,
                self.reason_at,
            ),
        )

    def heights(self) -> dict[Place, Heights]:
        """What the agent contributes now, by place."""
        if self.sources:
            return union(self.sources, self.has_limits)
        return {
            (queue, channel): heights
            for channel, heights in heights_of(self.said()).items()
            for queue in (ALL, *self.queues)
        }

    def limited_numbers(self) -> tuple[int, ...]:
        """The numbers of the states with a limit that the agent is shown in."""
        if self.sources:
            return tuple(self.shown().values())
        if not self.has_limits or self.state == GONE or not self.capacity:
            return ()
        number = c.STATES[shown_as(self.said())]
        return (number,) if number in agent_limits.LIMITED else ()

    def shown(self) -> dict[Place, int]:
        """The number of the state the agent is shown in, by place, `_all` after the queues.

        Nothing where the one state it is in has no limit.
        """
        if self.sources:
            if not self.has_limits:
                return {}
            found = union(self.sources, self.has_limits).items()
            return {place: next(iter(heights)) for place, heights in sorted(found, key=_whole_last)}
        places = [(queue, channel) for channel, _ in self.capacity for queue in (*self.queues, ALL)]
        return {place: number for number in self.limited_numbers() for place in places}


def _whole_last(item: tuple[Place, Heights]) -> bool:
    return item[0][0] == ALL
