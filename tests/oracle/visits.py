"""The oracle's visits: what one visit counts for, by definition, from its finished facts alone.

In: a `Visit` with the times at which things happened to it. Out: its contributions (time, name,
amount; sums in ms) and its level changes (time, level, ±n). No visit knows of another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HOPS = {1: "contacts", 2: "contacts_hopped", 3: "contacts_over_two"}


@dataclass(eq=False)
class Talk:
    """One unbroken conversation of a visit; times in epoch ms, None = has not happened."""

    began: int
    fell_at: int | None = None  # the level fell: somebody said the end, or the age gave it up
    until: int | None = None  # the end that somebody said
    booked_at: int | None = None  # the instant at which talk and hold count
    topic: str = ""  # what the contact was about, then
    agent: str | None = None  # whose leg it was, when its end was said
    #: Who had it before, and until when.
    earlier: list[tuple[int, str | None]] = field(default_factory=list)
    holds: list[list[int]] = field(default_factory=list)  # [from, until]; until -1 = still held

    @property
    def held(self) -> bool:
        return bool(self.holds) and self.holds[-1][1] < 0

    @property
    def held_ms(self) -> int:
        """How long the customer was on hold, once the conversation is over."""
        return sum(until - since for since, until in self.holds)

    def fall(self, at: int) -> None:
        """Nobody is connected any more; an open hold ends with the conversation."""
        self.fell_at = at
        if self.held:
            self.holds[-1][1] = at


@dataclass(eq=False)
class Visit:
    """One stay in one queue; every time in epoch ms, None = has not happened."""

    queue: str
    inbound: bool
    settings: dict
    enqueued_at: int  # the wait counts from here
    customer_active_at: int
    offered_at: int  # where it is counted: later than the entry that was learnt only afterwards
    stood: bool = True  # it was seen waiting: in the depth, with a threshold that may pass
    measured: bool = True  # its wait is known
    decides: bool = True  # the threshold may be decided by it
    continues: bool = False
    resumed: bool = False
    called_back: bool = False  # the customer does not hang on the line: no figure of waiting
    left_at: int | None = None  # the wait closed: answered, abandoned, flowed out
    outcome: str | None = None
    reason: str | None = None
    silent: bool = False
    left_by_deadline: bool = False
    orphaned_at: int | None = None
    handled_at: int | None = None
    transferred_at: int | None = None
    agent: str | None = None
    former: str | None = None
    talks: list[Talk] = field(default_factory=list)
    accepted_by: str | None = None  # who answered, when it was answered
    #: (booked at, ms, topic, whose leg it was)
    wrapups: list[tuple[int, int, str, str | None]] = field(default_factory=list)
    coming: Any = None  # of a customer
    left_about: str = ""  # its topic when it left, and so on
    orphaned_about: str = ""
    handled_about: str = ""
    given_up_at: int | None = None  # its wrap-up was awaited until then
    waited_before: int = 0  # ms that the customer had waited in earlier visits, when it left
    first_answer: tuple[int, int] | None = None  # of the contact: at, ms since its arrival
    hop: int = 0  # its number among the contact's visits that count
    laps: list[int] = field(default_factory=list)
    offers: list[tuple[int, str, str]] = field(default_factory=list)  # at, outcome, agent
    rings: list[list] = field(default_factory=list)  # [agent, from, until or None]

    @property
    def waiting(self) -> bool:
        return self.left_at is None and self.orphaned_at is None

    @property
    def connected(self) -> bool:
        return bool(self.talks) and self.talks[-1].fell_at is None

    @property
    def stopped_waiting_at(self) -> int | None:
        return self.left_at if self.orphaned_at is None else self.orphaned_at

    @property
    def short(self) -> bool:
        """Whether it left too soon to tell anything, if it was abandoned."""
        short = self.settings["short_ms"]
        if self.left_at is None or short is None or not self.measured or self.continues:
            return False
        return self.left_at - self.enqueued_at <= short

    def due(self, name: str) -> int | None:
        """When a limit of its queue (`threshold_ms`, `limit_ms`) is over for it."""
        limit = self.settings[name]
        return None if limit is None else self.enqueued_at + limit

    def ringing_agents(self) -> set[str]:
        return {agent for agent, _, until in self.rings if until is None}

    def stop_ringing(self, at: int) -> None:
        for ring in self.rings:
            ring[2] = at if ring[2] is None else ring[2]

    def leave(self, at: int, outcome: str, reason: str | None = None) -> None:
        self.left_at, self.outcome, self.reason = at, outcome, reason
        self.stop_ringing(at)

    def orphan(self, at: int) -> None:
        self.orphaned_at = at
        self.stop_ringing(at)

    def connect(self, at: int, agent: str | None) -> None:
        self.agent, self.former = agent, None
        self.talks.append(Talk(at))


def decided_at(visit: Visit, now: int, name: str) -> tuple[int | None, bool]:
    """(instant at which it is decided whether it waited for longer, whether it left in time)."""
    limit, left = visit.due(name), visit.stopped_waiting_at
    if limit is None or not visit.decides:
        return None, False
    if not visit.stood:  # known only by its answer, which tells how long it waited
        return left, left is not None and left <= limit
    if left is not None and visit.orphaned_at is None:
        in_time = left < limit or (left == limit and not visit.left_by_deadline)
        if in_time:
            return left, True
    passed = left >= limit if left is not None else limit < now
    return (limit, False) if passed else (None, False)


def contributions_of(visit: Visit, now: int) -> Iterator[tuple[int, str, int]]:
    """(time, name, amount) of all a finished or unfinished visit counts for; sums in ms."""
    if visit.called_back:
        yield visit.offered_at, "callbacks.visits", 1
        if visit.outcome == "answered":
            assert visit.left_at is not None
            yield visit.left_at, "offers.accepted", 1
    else:
        yield from waiting_of(visit, now)
    for at, outcome, _ in visit.offers:
        yield at, f"offers.{outcome}", 1
    if visit.handled_at is not None:
        yield visit.handled_at, "handled", 1
        if visit.talks[0].held_ms > 0:  # what follows a transfer came too late to be handled
            yield visit.handled_at, "held", 1
    if visit.transferred_at is not None:
        yield visit.transferred_at, "transferred", 1
    for talk in visit.talks:
        if talk.booked_at is not None and talk.until is not None:
            yield talk.booked_at, "hold_ms", talk.held_ms
            yield talk.booked_at, "talk_ms", talk.until - talk.began - talk.held_ms
    if visit.given_up_at is not None:
        yield visit.given_up_at, "wrapups_unreported", 1
    for at, lasted, *_ in visit.wrapups:
        yield at, "wrapups_reported", 1
        yield at, "wrapup_ms", lasted


def waiting_of(visit: Visit, now: int) -> Iterator[tuple[int, str, int]]:
    """What a visit counts for in which the customer waits."""
    yield visit.offered_at, "offered", 1
    if visit.hop in HOPS:
        yield visit.offered_at, HOPS[visit.hop], 1
    if visit.first_answer is not None:
        yield visit.first_answer[0], "time_to_answer_count", 1
        yield visit.first_answer[0], "time_to_answer_ms", visit.first_answer[1]
    for at in visit.laps:
        yield at, "laps", 1
    decided, in_time = decided_at(visit, now, "limit_ms")
    if decided is not None:
        yield decided, "limit_decided", 1
        if not in_time:
            yield decided, "waited_over_limit", 1
    decided, in_time = decided_at(visit, now, "threshold_ms")
    if decided is not None:
        yield decided, "threshold_decided", 1
        if in_time:
            yield decided, f"{visit.outcome}_in_threshold", 1
    if visit.orphaned_at is not None:
        yield visit.orphaned_at, "orphaned", 1
    if visit.left_at is not None:
        yield from outcome_of(visit, visit.left_at)


def outcome_of(visit: Visit, left: int) -> Iterator[tuple[int, str, int]]:
    """What counts at the instant at which the visit left: answered, abandoned, flowed out."""
    wait = left - visit.enqueued_at
    yield left, str(visit.outcome), 1
    if visit.orphaned_at is not None:
        yield left, "orphans_recovered", 1
    if visit.measured:
        yield left, "closed_wait_ms", wait
        if visit.outcome in ("answered", "abandoned"):
            yield left, f"{visit.outcome}_wait_ms", wait
            whose = "customer_wait" if visit.outcome == "answered" else "customer_wait_abandoned"
            yield left, f"{whose}_ms", visit.waited_before + wait
    if visit.outcome == "answered":
        yield left, "offers.accepted", 1
        if visit.measured:
            yield left, "answered_measured", 1
            yield left, "customer_wait_count", 1
    elif visit.outcome == "flowed_out":
        yield left, f"flowed_out_reasons.{visit.reason}", 1
    else:
        if not visit.measured:
            yield left, "abandoned_unmeasured", 1
        elif visit.short:
            yield left, "short_abandoned", 1
        if visit.silent:
            yield left, "silent_abandoned", 1


def topics_of(visit: Visit) -> Iterator[tuple[int, str, str, int]]:
    """(time, topic, name, amount): what is counted once more by what the contact was about."""
    if visit.orphaned_at is not None and not visit.called_back:
        yield visit.orphaned_at, visit.orphaned_about, "unanswered", 1
    if visit.outcome in ("abandoned", "flowed_out") and not visit.called_back:
        assert visit.left_at is not None
        yield visit.left_at, visit.left_about, "unanswered", 1
    if visit.handled_at is not None:
        yield visit.handled_at, visit.handled_about, "handled", 1
    for talk in visit.talks:
        if talk.booked_at is not None and talk.until is not None:
            yield talk.booked_at, talk.topic, "handle_ms", talk.until - talk.began
    for at, lasted, topic, _ in visit.wrapups:
        yield at, topic, "handle_ms", lasted


def levels_of(visit: Visit, now: int) -> Iterator[tuple[int, str, int]]:
    """(time, level, ±n) of the visit: waiting, and for how long; ringing, handling."""
    spans: list[tuple[str, int, int | None]] = []
    if visit.stood:
        spans.append(("waiting", visit.enqueued_at, visit.stopped_waiting_at))
        for name in ("threshold", "limit"):
            decided, in_time = decided_at(visit, now, f"{name}_ms")
            if decided is not None and not in_time:
                spans.append((f"waiting_over_{name}", decided, visit.stopped_waiting_at))
    spans += [("handling", talk.began, talk.fell_at) for talk in visit.talks]
    for level, since, until in spans:
        yield since, level, 1
        if until is not None:
            yield until, level, -1
    if visit.called_back:  # who rings is part of who waits
        return
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
