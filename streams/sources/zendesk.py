"""Tickets of Zendesk (`--format zendesk`): ticket metric events, or audits.

| record | event | why |
|---|---|---|
| metric `reply_time` activate, instance 1 | ticket.opened | the clock starts with the ticket |
| `reply_time` activate, later | ticket.replied by the customer | he waits again |
| `reply_time` fulfill | ticket.replied by an agent | |
| `requester_wait_time` pause | ticket.status_changed pending | it is the customer's turn |
| `agent_work_time` activate after it | ticket.status_changed open | it is ours again |
| `requester_wait_time` fulfill | ticket.resolved | |
| `requester_wait_time` activate, later | ticket.reopened | |
| `update_status`, `breach`, `apply_sla`, the other clocks | – | no event of the ticket itself |
| audit: Create `status`, `group_id` | ticket.opened | the queue is the group; by staff: outbound |
| audit: Comment | ticket.replied | not the customer's that opens it; roles: a list `users` |
| audit: Change `status` | status_changed, resolved, closed | out of solved or closed: reopened |
| the same, `via` a rule | resolved, closed by `bot` | a trigger or an automation did it |
| audit: Change `group_id` | ticket.moved | |
| audit: `via` merge, closed | ticket.closed merged | it lives on in another ticket |

Names of groups are in a list `groups`, groups of tickets in a list `tickets` (any file); a ticket
whose group is in none is in the queue `Support`, the name of Zendesk's first group.
"""

from typing import Any, Final

from streams.sources.json_records import Record, part

DEFAULT_QUEUE: Final = "Support"
_STATUSES: Final = {"new": "open", "open": "open", "pending": "pending", "hold": "on_hold"}
_OVER: Final = frozenset({"solved", "closed"})
#: Words of a metric event that may be said; what else stands there is somebody's data.
_METRICS: Final = frozenset(
    {
        *("reply_time", "first_reply_time", "next_reply_time", "agent_work_time"),
        *("requester_wait_time", "on_hold_time", "periodic_update_time", "pausable_update_time"),
        *("resolution_time", "total_resolution_time", "group_ownership_time"),
    }
)
_KINDS: Final = frozenset(
    {
        *("activate", "pause", "fulfill", "measure", "breach", "apply_sla", "apply_group_sla"),
        *("update_status", "update_group_status"),
    }
)
_STAFF: Final = frozenset({"agent", "admin"})


class Tickets:
    """Translates records; remembers groups, users' roles, and which tickets are pending."""

    LISTS: tuple[str, ...] = ("groups", "tickets", "users", "ticket_metric_events", "audits")

    def __init__(self) -> None:
        self._groups: dict[Any, str] = {}
        self._group_of: dict[Any, Any] = {}
        self._staff: dict[Any, bool] = {}
        self._pending: set[Any] = set()

    def learn(self, kind: str, record: Record) -> None:
        """Note groups' names, tickets' groups and who is an agent."""
        if kind == "groups" and isinstance(record.get("name"), str):
            self._groups[_id(record.get("id"))] = record["name"]
        elif kind == "tickets" and record.get("group_id") is not None:
            self._group_of[_id(record.get("id"))] = _id(record["group_id"])
        elif kind == "users":
            self._staff[_id(record.get("id"))] = str(record.get("role")) in _STAFF

    def events(self, kind: str, record: Record) -> list[Record] | str:
        """The events of one record, or why it has none."""
        if kind in ("groups", "tickets", "users"):
            return f"a list of {kind}, for the others"
        if "metric" in record:
            return self._metric(record)
        if isinstance(record.get("events"), list):
            return self._audit(record)
        return "neither a metric event nor an audit"

    def origin(self, record: Record, event: Record, field: str) -> str:  # noqa: ARG002
        """The path in the record of what became a field of one of its events."""
        if field == "occurred_at":
            return "time" if "metric" in record else "created_at"
        return {"contact_id": "ticket_id", "event_id": "id"}.get(field, field)

    def _queue(self, group: Any) -> str:
        return self._groups.get(group, DEFAULT_QUEUE)

    def _common(self, ticket: Any, number: Any, at: Any) -> Record:
        number = _id(number)
        return {
            "event_id": None if number is None else f"zendesk-{number}",
            "occurred_at": at,
            "source": "zendesk",
            "channel": "ticket",
            "contact_id": None if ticket is None else str(ticket),
            # Times are whole seconds; numbers rise as things happen.
            "seq": number & 0x7FFFFFFF if isinstance(number, int) else 0,
        }

    def _metric(self, record: Record) -> list[Record] | str:
        ticket, instance = _id(record.get("ticket_id")), record.get("instance_id")
        metric, what = record.get("metric"), record.get("type")
        common = self._common(ticket, record.get("id"), record.get("time"))
        first = instance == 1
        match metric, what:
            case "reply_time", "activate" if first:
                queue = self._queue(self._group_of.get(ticket))
                return [common | {"type": "ticket.opened", "queue": queue}]
            case "reply_time", "activate":
                return [common | {"type": "ticket.replied", "author": "customer"}]
            case "reply_time", "fulfill":
                return [common | {"type": "ticket.replied", "author": "agent"}]
            case "requester_wait_time", "pause":
                self._pending.add(ticket)
                return [common | {"type": "ticket.status_changed", "status": "pending"}]
            case "requester_wait_time", "fulfill":
                self._pending.discard(ticket)
                return [common | {"type": "ticket.resolved"}]
            case "requester_wait_time", "activate" if not first:
                return [common | {"type": "ticket.reopened"}]
            case "agent_work_time", "activate" if ticket in self._pending:
                self._pending.discard(ticket)
                return [common | {"type": "ticket.status_changed", "status": "open"}]
        known = isinstance(metric, str) and metric in _METRICS
        known = known and isinstance(what, str) and what in _KINDS
        return f"{metric} {what}" if known else "a metric event of no known kind"

    def _audit(self, audit: Record) -> list[Record] | str:
        changes = [change for change in audit["events"] if isinstance(change, dict)]
        ticket = _id(audit.get("ticket_id"))
        created = {str(c.get("field_name")): c for c in changes if c.get("type") == "Create"}
        staff = self._staff.get(_id(audit.get("author_id")))
        made: list[Record] = []

        def tell(change: Record, kind: str, **more: Any) -> None:
            common = self._common(ticket, change.get("id"), audit.get("created_at"))
            made.append(common | {"type": kind} | more)

        if created:
            opening = created.get("status") or next(iter(created.values()))
            group = (created.get("group_id") or {}).get("value")
            queue = self._queue(_id(group))
            direction = "outbound" if staff else "inbound"
            tell(opening, "ticket.opened", queue=queue, direction=direction)
        for change in changes:
            kind, field = change.get("type"), change.get("field_name")
            if kind == "Comment" and staff is not None and (staff or not created):
                who, public = "agent" if staff else "customer", change.get("public") is not False
                tell(change, "ticket.replied", author=who, public=public)
            elif kind == "Change" and field == "group_id":
                tell(change, "ticket.moved", queue=self._queue(_id(change.get("value"))))
            elif kind == "Change" and field == "status":
                self._status(audit, change, tell)
        return made or "an audit without an event of the ticket's life"

    def _status(self, audit: Record, change: Record, tell: Any) -> None:
        before, now = str(change.get("previous_value")), str(change.get("value"))
        via = part(audit, "via")
        by = {"author": "bot"} if via.get("channel") == "rule" else {}
        if now == "solved":
            tell(change, "ticket.resolved", **by)
        elif now == "closed":
            merged = part(via, "source").get("rel") == "merge"
            tell(change, "ticket.closed", **({"reason": "merged"} if merged else by))
        elif before in _OVER:
            tell(change, "ticket.reopened")
        else:
            tell(change, "ticket.status_changed", status=_STATUSES.get(now, now))


def _id(value: Any) -> int | str | None:
    """An id as a number, which audits write as text too; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, (int, str)) and value != "" else None
