"""The oracle's figures of what customers say and do, recomputed from the lists.

In: rows of contributions in a window, by name; rows of what is told apart by a value, as
(by, value, name, amount). Out: plain dicts in the contract's words, null in short windows.
"""

from collections.abc import Callable
from fractions import Fraction

KINDS = ("csat", "nps", "ces", "resolved")
SALES = ("upsell", "cross_sell")
OUTCOMES = ("satisfied", "unsatisfied", "not_reached")
MOST = {"topic": 50, "instrument": 8, "currency": 8}

Split = tuple[str, str, str, int]
Numbers = dict[str, int]
Count = Callable[[str], int]


def ratio(numerator: Fraction | int, denominator: int) -> float | None:
    """Six decimals, half to even; None without a denominator."""
    return float(round(Fraction(numerator) / denominator, 6)) if denominator > 0 else None


def thousands(amount: int) -> float:
    return float(Fraction(amount, 1000))


def values(splits: list[Split], by: str) -> list[tuple[str, Numbers]]:
    """Each value of which anything was counted, by name; then the rest, then what has none."""
    found: dict[str, Numbers] = {}
    for how, value, name, amount in splits:
        if how == by and amount:
            numbers = found.setdefault(value, {})
            numbers[name] = numbers.get(name, 0) + amount
    none, other = found.pop("_none", None), found.pop("_other", None)
    named = sorted(found)
    rest = [found[value] for value in named[MOST[by] :]] + ([other] if other else [])
    rows = [(value, found[value]) for value in named[: MOST[by]]]
    if rest:
        names = {name for numbers in rest for name in numbers}
        summed = {name: sum(numbers.get(name, 0) for numbers in rest) for name in names}
        rows.append(("_other", summed))
    return rows + ([("_none", none)] if none else [])


def customer_parts(n: Count, splits: list[Split], span: str, has_topics: bool) -> dict:
    """`n`: the sum of a row's name in the window."""
    if span == "short":
        names = ("surveys", "sales", "followups", "customers", "by_topic")
        return dict.fromkeys(names)
    return {
        "surveys": _surveys(n, splits),
        "sales": _sales(n, splits),
        "followups": _followups(n),
        "customers": _customers(n),
        "by_topic": [_topic(*row) for row in values(splits, "topic")] if has_topics else None,
    }


def _surveys(n: Count, splits: list[Split]) -> dict:
    by_kind = {
        name: {kind: n(f"surveys.{name}.{kind}") for kind in KINDS}
        for name in (
            *("sent", "answered", "answered_again", "unsolicited", "off_scale"),
            *("response_decided", "responded"),
        )
    }
    promoters, passives, detractors = (
        n(f"surveys.nps_{who}") for who in ("promoters", "passives", "detractors")
    )
    asked = promoters + passives + detractors
    score = Fraction(100 * (promoters - detractors), asked) if asked else None
    answered, off_scale = by_kind["answered"], by_kind["off_scale"]
    satisfied, yes = n("surveys.csat_satisfied"), n("surveys.resolved_yes")
    return {
        **by_kind,
        "response_ratio": {
            kind: ratio(by_kind["responded"][kind], by_kind["response_decided"][kind])
            for kind in KINDS
        },
        "csat_satisfied": satisfied,
        "csat_ratio": ratio(satisfied, answered["csat"]),
        "nps_promoters": promoters,
        "nps_passives": passives,
        "nps_detractors": detractors,
        "nps": None if score is None else float(round(score, 1)),
        "resolved_yes": yes,
        "resolved_ratio": ratio(yes, answered["resolved"] - off_scale["resolved"]),
        "ces": [_instrument(*row) for row in values(splits, "instrument")],
    }


def _instrument(value: str, numbers: Numbers) -> dict:
    n, score = numbers["n"], numbers.get("score", 0)
    if value == "_other":
        names = ("scale_min", "scale_max", "higher_is_better", "score_sum", "mean")
        return {"survey_version": value, "n": n, **dict.fromkeys(names)}
    least, greatest, better, version = value.split(" ", 3)
    return {
        "survey_version": version,
        "scale_min": thousands(int(least)),
        "scale_max": thousands(int(greatest)),
        "higher_is_better": better == "1",
        "n": n,
        "score_sum": thousands(score),
        "mean": ratio(Fraction(score, 1000), n),
    }


def _sales(n: Count, splits: list[Split]) -> dict:
    closed = {kind: n(f"sales.closed.{kind}") for kind in SALES}
    return {
        "closed": closed,
        "cancelled": {kind: n(f"sales.cancelled.{kind}") for kind in SALES},
        "per_handled": ratio(sum(closed.values()), n("handled")),
        "per_ticket": ratio(sum(closed.values()), n("tickets_resolved")),
        "amounts": [_amount(*row) for row in values(splits, "currency")],
    }


def _amount(currency: str, numbers: Numbers) -> dict:
    one = currency != "_other"
    return {
        "currency": currency,
        "n": numbers.get("closed_n", 0),
        "closed": thousands(numbers.get("closed", 0)) if one else None,
        "cancelled_n": numbers.get("cancelled_n", 0),
        "cancelled": thousands(numbers.get("cancelled", 0)) if one else None,
    }


def _followups(n: Count) -> dict:
    completed = {outcome: n(f"followups.{outcome}") for outcome in OUTCOMES}
    reached = completed["satisfied"] + completed["unsatisfied"]
    return {
        "completed": completed,
        "satisfied_ratio": ratio(completed["satisfied"], reached),
        "per_handled": ratio(sum(completed.values()), n("handled") + n("tickets_resolved")),
    }


def _customers(n: Count) -> dict:
    counts = {
        name: n(f"customers.{name}")
        for name in (
            *("contacts_with_ref", "repeat_contacts", "returning_contacts"),
            *("fcr_decided", "fcr_resolved", "fcr_unknown"),
            *("failed_again", "bot_contained_returned"),
        )
    }
    return {
        **counts,
        "repeat_ratio": ratio(counts["repeat_contacts"], counts["contacts_with_ref"]),
        "returning_ratio": ratio(counts["returning_contacts"], counts["contacts_with_ref"]),
        "fcr_ratio": ratio(counts["fcr_resolved"], counts["fcr_decided"]),
    }


def _topic(topic: str, numbers: Numbers) -> dict:
    counts = {
        name: numbers.get(name, 0)
        for name in (
            *("handled", "unanswered", "tickets_resolved"),
            *("csat_answered", "csat_satisfied", "fcr_decided", "fcr_resolved"),
        )
    }
    handle, resolution = numbers.get("handle_ms", 0), numbers.get("resolution_ms", 0)
    return {
        "topic": topic,
        **counts,
        "handle_seconds": thousands(handle),
        "handle_mean_seconds": ratio(Fraction(handle, 1000), counts["handled"]),
        "resolution_seconds": thousands(resolution),
        "resolution_mean_seconds": ratio(Fraction(resolution, 1000), counts["tickets_resolved"]),
        "csat_ratio": ratio(counts["csat_satisfied"], counts["csat_answered"]),
        "fcr_ratio": ratio(counts["fcr_resolved"], counts["fcr_decided"]),
    }
