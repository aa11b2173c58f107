"""Layer 2: scores and amounts as integers of a thousandth, exact up to one half-even rounding.

In: a number of the contract, or a decimal number as text. Out: an integer, of which sums add up.
A float counts by its shortest text: 19.9 is 19,900 thousandths and not a little less.
"""

from decimal import ROUND_HALF_EVEN, Decimal


def in_thousandths(number: float | str) -> int:
    """The number in thousandths, half-even; ValueError where a text is no decimal number."""
    if isinstance(number, int):
        return number * 1_000
    try:
        exact = Decimal(str(number)) * 1_000
    except ArithmeticError as error:
        raise ValueError("needs a decimal number") from error
    return int(exact.to_integral_value(ROUND_HALF_EVEN))
