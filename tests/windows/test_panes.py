"""Running windows are never anything but the sums of their panes."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.words import INTERVAL_MS, SLIDING_MS
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import PANE_MS
from streams.windows.panes import Panes, Running, add
from tests.examples import examples

DAY = 86_400_000
START = 1_699_920_000_000  # a midnight, UTC
BREAK = c.break_level("lunch")

values = st.fixed_dictionaries(
    {},
    optional={
        c.OFFERED: st.integers(0, 5),
        c.ANSWERED_WAIT: st.integers(0, 60_000),
        c.WAITING: st.integers(-3, 3),
        c.WAITING + 1: st.integers(-30_000, 30_000),
        BREAK: st.integers(-2, 2),
        BREAK + 1: st.integers(-20_000, 20_000),
    },
)
steps = st.one_of(
    # A source's newest contents of a pane: recent, corrected long after, or still to come.
    st.tuples(st.just("put"), st.integers(-400, 4), st.integers(0, 2), values),
    st.tuples(st.just("put"), st.integers(-8, 1), st.integers(0, 2), values),
    st.tuples(st.just("advance"), st.integers(0, 8)),
    st.tuples(st.just("jump"), st.sampled_from((90, 361, 2_000, 8_640, 20_000))),
    st.tuples(st.just("fold"), st.integers(0, 500), st.integers(-400, 400)),
    st.tuples(st.just("restore")),
)


class Plain:
    """The same as lists: nothing is kept but what each source said of each pane."""

    def __init__(self) -> None:
        self.said: dict[tuple[int, int], dict[int, int]] = {}

    def total(self, start: int, end: int) -> dict[int, int]:
        """The sum over panes in [start, end), moments absolute, zeros left out."""
        sums: dict[int, int] = {}
        for (pane, _), said in self.said.items():
            if start <= pane < end:
                add(sums, said)
                add(sums, {level + 1: n * pane for level, n in levels_of(said).items()})
        return nonzero(sums)


def nonzero(sums: dict[int, int]) -> dict[int, int]:
    """Without the counters that are 0."""
    return {counter: n for counter, n in sums.items() if n}


def levels_of(sums: dict[int, int]) -> dict[int, int]:
    """Of some sums, those of the two levels that are told here."""
    return {level: sums[level] for level in (c.WAITING, BREAK) if level in sums}


def restored(panes: Panes, midnight: int) -> Panes:
    """Panes made of what the changelog holds of these."""
    fresh = Panes()
    fresh.base = dict(panes.base)
    for pane in panes.fine:
        fresh.restore_fine(pane, panes.pack_fine(pane))
    for start, interval in panes.intervals.items():
        kept = fresh.interval(start)
        kept.folded, kept.final = dict(interval.folded), interval.final
    fresh.rebuild(panes.end, midnight)
    return fresh


def check(panes: Panes, plain: Plain, midnight: int) -> None:
    """Every window, today and the levels, against plain sums."""
    end = panes.end
    for name, width in SLIDING_MS.items():
        window = panes.windows[name]
        assert window.start == end - width
        assert nonzero(window.sums) == plain.total(end - width, end), name
        assert nonzero(window.before) == levels_of(plain.total(0, end - width)), name
    assert nonzero(panes.today.sums) == plain.total(midnight, end)
    assert nonzero(panes.levels()) == levels_of(plain.total(0, end))
    for start, interval in panes.intervals.items():
        assert nonzero(interval.sums) == plain.total(start, start + INTERVAL_MS)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(steps, max_size=40))
def test_windows_equal_plain_sums(taken: list[tuple[Any, ...]]) -> None:
    """Through updates, corrections of old panes, jumps over days, folding and restores."""
    panes, plain, final = Panes(), Plain(), START
    panes.advance(START, START)
    midnight = START
    for name, *rest in taken:
        if name == "put":
            pane = panes.end + rest[0] * PANE_MS
            if pane < final:
                continue  # no source can change it any more
            # At once with what another source says, as batches come.
            for source, said in ((rest[1], rest[2]), (rest[1] + 1, rest[2])):
                panes.replace(pane, source, said)
                plain.said[pane, source] = said
            panes.settle()
        elif name in ("advance", "jump"):
            end = panes.end + rest[0] * PANE_MS
            midnight = end - end % DAY
            panes.advance(end, midnight)
        elif name == "fold":
            final = max(final, panes.end - rest[0] * PANE_MS)
            panes.fold(final, panes.end + rest[1] * PANE_MS)
            for start, interval in panes.intervals.items():
                interval.final = start + INTERVAL_MS <= final
            panes.forget(panes.end)
        else:
            panes = restored(panes, midnight)
        check(panes, plain, midnight)


def test_a_pane_said_again_replaces_what_was_said() -> None:
    """Contents are absolute: repeated they do nothing, and they say whether they did."""
    panes = Panes()
    panes.advance(START + PANE_MS, START)
    assert panes.replace(START, 0, {c.OFFERED: 3})
    assert not panes.replace(START, 0, {c.OFFERED: 3})
    assert panes.replace(START, 0, {c.OFFERED: 2})
    panes.settle()
    assert panes.windows["1m"].sums[c.OFFERED] == 2


def test_sources_add_up_in_a_pane() -> None:
    """One source's word never replaces another's."""
    panes = Panes()
    panes.advance(START + PANE_MS, START)
    panes.replace(START, 0, {c.OFFERED: 3})
    panes.replace(START, 1, {c.OFFERED: 4})
    panes.settle()
    assert panes.pane(START)[c.OFFERED] == 7
    assert panes.windows["60m"].sums[c.OFFERED] == 7


def test_a_pane_counts_from_the_moment_the_windows_reach_it() -> None:
    """What lies ahead of `as_of` is kept, and joins when time comes to it."""
    panes = Panes()
    panes.advance(START + PANE_MS, START)
    panes.replace(START + PANE_MS, 0, {c.OFFERED: 1})
    panes.settle()
    assert not panes.windows["1m"].sums.get(c.OFFERED)
    assert panes.advance(START + 2 * PANE_MS, START)
    assert panes.windows["1m"].sums[c.OFFERED] == 1


def test_a_pane_leaves_each_window_at_its_own_width() -> None:
    """After a minute it is out of 1m and still in all others."""
    panes = Panes()
    panes.advance(START + PANE_MS, START)
    panes.replace(START, 0, {c.OFFERED: 1})
    panes.settle()
    for name, width in SLIDING_MS.items():
        panes.advance(START + width, START)
        assert panes.windows[name].sums.get(c.OFFERED) == 1, name
        panes.advance(START + width + PANE_MS, START)
        assert not panes.windows[name].sums.get(c.OFFERED), name
    assert panes.today.sums[c.OFFERED] == 1


def test_only_panes_that_nobody_needs_are_folded() -> None:
    """Neither one that a source may change nor one that the longest window holds."""
    panes = Panes()
    hour = 3_600_000
    panes.advance(START + 5 * hour, START)
    for pane in (START, START + 2 * hour, START + 4 * hour + PANE_MS):
        panes.replace(pane, 0, {c.OFFERED: 1})
    panes.settle()
    gone, grown = panes.fold(START + hour, START + 5 * hour)
    assert (gone, grown) == ([START], {START})
    # The windows are at their end, wherever the unit is: before it or behind.
    gone, _ = panes.fold(START + 5 * hour, START + 2 * hour)
    assert gone == []
    gone, _ = panes.fold(START + 5 * hour, START + 9 * hour)
    assert gone == [START + 2 * hour]
    assert panes.today.sums[c.OFFERED] == 3


def test_a_level_that_rose_and_fell_within_one_pane_is_open_in_it() -> None:
    """It is what it was before, but the pane's integral is not over until the pane is."""
    panes = Panes()
    panes.advance(START + PANE_MS, START)
    panes.replace(START, 0, {c.WAITING: 0, c.WAITING + 1: -1})
    panes.settle()
    assert panes.has_open_levels(START)
    assert not panes.has_open_levels(START + PANE_MS)


def test_a_pane_that_begins_the_day_is_not_of_today_before_its_time() -> None:
    """Told ahead, it joins today once, when the windows come to it; its level is not of before."""
    panes, midnight = Panes(), START + DAY
    panes.advance(midnight - PANE_MS, START)
    panes.replace(midnight, 0, {c.OFFERED: 1, c.WAITING: 1})
    panes.settle()
    panes.advance(midnight, midnight)
    assert (nonzero(panes.today.sums), nonzero(panes.today.before)) == ({}, {})
    panes.advance(midnight + PANE_MS, midnight)
    assert panes.today.sums[c.OFFERED] == panes.today.sums[c.WAITING] == 1
    assert nonzero(panes.today.before) == {}


def test_a_window_knows_its_numbers_in_order_and_drops_what_left_it() -> None:
    """However they come; what is in it is kept."""
    window = Running(START)
    window.sums = {c.TALK: 5, c.OFFERED: 1}
    assert window.numbers() == [c.OFFERED, c.TALK]
    window.sums |= {c.ANSWERED: 0, c.HOLD: 2}
    assert window.numbers() == [c.OFFERED, c.ANSWERED, c.TALK, c.HOLD]
    window.drop_zeros()
    assert list(window.sums.items()) == [(c.OFFERED, 1), (c.TALK, 5), (c.HOLD, 2)]
    assert window.numbers() == [c.OFFERED, c.TALK, c.HOLD]
