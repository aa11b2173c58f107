"""Promises of the call log reader: canonical events, or the row's own fault and no more."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.contract.events import (
    ContactAbandoned,
    ContactAnswered,
    ContactEnded,
    ContactEnqueued,
    Event,
)
from streams.errors import ConfigError
from streams.sources.call_log import read
from streams.sources.call_log_mapping import CallLogMapping, load_mapping
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.rejected import Rejected
from tests.data.call_logs import answers_of, each_log

HEADER = "call_id,customer,priority,queue,entered_at,outcome,answered_at,ended_at,agent\n"
ANSWERED = (
    "c1,ab12,2,PS,2024-03-01T09:00:00Z,answered,2024-03-01T09:00:10Z,2024-03-01T09:03:00Z,a7\n"
)
ABANDONED = "c2,,0,NW,2024-03-01T09:01:00Z,abandoned,,2024-03-01T09:01:05Z,\n"
NINE = 1_709_283_600_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def events(path: Path, mapping: CallLogMapping | Path | None = None) -> list[Event]:
    made = []
    for line, event in read(path, mapping):
        assert not isinstance(event, Rejected), (line, event)
        made.append(event)
    return made


def faults(path: Path) -> Iterator[tuple[int, str | None, str]]:
    for line, outcome in read(path):
        if isinstance(outcome, Rejected):
            yield line, outcome.field, outcome.detail


def test_an_answered_call_is_three_events(log: Path) -> None:
    """Enqueued, answered by its agent, ended."""
    log.write_text(HEADER + ANSWERED)
    enqueued, answered, ended = events(log)
    assert enqueued == ContactEnqueued(
        event_id=f"c1:PS:{NINE}:enqueued",
        occurred_at=NINE,
        source="call-log",
        channel="voice",
        contact_id="c1",
        queue="PS",
        priority=2,
    )
    assert isinstance(answered, ContactAnswered)
    assert (answered.occurred_at, answered.queue, answered.agent_id) == (NINE + 10_000, "PS", "a7")
    assert isinstance(ended, ContactEnded)
    assert (ended.occurred_at, ended.agent_id) == (NINE + 180_000, "a7")


def test_an_abandoned_call_is_two_events(log: Path) -> None:
    """Without customer and agent, where the log names none."""
    log.write_text(HEADER + ABANDONED)
    enqueued, abandoned = events(log)
    assert (enqueued.customer_ref, enqueued.agent_id) == (None, None)
    assert isinstance(abandoned, ContactAbandoned)
    assert abandoned.occurred_at == NINE + 65_000


def test_every_event_is_one_that_decode_accepts(log: Path) -> None:
    """Structs built in Python are not checked: the reader checks for them, at every limit."""
    longest = [
        ("i" * 256, "u" * 256, "p" * 64, "q" * 256, "a" * 256),
        ("ñ" * 256, "é" * 256, "1000000", "ü" * 256, "ø" * 256),
    ]
    for call_id, customer, priority, queue, agent in longest:
        row = ANSWERED.replace("ab12,2", f"{customer},{priority}").replace("a7", agent)
        log.write_text(HEADER + row.replace("c1", call_id).replace("PS", queue), encoding="utf-8")
        made = events(log)
        assert [decode(encode(event)) for event in made] == made
        assert len({event.event_id for event in made}) == 3


def test_the_same_row_gives_the_same_ids(log: Path) -> None:
    """So that a log read twice, or a row in two files, counts once."""
    log.write_text(HEADER + ANSWERED + ABANDONED + ANSWERED)
    made = [encode(event) for event in events(log)]
    assert made[:3] == made[5:]
    assert len(set(made)) == 5


def test_times_of_one_second_keep_their_order(log: Path) -> None:
    """Whole seconds make wait 0 common: `seq` says what came first."""
    log.write_text(HEADER + ANSWERED.replace("09:00:10", "09:00:00").replace("09:03", "09:00"))
    made = events(log)
    assert [event.occurred_at for event in made] == [NINE] * 3
    assert [event.seq for event in made] == [0, 1, 2]


def test_the_files_form_does_not_matter(log: Path, tmp_path: Path) -> None:
    """Byte order mark, CRLF, quotes, blanks around cells, another order of columns, gzip."""
    log.write_text(HEADER + ANSWERED)
    expected = events(log)
    log.write_bytes(b"\xef\xbb\xbf" + (HEADER + ANSWERED).replace("\n", "\r\n").encode())
    assert events(log) == expected
    log.write_text(HEADER + '"' + ANSWERED.strip().replace(",", '","') + '"\n\n')
    assert events(log) == expected
    log.write_text(HEADER + ANSWERED.replace(",", " , "))
    assert events(log) == expected
    turned = (",".join(reversed(row.strip().split(","))) + "\n" for row in (HEADER, ANSWERED))
    log.write_text("".join(turned))
    assert events(log) == expected
    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + ANSWERED).encode()))
    assert events(packed) == expected


def test_a_quoted_cell_may_hold_commas_and_line_ends(log: Path) -> None:
    """Line numbers stay those of the file."""
    log.write_text(HEADER + ANSWERED.replace("PS", '"P, ""S""\nx"') + ABANDONED)
    found = [(line, event.queue) for line, event in read(log) if isinstance(event, ContactEnqueued)]
    assert found == [(2, 'P, "S"\nx'), (4, "NW")]


@pytest.mark.parametrize(
    ("row", "column", "detail"),
    [
        (ANSWERED.replace("c1", ""), "call_id", "expected 1 to 256 characters"),
        (ANSWERED.replace("c1", "i" * 257), "call_id", "expected 1 to 256 characters"),
        (ANSWERED.replace("PS", " "), "queue", "expected 1 to 256 characters"),
        (ANSWERED.replace("ab12", "u" * 257), "customer", "expected at most 256 characters"),
        (ANSWERED.replace("a7", "a" * 257), "agent", "expected at most 256 characters"),
        (ANSWERED.replace(",2,", ",1000001,"), "priority", "expected at most 1000000"),
        (ANSWERED.replace("answered", "lost"), "outcome", "no meaning for 'lost': [outcomes]"),
        (
            ANSWERED.replace("2024-03-01T09:00:10Z", ""),
            "answered_at",
            "expected when it was answered",
        ),
        (ABANDONED.replace("09:01:05Z", "09:01:05"), "ended_at", "[time] zone ="),
        (ANSWERED.replace("2024-03-01T09:00:00Z", "1970-01-01T00:00:00Z"), "entered_at", "1990"),
        ("c9,x\n", None, "expected 9 cells, found 2"),
        (ANSWERED.replace("PS", "P" * 70_000), None, "expected at most 65536 bytes"),
    ],
)
def test_an_unusable_row_is_reported_and_the_rest_goes_on(
    log: Path, row: str, column: str | None, detail: str
) -> None:
    """With its line, the file's column and what was expected; no event of it is made."""
    log.write_text(HEADER + ANSWERED + row + ABANDONED)
    ((line, found, text),) = faults(log)
    assert (line, found) == (3, column)
    assert detail in text
    assert sum(not isinstance(outcome, Rejected) for _, outcome in read(log)) == 5


@pytest.mark.parametrize("form", ["rfc3339", "epoch_ms", "%d/%m/%Y %H:%M"])
def test_a_rejected_row_repeats_none_of_its_cells(log: Path, form: str) -> None:
    """A cell in the wrong column may be customer data."""
    secret = "+49170" * 60
    cells = ANSWERED.strip().split(",")
    rows = [",".join([*cells[:place], secret, *cells[place + 1 :]]) for place in range(len(cells))]
    log.write_text(HEADER + "\n".join([*rows, secret, f'"{secret}']))
    found = [it for _, it in read(log, CallLogMapping(formats=(form,)))]
    rejected = [it for it in found if isinstance(it, Rejected)]
    assert len(rejected) >= len(rows)
    assert not [it for it in rejected if "+49" in f"{it.detail} {it.field}"]


def test_bytes_in_another_encoding_spoil_their_line_alone(log: Path) -> None:
    """An id with guessed letters would be another customer: nothing is guessed."""
    good, bad = (HEADER + ABANDONED).encode(), ANSWERED.replace("PS", "Añ").encode("latin-1")
    log.write_bytes(good + bad + ABANDONED.encode() + bad)
    assert list(faults(log)) == [(n, None, "not valid UTF-8") for n in (3, 5)]
    assert len([e for _, e in read(log) if not isinstance(e, Rejected)]) == 4
    assert events_in_latin_1(log) == 10


def events_in_latin_1(log: Path) -> int:
    return len(events(log, CallLogMapping(encoding="latin-1")))


def test_a_quote_left_open_says_so(log: Path) -> None:
    """It swallows the lines up to the next quote: the report must tell why they are gone."""
    log.write_text(HEADER + ANSWERED.replace("c1", '"c1') + ABANDONED * 3)
    ((line, _, detail),) = faults(log)
    assert line == 2
    assert detail == "expected 9 cells, found 1 (the row has 4 lines: is a quote left open?)"


def test_an_endless_quote_does_not_fill_memory(log: Path) -> None:
    """After 128 KiB of one cell the row is given up, and reading goes on."""
    log.write_text(HEADER + ANSWERED.replace("c1", '"c1') + ABANDONED * 3_000)
    reports = list(faults(log))
    assert reports[0][0] == 2
    assert "not valid CSV" in reports[0][2]
    assert len([e for _, e in read(log) if not isinstance(e, Rejected)]) > 1_000


@pytest.mark.parametrize("text", ["", "\n", "x" * 70_000])
def test_a_file_without_a_header_is_refused(log: Path, text: str) -> None:
    """Before anything is counted."""
    log.write_text(text)
    with pytest.raises(ConfigError, match="expected a header line"):
        list(read(log))


def test_a_missing_column_is_an_error_that_says_how_to_map_it(log: Path) -> None:
    """All missing ones in one line, in plain words, with some of the columns that are left."""
    others = ",".join(f"x{n}" for n in range(20))
    log.write_text(f"uniqueid,queue,entered_at,outcome,answered_at,hangup,{others}\n")
    with pytest.raises(ConfigError) as refusal:
        list(read(log))
    (mistake,) = refusal.value.mistakes
    assert "no column for call_id (the call's id), ended_at or talk (when it ended, or" in mistake
    assert "not yet used: uniqueid, hangup, x0, x1, x2, x3, x4, x5 and 14 more." in mistake
    assert '[columns] call_id = "…"' in mistake


def test_what_may_be_no_header_is_not_shown(log: Path) -> None:
    """A first record has a caller's number in it: the message is about the header."""
    log.write_text("Call 265,00:08:10,2026/03/02 09:00:00,0705550101,Queue\n")
    with pytest.raises(ConfigError) as refusal:
        list(read(log))
    (mistake,) = refusal.value.mistakes
    assert "[csv] header" in mistake
    assert "070" not in mistake


def test_a_header_further_down_is_found_and_another_delimiter_guessed_at(log: Path) -> None:
    """The message says what to write into the mapping."""
    log.write_text("A report\n\n" + HEADER + ANSWERED)
    with pytest.raises(ConfigError, match=r"line 3 has them all.*\[csv\] skip = 2"):
        list(read(log))
    assert len(events(log, CallLogMapping(skip=2))) == 3
    log.write_text((HEADER + ANSWERED).replace(",", ";"))
    with pytest.raises(ConfigError, match=r"delimiter ';'.*\[csv\] delimiter = \";\""):
        list(read(log))
    log.write_text(ANSWERED)
    names = tuple(HEADER.strip().split(","))
    assert [line for line, _ in read(log, CallLogMapping(header=names))] == [1, 1, 1]


def test_optional_columns_may_be_missing_unless_they_were_named(log: Path) -> None:
    """A name that is not there is a mistake; a column nobody spoke of is not."""
    log.write_text(
        "call_id,queue,entered_at,outcome,answered_at,ended_at\n"
        "c1,PS,2024-03-01T09:00:00Z,answered,2024-03-01T09:00:10Z,2024-03-01T09:03:00Z\n"
    )
    assert {event.agent_id for event in events(log)} == {None}
    with pytest.raises(ConfigError, match="no column for agent"):
        list(read(log, CallLogMapping(columns={"agent": ("who",)})))


def test_a_mapping_reads_another_systems_log(log: Path, tmp_path: Path) -> None:
    """Other columns, words, delimiter, times without offset, tenant, source and channel."""
    mapping = tmp_path / "acd.toml"
    mapping.write_text(
        """
        tenant = "north"
        channel = "chat"
        source = "acd-7"
        [columns]
        call_id = "uniqueid"
        entered_at = "start"
        answered_at = "connect"
        ended_at = "end"
        outcome = "disposition"
        [outcomes]
        answered = ["ANSWERED", "CONNECTED"]
        abandoned = ["NO ANSWER"]
        [time]
        format = "%d/%m/%Y %H:%M:%S"
        zone = "Europe/Madrid"
        [csv]
        delimiter = ";"
        """
    )
    log.write_text(
        "uniqueid;queue;start;disposition;connect;end\n"
        "1;PS;01/03/2024 10:00:00;CONNECTED;01/03/2024 10:00:10;01/03/2024 10:03:00\n"
        "2;PS;01/07/2024 10:00:00;NO ANSWER;;01/07/2024 10:00:07\n"
    )
    made = events(log, mapping)
    assert [event.TYPE for event in made] == [
        "contact.enqueued",
        "contact.answered",
        "contact.ended",
        "contact.enqueued",
        "contact.abandoned",
    ]
    assert {(event.tenant, event.channel, event.source) for event in made} == {
        ("north", "chat", "acd-7")
    }
    assert made[0].occurred_at == NINE
    summer = 1_719_820_800_000  # 2024-07-01T08:00:00Z
    assert made[3].occurred_at == summer


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("epoch_ms", "1709283600123", NINE + 123),
        ("epoch_seconds", "1709283600", NINE),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-03-01T10:00:00.1239+01:00", NINE + 123),
    ],
)
def test_other_notations_of_time(log: Path, name: str, cell: str, expected: int) -> None:
    """Numbers since the epoch, and patterns with an offset of their own."""
    log.write_text(HEADER + f"c2,,0,NW,{cell},abandoned,,{cell},\n")
    made = events(log, CallLogMapping(formats=(name,), zone="Asia/Tokyo"))
    assert [event.occurred_at for event in made] == [expected] * 2


def test_a_local_time_that_occurs_twice_is_the_first_that_can_be(log: Path) -> None:
    """02:30 on the night the clocks go back in Madrid is 00:30 UTC, but 01:10 UTC after 00:50."""
    cell = "2024-10-27 02:30:00"
    log.write_text(HEADER + f"c2,,0,NW,{cell},abandoned,,{cell},\n")
    made = events(log, CallLogMapping(formats=("%Y-%m-%d %H:%M:%S",), zone="Europe/Madrid"))
    assert made[0].occurred_at == 1_729_989_000_000
    log.write_text(HEADER + f"c2,,0,NW,{cell.replace('30', '50')},abandoned,,{cell},\n")
    made = events(log, CallLogMapping(formats=("%Y-%m-%d %H:%M:%S",), zone="Europe/Madrid"))
    assert made[1].occurred_at - made[0].occurred_at == 40 * 60_000


@pytest.mark.parametrize("cell", ["1.5", "-1", "1_000", "١", "1709283600123x", "9" * 19])
def test_a_number_of_an_epoch_is_digits_only(log: Path, cell: str) -> None:
    """What int() would take beside digits is a fault of the row."""
    log.write_text(HEADER + f"c2,,0,NW,{cell},abandoned,,{cell},\n", encoding="utf-8")
    ((_, outcome),) = read(log, CallLogMapping(formats=("epoch_ms",)))
    assert outcome == Rejected("schema", "expected milliseconds since 1970", "entered_at")


def test_a_rejected_cell_names_the_mappings_line(log: Path) -> None:
    """The person at the terminal knows their own names, and edits the mapping by ours."""
    log.write_text(HEADER.replace("queue", "service") + ABANDONED.replace("NW", ""))
    ((_, outcome),) = read(log, CallLogMapping(columns={"queue": ("service",)}))
    assert isinstance(outcome, Rejected)
    assert outcome.field == 'queue = "service"'


def test_all_mistakes_of_a_mapping_are_reported_together(tmp_path: Path) -> None:
    """Each with its key."""
    path = tmp_path / "bad.toml"
    path.write_text(
        """
        tenant = ""
        channel = "ticket"
        colour = "red"
        [columns]
        call = "id"
        queue = 5
        [outcomes]
        answered = ["A", "B"]
        abandoned = ["B"]
        lost = ["C"]
        [queues]
        billing = "Billing*"
        support = ["S"]
        claims = ["S"]
        _all = ["T"]
        [time]
        format = "iso"
        zone = "Europe/Nowhere"
        locale = "es"
        lengths = "hours"
        [csv]
        delimiter = "ab"
        encoding = "utf-17"
        skip = -1
        """
    )
    with pytest.raises(ConfigError) as refusal:
        load_mapping(path)
    keys = [mistake.removeprefix(f"{path}: ").split(":")[0] for mistake in refusal.value.mistakes]
    assert sorted(keys) == [
        "channel",
        "colour",
        "columns.call",
        "columns.queue",
        "csv.delimiter",
        "csv.encoding",
        "csv.skip",
        "outcomes.abandoned",
        "outcomes.lost",
        "queues",
        "queues.billing",
        "queues.claims",
        "tenant",
        "time.format",
        "time.lengths",
        "time.locale",
        "time.zone",
    ]


def test_a_mapping_that_is_no_toml_or_not_there_is_named(tmp_path: Path) -> None:
    """One line each."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")
    path = tmp_path / "bad.toml"
    path.write_text("columns = [")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_mapping(path)
    path.write_text("columns = 5\ncsv = 5")
    with pytest.raises(ConfigError, match="must be a table"):
        load_mapping(path)


@each_log
def test_two_weeks_of_calls_are_read_completely(log: Path) -> None:
    """Every row becomes events: of the log that is generated and of a real one, where it is."""
    total = answers_of(log)["total"]
    made = events(log)
    assert Counter(event.TYPE for event in made) == {
        "contact.enqueued": total["offered"],
        "contact.answered": total["answered"],
        "contact.ended": total["answered"],
        "contact.abandoned": total["abandoned"],
    }
    assert len({event.event_id for event in made}) == len(made)
    assert all(decode(encode(event)) == event for event in made)
