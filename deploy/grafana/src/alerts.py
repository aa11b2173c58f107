"""Board 5: what fires, and how much of the service-level budget is left."""

from typing import Any

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    GREEN,
    QUEUES,
    RED,
    Board,
    Column,
    grid,
    lines,
    note,
    queue_variables,
    tile,
)

DAY = f"{at.OPEN_HOURS}h"


def _firing(label: str, value: str) -> str:
    """How many fire; none is a true 0 here, not a missing sample."""
    return f'count(ALERTS{{alertstate="firing", {label}="{value}"}}) or vector(0)'


def _increase(metric: str, window: str, more: str = "") -> str:
    chosen = f"contactcenter_{metric}{{{QUEUES}{more}}}"
    return f"sum by ({BY_QUEUE}) (increase({chosen}[{window}]))"


def _budget_left() -> str:
    decided = (
        f"({_increase('contacts_threshold_decided_total', DAY)}"
        f" - {_increase('contacts_abandoned_total', DAY, ', kind=' + chr(34) + 'short' + chr(34))})"
    )
    within = _increase("contacts_within_threshold_total", DAY)
    missed = f"(1 - {within} / ({decided} > 0))"
    return f"1 - {missed} / (queue:contactcenter_miss_budget:ratio{{{QUEUES}}} > 0)"


def _missed(window: str) -> str:
    return f"queue:contactcenter_missed_per_offered:ratio_rate{window}{{{QUEUES}}}"


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-alerts",
        "Contact centre: alerts and budget",
        "Alerts that fire, by severity and queue, and the share of the service-level budget left.",
        queue_variables(),
        since="now-12h",
    )
    counted = "Alerts in state firing, muted ones included. "
    board.row(
        4,
        (
            tile(
                "Pages",
                _firing("severity", "page"),
                counted + "A page wakes somebody.",
                limits=say.ANY_LIMITS,
                nothing="unknown",
            ),
            5,
        ),
        (
            tile(
                "Tickets",
                _firing("severity", "ticket"),
                counted + "A ticket waits for working hours.",
                limits=((None, GREEN), (at.ANY, AMBER)),
                nothing="unknown",
            ),
            5,
        ),
        (
            tile(
                "Notes",
                _firing("severity", "info"),
                counted + "A note is shown here and notifies nobody.",
                limits=((None, BLUE),),
                nothing="unknown",
            ),
            4,
        ),
        (
            tile(
                "Queues muted",
                _firing("alertname", "StreamStale"),
                "1 while StreamStale fires, else 0: old figures are not wrong, but alerts on "
                "queues "
                "notify nobody.",
                limits=say.ANY_LIMITS,
                nothing="unknown",
            ),
            5,
        ),
        (
            tile(
                "Alerting works",
                _firing("alertname", "Watchdog"),
                "1 while the watchdog, which always fires, is evaluated. A switch outside listens "
                "for it.",
                limits=((None, RED), (at.ANY, GREEN)),
                nothing="unknown",
            ),
            5,
        ),
    )
    firing = grid(
        "Firing now",
        [
            Column(
                "Alerts",
                f'sum by (alertname, severity, domain, {BY_QUEUE}) (ALERTS{{alertstate="firing"}})',
            )
        ],
        {
            "alertname": "Alert",
            "severity": "Severity",
            "domain": "Domain",
            "tenant": "Tenant",
            "queue": "Queue",
            "channel": "Channel",
        },
        "Every alert that fires, muted ones included. Each has a runbook of its name in "
        "deploy/runbooks.",
        sort="Severity",
    )
    history = lines(
        "Firing by name",
        [
            (
                'sum by (alertname) (ALERTS{alertstate="firing", alertname!="Watchdog"})',
                "{{alertname}}",
            )
        ],
        "Number of firing alerts of each name over time, the watchdog left out.",
        stacked=True,
    )
    board.row(9, (firing, 14), (history, 10))
    left = grid(
        f"Budget left of the last {at.OPEN_HOURS} hours",
        [
            Column("Budget left", _budget_left(), "percentunit", say.BUDGET_LIMITS),
            Column("Missed 2 h", _missed("2h"), "percentunit"),
            Column("Missed 30 min", _missed("30m"), "percentunit"),
        ],
        {"queue": "Queue", "channel": "Channel", "tenant": "Tenant"},
        "Budget left = 1 − missed share / budget; budget = 1 − the queue's target. Missed = 1 − "
        "answered within the "
        f"threshold / (decided − short abandons), over {at.OPEN_HOURS} hours, a day's opening. "
        f"Negative = the day's "
        "target is lost.",
        sort="Budget left",
    )
    budget = f"queue:contactcenter_miss_budget:ratio{{{QUEUES}}}"
    burn = lines(
        "Burn",
        [
            (f"{_missed('5m')} / ({budget} > 0)", "{{queue}} 5 min"),
            (f"{_missed('15m')} / ({budget} > 0)", "{{queue}} 15 min"),
            (f"{_missed('30m')} / ({budget} > 0)", "{{queue}} 30 min"),
            (f"{_missed('2h')} / ({budget} > 0)", "{{queue}} 2 h"),
        ],
        "Missed share / budget: 1 spends exactly the day's budget in a day. A ticket is made above "
        f"{at.BURN_TICKET} over 2 h and 15 min, a page above {at.BURN_PAGE:g} over 30 min and 5 "
        f"min.",
        limits=((None, GREEN), (at.BURN_TICKET, AMBER), (at.BURN_PAGE, RED)),
    )
    words = note(
        "Reading this board",
        "**page** wakes somebody, **ticket** waits for working hours, **info** is only shown. "
        "Alerts of the "
        "domain *business* (queues) notify nobody while StreamStale fires, nor outside opening "
        "hours; they are "
        "shown here all the same. Runbooks: `deploy/runbooks/<alert>.md`.",
        "How severities and muting work; it shows no number.",
    )
    board.row(10, (left, 10), (burn, 10), (words, 4))
    return board.build()
