"""The stays of calls in queues that are open, as a queue log is read, and those that are over.

In: what the lines say, in their order. Out: which stay a line is about. Invariant: a call has one
open stay at a time. A stay may be named by another call's id as well: that of the customer, where
an agent asked in a queue for him. State: open stays, and the last 10,000 that are over.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

#: Two clocks of whole seconds: what they say of one instant may differ so much.
_ROUNDING_SECONDS: Final = 2
_MOST_OVER: Final = 10_000

_Key = TypeVar("_Key")


@dataclass(slots=True, eq=False)
class Stay:
    """One stay of a call in a queue, seconds since 1970; `agent` has it since `answered`."""

    call: str
    contact: str
    queue: str
    entered: int
    agent: str = ""
    answered: int = -1
    #: The call of the customer, where this is the stay of an agent who asked for him.
    customer: str = ""


class Stays:
    """Finds open stays by call, by agent, and by when they began."""

    def __init__(self) -> None:
        self.open: dict[str, Stay] = {}
        """By call."""
        self.last_end: dict[str, int] = {}
        """The second in which a call's last stay ended."""
        self._waiting: dict[tuple[str, int], list[Stay]] = {}
        self._talking: dict[str, list[Stay]] = {}
        #: Call of a customer to the call of the agent who asked for him.
        self._asked_for: dict[str, str] = {}
        #: (call, queue, agent; none for a wait): when that began.
        self._over: dict[tuple[str, str, str], int] = {}

    def of(self, call: str, queue: str) -> Stay | None:
        """The open stay in that queue that lines with this call's id are about."""
        for name in (call, self._asked_for.get(call, "")):
            stay = self.open.get(name)
            if stay is not None and stay.queue == queue:
                return stay
        return None

    def talking(self, agent: str, queue: str) -> Stay | None:
        """The last conversation the agent began of those that are open in the queue."""
        theirs = (stay for stay in reversed(self._talking.get(agent, ())) if stay.queue == queue)
        return next(theirs, None)

    def only_one_since(self, queue: str, began: int | None) -> Stay | None:
        """Who waits in the queue since that second, if it is one alone."""
        waiting = [] if began is None else self._waiting.get((queue, began), [])
        return waiting[0] if len(waiting) == 1 else None

    def add(self, stay: Stay) -> None:
        """It is open, and waits."""
        self.open[stay.call] = stay
        self._waiting.setdefault((stay.queue, stay.entered), []).append(stay)

    def asked_for(self, stay: Stay, customer: str) -> None:
        """Lines about that stay may have the customer's id from now on."""
        self._asked_for.pop(stay.customer, None)
        stay.customer = customer
        self._asked_for[customer] = stay.call

    def answer(self, stay: Stay, agent: str, at: int) -> None:
        """The agent has it."""
        self._forget(stay)
        self._remember(stay)
        stay.agent, stay.answered = agent, at
        self._talking.setdefault(agent, []).append(stay)

    def close(self, stay: Stay, at: int, call: str) -> None:
        """It is over; `call` is the id of the line that says so."""
        self._forget(stay)
        self._remember(stay, call)
        del self.open[stay.call]
        self._asked_for.pop(stay.customer, None)
        self.last_end[stay.call] = at
        if len(self.last_end) > _MOST_OVER:
            del self.last_end[next(iter(self.last_end))]

    def is_over(self, call: str, queue: str, agent: str, began: int | None) -> bool:
        """Whether that wait (no agent), or that agent's conversation, was ended before."""
        found = self._over.get((call, queue, agent))
        return found is not None and (began is None or near(began, found))

    def _forget(self, stay: Stay) -> None:
        _drop(self._waiting, (stay.queue, stay.entered), stay)
        _drop(self._talking, stay.agent, stay)

    def _remember(self, stay: Stay, call: str = "") -> None:
        began = stay.answered if stay.answered >= 0 else stay.entered
        # Under all the ids that lines give it.
        for name in {stay.call, stay.customer, call} - {""}:
            self._over.pop((name, stay.queue, stay.agent), None)
            self._over[name, stay.queue, stay.agent] = began
        while len(self._over) > _MOST_OVER:
            del self._over[next(iter(self._over))]


def _drop(index: dict[_Key, list[Stay]], key: _Key, stay: Stay) -> None:
    stays = index.get(key, [])
    if stay in stays:
        stays.remove(stay)
        if not stays:
            del index[key]


def near(one: int, other: int) -> bool:
    """Whether two seconds may be one instant."""
    return abs(one - other) <= _ROUNDING_SECONDS
