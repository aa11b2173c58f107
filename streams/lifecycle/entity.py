"""Layer 2: an entity is a base state and the facts after it; its contributions are their fold.

A fact that sorts last takes one step. Any other takes the entity's contributions back and books
those of the new fold: the same function, so the fast path cannot disagree. Implied events take part
once they are before `limit` (the unit's now). Facts older than `closed_before` are folded into the
base; long tails are packed into chunks, each with the base before it. Cost: a step, plus twice the
tail for a refold.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from streams.lifecycle import agent, contact_deadlines, ticket
from streams.lifecycle import contact_state as visit
from streams.lifecycle.facts import Fact, Snapshot, content_of, order_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ranks import CLOSERS, OPENER
from streams.lifecycle.rules import NEVER

#: Tail lengths: packing starts above the first and leaves about the second.
PACK_ABOVE, PACK_LEAVES = 48, 16

S = TypeVar("S", visit.ContactState, ticket.TicketState, agent.AgentState)
F = TypeVar("F", Fact, Snapshot)


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S, F]):
    """The functions of one lifecycle: states `S`, facts `F`."""

    #: The state before any fact.
    blank: Callable[[], S]
    #: True if it can be dropped without a trace, all its events being before a time (ms).
    is_blank: Callable[[S, int], bool]
    #: (queue, level, start in ms) of what a wallboard shows the oldest of; None if nothing.
    oldest_entry: Callable[[S], tuple[str, int, int] | None]
    #: True if a closer goes before an opener of the same instant.
    is_open: Callable[[S], bool]
    #: Take one fact, in order, and book what it changes.
    step: Callable[[S, F, Ledger], None]
    #: Book the implied event that is due next.
    fire: Callable[[S, Ledger], None]


CONTACT: Final[Lifecycle[visit.ContactState, Fact]] = Lifecycle(
    blank=visit.blank,
    is_blank=visit.is_blank,
    oldest_entry=visit.oldest_entry,
    is_open=visit.is_open,
    step=contact_deadlines.step,
    fire=contact_deadlines.fire,
)
TICKET: Final[Lifecycle[ticket.TicketState, Fact]] = Lifecycle(
    blank=ticket.blank,
    is_blank=ticket.is_blank,
    oldest_entry=ticket.oldest_entry,
    is_open=ticket.is_open,
    step=ticket.step,
    fire=ticket.fire,
)
AGENT: Final[Lifecycle[agent.AgentState, Snapshot]] = Lifecycle(
    blank=agent.blank,
    is_blank=agent.is_blank,
    oldest_entry=agent.oldest_entry,
    is_open=agent.is_open,
    step=agent.step,
    fire=agent.fire,
)


class Entity(msgspec.Struct, Generic[S, F], array_like=True, gc=False):
    """One contact, ticket or agent. Times in ms.

    `state` is the fold of `tail` upon `base`, with the implied events after the last fact that are
    before `limit`. `skipped` is the earliest implied event that belongs before a fact of the tail
    but was not before the unit's now. `fired` is the time of the last one that is in `state`.
    `wake` is the unit's memory of when it looks at the entity by itself. `chunks` is the number of
    the next chunk; facts in chunks are older than the base.
    """

    base: S | None
    state: S
    tail: list[F]
    limit: int
    skipped: int = NEVER
    fired: int = -1
    wake: int = NEVER
    chunks: int = 0

    @property
    def due(self) -> int:
        """When the entity's next implied event falls due, ms."""
        return min(self.state.due, self.skipped)


class Chunk(msgspec.Struct, Generic[S, F], array_like=True, gc=False):
    """Facts of a long tail that are seldom needed, and the base before them."""

    base: S | None
    facts: list[F]


def _copy(life: Lifecycle[S, F], base: S | None) -> S:
    if base is None:
        return life.blank()
    return copy(base)  # its fields are immutable: a shallow copy is a full one


def run(life: Lifecycle[S, F], state: S, facts: Sequence[F], limit: int, ledger: Ledger) -> int:
    """Fold `facts` (in order) into `state`, with implied events before `limit` in their places.

    Implied events after the last fact are left to the caller. Returns the earliest implied event
    that belongs before a fact but is not before `limit`, NEVER without one.
    """
    step, fire, is_open = life.step, life.fire, life.is_open
    skipped = NEVER
    index, count = 0, len(facts)
    while index < count:
        fact = facts[index]
        index += 1
        at = fact.at
        if state.due < at:
            while state.due < at and state.due < limit:
                fire(state, ledger)
            if state.due < at:
                skipped = min(skipped, state.due)
        if fact.rank != OPENER or index == count or facts[index].at != at:
            step(state, fact, ledger)
            continue
        # An opener that is not alone in its instant: what was open before the instant decides.
        start = index - 1
        while index < count and facts[index].at == at and facts[index].seq == fact.seq:
            index += 1
        group = list(facts[start:index])
        for member in _closer_first(group, state) if is_open(state) else group:
            step(state, member, ledger)
    return skipped


def fold(life: Lifecycle[S, F], facts: Sequence[F], limit: int, ledger: Ledger) -> S:
    """The state that `facts` (all, in order) and implied events before `limit` lead to."""
    state = life.blank()
    run(life, state, facts, limit, ledger)
    while state.due < limit:
        life.fire(state, ledger)
    return state


# Any: `run` is checked for every kind of state and fact; only a contact's come here.
def _closer_first(group: list[Any], state: Any) -> list[Any]:
    """Facts of one instant upon an open visit, an opener among them: its closer comes first.

    The ranks put an opener before everything else, as it must be for a visit that begins and is
    answered within one millisecond. Upon an open visit that order would be wrong: a transfer and
    the entry into the next queue often have one time, and the entry would find the contact still
    connected. So one closer is moved to the front; a second one is for the visit that opens here.
    The one moved is that which fits the visit: of its queue, else of no queue, else of another;
    equals go by rank, source and id, so the choice does not depend on the order of arrival.
    """

    def preference(fact: Fact) -> tuple[int, int, str, str]:
        own = 0 if fact.queue == state.queue else 1 if fact.queue is None else 2
        return own, fact.rank, fact.source, fact.id

    closer = min((f for f in group if f.rank in CLOSERS), key=preference, default=None)
    if closer is not None:
        group.remove(closer)
        group.insert(0, closer)
    return group


def fire_until(life: Lifecycle[S, F], entity: Entity[S, F], limit: int, ledger: Ledger) -> None:
    """Let every implied event before `limit` happen; `limit` only grows."""
    if limit <= entity.limit:
        return
    if entity.skipped < limit:
        _refold(life, entity, entity.tail, limit, limit, ledger)
    else:
        _drain(life, entity, limit, ledger)
        entity.limit = limit


def add(
    life: Lifecycle[S, F], entity: Entity[S, F], fact: F, limit: int, ledger: Ledger, ids: set[str]
) -> str:
    """Take one fact, in whatever order it comes: `ok`, `duplicate`, `revision` or `conflict`.

    `ids` are those of the tail (whatever their source); the fact's is added.
    Implied events before `limit` happen where they belong before a fact; those after the last one
    wait for `fire_until`, because the next fact may be at hand already. A revision repeats an id
    with another revision, of which the highest counts; a conflict with other content and the same
    revision, of which the least content counts.
    """
    tail, fired_until = entity.tail, entity.limit
    limit = max(limit, fired_until)
    if fact.id in ids:
        for known in tail:
            if known.id == fact.id and known.source == fact.source:
                if known == fact:
                    return "duplicate"
                if content_of(fact) < content_of(known):
                    changed = [other for other in tail if other is not known]
                    insort(changed, fact, key=order_of)
                    _refold(life, entity, changed, limit, fired_until, ledger)
                return "conflict" if fact.revision == known.revision else "revision"
    ids.add(fact.id)
    if entity.skipped < limit:
        _refold(life, entity, tail, limit, fired_until, ledger)
    at = fact.at
    if at <= entity.fired or (tail and not _comes_after(tail, fact)):
        changed = tail.copy()
        insort(changed, fact, key=order_of)
        _refold(life, entity, changed, limit, fired_until, ledger)
        return "ok"
    state = entity.state
    if state.due < at:
        _drain(life, entity, min(at, limit), ledger)
        if state.due < at:
            entity.skipped = min(entity.skipped, state.due)
    life.step(state, fact, ledger)
    tail.append(fact)
    if state.due < fired_until:
        _drain(life, entity, fired_until, ledger)
    return "ok"


def _comes_after(tail: list[F], fact: F) -> bool:
    """Whether the fact's place is the last one, so that one step suffices.

    Within an instant that is sure only where no closer can jump before an opener.
    """
    last = tail[-1]
    if fact.at != last.at:
        return fact.at > last.at
    if fact.seq != last.seq:
        return fact.seq > last.seq
    if isinstance(fact, Fact) and (fact.rank in CLOSERS or fact.rank == OPENER):
        return False
    return order_of(last) < order_of(fact)


def _drain(life: Lifecycle[S, F], entity: Entity[S, F], until: int, ledger: Ledger) -> None:
    state = entity.state
    while state.due < until:
        entity.fired = state.due
        life.fire(state, ledger)


def _refold(
    life: Lifecycle[S, F],
    entity: Entity[S, F],
    tail: list[F],
    limit: int,
    fired_until: int,
    ledger: Ledger,
) -> None:
    """Take the entity's contributions back and book those of `tail` instead.

    Implied events before `limit` are in their places, and before `fired_until` after the last fact.

    What was booked is not remembered: the same fold with the sign turned round finds it again. For
    that it has to fire the implied events that were fired when the facts came one at a time. Before
    a fact, those were the ones before the unit's now of that moment: a fact from the future passes
    over others, of which `skipped` is the earliest. Nothing from that one on has happened, for as
    soon as the now gets beyond it everything is folded anew. So `skipped` as the limit of the first
    fold gives exactly what was booked before facts, and the entity's `limit` what was booked after
    the last.
    """
    sign = ledger.sign
    ledger.sign = -sign
    entity.state = _copy(life, entity.base)
    run(life, entity.state, entity.tail, entity.skipped, ledger)
    _drain(life, entity, entity.limit, ledger)
    ledger.sign = sign
    entity.tail, entity.limit, entity.fired = tail, fired_until, -1
    entity.state = _copy(life, entity.base)
    entity.skipped = run(life, entity.state, tail, limit, ledger)
    _drain(life, entity, fired_until, ledger)


def rebase(life: Lifecycle[S, F], entity: Entity[S, F], before: int, ledger: Ledger) -> None:
    """Fold into the base what is older than `before` (ms, at most the unit's now): it is final."""
    tail, cut = entity.tail, 0
    while cut < len(tail) and tail[cut].at < before:
        cut += 1
    if cut or (entity.base is not None and entity.base.due < before):
        sign, ledger.sign = ledger.sign, 0
        base = _copy(life, entity.base)
        run(life, base, tail[:cut], before, ledger)
        while base.due < before:
            life.fire(base, ledger)
        ledger.sign = sign
        entity.base, entity.tail = base, tail[cut:]


def pack(life: Lifecycle[S, F], entity: Entity[S, F], ledger: Ledger) -> Chunk[S, F] | None:
    """Take the older part of a long tail out of the entity; None where there is nothing to take.

    An entity is written whole for each fact that comes. A tail of a thousand would be written a
    thousand times; with its older facts in chunks, a turn writes at most some 48 of them, and each
    chunk once. The base moves up to the cut, so that a refold of what is left needs no chunk. A
    chunk keeps the base before it, so that `unpack` can undo the move when a late fact, or a
    repeated id, belongs to its time. Where nothing was skipped, every implied event before a fact
    has happened, so the new base has them all (limit NEVER). Facts of one instant are not parted: a
    closer among them may have to go first.
    """
    tail = entity.tail
    if len(tail) <= PACK_ABOVE or entity.skipped != NEVER:
        return None
    cut = len(tail) - PACK_LEAVES
    while cut and tail[cut].at == tail[cut - 1].at:
        cut -= 1
    if not cut:
        return None
    chunk = Chunk(entity.base, tail[:cut])
    sign, ledger.sign = ledger.sign, 0
    base = _copy(life, entity.base)
    run(life, base, chunk.facts, NEVER, ledger)
    ledger.sign = sign
    entity.base, entity.tail = base, tail[cut:]
    entity.chunks += 1
    return chunk


def unpack(entity: Entity[S, F], chunk: Chunk[S, F]) -> None:
    """Put the newest chunk back; the entity's fold is unchanged."""
    entity.base, entity.tail = chunk.base, chunk.facts + entity.tail
    entity.chunks -= 1
