"""The oracle's tickets: one ticket's events, told once, become contributions and levels.

In: the ordered events of one (tenant, contact_id) of channel ticket. Out: rows in a `Result`.
What each event does; what the ticket then is, and what time does to it, is in `ticket`.
"""

from tests.oracle.chats import of_bots
from tests.oracle.feedback import FEEDBACK, Told
from tests.oracle.ticket import (
    ANSWERED,
    BY_BOT,
    COUNTED,
    CUSTOMER,
    ESCALATED,
    KNOWN,
    REOPENED,
    REPLY,
    SETTLED,
    SOLVED,
    TAKEN,
    Ticket,
    end_work,
    gone_as,
    is_complaint,
    priority_of,
    start_work,
)

MAKES_KNOWN = ("ticket.opened", "ticket.snapshot")


def tell_ticket(entity, events, now: int, oracle, result) -> None:
    """The ticket's figures are in `result`; deadlines before `now` have happened."""
    _, tenant, contact_id = entity
    told = Told(tenant, "ticket", contact_id, oracle, result)
    ticket: Ticket | None = None
    last_at = 0
    early: list[dict] = []
    for place, event in enumerate(events):
        at = event["occurred_at"]
        ticket = remembered(ticket, last_at, min(at, now))
        told.fire_before(min(at, now))
        if event["type"] in FEEDBACK:
            told.hear(event, ticket is not None)
            told.tell(event, at, None if ticket is None else ticket.queue, served=None)
            if ticket is not None:
                ticket.know(at)
            continue
        if ticket is not None:
            tell(ticket, event, at)
        elif event["type"] in MAKES_KNOWN:
            told.hear(event, known=False)
            ticket = begin(tenant, event, at, oracle, result, told)
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
        else:
            told.hear(event, known=False)
            if event["type"] == "bot.ended":
                bot_ended(tenant, event, at, result)
            else:
                result.anomalies["no_ticket"] += 1
        last_at = at
    ticket = remembered(ticket, last_at, now)
    told.fire_before(now)
    if ticket is not None and ticket.status is not None:
        result.open_tickets.append((tenant, ticket.queue, ticket.began_at))
        for due in ticket.promises.due_times():
            result.due.append((tenant, ticket.queue, "ticket", due))


def remembered(known: Ticket | None, last_at: int, until: int) -> Ticket | None:
    """The ticket, after its deadlines before `until`; None once it is forgotten."""
    if known is None:
        return None
    known.fire_before(until, last_at)
    forgotten = known.forgotten_after(last_at)
    return known if forgotten is None or until <= forgotten else None


def begin(tenant: str, event: dict, at: int, oracle, result, told: Told) -> Ticket:
    """A ticket is known from now on."""
    if event["type"] == "ticket.opened":
        known = Ticket(tenant, event, at, oracle, result, told)
    else:
        known = Ticket(tenant, event, min(event["opened_at"], at), oracle, result, told)
        if event["opened_at"] > at:
            result.anomalies["clamped"] += 1
        seen(known, event, at)
    known.statuses.append((at, known.status))
    known.cohorts.grow_old(at)
    known.stand(at, 1)
    if event["type"] == "ticket.opened":
        opened(known, at)
        known.promises.opened(at)
    else:
        known.promises.snapshot(event.get("due") or {}, at)
    known.know(at)
    return known


def seen(known: Ticket, event: dict, at: int) -> None:
    """A ticket that began before the stream, as it is now."""
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
        return
    known.status = event["status"]
    wrote_at = event.get("last_customer_at")
    if wrote_at is not None:
        known.note(CUSTOMER, max(known.began_at, min(wrote_at, at)))


def opened(known: Ticket, at: int) -> None:
    """The opening is counted."""
    known.note(COUNTED, at)
    known.count(at, "tickets_opened")
    if known.coming is not None and not known.left:
        known.coming.entry = at
    known.cohorts.opened(at)


def updated(known: Ticket, event: dict, at: int) -> None:
    """Its kind and its priority are others; what is absent stays."""
    if event.get("kind") is not None:
        known.stand(at, -1)
        known.complaint = is_complaint(event["kind"])
        known.stand(at, 1)
    if event.get("priority") is not None:
        known.priority = priority_of(event)


def assigned(known: Ticket, agent: str | None, at: int) -> None:
    known.stand(at, -1)
    known.agent = agent
    known.stand(at, 1)
    if agent is not None and not known.has(TAKEN):
        known.note(TAKEN, at)
        known.count(at, "tickets_assigned")
        known.count_time(at, "assign", known.began_at)


def bot_ended(tenant: str, event: dict, at: int, result) -> None:
    """It counts whether the ticket is known or not."""
    if event.get("direction") == "outbound":
        return

    def anomaly(kind: str) -> None:
        result.anomalies[kind] += 1

    for when, queue, name, amount in of_bots([{**event, "occurred_at": at}], anomaly):
        result.contributions.append((when, tenant, queue, "ticket", name, amount))
        result.used.add((tenant, queue, "ticket"))


def replied(known: Ticket, event: dict, at: int) -> None:
    if event.get("public") is False or event["author"] == "bot":
        return
    questions = known.questions()
    handed_over = [t for what, t in known.since(REPLY) if what == ESCALATED]
    if event["author"] != "agent":
        first = not known.has(CUSTOMER)
        known.note(CUSTOMER, at)
        if not questions:
            known.promises.asked("next_response", at)
        if first and known.outbound:
            known.promises.asked("first_response", at)
        return
    known.note(REPLY, at)
    if handed_over:
        known.count(at, "bot.handoff_wait_count")
        known.count(at, "bot.handoff_wait_ms", at - handed_over[-1])
    known.promises.fulfil("first_response", at)
    known.promises.fulfil("next_response", at)
    clock = known.response_clock()
    if clock is None:
        return
    if known.has(ANSWERED):
        if questions:
            known.count(at, "next_responses")
            known.count_time(at, "next_response", questions[0])
        return
    known.note(ANSWERED, at)
    known.count(at, "first_responses")
    known.count_time(at, "first_response", clock)


def resolution(known: Ticket, event: dict, at: int) -> bool:
    """It is resolved; whether by a person."""
    replied_to = any(what == REPLY for what, _ in known.since(REOPENED))
    if event.get("author") == "bot" and not replied_to:
        known.note(BY_BOT, at)
        known.count(at, "bot_resolved")
        return False
    first = not known.has(SOLVED)
    clock, before = known.resolution_clock(), known.pending_before
    known.cohorts.resolved(at, first)
    known.note(SOLVED, at)
    begins = [t for what, t in known.past if what in (KNOWN, REOPENED)]
    known.count_time(at, "resolution_cycle", begins[-1])
    if not first:
        known.count(at, "tickets_resolved_again")
        return True
    known.count(at, "tickets_resolved")
    known.count_time(at, "resolution", clock)
    business = known.business(clock, at)
    known.told.count_topic(at, known.queue, "tickets_resolved")
    known.told.count_topic(at, known.queue, "resolution_ms", business)
    if known.coming is not None:
        if known.told.customer is None:
            known.count(at, "customers.fcr_unknown")
        known.coming.ends.append((at, known.queue, known.told.topic))
    if clock != known.began_at:
        before = 0
    if before is not None:
        net = business - known.time_in("pending", clock, at) - before
        by_wall = at - clock - known.time_in("pending", clock, at, wall=True) - before
        known.count(at, "resolution_net_count")
        known.count(at, "resolution_net_ms", max(0, net))
        known.count(at, "resolution_net_calendar_ms", by_wall)
        known.count(at, "on_hold_ms", known.time_in("on_hold", clock, at))
    known.result.resolutions.append((at, known.tenant, known.queue, "ticket", business))
    if not known.has(REPLY):
        known.count(at, "resolved_without_reply")
    return True


def settle(known: Ticket, event: dict, at: int) -> None:
    """Resolved or closed, of a ticket that is not closed yet."""
    closing = event["type"] == "ticket.closed"
    rules = known.rules(known.began_at)
    end_work(known, list(known.working), at)
    why, by_person = gone_as(event), False
    if why is not None:
        known.left = True
        if known.coming is not None:
            known.coming.left_at = at
        known.count(at, f"tickets_left.{why}")
        known.cohorts.left(at)
    elif known.status is not None and (not closing or rules["closed_resolves"]):
        by_person = resolution(known, event, at)
    known.promises.settled(at, by_person)
    known.have_status(None, at)
    known.closed = closing
    known.note(SETTLED, at)


def reopen(known: Ticket, at: int, status: str) -> None:
    known.closed = False
    known.note(REOPENED, at)
    known.count(at, "tickets_reopened")
    if known.coming is not None:
        known.coming.reopened.append(at)
    known.cohorts.reopened(at)
    known.have_status(status, at)
    known.promises.opened(at)


def within_grace(known: Ticket, what: str, at: int) -> bool:
    then = known.last(what)
    return then is not None and at - then <= known.oracle.grace_ms


def tell(known: Ticket, event: dict, at: int) -> None:
    """The event takes effect, and what it tells of the customer."""
    known.told.hear(event, known=True)
    take_effect(known, event, at)
    known.know(at)


def take_effect(known: Ticket, event: dict, at: int) -> None:
    """What the event does to the ticket itself."""
    kind, open_now, anomalies = event["type"], known.status is not None, known.result.anomalies
    if kind == "ticket.opened":
        if known.has(COUNTED):
            anomalies["ticket_opened_again"] += 1
        else:
            updated(known, event, at)
            opened(known, at)
    elif kind == "ticket.snapshot":
        pass
    elif known.left:
        anomalies["ticket_left"] += 1
    elif kind == "ticket.updated":
        updated(known, event, at)
    elif kind == "bot.ended":
        bot_ended(known.tenant, event, at, known.result)
        if event["outcome"] == "escalated" and event.get("direction") != "outbound":
            known.note(ESCALATED, at)
            known.promises.escalated(at)
    elif kind == "ticket.sla_set":
        if not known.promises.set(event, at):
            anomalies["sla_without_clock"] += 1
    elif kind == "work.started":
        start_work(known, event["agent_id"], at)
    elif kind == "work.ended":
        if event["agent_id"] in known.working:
            end_work(known, [event["agent_id"]], at)
        elif open_now:
            anomalies["work_ended_without_start"] += 1
    elif kind == "ticket.assigned":
        assigned(known, event.get("agent_id"), at)
    elif kind == "ticket.status_changed":
        if open_now:
            known.have_status(event["status"], at)
            known.promises.have_status(at)
        elif within_grace(known, SETTLED, at):
            anomalies["status_after_resolution"] += 1
        else:
            reopen(known, at, event["status"])
    elif kind == "ticket.reopened":
        if not open_now:
            reopen(known, at, "open")
        else:
            again = within_grace(known, REOPENED, at)
            anomalies["said_again" if again else "ticket_not_resolved"] += 1
    elif known.closed or (kind == "ticket.resolved" and not open_now):
        anomalies["ticket_settled"] += 1
    elif kind == "ticket.replied":
        replied(known, event, at)
    elif kind == "ticket.moved":
        known.move(event["queue"], at)
    else:
        settle(known, event, at)
