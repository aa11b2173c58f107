"""The events of NDJSON files, for `decode`; also of JSON arrays and of objects end to end.

In: paths, or `-` for standard input. Out: (name, line number from 1, bytes). Where the objects do
not stand one a line, name is `file:line` and number the column.
Invariant: memory does not depend on the file. A line beyond the record limit comes cut to one byte
more than the limit, so that `decode` rejects it as `too_large`; blank lines are passed over.
Several million lines a second: blocks are read and split, not single lines.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from streams.contract.limits import MAX_RECORD_BYTES
from streams.sources.files import STANDARD_INPUT, Readable, opened
from streams.sources.json_objects import objects_in

BLOCK_BYTES: Final = 1 << 20
#: A file shows by so many lines whether each is an object.
LOOK_LINES: Final = 20


def read_lines(paths: Iterable[str | Path]) -> Iterator[tuple[str, int, bytes]]:
    """Yield name, line number and bytes of every event, file after file.

    Raise StreamsError, naming the file, where one cannot be opened or read to its end.
    """
    for path in paths:
        name = "<stdin>" if str(path) == STANDARD_INPUT else str(path)
        with opened(path) as stream:
            blocks = blocks_of(stream)
            first = next(blocks, b"")
            blocks = itertools.chain([first], blocks)
            if _is_one_a_line(first):
                yield from _lines(name, blocks)
            else:
                for line, column, raw in objects_in(blocks, MAX_RECORD_BYTES):
                    yield f"{name}:{line}", column, raw


def blocks_of(stream: Readable) -> Iterator[bytes]:
    """Yield all that is in it."""
    return iter(lambda: stream.read(BLOCK_BYTES), b"")


def _is_one_a_line(block: bytes) -> bool:
    """Whether the text is one object a line: no array, and one of its first lines is an object."""
    lines = block.lstrip().split(b"\n", LOOK_LINES)[:LOOK_LINES]
    if lines[0].startswith(b"["):
        return False
    return not lines[0].startswith(b"{") or any(map(_is_object, lines))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(name: str, blocks: Iterable[bytes]) -> Iterator[tuple[str, int, bytes]]:
    for number, raw in numbered_lines(blocks):
        # Also inside a text; then they are one object again.
        if (b"}{" in raw or b"} {" in raw) and len(raw) <= MAX_RECORD_BYTES:
            for _, column, part in objects_in([raw], MAX_RECORD_BYTES):
                yield (f"{name}:{number}", column, part) if column > 1 else (name, number, part)
        elif raw and not raw.isspace():
            yield name, number, raw


def numbered_lines(
    blocks: Iterable[bytes], limit: int = MAX_RECORD_BYTES
) -> Iterator[tuple[int, bytes]]:
    """Yield every line with its number, blank ones too, without its end.

    A line longer than `limit` bytes is cut to `limit` + 1.
    """
    number = 0
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n")
        # Of a line that is too long already, no more than shows it has to be kept.
        rest = lines.pop()[: limit + 2]
        for line in lines:
            number += 1
            yield number, line.removesuffix(b"\r")[: limit + 1]
    if rest:
        yield number + 1, rest.removesuffix(b"\r")[: limit + 1]
