"""Promises of tickets: when a clock runs, when it is due, what became of it, where it stands."""

from typing import Any

import pytest

from streams.contract.words import BACKLOG_AGES_MS, SLA_METRICS, TICKET_PRIORITIES
from streams.lifecycle import counters as c
from streams.lifecycle.entity import fold
from streams.lifecycle.facts import in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import TICKET
from streams.lifecycle.rules import QueueRules, Rules
from streams.settings.calendars import Calendar, week_of
from tests.lifecycle.lives import DAY, FAR, HOUR, MINUTE, START, Life, Told, fact, facts, ticket
from tests.lifecycle.test_business import BERLIN, CHRISTMAS, at, calendar
from tests.lifecycle.test_memory import key, total
from tests.lifecycle.test_store import HORIZON, Unit

FIRST, NEXT, RESOLUTION = SLA_METRICS
REPLY: dict[str, Any] = {"author": "agent"}
ASKED: dict[str, Any] = {"author": "customer"}
BOT: dict[str, Any] = {"author": "bot"}
OFFICE = calendar(BERLIN, "Mon-Fri 09:00-17:00")


def rules(calendar: Calendar | None = None, later: Any = (), **targets: Any) -> QueueRules:
    """A queue's promises in ms, by metric: for every priority, or by word."""
    also = {k: targets.pop(k) for k in ("at_risk_ms", "pause_on_hold") if k in targets}
    sla = []
    for metric in SLA_METRICS:
        said = targets.get(metric)
        words = said if isinstance(said, dict) else dict.fromkeys(TICKET_PRIORITIES, said)
        sla.append(tuple(words.get(word) for word in TICKET_PRIORITIES))
    return QueueRules(calendar=calendar, sla_ms=tuple(sla), later=later, **also)


EIGHT = rules(first_response=8 * HOUR, next_response=4 * HOUR, resolution=DAY)


def clocks(life: Life, metric: str, queue: str = "billing") -> dict[str, dict[int, int]]:
    """What became of a metric's promises, and its stocks' changes, each at its time."""
    found: dict[str, dict[int, int]] = {}
    for name, numbers in (("met", c.MET), ("breached", c.BREACHED), ("withdrawn", {"": 20})):
        for word, number in numbers.items():
            dated = life.dated(c.SLA[metric] + number, queue)
            if dated:
                found[f"{name} {word}".strip()] = dated
    levels = (("running", c.RUNNING), ("paused", c.PAUSED), ("risk", c.AT_RISK))
    for name, numbers in (*levels, ("overdue", c.BREACHED_OPEN)):
        if dated := life.dated(numbers[metric], queue):
            found[name] = dated
    return found


def told(*events: Told, promised: QueueRules = EIGHT, now: int | None = None) -> Life:
    """A ticket's life in a queue with promises."""
    return ticket(*events, rules=promised, now=now)


@pytest.mark.parametrize(("replied", "kept"), [(8 * HOUR, True), (8 * HOUR + 1, False)])
def test_fulfilled_at_its_due_time_a_promise_is_kept(replied: int, kept: bool) -> None:
    """A millisecond later it was broken, at the due time, and what comes after it changes that."""
    found = clocks(told(("opened", 0), ("replied", replied, REPLY)), FIRST)
    risk = {7 * HOUR + 30 * MINUTE: 1}
    if kept:
        assert found == {
            "met other": {8 * HOUR: 1},
            "running": {0: 1, 8 * HOUR: -1},
            "risk": {**risk, 8 * HOUR: -1},
        }
    else:
        assert found == {
            "breached other": {8 * HOUR: 1},
            "running": {0: 1, 8 * HOUR: -1},
            "risk": {**risk, 8 * HOUR: -1},
            "overdue": {8 * HOUR: 1, 8 * HOUR + 1: -1},
        }


def test_a_run_of_questions_has_one_promise_from_the_first() -> None:
    """After the first response; the reply keeps it, a resolution withdraws the next."""
    life = told(
        *(("opened", 0), ("replied", HOUR, REPLY), ("replied", 2 * HOUR, ASKED)),
        *(("replied", 3 * HOUR, ASKED), ("replied", 5 * HOUR, REPLY)),
        *(("replied", 6 * HOUR, ASKED), ("resolved", 7 * HOUR)),
    )
    assert clocks(life, NEXT) == {
        "met other": {5 * HOUR: 1},
        "withdrawn": {7 * HOUR: 1},
        "running": {2 * HOUR: 1, 5 * HOUR: -1, 6 * HOUR: 1, 7 * HOUR: -1},
    }
    assert clocks(life, RESOLUTION)["met other"] == {7 * HOUR: 1}


@pytest.mark.parametrize(
    "end", [("resolved", {}), ("resolved", BOT), ("closed", {"reason": "spam"})]
)
def test_what_nobody_asks_for_any_more_is_withdrawn(end: tuple[str, dict[str, Any]]) -> None:
    """A ticket settled without a reply; its resolution is kept by a person alone."""
    kind, fields = end
    life = told(("opened", 0), (kind, HOUR, fields))
    assert clocks(life, FIRST)["withdrawn"] == {HOUR: 1}
    kept = end == ("resolved", {})
    assert clocks(life, RESOLUTION)["met other" if kept else "withdrawn"] == {HOUR: 1}


def test_who_comes_back_unanswered_is_promised_a_response_anew() -> None:
    """And a resolution where only a bot had settled the ticket; no second one after a person."""
    life = told(("opened", 0), ("resolved", HOUR, BOT), ("reopened", 3 * HOUR), now=2 * DAY)
    assert clocks(life, FIRST)["breached other"] == {11 * HOUR: 1}
    assert clocks(life, RESOLUTION)["running"] == {0: 1, HOUR: -1, 3 * HOUR: 1, 27 * HOUR: -1}
    again = told(
        *(("opened", 0), ("replied", 1, REPLY), ("resolved", HOUR), ("replied", 2 * HOUR, ASKED)),
        *(("reopened", 3 * HOUR), ("replied", 7 * HOUR, REPLY)),
    )
    assert clocks(again, RESOLUTION)["running"] == {0: 1, HOUR: -1}
    assert clocks(again, NEXT) == {
        "met other": {7 * HOUR: 1},
        "running": {3 * HOUR: 1, 7 * HOUR: -1},
        "risk": {6 * HOUR + 30 * MINUTE: 1, 7 * HOUR: -1},
    }


def test_where_we_wrote_first_the_customer_asks_by_his_first_reply() -> None:
    """Until then there is no promise of a first response, and none can be set."""
    life = told(
        ("opened", 0, {"direction": "outbound"}),
        ("sla_set", 1, {"metric": FIRST, "due_at": START + HOUR}),
        ("replied", 2 * HOUR, ASKED),
        now=DAY,
    )
    assert life.anomalies == {"sla_without_clock": 1}
    assert clocks(life, FIRST)["breached other"] == {10 * HOUR: 1}


def test_what_a_bot_hands_over_is_promised_a_response_from_then_on() -> None:
    """Until a person has replied; the bot's own promise is withdrawn, a broken one stays broken."""
    escalated = {"outcome": "escalated"}
    life = told(
        *(("opened", 0), ("bot.ended", HOUR, escalated), ("bot.ended", 10 * HOUR, escalated)),
        *(("replied", 11 * HOUR, REPLY), ("bot.ended", 12 * HOUR, escalated)),
    )
    assert clocks(life, FIRST) == {
        "withdrawn": {HOUR: 1},
        "breached other": {9 * HOUR: 1},
        "met other": {11 * HOUR: 1},
        "running": {0: 1, 9 * HOUR: -1, 10 * HOUR: 1, 11 * HOUR: -1},
        "risk": {8 * HOUR + 30 * MINUTE: 1, 9 * HOUR: -1},
        "overdue": {9 * HOUR: 1, 10 * HOUR: -1},
    }
    assert life.dated(c.FIRST_RESPONSE_TIME) == {11 * HOUR: HOUR}


def test_a_promise_is_that_of_its_priority_when_its_clock_starts() -> None:
    """A later priority holds for the next promise; one without a target promises nothing."""
    by_word = rules(
        first_response={"urgent": HOUR, "other": 3 * HOUR}, next_response={"urgent": HOUR}
    )
    life = told(
        ("opened", 0, {"priority": " URGENT "}),
        ("updated", 1, {"priority": 1}),
        ("replied", HOUR, REPLY),
        ("replied", 2 * HOUR, ASKED),
        promised=by_word,
        now=DAY,
    )
    assert clocks(life, FIRST)["met urgent"] == {HOUR: 1}
    assert clocks(life, NEXT) == {}
    assert clocks(told(("opened", 0, {"priority": "low"}), promised=by_word, now=DAY), FIRST) == {}


def test_a_resolution_pauses_for_the_customer_and_on_hold_if_the_queue_says_so() -> None:
    """Paused it is never due; it goes on with what is left, and elapses at its due time."""
    pending = ("status_changed", 10 * HOUR, {"status": "pending"})
    goes_on = ("status_changed", 30 * HOUR, {"status": "open"})
    found = clocks(told(("opened", 0), pending, goes_on, now=3 * DAY), RESOLUTION)
    assert found == {
        "running": {0: 1, 10 * HOUR: -1, 30 * HOUR: 1, 44 * HOUR: -1},
        "paused": {10 * HOUR: 1, 30 * HOUR: -1},
        "risk": {43 * HOUR + 30 * MINUTE: 1, 44 * HOUR: -1},
        "breached other": {44 * HOUR: 1},
        "overdue": {44 * HOUR: 1},
    }
    on_hold = ("status_changed", 10 * HOUR, {"status": "on_hold"})
    for pauses, due in ((False, 24 * HOUR), (True, 44 * HOUR)):
        promised = rules(resolution=DAY, pause_on_hold=pauses)
        life = told(("opened", 0), on_hold, goes_on, promised=promised, now=3 * DAY)
        assert clocks(life, RESOLUTION)["breached other"] == {due: 1}
    exactly = ("status_changed", DAY, {"status": "pending"})
    assert clocks(told(("opened", 0), exactly, now=3 * DAY), RESOLUTION)["breached other"] == {
        DAY: 1
    }


def test_what_a_source_tells_holds_as_it_stands() -> None:
    """Later, earlier, in the past, back to the target, cancelled; in pending too."""

    def life(*events: Told, now: int = 3 * DAY) -> dict[str, dict[int, int]]:
        return clocks(told(("opened", 0), *events, now=now), RESOLUTION)

    def due(told_at: int, due_at: int | None = None, **more: Any) -> Told:
        when = {} if due_at is None else {"due_at": START + due_at}
        return ("sla_set", told_at, {"metric": RESOLUTION} | when | more)

    pending: Told = ("status_changed", HOUR, {"status": "pending"})
    assert life(due(HOUR, 30 * HOUR))["breached other"] == {30 * HOUR: 1}
    assert life(pending, due(2 * HOUR, 5 * HOUR))["paused"] == {HOUR: 1, 2 * HOUR: -1}
    assert life(pending, due(2 * HOUR, 5 * HOUR))["breached other"] == {5 * HOUR: 1}
    assert life(due(2 * HOUR, HOUR))["breached other"] == {2 * HOUR: 1}
    assert life(due(2 * HOUR, 2 * HOUR), ("resolved", 2 * HOUR))["breached other"] == {2 * HOUR: 1}
    assert life(due(HOUR, 40 * HOUR), due(2 * HOUR))["breached other"] == {DAY: 1}
    assert life(due(HOUR, 40 * HOUR), due(30 * HOUR))["breached other"] == {30 * HOUR: 1}
    assert life(due(HOUR, cancelled=True))["withdrawn"] == {HOUR: 1}
    late = life(due(25 * HOUR, 40 * HOUR), due(26 * HOUR, cancelled=True))
    assert late["breached other"] == {DAY: 1}
    assert late["overdue"] == {DAY: 1, 26 * HOUR: -1}
    anew = life(due(HOUR, cancelled=True), due(2 * HOUR, 3 * HOUR))
    assert (anew["withdrawn"], anew["breached other"]) == ({HOUR: 1}, {3 * HOUR: 1})


def test_what_became_of_a_promise_stays_whatever_a_source_tells_later() -> None:
    """Broken and cancelled, it is not made again; told what holds anyway, it can still be kept."""
    broken = told(
        *(("opened", 0), ("sla_set", 25 * HOUR, {"metric": RESOLUTION, "cancelled": True})),
        ("sla_set", 26 * HOUR, {"metric": RESOLUTION, "due_at": START + 30 * HOUR}),
        now=3 * DAY,
    )
    found = clocks(broken, RESOLUTION)
    assert found["breached other"] == {DAY: 1}
    assert found["running"] == {0: 1, DAY: -1}
    assert found["overdue"] == {DAY: 1, 25 * HOUR: -1}
    again = ("sla_set", DAY, {"metric": RESOLUTION})
    assert "breached other" not in clocks(told(("opened", 0), again, ("resolved", DAY)), RESOLUTION)


def test_a_due_time_without_a_target_is_a_promise_until_it_is_taken_back() -> None:
    """A queue that promises nothing keeps what its source promises."""
    nothing = QueueRules()
    due: Told = ("sla_set", HOUR, {"metric": FIRST, "due_at": START + 3 * HOUR})
    back: Told = ("sla_set", 2 * HOUR, {"metric": FIRST})
    kept = told(("opened", 0), due, ("replied", 2 * HOUR, REPLY), promised=nothing)
    assert clocks(kept, FIRST)["met other"] == {2 * HOUR: 1}
    assert clocks(told(("opened", 0), due, back, promised=nothing), FIRST) == {
        "withdrawn": {2 * HOUR: 1},
        "running": {HOUR: 1, 2 * HOUR: -1},
    }
    for unknown in ((NEXT, ("opened", 0)), (FIRST, ("replied", 0, REPLY))):
        metric, before = unknown
        events = (before,) if before[0] == "opened" else (("opened", 0), ("replied", 1, REPLY))
        life = told(*events, ("sla_set", HOUR, {"metric": metric, "due_at": START + DAY}))
        assert life.anomalies == {"sla_without_clock": 1}


def test_a_snapshot_brings_the_promises_that_it_says_run() -> None:
    """One that was due before is broken at the snapshot; a question told is timed, not promised."""
    due = {"resolution": START + 2 * HOUR, "next_response": START - 1, "first_response": START}
    about = {"opened_at": START - DAY, "status": "pending", "first_replied_at": START - HOUR}
    life = told(
        ("snapshot", 0, about | {"due": due, "last_customer_at": START - 30 * MINUTE}),
        ("replied", HOUR, REPLY),
        now=DAY,
    )
    assert clocks(life, FIRST) == {}
    assert clocks(life, NEXT)["breached other"] == {0: 1}
    assert clocks(life, RESOLUTION)["breached other"] == {2 * HOUR: 1}
    assert life.dated(c.NEXT_RESPONSE_TIME) == {HOUR: 90 * MINUTE}


def test_a_complaint_s_promises_are_booked_once_more() -> None:
    """Kept, broken and withdrawn; the stocks are of all tickets."""
    life = told(("opened", 0, {"kind": "Complaint"}), ("resolved", 9 * HOUR))
    assert life.dated(c.SLA[FIRST] + c.BREACHED["other"] + c.SLA_OF_COMPLAINT) == {8 * HOUR: 1}
    assert life.dated(c.SLA[RESOLUTION] + c.MET["other"] + c.SLA_OF_COMPLAINT) == {9 * HOUR: 1}


# -- business hours --------------------------------------------------------------------------------


def moments(*texts: str) -> list[int]:
    """Times of Berlin, in ms since START."""
    return [at(BERLIN, text) - START for text in texts]


def test_a_promise_is_due_in_business_time_and_at_risk_before_the_people_go_home() -> None:
    """An hour from 16:10 on a Friday: due on Monday at 9:10, at risk on Friday at 16:40."""
    opened, risk, due, closing = moments(
        "2026-10-23 16:10", "2026-10-23 16:40", "2026-10-26 09:10", "2026-10-26 18:00"
    )
    promised = rules(OFFICE, first_response=HOUR, at_risk_ms=30 * MINUTE)
    assert clocks(told(("opened", opened), promised=promised, now=closing), FIRST) == {
        "running": {opened: 1, due: -1},
        "risk": {risk: 1, due: -1},
        "breached other": {due: 1},
        "overdue": {due: 1},
    }


def test_a_resolution_in_business_time_with_a_pause() -> None:
    """The tenth example: broken at 17:00, resolved an hour later: 18 h, 100 h by the clock."""
    opened, paused, goes_on, due, resolved = moments(
        *("2026-10-22 15:00", "2026-10-22 16:00", "2026-10-26 10:00"),
        *("2026-10-26 17:00", "2026-10-26 18:00"),
    )
    life = told(
        ("opened", opened),
        ("status_changed", paused, {"status": "pending"}),
        ("status_changed", goes_on, {"status": "open"}),
        ("resolved", resolved),
        promised=rules(OFFICE, resolution=8 * HOUR),
    )
    assert clocks(life, RESOLUTION)["breached other"] == {due: 1}
    assert life.dated(c.RESOLUTION_TIME) == {resolved: 18 * HOUR}
    assert life.dated(c.RESOLUTION_CYCLE_TIME) == {resolved: 18 * HOUR}
    assert life.dated(c.RESOLUTION_NET_TIME) == {resolved: 8 * HOUR}
    assert life.dated(c.RESOLUTION_CALENDAR) == {resolved: 100 * HOUR}
    assert life.dated(c.RESOLUTION_NET_CALENDAR) == {resolved: 9 * HOUR}


def in_places(places: dict[Any, QueueRules], *events: Told, now: int) -> Life:
    """A ticket's life among several queues with rules."""
    ordered, _, _ = in_order(facts(events, "ticket"))
    book = Ledger(Rules(places), 1)
    state = fold(TICKET, ordered, START + now, book.select("default", "ticket"))
    return Life(state, book, "ticket")


def test_a_moved_ticket_goes_on_by_the_calendar_of_its_new_queue() -> None:
    """The ninth example: half an hour used in Berlin, the rest in New York."""
    opened, moved = moments("2026-03-20 16:00", "2026-03-20 16:30")
    due, stayed = moments("2026-03-20 20:00", "2026-03-23 12:00")
    york = calendar("America/New_York", "Mon-Fri 09:00-17:00")
    places = {
        ("default", "billing", "ticket"): rules(OFFICE, first_response=4 * HOUR),
        ("default", "york", "ticket"): rules(york),
    }
    events = (("opened", opened), ("moved", moved, {"queue": "york"}))
    life = in_places(places, *events, ("assigned", due, {"agent_id": "anna"}), now=due + 1)
    assert clocks(life, FIRST, "york")["breached other"] == {due: 1}
    assert life.dated(c.ASSIGN_TIME, "york") == {due: 4 * HOUR}
    assert life.dated(c.ASSIGN_CALENDAR, "york") == {due: 4 * HOUR}
    alone = told(
        ("opened", opened), promised=places["default", "billing", "ticket"], now=stayed + 1
    )
    assert clocks(alone, FIRST)["breached other"] == {stayed: 1}


def test_other_hours_hold_from_their_day_on() -> None:
    """The twelfth example: until Monday the old ones, then longer days; and a holiday."""
    opened, change, due = moments("2026-05-29 16:00", "2026-06-01 00:00", "2026-06-01 19:00")
    longer = calendar(BERLIN, "Mon-Fri 08:00-20:00, Sat 10:00-14:00")
    later = ((change + START, rules(longer, first_response=HOUR)),)
    promised = rules(OFFICE, later, first_response=12 * HOUR)
    life = told(("opened", opened), promised=promised, now=due + 1)
    assert clocks(life, FIRST)["breached other"] == {due: 1}
    opened, due = moments("2026-12-23 16:00", "2026-12-28 11:00")
    holiday = rules(CHRISTMAS[0][1], first_response=6 * HOUR)
    life = told(("opened", opened), promised=holiday, now=due + 1)
    assert clocks(life, FIRST)["breached other"] == {due: 1}


def test_a_reply_while_nobody_works_takes_no_business_time() -> None:
    """The thirteenth example: twenty minutes of a Saturday are a response of 0 s, kept."""
    opened, replied = moments("2026-03-28 10:00", "2026-03-28 10:20")
    promised = rules(OFFICE, first_response=HOUR)
    life = told(("opened", opened), ("replied", replied, REPLY), promised=promised)
    assert life.dated(c.FIRST_RESPONSES) == {replied: 1}
    assert life.dated(c.FIRST_RESPONSE_TIME) == {}
    assert life.dated(c.FIRST_RESPONSE_CALENDAR) == {replied: 20 * MINUTE}
    assert life.dated(c.FIRST_RESPONSE_BUCKETS) == {replied: 1}
    assert clocks(life, FIRST)["met other"] == {replied: 1}


def test_a_clock_that_no_open_time_comes_for_is_never_due_and_counted() -> None:
    """Once, when it starts or the calendar lets it down; it runs until it is answered."""
    closed = Calendar("closed", week_of(""))
    life = told(("opened", 0), promised=rules(closed, first_response=HOUR), now=FAR)
    assert life.dated(c.SLA_NEVER_DUE) == {0: 1}
    assert clocks(life, FIRST) == {"running": {0: 1}}
    kept = told(("opened", 0), ("replied", DAY, REPLY), promised=rules(closed, first_response=HOUR))
    assert clocks(kept, FIRST)["met other"] == {DAY: 1}


def test_a_waiting_ticket_is_looked_at_and_written_when_its_deadlines_pass_and_never_else() -> None:
    """Over two months: at risk, due, older; between them nothing is at hand and nothing written."""
    promised = rules(OFFICE, first_response=8 * HOUR, resolution=40 * HOUR, at_risk_ms=HOUR)
    unit = Unit(rules=Rules({("default", "billing", "ticket"): promised}))
    opened, *deadlines = (
        at("UTC", text) - START
        for text in (
            *("2026-03-27 15:30", "2026-03-30 13:30", "2026-03-30 14:30"),  # a Friday, half past 4
            *("2026-04-03 13:30", "2026-04-03 14:30"),
        )
    )
    deadlines += [opened + age for age in BACKLOG_AGES_MS.values()]
    for number in range(100):
        unit.add(key(number), fact("opened", opened, number, "ticket"), opened)
    unit.turn(opened)
    unit.turn(opened + 5 * HOUR)
    for now in range(opened + 5 * HOUR, opened + 60 * DAY, 2 * HOUR):
        before = START + now + 2 * HOUR - HORIZON
        unit.store.advance(START + now + 2 * HOUR)
        unit.store.close(before)
        passed = any(now <= due < now + 2 * HOUR for due in deadlines)
        assert len(unit.store.collect(before)) == (100 if passed else 0), (now - opened) / HOUR
    assert total(unit, c.SLA[FIRST] + c.BREACHED["other"]) == 100
    assert total(unit, c.SLA[RESOLUTION] + c.BREACHED["other"]) == 100
