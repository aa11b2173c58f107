"""Layer 3: windows of panes as views: counts, and integrals of levels up to a cut.

In: the panes of a queue. Out: `View`, all that a figure is made of: layer 4 knows windows by it.
A level that is h at `a` and changes by d at t has the integral h (x - a) + x sum(d) - sum(d t) over
[a, x). It cannot be cut inside a pane, so live integrals stop at `as_of` rounded down to a pane,
while counts run to `as_of` rounded up.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from streams.contract.words import INTERVAL_MS, MINUTE_MS, SLIDING_MS
from streams.lifecycle.counters import (
    AGENT_CONTACTS,
    CHANNEL_AGENTS,
    HANDLING,
    HANDLING_AGENTS,
    MOMENT,
    SLOT_BUSY,
    SLOT_CAPACITY,
    STAFFED_AGENTS,
    STATES,
    WAITING,
)
from streams.lifecycle.ledger import PANE_MS
from streams.windows.cells import Values
from streams.windows.panes import LONGEST_MS, Panes, add, levels_of

#: Levels whose integrals are figures.
_INTEGRATED = (
    *(WAITING, HANDLING, HANDLING_AGENTS, STAFFED_AGENTS, SLOT_BUSY, SLOT_CAPACITY),
    *(AGENT_CONTACTS, CHANNEL_AGENTS),
    *STATES.values(),
)


#: How long a window is: shorter than a day; an interval; the day so far, or a whole replay.
Span = Literal["short", "interval", "days"]


class View(msgspec.Struct, frozen=True):
    """A window: sums by counter, integrals (level x ms) by level, the integrated length in ms.

    `numbers`: those of `sums` in order, where they are kept so.
    """

    sums: Mapping[int, int]
    integrals: Mapping[int, int]
    length_ms: int
    numbers: Sequence[int] = ()

    def count(self, counter: int) -> int:
        """The sum of one counter."""
        return self.sums.get(counter, 0)

    def integral(self, level: int) -> int:
        """Level x ms over the window."""
        return self.integrals.get(level, 0)


#: Further levels of which integrals are wanted.
Also = Collection[int]
#: Sums that count in an integral, up to when (ms), and whether they count (1) or are left out (-1).
_Part = tuple[Mapping[int, int], int, int]


def _integrals(
    wanted: Mapping[int, int], before: Mapping[int, int], length: int, *parts: _Part
) -> dict[int, int]:
    """Level x ms over `length` ms at whose start levels were `before`; absolute moments.

    `wanted`: by `_numbers_of`. Only of levels that anything is known of: of most, in most windows,
    nothing is.
    """
    if length <= 0:
        return {}
    numbers = before.keys() & wanted.keys()
    for sums, _, _ in parts:
        if sums:
            numbers |= sums.keys() & wanted.keys()
    found = {}
    for level in {wanted[number] for number in numbers}:
        area = before.get(level, 0) * length
        for sums, until, sign in parts:
            area += sign * (until * sums.get(level, 0) - sums.get(level + MOMENT, 0))
        found[level] = area
    return found


@lru_cache(maxsize=1_000)
def _numbers_of(also: tuple[int, ...], levels: tuple[int, ...] = _INTEGRATED) -> Mapping[int, int]:
    """The numbers that these levels are booked under, each with its level."""
    return {number: level for level in levels + also for number in (level, level + MOMENT)}


def filling(panes: Panes, as_of: int) -> Values:
    """The pane that `as_of` (ms) lies in, where the counts go beyond whole panes."""
    cut = as_of - as_of % PANE_MS
    return panes.pane(cut) if cut < panes.end else {}


def sliding(panes: Panes, name: str, as_of: int, filled: Values, also: Also = ()) -> View:
    """A sliding window that ends at `as_of` (ms); `filled`: `filling` of it, for all windows."""
    window, width = panes.windows[name], SLIDING_MS[name]
    cut = as_of - as_of % PANE_MS
    start = window.start
    entering: Values = {}
    if cut < panes.end:
        # The counts include the pane that is being filled already; the integrals begin and end a
        # pane before. What moved in the first one is in `before`, as if it had from the start on.
        start -= PANE_MS
        entering = panes.pane(start)
    area = _integrals(
        _numbers_of(tuple(also)),
        window.before,
        cut - start,
        (window.sums, cut, 1),
        (filled, cut, -1),
        (entering, start, 1),
    )
    return View(window.sums, area, width, window.numbers())


def today(panes: Panes, as_of: int, filled: Values, also: Also = ()) -> View:
    """The calendar day so far, in the queue's time zone; `filled` as for `sliding`."""
    day = panes.today
    cut = as_of - as_of % PANE_MS
    length = max(0, cut - day.start)
    wanted = _numbers_of(tuple(also))
    area = _integrals(wanted, day.before, length, (day.sums, cut, 1), (filled, cut, -1))
    return View(day.sums, area, length, day.numbers())


def interval(
    panes: Panes, start: int, before: Mapping[int, int], as_of: int, also: Also = ()
) -> View:
    """One 15-minute interval, integrals up to its end or `as_of`; `before`: levels at `start`."""
    cut = min(start + INTERVAL_MS, as_of - as_of % PANE_MS)
    sums = panes.intervals[start].sums
    if cut <= start:  # nothing to integrate, and no pane to be unpacked for it
        return View(sums, {}, 0)
    later: list[_Part] = [
        (panes.pane(pane), cut, -1)
        for pane in range(cut, start + INTERVAL_MS, PANE_MS)
        if pane in panes.fine
    ]
    area = _integrals(_numbers_of(tuple(also)), before, cut - start, (sums, cut, 1), *later)
    return View(sums, area, cut - start)


def minutes(panes: Panes, as_of: int, of: Collection[int]) -> Iterator[tuple[int, View, int]]:
    """Each whole minute that ended by `as_of` and began in the last hour, oldest first.

    As its start, its view with the integrals of the levels `of`, and how many wait at its end; all
    times in ms.
    """
    end = as_of - as_of % MINUTE_MS
    start = end - LONGEST_MS
    window = panes.windows["60m"]
    wanted = _numbers_of((), tuple(of))
    levels = dict(window.before)
    # The window ends at `as_of` or behind, so begins with the first minute or later: step back.
    for pane in range(start, window.start, PANE_MS):
        add(levels, levels_of(panes.pane(pane)), -1)
    for minute in range(start, end, MINUTE_MS):
        sums: Values = {}
        for pane in range(minute, minute + MINUTE_MS, PANE_MS):
            if pane in panes.fine:
                add(sums, panes.pane(pane))
        area = _integrals(wanted, levels, MINUTE_MS, (sums, minute + MINUTE_MS, 1))
        add(levels, levels_of(sums))
        yield minute, View(sums, area, MINUTE_MS), levels.get(WAITING, 0)


def whole(sums: Mapping[int, int], first: int, as_of: int, also: Also = ()) -> View:
    """Everything a replay saw, from its first time to `as_of`; levels were 0 before."""
    area = _integrals(_numbers_of(tuple(also)), {}, as_of - first, (sums, as_of, 1))
    return View(sums, area, as_of - first)
