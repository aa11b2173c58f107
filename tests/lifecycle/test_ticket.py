"""Tickets: a stock by status, first responses, first resolutions, and what leaves the figures."""

import pytest

from streams.contract.limits import MIN_TIME_MS
from streams.lifecycle import counters as c
from streams.lifecycle import ticket as t
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.rules import NEVER, QueueRules
from tests.lifecycle.lives import DAY, FAR, HOUR, MINUTE, START, Told, ticket

REPLY = {"author": "agent"}


def test_an_open_ticket_is_in_the_backlog_from_its_opening() -> None:
    """Opened counts once; the stock by status rises with it and falls when it is resolved."""
    life = ticket(("opened", 0), ("resolved", HOUR))
    assert life.dated(c.TICKETS_OPENED) == {0: 1}
    assert life.dated(c.BACKLOG["open"]) == {0: 1, HOUR: -1}
    assert life.dated(c.TICKETS_RESOLVED) == {HOUR: 1}
    assert life.dated(c.RESOLUTION_TIME) == {HOUR: HOUR}
    assert life.dated(c.RESOLUTION_BUCKETS + bucket_of(HOUR)) == {HOUR: 1}


def test_a_status_change_moves_the_ticket_within_the_backlog() -> None:
    """The ticket stands in exactly one status at any time."""
    life = ticket(
        ("opened", 0),
        ("status_changed", MINUTE, {"status": "pending"}),
        ("status_changed", HOUR, {"status": "on_hold"}),
    )
    assert life.dated(c.BACKLOG["open"]) == {0: 1, MINUTE: -1}
    assert life.dated(c.BACKLOG["pending"]) == {MINUTE: 1, HOUR: -1}
    assert life.dated(c.BACKLOG["on_hold"]) == {HOUR: 1}


def test_only_an_open_ticket_can_be_the_oldest() -> None:
    """From its opening on, whatever its status; resolved, closed or unknown it is none."""
    told: list[Told] = [("opened", 1_000), ("status_changed", 2_000, {"status": "pending"})]
    oldest = (("billing", "", c.BACKLOG["open"], START + 1_000),)
    assert t.standing(t.blank()) == ()
    for events in (told[:1], told, [*told, ("resolved", 3_000), ("reopened", 4_000)]):
        assert t.standing(ticket(*events).state) == oldest
    for end in ("resolved", "closed"):
        assert t.standing(ticket(*told, (end, 3_000)).state) == ()


def test_the_first_response_is_a_humans_in_public() -> None:
    """Customers, bots and internal notes are none; a second reply is not first."""
    life = ticket(
        ("opened", 0),
        ("replied", 1_000, {"author": "customer"}),
        ("replied", 2_000, {"author": "bot"}),
        ("replied", 3_000, {"author": "agent", "public": False}),
        ("replied", 4_000, REPLY),
        ("replied", 5_000, REPLY),
    )
    assert life.dated(c.FIRST_RESPONSES) == {4_000: 1}
    assert life.dated(c.FIRST_RESPONSE_TIME) == {4_000: 4_000}


def test_a_resolved_ticket_may_still_get_its_first_response() -> None:
    """The clock of the first response does not stop with the resolution."""
    life = ticket(("opened", 0), ("resolved", 1_000), ("replied", 2_000, REPLY))
    assert life.dated(c.FIRST_RESPONSES) == {2_000: 1}


def test_a_reopened_ticket_is_open_again_and_resolved_first_only_once() -> None:
    """Reopening is counted at its time; the second resolution is no first one."""
    life = ticket(
        ("opened", 0),
        ("status_changed", 500, {"status": "pending"}),
        ("resolved", 1_000),
        ("reopened", 2_000),
        ("resolved", 3_000),
    )
    assert life.dated(c.TICKETS_REOPENED) == {2_000: 1}
    assert life.dated(c.TICKETS_RESOLVED) == {1_000: 1}
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 500: -1, 2_000: 1, 3_000: -1}
    assert life.dated(c.BACKLOG["pending"]) == {500: 1, 1_000: -1}


@pytest.mark.parametrize("end", ["resolved", "closed"])
def test_a_settled_ticket_is_remembered_for_days_and_then_forgotten(end: str) -> None:
    """To the last millisecond of the ninetieth day after that of its last event, UTC."""
    last = (START // DAY + 91) * DAY - 1 - START
    told: list[Told] = [("opened", 0), (end, 1_000)]
    for now in (last, FAR):
        known = ticket(*told, ("reopened", last), now=now)
        assert known.dated(c.TICKETS_REOPENED) == {last: 1}
    gone = ticket(*told, ("reopened", last + 1), now=FAR)
    assert gone.total(c.TICKETS_REOPENED) == 0
    assert gone.anomalies == {"ticket_unknown": 1}
    late = ticket(*told, ("assigned", last), ("reopened", last + 90 * DAY), now=FAR)
    assert late.dated(c.TICKETS_REOPENED) == {last + 90 * DAY: 1}


def test_closing_a_ticket_that_nobody_resolved_is_its_resolution() -> None:
    """Once a ticket, from its opening; a resolution before it is the first one."""
    life = ticket(("opened", 0), ("closed", 1_000))
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 1_000: -1}
    assert life.dated(c.TICKETS_RESOLVED) == life.dated(c.RESOLVED_WITHOUT_REPLY) == {1_000: 1}
    assert life.dated(c.RESOLUTION_TIME) == {1_000: 1_000}
    assert life.state.phase == t.CLOSED
    before = ticket(("opened", 0), ("resolved", 500), ("reopened", 600), ("closed", 1_000))
    assert before.dated(c.TICKETS_RESOLVED) == {500: 1}


def test_closing_is_no_resolution_where_the_queue_says_so() -> None:
    """As it said when the ticket was opened; then the ticket leaves the backlog, and no more."""
    rules = QueueRules(closed_resolves=False)
    told: list[Told] = [("opened", 0), ("closed", 1_000, {"author": "bot"})]
    life = ticket(*told, rules=rules)
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 1_000: -1}
    assert life.total(c.TICKETS_RESOLVED) == life.total(c.BOT_RESOLVED) == 0
    for since, resolutions in ((START, 0), (START + 1, 1)):
        changed = QueueRules(later=((since, rules),))
        assert ticket(*told, rules=changed).total(c.BOT_RESOLVED) == resolutions


def test_a_status_brings_a_settled_ticket_back_but_not_within_grace() -> None:
    """It is open again in that status; within grace the status is a part of the resolution."""
    status = {"status": "pending"}
    for end in ("resolved", "closed"):
        told: list[Told] = [("opened", 0), (end, 1_000)]
        life = ticket(*told, ("status_changed", 6_001, status), ("reopened", 11_001))
        assert life.dated(c.TICKETS_REOPENED) == life.dated(c.BACKLOG["pending"]) == {6_001: 1}
        assert life.anomalies == {"said_again": 1}
        part = ticket(*told, ("status_changed", 6_000, status))
        assert part.total(c.TICKETS_REOPENED) == part.total(c.BACKLOG["pending"]) == 0
        assert part.anomalies == {"status_after_resolution": 1}
    left = ticket(("opened", 0), ("closed", 1, {"reason": "spam"}), ("status_changed", DAY, status))
    assert left.anomalies == {"ticket_closed": 1}


def test_the_first_response_after_a_reopening_runs_from_there() -> None:
    """Where nobody had replied before; who replied before has responded already."""
    back: list[Told] = [("resolved", 1_000), ("reopened", DAY), ("replied", DAY + 500, REPLY)]
    assert ticket(("opened", 0), *back).dated(c.FIRST_RESPONSE_TIME) == {DAY + 500: 500}
    replied = ticket(("opened", 0), ("replied", 900, REPLY), *back)
    assert replied.dated(c.FIRST_RESPONSE_TIME) == {900: 900}


def test_a_ticket_that_we_opened_waits_for_the_customer_first() -> None:
    """The clock begins at his first public reply, or at a reopening after it."""
    opened: Told = ("opened", 0, {"direction": "outbound"})
    wrote: Told = ("replied", 9_000, {"author": "customer"})
    note: Told = ("replied", 8_000, {"author": "customer", "public": False})
    life = ticket(opened, ("replied", 1, REPLY), note, wrote, ("replied", 9_700, REPLY))
    assert life.dated(c.FIRST_RESPONSE_TIME) == {9_700: 700}
    silent = ticket(opened, ("replied", 1, REPLY), ("resolved", 2), ("reopened", 3))
    assert silent.total(c.FIRST_RESPONSES) == silent.total(c.RESOLVED_WITHOUT_REPLY) == 0
    assert silent.state.response_from == -1
    back = ticket(
        opened, wrote, ("resolved", DAY), ("reopened", 2 * DAY), ("replied", 3 * DAY, REPLY)
    )
    assert back.dated(c.FIRST_RESPONSE_TIME) == {3 * DAY: DAY}


def test_a_bots_resolution_is_counted_apart() -> None:
    """Each, and a person's after it runs from the reopening; after a person's reply it is none."""
    bot = {"author": "bot"}
    life = ticket(
        ("opened", 0),
        ("resolved", 1_000, bot),
        ("reopened", DAY),
        ("closed", DAY + 1_000, bot),
        ("reopened", 2 * DAY),
        ("replied", 2 * DAY + 10, bot),
        ("resolved", 2 * DAY + 600),
        ("reopened", 3 * DAY),
        ("resolved", 3 * DAY + 1, bot),
    )
    assert life.dated(c.BOT_RESOLVED) == {1_000: 1, DAY + 1_000: 1, 3 * DAY + 1: 1}
    assert life.dated(c.RESOLUTION_TIME) == {2 * DAY + 600: 600}
    assert life.dated(c.RESOLVED_WITHOUT_REPLY) == {2 * DAY + 600: 1}
    person = ticket(("opened", 0), ("replied", 1, REPLY), ("resolved", 1_000, bot))
    assert person.dated(c.TICKETS_RESOLVED) == {1_000: 1}
    assert person.total(c.BOT_RESOLVED) == person.total(c.RESOLVED_WITHOUT_REPLY) == 0


def test_a_snapshot_makes_a_ticket_known_and_opens_none() -> None:
    """Its times run from `opened_at`; the opening told later counts once, and does no more."""
    known = {"opened_at": START - DAY, "status": "pending"}
    life = ticket(("snapshot", 0, known), ("opened", 10), ("opened", 20), ("resolved", 1_000))
    assert life.dated(c.TICKETS_OPENED) == {10: 1}
    assert life.dated(c.BACKLOG["pending"]) == {0: 1, 1_000: -1}
    assert life.dated(c.BACKLOG["open"]) == {}
    assert life.dated(c.RESOLUTION_TIME) == {1_000: DAY + 1_000}
    assert life.anomalies == {"ticket_opened_again": 1}
    assert ticket(("opened", 0), ("snapshot", 1, known)).state.status == "open"
    replied = known | {"first_replied_at": START - HOUR}
    assert ticket(("snapshot", 0, replied), ("replied", 1, REPLY)).total(c.FIRST_RESPONSES) == 0


def test_the_queue_of_a_snapshot_exists_even_if_the_ticket_is_moved_at_once() -> None:
    """Its stocks are as they were; something is booked there that no other event takes back."""
    known = {"opened_at": START - DAY, "status": "open"}
    life = ticket(("snapshot", 0, known), ("moved", 0, {"queue": "support"}))
    assert life.dated(c.BACKLOG["open"]) == {}
    assert life.dated(c.TICKETS_MOVED_IN) == {0: 1}


def test_a_snapshot_of_a_settled_ticket_lets_it_come_back() -> None:
    """At once, for its resolution was before; its first resolution is not counted again."""
    for status, phase in (("resolved", t.RESOLVED), ("closed", t.CLOSED)):
        known = {"opened_at": START - DAY, "status": status}
        assert ticket(("snapshot", 0, known)).state.phase == phase
        life = ticket(
            ("snapshot", 0, known), ("status_changed", 1, {"status": "open"}), ("resolved", 2)
        )
        assert life.dated(c.TICKETS_REOPENED) == {1: 1}
        assert life.total(c.TICKETS_RESOLVED) == life.total(c.TICKETS_OPENED) == 0


def test_a_snapshot_from_before_the_opening_it_tells_of_opens_now() -> None:
    """Two clocks disagree: no time is below 0, and it is counted."""
    life = ticket(("snapshot", 0, {"opened_at": START + 9, "status": "open"}), ("resolved", 5))
    assert life.dated(c.RESOLUTION_TIME) == {5: 5}
    assert life.anomalies == {"clamped": 1}


@pytest.mark.parametrize("opening", ["opened", "snapshot"])
@pytest.mark.parametrize("early", [0, 1, 5_000, 5_001])
def test_what_finds_no_ticket_waits_for_its_opening_or_snapshot(opening: str, early: int) -> None:
    """Within grace it takes effect right after it, at its time; before that it finds nothing."""
    known = {"opened_at": START, "status": "open"} if opening == "snapshot" else {}
    life = ticket(
        ("replied", 10_000 - early, {"author": "agent"}),
        (opening, 10_000, known),
        ("resolved", 20_000),
    )
    waits = early <= 5_000
    assert life.dated(c.FIRST_RESPONSES) == ({10_000: 1} if waits else {})
    assert life.dated(c.TICKETS_RESOLVED) == {20_000: 1}
    clamped = {"clamped": 1} if early and waits else {}
    assert life.anomalies == clamped | ({} if waits else {"ticket_unknown": 1})


def test_a_resolution_after_decades_stands_in_the_histogram() -> None:
    """Its bucket is among those of a pane, whatever the opening said."""
    known = {"opened_at": MIN_TIME_MS, "status": "open"}
    life = ticket(("snapshot", 0, known), ("resolved", 1))
    lasted = START + 1 - MIN_TIME_MS
    assert life.dated(c.RESOLUTION_BUCKETS + bucket_of(lasted)) == {1: 1}
    assert c.RESOLUTION_BUCKETS + bucket_of(lasted) < c.LOCAL


def test_spam_merged_and_deleted_tickets_leave_the_figures() -> None:
    """Neither resolved nor open, and nothing that follows counts."""
    for reason in ("merged", "spam", "deleted"):
        life = ticket(
            ("opened", 0),
            ("resolved", 1_000, {"reason": reason}),
            ("reopened", 2_000),
            ("replied", 3_000, REPLY),
        )
        assert life.state.phase == t.LEFT
        assert life.total(c.TICKETS_RESOLVED) == life.total(c.TICKETS_REOPENED) == 0
        assert life.total(c.BACKLOG["open"]) == life.total(c.FIRST_RESPONSES) == 0
        assert life.anomalies == {"ticket_closed": 2}


@pytest.mark.parametrize("why", ["merged", "spam", "deleted"])
def test_a_ticket_that_leaves_is_counted_by_why(why: str) -> None:
    """Resolved or closed, open or settled before: at that event, once, in its queue of then."""
    for how in ("resolved", "closed"):
        life = ticket(("opened", 0), (how, 7, {"reason": why.title()}), (how, 8, {"reason": why}))
        assert life.dated(c.TICKETS_LEFT[why]) == {7: 1}
        assert sum(map(life.total, c.TICKETS_LEFT.values())) == 1
    settled = ticket(("opened", 0), ("resolved", 1), ("closed", 7, {"reason": why}))
    assert settled.dated(c.TICKETS_LEFT[why]) == {7: 1}
    assert settled.total(c.TICKETS_RESOLVED) == 1


def test_each_resolution_by_a_person_has_a_cycle() -> None:
    """From the opening or the last reopening; later ones are counted apart, a bot's are not."""
    bot = {"author": "bot"}
    life = ticket(
        *(("opened", 0), ("resolved", HOUR)),
        *(("reopened", DAY), ("resolved", DAY + 7, bot)),
        *(("reopened", 2 * DAY), ("closed", 2 * DAY + 500)),
    )
    assert life.dated(c.TICKETS_RESOLVED) == {HOUR: 1}
    assert life.dated(c.BOT_RESOLVED) == {DAY + 7: 1}
    assert life.dated(c.TICKETS_RESOLVED_AGAIN) == {2 * DAY + 500: 1}
    assert life.dated(c.RESOLUTION_CYCLE_TIME) == {HOUR: HOUR, 2 * DAY + 500: 500}


def test_a_moved_ticket_takes_its_backlog_along() -> None:
    """The stock moves at that time, in its status; later counts are the new queue's."""
    life = ticket(
        ("opened", 0),
        ("status_changed", 500, {"status": "pending"}),
        ("moved", 1_000, {"queue": "support"}),
        ("replied", 2_000, REPLY),
        ("resolved", 3_000),
    )
    assert life.dated(c.BACKLOG["pending"]) == {500: 1, 1_000: -1}
    assert life.dated(c.BACKLOG["pending"], "support") == {1_000: 1, 3_000: -1}
    assert life.dated(c.TICKETS_OPENED) == {0: 1}
    assert life.dated(c.TICKETS_MOVED_IN, "support") == {1_000: 1}
    assert life.dated(c.FIRST_RESPONSES, "support") == {2_000: 1}
    assert life.dated(c.TICKETS_RESOLVED, "support") == {3_000: 1}
    assert life.total(c.TICKETS_RESOLVED) == life.total(c.FIRST_RESPONSES) == 0


def test_a_resolved_ticket_moves_without_touching_the_backlog() -> None:
    """It is in nobody's stock; if it is reopened, it is in the new queue's."""
    life = ticket(
        ("opened", 0), ("resolved", 1), ("moved", 2, {"queue": "support"}), ("reopened", 3)
    )
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 1: -1}
    assert life.dated(c.BACKLOG["open"], "support") == {3: 1}


def test_an_open_ticket_stays_however_old() -> None:
    """It leaves the backlog when it is settled, and by nothing else."""
    life = ticket(("opened", 0), ("assigned", DAY), now=FAR)
    assert life.dated(c.BACKLOG["open"]) == {0: 1}
    assert life.state.due == life.state.forgotten_at == NEVER
    late = ticket(("opened", 0), ("resolved", FAR), now=2 * FAR)
    assert late.dated(c.RESOLUTION_TIME) == {FAR: FAR}


def test_events_before_an_opening_change_nothing_of_their_own() -> None:
    """They wait for their opening, and mean nothing then; a second opening is an anomaly."""
    life = ticket(
        ("assigned", 0), ("work.started", 1, {"agent_id": "anna"}), ("opened", 2), ("opened", 3)
    )
    assert life.anomalies == {"clamped": 2, "ticket_opened_again": 1}
    assert life.dated(c.TICKETS_OPENED) == {2: 1}


def test_a_ticket_in_doubt_is_kept_until_its_doubt_is_over() -> None:
    """An opening of that very millisecond still finds it."""
    state = t.TicketState(version=t.VERSION, doubt=START)
    assert not t.is_blank(state, START)
    assert t.is_blank(state, START + 1)
