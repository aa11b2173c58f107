"""Layer 1: RFC 3339 text to integer milliseconds since the epoch, UTC.

In: text like `2024-03-01T09:00:00.123456+01:00`. Out: int ms, or ValueError saying what is wrong.
Invariant: exact integer arithmetic; digits beyond the millisecond are cut, towards minus infinity.
The offset is required (`Z`, `±hh:mm` or `±hhmm`): a local time without one is a guess we do not
make.
A leap second (`23:59:60` UTC) counts as the last millisecond of its minute, so that it stays in its
own day and sorts before the next second.
Cost: under 1 µs; days and offsets are cached.
"""

import re
from datetime import date
from functools import lru_cache

from streams.contract.words import DAY_MS, MINUTE_MS

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII).fullmatch
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# Looking two digits up in a table also checks them.
_MINUTE_MS_OF_DAY = {
    f"{hour:02}:{minute:02}:": (hour * 60 + minute) * MINUTE_MS
    for hour in range(24)
    for minute in range(60)
}
_SECOND_MS = {f"{second:02}": second * 1000 for second in range(60)}
_SHAPE = "expected RFC 3339 text with an offset, for example 2024-03-01T09:00:00+01:00"


def parse_rfc3339_ms(text: str) -> int:
    """Return the instant in ms. Raise ValueError (message without the text) if it is not one."""
    if text[-1:] in ("Z", "z"):
        ahead_ms, fraction = 0, text[19:-1]
    else:
        offset = text[-6:] if text[-3:-2] == ":" else text[-5:]
        ahead_ms, fraction = _offset_ms(offset), text[19 : -len(offset)]
    minute_ms = _MINUTE_MS_OF_DAY.get(text[11:17])
    if minute_ms is None or text[10] not in "Tt ":
        raise ValueError(f"no such time of day, or {_SHAPE}")
    minute_ms += _day_ms(text[:10]) - ahead_ms
    if fraction:
        digits = fraction[1:]
        # int() alone would take signs, underscores and other scripts' digits.
        if not (fraction[0] == "." and digits.isdecimal() and digits.isascii()):
            raise ValueError(_SHAPE)
    second_ms = _SECOND_MS.get(text[17:19])
    if second_ms is None:
        if text[17:19] != "60" or minute_ms % DAY_MS != DAY_MS - MINUTE_MS:
            raise ValueError("no such second (a leap second is at 23:59:60 UTC)")
        return minute_ms + MINUTE_MS - 1
    if fraction:
        return minute_ms + second_ms + int((digits + "00")[:3])
    return minute_ms + second_ms


@lru_cache(maxsize=4096)
def _day_ms(text: str) -> int:
    if _DAY(text) is None:
        raise ValueError(_SHAPE)
    try:
        return (date.fromisoformat(text).toordinal() - _EPOCH_DAY) * DAY_MS
    except ValueError:
        raise ValueError("no such day") from None


@lru_cache(maxsize=256)
def _offset_ms(text: str) -> int:
    match = _OFFSET(text)
    if match is None:
        raise ValueError(_SHAPE)
    hours, minutes = int(match[2]), int(match[3])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    ahead_ms = (hours * 60 + minutes) * MINUTE_MS
    return ahead_ms if match[1] == "+" else -ahead_ms
