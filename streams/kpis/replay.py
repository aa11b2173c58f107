"""Stage 4: files through the same core, without a broker.

In: events, in any order. Out: the records at the end, a function of the set of events: the order of
lines and files leaves no trace, and nothing is late. The facts of every contact, ticket and agent
are kept and folded once, in order, by the worker's lifecycles; there is one pane for everything.
Memory is about 250 bytes an event.
"""

from collections import Counter, defaultdict
from typing import Any

from streams.contract.events import TYPES, AgentEvent, Event, FollowupCompleted
from streams.kpis.definitions import Definitions, Place, policies_of
from streams.kpis.record import Record, replay_record
from streams.lifecycle.counters import AGENT_BASE, AGENT_END
from streams.lifecycle.entity import AGENT, CONTACT, TICKET, fold
from streams.lifecycle.facts import FACTS, Fact, Snapshot, in_order
from streams.lifecycle.ledger import ALL, WHOLE_MS, Book
from streams.lifecycle.rules import NEVER
from streams.settings import Settings

#: Events of an agent belong to no channel.
_AGENTS = frozenset(struct for struct in TYPES.values() if issubclass(struct, AgentEvent))


class Replay:
    """Events in, in any order; records out at the end.

    `outcomes` counts, after `records`, the facts that counted (`ok`), and repeats of an id with the
    same content (`duplicate`) or another (`conflict`).
    """

    def __init__(self, settings: Settings) -> None:
        self.definitions = Definitions(settings)
        self.book = Book(policies_of(settings), WHOLE_MS)
        self.outcomes: Counter[str] = Counter()
        self._facts: dict[tuple[str, str, str], list[Any]] = {}
        self._first = NEVER
        self._marks: dict[str, int] = {}

    def add(self, event: Event) -> None:
        """Take one event."""
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
        elif struct is FollowupCompleted and event.channel == "ticket":
            return  # not part of the ticket's life
        else:
            key = (event.tenant, event.channel or "", event.contact_id or "")
        facts = self._facts.get(key)
        if facts is None:
            self._facts[key] = [make(event)]
        else:
            facts.append(make(event))

    def records(self) -> list[Record]:
        """Close the books at `as_of`, the largest time seen; one record a (tenant, queue, channel).

        Once only: the facts are given up on the way.
        """
        as_of = max(self._marks.values(), default=-1)
        oldest: defaultdict[Place, dict[int, int]] = defaultdict(dict)
        while self._facts:
            (tenant, channel, _), facts = self._facts.popitem()
            life = TICKET if channel == "ticket" else CONTACT if channel else AGENT
            state = fold(life, self._counted(facts), as_of, self.book.open(tenant, channel))
            stands = life.since(state)
            if stands is not None:
                queue, level, start = stands
                for place in ((tenant, queue, channel), (tenant, ALL, channel)):
                    known = oldest[place].get(level, NEVER)
                    oldest[place][level] = min(known, start)
        sums = self._sums()
        span = (min(self._first, as_of), as_of)
        watermark = min(self._marks.values(), default=None)
        return [
            replay_record(place, sums[place], oldest[place], span, watermark, self.definitions)
            for place in sorted(sums)
        ]

    def _counted(self, facts: list[Any]) -> list[Fact | Snapshot]:
        ordered, duplicates, conflicts = in_order(facts)
        outcomes = self.outcomes
        outcomes["ok"] += len(ordered)
        if duplicates or conflicts:
            outcomes["duplicate"] += duplicates
            outcomes["conflict"] += conflicts
        return ordered

    def _sums(self) -> dict[Place, dict[int, int]]:
        """The sums of every place that exists: configured, or used by a contact or ticket."""
        sums: dict[Place, dict[int, int]] = {place: {} for place in self.definitions.zones}
        agents: dict[Place, dict[int, int]] = {}
        for page in self.book.pages.values():
            place = (page.tenant, page.queue, page.channel)
            values = page.panes[0]
            agents[place] = {n: v for n, v in values.items() if AGENT_BASE <= n < AGENT_END}
            visits = {n: v for n, v in values.items() if v and not AGENT_BASE <= n < AGENT_END}
            if not visits and place not in sums:
                continue
            for target in (place, (page.tenant, ALL, page.channel)):
                into = sums.setdefault(target, {})
                for counter, amount in visits.items():
                    into[counter] = into.get(counter, 0) + amount
        for place, into in sums.items():
            into.update(agents.get(place, {}))
        return sums
