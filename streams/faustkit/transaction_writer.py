"""One transaction's writes, handed to the producer as whole record batches and waited for.

In: the writes of a `Turn` and the positions. Out: every one acknowledged by all in-sync replicas,
inside the producer's open transaction. Invariant: returns only when all are delivered; aiokafka's
commit alone would commit a transaction some of whose batches failed.
Cost: about 3 us a record, against 25-60 us through `producer.send`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from aiokafka.partitioner import murmur2

from streams.errors import PublishError
from streams.faustkit.stage import Header

YIELD_EVERY = 1_000

Write = tuple[str, int | None, bytes | None, bytes | None, list[Header]]


@lru_cache(maxsize=65_536)
def partition_by_key(key: bytes, partitions: int) -> int:
    """The partition every default Kafka client gives this key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


async def _partition(producer: Any, topic: str, key: bytes | None) -> int:
    if key is None:
        raise PublishError(f"a record for {topic} has neither a partition nor a key")
    return partition_by_key(key, len(await producer.partitions_for(topic)))


async def deliver(producer: Any, writes: Iterable[Write], timestamp_ms: int) -> int:
    """Write everything into the open transaction and wait for the broker; returns the number.

    Raises what the broker answered (ProducerFenced among it) or PublishError.
    """
    groups: dict[tuple[str, int], list[Any]] = defaultdict(list)
    count = 0
    for topic, wanted, key, value, headers in writes:
        partition = await _partition(producer, topic, key) if wanted is None else wanted
        batches = groups[topic, partition]
        if not batches:
            batches.append(producer.create_batch())
        while True:
            added = batches[-1].append(
                timestamp=timestamp_ms, key=key, value=value, headers=headers
            )
            if added is not None:
                break
            # Full, and closed by that. The first record of a batch is never refused.
            batches.append(producer.create_batch())
        count += 1
        if count % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*(_send(producer, *tp, batches) for tp, batches in groups.items()))
    return count


async def _send(producer: Any, topic: str, partition: int, batches: list[Any]) -> None:
    deliveries = []
    for batch in batches:
        batch.close()
        # Waits until the batch before it is on its way: their order is that of the writes.
        deliveries.append(await producer.send_batch(batch, topic, partition=partition))
    for delivery in deliveries:
        await delivery
