"""The metrics of the stream and of the worker itself (layer 5).

In: nothing. Out: `STREAM_METRICS`, a part of the catalogue, and the values of their labels that are
closed lists. Invariant: as in `catalogue.py`.
"""

from collections.abc import Mapping
from typing import Final

from streams.contract.words import ANOMALY_SORTS
from streams.faustkit.stats import BATCH_RECORDS, BUCKET_SECONDS, REBALANCE_SECONDS
from streams.lifecycle.kinds import KINDS
from streams.metrics.metric import counter, gauge, histogram

DELAY_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

STREAM_METRICS: Final = (
    counter(
        "stream_events_total",
        ("topic", "result"),
        "Records read, by what became of them; duplicate: an id told before, whatever it says.",
    ),
    histogram(
        "stream_event_delay_seconds",
        ("topic",),
        DELAY_BUCKETS,
        "From an event's own time to its commit.",
    ),
    gauge(
        "stream_watermark_timestamp_seconds",
        ("stage", "partition"),
        "Event time up to which the unit has read everything; follows the clock when caught up.",
    ),
    gauge(
        "stream_as_of_timestamp_seconds",
        ("partition",),
        "Event time the partition's published figures stand at.",
    ),
    gauge(
        "stream_source_last_event_timestamp_seconds",
        ("source",),
        "Newest event or heartbeat of each source, until it says it has ended; shows a dead feed.",
    ),
    gauge(
        "stream_consumer_lag",
        ("topic", "partition"),
        "Committed records of the partition not yet applied.",
    ),
    gauge("stream_partition_assigned", ("topic", "partition"), "1 while this worker owns it."),
    gauge("stream_partitions", (), "Partitions a topic is configured to have."),
    counter(
        "stream_anomalies_total",
        ("kind", "sort"),
        "Legal events that found an unexpected state. What a later event explains is taken back: "
        "the series shows the most there were at once, so it never falls.",
    ),
    counter(
        "stream_anomaly_samples_total",
        ("result",),
        "Of them, those in the sample on contact.anomalies, and those left off.",
    ),
    counter(
        "stream_effective_events_total",
        (),
        "Events that could have had an effect, each once: no agents' snapshots, heartbeats, "
        "messages, repeats.",
    ),
    counter("stream_dead_letters_total", ("reason",), "Records sent to the dead-letter topic."),
    counter(
        "stream_over_limit_total",
        ("limit",),
        "Uses of tenants, queues, values and agents beyond a limit, counted as _other; sources "
        "forgotten.",
    ),
    counter(
        "stream_replayed_records_skipped_total",
        (),
        "Records below the state's position, recognised and skipped.",
    ),
    counter("stream_commits_total", ("stage",), "Transactions committed."),
    histogram("stream_commit_seconds", ("stage",), BUCKET_SECONDS, "Time of one commit."),
    histogram("stream_batch_records", ("stage",), BATCH_RECORDS, "Records in one transaction."),
    counter("stream_rebalances_total", (), "Partition assignments this worker went through."),
    histogram(
        "stream_rebalance_seconds", (), REBALANCE_SECONDS, "Revocation to the last unit loaded."
    ),
    gauge("stream_recovery_remaining", (), "Changelog records still to load after assignment."),
    gauge(
        "stream_last_commit_timestamp_seconds",
        ("stage", "partition"),
        "When the unit last committed.",
    ),
    gauge("stream_loop_lag_seconds", (), "How late the event loop runs its timers."),
    gauge("stream_started_timestamp_seconds", (), "When this worker was started."),
    gauge("exporter_series", (), "Series on the last metrics page."),
    gauge("exporter_collect_seconds", (), "Time taken to build the last metrics page."),
    gauge("build_info", ("version", "revision", "python", "faust"), "1; what is running."),
)

#: Values of the labels that are closed lists, by metric and label.
STREAM_LABEL_VALUES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("stream_events_total", "result"): ("ok", "late", "duplicate", "invalid", "unknown_queue"),
    ("stream_anomalies_total", "kind"): tuple(KINDS),
    ("stream_anomalies_total", "sort"): ANOMALY_SORTS,
    ("stream_anomaly_samples_total", "result"): ("written", "left_off"),
    ("stream_over_limit_total", "limit"): (
        *("sources", "tenants", "queues", "all_queues", "values", "agents"),
    ),
}
