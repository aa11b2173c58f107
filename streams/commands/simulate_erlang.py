"""`streams simulate erlang`: the textbook queue to a file, to compare the engine with theory."""

import argparse
import sys
import time
from pathlib import Path

import orjson

from streams.commands.numbers import positive, whole
from streams.errors import StreamsError, UsageError
from streams.simulate.erlang import Model, simulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `streams simulate erlang`."""
    add = parser.add_argument
    add("--arrival-rate", type=positive, required=True, metavar="R", help="contacts a second")
    add("--handle", type=positive, required=True, metavar="S", help="mean handle time, seconds")
    add("--agents", type=whole, required=True, metavar="N")
    add("--patience", type=positive, metavar="S", help="mean patience, seconds (nobody leaves)")
    add("--contacts", type=whole, required=True, metavar="C")
    add("--seed", type=int, default=1, help="the same seed gives the same bytes (1)")
    add("--out", required=True, metavar="FILE", help="NDJSON")
    add("--truth", metavar="FILE", help="what really happened, as JSON")


def run(args: argparse.Namespace) -> int:
    """Writes the file; raises UsageError for a queue that would never end, and StreamsError."""
    load = args.arrival_rate * args.handle
    if args.patience is None and load >= args.agents:
        raise UsageError(
            f"--agents {args.agents} cannot serve a load of {load:g}: the queue would never end;"
            " more --agents, or a --patience"
        )
    model = Model(
        args.arrival_rate, args.handle, args.agents, args.contacts, args.seed, args.patience
    )
    started = time.monotonic()
    try:
        with Path(args.out).open("w", encoding="ascii") as file:
            outcome = simulate(model, file.write)
        if args.truth:
            text = orjson.dumps(outcome.as_json(model), option=orjson.OPT_INDENT_2)
            Path(args.truth).write_bytes(text + b"\n")
    except OSError as problem:
        raise StreamsError(f"cannot write {problem.filename}: {problem.strerror}") from None
    seconds = time.monotonic() - started
    print(
        f"{model.contacts} contacts, {outcome.events} events to {args.out} in {seconds:.1f} s"
        f" ({model.contacts / max(seconds, 0.001):,.0f} contacts/s)",
        file=sys.stderr,
    )
    return 0
