"""Layer 2: when which entity of a unit is to be looked at by itself.

In: (time in ms, key). Out: the keys whose time has come, in order. What is far ahead is kept by the
hour, as a key alone: tickets wait for months, and are many. Invariant: an entry says when to look,
not that anything is due; it may be out of date. Cost: a heap's; 9 bytes for what is far ahead.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from streams.contract.words import HOUR_MS


class Wakes:
    """The times of one unit."""

    def __init__(self) -> None:
        self._soon: list[tuple[int, str]] = []
        self._hours: defaultdict[int, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._soon) + sum(map(len, self._hours.values()))

    def add(self, wake: int, key: str) -> None:
        """Look at `key` once `wake` (ms) is over."""
        heappush(self._soon, (wake, key))

    def add_far(self, wake: int, key: str) -> None:
        """The same, of one whose time will be asked for when its hour has come."""
        self._hours[wake // HOUR_MS].append(key)

    def pop(self, now: int, wake_of: Callable[[str], int]) -> Iterator[tuple[int, str]]:
        """The entries before `now` (ms), in order; more may be added meanwhile.

        `wake_of` tells the time of a key that was far ahead.
        """
        soon = self._soon
        for hour in sorted(hour for hour in self._hours if hour * HOUR_MS < now):
            for key in dict.fromkeys(self._hours.pop(hour)):  # each once, in their order
                wake = wake_of(key)
                if wake // HOUR_MS == hour:  # else it is listed elsewhere
                    heappush(soon, (wake, key))
        while soon and soon[0][0] < now:
            yield heappop(soon)
