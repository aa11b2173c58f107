"""Layer 4: files through the same core, without a broker.

In: events, in any order. Out: the records at the end, a function of the set of events: the order of
lines and files leaves no trace, and nothing is late. The facts of every contact, ticket and agent
are kept and folded once, in order, by the worker's lifecycles; there is one pane for everything.
Memory is about 270 bytes an event, 100 more where events do not stand one a line.
"""

from array import array
from collections import Counter, defaultdict
from typing import Any

from streams.contract.agent_figures import AgentFigures
from streams.contract.events import (
    TYPES,
    AgentEvent,
    ContactFlowedOut,
    Event,
)
from streams.contract.records import KpiRecord
from streams.contract.words import ALL, QueueKey, SplitBy
from streams.kpis.agent_record import agent_total
from streams.kpis.definitions import Definitions
from streams.kpis.record import replay_record
from streams.lifecycle.counters import HANDLING, is_of_agents
from streams.lifecycle.customer import Customer
from streams.lifecycle.customers import book
from streams.lifecycle.entity import fold
from streams.lifecycle.event_facts import FACTS, OF_REQUESTS, callback_fact
from streams.lifecycle.facts import CallbackFact, in_order
from streams.lifecycle.ledger import WHOLE_MS, Cell, Ledger
from streams.lifecycle.lifecycles import AGENT, CALLBACK, CONTACT, TICKET
from streams.lifecycle.ranks import CALLBACK_RANKS
from streams.lifecycle.rules import NEVER, rules_of
from streams.settings import Settings

#: By tenant, channel and id.
_Facts = dict[tuple[str, str, str], tuple[list[Any], "array[int]"]]
_FLOWED_OUT = CALLBACK_RANKS["contact.flowed_out"]
#: Events of an agent belong to no channel.
_AGENTS = frozenset(struct for struct in TYPES.values() if issubclass(struct, AgentEvent))


class Replay:
    """Events in, in any order; records out at the end.

    `outcomes` counts, after `records`, the facts that counted (`ok`), and repeats of an id with the
    same content (`duplicate`) or another (`conflict`).
    """

    def __init__(self, settings: Settings) -> None:
        self.definitions = Definitions(settings)
        self.ledger = Ledger(rules_of(settings), WHOLE_MS)
        self.outcomes: Counter[str] = Counter()
        self.ledger.heard = self._anomaly
        # Of each kind of anomaly how often, and the first place.
        self._anomalies: dict[str, tuple[int, int]] = {}
        # Each entity's facts, and where each stands: the file's number << 32 | the line.
        self._facts: _Facts = {}
        self._requests: _Facts = {}
        self._files = [""]
        self._at_hand: tuple[list[Any], array[int]] = [], array("Q")
        self._place_of: dict[int, int] = {}
        self._first = NEVER
        self._marks: dict[str, int] = {}

    def add(self, event: Event, file: str = "", line: int = 0) -> None:
        """Take one event, and where it stands."""
        at = event.occurred_at
        if at < self._first:
            self._first = at
        if at > self._marks.get(event.source, -1):
            self._marks[event.source] = at
        struct = event.__class__
        make = FACTS.get(struct)
        if make is None:
            return
        if struct in _AGENTS:
            key = (event.tenant, "", event.agent_id or "")
        else:
            key = (event.tenant, event.channel or "", event.contact_id or "")
        if file is not self._files[-1]:
            self._files.append(file)
        place = (len(self._files) - 1 << 32) | line
        facts = self._facts
        if struct in OF_REQUESTS:
            facts, key = self._requests, (event.tenant, "", event.contact_id or "")
        elif struct is ContactFlowedOut:
            asked = (event.tenant, "", event.contact_id or "")
            self._requests.setdefault(asked, ([], array("Q")))
            self._requests[asked][0].append(callback_fact(event))
            self._requests[asked][1].append(place)
        found = facts.get(key)
        if found is None:
            facts[key] = [make(event)], array("Q", (place,))
        else:
            found[0].append(make(event))
            found[1].append(place)

    def records(self) -> list[KpiRecord]:
        """Close the books at `as_of`, the largest time seen; one record a (tenant, queue, channel).

        Once only: the facts are given up on the way.
        """
        as_of = max(self._marks.values(), default=-1)
        oldest: defaultdict[QueueKey, dict[int, int]] = defaultdict(dict)
        in_progress: Counter[QueueKey] = Counter()
        while facts := self._facts or self._requests:
            (tenant, channel, own_id), self._at_hand = facts.popitem()
            self._place_of = {}
            life: Any  # which of the lifecycles, only the key tells
            life = TICKET if channel == "ticket" else CONTACT if channel else AGENT
            if facts is self._requests:
                life = CALLBACK
            ledger = self.ledger.select(tenant, channel, own_id)
            state = fold(life, self._counted(), as_of, ledger)
            for queue, where, level, start in life.standing(state):
                for queue_key in self.ledger.shown_in(tenant, queue, where or channel, level):
                    known = oldest[queue_key].get(level, NEVER)
                    oldest[queue_key][level] = min(known, start)
                    if level == HANDLING:
                        in_progress[queue_key] += as_of - start
        self._book_customers(as_of)
        sums = self._sums()
        names: defaultdict[QueueKey, dict[int, tuple[SplitBy, str]]] = defaultdict(dict)
        for tenant, queue, channel, first, by, value in self.ledger.told:
            names[tenant, queue, channel][first] = by, value
        span = (min(self._first, as_of), as_of)
        watermark = min(self._marks.values(), default=None)
        return [
            replay_record(
                queue_key,
                sums[queue_key],
                oldest[queue_key],
                in_progress[queue_key],
                names[queue_key],
                span,
                watermark,
                self.definitions,
            )
            for queue_key in sorted(sums)
        ]

    def agent_totals(self) -> dict[tuple[str, str], AgentFigures]:
        """The figures of each (tenant, agent) over the whole replay, in their order.

        After `records`. Empty where the setting `agent_figures` is off.
        """
        as_of = max(self._marks.values(), default=-1)
        first = min(self._first, as_of)
        return {
            (tenant, agent): agent_total(panes[0], first, as_of)
            for (tenant, agent, _), panes in sorted(self.ledger.agents.open.items())
            if any(panes[0].values())
        }

    def _book_customers(self, as_of: int) -> None:
        """What all contacts and tickets told of their customers makes figures."""
        while self.ledger.of_customers:
            (tenant, _), items = self.ledger.of_customers.popitem()
            customer = Customer()
            for item, times in items.items():
                for _ in range(times):  # none, of what was taken back
                    customer.take(item)
            for booking in customer.bookings(-1, as_of):
                book(tenant, booking, 1, self.ledger)

    def _counted(self) -> list[Any]:
        """The facts of the entity at hand, in order, each id once."""
        facts, _ = self._at_hand
        ordered, duplicates, conflicts = in_order(facts)
        if isinstance(facts[0], CallbackFact):
            # What is told of two entities was counted with the contact.
            facts = [fact for fact in facts if fact.rank != _FLOWED_OUT]
            own, duplicates, conflicts = in_order(facts)
        else:
            own = ordered
        outcomes = self.outcomes
        outcomes["ok"] += len(own)
        if duplicates or conflicts:
            outcomes["duplicate"] += duplicates
            outcomes["conflict"] += conflicts
        if conflicts:
            kept = {(fact.source, fact.id): fact for fact in own}
            for fact in set(facts):
                counted = kept[fact.source, fact.id]
                if counted != fact:
                    same = counted.revision == fact.revision
                    self._anomaly("conflict" if same else "revision", fact)
        return ordered

    def _anomaly(self, kind: str, fact: Any) -> None:
        facts, places = self._at_hand
        if not self._place_of:
            self._place_of = dict(zip(map(id, facts), places, strict=True))
        place = min(places) if fact is None else self._place(fact)
        times, first = self._anomalies.get(kind, (0, place))
        self._anomalies[kind] = times + 1, min(first, place)

    def _place(self, fact: Any) -> int:
        """Where a fact stands; one that took effect at another time, where its event does."""
        place = self._place_of.get(id(fact))
        if place is not None:
            return place
        facts, places = self._at_hand
        same = zip(facts, places, strict=True)
        return min(at for one, at in same if (one.source, one.id) == (fact.source, fact.id))

    def anomalies(self) -> dict[str, tuple[int, str, int]]:
        """Of each kind (`lifecycle/kinds.py`) how often, and file and line of the first.

        After `records`. What an age gave up stands at the first event of its contact.
        """
        return {
            kind: (times, self._files[place >> 32], place & 0xFFFFFFFF)
            for kind, (times, place) in sorted(self._anomalies.items())
        }

    def _sums(self) -> dict[QueueKey, Cell]:
        """The sums of every place that exists: configured, or used by a contact or ticket.

        Agents alone make no queue, but they make `_all` of each channel they have a slot for.
        """
        sums = {queue_key: _no_sums() for queue_key in self.definitions.zones}
        agents: dict[QueueKey, dict[int, int]] = {}
        for entry in self.ledger.entries.values():
            queue_key = (entry.tenant, entry.queue, entry.channel)
            values = entry.panes[0]
            of_agents: dict[int, int] = {}
            visits: dict[int, int] = {}
            for number, amount in values.items():
                if amount:
                    (of_agents if is_of_agents(number) else visits)[number] = amount
            agents[queue_key] = of_agents
            if entry.queue == ALL:
                if of_agents:
                    sums.setdefault(queue_key, _no_sums())
                continue
            if not visits and queue_key not in sums:
                continue
            sums[queue_key] = defaultdict(int, visits)
            in_all = (entry.tenant, ALL, entry.channel)
            known = self.ledger.entries[in_all].known if entry.known else ()
            self.ledger.add_to_all(sums.setdefault(in_all, _no_sums()), visits, known)
        for queue_key, into in sums.items():
            into.update(agents.get(queue_key, {}))
        return sums


def _no_sums() -> Cell:
    return defaultdict(int)
