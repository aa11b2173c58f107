"""Why a Kafka process ended: one line out of what it has written.

In: the text of its run. Out: the cause in words, with what to do where that is known; else its last
error, as it stands there. Never a stack trace: whoever wants one is told the file by the caller.
"""

import re
from collections.abc import Sequence
from pathlib import Path

#: What stands in Kafka's or Java's output, and what it means; the first that is found is the cause.
CAUSES: Sequence[tuple[str, str]] = (
    ("UnsupportedClassVersionError", "this Java is too old: Kafka needs 17 or later"),
    ("No space left on device", "no space is left on the disk"),
    ("Address already in use", "a port is taken: choose others with --port"),
    ("Failed to acquire lock on file", "another Kafka has its data folder"),
    ("OutOfMemoryError", "it ran out of memory"),
    ("insufficient memory for the Java", "this machine has too little memory left"),
    ("Could not reserve enough space", "this machine has too little memory left"),
    ("Too many open files", "too many files are open: raise the limit (ulimit -n)"),
    ("Read-only file system", "its folder cannot be written: the file system is read-only"),
    ("Permission denied", "its folder cannot be written: permission denied"),
    ("AccessDeniedException", "its folder cannot be written: permission denied"),
    ("InconsistentClusterIdException", "its data folder belongs to another cluster"),
)
LONGEST = 200
READ_BYTES = 1 << 20
_ERROR = re.compile(r"\b(?:ERROR|FATAL)\b|^Error\b|^Exception\b|^Caused by: ")


def why_ended(text: str) -> str:
    """The cause in one line; 'it gave no reason' where nothing looks like one."""
    for words, cause in CAUSES:
        if words in text:
            return cause
    errors = [line for line in text.splitlines() if _ERROR.search(line)]
    return errors[-1].strip()[:LONGEST] if errors else "it gave no reason"


def written_since(path: Path, start: int) -> str:
    """What was appended to a log since it had `start` bytes; all of one begun anew meanwhile."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(start if start <= size else 0, size - READ_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
