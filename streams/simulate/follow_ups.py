"""What follows a conversation: surveys, sales, call-backs of quality assurance.

In: the end of a conversation. Out: `survey.*` and `sale.closed` on the CRM's topic, and
`followup.completed` on the contact's own. None of it changes queues or agents.
"""

from streams.simulate.config import SOURCE_OF_CHANNEL, QueuePlan
from streams.simulate.kernel import Kernel
from streams.simulate.truth import QueueBooks

SOURCE = "crm"
# kind → (lowest, highest, higher is better, weights of the scores from lowest to highest)
SCALES: dict[str, tuple[int, int, bool, tuple[int, ...]]] = {
    "csat": (1, 5, True, (5, 6, 12, 37, 40)),
    "nps": (0, 10, True, (3, 1, 1, 2, 2, 4, 6, 13, 20, 22, 26)),
    "ces": (1, 7, False, (20, 25, 20, 15, 10, 6, 4)),
}


class FollowUps:
    """Draws and books what customers do once they hung up."""

    def __init__(self, kernel: Kernel, books: dict[str, QueueBooks]) -> None:
        self.kernel = kernel
        self.books = books

    def ended(self, plan: QueuePlan, contact: str, agent_id: str) -> None:
        """A handled contact ended: perhaps a sale at once, perhaps a survey later."""
        kernel = self.kernel
        if kernel.chance(plan.sale_ratio):
            kernel.emit(
                SOURCE, "sale.closed", contact, channel=plan.channel, contact_id=contact,
                queue=plan.name, agent_id=agent_id, currency="EUR",
                kind="upsell" if kernel.chance(0.6) else "cross_sell",
                amount=kernel.rng.randint(500, 20_000) / 100,
            )  # fmt: skip
            self.books[plan.name].count["sales"] += 1
        if kernel.chance(plan.survey_ratio):
            kind = kernel.rng.choice(tuple(SCALES))
            kernel.after(kernel.rng.uniform(5, 30), self._ask, plan, contact, agent_id, kind)
        if kernel.chance(0.02):
            kernel.after(kernel.rng.uniform(300, 1200), self._follow_up, plan, contact)

    def _ask(self, plan: QueuePlan, contact: str, agent_id: str, kind: str) -> None:
        kernel = self.kernel
        kernel.emit(
            SOURCE, "survey.sent", contact, channel=plan.channel, contact_id=contact,
            queue=plan.name, agent_id=agent_id, kind=kind,
        )  # fmt: skip
        self.books[plan.name].count["surveys_sent"] += 1
        if kernel.chance(0.4):
            kernel.after(kernel.lognormal(120, 1.0), self._reply, plan, contact, agent_id, kind)

    def _reply(self, plan: QueuePlan, contact: str, agent_id: str, kind: str) -> None:
        low, high, higher_is_better, weights = SCALES[kind]
        score = self.kernel.rng.choices(range(low, high + 1), weights=weights)[0]
        self.kernel.emit(
            SOURCE, "survey.answered", contact, channel=plan.channel, contact_id=contact,
            queue=plan.name, agent_id=agent_id, kind=kind, score=score, scale_min=low,
            scale_max=high, higher_is_better=higher_is_better, version="v1",
        )  # fmt: skip
        self.books[plan.name].count["surveys_answered"] += 1

    def _follow_up(self, plan: QueuePlan, contact: str) -> None:
        outcome = self.kernel.rng.choices(
            ("satisfied", "unsatisfied", "not_reached"), weights=(60, 15, 25)
        )[0]
        self.kernel.emit(
            SOURCE_OF_CHANNEL[plan.channel], "followup.completed", contact, channel=plan.channel,
            contact_id=contact, queue=plan.name, outcome=outcome,
        )  # fmt: skip
        self.books[plan.name].count["followups"] += 1
