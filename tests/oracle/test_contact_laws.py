"""Laws that the oracle's contacts keep by themselves, whatever real systems send."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.oracle import Oracle, Result
from tests.oracle.repeats import entity_of
from tests.strategies import QUEUE_VARIANTS, histories, queue_settings, random_history

law = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
Scope = tuple[str, str, str]
GRACE_MS = 5_000


def sums_after_each_instant(result: Result, scope: Scope) -> list[Counter[str]]:
    """Every count, sum and level of the scope, after each instant at which one changed."""
    rows = result.contributions + result.levels
    return running_sums(row for row in rows if row[1:4] == scope)


def running_sums(rows: Iterable[tuple]) -> list[Counter[str]]:
    """What rows (time, ..., name, amount) add up to by name, after each instant."""
    total: Counter[str] = Counter()
    found = []
    for _, same in groupby(sorted(rows), key=lambda row: row[0]):
        for *_, name, amount in same:
            total[name] += amount
        found.append(total.copy())
    return found


@law
@given(histories(), queue_settings())
def test_every_visit_is_somewhere_at_each_instant(history, queues) -> None:
    """Offered are answered, abandoned, flowed out, orphaned and not recovered, or waiting."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        for n in sums_after_each_instant(result, scope):
            closed = n["answered"] + n["abandoned"] + n["flowed_out"]
            assert n["offered"] == closed + n["orphaned"] - n["orphans_recovered"] + n["waiting"]


@law
@given(histories(), queue_settings())
def test_counts_only_grow_and_no_level_is_negative(history, queues) -> None:
    """Each count and sum of any pane is 0 or more, and so is each level between two instants."""
    result = Oracle(queues).run(history)
    assert all(row[5] >= 0 for row in result.contributions)
    for scope in result.scopes():
        for n in sums_after_each_instant(result, scope):
            assert min(n.values()) >= 0
            assert n["waiting_over_threshold"] <= n["waiting"] >= n["ringing"]
            assert n["waiting_over_limit"] <= n["waiting"]
            assert n["waited_over_limit"] <= n["limit_decided"]
            assert n["limit_decided"] <= n["offered"] - (n["answered"] - n["answered_measured"])
            assert n["contacts"] + n["contacts_hopped"] + n["contacts_over_two"] <= n["offered"]
            assert n["held"] <= n["handled"]
            assert n["time_to_answer_count"] <= n["answered"]
            assert n["customer_wait_ms"] >= n["answered_wait_ms"]
            assert n["customer_wait_abandoned_ms"] >= n["abandoned_wait_ms"]
            assert n["orphans_recovered"] <= n["orphaned"]
            assert n["answered_measured"] <= n["answered"]
            assert n["abandoned_unmeasured"] + n["short_abandoned"] <= n["abandoned"]
            spoken = n["answered"] + n["callbacks.visits"]
            assert n["handled"] <= spoken
            assert n["transferred"] <= spoken


@law
@given(histories(), queue_settings())
def test_every_call_that_was_asked_for_is_somewhere_at_each_instant(history, queues) -> None:
    """Asked are reached, given up, cancelled, expired or owed; of those owed some are overdue.

    A request may be tried in another queue than it was asked in, so this is of all together.
    """
    result = Oracle(queues).run(history)
    for tenant in {scope[0] for scope in result.scopes()}:
        rows = [row for row in result.contributions + result.levels if row[1] == tenant]
        for n in running_sums(row for row in rows if row[4].startswith("callbacks")):
            ends = ("reached", "given_up", "cancelled", "expired")
            ended = sum(n[f"callbacks.{name}"] for name in ends)
            assert n["callbacks.asked"] == ended + n["callbacks_owed"]
            assert n["callbacks_overdue"] <= n["callbacks_owed"]
            assert n["callbacks.reach_count"] == n["callbacks.reached"]
            assert n["callbacks.reached"] <= n["callbacks.attempted.connected"]
    assert all(row[5] >= 0 for row in result.contributions)


@law
@given(histories(), queue_settings())
def test_words_are_counted_once(history, queues) -> None:
    """No more first messages than visits, no more responses than messages, no answer before it."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        for n in sums_after_each_instant(result, scope):
            assert n["chat.first_message_count"] <= n["answered_measured"]
            assert n["chat.left_unanswered"] <= n["chat.messaged"]
            assert n["chat.answered_no_reply"] <= n["chat.messaged"]
            assert n["bot.timed"] <= n["bot.contained"] + n["bot.escalated"]
    total = sum(result.figures(*scope)["bot"]["escalated"] for scope in result.scopes())
    waits = sum(result.figures(*scope)["bot"]["handoff_wait_count"] for scope in result.scopes())
    assert waits <= total
    replies = sum(1 for one in history if one["type"] == "message.sent")
    found = [row for row in result.contributions if row[4] == "chat.responses"]
    assert len(found) <= replies


@law
@given(histories(), queue_settings())
def test_a_contact_stands_in_one_queue_at_a_time(history, queues) -> None:
    """At each instant a contact waits once, or talks once, or neither."""
    contacts: dict[tuple, list[dict]] = {}
    for event in history:
        entity = entity_of(event)
        if entity is not None and entity[0] == "contact":
            contacts.setdefault(entity, []).append(event)
    for (_, tenant, channel, _), events in contacts.items():
        result = Oracle(queues).run(events)
        rows = [row for row in result.levels if (row[1], row[3]) == (tenant, channel)]
        for n in running_sums(rows):
            assert n["waiting"] + n["handling"] <= 1


@law
@given(histories(), queue_settings(), st.integers(0, 400), st.sampled_from((0, 1, 4_999, 5_000)))
def test_what_happened_before_an_instant_does_not_depend_on_what_comes_after_grace(
    history, queues, mark, later
) -> None:
    """What is dated up to t follows from the events up to t + grace alone.

    But for later revisions of them: those are there to change what happened.
    """
    assume(history)
    for event in history:
        event.pop("revision", None)
    instants = sorted({event["occurred_at"] for event in history})
    until = instants[mark % len(instants)] + later
    tau = until - GRACE_MS
    result = Oracle(queues).run(history, now_ms=max(until, instants[-1]))
    known = Oracle(queues).run([e for e in history if e["occurred_at"] <= until], now_ms=until)
    for rows in ("contributions", "levels"):
        before = sorted(row for row in getattr(result, rows) if row[0] <= tau and row[5])
        assert before == sorted(row for row in getattr(known, rows) if row[0] <= tau and row[5])


@law
@given(histories(), queue_settings())
def test_waiting_seconds_are_the_waits_themselves(history, queues) -> None:
    """Little: the integral of depth is the waits of all who were seen waiting, laps whole."""
    result = Oracle(queues).run(history)
    for scope in result.scopes():
        tenant, queue, channel = scope
        visits = [
            visit
            for owner, where, visit in result.visits
            if (owner, where) == (tenant, channel) and queue in ("_all", visit.queue)
        ]
        figures = result.figures(*scope)
        ages = 0
        for visit in visits:
            left = visit.stopped_waiting_at
            if visit.stood:
                ages += (result.as_of if left is None else left) - visit.enqueued_at
        assert round(figures["waiting_seconds"] * 1000) == ages
        if all(visit.stood and visit.orphaned_at is None for visit in visits):
            still = sum(result.as_of - visit.enqueued_at for visit in visits if visit.waiting)
            assert round(figures["closed_wait_seconds"] * 1000) == ages - still


@law
@given(histories(), queue_settings())
def test_handling_seconds_are_talk_and_hold(history, queues) -> None:
    """The integral of who is connected is talk and hold, where no age cut it and all is booked."""
    result = Oracle(queues).run(history)
    for tenant, queue, channel in result.scopes():
        talks = [
            talk
            for owner, where, visit in result.visits
            if (owner, where) == (tenant, channel) and queue in ("_all", visit.queue)
            for talk in visit.talks
        ]
        if all(talk.fell_at == talk.until and talk.booked_at is not None for talk in talks):
            figures = result.figures(tenant, queue, channel)
            connected = result.integral_seconds(
                (tenant, queue, channel), "handling", result.first_ms, result.as_of
            )
            told = figures["talk_seconds"] + figures["hold_seconds"]
            assert round(connected * 1000) == round(told * 1000)


@pytest.mark.slow
def test_generated_histories_reach_every_reading() -> None:
    """The generator is no use for what it never makes: each reading of the rules occurs."""
    missing = {
        *("clamped", "lap", "said_again", "other_queue", "goes_on", "recovered", "silent"),
        *("answered_unmeasured", "abandoned_unmeasured", "answered_again", "former_agent"),
        *("orphaned", "handling_expired", "wrapups_unreported", "flowed_out_while_connected"),
    }
    for seed in range(400):
        if not missing:
            break
        missing -= set(
            Oracle(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]).run(random_history(seed)).anomalies
        )
    assert missing == set()


def told(kind: str, second: int, **fields: object) -> dict:
    """One event of a call, so many seconds after the first."""
    about = {"event_id": f"{kind}{second}", "source": "acd", "channel": "voice", "contact_id": "c"}
    return {"type": kind, "occurred_at": 1_700_000_000_000 + second * 1_000, **about, **fields}


def test_an_end_told_again_is_of_the_agent_whose_end_it_was() -> None:
    """Whoever has the conversation since, and though nobody says who that is."""
    here = {"queue": "billing"}
    history = [
        told("contact.enqueued", 0, **here),
        told("contact.answered", 10, agent_id="anna", **here),
        told("contact.transferred", 100),
        told("contact.answered", 101, **here),
        told("contact.ended", 103, agent_id="anna"),
        told("contact.ended", 300, agent_id="anna"),
    ]
    found = Oracle().run(history)
    assert +found.anomalies == {"goes_on": 1, "said_again": 1}
    assert found.figures("default", "billing", "voice")["talk_seconds"] == 90 + 199


def test_a_flow_out_for_another_reason_is_no_word_of_a_request() -> None:
    """But by one id with what is one, it may be the event that counts, or corrects it."""
    same = {"event_id": "e", "queue": "billing"}
    out = told("contact.flowed_out", 0, reason="voicemail", **same)
    attempt = told("callback.attempted", 0, outcome="connected", **same)
    for attempts, counted in ((attempt | {"event_id": "another"}, 1), (attempt, 0)):
        figures = Oracle().run([out, attempts]).figures("default", "billing", "voice")
        assert figures["callbacks"]["attempted"]["connected"] == counted
        assert figures["callbacks"]["asked"] == 0
    asked = told("contact.flowed_out", 0, reason="callback", **same)
    figures = Oracle().run([asked, out | {"revision": 1}]).figures("default", "billing", "voice")
    assert figures["callbacks"]["asked"] == 0
