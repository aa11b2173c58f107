"""A queues unit: how far everybody is, and when an interval is published, revised and final."""

import pytest
from msgspec.structs import replace

from streams.contract.words import INTERVAL_MS
from streams.lifecycle import changelog
from streams.lifecycle import counters as c
from streams.lifecycle.changelog import key_of
from streams.lifecycle.ledger import PANE_MS
from streams.windows.cells import CellBatch, CellUpdate, OldestUpdate
from streams.windows.queues import FOLLOWED_MS, GAP_MS, Queues
from streams.windows.views import today

START = 1_700_000_100_000  # the start of an interval: 2023-11-14T22:15:00Z
HOUR = 3_600_000
PLACE = ("default", "billing", "voice")


def batch(
    now: int,
    *cells: tuple[int, dict[int, int]],
    source: int = 0,
    sources: int = 1,
    closed: int = -1,
    following: bool = False,
    watermark: int | None = None,
    stocks: tuple[OldestUpdate, ...] = (),
) -> CellBatch:
    """A source's word; times in ms since START, `closed` 4 h before `now` unless given."""
    return CellBatch(
        source,
        sources,
        START + now,
        START + (now - 4 * HOUR if closed < 0 else closed),
        None if watermark is None else START + watermark,
        following,
        [CellUpdate(*PLACE, START + pane, values) for pane, values in cells],
        list(stocks),
    )


def unit(zone: str = "UTC") -> Queues:
    """A unit with one configured queue, begun as a worker begins it: nothing was stored."""
    queues = Queues({PLACE: zone})
    queues.restored()
    return queues


def published(queues: Queues) -> dict[int, bool]:
    """{interval's start, ms since START: final} of what is to be published now."""
    queue = queues.queue(PLACE)
    found = [start for start, _ in queues.passed(queue)]
    assert len(found) == len(set(found))
    return {start - START: queue.panes.intervals[start].final for start in found}


# -- as_of -----------------------------------------------------------------------------------------


def test_as_of_is_what_every_source_has_passed() -> None:
    """The slowest source decides; one that has not spoken yet holds it."""
    queues = unit()
    queues.accept(batch(50_000, source=0, sources=2))
    queues.advance(None)
    assert queues.as_of == -1
    queues.accept(batch(30_000, source=1, sources=2))
    queues.advance(None)
    assert queues.as_of == START + 30_000
    queues.accept(batch(70_000, source=1, sources=2))
    queues.advance(None)
    assert queues.as_of == START + 50_000


def test_the_clock_speaks_fifteen_seconds_for_a_source_that_was_caught_up() -> None:
    """Then `as_of` stands still, and everybody sees it age."""
    queues = unit()
    queues.accept(batch(0, following=True))
    for wall, as_of in ((4_000, 4_000), (15_000, 15_000), (15_001, 15_000), (90_000, 15_000)):
        queues.advance(START + wall)
        assert queues.as_of == START + as_of
    assert FOLLOWED_MS == 15_000


def test_the_clock_does_not_speak_for_a_source_that_lags() -> None:
    """Nor where what was sent has not been read to its end (no wall time is given then)."""
    queues = unit()
    queues.accept(batch(0, source=0, sources=2, following=True))
    queues.accept(batch(1_000, source=1, sources=2, following=False))
    queues.advance(START + 10_000)
    assert queues.as_of == START + 1_000
    alone = unit()
    alone.accept(batch(0, following=True))
    alone.advance(None)
    assert alone.as_of == START


def test_as_of_never_runs_back() -> None:
    """A clock that was ahead is waited for."""
    queues = unit()
    queues.accept(batch(0, following=True))
    queues.advance(START + 9_000)
    queues.accept(batch(5_000, following=False))
    queues.advance(START + 6_000)
    assert queues.as_of == START + 9_000


def test_the_watermark_is_the_least_of_the_sources_that_have_one() -> None:
    """A source without events has none, which is not time zero."""
    queues = unit()
    queues.accept(batch(0, source=0, sources=3, watermark=9_000))
    queues.accept(batch(0, source=1, sources=3, watermark=4_000))
    queues.accept(batch(0, source=2, sources=3))
    assert queues.watermark == START + 4_000
    assert unit().watermark is None


def test_the_oldest_waiting_is_the_least_over_the_sources() -> None:
    """Minima are not sums: each source sends its own."""
    queues = unit()
    for source, oldest in ((0, 5_000), (1, 3_000)):
        stock = OldestUpdate(*PLACE, c.WAITING, START + oldest)
        queues.accept(batch(9_000, source=source, sources=2, stocks=(stock,)))
    assert queues.queue(PLACE).oldest_at(c.WAITING) == START + 3_000
    gone = OldestUpdate(*PLACE, c.WAITING, None)
    queues.accept(batch(9_000, source=1, sources=2, stocks=(gone,)))
    assert queues.queue(PLACE).oldest_at(c.WAITING) == START + 5_000


def test_who_talks_is_summed_over_the_sources_up_to_the_time_all_have_passed() -> None:
    """n x as_of less the sum of the answers; one ahead of the others takes nothing away."""
    queues = unit()
    two = OldestUpdate(*PLACE, c.HANDLING, START + 1_000, 2, 2 * START + 5_000)
    one = OldestUpdate(*PLACE, c.HANDLING, START + 20_000, 1, START + 20_000)
    queues.accept(batch(9_000, source=0, sources=2, stocks=(two,)))
    queues.accept(batch(29_000, source=1, sources=2, stocks=(one,)))
    queues.advance(None)
    queue = queues.queue(PLACE)
    assert queue.in_progress_ms(queues.as_of) == 2 * 9_000 - 5_000
    assert queue.in_progress_ms(START + 30_000) == 2 * 30_000 - 5_000 + 10_000
    for source in (0, 1):
        gone = OldestUpdate(*PLACE, c.HANDLING, None)
        queues.accept(batch(30_000, source=source, sources=2, stocks=(gone,)))
    assert queue.in_progress_ms(START + 30_000) == 0


# -- intervals -------------------------------------------------------------------------------------


def advanced(queues: Queues, to: int, *cells: tuple[int, dict[int, int]]) -> dict[int, bool]:
    """What is published after the only source came to `to` with these cells."""
    queues.accept(batch(to, *cells))
    queues.advance(None)
    return published(queues)


def test_an_interval_is_published_at_its_end_even_when_it_was_empty() -> None:
    """Every configured queue shows its zeros, and only once."""
    queues = unit()
    assert advanced(queues, 1_000) in ({}, {0: False})  # none of the time before the first word
    assert advanced(queues, 20_000) in ({}, {0: False})
    assert advanced(queues, 40_000) == {}
    assert advanced(queues, INTERVAL_MS - 1) == {}
    assert 0 in advanced(queues, INTERVAL_MS)
    assert 0 not in advanced(queues, INTERVAL_MS + 1_000)


def test_intervals_that_were_jumped_over_are_published_too() -> None:
    """An hour without a word owes four records."""
    queues = unit()
    advanced(queues, 1_000)
    found = advanced(queues, HOUR)
    assert {0, 1 * INTERVAL_MS, 2 * INTERVAL_MS, 3 * INTERVAL_MS} <= found.keys()


def test_what_a_slower_source_tells_of_before_is_published_at_its_end_too() -> None:
    """The first word of a queue may be of a later interval than the second."""
    queues, once = unit(), {c.OFFERED: 1}
    queues.accept(batch(HOUR, (HOUR, once), source=0, sources=2))
    queues.accept(batch(1_000, (2 * INTERVAL_MS, once), source=1, sources=2))
    queues.advance(None)
    published(queues)
    queues.accept(batch(HOUR, source=1, sources=2))
    queues.advance(None)
    assert {2 * INTERVAL_MS, 3 * INTERVAL_MS} <= published(queues).keys()


def test_an_empty_interval_is_owed_for_thirty_five_days() -> None:
    """To the millisecond; what is older than that is passed over."""
    for beyond, first in ((0, INTERVAL_MS), (1, 2 * INTERVAL_MS)):
        queues = unit()
        advanced(queues, 0)
        found = advanced(queues, INTERVAL_MS + GAP_MS + beyond)
        assert min(found.keys() - {0}) == first


def test_a_gap_ends_where_intervals_are_owed_again() -> None:
    """Or at one that something happened in: it is published, and the rest is passed over."""
    queues = unit()
    advanced(queues, 0)
    once = {c.OFFERED: 1}
    found = advanced(queues, 2 * GAP_MS, (5 * INTERVAL_MS, once), (2 * GAP_MS - INTERVAL_MS, once))
    owed = range(GAP_MS + INTERVAL_MS, 2 * GAP_MS, INTERVAL_MS)
    assert found.keys() == {0, 5 * INTERVAL_MS, *owed}


def test_every_queue_owes_its_first_interval() -> None:
    """All that are configured begin when time does, and say so in the changelog."""
    places = [("default", name, "voice") for name in ("billing", "sales", "support")]
    queues = Queues(dict.fromkeys(places, "UTC"))
    queues.restored()
    queues.accept(batch(1_000))
    queues.advance(None)
    stored = {key for key, _ in queues.collect() if key.startswith(b"q")}
    assert stored == {key_of(changelog.QUEUE, *place).encode() for place in places}
    assert {queues.queue(place).cursor for place in places} == {START}


def test_a_late_event_revises_a_published_interval() -> None:
    """The one that it belongs to, not those beside it."""
    queues = unit()
    advanced(queues, 1_000)
    advanced(queues, 2 * INTERVAL_MS)
    assert advanced(queues, 2 * INTERVAL_MS, (30_000, {c.OFFERED: 1})) == {0: False}
    assert queues.queue(PLACE).panes.intervals[START].sums[c.OFFERED] == 1


def test_a_late_change_of_a_level_revises_what_came_after_it_too() -> None:
    """The integrals of later intervals begin at another height."""
    queues = unit()
    advanced(queues, 1_000)
    advanced(queues, 3 * INTERVAL_MS)
    found = advanced(queues, 3 * INTERVAL_MS, (30_000, {c.WAITING: 1, c.WAITING + 1: 0}))
    assert {0, INTERVAL_MS, 2 * INTERVAL_MS} <= found.keys()


def test_an_interval_becomes_final_once() -> None:
    """When every source has passed its end by the horizon; not a millisecond before."""
    queues = unit()
    advanced(queues, 1_000, (0, {c.OFFERED: 1}))
    advanced(queues, INTERVAL_MS)
    assert 0 not in advanced(queues, INTERVAL_MS + 4 * HOUR - 1)
    assert advanced(queues, INTERVAL_MS + 4 * HOUR)[0] is True
    assert 0 not in advanced(queues, INTERVAL_MS + 4 * HOUR + 1_000)


def test_an_open_interval_is_published_while_somebody_waits() -> None:
    """Its integral grows with time alone, at every pane's end."""
    queues = unit()
    advanced(queues, 1_000, (0, {c.WAITING: 1, c.WAITING + 1: 500}))
    assert advanced(queues, 10_000) == {0: False}
    assert advanced(queues, 10_500) == {}
    assert advanced(queues, 20_000) == {0: False}


# -- days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "offset_hours"), [("UTC", 0), ("Asia/Tokyo", 9)])
def test_today_starts_again_at_the_queues_midnight(zone: str, offset_hours: int) -> None:
    """What was counted before is yesterday's; the level that stands goes over."""
    day = 24 * HOUR
    midnight = START + (day - (START + offset_hours * HOUR) % day)
    queues = unit(zone)
    queue = queues.queue(PLACE)
    pane = midnight - START - PANE_MS
    advanced(queues, pane + 5_000, (pane, {c.OFFERED: 2, c.WAITING: 1, c.WAITING + 1: 0}))
    assert today(queue.panes, queues.as_of, {}).count(c.OFFERED) == 2
    advanced(queues, midnight - START + PANE_MS, (midnight - START, {c.OFFERED: 1}))
    view = today(queue.panes, queues.as_of, {})
    assert view.count(c.OFFERED) == 1
    assert view.length_ms == PANE_MS
    assert view.integrals[c.WAITING] == PANE_MS
    assert queue.panes.levels()[c.WAITING] == 1


# -- changelog -------------------------------------------------------------------------------------


def test_a_queue_is_used_once_a_contact_or_ticket_was_in_it() -> None:
    """Agents alone make none; that it was used is in the changelog."""
    place = ("default", "sales", "voice")
    queues = unit()
    log: dict[bytes, bytes | None] = {}
    for values, used in (({c.STAFFED_AGENTS: 1}, False), ({c.OFFERED: 1}, True)):
        queues.accept(replace(batch(0), cells=[CellUpdate(*place, START, values)]))
        assert queues.queue(place).used is used
        log |= dict(queues.collect())
        fresh = Queues({})
        for name, value in log.items():
            assert value is not None
            fresh.restore(name, value)
        fresh.restored()
        assert fresh.queue(place).used is used
    queues.accept(replace(batch(0), cells=[CellUpdate(*place, START, {c.STAFFED_AGENTS: 1})]))
    assert queues.queue(place).used


def test_a_restored_unit_publishes_nothing_twice_and_owes_the_same() -> None:
    """Panes, cursors and finality are all in the changelog."""
    log: dict[bytes, bytes] = {}
    queues = unit()
    for to, cells in (
        (1_000, [(0, {c.OFFERED: 1, c.WAITING: 1, c.WAITING + 1: 7})]),
        (INTERVAL_MS + 5_000, [(INTERVAL_MS, {c.ANSWERED: 1, c.WAITING: -1})]),
    ):
        advanced(queues, to, *cells)
        for name, value in queues.collect():
            if value is None:
                log.pop(name, None)
            else:
                log[name] = value
    fresh = unit()
    for name, value in log.items():
        fresh.restore(name, value)
    fresh.restored()
    assert fresh.as_of == queues.as_of
    old, new = queues.queue(PLACE), fresh.queue(PLACE)
    assert new.cursor == old.cursor
    assert new.panes.today.start == old.panes.today.start > 0
    for width, window in old.panes.windows.items():
        mine = {k: n for k, n in new.panes.windows[width].sums.items() if n}
        assert mine == {k: n for k, n in window.sums.items() if n}
    at_once = published(fresh)
    assert published(queues) == {}
    assert at_once.keys() <= {0, INTERVAL_MS}
    then = advanced(queues, 2 * INTERVAL_MS)
    assert then.keys() >= {INTERVAL_MS}
    assert advanced(fresh, 2 * INTERVAL_MS) == then


@pytest.mark.parametrize(
    "cells",
    [
        # From 3 s to 6 s of one pane; from one pane into the next, both told beforehand.
        ((20_000, {c.STAFFED_AGENTS + c.MOMENT: -3_000}),),
        ((20_000, {c.STAFFED_AGENTS: 1}), (30_000, {c.STAFFED_AGENTS: -1})),
    ],
)
def test_a_level_that_is_back_before_the_next_cut_is_in_the_open_interval(cells) -> None:
    """Nothing stands at either cut, and the integral between them is not 0."""
    queues = unit()
    for now, told in ((5_000, ()), (15_000, cells)):
        queues.accept(batch(now, *told))
        queues.advance(None)
        published(queues)
    queues.accept(batch(45_000))
    queues.advance(None)
    assert published(queues) == {0: False}
    queues.accept(batch(55_000))
    queues.advance(None)
    assert published(queues) == {}


def test_agents_alone_make_the_whole_and_no_queue() -> None:
    """`_all` of a channel exists once an agent has a slot there, a queue once a contact has."""
    queues = Queues({})
    levels = {c.STAFFED_AGENTS: 1, c.STAFFED_AGENTS + c.MOMENT: 0}
    places = [("default", name, "chat") for name in ("_all", "web")]
    cells = [CellUpdate(*place, START, levels) for place in places]
    queues.accept(replace(batch(0), cells=cells))
    assert [queues.queue(place).used for place in places] == [True, False]


def test_a_restored_unit_owes_nothing_before_its_queues_first_word() -> None:
    """Though another source may yet tell of decades before; an earlier word is the first then."""
    queues = unit()
    for at in (3 * INTERVAL_MS, INTERVAL_MS, 2 * INTERVAL_MS):
        queues.accept(batch(4 * INTERVAL_MS, (at, {c.OFFERED: 1}), sources=2))
    fresh = unit()
    for name, value in queues.collect():
        assert value is not None
        fresh.restore(name, value)
    fresh.restored()
    for one in (queues, fresh):
        assert one.queue(PLACE).first == START + INTERVAL_MS


def test_what_begins_earlier_goes_on_after_a_restart() -> None:
    """The interval that is due from an earlier word on is published by whoever takes over."""
    log: dict[bytes, bytes] = {}
    queues, once = unit(), {c.OFFERED: 1}
    queues.accept(batch(HOUR, (2 * INTERVAL_MS, once), source=0, sources=2))
    for _ in range(2):
        for name, value in queues.collect():
            assert value is not None
            log[name] = value
        queues.accept(batch(1_000, (0, {}), source=1, sources=2))
    fresh = unit()
    for name, value in log.items():
        fresh.restore(name, value)
    fresh.restored()
    assert fresh.queue(PLACE).cursor == queues.queue(PLACE).cursor == START


def test_every_queue_is_tidied_up_in_turn() -> None:
    """Some in each transaction, all of them within a round."""
    queues = unit()
    names = [("default", f"q{number}", "voice") for number in range(120)]
    for name in names:
        queues.queue(name)
    for _ in range(2):
        seen = [queue.queue_key for _ in range(41) for queue in queues._next_to_tidy()]
        assert sorted(seen) == sorted([PLACE, *names])
