"""The oracle's clock gives the worked examples of business hours, by hand and by the second."""

from datetime import UTC, datetime

import pytest

from tests.oracle.calendars import BEGINNING, DAY_MS, MINUTE_MS, SECOND_MS, Clock, is_open
from tests.oracle.oracle import Oracle

HOUR_MS = 60 * MINUTE_MS
OFFICE = "Mon-Fri 09:00-17:00"
BERLIN = {"time_zone": "Europe/Berlin", "hours": OFFICE}
NEW_YORK = {"time_zone": "America/New_York", "hours": OFFICE}
LORD_HOWE = {"time_zone": "Australia/Lord_Howe", "hours": "Mon-Sun 00:00-24:00"}
NO_STOP = {"time_zone": "Europe/Berlin", "hours": "Mon-Sun 00:00-24:00"}
A_MINUTE_SHORT = {"time_zone": "Europe/Berlin", "hours": "Mon-Sun 00:00-23:59"}
NIGHTS = {"time_zone": "Europe/Berlin", "hours": "Sat-Sun 22:00-06:00"}
SUNDAY_NIGHT = {"time_zone": "Europe/Berlin", "hours": "Sun 01:30-02:30"}
SUNDAY_MORNING = {"time_zone": "America/New_York", "hours": "Sun 00:00-06:00"}
CHRISTMAS = BERLIN | {"holidays": {"2026-12-24": "09:00-12:00", "2026-12-25": ""}}
LONGER = {"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-20:00, Sat 10:00-14:00"}
ZAMMAD = {"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-18:00"}


def ms(text: str) -> int:
    """An instant in ms: a time of UTC, or one with its offset."""
    told = datetime.fromisoformat(text)
    return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000)


def of(calendar: dict | None) -> Clock:
    return Clock([(BEGINNING, calendar)])


#: (number of the example, calendar, from, until, how long it is open in minutes)
LENGTHS = [
    ("1", BERLIN, "2026-03-27T16:30+01:00", "2026-03-30T09:20+02:00", 50),
    ("1 by the wall clock", None, "2026-03-27T16:30+01:00", "2026-03-30T09:20+02:00", 3_830),
    ("3", NO_STOP, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23 * 60),
    ("3 a minute short", A_MINUTE_SHORT, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 1_379),
    ("4", NO_STOP, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25 * 60),
    ("5 until six", NIGHTS, "2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00", 7 * 60),
    ("6", SUNDAY_NIGHT, "2026-10-25T01:00+02:00", "2026-10-25T12:00+01:00", 90),
    ("6 first half", SUNDAY_NIGHT, "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00", 60),
    ("6 between", SUNDAY_NIGHT, "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", 0),
    ("6 in March", SUNDAY_NIGHT, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 30),
    ("8 in November", SUNDAY_MORNING, "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 7 * 60),
    ("8 in March", SUNDAY_MORNING, "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 5 * 60),
    ("9 used", BERLIN, "2026-03-20T16:00+01:00", "2026-03-20T16:30+01:00", 30),
    ("10 used", BERLIN, "2026-10-22T15:00+02:00", "2026-10-22T16:00+02:00", 60),
    ("10 gross", BERLIN, "2026-10-22T15:00+02:00", "2026-10-26T18:00+01:00", 18 * 60),
    ("10 after it", BERLIN, "2026-10-26T10:00+01:00", "2026-10-26T18:00+01:00", 7 * 60),
    ("10 calendar", None, "2026-10-22T15:00+02:00", "2026-10-26T18:00+01:00", 100 * 60),
    ("11 half a day", CHRISTMAS, "2026-12-24T00:00+01:00", "2026-12-25T00:00+01:00", 180),
    ("11 no day", CHRISTMAS, "2026-12-25T00:00+01:00", "2026-12-28T09:00+01:00", 0),
    ("13", BERLIN, "2026-03-28T10:00+01:00", "2026-03-28T10:20+01:00", 0),
    ("Zammad", ZAMMAD, "2013-03-21T09:30", "2013-03-21T14:00", 270),
    ("Lord Howe in October", LORD_HOWE, "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 1_410),
    ("Lord Howe in April", LORD_HOWE, "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 1_470),
    # Cairo's 24 April 2026 begins at 01:00.
    (
        "Cairo",
        NO_STOP | {"time_zone": "Africa/Cairo"},
        "2026-04-24T01:00+03:00",
        "2026-04-25T00:00+03:00",
        23 * 60,
    ),
    # A fault of others: hours that were added to local midnight on a day of 23 or 25.
    ("nine is nine in March", BERLIN, "2026-03-30T00:00+02:00", "2026-03-30T10:00+02:00", 60),
    ("and in October", BERLIN, "2026-10-26T00:00+01:00", "2026-10-26T10:00+01:00", 60),
    # Another: a response across the change of clocks that came out an hour too long, or short.
    ("a weekend in March", NO_STOP, "2026-03-28T12:00+01:00", "2026-03-30T12:00+02:00", 47 * 60),
    ("a week in October", BERLIN, "2026-10-23T12:00+02:00", "2026-10-30T12:00+01:00", 40 * 60),
]
#: (number of the example, calendar, opened, target in minutes, due)
DUE = [
    ("2", BERLIN, "2026-03-27T16:30+01:00", 480, "2026-03-30T14:30"),
    ("5", NIGHTS, "2026-03-28T22:00+01:00", 480, "2026-03-29T21:00"),
    ("6", SUNDAY_NIGHT, "2026-10-25T01:00+02:00", 75, "2026-10-25T01:15"),
    ("7", NEW_YORK, "2026-03-06T21:00", 240, "2026-03-09T16:00"),
    ("8", SUNDAY_MORNING, "2026-11-01T00:00-04:00", 360, "2026-11-01T10:00"),
    ("9 had it stayed", BERLIN, "2026-03-20T16:00+01:00", 240, "2026-03-23T12:00+01:00"),
    ("9 moved", NEW_YORK, "2026-03-20T11:30-04:00", 210, "2026-03-20T19:00"),
    ("10 goes on", BERLIN, "2026-10-26T10:00+01:00", 420, "2026-10-26T16:00"),
    ("11", CHRISTMAS, "2026-12-23T16:00+01:00", 360, "2026-12-28T11:00+01:00"),
    ("12 old hours", BERLIN, "2026-05-29T16:00+02:00", 720, "2026-06-02T12:00+02:00"),
    ("13", BERLIN, "2026-03-28T10:00+01:00", 480, "2026-03-30T17:00+02:00"),
    ("14", BERLIN, "2026-10-23T16:10+02:00", 60, "2026-10-26T09:10+01:00"),
    ("14 at risk", BERLIN, "2026-10-23T16:10+02:00", 30, "2026-10-23T16:40+02:00"),
    ("at closing time", BERLIN, "2026-10-23T16:10+02:00", 50, "2026-10-23T17:00+02:00"),
    ("Zammad 60", ZAMMAD, "2013-03-21T09:30", 60, "2013-03-21T10:30"),
    ("Zammad 120", ZAMMAD, "2013-03-21T09:30", 120, "2013-03-21T11:30"),
    ("Zammad 180", ZAMMAD, "2013-03-21T09:30", 180, "2013-03-21T12:30"),
    ("Lord Howe", LORD_HOWE, "2026-10-04T00:00+10:30", 1_410, "2026-10-05T00:00+11:00"),
]


@pytest.mark.parametrize(("calendar", "since", "until", "expected"), [x[1:] for x in LENGTHS])
def test_open_time_is_that_of_the_worked_examples(
    calendar: dict | None, since: str, until: str, expected: int
) -> None:
    """Each length by hand, and so wherever it is cut."""
    clock, a, b = of(calendar), ms(since), ms(until)
    assert clock.between(a, b) == expected * MINUTE_MS
    for cut in (a + 1, (a + b) // 2 + 7, b - 1):
        assert clock.between(a, cut) + clock.between(cut, b) == expected * MINUTE_MS


@pytest.mark.parametrize(("calendar", "since", "target", "due"), [x[1:] for x in DUE])
def test_due_is_that_of_the_worked_examples(
    calendar: dict, since: str, target: int, due: str
) -> None:
    """Each due time by hand, and it is the earliest instant at which the target is reached."""
    clock, a = of(calendar), ms(since)
    assert clock.reach(a, target * MINUTE_MS) == ms(due)
    assert clock.between(a, ms(due)) == target * MINUTE_MS
    assert clock.between(a, ms(due) - 1) < target * MINUTE_MS


def test_a_version_of_the_calendar_holds_from_its_instant_on() -> None:
    """Example 12: from Monday on the hours are longer, and what has elapsed stays."""
    clock = Clock([(BEGINNING, BERLIN), (ms("2026-06-01T00:00+02:00"), LONGER)])
    opened = ms("2026-05-29T16:00+02:00")
    assert clock.reach(opened, 12 * HOUR_MS) == ms("2026-06-01T17:00")
    assert clock.between(opened, ms("2026-06-06T12:00+02:00")) == (1 + 5 * 12 + 2) * HOUR_MS


def test_the_queues_changes_are_the_clocks_versions() -> None:
    """A queue has no calendar, then one, then none again; the rest of the queue does not matter."""
    monday = ms("2026-06-01T00:00+02:00")
    changes = [
        {"from": monday, "calendar": BERLIN},
        {"from": monday + 7 * DAY_MS, "calendar": ""},
    ]
    queue = {"name": "desk", "channels": ["ticket"], "changes": changes}
    clock = Oracle([queue]).clocks.of("default", "desk")
    assert clock.between(monday - DAY_MS, monday) == DAY_MS
    assert clock.between(monday, monday + 7 * DAY_MS) == 40 * HOUR_MS
    assert clock.between(monday + 6 * DAY_MS, monday + 8 * DAY_MS) == DAY_MS


SPANS = [
    (BERLIN, "2026-03-29T00:59"),
    (SUNDAY_NIGHT, "2026-03-29T00:25"),
    (SUNDAY_NIGHT, "2026-10-25T00:25"),
    (NIGHTS, "2026-10-25T00:30"),
    (SUNDAY_MORNING, "2026-11-01T05:59"),
    (LORD_HOWE | {"hours": "Sun 01:30-02:15"}, "2026-10-03T14:55"),
    (LORD_HOWE | {"hours": "Sun 01:30-02:15"}, "2026-04-04T14:25"),
    (CHRISTMAS, "2026-12-24T10:58"),
]


@pytest.mark.parametrize(("calendar", "since"), SPANS)
def test_open_time_is_the_sum_of_open_seconds(calendar: dict, since: str) -> None:
    """Two hours around a change of clocks, looked at second by second."""
    clock, a = of(calendar), ms(since)
    seconds = range(a, a + 2 * HOUR_MS, SECOND_MS)
    assert clock.between(a, a + 2 * HOUR_MS) == SECOND_MS * sum(map(clock.is_open, seconds))


def test_open_is_what_the_clock_on_the_wall_says() -> None:
    """Hours are half-open; a night goes on with the next day's date, unless that is a holiday."""
    key = of(NIGHTS | {"holidays": {"2026-03-22": "10:00-12:00"}}).versions[0][1]
    wall = {
        "2026-03-14T22:00+01:00": True,
        "2026-03-15T05:59:59.999+01:00": True,
        "2026-03-15T06:00+01:00": False,
        "2026-03-16T05:00+01:00": True,
        "2026-03-21T23:00+01:00": True,
        "2026-03-22T00:00+01:00": False,
        "2026-03-22T11:00+01:00": True,
        "2026-03-22T22:00+01:00": False,
        "2026-03-23T01:00+01:00": True,
    }
    assert {at: is_open(key, ms(at)) for at in wall} == wall


def test_what_never_opens_is_never_due() -> None:
    """400 days without open time are the end of waiting; a millisecond less is not."""
    day = ms("2026-01-05T00:00")
    closed = {"time_zone": "UTC", "hours": ""}
    assert of(closed).reach(day, 1) is None
    for since in (day, day + 3 * HOUR_MS):
        opens = since + 400 * DAY_MS
        versions = [(BEGINNING, None), (since, closed)]
        assert Clock([*versions, (opens - 1, None)]).reach(day, since - day + 1) == opens
        assert Clock([*versions, (opens, None)]).reach(day, since - day + 1) is None
    assert of(closed).reach(day, 0) == day
