"""Metrics of queues: first bookings as counters, newest KPI records as gauges (layer 5).

In: the meters of both stages, the settings. Out: one family for each metric with the labels tenant,
queue and channel. Invariant: every configured queue has its counters from the first page on, but
those that are sparse (`feedback_catalogue.py`), and a gauge is there only while this process owns
and has loaded the unit of its queue.
Cost: `catalogue.py` says how many series a queue.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streams.contract.fields import Part
from streams.contract.figures import Figures
from streams.contract.records import Agents, DefinitionsShown, KpiRecord
from streams.contract.words import (
    AGENT_STATES,
    BACKLOG_AGES,
    CHANNELS,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    TICKET_STATUSES,
    QueueKey,
)
from streams.faustkit.stats import KitStats
from streams.kpis.definitions import Definitions
from streams.metrics.catalogue import BOOKED, BY_NAME
from streams.metrics.families import (
    NO_LABELS,
    Family,
    Labels,
    Row,
    bounds_of,
    family,
    histogram_rows,
)
from streams.metrics.feedback_catalogue import FEEDBACK_NUMBERS
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.metrics.metric import MetricDef
from streams.metrics.ticket_catalogue import CLOCK_STATES
from streams.metrics.visit_catalogue import AGENT_SECONDS, WINDOW_OUTCOMES
from streams.settings import Settings
from streams.wall_clock import now_ms

Values = Callable[[KpiRecord], Sequence[float | None]]


def _seconds(instant_ms: int | None) -> float | None:
    return None if instant_ms is None else instant_ms / 1_000


def _gauges(windows: Sequence[str]) -> dict[str, tuple[tuple[Labels, ...], Values]]:
    """By metric: the labels of its series, and their values in a KPI record; None = no series."""

    def shown(record: KpiRecord) -> Iterator[Figures]:
        return (record.windows[window] for window in windows)

    def each(part: Part, names: Iterable[str]) -> list[int]:
        return [getattr(part, name) for name in names]

    def outcomes(record: KpiRecord) -> list[float]:
        return [getattr(f, name) for f in shown(record) for name in WINDOW_OUTCOMES.values()]

    def agent_seconds(record: KpiRecord) -> list[float]:
        return [getattr(f, name) for f in shown(record) for name in AGENT_SECONDS.values()]

    def clocks(record: KpiRecord) -> list[int | None]:
        sla = record.live.sla
        if sla is None:
            return [None] * (len(SLA_METRICS) * len(CLOCK_STATES))
        return [n for metric in SLA_METRICS for n in each(getattr(sla, metric), CLOCK_STATES)]

    def handled(figures: Figures) -> float:
        # Milliseconds are exact; their sum as floats need not be.
        return round(figures.talk_seconds + figures.hold_seconds + figures.wrapup_seconds, 3)

    by_window = tuple(Labels(window=window) for window in windows)
    return {
        "queue_contacts_waiting": ((NO_LABELS,), lambda r: (r.live.waiting,)),
        "queue_oldest_waiting_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r.live.oldest_waiting_at),),
        ),
        "queue_agents": (
            tuple(Labels(state=state) for state in AGENT_STATES),
            lambda r: each(r.live.agents, Agents.__struct_fields__),
        ),
        "queue_agents_stuck": (
            tuple(Labels(state=state) for state in STATE_LIMIT_SECONDS),
            lambda r: [r.live.agents_stuck[state] for state in STATE_LIMIT_SECONDS],
        ),
        "window_contacts": (
            tuple(
                Labels(window=window, outcome=outcome)
                for window in windows
                for outcome in WINDOW_OUTCOMES
            ),
            outcomes,
        ),
        "window_waited_seconds": (
            by_window,
            lambda r: [figures.answered_wait_seconds for figures in shown(r)],
        ),
        "window_handled_seconds": (
            by_window,
            lambda r: [handled(figures) for figures in shown(r)],
        ),
        "window_agent_seconds": (
            tuple(
                Labels(window=window, state=state) for window in windows for state in AGENT_SECONDS
            ),
            agent_seconds,
        ),
        "queue_contacts_over_limit": ((NO_LABELS,), lambda r: (r.live.waiting_over_limit,)),
        "queue_callbacks_owed": ((NO_LABELS,), lambda r: (r.live.callbacks_owed,)),
        "queue_callbacks_overdue": ((NO_LABELS,), lambda r: (r.live.callbacks_overdue,)),
        "queue_oldest_callback_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r.live.oldest_callback_at),),
        ),
        "queue_sla_clocks": (
            tuple(
                Labels(metric=metric, state=state)
                for metric in SLA_METRICS
                for state in CLOCK_STATES
            ),
            clocks,
        ),
        "queue_next_due_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r.live.next_due_at),),
        ),
        "queue_tickets_by_age": (
            tuple(Labels(age=age) for age in BACKLOG_AGES),
            lambda r: [r.live.backlog_age[age] for age in BACKLOG_AGES],
        ),
        "queue_tickets_unassigned": ((NO_LABELS,), lambda r: (r.live.backlog_unassigned,)),
        "queue_complaints_open": ((NO_LABELS,), lambda r: (r.live.complaints_open,)),
        "queue_tickets_open": (
            tuple(Labels(status=status) for status in TICKET_STATUSES),
            lambda r: each(r.live.backlog, TICKET_STATUSES),
        ),
        "queue_oldest_ticket_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r.live.oldest_open_at),),
        ),
    }


@dataclass(frozen=True, slots=True)
class _Series:
    """One series of a booked metric: `number` is counted, of a histogram in its first bucket.

    `total`: the number of a histogram's sum (ms); `les`: the labels of its buckets.
    """

    labels: Labels
    number: int
    total: int
    les: tuple[Labels, ...]


#: A queue's labels, and what was booked of it by number.
_Booked = tuple[Labels, Callable[[int, int], int]]


def _series_of(metric: MetricDef) -> list[_Series]:
    found = []
    for values, number in metric.booked.items():
        pairs = metric.own_labels(values)
        les = bounds_of(metric.name, **pairs) if metric.buckets else ()
        found.append(_Series(Labels(**pairs), number, metric.sums.get(values, 0), les))
    return found


def _counter_rows(queues: Sequence[_Booked], series: Sequence[_Series]) -> Iterator[Row]:
    for labels, get in queues:
        for one in series:
            yield "", labels, one.labels, get(one.number, 0)


def _seconds_rows(queues: Sequence[_Booked], series: Sequence[_Series]) -> Iterator[Row]:
    for labels, get in queues:
        for one in series:
            yield "", labels, one.labels, get(one.number, 0) / 1_000


def _histogram_rows(queues: Sequence[_Booked], series: Sequence[_Series]) -> Iterator[Row]:
    for labels, get in queues:
        for one in series:
            counts = [get(one.number + index, 0) for index in range(len(one.les))]
            seconds = get(one.total, 0) / 1_000
            yield from histogram_rows(labels, one.labels, one.les, counts, seconds)


def _rows(metric: MetricDef, queues: Sequence[_Booked], series: Sequence[_Series]) -> Iterator[Row]:
    """The rows of what was booked, by what kind of a metric it is."""
    if metric.buckets:
        return _histogram_rows(queues, series)
    return (_seconds_rows if metric.is_seconds else _counter_rows)(queues, series)


#: What a queue goes by: of its definitions, each series' value by its own label; None: no series.
_DEFINED: Final[Mapping[str, Callable[[DefinitionsShown], Mapping[str, float | None]]]] = {
    "queue_occupancy_limit_ratio": lambda found: {"": found.targets.occupancy_limit},
    "queue_wait_threshold_seconds": lambda found: {"": found.service_level_seconds},
    "queue_wait_limit_seconds": lambda found: {"": found.wait_limit_seconds},
    "queue_target_service_level_ratio": lambda found: {"": found.targets.service_level},
    "queue_target_sla_ratio": lambda found: {
        metric: getattr(found.targets, f"{metric}_ratio") for metric in SLA_METRICS
    },
}


class _Queue:
    """What never changes of one queue's series."""

    __slots__ = ("channel", "info", "labels")

    def __init__(self, queue_key: QueueKey, settings: Settings) -> None:
        tenant, name, self.channel = queue_key
        self.labels = Labels(tenant=tenant, queue=name, channel=self.channel)
        queue = settings.queue(tenant, name, self.channel)
        self.info = Labels(site=queue.site, skill=queue.skill, team=queue.team)


class QueueMetrics:
    """Families of one page from what the meters hold at the moment."""

    def __init__(
        self, settings: Settings, stats: KitStats, intake: IntakeMeter, queues: QueueMeter
    ) -> None:
        self._settings, self._stats = settings, stats
        self._intake, self._meter = intake, queues
        self._definitions = Definitions(settings)
        self._known: dict[QueueKey, _Queue] = {}
        self._gauges = _gauges(settings.metrics_windows)
        self._configured = frozenset(self._definitions.zones)
        self._booked = [(metric, _series_of(metric)) for metric in BOOKED]
        self._words = {"": NO_LABELS} | {word: Labels(metric=word) for word in SLA_METRICS}

    def families(self) -> Iterator[Family]:
        """Every metric with the labels of a queue, each once."""
        records = self._owned()
        booked = self._intake.booked.copy()
        described = self._queues(self._configured | records.keys())
        yield from self._counters(self._queues(described.keys() | booked.keys()), booked)
        yield from self._levels(records)
        yield from self._descriptions(described, records)

    def _owned(self) -> dict[QueueKey, KpiRecord]:
        """The records of units that are assigned to this process and loaded."""
        owned: dict[QueueKey, KpiRecord] = {}
        for partition, records in self._meter.records.copy().items():
            unit = self._stats.units.get(("queues", partition))
            if unit is not None and unit.assigned and unit.loaded:
                owned |= records
        return owned

    def _queues(self, queue_keys: "set[QueueKey] | frozenset[QueueKey]") -> dict[QueueKey, _Queue]:
        found: dict[QueueKey, _Queue] = {}
        for queue_key in sorted(queue_keys):
            queue = self._known.get(queue_key)
            if queue is None:
                queue = self._known[queue_key] = _Queue(queue_key, self._settings)
            found[queue_key] = queue
        return found

    def _counters(
        self, queue_keys: Mapping[QueueKey, _Queue], booked: Mapping[QueueKey, Mapping[int, int]]
    ) -> Iterator[Family]:
        nothing: Mapping[int, int] = {}
        each: dict[str, list[_Booked]] = {channel: [] for channel in CHANNELS}
        told: dict[str, list[_Booked]] = {channel: [] for channel in CHANNELS}
        for queue_key, queue in queue_keys.items():
            numbers = booked.get(queue_key, nothing)
            each[queue.channel].append((queue.labels, numbers.get))
            if any(map(numbers.__contains__, FEEDBACK_NUMBERS)):
                told[queue.channel].append((queue.labels, numbers.get))
        for metric, series in self._booked:
            found = told if metric.sparse else each
            queues = [queue for channel in metric.channels for queue in found[channel]]
            yield family(metric.name, _rows(metric, queues, series))
        corrections = dict(self._intake.corrections)
        yield family(
            "contacts_corrections_total",
            (
                ("", queue.labels, NO_LABELS, corrections.get(queue_key, 0))
                for queue_key, queue in queue_keys.items()
            ),
        )

    def _levels(self, records: Mapping[QueueKey, KpiRecord]) -> Iterator[Family]:
        owned = self._queues(set(records))
        for name, (extras, values) in self._gauges.items():
            channels = BY_NAME[name].channels
            yield family(
                name,
                (
                    ("", queue.labels, extra, value)
                    for queue_key, queue in owned.items()
                    if queue.channel in channels
                    for extra, value in zip(extras, values(records[queue_key]), strict=True)
                    if value is not None
                ),
            )

    def _descriptions(
        self, queues: Mapping[QueueKey, _Queue], records: Mapping[QueueKey, KpiRecord]
    ) -> Iterator[Family]:
        yield family("queue_info", (("", q.labels, q.info, 1) for q in queues.values()))
        now = now_ms()
        found = {
            queue_key: self._definitions.of(queue_key, now)
            if record is None
            else record.definitions
            for queue_key, record in ((key, records.get(key)) for key in queues)
        }
        for name, values in _DEFINED.items():
            metric = BY_NAME[name]
            yield family(
                name,
                (
                    ("", queue.labels, self._words[word], value)
                    for queue_key, queue in queues.items()
                    if queue.channel in metric.channels
                    for word, value in values(found[queue_key]).items()
                    # None: there is none, or in `_all` queues differ.
                    if value is not None
                ),
            )
