"""The dead-letter topic as a reader sees it, and the memory of what has been sent again.

In: settings. Out: `DeadLetter` values, partition by partition, committed ones only.
Invariant: a partition's dead letters below a remembered offset have been sent again, those of the
remembered reason or all; the memory is the offsets of consumer groups of their own, kept by Kafka.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self, get_args

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from streams.errors import BrokerError
from streams.kafka.connect import kafka_python_options
from streams.kafka.patience import Patience
from streams.settings import Settings
from streams.wire.rejected import Reason

REASONS: tuple[str, ...] = get_args(Reason)
ANY = "any"
PATIENCE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One rejected record: its place in the dead-letter topic, why, and what it was."""

    partition: int
    offset: int
    headers: Mapping[str, str]
    key: bytes | None
    value: bytes | None

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
        text = self.headers.get("seen_at", "")
        return int(text) if text.isdecimal() else 0


class DeadLetterLog:
    """`with DeadLetterLog(settings) as log: for letter in log: ...`; iterating twice is fine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = settings.topics.deadletters
        self._consumer: Any = KafkaConsumer(
            **kafka_python_options(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        self.ends: dict[int, int] = {}
        """Partition → the offset after the last record of the newest iteration."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close(autocommit=False, timeout_ms=1_000)

    def __iter__(self) -> Iterator[DeadLetter]:
        """All dead letters there are now, oldest first within each partition."""
        return self.since({})

    def since(self, starts: Mapping[int, int]) -> Iterator[DeadLetter]:
        """The dead letters from the given offsets (partition → offset; 0 where none is given)."""
        consumer = self._consumer
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            raise BrokerError(
                f"Kafka at {self._settings.bootstrap} has no topic {self._topic};"
                " create them: streams topics create"
            )
        partitions_ = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        ends = consumer.end_offsets(partitions_)
        begins = consumer.beginning_offsets(partitions_)
        self.ends = {partition_.partition: ends[partition_] for partition_ in partitions_}
        for partition_ in partitions_:
            start = max(begins[partition_], starts.get(partition_.partition, 0))
            if start >= ends[partition_]:
                continue
            consumer.assign([partition_])
            consumer.seek(partition_, start)
            # By position, not by count: transactions leave offsets without records.
            patience = Patience(self._settings.bootstrap)
            while consumer.position(partition_) < ends[partition_]:
                if polled := consumer.poll(timeout_ms=500):
                    patience.heard()
                else:
                    patience.silent()
                for records in polled.values():
                    for record in records:
                        if record.offset < ends[partition_]:
                            yield _letter(record)


def _letter(record: Any) -> DeadLetter:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    return DeadLetter(record.partition, record.offset, headers, record.key, record.value)


class RedriveMemory:
    """Which dead letters have been sent again: for each reason, and for `any`, an offset a
    partition."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._offsets: dict[str, dict[int, int]] = {}
        admin: Any = KafkaAdminClient(**kafka_python_options(settings))
        try:
            for kind in (ANY, *REASONS):
                group = self._group(kind)
                known = _retrying(partial(admin.list_group_offsets, group)).get(group, {})
                self._offsets[kind] = {
                    partition_.partition: told.offset
                    for partition_, told in known.items()
                    if partition_.topic == settings.topics.deadletters and told.offset >= 0
                }
        finally:
            admin.close()

    def _group(self, kind: str) -> str:
        return f"{self._settings.app_id}-redrive-{kind}"

    def starts(self, reason: str | None) -> dict[int, int]:
        """Where to begin reading for this reason (None = any): nothing before it is left to do."""
        starts = dict(self._offsets[ANY])
        for partition, offset in self._offsets.get(reason or ANY, {}).items():
            starts[partition] = max(offset, starts.get(partition, 0))
        return starts

    def knows(self, letter: DeadLetter) -> bool:
        """Whether the dead letter has been sent again."""
        return any(
            letter.offset < self._offsets.get(kind, {}).get(letter.partition, 0)
            for kind in (ANY, letter.reason)
        )

    def keep(self, reason: str | None, ends: Mapping[int, int]) -> None:
        """All dead letters of the reason (None = any) before these offsets are known as sent."""
        admin: Any = KafkaAdminClient(**kafka_python_options(self._settings))
        topic = self._settings.topics.deadletters
        try:
            offsets = {
                TopicPartition(topic, partition): OffsetAndMetadata(end, "", -1)
                for partition, end in ends.items()
            }
            _retrying(partial(admin.alter_group_offsets, self._group(reason or ANY), offsets))
        finally:
            admin.close()


def _retrying(ask: Callable[[], Any]) -> Any:
    """The answer; a cluster that has never had a group first has to make a place for them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except KafkaError as problem:
            if not problem.retriable or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
