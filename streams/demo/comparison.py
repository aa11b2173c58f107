"""The demo's proof: what the worker counted beside what the simulator knows to have happened.

In: interval records, and the simulator's truth, which never looks at an event. Out: every figure
that differs. The intervals of a queue add up to all of its life, so the sums must be equal.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from streams.contract.fields import Field, leaves_of
from streams.contract.figures import Figures
from streams.contract.words import SLA_METRICS, QueueKey

#: What time alone decides: it goes on for the worker after the simulator has ended. What it decides
#: after days, no demo lives to see: that is compared.
CLOCKED: Final = frozenset(
    {
        "chat.channel_agent_seconds",
        "chat.contact_seconds",
        "connected_seconds",
        "flowed_out_in_threshold",
        "handling_agent_seconds",
        "limit_decided",
        "abandoned_unmeasured",
        "orphaned",
        "orphans_recovered",
        "silent_abandoned",
        "slot_busy_seconds",
        "slot_capacity_seconds",
        "staffed_agent_seconds",
        "threshold_decided",
        "waited_over_limit",
        "waiting_seconds",
        "wrapup_seconds",
        "wrapups_reported",
        "wrapups_unreported",
        "customers.failed_again",
        *(
            f"ticket.{of}.{metric}.{what}"
            for metric in SLA_METRICS
            for of, what in (
                ("sla", "breached"),
                ("sla", "breached_by_priority"),
                ("complaints.sla", "breached"),
            )
        ),
    }
)
#: Parts whose figures by word are compared too, each word by itself.
_BY_WORD: Final = frozenset({"surveys", "sales", "followups", "ticket"})


def _compared(path: tuple[str, ...], field: Field) -> list[str]:
    name = ".".join(path)
    if not field.each:
        return [name]
    return [f"{name}.{word}" for word in field.each] if path[0] in _BY_WORD else []


#: All other figures that add up: they are fixed once the events are. Those of parts with a dot.
COMPARED: Final = tuple(
    name
    for path, field in leaves_of(Figures)
    if field.additive and not field.by_name and ".".join(path) not in CLOCKED
    for name in _compared(path, field)
)


def sums(intervals: Iterable[Mapping[str, Any]]) -> dict[QueueKey, dict[str, float]]:
    """Each compared figure over all intervals of each queue; seconds to 3 decimals."""
    total: dict[QueueKey, dict[str, float]] = {}
    for record in intervals:
        queue_key = (record["tenant"], record["queue"], record["channel"])
        into = total.setdefault(queue_key, dict.fromkeys(COMPARED, 0))
        for name in COMPARED:
            into[name] = round(into[name] + value_of(record["figures"], name), 3)
    return total


def differences(
    truth: Mapping[str, Any], counted: Mapping[QueueKey, Mapping[str, float]]
) -> list[str]:
    """One line for each figure that is not what really happened; empty = all agree."""
    found = []
    for row in truth["queues"]:
        queue_key = (row["tenant"], row["queue"], row["channel"])
        for name in COMPARED:
            ours = counted.get(queue_key, {}).get(name, 0)
            really = value_of(row, name)
            if ours != really:
                found.append(f"{row['queue']} {name}: counted {ours}, really {really}")
    return found


def value_of(figures: Mapping[str, Any], name: str) -> float:
    """A figure by its dotted name; 0 of a part that the channel lacks."""
    value: Any = figures
    for key in name.split("."):
        value = 0 if not value else value[key]
    return float(value) if isinstance(value, float) else int(value)
