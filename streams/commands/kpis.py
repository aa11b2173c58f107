"""`streams kpis`: the KPI topic as a live table, or as records for whoever comes next in a pipe.

In: `contact.kpis`, committed records alone, newest of each key. It is also the reference for a
downstream consumer: reading is `compacted.follow`, everything else here is showing.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import orjson
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.commands.reading import (
    REFRESH_SECONDS,
    Record,
    add_reading,
    age,
    line_of,
    seconds,
    share,
    show,
    titled_table,
)
from streams.contract.words import WINDOWS
from streams.kafka.compacted import chosen_from, follow, matches, newest
from streams.settings import Settings
from streams.wall_clock import now_ms

HELP = "the live KPIs, as a table or as JSON"
EXAMPLE = "streams kpis\nstreams kpis --once --json --queue billing\nstreams kpis --follow --json"
_EMPTY = "no KPIs yet: start a worker (streams worker) and send events (streams simulate)"
_NONE_CHOSEN = "none of the queues there are is chosen (streams kpis --once names them)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add_reading(parser)
    add = parser.add_argument
    add("--window", choices=WINDOWS, default="5m", help="which figures the table shows (5m)")
    for name in ("tenant", "queue", "channel"):
        add(f"--{name}", metavar="NAME", help=f"only this {name}")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Shows the records; raises BrokerError, and StreamsError for a name that is not there."""
    topic = settings.topics.kpis
    chosen = {name: getattr(args, name) for name in ("tenant", "queue", "channel")}
    if args.json and not args.once:
        return _stream(settings, topic, chosen)
    if args.once:
        records = chosen_from(newest(settings, topic), chosen)
        show(records, args.json, _EMPTY, lambda found: table(found, args.window, now_ms()))
        return 0
    return _live(settings, topic, chosen, args.window)


def _stream(settings: Settings, topic: str, chosen: dict[str, str | None]) -> int:
    others, silent = False, True
    for pairs, complete in follow(settings, topic):
        for _, value in pairs:
            record = orjson.loads(value) if value else None
            if record and matches(record, chosen):
                sys.stdout.write(line_of(record).decode())
                silent = False
            others = others or record is not None
        sys.stdout.flush()
        if complete and silent:
            # Said once: what is waited for may come yet.
            print(_NONE_CHOSEN if others else _EMPTY, file=sys.stderr)
            silent = False
    return 0


def _live(settings: Settings, topic: str, chosen: dict[str, str | None], window: str) -> int:
    records: dict[bytes, Record] = {}
    others: set[bytes] = set()
    drawn = 0.0
    with Live(Text("reading…"), auto_refresh=False) as screen:
        for pairs, complete in follow(settings, topic):
            for key, value in pairs:
                record = orjson.loads(value) if value else None
                if record and matches(record, chosen):
                    records[key] = record
                else:
                    records.pop(key, None)
                    others.add(key)
            if complete and time.monotonic() - drawn >= REFRESH_SECONDS:
                drawn = time.monotonic()
                shown = table(list(records.values()), window, now_ms())
                nothing = Text(_NONE_CHOSEN if others else _EMPTY)
                screen.update(shown if records else nothing, refresh=True)
    return 0


def table(records: list[Record], window: str, at_ms: int) -> Group:
    """Calls and chats, then tickets: they have other figures. 80 columns are enough: only a long
    name is cut. What is seldom has no column: it stands below."""
    several = len({record["tenant"] for record in records}) > 1
    tickets = [record for record in records if record["channel"] == "ticket"]
    others = [record for record in records if record["channel"] != "ticket"]
    parts: list[RenderableType] = []
    if others or not tickets:
        parts.append(_live_table(others, window, at_ms, several))
        parts += [Text(line) for line in _waiting_too_long(others, at_ms, several)]
    if tickets:
        parts += [Text()] if others else []
        parts += [_ticket_table(tickets, window, at_ms, several)]
    return Group(*parts)


def _empty_table(title: str, *columns: str) -> Table:
    made = titled_table(title, "queue")
    for name in columns:
        made.add_column(name, justify="left" if name == "channel" else "right", no_wrap=True)
    return made


def _name(record: Record, several: bool) -> str:
    return f"{record['tenant']}/{record['queue']}" if several else str(record["queue"])


def _ticket_table(records: list[Record], window: str, at_ms: int, several: bool) -> Table:
    """Promises first: the most breached ones that are still waited for, then those at risk; then
    the largest backlog. Opened, answered and resolved within the window."""
    made = _empty_table(
        f"tickets, last {window}",
        *("risk", "breached", "due in", "in time", "backlog", "oldest", "opened", "reply"),
        *("solved", "age"),
    )
    order = [_urgency(record) for record in records]
    for _, record in sorted(zip(order, records, strict=True), key=lambda pair: pair[0]):
        live, figures = record["live"], record["windows"][window]
        kept, aim = figures.get("resolution_in_time_ratio"), _target(record, "resolution_ratio")
        missed = kept is not None and aim is not None and kept < aim
        broken = _clocks(record, "breached_open")
        made.add_row(
            _name(record, several),
            _number(_clocks(record, "at_risk")),
            Text(_number(broken), style="red" if broken else ""),
            _ahead(live.get("next_due_at"), at_ms),
            Text(f"{share(kept)}/{share(aim)}", style="red" if missed else ""),
            str(_backlog(record)),
            age(live["oldest_open_at"], at_ms),
            str(figures["tickets_opened"]),
            _span(figures["first_response_mean_seconds"]),
            str(figures["tickets_resolved"]),
            age(record["as_of"], at_ms),
        )
    return made


def _urgency(record: Record) -> tuple[int, int, int, str, str]:
    broken, risk = _clocks(record, "breached_open") or 0, _clocks(record, "at_risk") or 0
    return -broken, -risk, -_backlog(record), record["tenant"], record["queue"]


def _backlog(record: Record) -> int:
    return sum(record["live"]["backlog"].values())


def _clocks(record: Record, name: str) -> int | None:
    """Promises of all kinds; None where an older worker wrote the record."""
    promises = record["live"].get("sla")
    return None if promises is None else sum(one[name] for one in promises.values())


def _waiting_too_long(records: list[Record], at_ms: int, several: bool) -> Iterator[str]:
    """A line for each queue where somebody waits over the limit, or for a call back."""
    for record in sorted(records, key=lambda one: (one["tenant"], one["queue"], one["channel"])):
        live, told = record["live"], []
        if live.get("waiting_over_limit"):
            told.append(f"{live['waiting_over_limit']} waiting over the limit")
        if live.get("callbacks_owed"):
            oldest = age(live["oldest_callback_at"], at_ms)
            overdue = f", {live['callbacks_overdue']} overdue" if live["callbacks_overdue"] else ""
            told.append(f"call-backs owed {live['callbacks_owed']} (oldest {oldest}{overdue})")
        if told:
            yield f"{_name(record, several)} ({record['channel']}): {', '.join(told)}"


def _live_table(records: list[Record], window: str, at_ms: int, several: bool) -> Table:
    """The worst queue first: furthest below its target, then the most waiting."""
    made = _empty_table(
        f"last {window}",
        *("channel", "waiting", "oldest", "level", "aband.", "AHT", "occupancy", "free", "age"),
    )
    for record in sorted(records, key=lambda record: _badness(record, window)):
        live, figures = record["live"], record["windows"][window]
        level, target = _level(record, window), _target(record, "service_level")
        missed = level is not None and target is not None and level < target
        free, all_of = live["agents"]["available"], sum(live["agents"].values())
        made.add_row(
            _name(record, several),
            record["channel"],
            str(live["waiting"]),
            age(live["oldest_waiting_at"], at_ms),
            Text(f"{share(level)}/{share(target)}", style="red" if missed else ""),
            share(figures["abandonment_ratio"]),
            seconds(figures["handle_mean_seconds"]),
            _occupancy(figures["occupancy_ratio"], record["definitions"]["targets"]),
            f"{free}/{all_of}",
            age(record["as_of"], at_ms),
        )
    return made


def _target(record: Record, name: str) -> float | None:
    aim: float | None = record["definitions"]["targets"][name]
    return aim


def _level(record: Record, window: str) -> float | None:
    formula = record["definitions"]["default_formula"]
    level: float | None = record["windows"][window]["service_level"].get(formula)
    return level


def _badness(record: Record, window: str) -> tuple[float, int, str, str, str]:
    level, target = _level(record, window), _target(record, "service_level")
    above = 1.0 if level is None or target is None else level - target
    waiting = -record["live"]["waiting"]
    return above, waiting, record["tenant"], record["queue"], record["channel"]


def _occupancy(value: float | None, targets: dict[str, Any]) -> Text:
    """The band in a word and a colour; without agreed limits, the share alone."""
    if value is None or targets["occupancy_limit"] is None:
        return Text(share(value))
    for name, word, style in (
        ("occupancy_limit", "overload", "red"),
        ("occupancy_high", "high", "yellow"),
        ("occupancy_low", "good", "green"),
    ):
        edge = targets[name]
        if edge is not None and (value > edge or (word == "good" and value == edge)):
            return Text(f"{share(value)} {word}", style=style)
    return Text(f"{share(value)} low")


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


def _ahead(due_ms: int | None, at_ms: int) -> str:
    return "–" if due_ms is None else age(at_ms, due_ms)


def _span(spent: float | None) -> str:
    return "–" if spent is None else age(0, round(spent * 1000))
