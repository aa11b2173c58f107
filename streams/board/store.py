"""The newest record of every key, and which keys changed since the hub last asked.

In: Kafka keys and values from the feed's thread. Out: views, sparklines, intervals and the state
of the feed, read by the web server's thread; one lock keeps them apart.
Invariant: a record replaces the one of its key, a tombstone removes it; what cannot be read
changes nothing and is counted by reason. Nothing grows without end: keys, and intervals a key,
are limited.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from streams.board import records
from streams.board.past import Past
from streams.board.records import UnreadableError
from streams.contract.records import KpiRecord, QualityRecord
from streams.contract.words import ANOMALY_SORTS, QueueKey
from streams.wall_clock import now_ms

MAX_KEYS = 20_000  # 2,000 queues a tenant, several tenants and channels: more is a fault
MAX_INTERVALS = 192  # of 15 minutes: two days a queue
MAX_PARTITIONS = 1_024
NO_ZONES: Mapping[QueueKey, str] = MappingProxyType({})


@dataclass(slots=True)
class Entry:
    """One KPI record: as read, its bytes as they are on the topic, and its views by window."""

    record: KpiRecord
    raw: bytes
    views: dict[str, bytes] = field(default_factory=dict)

    def view(self, window: str) -> bytes:
        """The record with one window as JSON, encoded once however many browsers want it."""
        found = self.views.get(window)
        if found is None:
            found = self.views[window] = records.one_window(self.record, window)
        return found


@dataclass(slots=True)
class FeedState:
    """How the reading of Kafka goes: `connecting` `missing` `loading` `live` `lost`, since when."""

    state: str = "connecting"
    since_ms: int = field(default_factory=now_ms)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Keys touched since the last call; a key that is gone is in its set too."""

    kpis: tuple[QueueKey, ...]
    history: tuple[QueueKey, ...]

    def __bool__(self) -> bool:
        return bool(self.kpis or self.history)


class Store:
    """See the module. Every public method may be called from any thread."""

    def __init__(self, max_keys: int = MAX_KEYS, zones: Mapping[QueueKey, str] = NO_ZONES) -> None:
        #: The days that today is compared with; `zones` are those of the queues, UTC where not.
        self.past = Past(zones, max_keys)
        self._lock = threading.Lock()
        self._max_keys = max_keys
        self._kpis: dict[QueueKey, Entry] = {}
        self._sparks: dict[QueueKey, bytes] = {}
        self._intervals: dict[QueueKey, dict[int, bytes]] = {}
        self._quality: dict[int, QualityRecord] = {}
        self._skipped: Counter[str] = Counter()
        # dicts as ordered sets: changes are sent in the order they came
        self._changed_kpis: dict[QueueKey, None] = {}
        self._changed_history: dict[QueueKey, None] = {}
        self._feed = FeedState()
        self._newest_ms = 0

    def put_kpi(self, key: bytes, value: bytes | None) -> bool:
        """Take one record of `contact.kpis`; False if it was skipped (and counted)."""
        try:
            name = records.read_key(key)
            if value is None:
                entry = None
            else:
                record = records.read_kpi(value)
                if (record.tenant, record.queue, record.channel) != name:
                    raise UnreadableError("key")
                entry = Entry(record, value)
            with self._lock:
                if entry is None:
                    self._kpis.pop(name, None)
                else:
                    self._room(self._kpis, name)
                    self._kpis[name] = entry
                    self._newest_ms = max(self._newest_ms, entry.record.as_of)
                self._changed_kpis[name] = None
        except UnreadableError as reason:
            return self._skip("kpi", reason)
        return True

    def put_history(self, key: bytes, value: bytes | None) -> bool:
        """Take one record of `contact.history`, a queue's minutes or a partition's quality."""
        try:
            if records.is_quality_key(key):
                if value is not None:
                    quality = records.read_quality(value)
                    with self._lock:
                        self._room(self._quality, quality.partition, MAX_PARTITIONS)
                        self._quality[quality.partition] = quality
                return True
            name = records.read_key(key)
            spark = None if value is None else records.read_spark(value)
            if spark is not None and (spark.tenant, spark.queue, spark.channel) != name:
                raise UnreadableError("key")
            with self._lock:
                if spark is None:
                    self._sparks.pop(name, None)
                else:
                    self._room(self._sparks, name)
                    self._sparks[name] = records.encode(spark)
                self._changed_history[name] = None
        except UnreadableError as reason:
            return self._skip("history", reason)
        return True

    def put_interval(self, key: bytes, value: bytes | None) -> bool:
        """Take one record of `contact.intervals`; the newest `MAX_INTERVALS` a queue are kept."""
        try:
            name, start = records.read_interval_key(key)
            interval = None if value is None else records.read_interval(value)
            if interval is not None and interval.interval_start != start:
                raise UnreadableError("key")
            with self._lock:
                if interval is None:
                    self._intervals.get(name, {}).pop(start, None)
                    return True
                self._room(self._intervals, name)
                kept = self._intervals.setdefault(name, {})
                kept[start] = records.encode(interval)
                if len(kept) > MAX_INTERVALS:
                    del kept[min(kept)]
            self.past.put(name, start, interval)
        except UnreadableError as reason:
            return self._skip("interval", reason)
        return True

    def put_past(self, key: bytes, value: bytes | None) -> bool:
        """Take one record of `contact.intervals` of weeks ago: what days are compared by."""
        try:
            name, start = records.read_interval_key(key)
            if value is not None:
                self.past.put(name, start, records.read_thin(value))
        except UnreadableError as reason:
            return self._skip("past", reason)
        return True

    def _room(self, kept: dict, name: object, limit: int | None = None) -> None:  # type: ignore[type-arg]
        if name not in kept and len(kept) >= (limit or self._max_keys):
            raise UnreadableError("too_many")

    def _skip(self, kind: str, reason: UnreadableError) -> bool:
        with self._lock:
            self._skipped[f"{kind}_{reason}"] += 1
        return False

    def set_feed(self, state: str, detail: str = "", since_ms: int | None = None) -> None:
        """Note how the reading of Kafka goes; `since` (default: now) moves only with the state."""
        with self._lock:
            if state != self._feed.state:
                self._feed = FeedState(state, since_ms or now_ms(), detail)
            else:
                self._feed.detail = detail

    def feed(self) -> FeedState:
        """How the reading of Kafka goes."""
        with self._lock:
            return FeedState(self._feed.state, self._feed.since_ms, self._feed.detail)

    def take_changes(self) -> Changes:
        """The keys changed since the last call. For one caller: the hub."""
        with self._lock:
            changes = Changes(tuple(self._changed_kpis), tuple(self._changed_history))
            self._changed_kpis.clear()
            self._changed_history.clear()
        return changes

    def names(self) -> list[QueueKey]:
        """All keys that have a KPI record."""
        with self._lock:
            return list(self._kpis)

    def views(self, keys: Iterable[QueueKey], window: str) -> tuple[list[bytes], list[QueueKey]]:
        """The records of these keys with one window, and those of them that are gone."""
        found, gone = [], []
        with self._lock:
            for key in keys:
                entry = self._kpis.get(key)
                if entry is None:
                    gone.append(key)
                else:
                    found.append(entry.view(window))
        return found, gone

    def raw(self, keys: Iterable[QueueKey]) -> list[bytes]:
        """The records of these keys byte for byte as they are on the topic."""
        with self._lock:
            return [self._kpis[key].raw for key in keys if key in self._kpis]

    def sparks(self, keys: Iterable[QueueKey]) -> list[bytes]:
        """The last hour of these keys, where there is one."""
        with self._lock:
            return [self._sparks[key] for key in keys if key in self._sparks]

    def intervals(self, key: QueueKey) -> list[bytes]:
        """The newest revision of each interval of one queue, oldest first."""
        with self._lock:
            kept = self._intervals.get(key, {})
            return [kept[start] for start in sorted(kept)]

    def quality(self) -> dict[str, object] | None:
        """Data quality over all partitions; None if no worker writes it.

        Counts are summed; a source's last event is its newest on any partition, in ms.
        """
        with self._lock:
            parts = list(self._quality.values())
        if not parts:
            return None
        sources: dict[str, int | None] = {}
        for part in parts:
            for source, last_ms in part.sources.items():
                known = sources.get(source)
                sources[source] = last_ms if known is None else max(known, last_ms or 0)
        return {
            "at": min(part.at for part in parts),
            "sources": dict(sorted(sources.items())),
            "late": sum(part.late for part in parts),
            "dead_letters": sum(part.dead_letters for part in parts),
            "anomalies": sum(part.anomalies for part in parts),
            "orphaned": sum(part.orphaned for part in parts),
            "unknown_agents": sum(part.unknown_agents for part in parts),
            **_lately(parts),
        }

    def counts(self) -> dict[str, object]:
        """Records held, the newest `as_of` in ms (0: none), and records skipped by reason."""
        with self._lock:
            return {
                "records": len(self._kpis),
                "newest_ms": self._newest_ms,
                "skipped": dict(sorted(self._skipped.items())),
            }


def _lately(parts: list[QualityRecord]) -> dict[str, object]:
    """What workers tell since 1.2, summed; None where none does."""
    telling = [part for part in parts if part.anomalies_by_sort is not None]
    if not telling:
        return dict.fromkeys(("anomalies_by_sort", "effective_lately", "did_nothing_lately"))
    by_sort = {
        sort: sum(part.anomalies_by_sort[sort] for part in telling) for sort in ANOMALY_SORTS
    }
    return {
        "anomalies_by_sort": by_sort,
        "effective_lately": sum(part.effective_lately for part in telling),
        "did_nothing_lately": sum(part.did_nothing_lately for part in telling),
    }
