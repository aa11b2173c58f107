"""Business hours as the settings say them: `[calendars.NAME]`, and a queue's `calendar`.

In: the raw tables. Out: `Calendar`, plain values by weekday and date in minutes of the local wall
clock; or a ValueError that says what would be right. Invariant: spans of one day are in order and
apart. What they mean for an instant: `lifecycle/business.py`.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

#: Minutes of a day, from midnight by the wall clock: [start, end).
Spans = tuple[tuple[int, int], ...]

DAY_MINUTES: Final = 24 * 60
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALTERNATIVES = "|".join(DAYS)
_TIMES = r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)"
_ENTRY = re.compile(rf"(?:({_ALTERNATIVES})(?:-({_ALTERNATIVES}))? )?{_TIMES}")
HOURS_WANTED: Final = 'needs hours, for example "Mon-Fri 08:00-18:00, Sat 09:00-13:00"'
_DATE_WANTED: Final = 'needs the hours of that date, for example "09:00-12:00", or "" for none'


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is done. The names of the fields are stored with a unit's state.

    `week`: the spans of Monday to Sunday. `holidays`: (day, its spans in place of the weekday's),
    the day as the proleptic ordinal of its date.
    """

    name: str
    time_zone: str
    week: tuple[Spans, ...]
    holidays: tuple[tuple[int, Spans], ...] = ()

    def __hash__(self) -> int:
        """Of the name alone: calendars are looked up at each deadline."""
        return hash(self.name)

    def of(self, day: int) -> Spans:
        """The spans of a date, given as its ordinal."""
        for holiday, spans in self.holidays:
            if holiday == day:
                return spans
        return self.week[(day + 6) % 7]
