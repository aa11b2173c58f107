"""Layer 4: the KPI and interval records of the contract, from one queue's panes.

In: one queue's panes and the unit's time. Out: `KpiRecord`, `IntervalRecord`. The live part speaks
of the instant `as_of`, rounded up to a pane as counts are. Cost: a quarter of a millisecond.
"""

from collections.abc import Mapping
from typing import TypedDict

from streams.contract.records import (
    SCHEMA_VERSION,
    Agents,
    Backlog,
    DefinitionsShown,
    IntervalRecord,
    KpiRecord,
    Live,
    PromisesLive,
    SlaLive,
)
from streams.contract.words import INTERVAL_MS, SLA_METRICS, SLIDING_MS, TODAY, QueueKey
from streams.kpis.customer_figures import Names
from streams.kpis.definitions import Definitions
from streams.kpis.figures import figures
from streams.kpis.rounding import seconds
from streams.lifecycle import counters as c
from streams.windows import views
from streams.windows.queue_state import Queue
from streams.windows.queues import Queues


def live(
    levels: Mapping[int, int],
    oldest: Mapping[int, int | None],
    in_progress_ms: int,
    channel: str,
) -> Live:
    """Levels now, the starts (ms) of the oldest, and how long all who talk have talked."""
    level = levels.get
    states = {name: level(number, 0) for name, number in c.STATES.items()}
    return Live(
        waiting=level(c.WAITING, 0),
        waiting_over_threshold=level(c.OVER_THRESHOLD, 0),
        waiting_over_limit=level(c.OVER_LIMIT, 0),
        oldest_waiting_at=oldest.get(c.WAITING),
        ringing=level(c.RINGING, 0),
        handling=level(c.HANDLING, 0),
        longest_handling_at=oldest.get(c.HANDLING),
        in_progress_handle_seconds=seconds(in_progress_ms),
        # `break` is a word of Python.
        agents=Agents(break_=states.pop("break"), **states),
        agents_stuck={name: level(number, 0) for name, number in c.STUCK.items()},
        agents_stuck_oldest_at=oldest.get(c.ANY_STUCK),
        backlog=Backlog(**{name: level(number, 0) for name, number in c.BACKLOG.items()}),
        backlog_unassigned=level(c.BACKLOG_UNASSIGNED, 0),
        oldest_open_at=oldest.get(c.BACKLOG["open"]),
        backlog_age={name: level(number, 0) for name, number in c.AGES.items()},
        complaints_open=level(c.COMPLAINTS_OPEN, 0),
        sla=_clocks(levels) if channel == "ticket" else None,
        next_due_at=oldest.get(c.NEXT_DUE),
        callbacks_owed=level(c.CALLBACKS_OWED, 0),
        callbacks_overdue=level(c.CALLBACKS_OVERDUE, 0),
        oldest_callback_at=oldest.get(c.CALLBACKS_OWED),
    )


def _clocks(levels: Mapping[int, int]) -> PromisesLive:
    return PromisesLive(
        **{
            metric: SlaLive(
                running=levels.get(c.RUNNING[metric], 0),
                paused=levels.get(c.PAUSED[metric], 0),
                at_risk=levels.get(c.AT_RISK[metric], 0),
                breached_open=levels.get(c.BREACHED_OPEN[metric], 0),
            )
            for metric in SLA_METRICS
        }
    )


def kpi_record(queue: Queue, queues: Queues, definitions: Definitions) -> KpiRecord:
    """The live KPI record of one (tenant, queue, channel), with all its windows."""
    panes, as_of, channel = queue.panes, queues.as_of, queue.queue_key[2]
    has_topics = definitions.has_topics(queue.queue_key)
    reasons = definitions.reasons(queue.queue_key)
    filled = views.filling(panes, as_of)
    shown = {
        name: views.sliding(panes, name, as_of, filled, reasons.values()) for name in SLIDING_MS
    }
    shown[TODAY] = views.today(panes, as_of, filled, reasons.values())
    starts = {level: queue.oldest_at(level) for level in queue.oldest}
    return KpiRecord(
        **_frame(queue.queue_key, as_of, queues.watermark, queues.revision, definitions),
        as_of=as_of,
        live=live(panes.levels(), starts, queue.in_progress_ms(as_of), channel),
        windows={
            name: figures(
                view,
                channel,
                "days" if name == TODAY else "short",
                reasons,
                queue.names,
                has_topics,
            )
            for name, view in shown.items()
        },
    )


def replay_record(
    queue_key: QueueKey,
    sums: Mapping[int, int],
    oldest: Mapping[int, int | None],
    in_progress_ms: int,
    names: Names,
    span: tuple[int, int],
    watermark: int | None,
    definitions: Definitions,
) -> KpiRecord:
    """The record of a whole replay: window `all`, from first to last time of `span` (ms)."""
    first, as_of = span
    has_topics = definitions.has_topics(queue_key)
    reasons = definitions.reasons(queue_key)
    view = views.whole(sums, first, as_of, reasons.values())
    return KpiRecord(
        **_frame(queue_key, as_of, watermark, 1, definitions),
        as_of=as_of,
        live=live(sums, oldest, in_progress_ms, queue_key[2]),
        windows={"all": figures(view, queue_key[2], "days", reasons, names, has_topics)},
    )


def interval_record(
    queue: Queue, start: int, before: Mapping[int, int], queues: Queues, definitions: Definitions
) -> IntervalRecord:
    """The record of one 15-minute interval; `before`: the levels at its start.

    A reader keeps the newest revision.
    """
    reasons = definitions.reasons(queue.queue_key)
    return IntervalRecord(
        **_frame(queue.queue_key, start, queues.watermark, queues.revision, definitions),
        interval_start=start,
        interval_seconds=INTERVAL_MS // 1_000,
        final=queue.panes.intervals[start].final,
        figures=figures(
            views.interval(queue.panes, start, before, queues.as_of, reasons.values()),
            queue.queue_key[2],
            "interval",
            reasons,
            queue.names,
            definitions.has_topics(queue.queue_key),
        ),
    )


class _Frame(TypedDict):
    """What both records begin with."""

    tenant: str
    queue: str
    channel: str
    watermark: int | None
    revision: int
    schema_version: str
    definitions: DefinitionsShown


def _frame(
    queue_key: QueueKey, at: int, watermark: int | None, revision: int, definitions: Definitions
) -> _Frame:
    """What every record begins with; `at` (ms) decides which definitions are in force."""
    tenant, queue, channel = queue_key
    return {
        "tenant": tenant,
        "queue": queue,
        "channel": channel,
        "watermark": watermark,
        "revision": revision,
        "schema_version": SCHEMA_VERSION,
        "definitions": definitions.of(queue_key, at),
    }
