"""Board 1: the wall. One screen, the queues nearest to a page first, nothing to scroll.

It is read from two metres on a 55-inch screen of 1080 lines, opened with `?kiosk` at a browser zoom
of 150 %: 18 rows of the grid, cells of 21 pixels, capitals 10 mm high. The eight figures on top
carry further. From further than that, and for more queues, `streams board` is the wall to hang up.
"""

from typing import Any

from deploy.grafana.src import figures as say
from deploy.grafana.src.board import QUEUE, TICKETS, WALLBOARD, Board, queue_variables
from deploy.grafana.src.kit import (
    BY_QUEUE,
    CENTRE,
    QUEUES,
    QUEUES_OR_NONE,
    SECONDS,
    SHARE,
    TIMES,
    firing,
)
from deploy.grafana.src.panels import bands, bars, tile
from deploy.grafana.src.tables import QUEUE_KEYS, Column, grid
from deploy.grafana.src.waits import OF_THRESHOLD, OLDEST, WAITING, longest_wait
from deploy.thresholds import WALLBOARD_BANDS, WALLBOARD_QUEUES

PRESSURE = f"queue:contactcenter_pressure:ratio{{{QUEUES}}}"
WORST = f"topk({WALLBOARD_QUEUES}, {PRESSURE})"
# Nearest at the end of the screen's time: those of each moment would be dozens that come and go.
WORST_NOW = f"topk({WALLBOARD_BANDS}, {PRESSURE} @ end())"
DECIDED = f"queue:contactcenter_contacts_decided:window30m{{{QUEUES}}}"
# Grafana cannot choose between two addresses by the row's channel.
LINKS = {
    title: f"/d/{uid}/?${{datasource:queryparam}}&var-tenant=${{__data.fields.Tenant}}"
    f"{more}=${{__data.fields.Queue}}"
    for title, uid, more in (
        ("Calls and chats", QUEUE, "&var-channel=${__data.fields.Channel}&var-queue"),
        ("Tickets", TICKETS, "&var-ticket_queue"),
    )
}


def _now(board: Board) -> None:
    within = f"queue:contactcenter_contacts_within_threshold:window30m{{{QUEUES}}}"
    abandoned = f"queue:contactcenter_contacts_abandoned:window30m{{{QUEUES}}}"
    closed = f"queue:contactcenter_contacts_closed:window30m{{{QUEUES}}}"
    summed = " Sums of the chosen queues, then divided."
    pages = tile(
        "Pages",
        firing(f'severity="page", {QUEUES_OR_NONE}'),
        "Page alerts that fire, on the chosen queues and on the stream, muted ones included. A "
        "page wakes somebody.",
        limits=say.ANY_LIMITS,
        nothing="unknown",
    )
    waiting = tile("Waiting", f"sum({WAITING})", say.WAITING)
    level = tile(
        "Service level 30 min",
        f"sum({within}) / (sum({DECIDED}) > 0)",
        say.SERVICE_LEVEL + summed,
        SHARE,
        say.SERVICE_LEVEL_LIMITS,
        decimals=1,
    )
    lost = tile(
        "Abandoned 30 min",
        f"sum({abandoned}) / (sum({closed}) > 0)",
        say.ABANDONMENT + summed,
        SHARE,
        say.ABANDONMENT_LIMITS,
        decimals=1,
    )
    busiest = tile(
        "Busiest 5 min",
        f"topk(1, queue:contactcenter_judged_occupancy:ratio_window5m{{{CENTRE}}})",
        say.OCCUPANCY
        + " Of the channel and tenant where it is highest, over the whole centre, each agent once, "
        "whichever queues are chosen.",
        SHARE,
        say.OCCUPANCY_LIMITS,
        legend="{{channel}} {{tenant}}",
        named=True,
        decimals=1,
    )
    age = tile(
        "Data age",
        "stream:contactcenter_as_of_age:seconds",
        say.DATA_AGE,
        SECONDS,
        say.AGE_LIMITS,
        nothing="NO DATA",
    )
    quietest = tile(
        "Quietest source",
        "topk(1, source:contactcenter_stream_age:seconds)",
        say.SILENCE,
        SECONDS,
        say.SILENCE_LIMITS,
        legend="{{source}}",
        named=True,
        nothing="NO DATA",
    )
    board.row(
        4,
        (pages, 2),
        (waiting, 2),
        (longest_wait(), 3),
        (level, 4),
        (lost, 4),
        (busiest, 3),
        (age, 3),
        (quietest, 3),
    )


def _nearest(board: Board) -> None:
    def of_worst(expr: str) -> str:
        return f"{expr} and on ({BY_QUEUE}) {WORST}"

    def cut(expr: str) -> str:
        """Two digits, never rounded up: 1.00 is at the limit, and has its colour."""
        return f"floor(100 * ({of_worst(expr)})) * 0.01"

    def recorded(name: str) -> str:
        return of_worst(f"queue:contactcenter_{name}{{{QUEUES}}}")

    columns = [
        Column("× limit", cut(PRESSURE), 90, TIMES, say.PRESSURE_LIMITS, 2),
        Column("Waiting", of_worst(WAITING), 85),
        Column("Longest wait", of_worst(OLDEST), 115, SECONDS),
        Column("× threshold", cut(OF_THRESHOLD), 110, TIMES, say.WAIT_LIMITS, 2),
        Column(
            "Service level",
            recorded("service_level:ratio_window30m"),
            115,
            SHARE,
            say.SERVICE_LEVEL_LIMITS,
            1,
        ),
        Column("Decided", of_worst(DECIDED), 85),
        Column(
            "Abandoned",
            recorded("abandonment:ratio_window30m"),
            105,
            SHARE,
            say.ABANDONMENT_LIMITS,
            1,
        ),
        Column(
            "Occupancy",
            recorded("judged_occupancy:ratio_window5m"),
            105,
            SHARE,
            say.OCCUPANCY_LIMITS,
            1,
        ),
        Column("Handle time", recorded("handle_seconds:mean_window30m"), 110, SECONDS),
    ]
    worst = grid(
        "Nearest to a page",
        columns,
        QUEUE_KEYS,
        f"The {WALLBOARD_QUEUES} queues under the highest pressure, worst first. {say.PRESSURE} "
        "Decided = the visits less short abandons that the service level is a share of. A dash is "
        "no figure: nobody waits, nothing was decided. × limit and × threshold go by each "
        "queue's own settings; service level and occupancy are coloured by the defaults.",
        sort="× limit",
        descending=True,
        links=LINKS,
    )
    board.row(9, (worst, 24))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        WALLBOARD,
        "Wallboard",
        "The floor now: who waits, how long, how well, how busy; the queues nearest to a page "
        "first.",
        queue_variables(),
        since="now-30m",
        pages=QUEUES_OR_NONE,
        marked=False,
    )
    _now(board)
    _nearest(board)
    timeline = bands(
        f"Occupancy of the {WALLBOARD_BANDS} nearest, 30 min",
        f"queue:contactcenter_judged_occupancy:ratio_window5m{{{QUEUES}}}"
        f" and on ({BY_QUEUE}) {WORST_NOW}",
        "{{queue}} {{channel}} {{tenant}}",
        say.OCCUPANCY,
        say.OCCUPANCY_BANDS,
    )
    free = bars(
        "Agents free",
        [
            (
                f'sum by (channel) (contactcenter_queue_agents{{{CENTRE}, state="available"}})',
                "{{channel}}",
            )
        ],
        "Agents of the whole centre who are available: they could take a contact now. "
        f"{say.AGENTS}",
    )
    board.row(5, (timeline, 18), (free, 6))
    return board.build()
