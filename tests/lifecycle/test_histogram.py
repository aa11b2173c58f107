"""Buckets: an error of at most 0.8 %, order kept, merges by addition."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.limits import MAX_TIME_MS, MIN_TIME_MS
from streams.lifecycle.counters import LOCAL, RESOLUTION_BUCKETS, WAIT_BUCKETS
from streams.lifecycle.histogram import bucket_of, middle_of
from tests.lifecycle.lives import DAY

times = st.integers(0, 90 * DAY)


@given(times)
def test_a_bucket_stands_for_its_values_within_the_stated_error(value: int) -> None:
    """What a bucket says is at most 0.8 % off, from 0 ms to 90 days; below 128 ms it is exact."""
    middle = middle_of(bucket_of(value))
    assert abs(middle - value) <= 0.008 * value
    assert value >= 128 or middle == value


@given(times, times)
def test_a_longer_time_never_falls_into_a_lower_bucket(one: int, other: int) -> None:
    """Ranks survive the bucketing, in the bucket and in what it stands for."""
    low, high = sorted((one, other))
    assert bucket_of(low) <= bucket_of(high)
    assert middle_of(bucket_of(low)) <= middle_of(bucket_of(high))


@given(times)
def test_the_middle_lies_in_its_own_bucket(value: int) -> None:
    """Bucketing twice changes nothing, so published values can be bucketed again."""
    assert bucket_of(middle_of(bucket_of(value))) == bucket_of(value)


@given(st.lists(st.lists(times)), st.randoms())
def test_histograms_merge_in_any_order(parts: list[list[int]], chance: object) -> None:
    """The sum of partial histograms is the histogram of everything, however it was cut."""
    completes_visit = Counter(bucket_of(value) for part in parts for value in part)
    shuffled = parts.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    merged: Counter[int] = Counter()
    for part in shuffled:
        merged += Counter(bucket_of(value) for value in part)
    assert merged == completes_visit


def test_any_time_fits_the_range_of_numbers_kept_for_its_histogram() -> None:
    """No bucket's number runs into the next histogram's: a wait's, a resolution of any length."""
    assert WAIT_BUCKETS + bucket_of(2 * 366 * DAY) < RESOLUTION_BUCKETS
    assert RESOLUTION_BUCKETS + bucket_of(MAX_TIME_MS - MIN_TIME_MS) < LOCAL
