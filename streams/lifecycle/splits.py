"""Layer 2: figures of a queue told apart by a value that no closed list has.

A topic, an instrument of a survey, a currency: `number_of` gives it a block of numbers above all
others, so that what is counted of it lies in the queue's panes like any counter, and adds up like
one. The block is a hash of the value: it needs no table that two units would have to agree on. What
the hash stands for is told beside the cells, once a process and queue (`Ledger.names`).

How many values a queue tells apart is limited (`words.MOST_VALUES`); what is beyond counts as
`_other`. Changing a hash or a place changes stored state.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from streams.contract.words import SplitBy

#: Where the blocks begin, above `counters.LOCAL` and what lies there, and how long one is.
SPLIT_BASE: Final = 1 << 20
BLOCK: Final = 64

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
    return SPLIT_BASE + int.from_bytes(digest[:5], "big") * BLOCK


def instrument(version: str, least: int, greatest: int, higher_is_better: bool) -> str:
    """An instrument as one value; scores in thousandths. Inverse: `read_instrument`."""
    return f"{least} {greatest} {int(higher_is_better)} {version}"


def read_instrument(value: str) -> tuple[str, int, int, bool]:
    """Version, least and greatest score in thousandths, whether higher is better."""
    least, greatest, better, version = value.split(" ", 3)
    return version, int(least), int(greatest), better == "1"
