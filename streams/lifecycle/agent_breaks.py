"""Layer 2: why agents are on a break, by the reasons that their queues list.

In: where the agent is shown on a break, and what each source says since when. Out: in which levels
the agent stands, place by place. What no queue lists has none: it is the rest of the state's own
level. Invariants: the list is that of the time when the break began, so that what was booked stays
when a list changes; how often a break is said again leaves no trace. In `_all` a reason is listed
where one of the agent's queues lists it. Cost: a look-up of rules a place, of agents who say a
reason; nothing for others.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from streams.contract.words import ALL
from streams.lifecycle import counters as c
from streams.lifecycle.agent_sources import Place, Source
from streams.lifecycle.ledger import Ledger

BREAK: Final = "break"
_SHOWN: Final = c.STATES[BREAK]
#: (since when in ms it has been said, the reason; empty without one).
Break = tuple[int, str]
#: (queue, channel, number of a level of `counters.break_level`).
OnBreak = tuple[str, str, int]


def first_of(sources: Iterable[Source], place: Place) -> Break:
    """Of what several sources say of a place that is shown as a break: the one that began first."""
    queue, channel = place
    return min(
        (source.reason_at, source.reason)
        for source in sources
        if source.state == BREAK
        and (queue == ALL or queue in source.queues)
        and any(name == channel for name, _ in source.capacity)
    )


def first_said(sources: Iterable[Source]) -> str:
    """The reason of the break that began first, of the sources with a slot anywhere."""
    return min(
        (source.reason_at, source.reason)
        for source in sources
        if source.state == BREAK and source.capacity
    )[1]


def levels_of(
    shown: Mapping[Place, int], said: Callable[[Place], Break], ledger: Ledger
) -> tuple[OnBreak, ...]:
    """The levels in which an agent stands, from the numbers of the states it is shown in."""
    found = []
    tenant = ledger.tenant
    for place, number in shown.items():
        if number != _SHOWN:
            continue
        queue, channel = place
        since, reason = said(place)
        if not reason:
            continue
        ledger.select(tenant, channel)
        own = [name for name, where in shown if where == channel and name != ALL]
        if any(
            reason in ledger.rules_for(name, since).break_reasons
            for name in (own if queue == ALL else [queue])
        ):
            found.append((queue, channel, c.break_level(reason)))
    return tuple(found)


def book(before: tuple[OnBreak, ...], after: tuple[OnBreak, ...], at: int, ledger: Ledger) -> None:
    """Book at `at` (ms) what became a break for a listed reason, and what is one no longer."""
    for ones, others, change in ((before, after, -1), (after, before, 1)):
        for queue, channel, number in ones:
            if (queue, channel, number) not in others:
                ledger.select(ledger.tenant, channel).level(queue, at, number, change)
