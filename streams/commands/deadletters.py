"""`streams deadletters`: what the worker rejected, and sending it again once the cause is mended.

`list` shows each dead letter's reason and origin. `redrive` publishes the original key and value
to the topic they came from, and remembers it: a second redrive sends only what is new, whatever
reasons the two were asked for. Nothing is deleted.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import nlargest
from typing import TYPE_CHECKING, get_args

import orjson

from streams.errors import StreamsError
from streams.settings import Settings
from streams.wire.rejected import Reason

if TYPE_CHECKING:
    from streams.kafka.deadletter_log import DeadLetter, DeadLetterLog, RedriveMemory

HELP = "list rejected events, or send them again"
EXAMPLE = (
    "streams deadletters list --reason schema --limit 20\n"
    "streams deadletters redrive --reason wrong_topic --dry-run"
)
REASONS = get_args(Reason)
SHOWN = 50
SHOWN_CHARACTERS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("action", choices=("list", "redrive"), help="show them, or publish them again")
    add("--reason", choices=REASONS, help="only this reason")
    add("--limit", type=_count, default=SHOWN, metavar="N", help=f"list: the newest N ({SHOWN})")
    add("--json", action="store_true", help="list: one JSON object a line")
    add("--dry-run", action="store_true", help="redrive: say what would be sent")
    add("--yes", action="store_true", help="redrive: do not ask")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("needs a whole number above 0")
    return int(text)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Lists or redrives; raises BrokerError and PublishError."""
    from streams.kafka.deadletter_log import DeadLetterLog, RedriveMemory

    with DeadLetterLog(settings) as log:
        if args.action == "list":
            return _list(log, args)
        return _redrive(log, RedriveMemory(settings), args, settings)


# -- list -------------------------------------------------------------------------------------


def _list(log: "DeadLetterLog", args: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()

    def counted() -> "Iterator[DeadLetter]":
        for letter in log:
            if args.reason is None or letter.reason == args.reason:
                counts[letter.reason] += 1
                yield letter

    newest = nlargest(args.limit, counted(), key=lambda it: (it.seen_ms, it.partition, it.offset))
    for letter in reversed(newest):
        print(_json_line(letter) if args.json else _text_line(letter))
    by_reason = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    shown = f", the newest {len(newest)} shown" if len(newest) < counts.total() else ""
    print(
        f"{counts.total()} dead letters{shown}" + (f": {by_reason}" if by_reason else ""),
        file=sys.stderr,
    )
    return 0


def _json_line(letter: "DeadLetter") -> str:
    headers = letter.headers
    row = {
        "reason": letter.reason,
        "detail": headers.get("detail"),
        "field": headers.get("field") or None,
        "topic": letter.topic,
        "partition": _number(headers.get("partition")),
        "offset": _number(headers.get("offset")),
        "seen_at": _number(headers.get("seen_at")),
        "key": _text(letter.key),
        "value": _text(letter.value),
    }
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode()


def _number(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "replace")


def _text_line(letter: "DeadLetter") -> str:
    headers, value = letter.headers, letter.value or b""
    seen = datetime.fromtimestamp(letter.seen_ms / 1000, UTC).isoformat(timespec="seconds")
    field = f" {headers['field']}" if headers.get("field") else ""
    start = repr(value[:SHOWN_CHARACTERS].decode("utf-8", "replace"))
    more = "" if len(value) <= SHOWN_CHARACTERS else f" … {len(value)} bytes"
    return (
        f"{seen}  {letter.reason}{field}: {headers.get('detail', '')}\n"
        f"    {letter.topic}[{headers.get('partition', '?')}]@{headers.get('offset', '?')}"
        f"  {start}{more}"
    )


# -- redrive ----------------------------------------------------------------------------------


def _redrive(
    log: "DeadLetterLog", memory: "RedriveMemory", args: argparse.Namespace, settings: Settings
) -> int:
    ours = settings.topics.inputs
    plan: Counter[tuple[str, str]] = Counter()
    for letter in _waiting(log, memory, args.reason):
        plan[(letter.topic, letter.reason)] += 1
    without_topic = sum(count for (topic, _), count in plan.items() if topic not in ours)
    if without_topic:
        print(
            f"{without_topic} dead letters name none of our input topics: left out", file=sys.stderr
        )
    total = plan.total() - without_topic
    if total == 0:
        print("nothing to redrive: there are none, or all have been sent again already")
        return 0
    for (topic, reason), count in sorted(plan.items()):
        if topic in ours:
            print(f"{count} {reason} to {topic}")
    if args.dry_run:
        print(f"dry run: {total} dead letters would be sent again")
        return 0
    if not args.yes and not _confirmed(total):
        print("nothing was sent")
        return 1
    sent = _send(settings, (it for it in _waiting(log, memory, args.reason) if it.topic in ours))
    # Once the records are in the log. A crash before this sends them twice, never not at all;
    # a repeated event has no effect.
    memory.keep(args.reason, log.ends)
    print(f"{sent} dead letters sent again")
    return 0


def _waiting(
    log: "DeadLetterLog", memory: "RedriveMemory", reason: str | None
) -> "Iterator[DeadLetter]":
    """The dead letters of the reason that have not been sent again."""
    for letter in log.since(memory.starts(reason)):
        if (reason is None or letter.reason == reason) and not memory.knows(letter):
            yield letter


def _confirmed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise StreamsError("not at a terminal: say --yes to send, or --dry-run to look")
    return input(f"send {count} dead letters again? [y/N] ").strip().lower() in ("y", "yes")


def _send(settings: Settings, letters: "Iterator[DeadLetter]") -> int:
    from streams.kafka.sender import Sender

    with Sender(settings, linger_ms=20) as sender:
        for letter in letters:
            sender.send(letter.topic, letter.key, letter.value)
    return sender.sent
