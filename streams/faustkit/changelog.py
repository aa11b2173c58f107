"""Reading one changelog partition to its end: how a unit gets its state.

In: the partition of a compacted topic, whose only writer has been fenced just before.
Out: the newest value of each key; tombstoned keys are gone. Read `read_committed`.
Invariant: complete, or StateError; what an aborted transaction wrote is never seen.
Cost: about 10 us a record, yielding to the event loop between fetches.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.errors import StateError
from streams.faustkit.options import Options

FETCH_RECORDS = 2_000


async def read(
    options: Options, topic: str, partition: int, progress: Callable[[int], None]
) -> tuple[dict[bytes, bytes], int]:
    """The newest value of each key, and how many records were read.

    `progress` gets the number of offsets that remain. Raises StateError when the partition does not
    exist, and KafkaError when the broker does not answer.
    """
    consumer = AIOKafkaConsumer(
        **options.client,
        client_id=f"{options.app_id}-load",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=8 << 20,
        fetch_max_wait_ms=100,
        metadata_max_age_ms=60_000,
    )
    await consumer.start()
    try:
        return await _read(consumer, TopicPartition(topic, partition), progress)
    finally:
        await consumer.stop()


async def _read(
    consumer: Any, tp: TopicPartition, progress: Callable[[int], None]
) -> tuple[dict[bytes, bytes], int]:
    partitions = await consumer._client._wait_on_metadata(tp.topic)
    if tp.partition not in partitions:
        raise StateError(f"{tp.topic} has no partition {tp.partition}; it has {len(partitions)}")
    consumer.assign([tp])
    position = (await consumer.beginning_offsets([tp]))[tp]
    consumer.seek(tp, position)
    stable = (await consumer.end_offsets([tp]))[tp]
    newest: dict[bytes, bytes] = {}
    count = 0
    # After the fencing nobody has a transaction open here, so the last stable offset is the end.
    # The high watermark, known after the first fetch, is looked at as well: a last stable offset
    # that lags behind it for a moment must not hide committed state.
    while position < max(stable, consumer.highwater(tp) or 0):
        progress(stable - position)
        fetched = await consumer.getmany(tp, timeout_ms=200, max_records=FETCH_RECORDS)
        for record in fetched.get(tp, ()):
            if record.key is None:
                raise StateError(f"{tp.topic} has a record without a key at {record.offset}")
            if record.value is None:
                newest.pop(record.key, None)
            else:
                newest[record.key] = record.value
            count += 1
        position = await consumer.position(tp)
        await asyncio.sleep(0)
    progress(0)
    return newest, count
