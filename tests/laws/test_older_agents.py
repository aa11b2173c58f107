"""Agents stored when a snapshot replaced that of any other source: a newer worker goes on exactly.

`agents_of_one_source.json` holds both changelogs of a version before sources were kept apart, as
of 120 s after START: anna on a call since 60 s; ben in `error` on a call; cleo, who left billing by
crm's word at 30 s; dora, unknown since 60 s; emil, free, whose word is good for 24 h; finn, with 60
words, one a second, on a call in the odd ones, most of them in a chunk.
"""

import json
from pathlib import Path
from typing import Any

from streams.settings import QueueSettings, Settings
from tests.laws.pipeline import Pipeline
from tests.strategies import encoded

START = 1_772_442_000_000
HOUR = 3_600
PLACE = ("default", "billing", "voice")
CALL = {"handling": {"voice": 1}}


def loaded() -> Pipeline:
    """A worker that has just been upgraded."""
    stored = json.loads(Path(__file__).with_name("agents_of_one_source.json").read_text())
    pipeline = Pipeline(Settings(queues=(QueueSettings(name="billing"),)), partitions=1)
    for stage, records in stored.items():
        pipeline.logs[stage, 0].values = {
            key.encode(): bytes.fromhex(value) for key, value in records.items()
        }
    pipeline.restart()
    return pipeline


def say(pipeline: Pipeline, at: float, source: str, agent: str, **fields: Any) -> None:
    """A snapshot, available in billing unless it says otherwise; `at` in seconds."""
    event = {
        "type": "agent.state",
        "event_id": f"new-{at}-{agent}",
        "occurred_at": START + round(1_000 * at),
        "source": source,
        "agent_id": agent,
        "state": "available",
        "queues": ["billing"],
    }
    pipeline.accept(encoded([event | fields])[0])


def seconds(pipeline: Pipeline) -> tuple[float, float]:
    """Staffed and handling seconds of billing so far."""
    sums = pipeline.sums()[PLACE]
    return sums["staffed_agent_seconds"], sums["handling_agent_seconds"]


def agents(pipeline: Pipeline, place: tuple[str, str, str] = PLACE) -> dict[str, int]:
    """The states that agents are in now."""
    counted = pipeline.kpis()[place]["live"]["agents"]
    return {state: n for state, n in counted.items() if n}


def stuck(pipeline: Pipeline) -> tuple[dict[str, int], int | None]:
    """Who is over a limit in billing now, and since when the first of them."""
    shown = pipeline.kpis()[PLACE]["live"]
    return {state: n for state, n in shown["agents_stuck"].items() if n}, shown[
        "agents_stuck_oldest_at"
    ]


def test_stored_agents_go_on_as_they_were() -> None:
    """Nothing changes by loading them: ben's error is one, though he is on a call."""
    pipeline = loaded()
    pipeline.turn(START + 120_000)
    assert agents(pipeline) == {"available": 1, "error": 1, "on_contact": 2, "unknown": 1}
    pipeline.turn(START + 130_000)
    # anna, ben, finn on calls, emil free; cleo was there for 30 s, dora for 60.
    assert seconds(pipeline) == (4 * 130 + 30 + 60, 70 + 130 + 29 + 71)


def test_the_next_word_takes_the_place_of_the_stored_one_and_is_its_sources_own() -> None:
    """What was booked is taken back as it was booked; from here on sources are kept apart."""
    pipeline = loaded()
    for agent in ("anna", "ben", "cleo", "dora", "finn"):
        say(pipeline, 300, "acd", agent)
    say(pipeline, 360, "crm", "cleo", state="break", queues=[], capacity={"chat": 1})
    say(pipeline, 420, "pbx", "ben", **CALL)
    pipeline.turn(START + 600_000)
    pipeline.restart()
    pipeline.turn(START + 610_000)
    assert agents(pipeline) == {"available": 5, "on_contact": 1}
    assert agents(pipeline, ("default", "_all", "chat")) == {"break": 1}
    staffed = 4 * 610 + (30 + 310) + (60 + 310)
    assert seconds(pipeline) == (staffed, 240 + (300 + 190) + (29 + 241))


def test_a_late_word_among_the_stored_ones_is_folded_with_them() -> None:
    """Before, between and after them, in a chunk too: nothing is left over of what it replaces."""
    pipeline = loaded()
    say(pipeline, 45, "acd", "cleo")
    say(pipeline, 10.5, "acd", "finn", **CALL)
    say(pipeline, 150, "acd", "ben", state="offline")
    say(pipeline, -5, "acd", "emil", state="break")
    pipeline.turn(START + 300_000)
    for agent in ("anna", "ben", "cleo", "dora", "emil", "finn"):
        say(pipeline, 300, "acd", agent, state="offline")
    pipeline.turn(START + 310_000)
    assert agents(pipeline) == {"offline": 6}
    # anna, emil, finn 300 s; ben 150; cleo without 30 to 45; dora 60.
    assert seconds(pipeline) == (3 * 300 + 150 + 285 + 60, 240 + 150 + (29 + 0.5 + 241))


def test_no_stored_word_is_over_a_limit_and_the_next_one_begins_its_state() -> None:
    """Nothing was booked of limits that did not exist; late words among the stored ones too."""
    pipeline = loaded()
    pipeline.turn(START + 1_000 * 3 * HOUR)
    assert stuck(pipeline) == ({}, None)
    say(pipeline, 100, "acd", "anna", **CALL)
    pipeline.turn(START + 1_000 * (3 * HOUR + 10))
    assert stuck(pipeline) == ({"on_contact": 1}, START + 100_000)
    say(pipeline, 3 * HOUR + 20, "acd", "anna")
    pipeline.turn(START + 1_000 * (3 * HOUR + 30))
    assert stuck(pipeline) == ({}, None)


def test_a_stored_word_is_good_for_as_long_as_it_was() -> None:
    """24 h without a time to live of its own; what is said since, 16 h."""
    pipeline = loaded()
    say(pipeline, 300, "acd", "anna")
    pipeline.turn(START + 1_000 * (300 + 16 * HOUR + 10))
    assert agents(pipeline) == {"available": 1, "error": 1, "on_contact": 1, "unknown": 2}
    pipeline.turn(START + 1_000 * (60 + 24 * HOUR + 10))
    assert agents(pipeline) == {"unknown": 5}
