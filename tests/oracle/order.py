"""The oracle's order of one contact: at which instant, and after what, each event takes effect.

In: the contact's events, sorted, and the `Story` that is told meanwhile. Out: nothing; every event
is told to the story once, as a `Line` with its effective instant and what it is about.
Within grace meaning orders the events, not the clock. Each line has a place, which is the event
(by its number in the sorted order) at whose time it takes effect, and how many were put there
before it. The line with the least place is read next: whoever says how the open visit ended goes
before it; what needs another event waits at that one's place; all else is told where it stands.
Cost: a look at each later line for each line, which is nothing for one contact.
"""

from dataclasses import dataclass
from typing import Any

ENTRIES = ("contact.enqueued", "contact.resumed")
ANSWERS = ("contact.answered",)
ENDS = ("contact.transferred", "contact.ended", "contact.abandoned")
CLOSERS = (*ENDS, "contact.flowed_out")


@dataclass
class Line:
    """One event and where it stands: its number when sorted, its place, its effective time."""

    event: dict
    place: tuple[int, int]
    at: int
    lap: bool = False

    @property
    def own(self) -> int:
        return self.event["occurred_at"]

    @property
    def kind(self) -> str:
        return self.event["type"]

    @property
    def queue(self) -> str | None:
        return self.event.get("queue")

    @property
    def agent(self) -> str | None:
        return self.event.get("agent_id")


@dataclass
class Side:
    """What must be known of a visit to tell whether a closer is about it or about another."""

    queue: str
    connected: bool
    agent: str | None
    resumed: bool = False
    end_is_said: bool = False


def fits(queue: str | None, other: str | None) -> bool:
    """Both name one queue, or one of them names none."""
    return queue is None or other is None or queue == other


def tell_in_order(events: list[dict], story: Any, now: int) -> None:
    """Every event has been told to the story, at its effective instant."""
    untold = [Line(event, (n, 0), event["occurred_at"]) for n, event in enumerate(events)]
    moves = 0
    while untold:
        line, later = untold[0], untold[1:]
        story.fire_before(min(line.at, now))
        visit = story.open
        if line.lap and visit is not None and visit.waiting and visit.queue == line.queue:
            story.hear(line.event)
            story.arrive(line.event, line.at)
            story.lap(visit, line.at)
            story.comings.know(line.at)
            untold = later
            continue
        if line.kind in CLOSERS and end_was_said(line, story):
            story.hear(line.event)
            story.anomaly("said_again")
            story.comings.know(line.at)
            untold = later
            continue
        bringer = who_brings(line, later, story)
        if bringer is not None:
            moves += 1
            line.place, line.at = (bringer.place[0], moves), bringer.at
            untold.sort(key=lambda one: one.place)
            story.anomaly("clamped")
            continue
        leaver = who_left(line, later, story)
        if leaver is not None:
            leaver.at = line.at
            untold.remove(leaver)
            story.anomaly("clamped")
            tell(leaver, untold, story)
        else:
            untold = later
            tell(line, untold, story)
        story.comings.know(line.at)


def tell(line: Line, later: list[Line], story: Any) -> None:
    """The line has taken effect, unless it only ends a lap: then the visit goes on."""
    story.hear(line.event)
    visit = story.open
    if line.kind == "contact.flowed_out" and visit is not None and visit.waiting:
        following = next((one for one in later if one.kind in ENTRIES + ANSWERS), None)
        here = visit.queue == line.queue
        if here and following is not None and is_lap(line, following, story.grace_ms):
            following.lap = True
            return
    story.tell(line.event, line.at)


def is_lap(out: Line, following: Line, grace: int) -> bool:
    """Whether who leaves the queue comes back to it at once; a requested call back does not."""
    reasons = {out.event.get("reason"), following.event.get("reason")}
    soon = following.at <= out.at + grace
    same = following.kind in ENTRIES and following.queue == out.queue
    return same and soon and reasons != {"callback"}


def who_brings(line: Line, later: list[Line], story: Any) -> Line | None:
    """The first later line, within grace of the event's own time, that brings what it needs."""
    need = needs(line, story)
    if need is None:
        return None
    kinds, queue = need
    for one in later:
        if one.at > line.own + story.grace_ms:
            return None
        if one.kind in kinds and fits(queue, one.queue):
            return one
    return None


def needs(line: Line, story: Any) -> tuple[tuple[str, ...], str | None] | None:
    """(types one of which it waits for, their queue), or None where it finds what it needs."""
    kind, queue, visit = line.kind, line.queue, story.open
    here = visit is not None and fits(queue, visit.queue)
    talking = here and visit.connected
    if kind in ("contact.offered", "contact.answered", "contact.flowed_out"):
        return None if here and visit.waiting else (ENTRIES, queue)
    if kind == "contact.abandoned":
        return None if here else (ENTRIES, queue)
    if kind in ("contact.transferred", "contact.ended"):
        if talking:
            return None
        return (ANSWERS, visit.queue) if here else (ENTRIES + ANSWERS, queue)
    if kind == "hold.started":
        return None if talking else (ANSWERS, queue)
    if kind == "hold.ended":
        return None if talking and visit.talks[-1].held else (("hold.started",), queue)
    if kind == "wrapup.ended":
        early = talking and line.agent in (None, visit.agent)
        return (ENDS, queue) if early or not story.owed_to(line.event) else None
    return None


def who_left(line: Line, later: list[Line], story: Any) -> Line | None:
    """The first line, within grace of an opener, that says how the visit it finds open ended."""
    visit, answer = story.open, line.kind in ANSWERS
    opens = line.kind in ENTRIES or (answer and visit is not None and visit.queue != line.queue)
    if visit is None or not opens:
        return None
    old = Side(visit.queue, visit.connected, visit.agent)
    new = Side(str(line.queue), answer, line.agent if answer else None)
    new.resumed = line.kind == "contact.resumed"
    for one in later:
        if one.at > line.at + story.grace_ms:
            return None
        if one.kind in ANSWERS and one.queue == new.queue:
            new.connected, new.agent = True, one.agent
        elif one.kind in CLOSERS and is_about_former(one, old, new):
            return one
    return None


def end_was_said(line: Line, story: Any) -> bool:
    """Whether a closer is about the visit before, and somebody said within grace how it ended."""
    last, visit = story.last, story.open
    if last is None or not last.said or line.at > last.at + story.grace_ms:
        return False
    old = Side(last.visit.queue, last.connected, last.agent, end_is_said=True)
    new = None
    if visit is not None:
        new = Side(visit.queue, visit.connected, visit.agent, visit.resumed)
    return is_about_former(line, old, new)


def is_about_former(closer: Line, old: Side, new: Side | None) -> bool:
    """Whether a closer is about the visit that made place, not about the one that took it."""
    queue, agent = closer.queue, closer.agent
    if not fits(queue, old.queue):
        return False
    flowed_out = closer.kind == "contact.flowed_out"
    if new is None or not fits(queue, new.queue):
        return not (old.connected and flowed_out)
    if not old.connected:
        return flowed_out or (closer.kind == "contact.abandoned" and new.resumed)
    if closer.kind not in ("contact.transferred", "contact.ended"):
        return False
    if not new.connected or (not old.end_is_said and agent in (None, old.agent)):
        return True
    return agent is not None and agent == old.agent and agent != new.agent
