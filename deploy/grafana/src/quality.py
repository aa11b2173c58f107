"""Board 4: service quality. What customers answered and bought, who was asked after it, who comes
again.

Slow figures: all of them are of the 24 hours before each moment, for a minute of them says nothing.
Invariant: a score stands only where 30 or more customers answered, as on the wall, and how many did
stands beside it. Effort by instrument, topics and money are in the KPI records alone.
"""

from typing import Any, Final

from deploy import thresholds as at
from deploy.grafana.src.board import Board, queue_variables
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    PALE_BLUE,
    PURPLE,
    QUEUES,
    SHARE,
    YELLOW,
    grown,
)
from deploy.grafana.src.panels import coloured, lines, tile
from deploy.grafana.src.tables import QUEUE_KEYS, Column, grid

DAY: Final = "24h"
KINDS: Final = {"csat": BLUE, "nps": PURPLE, "ces": PALE_BLUE, "resolved": GREEN}
FOLLOWUPS: Final = {"satisfied": GREEN, "unsatisfied": AMBER, "not_reached": GREY}
ANSWERS_USUAL, SALES_USUAL = 30, 5  # least tops of axes
BY: Final = ", ".join(key.label for key in QUEUE_KEYS)
OF_DAY: Final = " Of the 24 hours before, first bookings."
_FEW: Final = f" A dash below {at.ANSWERS_MIN} answers."

CSAT: Final = (
    "CSAT = satisfied / answers to surveys of kind csat; satisfied = the better quarter of the "
    "scale, or what the queue says." + _FEW + OF_DAY
)
NPS: Final = (
    "NPS = 100 × (9 and 10 − 0 to 6) / answers of kind nps, on the scale 0–10 alone: −100 to 100."
    + _FEW
    + OF_DAY
)
SOLVED: Final = (
    "The share of answers of kind resolved that say yes: what customers say, not who came back."
    + _FEW
    + OF_DAY
)
RESPONSE: Final = (
    "Response ratio = answered within 7 days / surveys of which that is decided, each once: at the "
    "answer, or 7 days after it was sent. Never above 100 %." + OF_DAY
)
ANSWERS: Final = "Surveys answered, each once, of all kinds." + OF_DAY
SALES: Final = (
    "Sales beside the case, upsell and cross-sell; what was undone is counted apart and stays in "
    "them. Amounts by currency are in the KPI records." + OF_DAY
)
FOLLOWED: Final = "Customers asked after their case, by what came of it." + OF_DAY
SATISFIED_AFTER: Final = (
    "Satisfied / (satisfied + unsatisfied), of the customers reached after their case." + OF_DAY
)


COMES_AGAIN: Final = (
    "Come again = contacts within the queue's days (7) after a handled one of the same customer, "
    "by any channel / contacts that say whose they are. At once, never corrected." + OF_DAY
)
KNOWN: Final = (
    "Known = contacts of customers seen in the 30 days before / contacts that say whose they are. "
    "Neither churn nor retention." + OF_DAY
)
FCR: Final = (
    "First contact resolution = customers who did not come again within the queue's days (7) / "
    "those handled, decided so many days after: today's are of last week's customers." + OF_DAY
)
FAILED_AGAIN: Final = (
    "Customers failed for the second time within 7 days: gone unanswered, unsatisfied, or a "
    "promise broken. At the second failure, once in 7 days." + OF_DAY
)
BOT_RETURNED: Final = (
    "Customers whom a bot had kept from people, and who reached one within 24 hours." + OF_DAY
)
NOT_TOLD: Final = (
    "Handled contacts and resolved tickets that do not say whose they are: in no figure of "
    "customers." + OF_DAY
)


def _grown(metric: str, more: str = "", by: str = "") -> str:
    return grown(metric, QUEUES + more, DAY, by)


def _of(kind: str) -> str:
    return f', kind="{kind}"'


def _enough(value: str, answers: str) -> str:
    """The value where enough customers answered."""
    return f"{value} and {answers} >= {at.ANSWERS_MIN}"


def _csat(by: str = "") -> str:
    answers = _grown("surveys_answered_total", _of("csat"), by)
    return _enough(f"{_grown('surveys_satisfied_total', by=by)} / ({answers} > 0)", answers)


def _nps(by: str = "") -> str:
    def group(name: str) -> str:
        return _grown("surveys_nps_total", f', group="{name}"', by)

    answers = _grown("surveys_nps_total", by=by)
    points = f"100 * ({group('promoters')} - {group('detractors')}) / ({answers} > 0)"
    return _enough(points, answers)


def _solved(by: str = "") -> str:
    answers = _grown("surveys_answered_total", _of("resolved"), by)
    return _enough(f"{_grown('surveys_yes_total', by=by)} / ({answers} > 0)", answers)


def _response(kind: str, by: str = "") -> str:
    decided = _grown("surveys_decided_total", _of(kind), by)
    return f"{_grown('surveys_responded_total', _of(kind), by)} / ({decided} > 0)"


def _satisfied(by: str = "") -> str:
    reached = _grown("followups_completed_total", ', outcome!="not_reached"', by)
    satisfied = _grown("followups_completed_total", ', outcome="satisfied"', by)
    return f"{satisfied} / ({reached} > 0)"


def _share(part: str, whole: str, by: str = "") -> str:
    """Of customers: a ratio of two of their counters."""
    below = _grown(f"customers_{whole}_total", by=by)
    return f"{_grown(f'customers_{part}_total', by=by)} / ({below} > 0)"


def _again(by: str = "") -> str:
    return _share("repeat_contacts", "contacts", by)


def _fcr(by: str = "") -> str:
    return _share("fcr_resolved", "fcr_decided", by)


def _customers(board: Board) -> None:
    shown = [
        tile("First contact resolution", _fcr(), FCR, SHARE, decimals=1),
        tile("Come again", _again(), COMES_AGAIN, SHARE, decimals=1),
        tile("Known", _share("returning_contacts", "contacts"), KNOWN, SHARE, decimals=1),
        tile("Failed again", _grown("customers_failed_again_total"), FAILED_AGAIN),
        tile("Back after a bot", _grown("customers_bot_returned_total"), BOT_RETURNED),
        tile("Customer not told", _grown("customers_unknown_total"), NOT_TOLD),
    ]
    board.row(4, *((panel, 4) for panel in shown))


def _day(board: Board) -> None:
    shown = [
        tile("CSAT", _csat(), CSAT, SHARE, decimals=1),
        tile("NPS", _nps(), NPS, decimals=1),
        tile("Solved, they say", _solved(), SOLVED, SHARE, decimals=1),
        tile("CSAT, answered", _response("csat"), RESPONSE, SHARE, decimals=1),
        tile("Answers", _grown("surveys_answered_total"), ANSWERS),
        tile("Sales", _grown("sales_closed_total"), SALES),
        tile("Follow-ups", _grown("followups_completed_total"), FOLLOWED),
        tile("Satisfied after", _satisfied(), SATISFIED_AFTER, SHARE, decimals=1),
    ]
    board.row(4, *((panel, 3) for panel in shown))


def _queues(board: Board) -> None:
    columns = [
        Column("CSAT", _csat(BY), 75, SHARE, decimals=1),
        Column("of answers", _grown("surveys_answered_total", _of("csat"), BY), 115),
        Column("NPS", _nps(BY), 70, decimals=1),
        Column("of NPS answers", _grown("surveys_answered_total", _of("nps"), BY), 125),
        Column("Solved", _solved(BY), 75, SHARE, decimals=1),
        Column("CSAT answered", _response("csat", BY), 120, SHARE, decimals=1),
        Column("Sales", _grown("sales_closed_total", by=BY), 65),
        Column("Follow-ups", _grown("followups_completed_total", by=BY), 95),
        Column("Come again", _again(BY), 95, SHARE, decimals=1),
        Column("FCR", _fcr(BY), 65, SHARE, decimals=1),
    ]
    table = grid(
        "Queues, the most answers first",
        columns,
        QUEUE_KEYS,
        f"{CSAT} {NPS} {SOLVED} {COMES_AGAIN} {FCR} Queues of which any of it was told.",
        sort="of answers",
        descending=True,
    )
    board.row(9, (table, 24))


def _over_time(board: Board) -> None:
    scores = lines(
        "CSAT and solved, day before each moment",
        [(_csat(), "CSAT"), (_solved(), "solved, they say")],
        f"{CSAT} {SOLVED}",
        SHARE,
        up_to=1,
    )
    scores = coloured(scores, {"CSAT": BLUE, "solved, they say": GREEN})
    response = lines(
        "Response ratio by kind",
        [(_response(kind), kind) for kind in KINDS],
        RESPONSE,
        SHARE,
        up_to=0.5,
    )
    answers = lines(
        "Answers by kind",
        [(_grown("surveys_answered_total", _of(kind)), kind) for kind in KINDS],
        ANSWERS,
        up_to=ANSWERS_USUAL,
    )
    board.row(8, (scores, 8), (coloured(response, KINDS), 8), (coloured(answers, KINDS), 8))
    again = lines(
        "Who comes again",
        [
            (_fcr(), "first contact resolution"),
            (_again(), "come again"),
            (_share("returning_contacts", "contacts"), "known"),
        ],
        f"{FCR} {COMES_AGAIN} {KNOWN}",
        SHARE,
        up_to=1,
    )
    again = coloured(again, {"first contact resolution": GREEN, "come again": AMBER, "known": BLUE})
    groups = {"promoters": GREEN, "passives": GREY, "detractors": AMBER}
    recommend = lines(
        "Who would recommend",
        [(_grown("surveys_nps_total", f', group="{name}"'), name) for name in groups],
        "Answers of kind nps: promoters 9 and 10, passives 7 and 8, detractors 0 to 6." + OF_DAY,
        stacked=True,
        up_to=ANSWERS_USUAL,
    )
    sales = lines(
        "Sales and sales undone",
        [
            (_grown("sales_closed_total", _of("upsell")), "upsell"),
            (_grown("sales_closed_total", _of("cross_sell")), "cross-sell"),
            (_grown("sales_cancelled_total"), "undone"),
        ],
        SALES,
        up_to=SALES_USUAL,
    )
    followups = lines(
        "Follow-ups by outcome",
        [
            (_grown("followups_completed_total", f', outcome="{name}"'), name.replace("_", " "))
            for name in FOLLOWUPS
        ],
        FOLLOWED,
        stacked=True,
        up_to=SALES_USUAL,
    )
    named = {name.replace("_", " "): colour for name, colour in FOLLOWUPS.items()}
    board.row(
        8,
        (again, 6),
        (coloured(recommend, groups), 6),
        (coloured(sales, {"upsell": BLUE, "cross-sell": PURPLE, "undone": YELLOW}), 6),
        (coloured(followups, named), 6),
    )


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-quality",
        "Service quality",
        "What customers answered in the last 24 hours, what they bought, who was asked after the "
        "case. Effort by instrument, topics and amounts are on the wall and in the KPI records.",
        queue_variables(),
        since="now-24h",
    )
    for part in (_day, _customers, _queues, _over_time):
        part(board)
    return board.build()
