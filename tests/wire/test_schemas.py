"""Promises of the published schemas: they are what decodes, and every example is right."""

import json
from pathlib import Path

import pytest

from streams.contract.event_schemas import DIRECTORY, differences, main, write
from streams.contract.events import TYPES
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.rejected import Rejected

EXAMPLES = DIRECTORY / "examples"


def named(pattern: str) -> list[str]:
    return [str(path.relative_to(EXAMPLES)) for path in sorted(EXAMPLES.glob(pattern))]


def test_the_written_schemas_are_what_decodes() -> None:
    """`python -m streams.contract.event_schemas` has been run after the last change of a struct."""
    assert list(differences(DIRECTORY)) == []


def test_check_reports_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, the file's name and the line; foreign files are left alone."""
    (tmp_path / "kpi.v1.json").write_text("{}")
    assert len(write(tmp_path)) == len(TYPES) + 1
    assert write(tmp_path) == []
    assert main(["--check", "--dir", str(tmp_path)]) == 0

    enqueued = tmp_path / "contact.enqueued.v1.json"
    enqueued.write_text(enqueued.read_text().replace('"maxLength": 128', '"maxLength": 127'))
    (tmp_path / "contact.ended.v1.json").unlink()
    assert main(["--check", "--dir", str(tmp_path)]) == 1
    report = capsys.readouterr().err
    assert "contact.ended.v1.json: missing" in report
    assert '-          "maxLength": 127' in report
    assert (tmp_path / "kpi.v1.json").read_text() == "{}"


@pytest.mark.parametrize("tag", sorted(TYPES))
def test_every_type_has_a_schema_and_examples(tag: str) -> None:
    """A reader finds a minimal event, a full one, and one that is wrong."""
    schema = json.loads((DIRECTORY / f"{tag}.v1.json").read_text())
    (struct,) = schema["$defs"].values()
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
