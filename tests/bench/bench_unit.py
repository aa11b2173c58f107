"""Events per second of the units beside stock Faust, in one run, on one real broker.

    python tests/bench/bench_unit.py [--events 200000]

Each figure is one worker process with 4 partitions, from its first record to the last one durable.
The stage decodes 300-byte JSON and keeps each contact and queue; stock Faust does
`table[queue] += 1` with the same decoder. The broker shares the cores: compare the ratio.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.faustkit.application import UnitApp, attach, build_app, run_worker
from streams.faustkit.stage import InputClock, Record, StageSpec, Turn
from streams.faustkit.transaction_writer import partition_by_key
from streams.kafka.local_kafka import LocalKafka

PARTITIONS = 4
QUEUES = 50
CONTACTS = 20_000
ROOT = Path(__file__).parents[2]


class Realistic:
    """Keeps each contact's last state and each queue's counts; writes what has changed."""

    inputs: tuple[str, ...] = ("bench.in",)

    def __init__(self) -> None:
        self.contacts: dict[bytes, list[int]] = {}
        self.queues: dict[str, int] = {}
        self.dirty_contacts: set[bytes] = set()
        self.dirty_queues: set[str] = set()

    def restore(self, key: bytes, value: bytes) -> None: ...

    def restored(self) -> None: ...

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        for record in records:
            event = orjson.loads(record.value or b"")
            assert record.key is not None
            contact = self.contacts.setdefault(record.key, [0, 0])
            contact[0] += 1
            contact[1] = event["occurred_at"]
            queue = event["queue"]
            self.queues[queue] = self.queues.get(queue, 0) + 1
            self.dirty_contacts.add(record.key)
            self.dirty_queues.add(queue)

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        turn = Turn()
        for key in self.dirty_contacts:
            turn.state.append((key, orjson.dumps(self.contacts[key])))
        for name in self.dirty_queues:
            value = orjson.dumps({"queue": name, "count": self.queues[name], "pad": "x" * 200})
            turn.outputs.append(("bench.out", None, name.encode(), value, []))
        self.dirty_contacts.clear()
        self.dirty_queues.clear()
        return turn

    def committed(self) -> None: ...

    def closed(self) -> None: ...


@dataclass(frozen=True)
class BenchSettings:
    app_id: str = "bench"
    tick_seconds: float = 1.0
    transaction_timeout_seconds: float = 10
    session_timeout_seconds: float = 30
    group_instance_id: str | None = None


def work_with_units(bootstrap: str, marks: Path) -> None:
    """The worker process of the units."""
    app: UnitApp = build_app(BenchSettings(), {"bootstrap_servers": bootstrap})
    spec = StageSpec("bench", Realistic.inputs, "bench-changelog", lambda *_: Realistic())
    units = attach(app, {"bench": spec})

    @app.timer(0.05)
    async def mark() -> None:
        done = sum(sum(unit.positions.values()) + 1 for unit in units.stats.units.values())
        lag = units.stats.loop_lag
        worst = max((i for i, n in enumerate(lag.buckets) if n), default=0)
        commits = sum(unit.commits for unit in units.stats.units.values())
        _mark(marks, done, commits=commits, loop_lag_bucket=worst)

    run_worker(app)


def work_with_stock_faust(bootstrap: str, marks: Path) -> None:
    """The worker process of the reference."""
    import faust

    app = faust.App(
        "stock",
        broker=f"kafka://{bootstrap}",
        value_type=bytes,
        value_serializer="raw",
        topic_allow_declare=True,
        topic_partitions=PARTITIONS,
        web_enabled=False,
        datadir=Path(tempfile.mkdtemp()),
    )
    table = app.Table("counts", default=int, partitions=PARTITIONS)
    done = 0

    @app.agent(app.topic("bench.in", value_type=bytes, value_serializer="raw", key_type=bytes))
    async def count(stream: Any) -> None:
        nonlocal done
        async for value in stream:
            table[orjson.loads(value)["queue"]] += 1
            done += 1

    @app.timer(0.05)
    async def mark() -> None:
        _mark(marks, done)

    worker = faust.Worker(app, loglevel="info", override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()


def _mark(marks: Path, done: int, **more: int) -> None:
    usage = os.times()
    line = {"at": time.time(), "done": done, "cpu": usage.user + usage.system, **more}
    with marks.open("a") as file:
        file.write(json.dumps(line) + "\n")


async def fill(bootstrap: str, events: int) -> None:
    """Write the events in bulk."""
    batches: defaultdict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    for number in range(events):
        contact = f"c-{number * 7919 % CONTACTS}"
        event = {
            "event_id": f"e-{number}",
            "type": "contact.enqueued",
            "occurred_at": 1_700_000_000_000 + number,
            "source": "bench",
            "tenant": "default",
            "channel": "voice",
            "contact_id": contact,
            "queue": f"queue-{number % QUEUES}",
            "attributes": {"note": "y" * 90},
        }
        key = contact.encode()
        batches[partition_by_key(key, PARTITIONS)].append((key, orjson.dumps(event)))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=500_000) as producer:
        for partition, records in batches.items():
            batch = producer.create_batch()
            for key, value in records:
                if batch.append(timestamp=None, key=key, value=value) is None:
                    await producer.send_batch(batch, "bench.in", partition=partition)
                    batch = producer.create_batch()
                    batch.append(timestamp=None, key=key, value=value)
            await producer.send_batch(batch, "bench.in", partition=partition)
        await producer.flush()


def measure(role: str, bootstrap: str, events: int, seconds: float) -> tuple[float, float, str]:
    """Events/s and CPU microseconds an event of one worker process, over at most `seconds`."""
    home = Path(tempfile.mkdtemp())
    marks = home / "marks"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, "--role", role, "--bootstrap", bootstrap, "--marks", marks],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        lines: list[dict[str, float]] = []
        deadline = time.monotonic() + seconds + 90
        while not lines or lines[-1]["done"] < events:
            if process.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.2)
            if marks.exists():
                text = marks.read_text()
                lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
            working = [line for line in lines if line["done"] > 0]
            if working and working[-1]["at"] - working[0]["at"] > seconds:
                break
        before = [line for line in lines if line["done"] <= 0][-1]
        after = next(line for line in lines if line["done"] >= lines[-1]["done"])
        done = after["done"] - max(0, before["done"])
        rest = {k: v for k, v in after.items() if k not in ("at", "done", "cpu")}
        wall, cpu = after["at"] - before["at"], after["cpu"] - before["cpu"]
        return done / wall, cpu / done * 1e6, f"{done:.0f} events {rest or ''}"
    except IndexError:
        raise SystemExit((home / "log").read_text()[-3000:]) from None
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Run both and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=15, help="at most, for each")
    parser.add_argument("--role", choices=("units", "stock"))
    parser.add_argument("--bootstrap")
    parser.add_argument("--marks", type=Path)
    args = parser.parse_args()
    if args.role:
        work = {"units": work_with_units, "stock": work_with_stock_faust}[args.role]
        work(args.bootstrap, args.marks)
        return
    with LocalKafka(1, Path(tempfile.mkdtemp())) as kafka:
        compact = {"cleanup.policy": "compact"}
        with KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(",")) as admin:
            names = [("bench.in", {}), ("bench.out", {}), ("bench-changelog", compact)]
            admin.create_topics(
                [NewTopic(name, PARTITIONS, 1, topic_configs=more) for name, more in names]
            )
        asyncio.run(fill(kafka.bootstrap, args.events))
        figures = {}
        for role in ("units", "stock"):
            figures[role] = measure(role, kafka.bootstrap, args.events, args.seconds)
            rate, cpu, note = figures[role]
            print(f"{role:6} {rate:10,.0f} events/s {cpu:8.1f} us CPU/event   {note}", flush=True)
        print(f"ratio  {figures['units'][0] / figures['stock'][0]:10.1f}")


if __name__ == "__main__":
    main()
