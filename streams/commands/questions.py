"""A question before something that cannot be taken back, to the person at the terminal."""

import sys


def agreed(question: str) -> bool:
    """Whether the answer was yes; everything else is no, also the end of the input (Ctrl-D)."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        sys.stdout.write("\n")
        return False
