"""Layer 2: what the events of a contact do to its visit, and what of it is booked.

Each effect reads nothing but the state, the event and the rules, and books through the ledger
alone, times its sign, in the pane of the time at which it happens. Which event has which effect is
the table of `contact.py`; how a wait ends is in `contact_leave.py`, and what is said of a visit
that an age closed in `contact_aged.py`.
"""

from bisect import bisect_left

from streams.contract.words import HOUR_MS
from streams.lifecycle import agent_legs, comings
from streams.lifecycle import contact_words as words
from streams.lifecycle import counters as c
from streams.lifecycle.contact_leave import flow_out, leave, reason_of
from streams.lifecycle.contact_state import (
    CONCLUDED,
    CONNECTED,
    IDLE,
    WAITING,
    ContactState,
)
from streams.lifecycle.contact_talk import transfer
from streams.lifecycle.facts import Fact
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import FORGET_MS

# -- a visit begins --------------------------------------------------------------------------------


def open_visit(
    state: ContactState,
    queue: str,
    at: int,
    outbound: bool,
    ledger: Ledger,
    detail: str | None = None,
) -> None:
    """The contact begins to wait in a queue; `detail` as that of an entry's fact."""
    _begin(state, WAITING, queue, at, at, outbound, detail == "callback", ledger)
    comings.visits(state, at, at, outbound, state.callback, ledger)
    state.resumed, state.customer_at = detail == "resumed", at
    if not outbound:
        sign, cell, offset = ledger.sign, ledger.cell(queue, at), at % ledger.width
        if state.callback:
            cell[c.CALLBACK_VISITS] += sign
            return
        book_entry(state, cell, sign)
        cell[c.WAITING] += sign
        cell[c.WAITING_MOMENT] += sign * offset


def _begin(
    state: ContactState,
    phase: int,
    queue: str,
    entered_at: int,
    at: int,
    outbound: bool,
    callback: bool,
    ledger: Ledger,
) -> None:
    last = state.last
    state.phase, state.queue, state.entered_at, state.outbound = phase, queue, entered_at, outbound
    state.threshold_decided, state.ringing, state.silent_queue = False, (), None
    state.over_limit, state.callback, state.to_queue = False, callback, None
    if callback or state.words is not None:
        words.begin(state, at, ledger)
    state.agent = state.former = None
    state.handled_already = state.resumed = state.answered_by_message = state.transferred = False
    state.continues = (
        last is not None
        and not last.connected
        and last.queue != queue
        and at - last.closed_at <= ledger.rules.grace_ms
    )


def book_entry(state: ContactState, cell: dict[int, int], sign: int) -> None:
    """A visit of the contact; the first three count by their number too."""
    cell[c.OFFERED] += sign
    if state.hops < len(c.HOPS):
        cell[c.HOPS[state.hops]] += sign
        state.hops += 1


def enqueued(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry: the visit begins."""
    _arrive(state, fact, ledger)
    open_visit(state, fact.queue or "", fact.at, fact.outbound, ledger, fact.detail)


def enqueued_again(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry into the queue it waits in: said twice, or it had left and came back at once."""
    _doubt(state, fact.at, ledger)
    if fact.at - state.entered_at <= ledger.rules.grace_ms:
        ledger.anomaly("said_again", fact)
        _arrive(state, fact, ledger)
    else:
        came_back(state, fact, ledger)


def came_back(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry after which the visit goes on as if the contact had never left: a lap."""
    ledger.anomaly("lap", fact)
    _arrive(state, fact, ledger)
    if not (state.outbound or state.callback):
        ledger.cell(state.queue, fact.at)[c.LAPS] += ledger.sign


def _arrive(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry tells where the contact went, and maybe when it came, before any menu."""
    if state.to_queue is not None:
        if fact.queue != state.to_queue:
            ledger.anomaly("transferred_elsewhere", fact)
        state.to_queue = None
    arrived, at = fact.since, fact.at
    if arrived < 0 or fact.outbound:
        return
    if arrived > at:
        ledger.anomaly("clamped", fact)
        arrived = at
    longest = ledger.rules_for(fact.queue or "", at).max_wait_ms or FORGET_MS
    if at - arrived > longest + HOUR_MS:
        ledger.anomaly("arrival_too_old", fact)
    elif state.arrived_at < 0 or arrived < state.arrived_at:
        state.arrived_at = arrived


def requeued(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry into another queue: the visit before flowed out, although nobody said so."""
    _make_place(state, fact, reason_of(fact), ledger)
    enqueued(state, fact, ledger)


def moved_on(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An entry while connected: the conversation was transferred, although nobody said so."""
    _make_place(state, fact, "other", ledger)
    enqueued(state, fact, ledger)


def _make_place(state: ContactState, fact: Fact, reason: str, ledger: Ledger) -> None:
    """The open visit ends as it must have, since the contact is elsewhere."""
    if state.phase == WAITING:
        flow_out(state, fact.at, reason, CONCLUDED, ledger)
    elif state.phase == CONNECTED:
        transfer(state, fact.at, state.agent, CONCLUDED, ledger)
    _doubt(state, fact.at, ledger)


def _doubt(state: ContactState, at: int, ledger: Ledger) -> None:
    """Until grace is over, another event may come and say what was concluded here."""
    state.doubt = max(state.doubt, at + ledger.rules.grace_ms)


def blocked(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """Refused entry: no visit."""
    if not fact.outbound:
        cell = ledger.cell(fact.queue or "", fact.at)
        cell[c.BLOCKED] += ledger.sign
        reason = fact.detail if fact.detail in c.BLOCKED_REASONS else "other"
        cell[c.BLOCKED_REASONS[reason]] += ledger.sign


# -- it waits --------------------------------------------------------------------------------------


def offered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """It rings at an agent."""
    agent = fact.agent or ""
    if agent in state.ringing:
        return
    if not (state.ringing or state.outbound or state.callback):
        ledger.level(state.queue, fact.at, c.RINGING, 1)
    state.ringing = (*state.ringing, agent)


def offer_failed(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """An agent did not take it: counted in the queue that the event names, whoever waits there."""
    here = state.phase != IDLE and fact.queue == state.queue
    if not (state.outbound if here else fact.outbound):
        outcome = c.OFFERS[fact.detail or ""]
        ledger.cell(fact.queue or "", fact.at)[outcome] += ledger.sign
        if ledger.has_agents:
            agent_legs.offered(fact.agent, outcome, fact.at, ledger)
    if here and fact.agent in state.ringing:
        state.ringing = tuple(agent for agent in state.ringing if agent != fact.agent)
        if not (state.ringing or state.outbound or state.callback):
            ledger.level(state.queue, fact.at, c.RINGING, -1)


def wrote(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message while the customer waits: an agent's answers, the customer's ends his silence."""
    if fact.detail == "customer":
        state.customer_at = fact.at
        words.customer_wrote(state, fact, ledger)
    elif (
        fact.detail == "agent"
        and ledger.channel == "chat"
        and not _says_goodbye(state, fact, ledger)
    ):
        words.told(state, fact, ledger)
        answer(state, fact.at, fact.agent, ledger)
        state.answered_by_message = True
        words.agent_wrote(state, fact, ledger)
    else:
        words.heard(state, fact, ledger)


def spoke(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A message in a conversation."""
    if fact.detail == "customer":
        words.customer_wrote(state, fact, ledger)
    elif fact.detail == "agent":
        words.agent_wrote(state, fact, ledger)
    else:
        words.heard(state, fact, ledger)


def _says_goodbye(state: ContactState, fact: Fact, ledger: Ledger) -> bool:
    """Whether it is the last word of the agent who had the contact until just now."""
    last = state.last
    return (
        last is not None
        and last.connected
        and fact.at - last.closed_at <= ledger.rules.grace_ms
        and last.agent == fact.agent
    )


def wrote_again(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The customer of a chat that fell silent is back: a new visit, in the same queue."""
    queue = state.silent_queue
    if fact.detail != "customer":
        words.heard(state, fact, ledger)
        return
    if queue is not None and fact.queue in (None, queue):
        open_visit(state, queue, fact.at, fact.outbound, ledger)
    words.customer_wrote(state, fact, ledger)


# -- it is answered --------------------------------------------------------------------------------


def answered(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """The answer of who waits."""
    answer(state, fact.at, fact.agent, ledger)


def answer(state: ContactState, at: int, agent: str | None, ledger: Ledger) -> None:
    """The wait is over, answered."""
    if not state.outbound:
        sign, cell, offset = ledger.sign, ledger.cell(state.queue, at), at % ledger.width
        cell[c.HANDLING] += sign
        cell[c.HANDLING_MOMENT] += sign * offset
        if state.callback:
            cell[c.ACCEPTED] += sign
        else:
            book_answer(state, cell, sign, at - state.entered_at)
            _book_first_answer(state, cell, sign, at)
            if state.customer is not None:
                comings.answered(state, at, ledger)
            leave(state, at, c.ANSWERED_IN_THRESHOLD, ledger)
        if ledger.has_agents:
            agent_legs.offered(agent, c.ACCEPTED, at, ledger)
    connect(state, at, agent, ledger)


def book_answer(state: ContactState, cell: dict[int, int], sign: int, wait: int) -> None:
    """An answer with its wait, ms."""
    cell[c.ANSWERED] += sign
    cell[c.ACCEPTED] += sign
    cell[c.ANSWERED_MEASURED] += sign
    cell[c.ANSWERED_WAIT] += sign * wait
    cell[c.CUSTOMER_WAIT] += sign * (state.waited + wait)
    cell[c.CLOSED_WAIT] += sign * wait
    cell[c.WAIT_BUCKETS + bucket_of(wait)] += sign
    cell[c.ANSWERED_WITHIN + bisect_left(c.WAIT_BOUNDS_MS, wait)] += sign


def _book_first_answer(state: ContactState, cell: dict[int, int], sign: int, at: int) -> None:
    if not state.met and state.arrived_at >= 0:
        cell[c.TIMES_TO_ANSWER] += sign
        cell[c.TIME_TO_ANSWER] += sign * (at - state.arrived_at)
        cell[c.TIME_TO_ANSWER_BUCKETS + bucket_of(at - state.arrived_at)] += sign


def connect(state: ContactState, at: int, agent: str | None, ledger: Ledger) -> None:
    """A conversation begins at `at` (ms)."""
    state.phase, state.answered_at, state.agent = CONNECTED, at, agent
    state.hold_since, state.hold, state.ringing = -1, 0, ()
    state.waited, state.met, state.to_queue, state.legs = 0, True, None, ()
    if state.words is not None:
        words.connected(state, at, ledger)
    if state.customer is not None:
        comings.spoke(state, at, ledger)


def open_answered(
    state: ContactState,
    fact: Fact,
    entered_at: int | None,
    outbound: bool,
    ledger: Ledger,
    callback: bool = False,
    offered_before: bool = False,
) -> None:
    """The contact is connected in a queue in which it was not seen to wait.

    `entered_at`: when it came there, ms, if that is known; None: its wait is in no figure.
    `offered_before`: the visit is one that an age had closed.
    """
    at, queue = fact.at, fact.queue or ""
    _make_place(state, fact, "answered_elsewhere", ledger)
    since = at if entered_at is None else entered_at
    _begin(state, CONNECTED, queue, since, at, outbound, callback, ledger)
    if not offered_before:
        comings.visits(state, since, at, outbound, callback, ledger)
    if not outbound:
        cell = ledger.cell(queue, at)
        if not callback:
            _book_first_answer(state, cell, ledger.sign, at)
            comings.answered(state, at, ledger)
        if callback:
            cell[c.ACCEPTED] += ledger.sign
        elif entered_at is None:
            cell[c.ANSWERED] += ledger.sign
            cell[c.ACCEPTED] += ledger.sign
        else:
            book_answer(state, cell, ledger.sign, at - entered_at)
        ledger.level(queue, at, c.HANDLING, 1)
        if ledger.has_agents:
            agent_legs.offered(fact.agent, c.ACCEPTED, at, ledger)
    connect(state, at, fact.agent, ledger)
    if entered_at is None:
        words.unmeasured(state, at, ledger)


def answered_again(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """A second answer of a conversation: told twice, or the next agent has it now."""
    at, agent = fact.at, fact.agent
    if state.answered_by_message and agent in (None, state.agent):
        return  # the answer that goes with the message
    told_twice = agent is None or agent == state.agent
    if told_twice or at - state.answered_at <= ledger.rules.grace_ms:
        ledger.anomaly("answered_again", fact)
        state.agent = state.agent or agent
        return
    if ledger.has_agents:
        agent_legs.handed_over(state, at)
    state.former, state.agent = state.agent, agent


def nothing(state: ContactState, fact: Fact, ledger: Ledger) -> None:
    """No effect on the visit; the event itself is remembered."""
