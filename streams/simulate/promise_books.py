"""What was really promised of the tickets of one simulated queue, and what became of it.

In: calls from the desk at the instant something is asked for, done, agreed upon or put aside. Out:
promises kept, broken and withdrawn, and those that are open, in the words of the records.
Invariant: as in `truth.py`: nothing here looks at an event or at the engine. Each promise is
decided once: what was due before the instant of a call was broken then, whatever the call says.
The queue has no calendar: all times are by the clock on the wall, in ms.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

METRICS = ("first_response", "next_response", "resolution")
PRIORITIES = ("urgent", "high", "normal", "low", "other")
DECIDED = ("met", "breached", "withdrawn")
#: Hears of a ticket's broken promise, and when that was due (ms).
Broken = Callable[[str, int], None]
STOCKS = ("running", "paused", "breached_open")


class Promise:
    """One promise that is open. `due_ms` None: it stands still, with `left_ms` to go."""

    __slots__ = ("agreed", "broken", "cancelled", "due_ms", "left_ms", "priority")

    def __init__(self, priority: str, due_ms: int, agreed: bool) -> None:
        self.priority = priority
        self.due_ms: int | None = due_ms
        self.left_ms = 0
        self.agreed = agreed
        """With this customer; it goes on whatever the ticket waits for."""
        self.broken = self.cancelled = False

    @property
    def stock(self) -> str | None:
        """Among which of the open ones it counts; None: among none."""
        if self.broken:
            return None if self.cancelled else "breached_open"
        return "paused" if self.due_ms is None else "running"


class PromiseBooks:
    """Promises by ticket and metric. `kinds`: whether a ticket is a complaint by now."""

    __slots__ = ("_broken", "_counts", "_kinds", "_open", "_sla")

    def __init__(
        self, sla: Mapping[str, Mapping[str, int]], kinds: Mapping[str, bool], broken: Broken
    ) -> None:
        self._sla = sla
        self._broken = broken
        self._kinds = kinds
        self._open: dict[str, dict[str, Promise]] = {}
        # By (whether of a complaint, metric, what became of it, priority).
        self._counts: Counter[tuple[bool, str, str, str]] = Counter()

    def ask(self, ref: str, metric: str, priority: str, at_ms: int) -> None:
        """Something is asked for, and promised if the queue says so for the priority."""
        seconds = self._sla.get(metric, {}).get(priority)
        promises = self._of(ref, at_ms)
        if seconds is not None and metric not in promises:
            promises[metric] = Promise(priority, at_ms + seconds * 1000, False)

    def fulfil(self, ref: str, metric: str, at_ms: int) -> None:
        """It is done."""
        self._end(ref, metric, "met", at_ms)

    def agree(self, ref: str, metric: str, priority: str, due_ms: int, at_ms: int) -> None:
        """The customer is told another due time, later than now."""
        promises = self._of(ref, at_ms)
        promise = promises.get(metric)
        if promise is None:
            promises[metric] = Promise(priority, due_ms, True)
        elif not promise.broken:
            promise.due_ms, promise.agreed = due_ms, True

    def cancel(self, ref: str, metric: str, at_ms: int) -> None:
        """Nobody holds us to it any more: what was broken stays so, and nothing is open."""
        promise = self._of(ref, at_ms).get(metric)
        if promise is not None and promise.broken:
            promise.cancelled = True
        else:
            self._end(ref, metric, "withdrawn", at_ms)

    def put_aside(self, ref: str, at_ms: int) -> None:
        """The ticket waits for the customer: so does its resolution, unless that was agreed."""
        promise = self._of(ref, at_ms).get("resolution")
        if promise is None or promise.broken or promise.agreed:
            return
        # One that is due this very instant is put aside in vain.
        if promise.due_ms is not None and promise.due_ms > at_ms:
            promise.left_ms, promise.due_ms = promise.due_ms - at_ms, None

    def take_up(self, ref: str, at_ms: int) -> None:
        """The customer has answered."""
        promise = self._of(ref, at_ms).get("resolution")
        if promise is not None and not promise.broken and promise.due_ms is None:
            promise.due_ms = at_ms + promise.left_ms

    def look(self, ref: str, at_ms: int) -> None:
        """What was due before `at_ms`, and is not done, was promised in vain."""
        for metric, promise in self._open.get(ref, {}).items():
            if not promise.broken and promise.due_ms is not None and promise.due_ms < at_ms:
                promise.broken = True
                self._count(ref, metric, "breached", promise)
                self._broken(ref, promise.due_ms)

    def _of(self, ref: str, at_ms: int) -> dict[str, Promise]:
        self.look(ref, at_ms)
        return self._open.setdefault(ref, {})

    def _end(self, ref: str, metric: str, how: str, at_ms: int) -> None:
        promises = self._of(ref, at_ms)
        promise = promises.pop(metric, None)
        if promise is not None and not promise.broken:
            self._count(ref, metric, how, promise)
        if not promises:
            del self._open[ref]

    def _count(self, ref: str, metric: str, how: str, promise: Promise) -> None:
        self._counts[self._kinds[ref], metric, how, promise.priority] += 1

    def as_json(self, at_ms: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parts `sla` of all tickets, and of complaints alone, as of `at_ms`."""
        for ref in self._open:
            self.look(ref, at_ms)
        counts = self._counts

        def told(metric: str, how: str, kinds: tuple[bool, ...]) -> dict[str, int]:
            return {
                priority: sum(counts[kind, metric, how, priority] for kind in kinds)
                for priority in PRIORITIES
            }

        ours: dict[str, Any] = {}
        complaints: dict[str, Any] = {}
        for metric in METRICS:
            by_priority = {how: told(metric, how, (False, True)) for how in DECIDED}
            ours[metric] = {how: sum(many.values()) for how, many in by_priority.items()}
            for how in ("met", "breached"):
                ours[metric][f"{how}_by_priority"] = by_priority[how]
            complaints[metric] = {how: sum(told(metric, how, (True,)).values()) for how in DECIDED}
        return ours, complaints

    def live(self, at_ms: int) -> dict[str, Any]:
        """The promises that are open at `at_ms`, and when the next of them is due."""
        clocks = {metric: dict.fromkeys(STOCKS, 0) for metric in METRICS}
        due = []
        for ref, promises in self._open.items():
            self.look(ref, at_ms)
            for metric, promise in promises.items():
                if promise.stock is not None:
                    clocks[metric][promise.stock] += 1
                if promise.due_ms is not None and not promise.broken:
                    due.append(promise.due_ms)
        return {"sla": clocks, "next_due_at": min(due, default=None)}
