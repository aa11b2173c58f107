"""Business hours as the settings say them: `[calendars.NAME]`, which a queue's `calendar` names.

In: the raw texts of hours. Out: `Calendar`, plain values by weekday and date, in minutes of the
local wall clock; or a ValueError that says what would be right. Invariant: the spans of a day are
in order and apart. What they mean for an instant: `lifecycle/business.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

#: Minutes of a day, from midnight by the wall clock: [start, end).
Spans = tuple[tuple[int, int], ...]

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_MINUTES: Final = 24 * 60
_DAY = "|".join(DAYS)
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN = re.compile(rf"({_TIME})-({_TIME}|24:00)")
_ENTRY = re.compile(rf"({_DAY})(?:-({_DAY}))? (\S+)")
_WEEK_WANTED = 'needs hours, for example "Mon-Fri 08:00-18:00, Sat 22:00-06:00"'
_DATES_WANTED = (
    "needs a table of dates with the hours that are open in place of the weekday's, for example"
    ' { "2026-12-24" = "09:00-12:00", "2026-12-25" = "" }'
)
_LONGEST_CLOSED_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is done. The names of the fields are stored with a unit's state.

    `week`: the spans of Monday to Sunday. `holidays`: in order, dates (as their ordinals) and the
    spans that they have in place of the weekday's.
    """

    name: str
    week: tuple[Spans, ...]
    time_zone: str = "UTC"
    holidays: tuple[tuple[int, Spans], ...] = ()

    def __hash__(self) -> int:
        """Of the name alone: a calendar is looked up for each deadline."""
        return hash(self.name)

    def of(self, day: int) -> Spans:
        """The spans of a date, which is given as its ordinal."""
        for holiday, spans in self.holidays:
            if holiday == day:
                return spans
        return self.week[(day - 1) % 7]

    def opens(self) -> bool:
        """Whether any 400 days have open time."""
        closed = 0
        for day in range(self.holidays[0][0], self.holidays[-1][0]) if self.holidays else ():
            closed = 0 if self.of(day) else closed + 1
            if closed == _LONGEST_CLOSED_DAYS:
                return False
        return any(self.week)

    def loses_a_minute(self) -> bool:
        """Whether a day's hours end at 23:59: its last minute is closed, mostly by mistake."""
        days = (*self.week, *(spans for _, spans in self.holidays))
        return any(end == _DAY_MINUTES - 1 for spans in days for _, end in spans)


def week_of(raw: object) -> tuple[Spans, ...]:
    """The hours of a week; a span over midnight is two, each of its own day."""
    minutes: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    if not isinstance(raw, str):
        raise ValueError(_WEEK_WANTED)
    for text in raw.split(", ") if raw else ():
        entry = _ENTRY.fullmatch(text)
        if entry is None:
            raise ValueError(_WEEK_WANTED)
        first = DAYS.index(entry[1])
        last = first if entry[2] is None else DAYS.index(entry[2])
        start, end = _span(entry[3], _WEEK_WANTED)
        for number in range((last - first) % 7 + 1):
            day = (first + number) % 7
            if start < end:
                minutes[day].append((start, end))
            else:
                minutes[day].append((start, _DAY_MINUTES))
                minutes[(day + 1) % 7].append((0, end))
    return tuple(map(_united, minutes))


def holidays_of(raw: object) -> tuple[tuple[int, Spans], ...]:
    """Dates, and the hours that each has; those end with the date."""
    if not isinstance(raw, dict):
        raise ValueError(_DATES_WANTED)
    found: dict[int, Spans] = {}
    for when, text in raw.items():
        try:
            day = date.fromisoformat(when).toordinal()
        except ValueError:
            raise ValueError(_DATES_WANTED) from None
        if not isinstance(text, str):
            raise ValueError(_DATES_WANTED)
        spans = [_span(one, _DATES_WANTED) for one in text.split(", ")] if text else []
        if any(start >= end for start, end in spans):
            raise ValueError("needs hours that end with their date; those after it are the next's")
        found[day] = _united(spans)
    return tuple(sorted(found.items()))


def _span(text: str, wanted: str) -> tuple[int, int]:
    span = _SPAN.fullmatch(text)
    if span is None:
        raise ValueError(wanted)
    start, end = _minutes(span[1]), _minutes(span[2])
    if start == end:
        raise ValueError(f"needs hours that do not end when they begin, as {text} does")
    return start, end


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _united(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans in order, those that touch or overlap as one."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start == end:
            continue
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return tuple(united)
