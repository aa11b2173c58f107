"""Agents: each snapshot holds until the next or its time to live; one state, clipped slots."""

from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.agent import blank
from tests.lifecycle.lives import DAY, FAR, HOUR, agent

ONE_CALL = {"state": "available", "handling": {"voice": 1}}


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        ("on_contact", {"state": "error", "handling": {"voice": 1}, "ringing": 1}),
        ("wrapup", {"state": "error", "wrapping": {"chat": 1}, "ringing": 1}),
        ("ringing", {"state": "error", "ringing": 1}),
        ("error", {"state": "error"}),
        ("on_contact", {"state": "break", "handling": {"voice": 1}, "wrapping": {"voice": 1}}),
        ("wrapup", {"state": "offline", "wrapping": {"voice": 1}, "ringing": 1}),
        ("ringing", {"state": "available", "ringing": 2}),
        ("break", {"state": "break"}),
        ("available", {"state": "available"}),
        ("offline", {"state": "offline"}),
    ],
)
def test_an_agent_is_in_one_state_by_precedence(shown: str, fields: dict) -> None:
    """Contact, wrap-up, ringing, and only then what the agent chose or the system says."""
    life = agent((0, fields))
    assert {name for name, level in c.STATES.items() if life.dated(level)} == {shown}
    assert life.dated(c.STATES[shown]) == {0: 1}


@pytest.mark.parametrize("state", ["available", "break", "offline", "error"])
def test_handling_wins_over_any_state_in_occupancy(state: str) -> None:
    """A contact makes its agent busy and staffed, whatever the state says."""
    life = agent((0, {"state": state, "handling": {"voice": 1}}))
    assert life.dated(c.HANDLING_AGENTS) == life.dated(c.STAFFED_AGENTS) == {0: 1}


def test_only_available_agents_are_staffed_without_a_contact() -> None:
    """A break is in neither part of occupancy; ringing is available time."""
    for state, staffed in (("available", 1), ("break", 0), ("offline", 0), ("error", 0)):
        life = agent((0, {"state": state, "ringing": 1}))
        assert (life.total(c.STAFFED_AGENTS), life.total(c.HANDLING_AGENTS)) == (staffed, 0)


def test_a_snapshot_with_time_to_live_is_void_that_long_after_it() -> None:
    """At that instant the agent is unknown, the call it handled included."""
    life = agent((0, ONE_CALL | {"ttl_seconds": 30}), now=30_001)
    assert life.dated(c.HANDLING_AGENTS) == {0: 1, 30_000: -1}
    assert life.dated(c.STATES["on_contact"]) == {0: 1, 30_000: -1}
    assert life.dated(c.STATES["unknown"]) == {30_000: 1}
    assert agent((0, ONE_CALL | {"ttl_seconds": 30}), now=30_000).dated(c.HANDLING_AGENTS) == {0: 1}


def test_a_word_at_the_last_millisecond_is_in_time() -> None:
    """Real events come before implied ones of the same millisecond."""
    life = agent(
        (0, ONE_CALL | {"ttl_seconds": 30}), (30_000, ONE_CALL | {"ttl_seconds": 30}), now=60_000
    )
    assert life.dated(c.HANDLING_AGENTS) == {0: 1}


def test_without_time_to_live_a_snapshot_holds_sixteen_hours() -> None:
    """A lost logout ends after 16 h; 90 days after the last word the agent is gone."""
    life = agent((0, {"state": "available"}), now=FAR)
    assert life.dated(c.STAFFED_AGENTS) == {0: 1, 16 * HOUR: -1}
    assert life.dated(c.STATES["unknown"]) == {16 * HOUR: 1, 90 * DAY: -1}
    assert life.anomalies == {"agent_unknown": 1}
    assert life.state.state == ""


def test_an_agent_without_queues_is_in_all_only() -> None:
    """Missing membership is empty membership."""
    life = agent((0, {"state": "available", "queues": []}))
    assert life.dated(c.STAFFED_AGENTS, "_all") == {0: 1}
    assert not life.dated(c.STAFFED_AGENTS)


def test_an_agent_of_several_queues_is_in_each_and_once_in_all() -> None:
    """Totals by queue overlap; the whole centre counts people."""
    life = agent((0, ONE_CALL | {"queues": ["billing", "support"]}))
    for queue in ("billing", "support", "_all"):
        assert life.dated(c.HANDLING_AGENTS, queue) == {0: 1}


def test_joining_and_leaving_a_queue_moves_the_level() -> None:
    """Membership alone changes nothing in `_all`."""
    life = agent((0, ONE_CALL), (HOUR, ONE_CALL | {"queues": ["support"]}))
    assert life.dated(c.HANDLING_AGENTS) == {0: 1, HOUR: -1}
    assert life.dated(c.HANDLING_AGENTS, "support") == {HOUR: 1}
    assert life.dated(c.HANDLING_AGENTS, "_all") == {0: 1}


def test_busy_slots_are_clipped_at_the_capacity() -> None:
    """Three chats and a wrap-up on two slots fill two slots."""
    life = agent(
        (
            0,
            {
                "state": "available",
                "capacity": {"voice": 1, "chat": 2},
                "handling": {"chat": 3},
                "wrapping": {"chat": 1},
            },
        )
    )
    assert life.dated(c.SLOT_BUSY, channel="chat") == {0: 2}
    assert life.dated(c.SLOT_CAPACITY, channel="chat") == {0: 2}
    assert life.dated(c.SLOT_BUSY) == {}
    assert life.dated(c.SLOT_CAPACITY) == {0: 1}
    # Busy on anything: the voice pool has one agent less to give.
    assert life.dated(c.HANDLING_AGENTS) == {0: 1}


def test_a_channel_without_slots_does_not_see_the_agent() -> None:
    """Capacity 0 is as good as none."""
    life = agent((0, ONE_CALL | {"capacity": {"voice": 0, "chat": 1}}))
    assert not life.dated(c.STAFFED_AGENTS)
    assert life.dated(c.STAFFED_AGENTS, channel="chat") == {0: 1}


def test_the_same_snapshot_again_contributes_nothing_but_lives_longer() -> None:
    """A heartbeat is a no-op for every level and puts the end off."""
    ttl = ONE_CALL | {"ttl_seconds": 30}
    life = agent((0, ttl), (20_000, ttl), now=FAR)
    assert life.dated(c.HANDLING_AGENTS) == {0: 1, 50_000: -1}


# -- several sources -------------------------------------------------------------------------------


def said(source: str, at: int, **fields: Any) -> tuple[int, dict[str, Any]]:
    """A snapshot by one of several sources, available unless it says otherwise."""
    return at, {"state": "available", "source": source} | fields


CHATS = {"queues": ["web"], "capacity": {"chat": 3}}


def test_each_sources_snapshot_holds_until_its_own_next_one() -> None:
    """A word about chats does not end what the telephone system said."""
    life = agent(said("pbx", 0), said("chat", 5, **CHATS), said("pbx", 60, state="offline"))
    assert life.dated(c.STAFFED_AGENTS) == {0: 1, 60: -1}
    assert life.dated(c.STAFFED_AGENTS, "web", "chat") == {5: 1}
    assert life.dated(c.SLOT_CAPACITY, "_all", "chat") == {5: 3}
    assert life.anomalies == {}


def test_busy_at_one_source_is_busy_in_the_places_of_all() -> None:
    """With two chats there is one agent less for calls; his slot for one stays free."""
    life = agent(said("pbx", 0), said("chat", 5, **CHATS, handling={"chat": 2}))
    assert life.dated(c.HANDLING_AGENTS) == {5: 1}
    assert life.dated(c.SLOT_BUSY) == {}
    assert life.dated(c.STATES["on_contact"]) == {5: 1}
    assert life.dated(c.SLOT_BUSY, "web", "chat") == {5: 2}


def test_a_source_that_is_not_active_gives_no_slots() -> None:
    """On a break there and busy here: not staffed there, and shown as what he does."""
    life = agent(said("pbx", 0, state="break"), said("chat", 5, **CHATS, handling={"chat": 1}))
    assert life.dated(c.STAFFED_AGENTS) == life.dated(c.HANDLING_AGENTS) == {}
    assert life.dated(c.STATES["on_contact"]) == {5: 1}
    assert life.dated(c.STAFFED_AGENTS, "web", "chat") == {5: 1}


def test_calls_are_one_and_chats_add_up() -> None:
    """Two systems show the same call: the larger count and capacity. Chats: the sums of both."""
    both = {"capacity": {"voice": 1, "chat": 2}, "handling": {"voice": 1, "chat": 1}}
    more = {"capacity": {"voice": 3, "chat": 2}, "handling": {"voice": 2, "chat": 2}}
    life = agent(said("pbx", 0, **both), said("crm", 0, **more))
    assert (life.total(c.SLOT_BUSY), life.total(c.SLOT_CAPACITY)) == (2, 3)
    assert life.dated(c.SLOT_BUSY, channel="chat") == {0: 3}
    assert life.dated(c.SLOT_CAPACITY, channel="chat") == {0: 4}


@pytest.mark.parametrize(
    ("shown", "one", "other"),
    [
        ("on_contact", {"state": "error"}, {"handling": {"chat": 1}}),
        ("wrapup", {"state": "error"}, {"wrapping": {"chat": 1}}),
        ("ringing", {"state": "error"}, {"ringing": 1}),
        ("error", {"state": "error"}, {}),
        ("break", {"state": "break"}, {}),
        ("available", {}, {"state": "offline"}),
    ],
)
def test_across_sources_an_agent_is_in_one_state(
    shown: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """What he does at any source, else the first state of those that name the place."""
    for first, second in ((one, other), (other, one)):
        life = agent(said("pbx", 0, **first), said("crm", 0, **second))
        assert {name for name, level in c.STATES.items() if life.total(level)} == {shown}


def test_a_state_is_of_the_sources_that_name_the_place() -> None:
    """On a break from chats he is free for calls: of a queue of one system the other is silent."""
    life = agent(said("pbx", 0), said("chat", 0, **CHATS, state="break"))
    assert life.total(c.STATES["available"]) == 1
    assert life.dated(c.STATES["break"], "web", "chat") == {0: 1}
    assert life.dated(c.STATES["break"], "_all", "chat") == {0: 1}


def test_each_source_has_its_own_time_to_live() -> None:
    """One falls silent and its places with it; after the last one the agent is unknown, counted."""
    life = agent(said("pbx", 0, ttl_seconds=60), said("chat", 5, **CHATS, ttl_seconds=30), now=FAR)
    assert life.dated(c.STAFFED_AGENTS, "web", "chat") == {5: 1, 30_005: -1}
    assert life.dated(c.STAFFED_AGENTS) == {0: 1, 60_000: -1}
    # Where the last word was: that of chat, though pbx's was good for longer.
    assert life.dated(c.STATES["unknown"], "web", "chat") == {60_000: 1, 90 * DAY + 5: -1}
    assert life.dated(c.STATES["unknown"]) == {}
    assert life.anomalies == {"agent_unknown": 1}
    assert life.state == blank()


def test_the_fifth_source_takes_the_place_of_the_one_silent_longest() -> None:
    """Of equally old ones the least name goes; its next word takes another's place; counted."""
    words = [said(name, 0, queues=[name]) for name in "dcba"]
    life = agent(*words, said("e", 10, queues=["e"]), said("a", 20, queues=["a"]))
    dated = {name: life.dated(c.STAFFED_AGENTS, name) for name in "abcde"}
    assert dated == {"a": {0: 1, 10: -1, 20: 1}, "b": {0: 1, 20: -1}} | {
        name: {at: 1} for name, at in (("c", 0), ("d", 0), ("e", 10))
    }
    assert life.anomalies == {"source_dropped": 2}


def test_a_source_whose_time_is_over_takes_no_place() -> None:
    """Of four that live none goes because others once spoke."""
    words = [said(name, n, ttl_seconds=1) for n, name in enumerate("abc")]
    later = [said(name, HOUR, queues=[name]) for name in "defg"]
    life = agent(*words, *later)
    assert "source_dropped" not in life.anomalies
    assert [life.total(c.STAFFED_AGENTS, name) for name in "defg"] == [1, 1, 1, 1]
