"""Reads what is in topics, for tests of those who write to them."""

from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.kafka.connect import kafka_python_options
from streams.settings import Settings


def read_topic(settings: Settings, topic: str) -> list[list[Any]]:
    """Every committed record of the topic there is now: a list a partition, in order."""
    consumer = KafkaConsumer(
        **kafka_python_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    try:
        places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))]
        ends = consumer.end_offsets(places)
        found: list[list[Any]] = [[] for _ in places]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(timeout_ms=200).items():
                found[place.partition].extend(records)
        return found
    finally:
        consumer.close()
