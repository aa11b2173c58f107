"""The oracle's call-backs: what became of each call that was promised back.

In: the ordered events of one (tenant, contact_id) that may ask for a call back or try one. Out:
rows, levels and what is still owed in a `Result`. A request is written down as finished facts:
when it was asked for, which times were agreed, where it was, how it ended; each figure is read off
them at the end.
"""

from dataclasses import dataclass, field

DAY_MS = 86_400_000
CALLS = ("connected", "not_reached")

Place = tuple[str, str]  # queue, channel


@dataclass
class Request:
    """One call that was asked for; times in epoch ms."""

    asked_at: int
    known_at: int  # counted from here: later where only an attempt told of it
    agreed: list[tuple[int, int]] = field(default_factory=list)  # (said at, due at)
    places: list[tuple[int, Place]] = field(default_factory=list)  # (since, where)
    words: list[int] = field(default_factory=list)
    attempts: list[tuple[int, Place, str]] = field(default_factory=list)
    end: tuple[int, str] | None = None

    @property
    def place(self) -> Place:
        return self.places[-1][1]

    def due(self, at: int) -> int | None:
        """The time agreed, as it was known at an instant."""
        return max((due for said, due in self.agreed if said <= at), default=None)

    def last_word(self) -> int:
        return max(*self.words, *(due for _, due in self.agreed), self.known_at)


def asks(event: dict) -> bool:
    """Whether the event asks for a call back; who is called anyway asks for none."""
    inbound = event.get("direction", "inbound") != "outbound"
    out = event["type"] == "contact.flowed_out" and event["reason"] == "callback"
    return inbound and (out or event["type"] == "callback.requested")


def tell_callback(entity, events, now: int, oracle, result) -> None:
    """All requests of this contact are in `result`, as they stand at `now`."""
    _, tenant, _ = entity
    memory = oracle.callback_days * DAY_MS
    requests: list[Request] = []
    strays: list[tuple[int, Place, str]] = []  # attempts of which no request is known

    def remembered(at: int) -> Request | None:
        """The newest request, unless it is forgotten; what became of it by then is known."""
        if not requests:
            return None
        newest = requests[-1]
        over = newest.last_word() + memory
        if newest.end is None and over < at:
            newest.end = (over, "expired")
        return None if newest.end is not None and newest.end[0] + memory < at else newest

    for event in events:
        at, place = event["occurred_at"], (event["queue"], event["channel"])
        known = remembered(min(at, now))
        if asks(event):
            ask(event, at, place, known, requests, result)
        elif event["type"] == "callback.attempted":
            attempt(event, at, place, known, requests, strays, result)
    remembered(now)

    rows = [(at, place, f"attempted.{outcome}", 1) for at, place, outcome in strays]
    for request in requests:
        rows += counts_of(request)
        result.levels += [
            (at, tenant, *place, level, amount)
            for at, place, level, amount in levels_of(request, now)
        ]
        if request.end is None:
            result.callbacks.append((tenant, *request.place, request.asked_at))
        for _, place in request.places:
            result.used.add((tenant, *place))
    for at, place, name, amount in rows:
        result.contributions.append((at, tenant, *place, f"callbacks.{name}", amount))
        result.used.add((tenant, *place))


def ask(event, at: int, place: Place, known: Request | None, requests, result) -> None:
    due = event.get("due_at")
    if known is None or known.end is not None:
        known = Request(at, at, places=[(at, place)])
        requests.append(known)
    else:
        result.anomalies["callback_asked_again"] += 1
        agreed = known.due(at)
        if due is not None and agreed is not None and due <= agreed:
            due = None
    known.words.append(at)
    if due is not None:
        known.agreed.append((at, due))


def attempt(event, at: int, place: Place, known: Request | None, requests, strays, result) -> None:
    outcome, asked_at, due = event["outcome"], event.get("requested_at"), event.get("due_at")
    if known is None and asked_at is not None:
        if asked_at > at:
            result.anomalies["clamped"] += 1
        known = Request(min(asked_at, at), at, places=[(at, place)])
        known.agreed += [(at, due)] if due is not None else []
        requests.append(known)
    if known is None or known.end is not None:
        result.anomalies["callback_unknown" if known is None else "callback_ended"] += 1
        if outcome in CALLS:
            strays.append((at, place, outcome))
        return
    known.words.append(at)
    if place != known.place:
        known.places.append((at, place))
    if outcome in CALLS:
        known.attempts.append((at, place, outcome))
    if outcome == "connected":
        known.end = (at, "reached")
    elif outcome != "not_reached":
        known.end = (at, outcome)
    elif event.get("final"):
        known.end = (at, "given_up")


def counts_of(request: Request) -> list[tuple[int, Place, str, int]]:
    """(time, place, name, amount) of what the request counts for."""
    rows = [(request.known_at, request.places[0][1], "asked", 1)]
    rows += [(at, place, f"attempted.{outcome}", 1) for at, place, outcome in request.attempts]
    if request.end is not None:
        at, how = request.end
        rows.append((at, request.place, how, 1))
        if how == "reached":
            due = request.due(at)
            since = request.asked_at if due is None else max(request.asked_at, due)
            rows.append((at, request.place, "reach_count", 1))
            rows.append((at, request.place, "reach_ms", max(0, at - since)))
    return rows


def levels_of(request: Request, now: int) -> list[tuple[int, Place, str, int]]:
    """(time, place, level, ±n): owed until it ended, overdue from the time agreed."""
    ended = None if request.end is None else request.end[0]
    spans = [("callbacks_owed", request.known_at, ended)]
    for n, (said, due) in enumerate(request.agreed, 1):
        until = request.agreed[n][0] if n < len(request.agreed) else ended
        # A time agreed passes after the events of its instant, and before now.
        passed = due < said or (due < now and (until is None or due < until))
        if passed:
            spans.append(("callbacks_overdue", max(said, due), until))
    rows = []
    moves = [*(at for at, _ in request.places[1:]), None]
    for level, since, until in spans:
        for (begun, place), moved in zip(request.places, moves, strict=True):
            start = max(since, begun)
            stop = min((t for t in (until, moved) if t is not None), default=None)
            if stop is None or start < stop:
                rows.append((start, place, level, 1))
                if stop is not None:
                    rows.append((stop, place, level, -1))
    return rows
