"""Agents in one state for too long: a deadline of the state's own time, whoever repeats it."""

from typing import Any

import msgspec

from streams.contract.words import STATE_LIMIT_SECONDS
from streams.lifecycle import counters as c
from streams.lifecycle.entity import fold
from streams.lifecycle.lifecycles import AGENT
from streams.lifecycle.rules import QueueRules
from tests.lifecycle.lives import FAR, MINUTE, START, agent, fact, ledger

RINGING = {"state": "available", "ringing": 1}
FREE = {"state": "available"}


def limits(**seconds: int | None) -> QueueRules:
    """Rules with these limits and no others."""
    each = [seconds.get(state) for state in STATE_LIMIT_SECONDS]
    return QueueRules(state_limits_ms=tuple(s and s * 1_000 for s in each))


def test_a_limit_passes_once_however_often_the_state_is_said() -> None:
    """At since + limit, up to the change; heartbeats of the same do not begin it anew."""
    life = agent((0, RINGING), (30_000, RINGING), (59_999, RINGING), (90_000, FREE))
    assert life.dated(c.STUCK["ringing"]) == {60_000: 1, 90_000: -1}
    assert life.dated(c.STUCK["ringing"], "_all") == {60_000: 1, 90_000: -1}


def test_exactly_the_limit_is_not_too_long() -> None:
    """A change of that very millisecond comes before the deadline."""
    life = agent((0, RINGING), (60_000, FREE), now=FAR)
    assert not life.total(c.STUCK["ringing"])
    assert not agent((0, RINGING), now=60_000).dated(c.STUCK["ringing"])
    assert agent((0, RINGING), now=60_001).dated(c.STUCK["ringing"]) == {60_000: 1}


def test_every_state_has_its_own_limit_and_free_agents_none() -> None:
    """One state after the other begins anew; available and offline are never too long."""
    calls, wraps = {"handling": {"voice": 1}}, {"wrapping": {"voice": 1}}
    for fields, state in (
        ({"state": "error"}, "error"),
        ({"state": "break"}, "break"),
        ({"state": "available", **calls}, "on_contact"),
        ({"state": "available", **wraps}, "wrapup"),
    ):
        limit = 1_000 * STATE_LIMIT_SECONDS[state]
        life = agent((0, RINGING), (10, fields), now=10 + limit + 1)
        assert life.dated(c.STUCK[state]) == {10 + limit: 1}
        assert not life.dated(c.STUCK["ringing"])
    for state in ("available", "offline"):
        life = agent((0, {"state": state}), now=FAR)
        assert not any(life.dated(number) for number in c.STUCK.values())


def test_a_snapshot_tells_since_when_its_state_is() -> None:
    """Of a break it may be over at once, or from since + limit; not of what the agent does."""
    told = {"state": "break", "since": START - 70 * MINUTE}
    assert agent((5, told)).dated(c.STUCK["break"]) == {5: 1}
    told["since"] = START - 50 * MINUTE
    assert agent((5, told), now=FAR).dated(c.STUCK["break"])[10 * MINUTE] == 1
    told["since"] = START + 6
    assert agent((5, told), now=FAR).dated(c.STUCK["break"])[60 * MINUTE + 5] == 1
    call = {"state": "break", "since": START - 70 * MINUTE, "handling": {"voice": 1}}
    assert not agent((5, call), now=MINUTE).dated(c.STUCK["on_contact"])


def test_each_queue_has_its_limits_and_the_whole_goes_by_the_least() -> None:
    """Billing says ten minutes, support nothing: an hour. Whoever joins later is over at once."""
    both = {"state": "break", "queues": ["billing", "support"]}
    life = agent((0, both), now=70 * MINUTE, rules=limits(**{"break": 600}))
    assert life.dated(c.STUCK["break"]) == life.dated(c.STUCK["break"], "_all") == {10 * MINUTE: 1}
    assert life.dated(c.STUCK["break"], "support") == {60 * MINUTE: 1}
    alone = {"state": "break", "queues": ["support"]}
    life = agent((0, alone), (20 * MINUTE, both), now=25 * MINUTE, rules=limits(**{"break": 600}))
    assert life.dated(c.STUCK["break"]) == life.dated(c.STUCK["break"], "_all") == {20 * MINUTE: 1}
    assert not life.dated(c.STUCK["break"], "support")


def test_a_queue_may_have_no_limit() -> None:
    """Then nobody there is in a state for too long, nor in the whole."""
    life = agent((0, {"state": "break"}), now=10 * 60 * MINUTE, rules=limits(ringing=60))
    assert not life.dated(c.STUCK["break"])
    assert not life.dated(c.STUCK["break"], "_all")


def test_of_several_systems_the_union_is_too_long() -> None:
    """A call that one of them shows goes on for as long as any does, and ends with the last."""
    call: dict[str, Any] = {"state": "available", "handling": {"voice": 1}}
    life = agent(
        (0, {**call, "source": "pbx"}),
        (5_000, {**call, "source": "crm", "ttl_seconds": 40}),
        (20_000, {**FREE, "source": "pbx"}),
        now=FAR,
        rules=limits(on_contact=30),
    )
    assert life.dated(c.STUCK["on_contact"]) == {30_000: 1, 45_000: -1}


def test_who_falls_silent_is_unknown_and_no_longer_too_long() -> None:
    """What nobody says any more is no state to be in."""
    life = agent((0, {**RINGING, "ttl_seconds": 90}), now=FAR)
    assert life.dated(c.STUCK["ringing"]) == {60_000: 1, 90_000: -1}


def test_what_was_stored_when_no_state_had_a_limit_has_none() -> None:
    """Taken back it must give what was booked; the next snapshot begins the state."""
    anna: dict[str, Any] = {"agent_id": "anna", "queues": ["billing"], **RINGING}
    stored = msgspec.structs.replace(fact("agent.state", 0, 0, **anna), since=-1)
    again = fact("agent.heartbeat", 50_000, 1, **anna)
    for told, dated in (([stored], {}), ([stored, again], {110_000: 1})):
        book = ledger(None, "voice")
        fold(AGENT, told, START + 200_000, book.select("default", "voice"))
        panes = book.entries["default", "billing", "voice"].panes
        booked = {at - START: cell.get(c.STUCK["ringing"], 0) for at, cell in panes.items()}
        assert {at: n for at, n in booked.items() if n} == dated
