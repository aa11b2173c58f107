"""Layer 2: what conversations, offers and surveys are for the agents who had them.

In: the same instants at which a queue's figures are booked. Out: the agent's own counters, by
`agent_cells.py`; the numbers are those of a queue. A leg is booked when it ends, and the work after
it at its own end. Those of agents who had the conversation before the last are booked at its end:
until then it may turn out to have none, for an age closes it unhandled. Only inbound: outbound legs
are in an agent's states alone. Whoever calls has looked whether figures of agents are wanted
(`Ledger.has_agents`).
"""

from collections.abc import Sequence
from typing import Final, Protocol

from streams.lifecycle import counters as c
from streams.lifecycle.ledger import Ledger

#: Whose an earlier leg of a conversation was, and its talk and hold, ms.
EarlierLeg = tuple[str | None, int, int]
#: Legs of one conversation that are told apart; further ones are the last agent's.
MOST_LEGS: Final = 16


class Leg(Protocol):
    """The connected part of a visit, ended at `ended_at`; times in ms."""

    @property
    def ended_at(self) -> int:
        """When it ended."""

    @property
    def agent(self) -> str | None:
        """Whose it was."""

    @property
    def talk(self) -> int:
        """How long they talked."""

    @property
    def hold(self) -> int:
        """How long the customer was on hold."""


class Conversation(Protocol):
    """A conversation that goes on, since `answered_at` (ms)."""

    answered_at: int
    agent: str | None
    legs: tuple[EarlierLeg, ...]

    def held_by(self, at: int) -> int:
        """How long the customer was on hold in it, up to `at`; ms."""


def handed_over(state: Conversation, at: int) -> None:
    """The conversation goes on with another agent from `at` (ms)."""
    if len(state.legs) < MOST_LEGS - 1:
        hold = state.held_by(at)
        talk = at - state.answered_at - hold
        rest = _less(talk, hold, state.legs)
        state.legs = (*state.legs, (state.agent, *rest))


def _less(talk: int, hold: int, legs: Sequence[EarlierLeg]) -> tuple[int, int]:
    """What of all talk and hold (ms) is in none of these legs."""
    return talk - sum(leg[1] for leg in legs), hold - sum(leg[2] for leg in legs)


def ended(leg: Leg, earlier: Sequence[EarlierLeg], ledger: Ledger) -> None:
    """A conversation is over; `leg` has the talk and hold of all, the last agent's what remains."""
    last = leg.agent, *_less(leg.talk, leg.hold, earlier)
    for agent, talk, hold in (*earlier, last):
        sign, cell = ledger.sign, ledger.agent_cell(agent, leg.ended_at)
        cell[c.HANDLED] += sign
        cell[c.TALK] += sign * talk
        cell[c.HOLD] += sign * hold


def wrapped_up(leg: Leg, at: int, lasted: int, ledger: Ledger) -> None:
    """The work after a leg is over at `at`; `lasted`: what of it counts. Ms."""
    ledger.agent_cell(leg.agent, at)[c.WRAPUP] += ledger.sign * lasted


def offered(agent: str | None, outcome: int, at: int, ledger: Ledger) -> None:
    """An offer has an outcome, a number of `counters.OFFERS`."""
    ledger.agent_cell(agent, at)[outcome] += ledger.sign


def rated(agent: str | None, is_satisfied: bool, at: int, ledger: Ledger) -> None:
    """A customer answered whether he is satisfied."""
    cell = ledger.agent_cell(agent, at)
    cell[c.SURVEYS_ANSWERED["csat"]] += ledger.sign
    if is_satisfied:
        cell[c.CSAT_SATISFIED] += ledger.sign
