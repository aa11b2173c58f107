"""Layer 2: what a lifecycle keeps of an event.

A fact is the part of an event that can change a number, small enough to be remembered for the
lateness horizon. Facts of one entity are ordered by (at, seq, rank, source, id); `rank` is the
type's place in its lifecycle's list. Times in ms. What makes them of events: `event_facts.py`.
"""

from collections import defaultdict
from typing import Any

import msgspec

from streams.lifecycle import feedback_words

Order = tuple[int, int, int, str, str]


class Told(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an event of a contact, ticket or request tells.

    `detail`: its reason, outcome, kind, status or author; of a transfer the queue that the contact
    is to go to. `since`: an earlier time that it tells of, -1 without one.
    """

    at: int
    seq: int
    rank: int
    source: str
    id: str
    queue: str | None = None
    agent: str | None = None
    detail: str | None = None
    outbound: bool = False
    revision: int = 0
    since: int = -1


class Fact(Told, array_like=True, frozen=True, gc=False):
    """A contact's or ticket's event. `topic`: what that is about from now on, None: not told.

    `customer`: whose it is, the beginning of his keyed hash; empty: not told.
    """

    topic: str | None = None
    customer: bytes = b""


class CallbackFact(Told, array_like=True, frozen=True, gc=False):
    """An event of a request to be called back. `since`: when it was asked for, of an attempt.

    `detail`: an attempt's outcome, and whether it is `final`; `callback` of what asks, or another
    reason. `due_at`: the time agreed, -1 without one. `channel`: the event's.
    """

    due_at: int = -1
    channel: str = ""


class Snapshot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An agent's event: all that holds until its source's next one. Counts are sorted pairs.

    `by_source` is false in what was stored when a snapshot replaced that of any other source.
    `since` is when the state began, 0 where that is not told; -1 in what was stored when no state
    had a limit. `reason`: why there is a break; empty without one, and in every other state.
    """

    at: int
    seq: int
    rank: int
    source: str
    id: str
    state: str
    queues: tuple[str, ...]
    ringing: int
    handling: tuple[tuple[str, int], ...]
    wrapping: tuple[tuple[str, int], ...]
    capacity: tuple[tuple[str, int], ...]
    ttl: int
    revision: int = 0
    by_source: bool = False
    since: int = -1
    reason: str = ""


#: What any entity keeps of an event.
AnyFact = Told | Snapshot


def order_of(fact: AnyFact) -> Order:
    """The place of a fact among its entity's."""
    return fact.at, fact.seq, fact.rank, fact.source, fact.id


def content_of(fact: AnyFact) -> tuple[Any, ...]:
    """What of two facts with one id decides which is used: the least.

    The highest revision first, then time, then content.
    """
    if isinstance(fact, Snapshot):
        said = msgspec.structs.astuple(fact)[5:-4]
        return -fact.revision, fact.at, fact.rank, fact.seq, *said, max(fact.since, 0), fact.reason
    more = (fact.due_at, fact.channel) if isinstance(fact, CallbackFact) else ()
    about = (fact.topic or "", fact.customer) if isinstance(fact, Fact) else ()
    detail, said = feedback_words.content_of(fact.detail or "")
    return (
        -fact.revision,
        fact.at,
        fact.rank,
        fact.seq,
        fact.queue or "",
        fact.agent or "",
        detail,
        fact.outbound,
        fact.since,
        *more,
        *said,
        *about,
    )


def in_order(facts: list[Any]) -> tuple[list[Any], int, int]:
    """An entity's facts, in whatever order they came, as they are folded: ordered, each id once.

    Also returns how many repeats had the same content, and how many had another: of those, the
    highest revision is kept, and of one revision the least content.
    """
    before = -1
    for fact in facts:
        if fact.at <= before:
            facts = sorted(facts, key=order_of)
            break
        before = fact.at
    if len({fact.id for fact in facts}) == len(facts):
        return facts, 0, 0
    contents: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
    for fact in facts:
        contents[fact.source, fact.id].add(fact)
    kept = sorted((min(same, key=content_of) for same in contents.values()), key=order_of)
    distinct = sum(map(len, contents.values()))
    return kept, len(facts) - distinct, distinct - len(kept)
