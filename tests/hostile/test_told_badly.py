"""What sources do to a contact: three revisions of each event, fifty queues, early ends."""

import random
from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle import entity
from streams.lifecycle.entity import Entity
from streams.lifecycle.lifecycles import CONTACT
from tests.examples import QUICK
from tests.laws.test_replay_equals_oracle import replayed
from tests.lifecycle.lives import FAR, contact, facts, ledger
from tests.strategies import random_history


def test_three_revisions_of_each_event_count_as_the_last() -> None:
    """In any order, the two that were corrected leave no trace."""
    history = [event for event in random_history(3, 30) if "revision" not in event]
    thrice = []
    for event in history:
        wrong = event | {"occurred_at": event["occurred_at"] - 900_000}
        thrice += [event | {"revision": 2}, wrong | {"revision": 0}, wrong | {"revision": 1}]
    random.Random(1).shuffle(thrice)
    first = {"type": "source.heartbeat", "event_id": "b", "source": "clock"}
    first |= {"occurred_at": min(event["occurred_at"] for event in thrice)}
    assert replayed([*thrice, first], []) == replayed([*history, first], [])


@pytest.mark.parametrize("gap", [1, 200, 5_000, 5_001, 60_000])
def test_a_contact_of_fifty_queues_is_in_one_at_a_time(gap: int) -> None:
    """Each queue is offered it once; what left each is told late, together with the next entry."""
    told: list[Any] = [("enqueued", n * gap, {"queue": f"q{n}"}) for n in range(50)]
    told.append(("answered", 50 * gap, {"queue": "q49", "agent_id": "anna"}))
    told.append(("ended", 50 * gap + 9_000, {"queue": None}))
    life = contact(*told, now=FAR)
    for number in range(50):
        assert life.total(c.OFFERED, f"q{number}") == 1
        assert life.total(c.WAITING, f"q{number}") == 0
        assert life.total(c.FLOWED_OUT, f"q{number}") == (number < 49)
    assert life.total(c.HANDLED, "q49") == 1
    assert len(life.state.aged) <= 8


def test_a_chain_of_early_ends_is_read_alike_in_every_order() -> None:
    """Each end waits for the answer that comes 4 s later, a hundred times, packed or not."""
    told: list[Any] = []
    for at in range(0, 1_200_000, 12_000):
        told.append(("enqueued", at))
        told += [("ended", at + 1_000), ("answered", at + 5_000, {"agent_id": "anna"})]
    for seed in range(2 if QUICK else 4):
        arrived = facts(told)
        if seed:
            random.Random(seed).shuffle(arrived)
        book = ledger(None, "voice").select("default", "voice")
        kept: Any = Entity(None, CONTACT.blank(), [], -1)
        ids: set[str] = set()
        for fact in arrived:
            entity.add(CONTACT, kept, fact, -1, book, ids)
            if not seed:
                entity.pack(CONTACT, kept, book)
        panes = book.entry("billing").panes.values()
        counted = {n: sum(cell[n] for cell in panes) for n in (c.ANSWERED, c.HANDLED, c.FLOWED_OUT)}
        assert counted == {c.ANSWERED: 100, c.HANDLED: 100, c.FLOWED_OUT: 0}
        assert len(kept.tail) <= entity.PACK_ABOVE or seed
