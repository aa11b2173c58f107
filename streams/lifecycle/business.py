"""Layer 2: business time, a property of each instant: open, or not, by the calendar in force.

In: calendars through time, instants in ms. Out: how much open time lies between two instants, and
when it will have been so much. An instant is open if its local date's hours (a holiday's, else the
weekday's) hold its local wall time; so an hour that is skipped has no instants, and one that comes
twice counts twice. Invariant: both functions see the same open spans, in whole ms; time without a
calendar is open. Cost: a look at each 32 days between the instants, whose spans are worked out once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from streams.contract.words import DAY_MS
from streams.lifecycle.rules import NEVER
from streams.settings.calendars import Calendar

#: (since in ms, the calendar from then on; None: all time is open), in order; the first always was.
Versions = Sequence[tuple[int, Calendar | None]]

#: Open time that does not come for so long never does.
LONGEST_CLOSED_MS: Final = 400 * DAY_MS


def elapsed(versions: Versions, a: int, b: int) -> int:
    """The business time between two instants (ms), ms; 0 where the second is not the later."""
    raise NotImplementedError


def reach(versions: Versions, a: int, needed: int) -> int:
    """The earliest instant (ms) at which business time since `a` is `needed` ms.

    NEVER where there is no open time for 400 days on the way.
    """
    raise NotImplementedError
