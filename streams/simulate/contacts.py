"""Calls and chats of the simulated centre, from arrival to wrap-up.

In: arrivals from the centre and free agents from the floor. Out: events and entries in the books.
A contact may make several visits (transfer, overflow, return); a visit is offered to one agent at
a time, and to another one after a missed or rejected offer.
Invariant: a visit leaves the queue exactly once; every delayed action checks that the visit is
still where it was, so a patience that runs out after the answer does nothing.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from streams.simulate.config import CHAT, SOURCE_OF_CHANNEL, VOICE, QueuePlan
from streams.simulate.floor import Agent, Floor
from streams.simulate.follow_ups import FollowUps
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks
from streams.simulate.visit import CONNECTED, LEFT, RINGING, WAITING, Promise, Visit, Words

CALL_TOPICS = ("invoice", "delivery", "contract", "fault", "password", "other")


class Conversations:
    """The voice and chat queues."""

    def __init__(
        self,
        kernel: Kernel,
        floor: Floor,
        plans: dict[str, QueuePlan],
        books: dict[str, QueueBooks],
        follow_ups: FollowUps,
    ) -> None:
        self.kernel = kernel
        self.floor = floor
        self.config = floor.config
        self.plans = {name: plan for name, plan in plans.items() if plan.channel in (VOICE, CHAT)}
        self.books = books
        self.follow_ups = follow_ups
        self.lines: dict[str, deque[Visit]] = {name: deque() for name in self.plans}
        self._visits = 0
        self._contacts = 0

    def _emit(self, event_type: str, visit: Visit, /, **fields: Any) -> None:
        channel = visit.plan.channel
        self.kernel.emit(
            SOURCE_OF_CHANNEL[channel], event_type, visit.contact,
            channel=channel, contact_id=visit.contact, queue=visit.plan.name, **fields,
        )  # fmt: skip

    # -- arriving ---------------------------------------------------------------------------

    def arrive(self, plan: QueuePlan) -> None:
        """A new contact reaches the system; chats may meet a bot before the queue."""
        contact, customer = self._new_contact(plan)
        self.books[plan.name].count["arrivals"] += 1
        arrived_ms = self.kernel.now_ms
        if plan.channel == CHAT and self.kernel.chance(plan.bot_ratio):
            rounds = self.kernel.rng.randint(1, 3)
            self._meet_bot(plan, contact, customer, arrived_ms, rounds, Words())
            return
        if self.kernel.chance(plan.web_callback_ratio):
            self._ask_to_be_called(plan)
        if plan.channel == VOICE:  # the menu
            delay = self.kernel.rng.uniform(3, 12)
        else:
            delay = self.kernel.rng.uniform(0.2, 1.0)
        self.kernel.after(delay, self._enter_new, plan, contact, customer, arrived_ms)

    def _new_contact(self, plan: QueuePlan) -> tuple[str, str]:
        self._contacts += 1
        # A third of the customers are frequent ones: they make repeat contacts.
        known = self.kernel.rng.randint(1, 400 if self.kernel.chance(0.33) else 1_000_000)
        contact = f"{plan.channel}-{self.kernel.run}-{self._contacts}"
        return contact, self.kernel.customer(known)

    def _meet_bot(
        self,
        plan: QueuePlan,
        contact: str,
        customer: str,
        arrived_ms: int,
        rounds: int,
        words: Words,
    ) -> None:
        fields = {"channel": CHAT, "contact_id": contact}
        books = self.books[plan.name]
        source = SOURCE_OF_CHANNEL[CHAT]
        if rounds:
            for author in ("customer", "bot"):
                self.kernel.emit(source, "message.sent", contact, author=author, **fields)
                books.count["messages"] += 1
            self._note_customer(words)
            self.kernel.after(
                self.kernel.rng.uniform(3, 10),
                self._meet_bot, plan, contact, customer, arrived_ms, rounds - 1, words,
            )  # fmt: skip
            return
        contained = self.kernel.chance(plan.contained_ratio)
        outcome = "contained" if contained else "escalated"
        self.kernel.emit(
            source, "bot.ended", contact, outcome=outcome, queue=plan.name, started_at=arrived_ms,
            **fields,
        )  # fmt: skip
        books.bot(outcome, self.kernel.now_ms - arrived_ms)
        if not contained:
            words.escalated_ms = self.kernel.now_ms
            self._enter_new(plan, contact, customer, arrived_ms, words)

    def _note_customer(self, words: Words) -> None:
        words.customer = True
        if words.asked_ms is None:
            words.asked_ms = self.kernel.now_ms

    def _enter_new(
        self,
        plan: QueuePlan,
        contact: str,
        customer: str,
        arrived_ms: int,
        words: Words | None = None,
    ) -> None:
        if plan.max_waiting is not None and len(self.lines[plan.name]) >= plan.max_waiting:
            self.kernel.emit(
                SOURCE_OF_CHANNEL[plan.channel], "contact.blocked", contact,
                channel=plan.channel, contact_id=contact, queue=plan.name, reason="full",
            )  # fmt: skip
            self.books[plan.name].blocked("full")
            return
        topic = self.kernel.rng.choice(CALL_TOPICS)
        self.enter(
            plan, contact, customer, "contact.enqueued", words=words,
            reason="initial", arrived_at=arrived_ms, topic=topic, customer_ref=customer,
        )  # fmt: skip

    def enter(
        self,
        plan: QueuePlan,
        contact: str,
        customer: str,
        event_type: str,
        not_to: Iterable[str] = (),
        former: Visit | None = None,
        words: Words | None = None,
        **fields: Any,
    ) -> None:
        """A visit is opened: by `contact.enqueued`, or by `contact.resumed`, after `former`."""
        kernel = self.kernel
        self._visits += 1
        calls_back = fields.get("reason") == "callback"
        visit = Visit(
            self._visits, contact, customer, plan, kernel.now_ms, former, words, calls_back
        )
        visit.arrived_ms = fields.get("arrived_at", visit.arrived_ms)
        visit.not_to.update(not_to)
        self._emit(event_type, visit, **fields)
        if calls_back:
            self.books[plan.name].callbacks["visits"] += 1
        else:
            self.books[plan.name].enqueued(visit.number, kernel.now_ms, visit.hop)
        self.lines[plan.name].append(visit)
        draw = kernel.lognormal if plan.lognormal_patience else kernel.exponential
        kernel.after(draw(plan.patience_seconds), self._lose_patience, visit)
        if plan.give_up_seconds is not None:
            kernel.after(plan.give_up_seconds, self._give_up, visit)
        if not calls_back and kernel.chance(plan.callback_ratio):
            kernel.after(plan.callback_after_seconds, self._take_callback, visit)
        agent = self.floor.pick(plan.name, plan.channel, visit.not_to)
        if agent is not None and self._next_for(agent) is visit:
            self._offer(visit, agent)

    # -- offering ---------------------------------------------------------------------------

    def serve(self, agent: Agent) -> None:
        """The free agent gets the longest waiting visit they can take, chats up to capacity."""
        visit = self._next_for(agent)
        if visit is not None:
            self._offer(visit, agent)

    def _next_for(self, agent: Agent) -> Visit | None:
        best: Visit | None = None
        for queue in agent.queues:
            line = self.lines.get(queue)
            if not line or not agent.can_take(self.plans[queue].channel):
                continue
            for visit in line:
                if visit.state == WAITING and agent.id not in visit.not_to:
                    if best is None or visit.number < best.number:
                        best = visit
                    break
        return best

    def _offer(self, visit: Visit, agent: Agent) -> None:
        kernel, config = self.kernel, self.config
        visit.state = RINGING
        visit.agent = agent
        visit.offer += 1
        self.floor.change(agent, ringing=1)
        self._emit("contact.offered", visit, agent_id=agent.id)
        fate = kernel.rng.random()
        if fate < config.missed_ratio:
            kernel.after(
                config.ring_timeout_seconds, self._offer_failed, visit, visit.offer, "timeout"
            )
        elif fate < config.missed_ratio + config.rejected_ratio:
            kernel.after(
                kernel.rng.uniform(1, 5), self._offer_failed, visit, visit.offer, "rejected"
            )
        else:
            ring = min(kernel.lognormal(config.ring_seconds), config.ring_timeout_seconds - 1)
            kernel.after(ring, self._answer, visit, visit.offer)

    def _offer_failed(self, visit: Visit, offer: int, outcome: str) -> None:
        if visit.state != RINGING or visit.offer != offer:
            return
        agent = self._take_from_agent(visit, outcome)
        visit.state = WAITING
        visit.not_to.add(agent.id)
        if outcome == "timeout":
            self.floor.step_out(agent, self.kernel.rng.uniform(15, 45))
        other = self.floor.pick(visit.plan.name, visit.plan.channel, visit.not_to)
        if other is not None:
            self._offer(visit, other)
        self.floor.freed(agent)

    def _take_from_agent(self, visit: Visit, outcome: str) -> Agent:
        """The ringing stops; the attempt has its outcome."""
        agent = visit.agent
        assert agent is not None
        self._emit("offer.failed", visit, agent_id=agent.id, outcome=outcome)
        self.books[visit.plan.name].offers[outcome] += 1
        self.floor.change(agent, ringing=0)
        visit.agent = None
        return agent

    # -- leaving unanswered -----------------------------------------------------------------

    def _leave_queue(self, visit: Visit, offer_outcome: str) -> Agent | None:
        agent = None
        if visit.state == RINGING:
            agent = self._take_from_agent(visit, offer_outcome)
        visit.state = LEFT
        visit.left_ms = self.kernel.now_ms
        self.lines[visit.plan.name].remove(visit)
        return agent

    def _lose_patience(self, visit: Visit) -> None:
        if visit.state not in (WAITING, RINGING):
            return
        kernel, plan = self.kernel, visit.plan
        agent = self._leave_queue(visit, "customer_left")
        silent = plan.channel == CHAT and kernel.chance(0.25)
        self._emit("contact.abandoned", visit, kind="silent" if silent else "hangup")
        if not visit.callback:
            self.books[plan.name].abandoned(visit.number, kernel.now_ms, silent, visit.waited_ms)
        if kernel.chance(plan.returning_ratio):
            kernel.after(kernel.rng.uniform(20, 120), self._return, visit)
        if agent is not None:
            self.floor.freed(agent)

    def _return(self, visit: Visit) -> None:
        self.books[visit.plan.name].count["resumed"] += 1
        self.enter(visit.plan, visit.contact, visit.customer, "contact.resumed", former=visit)

    def _give_up(self, visit: Visit) -> None:
        if visit.state not in (WAITING, RINGING):
            return
        plan = visit.plan
        agent = self._flow_out(visit, plan.give_up_reason)
        if plan.give_up_reason == "overflow" and plan.overflow_to is not None:
            self.enter(
                self.plans[plan.overflow_to], visit.contact, visit.customer,
                "contact.enqueued", former=visit, reason="overflow",
            )  # fmt: skip
        if agent is not None:
            self.floor.freed(agent)

    def _take_callback(self, visit: Visit) -> None:
        """The customer hangs up and is called back later, as a contact of its own."""
        if visit.state != WAITING:
            return
        due_ms = self._agree()
        self._flow_out(visit, "callback", due_ms)
        self._promise(visit.plan, visit.contact, visit.customer, due_ms)

    def _ask_to_be_called(self, plan: QueuePlan) -> None:
        """A customer who does not call at all asks on the web page."""
        contact, customer = self._new_contact(plan)
        due_ms = self._agree()
        self.kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "callback.requested", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, due_at=due_ms, customer_ref=customer,
        )  # fmt: skip
        self._promise(plan, contact, customer, due_ms)

    def _agree(self) -> int | None:
        """Every third customer says when to call."""
        if not self.kernel.chance(0.3):
            return None
        return self.kernel.now_ms + round(self.kernel.rng.uniform(180, 900) * 1000)

    def _promise(self, plan: QueuePlan, contact: str, customer: str, due_ms: int | None) -> None:
        kernel = self.kernel
        promise = Promise(plan, contact, customer, kernel.now_ms, due_ms)
        self.books[plan.name].asked_back(promise.contact, kernel.now_ms, due_ms)
        self._call_later(promise)

    def _call_later(self, promise: Promise) -> None:
        self.kernel.after(self.kernel.rng.uniform(120, 600), self._call_back, promise)

    def _call_back(self, promise: Promise) -> None:
        kernel, plan, contact = self.kernel, promise.plan, promise.contact
        outcome = kernel.rng.choices(
            ("connected", "not_reached", "cancelled", "given_up"), weights=(70, 24, 4, 2)
        )[0]
        promise.tries += 1
        final = outcome == "not_reached" and promise.tries == 3
        kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "callback.attempted", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, outcome=outcome, final=final or None,
            requested_at=promise.asked_ms, due_at=promise.due_ms,
        )  # fmt: skip
        self.books[plan.name].called_back(contact, kernel.now_ms, outcome, final)
        if outcome == "connected":
            called, _ = self._new_contact(plan)
            self.enter(
                plan, called, promise.customer, "contact.enqueued", reason="callback",
                parent_contact_id=contact, customer_ref=promise.customer,
            )  # fmt: skip
        elif outcome == "not_reached" and not final:
            self._call_later(promise)

    def _flow_out(self, visit: Visit, reason: str, due_ms: int | None = None) -> Agent | None:
        agent = self._leave_queue(visit, "rescinded")
        self._emit("contact.flowed_out", visit, reason=reason, due_at=due_ms)
        if not visit.callback:
            self.books[visit.plan.name].flowed_out(visit.number, self.kernel.now_ms, reason)
        return agent

    # -- talking ----------------------------------------------------------------------------

    def _answer(self, visit: Visit, offer: int) -> None:
        if visit.state != RINGING or visit.offer != offer:
            return
        kernel, plan, agent = self.kernel, visit.plan, visit.agent
        assert agent is not None
        visit.state = CONNECTED
        visit.answered_ms = kernel.now_ms
        self.lines[plan.name].remove(visit)
        self.floor.change(agent, ringing=0)
        self.floor.shift_count(agent, "handling", plan.channel, 1)
        self._emit("contact.answered", visit, agent_id=agent.id)
        if visit.callback:
            self.books[plan.name].took_call_back(visit.number, kernel.now_ms)
        else:
            self.books[plan.name].answered(
                visit.number, kernel.now_ms, visit.waited_ms, visit.arrived_ms
            )
        talk = 2 + kernel.lognormal(max(1.0, plan.handle_seconds - 2), 0.7)
        if kernel.chance(plan.hold_ratio):
            kernel.after(talk * kernel.rng.uniform(0.1, 0.8), self._hold, visit)
            talk += plan.hold_seconds
        if plan.channel == CHAT:
            self._message(visit, "customer")
        kernel.after(talk, self._finish, visit)
        self.floor.freed(agent)  # a chat agent may have another slot

    def _hold(self, visit: Visit) -> None:
        if visit.state == CONNECTED:
            assert visit.agent is not None
            visit.holding_since_ms = self.kernel.now_ms
            self._emit("hold.started", visit, agent_id=visit.agent.id)
            self.kernel.after(self.kernel.lognormal(visit.plan.hold_seconds), self._unhold, visit)

    def _unhold(self, visit: Visit) -> None:
        if visit.state == CONNECTED and visit.holding_since_ms is not None:
            assert visit.agent is not None
            visit.held_ms += self.kernel.now_ms - visit.holding_since_ms
            visit.holding_since_ms = None
            self._emit("hold.ended", visit, agent_id=visit.agent.id)

    def _message(self, visit: Visit, author: str) -> None:
        if visit.state != CONNECTED:
            return
        assert visit.agent is not None
        agent = visit.agent.id if author == "agent" else None
        self._emit("message.sent", visit, author=author, agent_id=agent)
        self.books[visit.plan.name].count["messages"] += 1
        if author == "customer":
            self._note_customer(visit.words)
            visit.replied = True
        else:
            self._book_message(visit)
        swap = self.kernel.chance(0.75)
        following = {"agent": "customer", "customer": "agent"}[author] if swap else author
        gap = 0.2 + self.kernel.exponential(visit.plan.message_seconds)
        self.kernel.after(gap, self._message, visit, following)

    def _book_message(self, visit: Visit) -> None:
        """A person has written: the first word of the visit, an answer, or neither."""
        now, words, books = self.kernel.now_ms, visit.words, self.books[visit.plan.name]
        if not (visit.spoke or visit.callback):
            books.chat["first_message_count"] += 1
            books.chat_ms["first_message"] += now - visit.entered_ms
        if words.asked_ms is not None and (visit.spoke or visit.carried):
            books.chat["responses"] += 1
            books.chat_ms["response"] += now - words.asked_ms
        if words.escalated_ms is not None:
            books.bots["handoff_wait_count"] += 1
            books.bots_ms["handoff_wait"] += now - words.escalated_ms
        visit.spoke = words.agent = True
        words.asked_ms = words.escalated_ms = None

    def _finish(self, visit: Visit) -> None:
        """The conversation is over: transferred, or ended and wrapped up."""
        kernel, plan, agent = self.kernel, visit.plan, visit.agent
        assert agent is not None
        if visit.holding_since_ms is not None:
            if kernel.chance(0.5):
                self._unhold(visit)
            else:  # ended while on hold: the end closes the hold
                visit.held_ms += kernel.now_ms - visit.holding_since_ms
        visit.state = LEFT
        talk_ms = kernel.now_ms - visit.answered_ms - visit.held_ms
        self.floor.shift_count(agent, "handling", plan.channel, -1)
        books = self.books[plan.name]
        books.ended(visit.number, kernel.now_ms)
        if plan.transfer_to is not None and kernel.chance(plan.transfer_ratio):
            self._emit("contact.transferred", visit, agent_id=agent.id, to_queue=plan.transfer_to)
            books.handled(talk_ms, visit.held_ms, True)
            self._transfer(visit, self.plans[plan.transfer_to])
            self.floor.freed(agent)
            return
        self._emit("contact.ended", visit, agent_id=agent.id)
        words = visit.words
        if words.customer:
            books.chat["messaged"] += 1
            books.chat["left_unanswered"] += words.asked_ms is not None
            books.chat["answered_no_reply"] += not visit.replied
        words.agent = False
        wraps = plan.wrapup_seconds > 0
        if not (wraps and plan.waits_for_wrapup):
            books.handled(talk_ms, visit.held_ms, False)
        self.follow_ups.ended(plan, visit.contact, agent.id)
        if wraps:
            self.floor.shift_count(agent, "wrapping", plan.channel, 1)
            wrap = 0.5 + kernel.exponential(max(0.5, plan.wrapup_seconds - 0.5))
            kernel.after(wrap, self._wrapped_up, visit, kernel.now_ms, talk_ms)
        else:
            self.floor.freed(agent)

    def _transfer(self, visit: Visit, plan: QueuePlan) -> None:
        """Most transfers stay the same contact; a fifth get a new id from another system."""
        contact, parent = visit.contact, None
        if visit.agent is not None:
            visit.not_to.add(visit.agent.id)
        if self.kernel.chance(0.2):
            parent = contact
            contact, _ = self._new_contact(plan)
        self.enter(
            plan, contact, visit.customer, "contact.enqueued", visit.not_to, visit,
            reason="transfer", parent_contact_id=parent, customer_ref=visit.customer,
        )  # fmt: skip

    def _wrapped_up(self, visit: Visit, ended_ms: int, talk_ms: int) -> None:
        plan, agent = visit.plan, visit.agent
        assert agent is not None
        books = self.books[plan.name]
        self._emit("wrapup.ended", visit, agent_id=agent.id)
        if plan.waits_for_wrapup:
            books.handled(talk_ms, visit.held_ms, False)
        books.sum_ms["wrapup"] += self.kernel.now_ms - ended_ms
        self.floor.shift_count(agent, "wrapping", plan.channel, -1)
        self.floor.freed(agent)
