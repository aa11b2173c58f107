"""Today beside other days: local slots, final intervals, medians, all worked out by hand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.board import compared
from streams.board.past import Past
from streams.board.records import read_interval, read_thin
from tests.board.records import Centre, value_of

BERLIN, HOWE = "Europe/Berlin", "Australia/Lord_Howe"
KEY = ("default", "billing", "voice")
QUARTER = 900_000
#: Of one slot, by hand.
HAND = {
    "offered": 20, "answered": 16, "answered_measured": 15, "abandoned": 4, "short_abandoned": 1,
    "flowed_out": 1, "threshold_decided": 19, "answered_in_threshold": 12,
    "abandoned_in_threshold": 2, "answered_wait_seconds": 300.0, "handled": 10,
    "talk_seconds": 1_000.5, "hold_seconds": 99.5, "wrapup_seconds": 400.0,
    "handling_agent_seconds": 900.0, "staffed_agent_seconds": 1_200.0,
    "slot_busy_seconds": 1_000.0, "slot_capacity_seconds": 4_000.0,
    "tickets_opened": 5, "tickets_resolved": 3, "first_responses": 4,
    "first_response_seconds": 480.0,
}  # fmt: skip


def ms(text: str, zone: str, fold: int = 0) -> int:
    """A local wall time as an instant."""
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(wall.timestamp()) * 1_000


def record(offered: float, *, final: bool = True, formula: str | None = None, **more: Any) -> Any:
    """An interval as far as it is compared."""
    figures = SimpleNamespace(**(HAND | {"offered": offered} | more))
    definitions = SimpleNamespace(default_formula=formula)
    return SimpleNamespace(final=final, definitions=definitions, figures=figures)


def filled(zone: str, days: Iterable[str], at: int, value: Any = record) -> Past:
    """Each day whole: slot n offers the day's place * 100 + n."""
    past = Past({KEY: zone})
    for place, text in enumerate(days):
        for start in compared.starts_of(date.fromisoformat(text), zone):
            slot = compared.local_slot(start, zone)
            if start <= at and not slot.again:
                past.put(KEY, start, value(place * 100 + slot.slot), at)
    return past


def offered(past: Past, at: int) -> tuple[dict[str, Any], dict[int, tuple[Any, Any]]]:
    """What is said of today so far, and of each slot by its start: yesterday's and the usual."""
    found = past.compare(KEY, at)
    slots = found["slots"]["offered"]
    rows = zip(slots["yesterday"], slots["usual"], strict=True)
    return found, dict(zip(found["at"], rows, strict=True))


def test_a_slot_stands_beside_yesterday_s_and_the_median_of_four_weeks() -> None:
    """Days of 0, 100, 200, 300, 400 and 500 and the slot: yesterday 100, of four the middle two."""
    at = ms("2026-06-11T10:20", BERLIN)
    days = ["2026-06-11", "2026-06-10", "2026-06-04", "2026-05-28", "2026-05-21", "2026-05-14"]
    found, slots = offered(filled(BERLIN, days, at), at)
    assert slots[ms("2026-06-11T00:00", BERLIN)] == (100, 350)
    assert slots[ms("2026-06-11T23:45", BERLIN)] == (195, 445)
    assert len(slots) == 96
    assert found["until"] == ms("2026-06-11T10:15", BERLIN)
    so_far = sum(range(41))
    assert found["so_far"]["offered"] == {
        "today": so_far, "yesterday": so_far + 4_100, "usual": so_far + 41 * 350, "days": 4,
    }  # fmt: skip


def test_a_ratio_of_a_day_comes_from_its_sums_and_is_not_an_average() -> None:
    """1 of 1 and 1 of 9 in time are 2 of 10, not 56 %; handle time and wait alike."""
    at = ms("2026-06-11T00:31", BERLIN)
    past = Past({KEY: BERLIN})
    for days, share in ((0, 1), (1, 2)):
        for quarter, (answered, within) in enumerate(((1, 1), (9, share))):
            start = ms(f"2026-06-{11 - days}T00:{quarter * 15:02}", BERLIN)
            one = record(
                answered, answered=answered, threshold_decided=answered, short_abandoned=0,
                answered_in_threshold=within, handled=answered, talk_seconds=60.0 * within,
                hold_seconds=0.0, wrapup_seconds=0.0, answered_wait_seconds=3.0,
                answered_measured=answered,
            )  # fmt: skip
            past.put(KEY, start, one, at)
    so_far = past.compare(KEY, at)["so_far"]
    assert (so_far["service_level"]["today"], so_far["service_level"]["yesterday"]) == (0.2, 0.3)
    assert (so_far["aht"]["today"], so_far["aht"]["yesterday"]) == (12, 18)
    assert so_far["wait_mean"]["today"] == 0.6


@pytest.mark.parametrize(
    ("channel", "formula", "expected"),
    [
        ("voice", None, {"service_level": 12 / 18, "occupancy": 0.75}),
        ("voice", "answered_only", {"service_level": 12 / 16}),
        ("voice", "offered", {"service_level": 12 / 19}),
        ("voice", "removed_in_threshold", {"service_level": 14 / 19}),
        ("chat", "offered_less_short", {"service_level": 12 / 18, "occupancy": 0.25}),
        ("ticket", None, {"tickets_opened": 5, "tickets_resolved": 3, "first_response": 120}),
    ],
)
def test_figures_of_a_slot_by_hand(
    channel: str, formula: str | None, expected: dict[str, float]
) -> None:
    """By the queue's formula; a chat queue's occupancy by its slots; tickets have their own."""
    key, at = ("default", "billing", channel), ms("2026-06-11T00:16", BERLIN)
    past = Past({key: BERLIN})
    past.put(key, ms("2026-06-11T00:00", BERLIN), record(20, formula=formula), at)
    so_far = past.compare(key, at)["so_far"]
    if channel != "ticket":
        expected |= {"offered": 20, "answered": 16, "abandonment": 3 / 20, "wait_mean": 20,
                     "handled": 10, "aht": 150}  # fmt: skip
    found = {name: so_far[name]["today"] for name in expected}
    assert found == pytest.approx(expected, abs=1e-6)


def test_what_a_record_counts_is_what_it_says_of_itself() -> None:
    """Ratios and means made of the numbers kept are those that the record was published with."""
    now = 1_795_000_000_000
    centre = Centre(6)
    for queue in centre.queues:
        for made in centre.intervals(now, queue, 4):
            whole, thin = read_interval(value_of(made)), read_thin(value_of(made))
            kept = compared.numbers_of(queue.channel, whole.definitions, whole.figures)
            assert kept == compared.numbers_of(queue.channel, thin.definitions, thin.figures)
            said = dict(zip(compared.KEPT[queue.channel], kept, strict=True))
            figures = made["figures"]
            occupancy = "slot_occupancy" if queue.channel == "chat" else "occupancy"
            published = {
                "abandonment": figures["abandonment_ratio"],
                "service_level": figures["service_level"]["offered_less_short"],
                "aht": figures["handle_mean_seconds"],
                "occupancy": figures[f"{occupancy}_ratio"],
                "first_response": figures["first_response_mean_seconds"],
            }
            for name, above, below in compared.COMPARED[queue.channel]:
                if name in published:
                    found = compared.value(said, above, below)
                    assert found == pytest.approx(published[name], abs=1e-5), name


def test_fewer_than_three_days_make_no_usual_day() -> None:
    """Of three the middle one counts; of two there is none; a missing day is no day of zero."""
    at = ms("2026-06-11T10:20", BERLIN)
    three = ["2026-06-11", "2026-06-04", "2026-05-28", "2026-05-14"]
    found, slots = offered(filled(BERLIN, three, at), at)
    assert slots[ms("2026-06-11T00:15", BERLIN)] == (None, 201)
    assert found["so_far"]["offered"]["days"] == 3
    found, slots = offered(filled(BERLIN, three[:3], at), at)
    assert slots[ms("2026-06-11T00:15", BERLIN)] == (None, None)
    assert found["so_far"]["offered"]["usual"] is None
    assert found["so_far"]["offered"]["days"] == 2


def test_a_slot_that_the_clock_skips_has_no_value() -> None:
    """Berlin, 29 March: 02:00 to 03:00 is missing; the day before has them, the day after not."""
    at = ms("2026-03-30T12:00", BERLIN)
    found, slots = offered(filled(BERLIN, ["2026-03-30", "2026-03-29"], at), at)
    assert slots[ms("2026-03-30T01:45", BERLIN)][0] == 107
    assert slots[ms("2026-03-30T02:00", BERLIN)][0] is None
    assert slots[ms("2026-03-30T03:00", BERLIN)][0] == 112
    # the day of 23 hours is whole: its sum is not missing for what it never had
    whole = sum(100 + slot for slot in range(48) if slot not in range(8, 12))
    assert found["so_far"]["offered"]["yesterday"] == whole
    at = ms("2026-03-29T12:00", BERLIN)
    found, slots = offered(filled(BERLIN, ["2026-03-29", "2026-03-28"], at), at)
    assert len(slots) == 92
    assert slots[ms("2026-03-29T03:00", BERLIN)][0] == 112


def test_of_a_slot_that_comes_twice_the_first_counts() -> None:
    """Berlin, 25 October: 02:15 comes at 00:15Z and 01:15Z; both stand beside the same 02:15."""
    at = ms("2026-10-26T12:00", BERLIN)
    past = filled(BERLIN, ["2026-10-26", "2026-10-25"], at)
    second = ms("2026-10-25T02:15", BERLIN, fold=1)
    past.put(KEY, second, record(9_999), at)
    found, slots = offered(past, at)
    assert slots[ms("2026-10-26T02:15", BERLIN)][0] == 109
    assert found["so_far"]["offered"]["yesterday"] == sum(100 + slot for slot in range(48))
    at = ms("2026-10-25T12:00", BERLIN)
    _, slots = offered(filled(BERLIN, ["2026-10-25", "2026-10-24"], at), at)
    assert len(slots) == 100
    assert slots[second] == slots[ms("2026-10-25T02:15", BERLIN)] == (109, None)


@pytest.mark.parametrize(
    ("yesterday", "today", "slots", "missing"),
    [("2026-10-04", "2026-10-05", 94, (8, 9)), ("2026-04-05", "2026-04-06", 98, ())],
)
def test_half_an_hour_is_skipped_and_comes_twice_on_lord_howe(
    yesterday: str, today: str, slots: int, missing: tuple[int, ...]
) -> None:
    """Days of 23.5 and 24.5 hours: two slots are missing, and two come twice."""
    assert len(compared.starts_of(date.fromisoformat(yesterday), HOWE)) == slots
    at = ms(f"{today}T23:59", HOWE)
    _, found = offered(filled(HOWE, [today, yesterday], at), at)
    there = [place for place, (value, _) in enumerate(found.values()) if value is None]
    assert there == list(missing)


def test_past_days_count_by_final_intervals_and_today_by_its_newest() -> None:
    """A provisional slot of yesterday has no value; of today the newest revision is taken; what is
    final stays, whatever comes after it."""
    at = ms("2026-06-11T00:20", BERLIN)
    past = Past({KEY: BERLIN})
    yesterday, today = ms("2026-06-10T00:00", BERLIN), ms("2026-06-11T00:00", BERLIN)
    past.put(KEY, today, record(3, final=False), at)
    past.put(KEY, today, record(4, final=False), at)
    past.put(KEY, yesterday, record(7, final=False), at)
    so_far = past.compare(KEY, at)["so_far"]["offered"]
    assert (so_far["today"], so_far["yesterday"]) == (4, None)
    past.put(KEY, yesterday, record(8), at)
    past.put(KEY, yesterday, record(9, final=False), at)
    assert past.compare(KEY, at)["so_far"]["offered"]["yesterday"] == 8


def test_a_part_of_a_day_is_not_compared_with_a_whole_one() -> None:
    """Yesterday lacks one quarter of an hour before now: no sum; its other slots have values."""
    at = ms("2026-06-11T10:20", BERLIN)
    past = Past({KEY: BERLIN})
    for day in ("2026-06-11", "2026-06-10"):
        for start in compared.starts_of(date.fromisoformat(day), BERLIN):
            if start <= at and start != ms("2026-06-10T05:00", BERLIN):
                past.put(KEY, start, record(1), at)
    found, slots = offered(past, at)
    assert found["so_far"]["offered"]["yesterday"] is None
    assert slots[ms("2026-06-11T05:00", BERLIN)][0] is None
    assert slots[ms("2026-06-11T05:15", BERLIN)][0] == 1


def test_a_figure_without_denominator_is_none_and_never_zero() -> None:
    """Nobody came: counts are 0, ratios and means are none; a term of an older worker is none."""
    at = ms("2026-06-11T00:16", BERLIN)
    past = Past({KEY: BERLIN})
    empty = record(0)
    empty.figures = SimpleNamespace(**dict.fromkeys(HAND, 0))
    empty.figures.staffed_agent_seconds = None
    past.put(KEY, ms("2026-06-11T00:00", BERLIN), empty, at)
    today = {name: one["today"] for name, one in past.compare(KEY, at)["so_far"].items()}
    assert today == {"offered": 0, "answered": 0, "handled": 0} | dict.fromkeys(
        ("abandonment", "service_level", "wait_mean", "aht", "occupancy")
    )


def test_nothing_is_known_of_a_queue_without_intervals() -> None:
    """Every value is none, and there is no time until which anything was compared."""
    found = Past().compare(("default", "nobody", "voice"), ms("2026-06-11T10:20", "UTC"))
    assert found["until"] is None
    assert {v for one in found["so_far"].values() for k, v in one.items() if k != "days"} == {None}
    assert len(found["at"]) == 96


def test_only_the_days_that_are_compared_are_kept() -> None:
    """Of thirty days six are kept; the next day, others; and weeks ago are read by day and zone."""
    at = ms("2026-06-11T10:20", BERLIN)
    past = Past({KEY: BERLIN})
    days = [date.fromordinal(date(2026, 6, 11).toordinal() - ago) for ago in range(30)]
    for day in days:
        for start in compared.starts_of(day, BERLIN):
            past.put(KEY, start, record(1), at)
    kept = past._days[KEY]
    assert sorted((date(2026, 6, 11) - day).days for day in kept) == [0, 1, 7, 14, 21, 28]
    assert sum(day.numbers.itemsize * len(day.numbers) for day in kept.values()) < 56_000
    later = at + 86_400_000
    past.put(KEY, ms("2026-06-12T10:15", BERLIN), record(1), later)
    assert set(past._days[KEY]) == {date(2026, 6, 12), date(2026, 6, 11)}


def test_a_day_is_read_once_for_each_week_that_wants_it() -> None:
    """Four days a zone, each whole and with the hours in which its intervals became final; read
    ones are not asked for again, until another day begins."""
    at = ms("2026-06-11T10:20", BERLIN)
    past = Past({KEY: BERLIN})
    spans = past.unread(at)
    assert [(span.zone, span.day.isoformat()) for span in spans if span.zone == BERLIN] == [
        (BERLIN, day) for day in ("2026-05-14", "2026-05-21", "2026-05-28", "2026-06-04")
    ]
    assert len(spans) == 8  # and those of `_all`, in UTC
    first = next(span for span in spans if span.zone == BERLIN)
    assert first.since == ms("2026-05-14T00:00", BERLIN)
    assert first.before > ms("2026-05-15T04:00", BERLIN)
    for span in spans:
        past.was_read(span)
    assert past.unread(at) == []
    assert len(past.unread(at + 86_400_000)) == 8
    # a week later the day is wanted again: it has been dropped in between
    again = [span.day for span in past.unread(at + 7 * 86_400_000) if span.zone == BERLIN]
    assert date(2026, 5, 28) in again


def test_slots_are_quarters_of_the_wall_clock() -> None:
    """The zone of a queue decides to which day and slot an instant belongs."""
    at = int(datetime(2026, 6, 10, 22, 30, tzinfo=UTC).timestamp()) * 1_000
    assert compared.local_slot(at, BERLIN)[:2] == (date(2026, 6, 11), 2)
    assert compared.local_slot(at, "UTC")[:2] == (date(2026, 6, 10), 90)
    assert compared.local_slot(at, "Asia/Kathmandu")[:2] == (date(2026, 6, 11), 17)
