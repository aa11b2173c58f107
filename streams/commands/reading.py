"""What the commands that read a topic of results share: their options, and how they
write records and values."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    # Loaded where something is drawn: most commands draw nothing.
    from rich.console import RenderableType
    from rich.table import Table

#: Columns that a table has where it is not drawn on a screen.
WIDTH: Final = 80
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


def show(
    records: list[Record],
    as_json: bool,
    nothing: str,
    table: "Callable[[list[Record]], RenderableType]",
) -> None:
    """Print what there is now, as lines or as a table; `nothing` to stderr where that is none."""
    if not records:
        print(nothing, file=sys.stderr)
    elif as_json:
        sys.stdout.write(b"".join(map(line_of, records)).decode())
    else:
        draw(table(records))


def draw(shown: "RenderableType", width: int = WIDTH) -> None:
    """Print a table, in no fewer columns than `width`: a pipe would have few."""
    from rich.console import Console

    console = Console()
    console.width = max(console.width, width)
    console.print(shown)


def titled_table(title: str, name: str) -> "Table":
    """A table that has its first column: of names, which are cut where there is little room."""
    from rich.table import Table

    made = Table(
        box=None,
        header_style="bold",
        title=title,
        title_justify="left",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    # The one column that may become narrower; a name is one word, and is cut, not wrapped.
    made.add_column(name, overflow="ellipsis", min_width=8)
    return made


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
