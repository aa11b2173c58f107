"""How long a command waits for a Kafka that has gone away, and what it says meanwhile.

In: `heard` whenever Kafka answers, `silent` while an answer is due. Out: one line when it is away,
one when it is back; BrokerError when the patience is over. Whoever is asked to end while Kafka is
away ends at once (KeyboardInterrupt): there is nothing to end in order. And for what is asked once,
at a start: `without_lost_brokers` and `ask_again`, where some brokers of several are lost.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from streams.errors import BrokerError
from streams.kafka.diagnosis import answering, may_pass
from streams.settings import Settings

T = TypeVar("T")

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


def without_lost_brokers(settings: Settings, say: Callable[[str], object] = to_stderr) -> Settings:
    """The settings with those addresses of `bootstrap` alone where a broker accepts us.

    A client takes one by chance and spends its whole time on it, should that broker hang. Where
    all or none answer nothing changes, else a line says which do. Takes 5 s with a hanging one.
    """
    addresses = settings.bootstrap.split(",")
    if len(addresses) == 1:
        return settings
    there = answering(settings)
    if not there or len(there) == len(addresses):
        return settings
    lost = [address for address in addresses if address not in there]
    say(f"no Kafka answers at {','.join(lost)}: going on with {','.join(there)}")
    return replace(settings, bootstrap=",".join(there))


def ask_again(
    settings: Settings,
    ask: Callable[[Settings], T],
    seconds: float = PATIENCE_SECONDS,
    say: Callable[[str], object] = to_stderr,
) -> T:
    """What Kafka answers; while brokers are there and it does not, it is asked again.

    So it is after a broker is lost, until its partitions have other leaders. Raises BrokerError
    after `seconds`; what another try would not mend, as it is and at once.
    """
    deadline: float | None = None
    while True:
        try:
            return ask(settings)
        except Exception as problem:
            if not may_pass(problem) or not answering(settings):
                raise
            now = time.monotonic()
            if deadline is None:
                deadline = now + seconds
                say(
                    f"Kafka at {settings.bootstrap} does not answer for all partitions:"
                    f" asking again, ending after {seconds:.0f} s"
                )
            if now >= deadline:
                raise BrokerError(
                    f"Kafka at {settings.bootstrap} does not answer for all partitions: ended"
                    f" after {seconds:.0f} s; look which brokers are lost, and whether there are"
                    " as many replicas"
                ) from problem
            time.sleep(LOOK_SECONDS)


async def end_within(seconds: float, ending: Awaitable[Any]) -> None:
    """Waits for a client's own end no longer than that: with Kafka away it may last for ever."""
    await asyncio.wait([asyncio.ensure_future(ending)], timeout=seconds)
