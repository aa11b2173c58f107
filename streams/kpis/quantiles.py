"""Layer 4: percentiles of a window's histograms.

In: `View`, the integer sums of a window, buckets of `histogram.py` among them. Out: nearest-rank
percentiles and the maximum, in seconds, with an error of at most 0.8 %. Cost: the buckets of all
histograms are in order, so that each percentile is looked up, not counted to.
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
#: What a bucket stands for, in seconds: worked out once, for every histogram has the same buckets.
_WORTH = [
    seconds(middle_of(bucket)) for bucket in range(max(end - n for n, end in c.BUCKETS_END.items()))
]


def numbers_of(view: View) -> Sequence[int]:
    """The numbers of the view in order, buckets among them; they may hold nothing any more."""
    return view.numbers or sorted(view.sums)


def has_any(numbers: Sequence[int], first: int, last: int) -> bool:
    """Whether a number from `first` to `last` is among those of `numbers_of`."""
    at = bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] <= last


def quantiles(view: View, base: int, numbers: Sequence[int]) -> tuple[ByPercentile, float | None]:
    """Nearest-rank percentiles and the maximum (seconds) of one histogram of `numbers_of`."""
    start = bisect_left(numbers, base)
    buckets = numbers[start : bisect_left(numbers, c.BUCKETS_END[base], start)]
    up_to = list(accumulate(map(view.sums.__getitem__, buckets))) if buckets else [0]
    total = up_to[-1]
    if not total:
        return dict.fromkeys(PERCENTILES), None
    found: ByPercentile = {
        name: _WORTH[buckets[bisect_left(up_to, -(-percent * total // 100))] - base]
        for name, percent in _PERCENTILES
    }
    return found, _WORTH[buckets[bisect_left(up_to, total)] - base]
