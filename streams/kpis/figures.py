"""Layer 4: the figures of one window, from its sums and integrals.

Definitions: `DEFINITIONS.md` beside this file.
In: `View`, the integer sums of a window. Out: `Figures`, the part of the KPI and interval
records. Counts are decided at their own event's time; a value whose denominator is not positive is
None.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from streams.contract.figures import Figures, ServiceLevel
from streams.contract.words import OTHER_REASON
from streams.kpis.channel_figures import (
    bot_figures,
    callback_figures,
    chat_figures,
    in_time_ratio,
    ticket_figures,
)
from streams.kpis.customer_figures import (
    NO_NAMES,
    Names,
    customer_figures,
    followup_figures,
    sale_figures,
    survey_figures,
    topic_figures,
)
from streams.kpis.quantiles import buckets_of, quantiles
from streams.kpis.rounding import mean_seconds, ratio, seconds
from streams.lifecycle import counters as c
from streams.windows.views import View

#: How long a window is: shorter than a day; an interval; the day so far, or a whole replay.
Span = Literal["short", "interval", "days"]


NO_REASONS: Final[Mapping[str, int]] = MappingProxyType({})


def figures(
    view: View,
    channel: str,
    span: Span,
    reasons: Mapping[str, int] = NO_REASONS,
    names: Names = NO_NAMES,
    has_topics: bool = False,
) -> Figures:
    """All figures of one window; the sums and ratios that have a formula are functions below.

    `reasons`: those for a break that have a key, each with its level; `names`: of what some sums
    are told apart by; `has_topics`: whether the queue has a list of topics. Parts that the channel
    does not have are null, and slow figures in short windows.
    """
    slow = span != "short"
    count, area = view.count, view.integral
    buckets = buckets_of(view)
    waits, longest_wait = quantiles(view, c.WAIT_BUCKETS, buckets)
    resolutions, _ = quantiles(view, c.RESOLUTION_BUCKETS, buckets)
    answered, abandoned = count(c.ANSWERED), count(c.ABANDONED)
    measured, timed = count(c.ANSWERED_MEASURED), abandoned - count(c.ABANDONED_UNMEASURED)
    handled, closed = count(c.HANDLED), measured + timed + count(c.FLOWED_OUT)
    responses, resolved = count(c.FIRST_RESPONSES), count(c.TICKETS_RESOLVED)
    resolved_again, assigned = count(c.TICKETS_RESOLVED_AGAIN), count(c.TICKETS_ASSIGNED)
    return Figures(
        # volumes
        offered=count(c.OFFERED),
        contacts=count(c.CONTACTS),
        contacts_hopped=count(c.CONTACTS_HOPPED),
        contacts_over_two=count(c.CONTACTS_OVER_TWO),
        hops_per_contact=ratio(count(c.OFFERED), count(c.CONTACTS)),
        laps=count(c.LAPS),
        blocked=count(c.BLOCKED),
        blocked_reasons={name: count(number) for name, number in c.BLOCKED_REASONS.items()},
        answered=answered,
        answered_measured=measured,
        abandoned=abandoned,
        short_abandoned=count(c.SHORT_ABANDONED),
        silent_abandoned=count(c.SILENT_ABANDONED),
        abandoned_unmeasured=abandoned - timed,
        flowed_out=count(c.FLOWED_OUT),
        flowed_out_reasons={name: count(number) for name, number in c.REASONS.items()},
        orphaned=count(c.ORPHANED),
        orphans_recovered=count(c.ORPHANS_RECOVERED),
        handled=handled,
        transferred=count(c.TRANSFERRED),
        threshold_decided=count(c.THRESHOLD_DECIDED),
        answered_in_threshold=count(c.ANSWERED_IN_THRESHOLD),
        abandoned_in_threshold=count(c.ABANDONED_IN_THRESHOLD),
        flowed_out_in_threshold=count(c.FLOWED_OUT_IN_THRESHOLD),
        limit_decided=count(c.LIMIT_DECIDED),
        waited_over_limit=count(c.WAITED_OVER_LIMIT),
        waited_over_limit_ratio=ratio(count(c.WAITED_OVER_LIMIT), count(c.LIMIT_DECIDED)),
        offers={name: count(number) for name, number in c.OFFERS.items()},
        offer_answer_ratio=offer_answer_ratio(view),
        abandonment_ratio=abandonment_ratio(view),
        service_level=service_levels(view),
        # waits
        answered_wait_seconds=seconds(count(c.ANSWERED_WAIT)),
        abandoned_wait_seconds=seconds(count(c.ABANDONED_WAIT)),
        closed_wait_seconds=seconds(count(c.CLOSED_WAIT)),
        wait_mean_seconds=wait_mean_seconds(view),
        wait_closed_mean_seconds=mean_seconds(count(c.CLOSED_WAIT), closed),
        abandoned_wait_mean_seconds=mean_seconds(count(c.ABANDONED_WAIT), timed),
        customer_wait_seconds=seconds(count(c.CUSTOMER_WAIT)),
        customer_wait_count=measured,
        customer_wait_mean_seconds=mean_seconds(count(c.CUSTOMER_WAIT), measured),
        customer_wait_abandoned_seconds=seconds(count(c.CUSTOMER_WAIT_ABANDONED)),
        customer_wait_abandoned_mean_seconds=mean_seconds(count(c.CUSTOMER_WAIT_ABANDONED), timed),
        time_to_answer_seconds=seconds(count(c.TIME_TO_ANSWER)),
        time_to_answer_count=count(c.TIMES_TO_ANSWER),
        time_to_answer_mean_seconds=mean_seconds(count(c.TIME_TO_ANSWER), count(c.TIMES_TO_ANSWER)),
        time_to_answer_quantiles_seconds=quantiles(view, c.TIME_TO_ANSWER_BUCKETS, buckets)[0],
        wait_max_seconds=longest_wait,
        wait_quantiles_seconds=waits,
        waiting_seconds=seconds(area(c.WAITING)),
        depth_mean=ratio(area(c.WAITING), view.length_ms),
        # handling
        talk_seconds=seconds(count(c.TALK)),
        hold_seconds=seconds(count(c.HOLD)),
        wrapup_seconds=seconds(count(c.WRAPUP)),
        talk_mean_seconds=mean_seconds(count(c.TALK), handled),
        hold_mean_seconds=mean_seconds(count(c.HOLD), handled),
        held=count(c.HELD),
        hold_per_held_mean_seconds=mean_seconds(count(c.HOLD), count(c.HELD)),
        wrapup_mean_seconds=mean_seconds(count(c.WRAPUP), handled),
        wrapups_reported=count(c.WRAPUPS_REPORTED),
        wrapups_unreported=count(c.WRAPUPS_UNREPORTED),
        wrapup_reported_mean_seconds=mean_seconds(count(c.WRAPUP), count(c.WRAPUPS_REPORTED)),
        handle_mean_seconds=handle_mean_seconds(view),
        # agents
        handling_agent_seconds=seconds(area(c.HANDLING_AGENTS)),
        staffed_agent_seconds=seconds(area(c.STAFFED_AGENTS)),
        slot_busy_seconds=seconds(area(c.SLOT_BUSY)),
        slot_capacity_seconds=seconds(area(c.SLOT_CAPACITY)),
        agent_state_seconds={name: seconds(area(level)) for name, level in c.STATES.items()},
        break_seconds=break_seconds(view, reasons),
        occupancy_ratio=occupancy_ratio(view),
        slot_occupancy_ratio=ratio(area(c.SLOT_BUSY), area(c.SLOT_CAPACITY)),
        ready_ratio=ready_ratio(view),
        connected_seconds=seconds(area(c.HANDLING)),
        queue_load_ratio=queue_load_ratio(view, channel),
        # tickets
        tickets_opened=count(c.TICKETS_OPENED),
        first_responses=responses,
        first_response_seconds=seconds(count(c.FIRST_RESPONSE_TIME)),
        first_response_mean_seconds=mean_seconds(count(c.FIRST_RESPONSE_TIME), responses),
        next_responses=count(c.NEXT_RESPONSES),
        next_response_seconds=seconds(count(c.NEXT_RESPONSE_TIME)),
        next_response_mean_seconds=mean_seconds(
            count(c.NEXT_RESPONSE_TIME), count(c.NEXT_RESPONSES)
        ),
        tickets_resolved=resolved,
        resolution_seconds=seconds(count(c.RESOLUTION_TIME)),
        resolution_mean_seconds=mean_seconds(count(c.RESOLUTION_TIME), resolved),
        resolution_net_count=count(c.RESOLVED_NET),
        resolution_net_seconds=seconds(count(c.RESOLUTION_NET_TIME)),
        resolution_net_mean_seconds=mean_seconds(
            count(c.RESOLUTION_NET_TIME), count(c.RESOLVED_NET)
        ),
        on_hold_seconds=seconds(count(c.ON_HOLD_TIME)),
        resolution_quantiles_seconds=resolutions,
        tickets_reopened=count(c.TICKETS_REOPENED),
        bot_resolved=count(c.BOT_RESOLVED),
        resolved_without_reply=count(c.RESOLVED_WITHOUT_REPLY),
        tickets_left={name: count(number) for name, number in c.TICKETS_LEFT.items()},
        tickets_resolved_again=resolved_again,
        resolution_cycle_seconds=seconds(count(c.RESOLUTION_CYCLE_TIME)),
        resolution_cycle_mean_seconds=mean_seconds(
            count(c.RESOLUTION_CYCLE_TIME), resolved + resolved_again
        ),
        tickets_worked=count(c.TICKETS_WORKED),
        work_seconds=seconds(count(c.WORK_TIME)),
        work_per_resolution_seconds=mean_seconds(count(c.WORK_TIME), resolved + resolved_again),
        tickets_assigned=assigned,
        assign_seconds=seconds(count(c.ASSIGN_TIME)),
        assign_mean_seconds=mean_seconds(count(c.ASSIGN_TIME), assigned),
        resolution_in_time_ratio=in_time_ratio(view),
        # what one channel alone has
        bot=bot_figures(view),
        chat=chat_figures(view, buckets) if channel == "chat" else None,
        callbacks=None if channel == "ticket" else callback_figures(view, buckets),
        ticket=ticket_figures(view, span, buckets) if channel == "ticket" else None,
        # what customers say and do
        surveys=survey_figures(view, names) if slow else None,
        sales=sale_figures(view, names) if slow else None,
        followups=followup_figures(view) if slow else None,
        customers=customer_figures(view) if slow else None,
        by_topic=topic_figures(view, names) if slow and has_topics else None,
    )


def offer_answer_ratio(view: View) -> float | None:
    """Accepted / (accepted + rejected + timeout): what the agents made of their offers."""
    made = [view.count(c.OFFERS[outcome]) for outcome in ("accepted", "rejected", "timeout")]
    return ratio(made[0], sum(made))


def abandonment_ratio(view: View) -> float | None:
    """(abandoned - short) / (answered + abandoned - short + flowed out), of visits closed in W."""
    left = view.count(c.ABANDONED) - view.count(c.SHORT_ABANDONED)
    return ratio(left, view.count(c.ANSWERED) + left + view.count(c.FLOWED_OUT))


def service_levels(view: View) -> ServiceLevel:
    """The four formulas, each of the visits whose threshold was decided in W (answered: in W).

    `offered_less_short` is Cisco's "ignored", `offered` "negative", `removed_in_threshold`
    "positive" (Amazon Connect's), `answered_only` Asterisk's.
    """
    within, decided = view.count(c.ANSWERED_IN_THRESHOLD), view.count(c.THRESHOLD_DECIDED)
    return ServiceLevel(
        answered_only=ratio(within, view.count(c.ANSWERED_MEASURED)),
        offered=ratio(within, decided),
        offered_less_short=ratio(within, decided - view.count(c.SHORT_ABANDONED)),
        removed_in_threshold=ratio(within + view.count(c.ABANDONED_IN_THRESHOLD), decided),
    )


def occupancy_ratio(view: View) -> float | None:
    """Busy agent time (any handling or wrapping) / staffed agent time (that, or available)."""
    return ratio(view.integral(c.HANDLING_AGENTS), view.integral(c.STAFFED_AGENTS))


def break_seconds(view: View, reasons: Mapping[str, int]) -> dict[str, float]:
    """The time on a break by its reason; what is none of `reasons` is `other`."""
    spent = {reason: view.integral(level) for reason, level in reasons.items()}
    spent[OTHER_REASON] = view.integral(c.STATES["break"]) - sum(spent.values())
    return {reason: seconds(ms) for reason, ms in spent.items()}


def ready_ratio(view: View) -> float | None:
    """Time on contacts or ready for them / time signed in: that, error and break."""
    spent = {state: view.integral(level) for state, level in c.STATES.items()}
    ready = spent["on_contact"] + spent["wrapup"] + spent["ringing"] + spent["available"]
    return ratio(ready, ready + spent["error"] + spent["break"])


def queue_load_ratio(view: View, channel: str) -> float | None:
    """What the queue's own visits take of its agents' time, of chats of their slots.

    Wrap-up as it is booked, at its end: before that nobody knows whether there is any.
    """
    if channel == "ticket":
        return None  # no visits
    offered = view.integral(c.SLOT_CAPACITY if channel == "chat" else c.STAFFED_AGENTS)
    return ratio(view.integral(c.HANDLING) + view.count(c.WRAPUP), offered)


def wait_mean_seconds(view: View) -> float | None:
    """ASA: mean wait of the visits answered in W whose wait is known."""
    return mean_seconds(view.count(c.ANSWERED_WAIT), view.count(c.ANSWERED_MEASURED))


def handle_mean_seconds(view: View) -> float | None:
    """AHT: (talk + hold + wrap-up) / handled, of visits handled in W. No waiting in it."""
    total = view.count(c.TALK) + view.count(c.HOLD) + view.count(c.WRAPUP)
    return mean_seconds(total, view.count(c.HANDLED))
