"""A compacted topic as a downstream consumer reads it: committed records only, from the start.

In: the settings and a topic's real name. Out: batches of (key, value); a value of None takes the
key away. A later record of a key replaces an earlier one. No group: every reader reads all.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition

from streams.errors import BrokerError
from streams.kafka.connect import kafka_python_options
from streams.settings import Settings

POLL_MS = 200
Pair = tuple[bytes, bytes | None]


def follow(settings: Settings, topic: str) -> Iterator[tuple[list[Pair], bool]]:
    """Yield batches (empty ones too, each `POLL_MS`), and whether what was there is now all read.

    Raise BrokerError where the topic is missing.
    """
    consumer = KafkaConsumer(
        **kafka_python_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
    )
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise BrokerError(f"Kafka has no topic {topic}; create them: streams topics create")
        partitions_ = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions_)
        consumer.seek_to_beginning(*partitions_)
        ends = consumer.end_offsets(partitions_)
        complete = False
        while True:
            polled = consumer.poll(timeout_ms=POLL_MS)
            pairs = [(r.key or b"", r.value) for records in polled.values() for r in records]
            complete = complete or all(
                consumer.position(partition_) >= ends[partition_] for partition_ in partitions_
            )
            yield pairs, complete
    finally:
        consumer.close()


def newest(settings: Settings, topic: str) -> list[dict[str, Any]]:
    """The newest record of each key there is now, sorted by key."""
    found: dict[bytes, bytes | None] = {}
    for pairs, complete in follow(settings, topic):
        found.update(pairs)
        if complete:
            break
    pairs_by_key = sorted((orjson.loads(key), value) for key, value in found.items() if value)
    return [orjson.loads(value) for _, value in pairs_by_key if value]


def matches(record: dict[str, Any], chosen: dict[str, str | None]) -> bool:
    """Whether the record has each chosen value; None chooses all."""
    return all(value is None or record[name] == value for name, value in chosen.items())
