"""The oracle's customers: who comes again, from what all contacts and tickets did, at once.

In: the comings, failures, answers and bots' conversations of a whole history, each with the
customer it is of. Out: rows in a `Result`. Nothing is kept between two questions: each one goes
through all that the customer did.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DAY_MS = 86_400_000
SEEN_MS = 30 * DAY_MS
FAILED_MS = 7 * DAY_MS
RETURNED_MS = DAY_MS

Owner = tuple[str, str]  # tenant, customer
Of = tuple[str, str]  # channel, contact_id


@dataclass(eq=False)
class Failure:
    """A customer was failed: not answered, not satisfied, a promise not kept."""

    owner: Owner
    at: int
    of: Of
    queue: str
    made_good: bool = False  # the contact was answered within grace, after it left the queue


@dataclass(eq=False)
class Coming:
    """A customer came in: by a call, a chat or a ticket. Times in epoch ms."""

    tenant: str
    of: Of
    queue: str  # of its last visit; where the ticket is
    entry: int | None  # None: a ticket of which no opening was counted
    owner: Owner | None = None
    known_at: int | None = None  # whose it is
    counted: tuple[int, str, str] | None = None  # at, queue, topic
    ends: list[tuple[int, str, str]] = field(default_factory=list)  # handled: at, queue, topic
    reopened: list[int] = field(default_factory=list)
    left_at: int | None = None

    def know(self, customer: str, at: int, topic: str) -> None:
        """It is known whose it is, and it counts if anybody came."""
        if self.owner is None:
            self.owner, self.known_at = (self.tenant, customer), at
        if self.entry is not None and self.counted is None:
            self.counted = (at, self.queue, topic)

    def last_end(self, at: int) -> tuple[int, str, str] | None:
        """The last handled end, as known at an instant."""
        known = sorted((end for end in self.ends if end[0] <= at), key=lambda end: end[0])
        return known[-1] if known else None


@dataclass(eq=False)
class Comings:
    """The comings of one contact, while its visits are remembered."""

    told: Any
    now: Coming | None = None
    ended: bool = False  # the last conversation was ended, and nobody came since
    uncounted: list[Coming] = field(default_factory=list)

    def visit(self, queue: str, entry: int, comes: bool) -> Coming | None:
        """A visit began; `comes`: by a customer who was not called back. Which coming it is of."""
        told = self.told
        if comes and (self.now is None or self.ended):
            self.now = Coming(told.tenant, (told.channel, told.contact_id), queue, entry)
            self.ended = False
            self.uncounted.append(self.now)
            told.result.comings.append(self.now)
        if self.now is not None:
            self.now.queue = queue
        return self.now

    def know(self, at: int) -> None:
        """Whoever is not counted yet is, if it is known whose contact it is."""
        if self.told.customer is not None:
            for one in self.uncounted:
                one.know(self.told.customer, at, self.told.topic)
            self.uncounted = []

    def handled(self, coming: Coming | None, at: int, queue: str) -> None:
        """A conversation of the coming is over."""
        if coming is None:
            return
        if not coming.ends and self.told.customer is None:
            self.told.count(at, queue, "customers.fcr_unknown")
        coming.ends.append((at, queue, self.told.topic))

    def forget(self) -> None:
        self.now, self.ended, self.uncounted = None, False, []


def same_topic(one: str, other: str) -> bool:
    """They are not known to be about different things."""
    return not one or not other or one == other


class Customer:
    """One customer with all that it did, and the questions that are asked about it."""

    def __init__(self, owner: Owner, oracle: Any, now: int, result: Any) -> None:
        self.tenant = owner[0]
        self.oracle, self.now, self.result = oracle, now, result
        self.comings = [one for one in result.comings if one.owner == owner]
        own = [one for one in result.failures if one.owner == owner and not one.made_good]
        self.failures = sorted(own, key=lambda one: (one.at, one.of))
        self.contained = [row[1] for row in result.contained if row[0] == owner]
        self.answers = sorted(row[1:] for row in result.answers if row[0] == owner)

    def repeat_ms(self, queue: str, channel: str, at: int) -> int:
        return self.oracle.settings(self.tenant, queue, channel, at)["repeat_ms"]

    def count(self, at: int, queue: str, channel: str, name: str) -> None:
        row = (at, self.tenant, queue, channel, f"customers.{name}", 1)
        self.result.contributions.append(row)
        self.result.used.add((self.tenant, queue, channel))

    def others(self, one: Coming, at: int) -> Iterator[Coming]:
        """The other comings of the customer that are known and remembered at an instant."""
        for other in self.comings:
            assert other.known_at is not None
            if other is not one and other.known_at <= at and at <= self.remembered_until(other, at):
                yield other

    def remembered_until(self, one: Coming, at: int) -> int:
        end = one.last_end(at)
        until = [one.entry + SEEN_MS] if one.entry is not None else []
        if end is not None:
            until.append(end[0] + self.repeat_ms(end[1], one.of[0], end[0]))
        failed = [f.at + FAILED_MS for f in self.failures if f.of == one.of and f.at <= at]
        return max([*until, *failed], default=at)

    # -- questions -------------------------------------------------------------------------------

    def tell(self) -> None:
        for one in self.comings:
            self.came(one)
            self.resolved(one)
        self.failed_again()
        self.contained_returned()

    def came(self, one: Coming) -> None:
        """It is counted, and whether the customer had been here before."""
        if one.counted is None or one.entry is None:
            return
        at, queue, topic = one.counted
        channel, entry = one.of[0], one.entry
        self.count(at, queue, channel, "contacts_with_ref")
        within = self.repeat_ms(queue, channel, at)
        others = list(self.others(one, at))
        ends = [end for end in (other.last_end(at) for other in others) if end is not None]
        if any(end < entry <= end + within and same_topic(topic, t) for end, _, t in ends):
            self.count(at, queue, channel, "repeat_contacts")
        before = [other.entry for other in others if other.entry is not None]
        if any(entry - SEEN_MS <= seen < entry for seen in before):
            self.count(at, queue, channel, "returning_contacts")

    def resolved(self, one: Coming) -> None:
        """Whether the customer had to come again, once the time for it is over."""
        for end in sorted(one.ends, key=lambda end: end[0]):
            ended, queue, topic = end
            channel = one.of[0]
            decided = ended + self.repeat_ms(queue, channel, ended)
            latest = one.last_end(decided)
            if latest is not end:
                continue  # it went on meanwhile
            if decided >= self.now or one.known_at is None or one.known_at > decided:
                return
            if one.left_at is not None and one.left_at <= decided:
                return
            again = [reopened for reopened in one.reopened if ended < reopened <= decided]
            for other in self.comings:
                if other is one or other.counted is None or other.counted[0] > decided:
                    continue
                entry = other.entry
                if entry is not None and ended < entry <= decided:
                    again += [entry] if same_topic(topic, other.counted[2]) else []
            names = ["fcr_decided"] if again else ["fcr_decided", "fcr_resolved"]
            for name in names:
                self.count(decided, queue, channel, name)
                scope = (self.tenant, queue, channel)
                self.result.count_topic(decided, scope, topic, name, 1)
            return

    def failed_again(self) -> None:
        """The second failure in a week, and after that none for a week."""
        counted: int | None = None
        for n, failure in enumerate(self.failures):
            quiet = counted is not None and failure.at <= counted + FAILED_MS
            if quiet or not any(failure.at - one.at <= FAILED_MS for one in self.failures[:n]):
                continue
            counted = failure.at
            self.count(failure.at, failure.queue, failure.of[0], "failed_again")

    def contained_returned(self) -> None:
        """A bot had contained it, and soon after a person had to answer the customer."""
        for contained in self.contained:
            for at, channel, _, queue in self.answers:
                if contained < at:
                    if at <= contained + RETURNED_MS:
                        self.count(at, queue, channel, "bot_contained_returned")
                    break


def tell_customers(oracle: Any, now: int, result: Any) -> None:
    """What all customers did is in `result`: who of them came again, or was failed again."""
    owners = {one.owner for one in (*result.comings, *result.failures)}
    owners |= {row[0] for row in result.contained}
    for owner in sorted(owner for owner in owners if owner is not None):
        Customer(owner, oracle, now, result).tell()
