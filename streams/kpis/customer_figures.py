"""Layer 4: surveys, sales, follow-ups, customers, and figures by topic, from a window's sums.

In: `View`, the integer sums of a window, and the names of the values that some of them are told
apart by (`lifecycle/splits.py`). Out: the structs of `contract/customer_figures.py`. Definitions:
`DEFINITIONS.md` beside this file.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from streams.contract.customer_figures import (
    Amount,
    CustomerFigures,
    FollowupFigures,
    Instrument,
    SaleFigures,
    SurveyFigures,
    TopicFigures,
)
from streams.contract.words import MOST_VALUES, NONE, OTHER, SURVEY_KINDS, SplitBy
from streams.kpis.quantiles import has_any
from streams.kpis.rounding import (
    mean_seconds,
    mean_thousandths,
    points,
    ratio,
    seconds,
    thousandths,
)
from streams.lifecycle import counters as c
from streams.lifecycle import splits
from streams.windows.views import View

#: By the first number of its block: by what a value tells apart, and the value.
Names = Mapping[int, tuple[SplitBy, str]]
NO_NAMES: Names = MappingProxyType({})


def survey_figures(view: View, names: Names, numbers: Sequence[int]) -> SurveyFigures:
    """What customers answered."""
    # What an instrument measured is an answer, and counted as one.
    some = has_any(numbers, c.SURVEYS_SENT[SURVEY_KINDS[0]], c.SURVEY_YES)
    return _surveys(view, names) if some else _NO_SURVEYS


def _surveys(view: View, names: Names) -> SurveyFigures:
    count = view.count

    def each(numbers: Mapping[str, int]) -> dict[str, int]:
        return {kind: count(number) for kind, number in numbers.items()}

    answered, off_scale = each(c.SURVEYS_ANSWERED), each(c.SURVEYS_OFF_SCALE)
    decided, responded = each(c.SURVEYS_DECIDED), each(c.SURVEYS_RESPONDED)
    promoters, detractors = count(c.NPS_PROMOTERS), count(c.NPS_DETRACTORS)
    satisfied, yes = count(c.CSAT_SATISFIED), count(c.SURVEY_YES)
    return SurveyFigures(
        sent=each(c.SURVEYS_SENT),
        answered=answered,
        answered_again=each(c.SURVEYS_AGAIN),
        unsolicited=each(c.SURVEYS_UNSOLICITED),
        off_scale=off_scale,
        response_decided=decided,
        responded=responded,
        response_ratio={kind: ratio(responded[kind], decided[kind]) for kind in SURVEY_KINDS},
        csat_satisfied=satisfied,
        csat_ratio=ratio(satisfied, answered["csat"]),
        nps_promoters=promoters,
        nps_passives=count(c.NPS_PASSIVES),
        nps_detractors=detractors,
        nps=points(promoters, detractors, promoters + count(c.NPS_PASSIVES) + detractors),
        resolved_yes=yes,
        resolved_ratio=ratio(yes, answered["resolved"] - off_scale["resolved"]),
        ces=[_instrument(value, each) for value, each in _values(view, names, "instrument")],
    )


def _instrument(value: str, numbers: Sequence[int]) -> Instrument:
    n, score = numbers[splits.INSTRUMENT_ANSWERS], numbers[splits.INSTRUMENT_SCORE]
    if value == OTHER:  # scores of different scales have no sum
        return Instrument(
            survey_version=OTHER,
            scale_min=None,
            scale_max=None,
            higher_is_better=None,
            n=n,
            score_sum=None,
            mean=None,
        )
    version, least, greatest, higher_is_better = splits.read_instrument(value)
    return Instrument(
        survey_version=version,
        scale_min=thousandths(least),
        scale_max=thousandths(greatest),
        higher_is_better=higher_is_better,
        n=n,
        score_sum=thousandths(score),
        mean=mean_thousandths(score, n),
    )


def sale_figures(view: View, names: Names) -> SaleFigures:
    """What was sold beside."""
    closed = {kind: view.count(number) for kind, number in c.SALES.items()}
    sales = sum(closed.values())
    return SaleFigures(
        closed=closed,
        cancelled={kind: view.count(number) for kind, number in c.SALES_CANCELLED.items()},
        per_handled=ratio(sales, view.count(c.HANDLED)),
        per_ticket=ratio(sales, view.count(c.TICKETS_RESOLVED)),
        amounts=[_amount(value, numbers) for value, numbers in _values(view, names, "currency")],
    )


def _amount(currency: str, numbers: Sequence[int]) -> Amount:
    closed, undone = numbers[splits.CURRENCY_AMOUNT], numbers[splits.CURRENCY_UNDONE_AMOUNT]
    is_one = currency != OTHER  # amounts of different currencies have no sum
    return Amount(
        currency=currency,
        n=numbers[splits.CURRENCY_SALES],
        closed=thousandths(closed) if is_one else None,
        cancelled_n=numbers[splits.CURRENCY_UNDONE],
        cancelled=thousandths(undone) if is_one else None,
    )


def followup_figures(view: View) -> FollowupFigures:
    """Customers who were asked after the case."""
    completed = {outcome: view.count(number) for outcome, number in c.FOLLOWUPS.items()}
    satisfied = completed["satisfied"]
    cases = view.count(c.HANDLED) + view.count(c.TICKETS_RESOLVED)
    return FollowupFigures(
        completed=completed,
        satisfied_ratio=ratio(satisfied, satisfied + completed["unsatisfied"]),
        per_handled=ratio(sum(completed.values()), cases),
    )


def customer_figures(view: View) -> CustomerFigures:
    """Who comes again."""
    count = view.count
    told, decided = count(c.CONTACTS_WITH_REF), count(c.FCR_DECIDED)
    return CustomerFigures(
        contacts_with_ref=told,
        repeat_contacts=count(c.REPEAT_CONTACTS),
        repeat_ratio=ratio(count(c.REPEAT_CONTACTS), told),
        returning_contacts=count(c.RETURNING_CONTACTS),
        returning_ratio=ratio(count(c.RETURNING_CONTACTS), told),
        fcr_decided=decided,
        fcr_resolved=count(c.FCR_RESOLVED),
        fcr_ratio=ratio(count(c.FCR_RESOLVED), decided),
        fcr_unknown=count(c.FCR_UNKNOWN),
        failed_again=count(c.FAILED_AGAIN),
        bot_contained_returned=count(c.BOT_CONTAINED_RETURNED),
    )


def topic_figures(view: View, names: Names) -> list[TopicFigures]:
    """Some figures by topic: those that anything was counted of."""
    return [_topic(value, numbers) for value, numbers in _values(view, names, "topic")]


def _topic(topic: str, numbers: Sequence[int]) -> TopicFigures:
    handled, handle_ms = numbers[splits.TOPIC_HANDLED], numbers[splits.TOPIC_HANDLE_TIME]
    resolved, lasted = numbers[splits.TOPIC_RESOLVED], numbers[splits.TOPIC_RESOLUTION_TIME]
    answered = numbers[splits.TOPIC_CSAT_ANSWERED]
    satisfied = numbers[splits.TOPIC_CSAT_SATISFIED]
    decided, first = numbers[splits.TOPIC_FCR_DECIDED], numbers[splits.TOPIC_FCR_RESOLVED]
    return TopicFigures(
        topic=topic,
        handled=handled,
        unanswered=numbers[splits.TOPIC_UNANSWERED],
        handle_seconds=seconds(handle_ms),
        handle_mean_seconds=mean_seconds(handle_ms, handled),
        tickets_resolved=resolved,
        resolution_seconds=seconds(lasted),
        resolution_mean_seconds=mean_seconds(lasted, resolved),
        csat_answered=answered,
        csat_satisfied=satisfied,
        csat_ratio=ratio(satisfied, answered),
        fcr_decided=decided,
        fcr_resolved=first,
        fcr_ratio=ratio(first, decided),
    )


#: How many places of a block are in use, by what it tells apart.
_PLACES = {"topic": 9, "instrument": 2, "currency": 4}


def _values(view: View, names: Names, by: SplitBy) -> Iterator[tuple[str, list[int]]]:
    """The values that anything was counted of, in their order, each with its numbers.

    At most as many as are told apart; `_other`, which the rest goes into, and `_none` come last.
    """
    found: dict[str, list[int]] = {}
    for first, (how, value) in names.items():
        if how == by:
            numbers = [view.count(first + place) for place in range(_PLACES[by])]
            if any(numbers):
                found[value] = numbers
    last = [found.pop(value, None) for value in (OTHER, NONE)]
    kept = sorted(found)[: MOST_VALUES[by]]
    over = [found[value] for value in found if value not in kept]
    if last[0] is not None:
        over.append(last[0])
    yield from ((value, found[value]) for value in kept)
    if over:
        yield OTHER, [sum(numbers) for numbers in zip(*over, strict=True)]
    if last[1] is not None:
        yield NONE, last[1]


_NO_SURVEYS = _surveys(View({}, {}, 0), NO_NAMES)
