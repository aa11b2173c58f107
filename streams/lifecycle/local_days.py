"""Layer 2: where a day begins in a queue's time zone, daylight-saving changes included.

A day is 23, 24 or 25 hours long; its start is found from the local date, never by adding hours.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_QUARTER_MS = 900_000  # every zone's offset in use is a multiple of 15 minutes


def midnight_of(at: int, zone: str) -> int:
    """The start (ms) of the day that holds `at` (ms) in the IANA time zone `zone`."""
    return _midnight(at // _QUARTER_MS, zone)


@lru_cache(maxsize=4_096)
def _midnight(quarter: int, zone: str) -> int:
    here = ZoneInfo(zone)
    local = datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, UTC).astimezone(here)
    start = datetime(local.year, local.month, local.day, tzinfo=here)
    return int(start.timestamp()) * 1000
