"""The metric catalogue: every series `/metrics` may carry, once (layer 5).

In: nothing. Out: `CATALOGUE`, read by the exporter, the docs, the tests of rules and dashboards.
Invariant: a name that is not here is not exported, used in no rule and shown on no dashboard.
Times are seconds, ratios 0–1, counters end in `_total`, instants in `_timestamp_seconds` (unix).
Window gauges carry numerators and denominators, never a ratio: divide them where they are read.
A queue's gauges come from the one worker that owns it, so a reader takes the `max by (tenant,
queue, channel)` over workers, and leaves the queue `_all` (the whole centre) out of every sum.
Cost: 138 series a queue of calls, 144 of chats, 151 of tickets; 36 more once it has feedback.
"""

from collections.abc import Mapping
from typing import Final

from streams.contract.words import (
    AGENT_STATES,
    BACKLOG_AGES,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    TICKET_STATUSES,
)
from streams.metrics.feedback_catalogue import FEEDBACK_METRICS
from streams.metrics.metric import QUEUE, MetricDef
from streams.metrics.stream_catalogue import STREAM_LABEL_VALUES, STREAM_METRICS
from streams.metrics.ticket_catalogue import CLOCK_STATES, TICKET_METRICS
from streams.metrics.visit_catalogue import (
    AGENT_SECONDS,
    VISIT_METRICS,
    WINDOW_OUTCOMES,
    WINDOWS,
)

CATALOGUE: Final[tuple[MetricDef, ...]] = (
    VISIT_METRICS + TICKET_METRICS + FEEDBACK_METRICS + STREAM_METRICS
)
BY_NAME: Final[Mapping[str, MetricDef]] = {metric.name: metric for metric in CATALOGUE}
#: The metrics that are counted when a contribution is first booked.
BOOKED: Final = tuple(metric for metric in CATALOGUE if metric.booked)

#: Values of the labels that are closed lists, by metric and label.
LABEL_VALUES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (metric.name, label): tuple(dict.fromkeys(values[place] for values in metric.booked))
    for metric in BOOKED
    for place, label in enumerate(metric.labels[len(QUEUE) :])
} | {
    ("queue_agents", "state"): AGENT_STATES,
    ("queue_agents_stuck", "state"): tuple(STATE_LIMIT_SECONDS),
    ("window_contacts", "window"): WINDOWS,
    ("window_contacts", "outcome"): tuple(WINDOW_OUTCOMES),
    ("window_waited_seconds", "window"): WINDOWS,
    ("window_handled_seconds", "window"): WINDOWS,
    ("window_agent_seconds", "window"): WINDOWS,
    ("window_agent_seconds", "state"): tuple(AGENT_SECONDS),
    ("queue_sla_clocks", "metric"): SLA_METRICS,
    ("queue_sla_clocks", "state"): CLOCK_STATES,
    ("queue_target_sla_ratio", "metric"): SLA_METRICS,
    ("queue_tickets_open", "status"): TICKET_STATUSES,
    ("queue_tickets_by_age", "age"): BACKLOG_AGES,
    **STREAM_LABEL_VALUES,
}
