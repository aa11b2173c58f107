"""Real workers, and what they are watched with, for the tests of the stack.

In: settings of topics that exist. Out: a `streams worker` process and its metrics page, a source
that says what happens, Prometheus and Alertmanager on a fast copy of the production rules.
Every process is ended by its own id.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from deploy.prometheus.render import Fast, render
from streams.contract.words import TOPIC_OF_CHANNEL
from streams.kafka.connect import kafka_python_options
from streams.settings import Settings
from tests.stack.servers import alertmanager, eventually, prometheus

ROOT = Path(__file__).parents[2]
PREFIX = "contactcenter_"
Series = tuple[str, frozenset[tuple[str, str]]]


def environment(settings: Settings) -> dict[str, str]:
    """What the project's commands need to know to work on the same topics."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "STREAMS_BOOTSTRAP": settings.bootstrap,
        "STREAMS_APP_ID": settings.app_id,
        "STREAMS_TOPIC_PREFIX": settings.topic_prefix,
        "STREAMS_PARTITIONS": str(settings.partitions),
        "STREAMS_METRICS_PORT": "0",
        "STREAMS_SESSION_TIMEOUT_SECONDS": str(settings.session_timeout_seconds),
        "STREAMS_TRANSACTION_TIMEOUT_SECONDS": str(settings.transaction_timeout_seconds),
    }


class Worker:
    """A `streams worker` process on this machine's clock."""

    def __init__(self, settings: Settings, log: Path, config: Path | None = None) -> None:
        self._log = log
        options = ["--config", str(config)] if config else []
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker", *options],
                cwd=log.parent,
                env=environment(settings),
                stdout=out,
                stderr=out,
            )
        self._base = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _address(self) -> str | None:
        assert self.process.poll() is None, self._log.read_text()
        found = re.search(r"http://([^/\s]+:\d+)", self._log.read_text())
        return found[1] if found else None

    @property
    def address(self) -> str:
        """HOST:PORT of its metrics page, once it has said so."""
        self._base = self._base or eventually(self._address, "address of the worker")
        return self._base

    def ready(self) -> bool:
        """It says that all of its units are loaded."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def started(self) -> Self:
        """Wait until it is ready."""
        eventually(self.ready, "readiness of the worker")
        return self

    def page(self) -> dict[Series, float]:
        """Samples by name (without the project's prefix) and labels; {} when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        return {
            (sample.name.removeprefix(PREFIX), frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def stop(self) -> int:
        """Ask it to end (SIGTERM), wait; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class Source:
    """The system that tells of agents and contacts; it says once a second that it is there."""

    def __init__(self, settings: Settings, tenant: str, name: str = "acd") -> None:
        self._settings, self._tenant, self._name = settings, tenant, name
        self._topic = settings.topics.agents
        self._producer = KafkaProducer(**kafka_python_options(settings))
        self._numbers = itertools.count(1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="source", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._producer.close(timeout=10)

    def _event(self, **fields: Any) -> bytes:
        number = f"{self._name}-{next(self._numbers)}"
        common = {"event_id": number, "source": self._name, "tenant": self._tenant}
        return orjson.dumps(common | fields)

    def _beat(self) -> None:
        while True:
            value = self._event(type="source.heartbeat", occurred_at=time.time_ns() // 1_000_000)
            for partition in range(self._settings.partitions):
                self._producer.send(self._topic, value=value, partition=partition)
            if self._over.wait(1):
                return

    def agents(self, queue: str, names: Sequence[str], calls: int, minutes_ago: float) -> None:
        """Each agent has `calls` (0 or 1) since then, and goes on so; in Kafka on return."""
        at_ms = time.time_ns() // 1_000_000 - round(minutes_ago * 60_000)
        for name in names:
            value = self._event(
                type="agent.state", occurred_at=at_ms, agent_id=name, state="available",
                queues=[queue], handling={"voice": calls},
            )  # fmt: skip
            self._producer.send(self._topic, value=value, key=name.encode())
        self._producer.flush()

    def says(self, name: str, contact: str, **fields: Any) -> int:
        """An event of a contact, now; in Kafka on return. Returns its time in ms."""
        at_ms = time.time_ns() // 1_000_000
        value = self._event(type=name, occurred_at=at_ms, contact_id=contact, **fields)
        topic = self._settings.topics.named(TOPIC_OF_CHANNEL[fields["channel"]])
        self._producer.send(topic, value=value, key=contact.encode())
        self._producer.flush()
        return at_ms


@contextmanager
def watched(folder: Path, targets: Sequence[str], webhook: str) -> Iterator[str]:
    """Alertmanager and Prometheus on the fast rules; yields the address of Prometheus."""
    render(folder, Fast(targets=[], webhook=webhook))
    with alertmanager(folder) as told:
        address = told.removeprefix("http://")
        render(folder, Fast(targets=targets, alertmanager=address, webhook=webhook))
        with prometheus(folder) as base:
            yield base


def configured(path: Path, tenant: str, queues: Sequence[str]) -> Path:
    """Writes a streams.toml with these queues, for calls; returns the path."""
    path.write_text("".join(f'[[queues]]\nname = "{q}"\ntenant = "{tenant}"\n' for q in queues))
    return path


def series(name: str, labels: Mapping[str, str]) -> Series:
    """The key of one sample on a page."""
    return name, frozenset(labels.items())


def crew(queue: str, start: int, number: int) -> list[str]:
    """Names of agents."""
    return [f"{queue}-{n}" for n in range(start, start + number)]


def full(worker: Worker, queue: Mapping[str, str], busy: int, staffed: int) -> Callable[[], bool]:
    """Whether the worker's page shows so many agents of a queue, for the whole of 5 minutes."""
    wanted = {
        series("window_agent_seconds", {**queue, "window": "5m", "state": state}): number * 300
        for state, number in (("busy", busy), ("staffed", staffed))
    }
    return lambda: wanted.items() <= worker.page().items()


def told(heard: list[dict[str, Any]], who: str) -> list[tuple[str, str]]:
    """Status and name of each alert in each message that a receiver got, in order."""
    return [
        (alert["status"], alert["labels"]["alertname"])
        for message in list(heard)
        if message["path"] == f"/hook/{who}"
        for alert in message["alerts"]
    ]
