"""What `/metrics` counts is what the records say, series by series, of events of every kind."""

from collections.abc import Iterator
from typing import Any

import pytest

from streams.contract.figures import Figures
from streams.metrics.catalogue import BOOKED
from streams.metrics.metric import PREFIX, Values
from streams.settings import QueueSettings, Settings
from tests.metrics.stand_in import START, StandIn, call, centre

#: By metric: where in the figures of a window its series stand; {label}: the label's value.
PLACES = {
    "contacts_offered_total": "offered",
    "contacts_laps_total": "laps",
    "contacts_blocked_total": "blocked_reasons.{reason}",
    "contacts_answered_total": "answered",
    "contacts_within_threshold_total": "answered_in_threshold",
    "contacts_threshold_decided_total": "threshold_decided",
    "contacts_over_limit_total": "waited_over_limit",
    "contacts_limit_decided_total": "limit_decided",
    "contacts_flowed_out_total": "flowed_out",
    "contacts_handled_total": "handled",
    "contacts_offers_total": "offers.{outcome}",
    "contacts_customer_wait_seconds_total": "customer_wait_seconds",
    "contacts_customer_wait_abandoned_seconds_total": "customer_wait_abandoned_seconds",
    "contacts_timed_to_answer_total": "time_to_answer_count",
    "contacts_time_to_answer_seconds_total": "time_to_answer_seconds",
    "chats_first_messages_total": "chat.first_message_count",
    "chats_first_message_seconds_total": "chat.first_message_seconds",
    "chats_responses_total": "chat.responses",
    "chats_response_seconds_total": "chat.response_seconds",
    "chats_messaged_total": "chat.messaged",
    "bots_conversations_total": "bot.{outcome}",
    "bots_handoffs_total": "bot.handoff_wait_count",
    "bots_handoff_wait_seconds_total": "bot.handoff_wait_seconds",
    "callbacks_asked_total": "callbacks.asked",
    "callbacks_attempted_total": "callbacks.attempted.{outcome}",
    "callbacks_ended_total": "callbacks.{outcome}",
    "callbacks_timed_total": "callbacks.reach_count",
    "callbacks_reach_seconds_total": "callbacks.reach_seconds",
    "callbacks_visits_total": "callbacks.visits",
    "tickets_opened_total": "tickets_opened",
    "tickets_resolved_without_reply_total": "resolved_without_reply",
    "tickets_reopened_total": "tickets_reopened",
    "tickets_left_total": "tickets_left.{reason}",
    "tickets_first_responses_total": "first_responses",
    "tickets_first_response_seconds_total": "first_response_seconds",
    "tickets_next_responses_total": "next_responses",
    "tickets_next_response_seconds_total": "next_response_seconds",
    "tickets_resolution_seconds_total": "resolution_seconds",
    "tickets_resolution_cycle_seconds_total": "resolution_cycle_seconds",
    "tickets_resolved_net_total": "resolution_net_count",
    "tickets_resolution_net_seconds_total": "resolution_net_seconds",
    "tickets_assigned_total": "tickets_assigned",
    "tickets_assign_seconds_total": "assign_seconds",
    "tickets_worked_total": "tickets_worked",
    "tickets_work_seconds_total": "work_seconds",
    "tickets_cohorts_total": "ticket.cohorts.{outcome}",
    "complaints_opened_total": "ticket.complaints.opened",
    "complaints_resolved_total": "ticket.complaints.resolved",
    "sla_decided_total": "ticket.sla.{metric}.{result}_by_priority.{priority}",
    "sla_withdrawn_total": "ticket.sla.{metric}.withdrawn",
    "sla_never_due_total": "ticket.sla_never_due",
    "surveys_sent_total": "surveys.sent.{kind}",
    "surveys_answered_total": "surveys.answered.{kind}",
    "surveys_decided_total": "surveys.response_decided.{kind}",
    "surveys_responded_total": "surveys.responded.{kind}",
    "surveys_satisfied_total": "surveys.csat_satisfied",
    "surveys_nps_total": "surveys.nps_{group}",
    "surveys_yes_total": "surveys.resolved_yes",
    "sales_closed_total": "sales.closed.{kind}",
    "sales_cancelled_total": "sales.cancelled.{kind}",
    "followups_completed_total": "followups.completed.{outcome}",
    "customers_contacts_total": "customers.contacts_with_ref",
    "customers_repeat_contacts_total": "customers.repeat_contacts",
    "customers_returning_contacts_total": "customers.returning_contacts",
    "customers_fcr_decided_total": "customers.fcr_decided",
    "customers_fcr_resolved_total": "customers.fcr_resolved",
    "customers_unknown_total": "customers.fcr_unknown",
    "customers_failed_again_total": "customers.failed_again",
    "customers_bot_returned_total": "customers.bot_contained_returned",
}
#: The same where a label's value is another word than the figure's name.
NAMES = {
    ("contacts_entered_total", "first"): "contacts",
    ("contacts_entered_total", "second"): "contacts_hopped",
    ("contacts_entered_total", "third"): "contacts_over_two",
    ("contacts_abandoned_total", "short"): "short_abandoned",
    ("chats_unanswered_total", "left"): "chat.left_unanswered",
    ("chats_unanswered_total", "silent"): "chat.answered_no_reply",
    ("tickets_resolved_total", "first"): "tickets_resolved",
    ("tickets_resolved_total", "again"): "tickets_resolved_again",
    ("tickets_resolved_total", "bot"): "bot_resolved",
}
SCORES = (
    *(("csat", 5, 1, 5), ("nps", 9, 0, 10), ("nps", 7, 0, 10), ("nps", 0, 0, 10)),
    *(("ces", 2, 1, 7), ("resolved", 1, 0, 1)),
)
ADA = {"customer_ref": "ada1" * 16}
QUEUED = ("contacts_abandoned_total", "queued")


def promising() -> Settings:
    """The usual centre, in which tickets are promised something."""
    sla = {"first_response": {"urgent": 300, "normal": 3_600}, "resolution": {"normal": 1_200}}
    mail = QueueSettings("mail", channels=("ticket",), sla=sla)
    return centre(queues=(*centre().queues[:3], mail))


def events() -> Iterator[dict[str, Any]]:
    """Calls, a chat, a bot, a promise to call back, tickets kept, broken, reopened and gone."""

    def of(contact: str, channel: str, queue: str, second: int, name: str, **more: Any) -> Any:
        at = {"occurred_at": START + second * 1_000, "channel": channel, "queue": queue}
        return {"type": name, "contact_id": contact, **at, **more}

    yield from call("c1", START, answered=7, ended=67)
    yield from call("c2", START, abandoned=3)
    yield from call("c3", START, abandoned=95)
    yield of("c4", "voice", "billing", 5, "contact.blocked", reason="full")
    yield of("c5", "voice", "billing", 5, "contact.enqueued", arrived_at=START - 9_000)
    yield of("c5", "voice", "billing", 20, "contact.answered", agent_id="anna")
    yield of("c5", "voice", "billing", 50, "contact.ended")
    yield of("c6", "voice", "billing", 5, "contact.enqueued")
    yield of("c6", "voice", "billing", 15, "contact.flowed_out", reason="callback")
    yield of("c6", "voice", "billing", 70, "callback.attempted", outcome="not_reached")
    yield of("c6", "voice", "billing", 90, "callback.attempted", outcome="connected")
    yield of("c7", "voice", "sales", 5, "callback.requested")
    yield of("c7", "voice", "sales", 9, "callback.attempted", outcome="cancelled")
    yield of("b1", "voice", "billing", 9, "bot.ended", outcome="contained", **ADA)
    for number, second in enumerate((12, 60, 75)):
        name = f"a{number}"
        yield of(name, "voice", "billing", second, "contact.enqueued", **ADA)
        if number:
            out = {"reason": "no_agents"}
            yield of(name, "voice", "billing", second + 10, "contact.flowed_out", **out)
        else:
            yield of(name, "voice", "billing", second + 1, "contact.answered", agent_id="anna")
            yield of(name, "voice", "billing", second + 9, "contact.ended")
    yield of("w1", "chat", "web", 0, "bot.ended", outcome="escalated")
    yield of("w1", "chat", "web", 1, "contact.enqueued")
    yield of("w1", "chat", "web", 2, "message.sent", author="customer")
    yield of("w1", "chat", "web", 10, "contact.answered", agent_id="anna")
    yield of("w1", "chat", "web", 14, "message.sent", author="agent", agent_id="anna")
    yield of("w1", "chat", "web", 20, "message.sent", author="customer")
    yield of("w1", "chat", "web", 32, "message.sent", author="agent", agent_id="anna")
    yield of("w1", "chat", "web", 40, "message.sent", author="customer")
    yield of("w1", "chat", "web", 50, "contact.ended")
    for number, (priority, kind) in enumerate((("urgent", "complaint"), ("normal", "question"))):
        yield of(f"t{number}", "ticket", "mail", 0, "ticket.opened", priority=priority, kind=kind)
    by = {"agent_id": "anna"}
    yield of("t1", "ticket", "mail", 20, "ticket.assigned", **by)
    yield of("t1", "ticket", "mail", 60, "ticket.replied", author="agent", public=True)
    yield of("t1", "ticket", "mail", 90, "ticket.replied", author="customer", public=True)
    yield of("t1", "ticket", "mail", 95, "ticket.replied", author="agent", public=True)
    yield of("t1", "ticket", "mail", 100, "work.started", **by)
    yield of("t1", "ticket", "mail", 130, "work.ended", **by)
    yield of("t1", "ticket", "mail", 200, "ticket.resolved")
    yield of("t1", "ticket", "mail", 260, "ticket.reopened")
    yield of("t1", "ticket", "mail", 300, "ticket.resolved")
    yield of("t0", "ticket", "mail", 400, "ticket.resolved")
    good = {"higher_is_better": True, "version": "v1"}
    for n, (kind, score, least, most) in enumerate(SCORES):
        asked = {"kind": kind, "survey_id": f"s{n}"}
        answer = {"score": score, "scale_min": least, "scale_max": most} | good
        yield of("c1", "voice", "billing", 80, "survey.sent", **asked)
        yield of("c1", "voice", "billing", 90 + n, "survey.answered", **asked, **answer)
    for what in ("closed", "cancelled"):
        yield of("w1", "chat", "web", 60, f"sale.{what}", kind="cross_sell")
    yield of("t0", "ticket", "mail", 410, "followup.completed", outcome="unsatisfied")
    yield of("t2", "ticket", "mail", 10, "ticket.opened", priority="normal")
    yield of("t2", "ticket", "mail", 30, "ticket.closed", reason="merged")


@pytest.fixture(scope="module")
def worker() -> StandIn:
    """It has read all of it, and everything is older than grace."""
    worker = StandIn(promising())
    for event in sorted(events(), key=lambda event: event["occurred_at"]):
        worker.wall = max(worker.wall, event["occurred_at"])
        worker.send(event)
        worker.turn(0.001)
    for _ in range(3):
        worker.turn(30)
    return worker


def figure(figures: Figures, metric: str, labels: dict[str, str], values: Values) -> float:
    """What the record says of one series."""
    if (metric, *values) == QUEUED:
        return figures.abandoned - figures.short_abandoned
    place = PLACES[metric].format(**labels) if metric in PLACES else NAMES[(metric, values[0])]
    found: Any = figures
    for name in place.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    return float(found)


def test_every_counter_is_a_figure_of_the_record(worker: StandIn) -> None:
    """Each series of each queue shows what the day's record has; no counter has no figure."""
    page = worker.families()
    shown = {key: r for records in worker.queues.records.values() for key, r in records.items()}
    moved: set[str] = set()
    for metric in BOOKED:
        if metric.buckets:
            continue
        for sample in page[metric.name].samples:
            assert sample.name == PREFIX + metric.name
            labels = dict(sample.labels)
            key = tuple(labels.pop(name) for name in ("tenant", "queue", "channel"))
            if key not in shown:
                assert sample.value == 0
                continue
            values = tuple(labels[name] for name in metric.labels[3:])
            wanted = figure(shown[key].windows["today"], metric.name, labels, values)
            assert sample.value == wanted, (key, metric.name, labels)
            moved |= {metric.name} if sample.value else set()
    still = {metric.name for metric in BOOKED if not metric.buckets} - moved
    assert still == {
        *("contacts_laps_total", "callbacks_visits_total", "sla_never_due_total"),
        # Not before a day has passed.
        *("customers_fcr_decided_total", "customers_fcr_resolved_total"),
    }
