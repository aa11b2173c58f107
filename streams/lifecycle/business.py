"""Layer 2: business time, a property of each instant: open, or not, by the calendar in force.

In: calendars through time, instants in ms. Out: how much open time lies between two instants, and
when it will have been so much. An instant is open if its local date's hours (a holiday's, else the
weekday's) hold its local wall time: an hour that is skipped has no instants, one that comes twice
counts twice. Invariant: both functions see the same open spans, in whole ms; time without a
calendar is open. Cost: a look at each 32 days between them, whose spans are worked out once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from streams.contract.words import DAY_MS, MINUTE_MS
from streams.lifecycle.rules import NEVER, Calendars
from streams.settings.calendars import Calendar

#: Open time that does not come for so long never does.
LONGEST_CLOSED_MS: Final = 400 * DAY_MS

_BLOCK_MS: Final = 32 * DAY_MS
#: No zone has changed its clock twice within so long.
_STEP_MS: Final = DAY_MS
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def elapsed(calendars: Calendars, a: int, b: int) -> int:
    """The business time between two instants (ms), ms; 0 where the second is not the later."""
    if not calendars:
        return max(0, b - a)
    return sum(
        end - start if calendar is None else _open(calendar, start, end)
        for calendar, start, end in _stretches(calendars, a, b)
    )


def reach(calendars: Calendars, a: int, needed: int) -> int:
    """The earliest instant (ms) at which business time since `a` is `needed` ms.

    Without calendars all time is open.
    NEVER where there is no open time for 400 days on the way.
    """
    if needed <= 0 or not calendars:
        return a + max(0, needed)
    open_until = a
    for calendar, since, end in _stretches(calendars, a, NEVER):
        start = since
        if calendar is None:
            if start - open_until >= LONGEST_CLOSED_MS:
                return NEVER
            if needed <= end - start:
                return start + needed
            needed -= end - start
            open_until = end
            continue
        while start < end:
            block = _block(calendar, start // _BLOCK_MS)
            upto = min(end, block.end)
            first = block.first_open(start)
            if min(first, upto) - open_until >= LONGEST_CLOSED_MS:
                return NEVER
            before = block.until(start)
            available = block.until(upto) - before
            if available >= needed:
                return block.when(before + needed)
            if available:
                open_until = block.last_open(upto)
            needed -= available
            start = upto
    return NEVER


def _stretches(calendars: Calendars, a: int, b: int) -> Iterator[tuple[Calendar | None, int, int]]:
    """(calendar, from, to) of each version in force between two instants, ms."""
    last = len(calendars) - 1
    for number, (since, calendar) in enumerate(calendars):
        start = a if number == 0 else max(a, since)
        end = b if number == last else min(b, calendars[number + 1][0])
        if start < end:
            yield calendar, start, end


def _open(calendar: Calendar, a: int, b: int) -> int:
    first, last = a // _BLOCK_MS, b // _BLOCK_MS
    whole = sum(_block(calendar, number).total for number in range(first, last))
    return whole + _block(calendar, last).until(b) - _block(calendar, first).until(a)


@dataclass(frozen=True, slots=True)
class _Block:
    """The open spans of 32 days, UTC: starts and ends in ms, and how much is open before each."""

    end: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    def until(self, at: int) -> int:
        """How much is open from the block's start to `at`."""
        place = bisect_right(self.starts, at) - 1
        if place < 0:
            return 0
        return self.before[place] + min(at, self.ends[place]) - self.starts[place]

    def when(self, opened: int) -> int:
        """The earliest instant up to which so much (above 0) is open."""
        place = bisect_left(self.before, opened) - 1
        return self.starts[place] + opened - self.before[place]

    def first_open(self, at: int) -> int:
        """The first open instant from `at` on; NEVER if the block has none."""
        place = bisect_right(self.ends, at)
        return max(at, self.starts[place]) if place < len(self.starts) else NEVER

    def last_open(self, at: int) -> int:
        """The end of what is open before `at`, where something is."""
        return min(at, self.ends[bisect_left(self.starts, at) - 1])


@lru_cache(maxsize=4_096)
def _block(calendar: Calendar, number: int) -> _Block:
    """The 32 days of this number since the epoch."""
    spans: list[list[int]] = []
    start, end = number * _BLOCK_MS, (number + 1) * _BLOCK_MS
    for low, high, offset in _offsets(calendar.time_zone, start, end):
        for day in range((low + offset) // DAY_MS, (high + offset - 1) // DAY_MS + 1):
            midnight = day * DAY_MS - offset
            for opens, closes in calendar.of(day + _EPOCH_DAY):
                since = max(low, midnight + opens * MINUTE_MS)
                until = min(high, midnight + closes * MINUTE_MS)
                if since >= until:
                    continue
                if spans and spans[-1][1] == since:
                    spans[-1][1] = until
                else:
                    spans.append([since, until])
    before, total = [], 0
    for since, until in spans:
        before.append(total)
        total += until - since
    starts, ends = tuple(since for since, _ in spans), tuple(until for _, until in spans)
    return _Block(end, starts, ends, tuple(before), total)


def _offsets(zone: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """(from, to, offset) in ms: what a zone's clocks are ahead of UTC, stretch by stretch."""
    here = ZoneInfo(zone)
    found: list[tuple[int, int, int]] = []
    since, offset = start, _offset(here, start)
    for step in range(start, end, _STEP_MS):
        low, high = step, min(step + _STEP_MS, end)
        following = _offset(here, high)
        if following == offset:
            continue
        while high - low > 1_000:  # clocks are changed at whole seconds
            middle = (low + high) // 2_000 * 1_000
            if _offset(here, middle) == offset:
                low = middle
            else:
                high = middle
        if high < end:
            found.append((since, high, offset))
            since, offset = high, following
    found.append((since, end, offset))
    return found


def _offset(zone: ZoneInfo, at: int) -> int:
    there = datetime.fromtimestamp(at // 1_000, UTC).astimezone(zone).utcoffset()
    assert there is not None  # a zone always has one
    return (there.days * 86_400 + there.seconds) * 1_000
