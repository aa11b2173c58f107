"""A simulated centre that a worker counts and a Prometheus watches, for the tests of dashboards.

In: a Kafka, a folder. Out: the worker, the topics' settings and the address of Prometheus, once
Prometheus answers all that a test waits for. Every queue has what a board can be filtered by.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
from kafka import KafkaProducer

from deploy.prometheus.render import Fast, render
from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.stack.live import ROOT, Worker, environment
from tests.stack.servers import ask, eventually, prometheus

#: The queues of the simulated centre, each with all that a board can be filtered by.
QUEUES = {
    "billing": ("voice", "berlin", "red"),
    "support": ("voice", "leipzig", "blue"),
    "sales": ("voice", "berlin", "red"),
    "web-chat": ("chat", "leipzig", "blue"),
    "app-chat": ("chat", "leipzig", "blue"),
    "email": ("ticket", "berlin", "red"),
}
CONFIG = "".join(
    f'[[queues]]\nname = "{name}"\nchannels = ["{channel}"]\n'
    f'site = "{site}"\nteam = "{team}"\nskill = "de"\n'
    for name, (channel, site, team) in QUEUES.items()
)


@dataclass(frozen=True, slots=True)
class SimulatedCentre:
    """`base`: the address of Prometheus."""

    settings: Settings
    worker: Worker
    base: str


def surprise(settings: Settings) -> None:
    """A call that waits for ever, and the end of one that never came."""
    producer = KafkaProducer(**kafka_python_options(settings))
    now = time.time_ns() // 1_000_000
    for contact, kind in (("waits", "contact.enqueued"), ("unknown", "contact.ended")):
        event = {
            "event_id": contact, "type": kind, "occurred_at": now - 120_000, "source": "pbx",
            "channel": "voice", "contact_id": contact, "queue": "billing",
        }  # fmt: skip
        producer.send(settings.topics.calls, value=orjson.dumps(event), key=contact.encode())
    producer.close(timeout=10)


@contextmanager
def simulated_centre(
    kafka: LocalKafka, home: Path, ready: Sequence[str]
) -> Iterator[SimulatedCentre]:
    """Prometheus with the fast rules, on a worker that counts a centre from its first call."""
    name = f"{home.name}-{os.getpid()}"
    settings = Settings(
        bootstrap=kafka.bootstrap, app_id=name, topic_prefix=f"{name}.", partitions=2
    )
    create_topics(settings)
    config = home / "streams.toml"
    config.write_text(CONFIG)
    with Worker(settings, home / "worker.log", config) as worker:
        render(home, Fast(targets=[worker.started().address], scale=0.02))
        with prometheus(home) as base:
            # Counters are scraped at 0 first: what comes then is growth, which rates are made of.
            zero = 'contactcenter_contacts_offered_total{queue="billing"} == 0'
            eventually(partial(ask, base, zero), "first scrape")
            simulator = subprocess.Popen(
                [sys.executable, "-m", "streams", "simulate", "--backlog-minutes", "15"],
                cwd=ROOT,
                env=environment(settings),
                stderr=subprocess.DEVNULL,
            )
            try:
                surprise(settings)
                for expr in ready:
                    eventually(partial(ask, base, expr), f"answer to {expr}")
                yield SimulatedCentre(settings, worker, base)
            finally:
                simulator.terminate()
                simulator.wait(30)
