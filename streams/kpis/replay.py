"""Stage 4: files through the same core, without a broker.

The lifecycles are those of the worker; there is one pane for everything, and nothing is late. The
records are a function of the set of events: the order of lines and files leaves no trace. An entity's
facts are all kept, so memory is about a kilobyte a contact.
"""

from collections import Counter, defaultdict
from typing import Any

from streams.kpis.definitions import Definitions, Place, policies_of
from streams.kpis.record import Record, replay_record
from streams.lifecycle import entity
from streams.lifecycle.book import ALL, WHOLE_MS, Book
from streams.lifecycle.counters import AGENT_BASE, AGENT_END
from streams.lifecycle.entity import AGENT, CONTACT, TICKET, Entity
from streams.lifecycle.facts import contact_fact, snapshot, ticket_fact
from streams.lifecycle.policy import NEVER
from streams.settings import Settings
from streams.wire.events import (
    AgentEvent,
    Event,
    FollowupCompleted,
    SaleClosed,
    SourceHeartbeat,
    SurveyAnswered,
    SurveySent,
)
from streams.windows.sources import Sources

_NO_LIFE = (SourceHeartbeat, SurveyAnswered, SurveySent, SaleClosed)


class Replay:
    """Events in, in any order; records out at the end."""

    def __init__(self, settings: Settings) -> None:
        self.definitions = Definitions(settings)
        self.book = Book(policies_of(settings), WHOLE_MS)
        self.outcomes: Counter[str] = Counter()
        self._entities: dict[tuple[str, str, str], Entity[Any, Any]] = {}
        self._sources = Sources()
        self._first, self._last = NEVER, -1

    def add(self, event: Event) -> None:
        """Take one event."""
        at = event.occurred_at
        if at < self._first:
            self._first = at
        if at > self._last:
            self._last = at
        self._sources.see(event.source, at)
        fact: Any
        if isinstance(event, _NO_LIFE):
            return
        if isinstance(event, AgentEvent):
            key, life, fact = (event.tenant, "", event.agent_id), AGENT, snapshot(event)
        else:
            channel, contact_id = event.channel or "", event.contact_id or ""
            key = (event.tenant, channel, contact_id)
            if channel == "ticket":
                if isinstance(event, FollowupCompleted):  # not part of the ticket's life
                    return
                life, fact = TICKET, ticket_fact(event)
            else:
                life, fact = CONTACT, contact_fact(event)
        kept = self._entities.get(key)
        if kept is None:
            kept = self._entities[key] = Entity(None, life.blank(), [], -1)
        self.outcomes[entity.add(life, kept, fact, at, self.book.open(key[0], key[1]))] += 1

    def records(self) -> list[Record]:
        """Close the books at `as_of`, the largest time seen; one record a (tenant, queue, channel)."""
        oldest: defaultdict[Place, dict[int, int]] = defaultdict(dict)
        for (tenant, channel, _), kept in self._entities.items():
            life = TICKET if channel == "ticket" else CONTACT if channel else AGENT
            book = self.book.open(tenant, channel)
            entity.settle(life, kept, self._last, book)
            stands = life.since(kept.state)
            if stands is not None:
                queue, level, start = stands
                for place in ((tenant, queue, channel), (tenant, ALL, channel)):
                    known = oldest[place].get(level, NEVER)
                    oldest[place][level] = min(known, start)
        sums = self._sums()
        span = (min(self._first, self._last), self._last)
        watermark = self._sources.watermark()
        return [
            replay_record(place, sums[place], oldest[place], span, watermark, self.definitions)
            for place in sorted(sums)
        ]

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
        for place, values in sums.items():
            values.update(agents.get(place, {}))
        return sums
