"""Metrics of the stream itself: records, lag, time, commits, rebalances (layer 5).

In: the units' statistics, the meters. Out: one family for each `stream_` metric. Invariant: a
series of a partition is there only while this process has it; counters stay. Instants are Unix
seconds.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, get_args

from streams.contract.words import INPUT_TOPICS
from streams.faustkit.stats import Histogram, KitStats, UnitStats
from streams.faustkit.watchdog import BEAT_SECONDS
from streams.lifecycle.kinds import KINDS
from streams.metrics.catalogue import BY_NAME, LABEL_VALUES
from streams.metrics.families import (
    PLAIN,
    Family,
    Labels,
    columns_of,
    family,
    histogram_keys,
    histogram_values,
    single,
)
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.settings import Settings
from streams.wire.rejected import Reason

STAGES: Final = ("intake", "queues")
RESULTS: Final = LABEL_VALUES["stream_events_total", "result"]
SAMPLES: Final = LABEL_VALUES["stream_anomaly_samples_total", "result"]
LIMITS: Final = LABEL_VALUES["stream_over_limit_total", "limit"]
#: More sources than this are not shown: those heard of last are.
MAX_SOURCES: Final = 50


class StreamMetrics:
    """Families of one page from what statistics and meters hold at the moment."""

    def __init__(
        self, settings: Settings, stats: KitStats, intake: IntakeMeter, queues: QueueMeter
    ) -> None:
        self._settings, self._stats = settings, stats
        self._intake, self._queues = intake, queues
        self._started = time.time()

    def families(self) -> Iterator[Family]:
        """Every `stream_` metric, each once."""
        units = list(self._stats.units.copy().values())
        here = [unit for unit in units if unit.assigned]
        yield from self._records()
        yield from self._times(here)
        yield from self._partitions(here)
        yield from self._commits(units, here)
        yield from self._process(units, here)

    def _records(self) -> Iterator[Family]:
        events = dict(self._intake.events)
        yield _labelled(
            "stream_events_total",
            (
                ({"topic": topic, "result": result}, events.get((topic, result), 0))
                for topic in INPUT_TOPICS
                for result in RESULTS
            ),
        )
        delays = self._intake.delays.copy()
        yield _histograms(
            "stream_event_delay_seconds", [({"topic": t}, [spread]) for t, spread in delays.items()]
        )
        letters = dict.fromkeys(get_args(Reason), 0) | dict(self._intake.reasons)
        letters["schema"] += self._queues.rejected
        yield _labelled(
            "stream_dead_letters_total", (({"reason": r}, n) for r, n in letters.items())
        )
        over = dict(self._intake.over_limit)
        yield _labelled(
            "stream_over_limit_total", (({"limit": limit}, over.get(limit, 0)) for limit in LIMITS)
        )
        yield from self._anomalies()

    def _anomalies(self) -> Iterator[Family]:
        anomalies, samples = dict(self._intake.anomalies), dict(self._intake.samples)
        yield _labelled(
            "stream_anomalies_total",
            (
                ({"kind": kind, "sort": sort}, anomalies.get(kind, 0))
                for kind, (sort, _) in KINDS.items()
            ),
        )
        yield _labelled(
            "stream_anomaly_samples_total",
            (({"result": result}, samples.get(result, 0)) for result in SAMPLES),
        )
        yield single("stream_effective_events_total", self._intake.effective)

    def _times(self, here: Iterable[UnitStats]) -> Iterator[Family]:
        stands = {"intake": self._intake.watermarks.copy(), "queues": self._queues.as_of.copy()}
        known = [
            (unit.stage, unit.partition, stands[unit.stage][unit.partition] / 1_000)
            for unit in here
            # Below 0: nothing has been read yet.
            if stands.get(unit.stage, {}).get(unit.partition, -1) >= 0
        ]
        yield _labelled(
            "stream_watermark_timestamp_seconds",
            (({"stage": stage, "partition": str(number)}, at) for stage, number, at in known),
        )
        yield _labelled(
            "stream_as_of_timestamp_seconds",
            (({"partition": str(number)}, at) for stage, number, at in known if stage == "queues"),
        )
        newest: dict[str, int] = {}
        for seen in self._intake.sources.copy().values():
            for source, at_ms in seen.items():
                newest[source] = max(at_ms, newest.get(source, at_ms))
        recent = sorted(newest, key=newest.__getitem__)[-MAX_SOURCES:]
        yield _labelled(
            "stream_source_last_event_timestamp_seconds",
            (({"source": source}, newest[source] / 1_000) for source in sorted(recent)),
        )

    def _partitions(self, here: Iterable[UnitStats]) -> Iterator[Family]:
        name = self._settings.topics.canonical
        assigned, lags = [], []
        for unit in here:
            for topic, end in unit.end_offsets.items():
                labels = {"topic": name(topic), "partition": str(unit.partition)}
                assigned.append((labels, 1))
                if end >= 0:  # a fetch has told where the partition ends
                    lags.append((labels, unit.lag(topic)))
        yield _labelled("stream_consumer_lag", lags)
        yield _labelled("stream_partition_assigned", assigned)
        yield single("stream_partitions", self._settings.partitions)

    def _commits(self, units: list[UnitStats], here: Iterable[UnitStats]) -> Iterator[Family]:
        of = {stage: [unit for unit in units if unit.stage == stage] for stage in STAGES}
        counts = [({"stage": stage}, sum(u.commits for u in of[stage])) for stage in STAGES]
        yield _labelled("stream_commits_total", counts)
        spreads: dict[str, Callable[[UnitStats], Histogram]] = {
            "stream_commit_seconds": lambda unit: unit.commit,
            "stream_batch_records": lambda unit: unit.transaction,
        }
        for name, spread in spreads.items():
            yield _histograms(
                name, [({"stage": stage}, [spread(u) for u in of[stage]]) for stage in STAGES]
            )
        yield _labelled(
            "stream_last_commit_timestamp_seconds",
            (
                ({"stage": u.stage, "partition": str(u.partition)}, u.last_commit_at)
                for u in here
                if u.last_commit_at
            ),
        )

    def _process(self, units: Iterable[UnitStats], here: Iterable[UnitStats]) -> Iterator[Family]:
        stats = self._stats
        skipped = sum(unit.skipped_replayed for unit in units)
        yield single("stream_replayed_records_skipped_total", skipped)
        yield single("stream_rebalances_total", stats.rebalances)
        yield _histograms("stream_rebalance_seconds", [({}, [stats.rebalance])])
        yield single("stream_recovery_remaining", sum(unit.restore_remaining for unit in here))
        yield single("stream_loop_lag_seconds", loop_lag(stats))
        yield single("stream_started_timestamp_seconds", self._started)


def loop_lag(stats: KitStats) -> float:
    """How late the event loop is: at its last heartbeat, or by now if the next one is overdue."""
    if not stats.beat_at:
        return 0.0
    overdue = time.monotonic() - stats.beat_at - BEAT_SECONDS
    return max(stats.loop_lag.newest, overdue)


def _labelled(name: str, series: Iterable[tuple[dict[str, str], float]]) -> Family:
    known = list(series)
    return family(
        name,
        [Labels(**labels) for labels, _ in known],
        [(PLAIN, [value for _, value in known])],
    )


def _histograms(name: str, series: Sequence[tuple[dict[str, str], list[Histogram]]]) -> Family:
    """Histograms of a metric; the spreads of a series are added up."""
    rows: list[list[float]] = []
    size = len(BY_NAME[name].buckets) + 1
    for _, spreads in series:
        copies = [spread.buckets.copy() for spread in spreads]
        counts = [sum(column) for column in zip(*copies, strict=True)] or [0] * size
        rows.append(histogram_values(counts, sum(spread.sum for spread in spreads)))
    things = [Labels(**labels) for labels, _ in series]
    return family(name, things, columns_of(histogram_keys(name), rows))
