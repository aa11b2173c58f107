"""What is written in the simulated chats: to bots before the queue, and between people.

In: a chat's arrival at a bot, and the beginning of a conversation. Out: messages, the bot's end,
and entries in the books. Invariant: nothing is written after the conversation has ended.
"""

from collections.abc import Callable

from streams.simulate.config import CHAT, SOURCE_OF_CHANNEL, QueuePlan
from streams.simulate.customers import COMING, Customer, Customers
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks
from streams.simulate.visit import CONNECTED, Visit, Words

#: Takes the chat that a bot hands over to the queue: since when it is there (ms), and its words.
HandedOver = Callable[[QueuePlan, str, Customer, int, Words], None]


class Chatting:
    """Bots and messages."""

    def __init__(self, kernel: Kernel, books: dict[str, QueueBooks], customers: Customers) -> None:
        self.kernel = kernel
        self.books = books
        self.customers = customers

    def meet_bot(
        self,
        plan: QueuePlan,
        contact: str,
        customer: Customer,
        arrived_ms: int,
        rounds: int,
        hand_over: HandedOver,
        words: Words | None = None,
    ) -> None:
        """The customer and a bot write in turn, so many rounds; then it is done, or hands over."""
        words = words or Words()
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
                self.meet_bot, plan, contact, customer, arrived_ms, rounds - 1, hand_over, words,
            )  # fmt: skip
            return
        contained = self.kernel.chance(plan.contained_ratio)
        outcome = "contained" if contained else "escalated"
        customer_ref = customer.ref(COMING)
        self.kernel.emit(
            source, "bot.ended", contact, outcome=outcome, queue=plan.name, started_at=arrived_ms,
            customer_ref=customer_ref, **fields,
        )  # fmt: skip
        books.bot(outcome, self.kernel.now_ms - arrived_ms)
        known = self.customers.books
        known.begin(contact, CHAT, customer.number, self.kernel.now_ms)
        if customer_ref is not None:
            known.tell(contact, plan.name, self.kernel.now_ms)
        if contained:
            known.contain(contact, self.kernel.now_ms)
        else:
            words.escalated_ms = self.kernel.now_ms
            hand_over(plan, contact, customer, arrived_ms, words)

    def _note_customer(self, words: Words) -> None:
        words.customer = True
        if words.asked_ms is None:
            words.asked_ms = self.kernel.now_ms

    def message(self, visit: Visit, author: str) -> None:
        """Somebody writes, and then the other or the same once more."""
        if visit.state != CONNECTED:
            return
        assert visit.agent is not None
        agent = visit.agent.id if author == "agent" else None
        visit.emit(self.kernel, "message.sent", author=author, agent_id=agent)
        self.books[visit.plan.name].count["messages"] += 1
        if author == "customer":
            self._note_customer(visit.words)
            visit.replied = True
        else:
            self._book_message(visit)
        swap = self.kernel.chance(0.75)
        following = {"agent": "customer", "customer": "agent"}[author] if swap else author
        gap = 0.2 + self.kernel.exponential(visit.plan.message_seconds)
        self.kernel.after(gap, self.message, visit, following)

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
