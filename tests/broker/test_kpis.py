"""`streams kpis`, `streams intervals` and the example consumer, on a real Kafka."""

import csv
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer
from pyarrow import parquet

from streams.__main__ import main
from streams.kafka.connect import kafka_python_options
from streams.kpis.definitions import Definitions
from streams.kpis.figures import figures
from streams.kpis.record import live
from streams.settings import Settings
from streams.windows.views import View
from tests.laws.pipeline import published

SORTED = orjson.OPT_SORT_KEYS


def record(queue: str, waiting: int, **more: Any) -> dict[str, Any]:
    place = {"tenant": "default", "queue": queue, "channel": "voice"}
    definition = published(Definitions(Settings()).of(("default", queue, "voice"), 0))
    frame = {"as_of": 1_700_000_000_000, "watermark": None, "revision": 1}
    return place | frame | {"definitions": definition} | more | {"waiting": waiting}


def kpi(queue: str, waiting: int) -> dict[str, Any]:
    nothing = published(figures(View({}, {}, 0), "voice", "days"))
    windows = dict.fromkeys(("1m", "5m", "15m", "30m", "60m", "today"), nothing)
    empty = published(live({}, {}, 0, "voice"))
    made = record(
        queue,
        waiting,
        windows=windows,
        live=empty | {"waiting": waiting},
    )
    del made["waiting"]
    return made


def interval(queue: str, start: int, revision: int) -> dict[str, Any]:
    made = record(queue, 0, interval_start=start, interval_seconds=900, final=False)
    made["figures"] = published(figures(View({}, {}, 0), "voice", "days"))
    del made["as_of"], made["waiting"]
    return made | {"revision": revision}


def send(settings: Settings, topic: str, records: list[dict[str, Any]]) -> None:
    producer = KafkaProducer(**kafka_python_options(settings))
    for sent in records:
        key = [sent["tenant"], sent["queue"], sent["channel"]]
        key += [sent["interval_start"]] if "interval_start" in sent else []
        producer.send(topic, key=orjson.dumps(key), value=orjson.dumps(sent, option=SORTED))
    producer.flush()
    producer.close()


def hear_interrupts() -> None:
    # A shell's background job ignores SIGINT, and so would what it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_once_gives_the_newest_record_of_each_queue(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sorted, keys sorted, filtered; as a table too; an empty topic says what to do."""
    assert main(["kpis", "--once"]) == 0
    assert "streams worker" in capfd.readouterr().err
    sent = [kpi("sales", 1), kpi("billing", 9), kpi("billing", 2)]
    send(settings, settings.topics.kpis, sent)
    assert main(["kpis", "--once", "--json"]) == 0
    lines = capfd.readouterr().out.encode().splitlines()
    assert lines == [orjson.dumps(r, option=SORTED) for r in (sent[2], sent[0])]
    assert main(["kpis", "--once", "--queue", "sales"]) == 0
    shown = capfd.readouterr().out
    assert "sales" in shown
    assert "billing" not in shown
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("program", ["follow", "example"])
def test_a_follower_hears_each_record(settings: Settings, program: str) -> None:
    """`kpis --follow --json` and the example consumer print each record as it comes; Ctrl-C ends
    them with 130 and without a word."""
    send(settings, settings.topics.kpis, [kpi("billing", 3)])
    example = ["deploy/examples/consume_kpis.py", "--bootstrap", settings.bootstrap]
    example += ["--topic", settings.topics.kpis]
    follow = ["-m", "streams", "kpis", "--follow", "--json"]
    command = [sys.executable, *(follow if program == "follow" else example)]
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        stdout=pipe,
        stderr=pipe,
        cwd=root,
        preexec_fn=hear_interrupts,  # noqa: PLW1509
    ) as process:
        try:
            assert process.stdout is not None
            assert b"billing" in process.stdout.readline()
            send(settings, settings.topics.kpis, [kpi("sales", 4)])
            assert b"sales" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
            assert (process.returncode, errors) == (130, b"")
        finally:
            process.kill()


def test_the_example_ends_quietly_with_its_reader(settings: Settings) -> None:
    """`| head -1` is a fair way to look at a topic."""
    send(settings, settings.topics.kpis, [kpi("billing", 3)])
    command = [sys.executable, "deploy/examples/consume_kpis.py"]
    command += ["--bootstrap", settings.bootstrap, "--topic", settings.topics.kpis]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert b"billing" in process.stdout.readline()
            process.stdout.close()
            send(settings, settings.topics.kpis, [kpi("sales", 4)])
            assert process.wait(timeout=60) == 0
            assert process.stderr.read() == b""
        finally:
            process.kill()


def test_intervals_are_the_newest_revisions_in_order(
    settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As lines, as CSV and as Parquet with flattened figures, filtered by time."""
    sent = [interval("b", 900_000, 1), interval("b", 0, 2), interval("b", 900_000, 3)]
    send(settings, settings.topics.intervals, sent)
    assert main(["intervals", "--json"]) == 0
    lines = capfd.readouterr().out.encode().splitlines()
    assert [orjson.loads(line)["revision"] for line in lines] == [2, 3]
    assert main(["intervals", "--out", str(tmp_path / "i.csv")]) == 0
    with (tmp_path / "i.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["interval_start"][11:16] for row in rows] == ["00:00", "00:15"]
    assert rows[0]["offers_accepted"] == "0"
    assert rows[0]["service_level_offered"] == ""
    assert main(["intervals", "--out", str(tmp_path / "i.parquet")]) == 0
    assert parquet.read_table(tmp_path / "i.parquet").num_rows == 2
    assert main(["intervals", "--json", "--since", "1970-01-01T00:15:00Z"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1
    assert main(["intervals", "--out", "x.xls"]) == 2


@pytest.mark.parametrize("command", [["kpis", "--once"], ["intervals"]])
def test_a_name_that_is_not_there_is_told_with_those_that_are(
    settings: Settings, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Exit 1 and words on standard error, for programs too."""
    send(settings, settings.topics.kpis, [kpi("billing", 3), kpi("sales", 1)])
    send(settings, settings.topics.intervals, [interval("billing", 0, 1), interval("sales", 0, 1)])
    for more in ([], ["--json"]):
        assert main([*command, "--queue", "bilings", *more]) == 1
        shown = capfd.readouterr()
        assert shown.err == "streams: no queue 'bilings'; there is: billing, sales\n"
        assert shown.out == ""
    assert main([*command, "--channel", "chat", "--queue", "sales"]) == 1
    assert "no channel 'chat'; there is: voice" in capfd.readouterr().err


def test_a_follower_of_what_is_not_there_says_so(settings: Settings) -> None:
    """Once, and goes on: it may come yet."""
    send(settings, settings.topics.kpis, [kpi("billing", 3)])
    command = [sys.executable, "-m", "streams", "kpis", "--json", "--queue", "bilings"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,  # noqa: PLW1509
    ) as process:
        try:
            assert process.stderr is not None
            assert b"none of the queues there are is chosen" in process.stderr.readline()
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert (process.wait(60), process.stderr.read()) == (130, b"")
        finally:
            process.kill()


def test_times_are_said_and_checked(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """What is no time gets an example, exit 2; a time without intervals gets those there are."""
    with pytest.raises(SystemExit, match="2"):
        main(["intervals", "--since", "yesterday"])
    assert "--since: needs a time: 2026-03-02" in capfd.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["intervals", "--help"])
    assert "2026-03-02T10:00:00+01:00" in capfd.readouterr().out.replace("\n", "")
    send(settings, settings.topics.intervals, [interval("b", 0, 1), interval("b", 900_000, 1)])
    assert main(["intervals", "--since", "2026-03-02"]) == 0
    said = "no intervals in that time; they start from 1970-01-01T00:00Z to 1970-01-01T00:15Z\n"
    assert capfd.readouterr().err == said


def test_ctrl_c_ends_a_follower_with_130(settings: Settings) -> None:
    """As every command that Ctrl-C ends before its end; no traceback."""
    send(settings, settings.topics.kpis, [kpi("billing", 3)])
    command = [sys.executable, "-m", "streams", "kpis", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell's background job ignores SIGINT, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert b"billing" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"")
