"""Dead letters in a file that a person edits: one JSON object a line.

`letter` is its place in the dead-letter topic, `origin` where it came from; `topic`, `key` and
`value` are what will be sent, and the fields to edit. Key and value are text; where they are no
UTF-8, `key_base64` and `value_base64` stand instead, and either may be given. null = none.
Invariant: an unedited line gives back the very bytes. A line with a mistake is never sent.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from streams.errors import StreamsError
from streams.kafka.deadletter_log import DeadLetter, Place
from streams.kafka.redrive import Sending

_OPTIONAL = ("reason", "field", "detail", "seen_at")
_FIELDS = ("letter", "origin", "topic", "key", "value", "key_base64", "value_base64", *_OPTIONAL)
#: What is certainly no customer's data, and may be repeated.
_NAME = re.compile(r"[a-z_]{1,20}")
_BAD_PLACE = 'expected {"partition": …, "offset": …}, as it was exported'


@dataclass(frozen=True, slots=True)
class Edited:
    """One line: what to send, and the origin that the letter at its place must have."""

    line: int
    origin: dict[str, Any]
    sending: Sending


def line_of(letter: DeadLetter) -> bytes:
    """The letter as a line of the file."""
    headers = letter.headers
    row = {
        "letter": {"partition": letter.partition, "offset": letter.offset},
        "reason": letter.reason,
        "field": headers.get("field") or None,
        "detail": headers.get("detail"),
        "seen_at": letter.seen_ms,
        "origin": letter.origin,
        "topic": letter.topic,
        **_as_text("key", letter.key),
        **_as_text("value", letter.value),
    }
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _as_text(name: str, raw: bytes | None) -> dict[str, str | None]:
    try:
        return {name: None if raw is None else raw.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(raw or b"").decode()}


def write(path: Path, letters: Iterable[DeadLetter]) -> int:
    """The letters are in a new file; returns their number. Raises StreamsError."""
    count = 0
    try:
        with path.open("xb") as file:
            try:
                for letter in letters:
                    file.write(line_of(letter))
                    count += 1
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise StreamsError(
            f"{path} is there already, perhaps with edits: name another file, or remove it"
        ) from None
    except OSError as fault:
        raise StreamsError(f"cannot write {path}: {fault.strerror}") from fault
    return count


def read(path: Path, inputs: Iterable[str]) -> list[Edited]:
    """What the lines say. Raises StreamsError with the mistakes of all lines."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise StreamsError(f"cannot read {path}: {fault.strerror}") from fault
    found: list[Edited] = []
    mistakes: list[str] = []
    first: dict[Place, int] = {}
    topics = tuple(inputs)
    for number, text in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not text.strip():
            continue
        reader = _Line(text, topics)
        edited = reader.edited(number)
        if edited is not None:
            place = edited.sending.place
            if place in first:
                reader.wrong("letter", f"stands in line {first[place]} too: keep one of them")
            first.setdefault(place, number)
            found.append(edited)
        mistakes += [f"{path}:{number}: {mistake}" for mistake in reader.mistakes]
    if mistakes:
        raise StreamsError(together(mistakes, "nothing was sent; mend these lines"))
    return found


def together(mistakes: list[str], heading: str) -> str:
    """All mistakes as one message."""
    return "\n".join([f"{heading}:", *(f"  {mistake}" for mistake in mistakes)])


class _Line:
    """Takes one line apart and collects what is wrong with it; no value is repeated."""

    def __init__(self, text: bytes, topics: tuple[str, ...]) -> None:
        self.mistakes: list[str] = []
        self._topics = topics
        self._row: dict[str, Any] = {}
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError as fault:
            self.mistakes.append(f"no JSON (character {fault.pos + 1}): {fault.msg}")
            return
        if isinstance(row, dict):
            self._row = row
        else:
            self.mistakes.append("expected a JSON object")

    def wrong(self, field: str, what: str) -> None:
        """One more mistake."""
        self.mistakes.append(f"{field}: {what}")

    def edited(self, number: int) -> Edited | None:
        """The line's content; None where something is wrong with it."""
        if self.mistakes:
            return None
        for name in sorted(self._row.keys() - set(_FIELDS)):
            shown = name if _NAME.fullmatch(name) else "a field"
            self.wrong(shown, f"unknown; known: {', '.join(_FIELDS)}")
        letter, origin = self._object("letter"), self._object("origin")
        place = letter.get("partition"), letter.get("offset")
        if letter and any(type(part) is not int or part < 0 for part in place):
            self.wrong("letter", _BAD_PLACE)
        topic = self._row.get("topic")
        if topic not in self._topics:
            self.wrong("topic", f"expected one of: {', '.join(self._topics)}")
        key, value = self._bytes("key"), self._bytes("value")
        if self.mistakes:
            return None
        partition = origin.get("partition")
        sending = Sending(
            (int(letter["partition"]), int(letter["offset"])),
            str(topic),
            key,
            value,
            partition if type(partition) is int else None,
        )
        return Edited(number, origin, sending)

    def _object(self, name: str) -> dict[str, Any]:
        value = self._row.get(name)
        if isinstance(value, dict):
            return value
        self.wrong(name, "is missing: keep it as it was exported")
        return {}

    def _bytes(self, name: str) -> bytes | None:
        packed = f"{name}_base64"
        if (name in self._row) == (packed in self._row):
            self.wrong(name, f"give either {name} or {packed}")
            return None
        value = self._row.get(name, self._row.get(packed))
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(
                name if name in self._row else packed,
                "expected text (the record's bytes, whatever they hold), or null",
            )
            return None
        if name in self._row:
            return value.encode()
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            self.wrong(packed, "is no base64")
            return None
