"""Laws of `decode`: it raises on no bytes, and what it accepts survives `encode`."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.contract.events import TYPES
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.explain import TIME_FIELDS
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of
from tests.examples import QUICK, examples

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
VALID = [path.read_bytes() for path in sorted(EXAMPLES.glob("*/valid-*.json"))]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=70)
    | st.sampled_from(sorted(TYPES)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
# What a customer's data may look like, the words that the decoder's own messages are made of too.
MARKER = "0049-170-555"
MARKED_TEXTS = (
    MARKER, f"x' - at `$.{MARKER}", f"` - at `key` in `$.{MARKER}`", f"queue: {MARKER}",
    f"Object missing required field `{MARKER}`", f"2024-03-01T09:00:00{MARKER}", f"\0{MARKER}",
)  # fmt: skip
MARKED = st.sampled_from(MARKED_TEXTS)
MARKED_JSON = st.recursive(
    MARKED | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MARKED, inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({name for struct in TYPES.values() for name in struct.__struct_fields__} | {"type"})


def check(data: bytes) -> None:
    """The law: an event with integer times and a home, or a rejection in short words."""
    outcome = decode(data)
    if isinstance(outcome, Rejected):
        assert outcome.reason in {"not_json", "too_large", "schema", "unknown_type"}
        assert outcome.detail
        assert len(outcome.detail) < 300
        # Each fault the decoder can find is explained; nothing falls through to the last resort.
        assert outcome.detail != "not as the schema says"
        assert (outcome.field is None) == (outcome.reason in {"not_json", "too_large"})
        return
    for name in sorted(TIME_FIELDS):
        assert type(getattr(outcome, name, 0)) in {int, type(None)}
    assert topic_of(outcome) is None or key_of(outcome)
    assert decode(encode(outcome)) == outcome
    assert encode(decode(encode(outcome))) == encode(outcome)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff")
@example(b'{"type":"\\ud800"}')
def test_arbitrary_bytes_are_never_an_exception(data: bytes) -> None:
    """Whatever arrives from Kafka is an event or a rejection."""
    check(data)


@settings(deadline=None)
@given(JSON)
def test_arbitrary_json_is_never_an_exception(value: Any) -> None:
    """NaN and infinities included, as sloppy writers put them."""
    check(json.dumps(value).encode())


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(VALID), st.data())
def test_mutated_bytes_are_never_an_exception(valid: bytes, data: st.DataObject) -> None:
    """Cut, overwrite or insert anywhere in a valid event."""
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 12)))
    check(valid[:start] + data.draw(st.binary(max_size=12)) + valid[end:])


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(VALID), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_wrong_values_in_known_fields_are_never_an_exception(
    valid: bytes, changes: dict[str, Any]
) -> None:
    """Any value in any field the contract knows, of this type or of another."""
    check(json.dumps(json.loads(valid) | changes).encode())


@settings(deadline=None)
@given(st.sampled_from(VALID), st.sets(st.sampled_from(FIELDS), max_size=3))
def test_missing_fields_are_never_an_exception(valid: bytes, missing: set[str]) -> None:
    """Any field may be missing."""
    rest = {name: value for name, value in json.loads(valid).items() if name not in missing}
    check(json.dumps(rest).encode())


def silent(data: bytes) -> None:
    """No word of a rejection comes from the record."""
    outcome = decode(data)
    if isinstance(outcome, Rejected):
        said = f"{outcome.reason} {outcome.detail} {outcome.field}"
        assert MARKER not in said
        assert outcome.field is None or outcome.field.partition("[")[0] in FIELDS


@pytest.mark.parametrize("field", FIELDS)
def test_a_rejection_repeats_no_value_of_a_field(field: str) -> None:
    """Any field of any type, with text where it should not be, or as a mapping's key."""
    # In a quick run each field is put into a fifth of them, the next into the next.
    told = VALID[FIELDS.index(field) % 5 :: 5] if QUICK else VALID
    for valid in told:
        event = json.loads(valid)
        for text in MARKED_TEXTS:
            for value in (text, [text], [text, 0], {text: 1}, {"voice": text}, {text: text}):
                silent(orjson.dumps(event | {field: value}))


@settings(deadline=None)
@given(
    st.sampled_from(VALID),
    st.dictionaries(st.sampled_from(FIELDS) | MARKED, MARKED_JSON, max_size=3),
    st.integers(0, 3),
)
def test_a_rejection_repeats_nothing_of_several_wrong_fields(
    valid: bytes, changes: dict[str, Any], cut: int
) -> None:
    """Unknown ones too, and of a record that was cut short."""
    data = json.dumps(json.loads(valid) | changes).encode()
    silent(data[: len(data) - cut])


@settings(deadline=None)
@given(MARKED_JSON)
def test_a_rejection_repeats_nothing_of_any_json(value: Any) -> None:
    """Neither of a document that is no event at all."""
    silent(json.dumps(value).encode())
