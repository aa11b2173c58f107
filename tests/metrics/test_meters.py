"""Counters keep first bookings: what late events change is counted apart, and nothing falls."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.lifecycle import counters as c
from streams.lifecycle.kinds import KINDS
from streams.metrics.meters import IntakeMeter
from streams.metrics.visit_catalogue import ABANDONED_QUEUED
from tests.metrics.stand_in import START, StandIn, call, centre

PLACE = ("default", "billing", "voice")
NUMBERS = (
    *(
        c.OFFERED,
        c.ANSWERED,
        c.ABANDONED,
        c.SHORT_ABANDONED,
        c.THRESHOLD_DECIDED,
        c.ANSWERED_IN_THRESHOLD,
    ),
    *(c.ANSWERED_WITHIN, c.ANSWERED_WITHIN + 1, c.ANSWERED_WITHIN + 8, c.ANSWERED_WAIT),
    *(c.CUSTOMER_WAIT, c.ANSWERED_MEASURED, c.WORK_TIME, c.SLA["resolution"] + c.MET["low"]),
    *(
        c.HANDLED,
        c.HANDLED_WITHIN + 3,
        c.HANDLE_TIME,
        c.WAITING,
        c.HANDLING_AGENTS,
        c.WAIT_BUCKETS + 7,
    ),
)


@given(st.lists(st.dictionaries(st.sampled_from(NUMBERS), st.integers(-5, 5)), max_size=6))
def test_no_booking_makes_a_number_fall(turns: list[dict[int, int]]) -> None:
    """Whatever a turn books or takes back, every exported number and the corrections only grow."""
    meter = IntakeMeter()
    before: dict[int, int] = {}
    corrections = 0
    for booked in turns:
        meter.book(PLACE, booked)
        now = dict(meter.booked.get(PLACE, {}))
        assert all(now.get(number, 0) >= n for number, n in before.items())
        assert meter.corrections[PLACE] >= corrections
        before, corrections = now, meter.corrections[PLACE]


def test_what_was_shown_is_never_changed() -> None:
    """A reader holds the numbers of one instant, however long it takes."""
    meter = IntakeMeter()
    meter.book(PLACE, {c.OFFERED: 1})
    held = meter.booked[PLACE]
    meter.book(PLACE, {c.OFFERED: 1})
    assert held == {c.OFFERED: 1}
    assert meter.booked[PLACE] == {c.OFFERED: 2}


def test_an_observation_that_moves_to_another_bucket_is_not_a_second_one() -> None:
    """A corrected wait changes neither the histogram's count nor its sum, but the corrections."""
    meter = IntakeMeter()
    first, second = c.ANSWERED_WITHIN, c.ANSWERED_WITHIN + 2
    meter.book(PLACE, {c.ANSWERED: 1, first: 1, c.ANSWERED_WAIT: 4_000, c.ANSWERED_IN_THRESHOLD: 1})
    before = dict(meter.booked[PLACE])
    meter.book(PLACE, {first: -1, second: 1, c.ANSWERED_WAIT: 11_000, c.ANSWERED_IN_THRESHOLD: -1})
    assert meter.booked[PLACE] == before
    assert meter.corrections[PLACE] == 1
    meter.book(PLACE, {c.ANSWERED: 1, first: -1, second: 2, c.ANSWERED_WAIT: 30_000})
    assert meter.booked[PLACE][second] == 1


def test_an_abandonment_that_turns_out_short_takes_nothing_from_the_queued_ones() -> None:
    """Of the two kinds, one grows and the other stays."""
    meter = IntakeMeter()
    meter.book(PLACE, {c.ABANDONED: 2})
    meter.book(PLACE, {c.SHORT_ABANDONED: 1})
    assert meter.booked[PLACE] == {ABANDONED_QUEUED: 2, c.SHORT_ABANDONED: 1}
    assert meter.corrections[PLACE] == 1


def test_a_sum_grows_with_what_it_is_a_sum_of() -> None:
    """A time that turns out longer, or shorter, without a further one is none of the counter's."""
    meter = IntakeMeter()
    meter.book(PLACE, {c.NEXT_RESPONSES: 1, c.NEXT_RESPONSE_TIME: 4_000})
    before = dict(meter.booked[PLACE])
    meter.book(PLACE, {c.NEXT_RESPONSE_TIME: 9_000})
    meter.book(PLACE, {c.NEXT_RESPONSE_TIME: -9_000})
    meter.book(PLACE, {c.NEXT_RESPONSES: -1, c.NEXT_RESPONSE_TIME: -4_000})
    assert meter.booked[PLACE] == before
    assert meter.corrections[PLACE] == 1
    meter.book(PLACE, {c.TICKETS_RESOLVED_AGAIN: 1, c.RESOLUTION_CYCLE_TIME: 7_000})
    meter.book(PLACE, {c.WORK_TIME: 3_000})
    assert meter.booked[PLACE][c.RESOLUTION_CYCLE_TIME] == 7_000
    assert meter.booked[PLACE][c.WORK_TIME] == 3_000


def rising(page: str) -> dict[str, float]:
    """The series of a page that may never fall, by the name and labels before their value."""
    found, rises = {}, False
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            rises = line.endswith((" counter", " histogram"))
        elif rises and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def test_events_out_of_order_leave_every_counter_where_it_was_or_higher() -> None:
    """Shuffled calls, a turn after each: no series of a counter or histogram ever falls."""
    chance = random.Random(5)
    worker = StandIn(centre())
    events = [
        event
        for number in range(12)
        for event in call(f"c{number}", START + number * 500, answered=number, ended=40 + number)
    ]
    events += [e for n in range(6) for e in call(f"a{n}", START, abandoned=n * 4)[1:]]
    events += [call(f"a{n}", START)[0] for n in range(6)]
    chance.shuffle(events)
    before: dict[str, float] = {}
    for event in events:
        worker.send(event)
        worker.turn(2)
        now = rising(worker.text())
        assert all(now[series] >= value for series, value in before.items())
        before = now
    assert any("_bucket{" in series for series in before)
    assert worker.value("contacts_corrections_total", queue="billing")
    assert worker.value("window_contacts", queue="billing", window="5m", outcome="offered") == 18


def test_records_are_counted_by_what_became_of_them() -> None:
    """Each record read is in exactly one of ok, late, duplicate and invalid."""
    worker = StandIn(centre())
    worker.send(*call("c1", START, answered=2))
    again = {"event_id": "same", "type": "contact.enqueued", "queue": "sales", "contact_id": "c2"}
    worker.send({**again, "occurred_at": START}, {**again, "occurred_at": START})
    worker.put(b"{", b"c3")
    heartbeat = {"type": "source.heartbeat", "occurred_at": START, "contact_id": "c3"}
    worker.turn()
    worker.send({**again, "occurred_at": START - 5 * 3_600_000, "event_id": "old"})
    worker.send({**heartbeat})
    worker.turn()
    found = {
        result: worker.value("stream_events_total", topic="contact.calls", result=result)
        for result in ("ok", "late", "duplicate", "invalid", "unknown_queue")
    }
    assert found == {"ok": 4, "late": 1, "duplicate": 1, "invalid": 1, "unknown_queue": 0}
    assert worker.value("stream_dead_letters_total", reason="late") == 1
    assert worker.value("stream_dead_letters_total", reason="not_json") == 1
    assert worker.value("stream_dead_letters_total", reason="future") == 0


def test_queues_beyond_the_limit_are_told() -> None:
    """Their records count under `_other` and as unknown_queue of their channel's topic."""
    worker = StandIn(centre(max_queues=5))
    for number in range(3):
        worker.send({**call(f"c{number}", START)[0], "queue": f"extra-{number}"})
        worker.turn(10)
    assert worker.value("stream_events_total", topic="contact.calls", result="unknown_queue")
    assert worker.value("contacts_offered_total", queue="_other")


def test_anomalies_are_shown_by_kind_and_sort_and_never_fall() -> None:
    """Every kind is there from the first page on; what is explained and comes again counts once."""
    worker = StandIn(centre())
    shown = worker.families()["stream_anomalies_total"].samples
    assert {(s.labels["kind"], s.labels["sort"]) for s in shown} == {
        (kind, sort) for kind, (sort, _) in KINDS.items()
    }

    def ended_without_visit() -> float | None:
        return worker.value("stream_anomalies_total", kind="ended_without_visit")

    for number in range(2):
        entry, end = call(f"c{number}", START, ended=30)
        worker.send(end)
        worker.turn(60)
        assert ended_without_visit() == 1
        worker.send(entry)
        worker.turn()
        assert ended_without_visit() == 1
    assert worker.value("stream_anomaly_samples_total", result="written") == 2
    worker.send(call("c9", START, ended=1)[1], call("c8", START, answered=1)[1])
    worker.turn()
    assert worker.value("stream_anomalies_total", kind="answered_unmeasured") == 1
    assert ended_without_visit() == 1


def test_effective_events_are_those_that_could_have_had_an_effect() -> None:
    """An anomaly is one, and so is a conflict; snapshots, messages, repeats are none."""
    worker = StandIn(centre())
    entry, ended = call("c1", START, ended=5)
    entry |= {"event_id": "same"}
    conflict = {**entry, "queue": "sales"}
    said = {"type": "message.sent", "author": "customer", "channel": "chat", "contact_id": "w"}
    agent = {"type": "agent.state", "agent_id": "anna", "state": "available", "queues": ["billing"]}
    more = {"occurred_at": START}
    worker.send(entry, entry, ended, conflict, said | more, agent | more)
    worker.send({"type": "source.heartbeat", **more})
    worker.turn()
    assert worker.value("stream_effective_events_total") == 3
    assert worker.value("stream_anomalies_total", kind="conflict", sort="did_nothing") == 1
