"""Layer 3: windows of panes as views: counts, and integrals of levels up to a cut.

In: the panes of a queue. Out: `View`, all that a figure is made of: layer 4 knows windows by it.
A level that is h at `a` and changes by d at t has the integral h (x - a) + x sum(d) - sum(d t) over
[a, x). It cannot be cut inside a pane, so live integrals stop at `as_of` rounded down to a pane,
while counts run to `as_of` rounded up.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

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
_INTEGRATED_NUMBERS = {number for level in _INTEGRATED for number in (level, level + MOMENT)}


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


def integrals(
    before: Mapping[int, int], sums: Mapping[int, int], start: int, cut: int, also: Also = ()
) -> dict[int, int]:
    """Level x ms over [start, cut), of levels that are `before` at the start; absolute moments.

    Only of levels that anything is known of: of most, in most windows, nothing is.
    """
    return _integrals((*_INTEGRATED, *also), before, sums, start, cut)


def _integrals(
    of: Iterable[int], before: Mapping[int, int], sums: Mapping[int, int], start: int, cut: int
) -> dict[int, int]:
    length = cut - start
    if length <= 0:
        return {}
    return {
        level: before.get(level, 0) * length
        + cut * sums.get(level, 0)
        - sums.get(level + MOMENT, 0)
        for level in of
        if level in before or level in sums or level + MOMENT in sums
    }


def filling(panes: Panes, as_of: int, also: Also = ()) -> Values:
    """The levels of the pane that `as_of` (ms) lies in, where the counts go beyond whole panes."""
    cut = as_of - as_of % PANE_MS
    return _only_levels(panes.pane(cut), also) if cut < panes.end else {}


def sliding(panes: Panes, name: str, as_of: int, filled: Values, also: Also = ()) -> View:
    """A sliding window that ends at `as_of` (ms); `filled`: `filling` of it, for all windows."""
    window, width = panes.windows[name], SLIDING_MS[name]
    cut = as_of - as_of % PANE_MS
    start = window.start
    sums, before = window.sums, window.before
    if cut < panes.end:  # counts already include the pane that is being filled
        start -= PANE_MS
        entering = _only_levels(panes.pane(start), also)
        sums = _only_levels(sums, also)
        add(sums, filled, -1)
        add(sums, entering)
        before = dict(before)
        add(before, entering, -1)
    area = integrals(before, sums, start, cut, also)
    return View(window.sums, area, width, window.numbers())


def today(panes: Panes, as_of: int, filled: Values, also: Also = ()) -> View:
    """The calendar day so far, in the queue's time zone; `filled` as for `sliding`."""
    day = panes.today
    cut = as_of - as_of % PANE_MS
    sums = _only_levels(day.sums, also)
    add(sums, filled, -1)
    length = max(0, cut - day.start)
    area = integrals(day.before, sums, day.start, cut, also)
    return View(day.sums, area, length, day.numbers())


def interval(
    panes: Panes, start: int, before: Mapping[int, int], as_of: int, also: Also = ()
) -> View:
    """One 15-minute interval, integrals up to its end or `as_of`; `before`: levels at `start`."""
    cut = min(start + INTERVAL_MS, as_of - as_of % PANE_MS)
    sums = panes.intervals[start].sums
    later = _without(sums, panes, range(max(cut, start), start + INTERVAL_MS, PANE_MS), also)
    area = integrals(before, later, start, cut, also)
    return View(sums, area, max(0, cut - start))


def minutes(panes: Panes, as_of: int, of: Collection[int]) -> Iterator[tuple[int, View, int]]:
    """Each whole minute that ended by `as_of` and began in the last hour, oldest first.

    As its start, its view with the integrals of the levels `of`, and how many wait at its end; all
    times in ms.
    """
    end = as_of - as_of % MINUTE_MS
    start = end - LONGEST_MS
    window = panes.windows["60m"]
    levels = dict(window.before)
    # The window ends at `as_of` or behind, so begins with the first minute or later: step back.
    for pane in range(start, window.start, PANE_MS):
        add(levels, levels_of(panes.pane(pane)), -1)
    for minute in range(start, end, MINUTE_MS):
        sums: Values = {}
        for pane in range(minute, minute + MINUTE_MS, PANE_MS):
            if pane in panes.fine:
                add(sums, panes.pane(pane))
        area = _integrals(of, levels, sums, minute, minute + MINUTE_MS)
        add(levels, levels_of(sums))
        yield minute, View(sums, area, MINUTE_MS), levels.get(WAITING, 0)


def whole(sums: Mapping[int, int], first: int, as_of: int, also: Also = ()) -> View:
    """Everything a replay saw, from its first time to `as_of`; levels were 0 before."""
    return View(sums, integrals({}, sums, first, as_of, also), as_of - first)


def _only_levels(values: Mapping[int, int], also: Also = ()) -> dict[int, int]:
    found = {number: values[number] for number in values.keys() & _INTEGRATED_NUMBERS}
    for level in also:
        for number in (level, level + MOMENT):
            if number in values:
                found[number] = values[number]
    return found


def _without(
    sums: Mapping[int, int], panes: Panes, starts: Iterable[int], also: Also
) -> dict[int, int]:
    left = _only_levels(sums, also)
    for start in starts:
        if start in panes.fine:
            add(left, _only_levels(panes.pane(start), also), -1)
    return left
