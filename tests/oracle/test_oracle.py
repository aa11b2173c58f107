"""The oracle is right: by hand-made scenarios, by identities, and on two weeks of calls."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.call_logs import answers_of, each_log, is_mean, rows_of
from tests.examples import examples
from tests.oracle.agent_figures import agent_figures, agent_now
from tests.oracle.agents import FOREVER, KEEP_MS, places, spans_of
from tests.oracle.oracle import Oracle, Result
from tests.oracle.repeats import AGENT_RANKS, in_order, without_repeats
from tests.strategies import QUEUE_VARIANTS, histories, queue_settings, random_history

GOLDEN = Path(__file__).parents[1] / "golden"
law = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

# The hard cases of the metric dictionary, and the scenarios that hold them to a number by hand.
# A change of settings is versioned outside one history; a day boundary is a window here.
HARD_CASES = {
    "contact crosses a window edge": ["window_edge"],
    "contact in progress": ["in_progress"],
    "threshold passes while waiting": ["threshold_passes"],
    "nobody waits longer than the limit": ["wait_limit"],
    "transfer, requeue, several queues": ["transfer_and_requeue", "one_millisecond"],
    "a transfer ends elsewhere": ["transferred_elsewhere"],
    "ring no answer, then another agent": ["ring_no_answer"],
    "exit event lost": ["exit_lost"],
    "logout lost": ["logout_lost"],
    "repeated login, pause, hold": ["repeated_states"],
    "agents without contacts": ["agents_alone"],
    "agents shared by several queues": ["queue_load"],
    "agents in one state for too long": ["agents_stuck"],
    "agents on a break, and why": ["break_reasons"],
    "one agent in several systems": ["two_systems", "several_systems", "five_systems"],
    "two calls by one agent at once": ["two_at_once", "several_queues_one_agent"],
    "break set during a call": ["break_during_call"],
    "clock skew": ["clock_skew"],
    "duplicates": ["duplicates"],
    "out of order": ["out_of_order"],
    "correction of a published value": ["late_wrapup", "awaited_wrapup"],
    "day boundary": ["day_boundary"],
    "idle queue": ["idle_queue"],
    "zero denominator": ["zero_denominators"],
    "settings (T, S, formulas, calendars) change": ["settings_change"],
    "real systems: order by meaning": ["hand_over", "early", "said_twice", "laps", "end_of_file"],
    "real systems: lost entries, answers": ["answers", "agent_writes"],
    "real systems: said after an age": ["after_an_age"],
    "a contact of several visits": ["journeys"],
    "silence, tickets, directions, the unexpected": [
        *("silent_chat", "tickets", "outbound_and_blocked", "forgetting", "unexpected_events"),
    ],
    "a ticket comes back": ["tickets_memory", "tickets_back_again"],
    "who answered, who resolved": ["tickets_who_answered"],
    "the stream begins in mid-life": ["tickets_mid_life"],
    "who has a ticket, works on it, waits for it": ["tickets_at_work"],
    "what a ticket was promised": ["promises", "promises_told", "promises_at_risk"],
    "business hours, where clocks change too": ["business_hours", "promises_never_due"],
    "cohorts, ages and complaints": ["ticket_cohorts", "ticket_complaints"],
    "who writes to whom": ["chat_from_a_bot", "chat_across_a_transfer", "chat_left_unanswered"],
    "several chats of one agent at a time": ["chats_at_a_time"],
    "bots hand over": ["bots_hand_over"],
    "what customers say and buy": ["survey_scales", "survey_answers", "sales_and_followups"],
    "what customers answer": [
        *("surveys_in_a_week", "survey_satisfied", "survey_points", "survey_effort"),
    ],
    "what they buy, and are asked after": ["sales", "feedback_where"],
    "what it is about": ["topics_of_calls", "topics_of_tickets"],
    "customers who come again": [
        *("customers_return", "customers_resolved", "customers_failed", "customers_after_a_bot"),
    ],
    "call-backs": ["callback_reached", "callback_ends", "callback_unknown", "callback_visits"],
    "a call back and another end by one id": ["callback_said_twice"],
    "one agent: his parts of conversations": ["agent_legs", "agent_wrapups", "agent_ages"],
    "one agent: states, offers, surveys": ["agent_states", "agent_offers", "agent_surveys"],
}
#: Parts of a part.
PARTS = (
    *("bot", "chat", "callbacks", "ticket"),
    *("sla", "first_response", "next_response", "resolution", "complaints", "cohorts"),
    *("surveys", "sales", "followups", "customers"),
)


def golden(name: str) -> tuple[dict, list[dict]]:
    lines = (GOLDEN / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()
    side = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return side, [json.loads(line) for line in lines]


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where a partial expectation is not met."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            if name not in found:
                yield f"{place}/{name}: missing"
            else:
                yield from differences(value, found[name], f"{place}/{name}")
    elif expected != found:
        yield f"{place}: expected {expected!r}, found {found!r}"


def unmet(expectations: dict, ask) -> list[str]:
    found: list[str] = []
    for scope, expected in expectations.items():
        found += differences(expected, ask(*scope.split("/")), scope)
    return found


def test_every_scenario_belongs_to_a_hard_case_and_says_why() -> None:
    """No hard case without a scenario, no scenario without its reason."""
    named = sorted(name for names in HARD_CASES.values() for name in names)
    assert named == sorted(path.stem for path in GOLDEN.glob("*.ndjson"))
    assert all(golden(name)[0]["why"] for name in named)


def named(figures: dict, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure with its path; a figure by word or percentile is one."""
    for name, value in figures.items():
        if name in PARTS and isinstance(value, dict):
            yield from named(value, f"{before}{name}.")
        elif name not in PARTS:
            yield before + name, value


def test_every_figure_is_worked_out_by_hand_somewhere() -> None:
    """Each figure has a scenario that expects something else of it than nothing."""
    found: set[str] = set()
    for names in HARD_CASES.values():
        for side, _ in map(golden, names):
            expected = [side["expect"], *(w["expect"] for w in side.get("windows", []))]
            scopes = [scope for one in expected for scope in one.values()]
            found |= {name for scope in scopes for name, value in named(scope) if value}
    nothing = Oracle([{"name": "q"}]).run([])
    wanted: set[str] = set()
    for channel in ("voice", "chat", "ticket"):
        wanted |= {name for name, _ in named(nothing.figures("default", "q", channel))}
    assert wanted - found == set()


def test_every_level_is_worked_out_by_hand_somewhere() -> None:
    """What stands open has a scenario that expects something of it: call-backs, beside others."""
    found: set[str] = set()
    for names in HARD_CASES.values():
        for side, _ in map(golden, names):
            for scope in side.get("live", {}).values():
                found |= {name for name, value in scope.items() if value}
    assert {"callbacks_owed", "callbacks_overdue", "oldest_callback_at"} <= found


@pytest.mark.parametrize("name", [name for names in HARD_CASES.values() for name in names])
def test_scenario_gives_the_numbers_derived_by_hand(name: str) -> None:
    """The expected numbers of the scenario, over everything, live, and in its windows."""
    side, events = golden(name)
    result = Oracle(side["config"]).run(events)
    assert unmet(side["expect"], result.figures) == []
    assert unmet(side.get("live", {}), result.live) == []
    assert unmet(side.get("agents", {}), partial(agent_figures, result)) == []
    assert unmet(side.get("agents_now", {}), partial(agent_now, result)) == []
    assert not list(differences(side.get("anomalies", {}), result.anomalies))
    for window in side.get("windows", []):
        ask = partial(result.figures, a=window["from"], b=window["until"])
        assert unmet(window["expect"], ask) == [], f"{window['from']}–{window['until']}"
        of_agent = partial(agent_figures, result, a=window["from"], b=window["until"])
        assert unmet(window.get("agents", {}), of_agent) == [], window["from"]
    existing = {"/".join(scope) for scope in result.scopes()}
    assert set(side["expect"]) <= existing
    assert not existing & set(side.get("absent", []))


def test_a_history_of_one_instant_has_no_mean_depth() -> None:
    """Nothing has passed, so there is nothing to divide by."""
    beat = {"type": "source.heartbeat", "event_id": "b", "source": "acd", "occurred_at": 5}
    result = Oracle([{"name": "billing"}]).run([beat])
    assert result.figures("default", "billing", "voice")["depth_mean"] is None


def test_rounding_is_half_to_even_from_the_integers() -> None:
    """A mean halfway between two sixth decimals goes to the even one, float or no float."""
    told = []
    for number, wait in enumerate((1, *[0] * 1999)):
        about = {"channel": "voice", "contact_id": f"c{number}", "queue": "q", "source": "acd"}
        for kind, at in (("enqueued", 0), ("answered", wait)):
            told.append(
                {"type": f"contact.{kind}", "event_id": f"{kind}{number}", "occurred_at": at}
                | about
            )
    figures = Oracle().run(told).figures("default", "q", "voice")
    assert figures["wait_mean_seconds"] == 0.0  # 0.0000005 s: down, to the even 0
    assert figures["answered"] == 2000


# -- identities -----------------------------------------------------------------------------------


def everything(result: Result) -> dict:
    return {scope: (result.figures(*scope), result.live(*scope)) for scope in result.scopes()}


@law
@given(histories(), queue_settings(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(history, queues, rng) -> None:
    """Any order and any repetition of the same events gives the same figures."""
    again = [*history, *rng.choices(history, k=len(history) // 2)] if history else []
    rng.shuffle(again)
    assert everything(Oracle(queues).run(history)) == everything(Oracle(queues).run(again))


@law
@given(histories(), queue_settings())
def test_levels_never_go_below_zero_and_live_agrees(history, queues) -> None:
    """No level is negative between two instants, and each one ends at its live value."""
    result = Oracle(queues).run(history)
    for tenant, queue, channel, level in {row[1:5] for row in result.levels}:
        scope = (tenant, queue, channel)
        rows = [row for row in result.levels if row[1:5] == (*scope, level)]
        for instant in {row[0] for row in rows}:
            height = sum(row[5] for row in rows if row[0] <= instant)
            assert height >= 0
            if level == "ringing":
                assert height <= result.level_at(*scope, "waiting", instant)
    for scope in result.scopes():
        live = result.live(*scope)
        assert (live["waiting"] == 0) == (live["oldest_waiting_at"] is None)
        assert (live["handling"] == 0) == (live["longest_handling_at"] is None)
        assert (sum(live["backlog"].values()) == 0) == (live["oldest_open_at"] is None)
        assert live["waiting_over_threshold"] <= live["waiting"] >= live["waiting_over_limit"]
        assert (live["callbacks_owed"] == 0) == (live["oldest_callback_at"] is None)
        assert live["callbacks_overdue"] <= live["callbacks_owed"]


def ratios_of(figures: dict) -> list[float | None]:
    names = (
        *("abandonment", "waited_over_limit", "offer_answer", "occupancy"),
        *("slot_occupancy", "ready"),
    )
    called = figures["callbacks"] or {"reached_ratio": None}
    surveys, customers = figures["surveys"], figures["customers"]
    parts = [figures["bot"]["containment_ratio"], called["reached_ratio"]]
    parts += [surveys["csat_ratio"], surveys["resolved_ratio"], *surveys["response_ratio"].values()]
    parts += [customers[f"{name}_ratio"] for name in ("repeat", "returning", "fcr")]
    for topic in figures["by_topic"] or []:
        parts += [topic["csat_ratio"], topic["fcr_ratio"]]
    ratios = (figures[f"{name}_ratio"] for name in names)
    return [*figures["service_level"].values(), *ratios, *parts]


@law
@given(histories(), queue_settings(), st.lists(st.integers(0, 400), min_size=2, max_size=4))
def test_ratios_of_any_window_lie_between_0_and_1(history, queues, marks) -> None:
    """Numerator and denominator of a ratio are of one population, in whatever window."""
    result = Oracle(queues).run(history)
    times = sorted({row[0] for row in result.contributions} | {result.first_ms})
    edges = sorted(times[mark % len(times)] + mark % 2 for mark in marks)
    for scope in result.scopes():
        for a, b in [(None, None), *pairwise(edges)]:
            for value in ratios_of(result.figures(*scope, a, b)):
                assert value is None or 0 <= value <= 1


@law
@given(histories(), queue_settings())
def test_service_levels_are_ordered_over_the_whole(history, queues) -> None:
    """Over a whole population answered_only ≥ offered_less_short ≥ offered."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        level = result.figures(*scope)["service_level"]
        chain = [level["answered_only"], level["offered_less_short"], level["offered"]]
        known = [value for value in chain if value is not None]
        assert known == sorted(known, reverse=True)
        if None not in (level["offered"], level["removed_in_threshold"]):
            assert level["removed_in_threshold"] >= level["offered"]


def memberships(told: list[dict], now: int) -> Iterator[tuple[set, int, int]]:
    """(places, from, until) for each stretch of one agent's life; told in order, each id once."""
    spans = spans_of(told, now, Counter())
    edges = sorted({edge for span in spans for edge in (span.begin, span.end)} - {FOREVER})
    for begin, end in pairwise([*edges, now]):
        words = [span.word for span in spans if span.begin <= begin < span.end]
        if words:
            yield set().union(*map(places, words)), begin, end
        else:
            last = [word for word in told if word["occurred_at"] <= begin][-1]
            yield places(last), begin, min(end, last["occurred_at"] + KEEP_MS)


@law
@given(histories(), queue_settings())
def test_the_states_add_up_to_the_members_seconds(history, queues) -> None:
    """A member is in one state at any instant, from its first word until it is forgotten.

    And on a break for one reason.
    """
    result = Oracle(queues).run(history)
    told = [one for one in without_repeats(history, Counter()) if one["type"] in AGENT_RANKS]
    wanted: Counter[tuple] = Counter()
    for tenant, agent in {(one.get("tenant", "default"), one["agent_id"]) for one in told}:
        own = [o for o in told if (o.get("tenant", "default"), o["agent_id"]) == (tenant, agent)]
        for where, begin, end in memberships(in_order(own, AGENT_RANKS), result.as_of):
            for queue, channel in where:
                wanted[tenant, queue, channel] += end - begin
    for scope in result.scopes():
        figures = result.figures(*scope)
        spent, why = figures["agent_state_seconds"], figures["break_seconds"]
        assert round(1000 * sum(spent.values())) == wanted[scope], scope
        assert round(1000 * sum(why.values())) == round(1000 * spent["break"]), scope


def additive(figures: dict) -> dict[str, float]:
    """All counts and seconds of the figures that panes must add up to."""
    derived = (
        *("mean", "max", "ratio", "quantiles", "depth", "service_level", "surveys.nps."),
        *("hops_per_contact", "work_per_resolution", "sales.per_", "followups.per_"),
    )
    return {
        name: round(value * 1000)
        for name, value in flat(figures)
        if isinstance(value, int | float) and not any(part in f"{name}." for part in derived)
    }


def flat(figures: dict, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path, the parts' too."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


@law
@given(histories(), queue_settings(), st.lists(st.integers(0, 400), max_size=4))
def test_windows_add_up_to_the_whole(history, queues, marks) -> None:
    """However time is cut, counts and seconds of the pieces sum to those of everything."""
    result = Oracle(queues).run(history)
    times = sorted({row[0] for row in result.contributions} | {result.first_ms})
    cuts = {times[mark % len(times)] + mark % 2 for mark in marks}
    edges = sorted({result.first_ms, *cuts, result.as_of + 1})
    for scope in result.scopes():
        pieces = [additive(result.figures(*scope, a, b)) for a, b in pairwise(edges)]
        whole = additive(result.figures(*scope))
        assert whole == {name: sum(piece[name] for piece in pieces) for name in whole}


def test_the_total_is_the_sum_of_its_queues_and_agents_are_in_it_once() -> None:
    """`_all`: contacts and tickets add up; each agent with a slot is in one state, once."""
    for seed in range(examples(60)):
        result = Oracle(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]).run(random_history(seed))
        for tenant, _, channel in {scope for scope in result.scopes() if scope[1] == "_all"}:
            total = additive(result.figures(tenant, "_all", channel))
            queues = [s for s in result.scopes() if s[::2] == (tenant, channel) and s[1] != "_all"]
            parts = [additive(result.figures(*scope)) for scope in queues]
            for name in total:
                if not any(word in name for word in ("agent", "slot", "break_", "contact_seconds")):
                    assert total[name] == sum(part[name] for part in parts), name


@pytest.mark.slow
def test_generated_histories_reach_every_figure() -> None:
    """The generator is no use for what it never makes: each count occurs, each anomaly too."""
    nothing = Oracle([{"name": "q"}]).run([])
    every = [nothing.figures("default", "q", channel) for channel in ("voice", "chat", "ticket")]
    figures, counts = every[0], {path for one in every for path, value in named(one) if value == 0}
    exact = {name for name in counts if not name.endswith(("_seconds", "bot.conversations"))}
    # The part of tickets has rows by other names: `test_ticket_laws` looks for them.
    missing = {name for name in exact if not name.startswith("ticket.")}
    for by_word in ("offers", "blocked_reasons", "tickets_left"):
        missing |= {f"{by_word}.{word}" for word in figures[by_word]}
    missing |= {"callbacks_owed", "callbacks_overdue", "agent_contacts"}
    missing |= {f"callbacks.attempted.{how}" for how in ("connected", "not_reached")}
    missing |= {"callback_unknown", "callback_ended", "callback_asked_again"}
    missing |= {"clamped", "handling_expired", "repeat_differs", "ringing", "slot_busy"}
    missing |= {"agent_unknown", "source_dropped", "arrival_too_old"}
    missing |= {"transferred_elsewhere"}
    missing |= {f"breaks.{why}" for why in ("lunch", "coffee", "training", "other")}
    for seed in range(150):
        if not missing:
            break
        result = Oracle(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]).run(random_history(seed))
        missing -= {row[4] for row in (*result.contributions, *result.levels)}
        missing -= set(result.anomalies)
    assert missing == set()


# -- two weeks of calls ---------------------------------------------------------------------------


def calls(log: Path) -> Iterator[dict]:
    def ms(text: str) -> int:
        return int(datetime.fromisoformat(text).timestamp() * 1000)

    for row in rows_of(log):
        about = {"source": "log", "channel": "voice", "contact_id": row["call_id"]}
        about["queue"] = row["queue"]
        moments = {"enqueued": "entered_at", "answered": "answered_at", "ended": "ended_at"}
        if row["outcome"] == "abandoned":
            moments = {"enqueued": "entered_at", "abandoned": "ended_at"}
        for kind, column in moments.items():
            event_id = f"{row['call_id']}-{kind}"
            at = ms(row[column])
            yield {"type": f"contact.{kind}", "event_id": event_id, "occurred_at": at, **about}


@each_log
def test_a_call_log_gives_the_figures_of_a_naive_count(log: Path) -> None:
    """In any order: the numbers of counting rows, per queue and in total."""
    answers = answers_of(log)
    events = list(calls(log))
    random.Random(1).shuffle(events)
    result = Oracle().run(events)
    assert {queue for _, queue, _ in result.scopes()} == {"_all", *answers["queues"]}
    for queue, answer in [("_all", answers["total"]), *answers["queues"].items()]:
        found = result.figures("default", queue, "voice")
        level = answer["service_level_T20_S5"]
        expected = {
            **{name: answer[name] for name in ("offered", "answered", "abandoned")},
            "short_abandoned": answer["short_abandoned"],
            "abandonment_ratio": answer["abandonment_ratio"],
            "threshold_decided": answer["offered"],
            "handled": answer["answered"],
            "wait_max_seconds": answer["wait_max_s"],
            "wait_quantiles_seconds": {
                f"p{p}": answer[f"wait_p{p}_s"] for p in (50, 80, 90, 95, 99)
            },
            "service_level": {
                **{name: level[name] for name in ("answered_only", "offered")},
                "offered_less_short": level["offered_less_short"],
                "removed_in_threshold": level["removed_in_T"],
            },
        }
        assert list(differences(expected, found, queue)) == []
        assert is_mean(found["wait_mean_seconds"], answer["mean_wait_answered_s"])
        assert is_mean(found["talk_mean_seconds"], answer["mean_talk_s"])
        assert is_mean(found["abandoned_wait_mean_seconds"], answer["mean_wait_abandoned_s"])
