"""Promises of the RFC 3339 reader: exact to the millisecond, and an offset is required."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.wire.instants import parse_rfc3339_ms

NINE = 1_709_283_600_000  # 2024-03-01T09:00:00Z
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T09:00:00Z", NINE),
        ("2024-03-01t09:00:00z", NINE),
        ("2024-03-01 09:00:00Z", NINE),
        ("2024-03-01T10:00:00+01:00", NINE),
        ("2024-03-01T03:30:00-05:30", NINE),
        ("2024-03-01T10:00:00+0100", NINE),
        ("2024-03-01 03:30:00.5-0530", NINE + 500),
        ("2024-03-01T09:00:00-00:00", NINE),
        ("2024-03-02T00:00:00+15:00", NINE),
        ("2024-03-01T09:00:00.1Z", NINE + 100),
        ("2024-03-01T09:00:00.12+00:00", NINE + 120),
        ("2024-03-01T09:00:00.123Z", NINE + 123),
        ("2024-03-01T09:00:00.1239999999Z", NINE + 123),
        ("2024-03-01T09:00:00.0009Z", NINE),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_an_instant_is_read_to_the_millisecond(text: str, expected: int) -> None:
    """Further digits are cut towards minus infinity, never rounded into the next millisecond."""
    assert parse_rfc3339_ms(text) == expected


def test_a_leap_second_stays_in_its_day() -> None:
    """It counts as the last millisecond of its minute, in whatever zone it is told."""
    last_ms = 1_483_228_800_000 - 1  # before 2017-01-01T00:00:00Z
    assert parse_rfc3339_ms("2016-12-31T23:59:60Z") == last_ms
    assert parse_rfc3339_ms("2016-12-31T23:59:60.7Z") == last_ms
    assert parse_rfc3339_ms("2017-01-01T00:59:60+01:00") == last_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "2024-03-01",
        "2024-03-01T09:00:00",
        "2024-03-01T09:00Z",
        "2024-03-01T09:00:00+01",
        "2024-03-01T09:00:00+010",
        "2024-03-01T09:00:00+100",
        "2024-03-01T09:00:00 Z",
        "2024-03-01T09:00:00.Z",
        "2024-03-01T09:00:00,5Z",
        "2024-03-01T09:00:00.-5Z",
        "2024-03-01T09:00:00.1_0Z",
        "2024-03-01T09:00:00.٣Z",
        "٢٠٢٤-03-01T09:00:00Z",
        "2024-03-01T09:00:٠٠Z",
        "2024-03-01T09:00:0Z",
        "2024-03-01T09:00:00Z\n",
        " 2024-03-01T09:00:00Z",
        "2024-03-01T09:00:00+24:00",
        "2024-03-01T09:00:00+01:60",
        "2024-03-01T24:00:00Z",
        "2024-03-01T09:60:00Z",
        "2024-03-01T09:00:60Z",
        "2016-12-31T23:59:61Z",
        "2016-12-31T23:59:60+01:00",
        "2023-02-29T09:00:00Z",
        "2024-13-01T09:00:00Z",
        "0000-01-01T00:00:00Z",
        "24-03-01T09:00:00Z",
        "2024-W09-5T09:00:00Z",
        "20240301T090000Z",
        "1709283600123",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """Above all a local time without an offset; and the message does not repeat the text."""
    with pytest.raises(ValueError, match=r"^(expected RFC 3339|no such) ") as refusal:
        parse_rfc3339_ms(text)
    assert str(refusal.value).endswith(("+01:00", "day", "offset", "UTC)"))


@settings(deadline=None)
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - the offset is drawn
    st.integers(-1439, 1439),
)
def test_it_agrees_with_the_standard_library(local: datetime, offset_minutes: int) -> None:
    """Any instant in any offset, written by `isoformat`."""
    instant = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    expected = (instant - EPOCH) // timedelta(milliseconds=1)
    assert parse_rfc3339_ms(instant.isoformat()) == expected
