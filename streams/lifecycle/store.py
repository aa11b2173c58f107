"""Layer 2: all entities of one unit, packed between transactions.

An entity that is not at hand is the bytes that stand in the changelog: little memory, and nothing
to encode twice. `add` and `advance` unpack what they touch; `collect` packs it, returns the writes.
Invariant after `collect`: every implied event before `now` has happened, in every entity.
Cost: one decode and one encode a touched entity and transaction.

No turn walks over all entities: two lists say which to look at, and when. `_wakes` is a heap of
(time, key): when an implied event falls due. `Entity.wake` is the entry that counts; an entity is
listed again only for something earlier. An entry may be out of date, because the event it was for
has moved: then the look finds nothing due, and does no harm. A time far ahead is cut to an hour,
lest entries of entities long gone stay as long. `_minutes` lists entities by the minute of their
newest fact: once that is final the tail is folded into the base, and an entity without a future is
dropped. A request to be called back is in the heap at its deadline, days ahead, and no sooner. A
ticket is looked at when a deadline of its own is due, and never for being forgotten: one that is
settled is in a list by day, which drops it unread (`memory.py`). All are in memory only and are
built again from the changelog, for which `wake` is stored.
"""

from collections import defaultdict
from collections.abc import Container, Iterator

from streams.contract.words import MINUTE_MS, QueueKey
from streams.lifecycle import agent, agent_own, changelog, entity, memory, ticket_state
from streams.lifecycle import contact_state as visit
from streams.lifecycle.changelog import CHUNK, Write, key_of, kind_of, parts_of
from streams.lifecycle.chunks import Chunks
from streams.lifecycle.entity import Entity
from streams.lifecycle.facts import AnyFact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import AGENT, CALLBACK, TICKET
from streams.lifecycle.oldest import Oldest
from streams.lifecycle.packed import KINDS, AnyEntity, AnyLife, AtHand, entries_of, pack
from streams.lifecycle.rules import NEVER
from streams.lifecycle.versions import Versions, take_over
from streams.lifecycle.wakes import Wakes

#: An entity is looked at again, and written, at most this long after the last look: keeps the heap
#: short, since most that is due far ahead never comes to that.
_LOOK_MS = 3_600_000


class EntityStore:
    """The entities of one unit. Times in ms."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.versions = Versions(ledger.rules)
        self.now = -1
        self.oldest = Oldest(ledger)
        self._packed: dict[str, bytes] = {}
        self._chunks = Chunks()
        self._at_hand: dict[str, AtHand] = {}
        self._wakes = Wakes()
        #: In place of `Entity.wake`, where a look was early and nothing was written.
        self._early: dict[str, int] = {}
        #: Entities by the minute of their last fact, to be folded when it is final.
        self._minutes: defaultdict[int, list[str]] = defaultdict(list)
        self._memory = memory.Memory()
        #: Tickets with clocks that were loaded, until their queues' rules are known.
        self._with_clocks: list[str] = []
        #: What the records of single agents show now, where that is something else.
        self.standings: list[agent_own.Standing] = []

    def __contains__(self, key: str) -> bool:
        return key in self._at_hand or key in self._packed

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, key: str, fact: AnyFact, limit: int) -> str:
        """Take one fact of the entity whose key in the changelog is `key`."""
        at_hand = self._at_hand.get(key) or self._unpack(key)
        kept = at_hand.entity
        if kept.chunks and key in self._chunks:
            self._chunks.bring_back(at_hand, key, fact, self.ledger.rules.grace_ms)
        ledger = self.ledger.select(*at_hand.scope)
        at_hand.asleep = False
        return entity.add(at_hand.kind.life, kept, fact, limit, ledger, at_hand.ids)

    def advance(self, now: int) -> None:
        """Let every implied event before `now` happen, each at its own time."""
        for at_hand in self._at_hand.values():
            if at_hand.entity.limit < now:
                self._fire_until(at_hand, now)
        for wake, key in self._wakes.pop(now, self._wake_of):
            if key not in self or self._is_early(key, wake, now):
                continue
            at_hand = self._at_hand.get(key) or self._unpack(key)
            if at_hand.entity.wake == wake:
                at_hand.entity.wake = NEVER
            if at_hand.entity.due < now:
                self._fire_until(at_hand, now)
        self.now = max(self.now, now)

    def _is_early(self, key: str, wake: int, now: int) -> bool:
        """Whether nothing of an entity that is not at hand is due: left as it is.

        Most limits of agents' states never pass, for the state has changed by then; a promise that
        was kept is not due any more, and an attempt to call back puts its end off: no reason to
        write. Contacts are over soon.
        """
        kind = kind_of(key)
        if kind == changelog.CONTACT or key in self._at_hand:
            return False
        glance = KINDS[kind].glance(self._packed[key])
        due = min(glance.skipped, glance.state.due)
        listed = wake == self._early.get(key, glance.wake)
        if kind == changelog.TICKET:
            if due < now or memory.is_behind(glance):
                return False
            if ticket_state.is_resting(glance.state):
                due = glance.skipped
        elif due < now or (listed and due == NEVER):
            return False
        elif kind == changelog.AGENT:
            due = min(due, now + _LOOK_MS)
        if listed:
            self._early[key] = due
            if due == NEVER:
                del self._early[key]
            self._list_wake(key, due, kind == changelog.TICKET)
        return True

    def _wake_of(self, key: str) -> int:
        """When the entity is to be looked at, ms; NEVER if it is gone."""
        if key in self._at_hand:
            return self._at_hand[key].entity.wake
        packed = self._packed.get(key)
        if packed is None:
            return NEVER
        return self._early.get(key) or KINDS[kind_of(key)].glance(packed).wake

    def _list_wake(self, key: str, wake: int, is_ticket: bool) -> None:
        if is_ticket and wake > self.now + _LOOK_MS:
            if wake < NEVER:
                self._wakes.add_far(wake, key)
        elif wake < NEVER:
            self._wakes.add(wake, key)

    def _fire_until(self, at_hand: AtHand, now: int) -> None:
        ledger = self.ledger.select(*at_hand.scope)
        due = at_hand.entity.due
        entity.fire_until(at_hand.kind.life, at_hand.entity, now, ledger)
        if at_hand.entity.due != due:
            at_hand.asleep = False

    def close(self, before: int) -> None:
        """Make final what is older than `before` by more than grace: fold it into the bases."""
        before -= self.ledger.rules.grace_ms
        first_open = before // MINUTE_MS
        final = sorted(minute for minute in self._minutes if minute < first_open)
        for minute in final:
            keys = dict.fromkeys(self._minutes.pop(minute))  # each once, in their order
            for key in keys:
                if key in self:
                    at_hand = self._at_hand.get(key) or self._unpack(key)
                    self._rebase(key, at_hand, before)

    def collect(self, before: int) -> list[Write]:
        """Pack all that is at hand; return the changelog's writes. `before` is `closed_before`."""
        final_before = before - self.ledger.rules.grace_ms
        writes: list[Write] = []
        for key in self._memory.forget(before):
            del self._packed[key]
            self._early.pop(key, None)
            writes.append((key.encode(), None))
        for key, at_hand in self._at_hand.items():
            kept, life = at_hand.entity, at_hand.kind.life
            stands_in = at_hand.stands_in_now()
            if stands_in != at_hand.stands_in:
                self.oldest.move(at_hand.stands_in, stands_in)
            if life is AGENT and at_hand.own != kept.state.own:
                moved = agent_own.moves(at_hand.tenant, at_hand.own, kept.state.own)
                self.standings += moved
            oldest = kept.tail[0].at if kept.tail else NEVER
            if (
                oldest < final_before
                or (kept.base is not None and kept.base.due < final_before)
                or 0 <= kept.marked_until < final_before
            ):
                self._rebase(key, at_hand, final_before)
            if self._is_gone(kept, life, before):
                if self._packed.pop(key, None) is not None:
                    writes.append((key.encode(), None))
                continue
            chunk = entity.pack(life, kept, self.ledger.select(*at_hand.scope))
            if chunk is not None:
                self._chunks.put_away(key, kept.chunks, chunk)
            self._schedule(key, at_hand)
            packed = memory.pack_ticket(kept) if life is TICKET else pack(kept)
            self._packed[key] = packed
            if not at_hand.asleep:
                writes.append((key.encode(), packed))
        self._at_hand = {}
        writes += self._chunks.collect()
        return writes

    def restore(self, key: str, value: bytes) -> None:
        """A changelog record: the newest value of a key, once."""
        if kind_of(key) != CHUNK:
            self._packed[key] = value
            self._list(key, value)
            return
        *entity_key, number = parts_of(key)
        owner = key_of(*entity_key)
        self._chunks.restore(owner, int(number), value, KINDS[kind_of(owner)])

    def _list(self, key: str, value: bytes) -> None:
        """Rebuild what is derived of one entity, and leave it packed as it is."""
        kind = KINDS[kind_of(key)]
        glance = kind.glance(value)
        tenant, channel, _ = parts_of(key)
        self.oldest.load(entries_of(kind.life, tenant, channel, glance.state))
        # What was popped was written again in the same transaction: the wakes that stand in the
        # changelog are those of the heap.
        if kind.life is TICKET and glance.state.clocks:
            self._with_clocks.append(key)
        rests = kind.life is TICKET and ticket_state.is_resting(glance.state)
        wake = min(glance.wake, glance.skipped, NEVER if rests else glance.state.due)
        if wake != glance.wake:
            self._early[key] = wake
        self._list_wake(key, wake, kind.life is TICKET)
        last = glance.tail[-1].at if glance.tail else glance.marked_until
        if last >= 0:
            self._minutes[last // MINUTE_MS].append(key)
        elif rests:
            self._memory.rest(key, kind.decode_state(glance.base) or glance.state)

    def restored(self, changed: Container[QueueKey] = ()) -> None:
        """Every record was given; the queues in `changed` have other calendars after `now`."""
        self.versions.restored()
        self.oldest.loaded()
        self._chunks.restored()
        for key in self._with_clocks:
            tenant, channel, _ = parts_of(key)
            state = KINDS[changelog.TICKET].glance(self._packed[key]).state
            place = self.ledger.place(tenant, state.queue, channel)
            if place in changed and memory.reschedules(state, self.now, self.ledger):
                at_hand = self._unpack(key)
                if at_hand.entity.skipped == NEVER:
                    at_hand.asleep = False
                    facts = self._chunks.take(key, at_hand.kind) + at_hand.entity.tail
                    self.ledger.select(*at_hand.scope)
                    memory.reschedule(at_hand.entity, facts, self.now, self.ledger)
        self._with_clocks = []

    def entities(self) -> Iterator[tuple[str, AnyEntity]]:
        """Every entity, for tests and tools; after `collect` only."""
        for key, packed in self._packed.items():
            yield key, KINDS[kind_of(key)].decode(packed)

    def _unpack(self, key: str) -> AtHand:
        packed = self._packed.get(key)
        kind = KINDS[kind_of(key)]
        current = self.versions.current
        taken_over = settled = asleep = False
        unpacked: AnyEntity
        own: agent_own.Own | None = None
        if packed is None:
            unpacked = Entity(None, kind.life.blank(), [], -1, rules=current)
        else:
            unpacked = kind.decode(packed)
            if kind.life is TICKET:
                asleep = memory.is_asleep(unpacked)
                self._memory.take(key, unpacked, self.ledger.rules.ticket_memory_days)
            unpacked.wake = self._early.pop(key, unpacked.wake)
            if unpacked.wake < self.now:
                unpacked.wake = NEVER  # it was looked at then, and nothing was written
            # What waits before a fact is booked by the rules it was skipped under.
            is_older = unpacked.rules != current and unpacked.skipped == NEVER
            taken_over = is_older and kind.life is not AGENT
            if is_older and kind.life is AGENT and self.versions.renames_agents(unpacked.rules):
                own = self._settle_own(key, unpacked)
                taken_over = settled = True
            if taken_over:
                take_over(unpacked, self._chunks.take(key, kind) + unpacked.tail, current)
            if kind.life is TICKET:
                # It may have been forgotten while it rested.
                ledger, due = self.ledger.select(*parts_of(key)), unpacked.due
                entity.fire_until(TICKET, unpacked, self.now, ledger)
                asleep = asleep and unpacked.due == due and not taken_over
            # Every implied event before the last `advance` has happened: nothing fell due since.
            unpacked.limit = max(unpacked.limit, self.now)
        at_hand = self._at_hand[key] = AtHand(key, unpacked)
        at_hand.asleep = asleep
        if settled:
            at_hand.own = own
        if taken_over:
            at_hand.minute = -1  # to be listed anew: it is remembered for another time now
        return at_hand

    def _settle_own(self, key: str, kept: AnyEntity) -> agent_own.Own | None:
        """An agent of other rules: his own figures begin, or end, with his last word.

        Returns what they said before.
        """
        before: agent_own.Own | None = kept.state.own
        last = kept.tail[-1].at if kept.tail else kept.state.last_at
        at = max(last, kept.fired, self.now - self.ledger.rules.horizon_ms)
        agent.settle_own(kept.state, (0, 0), at, self.ledger.select(*parts_of(key)))
        return before

    def _schedule(self, key: str, at_hand: AtHand) -> None:
        """See to it that the entity is looked at when it is due, and when its facts are final."""
        kept = at_hand.entity
        due = kept.due
        waits = bool(kept.tail or kept.marked_until >= 0)  # listed by its last fact's minute
        if at_hand.kind.life is TICKET:
            due = memory.next_look(kept, self.ledger.rules, self.now)
            if not waits:
                self._memory.rest(key, kept.base)
        elif at_hand.kind.life is CALLBACK or (
            isinstance(kept.state, visit.ContactState) and kept.state.phase == visit.IDLE
        ):
            # One that is over is looked at, and written, when it is forgotten, and when its base
            # may be: not every hour. And one that is owed at its next deadline, days ahead; one
            # that a survey alone keeps is kept short for those days.
            asked = isinstance(kept.state, visit.ContactState) and kept.state.surveys
            if (due == NEVER or (asked and not waits)) and kept.base is not None:
                rules = self.ledger.rules
                due = min(due, kept.base.due + rules.horizon_ms + rules.grace_ms)
        elif due < NEVER or not waits:
            due = min(due, max(self.now, 0) + _LOOK_MS)
        if due < kept.wake:
            kept.wake = due
            self._list_wake(key, due, at_hand.kind.life is TICKET)
        minute = at_hand.last_minute()
        if minute != at_hand.minute and minute >= 0:
            self._minutes[minute].append(key)

    def _rebase(self, key: str, at_hand: AtHand, before: int) -> None:
        kept = at_hand.entity
        if 0 <= kept.marked_until < before:
            kept.marks, kept.marked_until = b"", -1
        if self._chunks.drop_final(key, before):
            return
        kept.chunks = 0
        ledger = self.ledger.select(*at_hand.scope)
        entity.rebase(at_hand.kind.life, kept, before, ledger)

    def _is_gone(self, kept: AnyEntity, life: AnyLife, before: int) -> bool:
        """Whether no later event could tell the entity from one that never was."""
        if kept.tail or kept.chunks or kept.marked_until >= 0 or kept.due < before:
            return False
        if kept.base is not None and not life.is_blank(kept.base, before):
            return False
        return life.is_blank(kept.state, before)
