"""Layer 4: percentiles of a window's histograms.

In: `View`, the integer sums of a window, buckets of `histogram.py` among them. Out: nearest-rank
percentiles and the maximum, in seconds, with an error of at most 0.8 %. Cost: the buckets of all
histograms are put in order once a window, and each percentile is then looked up, not counted to.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from streams.contract.fields import PERCENTILES, ByPercentile
from streams.kpis.rounding import seconds
from streams.lifecycle import counters as c
from streams.lifecycle.histogram import middle_of
from streams.windows.views import View

_PERCENTILES = tuple((name, int(name[1:])) for name in PERCENTILES)
_FIRST = min(c.BUCKETS_END)


def buckets_of(view: View) -> list[int]:
    """The numbers of all buckets, in order; they may hold nothing any more."""
    return sorted(filter(_FIRST.__le__, view.sums))


def quantiles(view: View, base: int, buckets: Sequence[int]) -> tuple[ByPercentile, float | None]:
    """Nearest-rank percentiles and the maximum (seconds) of one histogram of `buckets_of`."""
    start = bisect_left(buckets, base)
    numbers = buckets[start : bisect_left(buckets, c.BUCKETS_END[base], start)]
    up_to = list(accumulate(map(view.sums.__getitem__, numbers)))
    if not up_to or not up_to[-1]:
        return dict.fromkeys(PERCENTILES), None

    def value(rank: int) -> float:
        return seconds(middle_of(numbers[bisect_left(up_to, rank)] - base))

    total = up_to[-1]
    found = {name: value(-(-percent * total // 100)) for name, percent in _PERCENTILES}
    return {**found}, value(total)
