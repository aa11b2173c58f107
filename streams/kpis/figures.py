"""Layer 4: the figures of one window, from its sums and integrals.

Definitions: `DEFINITIONS.md` beside this file.
In: `View`, the integer sums of a window. Out: `Figures`, the part of the KPI and interval
records. Counts are decided at their own event's time; a value whose denominator is not positive is
None.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

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
from streams.kpis.single_figures import MEANS, NOTHING, Found, single_figures
from streams.lifecycle import counters as c
from streams.windows.views import Span, View

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
        **NOTHING,
        **_visits(view, ()),
        **_waits(view),
        **_agents(view, channel, levels),
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
    found = single_figures(view.sums)
    found |= _tickets(view, numbers) if channel == "ticket" else _visits(view, numbers)
    found |= _levels(view, channel, reasons)
    found |= _parts(view, channel, span, names, has_topics, numbers)
    return replace(nothing, **found)


def _visits(view: View, numbers: Sequence[int]) -> Found:
    """Volumes, waits and handling: what is more than one number, or one over another."""
    count = view.sums.get
    waits, longest_wait = quantiles(view, c.WAIT_BUCKETS, numbers)
    timed = count(c.ABANDONED, 0) - count(c.ABANDONED_UNMEASURED, 0)
    closed = count(c.ANSWERED_MEASURED, 0) + timed + count(c.FLOWED_OUT, 0)
    return {
        "offer_answer_ratio": offer_answer_ratio(view),
        "abandonment_ratio": abandonment_ratio(view),
        "service_level": service_levels(view),
        "wait_closed_mean_seconds": mean_seconds(count(c.CLOSED_WAIT, 0), closed),
        "abandoned_wait_mean_seconds": mean_seconds(count(c.ABANDONED_WAIT, 0), timed),
        "customer_wait_abandoned_mean_seconds": mean_seconds(
            count(c.CUSTOMER_WAIT_ABANDONED, 0), timed
        ),
        "time_to_answer_quantiles_seconds": quantiles(view, c.TIME_TO_ANSWER_BUCKETS, numbers)[0],
        "wait_max_seconds": longest_wait,
        "wait_quantiles_seconds": waits,
        "handle_mean_seconds": handle_mean_seconds(view),
    }


def _levels(view: View, channel: str, reasons: Mapping[str, int]) -> Found:
    """How long it was waited and talked, and what agents did; empty where nobody did anything."""
    stood = {level for level, area in view.integrals.items() if area}
    if not stood:
        return {}
    found = _waits(view)
    return found if stood <= _OF_VISITS else found | _agents(view, channel, reasons)


#: The levels of visits whose integrals are figures; all others are of agents.
_OF_VISITS: Final = {c.WAITING, c.HANDLING}


def _waits(view: View) -> Found:
    """How long it was waited and talked."""
    return {
        "waiting_seconds": seconds(view.integral(c.WAITING)),
        "depth_mean": ratio(view.integral(c.WAITING), view.length_ms),
        "connected_seconds": seconds(view.integral(c.HANDLING)),
    }


def _agents(view: View, channel: str, reasons: Mapping[str, int]) -> Found:
    """What agents did."""
    area = view.integral
    return {
        "handling_agent_seconds": seconds(area(c.HANDLING_AGENTS)),
        "staffed_agent_seconds": seconds(area(c.STAFFED_AGENTS)),
        "slot_busy_seconds": seconds(area(c.SLOT_BUSY)),
        "slot_capacity_seconds": seconds(area(c.SLOT_CAPACITY)),
        "agent_state_seconds": {name: seconds(area(level)) for name, level in c.STATES.items()},
        "break_seconds": break_seconds(view, reasons),
        "occupancy_ratio": occupancy_ratio(view),
        "slot_occupancy_ratio": ratio(area(c.SLOT_BUSY), area(c.SLOT_CAPACITY)),
        "ready_ratio": ready_ratio(view),
        "queue_load_ratio": queue_load_ratio(view, channel),
    }


def _tickets(view: View, numbers: Sequence[int]) -> Found:
    """The same of tickets, their times and what became of them."""
    count = view.sums.get
    resolutions = count(c.TICKETS_RESOLVED, 0) + count(c.TICKETS_RESOLVED_AGAIN, 0)
    return {
        "resolution_quantiles_seconds": quantiles(view, c.RESOLUTION_BUCKETS, numbers)[0],
        "resolution_cycle_mean_seconds": mean_seconds(
            count(c.RESOLUTION_CYCLE_TIME, 0), resolutions
        ),
        "work_per_resolution_seconds": mean_seconds(count(c.WORK_TIME, 0), resolutions),
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
    waited, answered = MEANS["wait_mean_seconds"]
    return mean_seconds(view.count(waited), view.count(answered))


def handle_mean_seconds(view: View) -> float | None:
    """AHT: (talk + hold + wrap-up) / handled, of visits handled in W. No waiting in it."""
    total = view.sums.get(c.TALK, 0) + view.sums.get(c.HOLD, 0) + view.sums.get(c.WRAPUP, 0)
    return mean_seconds(total, view.sums.get(c.HANDLED, 0))
