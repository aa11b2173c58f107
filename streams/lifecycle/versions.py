"""Layer 2: by which rules a stored entity was folded, and what becomes of one of other rules.

An upgrade, or another grace or horizon, must not fold again by new rules what old ones have booked:
the difference would be booked in panes that nobody expects to change. So every entity says by a
number which rules it is of. One of other rules is folded on as it stands: its state becomes the
base, and of its facts only the identity is kept, so that a repeat is known. What comes later for
the time before takes effect at the end of that time. Nothing of this stays once the facts are older
than the horizon.

Agents go on as they are: no grace and no horizon is in their rules, and a stored snapshot says
itself by which rules it was taken (`facts.Snapshot.by_source`). But whether they have figures of
their own, and under which names, is in their rules too.
"""

import hashlib
from copy import copy
from typing import Any

import msgspec

from streams.lifecycle.agent_cells import named_by
from streams.lifecycle.changelog import VERSIONS, Write, key_of
from streams.lifecycle.facts import AnyFact
from streams.lifecycle.rules import Rules

#: Of the rules in this directory; one more with each that counts something otherwise.
RULES_VERSION = 3
_MARK = 8  # bytes

#: (version, grace in ms, horizon in ms); where agents have figures of their own also under which
#: names.
Version = tuple[int, ...]
_OF_ALL = 3
_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[Version]).decode
_KEY = key_of(VERSIONS).encode()


class Versions:
    """The rules that a unit has lived by; an entity's `rules` is a number of this list, from 1.

    0 is what was stored before there was a list.
    """

    def __init__(self, rules: Rules) -> None:
        self._version: Version = (
            *(RULES_VERSION, rules.grace_ms, rules.horizon_ms),
            *named_by(rules),
        )
        self._known: list[Version] = [self._version]
        self._unsaved = True
        self.current = 1

    def renames_agents(self, number: int) -> bool:
        """Whether what is of that version has other figures of single agents than there are now."""
        of = self._known[number - 1] if number else ()
        return of[_OF_ALL:] != self._version[_OF_ALL:]

    def restore(self, value: bytes) -> None:
        """The changelog's record."""
        self._known, self._unsaved = _DECODE(value), False

    def restored(self) -> None:
        """Every record was given: the present rules have a number."""
        if self._version not in self._known:
            self._known.append(self._version)
            self._unsaved = True
        self.current = self._known.index(self._version) + 1

    def collect(self) -> list[Write]:
        """The changelog's write, if the list is not stored yet."""
        unsaved, self._unsaved = self._unsaved, False
        return [(_KEY, _ENCODE(self._known))] if unsaved else []


def mark_of(fact: AnyFact) -> bytes:
    """A fact's identity, in eight bytes."""
    name = f"{fact.source}\0{fact.id}".encode()
    return hashlib.blake2b(name, digest_size=_MARK).digest()


def is_among(marks: bytes, fact: AnyFact) -> bool:
    """Whether one of the marks is the fact's."""
    mark, place = mark_of(fact), 0
    while (place := marks.find(mark, place)) >= 0:
        if place % _MARK == 0:
            return True
        place += 1
    return False


def take_over(entity: Any, facts: list[Any], current: int) -> None:
    """Fold an entity of other rules on as it stands; `facts`: all that are remembered, in order.

    `marks` are their identities, `marked_until` the last that was booked by the other rules, ms.
    """
    entity.rules = current
    if not facts and entity.base in (None, entity.state):
        return
    last = facts[-1].at if facts else -1
    entity.marks += b"".join(map(mark_of, facts))
    entity.marked_until = max(entity.marked_until, last, entity.fired)
    # Their fields are immutable: a shallow copy is a full one.
    entity.base, entity.tail, entity.chunks = copy(entity.state), [], 0
    entity.fired = -1
