"""Layer 2: the life of a promise to call back, one transition table.

A request is owed from when it is asked for until an attempt ends it, or nothing was told of it for
`callback_memory_days`; so long it is remembered again after its end. It has the id of the contact
that asked, and is an entity beside that one: it lasts for days, and who asked in a chat is called.
What is owed, and what is overdue of it, are stocks of the queue and channel in which it was asked
for, or last attempted. An idle one costs nothing until its next deadline.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from streams.contract.words import DAY_MS
from streams.lifecycle import counters as c
from streams.lifecycle.facts import CallbackFact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger, Standing
from streams.lifecycle.rules import NEVER

NONE: Final = 0
OWED: Final = 1
ENDED: Final = 2
PHASES = ("unknown", "owed", "ended")


class CallbackState(msgspec.Struct, array_like=True, gc=False):
    """What the past of a request means for its future. Times in ms, -1: none.

    `due_at`: the time agreed; `overdue`: it has passed. `last_at`: the last word of it, or the time
    agreed if that is later; of one that has ended, when it did.
    """

    phase: int = NONE
    queue: str = ""
    asked_at: int = -1
    due_at: int = -1
    last_at: int = -1
    overdue: bool = False
    due: int = NEVER
    channel: str = ""


def blank() -> CallbackState:
    """A request nothing is known of."""
    return CallbackState()


def is_blank(state: CallbackState, before: int) -> bool:
    """Whether nothing is known of the request."""
    return state.phase == NONE


def standing(state: CallbackState) -> tuple[Standing, ...]:
    """What the request stands in now: it is owed, since it was asked for."""
    if state.phase != OWED:
        return ()
    return ((state.queue, state.channel, c.CALLBACKS_OWED, state.asked_at),)


# -- effects ---------------------------------------------------------------------------------------


def _asked(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """Asked for in a queue."""
    if _asks(fact):
        _begin(state, fact, fact.at, ledger)


def _asks(fact: CallbackFact) -> bool:
    """What corrects a flow-out may say that nothing was asked for."""
    return fact.detail == "callback" and not fact.outbound


def _begin(state: CallbackState, fact: CallbackFact, asked_at: int, ledger: Ledger) -> None:
    state.phase, state.queue, state.channel = OWED, fact.queue or "", fact.channel
    state.asked_at, state.due_at, state.overdue = asked_at, fact.due_at, False
    state.last_at = max(fact.at, fact.due_at)
    _in(state, ledger).cell(state.queue, fact.at)[c.CALLBACKS_ASKED] += ledger.sign
    ledger.level(state.queue, fact.at, c.CALLBACKS_OWED, 1)
    _look_at_clock(state, fact.at, ledger)


def _in(state: CallbackState, ledger: Ledger) -> Ledger:
    """The ledger of the request's channel."""
    return ledger.select(ledger.tenant, state.channel)


def _asked_again(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """Owed already; a later time may be agreed."""
    if not _asks(fact):
        return
    ledger.anomaly("callback_asked_again", fact)
    state.due_at = max(state.due_at, fact.due_at)
    state.last_at = max(state.last_at, fact.at, fact.due_at)
    _look_at_clock(state, fact.at, ledger)


def _look_at_clock(state: CallbackState, at: int, ledger: Ledger) -> None:
    """The time agreed has passed at `at` (ms), or it has not."""
    overdue = 0 <= state.due_at < at
    if overdue != state.overdue:
        state.overdue = overdue
        _in(state, ledger).level(state.queue, at, c.CALLBACKS_OVERDUE, 1 if overdue else -1)


def _of_nothing(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """An attempt may tell when it was asked for; else it is counted, and no more."""
    if fact.since < 0:
        ledger.anomaly("callback_unknown", fact)
        _count(fact, ledger)
        return
    if fact.since > fact.at:
        ledger.anomaly("clamped", fact)
    _begin(state, fact, min(fact.since, fact.at), ledger)
    _attempted(state, fact, ledger)


def _after_end(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """An attempt of a request that has ended."""
    ledger.anomaly("callback_ended", fact)
    _count(fact, ledger)


def _count(fact: CallbackFact, ledger: Ledger) -> None:
    counter = _ATTEMPTS.get(_outcome(fact)[0])
    if counter is not None:
        ledger.select(ledger.tenant, fact.channel)
        ledger.cell(fact.queue or "", fact.at)[counter] += ledger.sign


def _outcome(fact: CallbackFact) -> tuple[str, bool]:
    """Of an attempt, and whether it is the last."""
    outcome, _, final = (fact.detail or "").partition(" ")
    return outcome, bool(final)


def _attempted(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """An attempt, which may end the request: in its queue, wherever it was owed before."""
    at, queue = fact.at, fact.queue or ""
    if (queue, fact.channel) != (state.queue, state.channel):
        _stocks(state, at, -1, ledger)
        state.queue, state.channel = queue, fact.channel
        _stocks(state, at, 1, ledger)
    _count(fact, ledger)
    state.last_at = max(state.last_at, at)
    outcome, final = _outcome(fact)
    if outcome == "not_reached":
        if final:
            _end(state, at, c.CALLBACKS_GIVEN_UP, ledger)
        return
    if outcome == "connected":
        lasted = max(0, at - max(state.asked_at, state.due_at))
        sign, cell = ledger.sign, _in(state, ledger).cell(queue, at)
        cell[c.CALLBACKS_TIMED] += sign
        cell[c.CALLBACK_TIME] += sign * lasted
        cell[c.CALLBACK_BUCKETS + bucket_of(lasted)] += sign
    _end(state, at, _ENDS[outcome], ledger)


def _end(state: CallbackState, at: int, counter: int, ledger: Ledger) -> None:
    _in(state, ledger).cell(state.queue, at)[counter] += ledger.sign
    _stocks(state, at, -1, ledger)
    state.phase, state.overdue, state.last_at = ENDED, False, at


def _stocks(state: CallbackState, at: int, change: int, ledger: Ledger) -> None:
    """The request comes into its queue's stocks (+1) or leaves them (-1)."""
    _in(state, ledger).level(state.queue, at, c.CALLBACKS_OWED, change)
    if state.overdue:
        ledger.level(state.queue, at, c.CALLBACKS_OVERDUE, change)


_ATTEMPTS = {"connected": c.CALLBACKS_CONNECTED, "not_reached": c.CALLBACKS_NOT_REACHED}
_ENDS = {
    "connected": c.CALLBACKS_REACHED,
    "given_up": c.CALLBACKS_GIVEN_UP,
    "cancelled": c.CALLBACKS_CANCELLED,
}

Effect = Callable[[CallbackState, CallbackFact, Ledger], None]

# The rules that do not fit the table:
#
# A contact that flows out with the reason `callback` asks at that time, whatever becomes of its
# visit; an outbound one asks for nothing. Asked for again while it is owed, it is one request, of
# which the later time agreed holds. Asked for after its end, it is a new one.
#
# An attempt that finds no request makes it known, if it tells `requested_at`: asked for is counted
# at the attempt then, for no count is dated back. The time to reach the customer is from when he
# asked, or from the time agreed if that is later, and never less than nothing. An attempt in
# another queue, or on another channel, takes the request there.
#
# Implied events: at the time agreed, if it is owed still, it is overdue; `callback_memory_days`
# after its last word it has expired, and so long after its end it is forgotten. They come after all
# real events of their millisecond. Events are taken by time alone, those of one millisecond and
# `seq` in the order of the rows. A refold is as in `contact.py`.

#: The phases an effect may lead to; one that is not named here leaves the phase as it is.
LEADS_TO: dict[Effect, tuple[int, ...]] = {
    _asked: (OWED,),
    _attempted: (ENDED,),
    _of_nothing: (OWED, ENDED),
}

#: event: what it does to a request that is unknown, owed, ended.
TABLE: dict[str, tuple[Effect | str, ...]] = {
    "contact.flowed_out": (_asked, _asked_again, _asked),
    "callback.requested": (_asked, _asked_again, _asked),
    "callback.attempted": (_of_nothing, _attempted, _after_end),
}
_STEPS = tuple(zip(*TABLE.values(), strict=True))


def step(state: CallbackState, fact: CallbackFact, ledger: Ledger) -> None:
    """Take one event, in order."""
    effect = _STEPS[state.phase][fact.rank]
    assert callable(effect)  # no event of a request means nothing in a phase
    effect(state, fact, ledger)
    state.due = _due(state, ledger)


def _due(state: CallbackState, ledger: Ledger) -> int:
    """The earliest implied event, ms; NEVER without one."""
    if state.phase == NONE:
        return NEVER
    over = state.last_at + ledger.rules.callback_memory_days * DAY_MS
    if state.phase == OWED and state.due_at >= 0 and not state.overdue:
        return min(over, state.due_at)
    return over


def fire(state: CallbackState, ledger: Ledger) -> None:
    """The time agreed has come, or the request's memory is over."""
    at = state.due
    if state.phase == ENDED:
        for field in state.__struct_fields__:
            setattr(state, field, getattr(_BLANK, field))
    elif at == state.due_at and not state.overdue:
        state.overdue = True
        _in(state, ledger).level(state.queue, at, c.CALLBACKS_OVERDUE, 1)
    else:
        ledger.anomaly("callback_expired")
        _end(state, at, c.CALLBACKS_EXPIRED, ledger)
    state.due = _due(state, ledger)


_BLANK: Final = blank()
