"""Short histories of tickets, what they are promised, and what is decided days later."""

from typing import Final

from tests.contract.telling import ANNA, MAIL, Q, Told, call, ticket, told

TICKETS: Final = [
    *ticket(
        "t1",
        (0, "opened", MAIL | {"direction": "inbound"}),
        (60, "assigned", ANNA),
        (120, "replied", {"author": "agent", "public": True}),
        (200, "replied", {"author": "customer"}),
        (260, "replied", {"author": "agent"}),
        (300, "status_changed", {"status": "pending"}),
        (400, "status_changed", {"status": "open"}),
        (500, "status_changed", {"status": "on_hold"}),
        (600, "status_changed", {"status": "open"}),
        (600, "work.started", ANNA),
        (660, "work.ended", ANNA),
        (700, "resolved", {"author": "agent"}),
        (800, "reopened", {"reason": "not yet"}),
        (900, "resolved", {"author": "agent"}),
    ),
    *ticket("worked on", (0, "opened", MAIL), (10, "work.started", ANNA), (20, "work.ended", ANNA)),
    *ticket(
        "handed over",
        (0, "opened", MAIL),
        (50, "bot.ended", {"outcome": "escalated"}),
        (80, "replied", {"author": "agent"}),
    ),
    *ticket("spam", (0, "opened", MAIL), (100, "closed", {"reason": "spam"})),
    *ticket("merged", (0, "opened", MAIL), (50, "resolved", {"reason": "merged"})),
    *ticket("closed", (0, "opened", MAIL), (200, "closed", {"author": "agent"})),
    *ticket("by itself", (0, "opened", MAIL), (50, "resolved", {"author": "bot"})),
    *ticket("unanswered", (0, "opened", MAIL), (50, "resolved", {"author": "agent"})),
    *ticket(
        "at one instant",
        (0, "opened", MAIL),
        (10, "assigned", ANNA | {"seq": 1}),
        (10, "assigned", {"seq": 0}),
    ),
    *ticket("waits", (0, "opened", MAIL), (100, "status_changed", {"status": "pending"})),
    *ticket("on hold", (0, "opened", MAIL), (100, "status_changed", {"status": "on_hold"})),
    *ticket(
        "began before",
        (
            0,
            "snapshot",
            MAIL
            | {"opened_at": -1_000, "status": "pending", "first_replied_at": -900}
            | {"pending_seconds": 50},
        ),
        (100, "replied", {"author": "agent"}),
        (150, "status_changed", {"status": "open"}),
        (300, "resolved", {}),
    ),
    *ticket("still open", (0, "snapshot", MAIL | {"opened_at": -2_000, "status": "open"})),
    *ticket("moved", (0, "opened", MAIL), (50, "moved", {"queue": "letters"})),
    *ticket(
        "comes back",
        (0, "opened", MAIL),
        (10, "resolved", {}),
        (100, "status_changed", {"status": "open"}),
    ),
    *ticket("reopened", (0, "opened", MAIL), (10, "resolved", {}), (100, "reopened", {})),
    *(
        event
        for age in (10_000, 50_000, 200_000, 500_000, 1_000_000, 4_000_000)
        for event in ticket(
            f"{age} s old", (0, "snapshot", MAIL | {"opened_at": -age, "status": "open"})
        )
    ),
    told(1_000, "source.heartbeat"),
]

PROMISED: Final = {"queue": "promised"}
PROMISES: Final = [
    *ticket(
        "p1",
        (0, "opened", PROMISED | {"priority": "urgent"}),
        (100, "replied", {"author": "agent"}),
        (150, "updated", {"priority": "normal"}),
        (200, "replied", {"author": "customer"}),
        (250, "replied", {"author": "agent"}),
        (500, "resolved", {}),
    ),
    *ticket(
        "due sooner",
        (0, "opened", PROMISED),
        (10, "sla_set", {"metric": "first_response", "due_at": 50}),
        (60, "replied", {"author": "agent"}),
        (70, "replied", {"author": "customer"}),
    ),
    *ticket(
        "cancelled",
        (0, "opened", PROMISED),
        (10, "sla_set", {"metric": "resolution", "cancelled": True}),
    ),
    *ticket("at risk", (715, "opened", PROMISED)),
    *ticket(
        "writes again",
        (600, "opened", PROMISED),
        (610, "replied", {"author": "agent"}),
        (715, "replied", {"author": "customer"}),
    ),
    *ticket("to be resolved", (15, "opened", PROMISED), (20, "replied", {"author": "agent"})),
    *ticket("late", (650, "opened", PROMISED)),
    *ticket("soon", (900, "opened", PROMISED)),
    *ticket("waits", (0, "opened", PROMISED), (10, "status_changed", {"status": "pending"})),
    *ticket("unanswered", (0, "opened", PROMISED), (50, "resolved", {})),
    *ticket(
        "answered no more",
        (0, "opened", PROMISED),
        (10, "replied", {"author": "agent"}),
        (20, "replied", {"author": "customer"}),
        (30, "resolved", {}),
    ),
    *ticket("becomes one", (0, "opened", PROMISED), (10, "updated", {"kind": "complaint"})),
    *ticket("is one", (0, "opened", PROMISED | {"kind": "complaint"})),
    *ticket(
        "began before",
        (
            0,
            "snapshot",
            PROMISED
            | {"opened_at": -500, "status": "open", "kind": "complaint"}
            | {"due": {"first_response": 50, "resolution": 900}},
        ),
    ),
    *ticket(
        "wrote before",
        (
            0,
            "snapshot",
            PROMISED
            | {"opened_at": -500, "status": "open", "first_replied_at": -400}
            | {"last_customer_at": -100, "priority": "high", "due": {"next_response": 80}},
        ),
        (60, "replied", {"author": "agent"}),
    ),
    told(1_000, "source.heartbeat"),
]

DAY: Final = 86_400
DAYS_LATER: Final = [
    *ticket("at once", (0, "opened", MAIL), (100, "resolved", {})),
    *ticket("never", (0, "opened", MAIL)),
    *ticket("spam", (0, "opened", MAIL), (50, "closed", {"reason": "spam"})),
    *ticket("comes back", (0, "opened", MAIL), (100, "resolved", {}), (2 * DAY, "reopened", {})),
    *call("nobody calls", (0, "callback.requested", Q)),
    told(9 * DAY, "source.heartbeat"),
]


def complaints(story: list[Told]) -> list[Told]:
    """The same, of complaints."""
    opens = ("ticket.opened", "ticket.snapshot")
    return [event | ({"kind": "complaint"} if event["type"] in opens else {}) for event in story]
