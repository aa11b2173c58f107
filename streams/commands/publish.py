"""`streams publish`: files of events into the topics, in time order, exactly once each.

Lines that are no events are reported on standard error and not sent. All files are read before
the first record is sent, order needs the whole: limits in `streams.sources.timeline`.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from streams.commands.numbers import positive
from streams.settings import Settings
from streams.sources import formats
from streams.sources.complaints import Complaints
from streams.sources.publishing import publish
from streams.sources.timeline import Timeline

HELP = "files of events into the topics, in time order"
EXAMPLE = "streams publish day.ndjson\nstreams publish march.csv --format call-log --rate 5000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="in any order; - is standard input, .gz is unpacked",
    )
    add("--format", choices=formats.FORMATS, default="ndjson", help="of all files (ndjson)")
    add(
        "--rate", type=positive, metavar="N", help="at most N events a second (as fast as possible)"
    )
    add("--mapping", type=Path, metavar="TOML", help="a call log's columns, a queue log's members")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Publishes the files; raises StreamsError, BrokerError and PublishError."""
    started = time.monotonic()
    with Timeline() as timeline:
        _read(timeline, args, settings)
        read_seconds = time.monotonic() - started
        started = time.monotonic()
        sent = asyncio.run(_publish(timeline, settings, args.rate))
    seconds = time.monotonic() - started
    print(
        f"{sent} events to {settings.bootstrap} in {seconds:.1f} s"
        f" ({sent / max(seconds, 0.001):,.0f}/s) after reading for {read_seconds:.1f} s;"
        f" {timeline.rejected} lines rejected,"
        f" {timeline.heartbeats} source heartbeats replaced by the publisher's own",
        file=sys.stderr,
    )
    return 1 if timeline.rejected and not len(timeline) else 0


def _read(timeline: Timeline, args: argparse.Namespace, settings: Settings) -> None:
    complaints = Complaints()
    if args.format == "ndjson":
        formats.check(args.format, args.files, args.mapping)
        from streams.sources.ndjson import read_lines

        # The lines themselves go out, as they are.
        timeline.add_lines(read_lines(args.files), complaints.add)
    else:
        found = formats.read(args.format, args.files, args.mapping, settings, complaints)
        timeline.add_events(found, complaints.add)
    for text in complaints.lines():
        print(text, file=sys.stderr)


async def _publish(timeline: Timeline, settings: Settings, rate: float | None) -> int:
    if not sys.stderr.isatty():
        return await publish(timeline, settings, rate)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("publish", total=len(timeline))
        return await publish(
            timeline, settings, rate, lambda done: progress.update(task, completed=done)
        )
