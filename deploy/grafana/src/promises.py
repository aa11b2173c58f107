"""What customers of ticket queues were promised: at risk, broken, next due, and how many are kept.

In: nothing. Out: the upper panels of the tickets' board. Invariant: where no promise runs nothing
is green, and where fewer were decided than the alert asks for there is no verdict.
"""

from typing import Final

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    DAYS,
    GREEN,
    PALE_BLUE,
    PURPLE,
    RED,
    SHARE,
    TICKET_QUEUES,
    Panel,
    grown,
)
from deploy.grafana.src.panels import coloured, lines, tile
from deploy.grafana.src.tables import Column, Key, grid

AT_RISK: Final = "at_risk"
BROKEN: Final = "breached_open"
METRICS: Final = {
    "first_response": "first response",
    "next_response": "next response",
    "resolution": "resolution",
}
QUEUE_KEYS: Final = (Key("queue", "Queue"), Key("tenant", "Tenant", 90))
_METRIC_KEY: Final = Key("metric", "Promise", 120, METRICS)
DAY: Final = "24h"
_NONE: Final = " A dash where nothing is promised."

RISK: Final = (
    "Promises that run and have at most at_risk_seconds of business time left (half an hour, or a "
    "fifth of the time promised if that is less). A first response or a resolution at risk pages, "
    "a next response makes a ticket. A ticket may have three promises." + _NONE
)
BREACHED: Final = (
    "Promises past their due time, of which what was promised has not been done; of tickets that "
    "are open. Each counts as broken, whatever comes now." + _NONE
)
DUE: Final = (
    "The due time of the first promise that runs − now, by the clock on the wall. Due times are "
    "found in business time. A dash where none runs."
)
KEPT: Final = (
    "Kept = met / (met + breached): done by the due time, or not; each promise is decided once, by "
    "the ticket's priority when it began. Withdrawn ones are in neither."
)


def clocks(state: str, by: str = "") -> str:
    """How many promises are in these states now."""
    chosen = f'{TICKET_QUEUES}, state=~"{state}"'
    now = f"max by ({BY_QUEUE}, metric, state) (contactcenter_queue_sla_clocks{{{chosen}}})"
    return f"sum by ({by}) ({now})" if by else f"sum({now})"


def _promised(state: str, by: str = "") -> str:
    """The same where there are promises at all: of none, none is at risk either."""
    return f"{clocks(state, by)} and {clocks(f'running|paused|{BROKEN}', by)} > 0"


def next_due(by: str = "") -> str:
    """Seconds until the first of the running promises is due."""
    first = f"contactcenter_queue_next_due_timestamp_seconds{{{TICKET_QUEUES}}}"
    least = f"min by ({by}) ({first})" if by else f"min({first})"
    return f"clamp_min({least} - time(), 0)"


def tiles() -> list[Panel]:
    """At risk, broken, next due."""
    return [
        tile("At risk", _promised(AT_RISK), RISK, limits=say.RISK_LIMITS),
        tile("Breached and open", _promised(BROKEN), BREACHED, limits=say.ANY_LIMITS),
        tile("Next due in", next_due(), DUE, DAYS),
    ]


def columns(by: str) -> list[Column]:
    """Of each queue: what it is in danger of, and the clocks that run."""
    danger = _promised(f"{AT_RISK}|{BROKEN}", by)
    return [
        Column("In danger", danger, 105, leads=True),
        Column("At risk", _promised(AT_RISK, by), 80, limits=say.RISK_LIMITS),
        Column("Breached", _promised(BROKEN, by), 85, limits=say.ANY_LIMITS),
        Column("Next due", next_due(by), 105, DAYS),
        Column("Running", clocks("running", by), 80),
        Column("Paused", clocks("paused", by), 75),
    ]


def _decided(by: str, window: str, more: str = "") -> str:
    return grown("sla_decided_total", TICKET_QUEUES + more, window, by)


def _kept(by: str, window: str) -> str:
    met = _decided(by, window, ', result="met"')
    return f"{met} / ({_decided(by, window)} > 0)"


def _target(by: str, window: str) -> str:
    """The share to be kept: each queue's own, as often as it has decided one."""
    each = "max by (tenant, queue, metric)"
    target = f"{each} (contactcenter_queue_target_sla_ratio{{{TICKET_QUEUES}}})"
    own = _decided("tenant, queue, metric, priority", window)
    kept = f"sum by ({by})" if by else "sum"
    wanted = f"{kept} ({own} * on (tenant, queue, metric) group_left () {target})"
    return f"{wanted} / ({_decided(by, window)} > 0)"


def _compliance(by: str) -> list[Column]:
    """Where none was decided there is no row."""
    decided = f"{_decided(by, DAY)} > 0"
    missing = f"clamp_min({_target(by, DAY)} - {_kept(by, DAY)}, 0)"
    enough = f"{missing} and {_decided(by, DAY)} >= {at.SLA_DECIDED_MIN}"
    return [
        Column("Below target", enough, 130, SHARE, say.BELOW_TARGET_LIMITS, 1, leads=True),
        Column("Kept", _kept(by, DAY), 70, SHARE, decimals=1),
        Column("Decided", decided, 80),
    ]


BELOW: Final = (
    f"{KEPT} Of those decided in the last 24 hours. Below target = target − kept, in points; a "
    f"dash where fewer than {at.SLA_DECIDED_MIN} were decided. The furthest below it first. "
)


def kept_by_queue() -> Panel:
    """A row a queue and promise, the furthest below its target first."""
    by = "queue, tenant, metric"
    return grid(
        "Kept in 24 hours, by queue",
        [*_compliance(by), Column("Target", _target(by, DAY), 75, SHARE)],
        (QUEUE_KEYS[0], _METRIC_KEY, QUEUE_KEYS[1]),
        BELOW + "Target = the queue's own.",
        sort="Below target",
        descending=True,
    )


def kept_by_priority() -> Panel:
    """A row a promise and priority, over the chosen queues."""
    return grid(
        "Kept in 24 hours, by priority",
        _compliance("priority, metric"),
        (Key("priority", "Priority"), _METRIC_KEY),
        BELOW + "Sums of the chosen queues, then divided. Target = the queues' own, each as often "
        "as it has decided a promise.",
        sort="Below target",
        descending=True,
    )


def over_time() -> list[Panel]:
    """The clocks of the chosen queues, and the share kept beside the target."""
    # The last is drawn over the others: where all are none, it is not red.
    named = {"breached and open": RED, "at risk": AMBER, "paused": PALE_BLUE, "running": BLUE}
    states = (BROKEN, AT_RISK, "paused", "running")
    now = lines(
        "Promises of open tickets",
        [(clocks(state), name) for state, name in zip(states, named, strict=True)],
        "Promises now: running, of these at risk; paused, while the customer is waited for; past "
        "their due time and not fulfilled yet.",
        up_to=10,
    )
    kept = [(f"{_met(metric)} / ({_of(metric)} > 0)", name) for metric, name in METRICS.items()]
    shares = lines(
        "Kept in the hour before",
        [*kept, (_target("", "1h"), "target")],
        f"{KEPT} Of those decided in the hour before each moment. Target = the queues' own, as "
        "often as each has decided a promise.",
        SHARE,
        up_to=1,
    )
    shares = coloured(
        shares, {"first response": BLUE, "next response": PALE_BLUE, "resolution": PURPLE}
    )
    return [coloured(now, named), coloured(shares, {"target": GREEN}, dashed=True)]


def _of(metric: str) -> str:
    return _decided("", "1h", f', metric="{metric}"')


def _met(metric: str) -> str:
    return _decided("", "1h", f', metric="{metric}", result="met"')
