"""The oracle's tickets: one ticket's events, told once, become contributions and levels.

In: the ordered events of one (tenant, contact_id) of channel ticket. Out: rows in a `Result`.
A ticket is written down as a list of what happened to it; each figure looks back over that list.
"""

from tests.oracle.chats import ESCALATED, of_bots

DAY_MS = 86_400_000
MAKES_KNOWN = ("ticket.opened", "ticket.snapshot")
GONE_REASONS = ("merged", "spam", "deleted")
NO_EFFECT = ("ticket.sla_set",)
MAX_WORK_MS = 12 * 3_600_000
MAX_WORKERS = 8

# A line of a ticket's past: (what happened, when). `known` is its opening, or a first snapshot.
WORKED = "worked on"
KNOWN, COUNTED, TAKEN = "known", "counted as opened", "assigned"
REPLY, CUSTOMER, ANSWERED = "reply", "customer", "first response"
SOLVED, BY_BOT, REOPENED, SETTLED = "resolved", "resolved by a bot", "reopened", "settled"


def gone_as(event: dict) -> str | None:
    """Why resolving or closing it so takes the ticket out of the figures; None: it does not."""
    reason = (event.get("reason") or "").strip().lower()
    return reason if reason in GONE_REASONS else None


class Ticket:
    """What is known of a ticket between its opening and its being forgotten."""

    def __init__(self, event: dict, began_at: int) -> None:
        self.queue: str = event["queue"]
        self.outbound = event.get("direction") == "outbound"
        self.began_at = began_at
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

    def response_clock(self) -> int | None:
        """Since when the first response is waited for; None while it is the customer's turn."""
        begins = self.began_at
        if self.outbound:
            asked = [at for what, at in self.past if what == CUSTOMER]
            if not asked:
                return None
            begins = asked[0]
        return max([begins, *(at for what, at in self.past if what == REOPENED)])

    def time_in(self, status: str, since: int, until: int) -> int:
        """How long it had a status, as far as was seen, in ms."""
        ends = [at for at, _ in self.statuses[1:]] + [until]
        spans = zip(self.statuses, ends, strict=True)
        return sum(max(0, end - max(at, since)) for (at, name), end in spans if name == status)

    def resolution_clock(self) -> int:
        """Since when its resolution is waited for: a bot's leaves the reopening after it."""
        clock, by_bot = self.began_at, False
        for what, at in self.past:
            if what in (BY_BOT, SOLVED):
                by_bot = what == BY_BOT
            elif what == REOPENED and by_bot:
                clock, by_bot = at, False
        return clock


def forgotten_after(last_at: int, memory_days: int) -> int:
    """The last millisecond at which a settled ticket is remembered."""
    last_day = last_at // DAY_MS
    return (last_day + memory_days + 1) * DAY_MS - 1


def tell_ticket(entity, events, now: int, oracle, result) -> None:
    """The ticket's figures are in `result`; deadlines before `now` have happened."""
    _, tenant, _ = entity
    ticket: Ticket | None = None
    last_at = 0

    def scope(known: Ticket) -> tuple[str, str, str]:
        return (tenant, known.queue, "ticket")

    def count(known: Ticket, at: int, name: str, amount: int = 1) -> None:
        result.contributions.append((at, *scope(known), name, amount))
        result.used.add(scope(known))

    def backlog(known: Ticket, at: int, amount: int) -> None:
        if known.status is not None:
            result.levels.append((at, *scope(known), f"backlog.{known.status}", amount))
            if known.agent is None:
                result.levels.append((at, *scope(known), "backlog_unassigned", amount))
            result.used.add(scope(known))

    def have_status(known: Ticket, status: str | None, at: int) -> None:
        backlog(known, at, -1)
        known.status = status
        known.statuses.append((at, status))
        backlog(known, at, 1)

    def begin(event: dict, at: int) -> Ticket:
        if event["type"] == "ticket.opened":
            known = Ticket(event, at)
            known.note(COUNTED, at)
            count(known, at, "tickets_opened")
        else:
            known = Ticket(event, min(event["opened_at"], at))
            if event["opened_at"] > at:
                result.anomalies["clamped"] += 1
            told = event.get("pending_seconds")
            known.pending_before = None if told is None else min(told * 1000, at - known.began_at)
            known.agent = event.get("agent_id")
            if known.agent is not None:
                known.note(TAKEN, at)
            if event.get("first_replied_at") is not None:
                known.note(REPLY, at)
                known.note(ANSWERED, at)
            if event["status"] in ("resolved", "closed"):
                known.status, known.closed = None, event["status"] == "closed"
                known.note(SOLVED, known.began_at)
            else:
                known.status = event["status"]
        known.statuses.append((at, known.status))
        backlog(known, at, 1)
        return known

    def assigned(known: Ticket, agent: str | None, at: int) -> None:
        backlog(known, at, -1)
        known.agent = agent
        backlog(known, at, 1)
        if agent is not None and not known.has(TAKEN):
            known.note(TAKEN, at)
            count(known, at, "tickets_assigned")
            count(known, at, "assign_ms", at - known.began_at)

    def start_work(known: Ticket, agent: str, at: int) -> None:
        since = known.working.get(agent)
        if since is not None and at - since <= MAX_WORK_MS:
            result.anomalies["said_again"] += 1
            return
        if since is not None:
            del known.working[agent]
            result.anomalies["work_dropped"] += 1
        elif len(known.working) == MAX_WORKERS:
            del known.working[min(known.working, key=lambda who: known.working[who])]
            result.anomalies["work_dropped"] += 1
        known.working[agent] = at

    def end_work(known: Ticket, agents: list[str], at: int) -> None:
        for lasted in [at - known.working.pop(agent) for agent in agents]:
            if lasted > MAX_WORK_MS:
                result.anomalies["work_dropped"] += 1
                continue
            count(known, at, "work_ms", lasted)
            if not known.has(WORKED):
                known.note(WORKED, at)
                count(known, at, "tickets_worked")

    def replied(known: Ticket, event: dict, at: int) -> None:
        if event.get("public") is False or event["author"] == "bot":
            return
        questions = [t for what, t in known.since(REPLY, SETTLED) if what == CUSTOMER]
        handed_over = [t for what, t in known.since(REPLY) if what == ESCALATED]
        known.note(REPLY if event["author"] == "agent" else CUSTOMER, at)
        if handed_over and event["author"] == "agent":
            count(known, at, "bot.handoff_wait_count")
            count(known, at, "bot.handoff_wait_ms", at - handed_over[-1])
        clock = known.response_clock()
        if event["author"] != "agent" or clock is None:
            return
        if known.has(ANSWERED):
            if questions:
                count(known, at, "next_responses")
                count(known, at, "next_response_ms", at - questions[0])
            return
        known.note(ANSWERED, at)
        count(known, at, "first_responses")
        count(known, at, "first_response_ms", at - clock)

    def resolution(known: Ticket, event: dict, at: int) -> None:
        replied_to = any(what == REPLY for what, _ in known.since(REOPENED))
        if event.get("author") == "bot" and not replied_to:
            known.note(BY_BOT, at)
            count(known, at, "bot_resolved")
            return
        first = not known.has(SOLVED)
        lasted = at - known.resolution_clock()
        known.note(SOLVED, at)
        begins = [t for what, t in known.past if what in (KNOWN, REOPENED)]
        count(known, at, "resolution_cycle_ms", at - begins[-1])
        if not first:
            count(known, at, "tickets_resolved_again")
        else:
            count(known, at, "tickets_resolved")
            count(known, at, "resolution_ms", lasted)
            clock, before = known.resolution_clock(), known.pending_before
            if clock != known.began_at:
                before = 0
            if before is not None:
                pending = before + known.time_in("pending", clock, at)
                count(known, at, "resolution_net_count")
                count(known, at, "resolution_net_ms", lasted - pending)
                count(known, at, "on_hold_ms", known.time_in("on_hold", clock, at))
            result.resolutions.append((at, *scope(known), lasted))
            if not known.has(REPLY):
                count(known, at, "resolved_without_reply")

    def settle(known: Ticket, event: dict, at: int) -> None:
        """Resolved or closed, of a ticket that is not closed yet."""
        closing = event["type"] == "ticket.closed"
        rules = oracle.settings(tenant, known.queue, "ticket", known.began_at)
        end_work(known, list(known.working), at)
        why = gone_as(event)
        if why is not None:
            known.left = True
            count(known, at, f"tickets_left.{why}")
        elif known.status is not None and (not closing or rules["closed_resolves"]):
            resolution(known, event, at)
        have_status(known, None, at)
        known.closed = closing
        known.note(SETTLED, at)

    def reopen(known: Ticket, at: int, status: str) -> None:
        known.closed = False
        known.note(REOPENED, at)
        count(known, at, "tickets_reopened")
        have_status(known, status, at)

    def bot_ended(known: Ticket | None, event: dict, at: int) -> None:
        """It counts whether the ticket is known or not."""
        if event.get("direction") == "outbound":
            return

        def anomaly(kind: str) -> None:
            result.anomalies[kind] += 1

        for when, queue, name, amount in of_bots([{**event, "occurred_at": at}], anomaly):
            result.contributions.append((when, tenant, queue, "ticket", name, amount))
            result.used.add((tenant, queue, "ticket"))
        if known is not None and event["outcome"] == "escalated":
            known.note(ESCALATED, at)

    def within_grace(known: Ticket, what: str, at: int) -> bool:
        then = known.last(what)
        return then is not None and at - then <= oracle.grace_ms

    def tell(known: Ticket, event: dict, at: int) -> None:
        kind, opened = event["type"], known.status is not None
        if kind == "ticket.opened":
            if known.has(COUNTED):
                result.anomalies["ticket_opened_again"] += 1
            else:
                known.note(COUNTED, at)
                count(known, at, "tickets_opened")
        elif kind == "ticket.snapshot" or kind in NO_EFFECT:
            pass
        elif known.left:
            result.anomalies["ticket_left"] += 1
        elif kind == "bot.ended":
            bot_ended(known, event, at)
        elif kind == "work.started":
            start_work(known, event["agent_id"], at)
        elif kind == "work.ended":
            if event["agent_id"] in known.working:
                end_work(known, [event["agent_id"]], at)
            elif opened:
                result.anomalies["work_ended_without_start"] += 1
        elif kind == "ticket.assigned":
            assigned(known, event.get("agent_id"), at)
        elif kind == "ticket.status_changed":
            if opened:
                have_status(known, event["status"], at)
            elif within_grace(known, SETTLED, at):
                result.anomalies["status_after_resolution"] += 1
            else:
                reopen(known, at, event["status"])
        elif kind == "ticket.reopened":
            if not opened:
                reopen(known, at, "open")
            else:
                again = within_grace(known, REOPENED, at)
                result.anomalies["said_again" if again else "ticket_not_resolved"] += 1
        elif known.closed or (kind == "ticket.resolved" and not opened):
            result.anomalies["ticket_settled"] += 1
        elif kind == "ticket.replied":
            replied(known, event, at)
        elif kind == "ticket.moved":
            backlog(known, at, -1)
            known.queue = event["queue"]
            result.used.add(scope(known))
            backlog(known, at, 1)
        else:
            settle(known, event, at)

    def remembered(known: Ticket | None, until: int) -> Ticket | None:
        if known is not None and known.status is None:
            return known if until <= forgotten_after(last_at, oracle.memory_days) else None
        return known

    early: list[dict] = []
    for place, event in enumerate(events):
        at = event["occurred_at"]
        ticket = remembered(ticket, min(at, now))
        if ticket is not None:
            tell(ticket, event, at)
        elif event["type"] in MAKES_KNOWN:
            ticket = begin(event, at)
            for waited in early:
                tell(ticket, waited, at)
            early = []
        elif any(
            later["type"] in MAKES_KNOWN and later["occurred_at"] <= at + oracle.grace_ms
            for later in events[place + 1 :]
        ):
            early.append(event)
            result.anomalies["clamped"] += 1
            continue
        elif event["type"] == "bot.ended":
            bot_ended(None, event, at)
        else:
            result.anomalies["no_ticket"] += 1
        last_at = at
    ticket = remembered(ticket, now)
    if ticket is not None and ticket.status is not None:
        result.open_tickets.append((tenant, ticket.queue, ticket.began_at))
