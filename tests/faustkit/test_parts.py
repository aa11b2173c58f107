"""Values in parts: whatever its size, what was written is what is loaded."""

import asyncio

import pytest

from streams.errors import StateError
from streams.faustkit.parts import PART_BYTES, Parts
from tests.faustkit.memory import Ended, Factory, MemoryKafka, batch
from tests.faustkit.test_unit import begun, feed


def written(*writes: tuple[bytes, bytes | None]) -> dict[bytes, bytes]:
    """What stands in a changelog after these writes, one after the other."""
    parts = Parts()
    log: dict[bytes, bytes | None] = {}
    for write in writes:
        log |= dict(parts.split(*write))
    return {key: value for key, value in log.items() if value is not None}


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 5_000_001])
def test_a_value_of_any_size_is_stored_in_records_that_fit(size: int) -> None:
    """None is longer than a part, and together they are the value."""
    value = bytes(number % 251 for number in range(size))
    log = written((b"other", b"o"), (b"k:0:k", value))
    assert max(map(len, log.values())) <= PART_BYTES
    assert Parts().join(log) == {b"other": b"o", b"k:0:k": value}


@pytest.mark.parametrize("last", [b"short", b"x" * (PART_BYTES + 1), b"x" * PART_BYTES * 9, None])
def test_a_key_has_its_newest_value_only(last: bytes | None) -> None:
    """Growing, shrinking and deletion leave no part of an older value."""
    log = written((b"k", b"y" * PART_BYTES * 4), (b"k", last))
    assert Parts().join(log) == ({} if last is None else {b"k": last})


def test_a_loaded_unit_knows_which_parts_to_delete() -> None:
    """A value that shrinks after a restart is not joined with parts from before it."""
    stored = written((b"k", b"y" * PART_BYTES * 4))
    parts = Parts()
    parts.join(dict(stored))
    log: dict[bytes, bytes | None] = {**stored, **dict(parts.split(b"k", b"short"))}
    assert Parts().join({k: v for k, v in log.items() if v is not None}) == {b"k": b"short"}


def test_a_missing_part_is_never_overlooked() -> None:
    """A state that is not whole is no state."""
    log = written((b"k", b"y" * PART_BYTES * 4))
    del log[next(key for key in log if b":1:" in key)]
    with pytest.raises(StateError):
        Parts().join(log)


def test_a_unit_restarts_with_a_value_larger_than_any_record(
    kafka_memory: MemoryKafka, ended: Ended
) -> None:
    """The state of one key may outgrow the broker's limit; the unit's records do not."""

    async def test() -> None:
        factory = Factory()
        unit = await begun(kafka_memory, ended, factory)
        factory.last.width = 20_000_000
        await feed(unit, batch([b"a", b"b"]))
        await unit.release()
        records = [value for log in kafka_memory.logs.values() for _, value in log]
        assert max(len(value or b"") for value in records) <= PART_BYTES
        again = Factory()
        unit = await begun(kafka_memory, ended, again)
        assert again.last.counts == {b"a": 1, b"b": 1}
        assert {len(value) for value in again.last.restored_values.values()} == {20_000_000}
        await unit.release()

    asyncio.run(test())
    assert not ended
