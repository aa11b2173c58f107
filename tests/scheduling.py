"""Which worker of a test run takes which file: what waits for servers, and beside it the rest.

Files with slow tests come first in the order of `conftest.py`. Two at a time of them are as many as
two cores bear (with more, a transaction takes longer than its timeout), and while they wait the
cores idle. So there is one worker more, and it takes files from the other end, where none waits.
"""

from typing import Any, Final

from xdist.scheduler import LoadFileScheduling

#: With fewer workers than this, all take files in order.
FEWEST: Final = 3
#: How far the last worker steps back behind the others: what has a timeout goes first.
NICE: Final = 5
#: What it is told so by.
STEPS_BACK: Final = "steps_back"


class FromBothEnds(LoadFileScheduling):  # type: ignore[misc]
    """Files in order, but to the last worker from the end."""

    def _assign_work_unit(self, node: Any) -> None:
        if steps_back(node.gateway.id, self.numnodes):
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def steps_back(worker: str, workers: int) -> bool:
    """Whether this is the worker, of so many, that lets the others go first: not who came last."""
    return workers >= FEWEST and worker == f"gw{workers - 1}"
