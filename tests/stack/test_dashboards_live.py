"""Dashboards on the real thing: a simulated centre, Kafka, a worker, Prometheus, every query.

`test_dashboards.py` asks the same of a page that has every series there can be; here is what a
worker really shows a minute after it began. Queries named in NEEDS_HISTORY ask for yesterday, and
are only asked, not expected to find it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from deploy.prometheus.render import Fast, render
from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.stack.boards import BOARDS, PANEL_IDS, PANELS, Live, check_panel, check_variables
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
#: What takes longest to be there.
READY = (
    'ALERTS{alertname="QueueLongestWait", alertstate="firing"}',
    "queue:contactcenter_missed_per_offered:ratio_rate2h",
    "site:contactcenter_service_level:ratio_window30m",
    "contactcenter_stream_anomalies_total",
)


def surprise(settings: Settings) -> None:
    """A call that waits for ever, and an answer to one that never came."""
    producer = KafkaProducer(**kafka_python_options(settings))
    now = time.time_ns() // 1_000_000
    for contact, kind in (("waits", "contact.enqueued"), ("unknown", "contact.answered")):
        event = {
            "event_id": contact, "type": kind, "occurred_at": now - 120_000, "source": "pbx",
            "channel": "voice", "contact_id": contact, "queue": "billing",
        }  # fmt: skip
        producer.send(settings.topics.calls, value=orjson.dumps(event), key=contact.encode())
    producer.close(timeout=10)


@pytest.fixture(scope="module")
def live(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Prometheus with the fast rules, on a worker that counts a centre from its first call."""
    home = tmp_path_factory.mktemp("dashboards-live")
    name = f"boards-{os.getpid()}"
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
                for expr in READY:
                    eventually(partial(ask, base, expr), f"answer to {expr}")
                yield Live(base)
            finally:
                simulator.terminate()
                simulator.wait(30)


@pytest.mark.parametrize("name", BOARDS)
def test_variables_offer_what_the_worker_shows(name: str, live: Live) -> None:
    """Each variable's query answers, and never offers the whole centre as a queue."""
    check_variables(BOARDS[name], live)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_shows_what_the_worker_shows(name: str, panel: dict[str, Any], live: Live) -> None:
    """Each query is answered with series that have the labels its legend names."""
    check_panel(panel, BOARDS[name], live)
