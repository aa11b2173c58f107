"""Layer 2: since when entities stand in each level of a unit, so that the oldest is known.

In: what entities stand in, before and after a change. Out: the starts in order, and which levels'
have changed. Cost: eight bytes a start, and a look-up by halves for each change.
"""

from array import array
from bisect import bisect_left, insort
from collections import defaultdict

from streams.contract.words import QueueKey
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.packed import Entries

#: (tenant, queue, channel) and a level.
Place = tuple[QueueKey, int]


class Oldest:
    """The starts (ms) of what stands in a level, by place."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.starts: dict[Place, array[int]] = defaultdict(lambda: array("q"))
        self.changed: set[Place] = set()

    def load(self, entries: Entries) -> None:
        """An entity of the changelog; `loaded` comes after the last."""
        for place, at in self._shown(entries).items():
            self.starts[place].append(at)
            self.changed.add(place)

    def loaded(self) -> None:
        """Every entity was given."""
        for place, starts in self.starts.items():
            self.starts[place] = array("q", sorted(starts))

    def move(self, old: Entries, new: Entries) -> None:
        """An entity that stood in `old` stands in `new`."""
        was, stands = self._shown(old), self._shown(new)
        for place, at in was.items():
            starts = self.starts[place]
            del starts[bisect_left(starts, at)]
            self.changed.add(place)
        for place, at in stands.items():
            insort(self.starts[place], at)
            self.changed.add(place)

    def _shown(self, entries: Entries) -> dict[Place, int]:
        """Where an entity stands and since when, by what it is shown in: in each at most once."""
        # Under the name that the figures are under: one that is a look-up beyond a limit now was
        # one when the entity came to stand there.
        return {
            (queue_key, level): at
            for tenant, queue, channel, level, at in entries
            for queue_key in self._ledger.shown_in(tenant, queue, channel, level)
        }
