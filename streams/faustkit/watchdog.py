"""A thread that ends a hung process: a restart is cheap and exact, a hang is neither.

It ends the process when the event loop is silent, a commit is overdue, or the units are not ready
in time after the start. It says when Kafka is away, and back; who then asks for the end waits for
nothing. It counts its own wake-ups, not seconds: a process that was stopped and
continued finds the loop as silent as itself and gets its chance.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from streams.faustkit.shutdown import End, end_interrupted
from streams.faustkit.units import Units

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
BEAT_SECONDS = 0.5
AWAY_SECONDS = 5.0


class Watchdog:
    """Watches one event loop and its units."""

    def __init__(
        self,
        units: Units,
        end: End,
        check_seconds: float = CHECK_SECONDS,
        interrupted: Callable[[], object] = end_interrupted,
    ) -> None:
        self._interrupted = interrupted
        self._units = units
        self._end = end
        self._check_seconds = check_seconds
        self._beats = 0
        self._stop = threading.Event()
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; to be called on the event loop that is watched."""
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more; on the event loop."""
        self._stop.set()
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self) -> None:
        now = self._loop.time()
        self._units.stats.loop_lag.add(max(0.0, now - self._due))
        self._units.stats.beat_at = time.monotonic()
        self._beats += 1
        self._due = now + BEAT_SECONDS
        self._handle = self._loop.call_at(self._due, self._beat)

    def _watch(self) -> None:
        options = self._units.options
        silent = unready = 0.0
        beats = -1
        overdue: dict[int, tuple[float, float]] = {}
        was_ready = False
        quiet = 0.0  # for how long Kafka has not answered although it was asked
        heard: object = None
        away = False
        while not self._stop.wait(self._check_seconds):
            step = self._check_seconds
            silent = silent + step if beats == self._beats else 0.0
            beats = self._beats
            if silent >= options.silence_timeout_seconds:
                self._end("the event loop is silent", seconds=silent)
            overdue = self._commits(overdue, step)
            late = max((seconds for _, seconds in overdue.values()), default=0.0)
            # The loop's own timeout comes first; this is for a loop that does not get to it.
            if late >= options.commit_timeout_seconds + 5:
                self._end("a commit is overdue", seconds=late)
            before, heard = heard, self._heard()
            asked = self._units.ready or bool(overdue)
            quiet = quiet + step if asked and heard == before and not silent else 0.0
            if away != (quiet >= AWAY_SECONDS):
                away = not away
                self._say(away)
            if away and self._units.stopping:
                self._interrupted()
            was_ready = was_ready or self._units.ready
            unready = 0.0 if was_ready else unready + step
            if unready >= options.ready_timeout_seconds:
                self._end("not ready in time after the start", seconds=unready)

    def _heard(self) -> object:
        """Changes with every answer of Kafka's: one to a fetch, or to a commit."""
        units = list(self._units.live.values())
        return self._units.stats.heard_ms, sum(unit.stats.commits for unit in units)

    def _say(self, away: bool) -> None:
        options = self._units.options
        fields = {"kafka": options.client["bootstrap_servers"]}
        if away:
            log.warning(
                "Kafka is away: waiting for it; a commit that takes too long ends this worker",
                extra=fields | {"commit_timeout_seconds": options.commit_timeout_seconds},
            )
        else:
            log.warning("Kafka is back", extra=fields)

    def _commits(
        self, seen: dict[int, tuple[float, float]], step: float
    ) -> dict[int, tuple[float, float]]:
        # Of each unit: when its commit began, and for how long of our own time it has been seen.
        found: dict[int, tuple[float, float]] = {}
        for unit in list(self._units.live.values()):
            since = unit.busy_since
            if since is not None:
                began, seconds = seen.get(id(unit), (since, 0.0))
                found[id(unit)] = since, seconds + step if began == since else 0.0
        return found
