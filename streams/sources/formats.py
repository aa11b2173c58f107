"""The formats that `replay` and `publish` read, by name.

In: a format's name, paths, and what reading needs. Out: (name, number, event or why not) for every
line, row or record of every file; what was passed over is said to `Complaints`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streams.contract.events import Event
from streams.errors import UsageError
from streams.settings import Settings
from streams.sources.complaints import Complaints
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

FORMATS: Final = ("ndjson", "call-log", "connect-ctr", "zendesk", "queue-log")

Found = Iterator[tuple[str, int, Event | Rejected]]


def check(form: str, paths: list[Path], mapping: Path | None) -> None:
    """Raise UsageError where the options do not go together."""
    if mapping is not None and form not in ("call-log", "queue-log"):
        raise UsageError("--mapping is for --format call-log and queue-log")
    if form == "ndjson" and (tables := [path for path in paths if ".csv" in path.suffixes]):
        raise UsageError(f"{tables[0]} is a table by its name: say --format call-log")
    logs = [path for path in paths if path.name.startswith("queue_log") and "json" not in path.name]
    if form == "ndjson" and logs:
        raise UsageError(f"{logs[0]} is Asterisk's by its name: say --format queue-log")


def read(
    form: str, paths: list[Path], mapping: Path | None, settings: Settings, said: Complaints
) -> Found:
    """Yield what stands in the files; raise UsageError, ConfigError and StreamsError."""
    check(form, paths, mapping)
    key = settings.customer_key.reveal().encode() if settings.customer_key else None
    if form == "call-log":
        return _calls(paths, mapping, key, said)
    if form == "ndjson":
        return _lines(paths)
    if form == "queue-log":
        from streams.sources import queue_log

        return queue_log.read(paths, mapping, key, said)
    from streams.sources.connect_ctr import ContactRecords
    from streams.sources.json_records import Translator, translated
    from streams.sources.zendesk import Tickets

    translator: Translator = ContactRecords(key, said) if form == "connect-ctr" else Tickets()
    return translated(paths, translator, said)


def _lines(paths: list[Path]) -> Found:
    from streams.sources.ndjson import read_lines

    for name, line, raw in read_lines(paths):
        yield name, line, decode(raw)


def _calls(paths: list[Path], mapping: Path | None, key: bytes | None, said: Complaints) -> Found:
    from streams.sources import call_log

    for path in paths:
        name = str(path)
        for line, found in call_log.read(path, mapping, key, said):
            yield name, line, found
