"""What a contact or ticket is about, from which event to which, and what is booked under it."""

from typing import Any

import pytest

from streams.contract.words import ALL, NONE, OTHER
from streams.lifecycle import counters as c
from streams.lifecycle import splits
from streams.lifecycle.facts import content_of
from streams.lifecycle.rules import QueueRules
from streams.lifecycle.splits import number_of
from tests.lifecycle.lives import (
    DAY,
    FAR,
    HOUR,
    MINUTE,
    SECOND,
    START,
    Life,
    Told,
    contact,
    fact,
    ticket,
)

LISTED = QueueRules(topics=("bill", "order"))
PLACES = {
    "handled": splits.TOPIC_HANDLED,
    "unanswered": splits.TOPIC_UNANSWERED,
    "handle": splits.TOPIC_HANDLE_TIME,
    "resolved": splits.TOPIC_RESOLVED,
    "resolution": splits.TOPIC_RESOLUTION_TIME,
    "answered": splits.TOPIC_CSAT_ANSWERED,
    "satisfied": splits.TOPIC_CSAT_SATISFIED,
}
BILL, ORDER = {"topic": "bill"}, {"topic": "order"}
ANSWER = {"kind": "csat", "score": 5, "version": "v", "scale_min": 1, "scale_max": 5}
SATISFIED = ANSWER | {"higher_is_better": True}


def dated(life: Life, place: str, queue: str = "billing") -> dict[str, dict[int, int]]:
    """By topic {ms: amount} of one row of the figures by topic; without those of which it is 0."""
    found = {
        topic: life.dated(number_of("topic", topic) + PLACES[place], queue)
        for topic in ("bill", "order", OTHER, NONE)
    }
    return {topic: amounts for topic, amounts in found.items() if amounts}


def call(*told: dict[str, Any], rules: QueueRules = LISTED) -> Life:
    """A call that waits 10 s, talks 20 s and is ended; `told` in these three events."""
    kinds = ("enqueued", "answered", "ended")
    agent = {"agent_id": "anna"}
    events = [
        (kind, (10 * n + 10 * (n > 1)) * SECOND, agent | said)
        for n, (kind, said) in enumerate(zip(kinds, told, strict=True))
    ]
    return contact(*events, now=FAR, rules=rules)


def test_a_topic_holds_from_the_event_that_tells_it() -> None:
    """For that event too; what comes last is what the visit was about, though it was told late."""
    for told, topic in (
        ((BILL, {}, {}), "bill"),
        ((BILL, {}, ORDER), "order"),
        (({}, {"topic": "  bill "}, {"topic": " "}), "bill"),
        (({}, {}, {"topic": "rare"}), OTHER),
        (({"topic": "_none"}, {}, {}), OTHER),
        (({}, {}, {}), NONE),
    ):
        life = call(*told)
        assert dated(life, "handled") == {topic: {30_000: 1}}
        assert dated(life, "handle") == {topic: {30_000: 20_000}}
        assert dated(life, "unanswered") == {}


def test_one_topic_is_one_however_it_is_written() -> None:
    """Composed, as names are."""
    rules = QueueRules(topics=("\u00e9t\u00e9",))
    life = call({"topic": " e\u0301te\u0301"}, {}, {}, rules=rules)
    assert life.dated(number_of("topic", "\u00e9t\u00e9")) == {30_000: 1}


def test_a_queue_without_a_list_books_nothing_by_topic() -> None:
    """Not even `_none`; in `_all` it is not either."""
    life = call(BILL, {}, {}, rules=QueueRules())
    assert all(number < splits.SPLIT_BASE for _, _, number in life.contributions)
    assert not life.ledger.told
    moved = contact(
        ("enqueued", 0, BILL),
        ("enqueued", 10 * SECOND, {"queue": "support"}),
        ("abandoned", 20 * SECOND, {"queue": "support"}),
        rules=LISTED,
    )
    assert dated(moved, "unanswered") == {"bill": {10_000: 1}}
    assert dated(moved, "unanswered", "support") == {}
    assert {(queue, value) for _, queue, _, _, _, value in moved.ledger.told} == {
        ("billing", "bill"),
        (ALL, "bill"),
    }


def test_the_list_is_that_of_the_instant_at_which_it_is_booked() -> None:
    """Not of the entry, as thresholds are: a row is of the queue's figures of its time."""
    later = QueueRules(topics=("order",))
    rules = QueueRules(topics=("bill",), later=((START + 25 * SECOND, later),))
    assert dated(call(BILL, {}, {}, rules=rules), "handled") == {OTHER: {30_000: 1}}
    assert dated(call(ORDER, {}, {}, rules=rules), "handled") == {"order": {30_000: 1}}
    off = QueueRules(topics=("bill",), later=((START + 25 * SECOND, QueueRules()),))
    assert dated(call(BILL, {}, {}, rules=off), "handled") == {}


def test_what_is_booked_later_of_a_visit_has_the_topic_of_that_time() -> None:
    """Wrap-up and further talk add to the handle time, at their own instants."""
    life = contact(
        ("enqueued", 0, BILL),
        ("answered", 10 * SECOND, {"agent_id": "anna"}),
        ("transferred", 30 * SECOND, {"agent_id": "anna"}),
        ("wrapup.ended", 35 * SECOND, {"agent_id": "anna"}),
        ("answered", 40 * SECOND, {"agent_id": "ben"} | ORDER),
        ("ended", 70 * SECOND, {"agent_id": "ben"}),
        now=FAR,
        rules=LISTED,
    )
    assert dated(life, "handled") == {"bill": {30_000: 1}}
    assert dated(life, "handle") == {
        "bill": {30_000: 20_000, 35_000: 5_000},
        "order": {70_000: 30_000},
    }
    total = sum(sum(amounts.values()) for amounts in dated(life, "handle").values())
    assert total == life.total(c.TALK) + life.total(c.HOLD) + life.total(c.WRAPUP)


@pytest.mark.parametrize("awaited", [True, False])
def test_a_wrapup_that_is_awaited_is_booked_with_the_visit(awaited: bool) -> None:
    """By the topic at the end of the wrap-up, which is when the agent knows it."""
    rules = QueueRules(topics=("bill",), wrapup=awaited)
    life = contact(
        ("enqueued", 0),
        ("answered", 10 * SECOND, {"agent_id": "anna"}),
        ("ended", 30 * SECOND),
        ("wrapup.ended", 40 * SECOND, BILL),
        now=FAR,
        rules=rules,
    )
    if awaited:
        assert dated(life, "handled") == {"bill": {40_000: 1}}
        assert dated(life, "handle") == {"bill": {40_000: 30_000}}
    else:
        assert dated(life, "handled") == {NONE: {30_000: 1}}
        assert dated(life, "handle") == {NONE: {30_000: 20_000}, "bill": {40_000: 10_000}}


def test_every_way_to_leave_unanswered_is_one_row() -> None:
    """Abandoned, flowed out, orphaned, each where the queue counts it; never of outbound visits."""
    orphaned = contact(("enqueued", 0, BILL), now=FAR, rules=LISTED)
    assert dated(orphaned, "unanswered") == {"bill": orphaned.dated(c.ORPHANED)}
    hours = 4 * HOUR + 10
    late = contact(
        ("enqueued", 0, BILL), ("abandoned", hours, ORDER), now=FAR, rules=LISTED
    )  # an age closed it before
    assert dated(late, "unanswered") == {
        "bill": late.dated(c.ORPHANED),
        "order": late.dated(c.ABANDONED),
    }
    unseen = contact(("abandoned", 0, BILL), now=FAR, rules=LISTED)
    assert dated(unseen, "unanswered") == {"bill": {0: 1}}
    out = {"reason": "overflow"}
    flowed = contact(("enqueued", 0), ("flowed_out", SECOND, out | BILL), now=FAR, rules=LISTED)
    assert dated(flowed, "unanswered") == {"bill": {1_000: 1}}
    outbound = {"direction": "outbound"}
    for kind in ("abandoned", "ended"):
        call_out = contact(
            ("enqueued", 0, outbound | BILL), (kind, SECOND, outbound), now=FAR, rules=LISTED
        )
        assert dated(call_out, "unanswered") == {}


def test_events_that_do_nothing_else_tell_a_topic_too() -> None:
    """An anomaly, a hold, a message of a call, what is said again, a flow-out that ends a lap."""
    agent = {"agent_id": "anna"}
    for kind, said in (
        ("hold.ended", BILL),
        ("message.sent", {"author": "bot"} | BILL),
        ("offer.failed", agent | {"outcome": "timeout"} | BILL),
    ):
        life = contact(
            ("enqueued", 0),
            ("answered", 10 * SECOND, agent),
            (kind, 15 * SECOND, said),
            ("ended", 30 * SECOND),
            now=FAR,
            rules=LISTED,
        )
        assert dated(life, "handled") == {"bill": {30_000: 1}}
    lap = contact(
        ("enqueued", 0),
        ("flowed_out", 10 * SECOND, {"reason": "timeout"} | BILL),
        ("enqueued", 12 * SECOND),
        ("abandoned", 40 * SECOND),
        now=FAR,
        rules=LISTED,
    )
    assert lap.total(c.FLOWED_OUT) == 0
    assert dated(lap, "unanswered") == {"bill": {40_000: 1}}
    again = contact(
        ("enqueued", 0),
        ("answered", 10 * SECOND, agent),
        ("ended", 30 * SECOND),
        ("ended", 31 * SECOND, BILL),
        ("wrapup.ended", 40 * SECOND),
        now=FAR,
        rules=LISTED,
    )
    assert again.anomalies["said_again"] == 1
    assert dated(again, "handle")["bill"] == {40_000: 10_000}


def test_a_topic_is_forgotten_with_all_that_is_remembered() -> None:
    """A contact that comes again after that is about nothing yet."""
    first: list[Told] = [("enqueued", 0, BILL), ("abandoned", 10 * SECOND)]
    for gap, topic in ((4 * HOUR, "bill"), (4 * HOUR + 10 * SECOND + 1, NONE)):
        life = contact(
            *first, ("enqueued", gap), ("abandoned", gap + 5 * SECOND), now=FAR, rules=LISTED
        )
        assert dated(life, "unanswered")[topic][gap + 5_000] == 1


def test_a_topic_of_nothing_holds_for_its_event_alone() -> None:
    """Nothing keeps it; a survey or an escalation that is remembered does."""
    blocked = contact(
        ("blocked", 0, {"reason": "full"} | BILL),
        ("enqueued", 10 * SECOND),
        ("abandoned", 20 * SECOND),
        now=FAR,
        rules=LISTED,
    )
    assert dated(blocked, "unanswered") == {NONE: {20_000: 1}}
    handed_over = contact(
        ("bot.ended", 0, {"outcome": "escalated"} | BILL),
        ("enqueued", 10 * SECOND),
        ("abandoned", 20 * SECOND),
        now=FAR,
        rules=LISTED,
    )
    assert dated(handed_over, "unanswered") == {"bill": {20_000: 1}}
    asked = contact(
        ("enqueued", 0, BILL),
        ("abandoned", 10 * SECOND),
        ("survey.sent", 20 * SECOND, {"kind": "csat"}),
        ("survey.answered", 6 * DAY, SATISFIED),
        now=FAR,
        rules=LISTED,
    )
    assert dated(asked, "answered") == dated(asked, "satisfied") == {"bill": {6 * DAY: 1}}
    late = contact(
        ("enqueued", 0, BILL),
        ("abandoned", 10 * SECOND),
        ("survey.answered", 6 * DAY, SATISFIED),
        ("survey.answered", 6 * DAY + 1, SATISFIED | {"survey_id": "two", "topic": "order"}),
        now=FAR,
        rules=LISTED,
    )
    assert dated(late, "answered") == {NONE: {6 * DAY: 1}, "order": {6 * DAY + 1: 1}}


def test_a_ticket_has_a_topic_as_long_as_it_is_known() -> None:
    """Its first resolution and the time of that, in the queue that has it."""
    solved = ticket(
        ("opened", 0, BILL),
        ("moved", MINUTE, {"queue": "billing"}),
        ("resolved", HOUR),
        ("reopened", 2 * HOUR, ORDER),
        ("resolved", 3 * HOUR),
        now=FAR,
        rules=LISTED,
    )
    assert dated(solved, "resolved") == {"bill": {HOUR: 1}}
    assert dated(solved, "resolution") == {"bill": {HOUR: HOUR}}
    told = ticket(
        ("updated", 0, BILL),
        ("opened", MINUTE),
        ("resolved", HOUR),
        now=FAR,
        rules=LISTED,
    )
    assert dated(told, "resolved") == {NONE: {HOUR: 1}}
    for kind in ("updated", "status_changed", "assigned"):
        fields: dict[str, Any] = {"status": "pending"} if kind == "status_changed" else {}
        changed = ticket(
            ("opened", 0, BILL),
            (kind, MINUTE, fields | {"topic": "order"}),
            ("resolved", HOUR),
            now=FAR,
            rules=LISTED,
        )
        assert dated(changed, "resolved") == {"order": {HOUR: 1}}


def test_of_two_contents_of_one_id_the_topic_decides_last() -> None:
    """None is less than any: what repeats an event and says more is not what counts."""
    plain, told = fact("enqueued", 0), fact("enqueued", 0, topic="bill")
    assert content_of(plain) < content_of(told)
    *same, topic, customer = content_of(told)
    assert content_of(plain) == (*same, "", customer)
    assert topic == "bill"
    assert content_of(fact("enqueued", 0, topic=" ")) == content_of(plain)
