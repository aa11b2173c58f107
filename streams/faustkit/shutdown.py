"""Ending the process at once: results are exact only as long as nothing goes on after a failure.

A restart loads the last committed state and repeats the rest, so dying is always safe here, while
carrying on is not: Faust would acknowledge what failed and skip it.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import NoReturn, Protocol

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

EX_SOFTWARE = 70
INTERRUPTED = 130
#: Where a Kafka that is away has made something fail, our own stack says nothing.
AWAY = (
    TimeoutError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)
FLUSH_SECONDS = 2.0

log = logging.getLogger(__name__)


class End(Protocol):
    """Ends the process; tests hand in one that only remembers."""

    def __call__(self, reason: str, exc: BaseException | None = None, **fields: object) -> None: ...


def flush_logs() -> None:
    """Flush every handler, giving up after 2 s: a handler's lock may be held by a hung thread."""
    flusher = threading.Thread(target=logging.shutdown, daemon=True)
    flusher.start()
    flusher.join(FLUSH_SECONDS)


def end_process(
    reason: str,
    exc: BaseException | None = None,
    before_exit: Callable[[], None] | None = None,
    **fields: object,
) -> NoReturn:
    """Log why with its fields, say farewell, flush the logs and exit with 70; never returns.

    `before_exit` must come to an end by itself; what it raises is logged.
    """
    # In the text: whoever runs the kit may have a log format that shows no fields.
    details = "".join(f" {name}={value}" for name, value in fields.items())
    away = isinstance(exc, AWAY)
    if away:
        details += ", for Kafka did not answer in time"
    log.critical("ending the process: %s%s", reason, details, exc_info=None if away else exc)
    if before_exit is not None and not away:
        try:
            before_exit()
        except Exception:
            log.exception("no farewell")
    flush_logs()
    os._exit(EX_SOFTWARE)


def end_interrupted() -> NoReturn:
    """Somebody wants the end and Kafka is away: there is nothing to hand over; exit with 130."""
    log.warning("ended at once: Kafka is away")
    flush_logs()
    os._exit(INTERRUPTED)
