"""The days that today is compared with, of every queue; and which of them are still to be read.

In: interval records as the feed reads them, of today and as it goes back. Out: `compare`, and
`unread`, the spans of the topic that the feed has to go back to. Kept are today, yesterday and 7,
14, 21 and 28 days ago, by the queue's time zone: another day begins, and what no day is compared
with any more is dropped. Invariant: nothing else of an interval is kept than `compared.KEPT`.
Cost: 61 KB a queue at most (12 MB for 200 queues); one more dictionary look-up an interval.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from streams.board import compared
from streams.contract.words import HOUR_MS, QueueKey
from streams.wall_clock import now_ms

#: A final interval is written once the horizon has passed; a worker may have stood still meanwhile.
LATEST_FINAL_MS: Final = 12 * HOUR_MS
DEFAULT_ZONE: Final = "UTC"  # of `_all` too, as everywhere


@dataclass(frozen=True, slots=True)
class Span:
    """A local day of one zone, and when its intervals were written (ms, from and before)."""

    zone: str
    day: date
    since: int
    before: int


@dataclass(slots=True)
class Past:
    """See the module. Every method may be called from any thread."""

    zones: Mapping[QueueKey, str] = field(default_factory=dict)
    max_keys: int = 20_000
    _days: dict[QueueKey, dict[date, compared.Day]] = field(default_factory=dict)
    _read: set[tuple[str, date]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, key: QueueKey, start: int, record: Any, at_ms: int | None = None) -> None:
        """Keep an interval's numbers if its day is compared; a record of the contract, or `Thin`.

        `at_ms`: now.
        """
        zone = self.zones.get(key, DEFAULT_ZONE)
        slot = compared.local_slot(start, zone)
        today = compared.local_slot(at_ms or now_ms(), zone).day
        if slot.again or (today - slot.day).days not in compared.DAYS_AGO:
            return
        numbers = compared.numbers_of(key[2], record.definitions, record.figures)
        with self._lock:
            if key not in self._days and len(self._days) >= self.max_keys:
                return
            days = self._days.setdefault(key, {})
            day = days.get(slot.day)
            if day is None:
                wanted = compared.days_of(today).values()
                for old in [one for one in days if one not in wanted]:
                    del days[old]
                day = days[slot.day] = compared.Day(key[2])
            day.put(slot.slot, numbers, final=record.final)

    def unread(self, at_ms: int) -> list[Span]:
        """The days, other than today and yesterday, of which the topic has not been read yet."""
        wanted = {
            (zone, day)
            for zone in {DEFAULT_ZONE, *self.zones.values()}
            for ago, day in compared.days_of(compared.local_slot(at_ms, zone).day).items()
            if ago > compared.YESTERDAY
        }
        self._read &= wanted  # a day that is wanted again a week later has been dropped meanwhile
        found = []
        for zone, day in wanted - self._read:
            starts = compared.starts_of(day, zone)
            found.append(Span(zone, day, starts[0], starts[-1] + LATEST_FINAL_MS))
        return sorted(found, key=lambda span: (span.since, span.zone))

    def was_read(self, span: Span) -> None:
        """The topic was read over this span; it is not asked for again while the day is wanted."""
        self._read.add((span.zone, span.day))

    def compare(self, key: QueueKey, at_ms: int) -> dict[str, Any]:
        """What `compared.compare` says of a queue; all null of one that is not known."""
        zone = self.zones.get(key, DEFAULT_ZONE)
        today = compared.local_slot(at_ms, zone).day
        with self._lock:
            days = self._days.get(key, {})
            known = {ago: days[day] for ago, day in compared.days_of(today).items() if day in days}
            return compared.compare(key[2], known, today, at_ms, zone)
