"""The longest wait, judged by each queue's own threshold as the alert on it is.

A limit in seconds would be wrong for most queues: a chat may wait longer than a call. What comes
out are queries and one tile.
"""

from typing import Final

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import AMBER, BY_QUEUE, GREEN, QUEUES, RED, SECONDS, Panel
from deploy.grafana.src.panels import judged

WAITING: Final = f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_waiting{{{QUEUES}}})"
_SINCE = f"contactcenter_queue_oldest_waiting_timestamp_seconds{{{QUEUES}}}"
# Not the recorded series: it is a moment behind the number that waits, and has a name of its own.
OLDEST: Final = f"(time() - min by ({BY_QUEUE}) ({_SINCE}))"
_THRESHOLD = f"max by ({BY_QUEUE}) (contactcenter_queue_wait_threshold_seconds{{{QUEUES}}})"
# In times the queue's own threshold; queues without one have none.
OF_THRESHOLD: Final = f"{OLDEST} / ({_THRESHOLD} > 0)"


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
