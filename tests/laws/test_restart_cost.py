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
            raw = encoded([event | {"contact_id": f"c{name}", "event_id": f"{number}-{name}"}])[0]
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
        queue.place: len(queue.panes.intervals)
        for unit in pipeline.queues
        for queue in unit.queues.values()
    }
