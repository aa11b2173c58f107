"""What waits for a unit, and how much of it the next turn takes.

In: Faust events with a `Batch` each, as the fetches bring them. Out: the pieces of one turn, each
topic's in the order of offsets. Records of a topic that is held back wait until every other topic
has been taken up to their record time: after an outage the broker hands over hours of a small topic
before minutes of a large one, and each record of the large one would find later ones applied
already and have the work done anew. No result depends on it: a stage's do not depend on the order
between topics.

Record times (Kafka's, ms) are a producer's clock or the broker's, so they only say what is cheap.
Invariant: nothing is held back once all that the broker has of the other topics is taken. Cost: one
comparison a waiting batch.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Protocol

from streams.faustkit.stage import Batch, Record

#: Every record is older.
_ALL: Final = 1 << 63


class Event(Protocol):
    """The part of a Faust event that a unit uses."""

    value: Batch

    def ack(self) -> bool:
        """Count the batch as done."""


@dataclass(slots=True, eq=False)
class Piece:
    """Records of one turn. `event`: acknowledged with them; None: more of its batch waits."""

    batch: Batch
    event: Event | None


class Inbox:
    """The batches that wait for one unit; see the module.

    `unread` is in each of its methods the topics of which the broker has, or may have, more than
    what has come.
    """

    def __init__(self, inputs: Collection[str], held_back: Collection[str]) -> None:
        self.records = 0
        """How many wait and are not held back; an empty batch counts as one."""
        self.next = dict.fromkeys(inputs, 0)
        """The offset after what has come of each topic."""
        self._waiting: deque[Event] = deque()
        self._held: dict[str, deque[Piece]] = {topic: deque() for topic in held_back}
        # The newest record time that was taken of each other topic, ms.
        self._taken = {topic: -1 for topic in inputs if topic not in held_back}

    def put(self, event: Event) -> None:
        """Let one batch wait."""
        batch = event.value
        self.next[batch.topic] = batch.next
        if batch.topic in self._held:
            self._held[batch.topic].append(Piece(batch, event))
        else:
            self._waiting.append(event)
            self.records += _size(batch)

    def clear(self) -> None:
        """Drop everything, unacknowledged."""
        self._waiting.clear()
        self.records = 0
        for held in self._held.values():
            held.clear()

    def held(self, topic: str) -> int:
        """How many records of a topic that is held back wait."""
        return sum(_size(piece.batch) for piece in self._held.get(topic, ()))

    def is_ready(self, unread: Collection[str]) -> bool:
        """Whether there is anything to take."""
        if self._waiting:
            return True
        before = self._all_taken_before(unread)
        return any(held and _has_older(held[0].batch, before) for held in self._held.values())

    def take(self, limit: int, unread: Collection[str]) -> list[Piece]:
        """About `limit` records, and of those that were held back as many again."""
        pieces: list[Piece] = []
        records = 0
        while self._waiting and records < limit:
            event = self._waiting.popleft()
            batch = event.value
            if batch.records:
                newest = batch.records[-1].timestamp
                self._taken[batch.topic] = max(self._taken[batch.topic], newest)
            records += _size(batch)
            pieces.append(Piece(batch, event))
        self.records -= records
        # Beside the others, not after them: else they would wait for the end of the backlog.
        before, records = self._all_taken_before(unread), 0
        for held in self._held.values():
            while held and records < limit and _has_older(held[0].batch, before):
                piece = _cut(held, before)
                records += _size(piece.batch)
                pieces.append(piece)
        return pieces

    def _all_taken_before(self, unread: Collection[str]) -> int:
        """The record time before which every topic that is not held back has been taken, ms."""
        coming = {event.value.topic for event in self._waiting}.union(unread)
        return min((at for topic, at in self._taken.items() if topic in coming), default=_ALL)


def _has_older(batch: Batch, before: int) -> bool:
    """Whether the first record is older than `before` (ms), or there is none at all."""
    return not batch.records or batch.records[0].timestamp < before


def _cut(held: deque[Piece], before: int) -> Piece:
    """Take the first batch of a topic, of which the first record is older than `before` (ms).

    As far as that holds for the others.
    """
    batch = held[0].batch
    count = bisect_left(batch.records, before, lo=1, key=_time) if batch.records else 0
    if count == len(batch.records):
        return held.popleft()
    first, rest = batch.records[:count], batch.records[count:]
    held[0].batch = replace(batch, start=rest[0].offset, records=rest)
    return Piece(replace(batch, next=rest[0].offset, records=first), None)


def _size(batch: Batch) -> int:
    return max(1, len(batch.records))


def _time(record: Record) -> int:
    return record.timestamp
