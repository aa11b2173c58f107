"""The metrics of ticket queues (layer 5).

In: nothing. Out: `TICKET_METRICS`, a part of the catalogue. Times are in business time where the
queue has a calendar. Invariant: as in `catalogue.py`.
"""

from typing import Final

from streams.contract.words import SLA_METRICS, TICKET_PRIORITIES
from streams.lifecycle import counters as c
from streams.metrics.metric import QUEUE, TICKET, MetricDef, counted, gauge, seconds

#: What a clock may be in; at_risk is a part of running, and the last of those decided as breached.
CLOCK_STATES: Final = ("running", "paused", "at_risk", "breached_open")

_TICKETS: Final = (
    counted("tickets_opened_total", "Tickets opened.", c.TICKETS_OPENED, TICKET),
    counted(
        "tickets_resolved_total",
        "Resolutions: the first by a person, later ones, those by a bot where nobody had replied.",
        {"first": c.TICKETS_RESOLVED, "again": c.TICKETS_RESOLVED_AGAIN, "bot": c.BOT_RESOLVED},
        TICKET,
        "kind",
    ),
    counted(
        "tickets_resolved_without_reply_total",
        "First resolutions by a person that nobody had ever replied before.",
        c.RESOLVED_WITHOUT_REPLY,
        TICKET,
    ),
    counted("tickets_reopened_total", "Tickets reopened.", c.TICKETS_REOPENED, TICKET),
    counted(
        "tickets_left_total",
        "Tickets that left the figures, by why.",
        c.TICKETS_LEFT,
        TICKET,
        "reason",
    ),
    counted(
        "tickets_first_responses_total", "First public human replies.", c.FIRST_RESPONSES, TICKET
    ),
    seconds(
        "tickets_first_response_seconds_total",
        "From opened to those.",
        c.FIRST_RESPONSE_TIME,
        (c.FIRST_RESPONSES,),
        TICKET,
    ),
    counted(
        "tickets_next_responses_total",
        "Public human replies to what the customer wrote later.",
        c.NEXT_RESPONSES,
        TICKET,
    ),
    seconds(
        "tickets_next_response_seconds_total",
        "From the customer's first unanswered reply to those.",
        c.NEXT_RESPONSE_TIME,
        (c.NEXT_RESPONSES,),
        TICKET,
    ),
    seconds(
        "tickets_resolution_seconds_total",
        "From opened to the first resolution; divide by resolutions of kind first.",
        c.RESOLUTION_TIME,
        (c.TICKETS_RESOLVED,),
        TICKET,
    ),
    seconds(
        "tickets_resolution_cycle_seconds_total",
        "From opened or last reopened to each resolution; divide by those of kind first and again.",
        c.RESOLUTION_CYCLE_TIME,
        (c.TICKETS_RESOLVED, c.TICKETS_RESOLVED_AGAIN),
        TICKET,
    ),
    counted(
        "tickets_resolved_net_total",
        "First resolutions of tickets whose time in pending is known.",
        c.RESOLVED_NET,
        TICKET,
    ),
    seconds(
        "tickets_resolution_net_seconds_total",
        "From opened to those, less the time in pending.",
        c.RESOLUTION_NET_TIME,
        (c.RESOLVED_NET,),
        TICKET,
    ),
    counted("tickets_assigned_total", "First assignments to an agent.", c.TICKETS_ASSIGNED, TICKET),
    seconds(
        "tickets_assign_seconds_total",
        "From opened to those.",
        c.ASSIGN_TIME,
        (c.TICKETS_ASSIGNED,),
        TICKET,
    ),
    counted("tickets_worked_total", "Tickets somebody has worked on.", c.TICKETS_WORKED, TICKET),
    seconds("tickets_work_seconds_total", "Work of agents on tickets.", c.WORK_TIME, (), TICKET),
    counted(
        "tickets_cohorts_total",
        "Decided a fixed time after opening or resolution: resolved or left on the day of the "
        "opening; within resolution_days of it, of all decided; reopened within repeat_days of the "
        "resolution, of all decided.",
        {
            "resolved_same_day": c.RESOLVED_SAME_DAY,
            "left_same_day": c.LEFT_SAME_DAY,
            "resolution_decided": c.RESOLUTION_DECIDED,
            "resolved_within": c.RESOLVED_WITHIN,
            "reopen_decided": c.REOPEN_DECIDED,
            "reopened_within": c.REOPENED_WITHIN,
        },
        TICKET,
        "outcome",
    ),
    counted(
        "complaints_opened_total",
        "Of the tickets opened, complaints.",
        c.COMPLAINTS[c.TICKETS_OPENED],
        TICKET,
    ),
    counted(
        "complaints_resolved_total",
        "Of the first resolutions, those of complaints.",
        c.COMPLAINTS[c.TICKETS_RESOLVED],
        TICKET,
    ),
)

_PROMISES: Final = (
    MetricDef(
        "sla_decided_total",
        "counter",
        (*QUEUE, "metric", "result", "priority"),
        "Promises kept (met: by the due time) and broken (breached), by the ticket's priority.",
        TICKET,
        booked={
            (metric, result, priority): c.SLA[metric] + places[priority]
            for metric in SLA_METRICS
            for result, places in (("met", c.MET), ("breached", c.BREACHED))
            for priority in TICKET_PRIORITIES
        },
    ),
    counted(
        "sla_withdrawn_total",
        "Promises that ended undecided: the ticket left, or it is not asked for any more.",
        {metric: c.SLA[metric] + c.WITHDRAWN for metric in SLA_METRICS},
        TICKET,
        "metric",
    ),
    counted(
        "sla_never_due_total",
        "Promises that can never be due: the calendar has no open time ahead.",
        c.SLA_NEVER_DUE,
        TICKET,
    ),
    gauge(
        "queue_sla_clocks",
        (*QUEUE, "metric", "state"),
        "Promises of open tickets: running, of these at_risk (little time left), paused, and "
        "breached_open (due, and not fulfilled yet).",
        TICKET,
    ),
    gauge(
        "queue_next_due_timestamp_seconds",
        QUEUE,
        "When the first of the running promises is due; absent without any.",
        TICKET,
    ),
    gauge(
        "queue_target_sla_ratio",
        (*QUEUE, "metric"),
        "Share of promises to be kept.",
        TICKET,
    ),
)

_LEVELS: Final = (
    gauge("queue_tickets_open", (*QUEUE, "status"), "Open tickets now, by status.", TICKET),
    gauge(
        "queue_tickets_by_age",
        (*QUEUE, "age"),
        "Open tickets now, by the age since the opening that they have not reached.",
        TICKET,
    ),
    gauge("queue_tickets_unassigned", QUEUE, "Open tickets without an agent.", TICKET),
    gauge("queue_complaints_open", QUEUE, "Open tickets that are complaints.", TICKET),
    gauge(
        "queue_oldest_ticket_timestamp_seconds",
        QUEUE,
        "When the oldest open ticket was opened; absent when none is open.",
        TICKET,
    ),
)

TICKET_METRICS: Final[tuple[MetricDef, ...]] = _TICKETS + _PROMISES + _LEVELS
