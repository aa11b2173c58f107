"""Transition tables are complete, and what they do not allow changes nothing."""

from typing import Any

import msgspec
import pytest

from streams.contract.events import TYPES, ContactEvent, TicketEvent
from streams.lifecycle import callback, contact, feedback, ticket, ticket_deadlines
from streams.lifecycle import contact_deadlines as steps
from streams.lifecycle import contact_state as visit
from streams.lifecycle.facts import CallbackFact, Fact, Told
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.ranks import CALLBACK_RANKS, CONTACT_RANKS, TICKET_RANKS
from streams.lifecycle.rules import Rules
from tests.lifecycle.lives import START, fact

#: A state in every phase, as far as it can be without a past.
CONTACTS = (
    visit.ContactState(),
    visit.ContactState(phase=visit.WAITING, queue="billing", entered_at=START - 1_000),
    visit.ContactState(
        phase=visit.CONNECTED, queue="billing", entered_at=START - 9, answered_at=START - 5
    ),
    visit.ContactState(
        phase=visit.CONNECTED, queue="sales", entered_at=START - 9, answered_at=START - 5
    ),
)
TICKETS = tuple(
    ticket.TicketState(phase=phase, queue="billing", opened_at=START - 1_000)
    for phase in range(len(ticket.PHASES))
)
LIVES = (
    ("chat", contact, steps.step, CONTACTS),
    ("ticket", ticket, ticket_deadlines.step, TICKETS),
)
PAIRS = [
    pytest.param(channel, step, state, kind, effect, id=f"{kind}-{number}")
    for channel, module, step, states in LIVES
    for kind, effects in module.TABLE.items()
    for number, (state, effect) in enumerate(zip(states, effects, strict=True))
]
#: The same with the pasts that an effect may ask for.
PASTS: dict[tuple[str, int], tuple[dict[str, Any], ...]] = {
    ("chat", visit.IDLE): ({}, {"silent_queue": "billing"}),
    ("chat", visit.WAITING): ({}, {"ringing": ("anna",)}, {"outbound": True}),
    ("chat", visit.CONNECTED): ({}, {"hold_since": START - 2}, {"outbound": True}),
}
#: Beside what is needed, the fields that an effect may look at.
ASKED: dict[str, tuple[dict[str, Any], ...]] = {
    "contact.enqueued": ({}, {"reason": "overflow"}, {"direction": "outbound"}),
    "contact.abandoned": ({}, {"kind": "silent"}),
    "message.sent": ({"author": "customer"}, {"author": "agent", "agent_id": "anna"}),
    "contact.answered": ({}, {"agent_id": "anna"}),
    "ticket.snapshot": ({}, {"status": "resolved"}, {"status": "closed"}),
    "ticket.resolved": ({}, {"reason": "merged"}),
    "ticket.closed": ({}, {"reason": "spam"}),
}
NEEDED: dict[str, dict[str, Any]] = {
    "contact.blocked": {"reason": "full"},
    "contact.offered": {"agent_id": "anna"},
    "offer.failed": {"agent_id": "anna", "outcome": "timeout"},
    "contact.flowed_out": {"reason": "overflow"},
    "message.sent": {"author": "customer"},
    "bot.ended": {"outcome": "contained"},
    "callback.attempted": {"outcome": "connected"},
    "followup.completed": {"outcome": "satisfied"},
    "survey.sent": {"kind": "csat"},
    "survey.answered": {
        "kind": "csat",
        "score": 4,
        "scale_min": 1,
        "scale_max": 5,
        "higher_is_better": True,
        "version": "v1",
    },
    "sale.closed": {"kind": "upsell"},
    "sale.cancelled": {"kind": "upsell"},
    "ticket.replied": {"author": "agent"},
    "ticket.status_changed": {"status": "pending"},
    "ticket.sla_set": {"metric": "resolution"},
    "ticket.snapshot": {"opened_at": START - 9, "status": "pending"},
    "work.started": {"agent_id": "anna"},
    "work.ended": {"agent_id": "anna"},
}
#: Fields that any event of a settled ticket moves: how long it is remembered.
MEMORY = {"due", "forgotten_on"}


def contributions(ledger: Ledger) -> list[Any]:
    """Everything that was booked."""
    return [(key, entry.panes) for key, entry in ledger.entries.items() if entry.panes]


def of_its_own(step: Any, event: str, /, **fields: Any) -> Any:
    """The event's fact; what a contact once kept of an attempt to call back was one like others."""
    found = fact(event, 0, **fields)
    if step is steps.step and isinstance(found, CallbackFact):
        return Fact(*msgspec.structs.astuple(found)[: len(Told.__struct_fields__)])
    return found


@pytest.mark.parametrize(("channel", "step", "state", "kind", "effect"), PAIRS)
def test_every_pair_is_an_effect_or_a_named_anomaly(
    channel: str, step: Any, state: Any, kind: str, effect: Any
) -> None:
    """An anomaly is counted once by its name and changes no state and no number."""
    ledger = Ledger(Rules({})).select("default", channel)
    before = {name: getattr(state, name) for name in state.__struct_fields__ if name not in MEMORY}
    after = type(state)(**before)
    step(after, of_its_own(step, kind, channel=channel, **NEEDED.get(kind, {})), ledger)
    if callable(effect):
        return
    assert effect.replace("_", "").isalpha()
    assert ledger.anomalies == {effect: 1}
    assert {name: getattr(after, name) for name in before} == before
    assert contributions(ledger) == []


@pytest.mark.parametrize(("channel", "module", "step", "states"), LIVES)
def test_effects_lead_to_the_phases_that_are_named_and_to_no_other(
    channel: str, module: Any, step: Any, states: tuple[Any, ...]
) -> None:
    """`LEADS_TO`, which the documents are made from, says of every pair what really comes next."""
    for kind, effects in module.TABLE.items():
        for phase, (state, effect) in enumerate(zip(states, effects, strict=True)):
            found = set()
            for past in PASTS.get((channel, phase), ({},)):
                for asked in ASKED.get(kind, ({},)):
                    after = msgspec.structs.replace(state, **past)
                    fields = NEEDED.get(kind, {}) | asked
                    ledger = Ledger(Rules({})).select("default", channel)
                    step(after, of_its_own(step, kind, channel=channel, **fields), ledger)
                    found.add(after.phase)
            same = (state.phase,)
            expected = module.LEADS_TO.get(effect, same) if callable(effect) else same
            stays = {state.phase}
            assert found | stays == {*expected} | stays, (kind, module.PHASES[phase])


def test_every_type_of_a_channel_has_a_row_at_its_rank() -> None:
    """No event of a contact or ticket is without a place: the table's row number is its rank."""
    contacts = {kind for kind, struct in TYPES.items() if issubclass(struct, ContactEvent)}
    contacts -= {"callback.requested"}  # of its request alone
    tickets = {kind for kind, struct in TYPES.items() if issubclass(struct, TicketEvent)}
    both = {"bot.ended", *feedback.EFFECTS}
    assert contacts | both == CONTACT_RANKS.keys()
    assert tickets | both == TICKET_RANKS.keys()
    assert {*contact.TABLE, "contact.resumed"} == CONTACT_RANKS.keys()
    assert ticket.TABLE.keys() == TICKET_RANKS.keys()
    for table, ranks in ((contact.TABLE, CONTACT_RANKS), (ticket.TABLE, TICKET_RANKS)):
        assert [ranks[kind] for kind in table] == list(range(len(table)))
    assert list(callback.TABLE) == list(CALLBACK_RANKS)


def test_no_two_types_share_a_rank_but_the_openers() -> None:
    """What happens first within a millisecond is never left to chance."""
    ranks = {kind: rank for kind, rank in CONTACT_RANKS.items() if kind != "contact.resumed"}
    assert len(set(ranks.values())) == len(ranks)
    assert CONTACT_RANKS["contact.resumed"] == CONTACT_RANKS["contact.enqueued"] == 0
    assert len(set(TICKET_RANKS.values())) == len(TICKET_RANKS)
