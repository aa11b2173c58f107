"""Tickets: a stock by status, first responses, first resolutions, and what leaves the figures."""

from streams.lifecycle import counters as c
from streams.lifecycle import ticket as t
from streams.lifecycle.histogram import bucket_of
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
    oldest = ("billing", c.BACKLOG["open"], START + 1_000)
    assert t.oldest_entry(t.blank()) is None
    for events in (told[:1], told, [*told, ("resolved", 3_000), ("reopened", 4_000)]):
        assert t.oldest_entry(ticket(*events).state) == oldest
    for end in ("resolved", "closed"):
        assert t.oldest_entry(ticket(*told, (end, 3_000)).state) is None


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


def test_a_closed_ticket_can_be_reopened_until_it_is_forgotten() -> None:
    """Within the horizon the ticket is known; beyond it the event finds nothing."""
    known = ticket(("opened", 0), ("closed", 1_000), ("reopened", 1_000 + 4 * HOUR))
    assert known.dated(c.TICKETS_REOPENED) == {1_000 + 4 * HOUR: 1}
    gone = ticket(("opened", 0), ("closed", 1_000), ("reopened", 1_001 + 4 * HOUR), now=FAR)
    assert gone.total(c.TICKETS_REOPENED) == 0
    assert gone.anomalies == {"ticket_unknown": 1}


def test_closing_an_open_ticket_is_no_resolution() -> None:
    """It leaves the backlog and counts nowhere else."""
    life = ticket(("opened", 0), ("closed", 1_000))
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 1_000: -1}
    assert life.total(c.TICKETS_RESOLVED) == 0
    assert life.state.phase == t.CLOSED


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


def test_a_silent_ticket_is_forgotten_after_ninety_days() -> None:
    """Any event puts it off; then the open ticket leaves the backlog at that very time."""
    life = ticket(("opened", 0), ("assigned", DAY), now=FAR)
    assert life.dated(c.BACKLOG["open"]) == {0: 1, 91 * DAY: -1}
    kept = ticket(("opened", 0), ("assigned", DAY), now=91 * DAY)
    assert kept.dated(c.BACKLOG["open"]) == {0: 1}


def test_events_of_an_unknown_ticket_change_nothing() -> None:
    """Each is an anomaly; a second opening is one too."""
    life = ticket(
        ("assigned", 0), ("work.started", 1, {"agent_id": "anna"}), ("opened", 2), ("opened", 3)
    )
    assert life.anomalies == {"ticket_unknown": 2, "ticket_opened_again": 1}
    assert life.dated(c.TICKETS_OPENED) == {2: 1}
