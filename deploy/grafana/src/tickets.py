"""Board 3: ticket queues. Promises first, then the backlog, what came and went, and times."""

from typing import Any, Final

from deploy.grafana.src import figures as say
from deploy.grafana.src import promises
from deploy.grafana.src.board import TICKETS, Board, ticket_queue_variables
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    CLOCK,
    DAYS,
    GREEN,
    PALE_BLUE,
    PURPLE,
    SHARE,
    TICKET_QUEUES,
    YELLOW,
    grown,
    mean_grown,
)
from deploy.grafana.src.panels import bars, coloured, lines, tile
from deploy.grafana.src.tables import Column, grid

HOUR: Final = "1h"
STATUSES = {"open": BLUE, "pending": YELLOW, "on_hold": PURPLE}
#: What the labels say: the age since the opening that a ticket has not reached.
AGES = {
    "1h": "< 1 h",
    "8h": "1–8 h",
    "24h": "8–24 h",
    "3d": "1–3 d",
    "7d": "3–7 d",
    "30d": "7–30 d",
    "over": "> 30 d",
}
TICKETS_USUAL, SECONDS_USUAL = 10, 60  # least tops of axes
BEFORE = " Of those in the hour before each moment."
BUSINESS = " In business time where the queue has a calendar."


def _level(metric: str, more: str = "") -> str:
    """A gauge of each queue: the owner's, whichever worker that is."""
    return (
        f"max by ({BY_QUEUE}, status, age) (contactcenter_queue_{metric}{{{TICKET_QUEUES}{more}}})"
    )


def _total(metric: str, more: str = "", by: str = "") -> str:
    return f"sum by ({by}) ({_level(metric, more)})" if by else f"sum({_level(metric, more)})"


def _oldest(by: str = "") -> str:
    opened = f"contactcenter_queue_oldest_ticket_timestamp_seconds{{{TICKET_QUEUES}}}"
    return f"time() - min by ({by}) ({opened})" if by else f"time() - min({opened})"


def _grown(metric: str, more: str = "", window: str = HOUR) -> str:
    return grown(metric, TICKET_QUEUES + more, window)


def _now(board: Board) -> None:
    board.row(
        4,
        *((panel, 4) for panel in promises.tiles()),
        (tile("Open tickets", _total("tickets_open"), say.TICKETS_OPEN), 4),
        (tile("Unassigned", _total("tickets_unassigned"), say.UNASSIGNED), 4),
        (tile("Oldest open", _oldest(), say.OLDEST_TICKET, DAYS), 4),
    )


def _queues(board: Board) -> None:
    by = "queue, tenant"
    free = f'contactcenter_queue_agents{{{TICKET_QUEUES}, state="available"}}'
    stuck = f"queue:contactcenter_agents_stuck:count{{{TICKET_QUEUES}}}"
    busy = f"queue:contactcenter_judged_occupancy:ratio_window5m{{{TICKET_QUEUES}}}"
    columns = [
        *promises.columns(by),
        Column("Open", _total("tickets_open", by=by), 65),
        Column("Unassigned", _total("tickets_unassigned", by=by), 100),
        Column("Oldest", _oldest(by), 110, DAYS),
        Column("Free", free, 55),
        Column("Stuck", stuck, 60, limits=say.STUCK_LIMITS),
        Column("Occupancy", busy, 95, SHARE, say.OCCUPANCY_LIMITS, 1),
    ]
    worst = grid(
        "Queues, the worst first",
        columns,
        promises.QUEUE_KEYS,
        f"In danger = at risk + breached and open; the most first. {promises.RISK} "
        f"{promises.BREACHED} {promises.DUE} Free = agents available, stuck = in one state for "
        f"longer than the queue's limit. {say.OCCUPANCY}",
        sort="In danger",
        descending=True,
    )
    board.row(7, (worst, 24))
    board.row(9, (promises.kept_by_queue(), 14), (promises.kept_by_priority(), 10))
    board.row(8, *((panel, 12) for panel in promises.over_time()))


def _backlog(board: Board) -> None:
    board.section("Backlog, and what came and went")
    by_status = lines(
        "Open by status",
        [(_total("tickets_open", by="status"), "{{status}}")],
        say.TICKETS_OPEN,
        stacked=True,
        up_to=TICKETS_USUAL,
    )
    by_age = bars(
        "Open by age",
        [(_total("tickets_by_age", f', age="{age}"'), text) for age, text in AGES.items()],
        "Open tickets now, by the time since they were opened, of any status. One that is reopened "
        "keeps its opening.",
    )
    flow = lines(
        "Tickets in the hour before",
        [
            (_grown("tickets_opened_total"), "opened"),
            (_grown("tickets_resolved_total", ', kind!="bot"'), "resolved"),
            (_grown("tickets_resolved_total", ', kind="bot"'), "by bots"),
            (_grown("tickets_reopened_total"), "reopened"),
            (_grown("tickets_left_total"), "left"),
        ],
        "Counted in the hour before each moment, first bookings. Resolved = by a person, for the "
        "first time or again; left = merged, spam or deleted.",
        up_to=TICKETS_USUAL,
    )
    meaning = {"opened": BLUE, "resolved": GREEN, "by bots": PALE_BLUE, "reopened": AMBER}
    board.row(
        9,
        (coloured(by_status, STATUSES), 8),
        (by_age, 7),
        (coloured(flow, meaning | {"left": PURPLE}), 9),
    )


def _mean(total: str, counts: str, more: str = "") -> str:
    return f"{_grown(total)} / ({_grown(counts, more)} > 0)"


def _times(board: Board) -> None:
    responses = lines(
        "Responses and assignment",
        [
            (_mean("tickets_first_response_seconds_total", "tickets_first_responses_total"),
             "first response"),
            (_mean("tickets_next_response_seconds_total", "tickets_next_responses_total"),
             "next response"),
            (_mean("tickets_assign_seconds_total", "tickets_assigned_total"), "first assignment"),
        ],
        "Means. First response = from the opening to the first public reply by a person; next "
        "response = from the customer's first unanswered reply to the next one; first assignment = "
        "from the opening to the first agent." + BEFORE + BUSINESS,
        CLOCK,
        up_to=SECONDS_USUAL,
    )  # fmt: skip
    colours = {"first response": BLUE, "next response": PALE_BLUE, "first assignment": PURPLE}
    resolution = lines(
        "Resolution",
        [
            (_mean("tickets_resolution_seconds_total", "tickets_resolved_total", ', kind="first"'),
             "first resolution"),
            (_mean("tickets_resolution_net_seconds_total", "tickets_resolved_net_total"),
             "less the time in pending"),
            (_mean("tickets_resolution_cycle_seconds_total", "tickets_resolved_total",
                   ', kind!="bot"'), "each cycle"),
            (_mean("tickets_work_seconds_total", "tickets_resolved_total", ', kind!="bot"'),
             "work a resolution"),
        ],
        "Means. First resolution = from the opening to the first one by a person (ART); each cycle "
        "= from the opening or the last reopening to each resolution; work a resolution = "
        "what agents worked on tickets, by the clock on the wall, / resolutions."
        + BEFORE
        + BUSINESS,
        CLOCK,
        up_to=SECONDS_USUAL,
    )  # fmt: skip
    meaning = {"first resolution": BLUE, "less the time in pending": PALE_BLUE}
    meaning |= {"each cycle": PURPLE, "work a resolution": YELLOW}
    board.row(9, (coloured(responses, colours), 12), (coloured(resolution, meaning), 12))


def _day(board: Board) -> None:
    board.section("The last 24 hours")

    def day(metric: str, more: str = "") -> str:
        return _grown(metric, more, promises.DAY)

    def cohort(outcome: str) -> str:
        return day("tickets_cohorts_total", f', outcome="{outcome}"')

    same_day = (
        f"{cohort('resolved_same_day')}"
        f" / ({day('tickets_opened_total')} - {cohort('left_same_day')} > 0)"
    )
    within = f"{cohort('resolved_within')} / ({cohort('resolution_decided')} > 0)"
    came_back = f"{cohort('reopened_within')} / ({cohort('reopen_decided')} > 0)"
    ended = "bots_conversations_total"
    contained = f"{day(ended, ', outcome=' + chr(34) + 'contained' + chr(34))} / ({day(ended)} > 0)"
    waited = mean_grown(
        "bots_handoff_wait_seconds_total", "bots_handoffs_total", TICKET_QUEUES, promises.DAY
    )
    resolutions = [
        tile("Resolved", day("tickets_resolved_total", ', kind!="bot"'), say.RESOLVED),
        tile("Resolved same day", same_day, say.SAME_DAY, SHARE, decimals=1),
        tile("Resolved within days", within, say.WITHIN_DAYS, SHARE, decimals=1),
        tile("Resolutions decided", cohort("reopen_decided"), say.REOPEN_DECIDED),
        tile("Of those, reopened", came_back, say.REOPENED_WITHIN, SHARE, decimals=1),
        tile("Reopened", day("tickets_reopened_total"), say.REOPENED),
    ]
    board.row(4, *((panel, 4) for panel in resolutions))
    shown = [
        tile("Complaints", day("complaints_opened_total"), say.COMPLAINTS),
        tile("Complaints open", _total("complaints_open"), say.COMPLAINTS_OPEN),
        tile("Bots resolved", day("tickets_resolved_total", ', kind="bot"'), say.BOT_RESOLVED),
        tile("Bots contained", contained, say.CONTAINED, SHARE, decimals=1),
        tile("Wait after a bot", waited, say.HANDOFF, CLOCK),
    ]
    board.row(4, *((panel, 5) for panel in shown[:-1]), (shown[-1], 4))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        TICKETS,
        "Tickets",
        "Ticket queues: the promises at risk and broken, the queues in danger, what is kept; the "
        "backlog, what came and went, and how long it took.",
        ticket_queue_variables(),
        since="now-12h",
        pages=TICKET_QUEUES,
    )
    for part in (_now, _queues, _backlog, _times, _day):
        part(board)
    return board.build()
