"""A worker in wall time that comes hours late: nothing is made out of events merely unread."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.settings import Settings
from tests.broker.records import read_topic
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import expected_sums, read_events
from tests.broker.worker_world import World

HOUR_MS = 3_600_000
AGENTS = 12
BACKLOG_HOURS = 6


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    made = World(fresh_topics(partitions=2), tmp_path)
    yield made
    made.close()


class Floor:
    """Agents who take one call after the other, and say every 30 s that they are alive."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.lines: list[dict[str, Any]] = []

    def add(self, kind: str, at: int, source: str, **fields: Any) -> None:
        self.lines.append(
            {"event_id": f"{self.name}-{len(self.lines)}", "type": kind, "occurred_at": at,
             "source": source, **fields}
        )  # fmt: skip

    def agent(self, agent: int, at: int, state: str, handling: int = 0, seq: int = 0) -> None:
        self.add(
            "agent.state", at, "acd", agent_id=f"a{agent}", state=state, queues=["q"],
            handling={"voice": handling}, ttl_seconds=90, seq=seq,
        )  # fmt: skip

    def call(self, agent: int, at: int, wait_ms: int, talk_ms: int) -> None:
        contact = {"channel": "voice", "contact_id": f"{self.name}-{agent}-{at}", "queue": "q"}
        self.add("contact.enqueued", at, "pbx", **contact)
        self.add("contact.answered", at + wait_ms, "pbx", agent_id=f"a{agent}", **contact)
        self.agent(agent, at + wait_ms, "available", handling=1)
        end = at + wait_ms + talk_ms
        self.add("contact.ended", end, "pbx", agent_id=f"a{agent}", **contact)
        self.agent(agent, end, "available")

    def shift(self, start: int, end: int, every_ms: int = 30_000) -> None:
        """Everybody logs in at `start`, works, and is gone at `end`; ms at a pane's edge."""
        for agent in range(AGENTS):
            self.agent(agent, start, "available")
            for at in range(start + 1_000 + agent * 100, end - every_ms, every_ms):
                # Under the threshold of 20 s, beyond it at each fifth call.
                wait = 21_000 if (at // every_ms + agent) % 5 == 0 else 2_000
                self.call(agent, at, wait, every_ms - 25_000)
            self.agent(agent, end, "offline")

    def write(self) -> Path:
        self.path.write_bytes(b"\n".join(map(orjson.dumps, self.lines)) + b"\n")
        return self.path


def test_a_backlog_of_hours_is_counted_as_if_it_had_been_seen_live(world: World) -> None:
    """No late event, orphan, miss or unknown agent that a replay does not have; time moves on."""
    started = time.time_ns() // 1_000_000 // 10_000 * 10_000
    backlog = Floor(world.home / "backlog.ndjson", "backlog")
    # Its end is so near that live events join it: the agents are never away for a time-to-live.
    backlog.shift(started - BACKLOG_HOURS * HOUR_MS, started)
    path = backlog.write()
    assert world.publish(path).wait(PATIENCE) == 0, (world.home / "publish.log").read_text()
    events = read_events(path)
    waiting = world.lag()
    assert waiting >= len(events), "no backlog waits: nothing would be shown"
    worker = world.start()
    wait_until(lambda: world.lag() == 0, PATIENCE, "the backlog is read")
    now = time.time_ns() // 1_000_000 // 10_000 * 10_000
    live = Floor(world.home / "live.ndjson", "live")
    live.shift(now - 120_000, now)
    path = live.write()
    assert world.publish(path).wait(PATIENCE) == 0
    events += read_events(path)
    world.await_exact(expected_sums(world.settings, events))
    assert worker.running

    records = [
        orjson.loads(record.value)
        for found in read_topic(world.settings, world.settings.topics.kpis)
        for record in found
    ]
    assert all(not r["live"]["agents"]["unknown"] for r in records)
    assert all(not w["orphaned"] for r in records for w in r["windows"].values())
    assert read_topic(world.settings, world.settings.topics.deadletters) == [[], []]
    for queue in ("q", "_all"):
        moved = [r["as_of"] for r in records if r["queue"] == queue]
        assert moved == sorted(moved)
        assert moved[-1] >= now
    print(f"{waiting} records waited over {BACKLOG_HOURS} hours, {len(events)} events in all")
