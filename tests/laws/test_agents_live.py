"""Figures of single agents: what both stages publish, a replay, and the queues' own figures."""

import random
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_record

from streams.contract.agent_figures import AgentFigures
from streams.contract.fields import leaves_of
from streams.contract.words import DAY_MS
from streams.kpis.replay import Replay
from streams.lifecycle import entity
from streams.wire.decode import decode
from tests.examples import examples
from tests.laws.pipeline import Pipeline, published
from tests.laws.test_live_equals_replay import lately, live
from tests.laws.test_replay_equals_oracle import configured
from tests.strategies import QUEUE_VARIANTS, encoded

_ADDITIVE = [path for path, field in leaves_of(AgentFigures) if field.additive]
Sums = dict[tuple[str, str], dict[str, float]]


def sums_of(figures: Any) -> dict[str, float]:
    """What adds up, by its path."""
    found: dict[str, float] = {}
    for path in _ADDITIVE:
        value = published(figures)
        for key in path:
            value = value[key]
        if isinstance(value, dict):
            found |= {".".join((*path, word)): amount for word, amount in value.items()}
        else:
            found[".".join(path)] = value
    return found


def replayed(history: list[dict[str, Any]], queues: list[dict[str, Any]], **more: Any) -> Replay:
    """A replay of the history, its books closed."""
    replay = Replay(replace(configured(queues), **more))
    for raw in encoded(history):
        event: Any = decode(raw)
        replay.add(event)
    return replay


def added_up(pipeline: Pipeline) -> Sums:
    """The newest record of each interval, added up by agent."""
    total: Sums = defaultdict(lambda: defaultdict(float))
    for (tenant, agent, _), record in pipeline.agents.items():
        for name, value in sums_of(record.figures).items():
            total[tenant, agent][name] = round(total[tenant, agent][name] + value, 3)
    return total


def ended(history: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """A last word at a pane's edge behind all others, and its time."""
    at = (max(event["occurred_at"] for event in history) // 10_000 + 1) * 10_000
    return at, {
        "type": "source.heartbeat",
        "event_id": "last",
        "occurred_at": at,
        "source": "x",
    }


@pytest.mark.parametrize("seed", range(examples(30)))
def test_published_agents_add_up_to_the_replay(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Order, duplicates, batches, ticks, packing and restarts leave no trace in agents' figures."""
    monkeypatch.setattr(entity, "PACK_ABOVE", 4)
    monkeypatch.setattr(entity, "PACK_LEAVES", 2)
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    history = lately(seed, 20)
    pipeline = live(history, queues, seed, intervals=False, agent_figures="names")
    at, last = ended(history)
    pipeline.finish(at)
    replay = replayed([*history, last], queues, agent_figures="names")
    replay.records()
    totals = replay.agent_totals()
    assert totals
    sums = added_up(pipeline)
    for key, figures in totals.items():
        wanted = {name: round(value, 3) for name, value in sums_of(figures).items()}
        assert sums.get(key) == wanted, key
    for key in sums.keys() - totals.keys():
        assert not any(sums[key].values()), key


@pytest.mark.parametrize("seed", range(examples(10)))
def test_agents_change_no_figure_of_a_queue(seed: int) -> None:
    """With figures of agents every record of every queue is what it is without them."""
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    history = lately(seed, 15)
    without, beside = (
        [published(record) for record in replayed(history, queues, **more).records()]
        for more in ({}, {"agent_figures": "names"})
    )
    assert beside == without
    pair = []
    for by in ("off", "names"):
        pipeline = live(history, queues, seed, agent_figures=by)
        pipeline.finish(ended(history)[0])
        # How often one is published again after a restart is nobody's figure.
        newest = {
            key: published(replace_record(record, revision=0))
            for key, record in pipeline.intervals.items()
        }
        pair.append((pipeline.kpis(), newest, bool(pipeline.agents)))
    assert pair[0][:2] == pair[1][:2]
    assert [has_agents for *_, has_agents in pair] == [False, True]


@pytest.mark.parametrize("seed", range(examples(30)))
def test_legs_of_all_agents_are_the_queues_talk_and_hold(seed: int) -> None:
    """Once every wrap-up is told or given up, talk + hold of legs is that of calls and chats."""
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    history = lately(seed, 40)
    at, last = ended(history)
    history.append(last | {"occurred_at": at + 2 * DAY_MS})
    replay = replayed(history, queues, agent_figures="names")
    of_queues = sum(
        record.windows["all"].talk_seconds + record.windows["all"].hold_seconds
        for record in replay.records()
        if record.queue == "_all"
    )
    of_agents = sum(
        figures.leg_talk_seconds + figures.leg_hold_seconds
        for figures in replay.agent_totals().values()
    )
    assert of_agents == pytest.approx(of_queues, abs=1e-6)
    assert of_queues


@pytest.mark.parametrize("seed", range(examples(10)))
def test_agents_of_one_channel_have_the_states_that_all_has(seed: int) -> None:
    """Where no agent has slots on two channels, agents' time in states is that of `_all`."""
    chance = random.Random(seed)
    history = [
        event | {"capacity": {"voice": 1}}
        for event in lately(seed, 60)
        if event["type"].startswith("agent.")
    ]
    chance.shuffle(history)
    replay = replayed(history, [], agent_figures="names")
    of_all: defaultdict[str, float] = defaultdict(float)
    for record in replay.records():
        if record.queue == "_all":
            for state, spent in record.windows["all"].agent_state_seconds.items():
                of_all[state] += spent
    of_agents: defaultdict[str, float] = defaultdict(float)
    for figures in replay.agent_totals().values():
        for state, spent in figures.state_seconds.items():
            of_agents[state] += spent
    assert of_agents == pytest.approx(of_all, abs=1e-6)
    assert sum(of_all.values())
