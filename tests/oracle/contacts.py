"""The oracle's contacts: one contact's events, told once, become finished `Visit` facts.

In: the ordered events of one (tenant, channel, contact_id). Out: visits, and from each visit its
contributions and level changes (`oracle_visits`).
The walk only finds out *when* what happened to each visit, never what that counts for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from tests.oracle.visits import Visit, contributions_of, levels_of

EARLY_ANSWER_MS = 5_000
OPENERS = ("contact.enqueued", "contact.resumed")
CLOSERS = ("contact.transferred", "contact.ended", "contact.abandoned", "contact.flowed_out")
CLOSER_RANK = {kind: rank for rank, kind in enumerate(CLOSERS)}
FLOW_REASONS = (
    "timeout",
    "overflow",
    "key",
    "voicemail",
    "callback",
    "transfer",
    "no_agents",
    "closed",
    "error",
    "other",
)


@dataclass
class Story:
    """What is known of the contact while its events are told."""

    channel: str
    settings_of: Callable[[str, int], dict]
    horizon_ms: int
    anomaly: Callable[[str], None]
    visits: list[Visit] = field(default_factory=list)
    blocked: list[tuple[int, str]] = field(default_factory=list)
    late: list[Visit] = field(default_factory=list)  # handled, a wrap-up may still be reported
    booking: list[Visit] = field(default_factory=list)  # handled when their wrap-up ends
    early_answer: tuple[int, str | None] | None = None
    silent_queue: str | None = None
    last_close: int | None = None

    @property
    def current(self) -> Visit | None:
        last = self.visits[-1] if self.visits else None
        return last if last is not None and (last.waiting or last.connected) else None

    # -- deadlines -----------------------------------------------------------------------------

    def deadlines(self) -> list[tuple[int, int, str, Visit | None]]:
        """(due, place among those of one instant, name, visit) of all that hold now.

        The threshold is not among them: it changes no phase, so `decided_at` finds it.
        """
        found: list[tuple[int, int, str, Visit | None]] = []
        visit = self.current
        if visit is not None and visit.waiting:
            if visit.settings["silent_ms"] is not None:
                due = visit.customer_active_at + visit.settings["silent_ms"]
                found.append((due, 1, "silent", visit))
            if visit.settings["max_wait_ms"] is not None:
                due = visit.enqueued_at + visit.settings["max_wait_ms"]
                found.append((due, 2, "wait_expired", visit))
        for ended in self.booking:
            due = (ended.disconnected_at or 0) + ended.settings["wrapup_cap_ms"]
            found.append((due, 3, "wrapup_cap", ended))
        if visit is not None and visit.connected and visit.settings["max_handle_ms"] is not None:
            due = (visit.left_at or 0) + visit.settings["max_handle_ms"]
            found.append((due, 4, "handling_expired", visit))
        if visit is None and not self.booking and self.last_close is not None:
            found.append((self.last_close + self.horizon_ms, 6, "forget", None))
        return found

    def fire_before(self, limit: int) -> None:
        """All deadlines due before `limit` have happened, each at its own time."""
        while True:
            ready = [one for one in self.deadlines() if one[0] < limit]
            if not ready:
                return
            due, _, name, visit = min(ready, key=lambda one: one[:2])
            if name == "forget":
                self.late.clear()
                self.early_answer = self.silent_queue = self.last_close = None
                continue
            assert visit is not None
            if name == "silent":
                visit.silent = visit.left_by_deadline = True
                visit.leave(due, "abandoned")
                self.silent_queue = visit.queue if visit.inbound else None
                self.close(due)
            elif name == "wait_expired":
                visit.left_by_deadline = True
                visit.leave(due, "orphaned")
                self.close(due)
            elif name == "wrapup_cap":
                self.booking.remove(visit)
                self.book_wrapup(visit, due, visit.settings["wrapup_cap_ms"])
            else:
                self.anomaly("handling_expired")
                visit.disconnect(due)
                self.close(due)

    def close(self, at: int) -> None:
        self.last_close = at if self.last_close is None else max(at, self.last_close)

    def book_wrapup(self, visit: Visit, at: int, lasted_ms: int) -> None:
        visit.handled_at = at
        visit.wrapups.append((at, lasted_ms))
        self.close(at)

    # -- events --------------------------------------------------------------------------------

    def open_visit(self, event: dict, queue: str) -> None:
        at = event["occurred_at"]
        old = self.current
        if old is not None and old.waiting:
            resumed = event["type"] == "contact.resumed"
            reason = "returned" if resumed else event.get("reason")
            old.leave(at, "flowed_out", reason if reason in FLOW_REASONS else "other")
            self.close(at)
        elif old is not None:
            self.transfer(old, at, None)
        inbound = event.get("direction", "inbound") != "outbound"
        visit = Visit(queue, inbound, self.settings_of(queue, at), at, at)
        self.visits.append(visit)
        early, self.early_answer, self.silent_queue = self.early_answer, None, None
        if early is not None and at - early[0] <= EARLY_ANSWER_MS:
            self.anomaly("clamped")
            visit.answer_agent = early[1]
            visit.leave(at, "answered")

    def transfer(self, visit: Visit, at: int, agent: str | None) -> None:
        visit.disconnect(at)
        visit.handled_at, visit.transferred = at, True
        visit.close_agent = agent or visit.answer_agent
        self.late.append(visit)
        self.close(at)

    def end(self, visit: Visit, at: int, agent: str | None) -> None:
        visit.disconnect(at)
        visit.close_agent = agent or visit.answer_agent
        if visit.settings["wrapup"]:
            self.booking.append(visit)
        else:
            visit.handled_at = at
            self.late.append(visit)
            self.close(at)

    def wrap_up(self, at: int, agent: str | None) -> None:
        pending = self.late + self.booking
        same = [one for one in pending if agent is not None and one.close_agent == agent]
        unsure = [one for one in pending if agent is None or one.close_agent is None]
        candidates = same or unsure
        if not candidates:
            self.anomaly("no_wrapup")
            return
        chosen = min(candidates, key=lambda one: (one.disconnected_at, self.visits.index(one)))
        lasted = at - (chosen.disconnected_at or 0)
        if chosen in self.late:
            self.late.remove(chosen)
            chosen.wrapups.append((at, min(lasted, chosen.settings["wrapup_cap_ms"])))
        else:
            self.booking.remove(chosen)
            self.book_wrapup(chosen, at, lasted)

    def tell(self, event: dict) -> None:
        kind, at, agent = event["type"], event["occurred_at"], event.get("agent_id")
        visit = self.current
        if kind in OPENERS:
            self.open_visit(event, event["queue"])
        elif kind == "contact.blocked":
            if event.get("direction", "inbound") != "outbound":
                self.blocked.append((at, event["queue"]))
        elif kind == "wrapup.ended":
            self.wrap_up(at, agent)
        elif kind == "message.sent":
            self.message(event, visit)
        elif kind in ("bot.ended", "callback.attempted"):
            pass
        elif visit is None:
            self.anomaly("no_visit")
            if kind == "contact.answered":
                self.early_answer = (at, agent)
        elif visit.waiting:
            self.tell_waiting(visit, event, kind, at, agent)
        else:
            self.tell_connected(visit, event, kind, at, agent)

    def message(self, event: dict, visit: Visit | None) -> None:
        if event["author"] != "customer":
            return
        if visit is not None and visit.waiting:
            visit.customer_active_at = event["occurred_at"]
        elif visit is None and self.silent_queue is not None:
            self.open_visit({**event, "reason": "returned"}, self.silent_queue)

    def tell_waiting(
        self, visit: Visit, event: dict, kind: str, at: int, agent: str | None
    ) -> None:
        if kind == "contact.offered":
            if agent not in visit.ringing_agents():
                visit.rings.append([agent, at, None])
        elif kind == "offer.failed":
            self.fail_offer(visit, event)
        elif kind == "contact.answered":
            visit.answer_agent = agent
            visit.leave(at, "answered")
        elif kind == "contact.abandoned":
            visit.silent = event.get("kind") == "silent"
            visit.leave(at, "abandoned")
            self.close(at)
        elif kind in CLOSERS:
            reasons = {"contact.transferred": "transfer", "contact.ended": "other"}
            reason = reasons.get(kind) or event["reason"]
            visit.leave(at, "flowed_out", reason if reason in FLOW_REASONS else "other")
            self.close(at)
        else:
            self.anomaly("not_connected")

    def tell_connected(
        self, visit: Visit, event: dict, kind: str, at: int, agent: str | None
    ) -> None:
        held = bool(visit.holds) and visit.holds[-1][1] < 0
        if kind == "offer.failed":
            self.fail_offer(visit, event)
        elif kind == "hold.started" and not held:
            visit.holds.append([at, -1])
        elif kind == "hold.ended" and held:
            visit.holds[-1][1] = at
        elif kind == "contact.transferred":
            self.transfer(visit, at, agent)
        elif kind in ("contact.ended", "contact.abandoned"):
            self.end(visit, at, agent)
        else:
            self.anomaly("already_connected")

    def fail_offer(self, visit: Visit, event: dict) -> None:
        visit.offers.append((event["occurred_at"], event["outcome"]))
        for ring in visit.rings:
            if ring[0] == event["agent_id"] and ring[2] is None:
                ring[2] = event["occurred_at"]


def instant(event: dict) -> tuple[int, int]:
    """What two events must share to be of one group."""
    return event["occurred_at"], event.get("seq") or 0


def arrange_group(group: list[dict], visit: Visit | None) -> list[dict]:
    """The group rule: with a visit open before, one closer precedes a new opening."""
    closers = [event for event in group if event["type"] in CLOSERS]
    if visit is None or not closers or all(event["type"] not in OPENERS for event in group):
        return group

    def preference(event: dict) -> tuple:
        queue = event.get("queue")
        strangeness = 0 if queue == visit.queue else 1 if queue is None else 2
        rank = CLOSER_RANK[event["type"]]
        return (strangeness, rank, event["source"], event["event_id"])

    first = min(closers, key=preference)
    return [first, *(event for event in group if event is not first)]


def tell_contact(entity, events, now: int, horizon_ms: int, settings, result) -> None:
    """All visits of one contact are in `result`, with what they count for."""
    _, tenant, channel, _ = entity

    def anomaly(kind: str) -> None:
        result.anomalies[kind] += 1

    def in_force(queue: str, at: int) -> dict:
        return settings(tenant, queue, channel, at)

    story = Story(channel, in_force, horizon_ms, anomaly)
    for (at, _), same in groupby(events, key=instant):
        story.fire_before(min(at, now))
        for event in arrange_group(list(same), story.current):
            story.tell(event)
    story.fire_before(now)

    for at, queue in story.blocked:
        result.contributions.append((at, tenant, queue, channel, "blocked", 1))
        result.used.add((tenant, queue, channel))
    for visit in story.visits:
        if visit.inbound:
            result.visits.append((tenant, channel, visit))
            result.used.add((tenant, visit.queue, channel))
            scope = (tenant, visit.queue, channel)
            for at, name, amount in contributions_of(visit, now):
                result.contributions.append((at, *scope, name, amount))
            for at, level, amount in levels_of(visit, now):
                result.levels.append((at, *scope, level, amount))
            if visit.outcome == "answered":
                assert visit.left_at is not None
                result.waits.append((visit.left_at, *scope, visit.left_at - visit.enqueued_at))
