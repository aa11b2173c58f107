"""Business time against a clock on the wall that goes minute by minute, and published examples."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from streams.lifecycle.business import LONGEST_CLOSED_MS, elapsed, reach
from streams.lifecycle.rules import NEVER, Calendars
from streams.settings.calendars import DAYS, Calendar, holidays_of, week_of
from tests.examples import examples
from tests.lifecycle.lives import DAY, HOUR, MINUTE

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
ZONES = (BERLIN, NEW_YORK, LORD_HOWE)


def calendar(zone: str, hours: str, holidays: dict[str, str] | None = None) -> Calendar:
    """A calendar as the settings would read it; those that differ have names that differ.

    As a process's own have: by its name a calendar is looked up.
    """
    name = f"{zone} {hours} {holidays}"
    return Calendar(name, week_of(hours), zone, holidays_of(holidays or {}))


def always(zone: str, hours: str, holidays: dict[str, str] | None = None) -> Calendars:
    """The same one through all time."""
    return ((0, calendar(zone, hours, holidays)),)


def at(zone: str, text: str, fold: int = 0) -> int:
    """The instant (ms) at which a zone's clocks show a time: `2026-03-27 16:30`."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(local.timestamp()) * 1_000


B = always(BERLIN, "Mon-Fri 09:00-17:00")
N = always(NEW_YORK, "Mon-Fri 09:00-17:00")
NIGHTS = always(BERLIN, "Sat-Sun 22:00-06:00")
CHRISTMAS = always(BERLIN, "Mon-Fri 09:00-17:00", {"2026-12-24": "09:00-12:00", "2026-12-25": ""})


@pytest.mark.parametrize(
    ("calendars", "start", "end", "lasts"),
    [
        pytest.param(
            *(B, at(BERLIN, "2026-03-27 16:30"), at(BERLIN, "2026-03-30 09:20"), 50 * MINUTE),
            id="a weekend in which the clocks change",
        ),
        pytest.param(
            *(always(BERLIN, "Mon-Sun 00:00-24:00"), at(BERLIN, "2026-03-29 00:00")),
            *(at(BERLIN, "2026-03-30 00:00"), 23 * HOUR),
            id="a day of 23 hours",
        ),
        pytest.param(
            *(always(BERLIN, "Mon-Sun 00:00-23:59"), at(BERLIN, "2026-03-29 00:00")),
            *(at(BERLIN, "2026-03-30 00:00"), 23 * HOUR - MINUTE),
            id="the minute that 23:59 loses",
        ),
        pytest.param(
            *(always(BERLIN, "Mon-Sun 00:00-24:00"), at(BERLIN, "2026-10-25 00:00")),
            *(at(BERLIN, "2026-10-26 00:00"), 25 * HOUR),
            id="a day of 25 hours",
        ),
        pytest.param(
            *(NIGHTS, at(BERLIN, "2026-03-28 22:00"), at(BERLIN, "2026-03-29 06:00"), 7 * HOUR),
            id="a night without its hour from two to three",
        ),
        pytest.param(
            *(always(BERLIN, "Sun 01:30-02:30"), at(BERLIN, "2026-10-25 00:00")),
            *(at(BERLIN, "2026-10-26 00:00"), 90 * MINUTE),
            id="half an hour that comes twice",
        ),
        pytest.param(
            *(always(NEW_YORK, "Sun 00:00-06:00"), at(NEW_YORK, "2026-11-01 00:00")),
            *(at(NEW_YORK, "2026-11-02 00:00"), 7 * HOUR),
            id="New York in autumn",
        ),
        pytest.param(
            *(always(NEW_YORK, "Sun 00:00-06:00"), at(NEW_YORK, "2026-03-08 00:00")),
            *(at(NEW_YORK, "2026-03-09 00:00"), 5 * HOUR),
            id="New York in spring",
        ),
        pytest.param(
            *(always(LORD_HOWE, "Mon-Sun 00:00-24:00"), at(LORD_HOWE, "2026-10-04 00:00")),
            *(at(LORD_HOWE, "2026-10-05 00:00"), 23 * HOUR + 30 * MINUTE),
            id="half an hour forward",
        ),
        pytest.param(
            *(
                always("Africa/Cairo", "Mon-Sun 00:00-24:00"),
                at("Africa/Cairo", "2026-04-24 01:00"),
            ),
            *(at("Africa/Cairo", "2026-04-25 00:00"), 23 * HOUR),
            id="a day that begins at one",
        ),
        pytest.param(
            *(B, at(BERLIN, "2026-03-28 10:00"), at(BERLIN, "2026-03-28 10:20"), 0),
            id="twenty minutes of a Saturday",
        ),
        pytest.param(
            *(always(BERLIN, "Mon-Fri 08:00-18:00"), at("UTC", "2013-03-21 09:30")),
            *(at("UTC", "2013-03-21 14:00"), 270 * MINUTE),
            id="Zammad's ticket",
        ),
    ],
)
def test_what_lies_between_two_instants(
    calendars: Calendars, start: int, end: int, lasts: int
) -> None:
    """Each instant is open or not by what the clocks on the wall show then."""
    assert elapsed(calendars, start, end) == lasts


@pytest.mark.parametrize(
    ("calendars", "start", "target", "due"),
    [
        (B, at(BERLIN, "2026-03-27 16:30"), 8 * HOUR, at("UTC", "2026-03-30 14:30")),
        (NIGHTS, at(BERLIN, "2026-03-28 22:00"), 8 * HOUR, at("UTC", "2026-03-29 21:00")),
        (
            *(always(BERLIN, "Sun 01:30-02:30"), at(BERLIN, "2026-10-25 01:00"), 75 * MINUTE),
            at("UTC", "2026-10-25 01:15"),
        ),
        (N, at(NEW_YORK, "2026-03-06 16:00"), 4 * HOUR, at("UTC", "2026-03-09 16:00")),
        (
            *(always(NEW_YORK, "Sun 00:00-06:00"), at(NEW_YORK, "2026-11-01 00:00"), 6 * HOUR),
            at("UTC", "2026-11-01 10:00"),
        ),
        (CHRISTMAS, at(BERLIN, "2026-12-23 16:00"), 6 * HOUR, at(BERLIN, "2026-12-28 11:00")),
        (
            *((*B, (at(BERLIN, "2026-06-01 00:00"), calendar(BERLIN, "Mon-Fri 08:00-20:00"))),),
            *(at(BERLIN, "2026-05-29 16:00"), 12 * HOUR, at("UTC", "2026-06-01 17:00")),
        ),
        (B, at(BERLIN, "2026-05-29 16:00"), 12 * HOUR, at(BERLIN, "2026-06-02 12:00")),
        (B, at(BERLIN, "2026-10-23 16:10"), 1 * HOUR, at(BERLIN, "2026-10-26 09:10")),
        (B, at(BERLIN, "2026-10-23 16:10"), 30 * MINUTE, at(BERLIN, "2026-10-23 16:40")),
        (B, at(BERLIN, "2026-10-23 16:10"), 50 * MINUTE, at(BERLIN, "2026-10-23 17:00")),
        *(
            (
                *(always(BERLIN, "Mon-Fri 08:00-18:00"), at("UTC", "2013-03-21 09:30")),
                *(minutes * MINUTE, at("UTC", f"2013-03-21 {due}")),
            )
            for minutes, due in ((60, "10:30"), (120, "11:30"), (180, "12:30"))
        ),
    ],
)
def test_when_a_target_is_due(calendars: Calendars, start: int, target: int, due: int) -> None:
    """At the earliest instant: when the day ends, not when the next begins."""
    assert reach(calendars, start, target) == due


def test_time_without_a_calendar_is_open() -> None:
    """Before one holds, after it holds no more, and where there never was one."""
    office = calendar(BERLIN, "Mon-Fri 09:00-17:00")
    monday = at(BERLIN, "2026-06-01 09:00")
    versions = ((0, None), (monday, office), (monday + DAY, None))
    assert elapsed(versions, monday - HOUR, monday + DAY + HOUR) == 10 * HOUR
    assert reach(versions, monday - HOUR, 10 * HOUR) == monday + DAY + HOUR
    assert elapsed((), 5, 9) == 4
    assert elapsed((), 9, 5) == elapsed(versions, 9, 5) == 0
    assert reach((), 5, 4) == 9


def test_what_never_opens_is_never_reached() -> None:
    """Nor is what does not open again within 400 days, however much it was open before."""
    monday = at(BERLIN, "2026-06-01 09:00")
    closed = calendar(BERLIN, "")
    assert reach(((0, closed),), monday, 1) == NEVER
    assert reach(((0, closed),), monday, 0) == monday
    closes = (*B, (monday + HOUR, closed))
    assert reach(closes, monday, HOUR) == monday + HOUR
    assert reach(closes, monday, HOUR + 1) == NEVER
    for gap, due in ((LONGEST_CLOSED_MS - 1, True), (LONGEST_CLOSED_MS, False)):
        opens = (*closes, (monday + HOUR + gap, None))
        expected = monday + HOUR + gap + 1 if due else NEVER
        assert reach(opens, monday, HOUR + 1) == expected


# -- any calendar ----------------------------------------------------------------------------------


def hours(chance: Random) -> str:
    """Some hours of some days, over midnight too."""
    entries = []
    for _ in range(chance.randrange(4)):
        first, last = chance.choice(DAYS), chance.choice(DAYS)
        start, end = chance.sample(range(0, 24 * 60, chance.choice((30, 7, 1))), 2)
        until = "24:00" if chance.random() < 0.1 else f"{end // 60:02}:{end % 60:02}"
        days = first if first == last else f"{first}-{last}"
        entries.append(f"{days} {start // 60:02}:{start % 60:02}-{until}")
    return ", ".join(entries)


def holidays(chance: Random, around: datetime) -> dict[str, str]:
    """Some days off, or half off, about a time."""
    found = {}
    for _ in range(chance.randrange(3)):
        day = (around + timedelta(days=chance.randrange(-2, 4))).date().isoformat()
        found[day] = chance.choice(("", "09:00-12:00", "00:00-24:00", "01:30-02:45, 22:00-24:00"))
    return found


#: About when the clocks change, in each zone.
CHANGES = {
    zone: [at("UTC", text) for text in texts]
    for zone, texts in {
        BERLIN: ("2026-03-29 01:00", "2026-10-25 01:00", "2026-12-24 10:00"),
        NEW_YORK: ("2026-03-08 07:00", "2026-11-01 06:00", "2028-02-29 12:00"),
        LORD_HOWE: ("2026-04-04 15:00", "2026-10-03 15:30", "2026-12-31 13:00"),
    }.items()
}


@cache
def shown(zone: str, minute: int) -> tuple[int, int, int]:
    """(date, weekday, minutes since midnight) on a clock on the wall at an instant."""
    local = datetime.fromtimestamp(minute // 1_000, UTC).astimezone(ZoneInfo(zone))
    return local.date().toordinal(), local.weekday(), local.hour * 60 + local.minute


def minutes_open(one: Calendar, start: int, end: int) -> list[bool]:
    """Whether each whole minute between two is open: the clock on the wall, asked each time."""
    special, found = dict(one.holidays), []
    for minute in range(start, end, MINUTE):
        day, weekday, passed = shown(one.time_zone, minute)
        spans = special.get(day, one.week[weekday])
        found.append(any(low <= passed < high for low, high in spans))
    return found


@pytest.mark.parametrize("seed", range(examples(100)))
def test_any_calendar_is_what_a_clock_on_the_wall_shows_minute_by_minute(seed: int) -> None:
    """100 calendars a seed: from any minute, to the border of any, a millisecond more or less."""
    chance = Random(seed)
    for _ in range(100):
        zone = chance.choice(ZONES)
        middle = chance.choice(CHANGES[zone]) + chance.randrange(-16, 16) * HOUR
        middle -= middle % MINUTE
        around = datetime.fromtimestamp(middle // 1_000, UTC)
        one = calendar(zone, hours(chance), holidays(chance, around))
        calendars = ((0, one),)
        start, end = middle - 3 * HOUR, middle + 3 * HOUR
        opened = minutes_open(one, start, end)
        since = chance.randrange(len(opened))
        total = 0
        for number in range(since, len(opened)):
            if number in (since, len(opened) - 1) or opened[number] != opened[number - 1]:
                border = start + number * MINUTE
                for near in (-1, 0, 1):
                    # A millisecond beside the border is in the minute before, or the one after.
                    beside = opened[number] if near > 0 else near < 0 and opened[number - 1]
                    expected = (
                        max(0, total + near * beside)
                        if number > since
                        else max(0, near * opened[number])
                    )
                    assert elapsed(calendars, start + since * MINUTE, border + near) == expected
            total += MINUTE * opened[number]
        if total:
            needed = chance.randrange(total) + 1
            due = reach(calendars, start + since * MINUTE, needed)
            assert elapsed(calendars, start + since * MINUTE, due) == needed
            assert elapsed(calendars, start + since * MINUTE, due - 1) == needed - 1


@pytest.mark.parametrize("seed", range(examples(20)))
def test_years_are_the_sum_of_their_days(seed: int) -> None:
    """And what is reached after them is reached at the first such instant."""
    chance = Random(seed)
    zone = chance.choice(ZONES)
    one = calendar(zone, "Mon-Fri 09:00-17:30, Sat 22:00-06:00", {"2027-05-03": "10:00-11:00"})
    start = at(zone, "2025-07-01 00:00") + chance.randrange(30 * DAY)
    borders = [start + day * DAY for day in range(1_000)]
    parts = [elapsed(((0, one),), a, b) for a, b in pairwise(borders)]
    assert elapsed(((0, one),), borders[0], borders[-1]) == sum(parts)
    needed = chance.randrange(1, sum(parts))
    due = reach(((0, one),), start, needed)
    assert elapsed(((0, one),), start, due) == needed
    assert elapsed(((0, one),), start, due - 1) == needed - 1
