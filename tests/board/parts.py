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


def served(figures: Part, trouble: float, *, told: bool = True) -> Part:
    """What customers of a day said, bought and did again; `told`: whether anything of it was."""
    handled, resolved = figures["handled"], figures["tickets_resolved"]
    cases = (handled or resolved) * told
    answered = {"csat": round(cases * 0.21), "nps": round(cases * 0.06),
                "ces": round(cases * 0.05), "resolved": round(cases * 0.02)}  # fmt: skip
    sent = {kind: round(n * 3.3) for kind, n in answered.items()}
    decided = {kind: round(n * 0.95) for kind, n in sent.items()}
    responded = {kind: min(decided[kind], round(n * 0.9)) for kind, n in answered.items()}
    satisfied = round(answered["csat"] * (0.93 - trouble * 0.5))
    promoters = round(answered["nps"] * (0.55 - trouble * 0.4))
    detractors = round(answered["nps"] * (0.15 + trouble * 0.4))
    yes = round(answered["resolved"] * 0.85)
    nothing = dict.fromkeys(answered, 0)
    surveys = {
        "sent": sent,
        "answered": answered,
        "answered_again": nothing,
        "unsolicited": nothing | {"csat": answered["csat"] - responded["csat"]},
        "off_scale": nothing,
        "response_decided": decided,
        "responded": responded,
        "response_ratio": {kind: over(responded[kind], decided[kind]) for kind in sent},
        "csat_satisfied": satisfied,
        "csat_ratio": over(satisfied, answered["csat"]),
        "nps_promoters": promoters,
        "nps_passives": answered["nps"] - promoters - detractors,
        "nps_detractors": detractors,
        "nps": points(promoters - detractors, answered["nps"]),
        "resolved_yes": yes,
        "resolved_ratio": over(yes, answered["resolved"]),
        "ces": [
            instrument("ces-1", 5.0, answered["ces"] // 5, False, 2.1 + trouble),
            instrument("ces-2", 7.0, answered["ces"] - answered["ces"] // 5, True, 5.4 - trouble),
        ]
        if answered["ces"]
        else [],
    }
    sold = {"upsell": round(cases * 0.03), "cross_sell": round(cases * 0.012)}
    sales = sum(sold.values())
    followups = {"satisfied": round(cases * 0.05), "unsatisfied": round(cases * 0.011),
                 "not_reached": round(cases * 0.02)}  # fmt: skip
    known, decided_fcr = round(cases * 0.8), round(cases * 0.7)
    repeats, returning = round(known * (0.11 + trouble * 0.2)), round(known * 0.34)
    kept = round(decided_fcr * (0.86 - trouble * 0.25))
    return {
        "surveys": surveys,
        "sales": {
            "closed": sold,
            "cancelled": {"upsell": sales // 9, "cross_sell": 0},
            "per_handled": over(sales, handled),
            "per_ticket": over(sales, resolved),
            "amounts": [
                {"currency": "EUR", "n": sales, "closed": sales * 49.9, "cancelled_n": sales // 9,
                 "cancelled": sales // 9 * 49.9},
                {"currency": "USD", "n": sales // 4, "closed": sales // 4 * 61.255,
                 "cancelled_n": 0, "cancelled": 0.0},
            ] if sales else [],
        },
        "followups": {
            "completed": followups,
            "satisfied_ratio": over(
                followups["satisfied"], followups["satisfied"] + followups["unsatisfied"]
            ),
            "per_handled": over(sum(followups.values()), handled + resolved),
        },
        "customers": {
            "contacts_with_ref": known,
            "repeat_contacts": repeats,
            "repeat_ratio": over(repeats, known),
            "returning_contacts": returning,
            "returning_ratio": over(returning, known),
            "fcr_decided": decided_fcr,
            "fcr_resolved": kept,
            "fcr_ratio": over(kept, decided_fcr),
            "fcr_unknown": cases - decided_fcr,
            "failed_again": round(cases * trouble * 0.03),
            "bot_contained_returned": round(cases * 0.01),
        },
        "by_topic": topics(figures, surveys, decided_fcr, kept) if told else None,
    }  # fmt: skip


def points(more: int, n: int) -> float | None:
    """100 x more / n to a tenth; None without any."""
    return round(100 * more / n, 1) if n else None


def instrument(version: str, greatest: float, n: int, is_high_good: bool, mean: float) -> Part:
    """The answers to one instrument of customer effort."""
    return {
        "survey_version": version,
        "scale_min": 1.0,
        "scale_max": greatest,
        "higher_is_better": is_high_good,
        "n": n,
        "score_sum": round(n * mean, 3),
        "mean": over(round(n * mean, 3), n),
    }


def topics(figures: Part, surveys: Part, fcr_decided: int, fcr_resolved: int) -> list[Part]:
    """Each topic's share of some figures; they add up to the queue's."""
    names = ("_none", "_other", "address", "invoice", "contract end", "refund of a cancelled order")
    shares = (0.1, 0.06, 0.14, 0.4, 0.2)
    seconds = round(
        figures["talk_seconds"] + figures["hold_seconds"] + figures["wrapup_seconds"], 3
    )
    gone = figures["abandoned"] + figures["flowed_out"]
    whole = {
        "handled": figures["handled"], "unanswered": gone, "handle_seconds": seconds,
        "tickets_resolved": figures["tickets_resolved"],
        "resolution_seconds": figures["resolution_seconds"],
        "csat_answered": surveys["answered"]["csat"], "csat_satisfied": surveys["csat_satisfied"],
        "fcr_decided": fcr_decided, "fcr_resolved": fcr_resolved,
    }  # fmt: skip
    left, rows = dict(whole), []
    for place, name in enumerate(names):
        part = {
            key: left[key] if place == len(shares) else min(left[key], int(n * shares[place]))
            for key, n in whole.items()
        }
        left = {key: n - part[key] for key, n in left.items()}
        rows.append(
            {"topic": name} | part | {
                "handle_mean_seconds": over(part["handle_seconds"], part["handled"]),
                "resolution_mean_seconds": over(
                    part["resolution_seconds"], part["tickets_resolved"]
                ),
                "csat_ratio": over(part["csat_satisfied"], part["csat_answered"]),
                "fcr_ratio": over(part["fcr_resolved"], part["fcr_decided"]),
            }
        )  # fmt: skip
    return rows


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
