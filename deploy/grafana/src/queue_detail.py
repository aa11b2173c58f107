"""Board 2: one queue of calls or chats, everything about it."""

from typing import Any

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.board import QUEUE, Board, one_queue_variables
from deploy.grafana.src.conversations import callbacks, calls_owed, chats_and_bots
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    GREEN,
    GREY,
    PALE_BLUE,
    PURPLE,
    QUEUES,
    RED,
    SECONDS,
    SHARE,
    YELLOW,
    or_none,
)
from deploy.grafana.src.panels import coloured, dial, label, lines, on_the_right, tile
from deploy.grafana.src.tables import Column, Key, grid
from deploy.grafana.src.waits import OLDEST, OVER_LIMIT, WAITING, longest_wait, over_limit

# By meaning: nothing that is well is red.
STATES = {
    "available": GREEN,
    "ringing": PALE_BLUE,
    "on_contact": BLUE,
    "wrapup": PURPLE,
    "break": YELLOW,
    "unknown": AMBER,
    "error": RED,
    "offline": GREY,
}
PEOPLE_USUAL, SECONDS_USUAL, VISITS_USUAL, LOST_USUAL = 5, 60, 10, 0.2  # least tops of axes


def _level(metric: str, more: str = "", by: str = BY_QUEUE) -> str:
    """A gauge of the queue: the owner's, whichever worker that is."""
    return f"max by ({by}) (contactcenter_{metric}{{{QUEUES}{more}}})"


def _rate(metric: str, more: str = "", before: str = "") -> str:
    """Visits a minute, over all workers; `before`: so long before each moment."""
    chosen = f"contactcenter_{metric}{{{QUEUES}{more}}}[$__rate_interval]"
    return f"60 * sum(rate({chosen}{f' offset {before}' if before else ''}))"


def _recorded(name: str) -> str:
    return f"queue:contactcenter_{name}{{{QUEUES}}}"


def _quantile(share: float, metric: str, more: str = "") -> str:
    chosen = f"contactcenter_{metric}_bucket{{{QUEUES}{more}}}"
    return f"histogram_quantile({share}, sum by (le) (rate({chosen}[5m])))"


def _now(board: Board) -> None:
    board.row(
        5,
        (tile("Waiting", WAITING, say.WAITING), 4),
        (longest_wait(), 4),
        (
            tile(
                "Service level 30 min",
                _recorded("service_level:ratio_window30m"),
                say.SERVICE_LEVEL,
                SHARE,
                say.SERVICE_LEVEL_LIMITS,
                decimals=1,
            ),
            4,
        ),
        (
            tile(
                "Abandoned 30 min",
                _recorded("abandonment:ratio_window30m"),
                say.ABANDONMENT,
                SHARE,
                say.ABANDONMENT_LIMITS,
                decimals=1,
            ),
            4,
        ),
        (
            dial(
                "Occupancy 5 min",
                _recorded("judged_occupancy:ratio_window5m"),
                say.OCCUPANCY,
                say.OCCUPANCY_LIMITS,
            ),
            4,
        ),
        (
            tile(
                "Handle time 30 min",
                _recorded("handle_seconds:mean_window30m"),
                say.HANDLE_TIME,
                SECONDS,
            ),
            4,
        ),
    )


def _owed(board: Board) -> None:
    """Who waits too long, whom the queue owes a call, and who may be stuck."""
    stuck = f"sum({_level('queue_agents_stuck', by='state')}) and sum({_level('queue_agents')}) > 0"
    board.row(
        4,
        *((panel, 4) for panel in (*over_limit(), *calls_owed())),
        (tile("Agents stuck", stuck, say.STUCK, limits=say.STUCK_LIMITS), 4),
    )


def _settings(board: Board) -> None:
    where = f"max by (site, team, skill) (contactcenter_queue_info{{{QUEUES}}})"
    for name in ("site", "team", "skill"):
        where = or_none(where, name)
    compared = [
        (
            "Service-level threshold",
            "queue_wait_threshold_seconds",
            SECONDS,
            "The wait within which a visit should be answered; none = a channel without one.",
        ),
        (
            "Service-level target",
            "queue_target_service_level_ratio",
            SHARE,
            "The share of visits to be answered within the threshold.",
        ),
        (
            "Occupancy limit",
            "queue_occupancy_limit_ratio",
            SHARE,
            "The occupancy above which the queue pages.",
        ),
    ]
    source = " From the workers' configuration, so that alert, board and record agree."
    settings = [
        (tile(title, _level(metric), definition + source, unit), 4)
        for title, metric, unit, definition in compared
    ]
    belongs = label(
        "Site · team · skill",
        where,
        "{{site}} · {{team}} · {{skill}}",
        "Site, team and skill of the queue as configured.",
    )
    corrected = tile(
        "Corrections in 30 min",
        f"sum(increase(contactcenter_contacts_corrections_total{{{QUEUES}}}[30m]))",
        "Booked counts that late or out-of-order events changed. Windows carry the corrected "
        "figures, counters the first bookings.",
    )
    board.row(3, (belongs, 8), *settings, (corrected, 4))


def _people(board: Board) -> None:
    occupancy = lines(
        "Occupancy against its limits",
        [
            (_recorded("judged_occupancy:ratio_window5m"), "occupancy"),
            (_recorded("occupancy_limit:ratio"), "page above"),
            (_recorded("occupancy_warn:ratio"), "warning above, page ends below"),
        ],
        say.OCCUPANCY,
        SHARE,
        up_to=1,
    )
    occupancy = coloured(occupancy, {"occupancy": BLUE})
    limits = {"page above": RED, "warning above, page ends below": AMBER}
    occupancy = coloured(occupancy, limits, dashed=True)
    agents = lines(
        "Agents by state",
        [(_level("queue_agents", by="state"), "{{state}}")],
        say.AGENTS + " Queues share agents: these do not add up over queues.",
        stacked=True,
        up_to=PEOPLE_USUAL,
    )
    seconds = lines(
        "Agent seconds of the last 5 minutes",
        [
            (_recorded("agent_busy_seconds:window5m"), "busy"),
            (_recorded("agent_staffed_seconds:window5m"), "staffed"),
        ],
        "The two sums occupancy is a quotient of. Busy = handling or in wrap-up; staffed = busy "
        "or available. "
        f"Below {at.STAFFED_SECONDS_MIN} staffed seconds nobody is paged about occupancy.",
        SECONDS,
        up_to=at.STAFFED_SECONDS_MIN,
    )
    seconds = coloured(seconds, {"busy": BLUE, "staffed": GREEN})
    board.row(8, (occupancy, 8), (coloured(agents, STATES), 8), (seconds, 8))


def _flow(board: Board) -> None:
    board.section("Calls and chats")
    flow = lines(
        "Visits a minute",
        [
            (_rate("contacts_offered_total"), "offered"),
            (_rate("contacts_answered_total"), "answered"),
            (_rate("contacts_abandoned_total"), "abandoned"),
            (_rate("contacts_flowed_out_total"), "flowed out"),
            (_rate("contacts_handled_total"), "handled"),
            (_rate("contacts_offered_total", before="1d"), "offered a day before"),
            (_rate("contacts_offered_total", before="7d"), "offered a week before"),
        ],
        "First bookings as the workers made them, a minute. Offered = entered the queue; answered "
        "= first agent connection; abandoned = left unanswered by the customer, short ones "
        "included; flowed out = left unanswered otherwise; handled = handling complete. A day and "
        "a week before = 24 and 168 hours, an hour beside where the clocks were changed; the wall "
        "compares by local time.",
        up_to=VISITS_USUAL,
    )
    meaning = {"offered": BLUE, "answered": GREEN, "abandoned": RED, "flowed out": AMBER}
    flow = coloured(flow, meaning | {"handled": PURPLE})
    earlier = {"offered a day before": PALE_BLUE, "offered a week before": GREY}
    flow = coloured(flow, earlier, dashed=True)
    waiting = lines(
        "Waiting and the longest wait",
        [
            (OVER_LIMIT, "over the limit"),
            (WAITING, "waiting"),
            (f"{OLDEST} or 0 * ({WAITING} == 0)", "longest wait (right)"),
        ],
        f"{say.WAITING} Longest wait = now − the moment the longest-waiting visit entered, on the "
        f"right axis; 0 while nobody waits. {say.OVER_LIMIT}",
        up_to=VISITS_USUAL,
    )
    waiting = on_the_right(waiting, "C", SECONDS, SECONDS_USUAL)
    waiting = coloured(
        waiting, {"waiting": BLUE, "longest wait (right)": AMBER, "over the limit": RED}
    )
    board.row(8, (flow, 12), (waiting, 12))


def _service(board: Board) -> None:
    level = lines(
        "Service level against its target",
        [
            (_recorded("service_level:ratio_window30m"), "service level 30 min"),
            (_level("queue_target_service_level_ratio"), "target"),
        ],
        say.SERVICE_LEVEL,
        SHARE,
        up_to=1,
    )
    level = coloured(level, {"service level 30 min": BLUE})
    level = coloured(level, {"target": GREEN}, dashed=True)
    abandonment = lines(
        "Abandonment",
        [
            (_recorded("abandonment:ratio_window5m"), "5 min"),
            (_recorded("abandonment:ratio_window30m"), "30 min"),
        ],
        say.ABANDONMENT,
        SHARE,
        limits=say.ABANDONMENT_LIMITS,
        up_to=LOST_USUAL,
    )
    abandonment = coloured(abandonment, {"5 min": PALE_BLUE, "30 min": BLUE})
    handle = lines(
        "Handle time",
        [
            (_recorded("handle_seconds:mean_window30m"), "mean 30 min"),
            (_recorded("handle_seconds:mean_window30m_avg1d"), "usual: mean of the last day"),
            (_quantile(0.9, "handle_seconds"), "nine tenths within"),
        ],
        say.HANDLE_TIME + f" A ticket is made above {at.HANDLE_TIME_FACTOR} times the usual.",
        SECONDS,
        up_to=SECONDS_USUAL,
    )
    board.row(8, (level, 8), (abandonment, 8), (handle, 8))


def _counts(board: Board) -> None:
    waits = lines(
        "Waits",
        [
            (_quantile(0.5, "wait_seconds", ', outcome="answered"'), "answered, half within"),
            (
                _quantile(0.9, "wait_seconds", ', outcome="answered"'),
                "answered, nine tenths within",
            ),
            (_quantile(0.5, "wait_seconds", ', outcome="abandoned"'), "abandoned, half within"),
            (_recorded("wait_seconds:mean_window5m"), "mean (ASA)"),
        ],
        say.WAIT
        + " Quantiles are estimated from buckets of 5, 10, 20, 30, 60, 120, 300 and 600 s over 5 "
        "minutes; the exact ones are in the KPI record.",
        SECONDS,
        up_to=SECONDS_USUAL,
    )

    def visits(window: str) -> str:
        return _level("window_contacts", f', window="{window}"', "outcome")

    counts = grid(
        "Counts behind the ratios",
        [
            Column("Last 5 min", f"{visits('5m')} and on (outcome) ({visits('30m')} > 0)", 105),
            Column("Last 30 min", f"{visits('30m')} > 0", 125),
        ],
        [Key("outcome", "Outcome")],
        "Visits in the sliding event-time windows, each at its own event's time, late corrections "
        "included; outcomes nobody had in 30 minutes are left out. Every ratio on this page is a "
        "quotient of these.",
        sort="Last 30 min",
        descending=True,
    )
    board.row(11, (waits, 15), (counts, 9))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        QUEUE,
        "Queue",
        "One queue of calls or chats: now, its settings, its people; flow and service with the "
        "counts behind them; call-backs, chats and bots. Tickets have a board of their own.",
        one_queue_variables(),
        since="now-1h",
    )
    for part in (
        _now,
        _owed,
        _settings,
        _people,
        _flow,
        _service,
        _counts,
        callbacks,
        chats_and_bots,
    ):
        part(board)
    return board.build()
