"""How many random examples a test takes: all, or a fifth where somebody waits for the result.

`make quick` sets `STREAMS_QUICK`; `make test` does not, so nothing is left out there.
"""

import os

QUICK = bool(os.environ.get("STREAMS_QUICK"))


def examples(full: int) -> int:
    """`full`, or in a quick run a fifth of it, but at least six."""
    return max(full // 5, min(full, 6)) if QUICK else full
