"""Counters and gauges of the units, written by the event loop and read by any other thread.

Plain numbers behind plain attributes: a reader in another thread sees each one whole, though not
all of one instant. Objects live as long as the process, so counters never go backwards when a
partition leaves and comes back. Seconds are floats, wall times Unix seconds, offsets Kafka's.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

BUCKET_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REBALANCE_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCH_RECORDS = (1.0, 10.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0)


class Histogram:
    """Sizes: counts per bucket (not cumulative, the last is "more"), their sum, and the newest.

    `bounds` are inclusive, in the unit of what is added.
    """

    __slots__ = ("bounds", "buckets", "newest", "sum")

    def __init__(self, bounds: tuple[float, ...] = BUCKET_SECONDS) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.newest = 0.0

    def add(self, size: float) -> None:
        """Count one."""
        self.buckets[bisect_left(self.bounds, size)] += 1
        self.sum += size
        self.newest = size


@dataclass(slots=True)
class UnitStats:
    """One unit: one partition number of one stage, over all the times this process had it."""

    stage: str
    partition: int
    assigned: bool = False
    loaded: bool = False
    batches: int = 0
    records: int = 0
    skipped_replayed: int = 0
    turns: int = 0
    commits: int = 0
    written: int = 0
    fences: int = 0
    queued: int = 0
    commit: Histogram = field(default_factory=Histogram)  # seconds
    apply: Histogram = field(default_factory=Histogram)  # seconds
    transaction: Histogram = field(
        default_factory=lambda: Histogram(BATCH_RECORDS)
    )  # input records
    last_commit_at: float = 0.0
    last_turn_at: float = 0.0
    restore_remaining: int = 0
    restore_records: int = 0
    restore_seconds: float = 0.0
    # Each input topic is always there, with -1 as long as nothing is known.
    positions: dict[str, int] = field(default_factory=dict)
    end_offsets: dict[str, int] = field(default_factory=dict)

    def lag(self, topic: str) -> int:
        """Offsets of one input between the position and its last stable offset; 0 when unknown."""
        end, position = self.end_offsets[topic], self.positions[topic]
        return max(0, end - position - 1) if end >= 0 and self.assigned else 0


@dataclass(slots=True)
class KitStats:
    """The whole process; units in order of (stage, partition)."""

    units: dict[tuple[str, int], UnitStats] = field(default_factory=dict)
    rebalances: int = 0
    offset_commits_failed: int = 0
    heard_ms: int = 0  # when Kafka last answered a fetch
    # From the first sign of a rebalance until every unit reads again, seconds.
    rebalance: Histogram = field(default_factory=lambda: Histogram(REBALANCE_SECONDS))
    loop_lag: Histogram = field(default_factory=Histogram)  # seconds
    beat_at: float = 0.0  # monotonic time of the event loop's last heartbeat; 0 before the first

    def unit(self, stage: str, partition: int, inputs: Iterable[str]) -> UnitStats:
        """The statistics of one unit, made when it is first asked for."""
        found = self.units.get((stage, partition))
        if found is None:
            unread = dict.fromkeys(inputs, -1)
            found = UnitStats(stage, partition, positions=unread, end_offsets=dict(unread))
            self.units[stage, partition] = found
        return found
