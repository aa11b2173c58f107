"""Promises to call back: what one request contributes, worked out by hand."""

from itertools import permutations
from typing import Any

import pytest

from streams.lifecycle import callback as requests
from streams.lifecycle import counters as c
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.lifecycles import CALLBACK
from streams.lifecycle.rules import NEVER
from tests.lifecycle.lives import DAY, FAR, HOUR, MINUTE, START, Told, callback, facts
from tests.lifecycle.test_entity import One

ASKED: Told = ("contact.flowed_out", 0, {"reason": "callback"})
AGREED: Told = ("callback.requested", 0, {"due_at": START + HOUR})


def attempt(at: int, outcome: str, **fields: Any) -> Told:
    """An attempt at `at` ms."""
    return "callback.attempted", at, {"outcome": outcome} | fields


def test_a_request_is_owed_until_somebody_is_reached() -> None:
    """Asked, attempted, reached: each once, at its own time; the time to reach from asked."""
    life = callback(ASKED, attempt(MINUTE, "not_reached"), attempt(3 * MINUTE, "connected"))
    assert life.dated(c.CALLBACKS_ASKED) == {0: 1}
    assert life.dated(c.CALLBACKS_OWED) == {0: 1, 3 * MINUTE: -1}
    assert life.dated(c.CALLBACKS_NOT_REACHED) == {MINUTE: 1}
    assert life.dated(c.CALLBACKS_CONNECTED) == {3 * MINUTE: 1}
    assert life.dated(c.CALLBACKS_REACHED) == life.dated(c.CALLBACKS_TIMED) == {3 * MINUTE: 1}
    assert life.dated(c.CALLBACK_TIME) == {3 * MINUTE: 3 * MINUTE}
    assert life.dated(c.CALLBACK_BUCKETS + bucket_of(3 * MINUTE)) == {3 * MINUTE: 1}
    assert life.anomalies == {}


def test_a_request_is_overdue_from_the_time_agreed() -> None:
    """From that instant until its end; the time to reach is from it, and never below nothing."""
    late = callback(AGREED, attempt(2 * HOUR, "connected"))
    assert late.dated(c.CALLBACKS_OVERDUE) == {HOUR: 1, 2 * HOUR: -1}
    assert late.dated(c.CALLBACK_TIME) == {2 * HOUR: HOUR}
    early = callback(AGREED, attempt(MINUTE, "connected"))
    assert early.dated(c.CALLBACKS_OVERDUE) == early.dated(c.CALLBACK_TIME) == {}
    assert early.dated(c.CALLBACKS_TIMED) == {MINUTE: 1}
    in_time = callback(AGREED, attempt(HOUR, "connected"), now=FAR)
    assert in_time.dated(c.CALLBACKS_OVERDUE) == {}
    past = callback(("callback.requested", HOUR, {"due_at": START}), now=2 * HOUR)
    assert past.dated(c.CALLBACKS_OVERDUE) == {HOUR: 1}


@pytest.mark.parametrize(
    ("last", "counter"),
    [
        (attempt(MINUTE, "given_up"), c.CALLBACKS_GIVEN_UP),
        (attempt(MINUTE, "not_reached", final=True), c.CALLBACKS_GIVEN_UP),
        (attempt(MINUTE, "cancelled"), c.CALLBACKS_CANCELLED),
        (attempt(MINUTE, "connected"), c.CALLBACKS_REACHED),
    ],
)
def test_an_attempt_may_end_a_request(last: Told, counter: int) -> None:
    """What is given up or cancelled is no attempt; further attempts are, and nothing more."""
    life = callback(ASKED, last, attempt(2 * MINUTE, "connected"))
    ends = (c.CALLBACKS_REACHED, c.CALLBACKS_GIVEN_UP, c.CALLBACKS_CANCELLED, c.CALLBACKS_EXPIRED)
    assert {end: life.dated(end) for end in ends if life.dated(end)} == {counter: {MINUTE: 1}}
    assert life.total(c.CALLBACKS_OWED) == 0
    attempts = life.total(c.CALLBACKS_CONNECTED) + life.total(c.CALLBACKS_NOT_REACHED)
    assert attempts == 1 + (last[2]["outcome"] in ("connected", "not_reached"))  # type: ignore[misc]
    assert life.anomalies == {"callback_ended": 1}


def test_a_request_expires_days_after_its_last_word() -> None:
    """The last asking, attempt or time agreed; and is forgotten as long after its end."""
    assert callback(ASKED, now=FAR).dated(c.CALLBACKS_EXPIRED) == {7 * DAY: 1}
    tried = callback(ASKED, attempt(DAY, "not_reached"), now=FAR)
    assert tried.dated(c.CALLBACKS_EXPIRED) == {8 * DAY: 1}
    assert tried.dated(c.CALLBACKS_OWED) == {0: 1, 8 * DAY: -1}
    agreed = callback(AGREED, now=FAR, days=2)
    assert agreed.dated(c.CALLBACKS_EXPIRED) == {HOUR + 2 * DAY: 1}
    assert agreed.dated(c.CALLBACKS_OVERDUE) == {HOUR: 1, HOUR + 2 * DAY: -1}
    assert agreed.anomalies == {"callback_expired": 1}
    assert agreed.state == requests.blank()
    known = callback(ASKED, attempt(0, "cancelled"), now=7 * DAY)
    assert known.state.phase == requests.ENDED
    assert callback(ASKED, attempt(0, "cancelled"), now=7 * DAY + 1).state.phase == requests.NONE


def test_asked_for_again_it_is_one_request_while_it_is_owed() -> None:
    """A later time agreed holds, an earlier one does not; after its end it is another request."""
    again = ("callback.requested", MINUTE, {"due_at": START + 2 * HOUR})
    sooner = ("callback.requested", 2 * MINUTE, {"due_at": START + MINUTE})
    life = callback(AGREED, again, sooner, attempt(3 * HOUR, "connected"))
    assert life.dated(c.CALLBACKS_ASKED) == {0: 1}
    assert life.dated(c.CALLBACKS_OVERDUE) == {2 * HOUR: 1, 3 * HOUR: -1}
    assert life.anomalies == {"callback_asked_again": 2}
    put_off = callback(AGREED, ("callback.requested", 2 * HOUR, {"due_at": START + 3 * HOUR}))
    assert put_off.dated(c.CALLBACKS_OVERDUE) == {HOUR: 1, 2 * HOUR: -1}
    twice = callback(ASKED, attempt(MINUTE, "cancelled"), ("callback.requested", HOUR))
    assert twice.dated(c.CALLBACKS_ASKED) == {0: 1, HOUR: 1}
    assert twice.total(c.CALLBACKS_OWED) == 1
    assert twice.anomalies == {}


def test_an_attempt_may_tell_of_a_request_that_is_not_known() -> None:
    """Asked for is counted at the attempt then; without `requested_at` only the attempt is."""
    since = {"requested_at": START - HOUR, "due_at": START - MINUTE}
    life = callback(attempt(MINUTE, "connected", **since))
    assert life.dated(c.CALLBACKS_ASKED) == life.dated(c.CALLBACKS_REACHED) == {MINUTE: 1}
    assert life.dated(c.CALLBACK_TIME) == {MINUTE: 2 * MINUTE}
    assert life.total(c.CALLBACKS_OWED) == life.total(c.CALLBACKS_OVERDUE) == 0
    waits = callback(attempt(MINUTE, "not_reached", **since))
    assert requests.standing(waits.state) == (("billing", "voice", c.CALLBACKS_OWED, START - HOUR),)
    assert waits.dated(c.CALLBACKS_OVERDUE) == {MINUTE: 1}
    ahead = callback(attempt(0, "connected", requested_at=START + 1))
    assert ahead.anomalies == {"clamped": 1}
    assert ahead.dated(c.CALLBACK_TIME) == {}
    unknown = callback(attempt(0, "connected"), attempt(1, "given_up"))
    assert unknown.anomalies == {"callback_unknown": 2}
    assert set(unknown.contributions) == {("billing", 0, c.CALLBACKS_CONNECTED)}
    assert unknown.state == requests.blank()


def test_an_attempt_in_another_queue_takes_the_request_there() -> None:
    """Its stocks move at that instant, and what ends it is counted there."""
    moved = attempt(2 * HOUR, "not_reached", queue="sales")
    life = callback(AGREED, moved, attempt(3 * HOUR, "connected", queue="sales"))
    for level, since in ((c.CALLBACKS_OWED, 0), (c.CALLBACKS_OVERDUE, HOUR)):
        assert life.dated(level) == {since: 1, 2 * HOUR: -1}
        assert life.dated(level, "sales") == {2 * HOUR: 1, 3 * HOUR: -1}
    assert life.dated(c.CALLBACKS_REACHED, "sales") == {3 * HOUR: 1}
    assert life.dated(c.CALLBACKS_ASKED) == {0: 1}


def test_who_asked_in_a_chat_is_called() -> None:
    """The attempt's channel has the request from then on."""
    asked = ("contact.flowed_out", 0, {"reason": "callback", "channel": "chat"})
    life = callback(asked, attempt(MINUTE, "not_reached"), attempt(2 * MINUTE, "connected"))
    assert life.dated(c.CALLBACKS_ASKED, channel="chat") == {0: 1}
    assert life.dated(c.CALLBACKS_OWED, channel="chat") == {0: 1, MINUTE: -1}
    assert life.dated(c.CALLBACKS_OWED) == {MINUTE: 1, 2 * MINUTE: -1}
    assert life.dated(c.CALLBACKS_REACHED) == {2 * MINUTE: 1}
    assert life.anomalies == {}


def test_what_goes_out_asks_for_nothing() -> None:
    """An outbound contact that flows out; of an attempt the direction means nothing."""
    outbound = {"direction": "outbound"}
    flowed_out = ("contact.flowed_out", 0, {"reason": "callback"} | outbound)
    assert callback(flowed_out, now=FAR).contributions == {}
    assert callback(("contact.flowed_out", 0, {"reason": "timeout"})).contributions == {}
    life = callback(ASKED, attempt(1, "connected", **outbound))
    assert life.total(c.CALLBACKS_REACHED) == 1


def test_a_correction_takes_a_request_back() -> None:
    """A higher revision of the flow-out gives another reason: nobody is owed a call."""
    told = ("contact.flowed_out", 0, {"reason": "callback", "event_id": "one"})
    mended = ("contact.flowed_out", 0, {"reason": "timeout", "event_id": "one", "revision": 1})
    assert callback(told, mended, now=FAR).contributions == {}


def test_any_order_gives_the_same_request() -> None:
    """Each fact once, whatever comes first, and deadlines that passed meanwhile."""
    told = [
        AGREED,
        attempt(MINUTE, "not_reached"),
        attempt(2 * HOUR, "not_reached", queue="sales"),
        attempt(3 * HOUR, "connected"),
        attempt(3 * HOUR, "connected"),
    ]
    made = facts(told, of_request=True)
    expected = callback(*told, now=FAR).contributions
    for number, order in enumerate(permutations(made)):
        one = One(CALLBACK)
        for place, fact in enumerate(order):
            one.add(fact)
            one.add(fact)
            if place == number % 5:
                one.fire_until(number * 2 * MINUTE)
        one.fire_until(FAR)
        booked = {
            (entry.queue, at - START, counter): n
            for entry in one.ledger.entries.values()
            for at, cell in entry.panes.items()
            for counter, n in cell.items()
            if n
        }
        assert booked == expected
        assert one.kept.state.due == NEVER
