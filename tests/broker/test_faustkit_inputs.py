"""Where a unit begins to read and how far it knows to have read, on a real Kafka."""

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewTopic

from streams.errors import StateError
from streams.faustkit import changelog
from streams.faustkit.options import Options
from streams.kafka.local_kafka import LocalKafka
from tests.broker.toy_world import PARTITIONS, PATIENCE, STOPPED, World, wait_until

EVENTS = 2_000
_numbers = itertools.count(1)


@pytest.fixture
def world(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """Topics of its own with 2,000 events."""
    made = World(kafka, tmp_path, f"inputs{os.getpid()}-{next(_numbers)}")
    made.produce(EVENTS)
    yield made
    made.close()


def test_the_faust_command_line_runs_it_and_idle_inputs_are_caught_up(world: World) -> None:
    """`faust -A app worker` works, leaves with 0 on SIGTERM, and transaction markers do not hide
    that everything has been read."""
    arguments = "-m faust -A tests.broker.toy_faust_app worker -l info --without-web"
    worker = world.start(*arguments.split())
    world.await_exact()
    wait_until(lambda: worker.mark["lag"] == 0, PATIENCE, "no lag")
    wait_until(
        lambda: (worker.mark["behind_ms"] or 10_000) < 2_000, PATIENCE, "all inputs caught up"
    )
    commits = worker.mark["commits"]
    seen = len(worker.marks.read_text().splitlines())
    wait_until(
        lambda: len(worker.marks.read_text().splitlines()) > seen + 10, PATIENCE, "idle for 2 s"
    )
    assert worker.mark["commits"] == commits, "an idle unit starts no transactions"
    worker.send(signal.SIGTERM)
    assert worker.ended(PATIENCE) == 0


def test_a_log_cut_off_behind_the_state_ends_the_worker(world: World) -> None:
    """Records the state needs have been deleted unread: going on would make wrong numbers."""
    first = world.start()
    world.await_exact()
    first.send(signal.SIGTERM)
    assert first.ended(PATIENCE) == 0
    world.produce(EVENTS)
    topic = f"{world.prefix}toy.a"
    with KafkaAdminClient(bootstrap_servers=world.kafka.bootstrap.split(",")) as admin:
        # -1: up to the high watermark.
        admin.delete_records({TopicPartition(topic, p): -1 for p in range(PARTITIONS)})
    second = world.start()
    assert second.ended(PATIENCE) == STOPPED
    assert "cut off" in second.log.read_text()


def test_a_topic_made_anew_ends_the_worker(world: World) -> None:
    """The state goes on beyond the end: waiting for offsets to reach it would lose events."""
    first = world.start()
    world.await_exact()
    first.send(signal.SIGTERM)
    assert first.ended(PATIENCE) == 0
    topic = f"{world.prefix}toy.b"
    with KafkaAdminClient(bootstrap_servers=world.kafka.bootstrap.split(",")) as admin:
        admin.delete_topics([topic])
        wait_until(lambda: topic not in admin.list_topics(), PATIENCE, "the topic is gone")
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    second = world.start()
    assert second.ended(PATIENCE) == STOPPED
    assert "recreated" in second.log.read_text()


def test_a_broker_that_is_not_there_is_an_error_at_once(kafka: LocalKafka, tmp_path: Path) -> None:
    """No waiting for a Kafka that has never answered."""
    world = World(kafka, tmp_path, f"inputs{os.getpid()}-{next(_numbers)}")
    world.config["bootstrap"] = "127.0.0.1:1"
    worker = world.start()
    try:
        assert worker.ended(PATIENCE) in (1, STOPPED), worker.log.read_text()
        assert "Unable to bootstrap" in worker.log.read_text()
    finally:
        world.close()


def test_a_changelog_is_read_whole_and_without_aborted_writes(kafka: LocalKafka) -> None:
    """The newest value of each key; tombstones remove it; an aborted transaction never was."""
    topic = f"log{os.getpid()}-{next(_numbers)}"
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(",")) as admin:
        compact = {"cleanup.policy": "compact"}
        admin.create_topics([NewTopic(topic, 2, 1, topic_configs=compact)])
    options = Options("app", {"bootstrap_servers": kafka.bootstrap})
    remaining: list[int] = []

    async def write(producer: AIOKafkaProducer, values: dict[bytes, bytes | None]) -> None:
        await producer.begin_transaction()
        for key, value in values.items():
            await producer.send(topic, key=key, value=value, partition=1)

    async def test() -> None:
        assert await changelog.read(options, topic, 1, remaining.append) == ({}, 0)
        async with AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap, transactional_id=topic
        ) as producer:
            await write(producer, {b"%d" % n: b"old" for n in range(5_000)})
            await producer.commit_transaction()
            await write(producer, {b"1": b"new", b"2": None})
            await producer.commit_transaction()
            await write(producer, {b"1": b"never", b"3": None, b"new": b"never"})
            await producer.abort_transaction()
        newest, records = await changelog.read(options, topic, 1, remaining.append)
        assert records == 5_002
        assert len(newest) == 4_999
        assert (newest[b"1"], newest[b"3"]) == (b"new", b"old")
        assert b"2" not in newest
        assert b"new" not in newest
        assert remaining[-1] == 0
        assert max(remaining) > 5_000
        with pytest.raises(StateError, match="no partition 7"):
            await changelog.read(options, topic, 7, remaining.append)

    asyncio.run(test())
