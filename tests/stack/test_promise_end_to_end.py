"""From a ticket that nobody has answered to the telephone of whoever is on call, before it is late.

Nothing stands in for anything: Kafka, a `streams worker` on this machine's clock, Prometheus and
Alertmanager with the production rules and routes; only the rules' waiting times are shorter.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from streams.settings import Settings
from tests.stack.live import Source, Worker, series, told, watched
from tests.stack.servers import ask, eventually, hearing

TENANT, QUEUE = "acme", "mail"
PLACE = {"tenant": TENANT, "queue": QUEUE, "channel": "ticket"}
PROMISED_SECONDS = 600
#: Ten minutes are promised, and nearly all of them are little time: at risk after two seconds.
CONFIG = f"""
[[queues]]
name = "{QUEUE}"
tenant = "{TENANT}"
channels = ["ticket"]
at_risk_seconds = {PROMISED_SECONDS - 2}
[queues.sla]
first_response = {PROMISED_SECONDS}
"""


def clocks(worker: Worker, state: str) -> float | None:
    """How many first responses are in this state, as the worker's page says."""
    labels = {**PLACE, "metric": "first_response", "state": state}
    return worker.page().get(series("queue_sla_clocks", labels))


def decided(worker: Worker, result: str) -> float:
    """How many promises of the queue were decided so."""
    return sum(
        value
        for (name, labels), value in worker.page().items()
        if name == "sla_decided_total" and {("queue", QUEUE), ("result", result)} <= labels
    )


def test_a_promise_pages_before_it_is_broken_and_is_a_ticket_once_it_is(
    fresh_topics: Callable[..., Settings], tmp_path: Path
) -> None:
    """Operations are paged while there is time to answer; a due time that is moved to now breaks
    the promise, which ends the page and is a ticket until somebody answers the customer."""
    settings = fresh_topics(partitions=2)
    config = tmp_path / "streams.toml"
    config.write_text(CONFIG)
    with (
        Source(settings, TENANT, "desk") as source,
        Worker(settings, tmp_path / "worker.log", config) as worker,
        hearing() as (hook, heard),
    ):
        worker.started()
        ticket = {"channel": "ticket", "queue": QUEUE}
        opened = source.says("ticket.opened", "t1", **ticket)
        eventually(lambda: clocks(worker, "at_risk") == 1, "a ticket at risk")

        with watched(tmp_path, [worker.address], f"http://127.0.0.1:{hook}/hook") as base:
            page = ("firing", "QueueTicketsAtRisk")
            eventually(lambda: page in told(heard, "oncall-operations"), "page")
            # Now that the page is there, the promise is still unbroken, and so is every other.
            assert clocks(worker, "running") == clocks(worker, "at_risk") == 1
            assert clocks(worker, "breached_open") == decided(worker, "breached") == 0
            [message] = [m for m in list(heard) if m["path"] == "/hook/oncall-operations"]
            assert message["groupLabels"] == {"tenant": TENANT, "queue": QUEUE}
            [alert] = message["alerts"]
            assert {**PLACE, "severity": "page"}.items() <= alert["labels"].items()
            notes = alert["annotations"]
            assert notes["summary"] == "mail (ticket): 1 promise to customers about to be broken"
            assert notes["value"] == "first response 1"
            assert notes["waiting"].startswith("1 open tickets, the next promise due in ")
            [due] = ask(base, 'contactcenter_queue_next_due_timestamp_seconds{queue="mail"}')
            due_at = float(due["value"][1])
            assert due_at == opened / 1_000 + PROMISED_SECONDS
            assert datetime.fromisoformat(alert["startsAt"]).timestamp() < due_at
            assert told(heard, "tickets-operations") == []

            # The source takes the time back: due at once, and so broken.
            moved = {"metric": "first_response"}
            due_now = source.says("ticket.opened", "t2", **ticket)
            source.says("ticket.sla_set", "t1", channel="ticket", due_at=due_now, **moved)
            source.says("ticket.replied", "t2", channel="ticket", author="agent", public=True)
            broken = ("firing", "QueueSlaBreachedOpen")
            eventually(lambda: broken in told(heard, "tickets-operations"), "ticket")
            over = ("resolved", "QueueTicketsAtRisk")
            eventually(lambda: over in told(heard, "oncall-operations"), "end of the page")
            assert told(heard, "oncall-operations") == [page, over]
            eventually(lambda: decided(worker, "breached") == 1, "one promise broken")
            eventually(lambda: decided(worker, "met") == 1, "and one kept")
            assert clocks(worker, "breached_open") == 1

            source.says("ticket.replied", "t1", channel="ticket", author="agent", public=True)
            kept = ("resolved", "QueueSlaBreachedOpen")
            eventually(lambda: kept in told(heard, "tickets-operations"), "end of the ticket")
            assert clocks(worker, "breached_open") == 0
            assert decided(worker, "breached") == 1, "answered late is not kept"
        assert worker.stop() == 0
