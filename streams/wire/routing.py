"""Stage 1: which topic and key an event belongs to.

Contacts' lifecycle events go to their channel's topic, a follow-up too: it is about that contact.
Surveys and sales have a topic of their own, whatever the channel; a ticket's work intervals stay
with the ticket. A source's heartbeat belongs to every input topic, under any key.
"""

from typing import Final, get_args

from streams.wire.events import (
    AgentEvent,
    BaseEvent,
    Event,
    SaleClosed,
    SourceHeartbeat,
    SurveyAnswered,
    SurveySent,
)

CALLS: Final = "contact.calls"
CHATS: Final = "contact.chats"
TICKETS: Final = "contact.tickets"
SURVEYS: Final = "contact.surveys"
AGENTS: Final = "contact.agents"
INPUT_TOPICS: Final = (CALLS, CHATS, TICKETS, AGENTS, SURVEYS)

_BY_CHANNEL: Final = {"voice": CALLS, "chat": CHATS, "ticket": TICKETS}


def _fixed_topics() -> dict[type[BaseEvent], str | None]:
    topics: dict[type[BaseEvent], str | None] = {
        SurveySent: SURVEYS,
        SurveyAnswered: SURVEYS,
        SaleClosed: SURVEYS,
        SourceHeartbeat: None,
    }
    agents = (struct for struct in get_args(Event) if issubclass(struct, AgentEvent))
    return topics | dict.fromkeys(agents, AGENTS)


_FIXED: Final = _fixed_topics()


def topic_of(event: Event) -> str | None:
    """Return the one input topic the event belongs to, None where any will do."""
    struct = event.__class__
    if struct in _FIXED:
        return _FIXED[struct]
    assert event.channel is not None  # required by every struct that is not in the table
    return _BY_CHANNEL[event.channel]


def key_of(event: Event) -> str | None:
    """Return the Kafka key: the agent's id, the contact's id, or None where any will do."""
    if isinstance(event, AgentEvent):
        return event.agent_id
    if isinstance(event, SourceHeartbeat):
        return None
    return event.contact_id


def belongs(event: Event, topic: str) -> bool:
    """Return whether the event may stand in the input topic (its name without any prefix)."""
    home = topic_of(event)
    return topic in INPUT_TOPICS if home is None else topic == home
