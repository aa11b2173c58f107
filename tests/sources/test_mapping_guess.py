"""`streams mapping`: from a table that nobody here has seen to figures, in two commands."""

import io
from pathlib import Path
from typing import Any

import pytest

from streams.__main__ import main
from streams.kpis.replay import Replay
from streams.settings import Settings
from streams.sources.call_log import read
from streams.sources.mapping_guess import guess
from streams.wire.rejected import Rejected

FIVE9 = """\
Call log,,,,,,,,,
CALL ID,TIMESTAMP,CAMPAIGN,SKILL,AGENT NAME,DISPOSITION,QUEUE WAIT TIME,TALK TIME,HOLD TIME,ANI
300,"Mon, 02 Mar 2026 09:00:00",Inbound,Billing,Mila,Completed,00:00:12,00:04:28,00:00:30,5551234567
301,"Mon, 02 Mar 2026 09:01:00",Inbound,Billing,,Abandon,00:00:40,,,5557654321
302,"Mon, 02 Mar 2026 09:02:00",Inbound,Billing,,Sent To Voicemail,00:01:00,,,5557654321
"""
FUSIONPBX = """\
uuid|cc_queue|cc_queue_joined_epoch|cc_queue_answered_epoch|cc_queue_terminated_epoch|\
cc_queue_canceled_epoch|cc_cause|cc_cancel_reason|cc_agent
a1|desk@x|1772442000|1772442012|1772442280||Terminated||7
a2|desk@x|1772442060|||1772442100|Cancel|TIMEOUT|
a3|desk@x|1772442060|||1772442100|Cancel|NONE|
"""
GERMAN = """\
Anruf-ID;Warteschlange;Datum;Uhrzeit;Wartezeit;Gesprächszeit;Ergebnis;Mitarbeiter;Rufnummer
1;Störung;13.03.2026;09:00:00;0:12;4:28;Beantwortet;Mila;0170 1234567
2;Störung;13.03.2026;09:01:00;0:40;;Aufgelegt;;0170 7654321
"""
NICE = """\
Contact_ID,Skill_Name,Agent_Name,Start_Date,Start_Time,InQueue,Agent_Time,Abandon_Time,Abandon
1,Billing,Ames,03/13/2026,09:00:00,12,268,0,N
2,Billing,,03/13/2026,09:00:30,35,0,53,Y
"""
TALKDESK = """\
call_id,type,start_at,end_at,user_name,talk_time,wait_time,hold_time,abandon_time,ring_groups
c1,inbound,2026-03-03T09:00:00Z,2026-03-03T09:04:40Z,Anna,268,12,0,0,billing
c2,abandoned,2026-03-03T09:00:30Z,2026-03-03T09:01:15Z,,0,35,0,35,billing
c3,missed,2026-03-03T09:02:00Z,2026-03-03T09:04:00Z,,0,120,0,0,billing
"""
CISCO = """\
Detailed report
Node ID - Session ID - Sequence No,Call Start Time,Call End Time,Contact Disposition,CSQ Names,\
Queue Time,Agent Name,Talk Time,Work Time
1,Tue Mar 03 09:00:00 EST 2026,Tue Mar 03 09:04:45 EST 2026,handled,Billing*,\
0:00:12,A,0:04:28,0:00:10
2,Tue Mar 10 09:00:30 EDT 2026,Tue Mar 10 09:01:15 EDT 2026,abandoned,Billing,0:00:35,,0:00:00,
3,Tue Mar 03 09:01:00 EST 2026,Tue Mar 03 09:03:20 EST 2026,handled,"Sales, Billing*",\
0:00:12,B,0:01:25,
"""


def mapped(tmp_path: Path, capfd: pytest.CaptureFixture[str], text: bytes) -> tuple[Path, str]:
    """The log and its proposed mapping in files, and what was said."""
    log, mapping = tmp_path / "export", tmp_path / "mapping.toml"
    log.write_bytes(text)
    assert main(["mapping", str(log)]) == 0
    told = capfd.readouterr()
    mapping.write_text(told.out)
    return log, told.err


@pytest.mark.parametrize(
    ("text", "queue", "expected"),
    [
        (FIVE9, "Billing", {"offered": 2, "answered": 1, "abandoned": 1, "hold_seconds": 30}),
        (FUSIONPBX, "desk@x", {"offered": 3, "answered": 1, "abandoned": 1, "flowed_out": 1}),
        (GERMAN, "Störung", {"offered": 2, "answered": 1, "abandoned": 1, "talk_seconds": 268}),
    ],
    ids=["five9", "fusionpbx", "german"],
)
def test_the_proposal_reads_the_file(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    text: str,
    queue: str,
    expected: dict[str, float],
) -> None:
    """Without an edit: rows whose outcome is not understood are the only ones left out."""
    log, said = mapped(tmp_path, capfd, text.encode())
    replay = Replay(Settings())
    rejected = 0
    for _, found in read(log, tmp_path / "mapping.toml"):
        if isinstance(found, Rejected):
            rejected += 1
        else:
            replay.add(found)
    figures = next(r.windows["all"] for r in replay.records() if r.queue == queue)
    assert {name: getattr(figures, name) for name in expected} == expected
    assert figures.answered_wait_seconds == 12
    assert rejected == ("Voicemail" in text)
    assert ("1 words of the outcome have no meaning yet" in said) == ("Voicemail" in text)
    assert "line " in said
    assert not [number for number in ("5551234567", "0170") if number in said]


def test_a_file_in_another_encoding_says_which(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Windows' own, and UTF-16 by its mark."""
    log, _ = mapped(tmp_path, capfd, GERMAN.encode("cp1252"))
    assert 'encoding = "cp1252"' in (tmp_path / "mapping.toml").read_text()
    assert {event.queue for _, event in read(log, tmp_path / "mapping.toml")} == {"Störung"}  # type: ignore[union-attr]
    log, _ = mapped(tmp_path, capfd, GERMAN.encode("utf-16"))
    assert {event.queue for _, event in read(log, tmp_path / "mapping.toml")} == {"Störung"}  # type: ignore[union-attr]


def test_what_reads_in_two_ways_is_left_to_the_person(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """3/4 may be in March or in April: both are written, and said."""
    text = "call id,queue,start time,disposition,wait time,talk time\n"
    text += "1,q,03/04/2026 09:00:00,answered,5,60\n"
    _, said = mapped(tmp_path, capfd, text.encode())
    proposal = (tmp_path / "mapping.toml").read_text()
    assert 'format = "%d/%m/%Y %H:%M:%S"' in proposal
    assert '# format = "%m/%d/%Y %H:%M:%S"' in proposal
    assert "open: the times read in several ways" in said


def test_no_header_and_no_table_are_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No cell of a first record is shown."""
    _, said = mapped(tmp_path, capfd, b"Call 265,00:08:10,2026/03/02 09:00:00,0705550101,Queue\n")
    assert "no line of names was found" in said
    assert "0705550101" not in said + (tmp_path / "mapping.toml").read_text()
    (tmp_path / "text").write_text("no table\n")
    assert main(["mapping", str(tmp_path / "text")]) == 1
    assert "no table" in capfd.readouterr().err


def test_numbers_in_the_column_of_outcomes_are_not_shown() -> None:
    """Another column is the outcome then."""
    found = guess(["call id,queue,start time,result", "1,q,2026-03-02 09:00:00,+49 170 123"])
    assert not found.words
    assert any("holds numbers" in line for line in found.open)


def test_seconds_until_somebody_gave_up_are_no_instant(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`Abandon_Time` is left out and said; a start's date and time are one; no word is invented."""
    log, said = mapped(tmp_path, capfd, NICE.encode())
    proposal = (tmp_path / "mapping.toml").read_text()
    assert '# left_at = "Abandon_Time"    # holds lengths, not times' in proposal
    assert 'entered_at = ["Start_Date", "Start_Time"]' in proposal
    assert "open: left_at: Abandon_Time holds lengths, not times; left out" in said
    assert '# ? = ["N"]    # 1 rows' in proposal
    edited = proposal + '[outcomes]\nanswered = ["N"]\nabandoned = ["Y"]\n'
    edited = edited.replace("\n[outcomes]  ", "\n# [outcomes]  ")
    (tmp_path / "mapping.toml").write_text(edited)
    figures = figures_of(log, tmp_path / "mapping.toml", "Billing")
    assert (figures.answered, figures.abandoned, figures.abandoned_wait_seconds) == (1, 1, 35)


def figures_of(log: Path, mapping: Path, queue: str) -> Any:
    replay = Replay(Settings())
    for _, found in read(log, mapping):
        if not isinstance(found, Rejected):
            replay.add(found)
    return next(r.windows["all"] for r in replay.records() if r.queue == queue)


def test_lengths_that_tell_all_leave_the_end_of_the_call_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With the reason; what `hold` is added to is said where it stands."""
    log, said = mapped(tmp_path, capfd, TALKDESK.encode())
    proposal = (tmp_path / "mapping.toml").read_text()
    assert '# ended_at = "end_at"    # wait and talk tell it, and a call goes on' in proposal
    assert 'hold = "hold_time"    # added to talk' in proposal
    assert "outcome: type is taken, by its words" in said
    assert 'abandoned = ["abandoned"]' in proposal
    assert '# ? = ["missed"]' in proposal  # where somebody else abandoned, missed is not that
    assert "# our words: answered, abandoned, timeout," in proposal
    assert figures_of(log, tmp_path / "mapping.toml", "billing").abandoned_wait_seconds == 35


@pytest.mark.parametrize(("end", "within"), [("09:05:05", True), ("09:05:45", False)])
def test_hold_that_lies_within_talk_is_left_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], end: str, within: bool
) -> None:
    """By the end of a call: counted twice it would last longer than it did."""
    cells = f"5,300,40,2026-03-13 {end}"
    lines = one_call(tmp_path, capfd, "wait time,talk time,hold time,end time", cells)
    assert ("open: hold: hold time lies within talk" in "\n".join(lines)) is within
    found = figures_of(tmp_path / "export", tmp_path / "mapping.toml", "q")
    assert (found.talk_seconds, found.hold_seconds) == (300, 0 if within else 40)


def test_a_wait_of_answers_alone_is_asked_about(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Speed of answer is 0 where nobody answered; what is said makes the end of the call count."""
    text = "call id,queue,start time,end time,disposition,speed of answer,talk time\n"
    text += "1,q,2026-03-13 09:00:00,2026-03-13 09:00:50,abandoned,0,\n"
    log, said = mapped(tmp_path, capfd, text.encode())
    assert "open: wait: speed of answer is 0 in every row that was abandoned" in said
    proposal = (tmp_path / "mapping.toml").read_text().replace("# ended_at", "ended_at")
    proposal = proposal.replace("[time]", '[time]\nnothing = ["", "0"]')
    (tmp_path / "mapping.toml").write_text(proposal)
    assert figures_of(log, tmp_path / "mapping.toml", "q").abandoned_wait_seconds == 50


def test_words_of_zones_and_stars_of_queues_are_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each word is a form of its own, and its zone is asked for; a starred queue is one with it."""
    log, said = mapped(tmp_path, capfd, CISCO.encode())
    proposal = (tmp_path / "mapping.toml").read_text()
    forms = '["%a %b %d %H:%M:%S EST %Y", "%a %b %d %H:%M:%S EDT %Y"]'
    assert f"format = {forms}" in proposal
    assert "the times say EST, EDT, which is no offset" in said
    assert '"Billing" = ["Billing*", "Sales, Billing*"]' in proposal
    found = figures_of(log, tmp_path / "mapping.toml", "Billing")
    assert (found.offered, found.answered, found.abandoned) == (3, 2, 1)
    assert (found.answered_wait_seconds, found.talk_seconds) == (24, 353)
    assert found.wrapup_seconds == 10


def one_call(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], names: str, cells: str
) -> list[str]:
    """The lines of the proposal for one row, and what was said."""
    text = f"call id,queue,start time,disposition,{names}\n"
    text += f"1,q,2026-03-13 09:00:00,answered,{cells}\n"
    _, said = mapped(tmp_path, capfd, text.encode())
    return [*(tmp_path / "mapping.toml").read_text().splitlines(), *said.splitlines()]


def test_fractions_of_a_day_are_taken_as_such(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where all lengths are below 1; where one column's are, that is asked."""
    names = "wait time,talk time,hold time,end time"
    fractions = "0.00013888888889,5.787037037e-05,0.0,2026-03-13 09:05:00"
    lines = one_call(tmp_path, capfd, names, fractions)
    assert 'lengths = "days"' in lines
    assert any(line.startswith("open: wait, talk: all lengths are below 1") for line in lines)
    found = figures_of(tmp_path / "export", tmp_path / "mapping.toml", "q")
    assert (found.answered_wait_seconds, found.talk_seconds) == (12, 5)
    lines = one_call(tmp_path, capfd, names, "0.5,60,0,2026-03-13 09:05:00")
    assert not [line for line in lines if line.startswith("lengths")]
    assert any(line.startswith("open: wait: all lengths of wait time are below") for line in lines)


def test_one_columns_form_of_time_spoils_no_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The entry's form is found, and the column that differs is named with its own."""
    cells = "2026-03-13 09:00:10,13.03.2026 09:05"
    lines = one_call(tmp_path, capfd, "answer time,end time", cells)
    assert 'format = "rfc3339"' in lines
    assert 'answered_at = "answer time"' in lines
    other = "ended_at: end time is written in another form than entered_at: %d.%m.%Y %H:%M"
    assert f"open: {other}; left out" in lines
    lines = one_call(tmp_path, capfd, "wait time,talk time,end time", "5,60,soon")
    assert 'format = "rfc3339"' in lines


def test_a_column_whose_words_cannot_be_read_is_left_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """And said; words of other systems for ours are read."""
    names = "wait time,talk time,media type,direction"
    lines = one_call(tmp_path, capfd, names, "5,60,Phone,Incoming")
    assert {'channel = "media type"', 'direction = "direction"'} <= set(lines)
    lines = one_call(tmp_path, capfd, names, "5,60,Fax,Internal")
    assert not [line for line in lines if line.startswith(('channel = "media', "direction ="))]
    assert any(line.startswith("open: channel: media type holds words other") for line in lines)
    assert any(line.startswith("open: direction: direction holds words other") for line in lines)


def test_standard_input_is_read_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is proposed for as a file is, and nothing is said against it when it is over."""
    header = b"call_id,queue,entered_at,outcome,answered_at,ended_at\n"
    row = b"1,q,2026-03-02T09:00:00Z,answered,2026-03-02T09:00:12Z,2026-03-02T09:04:40Z\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(header + row)))
    assert main(["mapping", "-"]) == 0
    shown = capsys.readouterr()
    assert 'call_id = "call_id"' in shown.out
    assert shown.err == ""


def test_what_is_missing_is_said_once_in_plain_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """And our words stand where theirs would."""
    text = "call id,queue,start time,answer time,agent\n1,q,2026-03-13 09:00:00,,ann\n"
    _, said = mapped(tmp_path, capfd, text.encode())
    proposal = (tmp_path / "mapping.toml").read_text()
    assert "# our words: answered, abandoned, timeout," in proposal
    assert said.count("no column") == 2
    assert "open: no column was found for outcome: how the waiting ended" in said
    assert "open: no column was found for ended_at or talk: when it ended, or" in said
