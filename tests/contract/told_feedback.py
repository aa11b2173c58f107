"""A short history of surveys, sales and follow-ups, of calls and of a ticket."""

from typing import Any, Final

from tests.contract.telling import ANNA, MAIL, Q, Told, call, ticket, told

_DAY: Final = 86_400
_EUR: Final = {"currency": "EUR"}


def answer(kind: str, score: float, least: int, greatest: int, **more: Any) -> dict[str, Any]:
    """What an answer says, where more is better."""
    scale = {"scale_min": least, "scale_max": greatest, "higher_is_better": True}
    return {"kind": kind, "score": score, "version": "v1"} | scale | more


FEEDBACK: Final[list[Told]] = [
    *call(
        "says what it thinks",
        (0, "contact.enqueued", Q),
        (10, "contact.answered", Q | ANNA),
        (20, "contact.ended", {}),
        (30, "survey.sent", {"kind": "csat", "survey_id": "one"}),
        (31, "survey.sent", {"kind": "csat", "survey_id": "two"}),
        (32, "survey.sent", {"kind": "csat"}),
        (40, "survey.answered", answer("csat", 4, 1, 5, survey_id="one")),
        (41, "survey.answered", answer("csat", 5, 1, 5)),
        (42, "survey.answered", answer("csat", 2, 1, 5)),
        (50, "survey.answered", answer("nps", 9, 0, 10, survey_id="x")),
        (51, "survey.answered", answer("nps", 8, 0, 10, survey_id="y")),
        (52, "survey.answered", answer("nps", 3, 0, 10, survey_id="z")),
        (53, "survey.answered", answer("nps", 4, 1, 5)),
        (54, "survey.answered", answer("nps", 10, 0, 10, survey_id="w")),
        (60, "survey.answered", answer("ces", 2, 1, 7)),
        (70, "survey.answered", answer("resolved", 1, 0, 1)),
        (80, "sale.closed", {"kind": "upsell", "amount": "12.90"} | _EUR),
        (90, "sale.cancelled", {"kind": "upsell", "amount": 12.9} | _EUR),
        (100, "followup.completed", {"outcome": "satisfied"}),
        (110, "followup.completed", {"outcome": "unsatisfied"}),
    ),
    *call("says nothing", (0, "survey.sent", Q | {"kind": "csat"})),
    *ticket(
        "is asked",
        (0, "opened", MAIL),
        (5, "updated", {"topic": "bill"}),
        (10, "resolved", {}),
        (20, "survey.sent", {"kind": "csat"}),
        (30, "survey.answered", answer("csat", 4, 1, 5)),
        (40, "sale.closed", {"kind": "upsell"}),
        (50, "followup.completed", {"outcome": "not_reached"}),
    ),
    told(8 * _DAY, "source.heartbeat"),
]
