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
from streams.contract.records import DefinitionsShown, KpiRecord
from streams.contract.words import (
    AGENT_STATES,
    BACKLOG_AGES,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    TICKET_STATUSES,
    QueueKey,
)
from streams.faustkit.stats import KitStats
from streams.kpis.definitions import Definitions
from streams.metrics.catalogue import BOOKED, BY_NAME
from streams.metrics.families import (
    PLAIN,
    Column,
    Family,
    Key,
    Labels,
    columns_of,
    family,
    histogram_keys,
    histogram_values,
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


def _with(labels: Iterable[Labels]) -> tuple[Key, ...]:
    """Series without a suffix that have these labels."""
    return tuple(Key("", more) for more in labels)


_ONE: Final = (PLAIN,)


def _gauges(windows: Sequence[str]) -> dict[str, tuple[tuple[Key, ...], Values]]:
    """By metric: a queue's series, and their values in a KPI record; None = no series."""

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

    # `break` is a word of Python.
    agent_states = [{"break": "break_"}.get(state, state) for state in AGENT_STATES]
    by_window = _with(Labels(window=window) for window in windows)
    return {
        "queue_contacts_waiting": (_ONE, lambda r: (r.live.waiting,)),
        "queue_oldest_waiting_timestamp_seconds": (
            _ONE,
            lambda r: (_seconds(r.live.oldest_waiting_at),),
        ),
        "queue_agents": (
            _with(Labels(state=state) for state in AGENT_STATES),
            lambda r: each(r.live.agents, agent_states),
        ),
        "queue_agents_stuck": (
            _with(Labels(state=state) for state in STATE_LIMIT_SECONDS),
            lambda r: [r.live.agents_stuck[state] for state in STATE_LIMIT_SECONDS],
        ),
        "window_contacts": (
            _with(
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
            _with(
                Labels(window=window, state=state) for window in windows for state in AGENT_SECONDS
            ),
            agent_seconds,
        ),
        "queue_contacts_over_limit": (_ONE, lambda r: (r.live.waiting_over_limit,)),
        "queue_callbacks_owed": (_ONE, lambda r: (r.live.callbacks_owed,)),
        "queue_callbacks_overdue": (_ONE, lambda r: (r.live.callbacks_overdue,)),
        "queue_oldest_callback_timestamp_seconds": (
            _ONE,
            lambda r: (_seconds(r.live.oldest_callback_at),),
        ),
        "queue_sla_clocks": (
            _with(
                Labels(metric=metric, state=state)
                for metric in SLA_METRICS
                for state in CLOCK_STATES
            ),
            clocks,
        ),
        "queue_next_due_timestamp_seconds": (
            _ONE,
            lambda r: (_seconds(r.live.next_due_at),),
        ),
        "queue_tickets_by_age": (
            _with(Labels(age=age) for age in BACKLOG_AGES),
            lambda r: [r.live.backlog_age[age] for age in BACKLOG_AGES],
        ),
        "queue_tickets_unassigned": (_ONE, lambda r: (r.live.backlog_unassigned,)),
        "queue_complaints_open": (_ONE, lambda r: (r.live.complaints_open,)),
        "queue_tickets_open": (
            _with(Labels(status=status) for status in TICKET_STATUSES),
            lambda r: each(r.live.backlog, TICKET_STATUSES),
        ),
        "queue_oldest_ticket_timestamp_seconds": (
            _ONE,
            lambda r: (_seconds(r.live.oldest_open_at),),
        ),
    }


#: What was booked of each of some queues, by number.
_Booked = Sequence[Callable[[int, int], int]]


class _Metric:
    """A booked metric: its series of one queue, and the numbers that they are counted under."""

    def __init__(self, metric: MetricDef) -> None:
        self.metric = metric
        own = [(metric.own_labels(values), number) for values, number in metric.booked.items()]
        self._keys = [(Key("", Labels(**pairs)), number) for pairs, number in own]
        #: Of each histogram: its series, its buckets' numbers and its sum's.
        self._histograms = [
            (
                histogram_keys(metric.name, **metric.own_labels(values)),
                range(first, first + len(metric.buckets) + 1),
                metric.sums[values],
            )
            for values, first in metric.booked.items()
            if metric.buckets
        ]

    def columns(self, booked: _Booked) -> Iterator[Column]:
        """The values of these queues."""
        if self.metric.buckets:
            return self._of_histograms(booked)
        return (self._seconds if self.metric.is_seconds else self._counts)(booked)

    def _counts(self, booked: _Booked) -> Iterator[Column]:
        for key, number in self._keys:
            yield key, [get(number, 0) for get in booked]

    def _seconds(self, booked: _Booked) -> Iterator[Column]:
        for key, number in self._keys:
            yield key, [get(number, 0) / 1_000 for get in booked]

    def _of_histograms(self, booked: _Booked) -> Iterator[Column]:
        for keys, buckets, total in self._histograms:
            rows = [
                histogram_values([get(number, 0) for number in buckets], get(total, 0) / 1_000)
                for get in booked
            ]
            yield from columns_of(keys, rows)


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


#: The series of a definition by its own label.
_WORDS: Final = {"": PLAIN} | {word: Key("", Labels(metric=word)) for word in SLA_METRICS}


class _Queue:
    """What never changes of one queue's series."""

    __slots__ = ("info", "labels")

    def __init__(self, queue_key: QueueKey, settings: Settings) -> None:
        tenant, name, channel = queue_key
        self.labels = Labels(tenant=tenant, queue=name, channel=channel)
        queue = settings.queue(tenant, name, channel)
        self.info = Labels(
            tenant=tenant, queue=name, channel=channel,
            site=queue.site, skill=queue.skill, team=queue.team,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shown:
    """The queues that a metric has, and their labels in the same order."""

    keys: list[QueueKey]
    labels: list[Labels]


class _ByChannels(dict[tuple[str, ...], _Shown]):
    """Of some queues those of a metric's channels, found once for all metrics with the same."""

    def __init__(self, queues: Mapping[QueueKey, _Queue]) -> None:
        super().__init__()
        self._queues = queues

    def __missing__(self, channels: tuple[str, ...]) -> _Shown:
        found = {key: queue.labels for key, queue in self._queues.items() if key[2] in channels}
        shown = self[channels] = _Shown(list(found), list(found.values()))
        return shown


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
        self._booked = [_Metric(metric) for metric in BOOKED]

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
        numbers = {queue_key: booked.get(queue_key, nothing) for queue_key in queue_keys}
        told = {
            queue_key: queue
            for queue_key, queue in queue_keys.items()
            if not FEEDBACK_NUMBERS.isdisjoint(numbers[queue_key])
        }
        each, sparse = _ByChannels(queue_keys), _ByChannels(told)
        for known in self._booked:
            metric = known.metric
            shown = (sparse if metric.sparse else each)[metric.channels]
            gets = [numbers[queue_key].get for queue_key in shown.keys]
            yield family(metric.name, shown.labels, known.columns(gets))
        corrections = dict(self._intake.corrections)
        yield family(
            "contacts_corrections_total",
            [queue.labels for queue in queue_keys.values()],
            [(PLAIN, [corrections.get(queue_key, 0) for queue_key in queue_keys])],
        )

    def _levels(self, records: Mapping[QueueKey, KpiRecord]) -> Iterator[Family]:
        owned = _ByChannels(self._queues(set(records)))
        for name, (keys, values) in self._gauges.items():
            shown = owned[BY_NAME[name].channels]
            rows = [values(records[queue_key]) for queue_key in shown.keys]
            yield family(name, shown.labels, columns_of(keys, rows))

    def _descriptions(
        self, queues: Mapping[QueueKey, _Queue], records: Mapping[QueueKey, KpiRecord]
    ) -> Iterator[Family]:
        infos = [queue.info for queue in queues.values()]
        yield family("queue_info", infos, [(PLAIN, [1] * len(infos))])
        now = now_ms()
        found = {
            queue_key: self._definitions.of(queue_key, now)
            if record is None
            else record.definitions
            for queue_key, record in ((key, records.get(key)) for key in queues)
        }
        known = _ByChannels(queues)
        for name, values in _DEFINED.items():
            shown = known[BY_NAME[name].channels]
            rows = [values(found[queue_key]) for queue_key in shown.keys]
            words = next(iter(rows), {})
            # None: there is none, or in `_all` queues differ.
            columns = [(_WORDS[word], [row[word] for row in rows]) for word in words]
            yield family(name, shown.labels, columns)
