"""Integrals of levels over every window: those of a naive sum over each change."""

import random
from collections import defaultdict

import pytest

from streams.contract.words import INTERVAL_MS, SLIDING_MS
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import PANE_MS
from streams.windows import views
from streams.windows.panes import Panes
from tests.examples import examples

LEVELS = (c.WAITING, c.HANDLING, c.STATES["break"])
REASON = c.break_level("lunch")
MIDNIGHT = 1_767_571_200_000
#: Level, time (ms), change.
Changes = list[tuple[int, int, int]]


def area(changes: Changes, level: int, start: int, end: int) -> int:
    """Level x ms over [start, end)."""
    return sum(
        change * (end - max(start, at)) for of, at, change in changes if of == level and at < end
    )


def height(changes: Changes, at: int) -> dict[int, int]:
    """Every level just before `at`."""
    found: defaultdict[int, int] = defaultdict(int)
    for level, when, change in changes:
        if when < at:
            found[level] += change
    return dict(found)


def panes_of(changes: Changes, as_of: int, chance: random.Random) -> Panes:
    """The panes of two sources, some told before `as_of` came so far and some after it."""
    told: defaultdict[tuple[int, int], defaultdict[int, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for level, at, change in changes:
        pane = at - at % PANE_MS
        values = told[pane, chance.randrange(2)]
        values[level] += change
        values[level + c.MOMENT] += change * (at - pane)
    panes = Panes()
    cells = list(told.items())
    chance.shuffle(cells)
    moved = chance.randrange(len(cells))
    for number, ((pane, source), values) in enumerate(cells):
        if number == moved:
            panes.settle()
            panes.advance(-(-as_of // PANE_MS) * PANE_MS, MIDNIGHT)
        panes.replace(pane, source, dict(values))
    panes.settle()
    return panes


@pytest.mark.parametrize("seed", range(examples(200)))
def test_integrals_are_those_of_every_change(seed: int) -> None:
    """Up to the last whole pane; late and future changes, levels of before and within."""
    chance = random.Random(seed)
    span = chance.choice((60_000, 600_000, 9_000_000))
    as_of = MIDNIGHT + chance.randrange(span)
    cut = as_of - as_of % PANE_MS
    # Much of it about now, midnight and the windows' starts, where panes come and go.
    edges = (as_of, MIDNIGHT, *(cut - width for width in SLIDING_MS.values()))
    changes: Changes = []
    for _ in range(chance.randrange(1, 60)):
        anywhere = as_of + chance.randrange(-span, 100_000)
        at = chance.choice((anywhere, chance.choice(edges) + chance.randrange(-15_000, 15_000)))
        changes.append((chance.choice((*LEVELS, REASON)), at, chance.choice((-1, 1, 2))))
    panes = panes_of(changes, as_of, chance)
    filled = views.filling(panes, as_of)
    also = (REASON,)
    shown = {
        (cut - width, cut): views.sliding(panes, name, as_of, filled, also)
        for name, width in SLIDING_MS.items()
    }
    shown[MIDNIGHT, cut] = views.today(panes, as_of, filled, also)
    for start in panes.intervals:
        before = height(changes, start)
        end = max(start, min(start + INTERVAL_MS, cut))
        shown[start, end] = views.interval(panes, start, before, as_of, also)
    for (start, end), view in shown.items():
        for level in (*LEVELS, REASON):
            assert view.integral(level) == area(changes, level, start, end), (level, start, end)
