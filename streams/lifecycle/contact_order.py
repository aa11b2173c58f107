"""Layer 2: the order of a contact's events: by time, but within grace by meaning.

In: the state before an event, and the events from that one on, sorted. Out: a changed order, or
none. Three rules: who leaves goes before who comes; what needs something waits for what brings it;
who comes back at once never left. Each looks for the first event that fits, within grace after the
one that asks, and asks nothing else. So the order is a function of the sorted set, whatever came
when, and a contribution dated t depends on events up to t + grace.

Why it ends: an event that is moved goes behind one of a kind it needs, and no kind needs itself,
directly or not (entry < answer < hold.started < hold.ended; answer < closer < wrap-up; entry <
offer); one that is pulled forward is taken at once. Times of what is taken never fall, so deadlines
keep their places.

Where nothing is found although something is needed, an event that is still to come may change
that: `doubt` says until when. What sorts last and comes later than that takes one step; what comes
sooner folds the contact anew. A choice once made stays, since what comes later sorts after it.

Cost: nothing is searched where an event finds what it needs, which `is_plain` sees in a tenth of a
microsecond.
"""

from typing import Final

from streams.lifecycle import comings, topics
from streams.lifecycle.contact_effects import came_back
from streams.lifecycle.contact_state import (
    CONNECTED,
    IDLE,
    SAID_FLOWED_OUT,
    TOLD,
    WAITING,
    ContactState,
)
from streams.lifecycle.contact_talk import owed_to
from streams.lifecycle.facts import Fact
from streams.lifecycle.plan import Plan, fits
from streams.lifecycle.ranks import CLOSERS, CONTACT_RANKS

ENTRY: Final = CONTACT_RANKS["contact.enqueued"]
OFFERED: Final = CONTACT_RANKS["contact.offered"]
ANSWERED: Final = CONTACT_RANKS["contact.answered"]
HOLD_STARTED: Final = CONTACT_RANKS["hold.started"]
HOLD_ENDED: Final = CONTACT_RANKS["hold.ended"]
TRANSFERRED: Final = CONTACT_RANKS["contact.transferred"]
ENDED: Final = CONTACT_RANKS["contact.ended"]
WRAPUP_ENDED: Final = CONTACT_RANKS["wrapup.ended"]
ABANDONED: Final = CONTACT_RANKS["contact.abandoned"]
FLOWED_OUT: Final = CONTACT_RANKS["contact.flowed_out"]

_NOTHING: Final = frozenset[int]()
_ENTRIES: Final = frozenset({ENTRY})
_ANSWERS: Final = frozenset({ANSWERED})
_OPENINGS: Final = frozenset({ENTRY, ANSWERED})
_HOLDS: Final = frozenset({HOLD_STARTED})
_ENDS: Final = frozenset({TRANSFERRED, ENDED, ABANDONED})
#: What, coming late, can change how an earlier event was read.
_DOUBTED: Final = CLOSERS | {ENTRY, ANSWERED, HOLD_STARTED}

#: Ranks that need nothing and bring nothing: they find what they need in any state.
FREE: Final = frozenset(CONTACT_RANKS.values()) - _DOUBTED - {OFFERED, HOLD_ENDED, WRAPUP_ENDED}
#: By phase, the ranks that find what they need if their queue fits.
_PLAIN: Final = (
    FREE | {ENTRY},
    FREE | {OFFERED, ANSWERED, ABANDONED},
    FREE | {HOLD_STARTED, TRANSFERRED, ENDED, ABANDONED},
)


def is_plain(state: ContactState, fact: Fact, grace: int) -> bool:
    """Whether the event finds what it needs and closes nothing by itself: no order to look at."""
    phase, rank = state.phase, fact.rank
    if rank not in _PLAIN[phase]:
        return rank == WRAPUP_ENDED and phase == IDLE and bool(owed_to(state.wrapups, fact))
    if phase != IDLE and fact.queue is not None and fact.queue != state.queue:
        return rank in FREE
    last = state.last
    return rank not in CLOSERS or last is None or fact.at - last.closed_at > grace


def _needed(state: ContactState, fact: Fact) -> frozenset[int]:
    """The ranks of which one has to come first; none if the event finds what it needs."""
    rank, phase = fact.rank, state.phase
    here = phase != IDLE and fits(fact.queue, state.queue)
    if rank in (OFFERED, ANSWERED, FLOWED_OUT):
        return _NOTHING if here and phase == WAITING else _ENTRIES
    if rank == ABANDONED:
        return _NOTHING if here else _ENTRIES
    if rank in (TRANSFERRED, ENDED):
        if here:
            return _NOTHING if phase == CONNECTED else _ANSWERS
        return _OPENINGS
    if rank == HOLD_STARTED:
        return _NOTHING if here and phase == CONNECTED else _ANSWERS
    if rank == HOLD_ENDED:
        return _NOTHING if here and phase == CONNECTED and state.hold_since >= 0 else _HOLDS
    if rank == WRAPUP_ENDED:
        early = here and phase == CONNECTED and (fact.agent is None or fact.agent == state.agent)
        return _ENDS if early or not owed_to(state.wrapups, fact) else _NOTHING
    return _NOTHING


def arrange(state: ContactState, plan: Plan, index: int) -> bool:
    """Look ahead from the event at `index`; True if the order changed and there is another now.

    False: it takes its step. `state.doubt` is set where it found nothing of what it needs.
    """
    fact, grace = plan.todo[index], plan.grace
    pulled = id(fact) in plan.pulled
    if not pulled and is_said_again(state, fact, grace):
        plan.ledger.anomaly("said_again", fact)
        topics.hear(state, fact)
        comings.hear(state, fact, plan.ledger)
        comings.settle(state, fact.at, plan.ledger)
        del plan.todo[index]
        return True
    if fact.rank == FLOWED_OUT and _comes_back(state, plan, index):
        return True
    if pulled:
        return False
    if id(fact) in plan.laps and state.phase == WAITING and fact.queue == state.queue:
        topics.hear(state, fact)
        comings.hear(state, fact, plan.ledger)
        comings.settle(state, fact.at, plan.ledger)
        came_back(state, fact, plan.ledger)
        del plan.todo[index]
        return True
    needed = _needed(state, fact)
    if needed:
        waits = fact.rank in (TRANSFERRED, ENDED) and needed is _ANSWERS
        queue = state.queue if waits else fact.queue
        place = plan.first(index, plan.own_time(fact) + grace, needed, queue)
        if place is not None:
            plan.move_behind(index, place)
            return True
        state.doubt = max(state.doubt, plan.own_time(fact) + grace)
    place = _leaver(state, plan, index)
    if place is None:
        return False
    plan.pull(index, place)
    return True


def _comes_back(state: ContactState, plan: Plan, index: int) -> bool:
    """Pass over a flow-out that the contact's entry into the same queue follows within grace."""
    fact = plan.todo[index]
    if state.phase != WAITING or fact.queue != state.queue:
        return False
    place = plan.first(index, fact.at + plan.grace, _OPENINGS, None)
    if place is None:
        return False
    entry = plan.todo[place]
    # A call-back that was promised and is made is two visits, however soon.
    calls_back = fact.detail == entry.detail == "callback"
    if entry.rank != ENTRY or entry.queue != state.queue or calls_back:
        return False
    topics.hear(state, fact)
    comings.hear(state, fact, plan.ledger)
    comings.settle(state, fact.at, plan.ledger)
    plan.pass_over(index, place)
    return True


def _leaver(state: ContactState, plan: Plan, index: int) -> int | None:
    """The place of the event that says how the open visit ended, if this one opens another."""
    todo, fact, at = plan.todo, plan.todo[index], plan.todo[index].at
    elsewhere = fact.rank == ANSWERED and fact.queue != state.queue
    if state.phase == IDLE or not (fact.rank == ENTRY or elsewhere):
        return None
    connected, agent = fact.rank == ANSWERED, fact.agent
    resumed = fact.rank == ENTRY and fact.detail == "resumed"
    for place in range(index + 1, len(todo)):
        later = todo[place]
        if later.at > at + plan.grace:
            return None
        if later.rank == ANSWERED and later.queue == fact.queue:
            connected, agent = True, later.agent
        elif later.rank in CLOSERS and _about_former(
            later,
            (state.queue, state.phase == CONNECTED, state.agent, False),
            (fact.queue, connected, agent, resumed),
        ):
            return place
    return None


def is_said_again(state: ContactState, fact: Fact, grace: int) -> bool:
    """Whether the event closes a visit of which the end is known within grace before."""
    if fact.rank not in CLOSERS:
        return False
    last = state.last
    if last is None or last.how not in TOLD or fact.at - last.closed_at > grace:
        return False
    queue = state.queue if state.phase != IDLE else None
    return _about_former(
        fact,
        (last.queue, last.connected, last.agent, True),
        (queue, state.phase == CONNECTED, state.agent, state.resumed),
    )


def _about_former(
    closer: Fact,
    old: tuple[str, bool, str | None, bool],
    new: tuple[str | None, bool, str | None, bool],
) -> bool:
    """Whether `closer` speaks of the visit before (`old`) and not of the open one (`new`).

    `old`: queue, whether it was answered, by whom, whether its end is told. `new`: its queue (None:
    nothing is open), whether it is answered, by whom, whether `contact.resumed` opened it.
    """
    old_queue, old_connected, old_agent, end_is_told = old
    new_queue, new_connected, new_agent, resumed = new
    rank, agent = closer.rank, closer.agent
    if not fits(closer.queue, old_queue):
        return False
    if new_queue is None or (closer.queue is not None and closer.queue != new_queue):
        return rank != FLOWED_OUT if old_connected else True
    if not old_connected:
        return rank == FLOWED_OUT or (rank == ABANDONED and resumed)
    if rank not in (TRANSFERRED, ENDED):
        return False
    if not new_connected or (not end_is_told and agent in (None, old_agent)):
        return True
    return agent is not None and agent == old_agent and agent != new_agent


def is_doubted(state: ContactState, fact: Fact, grace: int) -> bool:
    """Whether the event, which sorts last, could change how an earlier one was read."""
    if fact.at <= state.doubt and fact.rank in _DOUBTED:
        return True
    last = state.last
    return (
        fact.rank == ENTRY
        and state.phase == IDLE
        and last is not None
        and last.how == SAID_FLOWED_OUT
        and last.queue == fact.queue
        and fact.at - last.closed_at <= grace
    )
