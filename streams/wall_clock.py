"""This machine's clock: the one place where the wall time is read as the contract writes it."""

import time


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
