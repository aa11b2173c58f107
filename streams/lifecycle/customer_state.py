"""Layer 2: what is remembered of a customer, as it is stored: comings and failures.

In: the items that contacts and tickets told (`comings.Item`), one at a time. Out: each coming with
its entry, ends, answers and reopenings, and until when it matters. Invariant: a coming of which all
was taken back is empty. Cost: some bytes a thing told.

A customer is stored whole, and millions are: so times within a coming are told from its beginning,
and a queue that is that of the entry is nothing. What the figures make of it: `customer.py`.
"""

from bisect import insort
from typing import Final

import msgspec

from streams.contract.words import DAY_MS
from streams.lifecycle.comings import ANSWERED, CAME, ENDED, REOPENED, Item

#: A customer who was here within so long is a returning one.
RETURNING_MS: Final = 30 * DAY_MS
#: Two failures within so long are one too many, which is counted once in so long.
FAILED_MS: Final = 7 * DAY_MS


class End(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """The end of a coming's conversation, so far the last. Times in ms.

    `after`: since the coming began. `known`: how long after the end it was known whose it is.
    `queue`: None where it is that of the entry.
    """

    after: int
    order: int
    known: int
    days: int
    queue: str | None
    topic: str | None


class Coming(msgspec.Struct, array_like=True, gc=False):
    """One coming. Times in ms since it began, which may be after them.

    `entry`: its entry, `known`: when that counted; None where it does not. `answers`: with their
    queues, None: that of the entry. `back`: when its ticket was reopened; `left`: when that left
    the figures, -1: it did not. `fixed`: how it counted (the bits of `customer.py`) when one
    before it had to go, -1: none had to.
    """

    channel: int
    contact: str
    start: int
    entry: int | None = None
    known: int | None = None
    days: int = 0
    queue: str = ""
    topic: str | None = None
    ends: list[End] = []
    answers: list[tuple[int, str | None]] = []
    back: list[int] = []
    left: int = -1
    fixed: int = -1

    @property
    def entered_at(self) -> int | None:
        """Its entry, of one that counts, ms."""
        return None if self.entry is None else self.start + self.entry

    @property
    def known_at(self) -> int | None:
        """When it counted, ms."""
        return None if self.known is None else self.start + self.known

    def entry_or_start(self) -> int:
        """Its entry, or, of one that does not count, where its times are told from, ms."""
        return self.start if self.entered_at is None else self.entered_at

    def decided(self) -> End | None:
        """The first end after which no other came in time: `days` later it is final."""
        ends = self.ends
        if len(ends) == 1:
            return ends[0]
        for number, end in enumerate(ends):
            last = number + 1 == len(ends)
            if last or ends[number + 1].after > end.after + end.days * DAY_MS:
                return end
        return None

    def end_by(self, at: int) -> End | None:
        """The last end that was known at `at` (ms)."""
        known = None
        for end in self.ends:
            if self.start + end.after + end.known <= at:
                known = end
        return known

    def until(self, at: int, failures: list[int]) -> int:
        """Until when it is remembered by what was known at `at`; -1: it was not. Times in ms."""
        until = -1
        known_at, entered_at = self.known_at, self.entered_at
        if known_at is not None and entered_at is not None and known_at <= at:
            until = entered_at + RETURNING_MS
        for end in self.ends:
            if self.start + end.after + end.known <= at:
                until = max(until, self.start + end.after + end.days * DAY_MS)
        if until >= 0:
            for failed_at in failures:
                if failed_at <= at:
                    until = max(until, failed_at + FAILED_MS)
        return until

    # -- items -----------------------------------------------------------------------------------

    def take(self, item: Item) -> None:
        """One thing more that was told of it."""
        kind, after = item.kind, item.at - item.start
        if kind == CAME:
            self.entry, self.known = after, item.known - item.start
            self.days, self.topic = item.days, item.topic
            self._rename(item.queue)
        elif kind == ENDED:
            insort(self.ends, self._end(item))
        elif kind == ANSWERED:
            self.answers.append((after, self._in(item.queue)))
        elif kind == REOPENED:
            self.back.append(after)
        else:
            self.left = after

    def take_back(self, item: Item) -> None:
        """Forget that it was told; ValueError where it is forgotten already."""
        kind, after = item.kind, item.at - item.start
        if kind == CAME:
            if (self.entry, self.known) != (after, item.known - item.start):
                raise ValueError("it has another entry, or none")
            self.entry = self.known = None
        elif kind == ENDED:
            self.ends.remove(self._end(item))
        elif kind == ANSWERED:
            self.answers.remove((after, self._in(item.queue)))
        elif kind == REOPENED:
            self.back.remove(after)
        else:
            self.left = -1

    def is_empty(self) -> bool:
        """Whether nothing is left of what was told."""
        some = self.ends or self.answers or self.back
        return self.known is None and self.left < 0 and not some

    def _end(self, item: Item) -> End:
        known = item.known - item.at
        queue = self._in(item.queue)
        return End(item.at - item.start, item.order, known, item.days, queue, item.topic)

    def _in(self, queue: str) -> str | None:
        return None if queue == self.queue else queue

    def _rename(self, queue: str) -> None:
        """The queue of the entry is another from now on, those of the rest stay."""
        before, self.queue = self.queue, queue
        if before != queue and (self.ends or self.answers):

            def named(one: str | None) -> str | None:
                return self._in(before if one is None else one)

            self.ends = [msgspec.structs.replace(one, queue=named(one.queue)) for one in self.ends]
            self.answers = [(after, named(one)) for after, one in self.answers]


class Failure(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """The customer was failed. Of one instant (ms), the order is that of the fields."""

    at: int
    channel: str
    contact: str
    order: int
    queue: str
