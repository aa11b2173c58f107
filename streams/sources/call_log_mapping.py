"""How the columns of a call log are read: a small TOML file, or the defaults.

tenant = "default"
channel = "voice"
source = "call-log"
[columns]                       # our name = the header's name
call_id = "uniqueid"
[outcomes]                      # the words the log uses
answered = ["ANSWERED"]
abandoned = ["ABANDON", "NO ANSWER"]
[time]
format = "%d/%m/%Y %H:%M:%S"    # or "rfc3339" (default), "epoch_seconds", "epoch_ms"
zone = "Europe/Madrid"          # of times without an offset
[csv]
delimiter = ";"
encoding = "utf-8"
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.contract.limits import MAX_NAME
from streams.errors import ConfigError
from streams.wire.instants import parse_rfc3339_ms

REQUIRED: Final = ("call_id", "queue", "entered_at", "outcome", "answered_at", "ended_at")
OPTIONAL: Final = ("agent", "customer", "priority")
OUTCOMES: Final = ("answered", "abandoned")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError("expected a whole number")
    return int(text)


_NAMED_FORMATS: Final[Mapping[str, Callable[[str], int]]] = {
    "rfc3339": parse_rfc3339_ms,
    "epoch_ms": _whole,
    "epoch_seconds": lambda text: _whole(text) * 1000,
}


@dataclass(frozen=True, slots=True)
class CallLogMapping:
    """Where the events' fields stand in a call log. The defaults read a log with our own names."""

    tenant: str = "default"
    channel: Literal["voice", "chat"] = "voice"
    source: str = "call-log"
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name to the header's name, where they differ."""
    outcomes: Mapping[str, str] = field(default_factory=lambda: {name: name for name in OUTCOMES})
    """The log's word to `answered` or `abandoned`."""
    time_format: str = "rfc3339"
    zone: str = "UTC"
    delimiter: str = ","
    encoding: str = "utf-8"

    def time_reader(self) -> Callable[[str], int]:
        """Return what turns a cell into ms since the epoch, or raises ValueError.

        A local time that occurs twice, in the hour a clock is put back, is read as the first one.
        """
        named = _NAMED_FORMATS.get(self.time_format)
        if named is not None:
            return named
        zone = ZoneInfo(self.zone)

        @lru_cache(maxsize=4096)
        def read(text: str) -> int:
            try:
                instant = datetime.strptime(text, self.time_format)  # noqa: DTZ007 - set below
            except ValueError:
                raise ValueError(f"expected a time like {self.time_format}") from None
            if instant.tzinfo is None:
                instant = instant.replace(tzinfo=zone)
            return (instant - _EPOCH) // _MILLISECOND

        return read


def load_mapping(path: Path) -> CallLogMapping:
    """Return the mapping in a TOML file. Raise ConfigError with all of its mistakes."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigError([f"{path}: cannot be read: {fault.strerror}"]) from None
    except ValueError as fault:
        raise ConfigError([f"{path}: is not TOML: {fault}"]) from None
    return _Reader(str(path), document).mapping()


class _Reader:
    """Takes keys out of the document and collects what is wrong with them."""

    def __init__(self, place: str, document: dict[str, Any]) -> None:
        self.place = place
        self.document = document
        self.mistakes: list[str] = []

    def mapping(self) -> CallLogMapping:
        default = CallLogMapping()
        made = CallLogMapping(
            tenant=self._name("tenant", default.tenant),
            channel=self._channel(),
            source=self._name("source", default.source),
            columns=self._columns(),
            outcomes=self._outcomes(default),
            time_format=self._text("time", "format", default.time_format),
            zone=self._text("time", "zone", default.zone),
            delimiter=self._text("csv", "delimiter", default.delimiter),
            encoding=self._text("csv", "encoding", default.encoding),
        )
        self._check_values(made)
        self._check_keys()
        if self.mistakes:
            raise ConfigError(self.mistakes)
        return made

    def _wrong(self, key: str, what: str) -> None:
        self.mistakes.append(f"{self.place}: {key}: {what}")

    def _table(self, name: str) -> dict[str, Any]:
        table = self.document.get(name, {})
        if isinstance(table, dict):
            return table
        self._wrong(name, f"must be a table: [{name}]")
        self.document[name] = {}
        return {}

    def _name(self, key: str, default: str) -> str:
        value = self.document.get(key, default)
        if isinstance(value, str) and 1 <= len(value) <= MAX_NAME:
            return value
        self._wrong(key, f"must be text of 1 to {MAX_NAME} characters")
        return default

    def _text(self, table: str, key: str, default: str) -> str:
        value = self._table(table).get(key, default)
        if isinstance(value, str) and value:
            return value
        self._wrong(f"{table}.{key}", "must be text")
        return default

    def _channel(self) -> Literal["voice", "chat"]:
        value = self.document.get("channel", "voice")
        if value == "chat":
            return "chat"
        if value != "voice":
            self._wrong("channel", "must be voice or chat")
        return "voice"

    def _columns(self) -> dict[str, str]:
        columns = self._table("columns")
        for name, header in columns.items():
            if name not in REQUIRED + OPTIONAL:
                self._wrong(f"columns.{name}", f"unknown; known: {', '.join(REQUIRED + OPTIONAL)}")
            elif not isinstance(header, str) or not header:
                self._wrong(f"columns.{name}", "must be the name of a column")
        return columns

    def _outcomes(self, default: CallLogMapping) -> Mapping[str, str]:
        words: dict[str, str] = {}
        for outcome, spellings in self._table("outcomes").items():
            key = f"outcomes.{outcome}"
            if outcome not in OUTCOMES:
                self._wrong(key, f"unknown; known: {', '.join(OUTCOMES)}")
            elif not isinstance(spellings, list) or not all(isinstance(w, str) for w in spellings):
                self._wrong(key, 'must be a list of words, for example ["ANSWERED"]')
            else:
                for word in spellings:
                    if words.setdefault(word, outcome) != outcome:
                        self._wrong(key, f"{word!r} already means {words[word]}")
        return words or default.outcomes

    def _check_values(self, made: CallLogMapping) -> None:
        if made.time_format not in _NAMED_FORMATS and "%" not in made.time_format:
            known = ", ".join(_NAMED_FORMATS)
            self._wrong(
                "time.format", f"must be {known} or a pattern, for example %Y-%m-%d %H:%M:%S"
            )
        try:
            ZoneInfo(made.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._wrong("time.zone", f"no time zone {made.zone!r}; as Europe/Madrid")
        if len(made.delimiter) != 1 or made.delimiter in '"\r\n':
            self._wrong("csv.delimiter", "must be one character")
        try:
            usable = "\n".encode(made.encoding) == b"\n"
        except (LookupError, UnicodeError):
            usable = False
        if not usable:
            self._wrong(
                "csv.encoding", "must be an encoding that contains ASCII, for example latin-1"
            )

    def _check_keys(self) -> None:
        known: dict[str, tuple[str, ...]] = {
            "columns": REQUIRED + OPTIONAL,
            "outcomes": OUTCOMES,
            "time": ("format", "zone"),
            "csv": ("delimiter", "encoding"),
        }
        top = ("tenant", "channel", "source", *known)
        for key in self.document:
            if key not in top:
                self._wrong(key, f"unknown; known: {', '.join(top)}")
        for table in ("time", "csv"):
            for key in self._table(table):
                if key not in known[table]:
                    self._wrong(f"{table}.{key}", f"unknown; known: {', '.join(known[table])}")
