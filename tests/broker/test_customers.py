"""Customers over partitions and workers on a real Kafka: exact after a kill, and known by hash."""

import hmac
import random
import signal
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from streams.kafka.connect import kafka_python_options
from streams.kafka.topics import topic_plan
from streams.settings import Settings
from streams.wire.keys import partition_of
from tests.broker.records import read_topic
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import PANE_MS, RATE, expected_sums
from tests.broker.worker_world import Supply, World

EVENT_TIME = ("--clock", "event")
START = 1_767_225_600_000
MINUTE, DAY = 60_000, 86_400_000
CUSTOMERS, CALLS = 500, 4


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    settings = fresh_topics(session_timeout_seconds=12, transaction_timeout_seconds=8)
    made = World(settings, tmp_path)
    yield made
    made.close()


def ref(number: int) -> str:
    """A customer's keyed hash."""
    return hmac.digest(b"key", b"%d" % number, "sha256").hex()


def call(name: str, at: int, **more: Any) -> list[dict[str, Any]]:
    """A call of a minute."""
    about = {"contact_id": name, "channel": "voice", "source": "pbx", "queue": "billing"}
    return [
        {"event_id": f"{name}-{n}", "type": kind, "occurred_at": at + after, **about, **extra}
        for n, (kind, after, extra) in enumerate(
            (
                ("contact.enqueued", 0, more),
                ("contact.answered", 2_000, {"agent_id": "anna"}),
                ("contact.ended", MINUTE, {}),
            )
        )
    ]


def written(home: Path, number: int) -> Path:
    """Customers who call again within days, for ten days, and a last word a week later."""
    chance, begin = random.Random(number), START + number * 20 * DAY
    calls = [
        call(f"{number}-{n}", begin + chance.randrange(10 * DAY), customer_ref=ref(n % CUSTOMERS))
        for n in range(CUSTOMERS * CALLS)
    ]
    events = sorted((event for one in calls for event in one), key=lambda one: one["occurred_at"])
    end = (begin + 19 * DAY) // PANE_MS * PANE_MS
    last = {"event_id": f"last-{number}", "type": "source.heartbeat", "source": "pbx"}
    path = home / f"customers-{number}.ndjson"
    path.write_bytes(b"\n".join(map(orjson.dumps, [*events, last | {"occurred_at": end}])) + b"\n")
    return path


def test_a_killed_worker_leaves_the_customers_figures_exact(world: World) -> None:
    """kill -9 amid a transaction: what came again, on which partition ever, is counted once."""
    supply = Supply(world, written, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    uncommitted = world.stop_amid_work(first, supply)
    assert uncommitted > 0
    first.send(signal.SIGKILL)
    first.ended(5)
    third = world.start(*EVENT_TIME)
    supply.finish()
    expected = expected_sums(world.settings, supply.events)
    sums = expected["default", "billing", "voice"]
    for name in ("contacts_with_ref", "repeat_contacts", "fcr_decided", "fcr_resolved"):
        assert sums[f"customers.{name}"] > 100_000
    world.await_exact(expected)
    assert second.running
    assert third.running


def test_a_raw_reference_stands_nowhere_but_where_its_producer_put_it(world: World) -> None:
    """In no other topic, no log line and no metric; the good records around it count."""
    settings, planted = world.settings, "planted-reference"
    good = call("good", START, customer_ref=ref(1))
    bad = [
        *call("bad", START, customer_ref=planted)[:1],
        *call("worse", START, customer_ref=[planted])[:1],
        *call("late", START, customer_ref=planted, queue="_all")[:1],
    ]
    values = [(event["contact_id"], orjson.dumps(event)) for event in (*good, *bad)]
    values.append(("torn", b'{"customer_ref":"%b' % planted.encode()))
    producer = KafkaProducer(**kafka_python_options(settings))
    for contact, value in values:
        where = partition_of(contact, settings.partitions)
        producer.send(settings.topics.named("contact.calls"), value, contact.encode(), None, where)
    producer.flush()
    producer.close()
    worker = world.start(*EVENT_TIME)
    wait_until(
        lambda: sum(map(len, read_topic(settings, settings.topics.deadletters))) == len(bad) + 1,
        PATIENCE,
        "the bad records are dead letters",
    )
    inputs = set(settings.topics.inputs)
    for topic in topic_plan(settings):
        if topic.name not in inputs:
            for record in chain(*read_topic(settings, topic.name)):
                told = repr((record.key, record.value, record.headers))
                assert planted not in told, topic.name
    assert planted not in worker.said
    assert planted not in repr(worker.metrics())
