"""The parts of `Figures` that speak of the customers: surveys, sales, follow-ups, who comes again.

In: nothing. Out: the structs that `figures.py` puts together, and the rows of figures by topic. All
of them are slow: null in windows shorter than a day, where they say nothing. Every field says what
it means. Invariant: counts and sums add up over intervals and queues, and so do those of rows with
the same value; ratios and means do not. Without answers a ratio is null: neither 0 % nor 100 %.
"""

from typing import Annotated, Final

import msgspec

from streams.contract.fields import (
    ByWord,
    Count,
    Number,
    Part,
    RatioByWord,
    count,
    counts,
    frame,
    mean,
    mean_score,
    money,
    points,
    ratio,
    ratios,
    rows,
    scores,
    setting,
    sorted_by_name,
    total,
)
from streams.contract.words import FOLLOWUP_OUTCOMES, SALE_KINDS, SURVEY_KINDS

_POINTS: Final = msgspec.Meta(ge=-100, le=100)
#: A point of a scale, or a sum of such: scales may begin below nothing.
Points = float


@sorted_by_name
class Instrument(Part, frozen=True):
    """The answers to one instrument of customer effort; those of others are never mixed in."""

    survey_version: Annotated[
        str, frame("The instrument: the `version` of its answers; `_other`: beyond eight.")
    ]
    scale_min: Annotated[Points | None, setting("The least score; null for `_other`.", "points")]
    scale_max: Annotated[Points | None, setting("The greatest score; null for `_other`.", "points")]
    higher_is_better: Annotated[
        bool | None, setting("Whether a higher score is better; null for `_other`.")
    ]
    n: Annotated[Count, count("Answers.")]
    score_sum: Annotated[Points | None, scores("Sum of their scores; null for `_other`.")]
    mean: Annotated[Points | None, mean_score("score_sum / n; null for `_other`.")]


@sorted_by_name
class SurveyFigures(Part, frozen=True):
    """What customers answered, and how many did."""

    sent: Annotated[ByWord, counts("Surveys sent, by kind.", SURVEY_KINDS, "Sent of `{}`.")]
    answered: Annotated[
        ByWord,
        counts("Surveys answered, by kind; each once.", SURVEY_KINDS, "Answered of `{}`."),
    ]
    answered_again: Annotated[
        ByWord,
        counts(
            "Further answers to a survey that has one, by kind; they replace nothing.",
            SURVEY_KINDS,
            "Further answers of `{}`.",
        ),
    ]
    unsolicited: Annotated[
        ByWord,
        counts(
            "Of those answered, the ones of which no sending is known, by kind.",
            SURVEY_KINDS,
            "Of `{}`, answered and not known to be sent.",
        ),
    ]
    off_scale: Annotated[
        ByWord,
        counts(
            "Of those answered, the ones on a scale that the kind does not have: in no score.",
            SURVEY_KINDS,
            "Of `{}`, answered on another scale.",
        ),
    ]
    response_decided: Annotated[
        ByWord,
        counts(
            "Surveys sent of which it is known whether they were answered within 7 days, by kind.",
            SURVEY_KINDS,
            "Decided of `{}`.",
        ),
    ]
    responded: Annotated[
        ByWord,
        counts(
            "Of those, the ones answered within 7 days, by kind.",
            SURVEY_KINDS,
            "Answered within 7 days of `{}`.",
        ),
    ]
    response_ratio: Annotated[
        RatioByWord,
        ratios(
            "responded / response_decided, 0-1, by kind.", SURVEY_KINDS, "Response ratio of `{}`."
        ),
    ]
    csat_satisfied: Annotated[
        Count, count("Of the answers to `csat`, those in the upper quarter of their scale.")
    ]
    csat_ratio: Annotated[Number | None, ratio("csat_satisfied / answered of `csat`, 0-1.")]
    nps_promoters: Annotated[Count, count("Answers to `nps` of 9 and 10.")]
    nps_passives: Annotated[Count, count("Answers to `nps` of 7 and 8.")]
    nps_detractors: Annotated[Count, count("Answers to `nps` of 0 to 6.")]
    nps: Annotated[
        Annotated[float, _POINTS] | None,
        points("100 x (promoters - detractors) / (promoters + passives + detractors)."),
    ]
    resolved_yes: Annotated[Count, count("Of the answers to `resolved`, those that say yes.")]
    resolved_ratio: Annotated[
        Number | None, ratio("resolved_yes / answered of `resolved` on the scale 0-1.")
    ]
    ces: Annotated[list[Instrument], rows("The answers to `ces`, by instrument.")]


@sorted_by_name
class Amount(Part, frozen=True):
    """What was sold for money of one currency."""

    currency: Annotated[str, frame("ISO 4217; `_other`: currencies beyond eight.")]
    n: Annotated[Count, count("Sales with an amount in it.")]
    closed: Annotated[Number | None, money("Sum of the sales' amounts; null for `_other`.")]
    cancelled_n: Annotated[Count, count("Sales undone with an amount in it.")]
    cancelled: Annotated[Number | None, money("Sum of those amounts; null for `_other`.")]


@sorted_by_name
class SaleFigures(Part, frozen=True):
    """What was sold beside."""

    closed: Annotated[ByWord, counts("Sales, by kind.", SALE_KINDS, "Sales of `{}`.")]
    cancelled: Annotated[
        ByWord, counts("Sales undone, by kind; in `closed` still.", SALE_KINDS, "Undone of `{}`.")
    ]
    per_handled: Annotated[
        Number | None, ratio("Sales of both kinds / handled, a ratio of two flows.")
    ]
    per_ticket: Annotated[
        Number | None, ratio("Sales of both kinds / tickets_resolved, a ratio of two flows.")
    ]
    amounts: Annotated[list[Amount], rows("What they amount to, by currency.")]


@sorted_by_name
class FollowupFigures(Part, frozen=True):
    """Customers who were asked after the case."""

    completed: Annotated[
        ByWord, counts("Follow-ups, by outcome.", FOLLOWUP_OUTCOMES, "With the outcome `{}`.")
    ]
    satisfied_ratio: Annotated[
        Number | None, ratio("satisfied / (satisfied + unsatisfied), 0-1; of those reached.")
    ]
    per_handled: Annotated[
        Number | None,
        ratio("Follow-ups / (handled + tickets_resolved), a ratio of two flows."),
    ]


@sorted_by_name
class CustomerFigures(Part, frozen=True):
    """Who comes again: of contacts and tickets that say whose they are (`customer_ref`)."""

    contacts_with_ref: Annotated[
        Count, count("Contacts and tickets that came in and say whose they are.")
    ]
    repeat_contacts: Annotated[
        Count,
        count("Of those, the ones within `repeat_days` after a handled one of the same customer."),
    ]
    repeat_ratio: Annotated[Number | None, ratio("repeat_contacts / contacts_with_ref, 0-1.")]
    returning_contacts: Annotated[
        Count, count("Of those, the ones of customers seen in the 30 days before.")
    ]
    returning_ratio: Annotated[Number | None, ratio("returning_contacts / contacts_with_ref, 0-1.")]
    fcr_decided: Annotated[
        Count, count("Handled contacts and resolved tickets, `repeat_days` after their end.")
    ]
    fcr_resolved: Annotated[
        Count, count("Of those, the ones after which the customer did not come again by then.")
    ]
    fcr_ratio: Annotated[
        Number | None, ratio("First-contact resolution: fcr_resolved / fcr_decided, 0-1.")
    ]
    fcr_unknown: Annotated[
        Count, count("Handled contacts and resolved tickets that do not say whose they are.")
    ]
    failed_again: Annotated[
        Count, count("Customers failed for the second time within 7 days, at that failure.")
    ]
    bot_contained_returned: Annotated[
        Count, count("Contacts contained by a bot whose customer reached a person within 24 h.")
    ]


@sorted_by_name
class TopicFigures(Part, frozen=True):
    """What one topic makes of the queue's figures; those of all topics add up to them."""

    topic: Annotated[
        str,
        frame("The topic; `_other`: none of the queue's list; `_none`: none was told."),
    ]
    handled: Annotated[Count, count("Visits whose handling is complete.")]
    unanswered: Annotated[Count, count("Visits abandoned, flowed out or orphaned.")]
    handle_seconds: Annotated[Number, total("Talk, hold and wrap-up")]
    handle_mean_seconds: Annotated[Number | None, mean("handle_seconds / handled")]
    tickets_resolved: Annotated[Count, count("First resolutions.")]
    resolution_seconds: Annotated[Number, total("Sum from opened to first resolution")]
    resolution_mean_seconds: Annotated[Number | None, mean("resolution_seconds / tickets_resolved")]
    csat_answered: Annotated[Count, count("Answers to `csat`.")]
    csat_satisfied: Annotated[Count, count("Of those, the satisfied ones.")]
    csat_ratio: Annotated[Number | None, ratio("csat_satisfied / csat_answered, 0-1.")]
    fcr_decided: Annotated[Count, count("Handled, and it is known whether the customer came back.")]
    fcr_resolved: Annotated[Count, count("Of those, the ones after which he did not.")]
    fcr_ratio: Annotated[Number | None, ratio("fcr_resolved / fcr_decided, 0-1.")]
