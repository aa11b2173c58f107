"""`streams replay`: files of events through the same core as the worker's, without Kafka.

The records on standard output are a function of the set of events: the order of lines and files,
and repeats, leave no trace; a table says below it what ended otherwise than by an answer. Standard
error has the lines that are no events and, after all, the events that found an unexpected state, by
kind.
"""

import argparse
import gc
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from streams.commands.reading import WIDTH, draw
from streams.contract.events import Event
from streams.contract.fields import fields_of
from streams.contract.figures import Figures
from streams.contract.records import KpiRecord
from streams.contract.records import encode as encode_record
from streams.contract.words import ANOMALY_SORTS, SLA_METRICS
from streams.errors import StreamsError, UsageError
from streams.kpis.replay import Replay
from streams.lifecycle.kinds import KINDS
from streams.settings import Settings
from streams.sources import formats
from streams.sources.complaints import Complaints
from streams.wire.rejected import Rejected

HELP = "files of events through the same core, without Kafka"
EXAMPLE = (
    "streams replay day.ndjson\nstreams replay march.csv --format call-log --json\n"
    "streams replay queue_log queue_log.1 --format queue-log"
)
_SAY_EVERY = 50_000
_COLUMNS = (
    ("offered", "offered"),
    ("answered", "answered"),
    ("aband.", "abandonment_ratio"),
    ("level", "service_level"),
    ("ASA", "wait_mean_seconds"),
    ("AHT", "handle_mean_seconds"),
    ("occupancy", "occupancy_ratio"),
)
_CALLBACK_ENDS = ("reached", "given_up", "cancelled", "expired")
_TICKET_COLUMNS = (
    ("opened", "tickets_opened"),
    ("reply after", "first_response_mean_seconds"),
    ("resolved", "tickets_resolved"),
    ("after", "resolution_mean_seconds"),
    ("in time", "resolution_in_time_ratio"),
    ("reopened", "tickets_reopened"),
    ("occupancy", "occupancy_ratio"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="in any order; - is standard input")
    add("--format", choices=formats.FORMATS, default="ndjson", help="of all files (ndjson)")
    add("--mapping", type=Path, metavar="TOML", help="a call log's columns, a queue log's members")
    add("--json", action="store_true", help="one record a line, instead of a table")
    add(
        "--agents", type=Path, metavar="OUT",
        help="the figures of single agents to OUT, one a line; needs the setting agent_figures",
    )  # fmt: skip
    add("--strict", action="store_true", help="exit 1 if a line was rejected, not only if all were")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Replays the files; raises StreamsError."""
    if args.agents and settings.agent_figures == "off":
        raise UsageError("--agents: figures of single agents are off; set agent_figures")
    started = time.monotonic()
    complaints = Complaints()
    source = formats.read(args.format, args.files, args.mapping, settings, complaints)
    gc.disable()  # nothing here is ever part of a cycle, and there are millions of objects
    try:
        replay, events, rejected = _feed(source, settings, complaints)
        records = replay.records()
    finally:
        gc.enable()
    if args.json:
        for record in records:
            sys.stdout.buffer.write(encode_record(record) + b"\n")
        sys.stdout.buffer.flush()
    else:
        if rejected:
            print(f"lines rejected, and in no figure below: {rejected:,}\n")
        tickets = [record for record in records if record.channel == "ticket"]
        contacts = [record for record in records if record.channel != "ticket"]
        if contacts or not tickets:
            _table(contacts, _COLUMNS)
            _ends(contacts)
        if tickets:
            _table(tickets, _TICKET_COLUMNS)
            _promises(tickets)
    if args.agents:
        _write_agents(args.agents, replay)
    seconds = time.monotonic() - started
    repeats = replay.outcomes["duplicate"] + replay.outcomes["conflict"]
    for text in complaints.lines():
        print(text, file=sys.stderr)
    print(
        f"{events} events in {seconds:.1f} s ({events / max(seconds, 0.001):,.0f}/s),"
        f" {repeats} repeats, {rejected} lines rejected, {len(records)} records",
        file=sys.stderr,
    )
    if args.format == "call-log" and events:
        print("no occupancy: a call log does not tell agents' states", file=sys.stderr)
    for text in _anomalies(replay):
        print(text, file=sys.stderr)
    return 1 if rejected and (args.strict or not events) else 0


def _write_agents(path: Path, replay: Replay) -> None:
    """Of each agent the figures of the whole replay, by tenant and name."""
    try:
        with path.open("wb") as file:
            for (tenant, agent), figures in replay.agent_totals().items():
                line = {"tenant": tenant, "agent": agent, "figures": figures}
                file.write(msgspec.json.encode(line) + b"\n")
    except OSError as problem:
        raise StreamsError(f"--agents {path}: cannot be written ({problem.strerror})") from problem


def _anomalies(replay: Replay) -> Iterator[str]:
    """A line for each sort of them: kinds, how often, where the first one stands."""
    found = replay.anomalies()
    for sort in ANOMALY_SORTS:
        kinds = [
            f"{kind} {times:,} ({file}:{line})"
            for kind, (times, file, line) in found.items()
            if KINDS[kind][0] == sort
        ]
        if kinds:
            yield f"anomalies, {sort.replace('_', ' ')}: {', '.join(kinds)}"


def _feed(
    source: Iterator[tuple[str, int, Event | Rejected]],
    settings: Settings,
    complaints: Complaints,
) -> tuple[Replay, int, int]:
    replay = Replay(settings)
    add, count, rejected, say = replay.add, 0, 0, _progress()
    for name, line, found in source:
        if found.__class__ is Rejected:
            rejected += 1
            complaints.add(name, line, found)
            continue
        add(found, name, line)  # type: ignore[arg-type]
        count += 1
        if not count % _SAY_EVERY:
            say(count)
    say(0)
    return replay, count, rejected


def _progress() -> Callable[[int], None]:
    """Says how many events were read, on one line of a terminal; 0 clears it."""
    if not sys.stderr.isatty():
        return lambda _: None

    def say(count: int) -> None:
        text = f"{count:,} events read" if count else " " * 40
        print(f"\r{text}\r", end="", file=sys.stderr, flush=True)

    return say


def _table(records: list[KpiRecord], columns: tuple[tuple[str, str], ...]) -> None:
    from rich.table import Table

    several = len({record.tenant for record in records}) > 1
    kinds = columns is not _TICKET_COLUMNS
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("queue", overflow="fold", min_width=8)
    if kinds:
        table.add_column("channel", no_wrap=True)
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    for record in records:
        figures, formula = record.windows["all"], record.definitions.default_formula
        level = getattr(figures.service_level, formula) if formula else None
        cells = [
            _cell(name, level if name == "service_level" else getattr(figures, name))
            for _, name in columns
        ]
        name = f"{record.tenant}/{record.queue}" if several else record.queue
        table.add_row(name, *([record.channel] if kinds else []), *cells)
    draw(table)


def _ends(records: list[KpiRecord]) -> None:
    """Under the table, for each queue: what ended without an answer, who waited over the limit, and
    calls promised back, which have no column there."""
    for record in records:
        found = record.windows["all"]
        told = [f"abandoned {found.abandoned:,}"] if found.abandoned else []
        if found.flowed_out:
            counted = _counted(found.flowed_out_reasons)
            told.append(f"flowed out {found.flowed_out:,} ({counted})")
        if found.blocked:
            told.append(f"blocked {found.blocked:,}")
        if found.waited_over_limit:
            told.append(f"waited over the limit {found.waited_over_limit:,}")
        calls = found.callbacks
        if calls is not None and calls.asked:
            ends = {name.replace("_", " "): getattr(calls, name) for name in _CALLBACK_ENDS}
            counted = _counted(ends | {"owed": record.live.callbacks_owed})
            told.append(f"call-backs asked {calls.asked:,} ({counted})")
        _say(record, records, told)


def _promises(records: list[KpiRecord]) -> None:
    """Under the tickets' table, for each queue: the promises broken, of those decided."""
    for record in records:
        promises, clocks = record.windows["all"].ticket, record.live.sla
        if promises is None or clocks is None:
            continue
        told = []
        for name in SLA_METRICS:
            found, now = getattr(promises.sla, name), getattr(clocks, name)
            if found.breached:
                waits = f", {now.breached_open:,} still open" if now.breached_open else ""
                of = found.met + found.breached
                told.append(f"{name.replace('_', ' ')} {found.breached:,} of {of:,}{waits}")
        _say(record, records, [f"promises broken: {'; '.join(told)}"] if told else [])


def _counted(found: dict[str, int]) -> str:
    return ", ".join(f"{word} {times:,}" for word, times in found.items() if times)


def _say(record: KpiRecord, records: list[KpiRecord], told: list[str]) -> None:
    if told:
        tenants = len({one.tenant for one in records}) > 1
        place = f"{record.tenant} " if tenants else ""
        text = f"{place}{record.queue} ({record.channel}): {', '.join(told)}"
        print(textwrap.fill(text, WIDTH, subsequent_indent="  "))


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    unit = "ratio" if name == "service_level" else fields_of(Figures)[name].unit
    if unit == "s":
        return f"{value:.1f} s"
    return f"{value:.1%}" if unit == "ratio" else f"{value:,}"
