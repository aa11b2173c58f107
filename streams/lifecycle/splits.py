"""Layer 2: figures of a queue told apart by a value that no closed list has.

A topic, an instrument of a survey, a currency: `number_of` gives it a block of numbers above all
others, so that what is counted of it lies in the queue's panes like any counter, and adds up like
one. The block is a hash of the value: it needs no table that two units would have to agree on. What
the hash stands for is told beside the cells, once a process and queue (`Ledger.told`).

A record shows `words.MOST_VALUES` of them, the first by name, and the rest as `_other`: which those
are does not depend on what came first. `MOST_KNOWN` only bounds what is kept of a queue: beyond it,
what comes first decides. Changing a hash or a place changes stored state.
"""

from collections.abc import Collection
from functools import lru_cache
from hashlib import sha256
from typing import Final, get_args

from streams.contract.words import OTHER, SplitBy

#: Where the blocks begin, above `counters.LOCAL` and what lies there, and how long one is.
SPLIT_BASE: Final = 1 << 20
BLOCK: Final = 64
#: So many values of a queue, and of `_all`, are known to a unit, of each kind; a further one is
#: booked as `_other`. Topics need no bound here: a queue's list has one.
MOST_KNOWN: Final = 200

_BYS: Final[tuple[SplitBy, ...]] = get_args(SplitBy)
_BY_BITS: Final = 2

# Places in a block. Of a topic:
TOPIC_HANDLED, TOPIC_UNANSWERED, TOPIC_HANDLE_TIME = 0, 1, 2
TOPIC_RESOLVED, TOPIC_RESOLUTION_TIME = 3, 4
TOPIC_CSAT_ANSWERED, TOPIC_CSAT_SATISFIED, TOPIC_FCR_DECIDED, TOPIC_FCR_RESOLVED = range(5, 9)
# Of an instrument: answers, and the sum of their scores in thousandths.
INSTRUMENT_ANSWERS, INSTRUMENT_SCORE = 0, 1
# Of a currency: sales with an amount and the sum in thousandths; the same of those undone.
CURRENCY_SALES, CURRENCY_AMOUNT, CURRENCY_UNDONE, CURRENCY_UNDONE_AMOUNT = range(4)


@lru_cache(maxsize=16_384)
def number_of(by: SplitBy, value: str) -> int:
    """The first number of a value's block."""
    digest = sha256(f"{by}\0{value}".encode()).digest()
    hashed = int.from_bytes(digest[:5], "big")
    return SPLIT_BASE + (hashed << _BY_BITS | _BYS.index(by)) * BLOCK


def block_of(number: int) -> int:
    """The first number of the block that a number lies in."""
    return number - number % BLOCK


def by_of(number: int) -> SplitBy:
    """What a number's block tells apart."""
    return _BYS[(number - SPLIT_BASE) // BLOCK % (1 << _BY_BITS)]


def known_as(first: int, known: Collection[int]) -> int:
    """The block that a value counts under where those of `known` are known: `_other`'s if full."""
    by = by_of(first)
    if by == "topic" or first in known or sum(by_of(one) == by for one in known) < MOST_KNOWN:
        return first
    return number_of(by, OTHER)


def instrument(version: str, least: int, greatest: int, higher_is_better: bool) -> str:
    """An instrument as one value; scores in thousandths. Inverse: `read_instrument`."""
    return f"{least} {greatest} {int(higher_is_better)} {version}"


def read_instrument(value: str) -> tuple[str, int, int, bool]:
    """Version, least and greatest score in thousandths, whether higher is better."""
    least, greatest, better, version = value.split(" ", 3)
    return version, int(least), int(greatest), better == "1"
