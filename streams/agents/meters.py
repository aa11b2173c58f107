"""What the stages tell the metrics exporter, once their transactions are durable.

Written on the event loop, read by the exporter's thread: counters only grow, snapshots are replaced
whole. A unit that is released takes its gauges with it; counters stay.
"""

from collections import Counter, defaultdict
from typing import Any

from streams.lifecycle import counters as c
from streams.windows.intake import Intake, IntakeTurn
from streams.windows.queues import Place, Queues

#: Delay buckets are the exporter's; here only the newest samples are kept until it takes them.
_MAX_DELAYS = 10_000


class IntakeMeter:
    """Counters of all intake units of this process."""

    def __init__(self) -> None:
        self.booked: defaultdict[Place, Counter[int]] = defaultdict(Counter)
        self.corrections: Counter[Place] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[str] = Counter()
        self.anomalies: Counter[str] = Counter()
        self.delays: list[tuple[str, int]] = []
        self.watermarks: dict[int, int] = {}
        self.sources: dict[int, dict[str, int]] = {}

    def add(
        self,
        partition: int,
        intake: Intake,
        turned: IntakeTurn | None,
        results: Counter[tuple[str, str]],
        reasons: Counter[str],
        delays: list[tuple[str, int]],
    ) -> None:
        """Count one committed turn; `delays`: (topic, ms) samples."""
        self.events += results
        self.reasons += reasons
        if len(self.delays) < _MAX_DELAYS:
            self.delays = self.delays + delays
        self.watermarks[partition] = intake.now
        self.sources[partition] = intake.last_seen()
        if turned is None:
            return
        for (topic, result), n in turned.tally.events.items():
            self.events[topic, "ok" if result == "ok" else "duplicate"] += n
        for kind, n in turned.tally.anomalies.items():
            self.anomalies[kind] += max(0, n)
        for place, booked in turned.tally.booked:
            self._book(place, booked)

    def _book(self, place: Place, booked: dict[int, int]) -> None:
        """First bookings only ever grow; what a late event takes back is a correction."""
        into = self.booked[place]
        for counter, amount in booked.items():
            if c.VISIT_LEVELS[0] <= counter < c.AGENT_END:
                continue
            if amount > 0:
                into[counter] += amount
            elif counter < c.ANSWERED_WAIT:
                self.corrections[place] -= amount

    def forget(self, partition: int) -> None:
        """A unit was released."""
        self.watermarks.pop(partition, None)
        self.sources.pop(partition, None)


class QueueMeter:
    """The newest committed KPI records of the queues this process owns."""

    def __init__(self) -> None:
        self.records: dict[int, dict[Place, dict[str, Any]]] = {}
        self.as_of: dict[int, int] = {}
        self.rejected = 0

    def show(self, partition: int, unit: Queues, fresh: dict[Place, dict[str, Any]]) -> None:
        """Records of a committed turn replace older ones."""
        self.as_of[partition] = unit.as_of
        if fresh or partition not in self.records:
            self.records[partition] = self.records.get(partition, {}) | fresh

    def reject(self) -> None:
        """A record that is no batch of cells."""
        self.rejected += 1

    def forget(self, partition: int) -> None:
        """A unit was released: its queues are no longer shown here."""
        self.records.pop(partition, None)
        self.as_of.pop(partition, None)
