"""`streams simulate`: a seeded contact centre, to Kafka or to a file, with its own truth.

To a file: `--minutes` of events from `--start`, the same bytes each time. To Kafka: the last
`--backlog-minutes` at once, then life as it happens, until a signal or for `--minutes` in all.
SIGINT and SIGTERM end it cleanly: each source says that it has ended, exit 0.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson

from streams.commands import simulate_erlang
from streams.commands.numbers import not_negative, positive, ratio, whole
from streams.errors import StreamsError, UsageError
from streams.settings import Settings
from streams.simulate.config import default_centre
from streams.simulate.records import FILE_REASONS, KAFKA_REASONS, Faults
from streams.simulate.session import Session

HELP = "a seeded contact centre, to Kafka or to a file"
EXAMPLE = (
    "streams simulate\n"
    "streams simulate --out day.ndjson --minutes 120 --seed 7 --truth truth.json\n"
    "streams simulate erlang --arrival-rate 0.8 --handle 60 --agents 50 --contacts 100000"
    " --seed 1 --out erlang.ndjson"
)
FILE_START = "2026-01-05T08:00:00Z"
FILE_MINUTES = 60.0
BACKLOG_MINUTES = 30.0
FOREVER_MINUTES = 10 * 366 * 24 * 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("--out", metavar="FILE", help="NDJSON instead of Kafka; - is standard output")
    add("--truth", metavar="FILE", help="what really happened, as JSON, when it is over")
    add("--write-config", metavar="FILE", help="the queues as a streams.toml for the worker")
    add("--seed", type=int, default=1, help="the same seed and start give the same events (1)")
    add("--tenant", action="append", metavar="NAME", help="repeatable: a centre each (default)")
    add("--minutes", type=positive, metavar="M", help="length; file 60, Kafka until a signal")
    add("--start", type=_instant, metavar="TIME", help=f"first moment of a file ({FILE_START})")
    add(
        "--backlog-minutes", type=not_negative, metavar="B",
        help=f"how far in the past a run to Kafka starts; sent at once ({BACKLOG_MINUTES:.0f})",
    )  # fmt: skip
    add("--speed", type=positive, metavar="X", help="pace of the backlog: X times real time")
    add("--scale", type=whole, default=1, metavar="N", help="N times the customers and agents (1)")
    add("--duplicates", type=ratio, default=0.0, metavar="RATIO", help="records sent twice")
    add(
        "--disorder", type=not_negative, default=0.0, metavar="SECONDS",
        help="a tenth of the records comes up to this much later",
    )  # fmt: skip
    add("--bad", type=ratio, default=0.0, metavar="RATIO", help="added bad records, of all kinds")
    models = parser.add_subparsers(dest="model", metavar="[erlang]")
    simulate_erlang.add_arguments(
        models.add_parser("erlang", help="M/M/n or M/M/n+M: one textbook queue, to a file")
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Simulates until the end or a signal; raises BrokerError and StreamsError."""
    if args.model == "erlang":
        return simulate_erlang.run(args)
    _check(args)
    started = time.monotonic()
    stop = threading.Event()
    session = _session(args)
    if args.write_config:
        from streams.simulate.queues import as_toml

        with _opened(args.write_config) as write:
            write(as_toml(centre.config for centre in session.centres).encode())
    if args.truth and args.truth != "-":
        _require_writable(args.truth)
    with _stopped_by_signals(stop):
        if args.out:
            _to_file(session, args.out, stop)
        else:
            from streams.simulate.live import run_live

            run_live(session, settings, stop, args.speed, _say)
    truth = session.truth()
    if args.truth:
        with _opened(args.truth) as write:
            write(orjson.dumps(truth, option=orjson.OPT_INDENT_2) + b"\n")
    _summary(truth, args.out or settings.bootstrap, time.monotonic() - started)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Options that would be ignored are mistakes, and a tenant has a name and one centre."""
    tenants = args.tenant or ["default"]
    if len(set(tenants)) < len(tenants) or not all(name.strip() for name in tenants):
        raise UsageError("--tenant: needs a name, and each tenant another one")
    if args.out:
        for name in ("backlog_minutes", "speed"):
            if getattr(args, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} does not go with --out")
    elif args.start is not None:
        raise UsageError(
            "--start goes with --out FILE; a run to Kafka starts --backlog-minutes before now"
        )


def _session(args: argparse.Namespace) -> Session:
    tenants = args.tenant or ["default"]
    configs = [default_centre(tenant).scaled(args.scale) for tenant in tenants]
    if args.out:
        start_ms = _instant(FILE_START) if args.start is None else args.start
        minutes = args.minutes or FILE_MINUTES
    else:
        backlog = BACKLOG_MINUTES if args.backlog_minutes is None else args.backlog_minutes
        start_ms = int(time.time() * 1000) - round(backlog * 60_000)
        minutes = args.minutes or FOREVER_MINUTES
    faults = Faults(
        duplicate_ratio=args.duplicates,
        disorder_seconds=args.disorder,
        bad_ratio=args.bad,
        reasons=FILE_REASONS if args.out else KAFKA_REASONS,
        seed=args.seed,
    )
    return Session(configs, args.seed, start_ms, start_ms + round(minutes * 60_000), faults)


def _to_file(session: Session, out: str, stop: threading.Event) -> None:
    with _opened(out) as write:
        lines: list[bytes] = []
        for record in session.records():
            lines.append(record.value)
            if len(lines) == 2_000:
                write(b"\n".join(lines) + b"\n")
                lines.clear()
                if stop.is_set():
                    session.finish()
        write(b"".join(line + b"\n" for line in lines))


def _require_writable(name: str) -> None:
    """Raises StreamsError now, not when a long run is over."""
    try:
        with open(name, "ab"):
            pass
    except OSError as problem:
        raise StreamsError(f"cannot write {name}: {problem.strerror}") from None


@contextmanager
def _opened(name: str) -> Iterator[Callable[[bytes], None]]:
    """A function that writes to the file; `-` is standard output. Unbuffered: a signal in the
    middle of a write to a pipe makes CPython 3.11's buffered writer lose the rest of it."""
    try:
        file = open(1 if name == "-" else name, "wb", buffering=0, closefd=name != "-")  # noqa: SIM115
    except OSError as problem:
        raise StreamsError(f"cannot write {name}: {problem.strerror}") from None

    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) or 0 :]

    with file:
        yield write


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`; a second one is handled as it was before."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}

    def asked(number: int, frame: Any) -> None:
        del frame
        stop.set()
        signal.signal(number, before[number])

    for number in numbers:
        signal.signal(number, asked)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])


def _say(text: str) -> None:
    print(f"{text}; Ctrl-C ends it", file=sys.stderr, flush=True)


def _summary(truth: dict[str, Any], where: str, seconds: float) -> None:
    extra = ", ".join(
        f"{count} {name}"
        for name, count in (
            ("duplicates", truth["duplicates"]),
            ("disordered", truth["disordered"]),
            ("bad", sum(truth["bad"].values())),
        )
        if count
    )
    print(
        f"{truth['events']} events, {truth['records']} records to {where} in {seconds:.1f} s"
        f" ({truth['records'] / max(seconds, 0.001):,.0f}/s)" + (f": {extra}" if extra else ""),
        file=sys.stderr,
    )


def _instant(text: str) -> int:
    """RFC 3339 text as ms."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("needs a time, for example 2026-01-05T08:00:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a time with its offset, for example Z")
    return round(moment.timestamp() * 1000)
