"""`streams anomalies`, and a worker that writes what it lists, on a real Kafka."""

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from streams.__main__ import main
from streams.contract.records import AnomalyRecord, encode
from streams.kafka.connect import kafka_python_options
from streams.settings import Settings
from tests.broker.records import read_topic
from tests.broker.toy_world import wait_until
from tests.broker.worker_world import World

AT = 1_772_442_000_000  # 2026-03-02T09:00:00Z


def sample(offset: int, kind: str, sort: str, **changes: Any) -> AnomalyRecord:
    """One as a worker writes it."""
    fields: dict[str, Any] = {
        "topic": "contact.calls", "partition": 0, "offset": offset, "type": "contact.ended",
        "source": "pbx", "tenant": "default", "channel": "voice", "queue": "billing",
        "kind": kind, "sort": sort, "occurred_at": AT, "seen_at": AT + offset, "left_off": 0,
    }  # fmt: skip
    return AnomalyRecord(**fields | changes)


def put(settings: Settings, records: list[AnomalyRecord]) -> None:
    producer = KafkaProducer(**kafka_python_options(settings))
    for record in records:
        topic = settings.topics.anomalies
        producer.send(topic, encode(record), partition=record.partition)
    producer.flush()
    producer.close()


def test_what_is_chosen_is_listed_and_counted(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a table, newest first, or as JSON; by kind, sort, source, queue and time; where nothing is
    chosen, what there is."""
    assert main(["anomalies", "--once"]) == 0
    assert "no anomalies in the last seven days" in capsys.readouterr().err
    put(settings, [
        sample(1, "ended_without_visit", "did_nothing"),
        sample(2, "ended_without_visit", "did_nothing", partition=1, left_off=250),
        sample(3, "clamped", "took_effect_otherwise", source="acd", queue=None),
    ])  # fmt: skip
    assert main(["anomalies", "--once"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert [line.split("contact.calls")[1].strip() for line in lines[1:]] == [
        "[0]@3", "[1]@2", "[0]@1",
    ]  # fmt: skip
    assert "03-02 09:00:00" in lines[1]
    assert "took effect otherwise" in lines[1]
    assert "3 in the sample (250 more, of whatever kind, were left off)" in shown.err
    assert "ended_without_visit 2, clamped 1" in shown.err
    for arguments, offsets in (
        (("--kind", "clamped"), [3]),
        (("--sort", "did_nothing"), [1, 2]),
        (("--source", "acd"), [3]),
        (("--queue", "billing", "--until", "2026-03-02T09:00:00.002"), [1]),
        (("--since", "2026-03-02T09:00:00.002+00:00"), [2, 3]),
        (("--tenant", "other"), []),
    ):
        assert main(["anomalies", "--once", "--json", *arguments]) == 0
        found = capsys.readouterr()
        assert sorted(orjson.loads(row)["offset"] for row in found.out.splitlines()) == offsets
    assert "none of the anomalies there are is chosen" in found.err
    for arguments, words in (
        (("--queue", "bilings"), "no queue 'bilings'; there is: billing, –"),
        (("--source", "x", "--kind", "clamped"), "no source 'x'; there is: acd, pbx"),
        (
            ("--since", "2027-01-01"),
            "no anomalies in that time; they were taken from 2026-03-02T09:",
        ),
    ):
        assert main(["anomalies", "--once", *arguments]) == 0
        assert words in capsys.readouterr().err


def test_a_worker_tells_where_an_anomaly_stands(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the transaction that counts it: the place leads to the event, and the metrics count it."""
    now = time.time_ns() // 1_000_000
    events = [
        {"type": kind, "event_id": f"{contact}-{kind}", "occurred_at": now - 60_000 + at * 1_000,
         "source": "pbx", "channel": "voice", "contact_id": contact, "queue": "billing",
         "agent_id": "anna"}
        for contact, steps in (("whole", ("enqueued", "answered", "ended")), ("torn", ("ended",)))
        for at, kind in enumerate(f"contact.{step}" for step in steps)
    ]  # fmt: skip
    file = tmp_path / "day.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, events)))
    world = World(settings, tmp_path)
    try:
        assert world.publish(file).wait(60) == 0
        worker = world.start()
        name = settings.topics.anomalies
        wait_until(lambda: any(read_topic(settings, name)), 60, "a sample")
        assert main(["anomalies", "--once", "--json"]) == 0
        (row,) = map(orjson.loads, capsys.readouterr().out.splitlines())
        assert (row["kind"], row["sort"]) == ("ended_without_visit", "did_nothing")
        (record,) = (
            record
            for record in read_topic(settings, row["topic"])[row["partition"]]
            if record.offset == row["offset"]
        )
        assert orjson.loads(record.value)["event_id"] == "torn-contact.ended"
        effective = "stream_effective_events_total", ""
        wait_until(lambda: worker.metrics().get(effective) == 4, 60, "the metrics")
    finally:
        world.close()
