"""The record of one agent, and its figures; every field says what it means.

In: nothing. Out: `AgentRecord`, on a topic of its own, and `AgentFigures`. They are made only where
the setting `agent_figures` says so. A *leg* is one agent's part of a conversation; legs are counted
when they end, each for one agent, so that agents' sums are not the counts of a queue.
"""

from typing import Annotated, Final

import msgspec

from streams.contract.fields import (
    ByWord,
    Count,
    Instant,
    Number,
    Part,
    SecondsByWord,
    count,
    counts,
    frame,
    instant,
    mean,
    ratio,
    total,
    totals,
)
from streams.contract.limits import MAX_NAME
from streams.contract.words import AGENT_STATES, OFFER_OUTCOMES

_NAME: Final = msgspec.Meta(min_length=1, max_length=MAX_NAME)


class AgentSurveys(Part, frozen=True):
    """What customers answered of satisfaction (kind `csat`), each survey once, at the answer."""

    answered: Annotated[Count, count("Answers to surveys of satisfaction.")]
    satisfied: Annotated[Count, count("Of those, answers of a satisfied customer.")]
    satisfied_ratio: Annotated[Number | None, ratio("satisfied / answered.")]


class AgentFigures(Part, frozen=True):
    """What one agent did in a time.

    `_nobody` has what nobody is named for, and `_other` the agents over a limit.
    """

    state_seconds: Annotated[
        SecondsByWord,
        totals(
            "Time in each exclusive state, whatever queues the agent has; of several systems "
            "together",
            AGENT_STATES,
            "Time in the state `{}`",
        ),
    ]
    legs_handled: Annotated[
        Count, count("Legs of calls and chats that ended, inbound: more than conversations.")
    ]
    leg_talk_seconds: Annotated[Number, total("Talk of those legs, at their end")]
    leg_hold_seconds: Annotated[Number, total("Hold of those legs, at their end")]
    leg_wrapup_seconds: Annotated[
        Number, total("Work after legs, as far as the queue counts it, at its own end")
    ]
    leg_aht_seconds: Annotated[
        Number | None,
        mean("(leg_talk_seconds + leg_hold_seconds + leg_wrapup_seconds) / legs_handled"),
    ]
    occupancy: Annotated[
        Number | None,
        ratio(
            "Busy time / busy or available time: of `state_seconds` on_contact + wrapup, over "
            "that + ringing + available. Ringing is available time."
        ),
    ]
    offers: Annotated[
        ByWord,
        counts(
            "Offers to the agent by outcome; an answer is an accepted one.",
            OFFER_OUTCOMES,
            "Offers with the outcome `{}`.",
        ),
    ]
    offer_answer_ratio: Annotated[
        Number | None, ratio("accepted / (accepted + rejected + timeout).")
    ]
    surveys: Annotated[AgentSurveys, frame("What customers answered of satisfaction.")]


class AgentRecord(Part, frozen=True):
    """One record of `contact.agent_figures`: one agent in one interval.

    It is about a person. Legs are each agent's own part: their sums are not the counts of a queue.
    """

    schema_version: Annotated[
        str,
        frame("The version of the records' schemas: 1, and how often fields were added."),
    ]
    tenant: Annotated[str, frame("Whose centre it is."), _NAME]
    agent: Annotated[
        str,
        frame(
            "The agent's id, or a pseudonym made of it; `_nobody`: none is named; `_other`: those "
            "over a limit."
        ),
        _NAME,
    ]
    interval_start: Annotated[
        Instant, instant("The start of the interval, in ms since the epoch (UTC).")
    ]
    interval_seconds: Annotated[
        int, frame("The length of the interval, in seconds."), msgspec.Meta(ge=1)
    ]
    final: Annotated[
        bool, frame("Whether every source has passed the interval by the lateness horizon.")
    ]
    revision: Annotated[
        Count,
        frame(
            "Grows with every record of the agent and the interval, gaps allowed; a reader keeps "
            "the largest."
        ),
    ]
    as_of: Annotated[
        Instant, instant("The time the figures stand at, in ms since the epoch (UTC).")
    ]
    state: Annotated[
        str | None,
        frame("The agent's state at `as_of`; null: not known, or no agent of its own."),
    ]
    since_at: Annotated[
        Instant | None, instant("Since when it is that state, in ms; null: no state.")
    ]
    reason: Annotated[
        str | None, frame("Why it is a break, as the source says, in lower case; null: none.")
    ]
    figures: Annotated[AgentFigures, frame("The figures of the interval alone.")]
    today: Annotated[AgentFigures, frame("The figures of the day so far, in UTC.")]
