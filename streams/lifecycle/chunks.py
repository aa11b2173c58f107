"""Layer 2: the chunks of a unit's entities: facts that were packed away from a long tail.

In: chunks as they are made, the changelog's records, facts that may concern one. Out: the facts of
what comes back, the changelog's writes. Invariant: an entity's chunks are in the order of their
numbers, which is that of their facts. Cost: in memory sixteen bytes a fact beside its packed data;
a fact that concerns none is known by a look-up among sorted identities, however many chunks.
"""

from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from streams.lifecycle import entity
from streams.lifecycle.changelog import CHUNK, Write, key_of
from streams.lifecycle.facts import AnyFact
from streams.lifecycle.packed import AnyChunk, AtHand, Kind, pack


class PackedChunk:
    """A chunk that is not at hand."""

    __slots__ = ("data", "hashes", "last_at", "number")

    def __init__(self, number: int, data: bytes, chunk: AnyChunk) -> None:
        self.number, self.data = number, data
        self.last_at: int = chunk.facts[-1].at
        self.hashes = array("q", map(_hash_of, chunk.facts))


class Chunks:
    """By the key of their entity. Times in ms."""

    def __init__(self) -> None:
        self._of: dict[str, list[PackedChunk]] = {}
        #: The identities in all chunks of an entity, sorted.
        self._hashes: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        #: What the changelog does not have yet.
        self._writes: list[Write] = []

    def __contains__(self, key: str) -> bool:
        return key in self._of

    def restore(self, key: str, number: int, data: bytes, kind: Kind) -> None:
        """A changelog record of the entity's: the newest value of a key, once."""
        chunk = PackedChunk(number, data, kind.decode_chunk(data))
        self._of.setdefault(key, []).append(chunk)

    def restored(self) -> None:
        """Every record was given."""
        for key, chunks in self._of.items():
            chunks.sort(key=lambda chunk: chunk.number)
            known = sorted(hashed for chunk in chunks for hashed in chunk.hashes)
            self._hashes[key] = array("q", known)

    def put_away(self, key: str, number: int, chunk: AnyChunk) -> None:
        """The entity's newest chunk."""
        data = pack(chunk)
        packed, known = PackedChunk(number, data, chunk), self._hashes[key]
        self._of.setdefault(key, []).append(packed)
        for hashed in packed.hashes:
            insort(known, hashed)
        self._writes.append((_chunk_key(key, number), data))

    def take(self, key: str, kind: Kind) -> list[Any]:
        """The facts of all of the entity's chunks, which are given up."""
        chunks = self._of.pop(key, [])
        self._hashes.pop(key, None)
        self._writes += [(_chunk_key(key, chunk.number), None) for chunk in chunks]
        return [fact for chunk in chunks for fact in kind.decode_chunk(chunk.data).facts]

    def drop_final(self, key: str, before: int) -> bool:
        """Give up what is older than `before`; whether there is any more of the entity."""
        chunks = self._of.get(key)
        while chunks and chunks[0].last_at < before:
            self._give_up(key, chunks.pop(0))
        return key in self._of

    def bring_back(self, at_hand: AtHand, key: str, fact: AnyFact, grace: int) -> None:
        """Unpack into the entity the chunks that hold this id, or facts that it could change.

        A hash that is some other id's by chance unpacks a chunk in vain and changes nothing else:
        `entity.add` compares the ids themselves. Chunks come back from the newest on, down to the
        oldest that is needed, because the base before a chunk is the one that all newer facts are
        folded upon.
        """
        chunks, known, hashed = self._of[key], self._hashes[key], _hash_of(fact)
        # Nearly every fact is one of these: later than all chunks, and in none of them.
        if chunks[-1].last_at < fact.at - grace and not _is_among(known, hashed):
            return
        changes = fact.at
        if entity.is_needed_before(at_hand.kind.life, at_hand.entity, fact, grace):
            changes -= grace
        while chunks and (chunks[-1].last_at >= changes or _is_among(known, hashed)):
            chunk = chunks.pop()
            facts = at_hand.kind.decode_chunk(chunk.data)
            entity.unpack(at_hand.entity, facts)
            at_hand.ids.update(fact.id for fact in facts.facts)
            self._give_up(key, chunk)

    def collect(self) -> list[Write]:
        """The changelog's writes since the last time."""
        writes, self._writes = self._writes, []
        return writes

    def _give_up(self, key: str, chunk: PackedChunk) -> None:
        """The chunk is in no list any more."""
        self._writes.append((_chunk_key(key, chunk.number), None))
        if not self._of[key]:
            del self._of[key], self._hashes[key]
            return
        known = self._hashes[key]
        for hashed in chunk.hashes:
            del known[bisect_left(known, hashed)]


def _chunk_key(key: str, number: int) -> bytes:
    return key_of(CHUNK, key, str(number)).encode()


def _hash_of(fact: AnyFact) -> int:
    """A fact's identity in eight bytes, of this process alone."""
    return hash((fact.source, fact.id))


def _is_among(known: Sequence[int], hashed: int) -> bool:
    place = bisect_left(known, hashed)
    return place < len(known) and known[place] == hashed
