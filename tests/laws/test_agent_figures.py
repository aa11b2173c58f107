"""One agent's figures: the engine against the oracle, and the identities that hold of both."""

import hashlib
import hmac
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings

from streams.kpis.replay import Replay
from streams.settings import Secret
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.examples import examples
from tests.laws.pipeline import Pipeline, published
from tests.laws.test_live_equals_replay import lately, live
from tests.laws.test_replay_equals_oracle import configured
from tests.oracle.agent_figures import agent_figures, agent_now, agents_of
from tests.oracle.agents import KEEP_MS, places
from tests.oracle.oracle import Oracle
from tests.oracle.repeats import AGENT_RANKS, without_repeats
from tests.oracle.test_oracle import HARD_CASES, differences, golden
from tests.stories import AGENTS, BASE_MS, DAY
from tests.strategies import (
    QUEUE_VARIANTS,
    agent_histories,
    agent_history,
    encoded,
    histories,
    queue_settings,
)

law = settings(
    max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def surveys_of_agents(history: list[dict]) -> list[dict]:
    """The same events; some surveys name an agent, by what they are: nothing is chosen."""
    found = []
    for event in history:
        number = crc32(f"{event.get('contact_id')} {event['occurred_at']}".encode())
        named = event["type"].startswith("survey.") and number % 3 == 0
        extra = {"agent_id": AGENTS[number // 3 % len(AGENTS)]} if named else {}
        found.append(event | extra)
    return found


def ended(history: list[dict]) -> list[dict]:
    """The history, and so long afterwards that no conversation and no wrap-up is open."""
    end = max((event["occurred_at"] for event in history), default=BASE_MS) + 2 * DAY
    beat = {"type": "source.heartbeat", "event_id": "end", "source": "acd", "occurred_at": end}
    return [*history, beat]


def replayed(history: list[dict], queues: list[dict], **limits: Any) -> Replay:
    """The replay of the history, with the figures of single agents."""
    replay = Replay(replace(configured(queues), **({"agent_figures": "names"} | limits)))
    for raw in encoded(history):
        event = decode(raw)
        assert not isinstance(event, Rejected), event
        replay.add(event)
    return replay


#: Of one figure by (tenant, agent) or by scope: what `figures` there say.
Figures = dict[tuple[str, ...], dict[str, Any]]


#: Of an agent of whom nothing is known.
NOTHING = agent_figures(Oracle().run([]), "", "")
NOWHERE = agent_now(Oracle().run([]), "", "")


def told(replay: Replay) -> tuple[Figures, Figures]:
    """All figures of all agents, and those of the whole of each tenant and channel."""
    records = [published(record) for record in replay.records()]
    agents: Figures = {who: published(told) for who, told in replay.agent_totals().items()}
    return agents, {
        (record["tenant"], record["channel"]): record["windows"]["all"]
        for record in records
        if record["queue"] == "_all"
    }


def oracles(history: list[dict], queues: list[dict]) -> tuple[Figures, Figures]:
    """The same of the oracle."""
    result = Oracle(queues).run(history)
    return {agent: agent_figures(result, *agent) for agent in agents_of(result)}, {
        (scope[0], scope[2]): result.figures(*scope)
        for scope in result.scopes()
        if scope[1] == "_all"
    }


def legs(agents: Figures) -> dict[str, Counter[str]]:
    """By tenant, what the legs of all agents add up to."""
    found: dict[str, Counter[str]] = {}
    for (tenant, _), figures in agents.items():
        sums = found.setdefault(tenant, Counter())
        sums["handled"] += figures["legs_handled"]
        for name in ("talk", "hold", "wrapup"):
            sums[name] += round(1000 * figures[f"leg_{name}_seconds"])
        for name, amount in figures["offers"].items():
            sums[f"offers.{name}"] += amount
        for name in ("answered", "satisfied"):
            sums[f"surveys.{name}"] += figures["surveys"][name]
    return found


def visits(wholes: Figures) -> dict[str, Counter[str]]:
    """By tenant, what all queues of all channels add up to."""
    found: dict[str, Counter[str]] = {}
    for (tenant, _), figures in wholes.items():
        sums = found.setdefault(tenant, Counter())
        sums["handled"] += figures["handled"]
        for name in ("talk", "hold", "wrapup"):
            sums[name] += round(1000 * figures[f"{name}_seconds"])
        for name, amount in figures["offers"].items():
            sums[f"offers.{name}"] += amount
        sums["surveys.answered"] += figures["surveys"]["answered"]["csat"]
        sums["surveys.satisfied"] += figures["surveys"]["csat_satisfied"]
    return found


def add_up(agents: Figures, wholes: Figures) -> None:
    """Talk, hold, wrap-up, offers and surveys of all agents are those of all queues."""
    of_agents, of_queues = legs(agents), visits(wholes)
    for tenant in of_agents | of_queues:
        own, whole = of_agents.get(tenant, Counter()), of_queues.get(tenant, Counter())
        assert own.pop("handled", 0) >= whole.pop("handled", 0)
        assert +own == +whole


def check(history: list[dict], queues: list[dict]) -> None:
    """The same agents, and of each the same figures."""
    found, _ = told(replayed(history, queues))
    expected, _ = oracles(history, queues)
    assert found == expected


@law
@given(agent_histories() | histories().map(surveys_of_agents), queue_settings())
def test_figures_of_every_agent_equal_the_oracles(history: list[dict], queues: list[dict]) -> None:
    """A replay gives of each agent what the definitions give when applied to finished lists."""
    check(history, queues)


@pytest.mark.parametrize("seed", range(examples(60)))
def test_of_larger_histories_too(seed: int) -> None:
    """The same for longer seeded histories, in a random order of lines."""
    history = agent_history(seed, stories=30)
    random.Random(seed).shuffle(history)
    check(history, QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)])


@pytest.mark.parametrize("name", sorted(n for case in HARD_CASES.values() for n in case))
def test_scenario_gives_each_agents_numbers(name: str) -> None:
    """What was derived by hand, where it was; every other scenario as the oracle reads it."""
    side, events = golden(name)
    found, _ = told(replayed(events, side["config"]))
    for agent, expected in side.get("agents", {}).items():
        figures = found.get(tuple(agent.split("/")), NOTHING)
        assert list(differences(expected, figures, agent)) == []
    check(events, side["config"])
    if "agents_now" in side:
        newest = newest_records(events, side["config"])
        for agent, expected in side["agents_now"].items():
            record = newest.get(tuple(agent.split("/")), NOWHERE)
            assert list(differences(expected, record, agent)) == []


def newest_records(history: list[dict], queues: list[dict]) -> Figures:
    """The last record that both stages publish of each agent."""
    pipeline = Pipeline(replace(configured(queues), agent_figures="names"), intervals=False)
    for raw in encoded(history):
        pipeline.accept(raw)
    pipeline.finish(max(event["occurred_at"] for event in history))
    in_time = sorted(pipeline.agents.items(), key=lambda item: item[0][2])
    return {(tenant, agent): published(record) for (tenant, agent, _), record in in_time}


@law
@given(agent_histories() | histories().map(surveys_of_agents), queue_settings())
def test_what_agents_did_is_what_queues_had(history: list[dict], queues: list[dict]) -> None:
    """Talk, hold, wrap-up, offers and surveys of all agents are those of all queues."""
    history = ended(history)
    add_up(*told(replayed(history, queues)))
    add_up(*oracles(history, queues))


@pytest.mark.parametrize("seed", range(examples(20)))
def test_agents_beyond_the_limit_count_as_other(seed: int) -> None:
    """Over the limit nothing of any agent is lost."""
    history = ended(agent_history(seed, stories=30))
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    agents, wholes = told(replayed(history, queues, max_agents=1))
    add_up(agents, wholes)
    spent: Counter[str] = Counter()
    for (tenant, _), figures in agents.items():
        spent[tenant] += round(1000 * sum(figures["state_seconds"].values()))
    known: Counter[str] = Counter()
    for (tenant, _), figures in oracles(history, queues)[0].items():
        known[tenant] += round(1000 * sum(figures["state_seconds"].values()))
    assert +spent == +known
    assert all(len({a for t, a in agents if t == tenant}) <= 3 for tenant in known)


@law
@given(agent_histories() | histories(), queue_settings())
def test_an_agent_is_in_one_state_as_long_as_he_is_known(
    history: list[dict], queues: list[dict]
) -> None:
    """The eight states add up to the time from his first word to 90 days after his last.

    Of an agent to whom a word gives no slot on any channel, to no more than that.
    """
    said: dict[tuple[str, ...], list[int]] = {}
    slotless = set()
    for event in without_repeats(history, Counter()):
        if event["type"] in AGENT_RANKS:
            who = event.get("tenant", "default"), event["agent_id"]
            said.setdefault(who, []).append(event["occurred_at"])
            if not places(event):
                slotless.add(who)
    as_of = max((event["occurred_at"] for event in history), default=0)
    for agents, _ in (told(replayed(history, queues)), oracles(history, queues)):
        for agent in set(agents) | set(said):
            times = [*sorted(said.get(agent, [])), as_of]
            known = sum(min(b - a, KEEP_MS) for a, b in pairwise(times))
            spent = agents[agent]["state_seconds"] if agent in agents else {}
            total = round(1000 * sum(spent.values()))
            assert total <= known if agent in slotless else total == known, agent


@pytest.mark.parametrize("seed", range(examples(10)))
def test_a_pseudonym_hides_the_name_alone(seed: int) -> None:
    """With pseudonyms the figures are the same, under the keyed hash of tenant and name."""
    history, queues = agent_history(seed, 20), QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    by_name, records = told(replayed(history, queues))
    hidden = replayed(history, queues, agent_figures="pseudonyms", agent_key=Secret("salt"))

    def pseudonym(tenant: str, agent: str) -> str:
        if agent == "_nobody":
            return agent
        return hmac.digest(b"salt", f"{tenant}\0{agent}".encode(), hashlib.sha256).hex()[:32]

    wanted = {(t, pseudonym(t, agent)): figures for (t, agent), figures in by_name.items()}
    assert told(hidden) == (wanted, records)


@pytest.mark.parametrize("seed", range(examples(10)))
def test_no_other_record_knows_of_it(seed: int) -> None:
    """Whether single agents have figures changes no record of a queue; off, there are none."""
    history, queues = agent_history(seed, 20), QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    off, on = replayed(history, queues, agent_figures="off"), replayed(history, queues)
    assert list(map(published, off.records())) == list(map(published, on.records()))
    assert off.agent_totals() == {}


QUARTER_MS = 900_000


@pytest.mark.parametrize("seed", range(examples(30)))
def test_records_of_each_interval_equal_the_oracles(seed: int) -> None:
    """Both stages publish of each agent and quarter of an hour what the oracle has in it.

    And beside it the day so far and how the agent stands, as of the record's own time.
    """
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    history = lately(seed, 12, agent_history)
    pipeline = live(history, queues, seed, intervals=False, agent_figures="names")
    as_of = (max(event["occurred_at"] for event in history) // 10_000 + 1) * 10_000
    pipeline.finish(as_of)
    result = Oracle(queues).run(history, now_ms=as_of)
    expected = {}
    for tenant, agent in agents_of(result):
        for start in range(result.first_ms // QUARTER_MS * QUARTER_MS, as_of, QUARTER_MS):
            figures = agent_figures(result, tenant, agent, start, start + QUARTER_MS)
            if figures != NOTHING:
                expected[tenant, agent, start] = figures
    found = {key: published(record)["figures"] for key, record in pipeline.agents.items()}
    assert {key: one for key, one in found.items() if one != NOTHING} == expected
    for (tenant, agent, _), record in pipeline.agents.items():
        if record.as_of == as_of:
            today = agent_figures(result, tenant, agent, as_of // DAY * DAY, as_of)
            assert published(record.today) == today
            now = {name: published(record)[name] for name in ("state", "since_at", "reason")}
            assert now == agent_now(result, tenant, agent)
