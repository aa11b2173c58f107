"""`streams kpis`: the KPI topic as a live table, or as records for whoever comes next in a pipe.

In: `contact.kpis`, committed records alone, newest of each key. It is also the reference for a
downstream consumer: reading is `compacted.follow`, everything else here is showing.
"""

import argparse
import sys
import time
from typing import Any

import orjson
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.contract.words import WINDOWS
from streams.kafka.compacted import follow, matches, newest
from streams.settings import Settings
from streams.wall_clock import now_ms

HELP = "the live KPIs, as a table or as JSON"
EXAMPLE = "streams kpis\nstreams kpis --once --json --queue billing\nstreams kpis --follow --json"
_JSON = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_EMPTY = "no KPIs yet: start a worker (streams worker) and send events (streams simulate)"
_REFRESH_SECONDS = 1.0
Record = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("--once", action="store_true", help="print what there is now, and end")
    add("--follow", action="store_true", help="go on until Ctrl-C (the default)")
    add("--json", action="store_true", help="records, one a line, keys sorted")
    add("--window", choices=WINDOWS, default="5m", help="which figures the table shows (5m)")
    for name in ("tenant", "queue", "channel"):
        add(f"--{name}", metavar="NAME", help=f"only this {name}")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Shows the records; raises BrokerError."""
    topic = settings.topics.kpis
    chosen = {name: getattr(args, name) for name in ("tenant", "queue", "channel")}
    if args.json and not args.once:
        return _stream(settings, topic, chosen)
    if args.once:
        records = [r for r in newest(settings, topic) if matches(r, chosen)]
        if not records:
            print(_EMPTY, file=sys.stderr)
        elif args.json:
            sys.stdout.write(b"".join(orjson.dumps(r, option=_JSON) for r in records).decode())
        else:
            console = Console()
            console.width = max(console.width, 80)
            console.print(table(records, args.window, now_ms()))
        return 0
    return _live(settings, topic, chosen, args.window)


def _stream(settings: Settings, topic: str, chosen: dict[str, str | None]) -> int:
    for pairs, _ in follow(settings, topic):
        for _, value in pairs:
            record = orjson.loads(value) if value else None
            if record and matches(record, chosen):
                sys.stdout.write(orjson.dumps(record, option=_JSON).decode())
        sys.stdout.flush()
    return 0


def _live(settings: Settings, topic: str, chosen: dict[str, str | None], window: str) -> int:
    records: dict[bytes, Record] = {}
    drawn = 0.0
    with Live(Text("reading…"), auto_refresh=False) as screen:
        for pairs, complete in follow(settings, topic):
            for key, value in pairs:
                record = orjson.loads(value) if value else None
                if record and matches(record, chosen):
                    records[key] = record
                else:
                    records.pop(key, None)
            if complete and time.monotonic() - drawn >= _REFRESH_SECONDS:
                drawn = time.monotonic()
                shown = table(list(records.values()), window, now_ms())
                screen.update(shown if records else Text(_EMPTY), refresh=True)
    return 0


def table(records: list[Record], window: str, at_ms: int) -> Table:
    """The worst queue first: furthest below its target, then the most waiting."""
    made = Table(
        box=None, header_style="bold", title=f"last {window}", title_justify="left",
        padding=(0, 1, 0, 0),
    )  # fmt: skip
    # 80 columns are enough: only a long name is cut.
    made.add_column("queue", no_wrap=True, overflow="ellipsis", min_width=8)
    made.add_column("channel", no_wrap=True)
    for title in ("waiting", "oldest", "level", "aband.", "AHT", "occupancy", "free", "age"):
        made.add_column(title, justify="right", no_wrap=True)
    several = len({record["tenant"] for record in records}) > 1
    for record in sorted(records, key=lambda record: _badness(record, window)):
        live, figures = record["live"], record["windows"][window]
        name = f"{record['tenant']}/{record['queue']}" if several else record["queue"]
        level, target = _level(record, window), record["definitions"]["targets"]["service_level"]
        missed = level is not None and target is not None and level < target
        free, all_of = live["agents"]["available"], sum(live["agents"].values())
        made.add_row(
            name,
            record["channel"],
            str(live["waiting"]),
            _age(live["oldest_waiting_at"], at_ms),
            Text(f"{_share(level)}/{_share(target)}", style="red" if missed else ""),
            _share(figures["abandonment_ratio"]),
            _seconds(figures["handle_mean_seconds"]),
            _occupancy(figures["occupancy_ratio"], record["definitions"]["targets"]),
            f"{free}/{all_of}",
            _age(record["as_of"], at_ms),
        )
    return made


def _level(record: Record, window: str) -> float | None:
    formula = record["definitions"]["default_formula"]
    level: float | None = record["windows"][window]["service_level"].get(formula)
    return level


def _badness(record: Record, window: str) -> tuple[float, int, str, str, str]:
    level, target = _level(record, window), record["definitions"]["targets"]["service_level"]
    above = 1.0 if level is None or target is None else level - target
    waiting = -record["live"]["waiting"]
    return above, waiting, record["tenant"], record["queue"], record["channel"]


def _occupancy(value: float | None, targets: dict[str, Any]) -> Text:
    """The band in a word and a colour; without agreed limits, the share alone."""
    if value is None or targets["occupancy_limit"] is None:
        return Text(_share(value))
    for name, word, style in (
        ("occupancy_limit", "overload", "red"),
        ("occupancy_high", "high", "yellow"),
        ("occupancy_low", "good", "green"),
    ):
        edge = targets[name]
        if edge is not None and (value > edge or (word == "good" and value == edge)):
            return Text(f"{_share(value)} {word}", style=style)
    return Text(f"{_share(value)} low")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def _age(since_ms: int | None, at_ms: int) -> str:
    if since_ms is None:
        return "–"
    seconds = max(0, at_ms - since_ms) // 1000
    if seconds < 3_600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3_600} h" if seconds < 172_800 else f"{seconds // 86_400} d"
