"""The clock of the simulated centre: a heap of due actions, and the events they emit.

In: actions with a delay. Out: event dictionaries exactly as the contract says, in time order.
Invariant: nothing reads a wall clock and every random number comes from the one seeded generator,
so the same seed and start give the same bytes. Cost: one heap push and pop an action.
"""

import hmac
from collections.abc import Callable
from heapq import heappop, heappush
from math import log
from random import Random
from typing import Any

Event = dict[str, Any]
Action = Callable[..., None]


class Kernel:
    """Simulated time, scheduling and the outgoing events of the current millisecond."""

    __slots__ = (
        *("_count", "_customer_key", "_heap", "_in_ms", "_serial"),
        *("events", "now_ms", "rng", "run", "tenant"),
    )

    def __init__(self, tenant: str, seed: int, run: str, rng: Random, start_ms: int) -> None:
        self.tenant = tenant
        self.run = run
        self.rng = rng
        #: A customer is the same one in every run of the seed.
        self._customer_key = f"{tenant}/{seed}".encode()
        self.now_ms = start_ms
        self.events: list[Event] = []
        self._heap: list[tuple[int, int, Action, tuple[Any, ...]]] = []
        self._count = 0
        self._serial = 0
        self._in_ms: dict[str, int] = {}

    def after(self, seconds: float, action: Action, *args: Any) -> None:
        """`action(*args)` runs `seconds` from now, rounded to a millisecond, never earlier."""
        self.at(self.now_ms + max(0, round(seconds * 1000)), action, *args)

    def at(self, when_ms: int, action: Action, *args: Any) -> None:
        """`action(*args)` runs at that time (ms), after what is due then already."""
        self._count += 1
        heappush(self._heap, (when_ms, self._count, action, args))

    def next_ms(self) -> int | None:
        """When the next action is due, or None when nothing will ever happen again."""
        return self._heap[0][0] if self._heap else None

    def advance(self) -> None:
        """All actions of the next due millisecond have run, those they added to it included."""
        now = self._heap[0][0]
        self.now_ms = now
        self._in_ms.clear()
        while self._heap and self._heap[0][0] == now:
            _, _, action, args = heappop(self._heap)
            action(*args)

    def emit(self, source: str, event_type: str, entity: str, /, **fields: Any) -> None:
        """One event of `source` at the present millisecond.

        `entity` is the contact or agent id: events of one entity within one millisecond get
        ascending `seq`. Fields that are None are left out.
        """
        self._serial += 1
        event: Event = {
            "event_id": f"{self.run}-{self._serial}",
            "type": event_type,
            "occurred_at": self.now_ms,
            "source": source,
            "tenant": self.tenant,
        }
        event.update((name, value) for name, value in fields.items() if value is not None)
        seq = self._in_ms.get(entity, 0)
        self._in_ms[entity] = seq + 1
        if seq:
            event["seq"] = seq
        self.events.append(event)

    def customer(self, number: int) -> str:
        """The customer of this number, as sources name one: by a keyed hash."""
        return hmac.digest(self._customer_key, b"%d" % number, "sha256").hex()

    def chance(self, ratio: float) -> bool:
        """True in that share (0-1) of all calls; draws nothing for 0."""
        return ratio > 0 and self.rng.random() < ratio

    def exponential(self, mean_seconds: float) -> float:
        """An exponential time with the given mean, in seconds."""
        return -mean_seconds * log(1.0 - self.rng.random())

    def lognormal(self, mean_seconds: float, sigma: float = 0.6) -> float:
        """A lognormal time with the given mean (not median)."""
        return self.rng.lognormvariate(log(mean_seconds) - sigma * sigma / 2, sigma)
