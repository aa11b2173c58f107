"""What the stages tell the metrics exporter, once their transactions are durable.

Written on the event loop, read by the exporter's thread: counters only grow, and what is made of
several numbers is replaced whole, never changed in place. A unit that is released takes its gauges
with it; counters stay.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from streams.contract.records import KpiRecord
from streams.contract.words import INPUT_TOPICS, TOPIC_OF_CHANNEL, QueueKey
from streams.faustkit.stats import Histogram
from streams.lifecycle import counters as c
from streams.metrics.catalogue import BOOKED
from streams.metrics.stream_catalogue import DELAY_BUCKETS
from streams.metrics.visit_catalogue import ABANDONED_QUEUED
from streams.windows.intake import Intake, IntakeTurn
from streams.windows.queues import Queues

#: What is counted at its first booking, of the catalogue: numbers; sums of milliseconds, each with
#: the counts beside it; and histograms.
COUNTS: Final = frozenset(
    number
    for metric in BOOKED
    if metric.type == "counter" and not metric.is_seconds
    for number in metric.booked.values()
)
SUMS: Final = {
    number: metric.beside[values]
    for metric in BOOKED
    if metric.is_seconds
    for values, number in metric.booked.items()
}
HISTOGRAMS: Final = tuple(
    (first, len(metric.buckets) + 1, metric.sums[values])
    for metric in BOOKED
    if metric.buckets
    for values, first in metric.booked.items()
)
_SUM_OF_BUCKET: Final = {
    number: total
    for first, buckets, total in HISTOGRAMS
    for number in range(first, first + buckets)
}


class IntakeMeter:
    """Counters of all intake units of this process, and where each of them stands."""

    def __init__(self) -> None:
        #: First bookings by queue; the inner dictionaries are never changed, only replaced.
        self.booked: dict[QueueKey, Mapping[int, int]] = {}
        self.corrections: Counter[QueueKey] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[str] = Counter()
        #: Anomalies by kind: the most there were at once, for a refold takes back what it explains.
        self.anomalies: Counter[str] = Counter()
        self._standing: Counter[str] = Counter()
        #: Anomalies that are in the sample, and that were left off.
        self.samples: Counter[str] = Counter()
        self.effective = 0
        #: Seconds from an event to its commit, by topic: one sample a slice of records.
        self.delays: dict[str, Histogram] = {
            topic: Histogram(DELAY_BUCKETS) for topic in INPUT_TOPICS
        }
        self.watermarks: dict[int, int] = {}
        self.sources: dict[int, dict[str, int]] = {}
        self._owners: dict[int, Intake] = {}
        self._overflowed: dict[int, Counter[str]] = {}
        #: How often a name was beyond a limit, by the limit's name.
        self.over_limit: Counter[str] = Counter()
        self._over_limit: dict[int, Counter[str]] = {}

    def add(
        self,
        partition: int,
        intake: Intake,
        turned: IntakeTurn | None,
        results: Mapping[tuple[str, str], int],
        reasons: Mapping[str, int],
        delays: Iterable[tuple[str, int]],
    ) -> None:
        """Count one committed turn.

        `results`: records by (topic, result), repeated ones still as `ok`; `delays`: (topic, ms).
        """
        for reason, n in reasons.items():
            self.reasons[reason] += n
        for topic, delay in delays:
            self.delays[topic].add(max(0, delay) / 1_000)
        if self._owners.get(partition) is not intake:
            self._owners[partition] = intake
            self._overflowed[partition] = Counter()
            self._over_limit[partition] = Counter()
        self.watermarks[partition] = intake.now
        self.sources[partition] = intake.last_seen()
        before, now = self._over_limit[partition], intake.over_limit()
        self._over_limit[partition] = now
        for limit, n in (now - before).items():
            self.over_limit[limit] += n
        changes = Counter(results) + self._overflow(partition, intake)
        if turned is not None:
            for (topic, _), n in turned.tally.events.items():
                changes[topic, "ok"] -= n
                changes[topic, "duplicate"] += n
            for kind, n in turned.tally.anomalies.items():
                self._standing[kind] += n
                self.anomalies[kind] = max(self.anomalies[kind], self._standing[kind])
            self.effective += turned.tally.effective
            self.samples["written"] += len(turned.tally.samples)
            self.samples["left_off"] += turned.tally.left_off
            for queue_key, booked in turned.tally.booked:
                self.book(queue_key, booked)
        # Only now, each in one step: another thread must never see a counter fall.
        for key, n in changes.items():
            self.events[key] += n

    def _overflow(self, partition: int, intake: Intake) -> Counter[tuple[str, str]]:
        """Look-ups of queues beyond the limit since the last turn, by their channel's topic."""
        before, now = self._overflowed[partition], intake.ledger.overflowed
        self._overflowed[partition] = now.copy()
        return Counter(
            {(TOPIC_OF_CHANNEL[ch], "unknown_queue"): n for ch, n in (now - before).items()}
        )

    def book(self, queue_key: QueueKey, booked: Mapping[int, int]) -> None:
        """Changes by number: first bookings only ever grow; what is taken back is a correction."""
        changes = dict(booked)
        queued = booked.get(c.ABANDONED, 0) - booked.get(c.SHORT_ABANDONED, 0)
        changes[ABANDONED_QUEUED] = queued
        grown: dict[int, int] = {}
        buckets: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for number, change in changes.items():
            if number in _SUM_OF_BUCKET:
                buckets[_SUM_OF_BUCKET[number]][number] = change
            elif number in COUNTS:
                if change > 0:
                    grown[number] = change
                elif change < 0:
                    self.corrections[queue_key] -= change
            elif number in SUMS and change > 0:
                counts = SUMS[number]
                # Longer, but nothing more of it: a correction.
                if not counts or any(changes.get(count, 0) > 0 for count in counts):
                    grown[number] = change
        for total, moved in buckets.items():
            found = _first_observations(moved)
            if found:
                grown |= found
                grown[total] = max(0, changes.get(total, 0))
        if grown:
            before = self.booked.get(queue_key, {})
            after = {number: before.get(number, 0) + n for number, n in grown.items()}
            self.booked[queue_key] = {**before, **after}

    def forget(self, partition: int, intake: Intake) -> None:
        """A unit was released; one that took its place meanwhile is left alone."""
        if self._owners.get(partition) is intake:
            del self._owners[partition]
            self._overflowed.pop(partition, None)
            self._over_limit.pop(partition, None)
            self.watermarks.pop(partition, None)
            self.sources.pop(partition, None)


def _first_observations(changes: Mapping[int, int]) -> dict[int, int]:
    """The growth of a histogram's buckets: one that moved to another bucket is not a new one."""
    moved = -sum(n for n in changes.values() if n < 0)
    grown: dict[int, int] = {}
    for number, change in sorted(changes.items()):
        if change > 0:
            known = min(change, moved)
            moved -= known
            if change > known:
                grown[number] = change - known
    return grown


class QueueMeter:
    """The newest committed KPI records of the queues this process owns."""

    def __init__(self) -> None:
        #: By partition number; the inner dictionaries are never changed, only replaced.
        self.records: dict[int, dict[QueueKey, KpiRecord]] = {}
        self.as_of: dict[int, int] = {}
        self.rejected = 0
        self._owners: dict[int, Queues] = {}

    def show(self, partition: int, queues: Queues, fresh: dict[QueueKey, KpiRecord]) -> None:
        """Records of a committed turn replace older ones."""
        if self._owners.get(partition) is not queues:
            self._owners[partition] = queues
            self.records[partition] = {}
        self.as_of[partition] = queues.as_of
        if fresh:
            self.records[partition] = self.records[partition] | fresh

    def reject(self) -> None:
        """A record that is no batch of cells."""
        self.rejected += 1

    def forget(self, partition: int, queues: Queues) -> None:
        """A unit was released: its queues are no longer shown, unless it has a successor here."""
        if self._owners.get(partition) is queues:
            del self._owners[partition]
            self.records.pop(partition, None)
            self.as_of.pop(partition, None)
