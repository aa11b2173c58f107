"""Layer 3: one turn's changed cells to the batches of `contact.cells`.

In: the changes, and the unit's progress before and after the turn. Out: (partition, batch), at
least one batch for each partition of queues: its changes, or the bare progress. Many changes are
cut into parts, each within `BATCH_BYTES`. Invariant: all parts but the last have the progress from
before the turn: whoever reads them one at a time must not take the turn's time for passed before
all of its cells are there. Cost: one encoding an update.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from streams.lifecycle.agent_own import Standing
from streams.windows.cells import (
    CellBatch,
    CellUpdate,
    NameUpdate,
    OldestUpdate,
    encode_batch,
    kafka_key_of,
)
from streams.wire.keys import partition_of

#: A batch of cells is closed before it could have more bytes: half of what its topic takes.
BATCH_BYTES = 4_000_000

_Update = CellUpdate | OldestUpdate | NameUpdate | Standing


@dataclass(slots=True)
class Share:
    """What of one turn goes into one batch; `size` in bytes, at most."""

    cells: list[CellUpdate] = field(default_factory=list)
    oldest: list[OldestUpdate] = field(default_factory=list)
    names: list[NameUpdate] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    size: int = 0


def batches(
    updates: list[CellUpdate],
    oldest_updates: list[OldestUpdate],
    names: list[NameUpdate],
    before: CellBatch,
    after: CellBatch,
    standings: Sequence[Standing] = (),
) -> list[tuple[int, bytes]]:
    """The encoded batches, by partition; `before` and `after` are batches of progress alone.

    The parts that others follow come first, then the last part of every partition. Names come no
    later than the cells that have their numbers.
    """
    partitions = after.sources
    shares = [[Share()] for _ in range(partitions)]
    for name in names:
        parts = shares[_partition(name, partitions)]
        _with_room(parts, name, len(name.value)).names.append(name)
    for update in updates:
        parts = shares[_partition(update, partitions)]
        _with_room(parts, update, len(update.values)).cells.append(update)
    for oldest in oldest_updates:
        parts = shares[_partition(oldest, partitions)]
        _with_room(parts, oldest, 3).oldest.append(oldest)
    for standing in standings:
        parts = shares[_partition(standing, partitions)]
        # A reason has fewer numbers than these have bytes.
        _with_room(parts, standing, len(standing.reason)).standings.append(standing)
    encoded: list[tuple[int, bytes]] = []
    for number, parts in enumerate(shares):
        encoded += [(number, _encode(share, before)) for share in parts[:-1]]
    return encoded + [(number, _encode(parts[-1], after)) for number, parts in enumerate(shares)]


def _with_room(parts: list[Share], update: _Update, numbers: int) -> Share:
    """The share that takes an update of so many numbers: a new one where it would not fit."""
    # Four bytes a character and eighteen a counter with its number are the most there can be.
    size = 64 + 4 * (len(update.tenant) + len(update.queue)) + 18 * numbers
    if parts[-1].size + size > BATCH_BYTES:
        parts.append(Share())
    parts[-1].size += size
    return parts[-1]


def _partition(update: _Update, partitions: int) -> int:
    return partition_of(kafka_key_of(update.tenant, update.queue), partitions)


def _encode(share: Share, progress: CellBatch) -> bytes:
    return encode_batch(
        msgspec.structs.replace(
            progress,
            cells=share.cells,
            oldest_updates=share.oldest,
            names=share.names,
            standings=share.standings,
        )
    )
