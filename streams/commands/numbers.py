"""Numbers on the command line, for argparse: each says what it needs, not what was typed.

In: an option's text. Out: the number, or argparse's error; what is no number at all raises
ValueError, for which `Parser.error` has the words. Infinity and NaN are no numbers here.
"""

import argparse
import math


def whole(text: str) -> int:
    """A whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("needs a whole number above 0")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("needs a number above 0")
    return value


def not_negative(text: str) -> float:
    """A number of 0 or more."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("needs a number of 0 or more")
    return value


def ratio(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("needs a ratio from 0 to 1")
    return value
