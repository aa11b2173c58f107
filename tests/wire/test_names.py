"""Names are one however written; reserved ones and NUL characters are rejected with their field."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import TYPES, AgentState, Event
from streams.contract.words import ALL, BOT, NONE, OTHER, RESERVED_QUEUES
from streams.wire.decode import decode
from streams.wire.explain import words_of
from streams.wire.rejected import Rejected

CALL = {"type": "contact.enqueued", "channel": "voice", "contact_id": "c", "queue": "q"}
AGENT = {"type": "agent.state", "agent_id": "a", "state": "available", "queues": ["q"]}


def raw(event: dict[str, Any]) -> bytes:
    """The event's bytes, with what every event needs."""
    return orjson.dumps({"event_id": "e", "occurred_at": 1_700_000_000_000, "source": "s"} | event)


def found(event: dict[str, Any]) -> Rejected | None:
    """Why the event's bytes are none; None where they are one."""
    outcome = decode(raw(event))
    return outcome if isinstance(outcome, Rejected) else None


def decoded(event: dict[str, Any]) -> Event:
    """The event in its bytes."""
    outcome = decode(raw(event))
    assert not isinstance(outcome, Rejected), outcome
    return outcome


@pytest.mark.parametrize(
    ("event", "field"),
    [
        *((CALL | {"queue": name}, "queue") for name in (ALL, OTHER, NONE, "q\0")),
        *((AGENT | {"queues": ["q", name]}, "queues[...]") for name in (ALL, OTHER, "q\0")),
        *((CALL | {name: "x\0"}, name) for name in ("tenant", "contact_id", "agent_id")),
        (CALL | {"tenant": OTHER}, "tenant"),
        (AGENT | {"agent_id": "a\0"}, "agent_id"),
        (CALL | {"type": "contact.transferred", "to_queue": "a\0a1"}, "to_queue"),
    ],
)
def test_a_name_that_must_not_be_used_is_a_schema_fault(event: dict[str, Any], field: str) -> None:
    """With the field that bears it."""
    rejected = found(event)
    assert rejected is not None
    assert (rejected.reason, rejected.field) == ("schema", field)


def test_other_names_and_texts_are_free() -> None:
    """A backslash before u0000 is no NUL, and free text may hold what it likes."""
    assert {ALL, OTHER, BOT, NONE} == RESERVED_QUEUES
    for event in (CALL, AGENT, CALL | {"queue": "a\\u0000"}, CALL | {"topic": "x\0"}):
        assert found(event) is None


@pytest.mark.parametrize(
    "written", ["Café", "Cafe\u0301", " Café", "Cafe\u0301 \t", "\u00a0Café\n"]
)
def test_a_name_is_one_however_it_is_written(written: str) -> None:
    """Queues, agents and sources: composed or not, with blanks around them or none."""
    call = decoded(CALL | {"queue": written, "agent_id": written, "source": written})
    assert (call.queue, call.agent_id, call.source) == ("Café", "Café", "Café")
    agent = decoded(AGENT | {"agent_id": written, "queues": ["q", written]})
    assert isinstance(agent, AgentState)
    assert (agent.agent_id, agent.queues) == ("Café", ("q", "Café"))


def test_what_identifies_a_contact_is_taken_as_it_is() -> None:
    """Contact ids and tenants are no names that people type."""
    call = decoded(CALL | {"contact_id": " c ", "tenant": "t "})
    assert (call.contact_id, call.tenant) == (" c ", "t ")


def test_blanks_do_not_hide_a_reserved_name_or_make_one_of_nothing() -> None:
    """What a name is is asked after it was cleaned."""
    for written in (" _all", "_other ", " ", "\u2003"):
        rejected = found(CALL | {"queue": written})
        assert rejected is not None
        assert (rejected.reason, rejected.field) == ("schema", "queue")


# Names by letters that are looked at, and words that are reserved.
_NAMES = st.text("a _\t\0\\é", min_size=1, max_size=4) | st.sampled_from(["_all", " _other"])


@settings(deadline=None)
@given(
    st.sampled_from([CALL, AGENT]),
    st.dictionaries(st.sampled_from(["queue", "agent_id", "source", "tenant"]), _NAMES),
    st.lists(_NAMES, max_size=2),
)
def test_an_event_is_one_however_its_json_is_written(
    event: dict[str, Any], names: dict[str, str], queues: list[str]
) -> None:
    """Without blanks or with them, letters as they are or each as an escape."""
    document = json.loads(raw(event | names | ({"queues": queues} if event is AGENT else {})))
    compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    escaped = json.dumps(
        {name: "%s" if isinstance(value, str) else value for name, value in document.items()}
    ) % tuple(
        "".join(f"\\u{ord(letter):04x}" for letter in value)
        for value in document.values()
        if isinstance(value, str)
    )
    expected = decode(escaped.encode())
    assert decode(compact.encode()) == expected
    assert decode(json.dumps(document, ensure_ascii=False).encode()) == expected
    assert decode(json.dumps(document).encode()) == expected


def test_a_name_that_grows_by_being_composed_is_measured_after_it() -> None:
    """A few signs are longer in their composed form."""
    grows = "\u0958" * 200
    rejected = found(CALL | {"source": grows})
    assert rejected is not None
    assert rejected.field == "source"


@pytest.mark.parametrize(
    ("event", "field", "expected"),
    [
        (CALL | {"channel": "Voice"}, "channel", "voice"),
        (CALL | {"direction": "OUTBOUND"}, "direction", "outbound"),
        (AGENT | {"state": "Available"}, "state", "available"),
        (AGENT | {"handling": {"VOICE": 1}}, "handling", {"voice": 1}),
    ],
)
def test_words_may_be_in_any_letters(event: dict[str, Any], field: str, expected: object) -> None:
    """Of an enumeration, also as keys."""
    assert getattr(decoded(event), field) == expected


def test_two_keys_that_differ_in_letters_only_are_no_word_twice() -> None:
    """Which of the two counts would be a guess."""
    rejected = found(AGENT | {"handling": {"VOICE": 1, "voice": 2}})
    assert rejected is not None
    assert rejected.reason == "schema"


def test_all_words_are_in_small_letters() -> None:
    """Else writing them small would make them unknown."""
    for struct in TYPES.values():
        for words in words_of(struct).values():
            assert all(word == word.lower() for word in words)
