"""The oracle's memory of what is said about a contact or ticket: surveys, sales, whose it is, what
about.

In: every event of one contact or ticket, at its effective instant. Out: rows in a `Result`. A
survey is (kind, survey_id), one without an id where none is told. Its sending and its answer are
remembered for seven days each; what is remembered of it has nothing to do with visits.
"""

import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.oracle.agent_figures import NOBODY
from tests.oracle.customers import Failure

FEEDBACK = (
    *("survey.sent", "survey.answered", "followup.completed"),
    *("sale.closed", "sale.cancelled"),
)
DAYS_7_MS = 7 * 86_400_000
MOST_SURVEYS = 16


def thousandths(number: float | str) -> int:
    """A score or an amount in thousandths, half to even from its decimal text."""
    return int((Decimal(str(number)) * 1000).quantize(Decimal(1), ROUND_HALF_EVEN))


def clean(topic: str | None) -> str:
    """The topic that is told; empty: none."""
    return unicodedata.normalize("NFC", topic or "").strip()


def customer_of(event: dict) -> str | None:
    """Whose contact the event says it is."""
    ref = event.get("customer_ref")
    return None if ref is None else ref.lower()


def instrument(event: dict) -> str:
    """Whose answers may be added up: one questionnaire on one scale."""
    least, greatest = thousandths(event["scale_min"]), thousandths(event["scale_max"])
    return f"{least} {greatest} {int(event['higher_is_better'])} {event['version']}"


def words_of(event: dict) -> tuple:
    """What a survey or sale says besides, in the order that decides between repeats."""
    kind = event["type"]
    if kind == "survey.sent":
        return (event.get("survey_id") or "",)
    if kind == "survey.answered":
        scores = [thousandths(event[name]) for name in ("scale_min", "scale_max", "score")]
        better = event["higher_is_better"]
        return (event.get("survey_id") or "", event["version"], *scores[:2], better, scores[2])
    if kind in ("sale.closed", "sale.cancelled"):
        amount = event.get("amount")
        return (event.get("currency") or "", -1 if amount is None else thousandths(amount))
    return ()


@dataclass
class Survey:
    """One survey of a contact, as long as anything of it is remembered."""

    name: tuple[str, str | None]
    #: At, queue, agent; None: not sent, or decided.
    sent: tuple[int, str, str | None] | None = None
    answered_at: int | None = None
    solicited: bool = False  # its answer was to a sending


@dataclass
class Told:
    """What the events of one contact or ticket have told, and not of its visits."""

    tenant: str
    channel: str
    contact_id: str
    oracle: Any
    result: Any

    def __post_init__(self) -> None:
        self.surveys: list[Survey] = []
        self.topic = ""
        self.customer: str | None = None

    def hear(self, event: dict, known: bool) -> None:
        """What it is about and whose it is, from here on.

        `known`: something else of the contact is remembered; if nothing is, all begins anew.
        """
        if not known and not self.surveys:
            self.topic, self.customer = "", None
        self.topic = clean(event.get("topic")) or self.topic
        customer = customer_of(event)
        if self.customer is None:
            self.customer = customer
        elif customer not in (None, self.customer):
            self.anomaly("customer_changed")

    # -- writing down ----------------------------------------------------------------------------

    def anomaly(self, kind: str) -> None:
        self.result.anomalies[kind] += 1

    def count(self, at: int, queue: str, name: str, amount: int = 1) -> None:
        self.result.contributions.append((at, self.tenant, queue, self.channel, name, amount))
        self.result.used.add((self.tenant, queue, self.channel))

    def count_topic(self, at: int, queue: str, name: str, amount: int = 1) -> None:
        """The same once more under the present topic."""
        scope = (self.tenant, queue, self.channel)
        self.result.count_topic(at, scope, self.topic, name, amount)

    def split(self, at: int, queue: str, by: str, value: str, name: str, amount: int) -> None:
        self.result.splits.append(
            (at, self.tenant, queue, self.channel, by, value, name, amount),
        )

    def fail(self, at: int, queue: str) -> Failure | None:
        """The customer was failed, if it is known who that is."""
        if self.customer is None:
            return None
        failure = Failure((self.tenant, self.customer), at, (self.channel, self.contact_id), queue)
        self.result.failures.append(failure)
        return failure

    def reached(self, at: int, queue: str) -> None:
        """The customer was answered by a person."""
        if self.customer is not None:
            owner = (self.tenant, self.customer)
            self.result.answers.append((owner, at, self.channel, self.contact_id, queue))

    def contained(self, at: int) -> None:
        """A bot says that the customer needs no person."""
        if self.customer is not None:
            self.result.contained.append(((self.tenant, self.customer), at))

    # -- surveys, sales, follow-ups --------------------------------------------------------------

    def tell(self, event: dict, at: int, place: str | None, served: str | None) -> None:
        """The event took effect; `place` is the queue where the contact is, or was last.

        `served`: the agent of its last leg; a ticket has none.
        """
        kind, queue = event["type"], event.get("queue") or place or "_none"
        if kind == "followup.completed":
            self.count(at, queue, f"followups.{event['outcome']}")
        elif event.get("direction") == "outbound":
            pass
        elif kind == "survey.sent":
            self._sent(event, at, queue)
        elif kind == "survey.answered":
            self._answered(event, at, queue, served)
        else:
            self._sale(event, at, queue)

    def _survey(self, event: dict) -> Survey:
        name = (event["kind"], event.get("survey_id"))
        for one in self.surveys:
            if one.name == name:
                return one
        self.surveys.append(Survey(name))
        if len(self.surveys) > MOST_SURVEYS:
            del self.surveys[0]
            self.anomaly("survey_forgotten")
        return self.surveys[-1]

    def _sent(self, event: dict, at: int, queue: str) -> None:
        one = self._survey(event)
        if one.sent is not None or one.solicited:
            self.anomaly("survey_sent_again")
            return
        one.sent = (at, queue, event.get("agent_id"))
        self.count(at, queue, f"surveys.sent.{event['kind']}")

    def _answered(self, event: dict, at: int, queue: str, served: str | None) -> None:
        one, kind = self._survey(event), event["kind"]
        if one.answered_at is not None:
            self.count(at, queue, f"surveys.answered_again.{kind}")
            return
        self.count(at, queue, f"surveys.answered.{kind}")
        one.answered_at, one.solicited = at, one.sent is not None
        asked_for = None if one.sent is None else one.sent[2]
        agent = event.get("agent_id") or asked_for or served
        if one.sent is None:
            self.count(at, queue, f"surveys.unsolicited.{kind}")
        else:
            self.count(at, one.sent[1], f"surveys.response_decided.{kind}")
            self.count(at, one.sent[1], f"surveys.responded.{kind}")
            one.sent = None
        self._score(event, at, queue, agent)

    def _score(self, event: dict, at: int, queue: str, agent: str | None) -> None:
        kind, better = event["kind"], event["higher_is_better"]
        score = thousandths(event["score"])
        least, greatest = thousandths(event["scale_min"]), thousandths(event["scale_max"])
        if kind == "csat":
            rules = self.oracle.settings(self.tenant, queue, self.channel, at)
            wanted = rules["satisfied_from"]
            if wanted is not None:
                satisfied = score >= wanted if better else score <= wanted
            elif better:
                satisfied = 4 * (greatest - score) <= greatest - least
            else:
                satisfied = 4 * (score - least) <= greatest - least
            self.count_topic(at, queue, "csat_answered")
            whose = (self.tenant, agent or NOBODY)
            self.result.agent_rows.append((at, *whose, "surveys.answered", 1))
            self.result.agent_rows.append((at, *whose, "surveys.satisfied", int(satisfied)))
            if satisfied:
                self.count(at, queue, "surveys.csat_satisfied")
                self.count_topic(at, queue, "csat_satisfied")
            else:
                self.fail(at, queue)
        elif kind == "nps":
            if (least, greatest, better) != (0, 10_000, True) or score % 1000:
                self.count(at, queue, "surveys.off_scale.nps")
            elif score >= 9_000:
                self.count(at, queue, "surveys.nps_promoters")
            elif score >= 7_000:
                self.count(at, queue, "surveys.nps_passives")
            else:
                self.count(at, queue, "surveys.nps_detractors")
                self.fail(at, queue)
        elif kind == "resolved":
            if (least, greatest) != (0, 1_000) or score not in (0, 1_000):
                self.count(at, queue, "surveys.off_scale.resolved")
            elif score == (1_000 if better else 0):
                self.count(at, queue, "surveys.resolved_yes")
        else:
            which = instrument(event)
            self.split(at, queue, "instrument", which, "n", 1)
            self.split(at, queue, "instrument", which, "score", score)

    def _sale(self, event: dict, at: int, queue: str) -> None:
        how = event["type"].removeprefix("sale.")
        self.count(at, queue, f"sales.{how}.{event['kind']}")
        if event.get("amount") is not None:
            currency, amount = event["currency"], thousandths(event["amount"])
            self.split(at, queue, "currency", currency, f"{how}_n", 1)
            self.split(at, queue, "currency", currency, how, amount)

    # -- time ------------------------------------------------------------------------------------

    def fire_before(self, limit: int) -> None:
        """All seven days that were over before `limit` are over, each at its own time."""
        for one in self.surveys:
            if one.sent is not None and one.sent[0] + DAYS_7_MS < limit:
                self.count(
                    one.sent[0] + DAYS_7_MS, one.sent[1], f"surveys.response_decided.{one.name[0]}"
                )
                one.sent = None
            if one.answered_at is not None and one.answered_at + DAYS_7_MS < limit:
                one.answered_at, one.solicited = None, False
        self.surveys = [
            one for one in self.surveys if one.sent is not None or one.answered_at is not None
        ]
