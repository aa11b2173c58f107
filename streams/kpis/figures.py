"""Layer 4: the figures of one window, from its sums and integrals.

Definitions: `DEFINITIONS.md` beside this file.
In: `View`, the integer sums of a window. Out: `Figures`, the part of the KPI and interval
records. Counts are decided at their own event's time; a value whose denominator is not positive is
None.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal

from msgspec.structs import replace

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
from streams.kpis.quantiles import numbers_of, quantiles
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
    if not (any(view.sums.values()) or any(view.integrals.values())):
        return _of_nothing(channel, span, tuple(reasons), has_topics, view.length_ms > 0)
    return _figures(view, channel, span, reasons, names, has_topics)


@lru_cache(maxsize=1_000)
def _of_nothing(
    channel: str, span: Span, reasons: tuple[str, ...], has_topics: bool, has_length: bool
) -> Figures:
    """The figures of a window in which nothing was: every other interval of a quiet queue."""
    view, levels = View({}, {}, int(has_length)), dict.fromkeys(reasons, 0)
    return Figures(
        **_visits(view, ()),
        **_levels(view, channel, levels),
        **_tickets(view, ()),
        **_parts(view, channel, span, NO_NAMES, has_topics, ()),
    )


def _figures(
    view: View,
    channel: str,
    span: Span,
    reasons: Mapping[str, int],
    names: Names,
    has_topics: bool,
) -> Figures:
    """The same of a window in which something was.

    There are so many figures that a tick costs what they do. A ticket makes no visit and a contact
    no ticket, so these figures are those of nothing there, as are integrals where no level stood.
    """
    nothing = _of_nothing(channel, span, tuple(reasons), has_topics, view.length_ms > 0)
    numbers = numbers_of(view)
    found = _tickets(view, numbers) if channel == "ticket" else _visits(view, numbers)
    if any(view.integrals.values()):
        found |= _levels(view, channel, reasons)
    found |= _parts(view, channel, span, names, has_topics, numbers)
    return replace(nothing, **found)


#: Fields of `Figures` by their names.
Found = dict[str, Any]


def _visits(view: View, numbers: Sequence[int]) -> Found:
    """Volumes, waits and handling."""
    count = view.sums.get
    waits, longest_wait = quantiles(view, c.WAIT_BUCKETS, numbers)
    answered, abandoned = count(c.ANSWERED, 0), count(c.ABANDONED, 0)
    measured, timed = count(c.ANSWERED_MEASURED, 0), abandoned - count(c.ABANDONED_UNMEASURED, 0)
    handled, closed = count(c.HANDLED, 0), measured + timed + count(c.FLOWED_OUT, 0)
    return {
        # volumes
        "offered": count(c.OFFERED, 0),
        "contacts": count(c.CONTACTS, 0),
        "contacts_hopped": count(c.CONTACTS_HOPPED, 0),
        "contacts_over_two": count(c.CONTACTS_OVER_TWO, 0),
        "hops_per_contact": ratio(count(c.OFFERED, 0), count(c.CONTACTS, 0)),
        "laps": count(c.LAPS, 0),
        "blocked": count(c.BLOCKED, 0),
        "blocked_reasons": {name: count(number, 0) for name, number in c.BLOCKED_REASONS.items()},
        "answered": answered,
        "answered_measured": measured,
        "abandoned": abandoned,
        "short_abandoned": count(c.SHORT_ABANDONED, 0),
        "silent_abandoned": count(c.SILENT_ABANDONED, 0),
        "abandoned_unmeasured": abandoned - timed,
        "flowed_out": count(c.FLOWED_OUT, 0),
        "flowed_out_reasons": {name: count(number, 0) for name, number in c.REASONS.items()},
        "orphaned": count(c.ORPHANED, 0),
        "orphans_recovered": count(c.ORPHANS_RECOVERED, 0),
        "handled": handled,
        "transferred": count(c.TRANSFERRED, 0),
        "threshold_decided": count(c.THRESHOLD_DECIDED, 0),
        "answered_in_threshold": count(c.ANSWERED_IN_THRESHOLD, 0),
        "abandoned_in_threshold": count(c.ABANDONED_IN_THRESHOLD, 0),
        "flowed_out_in_threshold": count(c.FLOWED_OUT_IN_THRESHOLD, 0),
        "limit_decided": count(c.LIMIT_DECIDED, 0),
        "waited_over_limit": count(c.WAITED_OVER_LIMIT, 0),
        "waited_over_limit_ratio": ratio(count(c.WAITED_OVER_LIMIT, 0), count(c.LIMIT_DECIDED, 0)),
        "offers": {name: count(number, 0) for name, number in c.OFFERS.items()},
        "offer_answer_ratio": offer_answer_ratio(view),
        "abandonment_ratio": abandonment_ratio(view),
        "service_level": service_levels(view),
        # waits
        "answered_wait_seconds": seconds(count(c.ANSWERED_WAIT, 0)),
        "abandoned_wait_seconds": seconds(count(c.ABANDONED_WAIT, 0)),
        "closed_wait_seconds": seconds(count(c.CLOSED_WAIT, 0)),
        "wait_mean_seconds": wait_mean_seconds(view),
        "wait_closed_mean_seconds": mean_seconds(count(c.CLOSED_WAIT, 0), closed),
        "abandoned_wait_mean_seconds": mean_seconds(count(c.ABANDONED_WAIT, 0), timed),
        "customer_wait_seconds": seconds(count(c.CUSTOMER_WAIT, 0)),
        "customer_wait_count": measured,
        "customer_wait_mean_seconds": mean_seconds(count(c.CUSTOMER_WAIT, 0), measured),
        "customer_wait_abandoned_seconds": seconds(count(c.CUSTOMER_WAIT_ABANDONED, 0)),
        "customer_wait_abandoned_mean_seconds": mean_seconds(
            count(c.CUSTOMER_WAIT_ABANDONED, 0), timed
        ),
        "time_to_answer_seconds": seconds(count(c.TIME_TO_ANSWER, 0)),
        "time_to_answer_count": count(c.TIMES_TO_ANSWER, 0),
        "time_to_answer_mean_seconds": mean_seconds(
            count(c.TIME_TO_ANSWER, 0), count(c.TIMES_TO_ANSWER, 0)
        ),
        "time_to_answer_quantiles_seconds": quantiles(view, c.TIME_TO_ANSWER_BUCKETS, numbers)[0],
        "wait_max_seconds": longest_wait,
        "wait_quantiles_seconds": waits,
        # handling
        "talk_seconds": seconds(count(c.TALK, 0)),
        "hold_seconds": seconds(count(c.HOLD, 0)),
        "wrapup_seconds": seconds(count(c.WRAPUP, 0)),
        "talk_mean_seconds": mean_seconds(count(c.TALK, 0), handled),
        "hold_mean_seconds": mean_seconds(count(c.HOLD, 0), handled),
        "held": count(c.HELD, 0),
        "hold_per_held_mean_seconds": mean_seconds(count(c.HOLD, 0), count(c.HELD, 0)),
        "wrapup_mean_seconds": mean_seconds(count(c.WRAPUP, 0), handled),
        "wrapups_reported": count(c.WRAPUPS_REPORTED, 0),
        "wrapups_unreported": count(c.WRAPUPS_UNREPORTED, 0),
        "wrapup_reported_mean_seconds": mean_seconds(
            count(c.WRAPUP, 0), count(c.WRAPUPS_REPORTED, 0)
        ),
        "handle_mean_seconds": handle_mean_seconds(view),
    }


def _levels(view: View, channel: str, reasons: Mapping[str, int]) -> Found:
    """How long it was waited and talked, and what agents did."""
    area = view.integrals.get
    return {
        "waiting_seconds": seconds(area(c.WAITING, 0)),
        "depth_mean": ratio(area(c.WAITING, 0), view.length_ms),
        "handling_agent_seconds": seconds(area(c.HANDLING_AGENTS, 0)),
        "staffed_agent_seconds": seconds(area(c.STAFFED_AGENTS, 0)),
        "slot_busy_seconds": seconds(area(c.SLOT_BUSY, 0)),
        "slot_capacity_seconds": seconds(area(c.SLOT_CAPACITY, 0)),
        "agent_state_seconds": {name: seconds(area(level, 0)) for name, level in c.STATES.items()},
        "break_seconds": break_seconds(view, reasons),
        "occupancy_ratio": occupancy_ratio(view),
        "slot_occupancy_ratio": ratio(area(c.SLOT_BUSY, 0), area(c.SLOT_CAPACITY, 0)),
        "ready_ratio": ready_ratio(view),
        "connected_seconds": seconds(area(c.HANDLING, 0)),
        "queue_load_ratio": queue_load_ratio(view, channel),
    }


def _tickets(view: View, numbers: Sequence[int]) -> Found:
    """Tickets, their times and what became of them."""
    count = view.sums.get
    resolutions, _ = quantiles(view, c.RESOLUTION_BUCKETS, numbers)
    responses, resolved = count(c.FIRST_RESPONSES, 0), count(c.TICKETS_RESOLVED, 0)
    resolved_again, assigned = count(c.TICKETS_RESOLVED_AGAIN, 0), count(c.TICKETS_ASSIGNED, 0)
    return {
        "tickets_opened": count(c.TICKETS_OPENED, 0),
        "first_responses": responses,
        "first_response_seconds": seconds(count(c.FIRST_RESPONSE_TIME, 0)),
        "first_response_mean_seconds": mean_seconds(count(c.FIRST_RESPONSE_TIME, 0), responses),
        "next_responses": count(c.NEXT_RESPONSES, 0),
        "next_response_seconds": seconds(count(c.NEXT_RESPONSE_TIME, 0)),
        "next_response_mean_seconds": mean_seconds(
            count(c.NEXT_RESPONSE_TIME, 0), count(c.NEXT_RESPONSES, 0)
        ),
        "tickets_resolved": resolved,
        "resolution_seconds": seconds(count(c.RESOLUTION_TIME, 0)),
        "resolution_mean_seconds": mean_seconds(count(c.RESOLUTION_TIME, 0), resolved),
        "resolution_net_count": count(c.RESOLVED_NET, 0),
        "resolution_net_seconds": seconds(count(c.RESOLUTION_NET_TIME, 0)),
        "resolution_net_mean_seconds": mean_seconds(
            count(c.RESOLUTION_NET_TIME, 0), count(c.RESOLVED_NET, 0)
        ),
        "on_hold_seconds": seconds(count(c.ON_HOLD_TIME, 0)),
        "resolution_quantiles_seconds": resolutions,
        "tickets_reopened": count(c.TICKETS_REOPENED, 0),
        "bot_resolved": count(c.BOT_RESOLVED, 0),
        "resolved_without_reply": count(c.RESOLVED_WITHOUT_REPLY, 0),
        "tickets_left": {name: count(number, 0) for name, number in c.TICKETS_LEFT.items()},
        "tickets_resolved_again": resolved_again,
        "resolution_cycle_seconds": seconds(count(c.RESOLUTION_CYCLE_TIME, 0)),
        "resolution_cycle_mean_seconds": mean_seconds(
            count(c.RESOLUTION_CYCLE_TIME, 0), resolved + resolved_again
        ),
        "tickets_worked": count(c.TICKETS_WORKED, 0),
        "work_seconds": seconds(count(c.WORK_TIME, 0)),
        "work_per_resolution_seconds": mean_seconds(
            count(c.WORK_TIME, 0), resolved + resolved_again
        ),
        "tickets_assigned": assigned,
        "assign_seconds": seconds(count(c.ASSIGN_TIME, 0)),
        "assign_mean_seconds": mean_seconds(count(c.ASSIGN_TIME, 0), assigned),
        "resolution_in_time_ratio": in_time_ratio(view, numbers),
    }


def _parts(
    view: View,
    channel: str,
    span: Span,
    names: Names,
    has_topics: bool,
    numbers: Sequence[int],
) -> Found:
    """What one channel alone has, and what customers say and do."""
    slow, is_ticket = span != "short", channel == "ticket"
    return {
        "bot": bot_figures(view, numbers),
        "chat": chat_figures(view, numbers) if channel == "chat" else None,
        "callbacks": None if is_ticket else callback_figures(view, numbers),
        "ticket": ticket_figures(view, span, numbers) if is_ticket else None,
        "surveys": survey_figures(view, names, numbers) if slow else None,
        "sales": sale_figures(view, names) if slow else None,
        "followups": followup_figures(view) if slow else None,
        "customers": customer_figures(view) if slow else None,
        "by_topic": topic_figures(view, names) if slow and has_topics else None,
    }


def offer_answer_ratio(view: View) -> float | None:
    """Accepted / (accepted + rejected + timeout): what the agents made of their offers."""
    made = [view.sums.get(c.OFFERS[outcome], 0) for outcome in ("accepted", "rejected", "timeout")]
    return ratio(made[0], sum(made))


def abandonment_ratio(view: View) -> float | None:
    """(abandoned - short) / (answered + abandoned - short + flowed out), of visits closed in W."""
    left = view.sums.get(c.ABANDONED, 0) - view.sums.get(c.SHORT_ABANDONED, 0)
    return ratio(left, view.sums.get(c.ANSWERED, 0) + left + view.sums.get(c.FLOWED_OUT, 0))


def service_level(view: View) -> float | None:
    """Answered within the threshold / (decided - short abandoned): the formula of the contract."""
    decided = view.sums.get(c.THRESHOLD_DECIDED, 0) - view.sums.get(c.SHORT_ABANDONED, 0)
    return ratio(view.sums.get(c.ANSWERED_IN_THRESHOLD, 0), decided)


def service_levels(view: View) -> ServiceLevel:
    """The four formulas, each of the visits whose threshold was decided in W (answered: in W).

    `offered_less_short` is Cisco's "ignored", `offered` "negative", `removed_in_threshold`
    "positive" (Amazon Connect's), `answered_only` Asterisk's.
    """
    within, decided = (
        view.sums.get(c.ANSWERED_IN_THRESHOLD, 0),
        view.sums.get(c.THRESHOLD_DECIDED, 0),
    )
    return ServiceLevel(
        answered_only=ratio(within, view.sums.get(c.ANSWERED_MEASURED, 0)),
        offered=ratio(within, decided),
        offered_less_short=service_level(view),
        removed_in_threshold=ratio(within + view.sums.get(c.ABANDONED_IN_THRESHOLD, 0), decided),
    )


#: The levels that occupancy is made of.
OF_OCCUPANCY: Final = (c.HANDLING_AGENTS, c.STAFFED_AGENTS)


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
    return ratio(view.integral(c.HANDLING) + view.sums.get(c.WRAPUP, 0), offered)


def wait_mean_seconds(view: View) -> float | None:
    """ASA: mean wait of the visits answered in W whose wait is known."""
    return mean_seconds(view.sums.get(c.ANSWERED_WAIT, 0), view.sums.get(c.ANSWERED_MEASURED, 0))


def handle_mean_seconds(view: View) -> float | None:
    """AHT: (talk + hold + wrap-up) / handled, of visits handled in W. No waiting in it."""
    total = view.sums.get(c.TALK, 0) + view.sums.get(c.HOLD, 0) + view.sums.get(c.WRAPUP, 0)
    return mean_seconds(total, view.sums.get(c.HANDLED, 0))
