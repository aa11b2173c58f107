"""Layer 2: agents who stay in one state for too long.

In: as what an agent is shown, place by place. Out: since when each state that has a limit holds, in
which places it is over the queue's limit, and when the next limit passes. In `_all` an agent counts
once it does by the least limit of its queues. Invariant: how often a state is said again leaves no
trace. Cost: an addition a snapshot; a look-up of rules a place once a limit could have passed,
which for most states never comes.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from streams.contract.words import ALL, STATE_LIMIT_SECONDS
from streams.lifecycle import counters as c
from streams.lifecycle.agent_sources import Place
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import NEVER, QueueRules

#: (number of a state in `counters.STATES`, since when it holds in ms).
Stay = tuple[int, int]
#: (queue, channel, number in `counters.STUCK`, since when the state holds in ms).
Stuck = tuple[str, str, int, int]

#: The place of a state's limit in the rules, by the state's number.
LIMITED: Final = {c.STATES[state]: place for place, state in enumerate(STATE_LIMIT_SECONDS)}
_STUCK: Final = {c.STATES[state]: number for state, number in c.STUCK.items()}


def stays(before: tuple[Stay, ...], shown: Sequence[int], told: Stay, at: int) -> tuple[Stay, ...]:
    """Since when each of the shown states holds that has a limit; one that begins, since `at`.

    Or since before, where the snapshot that begins it tells so (`told`).
    """
    known = dict(before)
    number, since = told
    begins = {number: since} if 0 < since <= at else {}
    states = shown if len(shown) == 1 else sorted(set(shown))  # of one source it is one state
    return tuple(
        [(state, known.get(state, begins.get(state, at))) for state in states if state in LIMITED]
    )


def soonest(held: tuple[Stay, ...], ledger: Ledger) -> int:
    """The first time (ms) at which a limit could pass, whatever the agent's queues say."""
    if not held:
        return NEVER
    least = ledger.least_limits
    return min([since + least[LIMITED[state]] for state, since in held])


def over_limits(
    held: tuple[Stay, ...], shown: Mapping[Place, int], passed: int, ledger: Ledger
) -> tuple[tuple[Stuck, ...], int]:
    """Where the agent is over a limit once `passed` (ms) is, and when the next limit passes.

    `shown` has `_all` after the queues.
    """
    since_of, tenant, found, due = dict(held), ledger.tenant, [], NEVER
    rules_of: dict[str, list[QueueRules]] = {}
    for (queue, channel), state in shown.items():
        each = rules_of.setdefault(channel, [])
        if queue != ALL or not each:
            each.append(ledger.select(tenant, channel).entry(queue).rules)
        since = since_of.get(state)
        if since is None:
            continue
        if queue == ALL:
            limit = min(_limit(rules, state, since) for rules in each)
        else:
            limit = _limit(each[-1], state, since)
        if since + limit <= passed:
            found.append((queue, channel, _STUCK[state], since))
        elif since + limit < due:
            due = since + limit
    return tuple(found), due


def _limit(rules: QueueRules, state: int, since: int) -> int:
    if rules.later:
        rules = rules.at(since)
    limit = rules.state_limits_ms[LIMITED[state]]
    return NEVER if limit is None else limit


def book(before: tuple[Stuck, ...], after: tuple[Stuck, ...], at: int, ledger: Ledger) -> None:
    """Book at `at` what became over a limit, and what is so no longer."""
    for entries, change in ((before, -1), (after, 1)):
        for queue, channel, number, _ in entries:
            ledger.select(ledger.tenant, channel).level(queue, at, number, change)
