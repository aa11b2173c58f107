"""Layer 3: what was booked, until it is older than grace: the counters of `/metrics`.

In: changes of panes, as they are booked. Out: per queue, the sums of panes that ended more than
grace ago. Within grace a later event may still show that something was read wrongly, and a counter
must not go up and down again. What comes later than that goes out at once, and is a correction
where it is negative. Cost: one addition a changed counter.
"""

from collections import defaultdict
from collections.abc import Mapping

from streams.contract.words import QueueKey

Sums = dict[int, int]


class Held:
    """Changes by pane, until `until` has passed it; times in ms."""

    def __init__(self, width: int, grace: int) -> None:
        self._width, self._grace = width, grace
        self._panes: defaultdict[int, dict[QueueKey, Sums]] = defaultdict(dict)

    def add(self, queue_key: QueueKey, pane: int, changes: Mapping[int, int]) -> None:
        """Changes of the pane that begins at `pane`."""
        of_pane = self._panes[pane]
        sums = of_pane.get(queue_key)
        if sums is None:
            of_pane[queue_key] = dict(changes)
            return
        for counter, change in changes.items():
            if change:
                sums[counter] = sums.get(counter, 0) + change

    def restore(self, queue_key: QueueKey, pane: int, sums: Mapping[int, int], now: int) -> None:
        """A pane's sums as they were stored: those that nobody was shown yet, at `now`."""
        if not self._is_over(pane, now):
            self.add(queue_key, pane, sums)

    def take(self, now: int) -> list[tuple[QueueKey, Sums]]:
        """What is older than grace at `now`."""
        over = sorted(pane for pane in self._panes if self._is_over(pane, now))
        return [taken for pane in over for taken in self._panes.pop(pane).items()]

    def _is_over(self, pane: int, now: int) -> bool:
        return pane + self._width + self._grace <= now
