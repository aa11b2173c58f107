"""Board 1: one screen for the wall, no scrolling, read from five metres (open it with `?kiosk`)."""

from typing import Any

from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import (
    BY_QUEUE,
    CENTRE,
    QUEUES,
    Board,
    Column,
    bands,
    bars,
    grid,
    queue_variables,
    tile,
)
from deploy.thresholds import WALLBOARD_QUEUES

WORST = f"topk({WALLBOARD_QUEUES}, queue:contactcenter_pressure:ratio{{{QUEUES}}})"
DETAIL = (
    "/d/cc-queue/?${datasource:queryparam}&var-tenant=${__data.fields.Tenant}"
    "&var-channel=${__data.fields.Channel}&var-queue=${__data.fields.Queue}&${__url_time_range}"
)


def _of_worst(expr: str) -> str:
    return f"{expr} and on ({BY_QUEUE}) {WORST}"


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-wallboard",
        "Contact centre: wallboard",
        "The floor now: who waits, how long, how well, how busy; the queues nearest to a page "
        "first.",
        queue_variables(),
        since="now-1h",
    )
    waiting = f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_waiting{{{QUEUES}}})"
    within = f"queue:contactcenter_contacts_within_threshold:window30m{{{QUEUES}}}"
    decided = f"queue:contactcenter_contacts_decided:window30m{{{QUEUES}}}"
    abandoned = f"queue:contactcenter_contacts_abandoned:window30m{{{QUEUES}}}"
    closed = f"queue:contactcenter_contacts_closed:window30m{{{QUEUES}}}"
    board.row(
        5,
        (tile("Waiting", f"sum({waiting})", say.WAITING), 4),
        (
            tile(
                "Longest wait",
                f"max(queue:contactcenter_oldest_wait:seconds{{{QUEUES}}})",
                say.OLDEST_WAIT,
                "s",
                say.WAIT_LIMITS,
                nothing="nobody",
            ),
            4,
        ),
        (
            tile(
                "Service level 30 min",
                f"sum({within}) / (sum({decided}) > 0)",
                say.SERVICE_LEVEL + " Sums of the chosen queues, then divided.",
                "percentunit",
                say.SERVICE_LEVEL_LIMITS,
            ),
            4,
        ),
        (
            tile(
                "Abandoned 30 min",
                f"sum({abandoned}) / (sum({closed}) > 0)",
                say.ABANDONMENT + " Sums of the chosen queues, then divided.",
                "percentunit",
                say.ABANDONMENT_LIMITS,
                decimals=1,
            ),
            4,
        ),
        (
            tile(
                "Occupancy 5 min",
                f"queue:contactcenter_judged_occupancy:ratio_window5m{{{CENTRE}}}",
                say.OCCUPANCY
                + " Of the whole centre a channel, each agent once, whichever queues are chosen.",
                "percentunit",
                say.OCCUPANCY_LIMITS,
                legend="{{channel}}",
            ),
            4,
        ),
        (
            tile(
                "Data age",
                "stream:contactcenter_as_of_age:seconds",
                say.DATA_AGE,
                "s",
                say.AGE_LIMITS,
                nothing="NO DATA",
            ),
            4,
        ),
    )
    columns = [
        Column("Pressure", WORST, "percentunit", say.PRESSURE_LIMITS),
        Column("Waiting", _of_worst(waiting)),
        Column(
            "Longest wait",
            _of_worst(f"queue:contactcenter_oldest_wait:seconds{{{QUEUES}}}"),
            "s",
            say.WAIT_LIMITS,
        ),
        Column(
            "Service level",
            _of_worst(f"queue:contactcenter_service_level:ratio_window30m{{{QUEUES}}}"),
            "percentunit",
            say.SERVICE_LEVEL_LIMITS,
        ),
        Column("n", _of_worst(decided)),
        Column(
            "Abandoned",
            _of_worst(f"queue:contactcenter_abandonment:ratio_window30m{{{QUEUES}}}"),
            "percentunit",
            say.ABANDONMENT_LIMITS,
            1,
        ),
        Column(
            "Occupancy",
            _of_worst(f"queue:contactcenter_judged_occupancy:ratio_window5m{{{QUEUES}}}"),
            "percentunit",
            say.OCCUPANCY_LIMITS,
        ),
        Column(
            "Handle time",
            _of_worst(f"queue:contactcenter_handle_seconds:mean_window30m{{{QUEUES}}}"),
            "s",
        ),
    ]
    worst = grid(
        "Nearest to a page",
        columns,
        {"queue": "Queue", "channel": "Channel", "tenant": "Tenant"},
        f"The {WALLBOARD_QUEUES} queues under the highest pressure. {say.PRESSURE} Beside the "
        f"service level: n, the "
        "decided visits less short abandons it is a share of. A dash is no sample: nobody waits, "
        "nothing "
        "was decided.",
        sort="Pressure",
        link=("Open the queue", DETAIL),
    )
    agents = bars(
        "Agents",
        f"sum by (channel, state) (contactcenter_queue_agents{{{CENTRE}}} > 0)",
        "{{channel}} {{state}}",
        say.AGENTS + " Of the whole centre; states nobody is in are left out.",
    )
    board.row(12, (worst, 18), (agents, 6))
    timeline = bands(
        "Occupancy",
        _of_worst(f"queue:contactcenter_judged_occupancy:ratio_window5m{{{QUEUES}}}"),
        "{{queue}} {{channel}}",
        say.OCCUPANCY,
        say.OCCUPANCY_BANDS,
    )
    board.row(9, (timeline, 24))
    return board.build()
