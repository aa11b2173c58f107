"""`streams mapping`: from a table that nobody here has seen to figures, in two commands."""

from pathlib import Path

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
