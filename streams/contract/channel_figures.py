"""The parts of `Figures` that not every channel has: chats, bots, call-backs, tickets' promises.

In: nothing. Out: the structs that `figures.py` puts together; null where a channel has no such
part, so that a record of calls does not carry what only tickets have. Every field says what it
means. Invariant: counts and sums add up over intervals and queues; ratios, means and quantiles do
not.
"""

from typing import Annotated

from streams.contract.fields import (
    ByPercentile,
    ByWord,
    Count,
    Number,
    Part,
    count,
    counts,
    frame,
    mean,
    quantiles,
    ratio,
    sorted_by_name,
    total,
)
from streams.contract.words import CALLBACK_ATTEMPTS, TICKET_PRIORITIES

_PERCENTILE = "Percentile {} of them, in seconds; null without any."


@sorted_by_name
class ChatFigures(Part, frozen=True):
    """What chats have beside calls: messages, and several contacts of one agent at a time."""

    first_message_count: Annotated[
        Count, count("Visits at their first message by an agent, no bot's or automatic one.")
    ]
    first_message_seconds: Annotated[Number, total("Sum from the entry to those")]
    first_message_mean_seconds: Annotated[
        Number | None, mean("first_message_seconds / first_message_count")
    ]
    first_message_quantiles_seconds: Annotated[
        ByPercentile, quantiles("From the entry to those", _PERCENTILE)
    ]
    responses: Annotated[
        Count, count("Later messages by an agent that answer one of the customer's.")
    ]
    response_seconds: Annotated[
        Number, total("Sum from the customer's first unanswered message to those")
    ]
    response_mean_seconds: Annotated[Number | None, mean("response_seconds / responses")]
    response_quantiles_seconds: Annotated[
        ByPercentile, quantiles("Times of those responses", _PERCENTILE)
    ]
    messaged: Annotated[
        Count, count("Conversations that ended, of which any message of a customer was told.")
    ]
    left_unanswered: Annotated[
        Count, count("Of those, the ones that end with a customer's message unanswered.")
    ]
    answered_no_reply: Annotated[
        Count, count("Of those, the ones in which the customer wrote nothing after the answer.")
    ]
    contact_seconds: Annotated[
        Number, total("Contacts that the pool's agents had at a time, integrated")
    ]
    channel_agent_seconds: Annotated[
        Number, total("The pool's agents who had at least one of them, integrated")
    ]
    concurrency_mean: Annotated[
        Number | None, ratio("contact_seconds / channel_agent_seconds, 1 or more.")
    ]
    handle_adjusted_mean_seconds: Annotated[
        Number | None, mean("handle_mean_seconds / concurrency_mean")
    ]


@sorted_by_name
class BotFigures(Part, frozen=True):
    """What bots did: in the queue the event names, else in the queue `_bot`."""

    conversations: Annotated[Count, count("Conversations of bots that ended.")]
    contained: Annotated[Count, count("Of those, the ones that needed nobody, says the source.")]
    escalated: Annotated[Count, count("Of those, the ones handed to people.")]
    containment_ratio: Annotated[Number | None, ratio("contained / (contained + escalated), 0-1.")]
    timed: Annotated[Count, count("Of the conversations, those whose start is told.")]
    timed_seconds: Annotated[Number, total("Sum of the lengths of those")]
    timed_mean_seconds: Annotated[Number | None, mean("timed_seconds / timed")]
    handoff_wait_count: Annotated[
        Count, count("First words of a person after a bot handed the contact over.")
    ]
    handoff_wait_seconds: Annotated[Number, total("Sum from the hand-over to those")]
    handoff_wait_mean_seconds: Annotated[
        Number | None, mean("handoff_wait_seconds / handoff_wait_count")
    ]


@sorted_by_name
class CallbackFigures(Part, frozen=True):
    """Calls that were promised back; asked = reached + given_up + cancelled + expired + owed."""

    asked: Annotated[Count, count("Call-backs asked for.")]
    attempted: Annotated[
        ByWord,
        counts(
            "Attempts to call back, by outcome; several a request.",
            CALLBACK_ATTEMPTS,
            "Attempts to call back with the outcome `{}`.",
        ),
    ]
    reached: Annotated[Count, count("Requests that ended with the customer reached.")]
    given_up: Annotated[Count, count("Requests that were given up after attempts.")]
    cancelled: Annotated[Count, count("Requests that were cancelled.")]
    expired: Annotated[
        Count, count("Requests of which nothing was told for `callback_memory_days`.")
    ]
    reached_ratio: Annotated[
        Number | None, ratio("reached / (reached + given_up + cancelled + expired), 0-1.")
    ]
    reach_count: Annotated[
        Count, count("Of the requests reached, those of which it is known since when.")
    ]
    reach_seconds: Annotated[
        Number, total("Sum from asked, or the time agreed if later, to reached")
    ]
    reach_mean_seconds: Annotated[Number | None, mean("reach_seconds / reach_count")]
    reach_quantiles_seconds: Annotated[ByPercentile, quantiles("Those times", _PERCENTILE)]
    visits: Annotated[
        Count, count("Visits entered with the reason `callback`: in no figure of waiting.")
    ]


class _Promises(Part, frozen=True):
    """What there is of promises of every kind."""

    met: Annotated[Count, count("Promises kept: fulfilled by the due time.")]
    breached: Annotated[Count, count("Promises broken: unfulfilled at the due time.")]
    withdrawn: Annotated[Count, count("Promises that ended undecided: left, or not asked for.")]
    compliance_ratio: Annotated[Number | None, ratio("met / (met + breached), 0-1.")]


@sorted_by_name
class PromiseFigures(_Promises, frozen=True):
    """Promises of one kind: each clock is decided once."""


@sorted_by_name
class SlaFigures(_Promises, frozen=True):
    """The same, by priority too."""

    met_by_priority: Annotated[
        ByWord, counts("`met` by priority.", TICKET_PRIORITIES, "Kept with the priority `{}`.")
    ]
    breached_by_priority: Annotated[
        ByWord,
        counts("`breached` by priority.", TICKET_PRIORITIES, "Broken with the priority `{}`."),
    ]


@sorted_by_name
class Promises(Part, frozen=True):
    """The three promises of a ticket."""

    first_response: Annotated[SlaFigures, frame("The first response.")]
    next_response: Annotated[SlaFigures, frame("A reply to what the customer wrote later.")]
    resolution: Annotated[SlaFigures, frame("The resolution.")]


@sorted_by_name
class ComplaintPromises(Part, frozen=True):
    """The three promises of a complaint."""

    first_response: Annotated[PromiseFigures, frame("The first response.")]
    next_response: Annotated[PromiseFigures, frame("A reply to what the customer wrote later.")]
    resolution: Annotated[PromiseFigures, frame("The resolution.")]


@sorted_by_name
class Cohorts(Part, frozen=True):
    """Tickets decided at a fixed time after their opening or resolution; slow figures."""

    resolved_same_day: Annotated[
        Count, count("First resolutions on the local day of the opening, in the opening queue.")
    ]
    left_same_day: Annotated[
        Count, count("Tickets that left unresolved on the day of their opening, in its queue.")
    ]
    resolved_same_day_ratio: Annotated[
        Number | None,
        ratio("resolved_same_day / (tickets_opened - left_same_day), 0-1; of whole days only."),
    ]
    resolution_decided: Annotated[
        Count, count("Tickets resolved, or unresolved `resolution_days` after their opening.")
    ]
    resolved_within: Annotated[
        Count, count("Of those, the ones resolved within `resolution_days` of the opening.")
    ]
    resolved_within_ratio: Annotated[
        Number | None, ratio("resolved_within / resolution_decided, 0-1.")
    ]
    reopen_decided: Annotated[
        Count, count("Resolutions reopened, or not within `repeat_days` of the resolution.")
    ]
    reopened_within: Annotated[
        Count, count("Of those, the ones reopened within `repeat_days` of the resolution.")
    ]
    reopen_ratio: Annotated[Number | None, ratio("reopened_within / reopen_decided, 0-1.")]


@sorted_by_name
class Complaints(Part, frozen=True):
    """The figures of tickets once more, of complaints alone (kind `complaint`)."""

    opened: Annotated[Count, count("Complaints opened.")]
    first_responses: Annotated[Count, count("First public human replies.")]
    first_response_seconds: Annotated[Number, total("Sum from opened to first response")]
    first_response_mean_seconds: Annotated[
        Number | None, mean("first_response_seconds / first_responses")
    ]
    next_responses: Annotated[Count, count("Public human replies to what was written later.")]
    next_response_seconds: Annotated[Number, total("Sum from the question to those")]
    resolved: Annotated[Count, count("First resolutions.")]
    resolution_seconds: Annotated[Number, total("Sum from opened to first resolution")]
    resolution_mean_seconds: Annotated[Number | None, mean("resolution_seconds / resolved")]
    resolved_again: Annotated[Count, count("Resolutions of what was resolved before.")]
    resolution_cycle_seconds: Annotated[
        Number, total("Sum from opened or last reopened to resolved, first or again")
    ]
    resolution_net_count: Annotated[Count, count("First resolutions whose pending is known.")]
    resolution_net_seconds: Annotated[Number, total("Sum of those less pending")]
    reopened: Annotated[Count, count("Complaints reopened.")]
    bot_resolved: Annotated[Count, count("Resolutions by a bot where no person had replied.")]
    resolved_without_reply: Annotated[Count, count("First resolutions nobody had replied to.")]
    left: Annotated[Count, count("Complaints that left the figures: merged, spam, deleted.")]
    assigned: Annotated[Count, count("First assignments to an agent.")]
    assign_seconds: Annotated[Number, total("Sum from opened to the first assignment")]
    worked: Annotated[Count, count("Complaints worked on.")]
    work_seconds: Annotated[Number, total("Work of agents on complaints")]
    sla: Annotated[ComplaintPromises, frame("The promises of complaints.")]
    cohorts: Annotated[
        Cohorts | None, frame("Those of complaints; null in windows shorter than a day.")
    ]


@sorted_by_name
class TicketFigures(Part, frozen=True):
    """What a ticket was promised, and its times by the clock on the wall.

    The other times of tickets are in business time where the queue has a calendar.
    """

    first_response_calendar_seconds: Annotated[
        Number, total("first_response_seconds by the wall clock")
    ]
    next_response_calendar_seconds: Annotated[
        Number, total("next_response_seconds by the wall clock")
    ]
    resolution_calendar_seconds: Annotated[Number, total("resolution_seconds by the wall clock")]
    resolution_cycle_calendar_seconds: Annotated[
        Number, total("resolution_cycle_seconds by the wall clock")
    ]
    resolution_net_calendar_seconds: Annotated[
        Number, total("resolution_net_seconds by the wall clock")
    ]
    assign_calendar_seconds: Annotated[Number, total("assign_seconds by the wall clock")]
    first_response_quantiles_seconds: Annotated[
        ByPercentile, quantiles("Times to the first response", _PERCENTILE)
    ]
    sla: Annotated[Promises, frame("Promises kept and broken.")]
    sla_never_due: Annotated[
        Count, count("Clocks that can never be due: the calendar has no open time ahead.")
    ]
    complaints: Annotated[Complaints, frame("The figures of complaints alone.")]
    cohorts: Annotated[Cohorts | None, frame("Cohorts; null in windows shorter than a day.")]
