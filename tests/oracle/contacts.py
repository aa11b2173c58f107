"""The oracle's contacts: one contact's events, told once, become finished `Visit` facts.

In: the ordered events of one (tenant, channel, contact_id). Out: visits, and from each visit its
contributions and level changes (`visits`). `order` says when each event takes effect, `story` what
is open then; here is what the event does. The telling only finds out *when* what happened to each
visit, never what that counts for.
"""

from tests.oracle.agent_figures import rows_of_contact
from tests.oracle.chats import AGENT, CUSTOMER, ESCALATED, OTHER, of_bots, of_words
from tests.oracle.customers import Comings
from tests.oracle.feedback import FEEDBACK, Told
from tests.oracle.order import ENTRIES, fits, tell_in_order
from tests.oracle.story import BLOCK_REASONS, Aged, Leg, Story
from tests.oracle.visits import Visit, contributions_of, levels_of, topics_of


class Telling(Story):
    """A story that takes events."""

    def tell(self, event: dict, at: int) -> None:
        """The event has taken effect at `at`."""
        kind, queue, agent = event["type"], event.get("queue"), event.get("agent_id")
        visit = self.open
        here = visit if visit is not None and fits(queue, visit.queue) else None
        name = kind.removeprefix("contact.").replace(".", "_")
        lost = f"{name}_without_visit" if here is not None or visit is None else "other_queue"
        if kind in FEEDBACK:
            stay = visit if visit is not None or self.last is None else self.last.visit
            served = None if self.last_leg is None else self.last_leg.agent
            self.told.tell(event, at, None if stay is None else stay.queue, served)
        elif kind in ENTRIES:
            self.tell_entry(event, at)
        elif kind == "contact.blocked":
            if event.get("direction", "inbound") != "outbound":
                reason = event["reason"] if event["reason"] in BLOCK_REASONS else "other"
                self.blocked.append((at, event["queue"], reason))
        elif kind == "contact.answered":
            self.tell_answer(event, at)
        elif kind == "offer.failed":
            self.tell_failed_offer(event, at, here)
        elif kind == "contact.offered" and here is not None and here.waiting:
            if agent not in here.ringing_agents():
                here.rings.append([agent, at, None])
        elif kind == "hold.started" and here is not None and here.connected:
            if here.talks[-1].held:
                self.anomaly("said_again")
            else:
                here.talks[-1].holds.append([at, -1])
        elif kind == "hold.ended" and here is not None and here.connected and here.talks[-1].held:
            here.talks[-1].holds[-1][1] = at
        elif kind == "wrapup.ended":
            self.tell_wrapup(event, at)
        elif kind == "message.sent":
            if here is not None or visit is None:
                self.tell_message(event, at, here)
        elif kind == "bot.ended":
            if event.get("direction", "inbound") != "outbound":
                self.bots.append(event)
                if event["outcome"] == "escalated":
                    self.note(ESCALATED, at)
                else:
                    self.told.contained(at)
        elif kind in ("contact.transferred", "contact.ended", "contact.abandoned"):
            self.tell_end(event, at, here, lost)
        elif kind == "contact.flowed_out":
            self.tell_flow_out(event, at, here, lost)
        elif kind in ("contact.offered", "hold.started", "hold.ended"):
            self.anomaly(lost)

    def tell_entry(self, event: dict, at: int) -> None:
        visit, queue = self.open, event["queue"]
        if self.promised not in (None, queue):
            self.anomaly("transferred_elsewhere")
        self.promised = None
        self.arrive(event, at)
        if visit is not None and visit.waiting and visit.queue == queue:
            if at <= visit.enqueued_at + self.grace_ms:
                self.anomaly("said_again")
            else:
                self.lap(visit, at)
            return
        resumed = event["type"] == "contact.resumed"
        self.make_room(at, "returned" if resumed else event.get("reason"))
        last = self.last
        entered = self.enter(queue, at, event)
        entered.resumed = resumed
        if last is not None and not last.connected and last.visit.queue != queue:
            entered.continues = at <= last.at + self.grace_ms

    def tell_answer(self, event: dict, at: int) -> None:
        visit, last, queue, agent = self.open, self.last, event["queue"], event.get("agent_id")
        if visit is not None and visit.queue == queue:
            if visit.waiting:
                self.answer(visit, at, agent)
            elif at <= visit.talks[-1].began + self.grace_ms or agent in (None, visit.agent):
                self.anomaly("answered_again")
                visit.agent = visit.agent or agent
            else:
                visit.talks[-1].earlier.append((at, visit.agent))
                visit.agent, visit.former = agent, visit.agent
            return
        if last is not None and last.visit.queue == queue and last.connected:
            if at <= last.visit.talks[-1].began + self.grace_ms:
                self.anomaly("answered_again")
                return
            if visit is None and last.transferred:
                self.anomaly("goes_on")
                self.connect(last.visit, at, agent)
                self.open, self.silent_queue = last.visit, None
                return
        aged = self.remembered(queue, ("orphaned", "silent"), at)
        self.make_room(at, "answered_elsewhere")
        if aged is not None:
            self.anomaly("recovered")
            self.aged.remove(aged)
            self.recover_answered(aged, at, agent)
            return
        since = event.get("entered_at")
        if since is not None:
            longest = self.settings_of(queue, min(since, at))["max_wait_ms"] or 90 * 86_400_000
            if not at - longest <= since <= at + self.grace_ms:
                since = None
        entered = self.enter(queue, at, event, since)
        entered.stood = False
        entered.measured = entered.decides = since is not None
        if since is None:
            self.anomaly("answered_unmeasured")
        self.answer(entered, at, agent)

    def recover_answered(self, aged: Aged, at: int, agent: str | None) -> None:
        """An orphan is answered itself; a silent one stays abandoned and comes as another."""
        visit = aged.visit
        if aged.kind == "silent":
            direction = "inbound" if visit.inbound else "outbound"
            event = {"type": "contact.enqueued", "direction": direction}
            event |= {"reason": "callback"} if visit.called_back else {}
            visit = self.enter(visit.queue, at, event, since=visit.enqueued_at)
            visit.stood = visit.decides = False
        self.open, self.silent_queue = visit, None
        self.answer(visit, at, agent)

    def tell_end(self, event: dict, at: int, here: Visit | None, lost: str) -> None:
        kind, agent, queue = event["type"], event.get("agent_id"), event.get("queue")
        transferred = kind == "contact.transferred"
        if here is not None and here.connected:
            if agent is not None and agent == here.former:
                self.anomaly("former_agent")
                if transferred and here.transferred_at is None:
                    here.transferred_at = at
            else:
                self.hang_up(here, at, agent, transferred)
                self.promised = event.get("to_queue") if transferred else None
            return
        if here is not None:
            self.stop_waiting(here, event, at)
            self.promised = event.get("to_queue") if transferred else None
            return
        aged = self.remembered(queue, ("orphaned", "expired"), at)
        if aged is not None:
            self.anomaly("recovered")
            self.aged.remove(aged)
            if aged.kind == "expired":
                self.hang_up(aged.visit, at, agent, transferred)
            else:
                self.stop_waiting(aged.visit, event, at)
            if transferred and self.open is None:
                self.promised = event.get("to_queue")
        elif kind == "contact.abandoned" and self.open is None and self.knows_none_in(queue, at):
            self.anomaly("abandoned_unmeasured")
            entered = self.enter(str(queue), at, event)
            entered.stood = entered.measured = entered.decides = False
            self.stop_waiting(entered, event, at)
        else:
            self.anomaly(lost)

    def stop_waiting(self, visit: Visit, event: dict, at: int) -> None:
        """The wait is over, unanswered, as the event says."""
        kind = event["type"]
        if kind == "contact.abandoned":
            visit.silent = event.get("kind") == "silent"
            self.leave(visit, at, "abandoned")
            self.closed(visit, at, connected=False, said=True)
        else:
            reasons = {"contact.transferred": "transfer", "contact.ended": "other"}
            self.flow_out(visit, at, reasons.get(kind) or event.get("reason"))

    def knows_none_in(self, queue: str | None, at: int) -> bool:
        known = self.last is not None and self.last.visit.queue == queue
        known = known or queue in self.earlier
        return not known and self.remembered(queue, ("orphaned", "silent", "expired"), at) is None

    def tell_flow_out(self, event: dict, at: int, here: Visit | None, lost: str) -> None:
        if here is not None and here.connected:
            self.anomaly("flowed_out_while_connected")
            return
        aged = None if here else self.remembered(event["queue"], ("orphaned",), at)
        if here is not None:
            self.stop_waiting(here, event, at)
        elif aged is not None:
            self.anomaly("recovered")
            self.aged.remove(aged)
            self.stop_waiting(aged.visit, event, at)
        else:
            self.anomaly(lost)

    def tell_failed_offer(self, event: dict, at: int, here: Visit | None) -> None:
        """It counts in the queue that it names, whoever waits there."""
        if here is not None:
            here.offers.append((at, event["outcome"], event["agent_id"]))
            for ring in here.rings:
                if ring[0] == event["agent_id"] and ring[2] is None:
                    ring[2] = at
        elif event.get("queue") is None:
            self.anomaly("offer_failed_without_visit")
        elif event.get("direction", "inbound") != "outbound":
            self.offers.append((at, event["queue"], event["outcome"], event["agent_id"]))

    def owed_to(self, event: dict) -> list[Leg]:
        """The wrap-ups that the event may be about, by queue and agent."""
        queue, agent = event.get("queue"), event.get("agent_id")
        return [
            leg
            for leg in self.owed
            if fits(queue, leg.visit.queue) and (agent is None or leg.agent in (None, agent))
        ]

    def tell_wrapup(self, event: dict, at: int) -> None:
        agent = event.get("agent_id")
        found = self.owed_to(event)
        if not found:
            self.anomaly("wrapup_without_visit")
            return

        def unlike(leg: Leg) -> tuple[bool, bool, int]:
            own = agent is not None and leg.agent == agent
            return not own, leg.ended_at != at, leg.ended_at

        leg = min(found, key=unlike)
        self.owed.remove(leg)
        lasted = min(at - leg.ended_at, leg.visit.settings["wrapup_cap_ms"])
        leg.visit.wrapups.append((at, lasted, self.told.topic, leg.agent))
        if leg.whole:
            self.book(leg.visit, leg.talk, at)
            self.close(at)

    def tell_message(self, event: dict, at: int, here: Visit | None) -> None:
        """The customer is alive; a person who writes to a waiting chat has answered it."""
        author, agent, last = event["author"], event.get("agent_id"), self.last
        if self.channel != "chat":
            return
        if event.get("automatic"):
            author = "bot"
        if author == "customer":
            if here is not None and here.waiting:
                here.customer_active_at = at
            silent = self.silent_queue if self.open is None else None
            if silent is not None and fits(event.get("queue"), silent):
                self.enter(silent, at, event)
            self.note(CUSTOMER, at, self.open)
        elif author == "bot":
            self.note(OTHER, at)
        else:
            goodbye = (
                last is not None
                and last.connected
                and at <= last.at + self.grace_ms
                and last.agent == agent
            )
            if here is not None and here.waiting and not goodbye:
                self.answer(here, at, agent)
            self.note(AGENT, at, here if here is not None and here.connected else None)


def tell_contact(entity, events, now: int, oracle, result) -> None:
    """All visits of one contact are in `result`, with what they count for."""
    _, tenant, channel, contact_id = entity

    def anomaly(kind: str) -> None:
        result.anomalies[kind] += 1

    def in_force(queue: str, at: int) -> dict:
        return oracle.settings(tenant, queue, channel, at)

    told = Told(tenant, channel, contact_id, oracle, result)
    comings = Comings(told)
    story = Telling(channel, in_force, oracle.horizon_ms, oracle.grace_ms, anomaly, told, comings)
    tell_in_order(events, story, now)
    story.fire_before(now)

    for at, queue, reason in story.blocked:
        for name in ("blocked", f"blocked_reasons.{reason}"):
            result.contributions.append((at, tenant, queue, channel, name, 1))
        result.used.add((tenant, queue, channel))
    rows = [*of_words(story.past, channel), *of_bots(story.bots, anomaly)]
    for at, queue, name, amount in rows:
        result.contributions.append((at, tenant, queue, channel, name, amount))
        result.used.add((tenant, queue, channel))
    result.agent_rows += rows_of_contact(tenant, story.visits, story.offers)
    for at, queue, outcome, _ in story.offers:
        result.contributions.append((at, tenant, queue, channel, f"offers.{outcome}", 1))
        result.used.add((tenant, queue, channel))
    for visit in story.visits:
        if visit.inbound:
            result.visits.append((tenant, channel, visit))
            result.used.add((tenant, visit.queue, channel))
            scope = (tenant, visit.queue, channel)
            for at, name, amount in contributions_of(visit, now):
                result.contributions.append((at, *scope, name, amount))
            for at, topic, name, amount in topics_of(visit):
                result.count_topic(at, scope, topic, name, amount)
            for at, level, amount in levels_of(visit, now):
                result.levels.append((at, *scope, level, amount))
            if visit.outcome == "answered" and visit.measured and not visit.called_back:
                assert visit.left_at is not None
                result.waits.append((visit.left_at, *scope, visit.left_at - visit.enqueued_at))
