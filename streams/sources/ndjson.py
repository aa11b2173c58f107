"""Lines of NDJSON files, one event each, for `decode`.

In: paths, plain or gzip (by name), `-` for standard input. Out: (name, line number from 1, bytes).
Invariant: memory does not depend on the file. A line beyond the record limit comes cut to one byte
more than the limit, so that `decode` rejects it as `too_large`; blank lines are passed over.
Several million lines a second: blocks are read and split, not single lines.
"""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from streams.contract.limits import MAX_RECORD_BYTES
from streams.errors import StreamsError

BLOCK_BYTES: Final = 1 << 20
STANDARD_INPUT: Final = "-"
_BOM: Final = b"\xef\xbb\xbf"


class Readable(Protocol):
    """What is needed of an open file."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


def read_lines(paths: Iterable[str | Path]) -> Iterator[tuple[str, int, bytes]]:
    """Yield name, line number and bytes of every line that is not blank, file after file.

    Raise StreamsError, naming the file, where one cannot be opened or read to its end.
    """
    for path in paths:
        name = "<stdin>" if str(path) == STANDARD_INPUT else str(path)
        with opened(path) as stream:
            for number, raw in numbered_lines(stream):
                if raw and not raw.isspace():
                    yield name, number, raw


@contextmanager
def opened(path: str | Path) -> Iterator[Readable]:
    """The file's bytes, unpacked if its name ends in `.gz`. Read errors become StreamsError."""
    try:
        if str(path) == STANDARD_INPUT:
            yield sys.stdin.buffer
        elif str(path).endswith(".gz"):
            with gzip.open(path, "rb") as packed:
                yield packed
        else:
            with Path(path).open("rb") as plain:
                yield plain
    except (OSError, EOFError, zlib.error) as fault:
        cause = getattr(fault, "strerror", None) or str(fault)
        raise StreamsError(f"cannot read {path}: {cause}") from fault


def numbered_lines(stream: Readable, limit: int = MAX_RECORD_BYTES) -> Iterator[tuple[int, bytes]]:
    """Yield every line with its number, blank ones too, without line end or byte order mark.

    A line longer than `limit` bytes is cut to `limit` + 1.
    """
    number = 0
    rest = b""
    first = True
    for block in iter(lambda: stream.read(BLOCK_BYTES), b""):
        lines = (rest + block).split(b"\n")
        # Of a line that is too long already, no more than shows it has to be kept.
        rest = lines.pop()[: limit + 2]
        if first and lines:
            first = False
            lines[0] = lines[0].removeprefix(_BOM)
        for line in lines:
            number += 1
            yield number, line.removesuffix(b"\r")[: limit + 1]
    if rest:
        yield (
            number + 1,
            (rest.removeprefix(_BOM) if first else rest).removesuffix(b"\r")[: limit + 1],
        )
