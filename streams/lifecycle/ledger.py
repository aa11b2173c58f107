"""Layer 2: where contributions are written down.

A `QueueEntry` is one (tenant, queue, channel): its rules and the contributions that are not yet
collected, as `{pane: {counter: amount}}`. A `Ledger` finds the entries of the entity being folded
and carries the sign: +1 books, -1 takes the same contributions back (a refold), 0 folds without
a trace. Cost: a dict look-up a pane, one a counter.

The sign is here so that one set of effects serves to book, to take back and to fold in silence:
they book `sign` x amount. Taking back by a fold with -1 needs no record of what an entity booked,
and leaves exactly zero, for all amounts are integers. Sign 0 is for a base that moves up: its facts
were booked when they came, and must not be booked again. `cell` then gives a scratch cell, because
even zeros would open panes (of years ago, for an old entity) that somebody has to keep and to
close; it is never read, and only zeros are added to it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from streams.contract.words import ALL, OTHER, QueueKey, SplitBy
from streams.lifecycle import splits
from streams.lifecycle.agent_cells import AgentCells
from streams.lifecycle.counters import MOMENT, is_of_agents
from streams.lifecycle.rules import Calendars, QueueRules, Rules

#: Width of a base pane, ms. Levels cannot be cut inside a pane.
PANE_MS = 10_000
#: One pane for everything: what a replay of a whole file uses.
WHOLE_MS = 1 << 62

Cell = defaultdict[int, int]
#: By tenant and customer: what contacts and tickets tell of him (`comings.Item`), and how often.
OfCustomers = defaultdict[tuple[str, bytes], dict[Any, int]]
#: (queue, channel, level, start in ms): an entity stands in a level of a queue since then. The
#: channel is empty where it is the entity's own.
Standing = tuple[str, str, int, int]
#: (tenant, queue, channel, first number of the block, by what it tells apart, value)
Name = tuple[str, str, str, int, SplitBy, str]


def _cell() -> Cell:
    return defaultdict(int)


class QueueEntry:
    """The open contributions of one (tenant, queue, channel)."""

    __slots__ = ("calendars", "channel", "known", "panes", "queue", "rules", "tenant", "used")

    def __init__(self, tenant: str, queue: str, channel: str, rules: QueueRules) -> None:
        self.tenant, self.queue, self.channel = tenant, queue, channel
        self.go_by(rules)
        self.panes: defaultdict[int, Cell] = defaultdict(_cell)
        #: The values that its figures are told apart by (`splits.py`), by the first number of each;
        #: whether this process has told its name.
        self.known: dict[int, bool] = {}
        self.used = False

    def go_by(self, rules: QueueRules) -> None:
        """The queue's rules through time; `calendars` follows from them."""
        self.rules = rules
        self.calendars = rules.calendars()


class Ledger:
    """All entries of one unit, and the entity at hand.

    `width` is the pane's width in ms. `anomalies` counts, by kind, legal events that found an
    unexpected state; like every contribution it is taken back when a refold explains it.
    `heard` is told of each, with its event. `overflowed` counts, by channel, look-ups of queues
    beyond a limit, which went to `_other`; `over_limit` all look-ups of names beyond one, by the
    limit's name. `least_limits` and `has_topics` are those of the rules. `told` are the names
    of values that figures are told apart by, as they are first booked since the process started:
    (tenant, queue, channel, first number, by what, value), of the queue and of its tenant's `_all`.
    `of_customers` is what was told of customers and is not yet collected, by the `contact` at hand;
    of an agent that is his id. `has_agents`: figures of single agents are wanted, in `agents`.
    """

    __slots__ = (
        "_by_scope",
        "_in_scope",
        "_scratch",
        "_tenants",
        "agents",
        "anomalies",
        "channel",
        "contact",
        "entries",
        "has_agents",
        "has_topics",
        "heard",
        "least_limits",
        "of_customers",
        "over_limit",
        "overflowed",
        "rules",
        "sign",
        "tenant",
        "told",
        "width",
    )

    def __init__(self, rules: Rules, width: int = PANE_MS) -> None:
        self.rules = rules
        self.least_limits = rules.least_limits()
        self.has_topics = rules.has_topics()
        self.has_agents = rules.has_agents
        self.agents = AgentCells(rules)
        self.width = width
        self.sign = 1
        self.tenant = self.channel = ""
        self.entries: dict[tuple[str, str, str], QueueEntry] = {}
        self.anomalies: Counter[str] = Counter()
        self.heard: Callable[[str, Any], object] | None = None
        self.overflowed: Counter[str] = Counter()
        self.over_limit: Counter[str] = Counter()
        self.told: list[Name] = []
        self.contact = ""
        self.of_customers: OfCustomers = defaultdict(dict)
        self._by_scope: dict[tuple[str, str], dict[str, QueueEntry]] = {}
        self._in_scope: dict[str, QueueEntry] = {}
        self._tenants: dict[str, set[str]] = {}
        self._scratch = _cell()
        for tenant, queue, channel in rules.queues:
            # What is configured has its place, whatever the limits.
            self._tenants.setdefault(tenant, set()).add(queue)
            self.select(tenant, channel)._add_entry(queue)

    def select(self, tenant: str, channel: str, contact: str | None = None) -> "Ledger":
        """From now on `entry` and `cell` speak of this tenant and channel, `tell` of the contact.

        Without one it goes on with the contact, or the agent, at hand. Of the tenant `_other`,
        where there are too many tenants (a safety valve).
        """
        scope = self._by_scope.get((tenant, channel))
        if scope is None:
            if tenant not in self._tenants and tenant != OTHER:
                if len(self._tenants) < self.rules.max_tenants:
                    self._tenants[tenant] = set()
                else:
                    self.over_limit["tenants"] += 1
                    tenant = OTHER
            scope = self._by_scope.setdefault((tenant, channel), {})
        self._in_scope, self.tenant, self.channel = scope, tenant, channel
        if contact is not None:
            self.contact = contact
        return self

    def entry(self, queue: str) -> QueueEntry:
        """The queue's entry; `_other`'s where there are too many queues (a safety valve)."""
        entry = self._in_scope.get(queue)
        return entry if entry is not None else self._new_entry(queue)

    def place(self, tenant: str, queue: str, channel: str) -> QueueKey:
        """Whose figures an event of this tenant, queue and channel is in."""
        entry = self.select(tenant, channel).entry(queue)
        return entry.tenant, entry.queue, entry.channel

    def shown_in(self, tenant: str, queue: str, channel: str, level: int) -> tuple[QueueKey, ...]:
        """Whose figures what stands in a level is in: the queue's, and those of its tenant's all.

        An agent stands in `_all` by itself.
        """
        place = self.place(tenant, queue, channel)
        if is_of_agents(level):
            return (place,)
        return place, (place[0], ALL, channel)

    def rules_for(self, queue: str, entered_at: int) -> QueueRules:
        """The rules for a visit to a queue of the entity's tenant and channel that began then."""
        rules = self.entry(queue).rules
        return rules.at(entered_at) if rules.later else rules

    def calendars(self, queue: str) -> Calendars:
        """The calendars of a queue through time; empty where it never has one."""
        return self.entry(queue).calendars

    def reload_rules(self) -> None:
        """Take every entry's rules again from `rules`."""
        self.least_limits = self.rules.least_limits()
        self.has_topics = self.rules.has_topics()
        for key, entry in self.entries.items():
            entry.go_by(self.rules.of(*key))

    def cell(self, queue: str, at: int) -> Cell:
        """The contributions of the pane that holds `at` (ms)."""
        if not self.sign:
            return self._scratch
        entry = self._in_scope.get(queue)
        if entry is None:
            entry = self._new_entry(queue)
        return entry.panes[at - at % self.width]

    def agent_cell(self, agent: str | None, at: int) -> Cell:
        """The agent's own contributions of the pane that holds `at` (ms); of nobody for None."""
        return self.named_cell(self.agents.name_of(self.tenant, agent), at)

    def named_cell(self, name: str, at: int) -> Cell:
        """The same for the name under which an agent is published."""
        if not self.sign:
            return self._scratch
        return self.agents.cell(self.tenant, name, at - at % self.width)

    def split(self, queue: str, at: int, by: SplitBy, value: str) -> tuple[Cell, int]:
        """The pane that holds `at` (ms), and the first number there of what is counted by `value`.

        Beyond a limit that of `_other` (a safety valve).
        """
        if not self.sign:
            return self._scratch, splits.SPLIT_BASE
        entry = self.entry(queue)
        first = splits.number_of(by, value)
        if not entry.known.get(first):
            first, value = self._know(entry, first, value)
            self._know(self.entry(ALL), first, value)
        return entry.panes[at - at % self.width], first

    def _know(self, entry: QueueEntry, first: int, value: str) -> tuple[int, str]:
        """Tell a value's name, once; the block and value that it counts under."""
        known_as = splits.known_as(first, entry.known)
        if known_as != first:
            self.over_limit["values"] += 1
            first, value = known_as, OTHER
        if not entry.known.get(first):
            entry.known[first] = True
            by = splits.by_of(first)
            self.told.append((entry.tenant, entry.queue, entry.channel, first, by, value))
        return first, value

    @staticmethod
    def add_to_all(into: Cell, counters: Mapping[int, int], known: Collection[int]) -> None:
        """Add a queue's counters to those of `_all`, of which the values `known` are known.

        Visits and tickets of a queue are its tenant's too; agents count there by themselves.
        """
        for number, amount in counters.items():
            if is_of_agents(number):
                continue
            if number < splits.SPLIT_BASE:
                into[number] += amount
            else:
                first = splits.block_of(number)
                into[splits.known_as(first, known) + number - first] += amount

    def tell(self, customer: bytes, item: Any, times: int = 1) -> None:
        """The entity tells something of its customer, to be taken back like what is booked."""
        if self.sign:
            items = self.of_customers[self.tenant, customer]
            items[item] = items.get(item, 0) + self.sign * times

    def level(self, queue: str, at: int, level: int, change: int) -> None:
        """A level of the queue changes by `change` at `at` (ms)."""
        cell = self.cell(queue, at)
        amount = self.sign * change
        cell[level] += amount
        cell[level + MOMENT] += amount * (at % self.width)

    def anomaly(self, kind: str, fact: Any = None) -> None:
        """Count, by its kind (`kinds.py`), a legal event that found an unexpected state.

        `fact` is that event; None where an age gave something up, or the event is not at hand.
        """
        self.anomalies[kind] += self.sign
        if self.heard is not None:
            self.heard(kind, fact)

    def _new_entry(self, queue: str) -> QueueEntry:
        if queue not in (ALL, OTHER):
            if self.tenant == OTHER:
                return self.entry(OTHER)
            known, rules = self._tenants[self.tenant], self.rules
            limit = ""
            if queue not in known and len(known) >= rules.max_queues:
                limit = "queues"
            elif len(self.entries) >= rules.max_all_queues:
                limit = "all_queues"
            if limit:
                self.over_limit[limit] += 1
                self.overflowed[self.channel] += 1
                return self.entry(OTHER)
            known.add(queue)
        return self._add_entry(queue)

    def _add_entry(self, queue: str) -> QueueEntry:
        key = (self.tenant, queue, self.channel)
        entry = QueueEntry(*key, self.rules.of(*key))
        self.entries[key] = self._in_scope[queue] = entry
        return entry
