"""A simulated centre that a worker counts and a Prometheus watches, for the tests of dashboards.

In: a Kafka, a folder. Out: the worker, the topics' settings and the address of Prometheus, once
Prometheus answers all that a test waits for. Every queue has what a board can be filtered by.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

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
#: Of the last queue, tickets'. So short that the first minutes keep some and break some.
PROMISES = """
[queues.sla]
first_response = { urgent = 30, high = 60, normal = 120, low = 300, other = 300 }
next_response = 120
resolution = { urgent = 120, high = 300, normal = 900, low = 1800, other = 1800 }

[queues.targets]
first_response_ratio = 0.9
next_response_ratio = 0.9
resolution_ratio = 0.8
"""
CONFIG = (
    "".join(
        f'[[queues]]\nname = "{name}"\nchannels = ["{channel}"]\n'
        f'site = "{site}"\nteam = "{team}"\nskill = "de"\n'
        for name, (channel, site, team) in QUEUES.items()
    )
    + PROMISES
)
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class SimulatedCentre:
    """`base`: the address of Prometheus."""

    settings: Settings
    worker: Worker
    base: str


def _stories(now: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Channel, contact, type and the rest of each event of `surprise`."""
    ago, in_time = now - 2 * MINUTE_MS, {"due_at": now + 25 * MINUTE_MS}
    bot = {"author": "bot"}
    return [
        ("voice", "waits", "contact.enqueued", {}),
        ("voice", "unknown", "contact.ended", {}),
        ("voice", "owed", "callback.requested", {"due_at": now - MINUTE_MS}),
        ("voice", "reached", "callback.requested", {}),
        ("voice", "reached", "callback.attempted", {"outcome": "not_reached"}),
        ("voice", "reached", "callback.attempted", {"outcome": "connected"}),
        ("ticket", "at-risk", "ticket.opened", {"kind": "complaint"}),
        ("ticket", "at-risk", "ticket.sla_set", {"metric": "resolution", **in_time}),
        ("ticket", "old", "ticket.snapshot",
         {"opened_at": now - 9 * 24 * 60 * MINUTE_MS, "status": "on_hold",
          "due": {"first_response": now - MINUTE_MS}}),
        ("ticket", "merged", "ticket.opened", {}),
        ("ticket", "merged", "ticket.closed", {"reason": "merged"}),
        ("ticket", "again", "ticket.opened", {}),
        ("ticket", "again", "ticket.resolved", {}),
        ("ticket", "again", "ticket.reopened", {}),
        ("ticket", "by-bot", "ticket.opened", {}),
        ("ticket", "by-bot", "ticket.resolved", bot),
        ("ticket", "by-bot", "bot.ended", {"outcome": "contained", "started_at": ago}),
        ("ticket", "handed", "ticket.opened", {}),
        ("ticket", "handed", "bot.ended", {"outcome": "escalated", "started_at": ago}),
        ("ticket", "handed", "ticket.replied", {"author": "agent", "public": True}),
        *_customers(range(1)),
    ]  # fmt: skip


def _customers(numbers: range) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """What customers of a call say and buy."""
    scales = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7), "resolved": (0, 1)}
    for number in numbers:
        contact = f"customer-{number}"
        for kind, (least, greatest) in scales.items():
            score = greatest if number % 4 else least
            yield "voice", contact, "survey.sent", {"kind": kind}
            yield "voice", contact, "survey.answered", {
                "kind": kind, "version": f"{kind}-1", "score": score, "scale_min": least,
                "scale_max": greatest, "higher_is_better": True,
            }  # fmt: skip
        sold = {"kind": ("upsell", "cross_sell")[number % 2]}
        yield "voice", contact, "sale.closed", sold
        if number % 8 == 0:
            yield "voice", contact, "sale.cancelled", sold
        outcome = ("satisfied", "unsatisfied", "not_reached")[number % 3]
        yield "voice", contact, "followup.completed", {"outcome": outcome}


def surprise(settings: Settings) -> None:
    """What the simulated centre does not do: a call that waits for ever, and the end of one that
    never came; a call owed back and late; an old ticket with a broken promise, one at risk; tickets
    that are merged, come back, and are a bot's."""
    _send(settings, _stories(time.time_ns() // 1_000_000))


def satisfy(settings: Settings) -> None:
    """What forty more customers say and buy: as many as a score needs, and some. Their counters
    have been scraped before: what a counter begins with is no growth."""
    _send(settings, _customers(range(1, 41)))


def _send(settings: Settings, stories: Iterable[tuple[str, str, str, dict[str, Any]]]) -> None:
    producer = KafkaProducer(**kafka_python_options(settings))
    now = time.time_ns() // 1_000_000
    topics = {"voice": settings.topics.calls, "ticket": settings.topics.tickets}
    queues = {"voice": "billing", "ticket": "email"}
    sources = {"voice": "pbx", "ticket": "helpdesk"}
    for number, (channel, contact, kind, more) in enumerate(stories):
        event = {
            "event_id": f"{kind}-{contact}-{number}", "type": kind, "source": sources[channel],
            "occurred_at": now - 2 * MINUTE_MS + min(2_000 * number, MINUTE_MS + number),
            "channel": channel, "contact_id": contact, "queue": queues[channel], **more,
        }  # fmt: skip
        told = settings.topics.surveys if kind.startswith(("survey.", "sale.")) else topics[channel]
        producer.send(told, value=orjson.dumps(event), key=contact.encode())
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
                answered = 'contactcenter_surveys_answered_total{queue="billing", kind="nps"} > 0'
                eventually(partial(ask, base, answered), "the first customer's answers")
                satisfy(settings)
                for expr in ready:
                    eventually(partial(ask, base, expr), f"answer to {expr}")
                yield SimulatedCentre(settings, worker, base)
            finally:
                simulator.terminate()
                simulator.wait(30)
