"""Contact records of Amazon Connect (`--format connect-ctr`), one a contact, when it is over.

| record | event | why |
|---|---|---|
| `Queue.EnqueueTimestamp` | contact.enqueued | `InitiationTimestamp` is when it arrived |
| `Agent.ConnectedToAgentTimestamp` | contact.answered | |
| `Agent.CustomerHoldDuration` | hold.started, hold.ended | only the sum is told: one pair after the answer |
| `Agent.AfterContactWorkStartTimestamp`, else `DisconnectTimestamp` | contact.ended | the disconnect may lie before the agent's own end |
| `Agent.AfterContactWorkEndTimestamp` | wrapup.ended | null: none was reported |
| no agent; a CALLBACK record names it as previous | contact.flowed_out callback | it asked for it |
| no agent; `NextContactId` or `TransferredToEndpoint` | contact.flowed_out transfer | |
| no agent; `DisconnectReason` of a fault | contact.flowed_out error | nobody hung up |
| no agent, none of these | contact.abandoned | |
| `CustomerEndpoint.Address` | `customer_ref` | hashed; without a key it is not read, which is said |
| `Queue` null | – | it never waited: it left in the menu |
| `Channel` TASK, EMAIL | – | neither call nor chat |
| `LastUpdateTimestamp` | `revision` | records come at least once, and changed for two years |

A record comes when its contact is over: what waited longer than the horizon is late in a worker.
"""  # noqa: E501 - a table

from typing import Any, Final

from streams.sources.complaints import Complaints
from streams.sources.customers import customer_hash
from streams.sources.json_records import Record, part
from streams.wire.instants import parse_rfc3339_ms

_CHANNELS: Final = {"VOICE": "voice", "CHAT": "chat"}
_OTHER_CHANNELS: Final = frozenset({"TASK", "EMAIL"})
_OUTBOUND: Final = frozenset({"OUTBOUND", "API", "EXTERNAL_OUTBOUND"})
_REASONS: Final = {"TRANSFER": "transfer", "QUEUE_TRANSFER": "transfer", "CALLBACK": "callback"}
_FAULTS: Final = frozenset({"TELECOM_PROBLEM", "BARGED", "CONTACT_FLOW_ERROR", "API_ERROR"})


#: What became a field of every event; of its time, by the part of its id that says what it tells,
#: the fields that it may be taken from, the first choice last.
_ORIGINS: Final = {
    "channel": "Channel",
    "contact_id": "ContactId",
    "queue": "Queue.Name",
    "agent_id": "Agent.Username",
    "arrived_at": "InitiationTimestamp",
    "parent_contact_id": "PreviousContactId",
}
_TIMES: Final = {
    "enqueued": ("Queue.EnqueueTimestamp",),
    "left": (
        *("Agent.ConnectedToAgentTimestamp", "Queue.DequeueTimestamp", "DisconnectTimestamp"),
    ),
    "hold": ("Agent.ConnectedToAgentTimestamp",),
    "unhold": ("Agent.ConnectedToAgentTimestamp",),
    "ended": ("Agent.AfterContactWorkStartTimestamp", "DisconnectTimestamp"),
    "wrapup": ("Agent.AfterContactWorkEndTimestamp",),
}


class ContactRecords:
    """Translates records; remembers the ids of contacts that were called back.

    `said` hears of customers that are not read for want of a key.
    """

    LISTS: tuple[str, ...] = ("ContactTraceRecords",)

    def __init__(self, customer_key: bytes | None = None, said: Complaints | None = None) -> None:
        self._key = customer_key
        self._said = said
        self._called_back: set[str] = set()

    def learn(self, kind: str, record: Record) -> None:  # noqa: ARG002 - one kind only
        """Note whom a call-back calls back."""
        previous = record.get("PreviousContactId")
        if record.get("InitiationMethod") == "CALLBACK" and isinstance(previous, str):
            self._called_back.add(previous)

    def events(self, kind: str, record: Record) -> list[Record] | str:  # noqa: ARG002
        """The events of one contact, or why it has none."""
        channel, contact = str(record.get("Channel")), str(record.get("ContactId"))
        if channel in _OTHER_CHANNELS:
            return f"channel {channel}"
        queue, agent = part(record, "Queue"), part(record, "Agent")
        if not queue:
            return "never in a queue" if "ContactId" in record else "no contact record"
        method = str(record.get("InitiationMethod"))
        common: Record = {
            "source": "amazon-connect",
            "channel": _CHANNELS.get(channel, channel),
            "contact_id": record.get("ContactId"),
            "queue": queue.get("Name"),
            "revision": _instant(record.get("LastUpdateTimestamp")) or 0,
            "direction": "outbound" if method in _OUTBOUND else "inbound",
            "customer_ref": self._customer(part(record, "CustomerEndpoint")),
        }
        made: list[Record] = []

        def tell(kind: str, verb: str, at: Any, **more: Any) -> None:
            event = {"type": kind, "event_id": f"{contact}:{verb}"}
            event |= {"occurred_at": at, "seq": len(made)} | common | more
            made.append({name: value for name, value in event.items() if value is not None})

        tell(
            "contact.enqueued",
            "enqueued",
            queue.get("EnqueueTimestamp"),
            arrived_at=record.get("InitiationTimestamp"),
            reason=_REASONS.get(method),
            parent_contact_id=record.get("PreviousContactId"),
        )
        answered = agent.get("ConnectedToAgentTimestamp")
        if answered is None:
            self._unanswered(record, queue, tell)
        else:
            _answered(record, agent, answered, tell)
        return made

    def origin(self, record: Record, event: Record, field: str) -> str:
        """The path in the record of what became a field of one of its events."""
        if field != "occurred_at":
            return _ORIGINS.get(field, field)
        at, paths = event.get(field), _TIMES[event["event_id"].rpartition(":")[2]]
        *_, found = (path for path in paths if path == paths[0] or _at(record, path) == at)
        return found

    def _unanswered(self, record: Record, queue: Record, tell: Any) -> None:
        gone = record.get("DisconnectTimestamp")
        left = queue.get("DequeueTimestamp") or gone
        if str(record.get("ContactId")) in self._called_back:
            tell("contact.flowed_out", "left", left, reason="callback")
        elif record.get("NextContactId") or record.get("TransferredToEndpoint"):
            tell("contact.flowed_out", "left", left, reason="transfer")
        elif str(record.get("DisconnectReason")) in _FAULTS:
            tell("contact.flowed_out", "left", left, reason="error")
        else:
            tell("contact.abandoned", "left", gone or left)

    def _customer(self, endpoint: Record) -> str | None:
        address = endpoint.get("Address")
        if not isinstance(address, str):
            return None
        return customer_hash(address, self._key, self._said)


def _answered(record: Record, agent: Record, answered: Any, tell: Any) -> None:
    who = agent.get("Username")
    tell("contact.answered", "left", answered, agent_id=who)
    hold, at = agent.get("CustomerHoldDuration"), _instant(answered)
    if isinstance(hold, int) and hold > 0 and at is not None:
        tell("hold.started", "hold", answered, agent_id=who)
        tell("hold.ended", "unhold", at + 1000 * hold, agent_id=who)
    ended = agent.get("AfterContactWorkStartTimestamp") or record.get("DisconnectTimestamp")
    tell("contact.ended", "ended", ended, agent_id=who)
    wrapped = agent.get("AfterContactWorkEndTimestamp")
    if wrapped is not None:
        tell("wrapup.ended", "wrapup", wrapped, agent_id=who)


def _at(record: Record, path: str) -> Any:
    *outer, name = path.split(".")
    return (part(record, outer[0]) if outer else record).get(name)


def _instant(text: Any) -> int | None:
    """A record's time in ms; None where there is none, `decode` says what is wrong with others."""
    try:
        return parse_rfc3339_ms(text) if isinstance(text, str) else None
    except ValueError:
        return None
