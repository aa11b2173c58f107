"""From an event to its number, on the KPI topic and on /metrics, under a steady live load.

    python -m tests.bench.bench_latency [--seconds 60] [--scale 15]

A simulated centre sends about 20 events/s for each unit of `--scale` to a real broker, and one
`streams worker` counts them by the wall clock. Among them are markers: a call in a queue of its
own, so that the queue's count of offered calls says which of them is in. A marker's time runs from
the call of the producer's `send` until a `read_committed` consumer, or a scraper, holds the number.
On /metrics it is the gauge of the window, and includes up to `SCRAPE_SECONDS` of waiting for the
next scrape; counters there wait for grace on purpose.
Beside them, in the same seconds, the bare way there and back: a record of an idempotent producer,
and a transaction of one record, to the same `read_committed` consumer.
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.__main__ import main as streams
from streams.contract.events import ContactEnqueued
from streams.kafka.local_kafka import LocalKafka
from streams.settings import Settings
from streams.wire.encode import encode
from tests.bench.worker import Worker, percentile

QUEUES = 32
MARKERS_A_SECOND = 8
PINGS_A_SECOND = 4
SCRAPE_SECONDS = 0.05
CONFIG = Path(__file__).parents[2] / "deploy" / "streams.toml"
PLAIN, TRANSACTION = "bench.record", "bench.transaction"
TOPIC, GAUGE = "KPI topic", "/metrics gauge"
SPARE_SECONDS = 0.3
#: It grows by one with each marker; a plain page has the labels in this order.
ON_PAGE = {
    GAUGE: re.compile(
        r'^contactcenter_window_contacts\{tenant="default",queue="(marker-\d+)",channel="voice",'
        r'window="30m",outcome="offered"\} (\d+)',
        re.MULTILINE,
    ),
}


@dataclass
class Markers:
    """At most one marker is on its way in each queue, so that a number tells which one it is."""

    producer: Any
    topic: str
    wanted: tuple[str, ...] = (TOPIC,)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, tuple[float, set[str]]] = field(default_factory=dict)
    skipped: int = 0

    async def send(self) -> None:
        """One more marker, in a queue that waits for none."""
        names = map("marker-{:02}".format, range(QUEUES))
        free = [name for name in names if name not in self.under_way]
        if not free:
            self.skipped += 1
            return
        queue = random.choice(free)
        number = self.sent[queue] = self.sent.get(queue, 0) + 1
        contact = f"{queue}-{number}"
        event = ContactEnqueued(
            event_id=contact,
            occurred_at=time.time_ns() // 1_000_000,
            source="pbx",
            channel="voice",
            contact_id=contact,
            queue=queue,
        )
        self.under_way[queue] = time.monotonic(), set(self.wanted)
        # Not waited for: the producer's own way to the broker is part of the time.
        await self.producer.send(self.topic, key=contact.encode(), value=encode(event))

    def see(self, where: str, queue: str, number: int) -> None:
        """A count of the queue was seen."""
        if queue in self.under_way and number >= self.sent[queue]:
            since, wanted = self.under_way[queue]
            if where in wanted:
                self.seconds[where].append(time.monotonic() - since)
                wanted.discard(where)
                if not wanted:
                    del self.under_way[queue]


async def at_random(a_second: float, work: Callable[[], Any]) -> None:
    """Does the work that often, at moments that fit no tick."""
    while True:
        await asyncio.sleep(random.uniform(0, 2 / a_second))
        await work()


async def read(consumer: Any, take: Callable[[Any], None]) -> None:
    """Hands over each record as soon as it is there."""
    while True:
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            for record in records:
                take(record)


async def scrape(worker: Worker, markers: Markers) -> None:
    """Reads /metrics over and over, at a scraper's distance in a thread of its own."""
    while True:
        page = await asyncio.to_thread(worker.page, "/metrics")
        for where, line in ON_PAGE.items():
            for queue, number in line.findall(page):
                markers.see(where, queue, int(number))
        await asyncio.sleep(SCRAPE_SECONDS)


async def measure(settings: Settings, worker: Worker, seconds: float) -> None:
    """Prints every figure of a worker that is under load already."""
    client = {"bootstrap_servers": settings.bootstrap}
    reader = {**client, "isolation_level": "read_committed"}
    pings: dict[str, list[float]] = {PLAIN: [], TRANSACTION: []}
    async with (
        AIOKafkaProducer(**client, enable_idempotence=True) as producer,
        AIOKafkaProducer(**client, transactional_id="bench") as transactional,
        AIOKafkaConsumer(settings.topics.kpis, **reader) as kpis,
        AIOKafkaConsumer(PLAIN, TRANSACTION, **reader) as pongs,
    ):
        markers = Markers(producer, settings.topics.calls)

        def take_kpi(record: Any) -> None:
            if b'"marker-' in record.key:
                found = orjson.loads(record.value)
                markers.see(TOPIC, found["queue"], found["windows"]["60m"]["offered"])

        async def ping() -> None:
            await producer.send(PLAIN, value=str(time.monotonic_ns()).encode())

        async def ping_in_transaction() -> None:
            now = str(time.monotonic_ns()).encode()
            async with transactional.transaction():
                await transactional.send(TRANSACTION, value=now)

        def take_pong(record: Any) -> None:
            pings[record.topic].append((time.monotonic_ns() - int(record.value)) / 1e9)

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    read(kpis, take_kpi),
                    read(pongs, take_pong),
                    at_random(MARKERS_A_SECOND, markers.send),
                    at_random(PINGS_A_SECOND, ping),
                    at_random(PINGS_A_SECOND, ping_in_transaction),
                )
            ]
            await asyncio.sleep(5)  # every queue has been used once, every client is connected
            markers.seconds.clear()
            for found in pings.values():
                found.clear()
            before, done = worker.cpu_seconds, worker.total("stream_events_total")
            await asyncio.sleep(seconds)
            cpu, done = worker.cpu_seconds - before, worker.total("stream_events_total") - done
            # Scraped only now, so that the worker's CPU is that of its work.
            markers.wanted = (TOPIC, GAUGE)
            tasks.append(group.create_task(scrape(worker, markers)))
            await asyncio.sleep(seconds / 2)
            for task in tasks:
                task.cancel()
    print(f"load {done / seconds:,.0f} events/s: {cpu / seconds:.1%} of a core for the worker")
    for where, found in markers.seconds.items():
        show(where, found)
    tick = settings.tick_seconds
    print(f"budget: p99 {tick + SPARE_SECONDS:.3f} s, a tick of {tick} s and {SPARE_SECONDS} s")
    for where, found in pings.items():
        show(where, found)
    if markers.skipped:
        print(f"{markers.skipped} markers were left out: every queue waited for one")


def show(name: str, seconds: list[float]) -> None:
    """One line of figures."""
    print(
        f"{name:<18} n {len(seconds):>4}  p50 {percentile(seconds, 0.5):.3f} s"
        f"  p99 {percentile(seconds, 0.99):.3f} s  max {max(seconds):.3f} s"
    )


@contextmanager
def centre(where: list[str], scale: int) -> Iterator[None]:
    """A simulated centre at work; its last five minutes come first, so that it is in full swing."""
    command = [sys.executable, "-m", "streams", "simulate", "--backlog-minutes", "5"]
    process = subprocess.Popen([*command, "--scale", str(scale), *where], stderr=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise SystemExit("the simulated centre has ended")
    finally:
        process.terminate()
        process.wait(30)


def await_live(worker: Worker) -> None:
    """Returns once the backlog has been read: nothing waits, and time is now."""
    while worker.total("stream_events_total") < 1_000 or worker.total("stream_consumer_lag") > 500:
        time.sleep(0.5)
    time.sleep(10)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--scale", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, LocalKafka(1, Path(name) / "kafka") as kafka:
        where = ["--bootstrap", kafka.bootstrap, "--config", str(CONFIG)]
        streams(["topics", "create", *where])
        with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
            admin.create_topics([NewTopic(topic, 1, 1) for topic in (PLAIN, TRANSACTION)])
        with Worker(*where, "--log-level", "warning") as worker, centre(where, args.scale):
            await_live(worker)
            asyncio.run(measure(Settings(bootstrap=kafka.bootstrap), worker, args.seconds))


if __name__ == "__main__":
    main()
