"""How the truth of a simulation is held against figures in the contract's words."""

from typing import Any

from streams.contract.fields import fields_of, part_of
from streams.contract.figures import Figures
from streams.simulate import Centre, default_centre

START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
MINUTE_MS = 60_000

#: The books of the simulator have no visit whose end was lost, and no ticket that leaves.
NOT_IN_BOOKS = {
    "orphaned",
    "orphans_recovered",
    "abandoned_unmeasured",
    "wrapups_reported",
    "wrapups_unreported",
    "tickets_left",
}
#: Parts of the figures that the books keep; another is null or not theirs.
PARTS = ("bot", "chat", "callbacks", "surveys", "sales", "followups", "customers")
#: Every figure that is exact and adds up, and the one ratio that the books keep themselves.
COMPARED = (
    *(name for name, field in fields_of(Figures).items() if field.additive),
    "occupancy_ratio",
)


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
            "sla": told["sla"],
            "repeat_days": told["repeat_days"],
            **{
                field: told[field]
                for field in ("service_level_seconds", "short_abandon_seconds")
                if told[field] is not None
            },
        }
        for name, told in truth["settings"].items()
    ]


def known_of(truth: Any, figures: Any) -> Any:
    """Of a part of the figures what the books know too."""
    if not isinstance(truth, dict):
        return figures
    return {name: known_of(value, figures[name]) for name, value in truth.items()}


def differences(row: dict[str, Any], figures: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the truth and the figures do not agree on: name → (truth, figure)."""
    found = {}
    for name in COMPARED:
        if name in NOT_IN_BOOKS:
            continue
        ours = figures[name]
        if name in ("flowed_out_reasons", "blocked_reasons"):
            ours = {reason: count for reason, count in ours.items() if count}
        if row[name] != ours:
            found[name] = (row[name], ours)
    told = row.get("ticket")
    if told is not None and told != known_of(told, figures["ticket"]):
        found["ticket"] = (told, figures["ticket"])
    for part in PARTS:
        if figures[part] is not None:
            struct = part_of(fields_of(Figures)[part])
            assert struct is not None
            found |= {
                f"{part}.{name}": (row[part][name], figures[part][name])
                for name, field in fields_of(struct).items()
                if field.additive and row[part][name] != figures[part][name]
            }
    return found
