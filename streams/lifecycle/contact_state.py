"""Layer 2: what is remembered of a contact: the visit that is open, and wrap-ups not yet reported.

A contact stands in one queue at a time. The table of what events do to it is in `contact.py`.
"""

from typing import Final

import msgspec

from streams.lifecycle import counters as c
from streams.lifecycle.rules import NEVER, SKEW_MS

IDLE: Final = 0
WAITING: Final = 1
CONNECTED: Final = 2


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


class ContactState(msgspec.Struct, array_like=True, gc=False):
    """What the past of a contact means for its future. Times in ms, -1: none."""

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
    answer_before_enqueue_at: int = -1
    answer_before_enqueue_agent: str | None = None
    silent_queue: str | None = None
    due: int = NEVER


def blank() -> ContactState:
    """A contact nothing is known of."""
    return ContactState()


def is_blank(state: ContactState, before: int) -> bool:
    """Whether a contact with all its events before `before` (ms) can be dropped without a trace."""
    return (
        state.phase == IDLE
        and state.closed_at < 0
        and not state.wrapups
        and state.answer_before_enqueue_at < before - SKEW_MS
    )


def oldest_entry(state: ContactState) -> tuple[str, int, int] | None:
    """(queue, level, start in ms) of what a wallboard shows the oldest of."""
    if state.outbound:
        return None
    if state.phase == WAITING:
        return state.queue, c.WAITING, state.entered_at
    if state.phase == CONNECTED:
        return state.queue, c.HANDLING, state.answered_at
    return None


def is_open(state: ContactState) -> bool:
    """Whether a visit is open, so that a closer goes before an opener of the same instant."""
    return state.phase != IDLE
