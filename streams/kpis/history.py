"""Layer 4: the last sixty one-minute figures of a queue, for sparklines."""

from streams.contract.records import HistoryRecord, Minute
from streams.contract.words import MINUTE_MS
from streams.kpis.figures import (
    View,
    abandonment_ratio,
    occupancy_ratio,
    service_levels,
    wait_mean_seconds,
)
from streams.kpis.views import integrals
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import PANE_MS
from streams.windows.cells import Values
from streams.windows.panes import LONGEST_MS, add, levels_of
from streams.windows.queues import Queue, Queues


def history_record(queue: Queue, queues: Queues) -> HistoryRecord:
    """Whole minutes of the last hour, oldest first."""
    tenant, name, channel = queue.queue_key
    hour = minutes(queue, queues.as_of)
    return HistoryRecord(tenant=tenant, queue=name, channel=channel, minutes=hour)


def minutes(queue: Queue, as_of: int) -> list[Minute]:
    """One object a whole minute that ended by `as_of` (ms) and began in the last hour."""
    panes = queue.panes
    end = as_of - as_of % MINUTE_MS
    start = end - LONGEST_MS
    first = panes.windows["60m"].start
    levels = dict(panes.windows["60m"].before)
    for pane in range(start, first, PANE_MS):  # the window begins later: step back
        add(levels, levels_of(panes.pane(pane)), -1)
    for pane in range(first, start, PANE_MS):
        add(levels, levels_of(panes.pane(pane)))
    found = []
    for minute in range(start, end, MINUTE_MS):
        sums: Values = {}
        for pane in range(minute, minute + MINUTE_MS, PANE_MS):
            if pane in panes.fine:
                add(sums, panes.pane(pane))
        view = View(sums, integrals(levels, sums, minute, minute + MINUTE_MS), MINUTE_MS)
        add(levels, levels_of(sums))
        found.append(_minute(minute, view, levels.get(c.WAITING, 0)))
    return found


def _minute(at: int, view: View, waiting: int) -> Minute:
    return Minute(
        at=at,
        offered=view.count(c.OFFERED),
        answered=view.count(c.ANSWERED),
        abandoned=view.count(c.ABANDONED),
        waiting=waiting,
        service_level=service_levels(view).offered_less_short,
        abandonment_ratio=abandonment_ratio(view),
        occupancy_ratio=occupancy_ratio(view),
        wait_mean_seconds=wait_mean_seconds(view),
    )
