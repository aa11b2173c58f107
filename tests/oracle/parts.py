"""The oracle's figures of what one channel alone has, recomputed from the lists.

In: rows of contributions in a window, by name; integrals of levels. Out: plain dicts in the
contract's words. Rows are named after the figure: `chat.responses`, a time `chat.response_ms` once
for each value; a promise `sla.resolution.met.urgent`, `sla.resolution.withdrawn`; what a complaint
has once more stands a second time with `complaint.` before its name.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

QUANTILES = (50, 80, 90, 95, 99)
METRICS = ("first_response", "next_response", "resolution")
PRIORITIES = ("urgent", "high", "normal", "low", "other")
AGES = ("1h", "8h", "24h", "3d", "7d", "30d", "over")
CLOCKS = ("running", "paused", "at_risk", "breached_open")
LEFT_AS = ("merged", "spam", "deleted")

Rows = Mapping[str, list[int]]


def seconds(ms: Fraction | int) -> float:
    return float(round(Fraction(ms, 1000), 3))


def ratio(numerator: Fraction | int, denominator: Fraction | int) -> float | None:
    """Six decimals, half to even; None unless the denominator is positive."""
    if denominator <= 0:
        return None
    return float(round(Fraction(numerator) / Fraction(denominator), 6))


def mean(total_ms: Fraction | int, of: int) -> float | None:
    return ratio(Fraction(total_ms) / 1000, of)


def quantiles(values: list[int]) -> dict[str, float | None]:
    """Nearest ranks, in seconds."""
    ordered = sorted(values)
    ranks = {p: -(-p * len(ordered) // 100) for p in QUANTILES}
    return {f"p{p}": seconds(ordered[n - 1]) if ordered else None for p, n in ranks.items()}


def parts(
    rows: Rows, area: Callable[[str], int], channel: str, span: str, opened: int
) -> dict[str, dict | None]:
    """`area` integrates a level over the window; `opened`: tickets opened in it."""

    def n(name: str) -> int:
        return sum(rows.get(name, ()))

    contained, escalated = n("bot.contained"), n("bot.escalated")
    bot = {
        "conversations": contained + escalated,
        "contained": contained,
        "escalated": escalated,
        "containment_ratio": ratio(contained, contained + escalated),
        "timed": n("bot.timed"),
        "timed_seconds": seconds(n("bot.timed_ms")),
        "timed_mean_seconds": mean(n("bot.timed_ms"), n("bot.timed")),
        "handoff_wait_count": n("bot.handoff_wait_count"),
        "handoff_wait_seconds": seconds(n("bot.handoff_wait_ms")),
        "handoff_wait_mean_seconds": mean(n("bot.handoff_wait_ms"), n("bot.handoff_wait_count")),
    }
    return {
        "bot": bot,
        "chat": _chat(rows, n, area) if channel == "chat" else None,
        "callbacks": _callbacks(rows, n) if channel != "ticket" else None,
        "ticket": _ticket(rows, n, span, opened) if channel == "ticket" else None,
    }


def _chat(rows: Rows, n: Callable[[str], int], area: Callable[[str], int]) -> dict:
    contacts, busy = area("agent_contacts"), area("channel_agent")
    handle = n("talk_ms") + n("hold_ms") + n("wrapup_ms")
    concurrency = Fraction(contacts, busy) if busy > 0 else Fraction(0)
    handled = n("handled")
    return {
        "first_message_count": n("chat.first_message_count"),
        "first_message_seconds": seconds(n("chat.first_message_ms")),
        "first_message_mean_seconds": mean(
            n("chat.first_message_ms"), n("chat.first_message_count")
        ),
        "first_message_quantiles_seconds": quantiles(rows.get("chat.first_message_ms", [])),
        "responses": n("chat.responses"),
        "response_seconds": seconds(n("chat.response_ms")),
        "response_mean_seconds": mean(n("chat.response_ms"), n("chat.responses")),
        "response_quantiles_seconds": quantiles(rows.get("chat.response_ms", [])),
        "messaged": n("chat.messaged"),
        "left_unanswered": n("chat.left_unanswered"),
        "answered_no_reply": n("chat.answered_no_reply"),
        "contact_seconds": seconds(contacts),
        "channel_agent_seconds": seconds(busy),
        "concurrency_mean": ratio(contacts, busy),
        "handle_adjusted_mean_seconds": (
            mean(Fraction(handle) / concurrency, handled) if concurrency > 0 else None
        ),
    }


def _callbacks(rows: Rows, n: Callable[[str], int]) -> dict:
    ends = {
        name: n(f"callbacks.{name}") for name in ("reached", "given_up", "cancelled", "expired")
    }
    return {
        "asked": n("callbacks.asked"),
        "attempted": {
            name: n(f"callbacks.attempted.{name}") for name in ("connected", "not_reached")
        },
        **ends,
        "reached_ratio": ratio(ends["reached"], sum(ends.values())),
        "reach_count": n("callbacks.reach_count"),
        "reach_seconds": seconds(n("callbacks.reach_ms")),
        "reach_mean_seconds": mean(n("callbacks.reach_ms"), n("callbacks.reach_count")),
        "reach_quantiles_seconds": quantiles(rows.get("callbacks.reach_ms", [])),
        "visits": n("callbacks.visits"),
    }


def _promise(n: Callable[[str], int], name: str, by_priority: bool) -> dict:
    met = {priority: n(f"{name}.met.{priority}") for priority in PRIORITIES}
    breached = {priority: n(f"{name}.breached.{priority}") for priority in PRIORITIES}
    kept, broken = sum(met.values()), sum(breached.values())
    found = {
        "met": kept,
        "breached": broken,
        "withdrawn": n(f"{name}.withdrawn"),
        "compliance_ratio": ratio(kept, kept + broken),
    }
    return found | (
        {"met_by_priority": met, "breached_by_priority": breached} if by_priority else {}
    )


def _promises(n: Callable[[str], int], by_priority: bool = True) -> dict:
    return {metric: _promise(n, f"sla.{metric}", by_priority) for metric in METRICS}


def _cohorts(n: Callable[[str], int], span: str, opened: int) -> dict | None:
    if span == "short":
        return None
    undecided = opened - n("left_same_day")
    return {
        "resolved_same_day": n("resolved_same_day"),
        "left_same_day": n("left_same_day"),
        "resolved_same_day_ratio": (
            ratio(n("resolved_same_day"), undecided) if span == "days" else None
        ),
        "resolution_decided": n("resolution_decided"),
        "resolved_within": n("resolved_within"),
        "resolved_within_ratio": ratio(n("resolved_within"), n("resolution_decided")),
        "reopen_decided": n("reopen_decided"),
        "reopened_within": n("reopened_within"),
        "reopen_ratio": ratio(n("reopened_within"), n("reopen_decided")),
    }


def _ticket(rows: Rows, n: Callable[[str], int], span: str, opened: int) -> dict:
    return {
        **{
            f"{name}_calendar_seconds": seconds(n(f"{name}_calendar_ms"))
            for name in (
                "first_response",
                "next_response",
                "resolution",
                "resolution_cycle",
                "resolution_net",
                "assign",
            )
        },
        "first_response_quantiles_seconds": quantiles(rows.get("first_response_ms", [])),
        "sla": _promises(n),
        "sla_never_due": n("sla_never_due"),
        "complaints": _complaints(n, span),
        "cohorts": _cohorts(n, span, opened),
    }


def _complaints(all_rows: Callable[[str], int], span: str) -> dict:
    def n(name: str) -> int:
        return all_rows(f"complaint.{name}")

    opened = n("tickets_opened")
    return {
        "opened": opened,
        "first_responses": n("first_responses"),
        "first_response_seconds": seconds(n("first_response_ms")),
        "first_response_mean_seconds": mean(n("first_response_ms"), n("first_responses")),
        "next_responses": n("next_responses"),
        "next_response_seconds": seconds(n("next_response_ms")),
        "resolved": n("tickets_resolved"),
        "resolution_seconds": seconds(n("resolution_ms")),
        "resolution_mean_seconds": mean(n("resolution_ms"), n("tickets_resolved")),
        "resolved_again": n("tickets_resolved_again"),
        "resolution_cycle_seconds": seconds(n("resolution_cycle_ms")),
        "resolution_net_count": n("resolution_net_count"),
        "resolution_net_seconds": seconds(n("resolution_net_ms")),
        "reopened": n("tickets_reopened"),
        "bot_resolved": n("bot_resolved"),
        "resolved_without_reply": n("resolved_without_reply"),
        "left": sum(n(f"tickets_left.{why}") for why in LEFT_AS),
        "assigned": n("tickets_assigned"),
        "assign_seconds": seconds(n("assign_ms")),
        "worked": n("tickets_worked"),
        "work_seconds": seconds(n("work_ms")),
        "sla": _promises(n, by_priority=False),
        "cohorts": _cohorts(n, span, opened),
    }
