"""A board in a thread of its own, on a free port, fed by the test; and an event reader."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Self

import orjson
from aiohttp import ClientResponse, web

from streams.board.server import Board, Options, runner_of
from streams.board.store import Store
from tests.board.records import Record, key_of, value_of


def now_ms() -> int:
    """Wall clock, ms."""
    return time.time_ns() // 1_000_000


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Return as soon as `holds()` is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def put(store: Store, records: Iterable[Record]) -> None:
    """Put KPI records into a store as the feed does."""
    for record in records:
        assert store.put_kpi(key_of(record), value_of(record))


class Serving:
    """`with Serving(store) as board:` serves until the end; `port` may be an earlier one's."""

    def __init__(self, store: Store, port: int = 0, **options: Any) -> None:
        self.store = store
        self.board = Board(store, Options(**options))
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._ending: asyncio.Event

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(10)
            assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        runner = runner_of(self.board, shutdown_seconds=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._ending.wait()
        await runner.cleanup()


async def events(response: ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The events of an open stream."""
    buffer = b""
    async for chunk in response.content.iter_any():
        buffer += chunk
        *whole, buffer = buffer.split(b"\n\n")
        for part in whole:
            name, data = part.decode().split("\n", 1)
            yield name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))
