"""Layer 2: what a contact or ticket tells of its customer, as far as customers' figures need it.

In: the effects of contacts and tickets. Out: `Item`s, told to the ledger under the customer's keyed
hash, and taken back by a refold like anything that is booked; `customer.py` makes figures of them.
A *coming* is a customer's turning to us: a contact's visits until a conversation of it has ended,
or a ticket. Invariant: of whom nothing is told, nothing leaves here but `fcr_unknown`; what must
not be lost then waits in the state. Cost: one look where no customer is told and nothing begins.

A customer holds, as a topic does, while anything of the contact or ticket is remembered; the first
that is told counts. A coming is counted when its customer is known, in the queue of its last visit.
"""

from typing import Final, NamedTuple, Protocol

import msgspec

from streams.contract.words import DAY_MS
from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger

#: What an item says: the customer came, a conversation (or the first resolution) ended, was
#: answered, something failed, a bot contained him; a ticket was reopened, left the figures.
CAME, ENDED, ANSWERED, FAILED, CONTAINED, REOPENED, LEFT = range(7)
#: Comings of one contact, and ends of one coming, that wait for their customer to be told.
MOST_UNTOLD: Final = 16
#: Flow-outs that fail the customer, unless somebody answers at once.
FAILING: Final = frozenset({"timeout", "no_agents", "error"})


class Item(NamedTuple):
    """Something a contact or ticket did, of a customer. Times in ms.

    `start`: when its coming began, which tells it from others (`come`); -1: in none. `known`: when
    it was known whose it is. `order`: its place among what the contact told at that instant.
    `days`: what the queue says of `repeat_days`.
    """

    kind: int
    channel: str
    contact: str
    start: int
    at: int
    known: int
    order: int = 0
    queue: str = ""
    topic: str | None = None
    days: int = 0


class Waiting(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What will be an `Item`, told of a coming nobody knows the customer of."""

    kind: int
    at: int
    order: int = 0
    queue: str = ""
    topic: str | None = None
    days: int = 0


class Untold(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A coming nobody knows the customer of. `at`: its entry, -1 where that is not counted.

    `queue`: that of its last visit; of a ticket none. Times in ms.
    """

    start: int
    at: int = -1
    queue: str = ""
    items: tuple[Waiting, ...] = ()


class Whose(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Whose a contact or ticket is, and the coming at hand. Times in ms, -1: none.

    `ref`: the customer, empty: not told. `start`: of the coming at hand; `visit`: of the one that
    the last visit belongs to. `over`: a conversation ended, and nobody came or spoke since. `told`:
    how many items there were. `ended`: the coming has an end. `soft`: flow-outs that an answer
    within grace takes back.
    """

    ref: bytes = b""
    start: int = -1
    over: bool = False
    told: int = 0
    ended: bool = False
    untold: tuple[Untold, ...] = ()
    soft: tuple[Item, ...] = ()
    visit: int = -1


class Tells(Protocol):
    """The state of a contact or ticket."""

    customer: Whose | None
    topic: str | None
    queue: str

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is remembered that a customer could be of."""


# -- whose it is -----------------------------------------------------------------------------------


def hear(state: Tells, fact: Fact, ledger: Ledger) -> None:
    """An event is about to take effect: what it tells of the customer holds for itself already."""
    if not fact.customer:
        return
    whose = state.customer
    if whose is None:
        state.customer = Whose(fact.customer)
    elif not whose.ref:
        state.customer = _replace(whose, ref=fact.customer)
    elif whose.ref != fact.customer:
        ledger.anomaly("customer_changed", fact)


def settle(state: Tells, at: int, ledger: Ledger) -> None:
    """An event, or a deadline, has taken effect at `at` (ms): what waited for its customer is told.

    The customer of nothing is forgotten.
    """
    whose = state.customer
    if whose is None:
        return
    if whose.ref and whose.untold:
        for coming in whose.untold:
            _tell_late(state, whose.ref, coming, at, ledger)
        state.customer = _replace(whose, untold=())
    if state.is_unknown:
        state.customer = None


def _tell_late(state: Tells, ref: bytes, coming: Untold, known: int, ledger: Ledger) -> None:
    place = ledger.channel, ledger.contact, coming.start
    if coming.at >= 0:
        queue = state.queue if ledger.channel == "ticket" else coming.queue
        days = days_of(queue, known, ledger)
        ledger.tell(ref, Item(CAME, *place, coming.at, known, 0, queue, state.topic, days))
    for one in coming.items:
        when, what = (one.at, known, one.order), (one.queue, one.topic, one.days)
        ledger.tell(ref, Item(one.kind, *place, *when, *what))


def forgotten(whose: Whose | None) -> Whose | None:
    """What is left when the visits, or the ticket, are forgotten: the customer of the surveys."""
    return None if whose is None or not whose.ref else Whose(whose.ref)


def days_of(queue: str, at: int, ledger: Ledger) -> int:
    """Within how many days a customer of the queue comes again, by its settings at `at` (ms)."""
    return ledger.rules_for(queue, at).repeat_ms // DAY_MS


# -- comings ---------------------------------------------------------------------------------------


def visits(
    state: Tells, entered_at: int, at: int, outbound: bool, callback: bool, ledger: Ledger
) -> None:
    """A visit begins, offered at `at`: of the coming at hand, or of a new one. Times in ms."""
    whose = state.customer
    if not (outbound or callback) and (whose is None or whose.start < 0 or whose.over):
        come(state, entered_at, entered_at, at, ledger)
    elif whose is None:
        # So that a visit before there was this state is told from one of no coming.
        state.customer = Whose()
    else:
        untold, start = whose.untold, -1 if outbound else whose.start
        if untold and untold[-1].start == start and untold[-1].queue != state.queue:
            last = untold[-1]
            untold = (*untold[:-1], Untold(last.start, last.at, state.queue, last.items))
        if untold is not whose.untold or start != whose.visit:
            state.customer = _replace(whose, untold=untold, visit=start)


def recovered(state: Tells, start: int) -> None:
    """A visit of the coming that began at `start` (ms; -1: none), closed by an age, goes on."""
    if state.customer is not None:
        state.customer = _replace(state.customer, visit=start)


def of_visit(state: Tells) -> int:
    """When the coming of the last visit began, ms; -1: it is of none."""
    return -1 if state.customer is None else state.customer.visit


def come(state: Tells, start: int, entered_at: int, at: int, ledger: Ledger) -> None:
    """A coming begins, and counts from `at`, if `entered_at` is not -1. Times in ms.

    One that began no later than the last one is told from it: it is kept under the next instant.
    """
    whose = state.customer
    if whose is not None:
        start = max(start, whose.start + 1)
    # A ticket is counted in the queue it is in then.
    queue = "" if ledger.channel == "ticket" else state.queue
    if whose is None:
        untold: tuple[Untold, ...] = (Untold(start, entered_at, queue),)
        state.customer = Whose(b"", start, False, 0, False, untold, (), start)
        return
    untold = whose.untold
    if whose.ref:
        if entered_at >= 0:
            _tell_entry(state, whose.ref, start, entered_at, at, ledger)
    else:
        untold = (*untold, Untold(start, entered_at, queue))
        if len(untold) > MOST_UNTOLD:
            ledger.anomaly("customer_trimmed")
            untold = untold[1:]
    state.customer = Whose(whose.ref, start, False, whose.told, False, untold, whose.soft, start)


def count_opening(state: Tells, at: int, ledger: Ledger) -> None:
    """The opening of a ticket that was known before is told at `at` (ms): now it counts."""
    whose = state.customer
    if whose is None or whose.start < 0:
        return
    if whose.ref:
        _tell_entry(state, whose.ref, whose.start, at, at, ledger)
    elif whose.untold:
        last = whose.untold[-1]
        untold = (*whose.untold[:-1], Untold(last.start, at, last.queue, last.items))
        state.customer = _replace(whose, untold=untold)


def _tell_entry(
    state: Tells, ref: bytes, start: int, entered_at: int, at: int, ledger: Ledger
) -> None:
    place = (CAME, ledger.channel, ledger.contact, start, entered_at, at)
    days = days_of(state.queue, at, ledger)
    ledger.tell(ref, Item(*place, 0, state.queue, state.topic, days))


def hung_up(state: Tells, queue: str, at: int, start: int, over: bool, ledger: Ledger) -> None:
    """A conversation ended at `at`, of a visit of the coming that began at `start` (ms; -1: none).

    `over`: it was not handed on, so whoever comes next begins another.
    """
    end(state, queue, at, start, ledger, over)
    whose = state.customer
    if whose is not None and over and not whose.over:
        state.customer = _replace(whose, over=True)


def end(state: Tells, queue: str, at: int, start: int, ledger: Ledger, over: bool = False) -> None:
    """The coming that began at `start` (ms; -1: none) has an end at `at`, so far the last."""
    whose = state.customer
    if whose is None or start < 0:
        return
    if not whose.ref and not _has_end(whose, start):
        ledger.cell(queue, at)[c.FCR_UNKNOWN] += ledger.sign
    _tell(state, ENDED, queue, at, ledger, start, days_of(queue, at, ledger), over)


def _has_end(whose: Whose, start: int) -> bool:
    """Whether the coming that began at `start` (ms), of a customer not told, has an end."""
    return any(
        one.kind == ENDED
        for coming in whose.untold
        if coming.start == start
        for one in coming.items
    )


def reopened(state: Tells, at: int, ledger: Ledger) -> None:
    """A ticket came back."""
    _of_ticket(state, REOPENED, at, ledger)


def left(state: Tells, at: int, ledger: Ledger) -> None:
    """A ticket left the figures: what waits there counts no more."""
    _of_ticket(state, LEFT, at, ledger)
    if state.customer is not None:
        state.customer = _replace(state.customer, start=-1, untold=())


def _of_ticket(state: Tells, kind: int, at: int, ledger: Ledger) -> None:
    whose = state.customer
    if whose is not None and whose.ended:
        _tell(state, kind, "", at, ledger, whose.start)


# -- what befalls a customer who is known ----------------------------------------------------------


def answered(state: Tells, at: int, ledger: Ledger) -> None:
    """A person answered a visit that counts."""
    _tell(state, ANSWERED, state.queue, at, ledger, of_visit(state))


def contained(state: Tells, at: int, ledger: Ledger) -> None:
    """A bot had the customer, and handed over nothing."""
    _tell(state, CONTAINED, "", at, ledger, of_visit(state))


def failed(state: Tells, queue: str, at: int, ledger: Ledger) -> None:
    """The customer was failed in this queue, at `at` (ms)."""
    _tell(state, FAILED, queue, at, ledger, of_visit(state))


def failed_unless_answered(state: Tells, queue: str, at: int, ledger: Ledger) -> None:
    """The same, where an answer within grace takes it back."""
    item = _tell(state, FAILED, queue, at, ledger, of_visit(state))
    whose = state.customer
    if item is not None and whose is not None:
        recent = (one for one in whose.soft if at - one.at <= ledger.rules.grace_ms)
        state.customer = _replace(whose, soft=(*recent, item))


def spoke(state: Tells, at: int, ledger: Ledger) -> None:
    """A conversation begins: the coming goes on, and who flowed out just now was not failed."""
    whose = state.customer
    if whose is None or not (whose.soft or whose.over):
        return
    for item in whose.soft:
        if at - item.at <= ledger.rules.grace_ms:
            ledger.tell(whose.ref, item, -1)
    state.customer = _replace(whose, over=False, soft=())


#: What is told of a coming before it is known whose that is.
_WAITS: Final = frozenset({ENDED, REOPENED, LEFT})


def _tell(
    state: Tells,
    kind: int,
    queue: str,
    at: int,
    ledger: Ledger,
    start: int,
    days: int = 0,
    over: bool = False,
) -> Item | None:
    """Tell it of the coming that began at `start`, if it is known whose that is; None if not.

    What waits for its customer is kept.
    """
    whose = state.customer
    if whose is None or not (whose.ref or kind in _WAITS):
        return None
    order, untold, item = whose.told, whose.untold, None
    topic = state.topic if kind == ENDED else None
    if whose.ref:
        place = (kind, ledger.channel, ledger.contact, start, at, at)
        item = Item(*place, order, queue, topic, days)
        ledger.tell(whose.ref, item)
    else:
        waiting = Waiting(kind, at, order, queue, topic, days)
        untold = tuple(_with(one, waiting) if one.start == start else one for one in untold)
    ended = whose.ended or (kind == ENDED and start == whose.start)
    over = over or whose.over
    state.customer = Whose(
        whose.ref, whose.start, over, order + 1, ended, untold, whose.soft, whose.visit
    )
    return item


def _with(coming: Untold, waiting: Waiting) -> Untold:
    items = (*coming.items, waiting)[-MOST_UNTOLD:]
    return Untold(coming.start, coming.at, coming.queue, items)


_replace = msgspec.structs.replace
