"""Layer 2: what one customer's contacts and tickets make of the customers' figures.

In: the items that they told (`comings.Item`), in whatever order. Out: bookings, a pure function of
the set of items: what an item adds is the difference of that function with and without it. Each is
dated at the instant that decides it and depends on what was known by then, so an item changes none
that is dated before itself. Cost: a microsecond or two for each coming that is remembered
(`customer_state.py`).
"""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from streams.contract.words import CHANNELS, DAY_MS, HOUR_MS
from streams.lifecycle import counters as c
from streams.lifecycle.comings import ANSWERED, CONTAINED, ENDED, FAILED, Item
from streams.lifecycle.customer_state import FAILED_MS, RETURNING_MS, Coming, Failure
from streams.lifecycle.rules import NEVER

#: A customer whom a bot contained and who reaches a person within so long was not.
CONTAINED_MS: Final = 24 * HOUR_MS
#: How many of one customer are remembered: comings; of each, and of failures, so many.
MOST_COMINGS: Final = 64

#: (ms, channel, queue, counter, topic)
Booking = tuple[int, str, str, int, str | None]

_REPEAT: Final = 1
_RETURN: Final = 2
_PLACES: Final = {name: place for place, name in enumerate(CHANNELS)}


class Customer(msgspec.Struct, array_like=True, gc=False):
    """All that is remembered of one customer. Times in ms.

    `bots`: when a bot contained him. `counted_at`: when a second failure was counted last, of those
    that are final; -1: none.
    """

    comings: list[Coming] = []
    failures: list[Failure] = []
    bots: list[int] = []
    counted_at: int = -1

    # -- items -----------------------------------------------------------------------------------

    def take(self, item: Item) -> None:
        """One thing more that was told."""
        kind = item.kind
        if kind == FAILED:
            insort(self.failures, _failure(item))
        elif kind == CONTAINED:
            insort(self.bots, item.at)
        else:
            coming = self._of(item)
            if coming is None:
                coming = Coming(_PLACES[item.channel], item.contact, item.start)
                self.comings.append(coming)
            coming.take(item)

    def take_back(self, item: Item) -> bool:
        """Forget that it was told; False where it is forgotten already."""
        kind, coming = item.kind, self._of(item)
        try:
            if kind == FAILED:
                self.failures.remove(_failure(item))
            elif kind == CONTAINED:
                self.bots.remove(item.at)
            elif coming is None:
                return False
            else:
                coming.take_back(item)
        except ValueError:
            return False
        if coming is not None and coming.is_empty():
            self.comings.remove(coming)
        return True

    def _of(self, item: Item) -> Coming | None:
        start, contact = item.start, item.contact
        for coming in self.comings:
            known = coming.start == start and coming.contact == contact
            if known and CHANNELS[coming.channel] == item.channel:
                return coming
        return None

    # -- what is booked --------------------------------------------------------------------------

    def bookings(self, since: int, now: int) -> list[Booking]:
        """What is dated `since` or later; of deadlines, what is before `now` (ms)."""
        booked: list[Booking] = []
        for coming in self.comings:
            # Seldom so: looked at without asking twice, for each of 64 at each item.
            if coming.known is not None and coming.start + coming.known >= since:
                self._book_entry(coming, booked)
            if coming.ends:
                self._decide(coming, since, now, booked)
        if self.failures:
            for failure in self._failed_again():
                if failure.at >= since:
                    place = failure.at, failure.channel, failure.queue
                    booked.append((*place, c.FAILED_AGAIN, None))
        if self.bots:
            booked += (one for one in self._returned() if one[0] >= since)
        return booked

    def is_unmoved_by(self, item: Item, now: int) -> bool:
        """Whether one thing more changes no booking at `now` (ms), as far as is seen at a glance.

        So it is with most that is told: an answer matters after a bot alone, the end of the only
        coming when it is final.
        """
        if item.kind == ANSWERED:
            return not self.bots
        if item.kind != ENDED or len(self.comings) != 1 or self.comings[0].ends:
            return False
        return self._of(item) is not None and item.at + item.days * DAY_MS >= now

    def _book_entry(self, coming: Coming, booked: list[Booking]) -> None:
        """Who came, came again, returned: when his customer was known."""
        known_at, entered_at, fixed = coming.known_at, coming.entered_at, coming.fixed
        if known_at is None or entered_at is None:
            return
        counted = fixed if fixed >= 0 else self._counts_as(coming, entered_at, known_at)
        place = known_at, CHANNELS[coming.channel], coming.queue
        booked.append((*place, c.CONTACTS_WITH_REF, None))
        if counted & _REPEAT:
            booked.append((*place, c.REPEAT_CONTACTS, None))
        if counted & _RETURN:
            booked.append((*place, c.RETURNING_CONTACTS, None))

    def _counts_as(self, coming: Coming, entered_at: int, at: int) -> int:
        """Whether the customer was handled, or here, not long before: `_REPEAT`, `_RETURN`.

        Of a coming that counted `at` (ms).
        """
        counted = 0
        failures = self._failures()
        for other in self.comings:
            if other is coming:
                continue
            contact = CHANNELS[other.channel], other.contact
            if other.until(at, failures.get(contact, [])) < at:
                continue
            end = other.end_by(at)
            if end is not None and _same_topic(coming.topic, end.topic):
                ended_at = other.start + end.after
                if ended_at < entered_at <= ended_at + coming.days * DAY_MS:
                    counted |= _REPEAT
            known_at, seen_at = other.known_at, other.entered_at
            if known_at is None or seen_at is None or known_at > at:
                continue
            if 0 < entered_at - seen_at <= RETURNING_MS:
                counted |= _RETURN
        return counted

    def _failures(self) -> dict[tuple[str, str], list[int]]:
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for one in self.failures:
            found[one.channel, one.contact].append(one.at)
        return found

    def _decide(self, coming: Coming, since: int, now: int, booked: list[Booking]) -> None:
        """First-contact resolution, once a coming, when it is final."""
        end = coming.decided()
        if end is None:
            return
        lasts = end.days * DAY_MS
        ended_at = coming.start + end.after
        at = ended_at + lasts
        if not since <= at < now or end.known > lasts or 0 <= coming.left <= end.after + lasts:
            return
        queue = coming.queue if end.queue is None else end.queue
        place = at, CHANNELS[coming.channel], queue
        booked.append((*place, c.FCR_DECIDED, end.topic))
        if any(end.after < back <= end.after + lasts for back in coming.back):
            return
        for other in self.comings:
            known_at, entered_at = other.known_at, other.entered_at
            if other is coming or known_at is None or entered_at is None or known_at > at:
                continue
            if ended_at < entered_at <= at and _same_topic(other.topic, end.topic):
                return
        booked.append((*place, c.FCR_RESOLVED, end.topic))

    def _failed_again(self) -> Iterator[Failure]:
        """Each second failure within 7 days that counts: none within 7 days after one."""
        counted_at, before = self.counted_at, -1
        for failure in self.failures:
            at = failure.at
            if at <= self.counted_at:
                continue  # nothing comes of it any more
            again = before >= 0 and at - before <= FAILED_MS
            if again and (counted_at < 0 or at - counted_at > FAILED_MS):
                yield failure
                counted_at = at
            before = at

    def _answers(self) -> list[tuple[int, str, str, str]]:
        """(ms, channel, contact, queue) of each, in order."""
        return sorted(
            (
                *(coming.start + after, CHANNELS[coming.channel], coming.contact),
                coming.queue if queue is None else queue,
            )
            for coming in self.comings
            for after, queue in coming.answers
        )

    def _returned(self) -> Iterator[Booking]:
        """The first answer within 24 h after each time a bot contained the customer."""
        answers = self._answers()
        for contained_at in self.bots:
            for at, channel, _, queue in answers:
                if contained_at < at <= contained_at + CONTAINED_MS:
                    yield at, channel, queue, c.BOT_CONTAINED_RETURNED, None
                    break

    # -- what is remembered ----------------------------------------------------------------------

    def forget(self, since: int) -> None:
        """Drop what can matter to nothing that is dated `since` (ms) or later."""
        if self.bots:
            settled = [at for at, *_ in self._answers() if at < since]
            self.bots = [
                at
                for at in self.bots
                if at + CONTAINED_MS >= since
                and not any(at < answer <= at + CONTAINED_MS for answer in settled)
            ]
        failures = self._failures() if self.failures else {}
        over = []
        for coming in self.comings:
            if coming.answers and coming.start + coming.answers[0][0] < since:
                coming.answers = [one for one in coming.answers if coming.start + one[0] >= since]
            contact = CHANNELS[coming.channel], coming.contact
            if max(self._until(coming, failures.get(contact, [])), 0) < since:
                over.append(coming)
        if over:
            self.comings = [coming for coming in self.comings if coming not in over]
        if self.failures and self.failures[0].at < since:
            final = [one.at for one in self._failed_again() if one.at < since]
            self.counted_at = max([self.counted_at, *final])
            self.failures = [one for one in self.failures if one.at >= since - FAILED_MS]

    def _until(self, coming: Coming, failures: list[int]) -> int:
        """Until when a coming is remembered, ms; what is left of one as long as another."""
        until = coming.until(NEVER, failures)
        return coming.start + RETURNING_MS if until < 0 else until

    def trim(self) -> int:
        """Drop the oldest of too many; returns how many were."""
        over = 0
        while len(self.comings) > MOST_COMINGS:
            # How the others counted must not depend on what is forgotten from now on.
            for coming in self.comings:
                known_at, entered_at = coming.known_at, coming.entered_at
                if coming.fixed < 0 and known_at is not None and entered_at is not None:
                    coming.fixed = self._counts_as(coming, entered_at, known_at)
            self.comings.remove(min(self.comings, key=Coming.entry_or_start))
            over += 1
        for coming in self.comings:
            for many in (coming.ends, coming.answers, coming.back):
                while len(many) > MOST_COMINGS:
                    del many[0]
                    over += 1
        while len(self.bots) > MOST_COMINGS:
            del self.bots[0]
            over += 1
        while len(self.failures) > MOST_COMINGS:
            # The first of two may go, but what the second was counted for holds.
            first = [one.at for one in self._failed_again() if one in self.failures[:2]]
            self.counted_at = max([self.counted_at, *first])
            del self.failures[0]
            over += 1
        return over

    def is_worth_a_look(self, since: int) -> bool:
        """Whether there may be something to forget, seen from afar."""
        if len(self.comings) == 1 and not (self.failures or self.bots):
            return self.comings[0].start < since - RETURNING_MS
        return True

    def is_empty(self) -> bool:
        """Whether nothing is remembered."""
        return not (self.comings or self.failures or self.bots)

    def next_look(self, now: int, lateness: int) -> int:
        """When something falls due, at `now` or later, or when to see what may be forgotten, ms.

        `lateness`: how late an item may come (ms). Too early is no harm.
        """
        first = now + FAILED_MS
        if self.comings:
            first = max(self.comings[0].start + RETURNING_MS, now + DAY_MS)
        look = first + lateness
        for coming in self.comings:
            end = coming.decided() if coming.ends else None
            if end is not None:
                at = coming.start + end.after + end.days * DAY_MS
                if now <= at < look:
                    look = at
        return look


def _failure(item: Item) -> Failure:
    return Failure(item.at, item.channel, item.contact, item.order, item.queue)


def _same_topic(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def change(before: list[Booking], after: list[Booking]) -> Counter[Booking]:
    """What has to be booked where the bookings were others before."""
    changed = Counter(after)
    if before:  # mostly there were none, and subtracting nothing takes as long as counting
        changed.subtract(before)
    return changed
