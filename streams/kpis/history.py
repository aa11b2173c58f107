"""Layer 4: the last sixty one-minute figures of a queue, for sparklines."""

from streams.contract.records import HistoryRecord, Minute
from streams.kpis.figures import (
    OF_OCCUPANCY,
    abandonment_ratio,
    occupancy_ratio,
    service_level,
    wait_mean_seconds,
)
from streams.lifecycle import counters as c
from streams.windows import views
from streams.windows.queue_state import Queue
from streams.windows.queues import Queues
from streams.windows.views import View


def history_record(queue: Queue, queues: Queues) -> HistoryRecord:
    """Whole minutes of the last hour, oldest first."""
    tenant, name, channel = queue.queue_key
    hour = [
        _minute(at, view, waiting)
        for at, view, waiting in views.minutes(queue.panes, queues.as_of, OF_OCCUPANCY)
    ]
    return HistoryRecord(tenant=tenant, queue=name, channel=channel, minutes=hour)


def _minute(at: int, view: View, waiting: int) -> Minute:
    return Minute(
        at=at,
        offered=view.count(c.OFFERED),
        answered=view.count(c.ANSWERED),
        abandoned=view.count(c.ABANDONED),
        waiting=waiting,
        service_level=service_level(view),
        abandonment_ratio=abandonment_ratio(view),
        occupancy_ratio=occupancy_ratio(view),
        wait_mean_seconds=wait_mean_seconds(view),
    )
