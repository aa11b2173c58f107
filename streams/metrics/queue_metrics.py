"""Metrics of queues: first bookings as counters, newest KPI records as gauges (stage 5, publish).

In: the meters of both stages, the settings. Out: one family for each metric with the labels tenant,
queue and channel. Invariant: every configured queue has its counters from the first page on, and a
gauge is there only while this process owns and has loaded the unit of its queue.
Cost: about 90 series a queue.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from streams.contract.words import AGENT_STATES, TICKET_STATUSES, QueueKey
from streams.faustkit.stats import KitStats
from streams.kpis.definitions import Definitions
from streams.lifecycle import counters as c
from streams.metrics.catalogue import WINDOW_OUTCOMES
from streams.metrics.families import (
    NO_LABELS,
    Family,
    Labels,
    Row,
    bounds_of,
    family,
    histogram_rows,
)
from streams.settings import Settings
from streams.stages.meters import ABANDONED_QUEUED, HISTOGRAMS, IntakeMeter, QueueMeter
from streams.wall_clock import now_ms

Record = Mapping[str, Any]
Values = Callable[[Record], Sequence[float | None]]

TICKET: Final = "ticket"
#: Labels beside the queue's own, and the booked number that is the series' value.
COUNTERS: Final[Mapping[str, tuple[tuple[Labels, int], ...]]] = {
    "contacts_offered_total": ((NO_LABELS, c.OFFERED),),
    "contacts_answered_total": ((NO_LABELS, c.ANSWERED),),
    "contacts_abandoned_total": (
        (Labels(kind="short"), c.SHORT_ABANDONED),
        (Labels(kind="queued"), ABANDONED_QUEUED),
    ),
    "contacts_within_threshold_total": ((NO_LABELS, c.ANSWERED_IN_THRESHOLD),),
    "contacts_threshold_decided_total": ((NO_LABELS, c.THRESHOLD_DECIDED),),
    "contacts_flowed_out_total": ((NO_LABELS, c.FLOWED_OUT),),
    "contacts_handled_total": ((NO_LABELS, c.HANDLED),),
}
_ANSWERED, _ABANDONED, _HANDLED = HISTOGRAMS
HISTOGRAM_PARTS: Final[Mapping[str, tuple[tuple[dict[str, str], Any], ...]]] = {
    "wait_seconds": (({"outcome": "answered"}, _ANSWERED), ({"outcome": "abandoned"}, _ABANDONED)),
    "handle_seconds": (({}, _HANDLED),),
}
#: The four agent integrals of a window, by the label `state`.
AGENT_SECONDS: Final = {
    "busy": "handling_agent_seconds",
    "staffed": "staffed_agent_seconds",
    "slot_busy": "slot_busy_seconds",
    "slot_capacity": "slot_capacity_seconds",
}
HANDLED_SECONDS: Final = ("talk_seconds", "hold_seconds", "wrapup_seconds")


def _seconds(instant_ms: int | None) -> float | None:
    return None if instant_ms is None else instant_ms / 1_000


def _gauges(windows: Sequence[str]) -> dict[str, tuple[tuple[Labels, ...], Values]]:
    """By metric: the labels of its series, and their values in a KPI record; None = no series."""
    each = tuple(Labels(window=window) for window in windows)
    return {
        "queue_contacts_waiting": ((NO_LABELS,), lambda r: (r["live"]["waiting"],)),
        "queue_oldest_waiting_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r["live"]["oldest_waiting_at"]),),
        ),
        "queue_agents": (
            tuple(Labels(state=state) for state in AGENT_STATES),
            lambda r: [r["live"]["agents"][state] for state in AGENT_STATES],
        ),
        "window_contacts": (
            tuple(
                Labels(window=w, outcome=outcome) for w in windows for outcome in WINDOW_OUTCOMES
            ),
            lambda r: [r["windows"][w][outcome] for w in windows for outcome in WINDOW_OUTCOMES],
        ),
        "window_waited_seconds": (
            each,
            lambda r: [r["windows"][w]["answered_wait_seconds"] for w in windows],
        ),
        "window_handled_seconds": (
            each,
            # Milliseconds are exact; their sum as floats need not be.
            lambda r: [
                round(sum(r["windows"][w][part] for part in HANDLED_SECONDS), 3) for w in windows
            ],
        ),
        "window_agent_seconds": (
            tuple(Labels(window=w, state=state) for w in windows for state in AGENT_SECONDS),
            lambda r: [r["windows"][w][name] for w in windows for name in AGENT_SECONDS.values()],
        ),
        "queue_tickets_open": (
            tuple(Labels(status=status) for status in TICKET_STATUSES),
            lambda r: [r["live"]["backlog"][status] for status in TICKET_STATUSES],
        ),
        "queue_oldest_ticket_timestamp_seconds": (
            (NO_LABELS,),
            lambda r: (_seconds(r["live"]["oldest_open_at"]),),
        ),
    }


class _Queue:
    """What never changes of one queue's series."""

    __slots__ = ("info", "labels", "tickets")

    def __init__(self, queue_key: QueueKey, settings: Settings) -> None:
        tenant, name, channel = queue_key
        self.labels = Labels(tenant=tenant, queue=name, channel=channel)
        self.tickets = channel == TICKET
        queue = settings.queue(tenant, name, channel)
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

    def families(self) -> Iterator[Family]:
        """Every metric with the labels of a queue, each once."""
        records = self._owned()
        booked = self._intake.booked.copy()
        described = self._queues(self._configured | records.keys())
        counted = {
            queue_key: queue
            for queue_key, queue in self._queues(described.keys() | booked.keys()).items()
            if not queue.tickets  # what is booked of tickets is in no counter
        }
        yield from self._counters(counted, booked)
        yield from self._levels(records)
        yield from self._descriptions(described, records)

    def _owned(self) -> dict[QueueKey, Record]:
        """The records of units that are assigned to this process and loaded."""
        owned: dict[QueueKey, Record] = {}
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
        each = [
            (queue.labels, booked.get(queue_key, nothing).get)
            for queue_key, queue in queue_keys.items()
        ]
        for name, parts in COUNTERS.items():
            yield family(
                name,
                (
                    ("", labels, extra, get(number, 0))
                    for labels, get in each
                    for extra, number in parts
                ),
            )
        corrections = dict(self._intake.corrections)
        yield family(
            "contacts_corrections_total",
            (
                ("", queue.labels, NO_LABELS, corrections.get(queue_key, 0))
                for queue_key, queue in queue_keys.items()
            ),
        )
        for name, histograms in self._histograms.items():
            rows: list[Row] = []
            for labels, get in each:
                for extra, les, numbers, total in histograms:
                    counts = [get(number, 0) for number in numbers]
                    rows += histogram_rows(labels, extra, les, counts, get(total, 0) / 1_000)
            yield family(name, rows)

    @cached_property
    def _histograms(self) -> dict[str, list[tuple[Labels, tuple[Labels, ...], range, int]]]:
        """By metric: each histogram's labels, those of its buckets, their numbers, the sum's."""
        found: dict[str, list[tuple[Labels, tuple[Labels, ...], range, int]]] = {}
        for name, parts in HISTOGRAM_PARTS.items():
            found[name] = []
            for pairs, (first, bounds, total) in parts:
                numbers = range(first, first + len(bounds) + 1)
                found[name].append((Labels(**pairs), bounds_of(name, **pairs), numbers, total))
        return found

    def _levels(self, records: Mapping[QueueKey, Record]) -> Iterator[Family]:
        owned = self._queues(set(records))
        for name, (extras, values) in self._gauges.items():
            of_tickets = "ticket" in name
            yield family(
                name,
                (
                    ("", queue.labels, extra, value)
                    for queue_key, queue in owned.items()
                    if queue.tickets or not of_tickets
                    for extra, value in zip(extras, values(records[queue_key]), strict=True)
                    if value is not None
                ),
            )

    def _descriptions(
        self, queues: Mapping[QueueKey, _Queue], records: Mapping[QueueKey, Record]
    ) -> Iterator[Family]:
        yield family("queue_info", (("", q.labels, q.info, 1) for q in queues.values()))
        described: dict[str, list[tuple[Labels, float | None]]] = {
            "queue_occupancy_limit_ratio": [],
            "queue_wait_threshold_seconds": [],
            "queue_target_service_level_ratio": [],
        }
        limits, thresholds, targets = described.values()
        now = now_ms()
        for queue_key, queue in queues.items():
            record = records.get(queue_key)
            found = (
                self._definitions.of(queue_key, now) if record is None else record["definitions"]
            )
            # None: tickets have no threshold, and in `_all` queues may differ.
            limits.append((queue.labels, found["targets"]["occupancy_limit"]))
            thresholds.append((queue.labels, found["service_level_seconds"]))
            if not queue.tickets:
                targets.append((queue.labels, found["targets"]["service_level"]))
        for name, values in described.items():
            rows = [("", labels, NO_LABELS, value) for labels, value in values if value is not None]
            yield family(name, rows)
