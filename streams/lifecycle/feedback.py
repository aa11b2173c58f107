"""Layer 2: surveys, sales and follow-ups, the same for contacts and tickets.

In: their facts, whatever the contact or ticket is doing. Out: counters, in the queue that the event
names; else in that of the open visit or the last one, or the ticket's; else in `_none`. Invariant:
they open nothing and say nothing of a visit. What is remembered of surveys is in the entity's state
and keeps it until the last of them is over; its own memory is not lengthened. Cost: microseconds,
and nothing for a contact without any.
"""

from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from streams.contract.words import DAY_MS, OTHER, SURVEY_DAYS, SURVEY_KINDS
from streams.lifecycle import agent_legs, comings, splits, topics
from streams.lifecycle import counters as c
from streams.lifecycle.facts import Fact
from streams.lifecycle.feedback_words import Answer, read_answer, read_sale, read_sent
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ranks import CONTACT_RANKS, TICKET_RANKS
from streams.lifecycle.rules import NEVER

#: How many surveys of one contact or ticket are remembered.
MAX_SURVEYS: Final = 16
#: How long a survey may be answered, and an answer is remembered.
REMEMBERED_MS: Final = SURVEY_DAYS * DAY_MS

_OTHER_INSTRUMENT: Final = splits.number_of("instrument", OTHER)


class Survey(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One survey of a contact or ticket. Times in ms, -1: none.

    `kind`: its place in `SURVEY_KINDS`; `name`: "" without one. `decided_at`: until when a sending
    may be answered that was not yet; `queue`: that of the sending. `answered_until`: until when an
    answer is remembered; `was_sent`: that answer was to a sending. `agent`: whom the sending names,
    kept where agents have figures of their own.
    """

    kind: int
    name: str = ""
    queue: str = ""
    decided_at: int = -1
    answered_until: int = -1
    was_sent: bool = False
    agent: str | None = None


class Remembers(comings.Tells, Protocol):
    """The state of a contact or ticket."""

    surveys: tuple[Survey, ...]

    @property
    def feedback_queue(self) -> str:
        """Where what names no queue counts."""

    @property
    def leg_agent(self) -> str | None:
        """Whose the last leg was that is remembered."""


# -- surveys ---------------------------------------------------------------------------------------


def survey_sent(state: Remembers, fact: Fact, ledger: Ledger) -> None:
    """A survey is out: within 7 days it is answered, or not."""
    if fact.outbound:
        return
    kind, name = read_sent(fact.detail or "")
    known = _known(state, kind, name)
    if known.decided_at >= 0 or known.was_sent:
        ledger.anomaly("survey_sent_again", fact)
        return
    queue = _queue_of(state, fact)
    ledger.cell(queue, fact.at)[c.SURVEYS_SENT[kind]] += ledger.sign
    agent = fact.agent if ledger.has_agents else None
    sent = replace(known, queue=queue, decided_at=fact.at + REMEMBERED_MS, agent=agent)
    _remember(state, known, sent, fact, ledger)


def survey_answered(state: Remembers, fact: Fact, ledger: Ledger) -> None:
    """The first answer to a survey counts; a further one only as such."""
    if fact.outbound:
        return
    answer, at, sign = read_answer(fact.detail or ""), fact.at, ledger.sign
    kind, queue = answer.kind, _queue_of(state, fact)
    cell, known = ledger.cell(queue, at), _known(state, kind, answer.survey)
    if known.answered_until >= 0:
        cell[c.SURVEYS_AGAIN[kind]] += sign
        return
    cell[c.SURVEYS_ANSWERED[kind]] += sign
    was_sent = known.decided_at >= 0
    if was_sent:
        sent_in = ledger.cell(known.queue, at)
        sent_in[c.SURVEYS_DECIDED[kind]] += sign
        sent_in[c.SURVEYS_RESPONDED[kind]] += sign
    else:
        cell[c.SURVEYS_UNSOLICITED[kind]] += sign
    _book_score(state, answer, queue, at, ledger)
    if ledger.has_agents and kind == "csat":
        agent = fact.agent or known.agent or state.leg_agent
        agent_legs.rated(agent, is_satisfied(answer, queue, at, ledger), at, ledger)
    answered = Survey(known.kind, known.name, "", -1, at + REMEMBERED_MS, was_sent)
    _remember(state, known, answered, fact, ledger)


def _book_score(state: Remembers, answer: Answer, queue: str, at: int, ledger: Ledger) -> None:
    """What an answer says; on a scale that its kind does not have, nothing."""
    sign, cell, kind = ledger.sign, ledger.cell(queue, at), answer.kind
    if kind == "csat":
        topics.book(state.topic, queue, at, splits.TOPIC_CSAT_ANSWERED, ledger)
        if is_satisfied(answer, queue, at, ledger):
            cell[c.CSAT_SATISFIED] += sign
            topics.book(state.topic, queue, at, splits.TOPIC_CSAT_SATISFIED, ledger)
        else:
            comings.failed(state, queue, at, ledger)
    elif kind == "ces":
        value = splits.instrument(
            answer.version, answer.least, answer.greatest, answer.higher_is_better
        )
        cell, first = ledger.split(queue, at, "instrument", value)
        cell[first + splits.INSTRUMENT_ANSWERS] += sign
        if first != _OTHER_INSTRUMENT:  # scores of different scales have no sum
            cell[first + splits.INSTRUMENT_SCORE] += sign * answer.score
    elif kind == "nps":
        if not (answer.higher_is_better and answer.is_on(0, 10)):
            cell[c.SURVEYS_OFF_SCALE[kind]] += sign
        elif answer.score >= 9_000:
            cell[c.NPS_PROMOTERS] += sign
        elif answer.score >= 7_000:
            cell[c.NPS_PASSIVES] += sign
        else:
            cell[c.NPS_DETRACTORS] += sign
            comings.failed(state, queue, at, ledger)
    elif not answer.is_on(0, 1):
        cell[c.SURVEYS_OFF_SCALE[kind]] += sign
    elif (answer.score > 0) == answer.higher_is_better:
        cell[c.SURVEY_YES] += sign


def is_satisfied(answer: Answer, queue: str, at: int, ledger: Ledger) -> bool:
    """Whether an answer to `csat` is one of a satisfied customer, by the queue's rule at `at`."""
    score = ledger.rules_for(queue, at).csat_satisfied_from
    return answer.is_satisfied if score is None else answer.reaches(score)


def due_of(surveys: tuple[Survey, ...]) -> int:
    """When the first of them is decided or forgotten, ms; NEVER without any."""
    due = NEVER
    for one in surveys:
        for at in (one.decided_at, one.answered_until):
            if 0 <= at < due:
                due = at
    return due


def fire(state: Remembers, at: int, ledger: Ledger) -> None:
    """What is due at `at` (ms): sendings that nobody answered are decided, answers forgotten."""
    for one in state.surveys:
        if one.decided_at == at:
            ledger.cell(one.queue, at)[c.SURVEYS_DECIDED[SURVEY_KINDS[one.kind]]] += ledger.sign
    after = (_after(one, at) for one in state.surveys)
    state.surveys = tuple(one for one in after if one.decided_at >= 0 or one.answered_until >= 0)


def _after(one: Survey, at: int) -> Survey:
    """What is left to remember of a survey when `at` (ms) is over."""
    if one.decided_at == at:
        one = replace(one, decided_at=-1, queue="")
    if one.answered_until == at:
        one = replace(one, answered_until=-1, was_sent=False)
    return one


def _known(state: Remembers, kind: str, name: str) -> Survey:
    place = SURVEY_KINDS.index(kind)
    for one in state.surveys:
        if one.kind == place and one.name == name:
            return one
    return Survey(place, name)


def _remember(state: Remembers, before: Survey, after: Survey, fact: Fact, ledger: Ledger) -> None:
    """Put `after` in the place of `before`; a new one is the last, and the first may have to go."""
    surveys = state.surveys
    if before in surveys:
        state.surveys = tuple(after if one is before else one for one in surveys)
        return
    if len(surveys) >= MAX_SURVEYS:
        ledger.anomaly("survey_forgotten", fact)
        surveys = surveys[1:]
    state.surveys = (*surveys, after)


# -- sales and follow-ups --------------------------------------------------------------------------


def sale_closed(state: Remembers, fact: Fact, ledger: Ledger) -> None:
    """Something was sold."""
    _book_sale(state, fact, c.SALES, splits.CURRENCY_SALES, splits.CURRENCY_AMOUNT, ledger)


def sale_cancelled(state: Remembers, fact: Fact, ledger: Ledger) -> None:
    """A sale was undone: counted beside the sales, in which it stays."""
    _book_sale(
        state,
        fact,
        c.SALES_CANCELLED,
        splits.CURRENCY_UNDONE,
        splits.CURRENCY_UNDONE_AMOUNT,
        ledger,
    )


def _book_sale(
    state: Remembers,
    fact: Fact,
    counters: dict[Any, int],
    count: int,
    amount: int,
    ledger: Ledger,
) -> None:
    if fact.outbound:
        return
    sale, sign, queue = read_sale(fact.detail or ""), ledger.sign, _queue_of(state, fact)
    ledger.cell(queue, fact.at)[counters[sale.kind]] += sign
    if sale.amount is not None:
        cell, first = ledger.split(queue, fact.at, "currency", sale.currency)
        cell[first + count] += sign
        cell[first + amount] += sign * sale.amount


def followed_up(state: Remembers, fact: Fact, ledger: Ledger) -> None:
    """The customer was asked after the case."""
    cell = ledger.cell(_queue_of(state, fact), fact.at)
    cell[c.FOLLOWUPS[fact.detail or ""]] += ledger.sign


def _queue_of(state: Remembers, fact: Fact) -> str:
    return fact.queue or state.feedback_queue


#: What each event does, whatever the contact or ticket is doing.
EFFECTS: Final = {
    "survey.sent": survey_sent,
    "survey.answered": survey_answered,
    "followup.completed": followed_up,
    "sale.closed": sale_closed,
    "sale.cancelled": sale_cancelled,
}
#: Their ranks.
OF_CONTACTS: Final = frozenset(CONTACT_RANKS[kind] for kind in EFFECTS)
OF_TICKETS: Final = frozenset(TICKET_RANKS[kind] for kind in EFFECTS)
