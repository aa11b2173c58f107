"""The longest wait, judged by each queue's own threshold as the alert on it is; waits over a limit.

A limit in seconds would be wrong for most queues: a chat may wait longer than a call. What comes
out are queries and tiles.
"""

from typing import Final

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import AMBER, BY_QUEUE, GREEN, QUEUES, RED, SECONDS, SHARE, Panel
from deploy.grafana.src.panels import judged, tile

WAITING: Final = f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_waiting{{{QUEUES}}})"
_SINCE = f"contactcenter_queue_oldest_waiting_timestamp_seconds{{{QUEUES}}}"
# Not the recorded series: it is a moment behind the number that waits, and has a name of its own.
OLDEST: Final = f"(time() - min by ({BY_QUEUE}) ({_SINCE}))"
_THRESHOLD = f"max by ({BY_QUEUE}) (contactcenter_queue_wait_threshold_seconds{{{QUEUES}}})"
# In times the queue's own threshold; queues without one have none.
OF_THRESHOLD: Final = f"{OLDEST} / ({_THRESHOLD} > 0)"
OVER_LIMIT: Final = f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_over_limit{{{QUEUES}}})"
# Of queues without a limit nobody waits for longer, and that is no praise.
_LIMIT = f"max by ({BY_QUEUE}) (contactcenter_queue_wait_limit_seconds{{{QUEUES}}})"


def longest_wait() -> Panel:
    """A tile: seconds, `nobody` on green, or a dash on grey while nothing is known."""
    longest, worst = f"max({OLDEST})", f"max({OF_THRESHOLD})"
    amber, red = at.WAIT_AMBER, at.LONGEST_WAIT_FACTOR
    return judged(
        "Longest wait",
        [
            (f"{longest} unless {worst} > {amber} or 0 * (sum({WAITING}) == 0)", GREEN),
            (f"{longest} and {worst} > {amber} <= {red}", AMBER),
            (f"{longest} and {worst} > {red}", RED),
        ],
        say.OLDEST_WAIT,
        SECONDS,
        words={0: ("nobody", GREEN)},
    )


def over_limit() -> list[Panel]:
    """Tiles: how many wait for longer than anybody should, and the share who did."""

    def ended(outcome: str) -> str:
        chosen = f'{QUEUES}, window="30m", outcome="{outcome}"'
        return f"max by ({BY_QUEUE}) (contactcenter_window_contacts{{{chosen}}})"

    return [
        tile(
            "Over the limit",
            f"{OVER_LIMIT} and {_LIMIT}",
            f"Visits that wait now for longer than the limit. {say.OVER_LIMIT}",
            limits=say.ANY_LIMITS,
        ),
        tile(
            "Over the limit 30 min",
            f"{ended('waited_over_limit')} / ({ended('limit_decided')} > 0)",
            "Visits that still waited when the limit had passed / those of which that is known, of "
            f"the last 30 minutes. {say.OVER_LIMIT}",
            SHARE,
            decimals=1,
        ),
    ]
