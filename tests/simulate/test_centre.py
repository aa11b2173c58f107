"""The simulated centre: repeatable, legal, balanced, and as busy as it is meant to be."""

from collections import Counter
from itertools import islice
from typing import Any

import orjson
import pytest

from streams.contract.events import TYPES
from streams.demo.comparison import COMPARED, value_of
from streams.settings import Settings
from streams.simulate import SOURCES, Centre, default_centre
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of
from tests.examples import QUICK, examples
from tests.oracle.oracle import Oracle
from tests.simulate.books import (
    MINUTE_MS,
    START_MS,
    differences,
    known_of,
    queue_settings,
    run_centre,
)

#: What of the live part the books keep.
BASIC = ("waiting", "oldest_waiting_at", "agents", "backlog")
OF_TICKETS = ("backlog_age", "complaints_open", "sla", "next_due_at")
CALLED_BACK = ("callbacks_owed", "callbacks_overdue", "oldest_callback_at")


@pytest.fixture(scope="module")
def hour() -> tuple[Centre, list[dict[str, Any]]]:
    return run_centre(seed=1, minutes=60)


def test_the_same_seed_gives_the_same_bytes(hour: tuple[Centre, list[dict[str, Any]]]) -> None:
    """Config, seed and start decide every byte."""
    count = examples(len(hour[1]))
    again = islice(Centre(default_centre(), 1).run(START_MS, START_MS + 60 * MINUTE_MS), count)
    assert list(map(orjson.dumps, again)) == list(map(orjson.dumps, hour[1][:count]))


def test_a_shorter_run_is_a_prefix(hour: tuple[Centre, list[dict[str, Any]]]) -> None:
    """Where a run ends changes nothing before its end; then each source says that it has ended."""
    short = run_centre(1, 10)[1]
    ends = len(SOURCES)
    assert short[:-ends] == hour[1][: len(short) - ends]
    assert {event["source"] for event in short[-ends:] if event["ended"]} == set(SOURCES)


def test_other_seeds_and_starts_share_no_id() -> None:
    """Two runs into the same topics are never taken for repeats of each other."""
    first = {event["event_id"] for event in run_centre(1, 2)[1]}
    second = {event["event_id"] for event in run_centre(2, 2)[1]}
    later = Centre(default_centre(), 1).run(START_MS + 1, START_MS + 2 * MINUTE_MS)
    assert first.isdisjoint(second)
    assert first.isdisjoint(event["event_id"] for event in later)


def test_every_event_decodes_and_goes_where_its_source_writes(
    hour: tuple[Centre, list[dict[str, Any]]],
) -> None:
    """Nothing the centre says is a dead letter, in any topic it is sent to."""
    for event in hour[1]:
        decoded = decode(orjson.dumps(event))
        assert not isinstance(decoded, Rejected), (decoded, event)
        if event["type"] != "source.heartbeat":
            assert topic_of(decoded) == SOURCES[event["source"]]
            assert key_of(decoded) == (event.get("contact_id") or event["agent_id"])


def test_events_are_in_time_order_with_unique_ids(
    hour: tuple[Centre, list[dict[str, Any]]],
) -> None:
    """The stream is sorted, ids never repeat, and seq orders each entity's milliseconds."""
    times = [event["occurred_at"] for event in hour[1]]
    assert times == sorted(times)
    assert len({event["event_id"] for event in hour[1]}) == len(hour[1])
    places = Counter(
        (event.get("contact_id") or event["agent_id"], event["occurred_at"], event.get("seq", 0))
        for event in hour[1]
        if event["type"] != "source.heartbeat"
    )
    assert max(places.values()) == 1


def test_the_centre_lives_a_full_life(hour: tuple[Centre, list[dict[str, Any]]]) -> None:
    """Everything the contract has room for happens in an hour, but for what no source here says."""
    unsaid = {"ticket.moved", "ticket.snapshot"}
    assert {event["type"] for event in hour[1]} == set(TYPES) - unsaid
    rows = [row for row in hour[0].truth()["queues"] if row["queue"] != "_all"]
    reasons: Counter[str] = Counter()
    offers: Counter[str] = Counter()
    for row in rows:
        reasons.update(row["flowed_out_reasons"])
        offers.update(row["offers"])
    assert {"callback", "overflow"} <= reasons.keys()
    assert all(offers.values())
    assert sum(row["blocked"] for row in rows) > 0
    (promises,) = (row["ticket"]["sla"] for row in rows if row["ticket"])
    assert all(promises[metric]["met"] and promises[metric]["breached"] for metric in promises)
    assert promises["resolution"]["withdrawn"]


def test_the_books_have_every_figure_that_the_demo_compares(
    hour: tuple[Centre, list[dict[str, Any]]],
) -> None:
    """Whoever adds a figure adds it to the books, or says that time alone decides it."""
    for row in hour[0].truth()["queues"]:
        for name in COMPARED:
            assert value_of(row, name) >= 0


def test_the_truth_balances_at_any_moment() -> None:
    """offered = answered + abandoned + flowed out + waiting, whenever one looks."""
    centre = Centre(default_centre(), 3)
    for number, _ in enumerate(centre.run(START_MS, START_MS + 20 * MINUTE_MS)):
        if number % 500:
            continue
        for row in centre.truth()["queues"]:
            if row["queue"] == "_all":
                continue
            left = row["answered"] + row["abandoned"] + row["flowed_out"]
            assert row["offered"] == left + row["live"]["waiting"]
            accepted = row["offers"]["accepted"]
            assert accepted == row["handled"] + row["live"]["answered_not_handled"]
            assert 0 <= accepted - row["answered"] <= row["callbacks"]["visits"]
            calls = row["callbacks"]
            ended = calls["reached"] + calls["given_up"] + calls["cancelled"]
            assert calls["asked"] == ended + row["live"]["callbacks_owed"]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_truth_is_what_the_oracle_says(seed: int) -> None:
    """Two independent accounts of the same life: the centre's own books, and the definitions
    applied to the events it emitted. No event is an anomaly."""
    centre, events = run_centre(seed, 12 if QUICK else 20)
    truth = centre.truth()
    told = Oracle(queue_settings(truth)).run(events)
    assert told.as_of == truth["as_of"]
    assert not +told.anomalies
    for row in truth["queues"]:
        scope = row["tenant"], row["queue"], row["channel"]
        assert differences(row, told.figures(*scope)) == {}, scope
        if row["queue"] != "_all":
            live = told.live(*scope)
            also = OF_TICKETS if row["channel"] == "ticket" else CALLED_BACK
            for name in (*BASIC, *also):
                known = known_of(row["live"][name], live[name])
                assert row["live"][name] == known, (scope, name)


def test_one_queue_is_overloaded_and_the_others_are_not() -> None:
    """What the demo shows: billing above the occupancy limit, the rest in a healthy range."""
    centre = Centre(default_centre(), 1)
    count = sum(1 for _ in centre.run(START_MS, START_MS + 120 * MINUTE_MS))
    assert 15 < count / 7200 < 60
    occupancy = {row["queue"]: row["occupancy_ratio"] for row in centre.truth()["queues"]}
    assert occupancy["billing"] > 0.88
    for queue in ("support", "sales", "web-chat", "app-chat", "email"):
        assert 0.6 < occupancy[queue] < 0.85, queue


def test_the_centre_uses_the_defaults_of_the_settings() -> None:
    """Thresholds need no configuration: only `wrapup` differs from what the engine assumes."""
    for plan in default_centre().queues:
        told = Settings().queue("default", plan.name, plan.channel)
        assert told.service_level_seconds == plan.service_level_seconds
        assert told.short_abandon_seconds == plan.short_abandon_seconds


def test_shifts_change_without_losing_anybody() -> None:
    """Across a hand-over each seat has one person at most, but for those finishing a contact."""
    centre = Centre(default_centre(), 5)
    start = START_MS + 7 * 60 * MINUTE_MS + 50 * MINUTE_MS
    offline = sum(
        event["type"] == "agent.state" and event["state"] == "offline"
        for event in centre.run(start, start + 60 * MINUTE_MS)
    )
    assert offline >= default_centre().seats * 0.9
    signed_in = [agent for agent in centre.floor.everyone() if agent.state != "offline"]
    assert len(signed_in) == pytest.approx(default_centre().seats, abs=3)


def test_finish_ends_the_run_where_it_is() -> None:
    """A live run can be ended at any event; its truth is that of the life so far."""
    centre = Centre(default_centre(), 1)
    events, enough = [], examples(12_000)
    for number, event in enumerate(centre.run(START_MS, START_MS + 10_000 * MINUTE_MS)):
        events.append(event)
        if number == enough:
            centre.finish()
    truth = centre.truth()
    assert len(events) < enough + 100
    assert truth["as_of"] == events[-1]["occurred_at"]
    told = Oracle(queue_settings(truth)).run(events)
    for row in truth["queues"]:
        assert differences(row, told.figures(row["tenant"], row["queue"], row["channel"])) == {}
