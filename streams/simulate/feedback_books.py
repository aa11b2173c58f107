"""What customers of one simulated queue really said and bought.

In: calls from `follow_ups.py` at the instant something happens. Out: counts in the words of the
records. Invariant: as in `truth.py`: nothing here looks at an event or at the engine. Nobody
answers later than within the week, answers twice, or on a scale of his own.
"""

from typing import Any

DECIDED_MS = 7 * 86_400_000
SURVEY_KINDS = ("csat", "nps", "ces", "resolved")
SALE_KINDS = ("upsell", "cross_sell")
OUTCOMES = ("satisfied", "unsatisfied", "not_reached")
#: Of surveys, by kind.
BY_KIND = (
    *("sent", "answered", "answered_again", "unsolicited", "off_scale"),
    *("response_decided", "responded"),
)
SCORES = ("csat_satisfied", "nps_promoters", "nps_passives", "nps_detractors", "resolved_yes")


class FeedbackBooks:
    """Counts of one queue."""

    __slots__ = ("_followups", "_out", "_sales", "_scores", "_surveys")

    def __init__(self) -> None:
        self._surveys = {name: dict.fromkeys(SURVEY_KINDS, 0) for name in BY_KIND}
        self._out: dict[str, tuple[str, int]] = {}
        """Survey that nobody has answered → its kind, and when it went out (ms)."""
        self._scores = dict.fromkeys(SCORES, 0)
        self._sales = {what: dict.fromkeys(SALE_KINDS, 0) for what in ("closed", "cancelled")}
        self._followups = dict.fromkeys(OUTCOMES, 0)

    def asked(self, survey: str, kind: str, at_ms: int) -> None:
        """A survey goes out."""
        self._surveys["sent"][kind] += 1
        self._out[survey] = kind, at_ms

    def answered(self, survey: str, kind: str, score: int, low: int, high: int) -> bool:
        """It comes back within minutes; `score` as if more were better on the scale low to high.

        Returns whether somebody says that he was failed.
        """
        del self._out[survey]
        for name in ("answered", "response_decided", "responded"):
            self._surveys[name][kind] += 1
        failed = False
        if kind == "csat":
            failed = score < high - (high - low) / 4
            self._scores["csat_satisfied"] += not failed
        elif kind == "nps":
            failed = score < 7
            group = "promoters" if score > 8 else "passives" if score > 6 else "detractors"
            self._scores[f"nps_{group}"] += 1
        elif kind == "resolved":
            self._scores["resolved_yes"] += score
        return failed

    def sold(self, what: str, kind: str) -> None:
        """A sale is `closed` or `cancelled`."""
        self._sales[what][kind] += 1

    def followed_up(self, outcome: str) -> None:
        """A customer was asked after the case."""
        self._followups[outcome] += 1

    def as_json(self, at_ms: int) -> dict[str, Any]:
        """The parts `surveys`, `sales` and `followups` of a record, as far as they are counts.

        Who has not answered a week before `at_ms` does not.
        """
        surveys = {name: dict(counts) for name, counts in self._surveys.items()}
        for kind, asked_ms in self._out.values():
            surveys["response_decided"][kind] += asked_ms + DECIDED_MS < at_ms
        return {
            "surveys": surveys | self._scores,
            "sales": {what: dict(counts) for what, counts in self._sales.items()},
            "followups": {"completed": dict(self._followups)},
        }
