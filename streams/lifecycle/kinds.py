"""What a legal event in an unexpected state is called, and what became of it.

Three sorts: it took effect otherwise than it says; an age gave something up; it did nothing. The
last are what an adapter mostly does wrong, and what an operator has to hear of.
"""

from typing import Final

from streams.contract.words import AnomalySort

OTHERWISE: Final = "took_effect_otherwise"
BY_AGE: Final = "given_up_by_age"
NOTHING: Final = "did_nothing"

#: Kind to its sort and what it means.
KINDS: Final[dict[str, tuple[AnomalySort, str]]] = {
    "clamped": (
        OTHERWISE,
        "out of order within grace: took effect with what it belongs to",
    ),
    "arrival_too_old": (OTHERWISE, "an arrival too long before the entry to be read"),
    "revision": (OTHERWISE, "an id said again with a higher revision, which counts"),
    "unknown_reason": (OTHERWISE, "a reason that is no word of the contract's, read as `other`"),
    "wrapup_capped": (OTHERWISE, "a wrap-up beyond its cap, of which the cap is booked"),
    "lap": (OTHERWISE, "left a queue and came back at once: one visit, one wait"),
    "goes_on": (OTHERWISE, "an answer after a transfer without an entry: the same visit"),
    "transferred_elsewhere": (
        OTHERWISE,
        "an entry into another queue than the transfer before it said",
    ),
    "recovered": (OTHERWISE, "told of a visit that an age had closed, and counted beside that"),
    "answered_unmeasured": (OTHERWISE, "an answer without an entry: counts, but its wait does not"),
    "abandoned_unmeasured": (
        OTHERWISE,
        "an abandonment without an entry: counts, but its wait does not",
    ),
    "customer_late": (
        OTHERWISE,
        "told of a customer when the time was final already: dated when it was not yet, or not",
    ),
    "customers_full": (
        OTHERWISE,
        "a customer beyond `max_customers`: counts, and is not remembered",
    ),
    "orphaned": (BY_AGE, "a wait whose end was never told"),
    "silent": (BY_AGE, "a chat whose customer wrote nothing for too long"),
    "wrapups_unreported": (BY_AGE, "a wrap-up that was awaited and never told: none is booked"),
    "handling_expired": (BY_AGE, "a conversation whose end was never told"),
    "work_dropped": (BY_AGE, "work on a ticket beyond 12 h, or of a ninth agent: none is booked"),
    "callback_expired": (BY_AGE, "a promised call back of which nothing was told for days"),
    "survey_forgotten": (BY_AGE, "a survey of a contact that has more than 16: its oldest"),
    "customer_trimmed": (BY_AGE, "a customer's oldest coming, of more than are remembered"),
    "agent_unknown": (BY_AGE, "an agent of whom no system says anything any more"),
    "customer_changed": (NOTHING, "another customer of a contact or ticket that has one"),
    "source_dropped": (NOTHING, "a fifth system of one agent: what the oldest said falls"),
    "conflict": (NOTHING, "an id said again with another content: the least content counts"),
    "abandoned_without_visit": (NOTHING, "an abandonment of a visit that is over"),
    "ended_without_visit": (NOTHING, "the end of no conversation"),
    "transferred_without_visit": (NOTHING, "a transfer out of no conversation"),
    "flowed_out_without_visit": (NOTHING, "a flow-out of nobody who waits"),
    "flowed_out_while_connected": (NOTHING, "a flow-out of somebody who is talking"),
    "offered_without_visit": (NOTHING, "an offer of nobody who waits"),
    "hold_started_without_visit": (NOTHING, "a hold of no conversation"),
    "hold_ended_without_visit": (NOTHING, "the end of a hold that never began"),
    "wrapup_without_visit": (NOTHING, "a wrap-up of no conversation that waits for one"),
    "other_queue": (NOTHING, "of a visit in another queue than the one that is open"),
    "said_again": (NOTHING, "what is known already, told once more"),
    "answered_again": (NOTHING, "the answer of a conversation, told once more"),
    "former_agent": (NOTHING, "an end of the agent before, in a conversation that goes on"),
    "status_after_resolution": (NOTHING, "a status within grace after the resolution, part of it"),
    "work_ended_without_start": (NOTHING, "the end of work on a ticket that never began"),
    "callback_asked_again": (NOTHING, "a call back that is owed already, asked for once more"),
    "callback_ended": (NOTHING, "an attempt of a call back that is over: counted as one, no more"),
    "callback_unknown": (NOTHING, "an attempt of a call back nobody asked for: counted as one"),
    "survey_sent_again": (NOTHING, "a survey that is out already, or was answered, sent once more"),
    "ticket_unknown": (NOTHING, "a ticket that was never opened, or is forgotten"),
    "sla_without_clock": (NOTHING, "a due time of what nobody asks for now"),
    "ticket_opened_again": (NOTHING, "a second opening"),
    "ticket_not_resolved": (NOTHING, "a reopening of a ticket that is open"),
    "ticket_resolved": (NOTHING, "said of a ticket that is resolved, and means nothing there"),
    "ticket_closed": (NOTHING, "said of a ticket that is closed, and means nothing there"),
}
