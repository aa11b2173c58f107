"""What a dead letter tells of a customer: his keyed hash, or nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.wire.masking import masked

HASH = "0aF9" * 16
RAW = "+49 170 1234567"


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({"customer_ref": RAW, "seq": 1.50}, {"customer_ref": "refused", "seq": 1.50}),
        ({"customer_ref": HASH}, {"customer_ref": HASH}),
        ({"customer_ref": None, "queue": RAW}, {"customer_ref": None, "queue": RAW}),
        ({"customer_ref": 4917012}, {"customer_ref": "refused"}),
        ({"customer_ref": [RAW, {"a": [RAW]}], "n": 1}, {"customer_ref": "refused", "n": 1}),
        ({"customer_ref": {"}": RAW}, "n": 1}, {"customer_ref": "refused", "n": 1}),
        ({"attributes": {"customer_ref": RAW}}, {"attributes": {"customer_ref": "refused"}}),
        ({"topic": "customer_ref", "n": RAW}, {"topic": "customer_ref", "n": RAW}),
    ],
)
def test_a_value_that_is_no_hash_is_hidden_and_nothing_else(told: Any, left: Any) -> None:
    """Whatever it is, and wherever the field stands."""
    assert json.loads(masked(json.dumps(told).encode())) == left


def test_every_other_byte_stays_as_it_was() -> None:
    """Blanks, numbers, escapes and order; a record without a raw reference is the same object."""
    raw = b'{ "a":1.0e0,\n"customer_ref" :  "x\\"y" , "b":"\\u00e4" }'
    assert masked(raw) == b'{ "a":1.0e0,\n"customer_ref" :  "refused" , "b":"\\u00e4" }'
    plain = b'{"customer_ref":"%b"}' % HASH.encode()
    assert masked(plain) is plain


def test_a_field_that_is_told_twice_or_by_escapes_is_hidden_too() -> None:
    """The decoder reads such names as the field, so they are."""
    raw = b'{"customer_ref":"secret-1","customer\\u005fref":"secret-2","customer_ref":null}'
    assert b"secret" not in masked(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"customer_ref":"secret", "type":',
        b"{'customer_ref': 'secret'}",
        b'{"customer_ref":"\xff","n":"secret"}',
        b"customer_ref=secret",
        b'{"\\u0063ustomer_re\\u0066": "secret',
    ],
)
def test_of_bytes_that_are_no_json_nothing_is_left_behind_the_name(raw: bytes) -> None:
    """Where the value ends cannot be known there."""
    assert b"secret" not in masked(raw)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("customer_ref"), inner),
    max_leaves=12,
)


@given(_VALUES)
def test_what_was_json_stays_json_and_holds_no_reference(value: Any) -> None:
    """At any depth, and the rest is what it was."""

    def hidden(node: Any) -> Any:
        if isinstance(node, list):
            return [hidden(one) for one in node]
        if not isinstance(node, dict):
            return node
        return {
            name: "refused" if name == "customer_ref" and one is not None else hidden(one)
            for name, one in node.items()
        }

    assert json.loads(masked(json.dumps(value).encode())) == hidden(value)


@given(st.binary())
def test_any_bytes_can_be_masked(raw: bytes) -> None:
    """It never raises."""
    masked(raw)
    masked(b'{"customer_ref":' + raw)
