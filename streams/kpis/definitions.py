"""Stage 4: what each queue's numbers mean, from the settings: definitions and rules.

`_all` shows a definition only where all queues of the tenant and channel that are configured agree.
"""

from dataclasses import asdict, replace
from typing import Any

from streams.lifecycle.ledger import ALL
from streams.lifecycle.rules import DEFAULTS, Policies, QueuePolicy, in_force
from streams.settings import QueueSettings, Settings
from streams.windows.cells import queue_key
from streams.wire.keys import partition_of

Place = tuple[str, str, str]
#: Definitions through time: (from when in ms, what holds then).
Versions = list[tuple[int, dict[str, Any]]]
_TARGETS = (
    "service_level",
    "occupancy_low",
    "occupancy_high",
    "occupancy_limit",
    "abandonment",
    "handle_seconds",
    "first_response_seconds",
    "resolution_ratio",
)


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000


def policies_of(settings: Settings) -> Policies:
    """The lifecycle's rules, in ms, of every configured queue."""
    queues = {
        (queue.tenant, queue.name, channel): _policy(queue, channel)
        for queue in settings.queues
        for channel in queue.channels
    }
    return Policies(queues, settings.horizon_seconds * 1_000, settings.max_queues)


def _policy(queue: QueueSettings, channel: str) -> QueuePolicy:
    if channel == "ticket":
        return DEFAULTS[channel]
    (_, first), *later = queue.versions(channel)
    return replace(_rules(first), later=tuple((since, _rules(then)) for since, then in later))


def _rules(queue: QueueSettings) -> QueuePolicy:
    return QueuePolicy(
        threshold_ms=_ms(queue.service_level_seconds),
        short_ms=_ms(queue.short_abandon_seconds),
        wrapup=queue.wrapup,
        wrapup_cap_ms=queue.wrapup_cap_seconds * 1_000,
        max_wait_ms=_ms(queue.max_wait_seconds),
        max_handle_ms=_ms(queue.max_handle_seconds),
        silent_ms=_ms(queue.silent_chat_seconds),
    )


class Definitions:
    """The `definitions` object of every record; the configured places and their time zones."""

    def __init__(self, settings: Settings) -> None:
        self._queues: dict[Place, Versions] = {
            (queue.tenant, queue.name, channel): [
                (since, _definition(then)) for since, then in queue.versions(channel)
            ]
            for queue in settings.queues
            for channel in queue.channels
        }
        self.zones: dict[Place, str] = {
            (queue.tenant, queue.name, channel): queue.time_zone
            for queue in settings.queues
            for channel in queue.channels
        }
        for tenant, _, channel in list(self.zones):
            self.zones[tenant, ALL, channel] = "UTC"
        self._defaults = {
            channel: [(0, _definition(QueueSettings(name="default").on(channel)))]
            for channel in DEFAULTS
        }
        self._all: dict[tuple[str, str], Versions] = {}
        for (tenant, _, channel), versions in self._queues.items():
            known = self._all.get((tenant, channel), versions)
            since = sorted({at for at, _ in (*known, *versions)})
            self._all[tenant, channel] = [
                (at, _agreed(_in_force(known, at), _in_force(versions, at))) for at in since
            ]

    def of_partition(self, partition: int, partitions: int) -> dict[Place, str]:
        """The configured places whose records are made in one partition, and their time zones."""
        return {
            place: zone
            for place, zone in self.zones.items()
            if partition_of(queue_key(place[0], place[1]), partitions) == partition
        }

    def of(self, place: Place, at: int) -> dict[str, Any]:
        """The definitions of one (tenant, queue, channel) that are in force at `at` (ms)."""
        tenant, queue, channel = place
        default = self._defaults[channel]
        if queue == ALL:
            return _in_force(self._all.get((tenant, channel), default), at)
        return _in_force(self._queues.get(place, default), at)


def _in_force(versions: Versions, at: int) -> dict[str, Any]:
    (_, first), *later = versions
    return in_force(first, later, at)


def _definition(queue: QueueSettings) -> dict[str, Any]:
    targets = asdict(queue.targets)
    return {
        "service_level_seconds": queue.service_level_seconds,
        "short_abandon_seconds": queue.short_abandon_seconds,
        "default_formula": queue.default_formula,
        "targets": {name: targets[name] for name in _TARGETS},
    }


def _agreed(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _agreed(value, other[key])
        if isinstance(value, dict)
        else (value if value == other[key] else None)
        for key, value in one.items()
    }
