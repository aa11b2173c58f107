"""Layer 2: what a fact keeps of a ticket's event, in one text, and back again.

In: an event. Out: the `detail` of its fact, and what a lifecycle reads in it. The text is stored
with the facts, and decides which of two contents of one id counts: its form is never changed.
Cost: a microsecond.
"""

from typing import Any, Final

from streams.contract import events as wire
from streams.contract.words import COMPLAINT, SLA_METRICS, TICKET_LEAVES, TICKET_PRIORITIES

#: A ticket's kind is told, and is another than `words.COMPLAINT`.
NO_COMPLAINT: Final = "no_complaint"
#: What words begin with that tell a priority, when the customer asked, when something is due.
_PRIORITY, _CUSTOMER, _DUE = "priority:", "customer:", "due:"

#: What a public reply is called, by its author; a bot's means nothing.
_REPLIES = {"agent": "reply", "customer": "customer", "bot": None}


def detail_of(event: Any) -> str | None:
    """The status; why it left the figures, or `bot`; `reply` of an agent or `customer`, in public.

    The kind and the priority, if told; what is promised; of a snapshot the status, whether it was
    replied to, the seconds it was pending, and all of these, if told.
    """
    struct = event.__class__
    detail: str | None = None
    if struct is wire.TicketStatusChanged:
        detail = event.status
    elif struct is wire.TicketReplied:
        detail = _REPLIES[event.author] if event.public else None
    elif struct is wire.TicketResolved or struct is wire.TicketClosed:
        reason = (event.reason or "").strip().lower()
        if reason in TICKET_LEAVES:
            detail = reason
        elif event.author == "bot":
            detail = "bot"
    elif struct is wire.BotEnded:
        detail = event.outcome
    elif struct is wire.TicketOpened or struct is wire.TicketUpdated:
        detail = _joined(_kind_of(event), _priority_of(event))
    elif struct is wire.TicketSlaSet:
        detail = f"{event.metric} cancelled" if event.cancelled else event.metric
    elif struct is wire.TicketSnapshot:
        detail = _snapshot_of(event)
    return detail


def _kind_of(event: Any) -> str | None:
    """Of a ticket's kinds, which are the customers' own words, one matters."""
    if event.kind is None:
        return None
    return COMPLAINT if event.kind.strip().lower() == COMPLAINT else NO_COMPLAINT


def _priority_of(event: Any) -> str | None:
    """Of priorities, too, the words that a queue can promise something for."""
    if event.priority is None:
        return None
    word = event.priority.strip().lower() if isinstance(event.priority, str) else ""
    return f"{_PRIORITY}{word if word in TICKET_PRIORITIES else TICKET_PRIORITIES[-1]}"


def _joined(*words: str | None) -> str | None:
    return " ".join(word for word in words if word is not None) or None


def _snapshot_of(event: Any) -> str | None:
    """What a snapshot says beside the queue, the agent and the opening."""
    dues = event.due or wire.DueTimes()
    return _joined(
        event.status,
        None if event.first_replied_at is None else "replied",
        None if event.pending_seconds is None else str(event.pending_seconds),
        COMPLAINT if _kind_of(event) == COMPLAINT else None,
        _priority_of(event),
        None if event.last_customer_at is None else f"{_CUSTOMER}{event.last_customer_at}",
        *(
            f"{_DUE}{metric}={at}"
            for metric in SLA_METRICS
            if (at := getattr(dues, metric)) is not None
        ),
    )


def priority_of(detail: str | None, before: int) -> int:
    """The place in `TICKET_PRIORITIES` of the priority that an event tells; else as before."""
    for word in (detail or "").split(" "):
        if word.startswith(_PRIORITY):
            return TICKET_PRIORITIES.index(word.removeprefix(_PRIORITY))
    return before


def promised(words: list[str]) -> tuple[int, dict[str, int]]:
    """Of a snapshot's words: when the customer asked, -1 without that; when what is due. Ms."""
    asked_at, dues = -1, {}
    for word in words:
        if word.startswith(_CUSTOMER):
            asked_at = int(word.removeprefix(_CUSTOMER))
        elif word.startswith(_DUE):
            metric, at = word.removeprefix(_DUE).split("=")
            dues[metric] = int(at)
    return asked_at, dues
