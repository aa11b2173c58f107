"""Today beside other days: yesterday, and the median of 7, 14, 21 and 28 days ago.

In: of each 15-minute interval the few numbers that are compared (`numbers_of`), kept by local day
(`Day`). Out: for each slot of today, and for today so far, the value of yesterday's same local slot
and of the usual day (`compare`). Pure: time is an argument.
Invariant: ratios and means come from their own numerator and denominator, of a slot or of all slots
so far, and none is averaged; the usual value is a median of at least `LEAST_USUAL` days. Past days
count by final intervals. A slot is a local wall time in the queue's time zone: one that a day skips
has no value there, of one that comes twice the first counts. A day that lacks a slot so far has no
value "so far": a part of a day is not compared with a whole one.
Cost: 8 bytes a number; 96 slots of at most 12 numbers are 9.3 KB a queue and day.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from streams.contract.words import INTERVAL_MS

SLOTS: Final = 96
YESTERDAY: Final = 1
USUAL: Final = (7, 14, 21, 28)  # days ago
LEAST_USUAL: Final = 3
DAYS_AGO: Final = (0, YESTERDAY, *USUAL)
_NO_VALUE: Final = math.nan

Value = float | None
#: A name, its numerator and its denominator; a count has no denominator.
Numbers = tuple[str, str, str | None]
#: What is compared, by channel: the names are the page's, the numbers are those of `_READ`.
CONTACTS: Final[tuple[Numbers, ...]] = (
    ("offered", "offered", None),
    ("answered", "answered", None),
    ("abandonment", "lost", "closed"),
    ("service_level", "in_time", "decided"),
    ("wait_mean", "waited", "measured"),
    ("handled", "handled", None),
    ("aht", "handle_seconds", "handled"),
    ("occupancy", "busy", "staffed"),
)
TICKETS: Final[tuple[Numbers, ...]] = (
    ("tickets_opened", "opened", None),
    ("tickets_resolved", "resolved", None),
    ("first_response", "response_seconds", "responses"),
)
COMPARED: Final[Mapping[str, tuple[Numbers, ...]]] = {
    "voice": CONTACTS,
    "chat": CONTACTS,
    "ticket": TICKETS,
}
_READ: Final[dict[str, Callable[[Any, str], float]]] = {
    "offered": lambda one, _: one.offered,
    "answered": lambda one, _: one.answered,
    "lost": lambda one, _: one.abandoned - one.short_abandoned,
    "closed": lambda one, _: one.answered + one.abandoned - one.short_abandoned + one.flowed_out,
    "in_time": lambda one, formula: (
        one.answered_in_threshold
        + (one.abandoned_in_threshold if formula == "removed_in_threshold" else 0)
    ),
    "decided": lambda one, formula: (
        one.answered
        if formula == "answered_only"
        else one.threshold_decided - (one.short_abandoned if formula == "offered_less_short" else 0)
    ),
    "waited": lambda one, _: one.answered_wait_seconds,
    "measured": lambda one, _: one.answered_measured,
    "handled": lambda one, _: one.handled,
    "handle_seconds": lambda one, _: one.talk_seconds + one.hold_seconds + one.wrapup_seconds,
    "busy": lambda one, _: one.handling_agent_seconds,
    "staffed": lambda one, _: one.staffed_agent_seconds,
    "opened": lambda one, _: one.tickets_opened,
    "resolved": lambda one, _: one.tickets_resolved,
    "response_seconds": lambda one, _: one.first_response_seconds,
    "responses": lambda one, _: one.first_responses,
}
#: As the wall judges it: of chats, by their slots in use.
_CHAT: Final[dict[str, Callable[[Any, str], float]]] = {
    "busy": lambda one, _: one.slot_busy_seconds,
    "staffed": lambda one, _: one.slot_capacity_seconds,
}


def _kept(figures: Sequence[Numbers]) -> tuple[str, ...]:
    names = (name for _, above, below in figures for name in (above, below or above))
    return tuple(dict.fromkeys(names))


KEPT: Final = {channel: _kept(figures) for channel, figures in COMPARED.items()}


class LocalSlot(NamedTuple):
    """A quarter of an hour on the clock on the wall: its day, and which of the 96 it is.

    `again`: the clock was set back, and it is there for the second time.
    """

    day: date
    slot: int
    again: bool


@lru_cache(maxsize=8_192)
def local_slot(start: int, zone: str) -> LocalSlot:
    """The local slot of an interval's start (ms since the epoch)."""
    wall = datetime.fromtimestamp(start / 1_000, UTC).astimezone(ZoneInfo(zone))
    return LocalSlot(wall.date(), wall.hour * 4 + wall.minute // 15, wall.fold == 1)


@lru_cache(maxsize=512)
def starts_of(day: date, zone: str) -> tuple[int, ...]:
    """The starts (ms) of a local day's intervals: 92 to 100 of them where the clock is changed."""
    here = ZoneInfo(zone)

    def midnight(of: date) -> int:
        first = int(datetime(of.year, of.month, of.day, tzinfo=here).timestamp()) * 1_000
        return first - first % INTERVAL_MS

    return tuple(range(midnight(day), midnight(day + timedelta(days=1)), INTERVAL_MS))


def numbers_of(channel: str, definitions: Any, figures: Any) -> tuple[float, ...]:
    """The numbers kept of one interval; one that its record does not say is no number (NaN)."""
    formula = definitions.default_formula or "offered_less_short"
    read = _READ | _CHAT if channel == "chat" else _READ
    found = []
    for name in KEPT[channel]:
        try:
            found.append(float(read[name](figures, formula)))
        except TypeError:  # a record of an older worker: one of the terms is None
            found.append(_NO_VALUE)
    return tuple(found)


@dataclass(slots=True)
class Day:
    """The numbers of one queue on one local day, and which of its slots are known and final."""

    channel: str
    numbers: "array[float]" = field(init=False)
    known: bytearray = field(default_factory=lambda: bytearray(SLOTS))
    final: bytearray = field(default_factory=lambda: bytearray(SLOTS))

    def __post_init__(self) -> None:
        self.numbers = array("d", bytes(8 * SLOTS * len(KEPT[self.channel])))

    def put(self, slot: int, numbers: Sequence[float], *, final: bool) -> None:
        """A slot's newest revision: it replaces the one before, but never a final one."""
        if self.final[slot] and not final:
            return
        width = len(KEPT[self.channel])
        self.numbers[slot * width : (slot + 1) * width] = array("d", numbers)
        self.known[slot], self.final[slot] = 1, final

    def at(self, slot: int, *, final: bool) -> Mapping[str, float] | None:
        """The numbers of a slot; None where it is not known, or is not final and has to be."""
        if not (self.final if final else self.known)[slot]:
            return None
        names = KEPT[self.channel]
        width = len(names)
        row = self.numbers[slot * width : (slot + 1) * width]
        return dict(zip(names, row, strict=True))

    def so_far(self, slots: Sequence[int], *, final: bool) -> Mapping[str, float] | None:
        """The sums over some slots; None where one of them is missing, or where there are none."""
        rows = [self.at(slot, final=final) for slot in slots]
        if not rows or None in rows:
            return None
        return {name: math.fsum(row[name] for row in rows if row) for name in KEPT[self.channel]}


def value(numbers: Mapping[str, float] | None, above: str, below: str | None) -> Value:
    """One figure from its own numbers, to six decimals; None without them or without a divisor."""
    if numbers is None:
        return None
    whole = 1.0 if below is None else numbers[below]
    found = numbers[above] / whole if whole > 0 else _NO_VALUE
    return None if math.isnan(found) else round(found, 6)


def usual(values: Sequence[Value]) -> Value:
    """The median of those that are there; None of fewer than three."""
    there = [one for one in values if one is not None]
    return round(median(there), 6) if len(there) >= LEAST_USUAL else None


def days_of(today: date) -> dict[int, date]:
    """The local days that today is compared with, and itself, by how many days ago they are."""
    return {ago: today - timedelta(days=ago) for ago in DAYS_AGO}


def _ended(days: Mapping[int, Day], today: date, now_ms: int, zone: str) -> list[int]:
    """The slots of today's intervals that have ended, up to the newest one that is known."""
    own = days.get(0)
    if own is None:
        return []
    starts = (start for start in starts_of(today, zone) if start + INTERVAL_MS <= now_ms)
    slots = [local_slot(start, zone).slot for start in starts]
    known = [place for place, slot in enumerate(slots) if own.known[slot]]
    return slots[: known[-1] + 1] if known else []


def compare(
    channel: str, days: Mapping[int, Day], today: date, now_ms: int, zone: str
) -> dict[str, Any]:
    """Today beside yesterday and the usual day; `days`: by how many days ago, those that are known.

    `at`: the starts of today's slots; `slots`: by figure the values of the same slots; `so_far`: by
    figure today's own value, yesterday's and the usual one up to `until`, the end of the last slot
    of today that is whole (None: none is yet).
    """
    starts = starts_of(today, zone)
    slots = [local_slot(start, zone).slot for start in starts]
    ended = _ended(days, today, now_ms, zone)
    until = starts[len(ended) - 1] + INTERVAL_MS if ended else None

    def day_so_far(ago: int) -> Mapping[str, float] | None:
        day = days.get(ago)
        if day is None or not ended:
            return None
        there = _there(today - timedelta(days=ago), zone, max(ended))
        return day.so_far(there, final=ago > 0)

    rows = {
        ago: [day.at(slot, final=True) for slot in slots] for ago, day in days.items() if ago > 0
    }
    sums = {ago: day_so_far(ago) for ago in DAYS_AGO}
    nothing: list[Mapping[str, float] | None] = [None] * len(slots)
    of_slots, of_day = {}, {}
    for name, above, below in COMPARED[channel]:

        def values(ago: int, above: str = above, below: str | None = below) -> list[Value]:
            return [value(row, above, below) for row in rows.get(ago, nothing)]

        weeks = list(zip(*(values(ago) for ago in USUAL), strict=True))
        of_slots[name] = {
            "yesterday": values(YESTERDAY),
            "usual": [usual(week) for week in weeks],
        }
        past = [value(sums[ago], above, below) for ago in USUAL]
        of_day[name] = {
            "today": value(sums[0], above, below),
            "yesterday": value(sums[YESTERDAY], above, below),
            "usual": usual(past),
            "days": sum(one is not None for one in past),
        }
    return {
        "zone": zone,
        "day": today.isoformat(),
        "until": until,
        "at": list(starts),
        "slots": of_slots,
        "so_far": of_day,
    }


@lru_cache(maxsize=512)
def _there(day: date, zone: str, last: int) -> tuple[int, ...]:
    """The slots that a day has, each once, up to `last`."""
    found = (local_slot(start, zone).slot for start in starts_of(day, zone))
    return tuple(slot for slot in dict.fromkeys(found) if slot <= last)
