"""The setting `agent_figures` is changed while agents work: nothing is counted twice or left."""

from dataclasses import replace
from typing import Any

import orjson

from streams.contract.agent_figures import AgentRecord
from streams.contract.words import OF_AGENT
from streams.kpis.agent_record import agent_record, agent_today
from streams.lifecycle.agent_cells import pseudonym
from streams.settings import Settings
from streams.settings.model import Secret
from tests.laws.pipeline import Pipeline

START = 1_700_000_100_000
MINUTE = 60_000
KEY = "a key"
OFF = Settings()
NAMES = Settings(agent_figures="names")
PSEUDONYMS = Settings(agent_figures="pseudonyms", agent_key=Secret(KEY))


def said(at: int, state: str, reason: str | None = None) -> bytes:
    """A snapshot of anna."""
    event: dict[str, Any] = {
        "type": "agent.state", "event_id": f"e{at}", "occurred_at": START + at, "source": "acd",
        "agent_id": "anna", "state": state, "queues": ["billing"],
    }  # fmt: skip
    return orjson.dumps(event | ({} if reason is None else {"reason": reason}))


class Centre:
    """Two partitions, restarted with other settings."""

    def __init__(self, settings: Settings) -> None:
        self.pipeline = Pipeline(settings)

    def goes_on(self, settings: Settings) -> None:
        """The workers are started anew."""
        self.pipeline.settings = settings
        self.pipeline.restart()

    def hears(self, at: int, state: str, reason: str | None = None) -> None:
        """A snapshot, and a turn at its time."""
        self.pipeline.accept(said(at, state, reason))
        self.pipeline.turn(START + at)

    def agents(self, at: int) -> dict[str, AgentRecord]:
        """The newest record of each agent at a time."""
        self.pipeline.finish(START + at)
        found = {}
        for unit in self.pipeline.queues:
            for queue in unit.queues.values():
                if queue.queue_key[2] == OF_AGENT:
                    today = agent_today(queue, unit.as_of)
                    start = max(queue.panes.intervals)
                    found[queue.queue_key[1]] = agent_record(queue, start, {}, today, unit)
        return found


def spent(record: AgentRecord) -> dict[str, float]:
    """The states that he was in today."""
    return {state: time for state, time in record.today.state_seconds.items() if time}


def test_what_holds_when_they_are_turned_on_counts_from_the_last_word_on() -> None:
    """Who only repeats himself has a state too; the queue's figures go on as they were."""
    centre = Centre(OFF)
    centre.hears(0, "available")
    centre.hears(10 * MINUTE, "available")
    assert centre.agents(10 * MINUTE) == {}
    centre.goes_on(NAMES)
    centre.hears(12 * MINUTE, "available")
    centre.hears(13 * MINUTE, "break", "Lunch ")
    anna = centre.agents(14 * MINUTE)["anna"]
    assert spent(anna) == {"available": 180.0, "break": 60.0}
    assert (anna.state, anna.since_at, anna.reason) == ("break", START + 13 * MINUTE, "lunch")
    billing = centre.pipeline.kpis()["default", "_all", "voice"]
    assert billing["windows"]["today"]["agent_state_seconds"]["available"] == 780.0


def test_under_another_name_the_old_one_ends() -> None:
    """A pseudonym takes over at the agent's next word; of the name nothing goes on."""
    centre = Centre(NAMES)
    centre.hears(0, "available")
    centre.goes_on(PSEUDONYMS)
    centre.hears(5 * MINUTE, "available")
    centre.hears(6 * MINUTE, "offline")
    found = centre.agents(10 * MINUTE)
    own = found[pseudonym(KEY.encode(), "default", "anna")]
    assert spent(own) == {"available": 360.0, "offline": 240.0}
    assert (own.state, own.since_at) == ("offline", START + 6 * MINUTE)
    assert (found["anna"].state, found["anna"].since_at) == (None, None)
    assert spent(found["anna"]) == {}


def test_turned_off_a_state_ends_and_turned_on_again_it_begins_anew() -> None:
    """No level is left behind, however often the setting changes."""
    centre = Centre(NAMES)
    centre.hears(0, "available")
    centre.hears(MINUTE, "break")
    centre.goes_on(OFF)
    centre.hears(2 * MINUTE, "break")
    centre.hears(3 * MINUTE, "available")
    centre.goes_on(NAMES)
    centre.hears(5 * MINUTE, "available")
    centre.hears(6 * MINUTE, "offline")
    anna = centre.agents(10 * MINUTE)["anna"]
    assert spent(anna) == {"available": 60.0 + 180.0, "offline": 240.0}
    for unit in centre.pipeline.queues:
        for queue in unit.queues.values():
            assert min(queue.panes.levels().values(), default=0) >= 0, queue.queue_key


def test_a_restart_keeps_what_is_known_of_an_agent() -> None:
    """State, since when, and why."""
    centre = Centre(NAMES)
    centre.hears(0, "break", "Training")
    before = centre.agents(MINUTE)
    centre.goes_on(replace(NAMES))
    after = centre.agents(2 * MINUTE)["anna"]
    assert (after.state, after.since_at, after.reason) == ("break", START, "training")
    assert before["anna"].since_at == after.since_at
