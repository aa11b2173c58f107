"""Layer 1: what each kind of event, and each of its fields, is for.

In: nothing. Out: `purpose_of`, a sentence and the figures that it moves; `schemas/PURPOSES.md` is
made from it. A figure is a field of `Figures` by its path, or of the live part as `live.…`. What
moves none says why it is asked for. Invariant: no kind and no field is without a purpose, and a
test moves each figure named here by leaving out the events, or by another value of the field.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.contract.words import SLA_METRICS


class Purpose(NamedTuple):
    """What somebody sends it for, and the figures that another value of it changes."""

    says: str
    figures: tuple[str, ...] = ()


class Kind(NamedTuple):
    """A kind of event, and the fields that it alone has, or that mean something else in it."""

    purpose: Purpose
    fields: Mapping[str, Purpose] = MappingProxyType({})


def _of(says: str, figures: str = "") -> Purpose:
    return Purpose(says, tuple(figures.split()))


#: Fields that every event has.
EVERY_EVENT: Final[dict[str, Purpose]] = {
    "type": _of("Which kind of event it is."),
    "event_id": _of("A repeat, of one source and id, counts once.", "offers"),
    "occurred_at": _of("Every time is made of it.", "answered_wait_seconds waiting_seconds"),
    "source": _of("Whose words: several systems of one agent are united.", "slot_busy_seconds"),
    "tenant": _of("Whose figures they are.", "offered"),
    "channel": _of("In which channel's record it counts.", "offered"),
    "contact_id": _of("Which contact or ticket it is.", "contacts"),
    "queue": _of("In which queue's record it counts.", "offered tickets_opened"),
    "agent_id": _of(
        "Which agent it is: agents are counted each once, and who has a ticket.",
        "staffed_agent_seconds live.backlog_unassigned",
    ),
    "seq": _of("The order of events of one millisecond.", "live.backlog_unassigned"),
    "revision": _of(
        "Of several events with one source and id the highest counts.", "answered_wait_seconds"
    ),
    "direction": _of(
        "What we begin is in no figure of waiting; in an outbound ticket the first response "
        "runs from the customer's first reply.",
        "offered first_response_seconds",
    ),
    "topic": _of("What the contact or ticket is about, from now on.", "by_topic"),
    "attributes": _of("For whoever reads the events: no figure is told apart by them."),
    "customer_ref": _of(
        "Whose it is, by a keyed hash: who comes again, and whether once was enough.",
        "customers.contacts_with_ref customers.repeat_contacts customers.fcr_decided",
    ),
}

_SNAPSHOT: Final = {
    "state": _of("What the agent does.", "agent_state_seconds staffed_agent_seconds"),
    "reason": _of(
        "Why there is a break, where the queue lists it (`break_reasons`); of other states it is "
        "for whoever reads the events.",
        "break_seconds",
    ),
    "queues": _of("In which queues' pools the agent is.", "staffed_agent_seconds live.agents"),
    "ringing": _of("Whether a contact rings at the agent.", "live.agents agent_state_seconds"),
    "handling": _of(
        "How many contacts the agent has.",
        "handling_agent_seconds slot_busy_seconds occupancy_ratio",
    ),
    "wrapping": _of("After how many contacts the agent still works.", "handling_agent_seconds"),
    "capacity": _of(
        "For which channels the agent is there, and how many contacts at a time.",
        "slot_capacity_seconds live.agents",
    ),
    "ttl_seconds": _of("How long it holds if nothing more is heard.", "staffed_agent_seconds"),
    "since": _of("When the state began.", "live.agents_stuck live.agents_stuck_oldest_at"),
}
_MONEY: Final = {
    "amount": _of("For how much; without one it counts and adds no money.", "sales.amounts"),
    "currency": _of("Of which money: amounts of two are never added up.", "sales.amounts"),
}
_SALE: Final = {"kind": _of("What was sold.", "sales.closed")} | _MONEY
_UNDONE: Final = {"kind": _of("What was sold.", "sales.cancelled")} | _MONEY
_AGENT: Final = "staffed_agent_seconds agent_state_seconds occupancy_ratio live.agents"
_REASON: Final = _of("Merged, spam and deleted leave the figures.", "tickets_left")
_AUTHOR: Final = _of("A bot's is counted apart.", "bot_resolved tickets_resolved")
_NO_FIGURE: Final = _of("For whoever reads the events: no figure is told apart by it.")

KINDS: Final[dict[str, Kind]] = {
    "contact.enqueued": Kind(
        _of(
            "A contact begins to wait.",
            "offered contacts contacts_hopped laps waiting_seconds depth_mean threshold_decided "
            "limit_decided waited_over_limit live.waiting live.waiting_over_threshold "
            "live.waiting_over_limit live.oldest_waiting_at",
        ),
        {
            "parent_contact_id": _of(
                "A link to another contact, for whoever follows one matter: waits and visits of "
                "the two are not added up."
            ),
            "priority": _of("For whoever reads the events: it changes nobody's place in a figure."),
            "arrived_at": _of(
                "When the contact arrived, menus included.",
                "time_to_answer_seconds time_to_answer_count",
            ),
            "reason": _of(
                "Where `callback`, nobody waits on the line.", "callbacks.visits offered"
            ),
        },
    ),
    "contact.resumed": Kind(_of("The customer is back: a new visit.", "offered")),
    "contact.blocked": Kind(
        _of("Refused entry.", "blocked blocked_reasons"),
        {"reason": _of("Why.", "blocked_reasons")},
    ),
    "contact.offered": Kind(_of("It rings at an agent.", "live.ringing")),
    "offer.failed": Kind(
        _of("The agent did not take it.", "offers offer_answer_ratio live.ringing"),
        {"outcome": _of("How.", "offers offer_answer_ratio")},
    ),
    "contact.answered": Kind(
        _of(
            "An agent is connected.",
            "answered answered_measured answered_in_threshold answered_wait_seconds "
            "wait_quantiles_seconds customer_wait_seconds offers service_level "
            "connected_seconds queue_load_ratio live.handling live.longest_handling_at "
            "live.in_progress_handle_seconds",
        ),
        {
            "entered_at": _of(
                "Since when the contact waited, where no entry was told.",
                "answered_measured answered_wait_seconds",
            ),
        },
    ),
    "hold.started": Kind(_of("The customer is on hold.", "hold_seconds held talk_seconds")),
    "hold.ended": Kind(_of("And is back.", "hold_seconds talk_seconds")),
    "contact.transferred": Kind(
        _of("The agent passes the contact on.", "transferred talk_seconds handled"),
        {
            "to_queue": _of(
                "Where it is to go. It counts where its next entry says; one into another queue is "
                "an anomaly, `transferred_elsewhere`."
            )
        },
    ),
    "contact.ended": Kind(_of("The conversation is over.", "handled talk_seconds")),
    "wrapup.ended": Kind(
        _of(
            "The work after it is over.",
            "wrapup_seconds wrapups_reported wrapups_unreported handle_mean_seconds",
        )
    ),
    "contact.abandoned": Kind(
        _of(
            "The customer left unanswered.",
            "abandoned short_abandoned abandoned_in_threshold abandonment_ratio "
            "abandoned_wait_seconds customer_wait_abandoned_seconds",
        ),
        {"kind": _of("Silent ones of chats are counted apart too.", "silent_abandoned")},
    ),
    "contact.flowed_out": Kind(
        _of(
            "Left the queue unanswered otherwise.",
            "flowed_out flowed_out_reasons flowed_out_in_threshold closed_wait_seconds",
        ),
        {
            "reason": _of("How.", "flowed_out_reasons callbacks.asked"),
            "due_at": _of("The time agreed for the call back.", "callbacks.reach_seconds"),
        },
    ),
    "message.sent": Kind(
        _of(
            "A chat message; an agent's answers who waits.",
            "answered chat.first_message_count chat.first_message_seconds chat.responses "
            "chat.response_seconds chat.messaged chat.left_unanswered chat.answered_no_reply",
        ),
        {
            "author": _of("Only an agent answers.", "answered chat.responses"),
            "automatic": _of("A greeting answers nobody.", "chat.first_message_seconds"),
        },
    ),
    "bot.ended": Kind(
        _of(
            "The bot's part is over.",
            "bot.conversations bot.contained bot.escalated bot.containment_ratio "
            "bot.handoff_wait_count bot.handoff_wait_seconds first_response_seconds",
        ),
        {
            "outcome": _of(
                "Whether a person is needed.", "bot.contained bot.escalated bot.handoff_wait_count"
            ),
            "started_at": _of("When it began.", "bot.timed bot.timed_seconds"),
        },
    ),
    "callback.requested": Kind(
        _of(
            "A call back is asked for otherwise than from a queue.",
            "callbacks.asked callbacks.expired live.callbacks_owed live.oldest_callback_at",
        ),
        {"due_at": _of("The time agreed.", "live.callbacks_overdue")},
    ),
    "callback.attempted": Kind(
        _of(
            "A call back is tried.",
            "callbacks.attempted callbacks.reached callbacks.given_up callbacks.cancelled "
            "callbacks.reached_ratio callbacks.reach_count callbacks.reach_seconds "
            "live.callbacks_owed",
        ),
        {
            "outcome": _of(
                "How it went.",
                "callbacks.attempted callbacks.reached callbacks.given_up callbacks.cancelled",
            ),
            "final": _of("It will not be tried again.", "callbacks.given_up"),
            "requested_at": _of(
                "When it was asked for, where that is not known.",
                "callbacks.asked callbacks.reach_seconds",
            ),
            "due_at": _of("The time agreed, where that is not known.", "callbacks.reach_seconds"),
        },
    ),
    "ticket.opened": Kind(
        _of(
            "A ticket comes into being.",
            "tickets_opened first_response_seconds resolution_seconds live.backlog "
            "live.oldest_open_at live.backlog_age live.next_due_at ticket.sla ticket.cohorts "
            "ticket.complaints",
        ),
        {
            "kind": _of(
                "`complaint`: its figures once more.",
                "ticket.complaints.opened live.complaints_open",
            ),
            "priority": _of(
                "What is promised to it.",
                "ticket.sla.first_response.met_by_priority ticket.sla.first_response.breached",
            ),
        },
    ),
    "ticket.updated": Kind(
        _of("Another priority or kind from now on.", "live.complaints_open"),
        {
            "kind": _of("Whether it is a complaint.", "live.complaints_open"),
            "priority": _of(
                "What is promised from the next clock on.",
                "ticket.sla.next_response.met_by_priority",
            ),
        },
    ),
    "ticket.sla_set": Kind(
        _of("What the ticket is promised.", "ticket.sla live.sla"),
        {
            "metric": _of(
                "What of it.", "ticket.sla.first_response.breached ticket.sla.resolution"
            ),
            "due_at": _of("Until when.", "ticket.sla.first_response.breached"),
            "cancelled": _of("No more.", "ticket.sla.resolution.withdrawn live.sla"),
        },
    ),
    "ticket.assigned": Kind(
        _of(
            "The ticket has an agent, or none.",
            "tickets_assigned assign_seconds live.backlog_unassigned",
        )
    ),
    "ticket.replied": Kind(
        _of(
            "Somebody replies.",
            "first_responses first_response_seconds next_responses next_response_seconds "
            "resolved_without_reply ticket.sla.first_response.met ticket.sla.next_response.met",
        ),
        {
            "author": _of("Only people respond.", "first_responses next_responses"),
            "public": _of("An internal note answers nobody.", "first_response_seconds"),
        },
    ),
    "ticket.status_changed": Kind(
        _of(
            "Open, pending, on hold.",
            "live.backlog resolution_net_seconds on_hold_seconds tickets_reopened "
            "live.sla.resolution.paused",
        ),
        {"status": _of("Which.", "live.backlog resolution_net_seconds on_hold_seconds")},
    ),
    "ticket.resolved": Kind(
        _of(
            "Solved.",
            "tickets_resolved resolution_seconds resolution_quantiles_seconds "
            "resolution_net_seconds tickets_resolved_again resolution_cycle_seconds "
            "ticket.sla.resolution.met ticket.cohorts.resolved_same_day "
            "ticket.cohorts.resolved_within ticket.cohorts.reopen_decided",
        ),
        {"reason": _REASON, "author": _AUTHOR},
    ),
    "ticket.reopened": Kind(
        _of(
            "Not solved after all.", "tickets_reopened live.backlog ticket.cohorts.reopened_within"
        ),
        {"reason": _NO_FIGURE},
    ),
    "ticket.closed": Kind(
        _of(
            "No longer worked on; resolves what nobody had resolved.",
            "tickets_resolved tickets_left live.backlog",
        ),
        {"reason": _REASON, "author": _AUTHOR},
    ),
    "ticket.moved": Kind(_of("The ticket belongs to another queue.", "live.backlog")),
    "ticket.snapshot": Kind(
        _of("Makes a ticket known that began before the stream.", "live.backlog"),
        {
            "opened_at": _of("When it began.", "resolution_seconds live.oldest_open_at"),
            "status": _of("Open, pending, on hold or settled.", "live.backlog"),
            "first_replied_at": _of("It has its first response.", "first_responses"),
            "pending_seconds": _of(
                "How long it was pending.", "resolution_net_count resolution_net_seconds"
            ),
            "kind": _of("Whether it is a complaint.", "live.complaints_open"),
            "priority": _of("What is promised to it.", "ticket.sla.next_response.met_by_priority"),
            "last_customer_at": _of(
                "Since when the customer waits for a reply.", "next_response_seconds"
            ),
            **{
                f"due.{metric}": _of("Until when it is promised.", f"ticket.sla.{metric}.breached")
                for metric in SLA_METRICS
            },
        },
    ),
    "work.started": Kind(
        _of("An agent begins to work on a ticket.", "work_seconds tickets_worked")
    ),
    "work.ended": Kind(
        _of("And stops.", "work_seconds tickets_worked work_per_resolution_seconds")
    ),
    "survey.sent": Kind(
        _of(
            "A survey goes out.",
            "surveys.sent surveys.response_decided surveys.response_ratio surveys.unsolicited",
        ),
        {
            "kind": _of("What it asks for.", "surveys.sent surveys.response_decided"),
            "survey_id": _of("Which one, of several of a kind.", "surveys.sent surveys.responded"),
        },
    ),
    "survey.answered": Kind(
        _of(
            "A survey comes back.",
            "surveys.answered surveys.answered_again surveys.responded surveys.off_scale "
            "surveys.csat_satisfied surveys.csat_ratio surveys.nps_promoters surveys.nps_passives "
            "surveys.nps_detractors surveys.nps surveys.ces surveys.resolved_yes "
            "surveys.resolved_ratio",
        ),
        {
            "kind": _of("What was asked for.", "surveys.answered surveys.csat_satisfied"),
            "score": _of("What the customer says.", "surveys.csat_satisfied surveys.ces"),
            "scale_min": _of(
                "The least score there is.", "surveys.csat_satisfied surveys.off_scale surveys.ces"
            ),
            "scale_max": _of(
                "The greatest.", "surveys.csat_satisfied surveys.off_scale surveys.ces"
            ),
            "higher_is_better": _of(
                "Which end is the good one.",
                "surveys.csat_satisfied surveys.nps surveys.resolved_yes surveys.ces",
            ),
            "version": _of("The instrument: scores of two are never added up.", "surveys.ces"),
            "survey_id": _of("Which one, of several of a kind.", "surveys.answered_again"),
        },
    ),
    "followup.completed": Kind(
        _of(
            "A customer was asked after the case.",
            "followups.completed followups.satisfied_ratio followups.per_handled",
        ),
        {"outcome": _of("What came of it.", "followups.completed")},
    ),
    "sale.closed": Kind(
        _of(
            "Something is sold beside.",
            "sales.closed sales.per_handled sales.per_ticket sales.amounts",
        ),
        _SALE,
    ),
    "sale.cancelled": Kind(_of("A sale is undone.", "sales.cancelled sales.amounts"), _UNDONE),
    "agent.state": Kind(_of("What an agent does now.", _AGENT), _SNAPSHOT),
    "agent.heartbeat": Kind(_of("The agent still does what it says.", _AGENT), _SNAPSHOT),
    "source.heartbeat": Kind(
        _of(
            "The source lives: time goes on, and what was due by then is decided.",
            "waiting_seconds threshold_decided waited_over_limit orphaned callbacks.expired "
            "ticket.sla.first_response.breached ticket.cohorts.resolution_decided "
            "ticket.cohorts.reopen_decided",
        ),
        {"ended": _of("The source stops: nobody waits for its time any more, or misses it.")},
    ),
}


def purpose_of(kind: str, field: str = "") -> Purpose:
    """What a kind of event, or a field of it (`due.resolution` of a part), is for.

    KeyError where nobody has said.
    """
    if not field:
        return KINDS[kind].purpose
    own = KINDS[kind].fields if kind in KINDS else {}
    return own[field] if field in own else EVERY_EVENT[field]
