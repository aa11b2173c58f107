"""Laws of what customers say and do, which the oracle keeps by itself whatever it is told."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.oracle import Oracle, Result
from tests.strategies import QUEUE_VARIANTS, histories, queue_settings, random_history

law = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
Scope = tuple[str, str, str]
GRACE_MS = 5_000
KINDS = ("csat", "nps", "ces", "resolved")
SALES = ("upsell", "cross_sell")
TOPICS = ("bill", "order", "café")
DAYS = {"billing": 7, "support": 1, "sales": 2}
#: Every queue with a list of topics that never changes.
LISTED = [
    {"name": name, "channels": ["voice", "chat", "ticket"], "topics": TOPICS, "repeat_days": days}
    for name, days in DAYS.items()
]
#: What a figure by topic is of the queue's rows.
OF_TOPICS = {
    "handled": ("handled",),
    "unanswered": ("abandoned", "flowed_out", "orphaned"),
    "handle_ms": ("talk_ms", "hold_ms", "wrapup_ms"),
    "tickets_resolved": ("tickets_resolved",),
    "resolution_ms": ("resolution_ms",),
    "csat_answered": ("surveys.answered.csat",),
    "csat_satisfied": ("surveys.csat_satisfied",),
    "fcr_decided": ("customers.fcr_decided",),
    "fcr_resolved": ("customers.fcr_resolved",),
}


def sums(result: Result, scope: Scope) -> Counter[str]:
    """Every count and sum of the scope by name."""
    found: Counter[str] = Counter()
    for row in result.contributions:
        if row[1:4] == scope:
            found[row[4]] += row[5]
    return found


def cuts(result: Result, marks: list[int]) -> Iterator[tuple[int, int]]:
    """Windows between some of the instants at which anything is booked."""
    times = sorted({row[0] for row in result.contributions} | {result.first_ms})
    edges = {times[mark % len(times)] + mark % 2 for mark in marks}
    yield from pairwise(sorted({result.first_ms, *edges, result.as_of + 1}))


@law
@given(histories(), st.lists(st.integers(0, 400), max_size=3))
def test_topics_add_up_to_the_queue(history, marks) -> None:
    """In any window the sum over topics is the queue's figure, where the queue has a list."""
    result = Oracle(LISTED).run(history)
    for scope in {s for s in result.scopes() if s[0] == "default" and s[1] in DAYS}:
        for a, b in cuts(result, marks):
            told: Counter[str] = Counter()
            for at, *place, by, _, name, amount in result.splits:
                if by == "topic" and tuple(place) == scope and a <= at < b:
                    told[name] += amount
            rows = [row for row in result.contributions if row[1:4] == scope and a <= row[0] < b]
            for name, parts in OF_TOPICS.items():
                assert told[name] == sum(row[5] for row in rows if row[4] in parts), name
    for scope in result.scopes():
        listed = result.figures(*scope)["by_topic"]
        assert (listed is None) == (scope[0] != "default" or scope[1] not in (*DAYS, "_all"))
        assert {row["topic"] for row in listed or []} <= {*TOPICS, "_other", "_none"}


@law
@given(histories(), queue_settings())
def test_each_answer_is_of_one_sort_and_decides_one_sending_at_most(history, queues) -> None:
    """Answered are responses and unsolicited; no more is decided than sent; each score once."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        n = sums(result, scope)
        for kind in KINDS:
            answered = n[f"surveys.answered.{kind}"]
            assert answered >= n[f"surveys.unsolicited.{kind}"]
            decided = n[f"surveys.response_decided.{kind}"]
            assert n[f"surveys.responded.{kind}"] <= decided <= n[f"surveys.sent.{kind}"]
        scored = sum(n[f"surveys.nps_{who}"] for who in ("promoters", "passives", "detractors"))
        assert scored + n["surveys.off_scale.nps"] == n["surveys.answered.nps"]
        yes, off = n["surveys.resolved_yes"], n["surveys.off_scale.resolved"]
        assert yes + off <= n["surveys.answered.resolved"]
        assert n["surveys.csat_satisfied"] <= n["surveys.answered.csat"]
        figures = result.figures(*scope)["surveys"]
        assert sum(row["n"] for row in figures["ces"]) == sum(
            row[5] for row in result.contributions if is_of(row, scope, "surveys.answered.ces")
        )
    for tenant, _, channel in {scope for scope in result.scopes() if scope[1] == "_all"}:
        figures = result.figures(tenant, "_all", channel)["surveys"]
        for kind in KINDS:
            responses = figures["responded"][kind] + figures["unsolicited"][kind]
            assert figures["answered"][kind] == responses


def is_of(row: tuple, scope: Scope, name: str) -> bool:
    """Whether a contribution of this name counts in the scope."""
    return row[4] == name and (row[1], row[3]) == scope[::2] and scope[1] in ("_all", row[2])


@law
@given(histories(), queue_settings())
def test_amounts_and_sales_agree(history, queues) -> None:
    """No more sales with an amount than sales, closed and undone, in any queue."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        sales = result.figures(*scope)["sales"]
        assert sum(row["n"] for row in sales["amounts"]) <= sum(sales["closed"].values())
        undone = sum(row["cancelled_n"] for row in sales["amounts"])
        assert undone <= sum(sales["cancelled"].values())
        names = [row["currency"] for row in sales["amounts"]]
        assert len(names) <= 9
        assert names == sorted(set(names), key=lambda name: (name == "_other", name))


@law
@given(histories())
def test_what_is_decided_after_a_week_is_what_was_handled_then(history) -> None:
    """fcr_decided of a day + R is handled with a customer of the day, each coming once."""
    result = Oracle(LISTED).run(history)
    found: Counter[tuple] = Counter()
    for at, tenant, queue, channel, name, amount in result.contributions:
        if name == "customers.fcr_decided":
            found[at, tenant, queue, channel] += amount
    handled: Counter[tuple] = Counter()
    for one in result.comings:
        if one.owner is None or not one.ends:
            continue
        in_order = sorted(one.ends, key=lambda end: end[0])
        at, queue, _ = in_order[-1]
        decided = at + (DAYS.get(queue, 7) if one.tenant == "default" else 7) * 86_400_000
        known = one.known_at is not None and one.known_at <= decided < result.as_of
        stayed = one.left_at is None or one.left_at > decided
        assume(at < in_order[0][0] + 86_400_000)  # else an earlier end of it was decided
        if known and stayed:
            handled[decided, one.tenant, queue, one.of[0]] += 1
    assert found == handled


@law
@given(histories(), queue_settings())
def test_who_comes_again_is_a_part_of_who_comes(history, queues) -> None:
    """At any instant repeats and returns are told contacts, and resolved ones are decided."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        by_time: dict[int, Counter[str]] = {}
        for row in result.contributions:
            if row[1:4] == scope and row[4].startswith("customers."):
                by_time.setdefault(row[0], Counter())[row[4].removeprefix("customers.")] += row[5]
        for n in by_time.values():
            assert n["repeat_contacts"] <= n["contacts_with_ref"] >= n["returning_contacts"]
            assert n["fcr_resolved"] <= n["fcr_decided"]
    for channel in ("voice", "chat", "ticket"):
        n = Counter[str]()
        for row in result.contributions:
            if row[3] == channel:
                n[row[4]] += row[5]
        came = n["tickets_opened"] if channel == "ticket" else n["offered"]
        assert n["customers.contacts_with_ref"] <= came
        ended = n["tickets_resolved"] if channel == "ticket" else n["handled"] + n["orphaned"]
        assert n["customers.fcr_unknown"] <= ended + n["answered"]
    contained = sum(row[5] for row in result.contributions if row[4] == "bot.contained")
    returned = [r for r in result.contributions if r[4] == "customers.bot_contained_returned"]
    assert sum(row[5] for row in returned) <= contained


@law
@given(histories(), queue_settings(), st.integers(0, 400))
def test_nothing_that_is_counted_of_customers_goes_down_as_history_grows(
    history, queues, mark
) -> None:
    """What was counted up to an instant, later events beyond grace do not take back."""
    assume(history)
    for event in history:
        event.pop("revision", None)
    instants = sorted({event["occurred_at"] for event in history})
    until = instants[mark % len(instants)]
    tau = until - GRACE_MS
    result = Oracle(queues).run(history)
    known = Oracle(queues).run([e for e in history if e["occurred_at"] <= until], now_ms=until)
    for rows in ("contributions", "splits"):
        before = sorted(row for row in getattr(result, rows) if row[0] <= tau and row[-1])
        assert before == sorted(row for row in getattr(known, rows) if row[0] <= tau and row[-1])


@law
@given(histories(), queue_settings())
def test_tenants_have_nothing_in_common(history, queues) -> None:
    """One hash at two tenants is two customers: the figures are those of each alone."""
    whole = Oracle(queues).run(history)
    for tenant in ("default", "acme"):
        own = [event for event in history if event.get("tenant", "default") == tenant]
        alone = Oracle(queues).run(own, now_ms=whole.as_of)
        for scope in alone.scopes():
            if scope[0] == tenant:
                for part in ("surveys", "sales", "followups", "customers", "by_topic"):
                    assert alone.figures(*scope)[part] == whole.figures(*scope)[part]


@pytest.mark.slow
def test_generated_histories_reach_every_figure_of_customers() -> None:
    """The generator is no use for what it never makes: each row occurs, and each reading."""
    seen: Counter[str] = Counter()
    for seed in range(240):
        result = Oracle(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]).run(random_history(seed))
        seen.update(row[4] for row in result.contributions)
        seen.update(f"{row[4]}.{row[6]}" for row in result.splits)
        seen += result.anomalies
    wanted = {
        f"surveys.{name}.{kind}"
        for kind in KINDS
        for name in (
            *("sent", "answered", "answered_again", "unsolicited", "response_decided"),
            "responded",
        )
    }
    wanted |= {f"surveys.off_scale.{kind}" for kind in ("nps", "resolved")}
    wanted |= {f"surveys.nps_{who}" for who in ("promoters", "passives", "detractors")}
    wanted |= {"surveys.csat_satisfied", "surveys.resolved_yes"}
    wanted |= {f"sales.{how}.{kind}" for how in ("closed", "cancelled") for kind in SALES}
    wanted |= {f"followups.{how}" for how in ("satisfied", "unsatisfied", "not_reached")}
    wanted |= {
        f"customers.{name}"
        for name in (
            *("contacts_with_ref", "repeat_contacts", "returning_contacts", "fcr_decided"),
            *("fcr_resolved", "fcr_unknown", "failed_again", "bot_contained_returned"),
        )
    }
    wanted |= {f"topic.{name}" for name in OF_TOPICS}
    wanted |= {"instrument.n", "instrument.score", "currency.closed_n", "currency.cancelled"}
    wanted |= {"customer_changed", "survey_forgotten", "survey_sent_again"}
    assert wanted <= set(seen), wanted - set(seen)
