"""Dead letters into the inputs again, each once: sent and noted as sent in one transaction.

In: what is to be sent, edited or not, each with its letter's place. Out: the records in the inputs,
and in the dead-letter topic a note of the letters (`deadletter_log`).
Invariant: a letter is noted if and only if its record is committed. What is killed or interrupted
leaves whole transactions, and the next call goes on behind them; a second call at the same time
ends the first one. Cost: some 20 µs a letter.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from streams.contract.events import Event
from streams.errors import PublishError
from streams.faustkit.transaction_writer import Write, deliver
from streams.kafka.connect import aiokafka_options
from streams.kafka.deadletter_log import Place, note
from streams.kafka.patience import Patience, end_within
from streams.kafka.topics import message_limits
from streams.settings import Settings
from streams.wall_clock import now_ms
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import misplaced

CHUNK_LETTERS = 2_000
CHUNK_BYTES = 4 * 1024 * 1024
BATCH_BYTES = 256 * 1024
REQUEST_MS = 10_000
STOP_SECONDS = 2.0
#: What Kafka's format adds to one record that is alone in its batch, at most.
FRAME_BYTES = 100


@dataclass(frozen=True, slots=True)
class Sending:
    """One record for the input `topic` (its real name), made of the dead letter at `place`."""

    place: Place
    topic: str
    key: bytes | None
    value: bytes | None
    #: Where it goes if it has no key: the partition it came from.
    partition: int | None = None

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


def fault_of(topic: str, key: bytes | None, value: bytes | None) -> Rejected | None:
    """Why a worker would reject the record in the input `topic` (the contract's name) whatever
    the time is; None = it would not."""
    event: Event | Rejected = decode(value)
    return event if isinstance(event, Rejected) else misplaced(event, topic, key)


async def redrive(
    settings: Settings,
    letters: Iterable[Sending],
    sent: Callable[[int], object],
    too_large: Callable[[Sending, int], object],
) -> None:
    """Every letter is in its topic and noted, but those larger than the topic takes.

    `sent` hears how many more are; `too_large` of a letter that is left, and the topic's limit in
    bytes. Raises BrokerError, PublishError and aiokafka's errors; what `sent` has heard of stays.
    """
    limits = message_limits(settings, settings.topics.inputs)
    name = f"{settings.app_id}-redrive"
    producer: Any = AIOKafkaProducer(
        **aiokafka_options(settings),
        client_id=name,
        transactional_id=name,
        transaction_timeout_ms=settings.transaction_timeout_seconds * 1_000,
        # A batch has to fit into every topic; a record that does not fit into one has its own.
        max_batch_size=min(BATCH_BYTES, *limits.values()),
        request_timeout_ms=REQUEST_MS,
    )
    patience = Patience(settings.bootstrap)
    open_ = False
    try:
        await patience.answer(producer.start())
        partitions = {topic: len(await producer.partitions_for(topic)) for topic in limits}
        for chunk in _chunks(letters, limits, too_large):
            open_ = True
            await patience.answer(producer.begin_transaction())
            writes = _writes(settings, chunk, partitions)
            await patience.answer(deliver(producer, writes, now_ms()))
            await patience.answer(producer.commit_transaction())
            open_ = False
            sent(len(chunk))
    except ProducerFenced as problem:
        raise PublishError(
            "another redrive has begun and goes on in place of this one; nothing is sent twice"
        ) from problem
    finally:
        if open_:  # else whoever reads the inputs waits for it until it has timed out
            await end_within(STOP_SECONDS, producer.abort_transaction())
        await end_within(STOP_SECONDS, producer.stop())


def _chunks(
    letters: Iterable[Sending], limits: dict[str, int], too_large: Callable[[Sending, int], object]
) -> Iterator[list[Sending]]:
    """The letters of one transaction each."""
    chunk: list[Sending] = []
    size = 0
    for letter in letters:
        if letter.size + FRAME_BYTES > limits[letter.topic]:
            too_large(letter, limits[letter.topic])
            continue
        if len(chunk) == CHUNK_LETTERS or (chunk and size + letter.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(letter)
        size += letter.size
    if chunk:
        yield chunk


def _writes(
    settings: Settings, chunk: list[Sending], partitions: dict[str, int]
) -> Iterator[Write]:
    noted: dict[int, list[int]] = defaultdict(list)
    for letter in chunk:
        wanted = None
        if letter.key is None:
            wanted = (letter.partition or 0) % partitions[letter.topic]
        yield letter.topic, wanted, letter.key, letter.value, []
        noted[letter.place[0]].append(letter.place[1])
    for partition, offsets in noted.items():
        value, headers = note(offsets)
        yield settings.topics.deadletters, partition, None, value, headers
