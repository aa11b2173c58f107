"""Layer 2: what a contact or ticket is about, and the figures that are told apart by it.

In: `topic` of any of its events; bookings of the figures that a topic has. Out: the same amounts
once more in the topic's block of the pane (`splits.py`), at the same instant in the same queue, so
that the topics of a queue add up to its figure. A topic holds from the event that tells it, in the
order of effect, while anything of the contact or ticket is remembered; of one that leaves nothing
to remember, for that event alone. Which topics a queue tells apart is a list of its settings.
Cost: one look at a flag where no queue has a list.
"""

from typing import Protocol

from streams.contract.words import NONE, OTHER
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger


class About(Protocol):
    """The state of a contact or ticket."""

    topic: str | None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is remembered that a topic could be of."""


def hear(state: About, fact: Fact) -> None:
    """An event takes effect: what it tells holds for itself already."""
    if fact.topic is not None:
        state.topic = fact.topic


def settle(state: About) -> None:
    """An event, or a deadline, has taken effect: a topic of nothing is forgotten."""
    if state.topic is not None and state.is_unknown:
        state.topic = None


def book(
    topic: str | None, queue: str, at: int, place: int, ledger: Ledger, amount: int = 1
) -> None:
    """Count `amount` under a topic at `at` (ms), at a place of `splits.TOPIC_...`.

    By the queue's list in force then: another topic is `_other`, none `_none`. Call it wherever the
    figure itself is booked, for the same queue.
    """
    if not ledger.has_topics:
        return
    listed = ledger.rules_for(queue, at).topics
    if listed:
        value = NONE if topic is None else topic if topic in listed else OTHER
        cell, first = ledger.split(queue, at, "topic", value)
        cell[first + place] += ledger.sign * amount
