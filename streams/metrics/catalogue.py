"""The metric catalogue: every series `/metrics` may carry, once (layer 5).

In: nothing. Out: `CATALOGUE`, read by the exporter, the docs, the tests of rules and dashboards.
Invariant: a name that is not here is not exported, used in no rule and shown on no dashboard.
Times are seconds, ratios 0–1, counters end in `_total`, instants in `_timestamp_seconds` (unix).
Window gauges carry numerators and denominators, never a ratio: divide them where they are read.
A queue's gauges come from the one worker that owns it, so a reader takes the `max by (tenant,
queue, channel)` over workers, and leaves the queue `_all` (the whole centre) out of every sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from streams.contract.fields import fields_of
from streams.contract.figures import Figures
from streams.contract.words import (
    AGENT_STATES,
    ANOMALY_SORTS,
    HANDLE_BOUNDS_SECONDS,
    STATE_LIMIT_SECONDS,
    TICKET_STATUSES,
    WAIT_BOUNDS_SECONDS,
)
from streams.faustkit.stats import BATCH_RECORDS, BUCKET_SECONDS, REBALANCE_SECONDS
from streams.lifecycle import counters as c
from streams.lifecycle.kinds import KINDS

PREFIX: Final = "contactcenter_"

MetricType = Literal["counter", "gauge", "histogram"]

QUEUE: Final = ("tenant", "queue", "channel")
WINDOWS: Final = ("5m", "30m")
DELAY_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

#: Abandoned, but not short: a number of its own, because the difference of two counters can fall.
ABANDONED_QUEUED: Final = -1


def _labelled(label: str) -> dict[str, str]:
    """The figures that a series with this label shows: the label's value to the figure's name."""
    figures = fields_of(Figures)
    return {field.labels[label]: name for name, field in figures.items() if label in field.labels}


#: What `window_contacts` and `window_agent_seconds` show of a window. The slots are the chat pair:
#: one agent with three chats is busy once in `busy` and three times in `slot_busy`.
WINDOW_OUTCOMES: Final = _labelled("outcome")
AGENT_SECONDS: Final = _labelled("state")


@dataclass(frozen=True, slots=True)
class MetricDef:
    """One metric: `name` without the prefix, its labels in order, and its help text.

    `buckets` are the upper bounds of a histogram, +Inf left out, empty for other types.
    `booked` says which numbers of `lifecycle/counters.py` the series of a counter show, by the
    value of their last label beside the queue's ("" without one); of a histogram the number of the
    first bucket, and `sums` that of the sum.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()
    booked: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name as it is exposed, with the prefix."""
        return PREFIX + self.name

    @property
    def series_names(self) -> tuple[str, ...]:
        """The sample names a reader may query: one, or the three of a histogram."""
        if self.type != "histogram":
            return (self.full_name,)
        return tuple(self.full_name + end for end in ("_bucket", "_count", "_sum"))


def _counter(
    name: str, labels: tuple[str, ...], text: str, booked: Mapping[str, int] | None = None
) -> MetricDef:
    return MetricDef(name, "counter", labels, text, booked=booked or {})


def _gauge(name: str, labels: tuple[str, ...], text: str) -> MetricDef:
    return MetricDef(name, "gauge", labels, text)


def _histogram(
    name: str,
    labels: tuple[str, ...],
    buckets: tuple[float, ...],
    text: str,
    booked: Mapping[str, int] | None = None,
    sums: Mapping[str, int] | None = None,
) -> MetricDef:
    return MetricDef(name, "histogram", labels, text, buckets, booked or {}, sums or {})


def _floats(bounds: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(float(bound) for bound in bounds)


_QUEUE_METRICS: Final = (
    # Processing-time counters: first bookings only, they never fall when a late event corrects.
    _counter("contacts_offered_total", QUEUE, "Visits that entered the queue.", {"": c.OFFERED}),
    _counter(
        "contacts_answered_total",
        QUEUE,
        "Visits answered, at the first agent connection.",
        {"": c.ANSWERED},
    ),
    _counter(
        "contacts_abandoned_total",
        (*QUEUE, "kind"),
        "Visits the customer left unanswered: short (within the short-abandon threshold), queued.",
        {"short": c.SHORT_ABANDONED, "queued": ABANDONED_QUEUED},
    ),
    _counter(
        "contacts_within_threshold_total",
        QUEUE,
        "Visits answered within the service-level threshold.",
        {"": c.ANSWERED_IN_THRESHOLD},
    ),
    _counter(
        "contacts_threshold_decided_total",
        QUEUE,
        "Visits whose service level is decided: left the wait, or the threshold passed.",
        {"": c.THRESHOLD_DECIDED},
    ),
    _counter(
        "contacts_flowed_out_total",
        QUEUE,
        "Visits that left unanswered otherwise: timeout, overflow, voicemail, callback, transfer.",
        {"": c.FLOWED_OUT},
    ),
    _counter(
        "contacts_handled_total", QUEUE, "Visits whose handling is complete.", {"": c.HANDLED}
    ),
    _counter(
        "contacts_corrections_total",
        QUEUE,
        "What a later event changed of panes older than grace; the counters above keep the first.",
    ),
    _histogram(
        "wait_seconds",
        (*QUEUE, "outcome"),
        _floats(WAIT_BOUNDS_SECONDS),
        "Wait of visits answered or abandoned.",
        {"answered": c.ANSWERED_WITHIN, "abandoned": c.ABANDONED_WITHIN},
        {"answered": c.ANSWERED_WAIT, "abandoned": c.ABANDONED_WAIT},
    ),
    _histogram(
        "handle_seconds",
        QUEUE,
        _floats(HANDLE_BOUNDS_SECONDS),
        "Talk, hold and wrap-up of handled visits.",
        {"": c.HANDLED_WITHIN},
        {"": c.HANDLE_TIME},
    ),
    # Levels now, and event-time windows with every late correction in them.
    _gauge("queue_contacts_waiting", QUEUE, "Visits waiting now, ringing included."),
    _gauge(
        "queue_oldest_waiting_timestamp_seconds",
        QUEUE,
        "When the longest-waiting visit entered the queue; absent when nobody waits.",
    ),
    _gauge(
        "queue_agents",
        (*QUEUE, "state"),
        "Members of the queue by exclusive state; queues share agents, so queues do not add up.",
    ),
    _gauge(
        "queue_agents_stuck",
        (*QUEUE, "state"),
        "Of those in a state, members who have been there for longer than the queue's limit.",
    ),
    _gauge(
        "window_contacts",
        (*QUEUE, "window", "outcome"),
        "Visits in the sliding event-time window by outcome, each at its own event's time.",
    ),
    _gauge(
        "window_waited_seconds",
        (*QUEUE, "window"),
        "Sum of the waits of visits answered in the window; divide by outcome answered_measured.",
    ),
    _gauge(
        "window_handled_seconds",
        (*QUEUE, "window"),
        "Sum of talk, hold and wrap-up of visits handled in the window; divide by handled.",
    ),
    _gauge(
        "window_agent_seconds",
        (*QUEUE, "window", "state"),
        "Agent seconds in the window: busy (handling or wrap-up), staffed (busy or available); "
        "slot_busy and slot_capacity are the same by slot, for concurrent channels.",
    ),
    _gauge("queue_info", (*QUEUE, "site", "skill", "team"), "1; what the queue belongs to."),
    _gauge("queue_occupancy_limit_ratio", QUEUE, "Occupancy above which the queue pages."),
    _gauge(
        "queue_wait_threshold_seconds",
        QUEUE,
        "Service-level threshold; absent for a queue without one.",
    ),
    _gauge("queue_target_service_level_ratio", QUEUE, "Share to be answered within the threshold."),
    _gauge("queue_tickets_open", (*QUEUE, "status"), "Open tickets now, by status."),
    _gauge(
        "queue_oldest_ticket_timestamp_seconds",
        QUEUE,
        "When the oldest open ticket was opened; absent when none is open.",
    ),
)

_STREAM_METRICS: Final = (
    _counter(
        "stream_events_total",
        ("topic", "result"),
        "Records read, by what became of them; duplicate: an id told before, whatever it says.",
    ),
    _histogram(
        "stream_event_delay_seconds",
        ("topic",),
        DELAY_BUCKETS,
        "From an event's own time to its commit.",
    ),
    _gauge(
        "stream_watermark_timestamp_seconds",
        ("stage", "partition"),
        "Event time up to which the unit has read everything; follows the clock when caught up.",
    ),
    _gauge(
        "stream_as_of_timestamp_seconds",
        ("partition",),
        "Event time the partition's published figures stand at.",
    ),
    _gauge(
        "stream_source_last_event_timestamp_seconds",
        ("source",),
        "Newest event or heartbeat of each source, until it says it has ended; shows a dead feed.",
    ),
    _gauge(
        "stream_consumer_lag",
        ("topic", "partition"),
        "Committed records of the partition not yet applied.",
    ),
    _gauge("stream_partition_assigned", ("topic", "partition"), "1 while this worker owns it."),
    _gauge("stream_partitions", (), "Partitions a topic is configured to have."),
    _counter(
        "stream_anomalies_total",
        ("kind", "sort"),
        "Legal events that found an unexpected state. What a later event explains is taken back: "
        "the series shows the most there were at once, so it never falls.",
    ),
    _counter(
        "stream_anomaly_samples_total",
        ("result",),
        "Of them, those in the sample on contact.anomalies, and those left off.",
    ),
    _counter(
        "stream_effective_events_total",
        (),
        "Events that could have had an effect, each once: no agents' snapshots, heartbeats, "
        "messages, repeats.",
    ),
    _counter("stream_dead_letters_total", ("reason",), "Records sent to the dead-letter topic."),
    _counter(
        "stream_over_limit_total",
        ("limit",),
        "Uses of tenants and queues beyond a limit, counted as _other; sources forgotten.",
    ),
    _counter(
        "stream_replayed_records_skipped_total",
        (),
        "Records below the state's position, recognised and skipped.",
    ),
    _counter("stream_commits_total", ("stage",), "Transactions committed."),
    _histogram("stream_commit_seconds", ("stage",), BUCKET_SECONDS, "Time of one commit."),
    _histogram("stream_batch_records", ("stage",), BATCH_RECORDS, "Records in one transaction."),
    _counter("stream_rebalances_total", (), "Partition assignments this worker went through."),
    _histogram(
        "stream_rebalance_seconds", (), REBALANCE_SECONDS, "Revocation to the last unit loaded."
    ),
    _gauge("stream_recovery_remaining", (), "Changelog records still to load after assignment."),
    _gauge(
        "stream_last_commit_timestamp_seconds",
        ("stage", "partition"),
        "When the unit last committed.",
    ),
    _gauge("stream_loop_lag_seconds", (), "How late the event loop runs its timers."),
    _gauge("stream_started_timestamp_seconds", (), "When this worker was started."),
    _gauge("exporter_series", (), "Series on the last metrics page."),
    _gauge("exporter_collect_seconds", (), "Time taken to build the last metrics page."),
    _gauge("build_info", ("version", "revision", "python", "faust"), "1; what is running."),
)

CATALOGUE: Final[tuple[MetricDef, ...]] = _QUEUE_METRICS + _STREAM_METRICS
BY_NAME: Final[Mapping[str, MetricDef]] = {metric.name: metric for metric in CATALOGUE}
#: The metrics that are counted when a contribution is first booked.
BOOKED: Final = tuple(metric for metric in CATALOGUE if metric.booked)

#: Values of the labels that are closed lists.
LABEL_VALUES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (metric.name, metric.labels[-1]): tuple(metric.booked)
    for metric in BOOKED
    if "" not in metric.booked
} | {
    ("queue_agents", "state"): AGENT_STATES,
    ("queue_agents_stuck", "state"): tuple(STATE_LIMIT_SECONDS),
    ("window_contacts", "window"): WINDOWS,
    ("window_contacts", "outcome"): tuple(WINDOW_OUTCOMES),
    ("window_waited_seconds", "window"): WINDOWS,
    ("window_handled_seconds", "window"): WINDOWS,
    ("window_agent_seconds", "window"): WINDOWS,
    ("window_agent_seconds", "state"): tuple(AGENT_SECONDS),
    ("queue_tickets_open", "status"): TICKET_STATUSES,
    ("stream_events_total", "result"): ("ok", "late", "duplicate", "invalid", "unknown_queue"),
    ("stream_anomalies_total", "kind"): tuple(KINDS),
    ("stream_anomalies_total", "sort"): ANOMALY_SORTS,
    ("stream_anomaly_samples_total", "result"): ("written", "left_off"),
    ("stream_over_limit_total", "limit"): ("sources", "tenants", "queues", "all_queues"),
}
