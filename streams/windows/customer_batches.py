"""Layer 3: what the units tell each other of customers (topic `contact.customers`).

In: what a unit's contacts and tickets told in a turn, by tenant and customer. Out: its own
customers' part, and for each other unit a batch, or several, each within `BATCH_BYTES`: the items
and, in the last one, how far the unit has come. Invariant: an item goes to one unit, that of its
customer; who has read a batch has all items that are dated `horizon` and grace before its `now`.
Internal: nobody but the units may write there. Cost: one encoding an item.
"""

from collections.abc import Iterable

import msgspec

from streams.lifecycle.comings import Item
from streams.lifecycle.ledger import OfCustomers
from streams.wire.keys import partition_of

#: A batch is closed before it could have more bytes: half of what its topic takes.
BATCH_BYTES = 4_000_000

#: Tenant, customer, item, and how often: 1, or -1 where it is taken back.
Told = tuple[str, bytes, Item, int]


class CustomerBatch(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one unit tells another. `now`: how far it has come, ms."""

    source: int
    sources: int
    now: int
    told: list[Told]


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(CustomerBatch).decode


def decode_customers(data: bytes) -> CustomerBatch:
    """The batch in a record of `contact.customers`; msgspec.MsgspecError where it is none."""
    return _DECODE(data)


def partition_of_customer(tenant: str, ref: bytes, partitions: int) -> int:
    """The unit that has a customer."""
    return partition_of(tenant.encode() + b"\0" + ref, partitions)


def shares(of_customers: OfCustomers, partitions: int) -> list[list[Told]]:
    """What was told, by the unit of its customer; what is taken back comes first.

    Nothing is left of an item that was told and taken back.
    """
    found: list[list[Told]] = [[] for _ in range(partitions)]
    for (tenant, ref), items in of_customers.items():
        into = found[partition_of_customer(tenant, ref, partitions)]
        for item, times in sorted(items.items(), key=_times):
            sign = 1 if times > 0 else -1
            into += [(tenant, ref, item, sign)] * abs(times)
    return found


def _times(told: tuple[Item, int]) -> int:
    return told[1]


def encode_customers(
    told: Iterable[Told], before: CustomerBatch, after: CustomerBatch
) -> list[bytes]:
    """The batches: all but the last have the progress from before the turn."""
    parts: list[list[Told]] = [[]]
    size = 0
    for one in told:
        _, _, item, _ = one
        # Four bytes a character, nine a number.
        names = (one[0], item.contact, item.queue, item.topic or "")
        needs = 120 + 4 * sum(map(len, names))
        if size + needs > BATCH_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(one)
        size += needs
    replace = msgspec.structs.replace
    encoded = [_ENCODE(replace(before, told=part)) for part in parts[:-1]]
    return [*encoded, _ENCODE(replace(after, told=parts[-1]))]
