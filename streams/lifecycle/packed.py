"""Layer 2: the forms in which a unit holds its entities: at hand, packed, and at a glance.

In: the bytes of an entity or a chunk, by the letter of its key. Out: how they are decoded, and what
is known of them without that. Invariant: what is told of an entity at hand is told of its bytes
alike. Cost: a glance decodes the state and the times of the tail, and no base and no fact.
"""

from collections.abc import Callable
from typing import Any, Final, Generic

import msgspec

from streams.contract.words import MINUTE_MS
from streams.lifecycle import agent_state, callback, changelog, ticket, ticket_at_rest
from streams.lifecycle import contact_state as visit
from streams.lifecycle.changelog import kind_of, parts_of
from streams.lifecycle.entity import Chunk, Entity
from streams.lifecycle.facts import CallbackFact, Fact, Snapshot
from streams.lifecycle.lifecycles import AGENT, CALLBACK, CONTACT, TICKET, Lifecycle, S

# Any: which of the lifecycles an entity has is known by the letter of its key alone.
AnyLife = Lifecycle[Any, Any]
AnyEntity = Entity[Any, Any]
AnyChunk = Chunk[Any, Any]


class _When(msgspec.Struct, array_like=True, gc=False):
    """A fact whose time alone is wanted."""

    at: int


class Glance(msgspec.Struct, Generic[S], array_like=True, gc=False):
    """The fields of an `Entity`, as far as a unit that is loaded has to know them."""

    base: msgspec.Raw
    state: S
    tail: list[_When]
    limit: int
    skipped: int
    fired: int
    wake: int
    chunks: int = 0
    rules: int = 0
    marks: bytes = b""
    marked_until: int = -1


_ENCODER: Final = msgspec.msgpack.Encoder()
#: A base that is none, as it is packed.
NIL: Final = msgspec.Raw(b"\xc0")


def pack(kept: AnyEntity | AnyChunk | ticket_at_rest.Short) -> bytes:
    """As it is stored and kept: a copy, for behind what the encoder returns it leaves room."""
    return bytes(memoryview(_ENCODER.encode(kept)))


class Kind:
    """One lifecycle and how its entities and chunks are packed."""

    def __init__(self, life: AnyLife, state: Any, fact: Any) -> None:
        self.life = life
        # Any: a type made of variables is more than a type checker follows.
        self.decode: Callable[[bytes], AnyEntity]
        self.glance: Callable[[bytes], Glance[Any]]
        self.decode = msgspec.msgpack.Decoder(Entity[state, fact]).decode
        self.glance = msgspec.msgpack.Decoder(Glance[state]).decode
        self.decode_state = msgspec.msgpack.Decoder(state | None).decode
        self.decode_chunk = msgspec.msgpack.Decoder(Chunk[state, fact]).decode


class TicketKind(Kind):
    """Tickets are packed in two forms: a shorter one while they rest (`ticket_at_rest.py`)."""

    def __init__(self) -> None:
        super().__init__(TICKET, ticket.TicketState, Fact)
        self._whole, self._glance_of_whole = self.decode, self.glance
        self.decode, self.glance = self._decode, self._glance

    def _decode(self, data: bytes) -> AnyEntity:
        is_short = ticket_at_rest.is_short(data)
        return ticket_at_rest.unpack(data) if is_short else self._whole(data)

    def _glance(self, data: bytes) -> Glance[Any]:
        if not ticket_at_rest.is_short(data):
            return self._glance_of_whole(data)
        kept = ticket_at_rest.unpack(data)
        times = kept.limit, kept.skipped, kept.fired, kept.wake
        return Glance(NIL, kept.state, [], *times, rules=kept.rules)


#: By the kind of an entity's key.
KINDS = {
    changelog.CONTACT: Kind(CONTACT, visit.ContactState, Fact),
    changelog.TICKET: TicketKind(),
    changelog.AGENT: Kind(AGENT, agent_state.AgentState, Snapshot),
    changelog.CALLBACK: Kind(CALLBACK, callback.CallbackState, CallbackFact),
}


#: (tenant, queue, channel, level, start) of each level that an entity stands in.
Entries = tuple[tuple[str, str, str, int, int], ...]


def entries_of(life: AnyLife, tenant: str, channel: str, state: Any) -> Entries:
    """The levels that an entity of this state stands in."""
    standing = life.standing(state)
    if not standing:
        return ()
    return tuple(
        (tenant, queue, where or channel, level, start) for queue, where, level, start in standing
    )


class AtHand:
    """An entity at hand, and what it was when it was unpacked.

    `asleep`: what stands in the changelog says all of it, and nothing has changed it since.
    """

    __slots__ = (
        "asleep",
        "channel",
        "entity",
        "ids",
        "kind",
        "minute",
        "own",
        "scope",
        "stands_in",
        "tenant",
    )

    def __init__(self, key: str, unpacked: AnyEntity) -> None:
        self.kind = KINDS[kind_of(key)]
        self.entity = unpacked
        #: What a ledger is told before a fold: tenant, channel, id.
        self.scope = parts_of(key)
        self.tenant, self.channel, _ = self.scope
        self.stands_in = self.stands_in_now()
        self.minute = self.last_minute()
        self.ids = {fact.id for fact in unpacked.tail}
        self.asleep = False
        #: What an agent's own figures said of him when he was unpacked.
        self.own = unpacked.state.own if self.kind.life is AGENT else None

    def stands_in_now(self) -> Entries:
        """What it stands in now."""
        return entries_of(self.kind.life, self.tenant, self.channel, self.entity.state)

    def last_minute(self) -> int:
        """The minute of the last fact; below 0 without one."""
        kept = self.entity
        return (kept.tail[-1].at if kept.tail else kept.marked_until) // MINUTE_MS
