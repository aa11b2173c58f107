"""Events told shortly, times in seconds since 09:00 of a Monday; and what changes them.

In: a kind, and what it says. Out: event dicts, in which a change leaves a kind out, or lets it say
something else in one field.
"""

from collections.abc import Callable
from typing import Any, Final

START: Final = 1_705_309_200_000
Told = dict[str, Any]
#: In place of a value: the field is left out.
ABSENT: Final = object()
#: Fields that are times, told here in seconds.
_TIMES: Final = {
    *("arrived_at", "entered_at", "since", "opened_at", "first_replied_at"),
    *("started_at", "due_at", "requested_at", "last_customer_at"),
}


def at(seconds: float) -> int:
    """The instant, in ms."""
    return START + int(seconds * 1_000)


def told(seconds: float, kind: str, /, **fields: Any) -> Told:
    due = fields.get("due")
    if due:
        fields["due"] = {metric: at(time) for metric, time in due.items()}
    times = {name: at(value) for name, value in fields.items() if name in _TIMES}
    return {"type": kind, "occurred_at": at(seconds), "source": "acd", **fields, **times}


def contact(channel: str, name: str, *events: tuple[float, str, dict[str, Any]]) -> list[Told]:
    about = {"channel": channel, "contact_id": name}
    return [told(seconds, kind, **about, **fields) for seconds, kind, fields in events]


def call(name: str, *events: tuple[float, str, dict[str, Any]]) -> list[Told]:
    return contact("voice", name, *events)


def chat(name: str, *events: tuple[float, str, dict[str, Any]]) -> list[Told]:
    return contact("chat", name, *events)


def ticket(name: str, *events: tuple[float, str, dict[str, Any]]) -> list[Told]:
    return contact(
        "ticket",
        name,
        *(
            (seconds, f"ticket.{kind}" if "." not in kind else kind, f)
            for seconds, kind, f in events
        ),
    )


Q: Final = {"queue": "q"}
R: Final = {"queue": "r"}
MAIL: Final = {"queue": "mail"}
ANNA: Final = {"agent_id": "anna"}
BEN: Final = {"agent_id": "ben"}


def without(kind: str) -> Callable[[Told], Told | None]:
    """Leaves the events of a kind out."""
    return lambda event: None if event["type"] == kind else event


def saying(kind: str, field: str, value: Any) -> Callable[[Told], Told | None]:
    """Lets the events of a kind say something else in one field, where they say anything."""

    def changed(event: Told) -> Told:
        if event["type"] != kind:
            return event
        outer, _, name = field.rpartition(".")
        if outer:
            inside = event.get(outer, {})
            return event if name not in inside else event | {outer: _said(inside, name, value)}
        return event if name not in event else _said(event, name, value)

    return changed


def _said(event: Told, name: str, value: Any) -> Told:
    rest = {key: known for key, known in event.items() if key != name}
    if value is ABSENT:
        return rest
    return rest | {name: value(event[name]) if callable(value) else value}
