"""Single records into Kafka as they come: kafka-python's idempotent producer, with our patience.

In: topic, key, value. Out: the records, in order within each partition. Invariant: what `flush` has
returned for is in the log; a refused record raises PublishError, a Kafka that is away BrokerError.
"""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from streams.errors import PublishError
from streams.kafka.connect import kafka_python_options
from streams.kafka.diagnosis import broker_problem
from streams.kafka.patience import PATIENCE_SECONDS, Patience
from streams.settings import Settings

FLUSH_SECONDS = 0.25
CLOSE_SECONDS = 10


class Sender:
    """`with Sender(settings) as sender: sender.send(...)`; leaving it without an error flushes.

    `asked`: whether the command is to end, which it does at once while Kafka is away.
    """

    def __init__(
        self, settings: Settings, linger_ms: int, asked: Callable[[], bool] = lambda: False
    ) -> None:
        self._settings = settings
        self._patience = Patience(settings.bootstrap, asked=asked)
        self._failures: list[BaseException] = []
        self.sent = 0
        self._answered = 0
        self._producer: Any = KafkaProducer(
            **kafka_python_options(settings),
            enable_idempotence=True,
            acks="all",
            linger_ms=linger_ms,
            # We give up first, and say so.
            delivery_timeout_ms=2_000 * PATIENCE_SECONDS,
            max_block_ms=1_000 * PATIENCE_SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.flush()
        except BaseException:
            self._abandon()
            raise
        if kind is None:
            self._producer.close(timeout=CLOSE_SECONDS)
        else:
            self._abandon()

    def _abandon(self) -> None:
        """Nothing more is waited for."""
        with suppress(KafkaTimeoutError):
            self._producer.close(timeout=0)

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> None:
        """The record will be in the log, in its key's partition unless one is given."""
        self.check()
        future = self._producer.send(topic, key=key, value=value, partition=partition)
        self.sent += 1
        future.add_callback(self._delivered)
        future.add_errback(self._refused)

    def partitions(self, topic: str) -> list[int]:
        """The numbers of the topic's partitions."""
        return sorted(self._producer.partitions_for(topic))

    def flush(self) -> None:
        """Everything sent so far is in the log."""
        while True:
            try:
                self._producer.flush(timeout=FLUSH_SECONDS)
            except KafkaTimeoutError:
                self.check()
            else:
                self.check()
                return

    def check(self) -> None:
        """Raises PublishError where a record was refused, BrokerError when Kafka is away."""
        if self._failures:
            problem = self._failures[0]
            raise PublishError(
                f"not everything was published: {broker_problem(problem, self._settings)}"
            ) from problem
        if self._answered < self.sent:
            self._patience.silent()
        else:
            self._patience.heard()

    def _delivered(self, _: object) -> None:
        self._answered += 1
        self._patience.heard()

    def _refused(self, problem: BaseException) -> None:
        self._answered += 1
        self._failures.append(problem)
