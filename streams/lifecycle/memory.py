"""Layer 2: settled tickets by the day they are forgotten on, and the short form they are stored in.

In: keys of tickets, and until when (ms) each is remembered. Out: those whose day is over. A ticket
is listed while nothing is said of it: it is not looked at, not unpacked and not written until then.
Invariant: a key is listed at most once, under the time in its state. Cost: one entry of a set each.
"""

from collections import defaultdict
from copy import copy

from msgspec.structs import replace

from streams.contract.words import DAY_MS, MINUTE_MS
from streams.lifecycle import (
    ticket,
    ticket_at_rest,
    ticket_deadlines,
    ticket_promises,
    ticket_state,
)
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.packed import NIL, Glance, pack
from streams.lifecycle.rules import NEVER, Rules
from streams.lifecycle.ticket_at_rest import TicketEntity
from streams.lifecycle.versions import take_over


class Memory:
    """The settled tickets of one unit that nothing is being said of."""

    def __init__(self) -> None:
        self._days: defaultdict[int, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._days.values()))

    def rest(self, key: str, base: ticket.TicketState | None) -> None:
        """No fact of the ticket is remembered any more: list one that is only to be forgotten."""
        if base is not None and base.due < NEVER and ticket_state.is_resting(base):
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


def next_look(kept: TicketEntity, rules: Rules, now: int) -> int:
    """When the ticket is to be looked at by itself (ms), NEVER without a reason.

    When a deadline of its own is due, and when its base may have had the one before.
    """
    due = kept.skipped if ticket_state.is_resting(kept.state) else kept.due
    base = kept.base
    if kept.tail or base is None or base.due >= kept.state.due:
        return due
    return min(due, max(base.due + rules.horizon_ms + rules.grace_ms, now) + MINUTE_MS)


def is_asleep(kept: TicketEntity) -> bool:
    """Whether an open ticket, as it was stored, waits for nothing but its deadlines.

    Then it is not written for its base alone, which its deadlines lead to as well: it is only kept
    shorter from then on. A settled one, which may be kept for years, is written once more.
    """
    state = kept.state
    if kept.tail or kept.marked_until >= 0 or state.version < ticket_state.VERSION:
        return False
    return state.phase == ticket_state.OPEN


def is_behind(glance: Glance[ticket.TicketState]) -> bool:
    """Whether a ticket that nothing is due of is to be unpacked all the same.

    Because its base has not yet had its last deadline, or because it goes by older rules.
    """
    state = glance.state
    if state.version < ticket_state.VERSION:
        return True
    return not glance.tail and bytes(glance.base) != bytes(NIL)


def pack_ticket(kept: TicketEntity) -> bytes:
    """The ticket as it is stored: a base that the state equals, no fact lying between, is not."""
    if kept.tail or kept.base != kept.state:
        return pack(kept)
    kept = replace(kept, base=None)
    return pack(ticket_at_rest.in_short(kept) or kept)


def whole(kept: TicketEntity, days: int) -> None:
    """Give it its base again; what older rules led to goes on by these (`ticket_state.adopt`)."""
    if kept.base is None and not kept.tail:
        kept.base = copy(kept.state)
    ticket_state.adopt(kept.state, days, kept.tail[-1].at if kept.tail else -1)
    if kept.base is not None:
        ticket_state.adopt(kept.base, days)


def reschedules(state: ticket.TicketState, now: int, ledger: Ledger) -> bool:
    """Whether an edit of the rules that hold after `now` (ms) moves a deadline of the ticket."""
    sign, ledger.sign = ledger.sign, 0
    after = copy(state)
    ticket_promises.reschedule(after, now + 1, ledger)
    ledger.sign = sign
    before = {(clock.metric, clock.due, clock.risk_at, clock.phase) for clock in state.clocks}
    return before != {
        (clock.metric, clock.due, clock.risk_at, clock.phase) for clock in after.clocks
    }


def reschedule(kept: TicketEntity, facts: list[Fact], now: int, ledger: Ledger) -> None:
    """Let the ticket go on by the rules that hold after `now` (ms), from then on.

    What was booked by those before stays, as after an upgrade (`versions.py`); `facts` are all that
    are remembered, in order.
    """
    take_over(kept, facts, kept.rules)
    ticket_promises.reschedule(kept.state, now + 1, ledger)
    ticket_deadlines.look_ahead(kept.state, ledger)
    kept.marked_until = max(kept.marked_until, now + 1)
    kept.base, kept.tail = copy(kept.state), []
