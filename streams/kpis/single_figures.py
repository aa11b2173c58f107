"""Layer 4: figures that are made of one number of a window, or are one over another.

In: the sums of a window. Out: the fields of `Figures` that it has a number for; of the others it
says what they are where nothing is. Most windows have few of all numbers, so that it is gone by
these, not by the figures. Formulas with more in them: `figures.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from streams.kpis.rounding import mean_seconds, ratio, seconds
from streams.lifecycle import counters as c

#: Fields of `Figures` by their names.
Found = dict[str, Any]

#: Counts as they are.
COUNTS: Final = {
    # visits
    "offered": c.OFFERED,
    "contacts": c.CONTACTS,
    "contacts_hopped": c.CONTACTS_HOPPED,
    "contacts_over_two": c.CONTACTS_OVER_TWO,
    "laps": c.LAPS,
    "blocked": c.BLOCKED,
    "answered": c.ANSWERED,
    "answered_measured": c.ANSWERED_MEASURED,
    "abandoned": c.ABANDONED,
    "short_abandoned": c.SHORT_ABANDONED,
    "silent_abandoned": c.SILENT_ABANDONED,
    "abandoned_unmeasured": c.ABANDONED_UNMEASURED,
    "flowed_out": c.FLOWED_OUT,
    "orphaned": c.ORPHANED,
    "orphans_recovered": c.ORPHANS_RECOVERED,
    "handled": c.HANDLED,
    "transferred": c.TRANSFERRED,
    "threshold_decided": c.THRESHOLD_DECIDED,
    "answered_in_threshold": c.ANSWERED_IN_THRESHOLD,
    "abandoned_in_threshold": c.ABANDONED_IN_THRESHOLD,
    "flowed_out_in_threshold": c.FLOWED_OUT_IN_THRESHOLD,
    "limit_decided": c.LIMIT_DECIDED,
    "waited_over_limit": c.WAITED_OVER_LIMIT,
    "customer_wait_count": c.ANSWERED_MEASURED,
    "time_to_answer_count": c.TIMES_TO_ANSWER,
    "held": c.HELD,
    "wrapups_reported": c.WRAPUPS_REPORTED,
    "wrapups_unreported": c.WRAPUPS_UNREPORTED,
    # tickets
    "tickets_opened": c.TICKETS_OPENED,
    "first_responses": c.FIRST_RESPONSES,
    "next_responses": c.NEXT_RESPONSES,
    "tickets_resolved": c.TICKETS_RESOLVED,
    "resolution_net_count": c.RESOLVED_NET,
    "tickets_reopened": c.TICKETS_REOPENED,
    "bot_resolved": c.BOT_RESOLVED,
    "resolved_without_reply": c.RESOLVED_WITHOUT_REPLY,
    "tickets_resolved_again": c.TICKETS_RESOLVED_AGAIN,
    "tickets_worked": c.TICKETS_WORKED,
    "tickets_assigned": c.TICKETS_ASSIGNED,
}

#: Sums of milliseconds, shown in seconds.
TIMES: Final = {
    # visits
    "answered_wait_seconds": c.ANSWERED_WAIT,
    "abandoned_wait_seconds": c.ABANDONED_WAIT,
    "closed_wait_seconds": c.CLOSED_WAIT,
    "customer_wait_seconds": c.CUSTOMER_WAIT,
    "customer_wait_abandoned_seconds": c.CUSTOMER_WAIT_ABANDONED,
    "time_to_answer_seconds": c.TIME_TO_ANSWER,
    "talk_seconds": c.TALK,
    "hold_seconds": c.HOLD,
    "wrapup_seconds": c.WRAPUP,
    # tickets
    "first_response_seconds": c.FIRST_RESPONSE_TIME,
    "next_response_seconds": c.NEXT_RESPONSE_TIME,
    "resolution_seconds": c.RESOLUTION_TIME,
    "resolution_net_seconds": c.RESOLUTION_NET_TIME,
    "on_hold_seconds": c.ON_HOLD_TIME,
    "resolution_cycle_seconds": c.RESOLUTION_CYCLE_TIME,
    "work_seconds": c.WORK_TIME,
    "assign_seconds": c.ASSIGN_TIME,
}

#: Means: a sum of milliseconds, and the count it is of.
MEANS: Final = {
    # visits; the first is ASA
    "wait_mean_seconds": (c.ANSWERED_WAIT, c.ANSWERED_MEASURED),
    "customer_wait_mean_seconds": (c.CUSTOMER_WAIT, c.ANSWERED_MEASURED),
    "time_to_answer_mean_seconds": (c.TIME_TO_ANSWER, c.TIMES_TO_ANSWER),
    "talk_mean_seconds": (c.TALK, c.HANDLED),
    "hold_mean_seconds": (c.HOLD, c.HANDLED),
    "hold_per_held_mean_seconds": (c.HOLD, c.HELD),
    "wrapup_mean_seconds": (c.WRAPUP, c.HANDLED),
    "wrapup_reported_mean_seconds": (c.WRAPUP, c.WRAPUPS_REPORTED),
    # tickets
    "first_response_mean_seconds": (c.FIRST_RESPONSE_TIME, c.FIRST_RESPONSES),
    "next_response_mean_seconds": (c.NEXT_RESPONSE_TIME, c.NEXT_RESPONSES),
    "resolution_mean_seconds": (c.RESOLUTION_TIME, c.TICKETS_RESOLVED),
    "resolution_net_mean_seconds": (c.RESOLUTION_NET_TIME, c.RESOLVED_NET),
    "assign_mean_seconds": (c.ASSIGN_TIME, c.TICKETS_ASSIGNED),
}

#: Ratios: numerator and denominator.
RATIOS: Final = {
    "hops_per_contact": (c.OFFERED, c.CONTACTS),
    "waited_over_limit_ratio": (c.WAITED_OVER_LIMIT, c.LIMIT_DECIDED),
}

#: Counts by word.
BY_WORD: Final = {
    "blocked_reasons": c.BLOCKED_REASONS,
    "flowed_out_reasons": c.REASONS,
    "offers": c.OFFERS,
    "tickets_left": c.TICKETS_LEFT,
}

NOTHING: Final[Found] = {
    **dict.fromkeys(COUNTS, 0),
    **dict.fromkeys(TIMES, 0.0),
    **dict.fromkeys((*MEANS, *RATIOS)),
    **{name: dict.fromkeys(words, 0) for name, words in BY_WORD.items()},
}


T = TypeVar("T")


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    """What stands with each number."""
    found: defaultdict[int, list[T]] = defaultdict(list)
    for number, item in pairs:
        found[number].append(item)
    return dict(found)


# The tables by the number without which a figure is `NOTHING`'s: its own, or its denominator.
_COUNTS, _TIMES = (
    _grouped((number, name) for name, number in table.items()) for table in (COUNTS, TIMES)
)
_MEANS, _RATIOS = (
    _grouped((over, (name, of)) for name, (of, over) in table.items()) for table in (MEANS, RATIOS)
)
_OF_WORDS = {number: name for name, words in BY_WORD.items() for number in words.values()}


def single_figures(sums: Mapping[int, int]) -> Found:
    """The figures of these tables that are not `NOTHING`'s, and maybe some that are."""
    found: Found = {}
    numbers, count = sums.keys(), sums.get
    for number in numbers & _COUNTS.keys():
        for name in _COUNTS[number]:
            found[name] = sums[number]
    for number in numbers & _TIMES.keys():
        for name in _TIMES[number]:
            found[name] = seconds(sums[number])
    for number in numbers & _MEANS.keys():
        for name, of in _MEANS[number]:
            found[name] = mean_seconds(count(of, 0), sums[number])
    for number in numbers & _RATIOS.keys():
        for name, of in _RATIOS[number]:
            found[name] = ratio(count(of, 0), sums[number])
    for name in {_OF_WORDS[number] for number in numbers & _OF_WORDS.keys()}:
        found[name] = {word: count(number, 0) for word, number in BY_WORD[name].items()}
    return found
