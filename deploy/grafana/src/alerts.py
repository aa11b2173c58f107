"""Board 6: what fires, and how much of the service-level budget is left."""

from typing import Any

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.board import Board, queue_variables
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    GREEN,
    QUEUES,
    QUEUES_OR_NONE,
    RED,
    SHARE,
    TIMES,
    firing,
)
from deploy.grafana.src.panels import lines, many, note, tile
from deploy.grafana.src.tables import QUEUE_KEYS, Column, Key, grid

DAY = f"{at.OPEN_HOURS}h"


# The worst first: the order of the table, and what stands in it.
SEVERITIES = {1: ("page", RED), 2: ("ticket", AMBER), 3: ("note", BLUE)}
# While one of these fires, alerts on queues notify nobody (alertmanager.yml).
MUTING = "StreamStale|NoWorkers"
# What an alert is about that is on no queue; none has two of these labels.
SUBJECTS = ("source", "topic", "instance", "limit")


def _is_firing(alert: str) -> str:
    """1 or 0, whether an alert fires that is on no queue; `a|b` is one of the two."""
    return f'max(ALERTS{{alertstate="firing", alertname=~"{alert}"}}) or vector(0)'


def _by_rank() -> str:
    """The rank of the severity of what fires; of one alert on one thing, the worst."""
    by = f"alertname, domain, subject, {BY_QUEUE}"
    subjects = ", ".join(f'"{name}"' for name in SUBJECTS)
    ranked = []
    for rank, severity in enumerate(("page", "ticket", "info"), 1):
        chosen = f'{{alertstate="firing", severity="{severity}", {QUEUES_OR_NONE}}}'
        ranked.append(f'{rank} * label_join(ALERTS{chosen}, "subject", "", {subjects})')
    return f"min by ({by}) ({' or '.join(ranked)})"


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


def _now(board: Board) -> None:
    counted = "Alerts in state firing, muted ones included, on the chosen queues and on none. "
    board.row(
        4,
        (
            tile(
                "Pages",
                firing(f'severity="page", {QUEUES_OR_NONE}'),
                counted + "A page wakes somebody.",
                limits=say.ANY_LIMITS,
                nothing="unknown",
            ),
            5,
        ),
        (
            tile(
                "Tickets",
                firing(f'severity="ticket", {QUEUES_OR_NONE}'),
                counted + "A ticket waits for working hours.",
                limits=((0, GREEN), (at.ANY, AMBER)),
                nothing="unknown",
            ),
            5,
        ),
        (
            tile(
                "Notes",
                firing(f'severity="info", {QUEUES_OR_NONE}'),
                counted + "A note is shown here and notifies nobody.",
                nothing="unknown",
            ),
            4,
        ),
        (
            tile(
                "Queues muted",
                _is_firing(MUTING),
                "Yes while StreamStale or NoWorkers fires: old figures are not wrong, but alerts "
                "on queues notify nobody.",
                limits=say.ANY_LIMITS,
                nothing="unknown",
                words={0: ("no", GREEN), 1: ("yes", RED)},
            ),
            5,
        ),
        (
            tile(
                "Alerting works",
                _is_firing("Watchdog"),
                "Yes while the watchdog, which always fires, is evaluated. A switch outside "
                "listens for it.",
                limits=((0, RED), (at.ANY, GREEN)),
                nothing="unknown",
                words={0: ("no", RED), 1: ("yes", GREEN)},
            ),
            5,
        ),
    )


def _what(board: Board) -> None:
    listed = grid(
        "Firing now",
        [Column("Severity", _by_rank(), 100, words=SEVERITIES, leads=True)],
        [
            Key("alertname", "Alert", 240),
            Key("queue", "Queue"),
            Key("channel", "Channel", 75),
            Key("tenant", "Tenant", 90),
            Key("domain", "Domain", 85),
            Key("subject", "Source, topic, worker"),
        ],
        "Every alert that fires, muted ones included, the worst first; of one alert with two "
        "severities, the worse. The name of the alert opens its runbook. The watchdog is left out.",
        sort="Severity",
        links={"Open the runbook": f"{at.RUNBOOK_BASE_URL}/${{__value.raw}}.md"},
    )
    counted = 'alertstate="firing", alertname!="Watchdog"'
    history = lines(
        "Firing by name",
        [
            (
                f"sum by (alertname) (ALERTS{{{counted}, {QUEUES_OR_NONE}}})",
                "{{alertname}}",
            )
        ],
        "Number of firing alerts of each name over time, the watchdog left out.",
        stacked=True,
        up_to=5,
    )
    board.row(12, (listed, 16), (history, 8))


def _budget(board: Board) -> None:
    left = grid(
        f"Budget left of the last {at.OPEN_HOURS} hours",
        [
            Column(
                "Budget left", _budget_left(), 120, SHARE, say.BUDGET_LIMITS, decimals=1, below=RED
            ),
            Column("Missed 2 h", _missed("2h"), 95, SHARE, decimals=1),
            Column("Missed 30 min", _missed("30m"), 115, SHARE, decimals=1),
        ],
        QUEUE_KEYS,
        "Budget left = 1 − missed share / budget; budget = 1 − the queue's target. Missed = 1 − "
        f"answered within the threshold / (decided − short abandons), over {at.OPEN_HOURS} hours, "
        "a day's opening. Negative = the day's target is lost. The least first.",
        sort="Budget left",
    )
    budget = f"queue:contactcenter_miss_budget:ratio{{{QUEUES}}}"
    # Those of each moment would be dozens that come and go.
    worst = f"topk({at.BURNING_QUEUES}, {_missed('30m')} @ end() / ({budget} @ end() > 0))"
    burn = lines(
        "Burn",
        [
            (
                f"{_missed(window)} / ({budget} > 0) and on ({BY_QUEUE}) {worst}",
                f"{{{{queue}}}} {{{{tenant}}}} {words}",
            )
            for window, words in (("30m", "30 min"), ("2h", "2 h"))
        ],
        f"Missed share / budget, of the {at.BURNING_QUEUES} queues that burn most now: 1 spends "
        f"exactly the day's budget in a day. A ticket is made above {at.BURN_TICKET} over 2 h and "
        f"15 min, a page above {at.BURN_PAGE:g} over 30 min and 5 min.",
        TIMES,
        limits=((at.BURN_TICKET, AMBER), (at.BURN_PAGE, RED)),
        up_to=at.BURN_PAGE,
    )
    words = note(
        "Reading this board",
        "**page** wakes somebody, **ticket** waits for working hours, **note** is only shown. "
        "Alerts of the domain *business* (queues) notify nobody while StreamStale or NoWorkers "
        "fires, nor outside opening hours; they are shown here all the same.",
        "How severities and muting work; it shows no number.",
    )
    board.row(11, (left, 12), (many(burn), 8), (words, 4))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-alerts",
        "Alerts and budget",
        "Alerts that fire, by severity and queue, and the share of the service-level budget left.",
        queue_variables(),
        since="now-12h",
        pages=QUEUES_OR_NONE,
    )
    for part in (_now, _what, _budget):
        part(board)
    return board.build()
