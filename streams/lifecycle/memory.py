"""Layer 2: settled tickets by the day they are forgotten on, and the short form they are stored in.

In: keys of tickets, and until when (ms) each is remembered. Out: those whose day is over. A ticket
is listed while nothing is said of it: it is not looked at, not unpacked and not written until then.
Invariant: a key is listed at most once, under the time in its state. Cost: one entry of a set each.
"""

from collections import defaultdict
from collections.abc import Sequence
from copy import copy

from msgspec.structs import replace

from streams.contract.words import DAY_MS
from streams.lifecycle import ticket
from streams.lifecycle.entity import Entity
from streams.lifecycle.facts import Fact
from streams.lifecycle.ranks import TICKET_RANKS
from streams.lifecycle.rules import NEVER

_WITHOUT_EFFECT = TICKET_RANKS["ticket.assigned"]

TicketEntity = Entity[ticket.TicketState, Fact]


class Memory:
    """The settled tickets of one unit that nothing is being said of."""

    def __init__(self) -> None:
        self._days: defaultdict[int, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._days.values()))

    def rest(self, key: str, tail: Sequence[object], base: ticket.TicketState | None) -> None:
        """Nothing more is to be said of the ticket now: list it, if it is settled for good."""
        if not tail and base is not None and base.due < NEVER:
            self._days[base.due // DAY_MS].add(key)

    def take(self, key: str, kept: TicketEntity, days: int) -> None:
        """Something is said of the ticket: it is at hand, whole, and no longer listed."""
        whole(kept, days)
        if kept.base is not None:
            self._days[kept.base.due // DAY_MS].discard(key)

    def forget(self, before: int) -> list[str]:
        """The tickets whose day ended at or before `before` (ms): no longer listed."""
        over = sorted(day for day in self._days if (day + 1) * DAY_MS <= before)
        return [key for day in over for key in sorted(self._days.pop(day))]


def short(kept: TicketEntity) -> TicketEntity:
    """The ticket as it is stored: a base that the state equals, no fact lying between, is not."""
    if kept.tail or kept.base != kept.state:
        return kept
    return replace(kept, base=None)


def whole(kept: TicketEntity, days: int) -> None:
    """Undo `short`; and let what older rules led to go on by these (see `ticket.adopt`).

    A fold by older rules is not folded anew: its state is the base, and its facts stay for their
    ids alone, in the form of an event that has no effect. (But for a tail so long that parts of it
    are stored apart: that one is folded by these rules, should a fact come out of order.)
    """
    if kept.base is None and not kept.tail:
        kept.base = copy(kept.state)
    if kept.state.version == ticket.VERSION:
        return
    last_at = kept.tail[-1].at if kept.tail else -1
    ticket.adopt(kept.state, days, last_at)
    if kept.chunks:
        if kept.base is not None:
            ticket.adopt(kept.base, days)
        return
    kept.base, kept.skipped, kept.fired = copy(kept.state), NEVER, -1
    kept.tail = [replace(fact, rank=_WITHOUT_EFFECT) for fact in kept.tail]
    kept.tail.sort(key=lambda fact: (fact.at, fact.seq, fact.source, fact.id))
