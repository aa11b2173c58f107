"""The oracle's figures: the contract's `figures` and `live`, each recomputed from the lists.

In: a `Result`, a scope and a window in ms. Out: plain dicts in the contract's words. Exact: sums
are integers, means and ratios `Fraction`s rounded half to even once, at the end.
"""

from fractions import Fraction

from tests.oracle.agents import AGENT_LEVELS, LIMITS, STATES
from tests.oracle.customer_parts import customer_parts
from tests.oracle.parts import AGES, CLOCKS, METRICS, parts, quantiles
from tests.oracle.story import BLOCK_REASONS, FLOW_REASONS

COUNTS = (
    "offered",
    "contacts",
    "contacts_hopped",
    "contacts_over_two",
    "laps",
    "blocked",
    "answered",
    "answered_measured",
    "customer_wait_count",
    "time_to_answer_count",
    "abandoned",
    "abandoned_unmeasured",
    "short_abandoned",
    "silent_abandoned",
    "flowed_out",
    "orphaned",
    "orphans_recovered",
    "handled",
    "held",
    "transferred",
    "wrapups_reported",
    "wrapups_unreported",
    "threshold_decided",
    "answered_in_threshold",
    "abandoned_in_threshold",
    "flowed_out_in_threshold",
    "limit_decided",
    "waited_over_limit",
    "tickets_opened",
    "first_responses",
    "tickets_resolved",
    "tickets_reopened",
    "bot_resolved",
    "resolved_without_reply",
    "tickets_resolved_again",
    "tickets_assigned",
    "next_responses",
    "tickets_worked",
    "resolution_net_count",
)
SUMS = (
    "answered_wait",
    "abandoned_wait",
    "closed_wait",
    "customer_wait",
    "customer_wait_abandoned",
    "time_to_answer",
    "talk",
    "hold",
    "wrapup",
    "first_response",
    "resolution",
    "resolution_cycle",
    "assign",
    "next_response",
    "work",
    "resolution_net",
    "on_hold",
)
OFFERS = ("accepted", "rejected", "timeout", "customer_left", "rescinded")
QUANTILES = (50, 80, 90, 95, 99)
BACKLOG = ("open", "pending", "on_hold")
LEFT_AS = ("merged", "spam", "deleted")

Scope = tuple[str, str, str]


def seconds(ms: int) -> float:
    return ms / 1000  # the nearest float to the exact quotient, as Python divides integers


def ratio(numerator: Fraction | int, denominator: Fraction | int) -> float | None:
    """Six decimals, half to even; None unless the denominator is positive."""
    if denominator <= 0:
        return None
    return float(round(Fraction(numerator) / Fraction(denominator), 6))


def nearest_rank(values: list[int], percent: int) -> float | None:
    """The ceil(p·n)-th smallest of `values` ms, in seconds; None without values."""
    if not values:
        return None
    rank = -(-percent * len(values) // 100)
    return seconds(sorted(values)[rank - 1])


def in_scope(row: tuple, scope: Scope, by_agent: bool = False) -> bool:
    """Whether a row (time, tenant, queue, channel, …) counts for the scope.

    Contacts and tickets count for `_all` too; agents have rows of their own there.
    """
    tenant, queue, channel = scope
    same_queue = row[2] == queue or (queue == "_all" and not by_agent)
    return row[1] == tenant and row[3] == channel and same_queue


def rows_of(result, name: str, scope: Scope) -> list[tuple]:
    """The rows of one of the result's lists that count for the scope: looked for once."""
    if (name, scope) not in result.looked_for:
        rows = getattr(result, name)
        result.looked_for[name, scope] = [row for row in rows if in_scope(row, scope)]
    return result.looked_for[name, scope]


def changes(result, scope: Scope, level: str) -> list[tuple[int, int]]:
    """(time, ±n) of one level in the scope, in time order; looked for once."""
    if (level, scope) not in result.looked_for:
        by_agent = level in AGENT_LEVELS or level.startswith(("agents.", "stuck.", "breaks."))
        rows = result.levels_by_name.get((level, scope[0], scope[2]), [])
        found = sorted((row[0], row[5]) for row in rows if in_scope(row, scope, by_agent))
        result.looked_for[level, scope] = found
    return result.looked_for[level, scope]


def integral(result, scope: Scope, level: str, a: int, b: int) -> int:
    """∫ level dt over [a, b), in ms: the level between each two changes times the time between."""
    total = height = 0
    reached = a
    for time, amount in changes(result, scope, level):
        until = min(max(time, a), b)
        if until > reached:
            total += height * (until - reached)
            reached = until
        height += amount
    return total + height * max(0, b - reached)


def figures(result, scope: Scope, a: int | None, b: int | None, span: str = "days") -> dict:
    """The figures of [a, b) ms; None on either side means no bound there.

    `span`: "short", "interval" or "days"; some figures are of long windows alone.
    """

    def inside(time: int) -> bool:
        return (a is None or time >= a) and (b is None or time < b)

    amounts: dict[str, list[int]] = {}
    for row in rows_of(result, "contributions", scope):
        if inside(row[0]):
            amounts.setdefault(row[4], []).append(row[5])
    totals = {name: sum(each) for name, each in amounts.items()}
    waits = [row[4] for row in rows_of(result, "waits", scope) if inside(row[0])]
    solved = [row[4] for row in rows_of(result, "resolutions", scope) if inside(row[0])]
    begin = result.first_ms if a is None else a
    end = result.as_of if b is None else min(b, result.as_of)
    length = max(0, end - begin)

    def area(level: str) -> int:
        return integral(result, scope, level, begin, end) if length else 0

    n = {name: totals.get(name, 0) for name in COUNTS}
    ms = {name: totals.get(f"{name}_ms", 0) for name in SUMS}
    levels = {name: area(name) for name in (*AGENT_LEVELS, "waiting", "handling")}
    spent = {state: area(f"agents.{state}") for state in STATES}
    ready = sum(spent[state] for state in ("on_contact", "wrapup", "ringing", "available"))
    signed_in = sum(ms for state, ms in spent.items() if state not in ("offline", "unknown"))
    # What nobody measured is in no mean of waits: a lost entry must not improve it.
    abandoned = n["abandoned"] - n["abandoned_unmeasured"]
    closed = n["answered_measured"] + abandoned + n["flowed_out"]
    not_short = n["abandoned"] - n["short_abandoned"]
    in_time, decided = n["answered_in_threshold"], n["threshold_decided"]
    offers = {outcome: totals.get(f"offers.{outcome}", 0) for outcome in OFFERS}
    # Who hung up, and an offer taken back, say nothing about the agent.
    to_answer = offers["accepted"] + offers["rejected"] + offers["timeout"]

    # What the queue's own contacts take is held against what its agents could give it.
    agents_time = {"voice": "staffed_agent", "chat": "slot_capacity"}
    kept, broken = (
        sum(
            sum(each)
            for name, each in amounts.items()
            if name.startswith(f"sla.resolution.{what}.")
        )
        for what in ("met", "breached")
    )

    def mean(total_ms: int, of: int) -> float | None:
        return ratio(Fraction(total_ms, 1000), of)

    return {
        **n,
        "flowed_out_reasons": {
            reason: totals.get(f"flowed_out_reasons.{reason}", 0) for reason in FLOW_REASONS
        },
        "blocked_reasons": {
            reason: totals.get(f"blocked_reasons.{reason}", 0) for reason in BLOCK_REASONS
        },
        "tickets_left": {why: totals.get(f"tickets_left.{why}", 0) for why in LEFT_AS},
        "offers": offers,
        "offer_answer_ratio": ratio(offers["accepted"], to_answer),
        **{f"{name}_seconds": seconds(total) for name, total in ms.items()},
        "wait_max_seconds": nearest_rank(waits, 100),
        "handling_agent_seconds": seconds(levels["handling_agent"]),
        "staffed_agent_seconds": seconds(levels["staffed_agent"]),
        "slot_busy_seconds": seconds(levels["slot_busy"]),
        "slot_capacity_seconds": seconds(levels["slot_capacity"]),
        "agent_state_seconds": {state: seconds(ms) for state, ms in spent.items()},
        "break_seconds": {
            reason: seconds(area(f"breaks.{reason}"))
            for reason in (*result.oracle.break_reasons(*scope), "other")
        },
        "waiting_seconds": seconds(levels["waiting"]),
        "waited_over_limit_ratio": ratio(n["waited_over_limit"], n["limit_decided"]),
        "hops_per_contact": ratio(n["offered"], n["contacts"]),
        "abandonment_ratio": ratio(not_short, n["answered"] + not_short + n["flowed_out"]),
        "wait_mean_seconds": mean(ms["answered_wait"], n["answered_measured"]),
        "wait_closed_mean_seconds": mean(ms["closed_wait"], closed),
        "abandoned_wait_mean_seconds": mean(ms["abandoned_wait"], abandoned),
        "customer_wait_mean_seconds": mean(ms["customer_wait"], n["customer_wait_count"]),
        "customer_wait_abandoned_mean_seconds": mean(ms["customer_wait_abandoned"], abandoned),
        "time_to_answer_quantiles_seconds": quantiles(amounts.get("time_to_answer_ms", [])),
        "time_to_answer_mean_seconds": mean(ms["time_to_answer"], n["time_to_answer_count"]),
        "wait_quantiles_seconds": {f"p{p}": nearest_rank(waits, p) for p in QUANTILES},
        "service_level": {
            "answered_only": ratio(in_time, n["answered_measured"]),
            "offered": ratio(in_time, decided),
            "offered_less_short": ratio(in_time, decided - n["short_abandoned"]),
            "removed_in_threshold": ratio(in_time + n["abandoned_in_threshold"], decided),
        },
        "talk_mean_seconds": mean(ms["talk"], n["handled"]),
        "hold_mean_seconds": mean(ms["hold"], n["handled"]),
        "hold_per_held_mean_seconds": mean(ms["hold"], n["held"]),
        "wrapup_mean_seconds": mean(ms["wrapup"], n["handled"]),
        "wrapup_reported_mean_seconds": mean(ms["wrapup"], n["wrapups_reported"]),
        "handle_mean_seconds": mean(ms["talk"] + ms["hold"] + ms["wrapup"], n["handled"]),
        "occupancy_ratio": ratio(levels["handling_agent"], levels["staffed_agent"]),
        "ready_ratio": ratio(ready, signed_in),
        "connected_seconds": seconds(levels["handling"]),
        "queue_load_ratio": (
            ratio(levels["handling"] + ms["wrapup"], levels[agents_time[scope[2]]])
            if scope[2] in agents_time
            else None
        ),
        "slot_occupancy_ratio": ratio(levels["slot_busy"], levels["slot_capacity"]),
        "depth_mean": ratio(levels["waiting"], length),
        "first_response_mean_seconds": mean(ms["first_response"], n["first_responses"]),
        "resolution_mean_seconds": mean(ms["resolution"], n["tickets_resolved"]),
        "resolution_cycle_mean_seconds": mean(
            ms["resolution_cycle"], n["tickets_resolved"] + n["tickets_resolved_again"]
        ),
        "next_response_mean_seconds": mean(ms["next_response"], n["next_responses"]),
        "resolution_net_mean_seconds": mean(ms["resolution_net"], n["resolution_net_count"]),
        "work_per_resolution_seconds": mean(
            ms["work"], n["tickets_resolved"] + n["tickets_resolved_again"]
        ),
        "assign_mean_seconds": mean(ms["assign"], n["tickets_assigned"]),
        "resolution_quantiles_seconds": {f"p{p}": nearest_rank(solved, p) for p in QUANTILES},
        "resolution_in_time_ratio": ratio(kept, kept + broken),
        **parts(amounts, area, scope[2], span, n["tickets_opened"]),
        **customer_parts(
            lambda name: totals.get(name, 0),
            [row[4:] for row in result.splits if inside(row[0]) and in_scope(row, scope)],
            span,
            result.oracle.has_topics(*scope),
        ),
    }


def live(result, scope: Scope) -> dict:
    """The levels at `as_of`, and the oldest of what is open."""
    tenant, queue, channel = scope

    def now(level: str) -> int:
        return sum(n for time, n in changes(result, scope, level) if time <= result.as_of)

    visits = [
        visit
        for owner, where, visit in result.visits
        if owner == tenant and where == channel and queue in ("_all", visit.queue)
    ]
    waiting = [v.enqueued_at for v in visits if v.waiting and not v.called_back]
    handling = [visit.talks[-1].began for visit in visits if visit.connected]
    stuck = [since for *place, since in result.stuck if tuple(place) == scope]
    opened = [
        since
        for owner, where, since in result.open_tickets
        if owner == tenant and channel == "ticket" and queue in ("_all", where)
    ]

    def first_of(standing: list[tuple[str, str, str, int]]) -> int | None:
        """The least time of (tenant, queue, channel, time) in the scope."""
        times = [
            at
            for owner, where, on, at in standing
            if owner == tenant and on == channel and queue in ("_all", where)
        ]
        return min(times, default=None)

    return {
        "waiting": now("waiting"),
        "waiting_over_threshold": now("waiting_over_threshold"),
        "waiting_over_limit": now("waiting_over_limit"),
        "oldest_waiting_at": min(waiting, default=None),
        "ringing": now("ringing"),
        "handling": now("handling"),
        "longest_handling_at": min(handling, default=None),
        "in_progress_handle_seconds": seconds(sum(result.as_of - since for since in handling)),
        "agents": {state: now(f"agents.{state}") for state in STATES},
        "agents_stuck": {state: now(f"stuck.{state}") for state in LIMITS},
        "agents_stuck_oldest_at": min(stuck, default=None),
        "backlog": {status: now(f"backlog.{status}") for status in BACKLOG},
        "backlog_unassigned": now("backlog_unassigned"),
        "oldest_open_at": min(opened, default=None),
        "backlog_age": {age: now(f"backlog_age.{age}") for age in AGES},
        "complaints_open": now("complaints_open"),
        "sla": (
            {m: {clock: now(f"sla.{m}.{clock}") for clock in CLOCKS} for m in METRICS}
            if channel == "ticket"
            else None
        ),
        "next_due_at": first_of(result.due),
        "callbacks_owed": now("callbacks_owed"),
        "callbacks_overdue": now("callbacks_overdue"),
        "oldest_callback_at": first_of(result.callbacks),
    }
