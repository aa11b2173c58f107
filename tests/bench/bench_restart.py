"""From a worker's start to exact numbers, with an hour's state of 10,000 agents to load.

    python -m tests.bench.bench_restart [--agents 10000] [--minutes 60]

Each agent takes a call about every six minutes: four events of the contact and three snapshots, so
one snapshot every two minutes. All of it waits in a real broker; a worker with `--clock event`
counts it. Then the worker is ended, by `kill -9` and by SIGTERM, and started again; exact is it
again when each queue's KPI record says what it said before, revision apart.
The worker has a name (`--group-instance-id`): without one, the group would wait after `kill -9`
until the session of the dead member runs out. Waiting for the group is shown by itself. Beside it,
in the same run: the same changelogs through a bare consumer, with nothing done to them, and the
start of a process that only prints its help.
"""

import argparse
import asyncio
import heapq
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaConsumer
from kafka import TopicPartition as Place

from streams.__main__ import main as streams
from streams.contract.events import (
    AgentState,
    ContactAnswered,
    ContactEnded,
    ContactEnqueued,
    Event,
    SourceHeartbeat,
    WrapupEnded,
)
from streams.kafka.bulk import BulkPublisher
from streams.kafka.compacted import newest
from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import LocalKafka
from streams.settings import Settings
from streams.wire.encode import encode
from tests.bench.worker import Worker

START_MS = 1_767_600_000_000
QUEUES = 40
BUDGET_SECONDS = 10
Record = dict[str, Any]


def life(number: int, until_ms: int) -> Iterator[tuple[int, int, Event]]:
    """(time, agent, event) of one agent and its calls, in time order."""
    chance = random.Random(number)
    agent, calls = f"agent-{number:05}", 0
    queues = tuple(f"queue-{(number + step) % QUEUES:02}" for step in (0, 1, 7))
    at = START_MS + chance.randrange(1_000)

    def state(**more: Any) -> tuple[int, int, Event]:
        name = f"{agent}-{at}"
        about: Record = {"event_id": name, "occurred_at": at, "source": "acd", "agent_id": agent}
        return at, number, AgentState(**about, state="available", queues=queues, **more)

    def told(struct: Any, at: int, **more: Any) -> tuple[int, int, Event]:
        about = {"occurred_at": at, "source": "pbx", "channel": "voice", "contact_id": contact}
        return at, number, struct(event_id=f"{contact}-{struct.TYPE}", **about, **more)

    yield state()
    at += chance.randrange(360_000)  # not all of them begin with a call
    while at < until_ms:
        calls += 1
        contact, queue = f"{agent}-call-{calls:03}", chance.choice(queues)
        waited = at + round(chance.expovariate(1 / 15_000))
        yield told(ContactEnqueued, at, queue=queue)
        at = waited
        yield told(ContactAnswered, at, queue=queue, agent_id=agent)
        yield state(handling={"voice": 1})
        at += 20_000 + round(chance.expovariate(1 / 200_000))
        yield told(ContactEnded, at, agent_id=agent)
        yield state(wrapping={"voice": 1})
        at += 5_000 + round(chance.expovariate(1 / 50_000))
        yield told(WrapupEnded, at, agent_id=agent)
        yield state()
        at += round(chance.expovariate(1 / 70_000))


async def publish(settings: Settings, agents: int, end_ms: int) -> int:
    """Everybody's events up to the end, and each source's word that there are no more."""
    calls, snapshots = settings.topics.calls, settings.topics.agents
    async with BulkPublisher(settings) as bulk:

        async def heartbeats(at_ms: int) -> None:
            for source, topic in (("pbx", calls), ("acd", snapshots)):
                beat = SourceHeartbeat(event_id=f"{at_ms}", occurred_at=at_ms, source=source)
                await bulk.send_everywhere(topic, encode(beat))
            await bulk.flush()

        await heartbeats(START_MS)
        lives = (life(number, end_ms) for number in range(agents))
        for at, _, event in heapq.merge(*lives, key=lambda told: told[0]):
            if at >= end_ms:
                break
            if isinstance(event, AgentState):
                await bulk.send(snapshots, event.agent_id.encode(), encode(event))
            else:
                await bulk.send(calls, (event.contact_id or "").encode(), encode(event))
        await heartbeats(end_ms)
        return bulk.sent


def figures(records: list[Record]) -> dict[tuple[str, str, str], Record]:
    """What each queue's record says, without its revision."""
    return {
        (r["tenant"], r["queue"], r["channel"]): {k: v for k, v in r.items() if k != "revision"}
        for r in records
    }


def await_counted(settings: Settings, worker: Worker, end_ms: int) -> dict[Any, Record]:
    """The figures once every queue's record speaks of the end."""
    while worker.running:
        time.sleep(2)
        found = figures(newest(settings, settings.topics.kpis))
        if found and all(record["as_of"] == end_ms for record in found.values()):
            return found
    raise SystemExit("the worker has ended; its reason stands above")


async def read_bare(settings: Settings) -> tuple[int, int, float]:
    """(records, bytes, seconds) of both changelogs through one consumer that does nothing."""
    topics = (settings.topics.intake_changelog, settings.topics.queues_changelog)
    places = [TopicPartition(t, p) for t in topics for p in range(settings.partitions)]
    started, records, size = time.monotonic(), 0, 0
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        isolation_level="read_committed",
        max_partition_fetch_bytes=8 << 20,
    ) as consumer:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        left = {place for place in places if ends[place]}
        while left:
            for found in (await consumer.getmany(timeout_ms=200, max_records=2_000)).values():
                records += len(found)
                size += sum(len(r.key or b"") + len(r.value or b"") for r in found)
            left = {place for place in left if await consumer.position(place) < ends[place]}
    return records, size, time.monotonic() - started


def restart(
    how: str, settings: Settings, expected: dict[Any, Record], options: list[str]
) -> Worker:
    """Start a worker, print when it came how far, and return it."""
    reader = KafkaConsumer(**kafka_python_options(settings), isolation_level="read_committed")
    places = [Place(settings.topics.kpis, p) for p in range(settings.partitions)]
    reader.assign(places)
    reader.seek_to_end(*places)
    for place in places:
        reader.position(place)  # sought now, not with the first poll
    worker = Worker(*options)
    steps = {"listening": worker.listening}
    missing, wrong = set(expected), 0
    while missing or "ready" not in steps:
        if not worker.running or time.monotonic() > worker.started + 180:
            raise SystemExit(f"not exact again: {len(missing)} queues are missing or wrong")
        if "ready" not in steps:
            said, now = worker.page("/readyz"), time.monotonic()
            if not said.startswith("waiting for an assignment"):
                steps.setdefault("assigned", now)
            if said.startswith("ready"):
                steps["ready"] = now
        # No oftener: a page costs the time of the worker that is to load.
        for records in reader.poll(timeout_ms=50).values():
            for place, found in figures([orjson.loads(r.value) for r in records]).items():
                if found == expected[place]:
                    missing.discard(place)
                    steps.setdefault("first record exact", time.monotonic())
                else:
                    wrong += 1
    steps["all exact"] = exact = time.monotonic()
    reader.close()
    group = steps["assigned"] - worker.listening
    print(
        f"{how:<8} exact after {exact - worker.started - group:.2f} s and {group:.2f} s of waiting"
        f" for the group; {worker.cpu_seconds:.2f} s of CPU, {worker.waited_seconds:.2f} s without"
        f" a core; {wrong} records differed before"
    )
    print(
        "         " + ", ".join(f"{name} {at - worker.started:.2f} s" for name, at in steps.items())
    )
    return worker


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--minutes", type=int, default=60)
    args = parser.parse_args()
    end_ms = START_MS + args.minutes * 60_000
    with tempfile.TemporaryDirectory() as name, LocalKafka(1, Path(name) / "kafka") as kafka:
        settings = Settings(bootstrap=kafka.bootstrap)
        streams(["topics", "create", "--bootstrap", kafka.bootstrap])
        started = time.monotonic()
        sent = asyncio.run(publish(settings, args.agents, end_ms))
        print(
            f"{sent:,} events of {args.agents:,} agents sent in {time.monotonic() - started:.0f} s"
        )
        options = ["--clock", "event", "--bootstrap", kafka.bootstrap, "--log-level", "warning"]
        options += ["--group-instance-id", "bench"]
        with Worker(*options) as worker:
            expected = await_counted(settings, worker, end_ms)
            print(f"counted in {time.monotonic() - worker.started:.0f} s")
        records, size, seconds = asyncio.run(read_bare(settings))
        print(f"changelogs: {records:,} records, {size / 1e6:,.0f} MB; read bare {seconds:.2f} s")
        with restart("kill -9", settings, expected, options) as worker:
            worker.stop()
        with restart("SIGTERM", settings, expected, options):
            pass
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "streams", "worker", "--help"],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        print(
            f"budget {BUDGET_SECONDS} s; `streams worker --help` {time.monotonic() - started:.2f} s"
        )


if __name__ == "__main__":
    main()
