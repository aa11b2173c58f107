"""The dead-letter topic as a reader sees it: rejected records, and notes of those sent again.

In: settings. Out: `DeadLetter` values, partition by partition, committed ones only.
Invariant: a note stands in the partition of the letters it names, behind them, committed together
with what was sent (`streams.kafka.redrive`). So a letter with a note has been sent, one without
has not, and Kafka's retention takes no note before its letters.
Cost: the whole topic is read each time, some 10 µs a record.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from kafka import KafkaConsumer, TopicPartition

from streams.errors import BrokerError
from streams.kafka.connect import kafka_python_options
from streams.kafka.patience import Patience
from streams.settings import Settings

#: The header of a note; its value is a JSON list of the letters' offsets.
SENT_AGAIN = "sent_again"
#: Partition and offset in the dead-letter topic: which letter it is.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One rejected record: its place in the dead-letter topic, why, and what it was."""

    partition: int
    offset: int
    headers: Mapping[str, str]
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> Place:
        """Where it stands in the dead-letter topic."""
        return self.partition, self.offset

    @property
    def origin(self) -> dict[str, str | int | None]:
        """Topic, partition and offset it came from; None for what the record does not say."""
        numbers = {name: _number(self.headers.get(name)) for name in ("partition", "offset")}
        return {"topic": self.headers.get("topic"), **numbers}

    @property
    def reason(self) -> str:
        """Why it was refused, as its header says; empty when it has none."""
        return self.headers.get("reason", "")

    @property
    def topic(self) -> str:
        """The real name of the topic it came from; empty when the record does not say."""
        return self.headers.get("topic", "")

    @property
    def seen_ms(self) -> int:
        """When it was rejected; 0 when the record does not say."""
        return _number(self.headers.get("seen_at")) or 0


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and text.isascii() else None


class DeadLetterLog:
    """`with DeadLetterLog(settings) as log: for letter in log: ...`; iterating twice is fine.

    What comes in after the block was entered is not seen. Raises BrokerError without the topic.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = settings.topics.deadletters
        self._consumer: Any = KafkaConsumer(
            **kafka_python_options(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            # The client does the sums in Python, 0.2 s a megabyte; the broker has done them before.
            check_crcs=False,
            max_poll_records=5_000,
        )
        self._ends: dict[int, int] = {}
        self.sent: set[Place] = set()
        """The letters that have been sent again."""

    def __enter__(self) -> Self:
        try:
            numbers = self._consumer.partitions_for_topic(self._topic)
            if not numbers:
                raise BrokerError(
                    f"Kafka at {self._settings.bootstrap} has no topic {self._topic};"
                    " create them: streams topics create"
                )
            places = [TopicPartition(self._topic, number) for number in sorted(numbers)]
            ends = self._consumer.end_offsets(places)
            self._ends = {place.partition: ends[place] for place in places}
            for record in self._records():
                if (offsets := _note(record)) is not None:
                    self.sent.update((record.partition, offset) for offset in offsets)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close(autocommit=False, timeout_ms=1_000)

    def __iter__(self) -> Iterator[DeadLetter]:
        """All dead letters there were, oldest first within each partition."""
        for record in self._records():
            if _note(record) is None:
                yield _letter(record)

    def _records(self) -> Iterator[Any]:
        consumer = self._consumer
        places = {TopicPartition(self._topic, number): end for number, end in self._ends.items()}
        begins = consumer.beginning_offsets(list(places))
        for place, end in places.items():
            if begins[place] >= end:
                continue
            consumer.assign([place])
            consumer.seek(place, begins[place])
            # By position, not by count: transactions leave offsets without records.
            patience = Patience(self._settings.bootstrap)
            while consumer.position(place) < end:
                if polled := consumer.poll(timeout_ms=500):
                    patience.heard()
                else:
                    patience.silent()
                for records in polled.values():
                    for record in records:
                        if record.offset < end:
                            yield record


def note(offsets: list[int]) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of the record that says: these letters of its partition have been sent."""
    return orjson.dumps(offsets), [(SENT_AGAIN, b"1")]


def _note(record: Any) -> list[int] | None:
    if not any(name == SENT_AGAIN for name, _ in record.headers):
        return None
    return list(map(int, orjson.loads(record.value)))


def _letter(record: Any) -> DeadLetter:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    return DeadLetter(record.partition, record.offset, headers, record.key, record.value)
