"""One row of a call log: which stay it is, what ended it, and what its lengths say."""

import hashlib
import hmac
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from streams.contract.events import ContactOffered, Event, WrapupEnded
from streams.kpis.replay import Replay
from streams.settings import Settings
from streams.sources.call_log import read
from streams.sources.call_log_mapping import CallLogMapping
from streams.sources.clock_times import LengthUnit, TimeReader, read_length
from streams.sources.complaints import Complaints
from streams.wire.rejected import Rejected

HEADER = "call_id,queue,entered_at,outcome,answered_at,ended_at,agent\n"
NINE = 1_772_442_000_000  # 2026-03-02T09:00:00Z


def row(call: str, queue: str, entered: str, outcome: str, *rest: str) -> str:
    """A row of our own columns; times are minutes and seconds after nine."""
    times = [entered, *rest[:2]]
    entered, answered, ended = (f"2026-03-02T09:{t}Z" if t else "" for t in times)
    return ",".join((call, queue, entered, outcome, answered, ended, *rest[2:])) + "\n"


def made(tmp_path: Path, text: str, mapping: CallLogMapping | None = None) -> list[Event]:
    """The events of a log, none of whose rows is unusable."""
    log = tmp_path / "calls.csv"
    log.write_text(text)
    found = [event for _, event in read(log, mapping)]
    assert not [fault for fault in found if isinstance(fault, Rejected)]
    return found  # type: ignore[return-value]


def figures(events: list[Event], queue: str) -> Any:
    """The figures of one queue in a replay."""
    replay = Replay(Settings())
    for event in events:
        replay.add(event)
    return next(r.windows["all"] for r in replay.records() if r.queue == queue)


def test_a_call_that_stands_in_two_queues_has_two_stays(tmp_path: Path) -> None:
    """Identity is call, queue and the moment it entered, never the call alone."""
    rows = [
        row("1", "reception", "00:00", "answered", "00:10", "01:10", "mila"),
        row("1", "claims", "01:15", "answered", "02:45", "09:45", "otto"),
        row("1", "claims", "20:00", "abandoned", "", "21:00", ""),
    ]
    events = made(tmp_path, HEADER + "".join(rows))
    assert len({event.event_id for event in events}) == 8
    assert figures(events, "reception").answered == 1
    claims = figures(events, "claims")
    assert (claims.offered, claims.answered, claims.abandoned) == (2, 1, 1)
    assert claims.answered_wait_seconds == 90


def test_legs_of_one_stay_are_one_stay_in_any_order(tmp_path: Path) -> None:
    """The answer counts, whoever let it ring and however early or late they stopped."""
    legs = [
        row("1", "desk", "00:00", "abandoned", "", "00:05", "101"),
        row("1", "desk", "00:00", "answered", "00:12", "03:12", "102"),
        row("1", "desk", "00:00", "abandoned", "", "00:12", "103"),
        row("1", "desk", "00:00", "abandoned", "", "00:40", "104"),
    ]
    for order in permutations(legs):
        found = figures(made(tmp_path, HEADER + "".join(order)), "desk")
        assert (found.offered, found.answered, found.abandoned) == (1, 1, 0)
        assert found.handle_mean_seconds == 180


def test_of_legs_that_nobody_took_the_last_end_counts(tmp_path: Path) -> None:
    """The caller waited until the last of them."""
    legs = [row("1", "desk", "00:00", "abandoned", "", t, "7") for t in ("00:20", "00:30", "00:10")]
    found = figures(made(tmp_path, HEADER + "".join(legs)), "desk")
    assert (found.offered, found.abandoned, found.abandoned_wait_seconds) == (1, 1, 30)


@pytest.mark.parametrize(
    ("outcome", "ended", "expected"),
    [
        ("timeout", "01:00", {"flowed_out": 1, "blocked": 0}),
        ("voicemail", "01:00", {"flowed_out": 1, "blocked": 0}),
        ("full", "01:00", {"flowed_out": 0, "blocked": 1}),
        # Words of both: who did not stay was not let in.
        ("closed", "00:00", {"flowed_out": 0, "blocked": 1}),
        ("closed", "00:30", {"flowed_out": 1, "blocked": 0}),
        ("Abandoned", "01:00", {"abandoned": 1}),
    ],
)
def test_each_word_of_ours_is_an_outcome(
    tmp_path: Path, outcome: str, ended: str, expected: dict[str, int]
) -> None:
    """In any letters, without a mapping."""
    found = figures(made(tmp_path, HEADER + row("1", "q", "00:00", outcome, "", ended, "")), "q")
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_reason_may_decide_and_rows_may_be_passed_over(tmp_path: Path) -> None:
    """`outcome+reason` before the outcome alone; what is ignored is counted."""
    mapping = CallLogMapping(
        outcomes={"cancel": "abandoned", "cancel+TIMEOUT": "timeout", "internal": "ignore"}
    )
    text = HEADER.strip() + ",reason\n"
    text += row("1", "q", "00:00", "cancel", "", "01:00", "", "TIMEOUT")
    text += row("2", "q", "00:00", "cancel", "", "01:00", "", "CALLER")
    text += row("3", "q", "00:00", "internal", "", "01:00", "", "")
    log, said = tmp_path / "calls.csv", Complaints()
    log.write_text(text)
    found = [event.TYPE for _, event in read(log, mapping, said=said)]  # type: ignore[union-attr]
    assert found[1::2] == ["contact.flowed_out", "contact.abandoned"]
    assert list(said.lines()) == ["passed over, as [outcomes] ignore says: 1 rows"]


def test_an_empty_reason_is_one_and_no_column_is_none(tmp_path: Path) -> None:
    """`word+` is for rows whose reason is empty; without the column it is for none."""
    mapping = CallLogMapping(outcomes={"N": "answered", "N+": "timeout"})
    text = HEADER.strip() + ",reason\n"
    text += row("1", "q", "00:00", "N", "00:10", "01:00", "ann", "7")
    text += row("2", "q", "00:00", "N", "", "01:00", "", "")
    found = figures(made(tmp_path, text, mapping), "q")
    assert (found.answered, found.flowed_out) == (1, 1)
    bare = HEADER + row("1", "q", "00:00", "N", "00:10", "01:00", "ann")
    assert figures(made(tmp_path, bare, mapping), "q").answered == 1


def test_answers_that_may_be_none_are_noted_once(tmp_path: Path) -> None:
    """No agent and no talk: many logs call a time-out handled. How to tell them apart is said."""
    log, said = tmp_path / "calls.csv", Complaints()
    text = "call_id,queue,entered_at,outcome,wait,talk,agent\n"
    rows = [("0", ""), ("0", ""), ("5", ""), ("0", "ann")]
    text += "".join(f"{n},q,2026-03-02T09:00:00Z,N,5,{t},{a}\n" for n, (t, a) in enumerate(rows))
    log.write_text(text)
    list(read(log, CallLogMapping(outcomes={"N": "answered"}), said=said))
    (line,) = said.lines()
    assert line.startswith("2 answered rows have neither an agent nor talk: [outcomes] can tell")
    assert line.endswith('by `reason`, e.g. timeout = ["N+"]')


def test_a_queue_of_several_names_is_one(tmp_path: Path) -> None:
    """As [queues] says, in any letters; a name it does not have stays."""
    mapping = CallLogMapping(queues={"Billing*": "billing", "Billing, Support*": "support"})
    names = ("Billing*", "BILLING*", '"Billing, Support*"', "Sales")
    rows = [
        row(str(n), name, "00:00", "abandoned", "", "01:00", "") for n, name in enumerate(names)
    ]
    events = made(tmp_path, HEADER + "".join(rows), mapping)
    assert [event.queue for event in events[::2]] == ["billing", "billing", "support", "Sales"]


@pytest.mark.parametrize(
    ("channel", "direction", "expected"),
    [
        ("Phone", "Incoming", ("voice", "inbound")),
        ("Phone Call", "INBOUND", ("voice", "inbound")),
        ("call", "outgoing", ("voice", "outbound")),
        ("VOICE", "", ("voice", "inbound")),
        ("Chat", "Outbound", ("chat", "outbound")),
    ],
)
def test_channels_and_directions_as_logs_say_them(
    tmp_path: Path, channel: str, direction: str, expected: tuple[str, str]
) -> None:
    """In any letters."""
    text = HEADER.strip() + ",channel,direction\n"
    text += row("1", "q", "00:00", "abandoned", "", "01:00", "", channel, direction)
    events = made(tmp_path, text)
    assert {(event.channel, event.direction) for event in events} == {expected}


def test_lengths_instead_of_times(tmp_path: Path) -> None:
    """Wait, talk, hold, ring and wrap-up, in each notation; hold is no talk."""
    text = "call_id,queue,entered_at,outcome,wait,talk,hold,wrapup,ring,agent\n"
    text += "1,q,2026-03-02T09:00:00Z,answered,0:12,00:04:28,30,60.5,5,anna\n"
    text += "2,q,2026-03-02T09:01:00Z,abandoned,40,,,,,\n"
    events = made(tmp_path, text)
    found = figures(events, "q")
    assert found.answered_wait_seconds == 12
    assert (found.talk_seconds, found.hold_seconds) == (268, 30)
    assert found.abandoned_wait_seconds == 40
    (offered,) = (event for event in events if isinstance(event, ContactOffered))
    (wrapup,) = (event for event in events if isinstance(event, WrapupEnded))
    assert offered.occurred_at == NINE + 7_000
    assert wrapup.occurred_at == NINE + 12_000 + 298_000 + 60_500


def test_lengths_count_where_the_end_of_the_call_is_told_too(tmp_path: Path) -> None:
    """A call goes on after its waiting and its talk: its end is only for cells without a length."""
    text = "call_id,queue,entered_at,outcome,wait,talk,ended_at,agent\n"
    text += "1,q,2026-03-02T09:00:00Z,abandoned,35,0,2026-03-02T09:01:15Z,\n"
    text += "2,q,2026-03-02T09:01:00Z,answered,45,85,2026-03-02T09:03:20Z,ben\n"
    text += "3,r,2026-03-02T09:02:00Z,abandoned,,,2026-03-02T09:02:50Z,\n"
    text += "4,r,2026-03-02T09:02:00Z,answered,10,,2026-03-02T09:03:10Z,ben\n"
    events = made(tmp_path, text)
    lengths, ends = figures(events, "q"), figures(events, "r")
    assert (lengths.abandoned_wait_seconds, lengths.talk_seconds) == (35, 85)
    assert (ends.abandoned_wait_seconds, ends.talk_seconds) == (50, 60)


def test_a_row_that_runs_backwards_is_rejected_beyond_grace(tmp_path: Path) -> None:
    """Both columns are named; five seconds are clocks that differ."""
    log = tmp_path / "calls.csv"
    log.write_text(
        HEADER
        + row("1", "q", "10:00", "answered", "09:55", "12:00", "")
        + row("2", "q", "10:00", "answered", "09:54", "12:00", "")
        + row("3", "q", "10:00", "answered", "11:00", "10:00", "")
        + row("4", "q", "10:00", "abandoned", "", "09:00", "")
    )
    found = [(line, it.field, it.detail) for line, it in read(log) if isinstance(it, Rejected)]
    said = "expected not more than 5 s before"
    assert found == [
        (3, "answered_at", f"{said} entered_at"),
        (4, "ended_at", f"{said} answered_at"),
        (5, "ended_at", f"{said} entered_at"),
    ]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (["1", "_all", "5"], "queue"),
        (["1", " _other ", "5"], "queue"),
        (["1", "a\0b", "5"], "queue"),
        (["1\0", "q", "5"], "call_id"),
        (["1", "q", "9" * 15], "entered_at"),
    ],
)
def test_no_cell_makes_an_event_that_is_none(tmp_path: Path, cells: list[str], column: str) -> None:
    """Reserved names, NUL, a length of millions of years: the row is rejected."""
    log = tmp_path / "calls.csv"
    call, queue, wait = cells
    log.write_text(
        "call_id,queue,entered_at,outcome,wait,talk\n"
        f"{call},{queue},2026-03-02T09:00:00Z,abandoned,{wait},\n"
    )
    ((_, found),) = read(log)
    assert isinstance(found, Rejected)
    assert found.field == column


def test_customers_are_hashed_with_a_key_or_not_read(tmp_path: Path) -> None:
    """The same one has the same hash; without a key that is said once."""
    log = tmp_path / "calls.csv"
    rest = row("1", "q", "00:00", "abandoned", "", "01:00", "").strip()
    log.write_text(f"{HEADER.strip()},customer\n{rest},+49 170 1234567\n")
    expected = hmac.new(b"key", b"+49 170 1234567", hashlib.sha256).hexdigest()
    assert {event.customer_ref for _, event in read(log, None, b"key")} == {expected}  # type: ignore[union-attr]
    said = Complaints()
    assert {event.customer_ref for _, event in read(log, said=said)} == {None}  # type: ignore[union-attr]
    assert "customer_key_file" in next(said.lines())


@pytest.mark.parametrize(
    ("formats", "zone", "text", "expected"),
    [
        (["epoch_seconds"], None, "1772442000.3032", NINE + 303),
        (["%Y-%m-%d %H:%M:%S.%f"], None, "2026-03-02 09:00:00", NINE),
        (["%Y-%m-%d %H:%M:%S"], None, "2026-03-02 09:00:00.123456789", NINE + 123),
        (["%d.%m.%Y %H:%M", "rfc3339"], None, "2026-03-02T09:00:00Z", NINE),
        (["rfc3339"], "Europe/Berlin", "2026-03-02 10:00:00", NINE),
        (["rfc3339"], "Europe/Berlin", "2026-03-02 09:00:00Z", NINE),
        (["%Y-%m-%d %H:%M:%S %Z"], "Europe/Berlin", "2026-03-02 09:00:00 UTC", NINE),
        (["%a %b %d %H:%M:%S %Z %Y"], "Europe/Berlin", "Mon Mar 02 09:00:00 UTC 2026", NINE),
        (
            ["%a %b %d %H:%M:%S EST %Y", "%a %b %d %H:%M:%S EDT %Y"],
            "America/New_York",
            "Mon Mar 02 04:00:00 EST 2026",
            NINE,
        ),
        (["%Y-%m-%d %H:%M:%S %z"], "Europe/Berlin", "2026-03-02 10:00:00 +0100", NINE),
    ],
)
def test_times_as_logs_write_them(
    formats: list[str], zone: str | None, text: str, expected: int
) -> None:
    """Fractions there or not, several forms, the zone only where the text has no offset."""
    assert TimeReader(formats, zone).read(text) == expected


def test_a_zones_name_is_no_offset() -> None:
    """CET in summer is what many systems write all year; the way out is said."""
    way_out = "UTC, GMT or Z .* write the word itself in format, one format each, and name zone"
    with pytest.raises(ValueError, match=way_out):
        TimeReader(["%Y-%m-%d %H:%M:%S %Z"], None).read("2026-03-02 09:00:00 CET")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("12.5", 12_500), ("1:05", 65_000), ("01:00:00", 3_600_000), ("100:00", 6_000_000)],
)
def test_lengths_as_logs_write_them(text: str, expected: int) -> None:
    """Seconds, m:ss, h:mm:ss."""
    assert read_length(text) == expected


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("days", "0.000069444446", 6_000),
        ("days", "5.787037037e-05", 5_000),
        ("days", "0", 0),
        ("days", "0:00:12", 12_000),
        ("milliseconds", "12500", 12_500),
        ("milliseconds", "1:05", 65_000),
    ],
)
def test_lengths_in_another_unit(unit: LengthUnit, text: str, expected: int) -> None:
    """To the nearest ms; with colons they are what they look like."""
    assert read_length(text, unit) == expected


@pytest.mark.parametrize("text", ["", "-1", "1h", "1e999", "١", "NaN"])
def test_what_is_no_length_in_another_unit_is_refused(text: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="expected a length: days, m:ss"):
        read_length(text, "days")


def test_a_mapping_says_what_its_lengths_count(tmp_path: Path) -> None:
    """Fractions of a day are no seconds."""
    text = "call_id,queue,entered_at,outcome,wait,talk\n"
    text += "1,q,2026-03-02T09:00:00Z,answered,0.00013888888889,0.0031018518519\n"
    found = figures(made(tmp_path, text, CallLogMapping(lengths="days")), "q")
    assert (found.answered_wait_seconds, found.talk_seconds) == (12, 268)


@pytest.mark.parametrize("text", ["", "-1", "1:2:3:4", "1h", "١"])
def test_what_is_no_length_is_refused(text: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="m:ss"):
        read_length(text)


def test_equal_complaints_are_one_line() -> None:
    """With the first three places and how many there are; further reasons are only counted."""
    said = Complaints()
    for line in range(2, 12):
        said.add("a.csv", line, Rejected("schema", "expected a time", "Start"))
    said.add("b.csv", 9, Rejected("not_json", "no JSON"))
    assert list(said.lines()) == [
        "a.csv:2: schema (Start): expected a time; also a.csv:3, a.csv:4; 10 in all",
        "b.csv:9: not_json: no JSON",
    ]
    for line in range(2_000):
        said.add("c.csv", line, Rejected("schema", f"fault {line}"))
    assert list(said.lines())[-1] == "and 1,002 lines with further reasons"
