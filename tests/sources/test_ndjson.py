"""Promises of the line reader: every line with its number, and memory that does not grow."""

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.limits import MAX_RECORD_BYTES
from streams.errors import StreamsError
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


@pytest.mark.parametrize("name", ["day.ndjson.gz", "part-0001"])
def test_a_packed_file_reads_as_the_plain_one(tmp_path: Path, name: str) -> None:
    """By its first bytes, whatever its name."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"{}\n[]\n"))
    assert [(number, raw) for _, number, raw in read_lines([path])] == [(1, b"{}"), (2, b"[]")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_as_other_systems_save_it(tmp_path: Path, encoding: str, end: str) -> None:
    """UTF-16 by its mark, and each of the three line ends, are the same lines."""
    path = tmp_path / "day.ndjson"
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    text = mark + end.join(['{"q":"Süd 😀"}', '{"q":2}', ""]) * 1_000
    path.write_bytes(text.encode(encoding))
    found = [(number, raw.decode()) for _, number, raw in read_lines([path])]
    assert found[:2] == [(1, '{"q":"Süd 😀"}'), (2, '{"q":2}')]
    assert len(found) == found[-1][0] == 2_000


def test_an_array_and_objects_end_to_end_are_the_same_events(tmp_path: Path) -> None:
    """Each named by file, line and column; nothing that stands there is passed over."""
    array, joined, mixed = (tmp_path / name for name in ("array.json", "part-0001", "mixed"))
    array.write_text('[\n  {\n    "a": 1\n  },\n  {"b": 2}\n]\n')
    joined.write_text('{"a": 1}{"b": 2} x')
    mixed.write_text('{"a": 1}\n{"b": 2}{"c": "}{"}\n{"d": "}{"}\n')
    assert list(read_lines([array, joined, mixed])) == [
        (f"{array}:2", 3, b'{\n    "a": 1\n  }'),
        (f"{array}:5", 3, b'{"b": 2}'),
        (f"{joined}:1", 1, b'{"a": 1}'),
        (f"{joined}:1", 9, b'{"b": 2}'),
        (f"{joined}:1", 18, b"x"),
        (str(mixed), 1, b'{"a": 1}'),
        (str(mixed), 2, b'{"b": 2}'),
        (f"{mixed}:2", 9, b'{"c": "}{"}'),
        (str(mixed), 3, b'{"d": "}{"}'),
    ]


def test_a_first_line_that_was_cut_does_not_swallow_the_file(tmp_path: Path) -> None:
    """A log that begins in the middle is still one object a line."""
    path = tmp_path / "tail.ndjson"
    path.write_bytes(b'{"a": "b\n{"c":1}\n{"d":2}\n')
    assert [number for _, number, _ in read_lines([path])] == [1, 2, 3]


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
        lambda path: path.write_bytes("\ufeffcut in half 😀".encode("utf-16-le")[:-2]),
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
        for number, line in enumerate(data.split(b"\n"), 1)
    ]
    blocks = [data[place : place + block] for place in range(0, len(data), block)]
    found = list(numbered_lines(blocks, limit))
    # Whether an empty last line is a line is left open: blank ones are passed over anyway.
    assert [line for line in found if line[1]] == [line for line in expected if line[1]]
