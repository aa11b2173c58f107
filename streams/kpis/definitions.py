"""Layer 4: what each queue's numbers mean, from the settings.

`_all` shows a definition only where all queues of the tenant and channel that are configured agree.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from streams.contract.fields import Part, fields_of, leaves_of
from streams.contract.figures import Figures
from streams.contract.records import DefinitionsShown, PromisesShown, TargetsShown
from streams.contract.words import ALL, CHANNELS, SLA_METRICS, TICKET_PRIORITIES, QueueKey
from streams.kpis.figures import NO_REASONS
from streams.lifecycle.counters import break_level
from streams.lifecycle.rules import in_force
from streams.settings import QueueSettings, Settings
from streams.windows.cells import kafka_key_of
from streams.wire.keys import partition_of

#: Each target, and the figure that is held against it: the field of `Figures`, by its path.
FIGURE_OF_TARGET: Final = {
    "service_level": "service_level.offered_less_short",
    "occupancy_low": "occupancy_ratio",
    "occupancy_high": "occupancy_ratio",
    "occupancy_limit": "occupancy_ratio",
    "abandonment": "abandonment_ratio",
    "handle_seconds": "handle_mean_seconds",
    "first_response_seconds": "first_response_mean_seconds",
    "resolution_ratio": "resolution_in_time_ratio",
    "waited_over_limit": "waited_over_limit_ratio",
    "resolved_same_day": "ticket.cohorts.resolved_same_day_ratio",
    "first_response_ratio": "ticket.sla.first_response.compliance_ratio",
    "next_response_ratio": "ticket.sla.next_response.compliance_ratio",
}
# Nobody starts with a target that no figure answers.
assert set(fields_of(TargetsShown)) == set(FIGURE_OF_TARGET)
assert set(FIGURE_OF_TARGET.values()) <= {".".join(path) for path, _ in leaves_of(Figures)}

#: Definitions through time: (from when in ms, what holds then).
Versions = list[tuple[int, DefinitionsShown]]


class Definitions:
    """The `definitions` object of every record; the configured places and their time zones."""

    def __init__(self, settings: Settings) -> None:
        self._queues: dict[QueueKey, Versions] = {
            (queue.tenant, queue.name, channel): [
                (since, _definition(then)) for since, then in queue.versions(channel)
            ]
            for queue in settings.queues
            for channel in queue.channels
        }
        self.zones: dict[QueueKey, str] = {
            (queue.tenant, queue.name, channel): queue.time_zone
            for queue in settings.queues
            for channel in queue.channels
        }
        self._with_topics: set[QueueKey] = {
            (queue.tenant, name, channel)
            for queue in settings.queues
            for channel in queue.channels
            if any(then.topics for _, then in queue.versions(channel))
            for name in (queue.name, ALL)
        }
        for tenant, _, channel in list(self.zones):
            self.zones[tenant, ALL, channel] = "UTC"
        self._defaults = {
            channel: [(0, _definition(QueueSettings(name="default").on(channel)))]
            for channel in CHANNELS
        }
        self._reasons: defaultdict[QueueKey, dict[str, int]] = defaultdict(dict)
        for queue in settings.queues:
            for channel in queue.channels:
                for _, then in queue.versions(channel):
                    levels = {reason: break_level(reason) for reason in then.break_reasons}
                    for name in (queue.name, ALL):
                        self._reasons[queue.tenant, name, channel] |= levels
        self._all: dict[tuple[str, str], Versions] = {}
        for (tenant, _, channel), versions in self._queues.items():
            known = self._all.get((tenant, channel), versions)
            since = sorted({at for at, _ in (*known, *versions)})
            self._all[tenant, channel] = [
                (at, _agreed(_in_force(known, at), _in_force(versions, at))) for at in since
            ]

    def of_partition(self, partition: int, partitions: int) -> dict[QueueKey, str]:
        """The configured places whose records are made in one partition, and their time zones."""
        return {
            queue_key: zone
            for queue_key, zone in self.zones.items()
            if partition_of(kafka_key_of(queue_key[0], queue_key[1]), partitions) == partition
        }

    def has_topics(self, queue_key: QueueKey) -> bool:
        """Whether figures are told apart by topic there, at any time; in `_all`: of any queue."""
        return queue_key in self._with_topics

    def reasons(self, queue_key: QueueKey) -> Mapping[str, int]:
        """Each reason for a break that the queue lists at any time, and its level.

        Of `_all` those of all queues: what is booked under a reason stays to be seen when the list
        changes.
        """
        return self._reasons.get(queue_key, NO_REASONS)

    def of(self, queue_key: QueueKey, at: int) -> DefinitionsShown:
        """The definitions of one (tenant, queue, channel) that are in force at `at` (ms)."""
        tenant, queue, channel = queue_key
        default = self._defaults[channel]
        if queue == ALL:
            return _in_force(self._all.get((tenant, channel), default), at)
        return _in_force(self._queues.get(queue_key, default), at)


def _in_force(versions: Versions, at: int) -> DefinitionsShown:
    (_, first), *later = versions
    return in_force(first, later, at)


def _definition(queue: QueueSettings) -> DefinitionsShown:
    return DefinitionsShown(
        service_level_seconds=queue.service_level_seconds,
        short_abandon_seconds=queue.short_abandon_seconds,
        wait_limit_seconds=queue.wait_limit_seconds,
        default_formula=queue.default_formula,
        targets=TargetsShown(**asdict(queue.targets)),
        calendar=None if queue.calendar is None else queue.calendar.name,
        sla=_promises(queue.sla) if queue.sla else None,
    )


def _promises(sla: Mapping[str, Mapping[str, int]]) -> PromisesShown:
    seconds: dict[str, dict[str, float | None]] = {
        metric: {word: sla.get(metric, {}).get(word) for word in TICKET_PRIORITIES}
        for metric in SLA_METRICS
    }
    return PromisesShown(**seconds)


def _agreed(one: DefinitionsShown, other: DefinitionsShown) -> DefinitionsShown:
    """Where two queues agree, what they say; None where they do not."""
    targets = _same(one.targets, other.targets)
    return DefinitionsShown(**_same(one, other) | {"targets": TargetsShown(**targets)})


def _same(one: Part, other: Part) -> dict[str, Any]:
    values = ((name, getattr(one, name)) for name in one.__struct_fields__)
    return {name: value if value == getattr(other, name) else None for name, value in values}
