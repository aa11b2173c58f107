"""Layer 4: the record of one agent, and its figures, from the agent's own panes.

In: the view of an agent's interval, of his day, or of a whole replay. Out: `AgentFigures` and
`AgentRecord`. Sums and integrals are those of a queue; so is each rule for a ratio.
"""

from collections.abc import Mapping
from typing import Final

from streams.contract.agent_figures import AgentFigures, AgentRecord, AgentSurveys
from streams.contract.records import SCHEMA_VERSION
from streams.contract.words import INTERVAL_MS
from streams.kpis.figures import handle_mean_seconds, offer_answer_ratio
from streams.kpis.rounding import ratio, seconds
from streams.lifecycle import counters as c
from streams.windows import views
from streams.windows.queue_state import Queue
from streams.windows.queues import Queues
from streams.windows.views import View

_BUSY: Final = ("on_contact", "wrapup")
_READY: Final = ("ringing", "available")
_STATES: Final = {number: state for state, number in c.STATES.items()}


def agent_figures(view: View) -> AgentFigures:
    """All figures of one agent in one window."""
    count = view.count
    spent = {state: view.integral(level) for state, level in c.STATES.items()}
    busy = sum(spent[state] for state in _BUSY)
    ready = sum(spent[state] for state in _READY)
    answered, satisfied = count(c.SURVEYS_ANSWERED["csat"]), count(c.CSAT_SATISFIED)
    return AgentFigures(
        state_seconds={state: seconds(ms) for state, ms in spent.items()},
        legs_handled=count(c.HANDLED),
        leg_talk_seconds=seconds(count(c.TALK)),
        leg_hold_seconds=seconds(count(c.HOLD)),
        leg_wrapup_seconds=seconds(count(c.WRAPUP)),
        leg_aht_seconds=handle_mean_seconds(view),
        occupancy=ratio(busy, busy + ready),
        offers={outcome: count(number) for outcome, number in c.OFFERS.items()},
        offer_answer_ratio=offer_answer_ratio(view),
        surveys=AgentSurveys(
            answered=answered, satisfied=satisfied, satisfied_ratio=ratio(satisfied, answered)
        ),
    )


def agent_record(
    agent: Queue, start: int, before: Mapping[int, int], today: AgentFigures, unit: Queues
) -> AgentRecord:
    """The record of one interval; `before`: the levels at its start, `today`: `agent_today`."""
    tenant, name, _ = agent.queue_key
    state, since_at, reason = agent.standing
    return AgentRecord(
        schema_version=SCHEMA_VERSION,
        tenant=tenant,
        agent=name,
        interval_start=start,
        interval_seconds=INTERVAL_MS // 1_000,
        final=agent.panes.intervals[start].final,
        revision=unit.revision,
        as_of=unit.as_of,
        state=_STATES.get(state),
        since_at=since_at if state else None,
        reason=reason or None,
        figures=agent_figures(views.interval(agent.panes, start, before, unit.as_of)),
        today=today,
    )


def agent_today(agent: Queue, as_of: int) -> AgentFigures:
    """The figures of the day so far."""
    return agent_figures(views.today(agent.panes, as_of, views.filling(agent.panes, as_of)))


def agent_total(sums: Mapping[int, int], first: int, as_of: int) -> AgentFigures:
    """The figures of a whole replay, from its first time to `as_of` (ms)."""
    return agent_figures(views.whole(sums, first, as_of))
