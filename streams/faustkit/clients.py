"""What connects a unit to Kafka: its transactional producer and the reading of its changelog.

In: the options and the unit's place. Out: clients. Tests hand in links that live in memory.
"""

from collections.abc import Callable
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, codec

from streams.faustkit import changelog
from streams.faustkit.options import MAX_BATCH_BYTES, Options

IDLE_CONNECTION_MS = 24 * 3600 * 1000
LZ4_LEVEL = 1

# aiokafka compresses at level 9 and has no setting for it: level 1 takes a sixth of a busy worker's
# CPU less, for a fifth more bytes. Only how it is written changes: any client reads both.
codec.lz4_encode.__defaults__ = (LZ4_LEVEL,)


class Clients(Protocol):
    """Where a unit gets its two connections from."""

    def producer(self, options: Options, stage: str, partition: int) -> Any:
        """A producer, not started; starting it fences every earlier one of the same place."""

    async def read(
        self, options: Options, topic: str, partition: int, progress: Callable[[int], None]
    ) -> tuple[dict[bytes, bytes], int]:
        """See `changelog.read`."""


class KafkaClients:
    """The real ones."""

    def producer(self, options: Options, stage: str, partition: int) -> Any:
        """An aiokafka producer whose transactional.id is app, stage and partition."""
        name = f"{options.app_id}-{stage}-{partition}"
        return AIOKafkaProducer(
            **options.client,
            client_id=name,
            transactional_id=name,
            transaction_timeout_ms=int(options.transaction_timeout_seconds * 1000),
            max_batch_size=MAX_BATCH_BYTES,
            compression_type="lz4" if codec.has_lz4() else None,
            request_timeout_ms=int(options.commit_timeout_seconds * 1000),
            retry_backoff_ms=50,
            connections_max_idle_ms=IDLE_CONNECTION_MS,
        )

    async def read(
        self, options: Options, topic: str, partition: int, progress: Callable[[int], None]
    ) -> tuple[dict[bytes, bytes], int]:
        """See `changelog.read`."""
        return await changelog.read(options, topic, partition, progress)
