"""The figures of a window or an interval, one struct: every field says what it means.

In: nothing. Out: `Figures`, which stands in every KPI and interval record (`records.py`); formulas
and sources: `kpis/figures.py`, and the tables of `kpis/single_figures.py`. What else a record has,
and why it is a struct: `records.py`.
Invariant: counts and sums add up over intervals and queues; ratios, means and quantiles do not.
"""

from typing import Annotated, Final

from streams.contract.channel_figures import (
    BotFigures,
    CallbackFigures,
    ChatFigures,
    TicketFigures,
)
from streams.contract.customer_figures import (
    CustomerFigures,
    FollowupFigures,
    SaleFigures,
    SurveyFigures,
    TopicFigures,
)
from streams.contract.fields import (
    ByPercentile,
    ByWord,
    Count,
    Number,
    Part,
    SecondsByWord,
    count,
    counts,
    frame,
    mean,
    quantile,
    quantiles,
    ratio,
    rows,
    sorted_by_name,
    total,
    totals,
)
from streams.contract.words import (
    AGENT_STATES,
    BLOCK_REASONS,
    FLOW_OUT_REASONS,
    OFFER_OUTCOMES,
    TICKET_LEAVES,
)

_VISITS: Final = "Visits {}, each counted at its own event's time."


@sorted_by_name
class ServiceLevel(Part, frozen=True):
    """The four formulas."""

    answered_only: Annotated[Number | None, ratio("answered_in_threshold / answered_measured.")]
    offered: Annotated[Number | None, ratio("answered_in_threshold / threshold_decided.")]
    offered_less_short: Annotated[
        Number | None, ratio("answered_in_threshold / (threshold_decided - short_abandoned).")
    ]
    removed_in_threshold: Annotated[
        Number | None, ratio("(answered + abandoned in threshold) / threshold_decided.")
    ]


@sorted_by_name
class Figures(Part, frozen=True):
    """All figures of one window or interval; formulas and sources: `kpis/figures.py`."""

    # volumes
    offered: Annotated[Count, count(_VISITS.format("that entered the queue"), outcome="offered")]
    contacts: Annotated[
        Count,
        count("Contacts, each at its first visit that is known.", outcome="contacts", since=2),
    ]
    contacts_hopped: Annotated[Count, count("Contacts at their second visit.", since=2)]
    contacts_over_two: Annotated[Count, count("Contacts at their third visit.", since=2)]
    hops_per_contact: Annotated[
        Number | None, ratio("offered / contacts, a ratio of two flows.", since=2)
    ]
    laps: Annotated[
        Count,
        count("Entries of who had left the same queue within grace before; not offered.", since=2),
    ]
    blocked: Annotated[Count, count("Contacts refused entry; never offered.")]
    blocked_reasons: Annotated[
        ByWord,
        counts(
            "`blocked` by reason.",
            BLOCK_REASONS,
            "Contacts refused entry for the reason `{}`.",
            since=2,
        ),
    ]
    answered: Annotated[
        Count,
        count(_VISITS.format("answered, at the first agent connection"), outcome="answered"),
    ]
    answered_measured: Annotated[
        Count,
        count(
            "Of those answered, those whose wait is known.", outcome="answered_measured", since=2
        ),
    ]
    abandoned: Annotated[
        Count,
        count(
            _VISITS.format("left by the customer unanswered, short and silent included"),
            outcome="abandoned",
        ),
    ]
    short_abandoned: Annotated[
        Count, count(_VISITS.format("abandoned within S"), outcome="short_abandoned")
    ]
    silent_abandoned: Annotated[Count, count(_VISITS.format("of chats abandoned without a word"))]
    abandoned_unmeasured: Annotated[
        Count, count("Of those abandoned, those whose wait is not known.", since=2)
    ]
    flowed_out: Annotated[
        Count, count(_VISITS.format("that left unanswered otherwise"), outcome="flowed_out")
    ]
    flowed_out_reasons: Annotated[
        ByWord,
        counts(
            "`flowed_out` by reason.",
            FLOW_OUT_REASONS,
            "Visits that flowed out for the reason `{}`.",
        ),
    ]
    orphaned: Annotated[
        Count,
        count(_VISITS.format("closed at the maximum waiting age, their end never reported")),
    ]
    orphans_recovered: Annotated[
        Count, count("Orphaned visits of which the end was told after all.", since=2)
    ]
    handled: Annotated[
        Count, count(_VISITS.format("whose handling is complete"), outcome="handled")
    ]
    transferred: Annotated[Count, count(_VISITS.format("transferred by the agent"))]
    threshold_decided: Annotated[
        Count,
        count(
            "Visits whose service level was decided: min(answered, left, E + T).",
            outcome="threshold_decided",
        ),
    ]
    answered_in_threshold: Annotated[
        Count,
        count("Of those, answered within T; exactly T is within.", outcome="answered_in_threshold"),
    ]
    abandoned_in_threshold: Annotated[
        Count, count("Of those, abandoned within T.", outcome="abandoned_in_threshold")
    ]
    flowed_out_in_threshold: Annotated[Count, count("Of those, flowed out within T.")]
    limit_decided: Annotated[
        Count,
        count(
            "Visits of which it is known whether they waited over L: min(answered, left, E + L).",
            outcome="limit_decided",
            since=2,
        ),
    ]
    waited_over_limit: Annotated[
        Count,
        count("Of those, still waiting at E + L.", outcome="waited_over_limit", since=2),
    ]
    waited_over_limit_ratio: Annotated[
        Number | None, ratio("waited_over_limit / limit_decided.", since=2)
    ]
    offers: Annotated[
        ByWord,
        counts(
            "Attempts to connect an agent, by outcome; every answer is an accepted one.",
            OFFER_OUTCOMES,
            "Attempts with the outcome `{}`.",
        ),
    ]
    offer_answer_ratio: Annotated[
        Number | None,
        ratio("Of `offers`: accepted / (accepted + rejected + timeout), 0-1.", since=2),
    ]
    abandonment_ratio: Annotated[
        Number | None,
        ratio("(abandoned - short) / (answered + abandoned - short + flowed_out), 0-1."),
    ]
    service_level: Annotated[ServiceLevel, frame("The four formulas, ratios 0-1.")]

    # waits
    answered_wait_seconds: Annotated[Number, total("Sum of the waits of visits answered")]
    abandoned_wait_seconds: Annotated[Number, total("Sum of the waits of visits abandoned")]
    closed_wait_seconds: Annotated[
        Number, total("Sum of the waits of visits answered, abandoned or flowed out")
    ]
    wait_mean_seconds: Annotated[
        Number | None, mean("ASA: answered_wait_seconds / answered_measured")
    ]
    wait_closed_mean_seconds: Annotated[
        Number | None, mean("closed_wait_seconds / visits closed whose wait is known")
    ]
    abandoned_wait_mean_seconds: Annotated[
        Number | None,
        mean("abandoned_wait_seconds / (abandoned - abandoned_unmeasured)"),
    ]
    customer_wait_seconds: Annotated[
        Number,
        total(
            "Sum of all the customer waited up to an answer: the contact's other visits too",
            since=2,
        ),
    ]
    customer_wait_count: Annotated[
        Count, count("The answers of it, whose wait is known: answered_measured.", since=2)
    ]
    customer_wait_mean_seconds: Annotated[
        Number | None, mean("customer_wait_seconds / customer_wait_count", since=2)
    ]
    customer_wait_abandoned_seconds: Annotated[
        Number, total("The same up to an abandonment", since=2)
    ]
    customer_wait_abandoned_mean_seconds: Annotated[
        Number | None,
        mean("customer_wait_abandoned_seconds / (abandoned - abandoned_unmeasured)", since=2),
    ]
    time_to_answer_seconds: Annotated[
        Number,
        total("Sum from the contact's arrival, menus included, to its first answer", since=2),
    ]
    time_to_answer_count: Annotated[
        Count, count("First answers of contacts whose arrival is told.", since=2)
    ]
    time_to_answer_mean_seconds: Annotated[
        Number | None, mean("time_to_answer_seconds / time_to_answer_count", since=2)
    ]
    time_to_answer_quantiles_seconds: Annotated[
        ByPercentile,
        quantiles(
            "Times from the contact's arrival to its first answer",
            "Percentile {} of times to answer, in seconds; null without any.",
            since=3,
        ),
    ]
    wait_max_seconds: Annotated[Number | None, quantile("Longest wait of visits answered")]
    wait_quantiles_seconds: Annotated[
        ByPercentile,
        quantiles(
            "Waits of visits answered",
            "Percentile {} of answered waits, in seconds; null without any.",
        ),
    ]
    waiting_seconds: Annotated[Number, total("Queue depth integrated over the window")]
    depth_mean: Annotated[
        Number | None, ratio("waiting_seconds / the integrated length: mean visits waiting.")
    ]

    # handling
    talk_seconds: Annotated[Number, total("Connected time less hold, of visits handled")]
    hold_seconds: Annotated[Number, total("Hold, of visits handled")]
    wrapup_seconds: Annotated[Number, total("Wrap-up, of visits handled")]
    talk_mean_seconds: Annotated[Number | None, mean("talk_seconds / handled")]
    hold_mean_seconds: Annotated[Number | None, mean("hold_seconds / handled")]
    held: Annotated[Count, count("Of the visits handled, those that were on hold.", since=2)]
    hold_per_held_mean_seconds: Annotated[Number | None, mean("hold_seconds / held", since=2)]
    wrapup_mean_seconds: Annotated[Number | None, mean("wrapup_seconds / handled")]
    wrapups_reported: Annotated[Count, count("Wrap-ups that were told.", since=2)]
    wrapups_unreported: Annotated[
        Count, count("Visits handled at the wrap-up cap, without any: none was told.", since=2)
    ]
    wrapup_reported_mean_seconds: Annotated[
        Number | None, mean("wrapup_seconds / wrapups_reported", since=2)
    ]
    handle_mean_seconds: Annotated[Number | None, mean("AHT: (talk + hold + wrap-up) / handled")]

    # agents
    handling_agent_seconds: Annotated[
        Number, total("Agent time with any handling or wrap-up", state="busy")
    ]
    staffed_agent_seconds: Annotated[
        Number, total("Agent time handling, wrapping up or available", state="staffed")
    ]
    slot_busy_seconds: Annotated[
        Number, total("Busy slot time, at most the capacity", state="slot_busy")
    ]
    slot_capacity_seconds: Annotated[
        Number, total("Slot time of staffed agents", state="slot_capacity")
    ]
    agent_state_seconds: Annotated[
        SecondsByWord,
        totals(
            "Time of the members, by the one state each is in",
            AGENT_STATES,
            "Agent time in the state `{}`",
            since=2,
        ),
    ]
    break_seconds: Annotated[
        SecondsByWord,
        totals(
            "Of `agent_state_seconds`, the breaks, by the reasons that the queue lists "
            "(`break_reasons`), and `other`",
            (),
            "",
            since=4,
        ),
    ]
    occupancy_ratio: Annotated[
        Number | None, ratio("handling_agent_seconds / staffed_agent_seconds, 0-1.")
    ]
    slot_occupancy_ratio: Annotated[
        Number | None, ratio("slot_busy_seconds / slot_capacity_seconds, 0-1.")
    ]
    ready_ratio: Annotated[
        Number | None,
        ratio(
            "Of `agent_state_seconds`: (on_contact + wrapup + ringing + available) / (all - "
            "offline - unknown), 0-1.",
            since=2,
        ),
    ]

    connected_seconds: Annotated[
        Number, total("Time of the queue's visits connected, integrated over the window", since=3)
    ]
    queue_load_ratio: Annotated[
        Number | None,
        ratio(
            "(connected_seconds + wrapup_seconds) / staffed_agent_seconds, of chats / "
            "slot_capacity_seconds; null for tickets.",
            since=3,
        ),
    ]

    # tickets
    tickets_opened: Annotated[Count, count("Tickets opened.")]
    first_responses: Annotated[Count, count("First public human replies.")]
    first_response_seconds: Annotated[Number, total("Sum from opened to first response")]
    first_response_mean_seconds: Annotated[
        Number | None, mean("first_response_seconds / first_responses")
    ]
    next_responses: Annotated[
        Count, count("Public human replies to what the customer wrote later.", since=2)
    ]
    next_response_seconds: Annotated[
        Number, total("Sum from the customer's first unanswered reply to those", since=2)
    ]
    next_response_mean_seconds: Annotated[
        Number | None, mean("next_response_seconds / next_responses", since=2)
    ]
    tickets_resolved: Annotated[Count, count("First resolutions.")]
    resolution_seconds: Annotated[Number, total("Sum from opened to first resolution")]
    resolution_mean_seconds: Annotated[
        Number | None, mean("ART: resolution_seconds / tickets_resolved")
    ]
    resolution_net_count: Annotated[
        Count, count("Of those, the ones whose time in pending is known.", since=2)
    ]
    resolution_net_seconds: Annotated[
        Number, total("Sum from opened to first resolution of those, less pending", since=2)
    ]
    resolution_net_mean_seconds: Annotated[
        Number | None, mean("resolution_net_seconds / resolution_net_count", since=2)
    ]
    on_hold_seconds: Annotated[
        Number, total("What of resolution_net_seconds the tickets were on hold", since=2)
    ]
    resolution_quantiles_seconds: Annotated[
        ByPercentile,
        quantiles("Resolution times", "Percentile {} of resolution times, in seconds."),
    ]
    tickets_reopened: Annotated[Count, count("Tickets reopened.")]
    bot_resolved: Annotated[
        Count,
        count("Resolutions by a bot where no person had replied; in no mean.", since=2),
    ]
    resolved_without_reply: Annotated[
        Count,
        count("Of the first resolutions, those of tickets that nobody had replied to.", since=2),
    ]
    tickets_left: Annotated[
        ByWord,
        counts(
            "Tickets that left the figures, by why; none of them is a resolution.",
            TICKET_LEAVES,
            "Tickets that left the figures as `{}`.",
            since=2,
        ),
    ]
    tickets_resolved_again: Annotated[
        Count, count("Resolutions by a person of a ticket that was resolved before.", since=2)
    ]
    resolution_cycle_seconds: Annotated[
        Number,
        total("Sum from opened or last reopened to resolved, first or again", since=2),
    ]
    resolution_cycle_mean_seconds: Annotated[
        Number | None,
        mean("resolution_cycle_seconds / (tickets_resolved + tickets_resolved_again)", since=2),
    ]
    tickets_worked: Annotated[
        Count, count("Tickets worked on, at the end of the first piece of work.", since=2)
    ]
    work_seconds: Annotated[
        Number, total("Work of agents on tickets, each piece at its end", since=2)
    ]
    work_per_resolution_seconds: Annotated[
        Number | None,
        mean("work_seconds / (tickets_resolved + tickets_resolved_again)", since=2),
    ]
    tickets_assigned: Annotated[Count, count("First assignments to an agent.", since=2)]
    assign_seconds: Annotated[
        Number, total("Sum from opened to the first assignment to an agent", since=2)
    ]
    assign_mean_seconds: Annotated[
        Number | None, mean("assign_seconds / tickets_assigned", since=2)
    ]
    resolution_in_time_ratio: Annotated[
        Number | None,
        ratio("Of `ticket.sla.resolution`: met / (met + breached), 0-1.", since=3),
    ]

    # what one channel alone has
    bot: Annotated[BotFigures, frame("What bots did.", since=3)]
    chat: Annotated[ChatFigures | None, frame("Messages; null where it is no chat.", since=3)]
    callbacks: Annotated[
        CallbackFigures | None, frame("Calls promised back; null for tickets.", since=3)
    ]
    ticket: Annotated[
        TicketFigures | None,
        frame("Promises and complaints; null where it is no ticket.", since=3),
    ]

    # what customers say and do; null in windows shorter than a day
    surveys: Annotated[
        SurveyFigures | None, frame("Surveys; null in windows shorter than a day.", since=4)
    ]
    sales: Annotated[
        SaleFigures | None, frame("Sales; null in windows shorter than a day.", since=4)
    ]
    followups: Annotated[
        FollowupFigures | None, frame("Follow-ups; null in windows shorter than a day.", since=4)
    ]
    customers: Annotated[
        CustomerFigures | None,
        frame("Customers who come again; null in windows shorter than a day.", since=4),
    ]
    by_topic: Annotated[
        list[TopicFigures] | None,
        rows(
            "Some figures by topic, of queues that have a list of topics; null of the others, and "
            "in windows shorter than a day.",
            since=4,
        ),
    ]
