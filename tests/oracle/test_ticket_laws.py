"""Identities of tickets' figures, which hold of every history and at every instant of it."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.cohorts import BORDERS
from tests.oracle.oracle import Oracle, Result
from tests.oracle.promises import METRICS
from tests.strategies import QUEUE_VARIANTS, histories, queue_settings, random_history

law = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
STATUSES = ("open", "pending", "on_hold")
CLOCKS = ("running", "paused", "at_risk", "breached_open")
PRIORITIES = ("urgent", "high", "normal", "low", "other")


def heights(result: Result, at: int) -> Counter[tuple]:
    """Each level of tickets after all that happened until `at`, by (tenant, queue, level)."""
    found: Counter[tuple] = Counter()
    for time, tenant, queue, channel, name, amount in result.levels:
        if time <= at and channel == "ticket":
            found[tenant, queue, name] += amount
    return found


def counts(result: Result, at: int) -> Counter[tuple]:
    """Each sum of contributions to tickets until `at`, by (tenant, name)."""
    found: Counter[tuple] = Counter()
    for time, tenant, _, channel, name, amount in result.contributions:
        if time <= at and channel == "ticket":
            found[tenant, name] += amount
    return found


def instants(result: Result) -> list[int]:
    """Some instants at which something happens, and the end."""
    times = sorted({row[0] for row in result.levels if row[3] == "ticket"})
    return [*times[:: 1 + len(times) // 12], result.as_of]


@law
@given(histories(), queue_settings())
def test_each_clock_is_decided_once_or_open(history, queues) -> None:
    """met + breached + withdrawn + running + paused = clocks started, at any instant."""
    result = Oracle(queues).run(history)
    for at in instants(result):
        levels, booked = heights(result, at), counts(result, at)
        for tenant in {row[1] for row in result.contributions}:
            for metric in METRICS:
                decided = sum(
                    booked[tenant, f"sla.{metric}.{how}.{word}"]
                    for how in ("met", "breached")
                    for word in PRIORITIES
                )
                decided += booked[tenant, f"sla.{metric}.withdrawn"]
                still = sum(
                    amount
                    for (owner, _, name), amount in levels.items()
                    if owner == tenant and name in (f"sla.{metric}.running", f"sla.{metric}.paused")
                )
                assert decided + still == booked[tenant, f"sla.{metric}.started"]


@law
@given(histories(), queue_settings())
def test_stocks_of_tickets_are_parts_of_the_backlog(history, queues) -> None:
    """backlog = Σ backlog_age at any instant; at risk is a part of running."""
    result = Oracle(queues).run(history)
    for at in instants(result):
        levels = heights(result, at)
        for tenant, queue in {key[:2] for key in levels}:
            backlog = sum(levels[tenant, queue, f"backlog.{status}"] for status in STATUSES)
            ages = [levels[tenant, queue, f"backlog_age.{age}"] for age in (*BORDERS, "over")]
            assert sum(ages) == backlog >= levels[tenant, queue, "complaints_open"]
            for metric in METRICS:
                running, paused, at_risk, broken = (
                    levels[tenant, queue, f"sla.{metric}.{name}"] for name in CLOCKS
                )
                assert at_risk <= running
                assert running + paused + broken <= backlog


@law
@given(histories(), queue_settings(), st.lists(st.integers(0, 400), min_size=1, max_size=3))
def test_cohorts_of_any_window_are_of_one_population(history, queues, marks) -> None:
    """No more resolved within than decided, in any window; no more decided than opened at all."""
    result = Oracle(queues).run(history)
    times = sorted({row[0] for row in result.contributions} | {result.first_ms})
    edges = sorted({result.first_ms, *(times[m % len(times)] for m in marks), result.as_of + 1})
    for scope in (scope for scope in result.scopes() if scope[2] == "ticket"):
        for a, b in [(None, None), *pairwise(edges)]:
            part = result.figures(*scope, a, b)["ticket"]
            for cohorts in (part["cohorts"], part["complaints"]["cohorts"]):
                assert cohorts["resolved_within"] <= cohorts["resolution_decided"]
                assert cohorts["reopened_within"] <= cohorts["reopen_decided"]
        whole = result.figures(*scope)
        cohorts = whole["ticket"]["cohorts"]
        assert cohorts["resolution_decided"] <= whole["tickets_opened"]
        assert cohorts["resolved_same_day"] + cohorts["left_same_day"] <= whole["tickets_opened"]


@law
@given(histories(), queue_settings())
def test_business_time_and_complaints_are_a_part(history, queues) -> None:
    """No time by calendars exceeds that of the wall clock; no figure of complaints the whole."""
    result = Oracle(queues).run(history)
    booked = counts(result, result.as_of)
    for (tenant, name), total in booked.items():
        by_wall = f"{name.removesuffix('_ms')}_calendar_ms"
        if name.endswith("_ms") and (tenant, by_wall) in booked:
            assert 0 <= total <= booked[tenant, by_wall]
        if name.startswith("complaint."):
            assert total <= booked[tenant, name.removeprefix("complaint.")]


@pytest.mark.slow
def test_generated_histories_reach_every_figure_of_tickets() -> None:
    """Each row of promises, cohorts and ages is made by some history, a complaint's too."""
    cohorts = [
        *("resolved_same_day", "left_same_day", "resolution_decided", "resolved_within"),
        *("reopen_decided", "reopened_within"),
    ]
    wanted = {f"sla.{metric}.{clock}" for metric in METRICS for clock in CLOCKS} - {
        "sla.first_response.paused",
        "sla.next_response.paused",
    }
    wanted |= {f"backlog_age.{age}" for age in (*BORDERS, "over")}
    for before in ("", "complaint."):
        wanted |= {before + name for name in cohorts}
        wanted |= {f"{before}sla.{metric}.withdrawn" for metric in METRICS}
        wanted |= {f"{before}sla.{m}.{how}.other" for m in METRICS for how in ("met", "breached")}
    for word in PRIORITIES:
        wanted |= {f"sla.resolution.met.{word}", f"sla.first_response.breached.{word}"}
    missing = wanted | {"complaints_open", "sla_without_clock", "sla_never_due"}
    for seed in range(240):
        if not missing:
            break
        result = Oracle(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]).run(random_history(seed))
        missing -= {row[4] for row in (*result.contributions, *result.levels)}
        missing -= set(result.anomalies)
    assert missing == set()
