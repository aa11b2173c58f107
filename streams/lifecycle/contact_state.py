"""Layer 2: what is remembered of a contact: the visit that is open, the last one, what is owed.

A contact stands in one queue at a time. The table of what events do to it is in `contact.py`.
Stored by place: a field is appended, with a default, and never moved.
"""

from typing import Final

import msgspec

from streams.contract.words import HOUR_MS, NONE
from streams.lifecycle import counters as c
from streams.lifecycle.agent_legs import EarlierLeg
from streams.lifecycle.comings import Whose
from streams.lifecycle.feedback import Survey
from streams.lifecycle.ledger import Standing
from streams.lifecycle.rules import NEVER

IDLE: Final = 0
WAITING: Final = 1
CONNECTED: Final = 2

#: A visit that an age closed is remembered this long, and so many of a contact.
AGED_MS: Final = 72 * HOUR_MS
MAX_AGED: Final = 8
#: Wrap-ups that are owed at once, and queues of earlier visits that are remembered.
MAX_OWED: Final = 8
MAX_QUEUES: Final = 8

# How a visit ended: said by an event, concluded from another event, or by an age.
SAID: Final = 0
SAID_TRANSFERRED: Final = 1
SAID_FLOWED_OUT: Final = 2
CONCLUDED: Final = 3
BY_AGE: Final = 4
TOLD: Final = frozenset({SAID, SAID_TRANSFERRED, SAID_FLOWED_OUT})

# Which age.
ORPHANED: Final = 0
SILENT: Final = 1
EXPIRED: Final = 2


class Wrapup(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A wrap-up that is not reported yet. `completes_visit`: the visit is handled only with it.

    Times in ms; `entered_at`: when the visit began, which decides its rules.
    """

    ended_at: int
    queue: str
    agent: str | None
    outbound: bool
    completes_visit: bool
    talk: int
    hold: int
    entered_at: int


# What a visit's first message of an agent is to be: counted, in no figure, or past.
COUNTED: Final = 0
UNCOUNTED: Final = 1
PAST: Final = 2


class VisitWords(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What was written in a visit. `first`: what its first message of an agent is to be.

    `customer`: that of the words at its first answer; if it is more now, he has written since.
    `carried`: since when he was waiting for a response when it was entered (ms; -1: he was not).
    """

    first: int = COUNTED
    customer: int = 0
    carried: int = -1


NO_WORDS: Final = VisitWords()


class Words(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What was written in a chat, and what a bot handed over. Times in ms, -1: none.

    `heard_at`: the last word that was new, outside a conversation any. `told`: any message, of
    whomever. `customer`: grows with what the customer writes. `asked_at`: the first that no person
    has answered. `agent`: a person has written since a conversation ended last.
    """

    heard_at: int
    told: bool = False
    customer: int = 0
    asked_at: int = -1
    agent: bool = False
    visit: VisitWords = NO_WORDS
    escalated_at: int = -1


class Closed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The last visit that closed. Times in ms, -1: none; `answered_at` of its last talk.

    `words`: what was written in it, None where nothing ever was.
    """

    queue: str
    entered_at: int
    answered_at: int
    closed_at: int
    agent: str | None
    outbound: bool
    how: int
    words: VisitWords | None = None

    @property
    def connected(self) -> bool:
        """Whether somebody had answered it."""
        return self.answered_at >= 0


class Aged(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A visit that an age closed, while something may still be said of it. Times in ms.

    `handled_already`: it is handled, or counts as transferred, already, as in `ContactState`;
    `words` as in `Closed`. `coming`: when the coming that it belongs to began, -1: none. `legs`: as
    in `ContactState`.
    """

    queue: str
    entered_at: int
    closed_at: int
    age: int
    outbound: bool
    answered_at: int = -1
    agent: str | None = None
    hold: int = 0
    handled_already: bool = False
    transferred: bool = False
    words: VisitWords | None = None
    callback: bool = False
    coming: int = -1
    legs: tuple[EarlierLeg, ...] = ()


class ContactState(msgspec.Struct, array_like=True, gc=False):
    """What the past of a contact means for its future. Times in ms, -1: none.

    `doubt`: until when an event could still show that another one was read wrongly; it only grows,
    and outlives being forgotten. `answered_at`: when the talk began that goes on now.
    """

    phase: int = IDLE
    queue: str = ""
    entered_at: int = -1
    outbound: bool = False
    threshold_decided: bool = False
    answered_at: int = -1
    agent: str | None = None
    hold_since: int = -1
    hold: int = 0
    ringing: tuple[str, ...] = ()
    customer_at: int = -1
    wrapups: tuple[Wrapup, ...] = ()
    closed_at: int = -1
    # Two fields of the rules before `versions.RULES_VERSION` 1: nothing reads them, but stored
    # states have them in their places.
    answer_before_enqueue_at: int = -1
    answer_before_enqueue_agent: str | None = None
    silent_queue: str | None = None
    due: int = NEVER
    doubt: int = -1
    last: Closed | None = None
    #: The agent who had the conversation before.
    former: str | None = None
    #: Further talk of a visit that is handled already.
    handled_already: bool = False
    #: The visit was opened by `contact.resumed`.
    resumed: bool = False
    #: It began within grace after an unanswered one in another queue.
    continues: bool = False
    #: An agent's message answered it.
    answered_by_message: bool = False
    #: It counts as transferred already.
    transferred: bool = False
    aged: tuple[Aged, ...] = ()
    #: Queues of visits before the last one.
    queues: tuple[str, ...] = ()
    #: How many visits of the contact are counted by its hops.
    hops: int = 0
    #: The visit waits, or waited, for longer than the queue's limit.
    over_limit: bool = False
    #: How long its visits waited, in ms, since it came or was last spoken to.
    waited: int = 0
    #: When it came to the system, the earliest that is told; and whether it was ever spoken to.
    arrived_at: int = -1
    met: bool = False
    #: The visit is a call back that was promised: nobody waits in it.
    callback: bool = False
    words: Words | None = None
    surveys: tuple[Survey, ...] = ()
    #: What it is about, as was told last.
    topic: str | None = None
    #: Whose it is, and the coming that goes on, or ended last.
    customer: Whose | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing of the contact is remembered."""
        return (
            self.phase == IDLE
            and self.closed_at < 0
            and not self.wrapups
            and self.words is None
            and not self.surveys
        )

    def held_by(self, at: int) -> int:
        """How long the customer was on hold in the talk at hand, up to `at`; ms."""
        return self.hold + (at - self.hold_since if self.hold_since >= 0 else 0)

    @property
    def feedback_queue(self) -> str:
        """The queue of the open visit, or of the last one; `_none` where neither is known."""
        if self.phase != IDLE:
            return self.queue
        return NONE if self.last is None else self.last.queue

    #: Where the last transfer said that the contact goes, until it is somewhere.
    to_queue: str | None = None
    #: Whose the last leg was that ended; kept where agents have figures of their own.
    leg_agent: str | None = None
    #: The legs before the one at hand of the conversation at hand; kept there too.
    legs: tuple[EarlierLeg, ...] = ()


def blank() -> ContactState:
    """A contact nothing is known of."""
    return ContactState()


def is_blank(state: ContactState, before: int) -> bool:
    """Whether a contact with all its events before `before` (ms) can be dropped without a trace."""
    return state.doubt < before and state.is_unknown


def standing(state: ContactState) -> tuple[Standing, ...]:
    """What the contact stands in now: it waits, or is talking."""
    if state.outbound:
        return ()
    if state.phase == WAITING:
        if state.callback:
            return ()
        return ((state.queue, "", c.WAITING, state.entered_at),)
    if state.phase == CONNECTED:
        return ((state.queue, "", c.HANDLING, state.answered_at),)
    return ()


def close(state: ContactState, at: int, how: int, handled: bool = True) -> None:
    """The visit is over. `handled`: no wrap-up is awaited before the contact may be forgotten."""
    connected = state.phase == CONNECTED
    remember_last(
        state,
        Closed(
            state.queue,
            state.entered_at,
            state.answered_at if connected else -1,
            at,
            state.agent,
            state.outbound,
            how,
            visit_words(state),
        ),
    )
    state.phase, state.ringing, state.outbound = IDLE, (), False
    if handled:
        state.closed_at = max(state.closed_at, at)


def visit_words(state: ContactState) -> VisitWords | None:
    """What was written in the visit at hand; None where nothing ever was."""
    return None if state.words is None else state.words.visit


def remember_last(state: ContactState, closed: Closed) -> None:
    """This visit closed last; of the one before, its queue is remembered."""
    last = state.last
    if last is not None and last.queue != closed.queue and last.queue not in state.queues:
        state.queues = (*state.queues, last.queue)[-MAX_QUEUES:]
    state.last = closed
