"""The bytes of a file as everything here reads them: unpacked, UTF-8, lines that end with LF.

In: a path, or `-` for standard input: plain or gzip (by its first bytes, whatever its name), UTF-8
with or without its mark, UTF-16 by its mark, lines that end with LF, CRLF or CR alone. Out:
something to read from. Invariant: memory does not depend on the file; CR before LF stays.
"""

import codecs
import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from streams.errors import StreamsError

STANDARD_INPUT: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: In so many bytes a file shows how its lines end.
_LOOK_BYTES: Final = 1 << 16


class Readable(Protocol):
    """What is needed of an open file."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


@contextmanager
def opened(path: str | Path, wide: str = "utf-16") -> Iterator[Readable]:
    """The file's text. Where it cannot be read to its end, StreamsError, which names it.

    `wide` is the encoding of a file whose letters have several bytes each; without a mark in the
    file it is taken where it says the order of the bytes (`utf-16-le`).
    """
    try:
        if str(path) == STANDARD_INPUT:
            yield _text_of(sys.stdin.buffer, wide)
        else:
            with Path(path).open("rb") as file:
                yield _text_of(file, wide)
    except UnicodeDecodeError as fault:
        raise StreamsError(f"cannot read {path}: it is not {wide} to its end") from fault
    except (OSError, EOFError, zlib.error) as fault:
        cause = getattr(fault, "strerror", None) or str(fault)
        raise StreamsError(f"cannot read {path}: {cause}") from fault


def _text_of(file: Readable, wide: str) -> Readable:
    seen = _Seen(file, len(_GZIP))
    if seen.start.startswith(_GZIP):
        seen = _Seen(gzip.GzipFile(fileobj=seen, mode="rb"), 0)  # type: ignore[call-overload]
    return _Text(seen, wide)


class _Seen:
    """A file of which the first bytes were looked at, and are read all the same."""

    def __init__(self, file: Readable, count: int) -> None:
        self._file = file
        self.start = b""
        self.look(count)

    def look(self, count: int) -> bytes:
        """Return the first `count` bytes, fewer where there are no more."""
        while len(self.start) < count:
            more = self._file.read(count - len(self.start))
            if not more:
                break
            self.start += more
        return self.start

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        if not self.start:
            return self._file.read(size)
        found, self.start = self.start[:size], self.start[size:]
        return found


class _Text:
    """UTF-8 without a mark, whatever is below; lines end with LF, or CRLF."""

    def __init__(self, file: _Seen, wide: str) -> None:
        self._file = file
        start = file.look(_LOOK_BYTES)
        marked = start.startswith(_UTF_16)
        encoding = "utf-16" if marked else wide
        is_wide = marked or encoding not in ("utf-16", "utf-32")
        self._wide = codecs.getincrementaldecoder(encoding)() if is_wide else None
        if is_wide:
            start = start.decode(encoding, "ignore").encode()
        else:
            file.start = start.removeprefix(codecs.BOM_UTF8)
        self._bare_cr = b"\r" in start and b"\n" not in start

    def read(self, size: int, /) -> bytes:
        """Return about `size` bytes (of UTF-16 up to half as many again), none at the end."""
        block = self._file.read(size)
        if self._wide is not None:
            block = self._decoded(block, size)
        return block.replace(b"\r", b"\n") if self._bare_cr else block

    def _decoded(self, block: bytes, size: int) -> bytes:
        assert self._wide is not None
        while True:
            text = self._wide.decode(block, final=not block)
            if text or not block:
                return text.encode()
            block = self._file.read(size)  # half a character, or the mark alone
