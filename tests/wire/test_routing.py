"""Promises of routing: every event has one home and one key."""

import json
from pathlib import Path

import pytest

from streams.contract.events import TYPES, Event
from streams.contract.words import INPUT_TOPICS
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, misplaced, topic_and_key_of, topic_of

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"


def example(tag: str, **changes: str) -> Event:
    document = json.loads((EXAMPLES / tag / "valid-minimal.json").read_text())
    event = decode(json.dumps(document | changes).encode())
    assert not isinstance(event, Rejected), event
    return event


@pytest.mark.parametrize(
    ("tag", "channel", "topic"),
    [
        ("contact.enqueued", "voice", "contact.calls"),
        ("contact.enqueued", "chat", "contact.chats"),
        ("offer.failed", "chat", "contact.chats"),
        ("wrapup.ended", "voice", "contact.calls"),
        ("message.sent", "chat", "contact.chats"),
        ("callback.attempted", "voice", "contact.calls"),
        ("ticket.opened", "ticket", "contact.tickets"),
        ("work.started", "ticket", "contact.tickets"),
        ("followup.completed", "voice", "contact.calls"),
        ("followup.completed", "ticket", "contact.tickets"),
        ("survey.answered", "ticket", "contact.surveys"),
        ("sale.closed", "chat", "contact.surveys"),
    ],
)
def test_a_contacts_event_belongs_to_one_topic(tag: str, channel: str, topic: str) -> None:
    """By its channel, surveys and sales apart; the key is the contact."""
    event = example(tag, channel=channel)
    assert (topic_of(event), key_of(event)) == (topic, event.contact_id)


@pytest.mark.parametrize("tag", ["agent.state", "agent.heartbeat"])
def test_an_agents_event_is_keyed_by_the_agent(tag: str) -> None:
    """Even where it names a contact."""
    event = example(tag, contact_id="call-1", channel="voice")
    assert (topic_of(event), key_of(event)) == ("contact.agents", "agent-7")


def test_a_heartbeat_belongs_to_every_input_topic() -> None:
    """Under any key."""
    assert topic_and_key_of(example("source.heartbeat")) == (None, None)


@pytest.mark.parametrize("tag", sorted(TYPES))
def test_every_type_has_a_home(tag: str) -> None:
    """No type is forgotten in the tables."""
    event = example(tag)
    assert TYPES[tag] is type(event)
    assert topic_of(event) in (None, *INPUT_TOPICS)


def test_an_agents_key_may_be_written_as_its_name_was() -> None:
    """The key is cleaned as the name is; a contact's id is compared as it is."""
    agent = example("agent.state", agent_id=" Jose\u0301")
    for key in ("José", "Jose\u0301", " Jose\u0301"):
        assert misplaced(agent, "contact.agents", key.encode()) is None
    for wrong in (b"Jose", b"\xff", None):
        rejected = misplaced(agent, "contact.agents", wrong)
        assert rejected is not None
        assert rejected.reason == "wrong_key"
    call = example("contact.enqueued", contact_id="c-1", channel="voice")
    assert misplaced(call, "contact.calls", b" c-1") is not None
