"""From what the telephone system says of its agents to the telephone of whoever is on call.

Nothing stands in for anything: Kafka, a `streams worker` on this machine's clock, Prometheus and
Alertmanager with the production rules and routes; only the rules' waiting times are shorter.
"""

from collections.abc import Callable
from pathlib import Path

from streams.settings import Settings
from tests.stack.live import Source, Worker, configured, crew, full, told, watched
from tests.stack.servers import ask, eventually, hearing

TENANT = "acme"
HOT, CALM = "billing", "support"
#: Snapshots older than the window fill all of it at once.
BEFORE_THE_WINDOW = 7
OCCUPANCY = f'queue:contactcenter_occupancy:ratio_window5m{{queue="{HOT}"}}'
#: Ten times below the limit is longer than the fast rules keep an alert firing (6 s).
PLACE = {"tenant": TENANT, "channel": "voice"}
BELOW_FOR_LONG = f"count_over_time(({OCCUPANCY} < 0.85)[1m:1s]) >= 10"


def test_one_page_for_one_overloaded_queue_and_another_for_a_lost_worker(
    fresh_topics: Callable[..., Settings], tmp_path: Path
) -> None:
    """At 90 % operations are paged once, with queue and figure; 82 % leaves the page standing;
    when colleagues turn out to have been idle all along (late events), it ends. A worker that is
    gone wakes engineering, and pages nobody about queues."""
    settings = fresh_topics(partitions=2)
    config = configured(tmp_path / "streams.toml", TENANT, (HOT, CALM))
    with (
        Source(settings, TENANT) as source,
        Worker(settings, tmp_path / "worker.log", config) as worker,
        hearing() as (hook, heard),
    ):
        for queue, busy in ((HOT, 9), (CALM, 7)):
            source.agents(queue, crew(queue, 0, busy), 1, BEFORE_THE_WINDOW)
            source.agents(queue, crew(queue, busy, 10 - busy), 0, BEFORE_THE_WINDOW)
        worker.started()
        eventually(full(worker, PLACE | {"queue": HOT}, 9, 10), "90 % on the worker's page")
        eventually(full(worker, PLACE | {"queue": CALM}, 7, 10), "70 % on the worker's page")

        with watched(tmp_path, [worker.address], f"http://127.0.0.1:{hook}/hook") as base:
            firing = ("firing", "QueueOccupancyHigh")
            eventually(lambda: firing in told(heard, "oncall-operations"), "page")
            [message] = [m for m in list(heard) if m["path"] == "/hook/oncall-operations"]
            assert message["groupLabels"] == {"tenant": TENANT, "queue": HOT}
            [page] = message["alerts"]
            labels = {"tenant": TENANT, "queue": HOT, "channel": "voice", "severity": "page"}
            assert labels.items() <= page["labels"].items()
            notes = page["annotations"]
            assert "is 90%" in notes["description"]
            said = {name: notes.get(name) for name in ("value", "limit", "waiting", "old_figures")}
            assert said == {"value": "90%", "limit": "85%", "waiting": "nobody", "old_figures": ""}
            [figure] = ask(base, OCCUPANCY)
            assert float(figure["value"][1]) == 0.9

            # 9 of 11, below the limit and above where it ends: longer than it is kept firing.
            source.agents(HOT, crew(HOT, 10, 1), 0, BEFORE_THE_WINDOW)
            eventually(full(worker, PLACE | {"queue": HOT}, 9, 11), "82 % on the worker's page")
            eventually(lambda: ask(base, BELOW_FOR_LONG), "ten evaluations below the limit")
            assert told(heard, "oncall-operations") == [firing]

            source.agents(HOT, crew(HOT, 11, 9), 0, BEFORE_THE_WINDOW)
            ended = ("resolved", "QueueOccupancyHigh")
            eventually(lambda: ended in told(heard, "oncall-operations"), "end of the page")
            assert full(worker, PLACE | {"queue": HOT}, 9, 20)()
            assert told(heard, "oncall-operations") == [firing, ended], "one page, one end"
            assert told(heard, "oncall-engineering") == []

            assert worker.stop() == 0
            lost = ("firing", "NoWorkers")
            eventually(lambda: lost in told(heard, "oncall-engineering"), "the worker's page")
            assert set(told(heard, "oncall-engineering")) == {lost}
            assert told(heard, "oncall-operations") == [firing, ended], "no page about queues"
