"""`streams mapping`: proposes how a call log's columns are read.

In: a file that nobody here has seen. Out: a mapping with comments on standard output, for
`replay --mapping`; three rows as it understands them, and what it left open, on standard error.
"""

import argparse
import itertools
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from streams.errors import ConfigError, StreamsError
from streams.settings import Settings
from streams.sources import call_log
from streams.sources.call_log_mapping import OUTCOMES, load_mapping_text
from streams.sources.files import STANDARD_INPUT, opened
from streams.sources.mapping_guess import Guess, guess
from streams.sources.ndjson import blocks_of, numbered_lines
from streams.sources.time_forms import with_zone_words
from streams.wire.rejected import Rejected

HELP = "proposes how the columns of a call log are read"
EXAMPLE = "streams mapping calls.csv >calls.toml"
LOOK_LINES: Final = 2_000
SHOWN: Final = 3
_HOLD: Final = "    # added to talk; leave it out where talk has it in it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a table, one row a call; - is standard input"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - as every command
    """Writes the proposal; raises StreamsError."""
    lines, encoding = _beginning(args.file)
    try:
        found = guess(lines)
    except ValueError as fault:
        raise StreamsError(f"{args.file}: {fault}") from None
    text = _toml(found, encoding)
    print(text, end="")
    # Standard input cannot be read again.
    again = not found.missing and str(args.file) != STANDARD_INPUT
    for line in _understood(args.file, text) if again else ():
        print(line, file=sys.stderr)
    for line in found.open:
        print(f"open: {line}", file=sys.stderr)
    return 0


def _beginning(path: Path) -> tuple[list[str], str]:
    with opened(path) as stream:
        numbered = itertools.islice(numbered_lines(blocks_of(stream)), LOOK_LINES)
        raw = [line for _, line in numbered]
    try:
        return [line.decode() for line in raw], "utf-8"
    except UnicodeDecodeError:
        return [line.decode("cp1252", "replace") for line in raw], "cp1252"


def _toml(found: Guess, encoding: str) -> str:
    return "\n".join(_lines(found, encoding)) + "\n"


def _lines(found: Guess, encoding: str) -> Iterator[str]:
    yield 'tenant = "default"'
    yield 'channel = "voice"             # or "chat"; a column may say it for each row'
    yield "\n[columns]                     # our name = the header's name"
    for ours, names in found.columns.items():
        yield f"{ours} = {_one_or_list(names)}{_HOLD if ours == 'hold' else ''}"
    for ours, (names, why) in found.left_out.items():
        yield f"# {ours} = {_one_or_list(names)}    # {why}"
    used = {name for names in found.columns.values() for name in names}
    used.update(name for names, _ in found.left_out.values() for name in names)
    rest = [name for name in found.header if name not in used]
    if found.has_header and rest:
        yield f"# not used: {', '.join(map(_quoted, rest))}"
    yield "\n[outcomes]                    # our word = the log's words; how many rows have them"
    for ours, words in found.words.items():
        if ours:
            counted = ", ".join(f"{word} {times}" for word, times in words.items())
            yield f"{ours} = [{', '.join(map(_quoted, words))}]    # {counted}"
    for word, times in found.words.get("", {}).items():
        yield f"# ? = [{_quoted(word)}]    # {times} rows; behind which of our words, or ignore?"
    if not found.words or "" in found.words:
        yield from textwrap.wrap(
            f"our words: {', '.join(OUTCOMES)}", 98, initial_indent="# ", subsequent_indent="# "
        )
    if found.queues:
        yield "\n[queues]                      # our name = the log's names"
        for ours, names in found.queues.items():
            yield f"{_quoted(ours)} = [{', '.join(map(_quoted, names))}]"
    yield "\n[time]"
    for place, form in enumerate(found.forms):
        written = with_zone_words(form, found.zone_words)
        yield f"{'# ' if place else ''}format = {_one_or_list(written)}"
    if found.forms and not found.has_offset:
        yield 'zone = "UTC"                  # of these times; as "Europe/Berlin"'
    if found.lengths != "seconds":
        yield f'lengths = "{found.lengths}"'
    yield "\n[csv]"
    yield f"delimiter = {_quoted(found.delimiter)}"
    if encoding != "utf-8":
        yield f'encoding = "{encoding}"'
    if found.skip:
        yield f"skip = {found.skip}                      # lines before the header"
    if not found.has_header:
        quoted_names = ", ".join(map(_quoted, found.header))
        yield f"# header = [{quoted_names}]    # the columns' names, for the file has none"


def _one_or_list(texts: list[str]) -> str:
    quoted = [_quoted(text) for text in texts]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _understood(path: Path, text: str) -> Iterator[str]:
    try:
        mapping = load_mapping_text("the proposal", text)
        rows: dict[int, list[str]] = {}
        faults = 0
        for line, event in call_log.read(path, mapping):
            if isinstance(event, Rejected):
                faults += 1
                if faults == 1:
                    yield f"{path}:{line}: {event.field or event.reason}: {event.detail}"
            elif len(rows) < SHOWN or line in rows:
                told = event.TYPE.removeprefix("contact.")
                rows.setdefault(line, [f"{event.queue}"]).append(
                    f"{told} {_clock(event.occurred_at)}"
                )
            if len(rows) >= SHOWN and line not in rows:
                break
    except ConfigError as fault:
        yield from fault.mistakes
        return
    for line, parts in rows.items():
        yield f"line {line}: {', '.join(parts)}"


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
