"""`streams agents`: single agents as a live table, or as records.

In: `contact.agent_figures`, committed records alone; of each agent the newest. It is about persons,
so workers write it only where the setting `agent_figures` says so.
"""

import argparse
import sys
import time

import orjson
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
from streams.errors import StreamsError
from streams.kafka.compacted import Pair, chosen_from, follow, matches
from streams.kafka.patience import PATIENCE_SECONDS, Patience
from streams.settings import Settings
from streams.wall_clock import now_ms

HELP = "single agents today, where the settings want them"
EXAMPLE = "streams agents\nstreams agents --once --json --agent anna"
_OFF = (
    "figures of single agents are off: set agent_figures to names or pseudonyms, for the worker"
    " and here, then run `streams topics create`"
)
_EMPTY = "no figures of agents yet: start a worker (streams worker) and send agents' events"
_NONE_CHOSEN = "none of the agents there are is chosen (streams agents --once names them)"
_NAMES = ("tenant", "agent")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add_reading(parser)
    for name in _NAMES:
        parser.add_argument(f"--{name}", metavar="NAME", help=f"only this {name}")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Shows the records; raises BrokerError, and StreamsError for a name that is not there."""
    if settings.agent_figures == "off":
        raise StreamsError(_OFF)
    # What ends does not wait for a Kafka that is away; what follows does.
    patience = Patience(settings.bootstrap, PATIENCE_SECONDS if args.once else None)
    batches = follow(settings, settings.topics.agent_figures, patience)
    agents = Newest({name: getattr(args, name) for name in _NAMES})
    if args.once:
        for pairs, complete in batches:
            agents.take(pairs)
            if complete:
                break
        records = chosen_from(agents.records(), agents.chosen)
        show(records, args.json, _EMPTY, lambda found: table(found, now_ms()))
        return 0
    if args.json:
        for pairs, _ in batches:
            for record in agents.take(pairs):
                sys.stdout.write(line_of(record).decode())
            sys.stdout.flush()
        return 0
    drawn = 0.0
    with Live(Text("reading…"), auto_refresh=False) as screen:
        for pairs, complete in batches:
            agents.take(pairs)
            if complete and time.monotonic() - drawn >= REFRESH_SECONDS:
                drawn, known = time.monotonic(), agents.records()
                records = [record for record in known if matches(record, agents.chosen)]
                nothing = Text(_NONE_CHOSEN if known else _EMPTY)
                screen.update(table(records, now_ms()) if records else nothing, refresh=True)
    return 0


class Newest:
    """Of each (tenant, agent) the newest record: the latest interval of the highest revision."""

    def __init__(self, chosen: dict[str, str | None]) -> None:
        self.chosen = chosen
        self._records: dict[tuple[str, str], Record] = {}

    def take(self, pairs: list[Pair]) -> list[Record]:
        """Take records; return those that are chosen."""
        found = []
        for _, value in pairs:
            if not value:
                continue
            record = orjson.loads(value)
            place = record["tenant"], record["agent"]
            known = self._records.get(place)
            if known is None or _order(record) >= _order(known):
                self._records[place] = record
            if matches(record, self.chosen):
                found.append(record)
        return found

    def records(self) -> list[Record]:
        """All of them, by tenant and agent."""
        return [self._records[place] for place in sorted(self._records)]


def _order(record: Record) -> tuple[int, int]:
    return record["revision"], record["interval_start"]


def table(records: list[Record], at_ms: int) -> Table:
    """Each agent's state now, and his day (UTC) so far; 80 columns are enough."""
    made = titled_table("today (UTC)", "agent")
    several = len({record["tenant"] for record in records}) > 1
    made.add_column("state", no_wrap=True)
    for name in ("since", "legs", "AHT", "occupancy", "answers", "satisfied", "age"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("reason", overflow="ellipsis")
    for record in records:
        today = record["today"]
        surveys = today["surveys"]
        made.add_row(
            Text(f"{record['tenant']}/{record['agent']}" if several else record["agent"]),
            record["state"] or "–",
            age(record["since_at"], at_ms),
            f"{today['legs_handled']:,}",
            seconds(today["leg_aht_seconds"]),
            share(today["occupancy"]),
            share(today["offer_answer_ratio"]),
            f"{surveys['satisfied']}/{surveys['answered']}" if surveys["answered"] else "–",
            age(record["as_of"], at_ms),
            Text(record["reason"] or ""),
        )
    return made
