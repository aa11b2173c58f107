"""Layer 2: the short form in which a ticket at rest is stored: what differs from the usual.

In: an entity of which nothing but its state and its next look is remembered. Out: its bytes, and
the entity again. Invariant: it is the same both ways, but for `limit` and `fired`, which matter
to an entity with facts alone. Tickets rest for months, and are many. Cost: 5 to 10 us each way.

A struct is a mask of the fields that are not at their defaults, by place, and those fields: of a
flag nothing more, of a time what it is after the opening, of a queue that is the ticket's nothing.
So a field keeps its place and its default for ever; a new one comes last.
"""

from collections.abc import Callable
from itertools import compress
from operator import itemgetter, ne
from typing import Any, Final, Generic, NamedTuple, TypeVar, get_origin

import msgspec

from streams.lifecycle.comings import Untold, Waiting, Whose
from streams.lifecycle.entity import Entity
from streams.lifecycle.facts import Fact
from streams.lifecycle.rules import NEVER
from streams.lifecycle.ticket_state import Clock, TicketState, is_resting

T = TypeVar("T", bound=msgspec.Struct)
TicketEntity = Entity[TicketState, Fact]

#: What a stored value is told from: when the ticket was opened (ms), and its queue.
_About = tuple[int, str]
#: Types of which a value decoded without a type is one.
_PLAIN: Final = frozenset({int, bool, str, bytes, str | None})
#: More masks than tickets have.
_MOST_PLANS: Final = 4_096


class _Way(NamedTuple):
    """How a value is stored, and what it was."""

    pack: Callable[[Any, _About], Any]
    unpack: Callable[[Any, _About], Any]


class _Plan(NamedTuple):
    """How a struct is stored of which a mask says what is not at its default.

    `places`: of what is stored, within the struct. `times`, `others`: of what is stored otherwise
    than it is, within the stored form. `whole`: all fields, of the stored form and the defaults.
    """

    places: list[int]
    times: list[int]
    others: list[tuple[int, _Way]]
    whole: Callable[[list[Any]], tuple[Any, ...]]


class _Short(Generic[T]):
    """How structs of one type are stored.

    `times`, `queues`: fields that are told from the ticket's. `parts`: those of another struct, or
    of several, and how these are stored.
    """

    def __init__(self, kind: type[T], times: str, queues: str = "", **parts: "_Short[Any]") -> None:
        fields = msgspec.structs.fields(kind)
        self._kind = kind
        self._times = {place for place, one in enumerate(fields) if one.name in times.split()}
        self._flags = {place for place, one in enumerate(fields) if one.type is bool}
        self._ways: dict[int, _Way] = {}
        for place, field in enumerate(fields):
            if field.name in queues.split():
                self._ways[place] = _QUEUE
            elif field.name in parts:
                self._ways[place] = _part(parts[field.name], get_origin(field.type) is tuple)
            elif field.type not in _PLAIN:
                self._ways[place] = _converted(field.type)
        # A required field is always stored, for it equals no default.
        self._defaults = [field.default for field in fields]
        self._base = [*self._defaults, True]
        # At most 64, for a mask is one number.
        self._bits = [1 << place for place in range(len(fields))]
        self._plans: dict[int, _Plan] = {}

    def pack(self, struct: T, about: _About) -> list[Any]:
        """The mask and the fields that it says there are."""
        values, opened_at = msgspec.structs.astuple(struct), about[0]
        mask = sum(compress(self._bits, map(ne, values, self._defaults)))
        places, times, others, _ = self._plans.get(mask) or self._plan(mask)
        packed = [mask, *[values[place] for place in places]]
        for place in times:
            at = packed[place]
            # Before the opening, decided (0) or none (-1): told from the other side.
            packed[place] = at - opened_at if at >= opened_at else -2 - at
        for place, way in others:
            packed[place] = way.pack(packed[place], about)
        return packed

    def unpack(self, packed: list[Any], about: _About) -> T:
        """The struct that was packed."""
        mask, opened_at = packed[0], about[0]
        _, times, others, whole = self._plans.get(mask) or self._plan(mask)
        for place in times:
            after = packed[place]
            packed[place] = opened_at + after if after >= 0 else -2 - after
        for place, way in others:
            packed[place] = way.unpack(packed[place], about)
        return self._kind(*whole(self._base + packed))

    def _plan(self, mask: int) -> _Plan:
        """What the mask says, made once."""
        places: list[int] = []
        whole = list(range(len(self._bits)))
        for place in whole.copy():
            if not mask >> place & 1:
                continue
            if place in self._flags:
                whole[place] = len(self._base) - 1
            else:
                places.append(place)
                whole[place] = len(self._base) + len(places)
        stored = list(enumerate(places, 1))
        plan = _Plan(
            places,
            [at for at, place in stored if place in self._times],
            [(at, self._ways[place]) for at, place in stored if place in self._ways],
            itemgetter(*whole),
        )
        if len(self._plans) < _MOST_PLANS:
            self._plans[mask] = plan
        return plan


def _part(short: _Short[Any], several: bool) -> _Way:
    if several:
        return _Way(
            lambda structs, about: [short.pack(one, about) for one in structs],
            lambda stored, about: tuple([short.unpack(one, about) for one in stored]),
        )
    return _Way(short.pack, short.unpack)


def _converted(kind: Any) -> _Way:
    """As any struct has it: what few tickets have."""
    return _Way(lambda value, _: value, lambda stored, _: msgspec.convert(stored, kind))


_QUEUE: Final = _Way(
    lambda queue, about: None if queue == about[1] else queue,
    lambda stored, about: about[1] if stored is None else stored,
)

_UNTOLD: Final = _Short(Untold, "start at", items=_Short(Waiting, "at", "queue"))
_STATE: Final = _Short(
    TicketState,
    "opened_at settled_at due response_from resolution_from reopened_at doubt asked_at status_at"
    " within_until reopen_until escalated_at",
    "queue",
    clocks=_Short(Clock, "since due risk_at told_at"),
    customer=_Short(Whose, "start visit", untold=_UNTOLD),
)

#: (rules, opened_at in ms, queue, wake in ms or None, state); what is longer is an `Entity`.
Short = tuple[int, int, str, int | None, list[Any]]
_FIRST: Final = b"\x95"
_DECODE: Final = msgspec.msgpack.Decoder(Short).decode


def is_short(data: bytes) -> bool:
    """Whether this is an entity of the short form."""
    return data[:1] == _FIRST


def in_short(kept: TicketEntity) -> Short | None:
    """What is stored of the entity; None of one that remembers more than the form has."""
    if kept.base is not None or kept.tail or kept.chunks or kept.skipped < NEVER:
        return None
    if kept.marked_until >= 0 or kept.marks:
        return None
    state = kept.state
    about = max(state.opened_at, 0), state.queue
    wake = None if kept.wake == _usual_wake(state) else kept.wake
    return kept.rules, *about, wake, _STATE.pack(state, about)


def unpack(data: bytes) -> TicketEntity:
    """The entity that is stored so."""
    rules, opened_at, queue, wake, stored = _DECODE(data)
    about = opened_at, queue
    state = _STATE.unpack(stored, about)
    when = _usual_wake(state) if wake is None else wake
    return Entity(None, state, [], -1, wake=when, rules=rules)


def _usual_wake(state: TicketState) -> int:
    """When a ticket at rest is to be looked at, ms."""
    return NEVER if is_resting(state) else state.due
