"""Reads the three topics in a thread and puts every committed record into the store.

In: Kafka, `read_committed`, compacted topics from the start, no group (each board reads all).
Out: `Store.put_*` and `Store.set_feed`. Invariant: the feed never ends by itself; whatever
happens to Kafka becomes a state with a time, and reading goes on where it was or from the start.
Intervals are read from two days back: older ones are not shown. The days of weeks ago that today is
compared with are read between two polls, once the live reading has come to the end (`past_feed`).
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.board.past_feed import PastFeed
from streams.board.store import Store
from streams.wall_clock import now_ms

logger = logging.getLogger(__name__)

POLL_MS = 200
BUSY_POLL_MS = 5  # while earlier days are read
PROBE_MS = 3_000  # how often Kafka is asked for the topics' ends, and how long it may take
RETRY_SECONDS = 2.0
INTERVALS_BACK_MS = 2 * 86_400_000
CONSUMER: dict[str, Any] = {
    "group_id": None,
    "isolation_level": "read_committed",
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "client_id": "contact-board",
    "fetch_max_wait_ms": POLL_MS,
    "max_poll_records": 2_000,
    "reconnect_backoff_max_ms": 2_000,
    "metrics_enabled": False,
}
Put = Callable[[bytes, bytes | None], bool]


class KafkaFeed(threading.Thread):
    """`options` are kafka-python's connection options; the names are the real topics.

    `explain` puts what Kafka's client raised into words for whoever reads the log.
    """

    def __init__(
        self,
        store: Store,
        options: Mapping[str, Any],
        kpis: str,
        history: str,
        intervals: str,
        explain: Callable[[BaseException], object] = repr,
    ) -> None:
        super().__init__(name="board-feed", daemon=True)
        self._store = store
        self._options = dict(options)
        self._explain = explain
        self._kpis = kpis
        self._intervals = intervals
        self._puts: dict[str, Put] = {
            kpis: store.put_kpi,
            history: store.put_history,
            intervals: store.put_interval,
        }
        self._past = PastFeed(store, self._options | CONSUMER, intervals)
        self._ending = threading.Event()
        self._heard_ms = now_ms()

    def stop(self, patience_seconds: float = 2.0) -> None:
        """Ask the thread to end and wait for it as long as that; it has nothing to write."""
        self._ending.set()
        self.join(patience_seconds)

    def run(self) -> None:
        """Read until told to end; a lost broker or a bug starts the reading again after a pause."""
        while not self._ending.is_set():
            try:
                self._read()
            except KafkaError as error:
                self._lost(error)
            except Exception as error:  # a bug must not leave a wall that looks alive
                logger.exception("the feed failed and starts again")
                self._lost(error)
            self._ending.wait(RETRY_SECONDS)

    def _lost(self, problem: Exception) -> None:
        if self._store.feed().state != "lost":
            logger.warning("no figures from Kafka: %s", self._explain(problem))
        # Browsers are told no more than the kind of it.
        self._store.set_feed("lost", type(problem).__name__, since_ms=self._heard_ms)

    def _read(self) -> None:
        consumer = KafkaConsumer(**(self._options | CONSUMER))
        try:
            self._heard_ms = now_ms()
            partitions = self._assign(consumer)
            if partitions:
                self._follow(consumer, partitions)
        finally:
            self._past.close()
            consumer.close(autocommit=False, timeout_ms=2_000)

    def _assign(self, consumer: KafkaConsumer) -> list[TopicPartition]:
        found = []
        for topic in self._puts:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers and topic == self._kpis:
                self._store.set_feed("missing", topic)
                return []
            found += [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(found)
        consumer.seek_to_beginning(*found)
        back_ms = now_ms() - INTERVALS_BACK_MS
        wanted = {part: back_ms for part in found if part.topic == self._intervals}
        for part, offset in consumer.offsets_for_times(wanted, timeout_ms=PROBE_MS).items():
            if offset is None:
                consumer.seek_to_end(part)
            else:
                consumer.seek(part, offset.offset)
        self._store.set_feed("loading")
        return found

    def _follow(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        next_probe_ms = 0
        more = False
        while not self._ending.is_set():
            batches = consumer.poll(timeout_ms=BUSY_POLL_MS if more else POLL_MS)
            for part, records in batches.items():
                put = self._puts[part.topic]
                for record in records:
                    put(record.key or b"", record.value)
            polled_ms = now_ms()
            if batches:
                self._heard_ms = polled_ms
            more = not batches and self._store.feed().state == "live" and self._past.step()
            if polled_ms < next_probe_ms:
                continue
            next_probe_ms = polled_ms + PROBE_MS
            try:
                ends = consumer.end_offsets(partitions, timeout_ms=PROBE_MS)
            except KafkaError as error:
                self._lost(error)
                next_probe_ms = 0
                continue
            self._heard_ms = now_ms()
            # the position passes a transaction's marker too, so that the end is reached exactly
            if all((consumer.position(part) or 0) >= end for part, end in ends.items()):
                self._store.set_feed("live")
            elif self._store.feed().state != "live":
                self._store.set_feed("loading")
                next_probe_ms = polled_ms + POLL_MS
