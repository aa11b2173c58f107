"""Values that are too large for one changelog record, kept in several.

In: a changelog's writes. Out: the same writes, none longer than `PART_BYTES`; and, at a load, the
values again. The parts of key K are under keys of the kit's own (`\\0part:0:K` and on); K itself is
deleted. Invariant: the parts that stand in a changelog are those of K's newest value, because what
a longer value had more of them is deleted in the same transaction. Cost: one comparison a write.
"""

from collections.abc import Iterator

from streams.errors import StateError

#: Within every broker's default limit of a record (1 MiB), with room for its key.
PART_BYTES = 900_000
PART_KEY = b"\0part:"

Write = tuple[bytes, bytes | None]


class Parts:
    """Which keys of one changelog partition are stored in parts, and in how many."""

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}

    def split(self, key: bytes, value: bytes | None) -> Iterator[Write]:
        """The writes that store `value` (None: that delete it) under `key`."""
        before = self._counts.pop(key, 0)
        if value is None or len(value) <= PART_BYTES:
            yield key, value
            count = 0
        else:
            yield key, None
            count = -(-len(value) // PART_BYTES)
            self._counts[key] = count
            for number in range(count):
                start = number * PART_BYTES
                yield _part_key(number, key), value[start : start + PART_BYTES]
        for number in range(count, before):
            yield _part_key(number, key), None

    def join(self, newest: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """The newest values of a load with their parts put together.

        Raises StateError where a part is missing.
        """
        found: dict[bytes, dict[int, bytes]] = {}
        whole: dict[bytes, bytes] = {}
        for key, value in newest.items():
            if key.startswith(PART_KEY):
                number, _, owner = key.removeprefix(PART_KEY).partition(b":")
                found.setdefault(owner, {})[int(number)] = value
            else:
                whole[key] = value
        for owner, parts in found.items():
            if parts.keys() != set(range(len(parts))):
                raise StateError("the changelog lacks a part of a value: it was cut off or edited")
            self._counts[owner] = len(parts)
            whole[owner] = b"".join(parts[number] for number in range(len(parts)))
        return whole


def _part_key(number: int, key: bytes) -> bytes:
    return b"%b%d:%b" % (PART_KEY, number, key)
