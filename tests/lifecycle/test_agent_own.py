"""Single agents: legs, offers, surveys and states, each counter at its own time."""

from typing import Any

import pytest

from streams.contract.words import NOBODY, OF_AGENT, OTHER
from streams.lifecycle import counters as c
from streams.lifecycle.agent_cells import AgentCells, named_by, pseudonym
from streams.lifecycle.entity import fold
from streams.lifecycle.facts import in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import AGENT, CONTACT, TICKET
from streams.lifecycle.rules import QueueRules, Rules
from tests.lifecycle.lives import DAY, MINUTE, SECOND, START, fact

BILLING = ("default", "billing", "voice")
CSAT: dict[str, Any] = {
    "kind": "csat",
    "higher_is_better": True,
    "score": 5,
    "scale_min": 1,
    "scale_max": 5,
    "version": "v",
}


def rules(**more: Any) -> Rules:
    """Figures of agents are wanted; the queue waits for its wrap-ups, a minute of them counts."""
    queues = {BILLING: QueueRules(wrapup=True, wrapup_cap_ms=MINUTE)}
    return Rules(**{"queues": queues, "has_agents": True, **more})


def told(life: Any, events: list[Any], given: Rules | None = None, until: int = DAY) -> Ledger:
    """The ledger after all events of one life; panes of a millisecond."""
    ledger = Ledger(given or rules(), 1)
    channel = {CONTACT: "voice", TICKET: "ticket", AGENT: ""}[life]
    ledger.select("default", channel, "anna" if life is AGENT else "c1")
    about: dict[str, Any] = {"agent_id": "anna"} if life is AGENT else {}
    facts = [
        fact(kind, at, number, channel or "voice", **about, **fields)
        for number, (kind, at, fields) in enumerate(events)
    ]
    fold(life, in_order(facts)[0], START + until, ledger)
    return ledger


def dated(ledger: Ledger, agent: str, counter: int) -> dict[int, int]:
    """{ms since START: amount} of one counter of one agent."""
    panes = ledger.agents.open[("default", agent, OF_AGENT)]
    return {at - START: n for at, cell in sorted(panes.items()) if (n := cell.get(counter, 0))}


def on(event: str, at: int, /, agent: str | None = None, **fields: Any) -> Any:
    """An event of a call in billing."""
    named = {} if agent is None else {"agent_id": agent}
    return event, at, {"queue": "billing", **named, **fields}


def test_a_leg_counts_when_it_ends_and_its_wrapup_at_its_own_end() -> None:
    """The queue waits for the wrap-up; the agent's talk does not. Above the cap, the cap."""
    ledger = told(CONTACT, [
        on("enqueued", 0), on("answered", 5 * SECOND, "anna"), on("ended", 65 * SECOND, "anna"),
        ("wrapup.ended", 165 * SECOND, {"queue": "billing", "agent_id": "anna"}),
    ])  # fmt: skip
    assert dated(ledger, "anna", c.HANDLED) == {65 * SECOND: 1}
    assert dated(ledger, "anna", c.TALK) == {65 * SECOND: 60 * SECOND}
    assert dated(ledger, "anna", c.ACCEPTED) == {5 * SECOND: 1}
    # Handled at the cap, and told later: as the queue has it.
    assert dated(ledger, "anna", c.WRAPUP) == {165 * SECOND: 60 * SECOND}
    assert ledger.entries[BILLING].panes[START + 125 * SECOND][c.HANDLED] == 1


def test_a_transfer_ends_one_agents_leg_and_the_next_begins_another() -> None:
    """Two legs of one conversation, each with its agent's talk and hold."""
    ledger = told(CONTACT, [
        on("enqueued", 0), on("answered", 0, "anna"),
        ("hold.started", 10_000, {"queue": "billing"}),
        ("hold.ended", 14_000, {"queue": "billing"}),
        on("transferred", 30_000, "anna", to_queue="billing"), on("answered", 40_000, "ben"),
        on("ended", 70_000, "ben"),
    ])  # fmt: skip
    assert dated(ledger, "anna", c.TALK) == {30_000: 26_000}
    assert dated(ledger, "anna", c.HOLD) == {30_000: 4_000}
    assert dated(ledger, "ben", c.TALK) == {70_000: 30_000}
    assert dated(ledger, "anna", c.HANDLED) == {30_000: 1}
    assert dated(ledger, "ben", c.HANDLED) == {70_000: 1}


def test_what_names_nobody_is_nobodys() -> None:
    """Offers and legs without an agent count under a name of their own; so do reserved ids."""
    for agent in (None, NOBODY, OTHER):
        ledger = told(
            CONTACT,
            [on("enqueued", 0), on("answered", 1_000, agent), on("ended", 9_000, agent)],
        )
        assert dated(ledger, NOBODY, c.TALK) == {9_000: 8_000}
        assert dated(ledger, NOBODY, c.ACCEPTED) == {1_000: 1}


def test_outbound_legs_are_none_of_an_agents_legs() -> None:
    """They are in his states alone."""
    ledger = told(CONTACT, [
        on(kind, at, "anna", direction="outbound")
        for kind, at in (("enqueued", 0), ("answered", 1_000), ("ended", 9_000))
    ])  # fmt: skip
    assert not ledger.agents.open


def test_an_offer_is_of_the_agent_it_names() -> None:
    """By outcome, at its own time."""
    ledger = told(CONTACT, [
        on("enqueued", 0),
        ("offer.failed", 3_000, {"queue": "billing", "agent_id": "ben", "outcome": "timeout"}),
        ("offer.failed", 4_000, {"queue": "billing", "agent_id": "cleo", "outcome": "rejected"}),
        on("answered", 5_000, "anna"),
    ])  # fmt: skip
    assert dated(ledger, "ben", c.OFFERS["timeout"]) == {3_000: 1}
    assert dated(ledger, "cleo", c.OFFERS["rejected"]) == {4_000: 1}
    assert dated(ledger, "anna", c.OFFERS["accepted"]) == {5_000: 1}


@pytest.mark.parametrize(
    ("sent_names", "answer_names", "talked", "whose"),
    [
        ("sara", "anna", True, "anna"),
        ("sara", None, True, "sara"),
        (None, None, True, "tom"),
        (None, None, False, NOBODY),
    ],
)
def test_a_survey_is_of_the_agent_its_answer_names_else_its_sending_else_the_last_leg(
    sent_names: str | None, answer_names: str | None, talked: bool, whose: str
) -> None:
    """Once each, at the answer; without any of them nobody's."""
    call = [on("enqueued", 0), on("answered", 0, "tom"), on("ended", 5_000, "tom")]
    ledger = told(CONTACT, [
        *(call if talked else ()),
        on("survey.sent", 6_000, sent_names, kind="csat"),
        on("survey.answered", 20_000, answer_names, **CSAT),
        on("survey.answered", 30_000, answer_names, **CSAT | {"score": 1}),
    ])  # fmt: skip
    answered = c.SURVEYS_ANSWERED["csat"]
    assert dated(ledger, whose, answered) == {20_000: 1}
    assert dated(ledger, whose, c.CSAT_SATISFIED) == {20_000: 1}
    assert sum(
        n
        for panes in ledger.agents.open.values()
        for cell in panes.values()
        for number, n in cell.items()
        if number == answered
    ) == 1  # fmt: skip


def test_a_tickets_survey_without_a_name_is_nobodys() -> None:
    """Nobody keeps whom a ticket is assigned to."""
    ledger = told(TICKET, [
        on("opened", 0), on("assigned", 1_000, "anna"), on("survey.answered", 9_000, **CSAT),
    ])  # fmt: skip
    assert dated(ledger, NOBODY, c.CSAT_SATISFIED) == {9_000: 1}


def test_an_agent_is_in_one_state_whatever_queues_and_channels_he_has() -> None:
    """The precedence that `_all` has; a break ends a state, offline without slots ends all."""
    ledger = told(AGENT, [
        ("agent.state", 0, {
            "state": "available", "queues": ["a", "b"], "capacity": {"voice": 1, "chat": 3},
        }),
        ("agent.state", 5_000, {
            "state": "available", "queues": ["a", "b"], "handling": {"chat": 2},
            "capacity": {"voice": 1, "chat": 3},
        }),
        ("agent.state", 9_000, {"state": "break", "queues": ["a"], "reason": "Lunch"}),
        ("agent.state", 12_000, {"state": "offline", "capacity": {}}),
    ])  # fmt: skip
    states = c.STATES
    assert dated(ledger, "anna", states["available"]) == {0: 1, 5_000: -1}
    assert dated(ledger, "anna", states["on_contact"]) == {5_000: 1, 9_000: -1}
    assert dated(ledger, "anna", states["break"]) == {9_000: 1, 12_000: -1}
    assert dated(ledger, "anna", states["offline"]) == {}


def test_an_agent_with_a_reserved_name_is_in_no_state() -> None:
    """He counts as nobody, and nobody is in none."""
    for name in (NOBODY, OTHER):
        ledger = Ledger(rules(), 1)
        ledger.select("default", "", name)
        said = fact(
            "agent.state", 0, 1, "voice", agent_id=name, state="available", capacity={"voice": 1}
        )
        fold(AGENT, in_order([said])[0], START + DAY, ledger)
        assert not any(
            any(cell.values()) for panes in ledger.agents.open.values() for cell in panes.values()
        )


def test_agents_beyond_the_limit_are_counted_together() -> None:
    """Of a tenant; nobody takes no place, and who has one keeps it."""
    cells = AgentCells(rules(max_agents=2))
    names = [cells.name_of("default", name) for name in (None, "a", "b", "c", "a")]
    assert names == [NOBODY, "a", "b", OTHER, "a"]
    assert cells.name_of("acme", "c") == "c"
    assert cells.over_limit == 1
    again = AgentCells(rules(max_agents=2))
    for name in ("a", "b", NOBODY):
        again.know("default", name)
    assert [again.name_of("default", name) for name in ("c", "b")] == [OTHER, "b"]


def test_a_pseudonym_is_the_same_for_one_agent_and_another_for_each_tenant_and_key() -> None:
    """The beginning of HMAC-SHA-256 of tenant, NUL and id, in hexadecimal digits."""
    one = pseudonym(b"key", "default", "anna")
    assert one == "cf648ddb1b8d74a2b1ddc0088454855b"
    others = {pseudonym(b"key", "acme", "anna"), pseudonym(b"other", "default", "anna")}
    assert len({one, *others}) == 3
    assert pseudonym(b"", "default", "anna") == "anna"


def test_another_key_names_agents_otherwise() -> None:
    """What is stored under other names is not gone on with; the key itself is in no version."""
    keys = (b"", b"key", b"other")
    versions = [named_by(Rules({}, has_agents=True, agent_key=key)) for key in keys]
    assert len(set(versions)) == 3
    assert versions[0] == (1,)
    assert named_by(Rules({})) == ()
