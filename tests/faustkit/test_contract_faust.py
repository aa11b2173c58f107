"""Behaviour of Faust and aiokafka that the kit stands on, shown on the real classes."""

import asyncio
import tempfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import codec
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import CommitFailedError
from aiokafka.partitioner import DefaultPartitioner
from faust.transport.drivers import TRANSPORTS
from faust.types import TP
from kafka.record import MemoryRecords

from streams.faustkit.application import UnitApp, attach, build_app
from streams.faustkit.clients import KafkaClients
from streams.faustkit.consumer_thread import UnitConsumerThread
from streams.faustkit.transaction_writer import partition_by_key
from streams.faustkit.transport import Consumer, Transport
from tests.faustkit.harness import HarnessSettings
from tests.faustkit.memory import Factory

TOPICS = ("calls", "chats", "tickets", "surveys", "agents", "cells")
RECORDS_AT = 61  # bytes of a batch's header, in Kafka's format of today


def app_of(client: dict[str, Any] | None = None) -> UnitApp:
    """An app with six input topics in two stages."""
    app = build_app(HarnessSettings(), {"bootstrap_servers": "h1:1,h2:2", **(client or {})})
    stages = {"intake": Factory(*TOPICS[:5]), "queues": Factory(*TOPICS[5:])}
    attach(app, {name: made.spec(name, f"{name}-log") for name, made in stages.items()})
    return app


def test_the_url_scheme_selects_our_transport() -> None:
    """`units://` gives our consumer; every server of the list is used."""
    assert TRANSPORTS.by_url("units://h1:1") is Transport
    app = app_of()
    assert isinstance(app.transport, Transport)
    assert [str(url) for url in app.conf.broker] == ["units://h1:1", "units://h2:2"]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_partition_number_of_every_topic_goes_to_one_worker(workers: int) -> None:
    """Faust's own assignor co-partitions; part of its inputs would split a contact."""
    apps = [app_of() for _ in range(workers)]
    assignors: list[Any] = [app.assignor for app in apps]
    metadata = {f"member-{n}": a.metadata(set(TOPICS)) for n, a in enumerate(assignors)}
    assert all(isinstance(m, ConsumerProtocolMemberMetadata) for m in metadata.values())
    cluster = SimpleNamespace(partitions_for_topic=lambda _: set(range(8)))
    result = assignors[0].assign(cluster, metadata)
    owners: defaultdict[int, set[str]] = defaultdict(set)
    for member, assignment in result.items():
        for topic, partitions in assignment.assignment:
            assert topic in TOPICS
            for partition in partitions:
                owners[partition].add(member)
    assert len(owners) == 8
    assert all(len(members) == 1 for members in owners.values())
    assert len({member for members in owners.values() for member in members}) == workers


def test_the_input_consumer_is_read_committed_and_uses_that_assignor() -> None:
    """Stock Faust reads aborted records unless exactly_once is on, and drops its assignor at 0."""

    async def test() -> None:
        app = app_of()
        app.in_worker = True
        app.finalize()
        consumer = app.consumer
        assert isinstance(consumer, Consumer)
        thread = consumer._thread
        assert isinstance(thread, UnitConsumerThread)
        made = thread._create_worker_consumer(app.transport)
        assert made._partition_assignment_strategy == [app.assignor]
        assert made._isolation_level == "read_committed"
        assert not made._enable_auto_commit
        assert READ_COMMITTED == 1
        await made._client.close()

    asyncio.run(test())


def test_a_failed_offset_commit_is_counted_and_harmless() -> None:
    """The group's offsets are for lag tools; stock Faust crashes on some of these errors."""

    async def test() -> None:
        app = app_of()
        app.in_worker = True
        app.finalize()
        consumer: Any = app.consumer
        thread = consumer._thread

        class Refusing:
            def assignment(self) -> set[TP]:
                return {TP("calls", 0)}

            async def commit(self, offsets: object) -> None:
                raise CommitFailedError("the group has already rebalanced")

        thread._consumer = Refusing()
        assert await thread._commit({TP("calls", 0): 5}) is False
        assert app.units.stats.offset_commits_failed == 1

    asyncio.run(test())


def test_settings_that_results_depend_on() -> None:
    """Each of them is a trap of its own when it is different."""
    conf: Any = app_of().conf
    assert conf.table_standby_replicas == 1
    assert conf.processing_guarantee.value == "at_least_once"
    assert conf.consumer_auto_offset_reset == "earliest"
    assert conf.broker_max_poll_interval > 24 * 3600
    assert conf.broker_request_timeout > conf.broker_rebalance_timeout
    assert conf.stream_wait_empty
    assert not conf.topic_allow_declare
    assert not conf.web_enabled


def test_a_worker_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust would make a folder for tables, of a name anybody can guess: we have none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app_of()._create_directories()
    assert list(tmp_path.iterdir()) == []


def test_credentials_reach_faust_as_they_reach_the_units() -> None:
    """The same aiokafka options, turned into Faust's objects and back."""
    sasl = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
    }
    from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

    credentials = app_of(sasl).conf.broker_credentials
    found = dict(credentials_to_aiokafka_auth(credentials, None))
    assert found.pop("ssl_context") is None
    assert found == sasl


def test_keys_go_where_every_kafka_client_puts_them() -> None:
    """Outputs without a partition number, and records of any other default producer, agree."""
    partitions = list(range(7))
    default = DefaultPartitioner()
    for number in range(500):
        key = f"key-{number}".encode()
        assert partition_by_key(key, 7) == default(key, partitions, partitions)


def test_records_are_compressed_lightly_and_for_every_reader() -> None:
    """A unit's batches are LZ4 at level 1, aiokafka's own is 9; kafka-python reads the records."""
    values = [b'{"queue":"billing","offered":%d}' % (n * n) for n in range(500)]

    async def batch() -> bytes:
        builder = KafkaClients().producer(app_of().options, "intake", 0).create_batch()
        for value in values:
            builder.append(key=b"billing", value=value, timestamp=1)
        return bytes(builder._build())

    written = asyncio.run(batch())
    plain = codec.lz4_decode(written[RECORDS_AT:])
    assert written[RECORDS_AT:] == codec.lz4_encode(plain, 1)
    assert len(written) > RECORDS_AT + len(codec.lz4_encode(plain, 9))
    (read,) = MemoryRecords(written)
    assert [record.value for record in read] == values
