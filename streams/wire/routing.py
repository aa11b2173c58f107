"""Layer 1: which topic and key an event belongs to.

Contacts' lifecycle events go to their channel's topic, a follow-up too: it is about that contact.
Surveys and sales have a topic of their own, whatever the channel; a ticket's work intervals stay
with the ticket. A source's heartbeat belongs to every input topic, under any key.
"""

from typing import Final, get_args

from streams.contract.events import (
    AgentEvent,
    BaseEvent,
    Event,
    SaleCancelled,
    SaleClosed,
    SourceHeartbeat,
    SurveyAnswered,
    SurveySent,
)
from streams.contract.names import clean
from streams.contract.words import AGENTS, SURVEYS, TOPIC_OF_CHANNEL
from streams.wire.keys import partition_of
from streams.wire.rejected import Rejected

#: Instead of a topic: the event may stand in any.
ANYWHERE: Final = ""


def _fixed_topics() -> dict[type[BaseEvent], str]:
    topics: dict[type[BaseEvent], str] = {
        SurveySent: SURVEYS,
        SurveyAnswered: SURVEYS,
        SaleClosed: SURVEYS,
        SaleCancelled: SURVEYS,
        SourceHeartbeat: ANYWHERE,
    }
    agents = (struct for struct in get_args(Event) if issubclass(struct, AgentEvent))
    return topics | dict.fromkeys(agents, AGENTS)


_FIXED: Final = _fixed_topics()


def topic_and_key_of(event: Event) -> tuple[str | None, str | None]:
    """Return the one input topic the event belongs to and its Kafka key, None where any will do.

    The key is the agent's id or the contact's.
    """
    fixed = _FIXED.get(event.__class__)
    if fixed is None:
        assert event.channel is not None  # required by every struct that is not in the table
        return TOPIC_OF_CHANNEL[event.channel], event.contact_id
    if fixed == AGENTS:
        return fixed, event.agent_id
    return (fixed, event.contact_id) if fixed else (None, None)


def topic_of(event: Event) -> str | None:
    """Return the one input topic the event belongs to, None where any will do."""
    return topic_and_key_of(event)[0]


def key_of(event: Event) -> str | None:
    """Return the Kafka key of the event, None where any will do."""
    return topic_and_key_of(event)[1]


def misplaced(
    event: Event, topic: str, key: bytes | None, partition: int = -1, partitions: int = 0
) -> Rejected | None:
    """Return why the event must not stand in `topic` (the contract's name) under `key`, and there
    in `partition` of so many, where these are told; None where it may."""
    home, own = topic_and_key_of(event)
    if home is not None and home != topic:
        return Rejected("wrong_topic", f"{event.TYPE} does not belong in {topic}", "type")
    if own is None:
        return None
    if key != own.encode() and not _is_written_otherwise(key, event):
        return Rejected("wrong_key", "the record's key is not the contact's or agent's id")
    # Of the clean name: else one agent, written in two ways, would be two.
    if partitions and partition_of(own, partitions) != partition:
        return Rejected(
            "wrong_key", "the key belongs to another partition: use murmur2, Kafka's default"
        )
    return None


def _is_written_otherwise(key: bytes | None, event: Event) -> bool:
    """Whether the key is the agent's id before it was cleaned; contacts' ids are never cleaned."""
    if key is None or event.agent_id is None or event.contact_id is not None:
        return False
    try:
        return clean(key.decode()) == event.agent_id
    except UnicodeDecodeError:
        return False
