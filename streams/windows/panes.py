"""Layer 3: the panes of one (tenant, queue, channel), added up over all source partitions.

A pane of 10 s is kept for each source (packed; a reader replaces it) until that source's lateness
horizon has passed it; then it is folded into its 15-minute interval. Sliding windows are running
sums: panes enter and leave, and a correction is added where it belongs. Integers only; times in ms.
A level's second number is absolute here: the sum of change x time. Even numbers below 0 are levels
too (`counters.break_level`).
"""

from collections.abc import Mapping
from itertools import islice

import msgspec

from streams.contract.words import HOUR_MS, INTERVAL_MS, SLIDING_MS
from streams.lifecycle.counters import LEVELS, MOMENT
from streams.lifecycle.ledger import PANE_MS
from streams.lifecycle.rules import NEVER
from streams.windows.cells import Values, decode_values, encode_values

LONGEST_MS = max(SLIDING_MS.values())
#: How long a final interval is kept for `today` (a day of 25 hours, and an hour to spare).
KEPT_MS = 26 * HOUR_MS

_LEVELS = set(LEVELS)
_SOURCES = msgspec.msgpack.Decoder(dict[int, bytes]).decode
_ENCODE = msgspec.msgpack.Encoder().encode


def add(into: Values, values: Mapping[int, int], sign: int = 1) -> None:
    """`into` += `values` x `sign`, counter by counter."""
    known = into.get
    if sign == 1:
        for counter, amount in values.items():
            into[counter] = known(counter, 0) + amount
    else:
        for counter, amount in values.items():
            into[counter] = known(counter, 0) + sign * amount


def _make_absolute(values: Values, pane: int) -> Values:
    """Count a pane's moments from the epoch, so that panes add up; returns the levels' changes."""
    levels = levels_of(values)
    for level, change in levels.items():
        values[level + MOMENT] = values.get(level + MOMENT, 0) + change * pane
    return levels


def levels_of(values: Mapping[int, int]) -> Values:
    """Only the sums of level changes. Costs what there are levels, however many buckets."""
    found = {level: values[level] for level in values.keys() & _LEVELS}
    for level in _break_levels(values):
        found[level] = values[level]
    return found


def _break_levels(values: Mapping[int, int]) -> list[int]:
    """The levels below 0: few queues list reasons for a break, and the others are passed over."""
    if min(values, default=0) >= 0:
        return []
    return [number for number in values if number < 0 and not number & 1]


def _is_of_level(counter: int) -> bool:
    """Whether a number is a level's, or its moment's."""
    return counter < 0 or counter in _LEVELS or counter - MOMENT in _LEVELS


class Running:
    """A window's sums, and the levels at its start."""

    __slots__ = ("_numbers", "before", "start", "sums")

    def __init__(self, start: int) -> None:
        self.start = start
        self.sums: Values = {}
        self.before: Values = {}
        self._numbers: list[int] = []

    def numbers(self) -> list[int]:
        """The numbers of `sums` in order. Numbers only come, so that few are put in place."""
        numbers = self._numbers
        if len(numbers) < len(self.sums):
            numbers.extend(islice(self.sums, len(numbers), None))
            numbers.sort()
        return numbers

    def drop_zeros(self) -> None:
        """What has left the window entirely is not kept; what is, in order."""
        sums = self.sums
        self.sums = {number: amount for number in self.numbers() if (amount := sums[number])}
        self._numbers = list(self.sums)

    def correct(self, pane: int, change: Mapping[int, int], levels: Mapping[int, int]) -> None:
        """A pane before the window's end changed; `levels`: those of the change."""
        if pane >= self.start:
            add(self.sums, change)
        else:
            add(self.before, levels)


class Interval:
    """The sums of 15 minutes: `folded` panes are final and stored, `sums` are all of them.

    `levels`: the sums of level changes among them, for each record adds these up over a day.
    """

    __slots__ = ("changed", "final", "folded", "levels", "sums")

    def __init__(self) -> None:
        self.folded: Values = {}
        self.sums: Values = {}
        self.levels: Values = {}
        self.changed = True
        self.final = False


class Panes:
    """All panes of one (tenant, queue, channel). `end`: where the newest that counts ends."""

    def __init__(self) -> None:
        self.fine: dict[int, dict[int, bytes]] = {}
        self.intervals: dict[int, Interval] = {}
        self.base: Values = {}
        self.windows = {name: Running(-width) for name, width in SLIDING_MS.items()}
        self.today = Running(0)
        self.end = 0
        self._future: set[int] = set()
        #: By pane: changes that no sum has yet.
        self._unsettled: dict[int, Values] = {}
        #: The start of the earliest interval in which a level changed since the last publication. A
        #: count belongs to its own interval alone, but a level goes on: its integral over an
        #: interval is its height at the start x the width, and the changes inside. So a late change
        #: alters every later interval too, though their own sums stay the same. `Queues.passed`
        #: marks those as changed in the pass that adds up the heights anyway; for that one number
        #: does, where marking them here would go over all later intervals for each late pane.
        self.levels_changed_from = NEVER

    def pane(self, start: int) -> Values:
        """What all sources have in the pane that starts at `start`; moments absolute."""
        return self._pane(start)[0]

    def _pane(self, start: int) -> tuple[Values, Values]:
        """The pane, and its levels' changes."""
        said = [decode_values(packed) for packed in self.fine.get(start, {}).values()]
        total = said.pop() if said else {}
        for values in said:
            add(total, values)
        levels = _make_absolute(total, start)
        return total, levels

    def replace(self, pane: int, source: int, values: Values) -> bool:
        """The source's newest contents of a pane; `settle` is to follow. Whether it changed."""
        packed = self.fine.get(pane, {}).get(source)
        old = {} if packed is None else decode_values(packed)
        change = {
            counter: difference
            for counter, amount in values.items()
            if (difference := amount - old.pop(counter, 0))
        }
        change |= {counter: -amount for counter, amount in old.items() if amount}
        if not change:
            return False
        self.fine.setdefault(pane, {})[source] = encode_values(values)
        self.interval(pane - pane % INTERVAL_MS)
        waiting = self._unsettled.get(pane)
        if waiting is None:
            self._unsettled[pane] = change
        else:
            add(waiting, change)
        return True

    def settle(self) -> None:
        """Let what was replaced count in all sums: a pane once, however many sources told of it."""
        for pane, change in self._unsettled.items():
            levels = _make_absolute(change, pane)
            self._interval(pane, change, levels)
            if pane >= self.end:
                self._future.add(pane)
            else:
                for window in self.windows.values():
                    window.correct(pane, change, levels)
                self.today.correct(pane, change, levels)
        self._unsettled = {}

    def interval(self, start: int) -> Interval:
        """The interval that starts at `start`, made on first use."""
        interval = self.intervals.get(start)
        if interval is None:
            interval = self.intervals[start] = Interval()
        return interval

    def _interval(self, pane: int, change: Mapping[int, int], levels: Mapping[int, int]) -> None:
        start = pane - pane % INTERVAL_MS
        interval = self.interval(start)
        add(interval.sums, change)
        add(interval.levels, levels)
        interval.changed = True
        if start < self.levels_changed_from and any(levels.values()):
            self.levels_changed_from = start

    def advance(self, end: int, midnight: int) -> bool:
        """Windows now end at `end`; today began at `midnight`. Returns whether a sum changed."""
        changed = False
        if end > self.end:
            for name, width in SLIDING_MS.items():
                changed |= self._leave(self.windows[name], end - width)
            for pane in sorted(pane for pane in self._future if pane < end):
                self._future.discard(pane)
                values, levels = self._pane(pane)
                for window in (*self.windows.values(), self.today):
                    window.correct(pane, values, levels)
                changed = True
            self.end = end
        if midnight > self.today.start:
            self._new_day(midnight)
            changed = True
        return changed

    def _leave(self, window: Running, start: int) -> bool:
        """The window now starts at `start`; of what it held, older panes leave it."""
        held = range(window.start, min(start, self.end), PANE_MS)
        panes = held if len(held) <= len(self.fine) else self.fine.keys()
        left = [pane for pane in panes if pane in self.fine and pane in held]
        for pane in left:
            values, levels = self._pane(pane)
            add(window.sums, values, -1)
            add(window.before, levels)
        window.start = start
        if left:
            window.drop_zeros()
        return bool(left)

    def _new_day(self, midnight: int) -> None:
        self.today = Running(midnight)
        self.today.before = dict(self.base)
        for start, interval in self.intervals.items():
            if start < midnight:
                add(self.today.before, interval.levels)
            elif start < self.end:
                add(self.today.sums, interval.sums)
        for pane in self._future:
            if pane - pane % INTERVAL_MS >= max(midnight, self.end):
                continue  # of no interval that was added
            target = self.today.sums if pane >= midnight else self.today.before
            values, levels = self._pane(pane)
            add(target, values if pane >= midnight else levels, -1)

    def fold(self, final: int, as_of: int) -> tuple[list[int], set[int]]:
        """Fold panes before `final` (no source can change them) that no window needs.

        Returns the panes that are gone and the intervals whose folded part grew.
        """
        needed = min(as_of - LONGEST_MS, self.end - LONGEST_MS) - PANE_MS
        gone: list[int] = []
        grown: set[int] = set()
        for pane in sorted(self.fine):
            if pane + PANE_MS > final or pane >= needed:
                break
            start = pane - pane % INTERVAL_MS
            add(self.intervals[start].folded, self.pane(pane))
            del self.fine[pane]
            gone.append(pane)
            grown.add(start)
        return gone, grown

    def forget(self, as_of: int) -> list[int]:
        """Drop final intervals that `today` cannot need; their levels go into the base."""
        gone = []
        for start in sorted(self.intervals):
            interval = self.intervals[start]
            if not interval.final or start + INTERVAL_MS > as_of - KEPT_MS:
                break
            add(self.base, interval.levels)
            del self.intervals[start]
            gone.append(start)
        return gone

    def has_moved_levels(self, since: int, until: int) -> bool:
        """Whether a level moves in a pane of [since, until), even if it is where it was at once."""
        return any(
            amount and _is_of_level(counter)
            for pane in range(since, until, PANE_MS)
            if pane in self.fine
            for counter, amount in self.pane(pane).items()
        )

    def levels(self) -> Values:
        """Every level now: at the end of the newest pane that counts."""
        levels = dict(self.today.before)
        add(levels, levels_of(self.today.sums))
        return levels

    def has_open_levels(self, cut: int) -> bool:
        """Whether a level is not zero, or was not since `cut`: integrals go on."""
        # A level that rose and fell within one pane is back where it was: its moment tells.
        return any(self.levels().values()) or any(
            amount for counter, amount in self.pane(cut).items() if _is_of_level(counter)
        )

    def has_anything(self) -> bool:
        """Whether anything was booked, and maybe taken back, in an interval that is kept."""
        return any(interval.sums for interval in self.intervals.values())

    # -- stored form ---------------------------------------------------------------------------

    def pack_fine(self, pane: int) -> bytes:
        """A pane of all sources, as it stands in the changelog."""
        return _ENCODE(self.fine[pane])

    def restore_fine(self, pane: int, value: bytes) -> None:
        """A pane of the changelog; `rebuild` makes it count."""
        self.fine[pane] = _SOURCES(value)

    def rebuild(self, end: int, midnight: int) -> None:
        """After a restore: everything that is derived from panes and folded parts."""
        for interval in self.intervals.values():
            interval.sums = dict(interval.folded)
            interval.levels = levels_of(interval.folded)
        self.end = end
        self._future = {pane for pane in self.fine if pane >= end}
        self.windows = {name: Running(end - width) for name, width in SLIDING_MS.items()}
        # From the newest pane to the oldest, each unpacked once: a window holds what a shorter one
        # holds, and more.
        left = sorted(self.windows.values(), key=lambda window: -window.start)
        sums: Values = {}
        since: Values = {}
        for pane in sorted(self.fine, reverse=True):
            while left and pane < left[0].start:
                left[0].sums, left[0].before = dict(sums), dict(since)
                del left[0]
            values, levels = self._pane(pane)
            interval = self.interval(pane - pane % INTERVAL_MS)
            add(interval.sums, values)
            add(interval.levels, levels)
            interval.changed = True
            if left:
                add(since, levels)
                if pane < end:
                    add(sums, values)
        for window in left:
            window.sums, window.before = dict(sums), dict(since)
        level: Values = dict(self.base)
        for interval in self.intervals.values():
            add(level, interval.levels)
        for window in self.windows.values():
            # So far the changes since the window's start: the level at its start is without them.
            changed, window.before = window.before, dict(level)
            add(window.before, changed, -1)
        self.today = Running(0)
        self._new_day(midnight)
