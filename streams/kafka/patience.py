"""How long a command waits for a Kafka that has gone away, and what it says meanwhile.

In: `heard` whenever Kafka answers, `silent` while an answer is due. Out: one line when it is away,
one when it is back; BrokerError when the patience is over. Whoever is asked to end while Kafka is
away ends at once (KeyboardInterrupt): there is nothing to end in order.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from streams.errors import BrokerError

AWAY_SECONDS = 5.0
PATIENCE_SECONDS = 20.0
ASKED_SECONDS = 2.0
LOOK_SECONDS = 0.25


def to_stderr(text: str) -> None:
    """For the person at the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Patience:
    """One command's. `seconds` None: it waits for ever; `asked`: whether it is to end."""

    def __init__(
        self,
        bootstrap: str,
        seconds: float | None = PATIENCE_SECONDS,
        asked: Callable[[], bool] = lambda: False,
        say: Callable[[str], object] = to_stderr,
    ) -> None:
        self._kafka = f"Kafka at {bootstrap}"
        self._seconds = seconds
        self._asked = asked
        self._say = say
        self._heard = time.monotonic()
        self._said = False

    def heard(self) -> None:
        """Kafka has answered, or nothing is due; from any thread."""
        self._heard = time.monotonic()
        if self._said:
            self._said = False
            self._say(f"{self._kafka} is back")

    def silent(self) -> None:
        """An answer is due and not there. Raises BrokerError and KeyboardInterrupt."""
        seconds = time.monotonic() - self._heard
        if seconds >= ASKED_SECONDS and self._asked():
            self._say(f"{self._kafka} is away: ended at once, what was sent last may be missing")
            raise KeyboardInterrupt
        if self._seconds is not None and seconds >= self._seconds:
            raise BrokerError(f"{self._kafka} is away: ended after {self._seconds:.0f} s")
        if seconds >= AWAY_SECONDS and not self._said:
            self._said = True
            then = "waiting for it"
            if self._seconds is not None:
                then = f"ending after {self._seconds:.0f} s"
            self._say(f"{self._kafka} is away: {then}")

    async def answer(self, asked: Awaitable[Any]) -> Any:
        """What Kafka answers; raises as `silent` does when it is away for too long."""
        task = asyncio.ensure_future(asked)
        self.heard()
        try:
            while not (await asyncio.wait([task], timeout=LOOK_SECONDS))[0]:
                self.silent()
        except BaseException:
            task.cancel()
            raise
        return task.result()


async def end_within(seconds: float, ending: Awaitable[Any]) -> None:
    """Waits for a client's own end no longer than that: with Kafka away it may last for ever."""
    await asyncio.wait([asyncio.ensure_future(ending)], timeout=seconds)
