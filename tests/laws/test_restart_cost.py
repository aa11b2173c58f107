"""A restart costs what is there, whatever the date."""

from streams.settings import Settings
from tests.laws.pipeline import Pipeline
from tests.strategies import encoded

START_MS = 1_767_600_000_000


def test_a_restart_before_all_sources_have_spoken_owes_no_decades() -> None:
    """With one source still at the beginning of time, only known intervals are restored."""
    pipeline = Pipeline(Settings(), partitions=2)
    silent = pipeline.intakes.pop()  # its partition has had no event yet
    call = {"source": "pbx", "channel": "voice", "contact_id": "c", "queue": "q"}
    for number in range(20):
        at = START_MS + number * 900_000
        event = {**call, "event_id": f"{number}", "type": "contact.enqueued", "occurred_at": at}
        for name in range(9):
            raw = encoded(
                [event | {"contact_id": f"c{name}-{number}", "event_id": f"{number}-{name}"}]
            )[0]
            pipeline.intakes.append(silent)
            pipeline.accept(raw)
            pipeline.intakes.pop()
        pipeline.turn(at)
    before = known(pipeline)
    pipeline.restart()
    assert known(pipeline) == before
    assert max(before.values()) == 20


def known(pipeline: Pipeline) -> dict[tuple[str, str, str], int]:
    """How many intervals each queue has."""
    return {
        queue.queue_key: len(queue.panes.intervals)
        for unit in pipeline.queues
        for queue in unit.queues.values()
    }


def test_one_event_with_a_wrong_year_costs_a_month_of_intervals_not_decades() -> None:
    """Where nothing stands, nothing is owed further back; the old event itself is not lost."""
    pipeline = Pipeline(Settings(), partitions=1)
    call = {"source": "pbx", "channel": "voice", "queue": "q", "type": "contact.enqueued"}
    old = 640_000_000_000  # 1990
    pipeline.accept(encoded([call | {"contact_id": "a", "event_id": "1", "occurred_at": old}])[0])
    pipeline.turn(old)
    pipeline.accept(
        encoded([call | {"contact_id": "b", "event_id": "2", "occurred_at": START_MS}])[0]
    )
    pipeline.turn(START_MS)
    pipeline.turn(START_MS + 900_000)
    pipeline.restart()
    pipeline.turn(START_MS + 1_800_000)
    assert len(pipeline.intervals) < 2 * 36 * 96
    sums = pipeline.sums()["default", "q", "voice"]
    assert (sums["offered"], sums["orphaned"], sums["waiting_seconds"]) == (2, 1, 14_400 + 1_800)
