"""Layer 2: an entity is a base state and the facts after it; its contributions are their fold.

A fact that sorts last, and changes nothing that was read before, takes one step. Any other takes
the entity's contributions back and books those of the new fold: the same function, so the fast path
cannot disagree. Within grace meaning goes before time: `contact_order.py` changes the order on the
way. Implied events take part once they are before `limit` (the unit's now). Facts that are older
than `closed_before` by more than grace are folded into the base; long tails are packed into chunks,
each with the base before it. Cost: a step, plus twice the tail for a refold.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from copy import copy
from typing import Any, Generic

import msgspec

from streams.lifecycle.facts import content_of, order_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import F, Lifecycle, S
from streams.lifecycle.plan import Plan
from streams.lifecycle.rules import NEVER
from streams.lifecycle.versions import is_among

#: Tail lengths: packing starts above the first and leaves about the second. A turn decodes and
#: writes the tail of whatever it touches: 48 and 16 cost a quarter more CPU, 16 and 6 hardly less.
PACK_ABOVE, PACK_LEAVES = 20, 6


class Entity(msgspec.Struct, Generic[S, F], array_like=True, gc=False):
    """One contact, ticket, agent or request to be called back. Times in ms.

    `state` is the fold of `tail` upon `base`, with the implied events after the last fact that are
    before `limit`. `skipped` is the earliest implied event that belongs before a fact of the tail
    but was not before the unit's now. `fired` is the time of the last one that is in `state`.
    `wake` is the unit's memory of when it looks at the entity by itself. `chunks` is the number of
    the next chunk; facts in chunks are older than the base. `rules`, `marks`, `marked_until`:
    see `versions.py`.
    """

    base: S | None
    state: S
    tail: list[F]
    limit: int
    skipped: int = NEVER
    fired: int = -1
    wake: int = NEVER
    chunks: int = 0
    rules: int = 0
    marks: bytes = b""
    marked_until: int = -1

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


#: (from, to) in own times, ms, of facts whose order depends on each other.
Spans = list[tuple[int, int]]


def run(
    life: Lifecycle[S, F],
    state: S,
    facts: Sequence[F],
    limit: int,
    ledger: Ledger,
    spans: Spans | None = None,
) -> int:
    """Fold `facts` (in order) into `state`, with implied events before `limit` in their places.

    Implied events after the last fact are left to the caller. Returns the earliest implied event
    that belongs before a fact but is not before `limit`, NEVER without one. What changed places is
    added to `spans`.
    """
    step, fire, ordering = life.step, life.fire, life.ordering
    is_plain = None if ordering is None else ordering.is_plain
    grace, plan = ledger.rules.grace_ms, None
    todo: Sequence[Any] = facts
    skipped = NEVER
    index = 0
    while index < len(todo):
        fact = todo[index]
        at = fact.at
        if state.due < at:
            while state.due < at and state.due < limit:
                fire(state, ledger)
            if state.due < at:
                skipped = min(skipped, state.due)
        if is_plain is not None and not is_plain(state, fact, grace):
            if plan is None:
                plan = Plan(facts, grace, ledger, spans)
                todo = plan.todo
            if ordering is not None and ordering.arrange(state, plan, index):
                continue
        step(state, fact, ledger)
        index += 1
    return skipped


def fold(life: Lifecycle[S, F], facts: Sequence[F], limit: int, ledger: Ledger) -> S:
    """The state that `facts` (all, in order) and implied events before `limit` lead to."""
    state = life.blank()
    run(life, state, facts, limit, ledger)
    while state.due < limit:
        life.fire(state, ledger)
    return state


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
    if entity.marked_until >= 0:
        if is_among(entity.marks, fact):
            return "conflict" if fact.revision else "duplicate"
        if fact.at < entity.marked_until:
            fact = msgspec.structs.replace(fact, at=entity.marked_until)
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
    at, state, ordering = fact.at, entity.state, life.ordering
    grace = ledger.rules.grace_ms
    if at <= entity.fired or is_needed_before(life, entity, fact, grace):
        changed = tail.copy()
        insort(changed, fact, key=order_of)
        _refold(life, entity, changed, limit, fired_until, ledger)
        return "ok"
    if state.due < at:
        _drain(life, entity, min(at, limit), ledger)
        if state.due < at:
            entity.skipped = min(entity.skipped, state.due)
    if ordering is None or ordering.is_plain(state, fact, grace):
        life.step(state, fact, ledger)
    else:
        plan = Plan((fact,), grace, ledger, None)
        if not ordering.arrange(state, plan, 0):  # alone: it changes places with nothing
            life.step(state, fact, ledger)
    tail.append(fact)
    if state.due < fired_until:
        _drain(life, entity, fired_until, ledger)
    return "ok"


def is_needed_before(life: Lifecycle[S, F], entity: Entity[S, F], fact: F, grace: int) -> bool:
    """Whether a fact does not sort last, or changes how one within grace (ms) before is read."""
    if entity.tail:
        last = entity.tail[-1]
        if fact.at < last.at or (fact.at == last.at and order_of(fact) < order_of(last)):
            return True
    return life.ordering is not None and life.ordering.is_doubted(entity.state, fact, grace)


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
    """Fold into the base what is older than `before` (ms): nothing can change it any more.

    `before` is `closed_before` less grace: what comes late, but not too late, still changes how
    facts within grace before it are read.
    """
    tail = entity.tail
    if not tail or tail[0].at >= before:
        if entity.base is not None and entity.base.due < before:
            entity.base = _moved_up(life, entity.base, [], before, before, ledger)
        return
    before = _cut(life, entity, before, ledger)
    cut = _place(tail, before)
    entity.base = _moved_up(life, entity.base, tail[:cut], before, before, ledger)
    entity.tail = tail[cut:]


def _moved_up(
    life: Lifecycle[S, F],
    base: S | None,
    facts: Sequence[F],
    limit: int,
    until: int,
    ledger: Ledger,
    spans: Spans | None = None,
) -> S:
    """A copy of the base with `facts` folded into it, and implied events before `until`."""
    sign, ledger.sign = ledger.sign, 0
    base = _copy(life, base)
    run(life, base, facts, limit, ledger, spans)
    while base.due < until:
        life.fire(base, ledger)
    ledger.sign = sign
    return base


def _cut(life: Lifecycle[S, F], entity: Entity[S, F], before: int, ledger: Ledger) -> int:
    """The last time, not after `before` (ms), that parts no facts whose order hangs together."""
    tail, ordering = entity.tail, life.ordering
    if ordering is None or _stand_apart(tail, before, ledger.rules.grace_ms, ordering.free):
        return before
    spans: Spans = []
    _moved_up(life, entity.base, tail, NEVER, -1, ledger, spans)
    for start, end in sorted(spans, reverse=True):
        if start < before <= end:
            before = start
    return before


def _stand_apart(tail: list[Any], before: int, grace: int, free: frozenset[int]) -> bool:
    """Whether no fact older than `before` (ms) can hang together with a later one; in doubt, no.

    Those that do are none of the free ranks and within twice grace: each looks within grace after
    the time at which it takes effect, and that is within grace after its own. Messages are free,
    and a long tail is of them: mostly this saves a fold of all of it.
    """
    cut, near = _place(tail, before), 2 * grace
    return all(fact.rank in free for fact in tail[cut : _place(tail, before + near + 1)]) or all(
        fact.rank in free for fact in tail[_place(tail, before - near) : cut]
    )


def _place(tail: list[Any], at: int) -> int:
    """How many facts are older than `at` (ms)."""
    return bisect_left(tail, at, key=_time)


def _time(fact: Any) -> int:
    at: int = fact.at
    return at


def pack(life: Lifecycle[S, F], entity: Entity[S, F], ledger: Ledger) -> Chunk[S, F] | None:
    """Take the older part of a long tail out of the entity; None where there is nothing to take.

    An entity is written whole for each fact that comes. A tail of a thousand would be written a
    thousand times; with its older facts in chunks, a turn writes at most some 20 of them, and each
    chunk once. The base moves up to the cut, so that a refold of what is left needs no chunk. A
    chunk keeps the base before it, so that `unpack` can undo the move when a late fact, or a
    repeated id, belongs to its time. Where nothing was skipped, every implied event before a fact
    has happened, so the new base has them all (limit NEVER). Facts of one instant are not parted,
    nor those whose order hangs together.
    """
    tail = entity.tail
    if len(tail) <= PACK_ABOVE or entity.skipped != NEVER:
        return None
    before = _cut(life, entity, tail[len(tail) - PACK_LEAVES].at, ledger)
    cut = _place(tail, before)
    if not cut:
        return None
    chunk = Chunk(entity.base, tail[:cut])
    entity.base, entity.tail = (
        _moved_up(life, entity.base, chunk.facts, NEVER, -1, ledger),
        tail[cut:],
    )
    entity.chunks += 1
    return chunk


def unpack(entity: Entity[S, F], chunk: Chunk[S, F]) -> None:
    """Put the newest chunk back; the entity's fold is unchanged."""
    entity.base, entity.tail = chunk.base, chunk.facts + entity.tail
    entity.chunks -= 1
