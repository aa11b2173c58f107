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
#: How long an agent may stay in a state, in seconds, where the queue does not say.
LIMITS = {"error": 120, "on_contact": 7_200, "wrapup": 900, "ringing": 60, "break": 3_600}
STATES = ("error", "on_contact", "wrapup", "ringing", "break", "available", "unknown", "offline")
AGENT_LEVELS = (
    *("handling_agent", "staffed_agent", "slot_busy", "slot_capacity"),
    *("agent_contacts", "channel_agent"),
)


@dataclass
class Span:
    """A word of one source: it holds from `begin` until `end`, at the latest until `void_at`.

    `first` and `last`: the places of the events that began it and ended it. `said_since`: since
    when the source has said this state, for this reason, without a break between its words.
    """

    begin: int
    void_at: int
    word: dict
    first: int
    said_since: int
    end: int = FOREVER
    last: int = FOREVER


def tell_agent(entity, events, now: int, oracle, result) -> None:
    """The agent's levels up to `now` are in `result`."""
    _, tenant, agent = entity
    every = every_span_of(events, now, result.anomalies)
    told = moments(events, every)
    tell_stuck(tenant, told, now, oracle, result)
    if now <= events[-1]["occurred_at"] + KEEP_MS:
        result.standing[tenant, agent] = standing(told, every)
    spans = [span for span in every if span.begin < span.end]
    cuts = sorted({edge for span in spans for edge in (span.begin, span.end)} - {FOREVER})
    for begin, end in zip(cuts, [*cuts[1:], FOREVER], strict=True):
        held = [span for span in spans if span.begin <= begin < span.end]
        if held:
            write(tenant, begin, end, together([span.word for span in held]), result)
            write(tenant, begin, end, breaks_of(tenant, held, oracle), result)
            own = own_state([span.word for span in held])
            if own is not None:
                result.agent_states.append((begin, end, tenant, agent, own))
            continue
        # Nobody's word holds: the agent is unknown where the last one was, much later gone.
        result.anomalies["agent_unknown"] += 1
        last = [event for event in events if event["occurred_at"] <= begin][-1]
        gone_at = last["occurred_at"] + KEEP_MS
        until = gone_at if gone_at < min(end, now) else end
        write(tenant, begin, until, {place: {"unknown": 1} for place in places(last)}, result)
        if places(last):
            result.agent_states.append((begin, until, tenant, agent, "unknown"))


def moments(events, spans) -> list[tuple[int, list[dict], dict | None]]:
    """(time, words that hold from then on, the event that says so) of all that changes them.

    Several events of one instant are several moments; a word that ends by itself ends after them.
    """
    found = []
    for place, event in enumerate(events):
        at = event["occurred_at"]
        holding = [s for s in spans if s.first <= place < s.last and s.void_at >= at]
        found.append((at, 0, [s.word for s in holding], event))
    ends = {s.end for s in spans if s.last == FOREVER} - {FOREVER}
    found += [(at, 1, [s.word for s in spans if s.begin <= at < s.end], None) for at in ends]
    in_time = sorted(found, key=lambda moment: moment[:2])
    return [(at, words, event) for at, _, words, event in in_time]


def tell_stuck(tenant: str, told, now: int, oracle, result) -> None:
    """Where the agent is in one state for longer than the queue's limit, and since when."""
    since_of: dict[str, int] = {}
    for (at, words, event), until in zip(told, [*(m[0] for m in told[1:]), FOREVER], strict=True):
        shown = {place: shown_at(place, words) for place in together(words)} if words else {}
        before, since_of = since_of, {}
        for state in set(shown.values()):
            since = event.get("since") if event and event["state"] == state else None
            begun = since if since and since <= at else at
            since_of[state] = before.get(state, begun)
        for (queue, channel), state in shown.items():
            own = {name for name, where in shown if where == channel and name != "_all"}
            names = own if queue == "_all" and own else {queue}
            limits = [oracle.limit(tenant, name, channel, state, since_of[state]) for name in names]
            if all(limit is None for limit in limits):
                continue
            over = since_of[state] + min(limit for limit in limits if limit is not None)
            # A limit is a deadline: it passes after the events of its instant, and before now.
            if over >= at and not over < min(now, until):
                continue
            begin = max(over, at)
            about = (tenant, queue, channel, f"stuck.{state}")
            result.levels.append((begin, *about, 1))
            if until != FOREVER:
                result.levels.append((until, *about, -1))
            else:
                result.stuck.append((tenant, queue, channel, since_of[state]))


def standing(told, spans: list[Span]) -> dict:
    """How the agent stands after all of it: in which state, since when, of a break also why."""
    state: str | None = None
    since, latest = None, told[0][2]
    for at, words, event in told:
        latest = latest if event is None else event
        unknown = "unknown" if places(latest) else None
        before, state = state, own_state(words) if words else unknown
        if state != before:
            said_at = event.get("since") if event and event["state"] == state else None
            since = said_at if said_at and said_at <= at else at
    if state is None:
        since = None
    held = [span for span in spans if span.end == FOREVER and places(span.word)]
    breaks = [span for span in held if span.word["state"] == "break"]
    first = min(((s.said_since, said(s.word)[1]) for s in breaks), default=(0, ""))
    reason = (first[1] or None) if state == "break" else None
    return {"state": state, "since_at": since, "reason": reason}


def every_span_of(events, now: int, anomalies) -> list[Span]:
    """Every word: until its source's next one, its own end, or its fall."""
    spans: list[Span] = []
    for place, event in enumerate(events):
        at, source, ttl = event["occurred_at"], event["source"], event.get("ttl_seconds")
        # A deadline happens if it lies before the next word and before now, never at them.
        living = {s.word["source"]: s for s in spans if s.end == FOREVER and s.void_at >= at}
        said_since = at
        if source in living:
            before = living[source]
            before.end, before.last = at, place
            if said(before.word) == said(event):
                said_since = before.said_since
        elif len(living) == MAX_SOURCES:
            _, oldest = min((span.begin, name) for name, span in living.items())
            living[oldest].end, living[oldest].last = at, place
            anomalies["source_dropped"] += 1
        void_at = at + (NO_WORD_MS if ttl is None else ttl * 1000)
        spans.append(Span(at, void_at, event, place, said_since))
    for span in spans:
        if span.end == FOREVER and span.void_at < now:
            span.end = span.void_at
    return spans


def spans_of(events, now: int, anomalies) -> list[Span]:
    """Every word that held for a time."""
    return [span for span in every_span_of(events, now, anomalies) if span.begin < span.end]


def write(tenant: str, begin: int, end: int, held: dict, result) -> None:
    """Every level of one slice, for each queue and channel it concerns."""
    for (queue, channel), levels in held.items():
        for level, amount in levels.items():
            name = f"agents.{level}" if level in STATES else level
            if amount:
                result.levels.append((begin, tenant, queue, channel, name, amount))
                if end != FOREVER:
                    result.levels.append((end, tenant, queue, channel, name, -amount))


def said(word: dict) -> tuple[str, str]:
    """The state, and of a break why."""
    reason = (word.get("reason") or "").strip().lower()
    return word["state"], reason if word["state"] == "break" else ""


def breaks_of(tenant: str, spans: list[Span], oracle) -> dict[tuple[str, str], dict[str, int]]:
    """Where the agent is shown on a break, and why: for a reason that the queue listed, or other.

    Of several breaks the first that began; the list is that of the time when it did. In `_all` it
    is enough that one of the agent's queues lists the reason.
    """
    words = [span.word for span in spans]
    found = {}
    everywhere = {place for word in words for place in places(word)}
    for place in everywhere:
        if shown_at(place, words) != "break":
            continue
        queue, channel = place
        since, reason = min(
            (span.said_since, said(span.word)[1])
            for span in spans
            if span.word["state"] == "break" and place in places(span.word)
        )
        own = [name for name, where in everywhere if where == channel and name != "_all"]
        lists = [
            oracle.settings(tenant, name, channel, since)["break_reasons"]
            for name in (own if queue == "_all" else [queue])
        ]
        listed = any(reason in each for each in lists)
        found[place] = {f"breaks.{reason if listed else 'other'}": 1}
    return found


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
    busy = any(map(is_busy, words))
    chats = sum(count(word, "handling", channel) for word in members) if channel == "chat" else 0
    return {
        shown_at(place, words): 1,
        "staffed_agent": int(slots >= 1),
        "slot_capacity": slots,
        "handling_agent": int(busy and slots >= 1),
        "slot_busy": min(used, slots),
        "agent_contacts": chats,
        "channel_agent": int(chats > 0),
    }


def shown_at(place: tuple[str, str], words: list[dict]) -> str:
    """The one state an agent is counted in: what it does anywhere, or what is said there."""
    return state_of({word["state"] for word in words if place in places(word)}, words)


def own_state(words: list[dict]) -> str | None:
    """The agent's own state: what it does, or what any source that gives it a slot says."""
    said = {word["state"] for word in words if places(word)}
    return state_of(said, words) if said else None


def state_of(said: set[str], words: list[dict]) -> str:
    """What an agent does by any of the words, else the gravest of what is said."""
    if any(has(word, "handling") for word in words):
        return "on_contact"
    if any(has(word, "wrapping") for word in words):
        return "wrapup"
    if any(word.get("ringing") for word in words):
        return "ringing"
    return next(s for s in ("error", "break", "available", "offline") if s in said)
