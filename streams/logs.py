"""How log lines look: a constant message, then its data as `name=value`.

Messages never hold data, so that they can be searched and counted; what they are about comes in
`extra` and is shown here. Values with spaces in them are quoted.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

_ORDINARY: Final = frozenset(
    (*vars(logging.LogRecord("", 0, "", 0, "", None, None)), "message", "asctime", "taskName")
)

LIBRARIES: Final = ("kafka", "aiokafka", "faust", "mode", "asyncio")


class FieldsFormatter(logging.Formatter):
    """The usual line, with every field of `extra` behind the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Called before a traceback is added, so the fields stay on the first line."""
        fields = (item for item in vars(record).items() if item[0] not in _ORDINARY)
        shown = "".join(f" {name}={_shown(value)}" for name, value in fields)
        return super().formatMessage(record) + shown


def _shown(value: object) -> str:
    text = str(value)
    return repr(text) if not text or any(sign.isspace() for sign in text) else text


def keep_records_out() -> None:
    """From now on no library writes debug lines, whatever level is asked for.

    In them the Kafka clients and Faust show what they send and get: keys, records, passwords.
    """
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.INFO, logger.getEffectiveLevel()))


class SeldomFilter(logging.Filter):
    """Lines that anybody can cause by a request: one a minute, and nothing of the request in it.

    The message becomes `message`, a traceback the name of its exception, and `times` says how many
    lines the one stands for.
    """

    def __init__(
        self, message: str, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._message, self._seconds, self._clock = message, seconds, clock
        self._next: float | None = None
        self._times = 0
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let one line a minute through."""
        with self._lock:
            self._times += 1
            now = self._clock()
            if self._next is not None and now < self._next:
                return False
            self._next, times, self._times = now + self._seconds, self._times, 0
        error = record.exc_info[0] if record.exc_info else None
        record.msg, record.args = self._message, ()
        record.exc_info = record.exc_text = record.stack_info = None
        vars(record).update(error=error.__name__ if error else "", times=times)
        return True


class RepeatsFilter(logging.Filter):
    """Of each message of a library one line a minute; `times` says how many it stands for.

    While Kafka is away aiokafka says so hundreds of times a second. A message is its text before
    its data is put in, so two nodes that cannot be reached are one line.
    """

    MOST = 1_000

    def __init__(self, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds, self._clock = seconds, clock
        self._held: dict[tuple[str, int, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the project's own lines through, and of others the first a minute."""
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        key = record.name, record.levelno, str(record.msg)
        now = self._clock()
        with self._lock:
            until, times = self._held.get(key, (now, 0))
            if now < until:
                self._held[key] = until, times + 1
                return False
            if len(self._held) >= self.MOST:  # texts with data in them: begin anew
                self._held.clear()
            self._held[key] = now + self._seconds, 0
        if times:
            record.times = times + 1
        return True


def log_to_stderr(level: str) -> None:
    """From now on lines of `level` (a setting's word) and above go to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldsFormatter())
    handler.addFilter(RepeatsFilter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    keep_records_out()
