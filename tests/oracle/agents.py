"""The oracle's agents: each snapshot is a span of time, and each span is written out whole.

In: the ordered snapshots of one (tenant, agent_id). Out: level changes in a `Result`, a pair (from,
until) for each span, queue and channel; `_all` among the queues, so that an agent is there once.
"""

HOUR_MS = 3_600_000
NO_WORD_MS = 24 * HOUR_MS
KEEP_MS = 90 * 24 * HOUR_MS
STATES = ("error", "on_contact", "wrapup", "ringing", "break", "available", "unknown", "offline")
AGENT_LEVELS = ("handling_agent", "staffed_agent", "slot_busy", "slot_capacity")


def tell_agent(entity, events, now: int, result) -> None:
    """The agent's levels up to `now` are in `result`."""
    _, tenant, _ = entity
    for number, snapshot in enumerate(events):
        since = snapshot["occurred_at"]
        ttl = snapshot.get("ttl_seconds")
        void_at = since + (NO_WORD_MS if ttl is None else ttl * 1000)
        gone_at = since + KEEP_MS
        following = events[number + 1]["occurred_at"] if number + 1 < len(events) else None
        # A deadline happens if it lies before the next word and before now, never at them.
        limit = now if following is None else min(following, now)
        spans = []
        if void_at < limit and void_at <= gone_at:
            spans.append((since, void_at, levels(snapshot)))
            ends = gone_at if gone_at < limit else following
            spans.append((void_at, ends, lambda _: {"agents.unknown": 1}))
        else:
            ends = gone_at if gone_at < limit else following
            spans.append((since, ends, levels(snapshot)))
        for begin, end, held in spans:
            write(tenant, snapshot, begin, end, held, result)


def write(tenant: str, snapshot: dict, begin: int, end: int | None, held, result) -> None:
    """Every level of one span, for each queue and channel it concerns."""
    for channel, slots in capacity(snapshot).items():
        if slots < 1:
            continue
        for queue in {"_all", *(snapshot.get("queues") or [])}:
            for level, amount in held(channel).items():
                if amount:
                    row = (tenant, queue, channel, level)
                    result.levels.append((begin, *row, amount))
                    if end is not None:
                        result.levels.append((end, *row, -amount))


def capacity(snapshot: dict) -> dict[str, int]:
    given = snapshot.get("capacity")
    return {"voice": 1} if given is None else given


def levels(snapshot: dict):
    """A function from channel to the levels this snapshot holds there."""
    handling = snapshot.get("handling") or {}
    wrapping = snapshot.get("wrapping") or {}
    in_contact = any(n > 0 for n in handling.values())
    in_wrapup = any(n > 0 for n in wrapping.values())
    busy = in_contact or in_wrapup
    staffed = busy or snapshot["state"] == "available"
    if snapshot["state"] == "error":
        shown = "error"
    elif in_contact:
        shown = "on_contact"
    elif in_wrapup:
        shown = "wrapup"
    elif snapshot.get("ringing"):
        shown = "ringing"
    else:
        shown = snapshot["state"]

    def held(channel: str) -> dict[str, int]:
        slots = capacity(snapshot)[channel]
        used = handling.get(channel, 0) + wrapping.get(channel, 0)
        return {
            f"agents.{shown}": 1,
            "handling_agent": int(busy),
            "staffed_agent": int(staffed),
            "slot_busy": min(used, slots),
            "slot_capacity": slots if staffed else 0,
        }

    return held
