"""The metrics of surveys, sales, follow-ups and customers: their counts alone (layer 5).

In: nothing. Out: `FEEDBACK_METRICS`, a part of the catalogue. No series is told apart by a topic,
an instrument or a currency. Invariant: as in `catalogue.py`, but a queue has these only once any of
them was booked of it since the process started: most queues never have one.
"""

from dataclasses import replace
from typing import Final

from streams.lifecycle import counters as c
from streams.metrics.metric import MetricDef, counted

_COUNTED: Final = (
    counted("surveys_sent_total", "Surveys sent.", c.SURVEYS_SENT, label="kind"),
    counted(
        "surveys_answered_total",
        "Surveys answered, each once.",
        c.SURVEYS_ANSWERED,
        label="kind",
    ),
    counted(
        "surveys_decided_total",
        "Surveys sent of which it is known whether they were answered within 7 days.",
        c.SURVEYS_DECIDED,
        label="kind",
    ),
    counted(
        "surveys_responded_total",
        "Of those decided, the ones answered within 7 days.",
        c.SURVEYS_RESPONDED,
        label="kind",
    ),
    counted(
        "surveys_satisfied_total",
        "Of the answers of kind csat, the satisfied ones.",
        c.CSAT_SATISFIED,
    ),
    counted(
        "surveys_nps_total",
        "Answers of kind nps: 9 and 10 promoters, 7 and 8 passives, 0 to 6 detractors.",
        {
            "promoters": c.NPS_PROMOTERS,
            "passives": c.NPS_PASSIVES,
            "detractors": c.NPS_DETRACTORS,
        },
        label="group",
    ),
    counted(
        "surveys_yes_total", "Of the answers of kind resolved, those that say yes.", c.SURVEY_YES
    ),
    counted("sales_closed_total", "Sales.", c.SALES, label="kind"),
    counted(
        "sales_cancelled_total",
        "Sales undone; they stay among those closed.",
        c.SALES_CANCELLED,
        label="kind",
    ),
    counted(
        "followups_completed_total",
        "Customers who were asked after the case.",
        c.FOLLOWUPS,
        label="outcome",
    ),
    counted(
        "customers_contacts_total",
        "Contacts and tickets that came in and say whose they are.",
        c.CONTACTS_WITH_REF,
    ),
    counted(
        "customers_repeat_contacts_total",
        "Of those, the ones within repeat_days after a handled one of the same customer.",
        c.REPEAT_CONTACTS,
    ),
    counted(
        "customers_returning_contacts_total",
        "Of those that say whose they are, the ones of customers seen in the 30 days before.",
        c.RETURNING_CONTACTS,
    ),
    counted(
        "customers_fcr_decided_total",
        "Handled contacts and resolved tickets, repeat_days after their end.",
        c.FCR_DECIDED,
    ),
    counted(
        "customers_fcr_resolved_total",
        "Of those decided, the ones after which the customer did not come again by then.",
        c.FCR_RESOLVED,
    ),
    counted(
        "customers_unknown_total",
        "Handled contacts and resolved tickets that do not say whose they are.",
        c.FCR_UNKNOWN,
    ),
    counted(
        "customers_failed_again_total",
        "Customers failed for the second time within 7 days, at that failure.",
        c.FAILED_AGAIN,
    ),
    counted(
        "customers_bot_returned_total",
        "Contacts contained by a bot whose customer reached a person within 24 h.",
        c.BOT_CONTAINED_RETURNED,
    ),
)

FEEDBACK_METRICS: Final[tuple[MetricDef, ...]] = tuple(
    replace(metric, sparse=True) for metric in _COUNTED
)
#: What of a queue makes it have them; not who says nothing of his customer, as most do.
FEEDBACK_NUMBERS: Final = frozenset(
    number for metric in FEEDBACK_METRICS for number in metric.booked.values()
) - {c.FCR_UNKNOWN}
