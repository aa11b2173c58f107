"""The oracle's ticket: what happened to it, where it was, and the deadlines that it has.

In: calls by `tickets`, in the order of events. Out: rows in a `Result`. A ticket is written down as
a list of what happened to it; each figure looks back over that list. What has a deadline has it in
`promises` or `cohorts`; it happens at its own time, after the events of its millisecond.
"""

from collections.abc import Callable

from tests.oracle.calendars import BEGINNING, DAY_MS
from tests.oracle.cohorts import Cohorts
from tests.oracle.customers import Coming
from tests.oracle.promises import METRICS, Promises

PRIORITIES = ("urgent", "high", "normal", "low")
GONE_REASONS = ("merged", "spam", "deleted")
MAX_WORK_MS = 12 * 3_600_000
MAX_WORKERS = 8

# A line of a ticket's past: (what happened, when). `known` is its opening, or a first snapshot.
WORKED = "worked on"
KNOWN, COUNTED, TAKEN = "known", "counted as opened", "assigned"
REPLY, CUSTOMER, ANSWERED = "reply", "customer", "first response"
SOLVED, BY_BOT, REOPENED, SETTLED = "resolved", "resolved by a bot", "reopened", "settled"
ESCALATED = "escalated by a bot"

Deadline = tuple[int, Callable[[int], None]]


def is_complaint(kind: str) -> bool:
    """Whether a ticket of this kind is one."""
    return kind.strip().lower() == "complaint"


def priority_of(event: dict) -> str:
    """The priority as promises are told apart by it."""
    word = str(event.get("priority", "")).strip().lower()
    return word if word in PRIORITIES else "other"


def gone_as(event: dict) -> str | None:
    """Why resolving or closing it so takes the ticket out of the figures; None: it does not."""
    reason = (event.get("reason") or "").strip().lower()
    return reason if reason in GONE_REASONS else None


def detail_of(event: dict) -> str:
    """What a ticket's event says besides its time, as words: of repeats the least one holds."""
    kind, told = event["type"], event.get("kind")
    complaint = {None: "", True: "complaint", False: "no_complaint"}[
        None if told is None else is_complaint(told)
    ]
    priority = "" if event.get("priority") is None else f"priority:{priority_of(event)}"
    if kind in ("ticket.resolved", "ticket.closed"):
        return gone_as(event) or ("bot" if event.get("author") == "bot" else "")
    if kind == "ticket.replied":
        words = {"agent": "reply", "customer": "customer"}
        return words.get(event["author"], "") if event.get("public") is not False else ""
    if kind in ("ticket.opened", "ticket.updated"):
        return f"{complaint} {priority}".strip()
    if kind == "ticket.sla_set":
        return event["metric"] + (" cancelled" if event.get("cancelled") else "")
    if kind != "ticket.snapshot":
        return event.get("status") or ""
    detail = event["status"] + ("" if event.get("first_replied_at") is None else " replied")
    if event.get("pending_seconds") is not None:
        detail += f" {event['pending_seconds']}"
    detail += " complaint" if complaint == "complaint" else ""
    detail += f" {priority}" if priority else ""
    if event.get("last_customer_at") is not None:
        detail += f" customer:{event['last_customer_at']}"
    due = event.get("due") or {}
    return detail + "".join(f" due:{m}={due[m]}" for m in METRICS if due.get(m) is not None)


class Ticket:
    """What is known of a ticket between its opening and its being forgotten."""

    def __init__(self, tenant: str, event: dict, began_at: int, oracle, result, told) -> None:
        self.tenant, self.oracle, self.result, self.told = tenant, oracle, result, told
        self.queue: str = event["queue"]
        #: Where it has been, each since when; before it was known it was where it was found.
        self.places: list[tuple[int, str]] = [(BEGINNING, self.queue)]
        self.outbound = event.get("direction") == "outbound"
        self.began_at = began_at
        self.complaint = is_complaint(event.get("kind") or "")
        self.priority = priority_of(event)
        self.status: str | None = "open"
        """None: not open."""
        self.closed = self.left = False
        self.agent: str | None = None
        self.working: dict[str, int] = {}
        """Who works on it, since when."""
        self.pending_before: int | None = 0
        """How long it was pending before it became known; None: nobody says."""
        self.statuses: list[tuple[int, str | None]] = []
        """Since when it had which status."""
        self.past: list[tuple[str, int]] = [(KNOWN, began_at)]
        #: What of it is of its customer; nothing where it did not come in.
        self.coming: Coming | None = None
        if not self.outbound:
            self.coming = Coming(tenant, ("ticket", told.contact_id), self.queue, None)
            result.comings.append(self.coming)
        self.promises = Promises(self)
        self.cohorts = Cohorts(self)

    # -- looking back ----------------------------------------------------------------------------

    def note(self, what: str, at: int) -> None:
        self.past.append((what, at))

    def since(self, *marks: str) -> list[tuple[str, int]]:
        """The past after the last of these marks; all of it without one."""
        places = [n for n, (what, _) in enumerate(self.past) if what in marks]
        return self.past[places[-1] + 1 :] if places else self.past

    def last(self, what: str) -> int | None:
        """When this happened last."""
        return max((at for name, at in self.past if name == what), default=None)

    def has(self, *names: str) -> bool:
        """Whether any of this has ever happened."""
        return any(name in names for name, _ in self.past)

    def questions(self) -> list[int]:
        """When the customer wrote what nobody has replied to; a settling withdraws it."""
        return [at for what, at in self.since(REPLY, SETTLED) if what == CUSTOMER]

    def response_clock(self) -> int | None:
        """Since when the first response is waited for; None while it is the customer's turn."""
        begins = self.began_at
        if self.outbound:
            asked = [at for what, at in self.past if what == CUSTOMER]
            if not asked:
                return None
            begins = asked[0]
        anew = [at for what, at in self.past if what in (REOPENED, ESCALATED)]
        return max([begins, *anew])

    def resolution_clock(self) -> int:
        """Since when its resolution is waited for: a bot's leaves the reopening after it."""
        clock, by_bot = self.began_at, False
        for what, at in self.past:
            if what in (BY_BOT, SOLVED):
                by_bot = what == BY_BOT
            elif what == REOPENED and by_bot:
                clock, by_bot = at, False
        return clock

    def time_in(self, status: str, since: int, until: int, wall: bool = False) -> int:
        """How long it had a status, as far as was seen, in ms: open time, or by the wall clock."""
        ends = [at for at, _ in self.statuses[1:]] + [until]
        spans = zip(self.statuses, ends, strict=True)
        parts = [(max(at, since), end) for (at, name), end in spans if name == status]
        return sum(max(0, b - a) if wall else self.business(a, b) for a, b in parts)

    def business(self, a: int, b: int) -> int:
        """The open time of [a, b) by the calendars of the queues it was in, in ms."""
        ends = [since for since, _ in self.places[1:]] + [max(a, b)]
        return sum(
            self.oracle.clocks.of(self.tenant, queue).between(max(a, since), min(b, until))
            for (since, queue), until in zip(self.places, ends, strict=True)
        )

    # -- writing down ----------------------------------------------------------------------------

    def rules(self, at: int, queue: str | None = None) -> dict:
        """The settings of its queue, or of another, at an instant."""
        return self.oracle.settings(self.tenant, queue or self.queue, "ticket", at)

    def count(self, at: int, name: str, amount: int = 1, queue: str | None = None) -> None:
        """A contribution, in its queue or in another; of a complaint once more."""
        place = (self.tenant, queue or self.queue, "ticket")
        for row in (name, f"complaint.{name}")[: 1 + self.complaint]:
            self.result.contributions.append((at, *place, row, amount))
        if ".breached." in name:
            self.told.fail(at, self.queue)
        self.result.used.add(place)

    def count_time(self, at: int, name: str, since: int) -> None:
        """A time until `at`: business time, and beside it by the wall clock."""
        self.count(at, f"{name}_ms", self.business(since, at))
        self.count(at, f"{name}_calendar_ms", at - since)

    def know(self, at: int) -> None:
        """Whose it is, if that is told; after it left it is nobody's."""
        if self.coming is not None and self.told.customer is not None and not self.left:
            self.coming.queue = self.queue
            self.coming.know(self.told.customer, at, self.told.topic)

    def level(self, at: int, name: str, amount: int) -> None:
        place = (self.tenant, self.queue, "ticket")
        self.result.levels.append((at, *place, name, amount))
        self.result.used.add(place)

    def stand(self, at: int, amount: int) -> None:
        """It enters (1) or leaves (-1) the stocks of open tickets, as it is now."""
        if self.status is None:
            return
        self.level(at, f"backlog.{self.status}", amount)
        self.level(at, f"backlog_age.{self.cohorts.age}", amount)
        if self.agent is None:
            self.level(at, "backlog_unassigned", amount)
        if self.complaint:
            self.level(at, "complaints_open", amount)

    def have_status(self, status: str | None, at: int) -> None:
        self.stand(at, -1)
        self.status = status
        self.statuses.append((at, status))
        self.cohorts.grow_old(at)
        self.stand(at, 1)

    def move(self, queue: str, at: int) -> None:
        """The ticket is in another queue, whose calendar is its calendar from now on."""
        self.stand(at, -1)
        self.promises.leave_queue(at)
        self.queue = queue
        self.places.append((at, queue))
        self.result.used.add((self.tenant, queue, "ticket"))
        self.promises.enter_queue(at)
        self.stand(at, 1)

    # -- time ------------------------------------------------------------------------------------

    def forgotten_after(self, last_at: int) -> int | None:
        """The last millisecond at which it is remembered, settled with a last event then."""
        if self.status is not None:
            return None
        return (last_at // DAY_MS + self.oracle.memory_days + 1) * DAY_MS - 1

    def fire_before(self, limit: int, last_at: int) -> None:
        """All deadlines due before `limit` have happened, unless it was forgotten before."""
        known_until = self.forgotten_after(last_at)
        if known_until is not None:
            limit = min(limit, known_until + 1)
        while True:
            ready = [*self.promises.deadlines(), *self.cohorts.deadlines()]
            ready = [one for one in ready if one[0] < limit]
            if not ready:
                return
            due, happen = min(ready, key=lambda one: one[0])
            happen(due)


def start_work(known: Ticket, agent: str, at: int) -> None:
    since = known.working.get(agent)
    if since is not None and at - since <= MAX_WORK_MS:
        known.result.anomalies["said_again"] += 1
        return
    if since is not None:
        del known.working[agent]
        known.result.anomalies["work_dropped"] += 1
    elif len(known.working) == MAX_WORKERS:
        del known.working[min(known.working, key=lambda who: known.working[who])]
        known.result.anomalies["work_dropped"] += 1
    known.working[agent] = at


def end_work(known: Ticket, agents: list[str], at: int) -> None:
    for lasted in [at - known.working.pop(agent) for agent in agents]:
        if lasted > MAX_WORK_MS:
            known.result.anomalies["work_dropped"] += 1
            continue
        known.count(at, "work_ms", lasted)
        if not known.has(WORKED):
            known.note(WORKED, at)
            known.count(at, "tickets_worked")
