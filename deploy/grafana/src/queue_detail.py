"""Board 2: one queue, everything about it."""

from typing import Any

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    GREEN,
    QUEUES,
    Board,
    Column,
    dial,
    grid,
    lines,
    queue_variables,
    tile,
)


def _level(metric: str, more: str = "", by: str = BY_QUEUE) -> str:
    """A gauge of the queue: the owner's, whichever worker that is."""
    return f"max by ({by}) (contactcenter_{metric}{{{QUEUES}{more}}})"


def _rate(metric: str, more: str = "") -> str:
    """Visits a minute, over all workers."""
    chosen = f"contactcenter_{metric}{{{QUEUES}{more}}}"
    return f"60 * sum(rate({chosen}[$__rate_interval]))"


def _recorded(name: str) -> str:
    return f"queue:contactcenter_{name}{{{QUEUES}}}"


def _quantile(share: float, metric: str, more: str = "") -> str:
    chosen = f"contactcenter_{metric}_bucket{{{QUEUES}{more}}}"
    return f"histogram_quantile({share}, sum by (le) (rate({chosen}[5m])))"


def _now(board: Board) -> None:
    board.row(
        5,
        (tile("Waiting", _level("queue_contacts_waiting"), say.WAITING), 4),
        (
            tile(
                "Longest wait",
                _recorded("oldest_wait:seconds"),
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
                _recorded("service_level:ratio_window30m"),
                say.SERVICE_LEVEL,
                "percentunit",
                say.SERVICE_LEVEL_LIMITS,
            ),
            4,
        ),
        (
            tile(
                "Abandoned 30 min",
                _recorded("abandonment:ratio_window30m"),
                say.ABANDONMENT,
                "percentunit",
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
                "s",
            ),
            4,
        ),
    )


def _people(board: Board) -> None:
    occupancy = lines(
        "Occupancy against its limits",
        [
            (_recorded("judged_occupancy:ratio_window5m"), "occupancy"),
            (_recorded("occupancy_limit:ratio"), "page above"),
            (_recorded("occupancy_warn:ratio"), "warning above, page ends below"),
        ],
        say.OCCUPANCY,
        "percentunit",
        top=1,
        limits=((None, BLUE), (at.OCCUPANCY_TARGET_LOW, GREEN), (at.OCCUPANCY_TARGET_HIGH, AMBER)),
    )
    agents = lines(
        "Agents by state",
        [(_level("queue_agents", by="state"), "{{state}}")],
        say.AGENTS + " Queues share agents: these do not add up over queues.",
        stacked=True,
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
        "s",
    )
    board.row(8, (occupancy, 8), (agents, 8), (seconds, 8))


def _flow(board: Board) -> None:
    flow = lines(
        "Visits a minute",
        [
            (_rate("contacts_offered_total"), "offered"),
            (_rate("contacts_answered_total"), "answered"),
            (_rate("contacts_abandoned_total"), "abandoned"),
            (_rate("contacts_flowed_out_total"), "flowed out"),
            (_rate("contacts_handled_total"), "handled"),
        ],
        "First bookings as the workers made them, a minute. Offered = entered the queue; answered "
        "= first agent "
        "connection; abandoned = left unanswered by the customer, short ones included; flowed out "
        "= left "
        "unanswered otherwise; handled = handling complete.",
    )
    waiting = lines(
        "Waiting and the longest wait",
        [
            (_level("queue_contacts_waiting"), "waiting"),
            (_recorded("oldest_wait:seconds"), "longest wait, s"),
        ],
        f"{say.WAITING} Longest wait = now − the moment the longest-waiting visit entered, in "
        f"seconds.",
    )
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
        "s",
    )
    board.row(8, (flow, 8), (waiting, 8), (waits, 8))


def _service(board: Board) -> None:
    level = lines(
        "Service level against its target",
        [
            (_recorded("service_level:ratio_window30m"), "service level 30 min"),
            (_level("queue_target_service_level_ratio"), "target"),
        ],
        say.SERVICE_LEVEL,
        "percentunit",
        top=1,
    )
    abandonment = lines(
        "Abandonment",
        [
            (_recorded("abandonment:ratio_window5m"), "5 min"),
            (_recorded("abandonment:ratio_window30m"), "30 min"),
        ],
        say.ABANDONMENT,
        "percentunit",
        limits=say.ABANDONMENT_LIMITS,
    )
    handle = lines(
        "Handle time",
        [
            (_recorded("handle_seconds:mean_window30m"), "mean 30 min"),
            (_recorded("handle_seconds:mean_window30m_avg1d"), "usual: mean of the last day"),
            (_quantile(0.9, "handle_seconds"), "nine tenths within"),
        ],
        say.HANDLE_TIME + f" A ticket is made above {at.HANDLE_TIME_FACTOR} times the usual.",
        "s",
    )
    board.row(8, (level, 8), (abandonment, 8), (handle, 8))


def _facts(board: Board) -> None:
    counts = grid(
        "Counts behind the ratios",
        [
            Column(
                "Visits",
                _level("window_contacts", by="tenant, queue, channel, window, outcome"),
            )
        ],
        {"window": "Window", "outcome": "Outcome"},
        "Visits in the sliding event-time window, each at its own event's time, late corrections "
        "included. "
        "Every ratio on this page is a quotient of these.",
        sort="Visits",
    )
    settings = grid(
        "Settings of the queue",
        [
            Column(
                "Service-level threshold",
                _level("queue_wait_threshold_seconds"),
                "s",
            ),
            Column(
                "Service-level target", _level("queue_target_service_level_ratio"), "percentunit"
            ),
            Column("Occupancy limit", _level("queue_occupancy_limit_ratio"), "percentunit"),
        ],
        {"queue": "Queue", "channel": "Channel"},
        "What the queue's figures are compared with: from the workers' configuration, so that the "
        "alert, the "
        "board and the record agree. No threshold = none for this channel.",
    )
    where = grid(
        "Where the queue belongs",
        [
            Column(
                "Present",
                _level("queue_info", by="tenant, queue, channel, site, team, skill"),
            )
        ],
        {"site": "Site", "team": "Team", "skill": "Skill"},
        "Site, team and skill of the queue as configured; present = 1.",
    )
    tickets = lines(
        "Open tickets",
        [(_level("queue_tickets_open", by="status"), "{{status}}")],
        "Tickets open now by status: the stock, not the flow. Empty for calls and chats.",
        stacked=True,
    )
    oldest = tile(
        "Oldest open ticket",
        f"time() - min by ({BY_QUEUE}) "
        f"(contactcenter_queue_oldest_ticket_timestamp_seconds{{{QUEUES}}})",
        "Now − the moment the oldest ticket that is still open was opened.",
        "s",
        nothing="none",
    )
    corrected = tile(
        "Corrections in 30 min",
        f"sum(increase(contactcenter_contacts_corrections_total{{{QUEUES}}}[30m]))",
        "Booked counts that late or out-of-order events changed. Windows carry the corrected "
        "figures, counters "
        "the first bookings.",
        limits=((None, BLUE),),
    )
    board.row(8, (counts, 8), (settings, 10), (where, 6))
    board.row(7, (tickets, 12), (oldest, 6), (corrected, 6))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-queue",
        "Contact centre: queue",
        "One queue: now, its people, its flow, its service, and the counts and settings behind "
        "them.",
        queue_variables(one_queue=True),
    )
    for part in (_now, _people, _flow, _service, _facts):
        part(board)
    return board.build()
