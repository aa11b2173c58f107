"""What one channel alone has, for the generator of records: promises, messages, call-backs, bots.

In: a queue's counts of a window. Out: the parts of its figures and of its live figures; ratios and
means follow from the counts, None where nothing was counted.
"""

from typing import Any

from streams.contract.words import BACKLOG_AGES, SLA_METRICS, TICKET_PRIORITIES

Part = dict[str, Any]
PERCENTILES = ("p50", "p80", "p90", "p95", "p99")
# of the tickets open: young ones are the most
_AGES = (0.12, 0.2, 0.24, 0.2, 0.14, 0.07, 0.03)


def over(part: float, whole: float) -> float | None:
    """A ratio or mean; None without a denominator."""
    return round(part / whole, 6) if whole > 0 else None


def spread(mean: float, n: int) -> Part:
    """Percentiles around a mean; None without any."""
    shape = zip(PERCENTILES, (0.7, 1.4, 1.9, 2.4, 3.6), strict=True)
    return {name: round(mean * factor, 3) if n else None for name, factor in shape}


def bot(conversations: int) -> Part:
    """What bots did: two thirds needed nobody."""
    contained = round(conversations * 0.65)
    escalated = conversations - contained
    return {
        "conversations": conversations,
        "contained": contained,
        "escalated": escalated,
        "containment_ratio": over(contained, conversations),
        "timed": conversations,
        "timed_seconds": conversations * 84.0,
        "timed_mean_seconds": over(conversations * 84.0, conversations),
        "handoff_wait_count": escalated,
        "handoff_wait_seconds": escalated * 41.0,
        "handoff_wait_mean_seconds": over(escalated * 41.0, escalated),
    }


def chat(answered: int, mean: float, handle_mean: float | None, busy_seconds: float) -> Part:
    """Messages of `answered` chats, whose first one came after `mean` s."""
    first, replied = answered * (mean + 9), answered * 4
    concurrency = over(round(busy_seconds * 1.6, 3), round(busy_seconds, 3))
    return {
        "first_message_count": answered,
        "first_message_seconds": round(first, 3),
        "first_message_mean_seconds": over(round(first, 3), answered),
        "first_message_quantiles_seconds": spread(mean + 9, answered),
        "responses": replied,
        "response_seconds": replied * 38.0,
        "response_mean_seconds": over(replied * 38.0, replied),
        "response_quantiles_seconds": spread(38.0, replied),
        "messaged": round(answered * 0.96),
        "left_unanswered": round(answered * 0.04),
        "answered_no_reply": round(answered * 0.07),
        "contact_seconds": round(busy_seconds * 1.6, 3),
        "channel_agent_seconds": round(busy_seconds, 3),
        "concurrency_mean": concurrency,
        "handle_adjusted_mean_seconds": over(handle_mean or 0, concurrency or 0),
    }


def callbacks(asked: int) -> Part:
    """Calls promised back; some are owed still."""
    reached, given_up = round(asked * 0.7), round(asked * 0.1)
    return {
        "asked": asked,
        "attempted": {"connected": reached, "not_reached": round(asked * 0.4)},
        "reached": reached,
        "given_up": given_up,
        "cancelled": round(asked * 0.05),
        "expired": 0,
        "reached_ratio": over(reached, reached + given_up + round(asked * 0.05)),
        "reach_count": reached,
        "reach_seconds": reached * 1_530.0,
        "reach_mean_seconds": over(reached * 1_530.0, reached),
        "reach_quantiles_seconds": spread(1_530.0, reached),
        "visits": reached,
    }


def ticket(figures: Part, trouble: float, whole_days: bool) -> Part:
    """Promises, complaints, cohorts and times by the wall clock of a queue with these figures."""
    replied, resolved = figures["first_responses"], figures["tickets_resolved"]
    decided = dict(zip(SLA_METRICS, (replied, replied, resolved), strict=True))
    calendar = {
        f"{name}_calendar_seconds": round(figures[f"{name}_seconds"] * 2.5, 3)
        for name in (
            "first_response", "next_response", "resolution", "resolution_cycle", "resolution_net",
            "assign",
        )
    }  # fmt: skip
    return {
        **calendar,
        "first_response_quantiles_seconds": spread(
            figures["first_response_mean_seconds"] or 0, replied
        ),
        "sla": {name: _kept(n, trouble, priorities=True) for name, n in decided.items()},
        "sla_never_due": 0,
        "complaints": _complaints(figures, trouble, whole_days),
        "cohorts": _cohorts(figures["tickets_opened"], resolved) if whole_days else None,
    }


def _kept(n: int, trouble: float, priorities: bool = False) -> Part:
    breached = round(n * (0.02 + trouble * 0.5))
    met = n - breached
    part: Part = {
        "met": met,
        "breached": breached,
        "withdrawn": round(n * 0.03),
        "compliance_ratio": over(met, n),
    }
    if priorities:
        for name, count in (("met", met), ("breached", breached)):
            some = count // 4
            split = dict.fromkeys(TICKET_PRIORITIES, 0) | {"urgent": some, "normal": count - some}
            part[f"{name}_by_priority"] = split
    return part


def _cohorts(opened: int, resolved: int) -> Part:
    same_day, within = round(resolved * 0.7), round(resolved * 0.93)
    reopened = round(resolved * 0.05)
    return {
        "resolved_same_day": same_day,
        "left_same_day": 0,
        "resolved_same_day_ratio": over(same_day, opened),
        "resolution_decided": resolved,
        "resolved_within": within,
        "resolved_within_ratio": over(within, resolved),
        "reopen_decided": resolved,
        "reopened_within": reopened,
        "reopen_ratio": over(reopened, resolved),
    }


def _complaints(figures: Part, trouble: float, whole_days: bool) -> Part:
    """A tenth of everything."""
    opened, replied = figures["tickets_opened"] // 10, figures["first_responses"] // 10
    resolved = figures["tickets_resolved"] // 10
    return {
        "opened": opened,
        "first_responses": replied,
        "first_response_seconds": replied * 310.0,
        "first_response_mean_seconds": over(replied * 310.0, replied),
        "next_responses": replied,
        "next_response_seconds": replied * 420.0,
        "resolved": resolved,
        "resolution_seconds": resolved * 30_600.0,
        "resolution_mean_seconds": over(resolved * 30_600.0, resolved),
        "resolved_again": 0,
        "resolution_cycle_seconds": resolved * 30_600.0,
        "resolution_net_count": resolved,
        "resolution_net_seconds": resolved * 20_000.0,
        "reopened": 0,
        "bot_resolved": 0,
        "resolved_without_reply": 0,
        "left": 0,
        "assigned": opened,
        "assign_seconds": opened * 60.0,
        "worked": resolved,
        "work_seconds": resolved * 900.0,
        "sla": {name: _kept(resolved, trouble) for name in SLA_METRICS},
        "cohorts": _cohorts(opened, resolved) if whole_days else None,
    }


def live(channel: str, rate: float, trouble: float, now_ms: int) -> Part:
    """What is so now: open tickets by age and their promises; call-backs owed."""
    is_ticket = channel == "ticket"
    backlog = round(rate * 50) + round(rate * 20) + round(rate * 5) if is_ticket else 0
    ages = {name: int(backlog * part) for name, part in zip(BACKLOG_AGES, _AGES, strict=True)}
    ages["24h"] += backlog - sum(ages.values())
    owed = round(rate * 1.5) if channel == "voice" else 0
    return {
        "backlog_age": ages,
        "complaints_open": backlog // 12,
        "sla": _clocks(backlog, trouble) if is_ticket else None,
        "next_due_at": now_ms + 847_000 if backlog else None,
        "callbacks_owed": owed,
        "callbacks_overdue": round(owed * trouble),
        "oldest_callback_at": now_ms - 4_380_000 if owed else None,
    }


def _clocks(backlog: int, trouble: float) -> Part:
    parts = dict(zip(SLA_METRICS, (0.2, 0.15, 0.7), strict=True))
    found = {}
    for name, part in parts.items():
        clocks, late = round(backlog * part), trouble * 0.3
        found[name] = {
            "running": clocks - round(clocks * late),
            "paused": round(clocks * 0.3) if name == "resolution" else 0,
            "at_risk": round(clocks * min(0.3, 0.04 + trouble * 0.3)),
            "breached_open": round(clocks * late),
        }
    return found
