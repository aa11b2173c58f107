"""What agents of the simulated centre really spent their time on.

In: calls from the floor before a state changes, in integer milliseconds. Out: seconds in the words
of the records. Invariant: as in `truth.py`: nothing here looks at an event or at the engine.
"""

from fractions import Fraction
from typing import Any

AGENT_STATES = (
    "error", "on_contact", "wrapup", "ringing", "break", "available", "unknown", "offline",
)  # fmt: skip


class AgentSeconds:
    """Milliseconds of a pool's agents; a pool's are the sum of its agents'."""

    __slots__ = (
        "channel_ms", "contact_ms", "handling_ms", "slot_busy_ms", "slot_capacity_ms", "staffed_ms",
        "state_ms",
    )  # fmt: skip

    def __init__(self) -> None:
        self.contact_ms = self.channel_ms = 0
        """Chats in hand, by their time; and the time in which there was one."""
        self.handling_ms = self.staffed_ms = self.slot_busy_ms = self.slot_capacity_ms = 0
        self.state_ms = dict.fromkeys(AGENT_STATES, 0)

    def add(self, handling: int, staffed: int, slot_busy: int, slot_capacity: int) -> None:
        """Book times in ms."""
        self.handling_ms += handling
        self.staffed_ms += staffed
        self.slot_busy_ms += slot_busy
        self.slot_capacity_ms += slot_capacity

    def spend(self, state: str, ms: int) -> None:
        """Book time in the one state an agent is counted in."""
        self.state_ms[state] += ms

    def as_json(self) -> dict[str, Any]:
        """Seconds, and ratios that are None over nothing."""
        staffed = self.staffed_ms
        return {
            "handling_agent_seconds": self.handling_ms / 1000,
            "staffed_agent_seconds": staffed / 1000,
            "slot_busy_seconds": self.slot_busy_ms / 1000,
            "slot_capacity_seconds": self.slot_capacity_ms / 1000,
            "agent_state_seconds": {state: ms / 1000 for state, ms in self.state_ms.items()},
            # Its queues list no reasons for a break.
            "break_seconds": {"other": self.state_ms["break"] / 1000},
            "occupancy_ratio": (
                float(round(Fraction(self.handling_ms, staffed), 6)) if staffed else None
            ),
        }

    def chats_as_json(self) -> dict[str, float]:
        """Seconds of chats at a time, and of who had any."""
        return {
            "contact_seconds": self.contact_ms / 1000,
            "channel_agent_seconds": self.channel_ms / 1000,
        }
