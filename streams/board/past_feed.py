"""Reads the days of weeks ago from the topic of intervals, a little at a time.

In: Kafka, `read_committed`, by a consumer of its own beside the live one, in the same thread.
Out: `Store.put_past`. Invariant: `step` returns within the time of `MOST_RECORDS` records, so that
the live reading is never kept waiting; whatever happens to Kafka here, the live reading goes on.
The topic is compacted and keeps all intervals: `offsets_for_times` finds where the days wanted were
written, and what lies between them is not read.
Cost: at the start, and each midnight, four days and twelve hours of each; about 15 µs a record
beside Kafka's client, at most 2 MB of records at a time.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.board.past import Span
from streams.board.store import Store
from streams.wall_clock import now_ms

logger = logging.getLogger(__name__)

MOST_RECORDS: Final = 200
ASKED_MS: Final = 3_000  # how long Kafka may take to say where a day begins
AGAIN_MS: Final = 60_000  # after Kafka failed
CONSUMER: Final[dict[str, Any]] = {
    "max_poll_records": MOST_RECORDS,
    "fetch_max_bytes": 2 * 1024 * 1024,
    "max_partition_fetch_bytes": 1024 * 1024,
    "fetch_max_wait_ms": 100,
    "client_id": "contact-board-past",
}


class PastFeed:
    """`options` are those of the live consumer; `topic` is that of intervals."""

    def __init__(self, store: Store, options: Mapping[str, Any], topic: str) -> None:
        self._store = store
        self._options = {**options, **CONSUMER}
        self._topic = topic
        self._consumer: KafkaConsumer | None = None
        self._span: Span | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._not_before_ms = 0

    def step(self) -> bool:
        """Read a little; whether there is more to read at once."""
        if now_ms() < self._not_before_ms:
            return False
        try:
            return self._step()
        except KafkaError as error:
            # The name alone: the live reading says what is wrong with Kafka, in words.
            logger.warning("earlier days are read later", extra={"reason": type(error).__name__})
            self._not_before_ms = now_ms() + AGAIN_MS
            self.close()
            return False

    def close(self) -> None:
        """Let the consumer go; what is half read is read anew."""
        consumer, self._consumer, self._span = self._consumer, None, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=1_000)

    def _step(self) -> bool:
        if self._span is None:
            spans = self._store.past.unread(now_ms())
            if not spans:
                self.close()
                return False
            self._begin(spans[0])
            return True
        consumer = self._consumer
        assert consumer is not None
        for records in consumer.poll(timeout_ms=0).values():
            for record in records:
                self._store.put_past(record.key or b"", record.value)
        if all((consumer.position(part) or 0) >= end for part, end in self._ends.items()):
            assert self._span is not None
            self._store.past.was_read(self._span)
            self._span = None
        return True

    def _begin(self, span: Span) -> None:
        if self._consumer is None:
            self._consumer = KafkaConsumer(**self._options)
        consumer = self._consumer
        numbers = consumer.partitions_for_topic(self._topic) or ()
        parts = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        consumer.assign(parts)
        ends = consumer.end_offsets(parts, timeout_ms=ASKED_MS)

        def offsets(at_ms: int) -> dict[TopicPartition, int]:
            if not parts:
                return {}
            asked = dict.fromkeys(parts, at_ms)
            found = consumer.offsets_for_times(asked, timeout_ms=ASKED_MS)
            return {p: ends[p] if one is None else one.offset for p, one in found.items()}

        starts, self._ends = offsets(span.since), offsets(span.before)
        for part, offset in starts.items():
            consumer.seek(part, offset)
        self._span = span
