"""Promises of the published schemas: they are what decodes, and every example is right."""

import json
from pathlib import Path

import pytest

from streams.contract.events import TYPES
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.rejected import Rejected

DIRECTORY = Path(__file__).parents[2] / "schemas"
EXAMPLES = DIRECTORY / "examples"


def named(pattern: str) -> list[str]:
    return [str(path.relative_to(EXAMPLES)) for path in sorted(EXAMPLES.glob(pattern))]


@pytest.mark.parametrize("tag", sorted(TYPES))
def test_every_type_has_a_schema_and_examples(tag: str) -> None:
    """A reader finds a minimal event, a full one, and one that is wrong."""
    schema = json.loads((DIRECTORY / f"{tag}.v1.json").read_text())
    (struct,) = (one for one in schema["$defs"].values() if "type" in one["properties"])
    assert struct["properties"]["type"] == {"enum": [tag]}
    assert struct["description"]
    assert {"valid-minimal.json", "valid-full.json"} <= {p.name for p in (EXAMPLES / tag).iterdir()}
    assert list((EXAMPLES / tag).glob("invalid-*.json"))


@pytest.mark.parametrize("name", named("*/valid-*.json"))
def test_a_valid_example_decodes_and_survives_encoding(name: str) -> None:
    """Canonical bytes decode to the same event, and encode to the same bytes."""
    event = decode((EXAMPLES / name).read_bytes())
    assert not isinstance(event, Rejected), event
    folder = Path(name).parts[0]
    assert folder in {event.TYPE, "event"}
    canonical = encode(event)
    again = decode(canonical)
    assert again == event
    assert not isinstance(again, Rejected)
    assert encode(again) == canonical


@pytest.mark.parametrize("name", named("*/invalid-*.json"))
def test_an_invalid_example_is_rejected_as_it_says(name: str) -> None:
    """The file holds the record, and the reason and field it is rejected with."""
    example = json.loads((EXAMPLES / name).read_text())
    outcome = decode(json.dumps(example["record"]).encode())
    assert isinstance(outcome, Rejected), outcome
    assert (outcome.reason, outcome.field) == (example["reason"], example["field"])


def test_canonical_bytes_sort_mappings_and_leave_defaults_out() -> None:
    """Equal events have equal bytes, however they were written."""
    one = b'{"type":"agent.state","event_id":"e","occurred_at":1709283600123,"source":"s","seq":0,'
    first = decode(one + b'"agent_id":"a","state":"available","handling":{"voice":1,"chat":2}}')
    other = decode(one + b'"state":"available","handling":{"chat":2,"voice":1},"agent_id":"a"}')
    assert not isinstance(first, Rejected)
    assert not isinstance(other, Rejected)
    assert encode(first) == encode(other)
    assert b'"handling":{"chat":2,"voice":1}' in encode(first)
    assert b"tenant" not in encode(first)
