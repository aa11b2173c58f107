"""Layer 2: where an integer number of milliseconds falls in the log-linear histogram.

64 buckets an octave, exact below 128 ms. A bucket's middle is at most 1/128 (0.78 %) off any value
in it, and two histograms merge by adding counts: exact, in any order.
"""


def bucket_of(value_ms: int) -> int:
    """Index of the bucket that holds `value_ms` (>= 0, ms); grows with the value."""
    if value_ms < 128:
        return value_ms
    octave = value_ms.bit_length() - 7
    return (octave << 6) + (value_ms >> octave)


def middle_of(bucket: int) -> int:
    """The value (ms) that stands for a bucket: the middle of its range, rounded down."""
    if bucket < 128:
        return bucket
    octave = (bucket >> 6) - 1
    low = ((bucket & 63) | 64) << octave
    return low + ((1 << octave) - 1) // 2
