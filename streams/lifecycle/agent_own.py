"""Layer 2: an agent's own state, for his own figures: one, whatever queues and channels he has.

In: what an agent's sources say, after anything of it may have changed. Out: the level of that state
in the agent's own panes, and what the agent's record shows of it. It is the state that `_all` shows
him in; where its channels differ, the first by precedence; without a slot on any channel none.
Invariant: what is booked is taken back under the name it was booked under, so that another setting
of `agent_figures` leaves nothing behind. Cost: some 2 µs a snapshot that changes anything, where
figures of agents are wanted.
"""

from typing import Protocol

import msgspec

from streams.contract.words import NOBODY
from streams.lifecycle import counters as c
from streams.lifecycle.agent_cells import NO_AGENTS
from streams.lifecycle.agent_limits import Stay
from streams.lifecycle.agent_sources import PRECEDENCE, Source
from streams.lifecycle.ledger import Ledger


class Own(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The state an agent is in: its number in `counters.STATES`, since when (ms), why a break is.

    `agent`: the name that is published.
    """

    agent: str
    number: int
    since: int
    reason: str = ""


class Has(Protocol):
    """The state of an agent."""

    own: Own | None


def of_several(sources: tuple[Source, ...]) -> str:
    """What an agent of several systems is; empty without a slot."""
    members = [source for source in sources if source.capacity]
    if not members:
        return ""
    if any(source.handling for source in sources):
        return "on_contact"
    if any(source.wrapping for source in sources):
        return "wrapup"
    if any(source.ringing for source in sources):
        return "ringing"
    return min((source.state for source in members), key=PRECEDENCE.index)


def settle(state: Has, shown: str, reason: str, told: Stay, at: int, ledger: Ledger) -> None:
    """The agent is in the state `shown` (empty: in none) at `at` (ms), and may have been before.

    `told`: the state that a snapshot tells, and since when; 0 where it does not.
    """
    before, now = state.own, None
    name = ledger.agents.name_of(ledger.tenant, ledger.contact) if ledger.has_agents else NOBODY
    # An agent whose id is a reserved name is nobody, and nobody is in no state.
    if shown and name != NOBODY:
        number = c.STATES[shown]
        if before is not None and before.number == number and before.agent == name:
            since = before.since
        else:
            since = told[1] if told[0] == number and 0 < told[1] <= at else at
        now = Own(name, number, since, reason if shown == "break" else "")
    if now == before:
        return
    state.own = now
    for own, change in ((before, -1), (now, 1)):
        if own is not None and not (before and now and _place(before) == _place(now)):
            cell, amount = ledger.named_cell(own.agent, at), ledger.sign * change
            cell[own.number] += amount
            cell[own.number + c.MOMENT] += amount * (at % ledger.width)


def _place(own: Own) -> tuple[str, int]:
    return own.agent, own.number


class Standing(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an agent's record shows of him now; a number of 0: no state.

    `queue`: the name he is published under, where cells have their queue.
    """

    tenant: str
    queue: str
    number: int
    since: int
    reason: str = ""


def moves(tenant: str, before: Own | None, now: Own | None) -> list[Standing]:
    """What readers of the records have to be told where an agent was `before` and is `now`."""
    told = []
    if before is not None and (now is None or now.agent != before.agent):
        told.append(Standing(tenant, before.agent, 0, -1))
    if now is not None and now != before:
        told.append(Standing(tenant, now.agent, now.number, now.since, now.reason))
    return [one for one in told if one.queue not in NO_AGENTS]
