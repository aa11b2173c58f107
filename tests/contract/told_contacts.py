"""Short histories of calls, chats, bots, call-backs and agents."""

from typing import Any, Final

from tests.contract.telling import ANNA, BEN, Q, R, Told, call, chat, told

SCALE: Final = {"scale_min": 1, "scale_max": 5, "higher_is_better": True}
CALLS: Final = [
    told(0, "agent.state", **ANNA, state="available", queues=["q", "r"]),
    *call(
        "c1",
        (0, "contact.enqueued", Q | {"arrived_at": -30, "tenant": "default"}),
        (5, "contact.offered", Q | ANNA),
        (9, "offer.failed", Q | ANNA | {"outcome": "timeout"}),
        (12, "contact.answered", Q | ANNA),
        (20, "hold.started", {}),
        (30, "hold.ended", {}),
        (60, "contact.ended", {}),
        (70, "wrapup.ended", {}),
    ),
    *call(
        "asked afterwards",
        (
            0,
            "contact.enqueued",
            Q | {"customer_ref": "7f3a" * 16, "topic": "bill", "attributes": {"menu": "2"}},
        ),
        (10, "contact.answered", Q | BEN),
        (20, "contact.ended", {}),
        (30, "survey.sent", {"kind": "csat"}),
        (40, "survey.answered", {"kind": "csat", "score": 4, "version": "v1"} | SCALE),
        (50, "sale.closed", {"kind": "upsell"}),
        (60, "followup.completed", {"outcome": "satisfied"}),
    ),
    *call(
        "hangs up",
        (0, "contact.enqueued", Q | {"direction": "inbound"}),
        (100, "contact.abandoned", Q),
    ),
    *call(
        "three queues",
        (0, "contact.enqueued", Q),
        (3, "contact.flowed_out", Q | {"reason": "overflow"}),
        (3, "contact.enqueued", R | {"parent_contact_id": "c1", "priority": 1}),
        (15, "contact.answered", R | BEN),
        (20, "contact.transferred", {"to_queue": "q"}),
        (21, "contact.enqueued", Q),
        (22, "contact.abandoned", Q),
    ),
    *call("refused", (2, "contact.blocked", Q | {"reason": "full"})),
    *call("no entry", (50, "contact.answered", R | {"entered_at": 20}), (90, "contact.ended", {})),
    *call(
        "comes back",
        (0, "contact.enqueued", Q),
        (4, "contact.abandoned", Q),
        (40, "contact.resumed", Q),
    ),
    *call(
        "goes round",
        (0, "contact.enqueued", Q),
        (30, "contact.flowed_out", Q | {"reason": "timeout"}),
        (31, "contact.enqueued", Q),
    ),
    *call(
        "leaves a message",
        (0, "contact.enqueued", Q),
        (10, "contact.flowed_out", Q | {"reason": "voicemail"}),
    ),
    *call(
        "passed on",
        (0, "contact.enqueued", Q),
        (15, "contact.answered", Q | BEN),
        (45, "contact.transferred", {}),
    ),
    *call("rings", (100, "contact.enqueued", Q), (110, "contact.offered", Q | ANNA)),
    *call(
        "rang",
        (100, "contact.enqueued", R),
        (110, "contact.offered", R | ANNA),
        (120, "offer.failed", R | ANNA | {"outcome": "rejected", "event_id": "first"}),
        (125, "contact.offered", R | ANNA),
        (130, "offer.failed", R | ANNA | {"outcome": "rejected", "event_id": "second"}),
    ),
    *call(
        "corrected",
        (150, "contact.enqueued", Q),
        (152, "contact.answered", Q | {"event_id": "twice", "revision": 0}),
        (155, "contact.answered", Q | {"event_id": "twice", "revision": 1}),
    ),
    *call("not decided yet", (190, "contact.enqueued", R)),
    told(300, "source.heartbeat", ended=False),
]

CHATS: Final = [
    told(
        0,
        "agent.state",
        **ANNA,
        state="available",
        queues=["q"],
        capacity={"chat": 2},
        handling={"chat": 2},
    ),
    *chat(
        "k1",
        (0, "contact.enqueued", Q),
        (1, "message.sent", {"author": "customer"}),
        (5, "message.sent", ANNA | {"author": "agent", "automatic": True}),
        (20, "message.sent", ANNA | {"author": "agent"}),
        (30, "message.sent", {"author": "customer"}),
        (40, "message.sent", ANNA | {"author": "agent"}),
        (50, "message.sent", {"author": "customer"}),
        (60, "contact.ended", {}),
    ),
    *chat(
        "says no more",
        (0, "contact.enqueued", Q),
        (1, "message.sent", {"author": "customer"}),
        (10, "contact.answered", Q | ANNA),
        (12, "message.sent", ANNA | {"author": "agent"}),
        (30, "contact.ended", {}),
    ),
    *chat(
        "a bot first",
        (1, "bot.ended", Q | {"outcome": "escalated", "started_at": -60}),
        (2, "contact.enqueued", Q),
        (30, "contact.answered", Q | ANNA),
        (50, "contact.ended", {}),
    ),
    *chat("a bot alone", (1, "bot.ended", {"outcome": "contained"})),
    *chat("silent", (0, "contact.enqueued", Q), (50, "contact.abandoned", Q | {"kind": "silent"})),
    told(100, "source.heartbeat"),
]

CALLBACKS: Final = [
    *call(
        "asks in the queue",
        (0, "contact.enqueued", Q),
        (30, "contact.flowed_out", Q | {"reason": "callback", "due_at": 100}),
        (150, "callback.attempted", Q | {"outcome": "not_reached"}),
        (200, "callback.attempted", Q | {"outcome": "connected"}),
        (201, "contact.enqueued", Q | {"reason": "callback"}),
        (201, "contact.answered", Q | ANNA),
        (260, "contact.ended", {}),
    ),
    *call("asks elsewhere", (0, "callback.requested", Q | {"due_at": 50})),
    *call(
        "tried for the last time",
        (0, "callback.requested", Q),
        (60, "callback.attempted", Q | {"outcome": "not_reached", "final": True}),
    ),
    *call(
        "given up",
        (0, "callback.requested", Q),
        (60, "callback.attempted", Q | {"outcome": "given_up"}),
    ),
    *call(
        "cancelled",
        (0, "callback.requested", Q),
        (60, "callback.attempted", Q | {"outcome": "cancelled"}),
    ),
    *call(
        "asked before",
        (100, "callback.attempted", Q | {"outcome": "connected", "requested_at": 40, "due_at": 70}),
    ),
    told(300, "source.heartbeat"),
]

HOURS_LATER: Final = [
    *call("never ends", (0, "contact.enqueued", Q)),
    *call("nor this", (5_000, "contact.enqueued", Q)),
    *call("told at last", (0, "contact.enqueued", Q), (16_000, "contact.abandoned", Q)),
    *call("nobody saw", (0, "contact.abandoned", Q)),
    told(20_000, "source.heartbeat"),
]


def agents(kind: str) -> list[Told]:
    def says(seconds: float, agent: str, **fields: Any) -> Told:
        return told(seconds, kind, agent_id=agent, queues=["q"], **fields)

    chats = {"handling": {"chat": 1}, "capacity": {"chat": 2}}
    return [
        says(0, "anna", state="available", **chats),
        says(0, "anna", state="available", **chats) | {"source": "crm"},
        says(0, "ben", state="available"),
        says(10, "ben", state="available", ringing=1),
        says(20, "ben", state="available", handling={"voice": 1}),
        says(40, "ben", state="available", wrapping={"voice": 1}),
        says(60, "ben", state="available", ttl_seconds=100),
        says(0, "cleo", state="break", reason="lunch", since=-3_500),
        says(50, "dora", state="available", ringing=1),
        says(50, "emil", state="available", wrapping={"voice": 1}),
        says(50, "fay", state="available", handling={"voice": 1}),
        says(50, "gus", state="error"),
        says(50, "hal", state="offline"),
        says(50, "ida", state="available"),
        told(300, "source.heartbeat"),
    ]
