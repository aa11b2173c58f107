"""`streams publish` into a real Kafka: keys, partitions, order, heartbeats, rejected lines."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka.partitioner import murmur2

from streams.__main__ import main
from streams.contract.words import HOUR_MS, INPUT_TOPICS
from streams.errors import BrokerError
from streams.kafka.bulk import BulkPublisher
from streams.settings import Settings
from streams.simulate import SOURCES
from streams.sources.publishing import publish
from streams.sources.timeline import Timeline
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of
from tests.broker.records import read_topic
from tests.simulate.books import START_MS, run_centre

HEARTBEAT = "source.heartbeat"


def options(settings: Settings) -> list[str]:
    return ["--bootstrap", settings.bootstrap]


def everything(settings: Settings) -> dict[str, list[list[Any]]]:
    return {topic: read_topic(settings, settings.topics.named(topic)) for topic in INPUT_TOPICS}


def published(settings: Settings, events: list[dict[str, Any]], rate: float | None = None) -> int:
    def report(name: str, line: int, rejected: object) -> None:
        raise AssertionError(f"{name}:{line}: {rejected}")

    with Timeline() as timeline:
        timeline.add_lines(
            (("f", n, orjson.dumps(event)) for n, event in enumerate(events)), report
        )
        return asyncio.run(publish(timeline, settings, rate))


def test_a_round_trip_keeps_keys_partitions_and_order(
    fresh_topics: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Every event is in its topic once, under its key, where murmur2 puts that key, and each
    partition is in time order, heartbeats included."""
    settings = fresh_topics(partitions=4)
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", settings.topic_prefix)
    events = run_centre(1, 10)[1]
    lines = [orjson.dumps(event) for event in events]
    half = len(lines) // 2
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([*lines[half:], b"{}", b"rubbish"]) + b"\n")
    (tmp_path / "b.ndjson").write_bytes(b"\n".join(lines[:half]) + b"\n")
    files = [str(tmp_path / "a.ndjson"), str(tmp_path / "b.ndjson")]
    assert main(["publish", *files, *options(settings)]) == 0
    told = capsys.readouterr().err
    assert f"a.ndjson:{len(lines) - half + 1}: " in told
    assert f"a.ndjson:{len(lines) - half + 2}: not_json" in told
    assert "2 lines rejected" in told
    values = []
    for topic, partitions in everything(settings).items():
        for number, records in enumerate(partitions):
            times = []
            for record in records:
                event = decode(record.value)
                assert not isinstance(event, Rejected)
                times.append(event.occurred_at)
                if event.TYPE == HEARTBEAT:
                    continue
                values.append(record.value)
                assert topic_of(event) == topic
                assert record.key == (key_of(event) or "").encode()
                assert (murmur2(record.key) & 0x7FFFFFFF) % 4 == number
            assert times == sorted(times)
    assert sorted(values) == sorted(line for line in lines if b"source.heartbeat" not in line)


def test_heartbeats_frame_every_partition(fresh_topics: Callable[..., Settings]) -> None:
    """Each source of the files in every partition of every input: at the start, at each hour
    after all earlier events, and ended at the largest time of all files."""
    settings = fresh_topics(partitions=2)
    base = START_MS - START_MS % HOUR_MS + 1_000
    events: list[dict[str, Any]] = [
        {
            "event_id": f"e{n}", "type": "contact.enqueued", "occurred_at": base + n * HOUR_MS // 4,
            "source": f"pbx{n % 2}", "channel": "voice", "contact_id": f"c{n}", "queue": "q",
        }
        for n in range(13)
    ]  # fmt: skip
    last = events[-1]["occurred_at"] + 60_000
    events.append({"event_id": "h", "type": HEARTBEAT, "occurred_at": last, "source": "silent"})
    assert published(settings, events) == 13
    sources = {"pbx0", "pbx1", "silent"}
    hours = [base - 1_000 + number * HOUR_MS - 1 for number in (1, 2, 3)]
    for partitions in everything(settings).values():
        for records in partitions:
            told = [orjson.loads(record.value) for record in records]
            beats = [event for event in told if event["type"] == HEARTBEAT]
            for source in sources:
                mine = [event for event in beats if event["source"] == source]
                assert [event["occurred_at"] for event in mine] == [base, *hours, last]
                assert [event.get("ended", False) for event in mine] == [False] * 4 + [True]
                assert len({event["event_id"] for event in mine}) == 5
            assert {event["source"] for event in told[:3]} == sources
            assert all(event.get("ended") for event in told[-3:])
            times = [event["occurred_at"] for event in told]
            assert times == sorted(times)


def test_the_rate_is_kept(fresh_topics: Callable[..., Settings]) -> None:
    """`--rate` is an upper bound on events a second."""
    settings = fresh_topics(partitions=1)
    events = run_centre(1, 2)[1][:600]
    started = time.monotonic()
    count = published(settings, events, rate=400)
    assert time.monotonic() - started >= count / 400 * 0.9


def test_nothing_to_publish_is_no_failure(
    fresh_topics: Callable[..., Settings], tmp_path: Path
) -> None:
    """An empty file: exit 0 and nothing sent."""
    settings = fresh_topics(partitions=1)
    (tmp_path / "empty.ndjson").write_bytes(b"\n\n")
    assert main(["publish", str(tmp_path / "empty.ndjson"), *options(settings)]) == 0


def test_missing_topics_and_files_are_said(
    fresh_settings: Callable[..., Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Exit 1 and what to do, for a broker without our topics and for a file that is not there."""
    settings = fresh_settings()
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", settings.topic_prefix)
    (tmp_path / "one.ndjson").write_bytes(orjson.dumps(run_centre(1, 1)[1][0]) + b"\n")
    assert main(["publish", str(tmp_path / "one.ndjson"), *options(settings)]) == 1
    assert "streams topics create" in capsys.readouterr().err
    assert main(["publish", str(tmp_path / "none.ndjson"), *options(settings)]) == 1
    assert "none.ndjson" in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_said() -> None:
    """BrokerError with the address, not a traceback of the client."""

    async def attempt() -> None:
        async with BulkPublisher(Settings(bootstrap="127.0.0.1:1")):
            pass

    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        asyncio.run(attempt())


def test_bulk_records_are_in_the_order_sent(fresh_topics: Callable[..., Settings]) -> None:
    """Across many batches: each partition holds its records in the order they were handed over."""
    settings = fresh_topics(partitions=3)
    topic = settings.topics.calls
    filler = b"x" * 300

    async def send() -> None:
        async with BulkPublisher(settings) as bulk:
            for number in range(20_000):
                await bulk.send(topic, b"key-%d" % (number % 97), b"%08d" % number + filler)
            assert bulk.sent == 20_000

    asyncio.run(send())
    found = read_topic(settings, topic)
    assert sum(map(len, found)) == 20_000
    for records in found:
        values = [record.value for record in records]
        assert values == sorted(values)


def test_sources_of_the_simulator_write_one_topic_each() -> None:
    """The simulator's heartbeats cover all inputs only because every input has a source."""
    assert sorted(SOURCES.values()) == sorted(INPUT_TOPICS)
