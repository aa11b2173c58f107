"""Customers over weeks: several units tell each other what is one function of all that happened."""

import random
from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.settings import QueueSettings, Settings
from streams.wire.keys import partition_of
from tests.customer_stories import CUSTOMER_STORIES, told_of_customers
from tests.examples import examples
from tests.laws.test_replay_equals_oracle import configured
from tests.laws.units import Units, replayed
from tests.stories import Seeded
from tests.strategies import QUEUE_VARIANTS, with_ids

START = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
COUNTERS = (
    *(c.CONTACTS_WITH_REF, c.REPEAT_CONTACTS, c.RETURNING_CONTACTS, c.FCR_DECIDED),
    *(c.FCR_RESOLVED, c.FCR_UNKNOWN, c.FAILED_AGAIN, c.BOT_CONTAINED_RETURNED),
)
ADA, BOB = "ab" * 32, "cd" * 32
SETTINGS = Settings(queues=(QueueSettings("billing", channels=("voice", "chat", "ticket")),))


def call(name: str, at: int, ref: str | None = ADA, **more: Any) -> list[dict[str, Any]]:
    """A call of a minute that is answered at once; `at` in ms since the start."""
    about = {"contact_id": name, "channel": "voice", "source": "pbx", "queue": "billing", **more}
    whose = {} if ref is None else {"customer_ref": ref}
    return [
        {"type": kind, "event_id": f"{name}-{kind}", "occurred_at": START + at + after}
        | about
        | extra
        for kind, after, extra in (
            ("contact.enqueued", 0, whose),
            ("contact.answered", 0, {"agent_id": "anna"}),
            ("contact.ended", MINUTE, {}),
        )
    ]


def counted(units: Units, counter: int, tenant: str = "default") -> int:
    """A counter of the calls of billing."""
    return units.sums([counter]).get((tenant, "billing", "voice", counter), 0)


def lived(
    events: list[dict[str, Any]], units: Units, end: int, seed: int = 0, jump: int = HOUR
) -> Units:
    """The events through the units, in turns at random times and with restarts."""
    chance = random.Random(seed)
    ordered = sorted(events, key=lambda event: event["occurred_at"] + chance.randrange(0, HOUR))
    position = 0
    while position < len(ordered):
        size = chance.choice((1, 3, 12, 40))
        for event in ordered[position : position + size]:
            units.accept(event)
        position += size
        newest = max(event["occurred_at"] for event in ordered[:position])
        rest = [event["occurred_at"] for event in ordered[position:]]
        latest = min([newest, *(at + 4 * HOUR - 1 for at in rest)])
        units.turn(max(0, latest - chance.choice((0, 1, jump // 2))), hear=chance)
        if chance.random() < 0.2:
            units.restart()
    units.finish(end)
    return units


@pytest.mark.parametrize("seed", range(examples(30)))
def test_units_agree_with_a_replay_over_weeks(seed: int) -> None:
    """However the events are cut into turns, whoever is lost, and whatever is read late."""
    chooser = Seeded(seed)
    stories = [CUSTOMER_STORIES[n % len(CUSTOMER_STORIES)](chooser) for n in range(8)]
    events = told_of_customers(with_ids(stories), seed)
    events = [event for event in events if "contact_id" in event]
    settings = configured(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)])
    end = max(event["occurred_at"] for event in events) + (seed % 3) * 8 * DAY + 1
    units = lived(events, Units(settings, 1 + seed % 3), end, seed)
    assert units.sums(COUNTERS) == replayed(events, settings, COUNTERS, end)
    assert units.anomalies["customer_late"] == 0


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_the_same_customer_is_one_wherever_his_contacts_are(partitions: int) -> None:
    """Twelve calls on all partitions, a day apart: eleven come again, the last alone is final."""
    events = [event for n in range(12) for event in call(f"c{n}", n * DAY)]
    assert len({partition_of(f"c{n}", partitions) for n in range(12)}) >= min(partitions, 4)
    units = lived(events, Units(SETTINGS, partitions), START + 30 * DAY)
    assert counted(units, c.CONTACTS_WITH_REF) == 12
    assert counted(units, c.REPEAT_CONTACTS) == counted(units, c.RETURNING_CONTACTS) == 11
    assert (counted(units, c.FCR_DECIDED), counted(units, c.FCR_RESOLVED)) == (12, 1)


def test_a_decision_falls_at_its_instant_after_a_restart_too() -> None:
    """`repeat_days` after the end, not a millisecond before that is over."""
    units = Units(SETTINGS, 2)
    for event in call("c1", 0):
        units.accept(event)
    units.finish(START + HOUR)
    units.restart()
    final = START + MINUTE + 7 * DAY
    units.turn(final)
    assert counted(units, c.FCR_DECIDED) == 0
    units.restart()
    units.turn(final + 1)
    assert (counted(units, c.FCR_DECIDED), counted(units, c.FCR_RESOLVED)) == (1, 1)
    panes = {pane for (_, _, _, _, pane), cell in units.panes.items() if cell.get(c.FCR_DECIDED)}
    assert panes == {final - final % 10_000}


def test_one_hash_in_two_tenants_is_two_customers() -> None:
    """Neither comes again because of the other."""
    events = call("c1", 0, tenant="north") + call("c2", HOUR, tenant="south")
    units = lived(events, Units(SETTINGS, 2), START + 8 * DAY)
    for tenant in ("north", "south"):
        assert counted(units, c.CONTACTS_WITH_REF, tenant) == 1
        assert counted(units, c.FCR_RESOLVED, tenant) == 1
        assert counted(units, c.REPEAT_CONTACTS, tenant) == 0


@pytest.mark.parametrize(("partitions", "times"), [(1, examples(2_000)), (2, examples(10_000))])
def test_a_customer_who_comes_ten_thousand_times_is_counted_each_time_and_kept_short(
    partitions: int, times: int
) -> None:
    """Of his comings 64 are remembered, and who is let go of is counted; none counts twice."""
    units = Units(SETTINGS, partitions)
    for n in range(times):
        for event in call(f"c{n}", n * 2 * SECOND):
            units.accept(event)
        if n % 500 == 499:
            units.turn(START + n * 2 * SECOND)
    units.finish(START + 9 * HOUR)
    assert counted(units, c.CONTACTS_WITH_REF) == times
    # The first for a minute met nobody's end.
    repeats = counted(units, c.REPEAT_CONTACTS)
    assert repeats == times - 31 if partitions == 1 else repeats < times - 30
    assert units.anomalies["customer_trimmed"] >= times - 64
    kept = [value for log in units.logs for key, value in log.values.items() if key[:1] == b"u"]
    assert len(kept) == 1
    assert len(kept[0]) < 6_000


def test_beyond_the_most_customers_each_is_counted_and_none_is_remembered() -> None:
    """And the anomaly says so."""
    settings = Settings(queues=SETTINGS.queues, max_customers=2)
    units = Units(settings, 1)
    for n in range(5):
        for event in call(f"c{n}", n * MINUTE, ref=f"{n:064x}"[::-1]):
            units.accept(event)
        units.turn(START + n * MINUTE)
    units.finish(START + HOUR)
    assert counted(units, c.CONTACTS_WITH_REF) == 5
    assert len(units.units[0].customers) == 2
    assert units.anomalies["customers_full"] >= 3


def test_who_is_told_late_is_counted_then_and_unknown_before() -> None:
    """A wrap-up that says whose the call was: counted at it, and final by its end all the same."""
    events = call("c1", 0, ref=None)
    about = {"contact_id": "c1", "channel": "voice", "source": "pbx", "customer_ref": ADA}
    told = {"type": "wrapup.ended", "event_id": "w", "occurred_at": START + 3 * MINUTE, **about}
    units = lived([*events, told], Units(SETTINGS, 2), START + 8 * DAY)
    assert counted(units, c.FCR_UNKNOWN) == counted(units, c.CONTACTS_WITH_REF) == 1
    assert counted(units, c.FCR_RESOLVED) == 1


def test_who_is_only_ever_told_with_the_wrap_up_comes_again_as_others_do() -> None:
    """Twelve calls a day apart, told at the entry or at the wrap-up: only `fcr_unknown` differs."""
    events, told = [], []
    for n in range(12):
        events += call(f"c{n}", n * DAY)
        about = {"contact_id": f"c{n}", "channel": "voice", "source": "pbx", "event_id": f"w{n}"}
        wrapup = {"type": "wrapup.ended", "occurred_at": START + n * DAY + 3 * MINUTE, **about}
        told += [*call(f"c{n}", n * DAY, ref=None), wrapup | {"customer_ref": ADA}]
    known = lived(events, Units(SETTINGS, 2), START + 30 * DAY)
    late = lived(told, Units(SETTINGS, 2), START + 30 * DAY)
    for counter in set(COUNTERS) - {c.FCR_UNKNOWN}:
        assert counted(late, counter) == counted(known, counter)
    assert (counted(late, c.FCR_UNKNOWN), counted(known, c.FCR_UNKNOWN)) == (12, 0)


def test_another_customer_of_one_contact_does_nothing() -> None:
    """The first holds; the anomaly is counted."""
    first, second, third = call("c1", 0)
    units = Units(SETTINGS, 2)
    for event in (first, second | {"customer_ref": BOB}, third):
        units.accept(event)
    units.finish(START + 8 * DAY)
    assert units.anomalies["customer_changed"] == 1
    assert counted(units, c.CONTACTS_WITH_REF) == counted(units, c.FCR_RESOLVED) == 1


def test_a_customer_is_forgotten_after_a_month() -> None:
    """Nothing of him is left in the changelog, and who comes then is new."""
    units = lived(call("c1", 0), Units(SETTINGS, 2), START + 29 * DAY)
    units.finish(START + 30 * DAY + 10 * HOUR)
    units.finish(START + 32 * DAY)
    assert not [key for log in units.logs for key in log.values if key[:1] == b"u"]
    assert sum(len(unit.customers) for unit in units.units) == 0
