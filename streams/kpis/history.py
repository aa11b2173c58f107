"""Stage 4: the last sixty one-minute figures of a queue, for sparklines."""

from typing import Any

from streams.kpis.figures import abandonment_ratio, occupancy_ratio, wait_mean_seconds
from streams.kpis.rounding import ratio
from streams.lifecycle import counters as c
from streams.windows import views
from streams.windows.queues import Queue, Queues
from streams.windows.views import View


def history_record(queue: Queue, queues: Queues) -> dict[str, Any]:
    """Whole minutes of the last hour, oldest first; `at` is a minute's start, ms."""
    tenant, name, channel = queue.queue_key
    return {
        "tenant": tenant,
        "queue": name,
        "channel": channel,
        "minutes": [
            _minute(at, view, levels.get(c.WAITING, 0))
            for at, view, levels in views.minutes(queue.panes, queues.as_of)
        ],
    }


def _minute(at: int, view: View, waiting: int) -> dict[str, Any]:
    decided = view.count(c.THRESHOLD_DECIDED) - view.count(c.SHORT_ABANDONED)
    return {
        "at": at,
        "offered": view.count(c.OFFERED),
        "answered": view.count(c.ANSWERED),
        "abandoned": view.count(c.ABANDONED),
        "waiting": waiting,
        "service_level": ratio(view.count(c.ANSWERED_IN_THRESHOLD), decided),
        "abandonment_ratio": abandonment_ratio(view),
        "occupancy_ratio": occupancy_ratio(view),
        "wait_mean_seconds": wait_mean_seconds(view),
    }
