"""Single agents on a topic of their own on a real Kafka: exact after a kill, under pseudonyms."""

import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from streams.__main__ import main
from streams.contract.agent_figures import AgentRecord
from streams.kafka.topics import topic_plan
from streams.kpis.replay import Replay
from streams.lifecycle.agent_cells import pseudonym
from streams.settings import Settings
from streams.settings.model import Secret
from tests.broker.records import read_topic
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import RATE, centre
from tests.broker.worker_world import Supply, World
from tests.laws.test_agents_live import sums_of

EVENT_TIME = ("--clock", "event")
KEY = b"a key of the test"


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    """Topics on which agents have figures, under pseudonyms."""
    settings = fresh_topics(
        session_timeout_seconds=12, transaction_timeout_seconds=8,
        agent_figures="pseudonyms", agent_key=Secret(KEY.decode()),
    )  # fmt: skip
    made = World(settings, tmp_path)
    yield made
    made.close()


def newest(settings: Settings) -> dict[tuple[str, str, int], AgentRecord]:
    """The highest revision of each (tenant, agent, start), as a consumer takes it."""
    found: dict[tuple[str, str, int], AgentRecord] = {}
    for record in chain(*read_topic(settings, settings.topics.agent_figures)):
        told = msgspec.json.decode(record.value, type=AgentRecord)
        assert orjson.loads(record.key) == [told.tenant, told.agent]
        place = told.tenant, told.agent, told.interval_start
        if place not in found or told.revision >= found[place].revision:
            found[place] = told
    return found


def added_up(settings: Settings) -> dict[str, dict[str, float]]:
    """All intervals of each agent together."""
    total: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for record in newest(settings).values():
        for name, value in sums_of(record.figures).items():
            total[record.agent][name] = round(total[record.agent][name] + value, 3)
    return {agent: dict(sums) for agent, sums in total.items()}


def test_a_killed_worker_leaves_the_agents_figures_exact(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """kill -9 amid a transaction: each leg once, no name in what is published, and it is shown."""
    settings = world.settings
    supply = Supply(world, centre, RATE)
    first, second = world.start(*EVENT_TIME), world.start(*EVENT_TIME)
    wait_until(lambda: first.ready and second.ready, PATIENCE, "both workers have their units")
    assert world.stop_amid_work(first, supply) > 0
    first.send(signal.SIGKILL)
    first.ended(5)
    world.start(*EVENT_TIME)
    supply.finish()
    replay = Replay(settings)
    names = set()
    for event in supply.events:
        replay.add(event)
        if event.agent_id is not None:
            names.add(event.agent_id)
    replay.records()
    expected = {
        agent: {name: round(value, 3) for name, value in sums_of(figures).items()}
        for (_, agent), figures in replay.agent_totals().items()
    }
    wait_until(lambda: world.lag() == 0, PATIENCE, "all is read")
    wait_until(lambda: added_up(settings) == expected, PATIENCE, "the agents' figures are exact")
    pseudonyms = {pseudonym(KEY, "default", name) for name in names}
    assert pseudonyms <= expected.keys() <= {*pseudonyms, "_nobody"}
    for record in chain(*read_topic(settings, settings.topics.agent_figures)):
        assert not any(f'"{name}"'.encode() in record.value for name in names)

    for name, value in world.environment.items():
        if name.startswith("STREAMS_"):
            monkeypatch.setenv(name, value)
    assert main(["agents", "--once", "--json"]) == 0
    rows: list[Any] = list(map(orjson.loads, capsys.readouterr().out.splitlines()))
    assert {row["agent"] for row in rows} == expected.keys()
    one = min(pseudonyms)
    assert main(["agents", "--once", "--agent", one]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0][:6] for line in table[2:]] == [one[:6]]
    monkeypatch.setenv("STREAMS_AGENT_FIGURES", "off")
    assert main(["agents", "--once"]) == 1
    assert "figures of single agents are off" in capsys.readouterr().err


def test_the_topic_is_wanted_only_where_figures_of_agents_are() -> None:
    """Off, nothing of it is created, checked or needed."""
    wanted = Settings(agent_figures="names")
    extra = {topic.name for topic in topic_plan(wanted)} - {
        topic.name for topic in topic_plan(replace(wanted, agent_figures="off"))
    }
    assert extra == {"contact.agent_figures"}
