"""The demo's proof: what the worker counted beside what the simulator knows to have happened.

In: interval records, and the simulator's truth, which never looks at an event. Out: every figure
that differs. The intervals of a queue add up to all of its life, so the sums must be equal.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Place = tuple[str, str, str]

#: Those that are fixed once the events are: no clock decides them after the simulator has ended.
COMPARED = (
    "offered", "blocked", "answered", "abandoned", "short_abandoned", "flowed_out", "handled",
    "transferred", "answered_in_threshold", "abandoned_in_threshold", "answered_wait_seconds",
    "abandoned_wait_seconds", "closed_wait_seconds", "talk_seconds", "hold_seconds",
    "tickets_opened", "first_responses", "tickets_resolved", "tickets_reopened",
)  # fmt: skip


def sums(intervals: Iterable[Mapping[str, Any]]) -> dict[Place, dict[str, float]]:
    """Each compared figure over all intervals of each queue; seconds to 3 decimals."""
    total: dict[Place, dict[str, float]] = {}
    for record in intervals:
        place = (record["tenant"], record["queue"], record["channel"])
        into = total.setdefault(place, dict.fromkeys(COMPARED, 0))
        for name in COMPARED:
            into[name] = round(into[name] + record["figures"][name], 3)
    return total


def differences(
    truth: Mapping[str, Any], counted: Mapping[Place, Mapping[str, float]]
) -> list[str]:
    """One line for each figure that is not what really happened; empty = all agree."""
    found = []
    for row in truth["queues"]:
        place = (row["tenant"], row["queue"], row["channel"])
        for name in COMPARED:
            ours = counted.get(place, {}).get(name, 0)
            if ours != row[name]:
                found.append(f"{row['queue']} {name}: counted {ours}, really {row[name]}")
    return found
