"""When records of single agents go out, and what stands in them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from streams.commands.agents import Newest, table
from tests.kpis.test_record_schemas import misfits
from tests.stages.stages import SETTINGS, START, Record, Stages, call

NAMES = replace(SETTINGS, agent_figures="names")
QUARTER = 900_000
TOPIC = "contact.agent_figures"


def said(at: int, state: str, agent: str = "anna", **more: Any) -> Record:
    """A snapshot of an agent."""
    event = {
        "event_id": f"{agent}-{at}", "type": "agent.state", "occurred_at": at, "source": "acd",
        "agent_id": agent, "state": state, "queues": ["billing"], **more,
    }  # fmt: skip
    return Record(orjson.dumps(event), agent.encode(), "contact.agents")


def worked() -> list[Record]:
    """A call that anna takes, and her break after it."""
    return [
        said(START, "available"),
        call("contact.enqueued", START),
        call("contact.answered", START + 2_000, agent_id="anna"),
        call("contact.ended", START + 62_000, agent_id="anna"),
        said(START + 70_000, "break", reason=" Lunch"),
    ]


def test_off_there_is_no_record_and_no_agent() -> None:
    """Nothing is sent from stage to stage of an agent alone."""
    stages = Stages()
    stages.wall = START + 80_000
    assert TOPIC not in stages.tick(stages.take(*worked()))
    assert {queue for _, queue, _ in stages.queues.unit.queues} == {"_all", "billing"}


def test_a_record_says_what_the_agent_did_and_what_he_does(root: Path) -> None:
    """Under (tenant, agent): the interval and the day; as the schema and its example have it."""
    stages = Stages(NAMES)
    stages.wall = START + 80_000
    found = stages.tick(stages.take(*worked()))
    ((key, record),) = found[TOPIC]
    assert key == ["default", "anna"]
    assert (record["state"], record["reason"]) == ("break", "lunch")
    assert record["since_at"] == START + 70_000
    figures = record["figures"]
    assert figures == record["today"]
    assert (figures["legs_handled"], figures["leg_talk_seconds"]) == (1, 60.0)
    assert figures["offers"]["accepted"] == 1
    assert figures["state_seconds"]["available"] == 70.0
    schema = json.loads((root / "schemas/agent_figures.v1.json").read_text(encoding="utf-8"))
    assert misfits(record, schema, "") == []
    example = root / "schemas/examples/agent_figures/record.json"
    assert record == json.loads(example.read_text(encoding="utf-8"))
    # No queue's record, and no queue, is one more for it.
    assert {tuple(key) for key, _ in found["contact.kpis"]} == {
        ("default", name, "voice") for name in ("_all", "billing")
    }


def test_an_interval_goes_out_when_it_ends_and_once_more_when_it_is_final() -> None:
    """Each time with a higher revision; an agent of whom nothing is known has none."""
    stages = Stages(replace(NAMES, horizon_seconds=60))
    stages.wall = START + 80_000
    stages.tick(stages.take(*worked(), said(START + 79_000, "offline", capacity={})))
    first = START - START % QUARTER
    seen: list[tuple[int, bool, int]] = []
    for _ in range(200):
        stages.wall += 30_000
        for _, record in stages.tick(stages.take()).get(TOPIC, []):
            seen.append((record["interval_start"], record["final"], record["revision"]))
    of_first = [final for start, final, _ in seen if start == first]
    assert of_first == [False, True]
    revisions = [revision for *_, revision in seen]
    assert revisions == sorted(revisions)


def test_the_newest_record_of_each_agent_is_shown() -> None:
    """However records of one turn are ordered; names are text, whatever stands in them."""
    stages = Stages(NAMES)
    stages.wall = START + 80_000
    found = stages.tick(stages.take(*worked(), said(START, "available", "[b]ben")))
    stages.wall += 2 * QUARTER
    later = stages.tick(stages.take())
    agents = Newest({"tenant": None, "agent": None})
    for _, record in reversed([*found[TOPIC], *later[TOPIC]]):
        agents.take([(b"", orjson.dumps(record))])
    shown = agents.records()
    assert [record["agent"] for record in shown] == ["[b]ben", "anna"]
    assert all(record["interval_start"] > START for record in shown)
    column = table(shown, START + 100_000).columns[0]
    assert list(map(str, column.cells)) == ["[b]ben", "anna"]
