"""Meaning before the clock, in the worker's stages: whatever comes when, and after every batch.

Each history is one contact as real systems tell it, a closer of it at both sides of grace, with
the queue and the agent named or left out. It is handed over in many orders of arrival, one event
a transaction: at the end both stages say what the oracle says of the set, and meanwhile, while
the event that decides is not there yet, no count is negative and no visit is lost.
"""

import random
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.examples import QUICK
from tests.laws.pipeline import Pipeline, additive
from tests.laws.test_replay_equals_oracle import configured
from tests.oracle.oracle import Oracle
from tests.strategies import encoded

Event = dict[str, Any]
BASE_MS = 1_700_006_400_000  # 2023-11-15T00:00:00Z, so that a day is one window
HOUR_MS = 3_600_000
HORIZON_MS = 4 * HOUR_MS
GRACE_MS = 5_000
GAPS_MS = (0, 200, GRACE_MS - 1, GRACE_MS, GRACE_MS + 1)
QUEUES: list[dict[str, Any]] = [{"name": "front", "channels": ["voice"], "wrapup": True}]


def contact(*steps: tuple) -> list[Event]:
    """Events of one call: (ms, type, queue or None, agent or None, further fields)."""
    found = []
    for number, (at, kind, queue, agent, *more) in enumerate(steps):
        told = {"event_id": f"e{number}", "type": kind, "occurred_at": BASE_MS + at}
        told |= {"source": "acd", "channel": "voice", "contact_id": "c"}
        named = {"queue": queue, "agent_id": agent}
        told |= {name: value for name, value in named.items() if value is not None}
        found.append(told | (more[0] if more else {}))
    return found


def hand_over(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Transferred from front to back; the transfer is stamped `gap` after the entry."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (10_000, "contact.answered", "front", "anna"),
        (60_000, "contact.enqueued", "back", None, {"seq": 1}),
        (60_000 + gap, "contact.transferred", queue, agent, {"seq": 2}),
        (61_000, "contact.answered", "back", "ben"),
        (90_000, "contact.ended", "back" if queue else None, "ben" if agent else None),
        (99_000, "wrapup.ended", None, agent),
    )


def overflow(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Out of front and into back, twice, the flow-outs late; then abandoned."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (60_000, "contact.enqueued", "back", None, {"seq": 1}),
        (60_000 + gap, "contact.flowed_out", "front", None, {"reason": "timeout", "seq": 2}),
        (61_000, "contact.enqueued", "third", None, {"seq": 1}),
        (61_000 + gap, "contact.flowed_out", "back", None, {"reason": "overflow", "seq": 2}),
        (64_000, "contact.abandoned", "third", None),
    )


def early(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Answered, held and ended before the entry, by `gap`."""
    return contact(
        (60_000 - gap, "contact.answered", "front", "anna"),
        (60_000 - gap, "hold.started", None, agent),
        (60_000, "contact.enqueued", "front", None),
        (70_000 - gap, "contact.ended", "front" if queue else None, agent),
        (80_000, "wrapup.ended", None, agent),
    )


def laps(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Out of the queue and back after `gap`, twice; then answered."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (60_000, "contact.flowed_out", "front", None, {"reason": "timeout", "seq": 1}),
        (60_000 + gap, "contact.enqueued", "front", None, {"seq": 2}),
        (90_000, "contact.flowed_out", "front", None, {"reason": "timeout", "seq": 1}),
        (90_000 + gap, "contact.enqueued", "front", None, {"seq": 2}),
        (97_000, "contact.answered", "front", "anna"),
        (99_000, "contact.ended", queue and "front", agent),
    )


def elsewhere(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Answered in a queue that nobody saw it enter; the transfer out of front comes after."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (10_000, "contact.answered", "front", "anna"),
        (60_000, "contact.answered", "back", "ben", {"seq": 1}),
        (60_000 + gap, "contact.transferred", queue, agent, {"seq": 2}),
        (80_000, "contact.ended", None, "ben"),
        (81_000, "contact.answered", "back", "cleo"),
    )


def said_twice(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """The end is said again after `gap`, when the contact may wait elsewhere."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (10_000, "contact.answered", "front", "anna"),
        (60_000, "contact.ended", queue, agent, {"seq": 1}),
        (60_000 + gap, "contact.ended", queue, agent, {"seq": 2}),
        (62_000, "contact.enqueued", "back", None),
        (80_000, "contact.answered", "back", "ben"),
        (85_000, "wrapup.ended", "front", agent),
        (99_000, "contact.ended", None, None),
    )


def aged(gap: int, queue: str | None, agent: str | None) -> list[Event]:
    """Orphaned in front, answered there `gap` before or after the age, and ended."""
    return contact(
        (0, "contact.enqueued", "front", None),
        (4 * HOUR_MS - gap, "contact.answered", "front", "anna"),
        (4 * HOUR_MS + gap, "contact.answered", "front", "anna"),
        (4 * HOUR_MS + 60_000, "contact.ended", queue, agent),
    )


STORIES = (hand_over, overflow, early, laps, elsewhere, said_twice, aged)
NAMED = tuple(product(("front", None), ("anna", None)))


@pytest.mark.parametrize("gap", GAPS_MS)
@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_any_arrival_gives_the_same_and_nothing_is_lost_meanwhile(story, gap) -> None:
    """After each event no count is negative and each visit is somewhere; at last all is exact."""
    for number, (queue, agent) in enumerate(NAMED):
        events = story(gap, queue, agent)
        as_of = -(-max(event["occurred_at"] for event in events) // 10_000) * 10_000 + 10_000
        expected = Oracle(QUEUES, horizon_ms=2 * HORIZON_MS).run(events, now_ms=as_of)
        settings = replace(configured(QUEUES), horizon_seconds=2 * HORIZON_MS // 1_000)
        for seed in range(1 if QUICK else 8):
            order = random.Random(f"{number} {seed}").sample(events, len(events))
            pipeline = Pipeline(settings, partitions=1, intervals=False)
            for raw in encoded(order):
                pipeline.accept(raw)
                pipeline.turn(as_of)
                for place, (n, waiting) in pipeline.today().items():
                    assert min(additive(n).values()) >= 0, place
                    closed = n["answered"] + n["abandoned"] + n["flowed_out"] + n["orphaned"]
                    assert n["offered"] == closed - n["orphans_recovered"] + waiting, place
            for place, (n, _) in pipeline.today().items():
                wanted = additive(expected.figures(*place, as_of - 86_400_000, as_of))
                found = additive(n)
                assert {k: found[k] for k in found if found[k] != wanted[k]} == {}, place
            assert not pipeline.rejected


#: Where the entry lies, from what is closed: its late closer may still come within grace of it.
ENTRY_MS = (-GRACE_MS - 1, -GRACE_MS, -1, 0, 1)


@pytest.mark.parametrize("entry", ENTRY_MS)
@pytest.mark.parametrize("gap", [gap for gap in GAPS_MS if gap])
@pytest.mark.parametrize("story", [hand_over, overflow, laps, elsewhere])
def test_what_is_closed_is_cut_where_no_late_closer_reaches(story, gap, entry) -> None:
    """The part before the last closer is folded for good, up to grace before what is closed."""
    events = story(gap, None, None)
    decides = BASE_MS + 60_000  # the instant of the first opener or lap
    closed = decides - entry
    now = closed + HORIZON_MS
    before = [event for event in events if event["occurred_at"] <= decides]
    after = [event for event in events if event["occurred_at"] > decides]
    accepted = [event for event in after if event["occurred_at"] >= closed]
    expected = Oracle(QUEUES).run(before + accepted, now_ms=now + 10_000)
    pipeline = Pipeline(configured(QUEUES), partitions=1, intervals=False)
    for raw in encoded(before):
        pipeline.accept(raw)
    pipeline.turn(now)
    pipeline.restart()
    for raw in encoded(after):
        pipeline.accept(raw)
        pipeline.turn(now)
    pipeline.turn(now + 10_000)
    assert len(pipeline.rejected) == len(after) - len(accepted)
    whole_panes = (now + 10_000) // 10_000 * 10_000
    for place, (n, _) in pipeline.today().items():
        wanted = additive(expected.figures(*place, now - 86_400_000, now + 10_000))
        # Who still talks is in an integral, and those end with the last whole pane.
        timed = additive(expected.figures(*place, now - 86_400_000, whole_panes))
        wanted["connected_seconds"] = timed["connected_seconds"]
        found = additive(n)
        assert {k: found[k] for k in found if found[k] != wanted[k]} == {}, place
