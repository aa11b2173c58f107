"""Layer 4: integers to published numbers. Half-even from the integers, never from a float."""


def seconds(ms: int) -> float:
    """Milliseconds as seconds with three decimals: exact."""
    return ms / 1000


def ratio(numerator: int, denominator: int, parts: int = 1_000_000) -> float | None:
    """numerator / denominator, half-even; None unless the denominator > 0.

    To whole `parts` of one: six decimals.
    """
    if denominator <= 0:
        return None
    quotient, rest = divmod(numerator * parts, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient / parts


def mean_seconds(total_ms: int, count: int) -> float | None:
    """Mean of `count` durations in seconds, six decimals, half-even; None without any."""
    # Most means of most windows are of none: asked here, that spares each a call.
    return ratio(total_ms, count * 1_000) if count > 0 else None


def thousandths(total: int) -> float:
    """A score or an amount kept in thousandths: exact."""
    return total / 1000


def mean_thousandths(total: int, count: int) -> float | None:
    """Mean of `count` values kept in thousandths, six decimals, half-even; None without any."""
    return mean_seconds(total, count)


def points(more: int, less: int, count: int) -> float | None:
    """100 x (more - less) / count to one decimal, half-even; None without any."""
    return ratio(100 * (more - less), count, 10)
