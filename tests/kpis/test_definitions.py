"""What the numbers of a queue mean, through time."""

from dataclasses import replace

import orjson

from streams.kpis.definitions import Definitions
from streams.lifecycle.rules import rules_of
from streams.settings import QueueSettings, Settings, Targets
from streams.wire.keys import partition_of
from tests.laws.pipeline import Pipeline

QUARTER = 900_000
CHANGE = 1_705_309_200_000 + QUARTER + 1

BILLING = QueueSettings("billing", targets=Targets(occupancy_limit=0.85))
LATER = replace(BILLING, service_level_seconds=30, targets=Targets(occupancy_limit=0.9))
SETTINGS = Settings(queues=(replace(BILLING, changes=((CHANGE, LATER),)), QueueSettings("support")))


def test_definitions_are_those_in_force() -> None:
    """The instant of the change is the first of the new ones."""
    definitions = Definitions(SETTINGS)
    before, then = (
        definitions.of(("default", "billing", "voice"), at) for at in (CHANGE - 1, CHANGE)
    )
    assert (before.service_level_seconds, then.service_level_seconds) == (20, 30)
    assert before.targets.occupancy_limit == 0.85
    assert then.targets.occupancy_limit == 0.9


def test_all_agrees_as_long_as_its_queues_do() -> None:
    """A definition of `_all` is null from when on one queue has another."""
    definitions = Definitions(SETTINGS)
    before, then = (definitions.of(("default", "_all", "voice"), at) for at in (0, CHANGE))
    assert (before.service_level_seconds, then.service_level_seconds) == (20, None)
    assert (before.short_abandon_seconds, then.short_abandon_seconds) == (5, 5)


def test_each_queue_belongs_to_the_partition_of_its_key() -> None:
    """With its time zone; all partitions together have every queue, and `_all` too, once."""
    queues = tuple(QueueSettings(f"q{number}", time_zone="Asia/Tokyo") for number in range(20))
    definitions = Definitions(Settings(queues=queues))
    parts = [definitions.of_partition(number, 4) for number in range(4)]
    assert [len(part) for part in parts].count(0) == 0
    assert sum(len(part) for part in parts) == len(queues) + 1
    for number, part in enumerate(parts):
        for (tenant, queue, _), zone in part.items():
            assert partition_of(f"{tenant}\0{queue}".encode(), 4) == number
            assert zone == ("UTC" if queue == "_all" else "Asia/Tokyo")


def test_rules_are_those_in_force() -> None:
    """The lifecycle has the same versions, in ms."""
    rules = rules_of(SETTINGS).of("default", "billing", "voice")
    found = [rules.at(at).threshold_ms for at in (-1, CHANGE - 1, CHANGE)]
    assert found == [20_000, 20_000, 30_000]


def test_an_interval_has_the_definitions_of_its_start() -> None:
    """A change within an interval is in the definitions of the next one, and of the live record."""
    pipeline = Pipeline(SETTINGS, partitions=1)
    for number, at in enumerate((CHANGE - 2 * QUARTER, CHANGE + 2 * QUARTER)):
        event = {
            "event_id": f"e{number}", "type": "contact.enqueued", "occurred_at": at,
            "source": "pbx", "channel": "voice", "contact_id": f"c{number}", "queue": "billing",
        }  # fmt: skip
        pipeline.accept(orjson.dumps(event))
        pipeline.turn(at)
    changed = CHANGE - CHANGE % QUARTER  # the start of the interval that holds the change
    found = {
        (start - changed) // QUARTER: record.definitions.service_level_seconds
        for (_, queue, _, start), record in pipeline.intervals.items()
        if queue == "billing"
    }
    assert found == {-2: 20, -1: 20, 0: 20, 1: 30, 2: 30}
