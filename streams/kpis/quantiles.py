"""Layer 4: percentiles of a window's histograms.

In: `View`, the integer sums of a window, buckets of `histogram.py` among them. Out: nearest-rank
percentiles and the maximum, in seconds, with an error of at most 0.8 %.
"""

from streams.contract.fields import PERCENTILES, ByPercentile
from streams.kpis.rounding import seconds
from streams.lifecycle import counters as c
from streams.lifecycle.histogram import middle_of
from streams.windows.views import View

_PERCENTILES = tuple((name, int(name[1:])) for name in PERCENTILES)


def quantiles(view: View, base: int) -> tuple[ByPercentile, float | None]:
    """Nearest-rank percentiles and the maximum (seconds) of a histogram; error <= 0.8 %."""
    end = c.BUCKETS_END[base]
    buckets = sorted(
        (counter - base, n) for counter, n in view.sums.items() if base <= counter < end and n > 0
    )
    total = sum(n for _, n in buckets)
    found: ByPercentile = dict.fromkeys(PERCENTILES)
    if not total:
        return found, None
    ranks = iter(_PERCENTILES)
    name, percent = next(ranks)
    seen = 0
    for bucket, n in buckets:
        seen += n
        while seen * 100 >= percent * total:
            found[name] = seconds(middle_of(bucket))
            name, percent = next(ranks, ("", 101))
    return found, seconds(middle_of(buckets[-1][0]))
