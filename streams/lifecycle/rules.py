"""Stage 2: a queue's settings as the lifecycle needs them, in integer milliseconds.

Built once from the settings; the lifecycle never reads a configuration itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
#: Due time of a deadline that does not exist: later than any event (year 2100 is 4.1e12).
NEVER = 1 << 60
HORIZON_MS = 4 * HOUR_MS
#: An entity whose last event is this old is forgotten.
FORGET_MS = 90 * DAY_MS
#: Clock skew that an answer may show before its enqueue.
SKEW_MS = 5_000
#: How long an agent's snapshot without `ttl_seconds` holds.
SNAPSHOT_MS = 24 * HOUR_MS


T = TypeVar("T")


def in_force(first: T, later: Iterable[tuple[int, T]], at: int) -> T:
    """Of versions through time, the last that began by `at` (ms); `first` has always been."""
    found = first
    for since, version in later:
        if since > at:
            break
        found = version
    return found


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """One (queue, channel)'s rules; times in ms; None: the rule does not apply.

    `later`: the rules from later instants (ms) on, in order of time. A visit keeps those that were
    in force when it was enqueued, so that a change does not rewrite what has been.
    """

    threshold_ms: int | None = 20_000
    short_ms: int | None = 5_000
    wrapup: bool = False
    wrapup_cap_ms: int = 900_000
    max_wait_ms: int | None = 4 * HOUR_MS
    max_handle_ms: int | None = 12 * HOUR_MS
    silent_ms: int | None = None
    later: tuple[tuple[int, "QueuePolicy"], ...] = ()

    def at(self, at: int) -> "QueuePolicy":
        """The rules in force at `at` (ms)."""
        return in_force(self, self.later, at)


#: The contract's defaults by channel, for queues that no configuration names.
DEFAULTS = {
    "voice": QueuePolicy(),
    "chat": QueuePolicy(threshold_ms=60_000, short_ms=10_000),
    "ticket": QueuePolicy(threshold_ms=None, short_ms=None, max_wait_ms=None, max_handle_ms=None),
}


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules of every configured queue, by (tenant, queue, channel), and what holds for all."""

    queues: dict[tuple[str, str, str], QueuePolicy]
    horizon_ms: int = HORIZON_MS
    max_queues: int = 2_000

    def of(self, tenant: str, queue: str, channel: str) -> QueuePolicy:
        """The queue's own rules, or its channel's defaults."""
        return self.queues.get((tenant, queue, channel)) or DEFAULTS[channel]
