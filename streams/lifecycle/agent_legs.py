"""Layer 2: what conversations, offers and surveys are for the agents who had them.

In: the same instants at which a queue's figures are booked. Out: the agent's own counters, by
`agent_cells.py`; the numbers are those of a queue. A leg is booked when it ends, and the work after
it at its own end. Only inbound: outbound legs are in an agent's states alone. Whoever calls has
looked whether figures of agents are wanted (`Ledger.has_agents`).
"""

from typing import Protocol

from streams.lifecycle import counters as c
from streams.lifecycle.ledger import Ledger


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


def ended(leg: Leg, ledger: Ledger) -> None:
    """A leg is over."""
    sign, cell = ledger.sign, ledger.agent_cell(leg.agent, leg.ended_at)
    cell[c.HANDLED] += sign
    cell[c.TALK] += sign * leg.talk
    cell[c.HOLD] += sign * leg.hold


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
