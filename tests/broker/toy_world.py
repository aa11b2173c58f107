"""The world around the toy workers: topics, events, processes to hurt, and the truth."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from streams.faustkit.transaction_writer import partition_by_key
from streams.kafka.local_kafka import LocalKafka
from tests.broker.toy_worker import COUNTS, TOTALS, A, B, shared_memory

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
KEYS = 60
STOPPED = 70


#: Seconds after which something is held to hang; nothing depends on it on a machine that works.
PATIENCE = 240


def wait_until(met: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until `met`; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Worker:
    """One worker process and what it says about itself."""

    def __init__(self, world: "World", number: int, *command: str) -> None:
        home = self.home = world.home / f"worker-{number}"
        home.mkdir()
        self.marks = home / "marks"
        self.log = home / "log"
        self.shared = shared_memory(home / "shared")
        config = {
            "bootstrap": world.kafka.bootstrap,
            "app_id": world.app_id,
            "prefix": world.prefix,
            "marks": str(self.marks),
            "shared": str(home / "shared"),
            **world.config,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(command or ["-m", "tests.broker.toy_worker"])],
                cwd=home,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "TOY": json.dumps(config)},
            )

    @property
    def mark(self) -> dict[str, Any]:
        """The newest statistics; {} before the first."""
        if not self.marks.exists():
            return {}
        lines = self.marks.read_text().splitlines()
        return json.loads(lines[-1]) if lines and lines[-1].endswith("}") else {}

    @property
    def ready(self) -> bool:
        """It has partitions and all of them are loaded."""
        return bool(self.mark.get("ready"))

    @property
    def uncommitted(self) -> int:
        """Records applied and not committed, all partitions together; exact while it is stopped."""
        return sum(self.shared[i] - self.shared[i + 1] for i in range(0, len(self.shared), 2))

    @property
    def committed(self) -> int:
        """Records applied and committed."""
        return sum(self.shared[1::2])

    @property
    def amid_work(self) -> bool:
        """Some records are committed, some applied and not committed."""
        return self.committed > 0 and self.uncommitted > 0

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop_amid_work(self, seconds: float = PATIENCE) -> None:
        """SIGSTOP it at an instant when something has been applied and not committed."""

        def caught() -> bool:
            if self.amid_work:
                self.send(signal.SIGSTOP)
                time.sleep(0.02)
                if self.amid_work:
                    return True
                self.send(signal.SIGCONT)
            return False

        wait_until(caught, seconds, "a moment with uncommitted records")

    def ended(self, seconds: float) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(seconds)


class World:
    """Topics of its own on a broker, events with known counts, workers, readers."""

    def __init__(self, kafka: LocalKafka, home: Path, name: str, **config: Any) -> None:
        self.kafka = kafka
        self.home = home
        self.app_id = name
        self.prefix = f"{name}."
        self.config = config
        self.truth: Counter[bytes] = Counter()
        self.workers: list[Worker] = []
        self._servers = kafka.bootstrap.split(",")
        compact = {"cleanup.policy": "compact"}
        with KafkaAdminClient(bootstrap_servers=self._servers) as admin:
            admin.create_topics(
                [NewTopic(self.prefix + t, PARTITIONS, 1) for t in (A, B, COUNTS, TOTALS)]
                + [
                    NewTopic(f"{name}-{stage}-changelog", PARTITIONS, 1, topic_configs=compact)
                    for stage in ("count", "total")
                ]
            )

    def start(self, *command: str) -> Worker:
        """Start one more worker; `command` are other arguments for python."""
        worker = Worker(self, len(self.workers), *command)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """End everything that was started."""
        for worker in self.workers:
            if worker.running:
                worker.process.kill()
                worker.process.wait()

    def produce(self, events: int) -> None:
        """Write that many events, half to each input, and add them to the truth."""
        asyncio.run(self._produce(events))

    async def _produce(self, events: int) -> None:
        batches: defaultdict[tuple[str, int], list[bytes]] = defaultdict(list)
        for number in range(events):
            key = b"key-%d" % (number * 7 % KEYS)
            topic = self.prefix + (A if number % 2 else B)
            batches[topic, partition_by_key(key, PARTITIONS)].append(key)
            self.truth[key] += 1
        async with AIOKafkaProducer(
            bootstrap_servers=self.kafka.bootstrap, enable_idempotence=True, max_batch_size=100_000
        ) as producer:
            for (topic, partition), keys in batches.items():
                batch = producer.create_batch()
                for key in keys:
                    if batch.append(timestamp=None, key=key, value=b"x" * 200) is None:
                        await producer.send_batch(batch, topic, partition=partition)
                        batch = producer.create_batch()
                        batch.append(timestamp=None, key=key, value=b"x" * 200)
                await producer.send_batch(batch, topic, partition=partition)
            await producer.flush()

    def await_exact(
        self, seconds: float = PATIENCE, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Wait until both result topics show the truth; fails at once when a count is beyond it.

        A key's counts must only grow: a step back would be a writer that should be dead.
        """
        for topic in (COUNTS, TOTALS):
            self._await_exact(self.prefix + topic, seconds, meanwhile)

    def _await_exact(self, topic: str, seconds: float, meanwhile: Callable[[], None]) -> None:
        newest: dict[bytes, int] = {}
        deadline = time.monotonic() + seconds
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        try:
            consumer.assign([TopicPartition(topic, p) for p in range(PARTITIONS)])
            while newest != self.truth:
                meanwhile()
                assert time.monotonic() < deadline, self._difference(topic, newest)
                for records in consumer.poll(timeout_ms=100).values():
                    for record in records:
                        count = int(record.value)
                        assert count > newest.get(record.key, 0), f"{topic}: {record} steps back"
                        assert count <= self.truth[record.key], f"{topic}: {record} counts too much"
                        newest[record.key] = count
        finally:
            consumer.close()

    def _difference(self, topic: str, newest: dict[bytes, int]) -> str:
        short = {key: n - newest.get(key, 0) for key, n in self.truth.items()}
        ends = [(w.process.poll(), w.mark, w.log.read_text()[-3000:]) for w in self.workers]
        return f"{topic} lacks {sum(short.values())} of {self.truth.total()}; workers: {ends}"

    def supervised(self, codes: Iterable[int]) -> Callable[[], None]:
        """What to call now and then: it starts a worker again when one has ended with a code."""
        counted = {worker for worker in self.workers if not worker.running}

        def look() -> None:
            for worker in list(self.workers):
                if worker not in counted and not worker.running:
                    counted.add(worker)
                    assert worker.process.returncode in codes, worker.log.read_text()[-3000:]
                    self.start()

        return look
