"""Objects that do not stand one a line: found with their places, nothing lost between them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.sources.json_objects import objects_in

LIMIT = 1 << 16
_plain = st.one_of(
    st.none(), st.integers(), st.text(max_size=8), st.sampled_from(['}{"', "\\", '\\"'])
)
_objects = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        _plain,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=4,
)
_between = st.sampled_from(["", " ", "\n", ",\n", "\r\n\r\n", "\x1e"])


def blocks(text: bytes, size: int) -> list[bytes]:
    """The text as it comes from a file that is read in pieces."""
    return [text[place : place + size] for place in range(0, len(text), size)]


@given(
    st.lists(_objects, max_size=6),
    _between,
    st.booleans(),
    st.sampled_from([None, 2]),
    st.integers(1, 40),
)
def test_however_they_are_written_the_same_objects_come_out(
    made: list[dict[str, object]], between: str, array: bool, indent: int | None, size: int
) -> None:
    """In an array or not, indented or not, with or without something between them."""
    if array:
        text = json.dumps(made, indent=indent, ensure_ascii=False)
    else:
        text = between.join(json.dumps(one, indent=indent, ensure_ascii=False) for one in made)
    raw = text.encode("utf-8", "surrogatepass")
    found = list(objects_in(blocks(raw, size), LIMIT))
    assert [json.loads(part.decode("utf-8", "surrogatepass")) for _, _, part in found] == made
    for line, column, part in found:
        rest = raw.split(b"\n", line - 1)[-1]
        assert rest[column - 1 :].startswith(part)


@given(st.binary(max_size=40), st.integers(1, 7))
def test_nothing_is_lost_or_added(text: bytes, size: int) -> None:
    """Whatever the bytes: what comes out stands there, and the rest is blank or an array's own."""
    rest = text
    for line, column, part in objects_in(blocks(text, size), LIMIT):
        place = 0 if line == 1 else len(b"\n".join(text.split(b"\n")[: line - 1])) + 1
        assert text[place + column - 1 :].startswith(part)
        before, _, rest = rest.partition(part)
        assert not before.strip(b" \t\r\n,[]\x1e")
    assert not rest.strip(b" \t\r\n,[]\x1e")


def test_what_stands_between_objects_is_not_passed_over() -> None:
    """Words, half an object at the end: each comes out with its place, to be rejected."""
    text = b'[{"a":1}, oops\n{"b":"}"}]\n{"c":'
    assert list(objects_in([text], LIMIT)) == [
        (1, 2, b'{"a":1}'),
        (1, 11, b"oops"),
        (2, 1, b'{"b":"}"}'),
        (3, 1, b'{"c":'),
    ]


def test_an_object_beyond_the_limit_is_cut_and_the_next_is_whole() -> None:
    """Its memory is that of the limit, whatever its length."""
    text = b'{"a":"' + b"x" * 500 + b'"}{"b":2}'
    found = [part for _, _, part in objects_in(blocks(text, 7), 100)]
    assert [len(part) for part in found] == [101, 7]
