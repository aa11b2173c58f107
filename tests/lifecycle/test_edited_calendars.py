"""Calendars edited while tickets wait: what was booked stays, what is not yet due moves."""

from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.business import reach
from streams.lifecycle.rules import QueueRules, Rules
from streams.settings.calendars import Calendar, week_of
from streams.windows.kept_rules import KeptRules
from tests.lifecycle.lives import DAY, HOUR, MINUTE, START, fact
from tests.lifecycle.test_memory import key, total
from tests.lifecycle.test_promises import FIRST, REPLY, rules
from tests.lifecycle.test_store import HORIZON, Unit, minus

PLACE = ("default", "billing", "ticket")
ALWAYS = Calendar("always", week_of("Mon-Sun 00:00-24:00"))
NEVER_OPEN = Calendar("closed", week_of(""))
#: START is a Tuesday, 22:13:20 UTC: the half hour before eleven.
NIGHTS = Calendar("nights", week_of("Mon-Sun 22:00-23:00"))


class Centre:
    """A unit that is started with other settings; its queue's rules are kept as it keeps them."""

    def __init__(self, first: QueueRules) -> None:
        self.kept = KeptRules()
        self.booked: dict[Any, int] = {}
        self.unit = self._started({}, -1, first)

    def _started(self, log: dict[str, bytes], now: int, configured: QueueRules) -> Unit:
        self.rules = Rules({PLACE: configured})
        self.kept.merge_configured(self.rules, START + now if now >= 0 else -1)
        self.kept.collect()
        return Unit(log, now, self.rules, self.kept.other_calendars)

    def edit(self, now: int, configured: QueueRules) -> None:
        """Stop after the turn at `now`, and start again with other rules."""
        self.unit.turn(now)
        self.booked = minus(self.booked, {k: -n for k, n in self.unit.booked().items()})
        self.unit = self._started(self.unit.log, now, configured)

    def dated(self, counter: int) -> dict[int, int]:
        """What was booked of one counter in all, by the pane of its time (ms since START)."""
        everything = minus(self.booked, {k: -n for k, n in self.unit.booked().items()})
        return {
            at - START: n for (_, at, number), n in sorted(everything.items()) if number == counter
        }


def pane(at: int) -> int:
    """Of a time since START: its pane's, since START."""
    return (START + at) // 10_000 * 10_000 - START


EIGHT = {"first_response": 8 * HOUR}
BREACHED = c.SLA[FIRST] + c.BREACHED["other"]


@pytest.mark.parametrize("rests", [MINUTE, 6 * HOUR])
def test_a_waiting_ticket_is_due_by_the_hours_that_hold_now(rests: int) -> None:
    """Also one that rested when its worker was started with them."""
    centre = Centre(rules(ALWAYS, **EIGHT))
    centre.unit.add(key("a"), fact("opened", 0, 0, "ticket"), 0)
    centre.edit(rests, rules(NIGHTS, **EIGHT))
    for hour in range(7, 15 * 24):
        centre.unit.turn(hour * HOUR)
    # Till 23:00 of that evening, or all of the six hours; then an hour each night.
    used = min(rests, 8 * HOUR)
    left = 8 * HOUR - used
    found = centre.dated(BREACHED)
    assert len(found) == 1
    (at,) = found
    due = reach(((0, NIGHTS),), START + rests + 1, left - 1) - START
    assert at == pane(due)
    assert sum(centre.dated(c.RUNNING[FIRST]).values()) == 0
    assert sum(centre.dated(c.AT_RISK[FIRST]).values()) == 0


def test_an_edit_with_its_time_moves_what_is_due_after_it() -> None:
    """It is no edit of what holds now, but deadlines look ahead."""
    centre = Centre(rules(ALWAYS, **EIGHT))
    centre.unit.add(key("a"), fact("opened", 0, 0, "ticket"), 0)
    later = (
        (START + 2 * HOUR, rules(None)),
        (START + 3 * HOUR, rules(NEVER_OPEN)),
        (START + 4 * HOUR, rules(ALWAYS, **EIGHT)),
    )
    centre.edit(HOUR, rules(ALWAYS, later, **EIGHT))
    for hour in range(2, 40):
        centre.unit.turn(hour * HOUR)
    assert centre.dated(BREACHED) == {pane(9 * HOUR): 1}


def test_a_calendar_that_closes_for_good_is_counted_and_due_no_more() -> None:
    """The clock runs on; a reply keeps the promise, the stocks are level afterwards."""
    centre = Centre(rules(ALWAYS, **EIGHT))
    centre.unit.add(key("a"), fact("opened", 0, 0, "ticket"), 0)
    centre.edit(7 * HOUR + 45 * MINUTE, rules(NEVER_OPEN, **EIGHT))
    edited = pane(7 * HOUR + 45 * MINUTE + 1)
    assert centre.dated(c.SLA_NEVER_DUE) == {edited: 1}
    assert sum(centre.dated(c.AT_RISK[FIRST]).values()) == 0
    centre.unit.turn(30 * DAY)
    centre.unit.add(key("a"), fact("replied", 30 * DAY, 1, "ticket", **REPLY), 30 * DAY)
    centre.unit.turn(30 * DAY)
    assert centre.dated(c.SLA[FIRST] + c.MET["other"]) == {pane(30 * DAY): 1}
    assert sum(centre.dated(c.RUNNING[FIRST]).values()) == 0


def test_what_other_settings_leave_as_it_was_is_not_written() -> None:
    """An edit that moves no deadline wakes no ticket."""
    centre = Centre(rules(ALWAYS, **EIGHT))
    centre.unit.add(key("a"), fact("opened", 0, 0, "ticket"), 0)
    centre.unit.turn(0)
    centre.edit(HORIZON, rules(None, **EIGHT))
    assert centre.unit.store._at_hand == {}
    assert total(centre.unit, c.SLA_NEVER_DUE) == 0
