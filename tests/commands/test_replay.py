"""`streams replay`: the golden scenarios, two weeks of calls, and what a bad line does."""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.__main__ import main
from streams.kpis.replay import Replay
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.data.call_logs import answers_of, each_log, is_mean, text_of
from tests.examples import examples
from tests.laws.pipeline import published
from tests.laws.test_replay_equals_oracle import configured
from tests.oracle.test_oracle import GOLDEN, differences, golden


def close(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    return abs(found - expected) <= 0.008 * expected


def without_quantiles(expected: dict[str, Any], found: dict[str, Any], place: str) -> dict:
    """What is expected exactly; quantiles, those of parts too, are right within their error."""
    exact: dict[str, Any] = {}
    for key, value in expected.items():
        if "quantiles" in key:
            for percentile, wanted in value.items():
                assert close(found[key][percentile], wanted), (place, key, percentile)
        elif isinstance(value, dict):
            exact[key] = without_quantiles(value, found[key], f"{place}/{key}")
        else:
            exact[key] = value
    return exact


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.ndjson")))
def test_golden_scenario_gives_its_numbers(name: str) -> None:
    """Every number that was derived by hand, quantiles within their error."""
    side, events = golden(name)
    replay = Replay(configured(side["config"]))
    for event in events:
        decoded = decode(orjson.dumps(event))
        assert not isinstance(decoded, Rejected), decoded
        replay.add(decoded)
    records = {
        f"{record.tenant}/{record.queue}/{record.channel}": published(record)
        for record in replay.records()
    }
    for scope, expected in side["expect"].items():
        figures = records[scope]["windows"]["all"]
        rest = without_quantiles(expected, figures, scope)
        if "wait_max_seconds" in rest:
            assert close(figures["wait_max_seconds"], rest.pop("wait_max_seconds"))
        assert list(differences(rest, figures, scope)) == []
    for scope, expected in side.get("live", {}).items():
        assert list(differences(expected, records[scope]["live"], scope)) == []
    assert not records.keys() & set(side.get("absent", []))


def replayed(capfdbinary: pytest.CaptureFixture[bytes], *files: Path) -> bytes:
    names = [str(file) for file in files]
    assert main(["replay", *names, "--format", "call-log", "--json"]) == 0
    return capfdbinary.readouterr().out


@each_log
def test_call_log_gives_the_figures_of_a_naive_count(
    log: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """By queue and in all: counts and seconds exact, ratios to six digits, quantiles to 0.8 %."""
    answers = answers_of(log)
    lines = replayed(capfdbinary, log).splitlines()
    records = {record["queue"]: record for record in map(orjson.loads, lines)}
    assert records.keys() == {"_all", *answers["queues"]}
    assert list(records) == sorted(records)
    for queue, answer in [("_all", answers["total"]), *answers["queues"].items()]:
        found, level = records[queue]["windows"]["all"], answer["service_level_T20_S5"]
        for name in ("offered", "answered", "abandoned", "short_abandoned", "abandonment_ratio"):
            assert found[name] == answer[name], (queue, name)
        assert found["handled"] == answer["answered"]
        assert found["threshold_decided"] == answer["offered"]
        assert found["service_level"] == {
            "answered_only": level["answered_only"],
            "offered": level["offered"],
            "offered_less_short": level["offered_less_short"],
            "removed_in_threshold": level["removed_in_T"],
        }
        assert is_mean(found["wait_mean_seconds"], answer["mean_wait_answered_s"])
        assert is_mean(found["talk_mean_seconds"], answer["mean_talk_s"])
        assert is_mean(found["abandoned_wait_mean_seconds"], answer["mean_wait_abandoned_s"])
        assert close(found["wait_max_seconds"], answer["wait_max_s"])
        for percent in (50, 80, 90, 95, 99):
            quantile = found["wait_quantiles_seconds"][f"p{percent}"]
            assert close(quantile, answer[f"wait_p{percent}_s"]), (queue, percent)


@each_log
def test_order_repeats_and_files_leave_no_trace(
    log: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The same rows shuffled, every third twice, in two files in either order: the same bytes."""
    header, *rows = text_of(log).splitlines()
    whole = tmp_path / "whole.csv"
    rows = rows[: examples(len(rows))]
    whole.write_text("\n".join([header, *rows]), encoding="utf-8")
    wanted = replayed(capfdbinary, whole)
    rows += rows[::3]
    random.Random(5).shuffle(rows)
    half = len(rows) // 3
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("\n".join([header, *rows[:half]]), encoding="utf-8")
    two.write_text("\n".join([header, *rows[half:]]), encoding="utf-8")
    assert replayed(capfdbinary, one, two) == wanted
    assert replayed(capfdbinary, two, one) == wanted


def test_rejected_lines_are_named_and_strict_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """File, line, reason, field and detail on standard error; exit 0, with --strict 1."""
    file = tmp_path / "bad.ndjson"
    good = b'{"type":"source.heartbeat","event_id":"a","occurred_at":1700000000000,"source":"x"}'
    file.write_bytes(
        b"rubbish\n\n" + good.replace(b"1700000000000", b"true") + b"\n" + good + b"\n"
    )
    assert main(["replay", str(file)]) == 0
    said = capfd.readouterr().err.splitlines()
    assert said[0].startswith(f"{file}:1: not_json: ")
    assert said[1].startswith(f"{file}:3: schema (occurred_at): ")
    assert said[2].startswith("1 events in ")
    assert "2 lines rejected" in said[2]
    assert main(["replay", str(file), "--strict"]) == 1


def test_what_ended_otherwise_stands_under_the_table_and_rejected_lines_above(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counts of abandoned, flowed out by reason and blocked, in 80 columns; of every format."""
    file = tmp_path / "day.csv"
    words = ("abandoned", "timeout", "voicemail", "key", "transfer", "overflow", "full", "lost")
    rows = (f"{n},q,2026-03-02T09:00:00Z,{word},30,\n" for n, word in enumerate(words))
    file.write_text("call_id,queue,entered_at,outcome,wait,talk\n" + "".join(rows))
    assert main(["replay", str(file), "--format", "call-log"]) == 0
    above, *lines = capfd.readouterr().out.splitlines()
    assert above == "lines rejected, and in no figure below: 1"
    assert lines[-2:] == [
        "q (voice): abandoned 1, flowed out 5 (timeout 1, overflow 1, key 1, voicemail 1,",
        "  transfer 1), blocked 1",
    ]


def test_events_that_did_nothing_are_named_in_the_last_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An extract that begins in the middle of a day says so, with the first place of each kind."""
    file = tmp_path / "day.ndjson"
    event = b'{"type":"contact.%s","event_id":"%d","occurred_at":1700000000000,"source":"x",'
    event += b'"channel":"voice","contact_id":"%d","queue":"q"}\n'
    kinds = (b"ended", b"ended", b"transferred")
    file.write_bytes(b"".join(event % (kind, n, n) for n, kind in enumerate(kinds)))
    assert main(["replay", str(file)]) == 0
    assert capfd.readouterr().err.splitlines()[-1] == (
        "anomalies, did nothing: "
        f"ended_without_visit 2 ({file}:1), transferred_without_visit 1 ({file}:3)"
    )


def test_tickets_have_a_table_of_their_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With what a ticket has; the contacts' table is there only where there are contacts."""
    file = tmp_path / "day.ndjson"
    event = b'{"type":"ticket.%s","event_id":"%d","occurred_at":%d,"source":"x",'
    event += b'"channel":"ticket","contact_id":"t","queue":"mail","author":"agent"}\n'
    told = ((b"opened", 0), (b"replied", 60_000), (b"resolved", 600_000))
    lines = (event % (kind, n, 1_700_000_000_000 + at) for n, (kind, at) in enumerate(told))
    file.write_bytes(b"".join(lines))
    assert main(["replay", str(file)]) == 0
    shown = capfd.readouterr().out
    assert {"opened", "reply", "60.0", "600.0"} <= set(shown.split())
    assert "offered" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_without_events_configured_queues_stand_at_zero(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An empty file is no failure; a table is printed."""
    (tmp_path / "none.ndjson").write_bytes(b"")
    assert main(["replay", str(tmp_path / "none.ndjson")]) == 0
    shown = capfd.readouterr().out
    assert {"offered", "level", "occupancy"} <= set(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
