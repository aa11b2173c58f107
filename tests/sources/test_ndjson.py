"""Promises of the line reader: every line with its number, and memory that does not grow."""

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.limits import MAX_RECORD_BYTES
from streams.errors import StreamsError
from streams.sources import ndjson
from streams.sources.ndjson import numbered_lines, read_lines
from streams.wire.decode import decode
from streams.wire.rejected import Rejected


def test_lines_come_with_name_and_number(tmp_path: Path) -> None:
    """File after file; blank lines are passed over but counted; a last line needs no end."""
    one, two = tmp_path / "one.ndjson", tmp_path / "two.ndjson"
    one.write_bytes(b'{"a":1}\n\n  \r\n{"b":2}\r\n')
    two.write_bytes(b'\xef\xbb\xbf{"c":3}')
    assert list(read_lines([one, str(two)])) == [
        (str(one), 1, b'{"a":1}'),
        (str(one), 4, b'{"b":2}'),
        (str(two), 1, b'{"c":3}'),
    ]


def test_a_packed_file_reads_as_the_plain_one(tmp_path: Path) -> None:
    """By its name's end, `.gz`."""
    path = tmp_path / "day.ndjson.gz"
    path.write_bytes(gzip.compress(b"{}\n[]\n"))
    assert [(number, raw) for _, number, raw in read_lines([path])] == [(1, b"{}"), (2, b"[]")]


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every filter has it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}\n")))
    assert list(read_lines(["-"])) == [("<stdin>", 1, b"{}")]


def test_a_line_that_is_too_long_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    """Whatever its length, it is one `too_large`, and the count goes on."""
    path = tmp_path / "long.ndjson"
    longest = b"x" * MAX_RECORD_BYTES
    path.write_bytes(b"x" * 3_000_000 + b"\n" + longest + b"\r\n" + longest + b"y\n{}\n")
    lines = [(number, raw) for _, number, raw in read_lines([path])]
    assert [number for number, _ in lines] == [1, 2, 3, 4]
    assert [len(raw) - MAX_RECORD_BYTES for _, raw in lines[:3]] == [1, 0, 1]
    outcomes = [decode(raw) for _, raw in lines]
    assert [o.reason for o in outcomes if isinstance(o, Rejected)] == [
        "too_large",
        "not_json",
        "too_large",
        "schema",
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b"no gzip"),
        lambda path: path.write_bytes(gzip.compress(b"{}\n" * 10_000)[:-20]),
        lambda path: path.write_bytes(gzip.compress(b"{}\n")[:10] + b"\xff" * 20),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """Missing, a folder, no gzip, cut off, damaged: one line for the person at the terminal."""
    path = tmp_path / "day.ndjson.gz"
    make(path)
    with pytest.raises(StreamsError, match=r"cannot read .*day\.ndjson\.gz: ."):
        list(read_lines([path]))


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=12).filter(lambda raw: b"\n" not in raw), max_size=12),
    st.integers(1, 9),
    st.integers(1, 6),
)
def test_blocks_leave_no_trace(lines: list[bytes], block: int, limit: int) -> None:
    """However the file falls into blocks, its lines are those of a simple split."""
    data = b"\n".join(lines)
    expected = [
        (number, line.removesuffix(b"\r")[: limit + 1])
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ndjson, "BLOCK_BYTES", block)
        found = list(numbered_lines(io.BytesIO(data), limit))
    # Whether an empty last line is a line is left open: blank ones are passed over anyway.
    assert [line for line in found if line[1]] == [line for line in expected if line[1]]
