"""When to look at what: soon, or in hours that have not come."""

from random import Random

from streams.lifecycle.rules import NEVER
from streams.lifecycle.wakes import Wakes
from tests.lifecycle.lives import HOUR


def test_each_entry_comes_once_its_time_is_over_in_order() -> None:
    """Whether it was listed by its time or by its hour, at whatever times somebody looks."""
    chance = Random(1)
    wakes, times = Wakes(), {f"k{n}": chance.randrange(5 * HOUR) for n in range(200)}
    for key, at in times.items():
        (wakes.add if chance.random() < 0.5 else wakes.add_far)(at, key)
    found: list[tuple[int, str]] = []
    for now in sorted(chance.randrange(5 * HOUR) for _ in range(50)):
        found += wakes.pop(now, times.__getitem__)
        assert sorted(found) == found == sorted((at, k) for k, at in times.items() if at < now)
    assert len(wakes) == 200 - len(found)


def test_what_has_another_time_by_then_is_listed_elsewhere() -> None:
    """Sooner, later, or gone: its hour passes without it; in its hour it comes at its new time."""
    times = {"sooner": HOUR - 1, "later": 3 * HOUR, "gone": NEVER, "moved": HOUR + 7}
    wakes = Wakes()
    for key in (*times, "moved"):
        wakes.add_far(HOUR + 5, key)
    assert list(wakes.pop(2 * HOUR, times.__getitem__)) == [(HOUR + 7, "moved")]
    assert len(wakes) == 0


def test_more_may_be_added_while_they_are_taken() -> None:
    """What is due by then comes in the same turn."""
    wakes, found = Wakes(), []
    wakes.add(1, "a")
    for at, key in wakes.pop(10, {"a": NEVER}.__getitem__):
        found.append((at, key))
        if at < 3:
            wakes.add(at + 1, "a")
    assert found == [(1, "a"), (2, "a"), (3, "a")]
