"""Days in a queue's time zone: 23, 24 or 25 hours, from local midnight to local midnight."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lifecycle.local_days import midnight_of

HOUR = 3_600_000
ZONES = (
    *("UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Pacific/Apia"),
)


def at(text: str) -> int:
    """ISO 8601 with an offset as ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("zone", "start", "end", "hours"),
    [
        ("Europe/Madrid", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23),
        ("Europe/Madrid", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25),
        ("Europe/Madrid", "2026-07-01T00:00+02:00", "2026-07-02T00:00+02:00", 24),
        ("America/New_York", "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 23),
        ("America/New_York", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 25),
        # The clocks go by half an hour only.
        ("Australia/Lord_Howe", "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 24.5),
        ("Australia/Lord_Howe", "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 23.5),
        ("Asia/Kolkata", "2026-01-01T00:00+05:30", "2026-01-02T00:00+05:30", 24),
        ("Asia/Kathmandu", "2026-01-01T00:00+05:45", "2026-01-02T00:00+05:45", 24),
        ("Pacific/Chatham", "2026-01-01T00:00+13:45", "2026-01-02T00:00+13:45", 24),
    ],
)
def test_every_instant_of_a_day_has_the_days_start(
    zone: str, start: str, end: str, hours: float
) -> None:
    """From its first to its last millisecond, daylight-saving changes included."""
    first, after = at(start), at(end)
    assert after - first == hours * HOUR
    for instant in (*range(first, after, HOUR // 4), after - 1):
        assert midnight_of(instant, zone) == first
    assert midnight_of(after, zone) == after


@given(
    st.integers(at("2020-01-01T00:00+00:00"), at("2035-01-01T00:00+00:00")), st.sampled_from(ZONES)
)
def test_the_start_is_local_midnight_of_the_same_date(instant: int, zone: str) -> None:
    """At most 25 hours ago, on the same local date, at 00:00."""
    start = midnight_of(instant, zone)
    assert 0 <= instant - start < 25 * HOUR
    there = ZoneInfo(zone)
    local = datetime.fromtimestamp(start / 1_000, there)
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    assert local.date() == datetime.fromtimestamp(instant / 1_000, there).date()
