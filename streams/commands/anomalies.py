"""`streams anomalies`: legal events that found an unexpected state, as a live table or as records.

In: `contact.anomalies`, committed records alone: a sample, of at most 100 a minute and partition.
Out: where each stands and what became of it, never whose it is. All of them are counted in the
worker's `stream_anomalies_total`; what each kind means: deploy/runbooks/StreamAnomalies.md.
"""

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from heapq import nlargest

import orjson
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streams.commands.reading import REFRESH_SECONDS, Record, add_reading, draw, line_of
from streams.commands.times import TIMES, time_of
from streams.contract.words import ANOMALY_SORTS
from streams.kafka.compacted import Pair, follow, matches, named
from streams.kafka.patience import PATIENCE_SECONDS, Patience
from streams.lifecycle.kinds import KINDS, NOTHING
from streams.settings import Settings

HELP = "events that found an unexpected state, a sample"
EXAMPLE = (
    "streams anomalies\n"
    "streams anomalies --once --sort did_nothing --since 2026-03-02T09:00\n"
    "streams anomalies --once --json --kind ended_without_visit"
)
_EMPTY = "no anomalies in the last seven days"
_NONE_CHOSEN = "none of the anomalies there are is chosen"
_NONE_THEN = "no anomalies in that time; they were taken from {} to {}"
_NAMES = ("kind", "sort", "type", "source", "tenant", "queue", "channel")
_SHOWN = 30
_WIDTH = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add_reading(parser)
    add = parser.add_argument
    add("--since", type=time_of, metavar="TIME", help=f"taken then or later: {TIMES}")
    add("--until", type=time_of, metavar="TIME", help="taken before then: a time as for --since")
    add("--kind", choices=KINDS, metavar="KIND", help=f"only this kind: {', '.join(KINDS)}")
    add("--sort", choices=ANOMALY_SORTS, help="only what became of them so")
    for name in _NAMES[2:]:
        add(f"--{name}", metavar="NAME", help=f"only this {name}")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Shows the records; raises BrokerError."""
    sample = _Sample(args)
    # What ends does not wait for a Kafka that is away; what follows does.
    patience = Patience(settings.bootstrap, PATIENCE_SECONDS if args.once else None)
    batches = follow(settings, settings.topics.anomalies, patience)
    if args.json:
        for pairs, complete in batches:
            for record in sample.take(pairs):
                sys.stdout.write(line_of(record).decode())
            sys.stdout.flush()
            if complete and args.once:
                break
        print(sample.summary(), file=sys.stderr)
    elif args.once:
        for pairs, complete in batches:
            sample.take(pairs)
            if complete:
                break
        if sample.newest:
            draw(table(sample.newest), _WIDTH)
        print(sample.summary(), file=sys.stderr)
    else:
        drawn = 0.0
        with Live(Text("reading…"), auto_refresh=False) as screen:
            for pairs, complete in batches:
                sample.take(pairs)
                if complete and time.monotonic() - drawn >= REFRESH_SECONDS:
                    drawn = time.monotonic()
                    shown = [table(sample.newest)] if sample.newest else []
                    screen.update(Group(*shown, Text(sample.summary())), refresh=True)
    return 0


class _Sample:
    """The chosen records read so far: the newest of them, and how many by kind."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.newest: list[Record] = []
        self._args = args
        self._chosen = {name: getattr(args, name) for name in _NAMES}
        self._counts: Counter[str] = Counter()
        self._left_off = 0
        #: When the first and the last of all were taken; of those in the chosen time, which names
        #: there are where one was asked for.
        self._taken: tuple[int, int] | None = None
        self._others = 0
        self._there: dict[str, set[str]] = {
            name: set() for name, value in self._chosen.items() if value is not None
        }

    def take(self, pairs: list[Pair]) -> list[Record]:
        """The records that are chosen."""
        found = []
        for _, value in pairs:
            record = orjson.loads(value or b"{}")
            if not record:
                continue
            at = record["seen_at"]
            first, last = self._taken or (at, at)
            self._taken = min(first, at), max(last, at)
            if not self._is_then(at):
                continue
            self._others += 1
            for name, there in self._there.items():
                there.add(record[name] or "–")
            if matches(record, self._chosen):
                found.append(record)
                self._counts[record["kind"]] += 1
                self._left_off += record["left_off"]
        if found:
            self.newest = nlargest(_SHOWN, self.newest + found, key=_when)
        return found

    def _is_then(self, at_ms: int) -> bool:
        since, until = self._args.since, self._args.until
        return (since is None or at_ms >= since) and (until is None or at_ms < until)

    def summary(self) -> str:
        """How many there are, by kind."""
        total = self._counts.total()
        if not total:
            return self._none()
        kinds = ", ".join(f"{kind} {times:,}" for kind, times in self._counts.most_common())
        more = f" ({self._left_off:,} more, of whatever kind, were left off)" * bool(self._left_off)
        newest = f", the newest {_SHOWN} shown" if total > _SHOWN and not self._args.json else ""
        return f"{total:,} in the sample{more}{newest}: {kinds}"

    def _none(self) -> str:
        """Why nothing is chosen: of a wrong name, or of a wrong time, what there is."""
        if self._taken is None:
            return _EMPTY
        if not self._others:
            return _NONE_THEN.format(*(f"{_utc(at):%Y-%m-%dT%H:%MZ}" for at in self._taken))
        for name, there in self._there.items():
            if self._chosen[name] not in there:
                return f"{_NONE_CHOSEN}: no {name} {self._chosen[name]!r}; there is: {named(there)}"
        return _NONE_CHOSEN


def _utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _when(record: Record) -> tuple[int, str, int, int]:
    return record["seen_at"], record["topic"], record["partition"], record["offset"]


def table(records: list[Record]) -> Table:
    """The newest first; names may be cut, places are whole."""
    made = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    several = len({record["tenant"] for record in records}) > 1
    for name in ("taken (UTC)", "kind", "became of it", "event"):
        made.add_column(name, no_wrap=True)
    for name in ("source", "queue"):
        made.add_column(name, no_wrap=True, overflow="ellipsis", min_width=8)
    made.add_column("stands at", no_wrap=True)
    for record in records:
        queue = record["queue"] or "–"
        style = "red" if record["sort"] == NOTHING else ""
        made.add_row(
            f"{_utc(record['seen_at']):%m-%d %H:%M:%S}",
            record["kind"],
            Text(record["sort"].replace("_", " "), style=style),
            record["type"],
            record["source"],
            f"{record['tenant']}/{queue}" if several else queue,
            f"{record['topic']}[{record['partition']}]@{record['offset']}",
        )
    return made
