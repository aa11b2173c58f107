"""`streams intervals`: the newest revision of each 15-minute interval, to read or to keep.

In: `contact.intervals`, committed records alone. Out: records sorted by (tenant, queue, channel,
start), as a table, as JSON lines, or as a file whose name says its format: `exports.py`.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from streams.commands.reading import draw, line_of
from streams.commands.times import TIMES, time_of
from streams.errors import StreamsError, UsageError
from streams.exports import write_csv, write_parquet
from streams.kafka.compacted import chosen_from, newest
from streams.settings import Settings

HELP = "the newest revision of each 15-minute interval"
EXAMPLE = "streams intervals --json --queue billing\nstreams intervals --out day.csv"
_SHOWN = ("offered", "answered", "abandoned", "handled", "wait_mean_seconds", "handle_mean_seconds")
_EMPTY = "no intervals yet: start a worker (streams worker) and send events (streams simulate)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="records, one a line, keys sorted")
    how.add_argument(
        "--out", type=Path, metavar="FILE", help="to FILE.csv, FILE.parquet or FILE.ndjson"
    )
    add("--since", type=time_of, metavar="TIME", help=f"that start then or later: {TIMES}")
    add(
        "--until",
        type=time_of,
        metavar="TIME",
        help="that start before then: a time as for --since",
    )
    for name in ("tenant", "queue", "channel"):
        add(f"--{name}", metavar="NAME", help=f"only this {name}")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Shows or writes the records; raises BrokerError, StreamsError."""
    kind = args.out.suffix if args.out else ""
    if kind not in ("", ".csv", ".parquet", ".ndjson") or (args.out and not kind):
        raise UsageError(f"--out {args.out}: the name must end in .csv, .parquet or .ndjson")
    chosen = {name: getattr(args, name) for name in ("tenant", "queue", "channel")}
    found = chosen_from(newest(settings, settings.topics.intervals), chosen)
    records = [
        record
        for record in found
        if (args.since is None or record["interval_start"] >= args.since)
        and (args.until is None or record["interval_start"] < args.until)
    ]
    if not records:
        print(_between(found) if found else _EMPTY, file=sys.stderr)
        return 0
    try:
        if kind == ".csv":
            write_csv(records, args.out)
        elif kind == ".parquet":
            write_parquet(records, args.out)
        elif kind:
            args.out.write_bytes(_lines(records))
        elif args.json:
            sys.stdout.write(_lines(records).decode())
        else:
            _table(records)
    except OSError as fault:
        raise StreamsError(f"cannot write {args.out}: {fault.strerror}") from fault
    return 0


def _between(records: list[dict[str, Any]]) -> str:
    """What to say when there are intervals, but none in the asked time."""
    starts = [record["interval_start"] for record in records]
    first, last = (datetime.fromtimestamp(at / 1000, UTC) for at in (min(starts), max(starts)))
    return (
        "no intervals in that time; they start from"
        f" {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}"
    )


def _lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(map(line_of, records))


def _table(records: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in ("start (UTC)", "queue", "channel"):
        table.add_column(name, no_wrap=name != "queue")
    for name in (*_SHOWN, "final"):
        table.add_column(name.replace("_mean_seconds", " s"), justify="right")
    for record in records:
        start = datetime.fromtimestamp(record["interval_start"] / 1000, UTC)
        values = [record["figures"][name] for name in _SHOWN]
        cells = ["–" if v is None else f"{v:.1f}" if type(v) is float else str(v) for v in values]
        final = "yes" if record["final"] else "no"
        table.add_row(f"{start:%m-%d %H:%M}", record["queue"], record["channel"], *cells, final)
    draw(table, 100)
