"""One transaction's writes: all of them, in order, in batches the broker takes."""

import asyncio
from typing import Any

import pytest

from streams.errors import PublishError
from streams.faustkit.transaction_writer import deliver, partition_by_key
from tests.faustkit.memory import MemoryKafka, MemoryProducer


async def delivered(kafka: MemoryKafka, writes: list[Any]) -> int:
    """Deliver in one committed transaction."""
    producer = MemoryProducer(kafka, "p")
    await producer.start()
    await producer.begin_transaction()
    count = await deliver(producer, writes, 1_000)
    await producer.commit_transaction()
    return count


def test_a_full_batch_is_followed_by_another_and_the_order_stays() -> None:
    """`append` answers None when a batch is full: that record goes into the next one."""
    kafka = MemoryKafka(batch_limit=2_000)
    writes: list[Any] = [("t", 1, b"%d" % n, b"x" * 300, []) for n in range(100)]
    assert asyncio.run(delivered(kafka, list(writes))) == 100
    assert [key for key, _ in kafka.logs["t", 1]] == [b"%d" % n for n in range(100)]


def test_a_record_larger_than_a_batch_is_still_sent() -> None:
    """Whether it is too large is for the broker to say, and its answer is not swallowed."""
    kafka = MemoryKafka(batch_limit=500)
    writes: list[Any] = [("t", 0, b"small", b"x", []), ("t", 0, b"large", b"x" * 5_000, [])]
    asyncio.run(delivered(kafka, list(writes)))
    assert [key for key, _ in kafka.logs["t", 0]] == [b"small", b"large"]


def test_tombstones_headers_and_partitions_by_key() -> None:
    """None is a value of its own; without a partition number the key decides."""
    kafka = MemoryKafka()
    writes = [("t", None, b"k", None, [("reason", b"late")]), ("u", 0, None, b"v", [])]
    asyncio.run(delivered(kafka, list(writes)))
    assert kafka.logs["t", partition_by_key(b"k", 4)] == [(b"k", None)]
    assert kafka.logs["u", 0] == [(None, b"v")]


def test_a_record_with_neither_partition_nor_key_is_refused() -> None:
    """A random partition would make a replay differ from life."""
    with pytest.raises(PublishError):
        asyncio.run(delivered(MemoryKafka(), [("t", None, None, b"v", [])]))


def test_one_failed_batch_fails_the_delivery() -> None:
    """aiokafka commits a transaction some of whose batches failed; so the commit must not begin."""

    async def test() -> None:
        kafka = MemoryKafka()
        producer = MemoryProducer(kafka, "p")
        await producer.start()
        await producer.begin_transaction()
        kafka.fail = ValueError("refused")
        with pytest.raises(ValueError, match="refused"):
            await deliver(producer, [("t", 0, b"k", b"v", [])], 1_000)

    asyncio.run(test())
