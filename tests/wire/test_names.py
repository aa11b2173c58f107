"""Reserved names and NUL characters are rejected with their field."""

from typing import Any

import orjson
import pytest

from streams.contract.words import ALL, OTHER, RESERVED_QUEUES
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

CALL = {"type": "contact.enqueued", "channel": "voice", "contact_id": "c", "queue": "q"}
AGENT = {"type": "agent.state", "agent_id": "a", "state": "available", "queues": ["q"]}


def found(event: dict[str, Any]) -> Rejected | None:
    """Why the event's bytes are none; None where they are one."""
    raw = orjson.dumps({"event_id": "e", "occurred_at": 1_700_000_000_000, "source": "s"} | event)
    decoded = decode(raw)
    return decoded if isinstance(decoded, Rejected) else None


@pytest.mark.parametrize(
    ("event", "field"),
    [
        *((CALL | {"queue": name}, "queue") for name in (ALL, OTHER, "q\0")),
        *((AGENT | {"queues": ["q", name]}, "queues[...]") for name in (ALL, OTHER, "q\0")),
        *((CALL | {name: "x\0"}, name) for name in ("tenant", "contact_id", "agent_id")),
        (CALL | {"tenant": OTHER}, "tenant"),
        (AGENT | {"agent_id": "a\0"}, "agent_id"),
    ],
)
def test_a_name_that_must_not_be_used_is_a_schema_fault(event: dict[str, Any], field: str) -> None:
    """With the field that bears it."""
    rejected = found(event)
    assert rejected is not None
    assert (rejected.reason, rejected.field) == ("schema", field)


def test_other_names_and_texts_are_free() -> None:
    """A backslash before u0000 is no NUL, and free text may hold what it likes."""
    assert {ALL, OTHER} == RESERVED_QUEUES
    for event in (CALL, AGENT, CALL | {"queue": "a\\u0000"}, CALL | {"topic": "x\0"}):
        assert found(event) is None
