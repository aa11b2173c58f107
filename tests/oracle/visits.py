"""The oracle's visits: what one visit counts for, by definition, from its finished facts alone.

In: a `Visit` with the times at which things happened to it. Out: its contributions (time, name,
amount; sums in ms) and its level changes (time, level, ±n). No visit knows of another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class Visit:
    """One stay in one queue; every time in epoch ms, None = has not happened."""

    queue: str
    inbound: bool
    settings: dict
    enqueued_at: int
    customer_active_at: int
    left_at: int | None = None  # the wait closed: answered, abandoned, flowed out, orphaned
    outcome: str | None = None
    reason: str | None = None
    silent: bool = False
    left_by_deadline: bool = False
    disconnected_at: int | None = None
    handled_at: int | None = None
    transferred: bool = False
    answer_agent: str | None = None
    close_agent: str | None = None
    holds: list[list[int]] = field(default_factory=list)  # [from, until]; until -1 = still held
    wrapups: list[tuple[int, int]] = field(default_factory=list)  # (booked at, ms)
    offers: list[tuple[int, str]] = field(default_factory=list)
    rings: list[list] = field(default_factory=list)  # [agent, from, until or None]

    @property
    def waiting(self) -> bool:
        return self.left_at is None

    @property
    def connected(self) -> bool:
        return self.outcome == "answered" and self.disconnected_at is None

    @property
    def threshold_at(self) -> int | None:
        threshold = self.settings["threshold_ms"]
        return None if threshold is None else self.enqueued_at + threshold

    def ringing_agents(self) -> set[str]:
        return {agent for agent, _, until in self.rings if until is None}

    def leave(self, at: int, outcome: str, reason: str | None = None) -> None:
        self.left_at, self.outcome, self.reason = at, outcome, reason
        for ring in self.rings:
            ring[2] = at if ring[2] is None else ring[2]

    def disconnect(self, at: int) -> None:
        self.disconnected_at = at
        if self.holds and self.holds[-1][1] < 0:
            self.holds[-1][1] = at


def decided_at(visit: Visit, now: int) -> tuple[int | None, bool]:
    """(instant at which the service level of the visit is decided, whether by leaving in time)."""
    limit, left = visit.threshold_at, visit.left_at
    if limit is None:
        return None, False
    if left is not None and visit.outcome != "orphaned":
        in_time = left < limit or (left == limit and not visit.left_by_deadline)
        if in_time:
            return left, True
    passed = left >= limit if left is not None else limit < now
    return (limit, False) if passed else (None, False)


def contributions_of(visit: Visit, now: int) -> Iterator[tuple[int, str, int]]:
    """(time, name, amount) of all a finished or unfinished visit counts for; sums in ms."""
    yield visit.enqueued_at, "offered", 1
    decided, in_time = decided_at(visit, now)
    if decided is not None:
        yield decided, "threshold_decided", 1
        if in_time:
            yield decided, f"{visit.outcome}_in_threshold", 1
    left = visit.left_at
    if left is not None and visit.outcome is not None:
        wait = left - visit.enqueued_at
        yield left, visit.outcome, 1
        if visit.outcome != "orphaned":
            yield left, "closed_wait_ms", wait
        if visit.outcome in ("answered", "abandoned"):
            yield left, f"{visit.outcome}_wait_ms", wait
        if visit.outcome == "answered":
            yield left, "offers.accepted", 1
        if visit.outcome == "flowed_out":
            yield left, f"flowed_out_reasons.{visit.reason}", 1
        short = visit.settings["short_ms"]
        if visit.outcome == "abandoned" and short is not None and wait <= short:
            yield left, "short_abandoned", 1
        if visit.outcome == "abandoned" and visit.silent:
            yield left, "silent_abandoned", 1
    for at, outcome in visit.offers:
        yield at, f"offers.{outcome}", 1
    if visit.handled_at is not None and left is not None and visit.disconnected_at is not None:
        held = sum(until - since for since, until in visit.holds)
        yield visit.handled_at, "handled", 1
        yield visit.handled_at, "hold_ms", held
        yield visit.handled_at, "talk_ms", visit.disconnected_at - left - held
        if visit.transferred:
            yield visit.handled_at, "transferred", 1
    for at, lasted in visit.wrapups:
        yield at, "wrapup_ms", lasted


def levels_of(visit: Visit, now: int) -> Iterator[tuple[int, str, int]]:
    """(time, level, ±n) of the visit: waiting, waiting_over_threshold, ringing, handling."""
    spans: list[tuple[str, int, int | None]] = [("waiting", visit.enqueued_at, visit.left_at)]
    decided, in_time = decided_at(visit, now)
    if decided is not None and not in_time:
        spans.append(("waiting_over_threshold", decided, visit.left_at))
    if visit.outcome == "answered" and visit.left_at is not None:
        spans.append(("handling", visit.left_at, visit.disconnected_at))
    for level, since, until in spans:
        yield since, level, 1
        if until is not None:
            yield until, level, -1
    # Several agents ringing at once are one ringing visit: the union of their spans.
    covered = visit.enqueued_at
    for _, since, until in sorted(visit.rings, key=lambda ring: ring[1]):
        begin = max(since, covered)
        if until is None:
            yield begin, "ringing", 1
            return
        if until > begin:
            yield begin, "ringing", 1
            yield until, "ringing", -1
            covered = until
