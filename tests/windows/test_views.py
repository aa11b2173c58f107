"""Views: counts up to now, integrals up to the last whole pane, the minutes of the last hour."""

from streams.contract.words import INTERVAL_MS
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import PANE_MS
from streams.windows.panes import Panes
from streams.windows.views import filling, interval, minutes, sliding, today, whole

START = 1_700_006_400_000  # a whole hour: 2023-11-15T00:00:00Z
MINUTE, HOUR = 60_000, 3_600_000


def panes(as_of: int, *cells: tuple[int, dict[int, int]]) -> Panes:
    """Panes that hold `cells` (ms since START), with windows up to `as_of`, rounded up."""
    made = Panes()
    made.advance(START, START)
    for pane, values in cells:
        made.replace(START + pane, 0, values)
    made.settle()
    made.advance(START - (-as_of // PANE_MS) * PANE_MS, START)
    return made


def waits(since_pane: int = 0) -> dict[int, int]:
    """One more waits, from so many ms after the pane's start."""
    return {c.OFFERED: 1, c.WAITING: 1, c.WAITING + c.MOMENT: since_pane}


def test_a_count_goes_up_to_now_and_an_integral_up_to_the_last_whole_pane() -> None:
    """The pane that is being filled is in the counts alone: levels cannot be cut within it."""
    held = panes(2 * PANE_MS + 5_000, (0, waits(4_000)), (2 * PANE_MS, waits()))
    as_of = START + 2 * PANE_MS + 5_000
    filled = filling(held, as_of)
    for view in (sliding(held, "1m", as_of, filled), today(held, as_of, filled)):
        assert view.count(c.OFFERED) == 2
        assert view.integral(c.WAITING) == 2 * PANE_MS - 4_000
    assert today(held, as_of, filled).length_ms == 2 * PANE_MS


def test_at_a_panes_end_counts_and_integrals_are_of_one_time() -> None:
    """Then nothing has to be cut off."""
    held = panes(2 * PANE_MS, (0, waits()), (PANE_MS, waits(1_000)))
    view = sliding(held, "1m", START + 2 * PANE_MS, {})
    assert view.integral(c.WAITING) == 2 * PANE_MS + 9_000
    assert view.length_ms == MINUTE


def test_who_waited_before_a_window_waits_within_it() -> None:
    """At its start and for all of its length; what left it is counted no more."""
    for as_of in (10 * MINUTE, 10 * MINUTE + 3_000):
        held = panes(as_of, (0, waits()))
        view = sliding(held, "1m", START + as_of, filling(held, START + as_of))
        assert view.count(c.OFFERED) == 0
        assert view.integral(c.WAITING) == MINUTE


def test_an_open_interval_is_integrated_up_to_the_last_whole_pane() -> None:
    """A finished one to its end, whatever came after it; one that has not begun not at all."""
    held = panes(INTERVAL_MS + 15_000, (0, waits()), (INTERVAL_MS + PANE_MS, waits()))
    before, as_of = {c.WAITING: 1}, START + INTERVAL_MS + 15_000
    first = interval(held, START, {}, as_of)
    assert (first.integral(c.WAITING), first.length_ms) == (INTERVAL_MS, INTERVAL_MS)
    second = interval(held, START + INTERVAL_MS, before, as_of)
    assert (second.count(c.OFFERED), second.integral(c.WAITING)) == (1, PANE_MS)
    assert second.length_ms == PANE_MS
    third = interval(held, START + INTERVAL_MS, before, START + INTERVAL_MS + 9_999)
    assert (third.integral(c.WAITING), third.length_ms) == (0, 0)


def test_minutes_are_the_whole_ones_of_the_last_hour() -> None:
    """Sixty, oldest first, each with what was counted in it and the level at its end."""
    cells = [(10 * MINUTE, waits()), (30 * MINUTE + 20_000, waits()), (70 * MINUTE, waits())]
    leaves = (59 * MINUTE + 50_000, {c.ANSWERED: 1, c.WAITING: -1, c.WAITING + c.MOMENT: 0})
    for as_of in (70 * MINUTE, 70 * MINUTE + 25_000, 71 * MINUTE - 1):
        held = panes(as_of, *cells, leaves)
        found = list(minutes(held, START + as_of, (c.WAITING,)))
        assert [at - START for at, _, _ in found] == [n * MINUTE for n in range(10, 70)]
        offered = {(at - START) // MINUTE: view.count(c.OFFERED) for at, view, _ in found}
        assert {minute: n for minute, n in offered.items() if n} == {10: 1, 30: 1}
        assert [waiting for _, _, waiting in found] == [1] * 20 + [2] * 29 + [1] * 11
        areas = {(at - START) // MINUTE: view.integral(c.WAITING) for at, view, _ in found}
        assert (areas[29], areas[30], areas[58], areas[59], areas[60]) == (
            *(MINUTE, MINUTE + 40_000, 2 * MINUTE, 2 * MINUTE - 10_000, MINUTE),
        )


def test_a_whole_history_began_with_nobody() -> None:
    """From its first time to its last, moments counted from the epoch."""
    view = whole({c.OFFERED: 1, c.WAITING: 1, c.WAITING + c.MOMENT: 3_000}, 1_000, 10_000)
    assert (view.count(c.OFFERED), view.integral(c.WAITING), view.length_ms) == (1, 7_000, 9_000)
