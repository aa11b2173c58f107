"""How many random examples a test takes: all, or an eighth where somebody waits for the result.

`make quick` sets `STREAMS_QUICK`; `make test` does not, so nothing is left out there.
"""

import os

QUICK = bool(os.environ.get("STREAMS_QUICK"))


def examples(full: int) -> int:
    """`full`, or in a quick run an eighth of it, but at least four."""
    return max(full // 8, min(full, 4)) if QUICK else full
