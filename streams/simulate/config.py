"""What a simulated contact centre looks like: its queues, its pools of seats, its habits.

Plain data; nothing here draws a random number. Times are seconds, rates are contacts a second,
ratios are 0–1. `default_centre` is the centre of the demo: three channels, six queues, sixty
seats. One queue (`billing`) has so few agents that their occupancy stays above 85 %, over
any 5 minutes; the others are meant to live between 60 and 80 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

VOICE, CHAT, TICKET = "voice", "chat", "ticket"

#: The system that writes each topic. One source writes one topic.
SOURCES: Mapping[str, str] = {
    "pbx": "contact.calls",
    "webchat": "contact.chats",
    "helpdesk": "contact.tickets",
    "acd": "contact.agents",
    "crm": "contact.surveys",
}
SOURCE_OF_CHANNEL: Mapping[str, str] = {VOICE: "pbx", CHAT: "webchat", TICKET: "helpdesk"}


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """One queue: its demand, its customers and what happens to them."""

    name: str
    channel: str
    rate: float
    """New contacts a second, before the swing."""
    handle_seconds: float
    """Mean talk (or work) time, hold excluded."""
    wrapup_seconds: float = 0.0
    """Mean after-contact work; 0 = none."""
    waits_for_wrapup: bool = False
    """The queue setting `wrapup`: a visit is handled when its wrap-up ends."""
    patience_seconds: float = 120.0
    lognormal_patience: bool = False
    service_level_seconds: int | None = 20
    short_abandon_seconds: int | None = 5
    swing: float = 0.15
    """Amplitude of the arrival rate's wave, as a share of `rate`."""
    swing_seconds: float = 3600.0
    hold_ratio: float = 0.12
    hold_seconds: float = 15.0
    transfer_ratio: float = 0.0
    transfer_to: str | None = None
    max_waiting: int | None = None
    """Waiting visits at which a new contact is blocked."""
    give_up_seconds: float | None = None
    """Waiting time after which the system takes the visit out of the queue …"""
    give_up_reason: str = "timeout"
    """… for this reason: `timeout`, or `overflow` (into `overflow_to`)."""
    overflow_to: str | None = None
    callback_ratio: float = 0.0
    """Share of visits offered a callback after `callback_after_seconds` of waiting."""
    callback_after_seconds: float = 30.0
    web_callback_ratio: float = 0.0
    """Customers who ask on a web page to be called, as a share of those who arrive."""
    bot_ratio: float = 0.0
    """Chats that meet a bot first; `contained_ratio` of them never reach the queue."""
    contained_ratio: float = 0.3
    message_seconds: float = 3.0
    """Mean gap between two messages of a conversation."""
    returning_ratio: float = 0.08
    """Share of abandoning customers who come back (contact.resumed)."""
    survey_ratio: float = 0.3
    sale_ratio: float = 0.0
    sla: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of tickets: in how many seconds what is promised, by metric and priority."""
    repeat_days: int = 7
    """Within how many days a customer comes again."""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A team of seats with the same queues. A seat is staffed round the clock by three agents."""

    team: str
    seats: int
    queues: tuple[str, ...]
    capacity: Mapping[str, int] = field(default_factory=lambda: {VOICE: 1})


@dataclass(frozen=True, slots=True)
class CentreConfig:
    """A whole centre. Ratios and times that are the same for all agents stand here."""

    queues: tuple[QueuePlan, ...]
    pools: tuple[PoolPlan, ...]
    tenant: str = "default"
    shift_seconds: int = 8 * 3600
    break_every_seconds: float = 3600.0
    break_seconds: float = 360.0
    ring_seconds: float = 1.5
    ring_timeout_seconds: float = 15.0
    missed_ratio: float = 0.02
    rejected_ratio: float = 0.02
    heartbeat_seconds: tuple[float, float] = (10.0, 15.0)
    agent_ttl_seconds: int = 90
    source_heartbeat_seconds: float = 5.0
    warm_start: bool = True
    """Begin with the pools busy instead of an empty building."""

    def __post_init__(self) -> None:
        names = {queue.name for queue in self.queues}
        for pool in self.pools:
            unknown = set(pool.queues) - names
            if unknown:
                raise ValueError(f"pool {pool.team} serves unknown queues {sorted(unknown)}")
        for queue in self.queues:
            for target in (queue.transfer_to, queue.overflow_to):
                if target is not None and target not in names:
                    raise ValueError(f"queue {queue.name} sends contacts to unknown {target}")

    @property
    def seats(self) -> int:
        """Seats of all pools together."""
        return sum(pool.seats for pool in self.pools)

    def scaled(self, factor: int) -> "CentreConfig":
        """The same centre with `factor` times the demand and the seats."""
        return replace(
            self,
            queues=tuple(
                replace(
                    queue,
                    rate=queue.rate * factor,
                    max_waiting=queue.max_waiting and queue.max_waiting * factor,
                )
                for queue in self.queues
            ),
            pools=tuple(replace(pool, seats=pool.seats * factor) for pool in self.pools),
        )


def default_centre(tenant: str = "default") -> CentreConfig:
    """The demo's centre; its rates were set by measuring the occupancies they lead to."""
    queues = (
        QueuePlan(
            "billing",
            VOICE,
            rate=0.15,
            handle_seconds=52,
            wrapup_seconds=10,
            patience_seconds=180,
            swing=0.03,
            transfer_ratio=0.04,
            transfer_to="support",
            max_waiting=10,
            give_up_seconds=150,
            callback_ratio=0.2,
            callback_after_seconds=40,
            web_callback_ratio=0.02,
            hold_ratio=0.1,
        ),
        QueuePlan(
            "support",
            VOICE,
            rate=0.20,
            handle_seconds=55,
            wrapup_seconds=12,
            waits_for_wrapup=True,
            patience_seconds=110,
            lognormal_patience=True,
            transfer_ratio=0.06,
            transfer_to="billing",
        ),
        QueuePlan(
            "sales",
            VOICE,
            rate=0.10,
            handle_seconds=50,
            wrapup_seconds=8,
            patience_seconds=60,
            sale_ratio=0.2,
            swing=0.2,
            give_up_seconds=15,
            give_up_reason="overflow",
            overflow_to="support",
        ),
        QueuePlan(
            "web-chat",
            CHAT,
            rate=0.08,
            handle_seconds=100,
            wrapup_seconds=8,
            waits_for_wrapup=True,
            patience_seconds=150,
            service_level_seconds=60,
            short_abandon_seconds=10,
            give_up_seconds=180,
            bot_ratio=0.5,
            transfer_ratio=0.05,
            transfer_to="app-chat",
            hold_ratio=0.0,
            message_seconds=1.1,
        ),
        QueuePlan(
            "app-chat",
            CHAT,
            rate=0.038,
            handle_seconds=90,
            wrapup_seconds=6,
            patience_seconds=120,
            service_level_seconds=60,
            short_abandon_seconds=10,
            give_up_seconds=150,
            hold_ratio=0.0,
            sale_ratio=0.05,
            message_seconds=1.1,
        ),
        QueuePlan(
            "email",
            TICKET,
            rate=0.095,
            handle_seconds=40,
            service_level_seconds=None,
            short_abandon_seconds=None,
            swing=0.2,
            hold_ratio=0.0,
            sla={
                "first_response": {"urgent": 60, "high": 90, "normal": 120, "low": 180},
                "next_response": {"urgent": 60, "high": 90, "normal": 120},
                "resolution": {"urgent": 300, "high": 600, "normal": 900, "low": 1200},
            },
        ),
    )
    pools = (
        PoolPlan("billing", 8, ("billing",)),
        PoolPlan("support", 16, ("support",)),
        PoolPlan("sales", 8, ("sales", "support")),
        PoolPlan("blended", 6, ("sales", "web-chat"), {VOICE: 1, CHAT: 2}),
        PoolPlan("chat", 12, ("web-chat", "app-chat"), {CHAT: 3}),
        PoolPlan("desk", 10, ("email",), {TICKET: 1}),
    )
    return CentreConfig(queues=queues, pools=pools, tenant=tenant)
