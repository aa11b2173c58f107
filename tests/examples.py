"""How many random examples a test takes: all, or a tenth where somebody waits for the result.

`make quick` sets `STREAMS_QUICK`; `make test` does not, so nothing is left out there.
"""

import os

QUICK = bool(os.environ.get("STREAMS_QUICK"))


def examples(full: int) -> int:
    """`full`, or in a quick run a tenth of it, but at least four."""
    return max(full // 10, min(full, 4)) if QUICK else full
