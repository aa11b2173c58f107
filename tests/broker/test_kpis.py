"""`streams kpis`, `streams intervals` and the example consumer, on a real Kafka."""

import csv
import signal
import subprocess
import sys
from collections.abc import Callable
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
    definition = Definitions(Settings()).of(("default", queue, "voice"), 0)
    frame = {"as_of": 1_700_000_000_000, "watermark": None, "revision": 1}
    return place | frame | {"definitions": definition} | more | {"waiting": waiting}


def kpi(queue: str, waiting: int) -> dict[str, Any]:
    nothing = published(figures(View({}, {}, 0)))
    windows = dict.fromkeys(("1m", "5m", "15m", "30m", "60m", "today"), nothing)
    made = record(
        queue, waiting, windows=windows, live=published(live({}, {})) | {"waiting": waiting}
    )
    del made["waiting"]
    return made


def interval(queue: str, start: int, revision: int) -> dict[str, Any]:
    made = record(queue, 0, interval_start=start, interval_seconds=900, final=False)
    made["figures"] = published(figures(View({}, {}, 0)))
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


@pytest.fixture
def settings(fresh_topics: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = fresh_topics(partitions=2)
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", made.topic_prefix)
    monkeypatch.setenv("STREAMS_BOOTSTRAP", made.bootstrap)
    return made


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
    assert [row["interval_start"] for row in rows] == ["0", "900000"]
    assert rows[0]["offers.accepted"] == "0"
    assert rows[0]["service_level.offered"] == ""
    assert main(["intervals", "--out", str(tmp_path / "i.parquet")]) == 0
    assert parquet.read_table(tmp_path / "i.parquet").num_rows == 2
    assert main(["intervals", "--json", "--since", "1970-01-01T00:15:00Z"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1
    assert main(["intervals", "--out", "x.xls"]) == 1
