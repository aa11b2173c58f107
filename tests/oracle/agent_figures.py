"""The oracle's figures of one agent: states, parts of conversations, offers and surveys.

In: finished visits and the rows and states of a `Result`. Out: rows (time, tenant, agent, name,
amount; sums in ms), and the contract's figures of one (tenant, agent), recomputed from them.
A leg is one agent's part of a conversation of an inbound visit whose end somebody said: up to the
next agent's answer, and at the end of the agent whom the end names, else of him who has the visit.
It counts when the conversation ends; its wrap-up, the last agent's, when that ends. What names no
agent is `_nobody`'s, so that over all agents nothing is lost.
"""

from collections.abc import Iterator

from tests.oracle.agents import STATES
from tests.oracle.parts import mean, ratio, seconds
from tests.oracle.visits import Visit

NOBODY, OTHER = "_nobody", "_other"
OFFERS = ("accepted", "rejected", "timeout", "customer_left", "rescinded")

#: (at, tenant, agent, name, amount)
Row = tuple[int, str, str, str, int]


def rows_of_contact(
    tenant: str, visits: list[Visit], strays: list[tuple[int, str, str, str]]
) -> Iterator[Row]:
    """What one contact counts for, agent by agent; `strays` are failed offers of no visit."""
    for at, _, outcome, agent in strays:
        yield at, tenant, agent, f"offers.{outcome}", 1
    for visit in visits:
        if visit.inbound:
            for at, named, name, amount in rows_of_visit(visit):
                yield at, tenant, named or NOBODY, name, amount


def rows_of_visit(visit: Visit) -> Iterator[tuple[int, str | None, str, int]]:
    """(at, agent or None, name, amount)."""
    if visit.outcome == "answered":
        assert visit.left_at is not None
        yield visit.left_at, visit.accepted_by, "offers.accepted", 1
    for at, outcome, agent in visit.offers:
        yield at, agent, f"offers.{outcome}", 1
    for talk in visit.talks:
        if talk.until is not None:
            began = talk.began
            for until, whose in (*talk.earlier, (talk.until, talk.agent)):
                spans = [(max(since, began), min(over, until)) for since, over in talk.holds]
                held = sum(max(0, over - since) for since, over in spans)
                yield talk.until, whose, "legs_handled", 1
                yield talk.until, whose, "leg_hold_ms", held
                yield talk.until, whose, "leg_talk_ms", until - began - held
                began = until
    for at, lasted, _, whose in visit.wrapups:
        yield at, whose, "leg_wrapup_ms", lasted


def agents_of(result) -> set[tuple[str, str]]:
    """(tenant, agent) of all of whom anything is known."""
    by_rows = {(tenant, agent) for _, tenant, agent, *_ in result.agent_rows}
    return by_rows | {(tenant, agent) for *_, tenant, agent, _ in result.agent_states}


def agent_now(result, tenant: str, agent: str) -> dict:
    """How one agent stands at the end; of whom nothing was said, nothing is known."""
    nothing = {"state": None, "since_at": None, "reason": None}
    return result.standing.get((tenant, agent), nothing)


def agent_figures(
    result, tenant: str, agent: str, a: int | None = None, b: int | None = None
) -> dict:
    """The contract's figures of one agent in [a, b) ms; None on either side: no bound there."""
    until = result.as_of if b is None else min(b, result.as_of)
    totals: dict[str, int] = {}
    for at, *whose, name, amount in result.agent_rows:
        if whose == [tenant, agent] and (a is None or at >= a) and (b is None or at < b):
            totals[name] = totals.get(name, 0) + amount
    spent = dict.fromkeys(STATES, 0)
    for begin, end, *whose, state in result.agent_states:
        if whose == [tenant, agent]:
            spent[state] += max(0, min(end, until) - (begin if a is None else max(begin, a)))

    def n(name: str) -> int:
        return totals.get(name, 0)

    handle_ms = n("leg_talk_ms") + n("leg_hold_ms") + n("leg_wrapup_ms")
    busy = spent["on_contact"] + spent["wrapup"]
    offers = {outcome: n(f"offers.{outcome}") for outcome in OFFERS}
    return {
        "state_seconds": {state: seconds(ms) for state, ms in spent.items()},
        "legs_handled": n("legs_handled"),
        "leg_talk_seconds": seconds(n("leg_talk_ms")),
        "leg_hold_seconds": seconds(n("leg_hold_ms")),
        "leg_wrapup_seconds": seconds(n("leg_wrapup_ms")),
        "leg_aht_seconds": mean(handle_ms, n("legs_handled")),
        # As a queue's: who is rung is free until he answers.
        "occupancy": ratio(busy, busy + spent["ringing"] + spent["available"]),
        "offers": offers,
        "offer_answer_ratio": ratio(
            offers["accepted"], offers["accepted"] + offers["rejected"] + offers["timeout"]
        ),
        "surveys": {
            "answered": n("surveys.answered"),
            "satisfied": n("surveys.satisfied"),
            "satisfied_ratio": ratio(n("surveys.satisfied"), n("surveys.answered")),
        },
    }
