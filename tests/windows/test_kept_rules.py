"""Settings that were edited without a time: what a unit has lived through keeps its rules."""

from typing import Any

import msgspec
import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.rules import QueueRules, Rules, rules_of
from streams.settings import Settings
from streams.settings.calendars import Calendar, week_of
from streams.windows.intake import Intake
from streams.windows.kept_rules import KeptRules
from tests.laws.test_replay_equals_oracle import configured
from tests.windows.test_intake import CALLS, START, event

PLACE = ("default", "billing", "voice")
OLD, NEW, NEWEST = (QueueRules(threshold_ms=seconds * 1_000) for seconds in (20, 30, 40))
NOW = START + 60_000
HOURS = ("08:00-16:00", "16:00-24:00")


def settled(log: dict[bytes, bytes], configured: QueueRules | None, now: int) -> Any:
    """A unit starts with `configured`: its rules, whether they were changed; the log grows."""
    kept, rules = KeptRules(), Rules({} if configured is None else {PLACE: configured})
    for value in log.values():
        kept.restore(PLACE, value)
    changed = kept.merge_configured(rules, now)
    log |= {key: value for key, value in kept.collect() if value is not None}
    found = rules.of(*PLACE)
    return [
        (0, found.threshold_ms),
        *((at, then.threshold_ms) for at, then in found.later),
    ], changed


def test_an_edit_holds_from_where_the_unit_is() -> None:
    """Once only: starting again with the same settings changes nothing more."""
    log: dict[bytes, bytes] = {}
    assert settled(log, OLD, -1) == ([(0, 20_000)], [])
    assert settled(log, OLD, NOW) == ([(0, 20_000)], [])
    then = [(0, 20_000), (NOW + 1, 30_000)]
    assert settled(log, NEW, NOW) == (then, [PLACE])
    assert settled(log, NEW, NOW + 5_000) == (then, [])
    assert settled(log, NEWEST, NOW + 9_000)[0] == [*then, (NOW + 9_001, 40_000)]


def test_a_queue_that_was_not_configured_had_the_defaults() -> None:
    """Also when it leaves the configuration: then it has them again."""
    log: dict[bytes, bytes] = {}
    assert settled(log, None, -1) == ([(0, 20_000)], [])
    assert settled(log, NEW, NOW) == ([(0, 20_000), (NOW + 1, 30_000)], [PLACE])
    assert settled(log, None, NOW + 2)[0][-1] == (NOW + 3, 20_000)


def test_a_change_with_its_time_is_no_edit() -> None:
    """Told before its time, it comes then, and nothing is noted."""
    log: dict[bytes, bytes] = {}
    dated = QueueRules(threshold_ms=20_000, later=((NOW + 10_000, NEW),))
    settled(log, OLD, -1)
    assert settled(log, dated, NOW) == ([(0, 20_000), (NOW + 10_000, 30_000)], [])
    assert settled(log, dated, NOW + 20_000) == ([(0, 20_000), (NOW + 10_000, 30_000)], [])


def test_a_change_told_after_its_time_holds_from_now_on() -> None:
    """What has been counted by the old rules is not rewritten."""
    log: dict[bytes, bytes] = {}
    dated = QueueRules(threshold_ms=20_000, later=((NOW - 10_000, NEW),))
    settled(log, OLD, -1)
    assert settled(log, dated, NOW) == ([(0, 20_000), (NOW + 1, 30_000)], [PLACE])


@pytest.mark.parametrize("later", [0, 1, 2])
def test_a_change_dated_about_now_is_neither_lost_nor_early(later: int) -> None:
    """A change of this millisecond or before is told late and holds from the next one on."""
    log: dict[bytes, bytes] = {}
    settled(log, OLD, -1)
    dated = QueueRules(threshold_ms=20_000, later=((NOW + later, NEW),))
    then = [(0, 20_000), (NOW + max(later, 1), 30_000)]
    assert settled(log, dated, NOW) == (then, [PLACE] if later < 2 else [])


def restarted(unit: Intake, log: dict[bytes, bytes], settings: Settings) -> Intake:
    """Another process with other settings takes the unit's state."""
    made = Intake(rules_of(settings), 0, 1)
    for key, value in log.items():
        made.restore(key, value)
    made.restored()
    return made


@pytest.mark.parametrize("seconds", [10, 30])
def test_a_late_event_after_an_edit_takes_back_what_was_booked(seconds: int) -> None:
    """The threshold was 20 s when the call waited: no pane keeps half of a miss."""
    log: dict[bytes, bytes] = {}

    def turn(unit: Intake, at: int) -> None:
        turned = unit.turn(START + at, START + at, following=False)
        assert turned is not None
        for key, value in turned.state:
            log.pop(key, None) if value is None else log.update({key: value})

    first = restarted(Intake(Rules({}), 0, 1), {}, configured([{"name": "billing"}]))
    first.accept(event("contact.enqueued", 0), CALLS)
    turn(first, 100_000)
    then = configured([{"name": "billing", "service_level_seconds": seconds}])
    second = restarted(first, log, then)
    assert second.changed_rules == [PLACE]
    second.accept(event("contact.answered", 5_000), CALLS)
    turn(second, 110_000)
    plain = restarted(first, {}, configured([{"name": "billing"}]))
    for kind, at in (("contact.enqueued", 0), ("contact.answered", 5_000)):
        plain.accept(event(kind, at), CALLS)
    plain.turn(START + 110_000, START, following=False)
    assert cells(second) == cells(plain)


def test_an_edited_list_of_reasons_leaves_what_is_booked() -> None:
    """A break counts by the list of its beginning, in whatever order either list stands."""
    log: dict[bytes, bytes] = {}

    def turn(unit: Intake, at: int) -> None:
        turned = unit.turn(START + at, START + at, following=False)
        assert turned is not None
        for key, value in turned.state:
            log.pop(key, None) if value is None else log.update({key: value})

    def says(unit: Intake, at: int, state: str, reason: str) -> None:
        who = {"channel": None, "contact_id": None, "queue": None, "agent_id": "anna"}
        told = {"queues": ["billing"], "state": state, "reason": reason}
        unit.accept(event("agent.state", at, **who, **told), "contact.agents")

    def listing(*reasons: str) -> Settings:
        return configured([{"name": "billing", "break_reasons": reasons}])

    first = restarted(Intake(Rules({}), 0, 1), {}, listing("lunch", "training"))
    says(first, 0, "break", "lunch")
    turn(first, 10_000)
    second = restarted(first, log, listing("training", "coffee"))
    for at, reason in ((20_000, "coffee"), (30_000, "lunch"), (40_000, "training")):
        says(second, at, "break", reason)
    says(second, 50_000, "available", "")
    turn(second, 60_000)
    lunch, coffee, training = map(c.break_level, ("lunch", "coffee", "training"))
    booked = {
        (pane - START, number): amount
        for ((_, queue, _), pane), values in cells(second).items()
        for number, amount in values.items()
        if queue == "billing" and number < 0 and number % 2 == 0
    }
    assert booked == {
        (0, lunch): 1,
        (20_000, lunch): -1,
        (20_000, coffee): 1,
        (30_000, coffee): -1,
        (40_000, training): 1,
        (50_000, training): -1,
    }


def cells(unit: Intake) -> dict[Any, dict[int, int]]:
    """Everything the unit has booked, without zeros."""
    found = {
        (queue_key, pane): {counter: n for counter, n in values.items() if n}
        for queue_key, panes in unit.cells.by_queue.items()
        for pane, values in panes.items()
    }
    return {where: values for where, values in found.items() if values}


def test_rules_stored_before_there_was_a_limit_of_the_wait_have_none() -> None:
    """An upgrade decides nothing about who waited before it; from then on the limit holds."""
    kept = KeptRules()
    kept.restore(PLACE, msgspec.msgpack.encode({"threshold_ms": 20_000, "later": []}))
    rules = rules_of(configured([{"name": "billing"}]))
    assert kept.merge_configured(rules, NOW) == [PLACE]
    found = [rules.of(*PLACE).at(at).wait_limit_ms for at in (0, NOW, NOW + 1)]
    assert found == [None, None, 60_000]


def test_a_queue_of_tickets_keeps_whether_closing_resolves() -> None:
    """Through time as it is configured; an edit holds from where the unit is."""
    place = ("default", "desk", "ticket")
    told = [{"name": "desk", "channels": ["ticket"], "changes": [
        {"from": NOW - 1_000, "closed_resolves": False, "service_level_seconds": 5}]}]  # fmt: skip
    rules = rules_of(configured(told))
    found = [rules.of(*place).at(at).closed_resolves for at in (0, NOW - 1_001, NOW - 1_000)]
    assert found == [True, True, False]
    assert rules.of(*place).at(NOW).threshold_ms is None
    kept = KeptRules()
    assert kept.merge_configured(rules_of(configured([{**told[0], "changes": []}])), -1) == []
    kept.collect()
    assert kept.merge_configured(rules, NOW) == [place]
    assert [rules.of(*place).at(at).closed_resolves for at in (NOW, NOW + 1)] == [True, False]


def test_a_queue_with_other_business_hours_is_told_apart() -> None:
    """Its tickets are looked at again; those of a queue with another edit are not."""
    kept, tickets = KeptRules(), ("default", "billing", "ticket")
    day, night = (Calendar(hours, week_of(f"Mon-Sun {hours}")) for hours in HOURS)
    before = {PLACE: OLD, tickets: QueueRules(calendar=day)}
    kept.merge_configured(Rules(before), -1)
    kept.collect()
    kept.merge_configured(Rules({PLACE: NEW, tickets: QueueRules(calendar=night)}), NOW)
    assert kept.other_calendars == {tickets}
