"""What the commands that read a topic of results share: their options, and a record as a line."""

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
