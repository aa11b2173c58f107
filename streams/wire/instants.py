"""Stage 1: RFC 3339 text to integer milliseconds since the epoch, UTC.

In: text as `2024-03-01T09:00:00.123456+01:00`. Out: int ms, or ValueError saying what is wrong.
Invariant: exact integer arithmetic; digits beyond the millisecond are cut, towards minus infinity.
The offset is required (`Z` or `±hh:mm`): a local time without one is a guess we do not make.
A leap second (`23:59:60` UTC) counts as the last millisecond of its minute, so that it stays in its
own day and sorts before the next second.
Cost: about 1 µs; events of the same minute share all but their seconds.
"""

import re
from datetime import date
from functools import lru_cache

_SHAPE = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d):(\d\d)(?:\.(\d{1,3})\d*)?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
).fullmatch
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_FRACTION_MS = (0, 100, 10, 1)


def parse_rfc3339_ms(text: str) -> int:
    """Return the instant in ms. Raise ValueError (message without the text) if it is not one."""
    match = _SHAPE(text)
    if match is None:
        raise ValueError("expected RFC 3339 text with an offset, as 2024-03-01T09:00:00+01:00")
    minute, second_text, fraction, offset = match.groups()
    start = _minute_start_ms(minute, offset)
    second = int(second_text)
    if second > 59:
        if second > 60 or start % _DAY_MS != _DAY_MS - _MINUTE_MS:
            raise ValueError("no such second (a leap second is at 23:59:60 UTC)")
        return start + _MINUTE_MS - 1
    if fraction is None:
        return start + second * 1000
    return start + second * 1000 + int(fraction) * _FRACTION_MS[len(fraction)]


@lru_cache(maxsize=4096)
def _minute_start_ms(minute: str, offset: str) -> int:
    try:
        day = date.fromisoformat(minute[:10])
    except ValueError:
        raise ValueError("no such day") from None
    local = (day.toordinal() - _EPOCH_DAY) * _DAY_MS + _span_ms(minute[11:], "no such time of day")
    if offset in "Zz":
        return local
    ahead = _span_ms(offset[1:], "no such offset")
    return local - ahead if offset[0] == "+" else local + ahead


def _span_ms(clock: str, fault: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if hours > 23 or minutes > 59:
        raise ValueError(fault)
    return (hours * 60 + minutes) * _MINUTE_MS
