"""Files in time order: nothing lost, nothing changed, bad lines named."""

import gzip
import random
from pathlib import Path
from typing import Any

import orjson

from streams.sources.ndjson import read_lines
from streams.sources.timeline import Timed, Timeline
from streams.wire.rejected import Rejected
from tests.simulate.books import run_centre


def reject(name: str, line: int, rejected: Rejected) -> None:
    raise AssertionError(f"{name}:{line}: {rejected}")


def test_shuffled_files_come_out_in_time_order(tmp_path: Path) -> None:
    """However lines and files lie, the events come out as they happened, byte by byte."""
    events = run_centre(1, 5)[1]
    lines = [orjson.dumps(event) for event in events]
    shuffled = random.Random(1).sample(lines, len(lines))
    half = len(lines) // 2
    (tmp_path / "a.ndjson").write_bytes(b"\n".join(shuffled[:half]))
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(b"\r\n".join(shuffled[half:])))
    with Timeline() as timeline:
        timeline.add_lines(read_lines([tmp_path / "b.ndjson.gz", tmp_path / "a.ndjson"]), reject)
        out = list(timeline)
        assert out == list(timeline)
    plain = [line for line in lines if b"source.heartbeat" not in line]
    assert sorted(record.value for record in out) == sorted(plain)
    assert [record.at_ms for record in out] == sorted(record.at_ms for record in out)
    assert len(timeline) == len(plain)
    assert timeline.heartbeats == len(lines) - len(plain)
    assert set(timeline.sources) == {event["source"] for event in events}
    assert timeline.first_ms == events[0]["occurred_at"]
    assert timeline.last_ms == events[-1]["occurred_at"]


def test_equal_times_keep_their_order() -> None:
    """Within one millisecond the order of files and lines stands."""
    event: dict[str, Any] = {
        "type": "contact.enqueued", "occurred_at": 1_767_600_000_000, "source": "s",
        "channel": "voice", "contact_id": "c", "queue": "q",
    }  # fmt: skip
    ids = [f"e{number}" for number in range(50)]
    late = {**event, "event_id": "late", "occurred_at": event["occurred_at"] + 1}
    rows = [late, *({**event, "event_id": name} for name in ids)]
    with Timeline() as timeline:
        timeline.add_lines((("f", n, orjson.dumps(row)) for n, row in enumerate(rows)), reject)
        told = [orjson.loads(record.value)["event_id"] for record in timeline]
    assert told == [*ids, "late"]


def test_times_as_text_are_ordered_as_times() -> None:
    """RFC 3339 with different offsets sorts by the instant, and the bytes stay as they are."""
    rest = b'"type":"agent.heartbeat","source":"s","agent_id":"a","state":"available"}'
    rows = [
        b'{"event_id":"2","occurred_at":"2026-01-05T08:00:01Z",' + rest,
        b'{"event_id":"1","occurred_at":"2026-01-05T10:00:00+02:00",' + rest,
    ]
    with Timeline() as timeline:
        timeline.add_lines((("f", n, row) for n, row in enumerate(rows)), reject)
        out = list(timeline)
    assert [record.value for record in out] == rows[::-1]
    assert out[0] == Timed(1_767_600_000_000, "contact.agents", b"a", rows[1])


def test_bad_lines_are_reported_with_their_place() -> None:
    """File, line and reason; the rest goes on."""
    told: list[tuple[str, int, str]] = []
    lines = [("x", 1, b"{"), ("x", 2, b'{"type":"contact.gone"}'), ("y", 7, b"[]")]
    with Timeline() as timeline:
        timeline.add_lines(lines, lambda name, line, why: told.append((name, line, why.reason)))
        assert list(timeline) == []
    assert [(name, line) for name, line, _ in told] == [("x", 1), ("x", 2), ("y", 7)]
    assert timeline.rejected == 3
    assert timeline.first_ms is None
