"""What follows a conversation: surveys, sales, call-backs of quality assurance.

In: the end of a conversation. Out: `survey.*` and `sale.*` on the CRM's topic, and
`followup.completed` on the contact's own. None of it changes queues or agents. A customer is asked
after each conversation, so surveys have names: a ticket that comes back is another one.
"""

from random import Random

from streams.simulate.config import SOURCE_OF_CHANNEL, QueuePlan
from streams.simulate.customer_books import CustomerBooks
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks

SOURCE = "crm"
# kind → (lowest, highest, higher is better, weights of the scores from lowest to highest)
SCALES: dict[str, tuple[int, int, bool, tuple[int, ...]]] = {
    "csat": (1, 5, True, (5, 6, 12, 37, 40)),
    "nps": (0, 10, True, (3, 1, 1, 2, 2, 4, 6, 13, 20, 22, 26)),
    "ces": (1, 7, False, (20, 25, 20, 15, 10, 6, 4)),
    "resolved": (0, 1, True, (28, 72)),
}
DRAWN = ("csat", "nps", "ces")


class FollowUps:
    """Draws and books what customers do once they hung up."""

    def __init__(
        self, kernel: Kernel, books: dict[str, QueueBooks], customers: CustomerBooks
    ) -> None:
        self.kernel = kernel
        self.books = books
        self.customers = customers
        # What came later is drawn apart, so that a seed's calls are what they were.
        self.rng = Random(f"{kernel.run}/feedback")
        self.surveys = 0

    def ended(self, plan: QueuePlan, contact: str, agent_id: str) -> None:
        """A handled contact ended: perhaps a sale at once, perhaps a survey later."""
        kernel = self.kernel
        if kernel.chance(plan.sale_ratio):
            kind = "upsell" if kernel.chance(0.6) else "cross_sell"
            amount = kernel.rng.randint(500, 20_000) / 100
            self._sell("closed", plan, contact, agent_id, kind, amount)
            if self.rng.random() < 0.1:
                after = self.rng.uniform(60, 600)
                kernel.after(after, self._sell, "cancelled", plan, contact, agent_id, kind, amount)
        if kernel.chance(plan.survey_ratio):
            kind = kernel.rng.choice(DRAWN)
            if self.rng.random() < 0.25:
                kind = "resolved"
            self.surveys += 1
            after = kernel.rng.uniform(5, 30)
            kernel.after(after, self._ask, plan, contact, agent_id, kind, f"s{self.surveys}")
        if kernel.chance(0.02):
            kernel.after(kernel.rng.uniform(300, 1200), self._follow_up, plan, contact)

    def _sell(
        self,
        what: str,
        plan: QueuePlan,
        contact: str,
        agent_id: str,
        kind: str,
        amount: float,
    ) -> None:
        self.kernel.emit(
            SOURCE, f"sale.{what}", contact, channel=plan.channel, contact_id=contact,
            queue=plan.name, agent_id=agent_id, currency="EUR", kind=kind, amount=amount,
        )  # fmt: skip
        self.books[plan.name].feedback.sold(what, kind)

    def _ask(self, plan: QueuePlan, contact: str, agent_id: str, kind: str, survey: str) -> None:
        kernel = self.kernel
        kernel.emit(
            SOURCE, "survey.sent", contact, channel=plan.channel, contact_id=contact,
            queue=plan.name, agent_id=agent_id, kind=kind, survey_id=survey,
        )  # fmt: skip
        self.books[plan.name].feedback.asked(survey, kind, kernel.now_ms)
        if kernel.chance(0.4):
            after = kernel.lognormal(120, 1.0)
            kernel.after(after, self._reply, plan, contact, agent_id, kind, survey)

    def _reply(self, plan: QueuePlan, contact: str, agent_id: str, kind: str, survey: str) -> None:
        low, high, higher_is_better, weights = SCALES[kind]
        score = self.kernel.rng.choices(range(low, high + 1), weights=weights)[0]
        self.kernel.emit(
            SOURCE, "survey.answered", contact, channel=plan.channel, contact_id=contact,
            queue=plan.name, agent_id=agent_id, kind=kind, score=score, scale_min=low,
            scale_max=high, higher_is_better=higher_is_better, version="v1",
            survey_id=survey,
        )  # fmt: skip
        better = score if higher_is_better else low + high - score
        if self.books[plan.name].feedback.answered(survey, kind, better, low, high):
            self.customers.fail(plan.name, contact, self.kernel.now_ms)

    def _follow_up(self, plan: QueuePlan, contact: str) -> None:
        outcome = self.kernel.rng.choices(
            ("satisfied", "unsatisfied", "not_reached"), weights=(60, 15, 25)
        )[0]
        self.kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "followup.completed", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, outcome=outcome,
        )  # fmt: skip
        self.books[plan.name].feedback.followed_up(outcome)
