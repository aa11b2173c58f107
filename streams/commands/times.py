"""Times on the command line, as `--since` takes them."""

import argparse
from datetime import UTC, datetime
from typing import Final

TIMES: Final = "2026-03-02, 2026-03-02T09:00 (both UTC) or 2026-03-02T10:00:00+01:00"


def time_of(text: str) -> int:
    """Text as ms; without an offset it is UTC. Raises argparse's error."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"needs a time: {TIMES}") from None
    return int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
