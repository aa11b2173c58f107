"""A compacted topic as a downstream consumer reads it: committed records only, from the start.

In: the settings and a topic's real name. Out: batches of (key, value); a value of None takes the
key away. A later record of a key replaces an earlier one. No group: every reader reads all.
"""

import time
from collections.abc import Collection, Iterator
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.errors import BrokerError, StreamsError
from streams.kafka.connect import kafka_python_options
from streams.kafka.patience import PATIENCE_SECONDS, Patience
from streams.settings import Settings

POLL_MS = 200
PROBE_SECONDS = 2.0
#: As many names are told where one was wrong.
NAMED = 20
Pair = tuple[bytes, bytes | None]


def follow(
    settings: Settings, topic: str, patience: Patience | None = None
) -> Iterator[tuple[list[Pair], bool]]:
    """Yield batches (empty ones too, each `POLL_MS`), and whether what was there is now all read.

    A Kafka that goes away is waited for, and said to be. Raise BrokerError where the topic is
    missing, or a `patience` of the caller's is over.
    """
    patience = patience or Patience(settings.bootstrap, None)
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
        probe_at = time.monotonic() + PROBE_SECONDS
        while True:
            polled = consumer.poll(timeout_ms=POLL_MS)
            if polled:
                patience.heard()
            elif time.monotonic() >= probe_at:
                # Nothing new and nobody there look alike to a reader: it has to ask.
                try:
                    consumer.end_offsets(partitions_, timeout_ms=1_000 * PROBE_SECONDS)
                except KafkaError:
                    patience.silent()
                else:
                    patience.heard()
                probe_at = time.monotonic() + PROBE_SECONDS
            pairs = [(r.key or b"", r.value) for records in polled.values() for r in records]
            complete = complete or all(
                consumer.position(partition_) >= ends[partition_] for partition_ in partitions_
            )
            yield pairs, complete
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def newest(settings: Settings, topic: str) -> list[dict[str, Any]]:
    """The newest record of each key there is now, sorted by key."""
    found: dict[bytes, bytes | None] = {}
    patience = Patience(settings.bootstrap, PATIENCE_SECONDS)
    for pairs, complete in follow(settings, topic, patience):
        found.update(pairs)
        if complete:
            break
    pairs_by_key = sorted((orjson.loads(key), value) for key, value in found.items() if value)
    return [orjson.loads(value) for _, value in pairs_by_key if value]


def matches(record: dict[str, Any], chosen: dict[str, str | None]) -> bool:
    """Whether the record has each chosen value; None chooses all."""
    return all(value is None or record[name] == value for name, value in chosen.items())


def named(names: Collection[str]) -> str:
    """The first of the names, sorted, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(sorted(names)[:NAMED])}{more}"


def chosen_from(
    records: list[dict[str, Any]], chosen: dict[str, str | None]
) -> list[dict[str, Any]]:
    """The records that have each chosen value. Raises StreamsError where there are records and one
    of the values is in none of them, or not together: with those that are."""
    found = [record for record in records if matches(record, chosen)]
    if found or not records:
        return found
    asked = {name: value for name, value in chosen.items() if value is not None}
    for name, value in asked.items():
        there = {record[name] for record in records}
        if value not in there:
            raise StreamsError(f"no {name} {value!r}; there is: {named(there)}")
    words = " and ".join(f"{name} {value!r}" for name, value in asked.items())
    raise StreamsError(f"nothing has {words} together")
