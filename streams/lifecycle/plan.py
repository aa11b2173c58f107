"""Layer 2: the events of one entity while they are put in order by meaning.

In: its facts, sorted. Out: the same in the order in which they take effect, each at its effective
time; `spans` says which hang together. Which event waits for which, and who leaves before whom, is
the business of `contact_order.py` and `ticket.py`; here is how places are changed. Cost: a copy of
the list, and a walk over what lies within grace.
"""

from typing import Any

import msgspec

from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger


class Plan:
    """The facts of one entity while they are put in order.

    `own`: the own times (ms) of those that were moved, by identity; `pulled`: those that were
    pulled forward; `laps`: entries after a flow-out that has no effect. `spans`: (from, to) in own
    times of every choice that was made: the events of one span must be folded together.
    """

    __slots__ = ("_made", "grace", "laps", "ledger", "own", "pulled", "spans", "todo")

    def __init__(
        self, facts: Any, grace: int, ledger: Ledger, spans: list[tuple[int, int]] | None
    ) -> None:
        self.todo: list[Fact] = list(facts)
        self.grace = grace
        self.ledger = ledger
        self.own: dict[int, int] = {}
        self.pulled: set[int] = set()
        self.laps: set[int] = set()
        # Whose identity is asked for must stay: another object would get the number of one that
        # is gone. The facts themselves stay with who gave them.
        self._made: list[Fact] = []
        self.spans = [] if spans is None else spans

    def own_time(self, fact: Fact) -> int:
        """When the event itself says it was, ms."""
        return self.own.get(id(fact), fact.at)

    def first(self, index: int, until: int, ranks: frozenset[int], queue: str | None) -> int | None:
        """The place of the first event after `index`, not after `until`, of these ranks there."""
        todo = self.todo
        for place in range(index + 1, len(todo)):
            fact = todo[place]
            if fact.at > until:
                return None
            if fact.rank in ranks and fits(fact.queue, queue):
                return place
        return None

    def move_behind(self, index: int, place: int) -> None:
        """The event at `index` takes effect right after the one at `place`, at that one's time."""
        todo = self.todo
        fact, bringer = todo[index], todo[place]
        own = self.own_time(fact)
        self.spans.append((own, self.own_time(bringer)))
        behind = place + 1
        while behind < len(todo) and id(todo[behind]) in self.own:
            behind += 1
        if fact.at != bringer.at:
            self.ledger.anomaly("clamped", fact)
        moved = self._at(fact, bringer.at)
        self.own[id(moved)] = own
        todo.insert(behind, moved)
        del todo[index]

    def _at(self, fact: Fact, at: int) -> Fact:
        """The fact as one that takes effect at `at` (ms)."""
        made = msgspec.structs.replace(fact, at=at)
        self._made.append(made)
        return made

    def pull(self, index: int, place: int) -> None:
        """The event at `place` takes effect right before the one at `index`, at its time."""
        todo = self.todo
        comer, leaver = todo[index], todo.pop(place)
        self.spans.append((self.own_time(comer), self.own_time(leaver)))
        if leaver.at != comer.at:
            self.ledger.anomaly("clamped", leaver)
        pulled = self._at(leaver, comer.at)
        self.own[id(pulled)] = self.own_time(leaver)
        self.pulled.add(id(pulled))
        todo.insert(index, pulled)

    def pass_over(self, index: int, entry: int) -> None:
        """A flow-out has no effect, for an entry follows that brings the contact back."""
        todo = self.todo
        self.spans.append((self.own_time(todo[index]), self.own_time(todo[entry])))
        self.laps.add(id(todo[entry]))
        del todo[index]


def fits(one: str | None, other: str | None) -> bool:
    """Whether two names can be the same: equal, or one is not told."""
    return one is None or other is None or one == other
