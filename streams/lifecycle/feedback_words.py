"""Layer 2: what a fact keeps of a survey, a sale or a follow-up, in one text, and back again.

In: an event. Out: the `detail` of its fact, and what a lifecycle reads in it. The text is stored
with the facts, and decides which of two contents of one id counts: its form is never changed.
Cost: a microsecond.
"""

from typing import Any, NamedTuple

from streams.contract import events as wire
from streams.lifecycle.thousandths import in_thousandths


class Answer(NamedTuple):
    """An answer to a survey; score and scale in thousandths. `survey`: which one, "" unnamed."""

    kind: str
    score: int
    least: int
    greatest: int
    higher_is_better: bool
    version: str
    survey: str

    @property
    def is_satisfied(self) -> bool:
        """Whether the score lies in the better quarter of its scale."""
        short = self.greatest - self.score if self.higher_is_better else self.score - self.least
        return 4 * short <= self.greatest - self.least

    def reaches(self, score: int) -> bool:
        """Whether it is as good as this score (thousandths), or better."""
        return self.score >= score if self.higher_is_better else self.score <= score

    def is_on(self, least: int, greatest: int) -> bool:
        """Whether it is a whole score on the scale between these whole scores."""
        scale = 1_000 * least, 1_000 * greatest
        return (self.least, self.greatest) == scale and self.score % 1_000 == 0


class Sale(NamedTuple):
    """A sale; its amount in thousandths of the currency's unit, None without one."""

    kind: str
    currency: str
    amount: int | None


#: Between a kind and what is said of it: no other fact's text has a NUL.
_SENT, _ANSWER, _SALE = "\0s", "\0a", "\0m"

#: Structs of the events whose facts this module reads.
STRUCTS = (
    wire.SurveySent,
    wire.SurveyAnswered,
    wire.FollowupCompleted,
    wire.SaleClosed,
    wire.SaleCancelled,
)


def detail_of(event: Any) -> str:
    """What the fact of an event of `STRUCTS` keeps beyond queue and agent."""
    if isinstance(event, wire.FollowupCompleted):
        return event.outcome
    if isinstance(event, wire.SaleClosed):
        amount = "" if event.amount is None else in_thousandths(event.amount)
        return f"{event.kind}{_SALE}{event.currency or ''} {amount}"
    survey = event.survey_id or ""
    if isinstance(event, wire.SurveySent):
        return f"{event.kind}{_SENT}{survey}"
    score, least, greatest = map(in_thousandths, (event.score, event.scale_min, event.scale_max))
    better, version = int(event.higher_is_better), event.version
    # The last two are free text: how long the first is says where the second begins.
    return (
        f"{event.kind}{_ANSWER}{score} {least} {greatest} {better} {len(version)} {version}{survey}"
    )


def read_sent(detail: str) -> tuple[str, str]:
    """Kind and name ("" without one) of a survey that was sent."""
    kind, _, survey = detail.partition(_SENT)
    return kind, survey


def read_answer(detail: str) -> Answer:
    """An answer, of its fact's `detail`."""
    kind, _, said = detail.partition(_ANSWER)
    score, least, greatest, better, length, text = said.split(" ", 5)
    version, survey = text[: int(length)], text[int(length) :]
    return Answer(kind, int(score), int(least), int(greatest), better == "1", version, survey)


def read_sale(detail: str) -> Sale:
    """A sale, of its fact's `detail`."""
    kind, _, said = detail.partition(_SALE)
    currency, amount = said.split(" ")
    return Sale(kind, currency, int(amount) if amount else None)


def content_of(detail: str) -> tuple[str, tuple[Any, ...]]:
    """Of any fact's `detail`: what it is compared by first, and what by last."""
    kind, mark, _ = detail.partition("\0")
    if not mark:
        return detail, ()
    form = detail[len(kind) : len(kind) + 2]
    if form == _SENT:
        return kind, (read_sent(detail)[1],)
    if form == _SALE:
        sale = read_sale(detail)
        return kind, (sale.currency, -1 if sale.amount is None else sale.amount)
    _, score, least, greatest, better, version, survey = read_answer(detail)
    return kind, (survey, version, least, greatest, better, score)
