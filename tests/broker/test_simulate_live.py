"""`streams simulate` into a real Kafka: backlog, life, and a clean end."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from streams.contract.words import INPUT_TOPICS
from streams.settings import Settings
from streams.simulate import SOURCES
from tests.broker.records import read_topic


def simulate(root: Path, settings: Settings, *options: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "streams", "simulate", "--bootstrap", settings.bootstrap, *options],
        cwd=root,
        stderr=subprocess.PIPE,
        env=os.environ | {"STREAMS_TOPIC_PREFIX": settings.topic_prefix},
    )


def records(settings: Settings) -> dict[str, list[list[Any]]]:
    return {topic: read_topic(settings, settings.topics.named(topic)) for topic in INPUT_TOPICS}


def test_backlog_then_life_until_a_signal(
    fresh_topics: Callable[..., Settings], root: Path, tmp_path: Path
) -> None:
    """The past at once, the present as it happens; SIGTERM ends it with 0, each source says in
    every partition of its topic that it has ended, and the truth counts what was sent."""
    settings = fresh_topics(partitions=2)
    truth = tmp_path / "truth.json"
    began_ms = time.time() * 1000
    process = simulate(root, settings, "--backlog-minutes", "3", "--truth", str(truth))
    assert process.stderr is not None
    assert b"now live" in process.stderr.readline()
    deadline = time.monotonic() + 30
    live = 0
    while live < 20 and time.monotonic() < deadline:
        newest = [r.value for p in read_topic(settings, settings.topics.agents) for r in p]
        live = sum(orjson.loads(value)["occurred_at"] > began_ms for value in newest)
    assert live >= 20
    process.send_signal(signal.SIGTERM)
    summary = process.stderr.read()
    assert process.wait(30) == 0
    assert b" events, " in summary
    told = orjson.loads(truth.read_bytes())
    ids: Counter[str] = Counter()
    for topic, partitions in records(settings).items():
        source = next(name for name, written in SOURCES.items() if written == topic)
        for found in partitions:
            events = [orjson.loads(record.value) for record in found]
            assert [event["occurred_at"] for event in events] == sorted(
                event["occurred_at"] for event in events
            )
            assert events[0]["type"] == "source.heartbeat"
            assert events[-1]["ended"] is True
            assert events[-1]["source"] == source
            assert events[-1]["occurred_at"] == told["as_of"]
            ids.update(event["event_id"] for event in events)
    assert len(ids) == told["events"]


def test_a_run_of_some_minutes_ends_by_itself(
    fresh_topics: Callable[..., Settings], root: Path, tmp_path: Path
) -> None:
    """Duplicates and every kind of bad record arrive, as many as the truth says."""
    settings = fresh_topics(partitions=2)
    truth = tmp_path / "truth.json"
    options = "--backlog-minutes 10 --minutes 10 --duplicates 0.05 --bad 0.02 --disorder 3"
    process = simulate(root, settings, *options.split(), "--truth", str(truth))
    _, summary = process.communicate(timeout=120)
    assert process.returncode == 0, summary
    told = orjson.loads(truth.read_bytes())
    found = [
        record
        for partitions in records(settings).values()
        for part in partitions
        for record in part
    ]
    plain = Counter(
        (record.topic, record.key, record.value)
        for record in found
        if b'"source.heartbeat"' not in record.value
    )
    assert sum(count - 1 for count in plain.values()) == told["duplicates"] > 0
    assert set(told["bad"]) == {
        "not_json", "too_large", "schema", "unknown_type", "wrong_topic", "wrong_key", "future",
        "late",
    }  # fmt: skip
    bad = sum((record.key or b"").startswith((b"bad-", b"somebody-else")) for record in found)
    assert bad == sum(told["bad"].values())
