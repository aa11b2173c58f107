"""`streams deadletters`: what the worker rejected, and sending it again once the cause is mended.

`list` shows each dead letter's reason and origin. `redrive` sends key and value again, to the topic
they came from; `export` writes them to a file, and `redrive FILE` sends what a person has made of
them there. Each letter is sent once, by whichever way: `streams.kafka.redrive` notes it. What a
worker would reject again is not sent. Nothing is deleted.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import orjson

from streams.commands.numbers import whole
from streams.commands.questions import agreed
from streams.errors import StreamsError, UsageError
from streams.settings import Settings
from streams.wire.rejected import Reason

if TYPE_CHECKING:
    from streams.kafka.deadletter_log import DeadLetter, DeadLetterLog
    from streams.kafka.redrive import Sending
    from streams.kafka.redrive_plan import FromFile, FromLog

HELP = "list rejected events, or send them again"
EXAMPLE = (
    "streams deadletters list --reason schema --limit 20\n"
    "streams deadletters export letters.ndjson --reason schema\n"
    "streams deadletters redrive letters.ndjson     (once mended there)\n"
    "streams deadletters redrive --reason future --dry-run"
)
REASONS = get_args(Reason)
SHOWN = 50
SHOWN_CHARACTERS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add(
        "action", choices=("list", "export", "redrive"),
        help="show them, write those not yet sent again to FILE, or send them again, each once",
    )  # fmt: skip
    add(
        "file", nargs="?", type=Path, metavar="FILE",
        help="export: a new file; redrive: an edited one (without: all letters, as they were)",
    )  # fmt: skip
    add("--reason", choices=REASONS, help="only this reason (not with redrive FILE)")
    add(
        "--limit", type=whole, metavar="N",
        help=f"list, export: the newest N (list {SHOWN}, export all)",
    )  # fmt: skip
    add("--json", action="store_true", help="list: one JSON object a line")
    add("--dry-run", action="store_true", help="redrive: say what would be sent")
    add("--anyway", action="store_true", help="redrive: also what would be rejected again")
    add("--yes", action="store_true", help="redrive: do not ask")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Lists, exports or redrives; raises BrokerError, PublishError and StreamsError."""
    _check(args)
    from streams.kafka import deadletter_file
    from streams.kafka.deadletter_log import DeadLetterLog
    from streams.kafka.redrive_plan import FromFile, FromLog

    edited = None
    if args.action == "redrive" and args.file is not None:
        edited = deadletter_file.read(args.file, settings.topics.inputs)
    with DeadLetterLog(settings) as log:
        if args.action == "list":
            return _list(log, args)
        if args.action == "export":
            return _export(log, args)
        if edited is not None:
            plan = FromFile(log, edited, args.file, settings, args.anyway)
            return _redrive(plan, args, settings)
        return _redrive(FromLog(log, args.reason, settings, args.anyway), args, settings)


def _check(args: argparse.Namespace) -> None:
    """Options that would be ignored are mistakes."""
    action, file = args.action, args.file
    if action == "export" and file is None:
        raise UsageError("export needs a FILE to write to: streams deadletters export FILE")
    if action == "list" and file is not None:
        raise UsageError("list takes no FILE; streams deadletters export FILE writes one")
    if action == "redrive" and file is not None and args.reason is not None:
        raise UsageError("--reason does not go with redrive FILE: the file says which letters")
    own = {"list": ("json", "limit"), "export": ("limit",), "redrive": ("dry_run", "anyway", "yes")}
    for option in ("json", "limit", "dry_run", "anyway", "yes"):
        if getattr(args, option) and option not in own[action]:
            raise UsageError(f"--{option.replace('_', '-')} does not go with {action}")


# -- list and export --------------------------------------------------------------------------


def _list(log: "DeadLetterLog", args: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    sent = 0

    def counted() -> "Iterator[DeadLetter]":
        nonlocal sent
        for letter in _of_reason(log, args.reason):
            counts[letter.reason] += 1
            sent += letter.place in log.sent
            yield letter

    newest = _newest(counted(), args.limit or SHOWN)
    for letter in newest:
        again = letter.place in log.sent
        print(_json_line(letter, again) if args.json else _text_line(letter, again))
    by_reason = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    shown = f", the newest {len(newest)} shown" if len(newest) < counts.total() else ""
    again_ = f", {sent} sent again" if sent else ""
    print(
        f"{counts.total()} dead letters{again_}{shown}" + (f": {by_reason}" if by_reason else ""),
        file=sys.stderr,
    )
    return 0


def _export(log: "DeadLetterLog", args: argparse.Namespace) -> int:
    from streams.kafka import deadletter_file

    chosen = (it for it in _of_reason(log, args.reason) if it.place not in log.sent)
    letters: Iterable[DeadLetter] = chosen if args.limit is None else _newest(chosen, args.limit)
    count = deadletter_file.write(args.file, letters)
    print(
        f"{count} dead letters are in {args.file}. Edit topic, key or value, delete the lines you"
        f" do not want, then: streams deadletters redrive {args.file}",
        file=sys.stderr,
    )
    return 0


def _of_reason(log: "DeadLetterLog", reason: str | None) -> "Iterator[DeadLetter]":
    return (letter for letter in log if reason is None or letter.reason == reason)


def _newest(letters: "Iterable[DeadLetter]", limit: int) -> "list[DeadLetter]":
    """The newest of them, oldest first."""
    found = nlargest(limit, letters, key=lambda it: (it.seen_ms, it.partition, it.offset))
    return found[::-1]


def _json_line(letter: "DeadLetter", sent_again: bool) -> str:
    headers = letter.headers
    row = {
        "reason": letter.reason,
        "detail": headers.get("detail"),
        "field": headers.get("field") or None,
        **letter.origin,
        "seen_at": letter.seen_ms or None,
        "sent_again": sent_again,
        "key": _text(letter.key),
        "value": _text(letter.value),
    }
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode()


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "replace")


def _text_line(letter: "DeadLetter", sent_again: bool) -> str:
    headers, value = letter.headers, letter.value or b""
    seen = datetime.fromtimestamp(letter.seen_ms / 1000, UTC).isoformat(timespec="seconds")
    field = f" {headers['field']}" if headers.get("field") else ""
    start = repr(value[:SHOWN_CHARACTERS].decode("utf-8", "replace"))
    more = "" if len(value) <= SHOWN_CHARACTERS else f" … {len(value)} bytes"
    again = "  (sent again)" if sent_again else ""
    return (
        f"{seen}  {letter.reason}{field}: {headers.get('detail', '')}{again}\n"
        f"    {letter.topic}[{headers.get('partition', '?')}]@{headers.get('offset', '?')}"
        f"  {start}{more}"
    )


# -- redrive ----------------------------------------------------------------------------------


def _redrive(plan: "FromLog | FromFile", args: argparse.Namespace, settings: Settings) -> int:
    for line in plan.left:
        print(line, file=sys.stderr)
    total = plan.counts.total()
    if total == 0:
        print("nothing to redrive")
        return 0
    for (topic, reason), count in sorted(plan.counts.items()):
        print(f"{count} {reason} to {topic}")
    if args.dry_run:
        print(f"dry run: {total} dead letters would be sent again")
        return 0
    if not args.yes and not _confirmed(total):
        print("nothing was sent")
        return 1
    return _send(settings, plan.sendings(), total)


def _confirmed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise StreamsError("not at a terminal: say --yes to send, or --dry-run to look")
    return agreed(f"send {count} dead letters again?")


def _send(settings: Settings, letters: "Iterator[Sending]", total: int) -> int:
    from streams.kafka.redrive import redrive

    sent, large = 0, 0

    def too_large(letter: "Sending", limit: int) -> None:
        nonlocal large
        large += 1
        partition, offset = letter.place
        print(
            f"left: the dead letter {settings.topics.deadletters}[{partition}]@{offset} has"
            f" {letter.size} bytes, and {letter.topic} takes {limit} (its max.message.bytes)",
            file=sys.stderr,
        )

    with _progress(total) as show:

        def said(count: int) -> None:
            nonlocal sent
            sent += count
            show(sent)

        try:
            asyncio.run(redrive(settings, letters, said, too_large))
        except (KeyboardInterrupt, StreamsError):
            print(
                f"{sent} of {total} dead letters were sent again; the same command goes on there",
                file=sys.stderr,
            )
            raise
    print(f"{sent} dead letters sent again")
    return 1 if large else 0


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[int], Any]]":
    """Shows how many have been sent, where somebody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("redrive", total=total)
        yield lambda done: progress.update(task, completed=done)
