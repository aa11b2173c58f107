"""Contacts: every visit ends in one outcome, each number at its own event's time."""

from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.contact_state import CONNECTED, IDLE, MAX_OWED, WAITING, ContactState
from streams.lifecycle.entity import Entity, add, fire_until
from streams.lifecycle.facts import Fact
from streams.lifecycle.lifecycles import CONTACT
from streams.lifecycle.rules import NEVER, QueueRules
from tests.lifecycle.lives import (
    FAR,
    HOUR,
    MINUTE,
    SECOND,
    START,
    Life,
    Told,
    contact,
    facts,
    ledger,
)

ANNA, BEN = {"agent_id": "anna"}, {"agent_id": "ben"}
OUTBOUND = {"direction": "outbound"}
CUSTOMER = {"author": "customer"}
AWAITED = QueueRules(wrapup=True)
SILENT = QueueRules(threshold_ms=60_000, short_ms=10_000, silent_ms=30_000)
LEVELS = (c.WAITING, c.OVER_THRESHOLD, c.OVER_LIMIT, c.RINGING, c.HANDLING)


def balanced(life: Life, queue: str = "billing") -> bool:
    """Whether no level is left behind by visits that are over."""
    return not any(life.total(level, queue) for level in LEVELS)


def test_an_answered_call_counts_each_step_at_its_time() -> None:
    """Offered, answered and handled are three instants; talk is connected time without hold."""
    life = contact(
        ("enqueued", 0),
        ("answered", 8_000, ANNA),
        ("hold.started", 20_000),
        ("hold.ended", 25_000),
        ("ended", 68_000),
    )
    assert life.dated(c.OFFERED) == {0: 1}
    assert life.dated(c.ANSWERED) == life.dated(c.ACCEPTED) == {8_000: 1}
    assert life.dated(c.ANSWERED_WAIT) == {8_000: 8_000}
    assert life.dated(c.ANSWERED_IN_THRESHOLD) == life.dated(c.THRESHOLD_DECIDED) == {8_000: 1}
    assert life.dated(c.HANDLED) == {68_000: 1}
    assert life.dated(c.TALK) == {68_000: 55_000}
    assert life.dated(c.HOLD) == {68_000: 5_000}
    assert life.dated(c.WAITING) == {0: 1, 8_000: -1}
    assert life.dated(c.HANDLING) == {8_000: 1, 68_000: -1}
    assert not life.anomalies


@pytest.mark.parametrize(("answered", "within"), [(20_000, 1), (20_001, 0)])
def test_exactly_the_threshold_is_within(answered: int, within: int) -> None:
    """The first event at or before E + T decides; else the passing of E + T does, at E + T."""
    life = contact(("enqueued", 0), ("answered", answered), ("ended", 30_000))
    assert life.dated(c.THRESHOLD_DECIDED) == {20_000: 1}
    assert life.total(c.ANSWERED_IN_THRESHOLD) == within
    assert life.dated(c.OVER_THRESHOLD) == ({} if within else {20_000: 1, 20_001: -1})


def test_a_miss_shows_before_the_call_is_answered() -> None:
    """At E + T the denominator counts, whatever the visit does later."""
    life = contact(("enqueued", 0), now=20_001)
    assert life.dated(c.THRESHOLD_DECIDED) == life.dated(c.OVER_THRESHOLD) == {20_000: 1}
    assert not contact(("enqueued", 0), now=20_000).total(c.THRESHOLD_DECIDED)


@pytest.mark.parametrize(("left", "short"), [(5_000, 1), (5_001, 0)])
def test_short_abandons_are_abandons_within_s(left: int, short: int) -> None:
    """Exactly S is short; abandoned includes the short ones."""
    life = contact(("enqueued", 0), ("abandoned", left))
    assert life.dated(c.ABANDONED) == {left: 1}
    assert life.total(c.SHORT_ABANDONED) == short
    assert life.dated(c.ABANDONED_IN_THRESHOLD) == {left: 1}
    assert life.dated(c.ABANDONED_WAIT) == life.dated(c.CLOSED_WAIT) == {left: left}


def test_flowing_out_counts_by_its_reason() -> None:
    """Neither answered nor abandoned; the wait is a closed wait."""
    life = contact(("enqueued", 0), ("flowed_out", 9_000, {"reason": "callback"}))
    assert life.dated(c.FLOWED_OUT) == life.dated(c.REASONS["callback"]) == {9_000: 1}
    assert life.dated(c.FLOWED_OUT_IN_THRESHOLD) == {9_000: 1}
    assert life.dated(c.CLOSED_WAIT) == {9_000: 9_000}
    assert balanced(life)


# -- openers that find a visit ---------------------------------------------------------------------


def test_a_transfer_at_one_millisecond_is_two_visits() -> None:
    """The old queue's agent leg closes before the new queue's visit opens."""
    life = contact(
        ("enqueued", 0),
        ("answered", 1_000, ANNA),
        ("enqueued", 9_000, {"queue": "support", "reason": "transfer"}),
        ("transferred", 9_000, {"queue": None, **ANNA}),
        ("answered", 12_000, {"queue": "support", **BEN}),
        ("ended", 15_000, {"queue": "support"}),
    )
    assert life.dated(c.HANDLED) == life.dated(c.TRANSFERRED) == {9_000: 1}
    assert life.dated(c.TALK) == {9_000: 8_000}
    assert life.dated(c.OFFERED, "support") == {9_000: 1}
    assert life.dated(c.ANSWERED_WAIT, "support") == {12_000: 3_000}
    assert life.dated(c.TALK, "support") == {15_000: 3_000}
    assert not life.anomalies
    assert balanced(life)
    assert balanced(life, "support")


def test_of_closers_at_one_millisecond_the_own_queues_goes_first() -> None:
    """An abandon of the new visit does not close the old one."""
    life = contact(
        ("enqueued", 0),
        ("enqueued", 9_000, {"queue": "support"}),
        ("abandoned", 9_000, {"queue": "support"}),
        ("flowed_out", 9_000, {"reason": "overflow"}),
    )
    assert life.dated(c.REASONS["overflow"]) == {9_000: 1}
    assert life.dated(c.ABANDONED, "support") == {9_000: 1}
    assert life.total(c.ABANDONED) == 0
    assert not life.anomalies


def test_a_call_enqueued_and_gone_in_one_millisecond_is_a_visit() -> None:
    """Where nothing was open, the opener comes first."""
    life = contact(("abandoned", 0), ("enqueued", 0))
    assert life.dated(c.OFFERED) == life.dated(c.ABANDONED) == life.dated(c.SHORT_ABANDONED)
    assert not life.anomalies


@pytest.mark.parametrize(
    ("reason", "counted"), [("overflow", "overflow"), ("requeue", "other"), (None, "other")]
)
def test_enqueued_while_waiting_flows_the_open_visit_out(reason: str | None, counted: str) -> None:
    """By the new event's reason where it is one of flowed_out's, else other."""
    life = contact(("enqueued", 0), ("enqueued", 7_000, {"queue": "support", "reason": reason}))
    assert life.dated(c.FLOWED_OUT) == life.dated(c.REASONS[counted]) == {7_000: 1}
    assert life.dated(c.WAITING, "support") == {7_000: 1}
    assert balanced(life)


def test_a_reason_that_nobody_knows_counts_as_other() -> None:
    """A flow-out by `other`, an entry and a refusal as without one; each is told by its kind."""
    life = contact(
        ("blocked", 0, {"reason": "Besetzt"}),
        ("enqueued", 1_000, {"reason": "VIP"}),
        ("flowed_out", 6_000, {"reason": "gone fishing"}),
    )
    assert life.dated(c.BLOCKED) == life.dated(c.BLOCKED_REASONS["other"]) == {0: 1}
    assert life.dated(c.FLOWED_OUT) == life.dated(c.REASONS["other"]) == {6_000: 1}
    assert life.anomalies == {"unknown_reason": 3}
    again = contact(("enqueued", 0), ("enqueued", 7_000, {"queue": "support", "reason": "VIP"}))
    assert again.dated(c.REASONS["other"]) == {7_000: 1}


def test_enqueued_while_connected_is_a_transfer() -> None:
    """The agent's leg is handled at that instant, and counted as transferred."""
    life = contact(("enqueued", 0), ("answered", 1_000), ("enqueued", 5_000, {"queue": "support"}))
    assert life.dated(c.HANDLED) == life.dated(c.TRANSFERRED) == {5_000: 1}
    assert life.dated(c.OFFERED, "support") == {5_000: 1}


def test_a_customer_who_comes_back_opens_a_new_visit() -> None:
    """Nothing of the visit that was left is retracted."""
    life = contact(("enqueued", 0), ("abandoned", 9_000), ("resumed", 11_000))
    assert life.dated(c.OFFERED) == {0: 1, 11_000: 1}
    assert life.dated(c.ABANDONED) == {9_000: 1}


# -- clock skew ------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [1, 5_000])
def test_an_answer_up_to_five_seconds_early_counts_at_the_enqueue(early: int) -> None:
    """Wait 0, dated at the enqueue, and counted as clamped."""
    life = contact(
        ("answered", 10_000 - early, ANNA), ("enqueued", 10_000), ("ended", 70_000), now=FAR
    )
    assert life.dated(c.ANSWERED) == life.dated(c.ANSWERED_IN_THRESHOLD) == {10_000: 1}
    assert life.total(c.ANSWERED_WAIT) == 0
    assert life.dated(c.TALK) == {70_000: 60_000}
    assert life.anomalies == {"clamped": 1}


def test_an_answer_earlier_than_that_is_of_a_visit_nobody_saw_enter() -> None:
    """5,001 ms before the enqueue: it counts without a wait, and the entry leaves it."""
    life = contact(("answered", 4_999), ("enqueued", 10_000), now=10_001)
    assert life.dated(c.ANSWERED) == {4_999: 1}
    assert life.dated(c.OFFERED) == {4_999: 1, 10_000: 1}
    assert life.dated(c.TRANSFERRED) == {10_000: 1}
    assert life.total(c.ANSWERED_MEASURED) == life.total(c.ANSWERED_WAIT) == 0
    assert life.state.phase == WAITING
    assert life.anomalies == {"answered_unmeasured": 1}


def test_a_second_answer_changes_nothing() -> None:
    """The first agent connection closes the wait."""
    life = contact(("enqueued", 0), ("answered", 1_000, ANNA), ("answered", 2_000, BEN))
    assert life.dated(c.ANSWERED) == {1_000: 1}
    assert life.state.agent == "anna"
    assert life.anomalies == {"answered_again": 1}


# -- ringing and holding ---------------------------------------------------------------------------


def test_a_visit_rings_while_any_agent_rings() -> None:
    """Two agents, one visit; each failed attempt is counted, the visit stays the same."""
    failed = {"outcome": "timeout"}
    life = contact(
        ("enqueued", 0),
        ("offered", 1_000, ANNA),
        ("offered", 2_000, BEN),
        ("offer.failed", 3_000, ANNA | failed),
        ("offer.failed", 4_000, BEN | failed),
        ("offered", 5_000, ANNA),
        ("answered", 6_000, ANNA),
    )
    assert life.dated(c.RINGING) == {1_000: 1, 4_000: -1, 5_000: 1, 6_000: -1}
    assert life.dated(c.OFFERS["timeout"]) == {3_000: 1, 4_000: 1}
    assert life.dated(c.OFFERED) == {0: 1}


def test_the_end_closes_an_open_hold() -> None:
    """A hold without its end lasts until the conversation ends."""
    life = contact(("enqueued", 0), ("answered", 0), ("hold.started", 6_000), ("ended", 10_000))
    assert life.dated(c.TALK) == {10_000: 6_000}
    assert life.dated(c.HOLD) == {10_000: 4_000}


def test_a_repeated_hold_is_a_no_op() -> None:
    """The hold began with its first start and ended with its first end."""
    life = contact(
        ("enqueued", 0),
        ("answered", 0),
        ("hold.started", 1_000),
        ("hold.started", 2_000),
        ("hold.ended", 4_000),
        ("hold.ended", 5_000),
        ("ended", 10_000),
    )
    assert life.dated(c.HOLD) == {10_000: 3_000}
    assert life.anomalies == {"said_again": 1, "hold_ended_without_visit": 1}


# -- wrap-up ---------------------------------------------------------------------------------------

CALL = (("enqueued", 0), ("answered", 1_000, ANNA), ("ended", 61_000))


def test_a_reported_wrapup_adds_its_seconds_when_it_ends() -> None:
    """By default the visit is handled with the conversation; the wrap-up comes later."""
    life = contact(*CALL, ("wrapup.ended", 91_000))
    assert life.dated(c.HANDLED) == {61_000: 1}
    assert life.dated(c.WRAPUP) == {91_000: 30_000}


def test_a_queue_that_waits_for_it_is_handled_with_the_wrapup() -> None:
    """Everything is booked whole, at the wrap-up's end."""
    life = contact(*CALL, ("wrapup.ended", 91_000), rules=AWAITED)
    assert life.dated(c.HANDLED) == {91_000: 1}
    assert life.dated(c.TALK) == {91_000: 60_000}
    assert life.dated(c.WRAPUP) == {91_000: 30_000}
    assert life.dated(c.HANDLING) == {1_000: 1, 61_000: -1}


def test_a_wrapup_never_reported_ends_at_its_cap() -> None:
    """The visit is handled then, at that time, without a wrap-up: a limit is not a measurement."""
    life = contact(*CALL, now=FAR, rules=AWAITED)
    cap = 61_000 + 15 * MINUTE
    assert life.dated(c.HANDLED) == {cap: 1}
    assert life.dated(c.WRAPUP) == {}
    assert life.dated(c.WRAPUPS_UNREPORTED) == {cap: 1}
    assert life.anomalies == {"wrapups_unreported": 1}
    assert not contact(*CALL, now=cap, rules=AWAITED).total(c.HANDLED)


def test_a_late_wrapup_is_capped_too() -> None:
    """Where the visit did not wait for it, the cap limits the seconds, not the time they count."""
    at = 61_000 + 15 * MINUTE + 1
    life = contact(*CALL, ("wrapup.ended", at))
    assert life.dated(c.WRAPUP) == {at: 15 * MINUTE}
    assert life.anomalies == {"wrapup_capped": 1}


def test_a_wrapup_belongs_to_its_agents_leg() -> None:
    """After a transfer two legs wait for a wrap-up: each agent's goes to its own queue."""
    there = {"queue": "support"}
    life = contact(
        ("enqueued", 0),
        ("answered", 0, ANNA),
        ("transferred", 10_000),
        ("enqueued", 10_000, there),
        ("answered", 11_000, BEN | there),
        ("ended", 20_000, there),
        ("wrapup.ended", 25_000, BEN | {"queue": None}),
        ("wrapup.ended", 40_000, ANNA | {"queue": None}),
    )
    assert life.dated(c.WRAPUP, "support") == {25_000: 5_000}
    assert life.dated(c.WRAPUP) == {40_000: 30_000}


def test_a_wrapup_of_another_agent_finds_nothing() -> None:
    """It is an anomaly and adds no seconds."""
    life = contact(*CALL, ("wrapup.ended", 70_000, BEN))
    assert life.total(c.WRAPUP) == 0
    assert life.anomalies == {"wrapup_without_visit": 1}


# -- ends that were never reported -----------------------------------------------------------------


def test_a_wait_that_nobody_ends_is_orphaned_at_its_maximum_age() -> None:
    """Dated at E + 4 h whenever it is noticed; never abandoned, not among closed waits."""
    life = contact(("enqueued", 0), now=FAR)
    assert life.dated(c.ORPHANED) == {4 * HOUR: 1}
    assert life.dated(c.WAITING) == {0: 1, 4 * HOUR: -1}
    assert life.total(c.ABANDONED) == life.total(c.CLOSED_WAIT) == 0
    assert balanced(life)
    assert contact(("enqueued", 0), now=4 * HOUR).state.phase == WAITING


def test_a_real_event_at_the_maximum_age_still_counts() -> None:
    """Implied events come after the real ones of their millisecond."""
    life = contact(("enqueued", 0), ("answered", 4 * HOUR), now=FAR)
    assert life.total(c.ORPHANED) == 0
    assert life.dated(c.ANSWERED) == {4 * HOUR: 1}


def test_a_conversation_that_nobody_ends_expires_unhandled() -> None:
    """At A + 12 h it leaves the wallboard, outside AHT."""
    life = contact(("enqueued", 0), ("answered", SECOND), now=FAR)
    assert life.dated(c.HANDLING) == {SECOND: 1, SECOND + 12 * HOUR: -1}
    assert life.total(c.HANDLED) == life.total(c.TALK) == 0
    assert life.anomalies == {"handling_expired": 1}


def test_a_closed_contact_is_forgotten_a_horizon_later() -> None:
    """A wrap-up at that millisecond is in time, one later finds nothing."""
    end = 61_000 + 4 * HOUR
    assert contact(*CALL, ("wrapup.ended", end)).dated(c.WRAPUP) == {end: 15 * MINUTE}
    gone = contact(*CALL, ("wrapup.ended", end + 1), now=FAR)
    assert gone.total(c.WRAPUP) == 0
    assert gone.anomalies == {"wrapup_without_visit": 1}
    assert gone.state.due == NEVER


# -- events that find another state ----------------------------------------------------------------


def test_ended_while_waiting_is_flowed_out() -> None:
    """By the reason other; a transfer while waiting by the reason transfer."""
    assert contact(("enqueued", 0), ("ended", 9)).dated(c.REASONS["other"]) == {9: 1}
    assert contact(("enqueued", 0), ("transferred", 9)).dated(c.REASONS["transfer"]) == {9: 1}


def test_abandoned_while_connected_is_ended() -> None:
    """The customer hung up: the visit is handled."""
    life = contact(("enqueued", 0), ("answered", 1_000), ("abandoned", 5_000))
    assert life.dated(c.HANDLED) == {5_000: 1}
    assert life.total(c.ABANDONED) == 0


def test_blocked_contacts_are_never_offered() -> None:
    """They count for the queue that refused them."""
    life = contact(("blocked", 0, {"reason": "full"}))
    assert life.dated(c.BLOCKED) == life.dated(c.BLOCKED_REASONS["full"]) == {0: 1}
    assert life.total(c.OFFERED) == 0
    assert life.state.phase == IDLE


def test_events_that_find_no_visit_change_nothing() -> None:
    """Each is an anomaly by its own name."""
    life = contact(
        ("flowed_out", 1, {"reason": "key"}),
        ("ended", 2),
        ("transferred", 3),
        ("hold.started", 4),
        ("offered", 5, ANNA),
    )
    assert life.contributions == {}
    assert life.anomalies == {
        "flowed_out_without_visit": 1,
        "ended_without_visit": 1,
        "transferred_without_visit": 1,
        "hold_started_without_visit": 1,
        "offered_without_visit": 1,
    }


def test_outbound_contacts_are_in_no_queue_figure() -> None:
    """They run through the same phases and contribute nothing at all."""
    life = contact(
        ("enqueued", 0, OUTBOUND),
        ("offered", 1_000, ANNA | OUTBOUND),
        ("answered", 30_000, ANNA | OUTBOUND),
    )
    assert life.contributions == {}
    assert life.state.phase == CONNECTED
    done = contact(
        ("enqueued", 0, OUTBOUND), ("answered", 1, OUTBOUND), ("ended", 2), ("wrapup.ended", 3)
    )
    assert done.contributions == {}
    assert not done.anomalies


# -- chats -----------------------------------------------------------------------------------------


def test_a_silent_chat_is_abandoned_when_the_silence_is_long_enough() -> None:
    """Dated N after the customer's last word; off unless the queue sets it."""
    bot = {"author": "bot"}
    told = (("enqueued", 0), ("message.sent", 5_000, CUSTOMER), ("message.sent", 9_000, bot))
    life = contact(*told, now=FAR, rules=SILENT, channel="chat")
    assert life.dated(c.ABANDONED) == life.dated(c.SILENT_ABANDONED) == {35_000: 1}
    assert life.total(c.SHORT_ABANDONED) == 0
    off = contact(*told, now=HOUR, channel="chat")
    assert off.total(c.ABANDONED) == 0
    assert off.state.phase == WAITING


def test_the_limit_of_the_wait_goes_before_silence() -> None:
    """Due in one millisecond: the customer still waited when the limit was over, and then left."""
    at_once = QueueRules(threshold_ms=30_000, wait_limit_ms=30_000, silent_ms=30_000)
    life = contact(("enqueued", 0), now=FAR, rules=at_once, channel="chat")
    assert life.dated(c.WAITED_OVER_LIMIT) == life.dated(c.LIMIT_DECIDED) == {30_000: 1}
    assert life.dated(c.ABANDONED) == life.dated(c.THRESHOLD_DECIDED) == {30_000: 1}
    assert life.total(c.ABANDONED_IN_THRESHOLD) == 0
    assert balanced(life)


def test_a_silent_customer_who_writes_again_opens_a_new_visit() -> None:
    """In the same queue; nothing is retracted. A bot's message opens none."""
    life = contact(
        ("enqueued", 0),
        ("message.sent", 40_000, {"author": "bot"}),
        ("message.sent", 50_000, CUSTOMER),
        rules=SILENT,
        channel="chat",
    )
    assert life.dated(c.ABANDONED) == {30_000: 1}
    assert life.dated(c.OFFERED) == {0: 1, 50_000: 1}
    assert life.dated(c.WAITING) == {0: 1, 30_000: -1, 50_000: 1}


def test_every_visit_ends_in_exactly_one_outcome() -> None:
    """Four visits of one contact, four outcomes, none twice."""
    life = contact(
        ("enqueued", 0),
        ("answered", 1_000),
        ("ended", 2_000),
        ("enqueued", 10_000),
        ("abandoned", 11_000),
        ("enqueued", 20_000),
        ("flowed_out", 21_000, {"reason": "timeout"}),
        ("enqueued", 30_000),
        now=FAR,
    )
    outcomes = (c.ANSWERED, c.ABANDONED, c.FLOWED_OUT, c.ORPHANED)
    assert [life.total(outcome) for outcome in outcomes] == [1, 1, 1, 1]
    assert life.total(c.OFFERED) == 4
    assert balanced(life)


def test_a_lost_entry_that_is_told_with_the_answer_cannot_be_of_another_age() -> None:
    """`entered_at` of years ago is no wait: the answer counts without one."""
    longest = START - 4 * HOUR + 60_000
    for since, measured in ((START, 1), (longest, 1), (longest - 1, 0), (800_000_000_000, 0)):
        life = contact(("answered", 60_000, {"entered_at": since}), now=FAR)
        assert (life.total(c.ANSWERED), life.total(c.ANSWERED_MEASURED)) == (1, measured)
        assert not [n for _, _, n in life.contributions if c.RESOLUTION_BUCKETS <= n < c.LOCAL]


def test_what_is_in_doubt_when_a_contact_is_forgotten_stays_in_doubt() -> None:
    """An early flow-out waits for its entry, though the contact is forgotten between the two."""
    forgotten = 40_000 + 4 * HOUR
    told = (
        ("enqueued", 0),
        ("abandoned", 40_000),
        ("flowed_out", forgotten - 1_000, {"reason": "key"}),
        ("enqueued", forgotten + 1_000),
        ("abandoned", forgotten + 60_000),
    )
    life = contact(*told, now=FAR)
    assert life.dated(c.FLOWED_OUT) == {forgotten + 1_000: 1}
    one: Entity[ContactState, Fact] = Entity(None, CONTACT.blank(), [], -1)
    book, ids = ledger(None, "voice").select("default", "voice"), set[str]()
    for each in facts(told):
        add(CONTACT, one, each, each.at, book, ids)
        fire_until(CONTACT, one, each.at + 1_900, book)
    panes = book.entry("billing").panes.items()
    assert {at - START: n for at, cell in panes if (n := cell[c.FLOWED_OUT])} == {
        forgotten + 1_000: 1
    }


SUPPORT, SALES = {"queue": "support"}, {"queue": "sales"}


@pytest.mark.parametrize(
    ("later", "elsewhere"),
    [
        ([("enqueued", 21_000, SUPPORT)], 0),
        ([("enqueued", 21_000, SALES)], 1),
        ([("resumed", 21_000, SALES)], 1),
        # the next entry alone
        ([("enqueued", 21_000, SALES), ("enqueued", 30_000)], 1),
        # who is answered is somewhere
        ([("answered", 21_000, SUPPORT), ("ended", 30_000), ("enqueued", 80_000, SALES)], 0),
        # forgotten
        ([("enqueued", 5 * HOUR, SALES)], 0),
    ],
)
def test_a_transfer_says_where_the_next_entry_is(later: list[Any], elsewhere: int) -> None:
    """Of who talked and of who waited; a later transfer holds, and one that names nothing."""
    talked: list[Any] = [("enqueued", 0), ("answered", 5_000, ANNA)]
    for before in (talked[:1], talked):
        life = contact(*before, ("transferred", 20_000, {"to_queue": "support"}), *later)
        assert life.anomalies.get("transferred_elsewhere", 0) == elsewhere
        life = contact(*before, ("transferred", 20_000), *later)
        assert "transferred_elsewhere" not in life.anomalies


@pytest.mark.parametrize("again", ["flowed_out", "abandoned", "ended"])
def test_an_end_that_came_after_its_age_is_known_when_it_is_said_again(again: str) -> None:
    """It is remembered as any other end: nothing is counted twice."""
    late = 4 * HOUR + MINUTE
    left, more = ("flowed_out", late, {"reason": "key"}), {"reason": "key"}
    life = contact(("enqueued", 0), left, (again, late + SECOND, more), now=FAR)
    assert life.dated(c.FLOWED_OUT) == {late: 1}
    assert life.total(c.ABANDONED) == 0
    assert life.anomalies == {"orphaned": 1, "recovered": 1, "said_again": 1}


@pytest.mark.parametrize(("waited", "over"), [(60_000, 0), (60_001, 1)])
def test_an_answer_that_tells_its_wait_is_over_the_limit_beyond_it(waited: int, over: int) -> None:
    """Nobody saw the entry; as with a wait that was seen, exactly the limit is not too long."""
    answered: Told = ("answered", waited, ANNA | {"entered_at": START})
    life = contact(answered, rules=QueueRules(wait_limit_ms=60_000))
    assert life.dated(c.LIMIT_DECIDED) == {waited: 1}
    assert life.total(c.WAITED_OVER_LIMIT) == over


@pytest.mark.parametrize(("queue", "unseen"), [("billing", 0), ("support", 1)])
def test_who_leaves_a_queue_that_nobody_saw_him_in_was_in_another(queue: str, unseen: int) -> None:
    """An age closed his wait in billing: what is said of it twice is one; of support it is not."""
    gone = ("abandoned", 5 * HOUR + SECOND, {"queue": queue})
    life = contact(("enqueued", 0), ("abandoned", 5 * HOUR), ("enqueued", 5 * HOUR), gone, now=FAR)
    assert life.anomalies.get("abandoned_unmeasured", 0) == unseen


def test_of_too_many_wrapups_that_are_awaited_the_oldest_is_given_up() -> None:
    """Its visit is handled at the end of the conversation that is one too many."""
    told: list[Told] = []
    for number in range(MAX_OWED + 1):
        at = 10_000 * number
        told += [("enqueued", at), ("answered", at, ANNA), ("ended", at + 5_000)]
    life = contact(*told, rules=AWAITED)
    assert life.dated(c.HANDLED) == life.dated(c.WRAPUPS_UNREPORTED) == {told[-1][1]: 1}
    assert contact(*told[:-1], rules=AWAITED).total(c.HANDLED) == 0
