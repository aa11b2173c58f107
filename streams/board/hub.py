"""Server-sent events: one stream of frames per filter, shared by every browser that has it.

In: the store. Out: bytes for each browser. Four times a second the hub takes the changed keys and
encodes them once a filter, however many browsers there are; a ring keeps the last frames.
Thousands of queues that all change are sent every few seconds, so that a browser keeps up.
Invariant: nothing is buffered per browser. One that falls off the ring, or does not take a frame in
time (see `server`), is dropped; it reconnects and gets everything again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

import orjson

from streams.board.alerts import AlertWatch
from streams.board.query import Filter
from streams.board.store import Changes, Store
from streams.contract.words import QueueKey
from streams.wall_clock import now_ms

TICK_SECONDS = 0.25
STATUS_SECONDS = 2.0
RING_FRAMES = 120  # at least 30 s of small changes; fewer when hundreds of queues change at once
RING_PUBLISHED = 3  # but always as much as the last changes made, so often
BYTES_A_SECOND = 4_000_000  # more a browser does not read and draw
CHUNK_RECORDS = 20  # records a frame: no frame is much above 100 KB


class DroppedError(Exception):
    """This browser is too far behind."""


class FullError(Exception):
    """As many browsers are connected as are allowed."""


def frame(event: str, body: bytes) -> bytes:
    """One server-sent event. `body` is JSON on one line."""
    return b"event: " + event.encode() + b"\ndata: " + body + b"\n\n"


def _listing(name: str, items: list[bytes], gone: list[QueueKey], at_ms: int) -> bytes:
    return frame(
        name,
        b'{"server_ms":%d,"items":[%b],"gone":%b}' % (at_ms, b",".join(items), orjson.dumps(gone)),
    )


@dataclass(slots=True)
class Group:
    """The frames of one filter. `last` is the number of the newest one."""

    wanted: Filter
    ring: deque[bytes] = field(default_factory=deque)
    room: int = RING_FRAMES
    last: int = 0
    members: int = 0
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    snapshot: tuple[int, list[bytes]] | None = None

    def add(self, content: bytes) -> None:
        """Append a frame and wake the browsers that wait for one."""
        self.ring.append(content)
        while len(self.ring) > self.room:
            self.ring.popleft()
        self.last += 1
        self.grown.set()
        self.grown = asyncio.Event()

    def after(self, seen: int) -> list[bytes]:
        """The frames after number `seen`. Raises DroppedError if some have left the ring."""
        behind = self.last - seen
        if behind > len(self.ring):
            raise DroppedError
        return list(self.ring)[len(self.ring) - behind :]


class Hub:
    """Lives on the web server's event loop."""

    def __init__(
        self,
        store: Store,
        status: Callable[[], Mapping[str, object]],
        alerts: AlertWatch,
        max_browsers: int = 1_000,
    ) -> None:
        self._store = store
        self._status = status
        self._alerts = alerts
        self._max_browsers = max_browsers
        self._groups: dict[Filter, Group] = {}
        self.browsers = 0
        self.dropped = 0

    async def run(self) -> None:
        """Make frames until cancelled."""
        next_status = next_changes = 0.0
        alerts = self._alerts.number
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= next_changes and (changes := self._store.take_changes()):
                sent = [self._publish(group, changes) for group in self._groups.values()]
                next_changes = loop.time() + max(sent, default=0) / BYTES_A_SECOND
            if alerts != self._alerts.number:
                alerts = self._alerts.number
                for group in self._groups.values():
                    group.add(self._alerts_frame(group.wanted))
            if loop.time() >= next_status:
                next_status = loop.time() + STATUS_SECONDS
                content = self.status_frame()
                for group in self._groups.values():
                    group.add(content)
            await asyncio.sleep(TICK_SECONDS)

    def status_frame(self) -> bytes:
        """How feed, workers and data are; also the sign of life a browser waits for."""
        return frame("status", orjson.dumps({"server_ms": now_ms(), **self._status()}))

    def _alerts_frame(self, wanted: Filter) -> bytes:
        return frame("alerts", b'{"server_ms":%d,%b' % (now_ms(), self._alerts.wanted(wanted)[1:]))

    def _publish(self, group: Group, changes: Changes) -> int:
        """Make the changes' frames for one filter; returns how many bytes they are."""
        frames = self._frames(group.wanted, changes.kpis, changes.history)
        # Half of what it was at least: few changes after many must not drop who still reads those.
        group.room = max(RING_FRAMES, RING_PUBLISHED * len(frames), group.room // 2)
        for content in frames:
            group.add(content)
        return sum(map(len, frames))

    def _frames(
        self, wanted: Filter, kpis: tuple[QueueKey, ...], history: tuple[QueueKey, ...]
    ) -> list[bytes]:
        at_ms = now_ms()
        made = []
        keys = [key for key in kpis if wanted.matches(key)]
        for start in range(0, len(keys), CHUNK_RECORDS):
            items, gone = self._store.views(keys[start : start + CHUNK_RECORDS], wanted.window)
            made.append(_listing("kpis", items, gone, at_ms))
        keys = [key for key in history if wanted.matches(key)]
        for start in range(0, len(keys), CHUNK_RECORDS):
            items = self._store.sparks(keys[start : start + CHUNK_RECORDS])
            if items:
                made.append(_listing("history", items, [], at_ms))
        return made

    async def frames(self, wanted: Filter) -> AsyncGenerator[bytes, None]:
        """Everything for one browser: first all records, then each change.

        Raises FullError at once, DroppedError when the browser is too far behind.
        """
        if self.browsers >= self._max_browsers:
            raise FullError
        group = self._groups.setdefault(wanted, Group(wanted))
        self.browsers += 1
        group.members += 1
        try:
            seen, everything = self._everything(group)
            yield frame("hello", orjson.dumps({"server_ms": now_ms(), "window": wanted.window}))
            yield self.status_frame()
            yield self._alerts_frame(wanted)
            for content in everything:
                yield content
            yield frame("ready", orjson.dumps({"server_ms": now_ms()}))
            while True:
                grown = group.grown
                missing = group.after(seen)
                seen = group.last
                for content in missing:
                    yield content
                if not missing:
                    await grown.wait()
        finally:
            self.browsers -= 1
            group.members -= 1
            if group.members == 0:
                self._groups.pop(wanted, None)

    def _everything(self, group: Group) -> tuple[int, list[bytes]]:
        # 200 browsers that come back together after a restart share one snapshot
        if group.snapshot is None or group.snapshot[0] != group.last:
            keys = tuple(self._store.names())
            group.snapshot = (group.last, self._frames(group.wanted, keys, keys))
        return group.snapshot
