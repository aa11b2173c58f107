"""The oracle's tickets: one ticket's events, told once, become contributions and levels.

In: the ordered events of one (tenant, contact_id) of channel ticket. Out: rows in a `Result`.
"""

from typing import Any

DAY_MS = 86_400_000
KEEP_MS = 90 * DAY_MS
GONE_REASONS = ("merged", "spam", "deleted")


def tell_ticket(entity, events, now: int, horizon_ms: int, result) -> None:
    """The ticket's figures are in `result`; deadlines before `now` have happened."""
    _, tenant, _ = entity
    blank = {
        "phase": "none",
        "status": None,
        "queue": None,
        "opened_at": None,
        "responded": False,
        "resolved_before": False,
        "settled_at": None,
        "last_at": None,
    }
    ticket: dict[str, Any] = dict(blank)

    def scope() -> tuple[str, str, str]:
        return (tenant, ticket["queue"], "ticket")

    def count(at: int, name: str, amount: int = 1) -> None:
        result.contributions.append((at, *scope(), name, amount))
        result.used.add(scope())

    def backlog(at: int, amount: int) -> None:
        result.levels.append((at, *scope(), f"backlog.{ticket['status']}", amount))
        result.used.add(scope())

    def forget_before(limit: int) -> None:
        if ticket["phase"] == "none":
            return
        if ticket["phase"] in ("closed", "left"):
            due = ticket["settled_at"] + horizon_ms
        else:
            due = ticket["last_at"] + KEEP_MS
        if due < limit:
            if ticket["phase"] == "open":
                backlog(due, -1)
            ticket.update(blank)

    def open_again(at: int) -> None:
        ticket.update(phase="open", status="open")
        backlog(at, 1)

    def reply(event: dict, at: int) -> None:
        if event["author"] != "agent" or event.get("public") is False or ticket["responded"]:
            return
        ticket["responded"] = True
        count(at, "first_responses")
        count(at, "first_response_ms", at - ticket["opened_at"])

    def resolve(at: int) -> None:
        if ticket["resolved_before"]:
            return
        lasted = at - ticket["opened_at"]
        ticket["resolved_before"] = True
        count(at, "tickets_resolved")
        count(at, "resolution_ms", lasted)
        result.resolutions.append((at, *scope(), lasted))

    def tell(event: dict, at: int) -> None:
        kind, phase = event["type"], ticket["phase"]
        gone = event.get("reason") in GONE_REASONS
        if kind == "ticket.opened" and phase == "none":
            ticket.update(queue=event["queue"], opened_at=at)
            count(at, "tickets_opened")
            open_again(at)
        elif phase == "none":
            result.anomalies["no_ticket"] += 1
        elif kind in ("ticket.assigned", "ticket.sla_set", "work.started", "work.ended"):
            pass
        elif kind == "ticket.replied" and phase in ("open", "resolved"):
            reply(event, at)
        elif kind == "ticket.status_changed" and phase == "open":
            backlog(at, -1)
            ticket["status"] = event["status"]
            backlog(at, 1)
        elif kind == "ticket.moved" and phase == "open":
            backlog(at, -1)
            ticket["queue"] = event["queue"]
            backlog(at, 1)
        elif kind == "ticket.moved" and phase == "resolved":
            ticket["queue"] = event["queue"]
            result.used.add(scope())
        elif kind == "ticket.resolved" and phase == "open":
            backlog(at, -1)
            ticket.update(phase="left" if gone else "resolved", settled_at=at)
            if not gone:
                resolve(at)
        elif kind == "ticket.reopened" and phase in ("resolved", "closed"):
            count(at, "tickets_reopened")
            open_again(at)
        elif kind == "ticket.closed" and phase in ("open", "resolved"):
            if phase == "open":
                backlog(at, -1)
            ticket.update(phase="left" if gone else "closed", settled_at=at)
        else:
            result.anomalies["ticket_" + phase] += 1

    for event in events:
        at = event["occurred_at"]
        forget_before(min(at, now))
        tell(event, at)
        ticket["last_at"] = at if ticket["phase"] != "none" else None
    forget_before(now)
    if ticket["phase"] == "open":
        result.open_tickets.append((tenant, ticket["queue"], ticket["opened_at"]))
