"""A seeded, deterministic contact centre whose true figures are known.

`Centre(config, seed).run(start_ms, end_ms)` yields events in time order; `Centre.truth()` gives
the books it kept itself. `records` adds duplicates, disorder and bad records; `erlang` is the
textbook queue.
"""

from streams.simulate.centre import Centre
from streams.simulate.config import SOURCES, CentreConfig, PoolPlan, QueuePlan, default_centre

__all__ = ["SOURCES", "Centre", "CentreConfig", "PoolPlan", "QueuePlan", "default_centre"]
