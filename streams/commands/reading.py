"""What the commands that read a topic of results share: their options, and how they
write records and values."""

import argparse
from typing import Any, Final

import orjson

#: A live table is drawn anew this often.
REFRESH_SECONDS: Final = 1.0
Record = dict[str, Any]


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Adds the options of how to read: once or on and on, as a table or as records."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="print what there is now, and end")
    how.add_argument("--follow", action="store_true", help="go on until Ctrl-C (the default)")
    parser.add_argument("--json", action="store_true", help="records, one a line, keys sorted")


def line_of(record: Record) -> bytes:
    """The record as a line of JSON, keys sorted."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def share(value: float | None) -> str:
    """A ratio in percent."""
    return "–" if value is None else f"{value:.0%}"


def seconds(value: float | None) -> str:
    """Seconds, whole."""
    return "–" if value is None else f"{value:.0f} s"


def age(since_ms: int | None, at_ms: int) -> str:
    """How long ago something was: minutes and seconds, then hours, then days."""
    if since_ms is None:
        return "–"
    passed = max(0, at_ms - since_ms) // 1000
    if passed < 3_600:
        return f"{passed // 60}:{passed % 60:02}"
    return f"{passed // 3_600} h" if passed < 172_800 else f"{passed // 86_400} d"
