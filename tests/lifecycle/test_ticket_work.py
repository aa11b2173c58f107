"""Tickets: who has them, who works on them, how long the customer waits for the next word."""

import pytest

from streams.lifecycle import counters as c
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
