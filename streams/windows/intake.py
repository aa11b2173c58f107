"""Layer 3: events of one partition number to its cells. The whole state of an intake unit.

In: typed events, then the unit's `now`. Out: changelog writes, and the changed cells by partition
of their queue. Invariant: one `turn` applies events, lets everything implied before `now` happen,
collects, and only then advances `closed_before` = now - horizon. Cost: a few microseconds an event.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import msgspec

from streams.contract.events import ContactFlowedOut, Event, SourceHeartbeat
from streams.contract.words import HOUR_MS, OTHER, QueueKey
from streams.lifecycle import changelog
from streams.lifecycle.changelog import (
    CLOSED_BEFORE,
    FINAL_BEFORE,
    NOW,
    Write,
    key_of,
    kind_of,
    parts_of,
)
from streams.lifecycle.counters import ANY_STUCK, VISIT_STANDING
from streams.lifecycle.event_facts import EFFECTIVE, ENTITIES, FACTS, callback_fact
from streams.lifecycle.facts import CallbackFact
from streams.lifecycle.kinds import KINDS
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import Rules
from streams.lifecycle.store import EntityStore
from streams.windows.batches import batches
from streams.windows.cells import (
    CellBatch,
    CellUpdate,
    NameUpdate,
    OldestUpdate,
    Values,
    decode_values,
    encode_values,
)
from streams.windows.customer_batches import CustomerBatch
from streams.windows.kept_rules import KeptRules
from streams.windows.samples import Sample, Sampler, Taking
from streams.windows.unit_cells import UnitCells
from streams.windows.unit_customers import UnitCustomers
from streams.windows.watermarks import Sources, newest
from streams.wire.rejected import Rejected

#: An idle source repeats its progress this often.
PROGRESS_MS = 5_000
#: Sources of one unit that are shown to people: of the longest names a record of 80 kB.
SHOWN_SOURCES = 200
#: So many panes of queues are kept beyond what is final by the unit's own time, for another unit is
#: behind; some 100 MB.
MOST_HELD = 100_000


_ENCODE_COUNTS = msgspec.msgpack.Encoder().encode
_DECODE_COUNTS = msgspec.msgpack.Decoder(dict[str, int]).decode


@dataclass(slots=True)
class Tally:
    """What one turn did, for the process's metrics; of `events` only those that did nothing new.

    `effective`: events that could have had an effect, each once. `samples`: the first anomalies of
    the turn, and `left_off` how many more there were.
    """

    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    anomalies: Counter[str] = field(default_factory=Counter)
    booked: list[tuple[QueueKey, Values]] = field(default_factory=list)
    effective: int = 0
    samples: list[Sample] = field(default_factory=list)
    left_off: int = 0


@dataclass(slots=True)
class IntakeTurn:
    """What one turn must write, all or nothing.

    `cells` by partition of `contact.cells`, `customers` by that of `contact.customers`.
    """

    state: list[Write]
    cells: list[tuple[int, bytes]]
    tally: Tally
    customers: list[tuple[int, bytes]] = field(default_factory=list)


#: A fact's time, of `Taking`.
_TIME = itemgetter(0)


class Intake:
    """All contacts, tickets and agents of one partition number, and their cells. Times in ms."""

    def __init__(self, rules: Rules, partition: int, partitions: int) -> None:
        self.partition, self.partitions = partition, partitions
        self.horizon, self.grace = rules.horizon_ms, rules.grace_ms
        self.ledger = Ledger(rules)
        self.store = EntityStore(self.ledger)
        self._rules = KeptRules()
        #: The queues that the configuration gave other rules since the state was written.
        self.changed_rules: list[QueueKey] = []
        self.cells = UnitCells(self.ledger, self.grace)
        self.customers = UnitCustomers(self.ledger, partition, partitions)
        self.inputs: defaultdict[str, Sources] = defaultdict(Sources)
        self.now = -1
        self.closed_before = -1
        #: What is older changes no more: a turn's new items of customers are still to come, so
        #: this waits for the slowest unit.
        self.final_before = -1
        self.counts: Counter[str] = Counter()
        self._facts: list[Taking] = []
        self._sampler = Sampler(self.ledger)
        self._progress_at = -1
        self._tally = Tally()
        self._heard_inputs: set[str] = set()
        #: What the batches of the turn before said of the unit's progress.
        self._sent_progress = self._progress(following=False)

    # -- events --------------------------------------------------------------------------------

    def accept(self, event: Event, topic: str, offset: int = 0) -> Rejected | None:
        """Take one event of the input `topic` (the contract's name); or say why it is not used."""
        struct: Any = event.__class__
        at = event.occurred_at
        if struct is SourceHeartbeat:
            if at >= self.closed_before:
                self.inputs[topic].see(event.source, at, event.ended)  # type: ignore[union-attr]
                self._heard_inputs.add(topic)
            return None
        if at < self.closed_before:
            self.counts["late"] += 1
            self._heard_inputs.add(topic)
            return Rejected("late", "older than the lateness horizon", "occurred_at")
        self.inputs[topic].see(event.source, at)
        self._heard_inputs.add(topic)
        kind = ENTITIES.get(struct)
        if kind == changelog.CONTACT and event.channel == "ticket":
            kind = changelog.TICKET
        if kind is None:
            return None
        if kind == changelog.AGENT:
            key = key_of(kind, event.tenant, "", event.agent_id or "")
        elif kind == changelog.CALLBACK:
            key = key_of(kind, event.tenant, "", event.contact_id or "")
        else:
            key = key_of(kind, event.tenant, event.channel or "", event.contact_id or "")
        fact = FACTS[struct](event)
        self._facts.append((fact.at, key, fact, topic, offset, struct))
        if struct in EFFECTIVE:
            self._tally.effective += 1
        if struct is ContactFlowedOut:
            key = key_of(changelog.CALLBACK, event.tenant, "", event.contact_id or "")
            asked = callback_fact(event)
            self._facts.append((asked.at, key, asked, topic, offset, struct))
        return None

    def accept_customers(self, batch: CustomerBatch) -> None:
        """Take what another unit tells of customers who are here."""
        self.customers.accept(batch)

    # -- the turn ------------------------------------------------------------------------------

    def turn(self, now: int, wall: int, following: bool) -> IntakeTurn | None:
        """Apply what was accepted and let time come to `now`. None: nothing to write."""
        self.now = now = max(now, self.now)
        add, events = self.store.add, self._tally.events
        # In order of time each costs its entity one step, else it may be folded anew: what is of
        # another topic (a survey), or late by little. No result depends on it.
        self._facts.sort(key=_TIME)
        for taking in self._facts:
            self._sampler.taking = taking
            _, key, fact, topic, _, struct = taking
            result = add(key, fact, now)
            if result == "ok" or (struct is ContactFlowedOut and isinstance(fact, CallbackFact)):
                continue  # what is told of two entities is counted with the contact
            events[topic, result] += 1
            if result in KINDS:  # a revision, or a conflict
                self.ledger.anomaly(result, fact)
            elif struct in EFFECTIVE:
                self._tally.effective -= 1
        self._sampler.taking = None
        worked = bool(self._facts or self._heard_inputs)
        self._facts = []
        self.store.advance(now)
        self.store.close(self.closed_before)
        state = self.store.collect(self.closed_before)
        told = self.customers.advance(now, self.final_before)
        state += self.customers.collect(self.final_before)
        updates = self.cells.collect(state, self.counts)
        self._tally.booked += self.cells.older_than_grace(now)
        oldest_updates = self._collect_oldest()
        due = wall - self._progress_at >= PROGRESS_MS
        if not (worked or state or updates or oldest_updates or due or self._tally.booked):
            return None
        self._progress_at = wall
        self._close(state)
        self._count()
        for topic in self._heard_inputs:
            state.append((key_of(changelog.INPUT, topic).encode(), self.inputs[topic].pack()))
        self._heard_inputs = set()
        state += self.customers.collect_heard()
        times = {NOW: self.now, CLOSED_BEFORE: self.closed_before, FINAL_BEFORE: self.final_before}
        state.append((key_of(changelog.TIMES).encode(), encode_values(times)))
        state.append((key_of(changelog.COUNTS).encode(), _ENCODE_COUNTS(dict(self.counts))))
        state += self._rules.collect() + self.store.versions.collect()
        tally, self._tally = self._tally, Tally()
        tally.anomalies, self.ledger.anomalies = self.ledger.anomalies, Counter()
        tally.samples, tally.left_off = self._sampler.collect()
        cells = self._batches(updates, oldest_updates, following)
        return IntakeTurn(state, cells, tally, self.customers.batches(told, now))

    def _batches(
        self, updates: list[CellUpdate], oldest_updates: list[OldestUpdate], following: bool
    ) -> list[tuple[int, bytes]]:
        before, after = self._sent_progress, self._progress(following)
        self._sent_progress = msgspec.structs.replace(after, following=False)
        names = [NameUpdate(*told) for told in self.ledger.told]
        self.ledger.told.clear()
        standings, self.store.standings = self.store.standings, []
        return batches(updates, oldest_updates, names, before, after, standings)

    def _count(self) -> None:
        """Totals that a person asks for: they outlive the process."""
        self.counts["effective"] += self._tally.effective
        for kind, times in self.ledger.anomalies.items():
            self.counts["anomalies"] += times
            self.counts[KINDS[kind][0]] += times

    def last_seen(self) -> dict[str, int]:
        """The largest time (ms) of each source that has not ended, over all inputs.

        Of many, the `SHOWN_SOURCES` heard of last.
        """
        last_words: dict[str, int] = {}
        for sources in self.inputs.values():
            for source, (at, ended) in sources.marks.items():
                if not ended:
                    last_words[source] = max(at, last_words.get(source, at))
        return newest(last_words, SHOWN_SOURCES)

    def _close(self, state: list[Write]) -> None:
        """What is older than now - horizon by more than grace is final: its cells go.

        Within grace before, an event that is not late yet still changes what is booked. And what
        another unit has not told yet of customers here does, as long as there is room to wait.
        """
        self.closed_before = max(self.closed_before, self.now - self.horizon)
        final = self.closed_before - self.grace
        self.final_before = max(self.final_before, self._waiting_for_others(final))
        self.cells.drop(self.final_before, state)

    def _waiting_for_others(self, final: int) -> int:
        """What may be final of what is by the unit's own time: the slowest unit decides (ms)."""
        if self.partitions == 1:
            return final
        waits = min(final, self.customers.slowest() - self.horizon - self.grace)
        # Seconds, as a rule: then there is room.
        if final - waits > HOUR_MS and self.cells.count(final) > MOST_HELD:
            return final
        return waits

    def _collect_oldest(self) -> list[OldestUpdate]:
        oldest_updates: list[OldestUpdate] = []
        for queue_key, level in self.store.oldest.changed:
            starts = self.store.oldest.starts[queue_key, level]
            oldest = starts[0] if starts else None
            oldest_updates.append(OldestUpdate(*queue_key, level, oldest, len(starts), sum(starts)))
            if not starts:
                del self.store.oldest.starts[queue_key, level]
        self.store.oldest.changed = set()
        return oldest_updates

    def _progress(self, following: bool) -> CellBatch:
        """How far the unit is: a batch without cells."""
        times = (self.now, max(-1, self.final_before))
        source = (self.partition, self.partitions)
        return CellBatch(*source, *times, self.watermark(), following, [], [])

    def watermark(self) -> int | None:
        """The least watermark over the inputs that have one, ms."""
        marks = [mark for s in self.inputs.values() if (mark := s.watermark()) is not None]
        return min(marks, default=None)

    # -- changelog -----------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes) -> None:
        """One changelog record, the newest of its key; the table of keys: `changelog.py`."""
        text = key.decode()
        kind = kind_of(text)
        if kind == changelog.TIMES:
            times = decode_values(value)
            self.now, self.closed_before = times[NOW], times[CLOSED_BEFORE]
            self.final_before = times.get(FINAL_BEFORE, self.closed_before - self.grace)
        elif kind == changelog.HEARD:
            self.customers.restore_heard(value)
        elif kind == changelog.CUSTOMER:
            tenant, customer = parts_of(text)
            self.customers.restore(tenant, customer, value)
        elif kind == changelog.COUNTS:
            self.counts = Counter(_DECODE_COUNTS(value))
        elif kind == changelog.VERSIONS:
            self.store.versions.restore(value)
        elif kind == changelog.RULES:
            tenant, queue, channel = parts_of(text)
            self._rules.restore((tenant, queue, channel), value)
        elif kind == changelog.INPUT:
            (topic,) = parts_of(text)
            self.inputs[topic] = Sources(value)
        elif kind == changelog.PANE:
            tenant, queue, channel, pane = parts_of(text)
            self.cells.restore((tenant, queue, channel), int(pane), value)
        else:
            self.store.restore(text, value)

    def restored(self) -> None:
        """Every record was given."""
        self.changed_rules = self._rules.merge_configured(self.ledger.rules, self.now)
        self.ledger.reload_rules()
        self.cells.restored(self.now)
        self.customers.restored(self.now)
        self.store.now = self.now
        self.store.restored(self._rules.other_calendars)
        self._sent_progress = self._progress(following=False)
        # Which names are beyond a limit may be others now: what `_other` showed is sent again.
        self.store.oldest.changed |= {
            (queue_key, level)
            for queue_key in self.ledger.entries
            if OTHER in queue_key[:2]
            for level in (*VISIT_STANDING, ANY_STUCK)
        }

    def over_limit(self) -> Counter[str]:
        """How often a name was beyond a limit since the unit was loaded."""
        forgotten = sum(sources.forgotten for sources in self.inputs.values())
        agents = self.ledger.agents.over_limit
        return self.ledger.over_limit + Counter(sources=forgotten, agents=agents)
