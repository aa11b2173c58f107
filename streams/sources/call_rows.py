"""One row of a call log to the events of one stay in a queue.

In: cells, by the mapping's columns. Out: `contact.enqueued`, then `contact.answered` and
`contact.ended`, or what else ended the waiting; offers, holds and wrap-ups where they are told.
Invariants: a stay is one by (source, call_id, queue, entered_at), or the column `visit`; several
rows of it are its legs. An answer beats every other end of its waiting, the earliest one; of other
ends the last one counts: by `revision`, so no row waits for another. Everything that the structs do
not check in Python is checked here.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal

from streams.contract import events as wire
from streams.contract.limits import (
    MAX_CONTACT_ID,
    MAX_NAME,
    MAX_PRIORITY,
    MAX_TEXT,
    MAX_TIME_MS,
    MAX_WORD,
    MIN_TIME_MS,
)
from streams.contract.names import clean
from streams.contract.words import BLOCK_REASONS, FLOW_OUT_REASONS, RESERVED_QUEUES
from streams.lifecycle.rules import GRACE_MS
from streams.sources.call_log_mapping import (
    CHANNEL_WORDS,
    COLUMNS,
    DIRECTION_WORDS,
    LENGTHS,
    CallLogMapping,
)
from streams.sources.clock_times import read_length
from streams.sources.complaints import Complaints
from streams.sources.customers import customer_hash
from streams.wire.explain import TIME_RANGE

_VERB_ROOM: Final = len(":0000000000000000:offered")
#: Above every time in ms, so that an answer's revision beats that of any other end.
_ANSWERED: Final = 1 << 52
_MOST: Final = {"call_id": MAX_CONTACT_ID, "queue": MAX_NAME, "agent": MAX_NAME,
                "customer": MAX_TEXT, "topic": MAX_TEXT, "priority": MAX_WORD}  # fmt: skip


class BadRowError(Exception):
    """What makes a row unusable, and the column as the mapping names it."""

    def __init__(self, column: str | None, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


class RowReader:
    """Reads the rows under one header; `said` hears what was passed over."""

    def __init__(
        self,
        mapping: CallLogMapping,
        header: list[str],
        customer_key: bytes | None,
        said: Complaints,
    ) -> None:
        self._mapping, self._key, self._said = mapping, customer_key, said
        self._places: dict[str, tuple[int, ...]] = {}
        for column in COLUMNS:
            names = mapping.headers(column)
            if all(name in names and name in header for name in names):
                self._places[column] = tuple(header.index(name) for name in names)
        self._cells = 1 + max(place for places in self._places.values() for place in places)
        self._read_time = mapping.time_reader().read
        self._meaning = lru_cache(maxsize=4096)(mapping.meaning)
        self.queue = lru_cache(maxsize=4096)(mapping.queue)
        self._hollow: str | None = None

    def events(self, row: list[str]) -> list[wire.Event]:
        """Return the row's events in time order; raise BadRowError where it is unusable."""
        if len(row) < self._cells:
            raise BadRowError(None, f"expected {self._cells} cells, found {len(row)}")
        cells = {column: self._cell(row, places) for column, places in self._places.items()}
        for column, text in cells.items():
            if "\0" in text:
                raise self.bad(column, "must not contain a NUL character")
        outcome = self._outcome(cells)
        if outcome == "ignore":
            self._said.note("passed over, as [outcomes] ignore says")
            return []
        return list(_Stay(self, cells, outcome).events())

    def _cell(self, row: list[str], places: tuple[int, ...]) -> str:
        texts = (row[place].strip() for place in places)
        return " ".join(text for text in texts if text not in self._mapping.nothing)

    def _outcome(self, cells: dict[str, str]) -> str:
        outcome = cells["outcome"]
        found = self._meaning(outcome, cells.get("reason"))
        if found is None:
            shown = f"{outcome!r}" if _is_word(outcome) else "it"
            raise self.bad(
                "outcome", f"no meaning for {shown}: [outcomes] in a file for --mapping gives one"
            )
        return found

    def bad(self, column: str, detail: str) -> BadRowError:
        """The error that names the column."""
        return BadRowError(self.named(column), detail)

    def named(self, column: str) -> str:
        """A column as the mapping's line has it: our name, and the header's where it is another."""
        names = self._mapping.headers(column)
        if names == (column,):
            return column
        quoted = ", ".join(f'"{name}"' for name in names)
        return f"{column} = {quoted if len(names) == 1 else f'[{quoted}]'}"

    def time(self, cells: dict[str, str], column: str, after: int | None = None) -> int | None:
        """The instant in a cell, ms; None where it is empty."""
        text = cells.get(column, "")
        if not text:
            return None
        try:
            instant = self._read_time(text, after)
        except ValueError as fault:
            raise self.bad(column, str(fault)) from None
        if not MIN_TIME_MS <= instant <= MAX_TIME_MS:
            raise self.bad(column, TIME_RANGE)
        return instant

    def length(self, cells: dict[str, str], column: str) -> int | None:
        """The length in a cell, ms; None where it is empty."""
        text = cells.get(column, "")
        if not text:
            return None
        try:
            return read_length(text, self._mapping.lengths)
        except ValueError as fault:
            raise self.bad(column, str(fault)) from None

    def text(self, cells: dict[str, str], column: str) -> str | None:
        """The text in a cell within its limit; None where it is empty."""
        text = cells.get(column, "")
        if len(text) > _MOST[column]:
            raise self.bad(column, f"expected at most {_MOST[column]} characters")
        return text or None

    def customer(self, cells: dict[str, str]) -> str | None:
        """The customer's keyed hash; None without a key, or without a customer."""
        text = self.text(cells, "customer")
        if text is None:
            return None
        return customer_hash(text, self._key, self._said)

    def priority(self, cells: dict[str, str]) -> int | str | None:
        """Whole numbers as such, anything else as text."""
        text = self.text(cells, "priority")
        if text is None or not (text.isascii() and text.isdigit()):
            return text
        if int(text) > MAX_PRIORITY:
            raise self.bad("priority", f"expected at most {MAX_PRIORITY}")
        return int(text)

    def word(self, cells: dict[str, str], column: str, words: Mapping[str, str]) -> str | None:
        """What one of the words means, in any letters; None where the cell is empty."""
        text = cells.get(column, "").lower()
        if text and text not in words:
            raise self.bad(column, f"expected one of: {', '.join(words)}")
        return words.get(text)

    def hollow(self, outcome: str) -> None:
        """Note an answer that may be none: nobody is named who gave it, and nobody talked."""
        if self._hollow is None:  # the first word is the example
            self._hollow = outcome if _is_word(outcome) else "…"
        self._said.note(
            "{} answered rows have neither an agent nor talk: [outcomes] can tell them apart by"
            f' `reason`, e.g. timeout = ["{self._hollow}+"]'
        )

    @property
    def mapping(self) -> CallLogMapping:
        """What it reads by."""
        return self._mapping


class _Stay:
    """One row, its cells read."""

    def __init__(self, reader: RowReader, cells: dict[str, str], outcome: str) -> None:
        self._reader, self._outcome = reader, outcome
        call = self._required("call_id", cells["call_id"])
        queue = self._required("queue", reader.queue(clean(cells["queue"])))
        if queue in RESERVED_QUEUES:
            raise reader.bad("queue", "this name is reserved")
        entered = reader.time(cells, "entered_at")
        if entered is None:
            raise reader.bad("entered_at", "expected a time")
        self._entered = entered
        self._lengths = {name: reader.length(cells, name) for name in LENGTHS}
        self._agent = reader.text(cells, "agent")
        self._cells = cells
        mapping = reader.mapping
        channel = reader.word(cells, "channel", CHANNEL_WORDS) or mapping.channel
        self._common: dict[str, Any] = {
            "source": mapping.source,
            "tenant": mapping.tenant,
            "channel": channel,
            "contact_id": call,
            "queue": queue,
            "customer_ref": reader.customer(cells),
            "topic": reader.text(cells, "topic"),
            "direction": reader.word(cells, "direction", DIRECTION_WORDS) or "inbound",
        }
        stay = cells.get("visit") or str(entered)
        self._id = f"{call}:{queue}:{stay}"
        if len(self._id) > MAX_CONTACT_ID - _VERB_ROOM:
            self._id = blake2b(self._id.encode(), digest_size=16).hexdigest()

    def _required(self, column: Literal["call_id", "queue"], text: str) -> str:
        if not 1 <= len(text) <= _MOST[column]:
            raise self._reader.bad(column, f"expected 1 to {_MOST[column]} characters")
        return text

    def events(self) -> Iterator[wire.Event]:
        """Yield the row's events."""
        if self._outcome == "answered":
            return self._answered()
        left_from, left = self._left()
        self._in_order("entered_at", self._entered, left_from, left)
        # Words of both kinds: who did not stay was not let in.
        stayed = left > self._entered
        if self._outcome in BLOCK_REASONS and (self._outcome not in FLOW_OUT_REASONS or not stayed):
            return iter(
                [self._event(wire.ContactBlocked, "blocked", self._entered, reason=self._outcome)]
            )
        return self._unanswered(left)

    def _left(self) -> tuple[str, int]:
        """The column that tells where the waiting ended, and where.

        A call goes on after its waiting (a menu, a voicemail), so its end comes last.
        """
        left = self._time("left_at", self._entered)
        if left is not None:
            return "left_at", left
        if self._lengths["wait"] is not None:
            return "wait", self._entered + self._lengths["wait"]
        ended = self._time("ended_at", self._entered)
        if ended is None:
            column = "wait" if "ended_at" not in self._cells else "ended_at"
            raise self._reader.bad(column, "expected where the waiting ended")
        return "ended_at", ended

    def _time(self, column: str, after: int) -> int | None:
        return self._reader.time(self._cells, column, after)

    def _in_order(self, first: str, earlier: int, second: str, later: int) -> None:
        if later < earlier - GRACE_MS:
            most = GRACE_MS // 1000
            raise self._reader.bad(
                second, f"expected not more than {most} s before {self._reader.named(first)}"
            )

    def _event(
        self, struct: Any, verb: str, at: int, seq: int = 0, revision: int = 0, **more: Any
    ) -> wire.Event:
        if at > MAX_TIME_MS:  # by a length: the cells' own times were looked at
            raise self._reader.bad("entered_at", TIME_RANGE)
        event: wire.Event = struct(
            event_id=f"{self._id}:{verb}",
            occurred_at=at,
            # Order within one millisecond, where the clock alone does not tell.
            seq=seq,
            revision=revision,
            **self._common,
            **more,
        )
        return event

    def _enqueued(self) -> wire.Event:
        priority = self._reader.priority(self._cells)
        return self._event(wire.ContactEnqueued, "enqueued", self._entered, priority=priority)

    def _unanswered(self, left: int) -> Iterator[wire.Event]:
        yield self._enqueued()
        if self._agent is not None:
            # A leg that nobody took. Why is not told, so it is held against no agent.
            verb = f"{blake2b(self._agent.encode(), digest_size=8).hexdigest()}:failed"
            yield self._event(
                wire.OfferFailed, verb, left, agent_id=self._agent, outcome="customer_left"
            )
        if self._outcome == "abandoned":
            yield self._event(wire.ContactAbandoned, "left", left, 1, left)
        else:
            reason = self._outcome if self._outcome in FLOW_OUT_REASONS else "other"
            yield self._event(wire.ContactFlowedOut, "left", left, 1, left, reason=reason)

    def _answered(self) -> Iterator[wire.Event]:
        entered, lengths, agent = self._entered, self._lengths, self._agent
        answered = self._time("answered_at", entered)
        if answered is None:
            if lengths["wait"] is None:
                column = "wait" if "answered_at" not in self._cells else "answered_at"
                raise self._reader.bad(column, "expected when it was answered")
            answered = entered + lengths["wait"]
        self._in_order("entered_at", entered, "answered_at", answered)
        hold = lengths["hold"] or 0
        if lengths["talk"] is not None:
            ended: int | None = answered + lengths["talk"] + hold
        else:
            ended = self._time("ended_at", answered)
        if ended is None:
            column = "talk" if "ended_at" not in self._cells else "ended_at"
            raise self._reader.bad(column, "expected when it ended")
        self._in_order("answered_at", answered, "ended_at", ended)
        if agent is None and ended - answered <= hold:
            self._reader.hollow(self._cells["outcome"])
        yield self._enqueued()
        if lengths["ring"] is not None and agent is not None:
            rang = max(entered, answered - lengths["ring"])
            yield self._event(wire.ContactOffered, "offered", rang, agent_id=agent)
        yield self._event(
            wire.ContactAnswered, "left", answered, 1, _ANSWERED - answered, agent_id=agent
        )
        if hold:
            held = min(answered + hold, max(ended, answered))
            yield self._event(wire.HoldStarted, "hold", answered, 1, agent_id=agent)
            yield self._event(wire.HoldEnded, "unhold", held, 1, agent_id=agent)
        yield self._event(wire.ContactEnded, "ended", ended, 2, ended, agent_id=agent)
        if lengths["wrapup"] is not None:
            done = ended + lengths["wrapup"]
            yield self._event(wire.WrapupEnded, "wrapup", done, 3, done, agent_id=agent)


def _is_word(text: str) -> bool:
    """Whether it may be shown: no number of a person's stands in it."""
    return len(text) <= 64 and sum(sign.isdigit() for sign in text) < 4
