"""The short form of a ticket at rest: nothing is lost in it, and later versions read it too."""

import json
from copy import copy
from pathlib import Path
from random import Random
from typing import Any, get_args, get_origin

import msgspec
import pytest

from streams.lifecycle import memory
from streams.lifecycle.changelog import TICKET
from streams.lifecycle.comings import CAME, Item, Untold, Waiting, Whose
from streams.lifecycle.entity import Entity
from streams.lifecycle.packed import KINDS
from streams.lifecycle.rules import NEVER
from streams.lifecycle.ticket_at_rest import TicketEntity, is_short
from streams.lifecycle.ticket_state import VERSION, Clock, TicketState
from tests.examples import examples
from tests.lifecycle.lives import DAY, HOUR, START, fact

DECODE = KINDS[TICKET].decode
NUMBERS = (-1, 0, 1, 41, START - DAY, START, START + 1, START + 400 * DAY, NEVER)
TEXTS = ("", "billing", "_none", "ü" * 256)

#: As the first worker with this form wrote them, and what their states are.
STORED = json.loads(Path(__file__).with_name("tickets_at_rest.json").read_text(encoding="utf-8"))
DEFAULT_TICKET = (
    '[0,"","open",-1,false,false,-1,1152921504606846976,0,false,false,false,false,false,-1,-1,-1,'
    '-1,0,-1,-1,-1,0,[],false,0,false,"",-1,-1,-1,4,[],[],0,-1,[],null,null'
)
#: What is not stored, for it is so; of fields to come nothing is said here.
DEFAULTS = (
    (TicketState(), DEFAULT_TICKET),
    (Clock(0, 0), "[0,0,-1,-1,false,0,-1,-1,-1,0,-1,false"),
    (Whose(), '["",-1,false,0,false,[],[],-1'),
    (Untold(0), '[0,-1,"",[]'),
    (Waiting(0, 0), '[0,0,0,"",null,0'),
)


def at_rest(state: TicketState, **more: Any) -> TicketEntity:
    """An entity of which nothing but this state is remembered."""
    return Entity(copy(state), state, [], START, **more)


def anything(kind: Any, chance: Random) -> Any:
    """A value of a field's type, small or large, usual or not."""
    if kind is bool:
        return chance.random() < 0.5
    if kind is int:
        return chance.choice(NUMBERS)
    if kind is str:
        return chance.choice(TEXTS)
    if kind is bytes:
        return chance.randbytes(chance.choice((0, 12)))
    if get_origin(kind) is tuple:
        each = get_args(kind)
        if each[-1] is not ...:
            return tuple(anything(one, chance) for one in each)
        return tuple(anything(each[0], chance) for _ in range(chance.choice((0, 0, 1, 3))))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(*(anything(one.type, chance) for one in msgspec.structs.fields(kind)))
    if kind is type(None):
        return None
    if kind is Item:
        return Item(CAME, "ticket", "1", START, START + 1, START + 2)
    return anything(chance.choice(get_args(kind)), chance)  # something or None


def some_state(seed: int) -> TicketState:
    """A state with few or many fields that are not at their defaults."""
    chance = Random(seed)
    share = chance.choice((0.1, 0.5, 1))
    state = TicketState()
    for field in msgspec.structs.fields(TicketState):
        if chance.random() < share:
            setattr(state, field.name, anything(field.type, chance))
    return state


def test_the_ticket_that_was_stored_is_the_one_that_is_read() -> None:
    """Whatever is in its state, when it is looked at next and by which rules it goes."""
    for seed in range(examples(300)):
        state = some_state(seed)
        wake = (NEVER, START + HOUR, state.due)[seed % 3]
        stored = memory.pack_ticket(at_rest(state, wake=wake, rules=seed % 4))
        assert is_short(stored)
        assert DECODE(stored) == Entity(None, state, [], -1, wake=wake, rules=seed % 4)
        glance = KINDS[TICKET].glance(stored)
        assert (glance.state, glance.wake, glance.skipped) == (state, wake, NEVER)
        assert memory.is_behind(glance) == (state.version < VERSION)


@pytest.mark.parametrize("name", STORED)
def test_what_was_stored_is_read_as_it_was_meant(name: str) -> None:
    """And is written so again; as workers before this form wrote it, it is the same ticket."""
    value, wake = STORED[name]["value"], STORED[name]["wake"]
    state = msgspec.convert(STORED[name]["state"], TicketState)
    assert DECODE(bytes.fromhex(value)) == Entity(None, state, [], -1, wake=wake, rules=3)
    assert memory.pack_ticket(at_rest(state, wake=wake, rules=3)).hex() == value
    before = DECODE(bytes.fromhex(STORED[name]["before"]))
    assert (before.base, before.state, before.wake, before.rules) == (None, state, wake, 3)


@pytest.mark.parametrize(("struct", "stored"), DEFAULTS)
def test_a_default_never_changes(struct: msgspec.Struct, stored: str) -> None:
    """It stands in no stored ticket, so with another one what was stored would mean that."""
    assert msgspec.json.encode(struct).decode().startswith(stored)


def test_what_a_ticket_remembers_besides_is_stored_whole() -> None:
    """Facts, a base before the state, a deadline that was passed over, chunks, repeats' marks."""
    state = TicketState(1, "billing", opened_at=START, version=2)
    before = TicketState(1, "billing", opened_at=START, version=2, age=0)
    said = fact("assigned", HOUR, 1, "ticket", agent_id="anna")
    for kept in (
        at_rest(state, skipped=START + DAY),
        at_rest(state, chunks=1),
        at_rest(state, marks=b"12345678", marked_until=START),
        Entity(state, state, [said], START),
        Entity(before, state, [], START),
    ):
        stored = memory.pack_ticket(kept)
        assert not is_short(stored)
        found = DECODE(stored)
        memory.whole(found, 90)
        assert found == kept
