"""What really became of the simulated customers: who came again, and who was failed again.

In: calls from the desks, in the order of time, at the instant something happens; a broken promise
may be told later. Out: the part `customers` of each queue, in the words of the records. Invariant:
as in `truth.py`: nothing here looks at an event or at the engine. What a customer did is worked out
when all that it depends on has happened; then it is forgotten, for nobody comes again later.
All times are in ms.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from itertools import count

DAY_MS = 86_400_000
#: Who was here so long ago does not come again in this centre.
RETURNS_MS = 10 * DAY_MS
RETURNING_MS = 30 * DAY_MS
FAILED_MS = 7 * DAY_MS
CONTAINED_MS = DAY_MS
#: So long after it began, no conversation, survey or follow-up of a contact is to come any more.
OVER_MS = DAY_MS
FIGURES = (
    *("contacts_with_ref", "repeat_contacts", "returning_contacts", "fcr_decided", "fcr_resolved"),
    *("fcr_unknown", "failed_again", "bot_contained_returned"),
)


class Coming:
    """Somebody turned to the centre. `known_ms`: when it was told who, in `queue`; None: never."""

    __slots__ = ("came_ms", "ends", "known_ms", "queue", "reopened", "topic")

    def __init__(self, queue: str, came_ms: int, topic: str | None) -> None:
        self.queue = queue
        self.came_ms = came_ms
        self.topic = topic
        self.known_ms: int | None = None
        self.ends: list[tuple[int, str]] = []
        self.reopened: list[int] = []

    def known_by(self, at_ms: int) -> bool:
        """Whether it was told by then who came."""
        return self.known_ms is not None and self.known_ms <= at_ms

    def may_be_about(self, other: "Coming") -> bool:
        """The same as the other, as far as is known."""
        return None in (self.topic, other.topic) or self.topic == other.topic


class Person:
    """A customer. Failures with a place among those of one instant, answers after a bot's end."""

    __slots__ = ("answers", "comings", "contacts", "contained", "failures")

    def __init__(self) -> None:
        self.contacts = 0
        self.comings: list[Coming] = []
        self.failures: list[tuple[int, str, str, int, str]] = []
        self.contained: list[int] = []
        self.answers: list[tuple[int, str]] = []


class Contact:
    """A contact or ticket: when it was told whose it is, and what came of it, if anybody came."""

    __slots__ = ("channel", "coming", "known_ms", "name", "number", "since_ms")

    def __init__(self, name: str, channel: str, since_ms: int, number: int) -> None:
        self.name = name
        self.channel = channel
        self.since_ms = since_ms
        self.number = number
        self.known_ms: int | None = None
        self.coming: Coming | None = None


class CustomerBooks:
    """All queues' customers. `days`: by queue, within how many one comes again."""

    def __init__(self, days: Mapping[str, int]) -> None:
        self._repeat_ms = {queue: many * DAY_MS for queue, many in days.items()}
        self._kept_ms = max(RETURNS_MS, *self._repeat_ms.values()) + OVER_MS
        self._contacts: dict[str, Contact] = {}
        self._in_order: deque[Contact] = deque()
        self._people: dict[int, Person] = {}
        self._entering: list[tuple[Coming, Person]] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._serial = count()

    # -- what happens ----------------------------------------------------------------------------

    def begin(self, contact: str, channel: str, number: int, at_ms: int) -> None:
        """The customer has to do with the centre: he comes, is called back, or talks to a bot."""
        if contact not in self._contacts:
            self._forget(at_ms)
            one = self._contacts[contact] = Contact(contact, channel, at_ms, number)
            self._in_order.append(one)
            self._people.setdefault(number, Person()).contacts += 1

    def come(self, contact: str, queue: str, at_ms: int, topic: str | None = None) -> None:
        """He comes to a queue, the first time in this contact or once more."""
        one = self._contacts[contact]
        if one.coming is None:
            one.coming = Coming(queue, at_ms, topic)
            self._people[one.number].comings.append(one.coming)
            if one.known_ms is not None:
                self._know(one, queue, at_ms)

    def tell(self, contact: str, queue: str, at_ms: int) -> None:
        """It is told who he is, while he is in this queue."""
        one = self._contacts[contact]
        if one.known_ms is None:
            one.known_ms = at_ms
            if one.coming is not None:
                self._know(one, queue, at_ms)

    def answer(self, contact: str, queue: str, at_ms: int) -> None:
        """A person answers him, who waited."""
        one = self._contacts[contact]
        person = self._people[one.number]
        if one.known_ms is not None and person.contained:
            person.answers.append((at_ms, queue))

    def end(self, contact: str, queue: str, at_ms: int) -> None:
        """A conversation ends, or a ticket is resolved for the first time."""
        one = self._contacts[contact]
        if one.coming is not None:
            if one.known_ms is None and not one.coming.ends:
                self._counts[queue, "fcr_unknown"] += 1
            one.coming.ends.append((at_ms, queue))

    def reopen(self, contact: str, at_ms: int) -> None:
        """A ticket is open again."""
        coming = self._contacts[contact].coming
        if coming is not None:
            coming.reopened.append(at_ms)

    def contain(self, contact: str, at_ms: int) -> None:
        """A bot has answered all that he asked."""
        one = self._contacts[contact]
        if one.known_ms is not None:
            self._people[one.number].contained.append(at_ms)

    def fail(self, queue: str, contact: str, at_ms: int) -> None:
        """He was failed, as far as it was known then that it was he."""
        one = self._contacts[contact]
        if one.known_ms is not None and one.known_ms <= at_ms:
            failure = at_ms, one.channel, contact, next(self._serial), queue
            self._people[one.number].failures.append(failure)

    # -- what is made of it ----------------------------------------------------------------------

    def as_json(self, at_ms: int) -> dict[str, dict[str, int]]:
        """The figures of each queue as of `at_ms`."""
        self._enter(at_ms + 1)
        counts = self._counts.copy()
        for person in self._people.values():
            for coming in person.comings:
                counts.update(self._resolved(coming, person, at_ms))
            counts.update(_failed_again(person))
            counts.update(_returned(person))
        return {queue: {name: counts[queue, name] for name in FIGURES} for queue in self._repeat_ms}

    def _know(self, one: Contact, queue: str, at_ms: int) -> None:
        assert one.coming is not None
        one.coming.known_ms, one.coming.queue = at_ms, queue
        self._enter(at_ms)
        self._entering.append((one.coming, self._people[one.number]))

    def _enter(self, at_ms: int) -> None:
        """Count who was known to come before `at_ms`, by all that was known at that instant."""
        later = []
        for coming, person in self._entering:
            assert coming.known_ms is not None
            if coming.known_ms < at_ms:
                self._counts.update(self._entered(coming, person, coming.known_ms))
            else:
                later.append((coming, person))
        self._entering = later

    def _entered(self, coming: Coming, person: Person, known_ms: int) -> Iterator[tuple[str, str]]:
        queue, came_ms = coming.queue, coming.came_ms
        yield queue, "contacts_with_ref"
        others = [
            other for other in person.comings if other is not coming and other.known_by(known_ms)
        ]
        for other in others:
            ended_ms = max((at for at, _ in other.ends if at <= known_ms), default=came_ms)
            soon = ended_ms < came_ms <= ended_ms + self._repeat_ms[queue]
            if soon and coming.may_be_about(other):
                yield queue, "repeat_contacts"
                break
        if any(0 < came_ms - other.came_ms <= RETURNING_MS for other in others):
            yield queue, "returning_contacts"

    def _resolved(self, coming: Coming, person: Person, at_ms: int) -> Iterator[tuple[str, str]]:
        """Whether he had to come again after its last end, once that is certain."""
        if not coming.ends:
            return
        ended_ms, queue = coming.ends[-1]
        decided_ms = ended_ms + self._repeat_ms[queue]
        if decided_ms >= at_ms or not coming.known_by(decided_ms):
            return
        yield queue, "fcr_decided"
        again = [
            other.came_ms
            for other in person.comings
            if other is not coming and other.known_by(decided_ms) and coming.may_be_about(other)
        ]
        if not any(ended_ms < at <= decided_ms for at in (*coming.reopened, *again)):
            yield queue, "fcr_resolved"

    def _forget(self, at_ms: int) -> None:
        """Whoever began so long ago that nobody can ask for him is counted for good."""
        while self._in_order and self._in_order[0].since_ms + self._kept_ms < at_ms:
            one = self._in_order.popleft()
            del self._contacts[one.name]
            person = self._people[one.number]
            person.contacts -= 1
            if not person.contacts:
                for coming in person.comings:
                    self._counts.update(self._resolved(coming, person, at_ms))
                self._counts.update(_failed_again(person))
                self._counts.update(_returned(person))
                del self._people[one.number]


def _failed_again(person: Person) -> Iterator[tuple[str, str]]:
    """The second failure within days, then none for as long."""
    before_ms = counted_ms = -RETURNING_MS
    for at_ms, _, _, _, queue in sorted(person.failures):
        if at_ms - before_ms <= FAILED_MS < at_ms - counted_ms:
            counted_ms = at_ms
            yield queue, "failed_again"
        before_ms = at_ms


def _returned(person: Person) -> Iterator[tuple[str, str]]:
    """The first answer soon after a bot had contained him."""
    for contained_ms in person.contained:
        for at_ms, queue in person.answers:
            if contained_ms < at_ms:
                if at_ms <= contained_ms + CONTAINED_MS:
                    yield queue, "bot_contained_returned"
                break
