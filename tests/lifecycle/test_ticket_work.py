"""Tickets: who has them, who works on them, how long the customer waits for the next word."""

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.rules import QueueRules
from tests.lifecycle.lives import DAY, HOUR, MINUTE, START, Told, ticket

REPLY = {"author": "agent"}
ASKED = {"author": "customer"}
ANNA, BEN = {"agent_id": "anna"}, {"agent_id": "ben"}


def test_the_first_assignment_to_an_agent_counts_once() -> None:
    """From the opening, whatever comes later; one to nobody is none."""
    life = ticket(
        *(("opened", 0), ("assigned", 10), ("assigned", MINUTE, ANNA)),
        *(("assigned", 2 * MINUTE, BEN), ("assigned", HOUR), ("assigned", DAY, ANNA)),
    )
    assert life.dated(c.TICKETS_ASSIGNED) == {MINUTE: 1}
    assert life.dated(c.ASSIGN_TIME) == {MINUTE: MINUTE}
    assert life.dated(c.BACKLOG_UNASSIGNED) == {0: 1, MINUTE: -1, HOUR: 1, DAY: -1}
    late = ticket(("opened", 0), ("resolved", 5), ("assigned", 9, ANNA), ("reopened", HOUR))
    assert late.dated(c.ASSIGN_TIME) == {9: 9}
    assert late.dated(c.BACKLOG_UNASSIGNED) == {0: 1, 5: -1}
    left = ticket(("opened", 0), ("resolved", 5, {"reason": "spam"}), ("assigned", 9, ANNA))
    assert left.total(c.TICKETS_ASSIGNED) == 0


def test_a_ticket_without_an_agent_takes_its_stock_along() -> None:
    """It is in that of its queue while it is open, in whatever status."""
    life = ticket(
        *(("opened", 0), ("status_changed", 1, {"status": "on_hold"})),
        *(("moved", 2, {"queue": "support"}), ("resolved", 3), ("assigned", 4), ("reopened", 5)),
    )
    assert life.dated(c.BACKLOG_UNASSIGNED) == {0: 1, 2: -1}
    assert life.dated(c.BACKLOG_UNASSIGNED, "support") == {2: 1, 3: -1, 5: 1}


@pytest.mark.parametrize("agent", [{}, ANNA])
def test_a_snapshot_says_whether_a_ticket_has_an_agent(agent: dict[str, str]) -> None:
    """Who is named was assigned before; where nobody is, the first one is to come."""
    known = {"opened_at": START - HOUR, "status": "open"}
    told: list[Told] = [("snapshot", 0, known | agent), ("assigned", MINUTE, BEN)]
    life = ticket(*told)
    assert life.dated(c.ASSIGN_TIME) == ({} if agent else {MINUTE: HOUR + MINUTE})
    assert life.dated(c.BACKLOG_UNASSIGNED) == ({} if agent else {0: 1, MINUTE: -1})


def test_a_next_response_is_a_reply_to_what_the_customer_wrote_later() -> None:
    """From the first of a run, once there was a first response; notes and bots answer nothing."""
    life = ticket(
        *(("opened", 0), ("replied", 1, ASKED), ("replied", 10, REPLY), ("replied", 11, REPLY)),
        *(("replied", 100, ASKED), ("replied", 200, ASKED), ("replied", 300, {"author": "bot"})),
        *(("replied", 400, REPLY | {"public": False}), ("replied", 500, REPLY)),
        *(("replied", 600, REPLY), ("replied", HOUR, ASKED), ("replied", HOUR + 7, REPLY)),
    )
    assert life.dated(c.FIRST_RESPONSE_TIME) == {10: 10}
    assert life.dated(c.NEXT_RESPONSES) == {500: 1, HOUR + 7: 1}
    assert life.dated(c.NEXT_RESPONSE_TIME) == {500: 400, HOUR + 7: 7}


def test_a_known_ticket_that_was_replied_to_has_next_responses_alone() -> None:
    """Also one that we opened: the customer's first reply asks for the next response."""
    known = {"opened_at": START - HOUR, "status": "open", "first_replied_at": START - 1}
    for direction in ("inbound", "outbound"):
        told: list[Told] = [("snapshot", 0, known | {"direction": direction})]
        life = ticket(*told, ("replied", 10, ASKED), ("replied", 30, REPLY))
        assert life.dated(c.NEXT_RESPONSE_TIME) == {30: 20}
        assert life.total(c.FIRST_RESPONSES) == 0


@pytest.mark.parametrize("end", ["resolved", "closed"])
def test_what_is_settled_asks_no_more_until_the_customer_writes_again(end: str) -> None:
    """The resolution withdraws the question; one on a resolved ticket is answered after it."""
    told: list[Told] = [("opened", 0), ("replied", 10, REPLY), ("replied", 20, ASKED), (end, 30)]
    life = ticket(*told, ("reopened", HOUR), ("replied", DAY, REPLY))
    assert life.total(c.NEXT_RESPONSES) == 0
    told[-1] = ("resolved", 30)
    life = ticket(*told, ("replied", 40, ASKED), ("reopened", HOUR), ("replied", DAY, REPLY))
    assert life.dated(c.NEXT_RESPONSE_TIME) == {DAY: DAY - 40}
    closed = ticket(*told, ("replied", 40, ASKED), ("closed", 50), ("reopened", 60))
    assert closed.state.asked_at == -1


def status(at: int, name: str) -> Told:
    """A change of status at `at` (ms since START)."""
    return ("status_changed", at, {"status": name})


def test_the_time_in_pending_is_taken_off_the_first_resolution() -> None:
    """On hold stays in, and is told apart; a settled ticket is in neither."""
    life = ticket(
        *(("opened", 0), status(100, "pending"), status(300, "on_hold"), status(450, "pending")),
        *(status(500, "pending"), ("resolved", 1_000), ("reopened", DAY), status(DAY, "pending")),
        ("resolved", 2 * DAY),
    )
    assert life.dated(c.RESOLVED_NET) == {1_000: 1}
    assert life.dated(c.RESOLUTION_NET_TIME) == {1_000: 1_000 - 200 - 550}
    assert life.dated(c.ON_HOLD_TIME) == {1_000: 150}
    bot = ticket(
        *(("opened", 0), status(1, "pending"), ("resolved", 10, {"author": "bot"})),
        *(("reopened", 100), status(110, "on_hold"), ("resolved", 200)),
    )
    assert bot.dated(c.RESOLUTION_NET_TIME) == {200: 100}
    assert bot.dated(c.ON_HOLD_TIME) == {200: 90}


def test_closing_that_is_no_resolution_stops_the_time_in_pending() -> None:
    """The clock of the resolution runs on; the ticket is in no status while it is closed."""
    rules = QueueRules(closed_resolves=False)
    told: list[Told] = [("opened", 0), status(0, "pending"), ("closed", 30), ("reopened", HOUR)]
    life = ticket(*told, ("resolved", HOUR + 1), rules=rules)
    assert life.dated(c.RESOLUTION_NET_TIME) == {HOUR + 1: HOUR + 1 - 30}


@pytest.mark.parametrize(("told", "pending"), [(None, None), (0, 0), (60, MINUTE), (9_999, HOUR)])
def test_a_snapshot_tells_how_long_a_ticket_was_pending(
    told: int | None, pending: int | None
) -> None:
    """Where it does not, the ticket is in no net time; never more than it has lived."""
    known = {"opened_at": START - HOUR, "status": "pending", "pending_seconds": told}
    life = ticket(("snapshot", 0, known), ("resolved", 700))
    net = {} if pending is None else {700: HOUR - pending}
    assert {at: n for at, n in life.dated(c.RESOLUTION_NET_TIME).items() if n} == (
        {} if pending == HOUR else net
    )
    assert life.total(c.RESOLVED_NET) == (pending is not None)


def work(kind: str, at: int, agent: str = "anna") -> Told:
    """`work.started` or `work.ended` at `at` (ms since START)."""
    return (f"work.{kind}", at, {"agent_id": agent})


def test_work_is_booked_at_its_end_each_agent_by_himself() -> None:
    """Two agents at once work twice as much; two starts of one are one; the ticket counts once."""
    life = ticket(
        *(("opened", 0), work("started", 10), work("started", 20, "ben"), work("started", 30)),
        *(work("ended", 110), work("ended", 170, "ben"), ("moved", 180, {"queue": "support"})),
        *(work("started", 200), work("ended", 200 + HOUR), work("ended", 300 + HOUR)),
    )
    assert life.dated(c.WORK_TIME) == {110: 100, 170: 150}
    assert life.dated(c.WORK_TIME, "support") == {200 + HOUR: HOUR}
    assert life.dated(c.TICKETS_WORKED) == {110: 1}
    assert life.total(c.TICKETS_WORKED, "support") == 0
    assert life.anomalies == {"said_again": 1, "work_ended_without_start": 1}


@pytest.mark.parametrize("fields", [{}, {"reason": "spam"}])
@pytest.mark.parametrize("end", ["resolved", "closed"])
def test_a_resolution_ends_the_work_on_a_ticket(end: str, fields: dict[str, str]) -> None:
    """Of everybody; the end that is told after it means nothing, and is none of a piece unknown."""
    told: list[Told] = [("opened", 0), work("started", 10), work("started", 20, "ben")]
    life = ticket(*told, (end, 100, fields), work("ended", 103))
    assert life.dated(c.WORK_TIME) == {100: 90 + 80}
    assert life.dated(c.TICKETS_WORKED) == {100: 1}
    assert life.anomalies == {}
    assert life.state.working == ()


def test_work_on_a_resolved_ticket_counts_too() -> None:
    """Who reads it before it comes back works on it."""
    life = ticket(("opened", 0), ("resolved", 1), work("started", DAY), work("ended", DAY + 7))
    assert life.dated(c.WORK_TIME) == {DAY + 7: 7}


def test_work_that_was_never_ended_is_dropped() -> None:
    """Beyond 12 hours at its end, the next start or the resolution; to the millisecond."""
    half = 12 * HOUR
    told: list[Told] = [("opened", 0), work("started", 0)]
    life = ticket(*told, work("ended", half))
    assert life.dated(c.WORK_TIME) == {half: half}
    for late in (work("ended", half + 1), ("resolved", half + 1), work("started", half + 1)):
        life = ticket(*told, late)
        assert life.total(c.WORK_TIME) == life.total(c.TICKETS_WORKED) == 0
        assert life.anomalies == {"work_dropped": 1}
    many = ticket(*told, *(work("started", n, f"agent {n}") for n in range(1, 9)))
    assert [agent for agent, _ in many.state.working] == [f"agent {n}" for n in range(1, 9)]
    assert many.anomalies == {"work_dropped": 1}
