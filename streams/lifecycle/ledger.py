"""Stage 2: where contributions are written down.

A `Page` is one (tenant, queue, channel): its rules and the contributions that are not yet
collected, as `{pane: {counter: amount}}`. A `Book` finds the pages of the entity being folded and
carries the sign: +1 books, -1 takes the same contributions back (a refold), 0 folds without a
trace. Cost: a dict look-up a pane, one a counter.
"""

from collections import Counter, defaultdict

from streams.lifecycle.rules import Policies, QueuePolicy

#: Width of a base pane, ms. Levels cannot be cut inside a pane.
PANE_MS = 10_000
#: One pane for everything: what a replay of a whole file uses.
WHOLE_MS = 1 << 62
ALL = "_all"
OTHER = "_other"

Cell = defaultdict[int, int]


def _cell() -> Cell:
    return defaultdict(int)


class Page:
    """The open contributions of one (tenant, queue, channel)."""

    __slots__ = ("channel", "panes", "policy", "queue", "tenant", "used")

    def __init__(self, tenant: str, queue: str, channel: str, policy: QueuePolicy) -> None:
        self.tenant, self.queue, self.channel = tenant, queue, channel
        self.policy = policy
        self.panes: defaultdict[int, Cell] = defaultdict(_cell)
        self.used = False


class Book:
    """All pages of one unit, and the entity at hand.

    `width` is the pane's width in ms. `anomalies` counts, by kind, legal events that found an
    unexpected state; like every contribution it is taken back when a refold explains it.
    `overflowed` counts, by channel, look-ups of queues beyond the limit, which went to `_other`.
    """

    __slots__ = (
        "_desk",
        "_scratch",
        "_shelf",
        "_tenants",
        "anomalies",
        "channel",
        "overflowed",
        "pages",
        "policies",
        "sign",
        "tenant",
        "width",
    )

    def __init__(self, policies: Policies, width: int = PANE_MS) -> None:
        self.policies = policies
        self.width = width
        self.sign = 1
        self.tenant = self.channel = ""
        self.pages: dict[tuple[str, str, str], Page] = {}
        self.anomalies: Counter[str] = Counter()
        self.overflowed: Counter[str] = Counter()
        self._shelf: dict[tuple[str, str], dict[str, Page]] = {}
        self._desk: dict[str, Page] = {}
        self._tenants: dict[str, set[str]] = defaultdict(set)
        self._scratch = _cell()
        for tenant, queue, channel in policies.queues:
            self._tenants[tenant].add(queue)
            self.open(tenant, channel).page(queue)

    def open(self, tenant: str, channel: str) -> "Book":
        """From now on `page` and `cell` speak of this tenant and channel."""
        desk = self._shelf.get((tenant, channel))
        if desk is None:
            desk = self._shelf[tenant, channel] = {}
        self._desk, self.tenant, self.channel = desk, tenant, channel
        return self

    def page(self, queue: str) -> Page:
        """The queue's page; `_other`'s when the tenant has too many queues (a safety valve)."""
        page = self._desk.get(queue)
        return page if page is not None else self._new_page(queue)

    def policy(self, queue: str, entered_at: int) -> QueuePolicy:
        """The rules for a visit to a queue of the entity's tenant and channel that began then."""
        policy = self.page(queue).policy
        return policy.at(entered_at) if policy.later else policy

    def rule(self) -> None:
        """Take every page's rules anew from `policies`."""
        for key, page in self.pages.items():
            page.policy = self.policies.of(*key)

    def cell(self, queue: str, at: int) -> Cell:
        """The contributions of the pane that holds `at` (ms)."""
        if not self.sign:
            return self._scratch
        page = self._desk.get(queue)
        if page is None:
            page = self._new_page(queue)
        return page.panes[at - at % self.width]

    def level(self, queue: str, at: int, level: int, change: int) -> None:
        """A level of the queue changes by `change` at `at` (ms)."""
        cell = self.cell(queue, at)
        amount = self.sign * change
        cell[level] += amount
        cell[level + 1] += amount * (at % self.width)

    def anomaly(self, kind: str) -> None:
        """Count a legal event that found an unexpected state."""
        self.anomalies[kind] += self.sign

    def _new_page(self, queue: str) -> Page:
        known = self._tenants[self.tenant]
        if queue not in known and queue not in (ALL, OTHER):
            if len(known) >= self.policies.max_queues:
                self.overflowed[self.channel] += 1
                return self.page(OTHER)
            known.add(queue)
        key = (self.tenant, queue, self.channel)
        page = Page(*key, self.policies.of(*key))
        self.pages[key] = self._desk[queue] = page
        return page
