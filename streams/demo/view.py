"""What the demo shows: lines, pages, and the live table of `streams kpis`.

In: KPI records, read in a thread of its own. Out: the terminal; where there is none, a snapshot of
the table every ten seconds.
"""

import threading
import time
from typing import Any

import orjson
from rich.console import Console
from rich.live import Live

from streams.commands.kpis import table
from streams.errors import StreamsError
from streams.kafka.compacted import follow
from streams.settings import Settings
from streams.wall_clock import now_ms

WINDOW = "5m"
SNAPSHOT_SECONDS = 10.0
REDRAW_SECONDS = 1.0
LIVE_AGE_MS = 15_000
Record = dict[str, Any]


class Figures(threading.Thread):
    """The newest KPI record of each queue, as any downstream consumer would read them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="demo-figures", daemon=True)
        self._settings = settings
        self._records: dict[bytes, Record] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._problem: BaseException | None = None

    def run(self) -> None:
        """Follow the KPI topic until told to end; a failure is kept for whoever draws."""
        try:
            for pairs, _ in follow(self._settings, self._settings.topics.kpis):
                with self._lock:
                    self._records |= {key: orjson.loads(value) for key, value in pairs if value}
                if self._ending.is_set():
                    return
        except Exception as problem:
            self._problem = problem

    def check(self) -> None:
        """Raises StreamsError when the topic can no longer be read."""
        if self._problem is not None:
            raise StreamsError(f"the KPI topic cannot be read: {self._problem}")

    def records(self) -> list[Record]:
        """The newest of each queue."""
        with self._lock:
            return list(self._records.values())

    def are_live(self) -> bool:
        """Whether there are records, and every one is of this moment, the backlog counted."""
        return self.have_reached(now_ms() - LIVE_AGE_MS)

    def have_reached(self, at_ms: int) -> bool:
        """Whether there are records, and every one is of that moment or a later one."""
        records = self.records()
        return bool(records) and all(record["as_of"] >= at_ms for record in records)

    def close(self) -> None:
        """Reads no more."""
        self._ending.set()
        self.join(5)


class View:
    """Lines may come from any thread; `draw` and `close` belong to the main one."""

    def __init__(self) -> None:
        self._console = Console(soft_wrap=True, highlight=False)
        if not self._console.is_terminal:
            self._console.width = 120
        self._live: Live | None = None
        self._drawn = 0.0

    def say(self, text: str) -> None:
        """Prints above the table."""
        self._console.print(text, markup=False)
        self._console.file.flush()

    def page(self, text: str) -> None:
        """A line somebody would be woken by."""
        style = "bold white on red" if text.startswith("PAGE Q") else "yellow"
        clock = time.strftime("%H:%M:%S")
        self._console.print(f"{clock}  {text}", markup=False, style=style)
        self._console.file.flush()

    def draw(self, records: list[Record]) -> None:
        """Shows the table: in its place on a terminal, else again every ten seconds."""
        pause = REDRAW_SECONDS if self._console.is_terminal else SNAPSHOT_SECONDS
        if self._drawn and time.monotonic() - self._drawn < pause:
            return
        self._drawn = time.monotonic()
        shown = table(records, WINDOW, now_ms())
        if not self._console.is_terminal:
            self._console.print(shown)
            self.say("")
            return
        if self._live is None:
            self._live = Live(shown, console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(shown, refresh=True)

    def close(self) -> None:
        """Leaves the table as it is."""
        if self._live is not None:
            self._live.stop()
            self._live = None
