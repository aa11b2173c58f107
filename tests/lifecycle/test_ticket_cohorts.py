"""Cohorts of openings and of resolutions, ages of open tickets, and complaints."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.contract.words import BACKLOG_AGES_MS
from streams.lifecycle import counters as c
from streams.lifecycle import ticket as t
from streams.lifecycle.entity import Entity, add, fire_until
from streams.lifecycle.lifecycles import TICKET
from streams.lifecycle.rules import NEVER, QueueRules
from tests.lifecycle.lives import DAY, FAR, HOUR, MINUTE, START, Life, Told, facts, ledger, ticket

REPLY = {"author": "agent"}
BOT = {"author": "bot"}
COMPLAINT = {"kind": "complaint"}
DAYS = 7 * DAY
BERLIN = QueueRules(time_zone="Europe/Berlin")
#: What is decided of a ticket after its opening.
OPENINGS = (c.RESOLVED_SAME_DAY, c.LEFT_SAME_DAY, c.RESOLUTION_DECIDED, c.RESOLVED_WITHIN)
AGES = list(c.AGES.values())


def berlin(text: str) -> int:
    """A local time as ms since START."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return int(local.timestamp()) * 1_000 - START


def openings(life: Life, queue: str = "billing") -> list[int]:
    """Same day, left on it, decided, within: how often each."""
    return [life.total(counter, queue) for counter in OPENINGS]


def reopenings(life: Life, queue: str = "billing") -> list[dict[int, int]]:
    """Resolutions decided, and those of them that were taken back, each dated."""
    return [life.dated(counter, queue) for counter in (c.REOPEN_DECIDED, c.REOPENED_WITHIN)]


# -- same day --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "midnight"),
    [
        ("2026-03-28T23:50", "2026-03-29T00:00"),
        ("2026-03-29T00:00", "2026-03-30T00:00"),  # 23 hours
        ("2026-10-25T00:00", "2026-10-26T00:00"),  # 25 hours
    ],
)
def test_a_day_is_that_of_the_wall_where_the_ticket_was_opened(opened: str, midnight: str) -> None:
    """Up to its last millisecond a resolution is of the same day, and so is leaving."""
    at, over = berlin(opened), berlin(midnight)
    for end, counts in ((over - 1, 1), (over, 0)):
        done = ticket(("opened", at), ("resolved", end), rules=BERLIN)
        assert done.dated(c.RESOLVED_SAME_DAY) == ({end: 1} if counts else {})
        gone = ticket(("opened", at), ("closed", end, {"reason": "spam"}), rules=BERLIN)
        assert gone.dated(c.LEFT_SAME_DAY) == ({end: 1} if counts else {})
        assert gone.total(c.RESOLVED_SAME_DAY) == done.total(c.LEFT_SAME_DAY) == 0


def test_on_a_day_of_25_hours_a_ticket_is_of_the_same_day_when_its_one_day_is_over() -> None:
    """Decided as unresolved after 24 hours, and resolved on the day it was opened on."""
    at = berlin("2026-10-25T00:00")
    rules = QueueRules(time_zone="Europe/Berlin", resolution_ms=DAY)
    life = ticket(("opened", at), ("resolved", at + DAY + 1), rules=rules)
    assert openings(life) == [1, 0, 1, 0]
    assert life.dated(c.RESOLUTION_DECIDED) == {at + DAY: 1}
    left = ticket(("opened", at), ("resolved", at + DAY + 1, {"reason": "spam"}), rules=rules)
    assert openings(left) == [0, 1, 1, 0]


def test_the_day_of_the_opening_queue_decides_wherever_the_ticket_is() -> None:
    """23:30 in Berlin is 22:30 in UTC: resolved an hour later in support, it is the next day."""
    at = berlin("2026-01-15T23:30")
    moved: Told = ("moved", at + MINUTE, {"queue": "support"})
    late = ticket(("opened", at), moved, ("resolved", at + HOUR), rules=BERLIN)
    assert openings(late) == [0, 0, 1, 1]
    assert openings(late, "support") == [0, 0, 0, 0]
    soon = ticket(("opened", at), moved, ("resolved", at + 2 * MINUTE), rules=BERLIN)
    assert openings(soon) == [1, 0, 1, 1]
    assert soon.dated(c.TICKETS_RESOLVED, "support") == {at + 2 * MINUTE: 1}


def test_a_bots_resolution_is_none_and_a_second_one_is_not_first() -> None:
    """The person's after it counts on that day; what he resolves again does not."""
    life = ticket(
        *(("opened", 0), ("resolved", 1_000, BOT), ("reopened", 2_000)),
        *(("resolved", 3_000), ("reopened", 4_000), ("resolved", 5_000)),
        rules=BERLIN,
    )
    assert life.dated(c.RESOLVED_SAME_DAY) == {3_000: 1}
    assert life.dated(c.RESOLVED_WITHIN) == life.dated(c.RESOLUTION_DECIDED) == {3_000: 1}


def test_a_ticket_that_left_after_a_resolution_was_resolved() -> None:
    """It is in the cohort of its day as that, whatever became of it later."""
    for between in ([], [("reopened", 2_000)]):
        told: list[Told] = [("opened", 0), ("resolved", 1_000), *between]
        life = ticket(*told, ("closed", 3_000, {"reason": "merged"}), now=FAR)
        assert openings(life) == [1, 0, 1, 1]


# -- resolved within D days ------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_resolution_counts_up_to_the_last_millisecond_of_its_days(late: int) -> None:
    """At opened + D it is within; after it the ticket was decided at that time, once."""
    life = ticket(("opened", 5), ("resolved", 5 + DAYS + late), now=FAR)
    at = 5 + min(DAYS, DAYS + late)
    assert life.dated(c.RESOLUTION_DECIDED) == {at: 1}
    assert life.dated(c.RESOLVED_WITHIN) == ({at: 1} if late <= 0 else {})


def test_an_open_ticket_is_decided_when_its_days_are_over() -> None:
    """In the queue it was opened in, wherever it is; before that in neither."""
    told: list[Told] = [("opened", 0), ("moved", 1, {"queue": "support"})]
    for now, decided in ((DAYS, {}), (DAYS + 1, {DAYS: 1})):
        life = ticket(*told, now=now)
        assert life.dated(c.RESOLUTION_DECIDED) == decided
        assert openings(life, "support") == [0, 0, 0, 0]
    back = ticket(*told, ("moved", 2, {"queue": "billing"}), now=FAR)
    assert back.state.opened_in == ""
    assert back.dated(c.RESOLUTION_DECIDED) == {DAYS: 1}


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_who_leaves_before_is_in_neither(late: int) -> None:
    """At opened + D too; a millisecond later it was unresolved in time."""
    life = ticket(("opened", 0), ("closed", DAYS + late, {"reason": "spam"}), now=FAR)
    assert life.dated(c.RESOLUTION_DECIDED) == ({DAYS: 1} if late > 0 else {})
    assert life.total(c.RESOLVED_WITHIN) == 0


def test_a_ticket_that_a_bot_has_settled_is_in_neither() -> None:
    """If it stands so at opened + D; back before that, it goes by what becomes of it."""
    told: list[Told] = [("opened", 0), ("resolved", 1, BOT)]
    assert openings(ticket(*told, now=FAR)) == [0, 0, 0, 0]
    closed = ticket(*told, ("closed", 2), now=FAR)
    assert openings(closed) == [0, 0, 0, 0]
    back = ticket(*told, ("reopened", DAY), ("resolved", DAYS), now=FAR)
    assert openings(back) == [0, 0, 1, 1]
    still_open = ticket(*told, ("reopened", DAY), now=FAR)
    assert openings(still_open) == [0, 0, 1, 0]
    later = ticket(*told, ("reopened", DAYS + 1), ("resolved", DAYS + 2), now=FAR)
    assert openings(later) == [0, 0, 0, 0]


def test_closed_is_unresolved_where_closing_resolves_nothing() -> None:
    """At opened + D, settled as it is."""
    rules = QueueRules(closed_resolves=False)
    life = ticket(("opened", 0), ("closed", 1), rules=rules, now=FAR)
    assert life.dated(c.RESOLUTION_DECIDED) == {DAYS: 1}
    assert openings(life) == [0, 0, 1, 0]


def test_the_days_are_those_in_force_at_the_opening() -> None:
    """A change gives them to tickets opened from then on."""
    rules = QueueRules(later=((START + 10, QueueRules(resolution_ms=DAY)),))
    for at, days in ((9, DAYS), (10, DAY)):
        life = ticket(("opened", at), rules=rules, now=FAR)
        assert life.dated(c.RESOLUTION_DECIDED) == {at + days: 1}


def test_a_ticket_of_a_snapshot_is_in_no_cohort_of_openings() -> None:
    """Nobody counted its opening; once that is told, it is, if its days are not over."""
    known = {"opened_at": START - DAY, "status": "open"}
    told: list[Told] = [("snapshot", 0, known), ("moved", 1, {"queue": "support"})]
    assert openings(ticket(*told, ("resolved", 2), now=FAR)) == [0, 0, 0, 0]
    until = DAYS - DAY
    for opened, decided in ((until, 1), (until + 1, 0)):
        life = ticket(*told, ("opened", opened), now=FAR)
        assert openings(life, "support") == [0, 0, decided, 0]
        assert life.dated(c.TICKETS_OPENED, "support") == {opened: 1}
    resolved = ticket(*told, ("resolved", 2), ("opened", 3), now=FAR)
    assert openings(resolved, "support") == [0, 0, 0, 0]
    left = ticket(*told, ("resolved", 2, {"reason": "spam"}), ("opened", 3), now=FAR)
    assert openings(left, "support") == [0, 0, 0, 0]


# -- reopened within R days ------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_resolution_is_taken_back_up_to_the_last_millisecond(late: int) -> None:
    """Both counts at the reopening, else one when R is over; each resolution once."""
    for how, fields in (("reopened", {}), ("status_changed", {"status": "pending"})):
        at = HOUR + DAYS + late
        life = ticket(("opened", 0), ("resolved", HOUR), (how, at, fields), now=FAR)
        decided = min(at, HOUR + DAYS)
        assert reopenings(life) == [{decided: 1}, {decided: 1} if late <= 0 else {}]


def test_every_resolution_by_a_person_is_decided_once() -> None:
    """First or again, closing that resolves too; a bot's is in neither."""
    life = ticket(
        *(("opened", 0), ("resolved", 1), ("reopened", 10)),
        *(("closed", 20), ("reopened", 30), ("resolved", 40, BOT), ("reopened", 50)),
        *(("resolved", 60), ("closed", 70)),
        now=FAR,
    )
    assert reopenings(life) == [{10: 1, 30: 1, 60 + DAYS: 1}, {10: 1, 30: 1}]


def test_what_left_meanwhile_is_in_neither() -> None:
    """A merged ticket was neither taken back nor left to stand."""
    for at, decided in ((HOUR + DAYS, {}), (HOUR + DAYS + 1, {HOUR + DAYS: 1})):
        gone: Told = ("closed", at, {"reason": "merged"})
        life = ticket(("opened", 0), ("resolved", HOUR), gone, now=FAR)
        assert reopenings(life) == [decided, {}]


def test_a_resolution_is_decided_where_the_ticket_is_by_the_days_of_where_it_was() -> None:
    """R is that of the queue and the time of the resolution; the counts are the new queue's."""
    rules = QueueRules(later=((START + 10, QueueRules(repeat_ms=DAY)),))
    for at, days in ((9, DAYS), (10, DAY)):
        told: list[Told] = [("opened", 0), ("resolved", at), ("moved", 11, {"queue": "support"})]
        life = ticket(*told, rules=rules, now=FAR)
        assert reopenings(life) == [{}, {}]
        assert reopenings(life, "support") == [{at + days: 1}, {}]
        back = ticket(*told, ("reopened", at + DAY + 1), rules=rules, now=FAR)
        assert back.total(c.REOPENED_WITHIN, "support") == (days == DAYS)


def test_a_snapshots_resolution_is_not_decided() -> None:
    """When it was, nobody said."""
    known = {"opened_at": START - DAY, "status": "resolved"}
    life = ticket(("snapshot", 0, known), ("reopened", 1), ("resolved", 2), now=FAR)
    assert reopenings(life) == [{2 + DAYS: 1}, {}]


def test_a_status_that_is_part_of_the_resolution_does_not_decide_it() -> None:
    """Within grace it brings nothing back."""
    life = ticket(
        *(("opened", 0), ("resolved", 10), ("status_changed", 20, {"status": "open"})), now=FAR
    )
    assert reopenings(life) == [{10 + DAYS: 1}, {}]


def test_fifty_reopenings_are_fifty_decisions() -> None:
    """And one ticket resolved, opened, and in one age all the while."""
    told: list[Told] = [("opened", 0)]
    for turn in range(51):
        told += [("resolved", 2 * turn * MINUTE + 1), ("reopened", (2 * turn + 1) * MINUTE)]
    life = ticket(*told[:-1], now=FAR)
    assert life.total(c.REOPENED_WITHIN) == life.total(c.TICKETS_REOPENED) == 50
    assert life.total(c.REOPEN_DECIDED) == 51
    assert openings(life) == [1, 0, 1, 1]
    assert [life.total(age) for age in AGES] == [0] * 7


# -- late events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_late_event_changes_what_was_decided_without_it(late: int) -> None:
    """The same contributions as if it had come in time: for each fact that is held back."""
    told: list[Told] = [
        ("opened", 0, COMPLAINT),
        ("moved", HOUR, {"queue": "support"}),
        ("resolved", DAYS + late),
        ("ticket.updated", DAYS + HOUR, {"kind": "request"}),
        ("reopened", 2 * DAYS + late),
    ]
    whole = ticket(*told, now=FAR).contributions
    everything = facts(told, "ticket")
    for held in range(1, len(told)):
        assert added_late(everything, held) == whole


def added_late(everything: list[Any], held: int) -> dict[Any, int]:
    """What an entity contributes that hears of one fact after all its deadlines."""
    book = ledger(None, "ticket").select("default", "ticket")
    kept: Any = Entity(None, TICKET.blank(), [], -1)
    ids: set[str] = set()
    for fact in (*everything[:held], *everything[held + 1 :]):
        add(TICKET, kept, fact, fact.at, book, ids)
    fire_until(TICKET, kept, START + FAR, book)
    add(TICKET, kept, everything[held], START + FAR, book, ids)
    fire_until(TICKET, kept, START + FAR, book)
    return Life(kept.state, book, "ticket").contributions


# -- ages ------------------------------------------------------------------------------------------


def heights(life: Life, at: int, queue: str = "billing") -> list[int]:
    """How many tickets each age has once `at` is over."""
    return [sum(n for when, n in life.dated(age, queue).items() if when <= at) for age in AGES]


def test_an_open_ticket_grows_older_at_each_border() -> None:
    """To the millisecond: one that reaches the border is in the older age; then nothing is due."""
    life = ticket(("opened", 7), now=FAR)
    for index, border in enumerate(BACKLOG_AGES_MS.values()):
        assert life.dated(AGES[index])[7 + border] == -1
        assert life.dated(AGES[index + 1])[7 + border] == 1
        for at, age in ((border - 1, index), (border, index + 1)):
            assert heights(life, 7 + at) == [int(age == number) for number in range(7)]
    assert life.state.due == NEVER


def test_the_ages_of_a_queue_are_its_backlog() -> None:
    """Whatever the status; a move takes the age along, and what is settled has none."""
    life = ticket(
        ("opened", 0),
        ("status_changed", MINUTE, {"status": "pending"}),
        ("moved", 2 * HOUR, {"queue": "support"}),
        ("status_changed", 9 * HOUR, {"status": "on_hold"}),
        ("resolved", 10 * HOUR),
        ("moved", 4 * DAY, {"queue": "billing"}),
        ("reopened", 5 * DAY),
        now=FAR,
    )
    for at in (0, HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR, 9 * HOUR, 10 * HOUR, 5 * DAY, FAR):
        for queue in ("billing", "support"):
            backlog = sum(
                n
                for level in c.BACKLOG.values()
                for when, n in life.dated(level, queue).items()
                if when <= at
            )
            assert sum(heights(life, at, queue)) == backlog
    assert heights(life, 2 * HOUR, "support") == [0, 1, 0, 0, 0, 0, 0]
    assert heights(life, 5 * DAY) == [0, 0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_snapshots_ticket_is_as_old_as_its_opening(late: int) -> None:
    """At once, and to the millisecond; one that is settled is in no age."""
    known = {"opened_at": START - 8 * HOUR - late, "status": "pending"}
    life = ticket(("snapshot", 0, known), now=1)
    assert heights(life, 0) == [0, int(late < 0), int(late >= 0), 0, 0, 0, 0]
    closed = ticket(("snapshot", 0, known | {"status": "closed"}), now=FAR)
    assert heights(closed, FAR) == [0] * 7


# -- complaints ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["complaint", " Complaint\t", "COMPLAINT"])
def test_a_complaint_is_counted_once_more_apart(kind: str) -> None:
    """Every count and sum that tickets have, at the same instant, and the stock of open ones."""
    told: list[Told] = [
        ("opened", 0, {"kind": kind}),
        ("assigned", 1_000, {"agent_id": "anna"}),
        ("work.started", 1_000, {"agent_id": "anna"}),
        ("replied", 2_000, REPLY),
        ("replied", 2_500, {"author": "customer"}),
        ("replied", 3_000, REPLY),
        ("resolved", 4_000),
        ("reopened", 10_000),
        ("resolved", 12_000),
    ]
    life = ticket(*told, now=FAR)
    for number, apart in c.COMPLAINTS.items():
        assert life.dated(apart) == life.dated(number)
    assert life.total(c.COMPLAINTS[c.WORK_TIME]) == 3_000
    assert life.dated(c.COMPLAINTS_OPEN) == {0: 1, 4_000: -1, 10_000: 1, 12_000: -1}
    told[0] = ("opened", 0, {"kind": "complaints"})
    other = ticket(*told, now=FAR)
    assert not any(map(other.total, (*c.COMPLAINTS.values(), c.COMPLAINTS_OPEN)))
    bot = ticket(("opened", 0, COMPLAINT), ("resolved", 1, BOT))
    assert bot.dated(c.COMPLAINTS[c.BOT_RESOLVED]) == {1: 1}
    left = ticket(("opened", 0, COMPLAINT), ("resolved", 1, {"reason": "spam"}))
    assert left.dated(c.COMPLAINTS[c.TICKETS_LEFT["spam"]]) == {1: 1}
    assert left.dated(c.COMPLAINTS[c.LEFT_SAME_DAY]) == {1: 1}


def test_the_kind_counts_that_holds_at_the_booking() -> None:
    """An update counts from then on; the stock moves with it, in the queue that has the ticket."""
    life = ticket(
        ("opened", 0),
        ("moved", 1_000, {"queue": "support"}),
        ("ticket.updated", 2_000, COMPLAINT | {"queue": "sales"}),
        ("replied", 3_000, REPLY),
        ("ticket.updated", 4_000, {"priority": "high"}),
        ("ticket.updated", 5_000, COMPLAINT),
        ("resolved", 6_000),
        ("ticket.updated", 7_000, {"kind": "request"}),
        ("reopened", 20_000),
        now=FAR,
    )
    apart = {
        (at, queue, number)
        for number, counter in c.COMPLAINTS.items()
        for queue in ("billing", "support", "sales")
        for at in life.dated(counter, queue)
    }
    assert apart == {
        (3_000, "support", c.FIRST_RESPONSES),
        (3_000, "support", c.FIRST_RESPONSE_TIME),
        *((6_000, "support", number) for number in (c.TICKETS_RESOLVED, c.RESOLUTION_TIME)),
        *((6_000, "support", number) for number in (c.RESOLVED_NET, c.RESOLUTION_NET_TIME)),
        (6_000, "support", c.RESOLUTION_CYCLE_TIME),
        (6_000, "billing", c.RESOLVED_SAME_DAY),
        (6_000, "billing", c.RESOLUTION_DECIDED),
        (6_000, "billing", c.RESOLVED_WITHIN),
    }
    assert life.dated(c.COMPLAINTS_OPEN, "support") == {2_000: 1, 6_000: -1}
    assert life.anomalies == {}


def test_an_update_of_the_same_instant_comes_after_what_else_was() -> None:
    """Of one millisecond and seq it is the last; a higher seq decides otherwise."""
    told: list[Told] = [("opened", 0, COMPLAINT), ("ticket.updated", 5, {"kind": "request"})]
    assert ticket(*told, ("resolved", 5)).total(c.COMPLAINTS[c.TICKETS_RESOLVED]) == 1
    assert ticket(*told, ("resolved", 5, {"seq": 1})).total(c.COMPLAINTS[c.TICKETS_RESOLVED]) == 0


def test_a_deadline_goes_by_the_kind_of_then() -> None:
    """A ticket that became a complaint meanwhile is unresolved as one."""
    for at, counts in ((DAYS, 1), (DAYS + 1, 0)):
        life = ticket(("opened", 0), ("ticket.updated", at, COMPLAINT), now=FAR)
        assert life.total(c.COMPLAINTS[c.RESOLUTION_DECIDED]) == counts
        assert life.total(c.RESOLUTION_DECIDED) == 1


def test_a_snapshot_and_the_opening_after_it_tell_the_kind() -> None:
    """The opening's holds where it tells one, before it is counted; a second one changes none."""
    known = {"opened_at": START - DAY, "status": "pending", "pending_seconds": 7, **COMPLAINT}
    first: Told = ("snapshot", 0, known)
    assert ticket(first).dated(c.COMPLAINTS_OPEN) == {0: 1}
    assert ticket(first).state.pending_ms == 7_000
    assert ticket(first, ("opened", 1)).total(c.COMPLAINTS[c.TICKETS_OPENED]) == 1
    other = ticket(first, ("opened", 1, {"kind": "request"}), ("opened", 2, COMPLAINT))
    assert other.total(c.COMPLAINTS[c.TICKETS_OPENED]) == 0
    assert other.dated(c.COMPLAINTS_OPEN) == {0: 1, 1: -1}
    assert other.state.complaint is False


def test_an_update_finds_its_ticket_like_any_other_event() -> None:
    """Unknown it is an anomaly; within grace before the opening it waits; what left stays so."""
    updated: Told = ("ticket.updated", 0, COMPLAINT)
    assert ticket(updated).anomalies == {"ticket_unknown": 1}
    waits = ticket(updated, ("opened", 5_000), ("resolved", 6_000))
    assert waits.dated(c.COMPLAINTS_OPEN) == {5_000: 1, 6_000: -1}
    assert waits.anomalies == {"clamped": 1}
    left = ticket(
        ("opened", 0), ("closed", 1, {"reason": "spam"}), ("ticket.updated", 2, COMPLAINT)
    )
    assert (left.anomalies, left.state.phase) == ({}, t.LEFT)


def test_a_reply_before_its_opening_is_one_of_a_complaint() -> None:
    """It waits for the opening, and knows then what it is about."""
    life = ticket(("replied", 0, REPLY), ("opened", 1_000, COMPLAINT), ("resolved", 2_000))
    assert life.dated(c.COMPLAINTS[c.FIRST_RESPONSES]) == {1_000: 1}
    assert life.total(c.COMPLAINTS[c.RESOLVED_WITHOUT_REPLY]) == 0
