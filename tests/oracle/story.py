"""The oracle's story of one contact: what is open, owed and remembered, and what time does to it.

In: calls by `contacts`, in the order of effect. Out: finished `Visit` facts. Here is how visits
begin and end, and the deadlines: each happens at its own time, after the events of its millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.oracle.chats import BEGUN, END, ENTERED, FORGOTTEN, TOLD, Line, since
from tests.oracle.customers import Comings, Failure
from tests.oracle.feedback import Told
from tests.oracle.order import fits
from tests.oracle.visits import Talk, Visit

HOUR_MS = 3_600_000
REMEMBERED_MS = 72 * HOUR_MS  # a visit that an age closed
REMEMBERED = 8
OWED = 8
FLOW_REASONS = (
    *("timeout", "overflow", "key", "voicemail", "callback", "transfer", "no_agents", "closed"),
    *("error", "other", "answered_elsewhere"),
)
BLOCK_REASONS = ("full", "closed", "no_agents", "other")


@dataclass
class Leg:
    """A conversation that was ended, and whose wrap-up nobody reported yet."""

    visit: Visit
    talk: Talk
    ended_at: int
    agent: str | None
    whole: bool  # the visit is handled only with it


@dataclass
class Last:
    """The visit that closed last, and how: `said` unless an age or the next visit closed it."""

    visit: Visit
    at: int
    connected: bool
    said: bool
    agent: str | None  # who had it then; another may have it when it goes on
    transferred: bool = False


@dataclass
class Aged:
    """A visit that an age closed: `orphaned`, `silent` or `expired`."""

    visit: Visit
    at: int
    kind: str


@dataclass
class Story:
    """What is known of the contact while its events are told."""

    channel: str
    settings_of: Callable[[str, int], dict]
    horizon_ms: int
    grace_ms: int
    anomaly: Callable[[str], None]
    told: Told
    comings: Comings
    visits: list[Visit] = field(default_factory=list)
    blocked: list[tuple[int, str, str]] = field(default_factory=list)  # at, queue, why
    #: Of no visit: at, queue, how, agent.
    offers: list[tuple[int, str, str, str]] = field(default_factory=list)
    bots: list[dict] = field(default_factory=list)  # what bots ended
    open: Visit | None = None
    last: Last | None = None
    last_leg: Leg | None = None  # the inbound conversation that was ended last
    owed: list[Leg] = field(default_factory=list)
    aged: list[Aged] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)  # queues of visits before the last
    silent_queue: str | None = None
    last_close: int | None = None
    hops: int = 0
    waited: int = 0  # ms, since the contact came or was last spoken to
    arrived_at: int | None = None  # the earliest that is told
    met: bool = False  # somebody spoke to the customer
    promised: str | None = None  # the queue that a transfer named, until the contact is somewhere
    past: list[Line] = field(default_factory=list)  # what was said, and by whom, in order
    turned_away: list[Failure] = field(default_factory=list)  # who left the queue unanswered

    def note(self, what: str, at: int, visit: Visit | None = None) -> None:
        self.past.append((what, at, visit))

    # -- deadlines -----------------------------------------------------------------------------

    def deadlines(self) -> list[tuple[int, int, str, Leg | None]]:
        """(due, place among those of one instant, name, leg) of all that hold now.

        The threshold is not among them: it changes no phase, so `decided_at` finds it.
        """
        found: list[tuple[int, int, str, Leg | None]] = []
        visit = self.open
        if visit is not None and visit.waiting:
            if visit.settings["silent_ms"] is not None:
                due = visit.customer_active_at + visit.settings["silent_ms"]
                found.append((due, 1, "silent", None))
            if visit.settings["max_wait_ms"] is not None:
                due = visit.enqueued_at + visit.settings["max_wait_ms"]
                found.append((due, 2, "wait_expired", None))
        awaited = [leg for leg in self.owed if leg.whole]
        for leg in awaited:
            due = leg.ended_at + leg.visit.settings["wrapup_cap_ms"]
            found.append((due, 3, "wrapup_cap", leg))
        if visit is not None and visit.connected and visit.settings["max_handle_ms"] is not None:
            due = visit.talks[-1].began + visit.settings["max_handle_ms"]
            found.append((due, 4, "handling_expired", None))
        if visit is None and not awaited and self.last_close is not None:
            dues = [self.last_close + self.horizon_ms]
            dues += [one.at + REMEMBERED_MS for one in self.aged]
            found.append((max(dues), 6, "forget", None))
        elif visit is None and not awaited:  # words of whom nothing else is remembered
            said = self.words()
            if said:
                found.append((max(said) + self.horizon_ms, 6, "forget words", None))
        return found

    def words(self) -> list[int]:
        """When something was said that is remembered."""
        return [at for what, at, _ in since(self.past, FORGOTTEN) if what in TOLD]

    def hear(self, event: dict) -> None:
        """Whatever else the event says: whose the contact is, and what it is about."""
        known = self.open is not None or self.last is not None or self.words() != []
        self.told.hear(event, known)

    def fire_before(self, limit: int) -> None:
        """All deadlines due before `limit` have happened, each at its own time."""
        self.told.fire_before(limit)
        while True:
            ready = [one for one in self.deadlines() if one[0] < limit]
            if not ready:
                return
            due, _, name, leg = min(ready, key=lambda one: one[:2])
            if name.startswith("forget"):
                self.note(FORGOTTEN, due)
            if name == "forget words":
                continue
            if name == "forget":
                self.owed, self.aged, self.earlier = [], [], []
                self.last = self.last_leg = self.silent_queue = self.last_close = None
                self.hops = self.waited = 0
                self.arrived_at, self.met, self.promised = None, False, None
                self.comings.forget()
            elif leg is not None:
                self.give_up(leg, due)
            else:
                assert self.open is not None
                self.age(self.open, due, name)

    def age(self, visit: Visit, at: int, name: str) -> None:
        """A limit ends what nobody ended; it measures nothing."""
        connected = visit.connected
        kind = {"wait_expired": "orphaned", "handling_expired": "expired"}.get(name, name)
        self.anomaly("handling_expired" if kind == "expired" else kind)
        if name == "silent":
            visit.silent = visit.left_by_deadline = True
            self.leave(visit, at, "abandoned")
            self.silent_queue = visit.queue if visit.inbound and visit.stood else None
        elif name == "wait_expired":
            visit.orphan(at)
            visit.orphaned_about = self.told.topic
        else:
            visit.talks[-1].fall(at)
        self.aged = [*self.aged, Aged(visit, at, kind)][-REMEMBERED:]
        self.closed(visit, at, connected, said=False)

    def give_up(self, leg: Leg, at: int) -> None:
        """The wrap-up is awaited no longer: handled without it, though it may still come."""
        self.anomaly("wrapups_unreported")
        leg.whole = False
        leg.visit.given_up_at = at
        self.book(leg.visit, leg.talk, at)
        self.close(at)

    def book(self, visit: Visit, talk: Talk, at: int) -> None:
        """The conversation counts now, and with its first one the visit is handled."""
        if visit.handled_at is None:
            visit.handled_at, visit.handled_about = at, self.told.topic
        talk.booked_at, talk.topic = at, self.told.topic

    def close(self, at: int) -> None:
        self.last_close = at if self.last_close is None else max(at, self.last_close)

    def closed(self, visit: Visit, at: int, connected: bool, said: bool, **how: bool) -> None:
        if visit is self.open:
            self.open = None
        before = self.last.visit.queue if self.last is not None else visit.queue
        if before != visit.queue and before not in self.earlier:
            self.earlier = [*self.earlier, before][-REMEMBERED:]
        self.last = Last(visit, at, connected, said, visit.agent, **how)
        if not any(leg.visit is visit and leg.whole for leg in self.owed):
            self.close(at)

    # -- how visits begin and end --------------------------------------------------------------

    def enter(self, queue: str, at: int, event: dict, since: int | None = None) -> Visit:
        """A visit is open now; it counts from `at`, its wait from `since`."""
        begun = at if since is None else min(since, at)
        inbound = event.get("direction", "inbound") != "outbound"
        visit = Visit(queue, inbound, self.settings_of(queue, begun), begun, at, at)
        self.visits.append(visit)
        called_back = event["type"] == "contact.enqueued" and event.get("reason") == "callback"
        visit.called_back = inbound and called_back
        visit.stood = not visit.called_back
        if inbound and not visit.called_back:
            self.hops += 1
            visit.hop = self.hops
        if inbound:
            visit.coming = self.comings.visit(queue, begun, comes=not visit.called_back)
        self.note(ENTERED, at, visit)
        self.open, self.silent_queue, self.promised = visit, None, None
        return visit

    def leave(self, visit: Visit, at: int, outcome: str, reason: str | None = None) -> None:
        """The visit waits no longer; the customer's earlier waits are known to it."""
        visit.waited_before = self.waited
        visit.leave(at, outcome, reason)
        visit.left_about = self.told.topic
        self.judge(visit, at, outcome, reason)
        hung_on = visit.inbound and not visit.called_back
        if hung_on and visit.measured and not visit.left_by_deadline:
            self.waited += at - visit.enqueued_at

    def judge(self, visit: Visit, at: int, outcome: str, reason: str | None) -> None:
        """Whether the customer was failed, or reached a person."""
        if not visit.inbound or visit.called_back:
            return
        if outcome == "answered":
            self.told.reached(at, visit.queue)
        elif outcome == "abandoned" and not visit.short:
            self.told.fail(at, visit.queue)
        elif reason in ("timeout", "no_agents", "error"):
            failure = self.told.fail(at, visit.queue)
            self.turned_away += [failure] if failure is not None else []

    def connect(self, visit: Visit, at: int, agent: str | None) -> None:
        """Somebody speaks to the customer, whose patience begins anew."""
        visit.connect(at, agent)
        if not self.met and self.arrived_at is not None:
            visit.first_answer = (at, at - self.arrived_at)
        self.waited, self.met, self.promised = 0, True, None
        self.comings.ended = False
        for failure in self.turned_away:
            failure.made_good = failure.made_good or at <= failure.at + self.grace_ms
        self.note(BEGUN, at, visit)

    def answer(self, visit: Visit, at: int, agent: str | None) -> None:
        self.leave(visit, at, "answered")
        visit.accepted_by = agent
        self.connect(visit, at, agent)

    def flow_out(self, visit: Visit, at: int, reason: str | None, said: bool = True) -> None:
        self.leave(visit, at, "flowed_out", reason if reason in FLOW_REASONS else "other")
        self.closed(visit, at, connected=False, said=said)

    def hang_up(
        self, visit: Visit, at: int, agent: str | None, transferred: bool, said: bool = True
    ) -> None:
        """The conversation is over; of one that an age closed before, the end is known now."""
        talk = visit.talks[-1]
        if talk.fell_at is None:
            talk.fall(at)
        talk.until = at
        if not transferred:
            self.note(END, at, visit)
            self.comings.ended = True
        self.comings.handled(visit.coming, at, visit.queue)
        leg = Leg(visit, talk, at, agent or visit.agent, whole=False)
        self.last_leg = leg if visit.inbound else self.last_leg
        talk.agent = leg.agent
        if transferred and visit.transferred_at is None:
            visit.transferred_at = at
        if visit.handled_at is not None or transferred or not visit.settings["wrapup"]:
            self.book(visit, talk, at)
        else:
            leg.whole = True
        self.owed.append(leg)
        if len(self.owed) > OWED:
            oldest = self.owed.pop(0)
            if oldest.whole:
                self.give_up(oldest, at)
        self.closed(visit, at, connected=True, said=said, transferred=transferred)

    def arrive(self, event: dict, at: int) -> None:
        """An entry may tell when the contact arrived; much too long ago is not believed."""
        arrived = event.get("arrived_at") if event["type"] == "contact.enqueued" else None
        if arrived is None or event.get("direction") == "outbound":
            return
        if arrived > at:
            self.anomaly("clamped")
            arrived = at
        longest = self.settings_of(event["queue"], at)["max_wait_ms"] or 90 * 24 * HOUR_MS
        if arrived < at - longest - HOUR_MS:
            self.anomaly("arrival_too_old")
        elif self.arrived_at is None or arrived < self.arrived_at:
            self.arrived_at = arrived

    def lap(self, visit: Visit, at: int) -> None:
        """The contact came back at once: the visit goes on as if it had never left."""
        self.anomaly("lap")
        visit.laps.append(at)

    def make_room(self, at: int, reason: str | None) -> None:
        """Somebody comes: nobody said how the open visit ended."""
        visit = self.open
        if visit is None:
            return
        if visit.waiting:
            self.flow_out(visit, at, reason, said=False)
        else:
            self.hang_up(visit, at, None, transferred=True, said=False)

    def remembered(self, queue: str | None, kinds: tuple[str, ...], at: int) -> Aged | None:
        """The newest visit that an age closed in the queue, if it is of one of the kinds."""
        for one in reversed(self.aged):
            known = at - one.at <= REMEMBERED_MS
            if known and one.kind in kinds and fits(queue, one.visit.queue):
                return one
        return None
