"""Chunks: what is known of those that are not at hand is what stands in them, whatever happens."""

from random import Random

import pytest

from streams.lifecycle.chunks import Chunks, PackedChunk
from streams.lifecycle.packed import KINDS
from tests.examples import examples
from tests.lifecycle.lives import HOUR, MINUTE, fact
from tests.lifecycle.test_store import TICKET, Unit


def check(chunks: Chunks) -> None:
    """The chunks of each entity are in order, and their identities are those that are looked up."""
    assert chunks._hashes.keys() == chunks._of.keys()
    for key, packed in chunks._of.items():
        assert packed
        times, numbers = [one.last_at for one in packed], [one.number for one in packed]
        assert times == sorted(times)
        assert numbers == sorted(set(numbers))
        decode = KINDS[key[0]].decode_chunk
        again = [PackedChunk(one.number, one.data, decode(one.data)) for one in packed]
        assert [one.hashes for one in again] == [one.hashes for one in packed]
        assert list(chunks._hashes[key]) == sorted(each for one in packed for each in one.hashes)


@pytest.mark.parametrize("seed", range(examples(20)))
def test_what_is_looked_up_is_what_stands_in_the_chunks(seed: int) -> None:
    """Through repeats, late facts, finality, hours without a word, and restarts."""
    draw, unit, now, told = Random(seed), Unit(), 0, []
    unit.add(TICKET, fact("opened", 0, 0, "ticket"), 0)
    for number in range(1, 400):
        now += draw.choice((0, 1, 1_000, MINUTE, MINUTE, 20 * MINUTE))
        late = draw.choice((0, 0, 0, 0, 900, 10_000, HOUR))
        at = max(now - late, now - 4 * HOUR, 0)
        told.append(fact("replied", at, number, "ticket", author="customer"))
        unit.add(TICKET, told[-1], now)
        if draw.random() < 0.1 and (again := draw.choice(told[-60:])).at >= told[-1].at - 3 * HOUR:
            assert unit.add(TICKET, again, now) == "duplicate"
        unit.turn(now)
        check(unit.store._chunks)
        if draw.random() < 0.05:
            unit = Unit(unit.log, now)
            check(unit.store._chunks)
    unit.turn(now + 10 * HOUR)
    assert not unit.store._chunks._of
    check(unit.store._chunks)
