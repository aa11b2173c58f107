"""How the columns of a call log are read: a small TOML file, or the defaults.

tenant = "default"
channel = "voice"
source = "call-log"
[columns]                       # our name = the header's name; several are joined with a blank
call_id = "uniqueid"
entered_at = ["Date", "Time"]
wait = "Waiting"                # a length: a number ([time] lengths), m:ss or h:mm:ss
[outcomes]                      # our words = those that the log uses
answered = ["ANSWERED"]
abandoned = ["ABANDON", "NO ANSWER"]
timeout = ["EXITWITHTIMEOUT", "cancel+TIMEOUT"]     # outcome+reason, the columns of these names
no_agents = ["cancel+"]         # with a reason that is empty
ignore = ["internal"]
[queues]                        # our name = theirs, where one queue has several, or another here
billing = ["Billing*", "Billing (new)"]
[time]
format = "%d/%m/%Y %H:%M:%S"    # or "rfc3339" (default), "epoch_seconds", "epoch_ms"; or a list
zone = "Europe/Madrid"          # of times without an offset
lengths = "seconds"             # or "milliseconds", "days" (fractions of a day)
nothing = ["", "NULL", "\\N", "-", "0000-00-00 00:00:00"]     # words for nothing, in any column
[csv]
delimiter = ";"
encoding = "utf-8"
skip = 2                        # lines before the header
header = ["call_id", "queue"]   # the columns' names, where no line has them

Our columns: call_id, queue, entered_at, outcome; answered_at or wait; ended_at or talk; left_at
(where waiting ended without an answer), hold, wrapup, ring, agent, customer, priority, direction,
channel, visit (what tells two stays of one call in one queue apart), topic, reason.
Of a cell of each: an answer is answered_at, else wait; waiting without one ends at left_at, else
after wait, else at ended_at; a conversation ends after talk, else at ended_at. `hold` is added to
talk, and lies within what ends at ended_at: where talk has it in it already, leave hold out.
Our outcomes: answered, abandoned, each reason of contact.flowed_out and contact.blocked, ignore.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.contract.limits import MAX_NAME
from streams.contract.names import clean
from streams.contract.words import BLOCK_REASONS, FLOW_OUT_REASONS, RESERVED_QUEUES
from streams.errors import ConfigError
from streams.sources.clock_times import NAMED, LengthUnit, TimeReader
from streams.sources.mapping_files import mapping_document, parsed

REQUIRED: Final = ("call_id", "queue", "entered_at", "outcome")
#: Of each pair a log has at least one.
EITHER: Final = (("answered_at", "wait"), ("ended_at", "talk"))
#: What each of these is, to somebody who looks at a file.
IN_WORDS: Final = {
    "call_id": "the call's id",
    "queue": "the queue that the call waited in",
    "entered_at": "when the call entered the queue",
    "outcome": "how the waiting ended: answered, abandoned, …",
    "answered_at or wait": "when it was answered, or how long it waited",
    "ended_at or talk": "when it ended, or how long they talked",
}
LENGTHS: Final = ("wait", "talk", "hold", "wrapup", "ring")
COLUMNS: Final = (
    *REQUIRED, "answered_at", "left_at", "ended_at", *LENGTHS, "agent", "customer", "priority",
    "direction", "channel", "visit", "topic", "reason",
)  # fmt: skip
OUTCOMES: Final = tuple(
    dict.fromkeys(("answered", "abandoned", *FLOW_OUT_REASONS, *BLOCK_REASONS, "ignore"))
)
#: What rows may say of their channel and direction, in any letters' case.
CHANNEL_WORDS: Final = {
    "voice": "voice", "phone": "voice", "call": "voice", "phone call": "voice", "chat": "chat",
}  # fmt: skip
DIRECTION_WORDS: Final = {
    "inbound": "inbound", "incoming": "inbound", "outbound": "outbound", "outgoing": "outbound",
}  # fmt: skip
NOTHING: Final = ("", "NULL", "\\N", "-", "0000-00-00 00:00:00")


@dataclass(frozen=True, slots=True)
class CallLogMapping:
    """Where the events' fields stand in a call log. The defaults read a log with our own names."""

    tenant: str = "default"
    channel: Literal["voice", "chat"] = "voice"
    source: str = "call-log"
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Our name to the header's names, where they differ."""
    outcomes: Mapping[str, str] = field(default_factory=lambda: {name: name for name in OUTCOMES})
    """The log's word to ours."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """The log's name of a queue to ours."""
    formats: tuple[str, ...] = ("rfc3339",)
    zone: str | None = None
    lengths: LengthUnit = "seconds"
    nothing: frozenset[str] = frozenset(NOTHING)
    delimiter: str = ","
    encoding: str = "utf-8"
    skip: int = 0
    header: tuple[str, ...] = ()

    def headers(self, name: str) -> tuple[str, ...]:
        """The header's names of one of our columns."""
        return self.columns.get(name, (name,))

    def meaning(self, outcome: str, reason: str | None) -> str | None:
        """Our word for the log's; None where it has none. A reason of None: there is no column."""
        found = None if reason is None else _meant(self.outcomes, f"{outcome}+{reason}")
        return found or _meant(self.outcomes, outcome)

    def queue(self, name: str) -> str:
        """Our name of a queue: theirs, where [queues] has no other."""
        return _meant(self.queues, name) or name

    def time_reader(self) -> TimeReader:
        """What reads the log's times."""
        return TimeReader(self.formats, self.zone)


def _meant(words: Mapping[str, str], word: str) -> str | None:
    """What a word stands for; the case of letters matters only in doubt."""
    found = words.get(word)
    if found is None:
        small = word.casefold()
        meant = {ours for theirs, ours in words.items() if theirs.casefold() == small}
        found = meant.pop() if len(meant) == 1 else None
    return found


def load_mapping(path: Path) -> CallLogMapping:
    """Return the mapping in a TOML file. Raise ConfigError with all of its mistakes."""
    return _Reader(str(path), mapping_document(path)).mapping()


def load_mapping_text(place: str, text: str) -> CallLogMapping:
    """Return the mapping in a text; `place` is what mistakes are named after."""
    return _Reader(place, parsed(place, text)).mapping()


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
            outcomes=self._outcomes() or default.outcomes,
            queues=self._queues(),
            formats=self._words("time", "format", default.formats),
            zone=self._text("time", "zone", "") or None,
            lengths=self._lengths(default.lengths),
            nothing=frozenset(self._words("time", "nothing", NOTHING, empty=True)),
            delimiter=self._text("csv", "delimiter", default.delimiter),
            encoding=self._text("csv", "encoding", default.encoding),
            skip=self._skip(),
            header=self._words("csv", "header", ()),
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
        if isinstance(value, str) and 1 <= len(clean(value)) <= MAX_NAME:
            return clean(value)
        self._wrong(key, f"must be text of 1 to {MAX_NAME} characters")
        return default

    def _text(self, table: str, key: str, default: str) -> str:
        value = self._table(table).get(key)
        if value is None:
            return default
        if isinstance(value, str) and value:
            return value
        self._wrong(f"{table}.{key}", "must be text")
        return default

    def _words(
        self, table: str, key: str, default: tuple[str, ...], *, empty: bool = False
    ) -> tuple[str, ...]:
        """A word, or a list of words; `empty` ones where they may be."""
        value = self._table(table).get(key)
        if value is None:
            return default
        words = [value] if isinstance(value, str) else value
        texts = isinstance(words, list) and words and all(isinstance(w, str) for w in words)
        if texts and (empty or all(words)):
            return tuple(words)
        self._wrong(f"{table}.{key}", "must be text, or a list of texts")
        return default

    def _skip(self) -> int:
        value = self._table("csv").get("skip", 0)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000:
            return value
        self._wrong("csv.skip", "must be a number of lines, up to 1000")
        return 0

    def _channel(self) -> Literal["voice", "chat"]:
        value = self.document.get("channel", "voice")
        if value == "chat":
            return "chat"
        if value != "voice":
            self._wrong("channel", "must be voice or chat")
        return "voice"

    def _lengths(self, default: LengthUnit) -> LengthUnit:
        value = self._table("time").get("lengths", default)
        units: tuple[LengthUnit, ...] = get_args(LengthUnit)
        for unit in units:
            if value == unit:
                return unit
        self._wrong("time.lengths", f"must be {', '.join(units)}")
        return default

    def _columns(self) -> dict[str, tuple[str, ...]]:
        columns: dict[str, tuple[str, ...]] = {}
        for name in self._table("columns"):
            if name not in COLUMNS:
                self._wrong(f"columns.{name}", f"unknown; known: {', '.join(COLUMNS)}")
            else:
                columns[name] = self._words("columns", name, (name,))
        return columns

    def _outcomes(self) -> dict[str, str]:
        for outcome in self._table("outcomes"):
            if outcome not in OUTCOMES:
                self._wrong(f"outcomes.{outcome}", f"unknown; known: {', '.join(OUTCOMES)}")
        return self._spellings("outcomes", "ANSWERED")

    def _queues(self) -> dict[str, str]:
        words = self._spellings("queues", "Billing*")
        for name in self._table("queues"):
            if not 1 <= len(clean(name)) <= MAX_NAME or clean(name) in RESERVED_QUEUES:
                self._wrong("queues", f"a queue's name has 1 to {MAX_NAME} characters")
        return {clean(theirs): clean(ours) for theirs, ours in words.items()}

    def _spellings(self, table: str, example: str) -> dict[str, str]:
        """The log's words to ours, of a table of ours to lists of theirs."""
        words: dict[str, str] = {}
        for ours, spellings in self._table(table).items():
            key = f"{table}.{ours}"
            if not isinstance(spellings, list) or not all(isinstance(w, str) for w in spellings):
                self._wrong(key, f'must be a list of words, for example ["{example}"]')
                continue
            for word in spellings:
                if words.setdefault(word, ours) != ours:
                    self._wrong(key, f"{word!r} already means {words[word]}")
        return words

    def _check_values(self, made: CallLogMapping) -> None:
        if not all(form in NAMED or "%" in form for form in made.formats):
            known = ", ".join(NAMED)
            self._wrong(
                "time.format", f"must be {known} or a pattern, for example %Y-%m-%d %H:%M:%S"
            )
        try:
            ZoneInfo(made.zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._wrong("time.zone", f"no time zone {made.zone!r}; as Europe/Madrid")
        if len(made.delimiter) != 1 or made.delimiter in '"\r\n':
            self._wrong("csv.delimiter", "must be one character")
        try:
            "\n".encode(made.encoding)
        except (LookupError, UnicodeError):
            self._wrong("csv.encoding", "no such encoding; for example latin-1 or utf-16")

    def _check_keys(self) -> None:
        known: dict[str, tuple[str, ...]] = {
            "columns": COLUMNS,
            "outcomes": OUTCOMES,
            "queues": (),
            "time": ("format", "zone", "lengths", "nothing"),
            "csv": ("delimiter", "encoding", "skip", "header"),
        }
        top = ("tenant", "channel", "source", *known)
        for key in self.document:
            if key not in top:
                self._wrong(key, f"unknown; known: {', '.join(top)}")
        for table in ("time", "csv"):
            for key in self._table(table):
                if key not in known[table]:
                    self._wrong(f"{table}.{key}", f"unknown; known: {', '.join(known[table])}")
