"""A worker is killed while one of its queues pages: nobody is told that it is over, or again."""

from collections.abc import Callable
from pathlib import Path

from streams.settings import Settings
from tests.stack.live import Source, Worker, configured, crew, full, told, watched
from tests.stack.servers import ask, eventually, hearing

HOT = {"tenant": "acme", "queue": "billing", "channel": "voice"}
FIRING = ("firing", "QueueOccupancyHigh")
ENDED = ("resolved", "QueueOccupancyHigh")
OCCUPANCY = 'queue:contactcenter_occupancy:ratio_window5m{queue="billing"}'
ALERT = 'ALERTS{alertname="QueueOccupancyHigh", alertstate="firing", queue="billing"}'


def test_a_page_stands_while_another_worker_takes_its_queue_over(
    fresh_topics: Callable[..., Settings], tmp_path: Path
) -> None:
    """kill -9: no figures for longer than a page is kept firing without; one page, one end."""
    # Longer than the six seconds that the fast rules keep this alert firing.
    settings = fresh_topics(partitions=2, session_timeout_seconds=15)
    config = configured(tmp_path / "streams.toml", "acme", ("billing",))
    with (
        Source(settings, "acme") as source,
        Worker(settings, tmp_path / "0.log", config) as first,
        Worker(settings, tmp_path / "1.log", config) as second,
        hearing() as (hook, heard),
    ):
        source.agents("billing", crew("billing", 0, 9), 1, 7)
        source.agents("billing", crew("billing", 9, 1), 0, 7)
        workers = (first.started(), second.started())

        def owner() -> Worker | None:
            return next((one for one in workers if full(one, HOT, 9, 10)()), None)

        eventually(owner, "90 % on one worker's page")
        addresses = [worker.address for worker in workers]
        with watched(tmp_path, addresses, f"http://127.0.0.1:{hook}/hook") as base:
            eventually(lambda: FIRING in told(heard, "oncall-operations"), "page")
            killed = eventually(owner, "owner of the queue")
            killed.process.kill()
            eventually(lambda: not ask(base, OCCUPANCY), "the figures are gone")
            eventually(lambda: ask(base, OCCUPANCY), "the other worker's figures")
            left = eventually(owner, "owner of the queue")
            assert left is not killed
            fresh = f"count_over_time({OCCUPANCY}[20s]) >= 20 and on (queue) {ALERT}"
            eventually(lambda: ask(base, fresh), "twenty evaluations of new figures")
            assert told(heard, "oncall-operations") == [FIRING]

            source.agents("billing", crew("billing", 10, 10), 0, 7)
            eventually(lambda: ENDED in told(heard, "oncall-operations"), "end of the page")
            assert told(heard, "oncall-operations") == [FIRING, ENDED], "one page, one end"
