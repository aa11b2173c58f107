"""Layer 2: the four lifecycles, each as the functions that `entity.py` folds facts with.

In: nothing. Out: `CONTACT`, `TICKET`, `AGENT`, and `CALLBACK`, a request to be called back.
Invariant: what a function leads to depends on its arguments alone, so that a fold can be repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from streams.lifecycle import (
    agent,
    agent_state,
    callback,
    contact_deadlines,
    contact_order,
    ticket,
    ticket_deadlines,
)
from streams.lifecycle import contact_state as visit
from streams.lifecycle.facts import CallbackFact, Fact, Snapshot
from streams.lifecycle.ledger import Ledger, Standing
from streams.lifecycle.plan import Plan

S = TypeVar(
    "S", visit.ContactState, ticket.TicketState, agent_state.AgentState, callback.CallbackState
)
F = TypeVar("F", Fact, CallbackFact, Snapshot)


@dataclass(frozen=True, slots=True)
class Ordering(Generic[S, F]):
    """How meaning changes the order of a lifecycle's facts within grace (ms)."""

    #: Whether a fact finds all it needs, so that there is no order to look at.
    is_plain: Callable[[S, F, int], bool]
    #: Look ahead from a place of the plan; True if there is another fact in it now.
    arrange: Callable[[S, Plan, int], bool]
    #: Whether a fact that sorts last could change how an earlier one was read.
    is_doubted: Callable[[S, F, int], bool]
    #: Ranks of facts that stay in their places, whatever the state, and that no other looks for.
    free: frozenset[int]


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S, F]):
    """The functions of one lifecycle: states `S`, facts `F`."""

    #: The state before any fact.
    blank: Callable[[], S]
    #: True if it can be dropped without a trace, all its events being before a time (ms).
    is_blank: Callable[[S, int], bool]
    #: What the entity stands in now, of which a wallboard shows the oldest.
    standing: Callable[[S], tuple[Standing, ...]]
    #: Take one fact, in order, and book what it changes.
    step: Callable[[S, F, Ledger], None]
    #: Book the implied event that is due next.
    fire: Callable[[S, Ledger], None]
    #: None: by time alone.
    ordering: Ordering[S, F] | None = None


CONTACT: Final[Lifecycle[visit.ContactState, Fact]] = Lifecycle(
    blank=visit.blank,
    is_blank=visit.is_blank,
    standing=visit.standing,
    step=contact_deadlines.step,
    fire=contact_deadlines.fire,
    ordering=Ordering(
        contact_order.is_plain, contact_order.arrange, contact_order.is_doubted, contact_order.FREE
    ),
)
TICKET: Final[Lifecycle[ticket.TicketState, Fact]] = Lifecycle(
    blank=ticket.blank,
    is_blank=ticket.is_blank,
    standing=ticket.standing,
    step=ticket_deadlines.step,
    fire=ticket_deadlines.fire,
    ordering=Ordering(ticket.is_plain, ticket.arrange, ticket.is_doubted, ticket.FREE),
)
AGENT: Final[Lifecycle[agent_state.AgentState, Snapshot]] = Lifecycle(
    blank=agent.blank,
    is_blank=agent.is_blank,
    standing=agent.standing,
    step=agent.step,
    fire=agent.fire,
)
CALLBACK: Final[Lifecycle[callback.CallbackState, CallbackFact]] = Lifecycle(
    blank=callback.blank,
    is_blank=callback.is_blank,
    standing=callback.standing,
    step=callback.step,
    fire=callback.fire,
)
