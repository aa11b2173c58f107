"""Customers who come again, over days: the centre's own books, the definitions, the engine."""

from typing import Any

import pytest

from streams.simulate import Centre, CentreConfig, PoolPlan, QueuePlan
from streams.simulate.config import CHAT, TICKET, VOICE
from tests.examples import QUICK
from tests.laws.test_replay_equals_oracle import told
from tests.oracle.oracle import Oracle
from tests.simulate.books import START_MS, differences, queue_settings

DAY_MS = 86_400_000


def small_centre() -> CentreConfig:
    """Four queues with few customers and too few people, each with days of its own."""
    rare = 1 / 2400
    queues = (
        QueuePlan(
            *("calls", VOICE), rate=1 / 900, handle_seconds=200, wrapup_seconds=20,
            patience_seconds=60, transfer_ratio=0.15, transfer_to="experts", callback_ratio=0.2,
        ),
        QueuePlan(
            *("experts", VOICE), rate=rare, handle_seconds=400, wrapup_seconds=20,
            patience_seconds=120, waits_for_wrapup=True, give_up_seconds=60, repeat_days=3,
        ),
        QueuePlan(
            *("chats", CHAT), rate=rare, handle_seconds=150, patience_seconds=60, hold_ratio=0,
            service_level_seconds=60, short_abandon_seconds=10, message_seconds=30,
            bot_ratio=0.6, contained_ratio=0.6, repeat_days=1,
        ),
        QueuePlan(
            *("mail", TICKET), rate=rare, handle_seconds=300, hold_ratio=0, repeat_days=2,
            service_level_seconds=None, short_abandon_seconds=None,
            sla={"first_response": {"urgent": 200, "normal": 300}, "resolution": {"low": 400}},
        ),
    )  # fmt: skip
    return CentreConfig(
        queues,
        (
            PoolPlan("calls", 1, ("calls", "experts")),
            PoolPlan("chats", 1, ("chats",), {CHAT: 1}),
            PoolPlan("mail", 1, ("mail",), {TICKET: 1}),
        ),
        # Of agents and sources little is told: days of that would be most of the stream.
        heartbeat_seconds=(3600, 3700),
        agent_ttl_seconds=4000,
        source_heartbeat_seconds=86_400,
        warm_start=False,
    )


def lived(days: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What really happened in so many days, and the events."""
    centre = Centre(small_centre(), 1)
    events = list(centre.run(START_MS, START_MS + days * DAY_MS))
    return centre.truth(), events


def agree(truth: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """The truth is what a replay of the events says."""
    records, anomalies = told(events, queue_settings(truth))
    assert anomalies == {}
    found = {(it["tenant"], it["queue"], it["channel"]): it["windows"]["all"] for it in records}
    for row in truth["queues"]:
        scope = row["tenant"], row["queue"], row["channel"]
        assert differences(row, found[scope]) == {}, scope


def test_who_came_again_is_what_the_oracle_and_a_replay_say() -> None:
    """Three independent accounts of nine days: by phone, chat and ticket, told and not told."""
    truth, events = lived(4 if QUICK else 9)
    oracle = Oracle(queue_settings(truth)).run(events)
    assert not +oracle.anomalies
    for row in truth["queues"]:
        scope = row["tenant"], row["queue"], row["channel"]
        assert differences(row, oracle.figures(*scope)) == {}, scope
    agree(truth, events)


@pytest.mark.slow
def test_nobody_who_comes_again_was_forgotten() -> None:
    """The books forget who cannot come again, and say the same as the engine after a month."""
    truth, events = lived(30)
    agree(truth, events)
    parts = [row["customers"] for row in truth["queues"] if row["queue"] != "_all"]
    for name in parts[0]:
        assert sum(part[name] for part in parts) > 0, name
