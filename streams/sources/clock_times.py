"""Cells of a table to instants and lengths, ms.

In: text, the forms that a mapping names, a time zone. Out: ms since the epoch, or ms of a length;
ValueError says what was expected. Invariant: nothing is guessed but one thing: a local time that
occurs twice, when a clock is put back, is the earliest that is not before what came before it.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from streams.lifecycle.rules import GRACE_MS
from streams.wire.instants import parse_rfc3339_ms

NAMED: Final = ("rfc3339", "epoch_seconds", "epoch_ms")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NUMBER = re.compile(r"(\d{1,15})(?:\.(\d+))?", re.ASCII).fullmatch
_LENGTH = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+)(?:\.(\d+))?", re.ASCII).fullmatch
_DECIMAL = re.compile(r"\d{1,15}(?:\.\d*)?(?:[eE][+-]?\d{1,2})?", re.ASCII).fullmatch
_BEYOND_MICROSECONDS = re.compile(r"(?<=[.,]\d{6})\d+", re.ASCII)
_UTC_WORD = re.compile(r"(?<![A-Za-z])(?:UTC|GMT|Z)(?![A-Za-z])", re.IGNORECASE)

#: What a length without a colon counts. Spreadsheets store a length as a fraction of a day.
LengthUnit = Literal["seconds", "milliseconds", "days"]
_UNIT_MS: Final[dict[LengthUnit, int]] = {
    "seconds": 1_000,
    "milliseconds": 1,
    "days": 86_400_000,
}

#: What one text may mean: one instant, or two where a clock is put back.
Instants = tuple[int, ...]


class TimeReader:
    """Reads the times of one log: in one of `formats`, local ones in `zone` (None: UTC)."""

    def __init__(self, formats: Sequence[str], zone: str | None) -> None:
        self._zone = None if zone is None else ZoneInfo(zone)
        self._formats = tuple(formats)
        readers = [self._reader(form) for form in formats]

        @lru_cache(maxsize=4096)
        def instants(text: str) -> Instants:
            faults = []
            for reader in readers:
                try:
                    return reader(text)
                except ValueError as fault:
                    faults.append(str(fault))
            if len(faults) == 1:
                raise ValueError(faults[0])
            raise ValueError(f"expected a time like {' or '.join(self._formats)}")

        self._instants = instants

    def read(self, text: str, after: int | None = None) -> int:
        """The instant, ms; of two the earliest that is not before `after`, but for skew."""
        found = self._instants(text)
        if after is not None:
            for instant in found:
                if instant >= after - GRACE_MS:
                    return instant
        return found[0]

    def _reader(self, form: str) -> Callable[[str], Instants]:
        if form == "rfc3339":
            return self._rfc3339
        if form == "epoch_seconds":
            return lambda text: (_parts_ms(_NUMBER(text), "expected seconds since 1970"),)
        if form == "epoch_ms":
            return _epoch_ms
        return lambda text: self._patterned(text, form)

    def _rfc3339(self, text: str) -> Instants:
        try:
            return (parse_rfc3339_ms(text),)
        except ValueError as fault:
            reason = str(fault)
        try:
            local = parse_rfc3339_ms(f"{text}Z")
        except ValueError:
            hint = "; another form is named in a file for --mapping: [time] format"
            raise ValueError(reason + hint) from None
        if self._zone is None:
            raise ValueError(
                "expected an offset, or the zone of times without one in a file for --mapping:"
                ' [time] zone = "Europe/Berlin"'
            )
        return self._of_local((_EPOCH + local * _MILLISECOND).replace(tzinfo=None))

    def _patterned(self, text: str, form: str) -> Instants:
        utc = False
        if "%Z" in form:
            word = _UTC_WORD.search(text)
            if word is None:
                raise ValueError(
                    "expected UTC, GMT or Z for %Z: other words are no offset; write the word"
                    " itself in format, one format each, and name zone"
                )
            form, utc = form.replace("%Z", word[0]), True
        text = _BEYOND_MICROSECONDS.sub("", text)
        for written in _with_or_without_fraction(form):
            try:
                found = datetime.strptime(text, written)  # noqa: DTZ007 - the zone is set below
            except ValueError:
                continue
            if utc:
                found = found.replace(tzinfo=UTC)
            if found.tzinfo is not None:
                return ((found - _EPOCH) // _MILLISECOND,)
            return self._of_local(found)
        raise ValueError(f"expected a time like {form}")

    def _of_local(self, local: datetime) -> Instants:
        zone = self._zone or UTC
        first = (local.replace(tzinfo=zone, fold=0) - _EPOCH) // _MILLISECOND
        second = (local.replace(tzinfo=zone, fold=1) - _EPOCH) // _MILLISECOND
        # In the hour that a clock leaves out, the second reading is the earlier one: none occurs.
        return (first, second) if second > first else (first,)


def _with_or_without_fraction(form: str) -> tuple[str, ...]:
    if "%f" in form:
        return form, form.replace(".%f", "").replace(",%f", "")
    return form, form.replace("%S", "%S.%f")


def _epoch_ms(text: str) -> Instants:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError("expected milliseconds since 1970")
    return (int(text),)


def _parts_ms(match: re.Match[str] | None, expected: str) -> int:
    if match is None:
        raise ValueError(expected)
    *wholes, fraction = match.groups()
    seconds = 0
    for whole in wholes:
        seconds = seconds * 60 + int(whole or 0)
    return seconds * 1000 + int(((fraction or "") + "000")[:3])


def read_length(text: str, unit: LengthUnit = "seconds") -> int:
    """A length in ms: m:ss, h:mm:ss or a number of `unit`, with a fraction or without."""
    expected = f"expected a length: {unit}, m:ss or h:mm:ss; [time] lengths names another unit"
    if unit == "seconds" or ":" in text:
        return _parts_ms(_LENGTH(text), expected)
    if not _DECIMAL(text):
        raise ValueError(expected)
    return round(Decimal(text) * _UNIT_MS[unit])
