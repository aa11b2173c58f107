"""How the truth of a simulation is held against figures in the contract's words."""

from typing import Any

from streams.simulate import Centre, default_centre

START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
MINUTE_MS = 60_000

COMPARED = (
    "offered", "blocked", "answered", "abandoned", "short_abandoned", "silent_abandoned",
    "flowed_out", "handled", "transferred", "threshold_decided", "answered_in_threshold",
    "abandoned_in_threshold", "flowed_out_in_threshold", "answered_wait_seconds",
    "abandoned_wait_seconds", "closed_wait_seconds", "talk_seconds", "hold_seconds",
    "wrapup_seconds", "waiting_seconds", "handling_agent_seconds", "staffed_agent_seconds",
    "slot_busy_seconds", "slot_capacity_seconds", "occupancy_ratio", "offers", "tickets_opened",
    "first_responses", "first_response_seconds", "tickets_resolved", "resolution_seconds",
    "tickets_reopened",
)  # fmt: skip


def run_centre(
    seed: int = 1, minutes: int = 30, tenant: str = "default"
) -> tuple[Centre, list[dict[str, Any]]]:
    """A centre that has lived its minutes, and its events."""
    centre = Centre(default_centre(tenant), seed)
    return centre, list(centre.run(START_MS, START_MS + minutes * MINUTE_MS))


def queue_settings(truth: dict[str, Any]) -> list[dict[str, Any]]:
    """A centre's settings, from its truth, as `[[queues]]` of a configuration file."""
    return [
        {
            "tenant": truth["tenant"],
            "name": name,
            "channels": [told["channel"]],
            "wrapup": told["wrapup"],
            **{
                field: told[field]
                for field in ("service_level_seconds", "short_abandon_seconds")
                if told[field] is not None
            },
        }
        for name, told in truth["settings"].items()
    ]


def differences(row: dict[str, Any], figures: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the truth and the figures do not agree on: name → (truth, figure)."""
    found = {name: (row[name], figures[name]) for name in COMPARED if row[name] != figures[name]}
    reasons = {name: count for name, count in figures["flowed_out_reasons"].items() if count}
    if row["flowed_out_reasons"] != reasons:
        found["flowed_out_reasons"] = (row["flowed_out_reasons"], reasons)
    return found
