"""The oracle's agents: each source's word is a span of time; time is cut wherever a span ends.

In: the ordered snapshots of one (tenant, agent_id). Out: level changes in a `Result`, a pair (from,
until) for each slice between two cuts, queue and channel; `_all` among the queues, so that an agent
is there once. Within a slice nothing changes: what holds there is said of all sources together.
"""

from dataclasses import dataclass

HOUR_MS = 3_600_000
NO_WORD_MS = 16 * HOUR_MS
KEEP_MS = 90 * 24 * HOUR_MS
MAX_SOURCES = 4
FOREVER = 1 << 62
STATES = ("error", "on_contact", "wrapup", "ringing", "break", "available", "unknown", "offline")
AGENT_LEVELS = ("handling_agent", "staffed_agent", "slot_busy", "slot_capacity")


@dataclass
class Span:
    """A word of one source: it holds from `begin` until `end`, at the latest until `void_at`."""

    begin: int
    void_at: int
    word: dict
    end: int = FOREVER


def tell_agent(entity, events, now: int, result) -> None:
    """The agent's levels up to `now` are in `result`."""
    _, tenant, _ = entity
    spans = spans_of(events, now, result.anomalies)
    cuts = sorted({edge for span in spans for edge in (span.begin, span.end)} - {FOREVER})
    for begin, end in zip(cuts, [*cuts[1:], FOREVER], strict=True):
        words = [span.word for span in spans if span.begin <= begin < span.end]
        if words:
            write(tenant, begin, end, together(words), result)
            continue
        # Nobody's word holds: the agent is unknown where the last one was, much later gone.
        result.anomalies["agent_unknown"] += 1
        last = [event for event in events if event["occurred_at"] <= begin][-1]
        gone_at = last["occurred_at"] + KEEP_MS
        until = gone_at if gone_at < min(end, now) else end
        write(tenant, begin, until, {place: {"unknown": 1} for place in places(last)}, result)


def spans_of(events, now: int, anomalies) -> list[Span]:
    """Every word that held for a time: until its source's next one, its own end, or its fall."""
    spans: list[Span] = []
    for event in events:
        at, source, ttl = event["occurred_at"], event["source"], event.get("ttl_seconds")
        # A deadline happens if it lies before the next word and before now, never at them.
        living = {s.word["source"]: s for s in spans if s.end == FOREVER and s.void_at >= at}
        if source in living:
            living[source].end = at
        elif len(living) == MAX_SOURCES:
            _, oldest = min((span.begin, name) for name, span in living.items())
            living[oldest].end = at
            anomalies["source_dropped"] += 1
        spans.append(Span(at, at + (NO_WORD_MS if ttl is None else ttl * 1000), event))
    for span in spans:
        if span.end == FOREVER and span.void_at < now:
            span.end = span.void_at
    return [span for span in spans if span.begin < span.end]


def write(tenant: str, begin: int, end: int, held: dict, result) -> None:
    """Every level of one slice, for each queue and channel it concerns."""
    for (queue, channel), levels in held.items():
        for level, amount in levels.items():
            name = f"agents.{level}" if level in STATES else level
            if amount:
                result.levels.append((begin, tenant, queue, channel, name, amount))
                if end != FOREVER:
                    result.levels.append((end, tenant, queue, channel, name, -amount))


def places(word: dict) -> set[tuple[str, str]]:
    """(queue, channel) of each record that a word puts its agent in."""
    queues = {"_all", *(word.get("queues") or [])}
    return {(queue, channel) for queue in queues for channel, n in capacity(word).items() if n >= 1}


def capacity(word: dict) -> dict[str, int]:
    given = word.get("capacity")
    return {"voice": 1} if given is None else given


def count(word: dict, what: str, channel: str) -> int:
    return (word.get(what) or {}).get(channel, 0)


def has(word: dict, what: str) -> bool:
    return any(n > 0 for n in (word.get(what) or {}).values())


def is_busy(word: dict) -> bool:
    return has(word, "handling") or has(word, "wrapping")


def together(words: list[dict]) -> dict[tuple[str, str], dict[str, int]]:
    """The levels of each place while all these sources' words hold."""
    return {
        place: levels_at(place, words) for place in {one for word in words for one in places(word)}
    }


def levels_at(place: tuple[str, str], words: list[dict]) -> dict[str, int]:
    """What an agent is in one place: of the sources that name it, and busy by any of all."""
    channel = place[1]
    members = [word for word in words if place in places(word)]
    # One mouth: two telephone systems show one call. Chats and tickets are done side by side.
    both = max if channel == "voice" else sum
    active = [word for word in members if word["state"] == "available" or is_busy(word)]
    used = both([count(w, "handling", channel) + count(w, "wrapping", channel) for w in members])
    slots = both([capacity(word)[channel] for word in active] or [0])
    if any(has(word, "handling") for word in words):
        shown = "on_contact"
    elif any(has(word, "wrapping") for word in words):
        shown = "wrapup"
    elif any(word.get("ringing") for word in words):
        shown = "ringing"
    else:
        said = {word["state"] for word in members}
        shown = next(s for s in ("error", "break", "available", "offline") if s in said)
    busy = any(map(is_busy, words))
    return {
        shown: 1,
        "staffed_agent": int(slots >= 1),
        "slot_capacity": slots,
        "handling_agent": int(busy and slots >= 1),
        "slot_busy": min(used, slots),
    }
