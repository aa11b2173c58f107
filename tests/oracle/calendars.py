"""The oracle's clock of business hours: whether an instant is open is a property of that instant.

In: calendars as dicts {"time_zone", "hours", "holidays"}, in which hours are as in the
configuration ("Mon-Fri 09:00-17:00, Sat 22:00-06:00") and holidays give a date the hours that it
has instead (none: closed). Out: open time between two instants, in ms, and the earliest instant at
which some of it is over. Nothing is known of days of 23 hours: each minute of UTC is looked at by
itself, as the clock on the wall shows it. Hours and changes of clocks fall on whole minutes.
Cost: 1,440 looks a day, once a calendar.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

SECOND_MS, MINUTE_MS, DAY_MS = 1_000, 60_000, 86_400_000
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Without open time for as long there is none to wait for.
NEVER_MS = 400 * DAY_MS
BEGINNING, FOREVER = -(10**15), 10**18

Calendar = tuple[str, str, tuple[tuple[str, str], ...]]


def frozen(calendar: dict | None) -> Calendar | None:
    """The calendar as a key; None, and "" as the configuration says it: there is none."""
    if not calendar:
        return None
    holidays = tuple(sorted((calendar.get("holidays") or {}).items()))
    return calendar["time_zone"], calendar["hours"], holidays


def minutes(span: str) -> tuple[int, int]:
    """ "09:00-17:00" as minutes of the day."""
    begin, end = (60 * int(clock[:2]) + int(clock[3:]) for clock in span.split("-"))
    return begin, end


@lru_cache(maxsize=1_000)
def open_on(hours: str, weekday: int) -> frozenset[int]:
    """The open minutes of a weekday: after midnight a span goes on with the next day's date."""
    found: set[int] = set()
    for part in filter(None, hours.split(", ")):
        days, span = part.split(" ")
        first, last = WEEK.index(days[:3]), WEEK.index(days[-3:])
        listed = {(first + n) % 7 for n in range((last - first) % 7 + 1)}
        begin, end = minutes(span)
        if weekday in listed:
            found |= set(range(begin, end if begin < end else 1_440))
        if begin >= end and (weekday - 1) % 7 in listed:
            found |= set(range(end))
    return frozenset(found)


@lru_cache(maxsize=1_000)
def open_on_holiday(hours: str) -> frozenset[int]:
    """The open minutes of a date with hours of its own."""
    spans = [minutes(part) for part in filter(None, hours.split(", "))]
    return frozenset(minute for begin, end in spans for minute in range(begin, end))


@lru_cache(maxsize=1_000)
def holidays_of(calendar: Calendar) -> dict[date, str]:
    return {date.fromisoformat(day): hours for day, hours in calendar[2]}


def open_on_date(calendar: Calendar, day: date) -> frozenset[int]:
    """The open minutes of a date."""
    special = holidays_of(calendar).get(day)
    return open_on(calendar[1], day.weekday()) if special is None else open_on_holiday(special)


def is_open(calendar: Calendar | None, at: int) -> bool:
    """Whether the calendar is open at this instant, in ms; without a calendar it always is."""
    if calendar is None:
        return True
    local = datetime.fromtimestamp(at // SECOND_MS, ZoneInfo(calendar[0]))
    return 60 * local.hour + local.minute in open_on_date(calendar, local.date())


@lru_cache(maxsize=100_000)
def open_minutes(calendar: Calendar, day: int) -> tuple[int, ...]:
    """When the open minutes of a day of UTC begin, in ms."""
    zone, found = ZoneInfo(calendar[0]), []
    today, opened = date.min, frozenset[int]()
    for start in range(day * DAY_MS, (day + 1) * DAY_MS, MINUTE_MS):
        local = datetime.fromtimestamp(start // SECOND_MS, zone)
        if local.date() != today:
            today = local.date()
            opened = open_on_date(calendar, today)
        if 60 * local.hour + local.minute in opened:
            found.append(start)
    return tuple(found)


class Clock:
    """The business time of a queue: its calendars, each from an instant on."""

    def __init__(self, versions: list[tuple[int, dict | None]]) -> None:
        self.versions = [(since, frozen(calendar)) for since, calendar in versions]

    def is_open(self, at: int) -> bool:
        """Whether the calendar in force is open at this instant."""
        return is_open([calendar for since, calendar in self.versions if since <= at][-1], at)

    def pieces(self, a: int, b: int) -> Iterator[tuple[int, int, Calendar | None]]:
        """[a, b) cut at the days of UTC and where another calendar is in force."""
        edges = [since for since, _ in self.versions]
        for (since, calendar), until in zip(self.versions, [*edges[1:], FOREVER], strict=True):
            begin, end = max(a, since), min(b, until)
            while begin < end:
                next_day = (begin // DAY_MS + 1) * DAY_MS
                yield begin, min(end, next_day), calendar
                begin = next_day

    def between(self, a: int, b: int) -> int:
        """The open time of [a, b), in ms."""
        return sum(open_ms(*piece) for piece in self.pieces(a, b))

    def reach(self, a: int, need: int, never_ms: int = NEVER_MS) -> int | None:
        """The earliest instant from `a` on by which `need` ms were open; None: there is none."""
        if need <= 0:
            return a
        open_until = a
        for begin, end, calendar in self.pieces(a, FOREVER):
            if begin - open_until >= never_ms:
                return None
            for start, stop in stretches(begin, end, calendar):
                if start - open_until >= never_ms:
                    return None
                if stop - start >= need:
                    return start + need
                need -= stop - start
                open_until = stop
        raise AssertionError("time has no end")


class Clocks:
    """The business time of each queue's tickets, by its calendars through time."""

    def __init__(self, oracle: Any) -> None:
        self.oracle = oracle
        self.known: dict[tuple[str, str], Clock] = {}

    def of(self, tenant: str, queue: str) -> Clock:
        if (tenant, queue) not in self.known:
            told = [one["from"] for entry in self.oracle.queues for one in entry.get("changes", [])]
            versions = [
                (since, self.oracle.settings(tenant, queue, "ticket", since)["calendar"])
                for since in (BEGINNING, *sorted(set(told)))
            ]
            self.known[tenant, queue] = Clock(versions)
        return self.known[tenant, queue]


def stretches(begin: int, end: int, calendar: Calendar | None) -> Iterator[tuple[int, int]]:
    """The open stretches, of a minute at most, of [begin, end) in one day of UTC."""
    if calendar is None:
        yield begin, end
        return
    for start in open_minutes(calendar, begin // DAY_MS):
        if start < end and start + MINUTE_MS > begin:
            yield max(start, begin), min(start + MINUTE_MS, end)


def open_ms(begin: int, end: int, calendar: Calendar | None) -> int:
    """The open time of [begin, end) in one day of UTC, in ms."""
    if calendar is not None and end - begin == DAY_MS:
        return MINUTE_MS * len(open_minutes(calendar, begin // DAY_MS))
    return sum(stop - start for start, stop in stretches(begin, end, calendar))
