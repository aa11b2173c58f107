"""Published numbers come from integers, half-even; a ratio without a denominator is none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kpis.rounding import mean_seconds, ratio, seconds


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 3, 0.333333), (2, 3, 0.666667), (1, 2_000_000, 0.0), (3, 2_000_000, 2e-06), (5, 4, 1.25)],
)
def test_ratios_have_six_decimals_half_even(
    numerator: int, denominator: int, expected: float
) -> None:
    """A tie goes to the even digit."""
    assert ratio(numerator, denominator) == expected


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_that_is_not_positive_gives_none(denominator: int) -> None:
    """Never 0 % and never 100 %."""
    assert ratio(1, denominator) is None
    assert mean_seconds(1, denominator) is None


@given(st.integers(0, 10**15), st.integers(1, 10**9))
def test_a_ratio_is_the_exact_quotient_rounded_once(numerator: int, denominator: int) -> None:
    """The same as rounding the fraction itself."""
    assert ratio(numerator, denominator) == float(round(Fraction(numerator, denominator), 6))


@given(st.integers(0, 10**12))
def test_seconds_are_exact(ms: int) -> None:
    """Three decimals hold any number of milliseconds."""
    assert round(seconds(ms) * 1000) == ms
