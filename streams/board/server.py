"""The web server: pages, events, JSON; everything it serves is in this folder.

In: requests. Out: static files held in memory, `/events` from the hub, `/api/*` from the store.
Invariant: a request cannot make the board buffer without end, read a file, or reach Kafka.
"""

import asyncio
import gzip
import hashlib
import logging
import urllib.parse
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from streams.board import access as guard
from streams.board import query
from streams.board.alerts import AlertWatch
from streams.board.hub import DroppedError, FullError, Hub
from streams.board.store import Store
from streams.contract.limits import MAX_NAME
from streams.contract.words import CHANNELS
from streams.logs import SeldomFilter
from streams.wall_clock import now_ms

logger = logging.getLogger(__name__)
#: Of aiohttp: its lines and tracebacks quote the request, its token among it.
_requests = logging.getLogger(f"{__name__}.requests")
_requests.addFilter(SeldomFilter("requests failed"))

STATIC = Path(__file__).parent / "static"
MIME = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
WORKER_SECONDS = 3.0
PAGES = {"/": "index.html", "/queue": "queue.html", "/quality": "quality.html"}


@dataclass(frozen=True, slots=True)
class Options:
    """How the board is served.

    `workers` are base addresses whose `/readyz` is asked, `alertmanager` the one of the alerts
    (`alertmanager_login` is the header Authorization). A browser that does not take a frame within
    `stall_seconds` is dropped.
    """

    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    token: str | None = None
    workers: tuple[str, ...] = ()
    alertmanager: str | None = None
    alertmanager_login: str | None = None
    stale_seconds: float = 30.0
    stall_seconds: float = 10.0
    max_browsers: int = 1_000


@dataclass(frozen=True, slots=True)
class File:
    """One static file, plain and compressed."""

    content: bytes
    packed: bytes
    mime: str
    etag: str


def load_files(folder: Path = STATIC) -> dict[str, File]:
    """All files of the page by their path below the folder."""
    files = {}
    for path in sorted(folder.rglob("*")):
        mime = MIME.get(path.suffix)
        if mime is None or not path.is_file():
            continue
        content = path.read_bytes()
        packed = b"" if path.suffix == ".woff2" else gzip.compress(content, mtime=0)
        etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        files[path.relative_to(folder).as_posix()] = File(content, packed, mime, etag)
    return files


class Board:
    """The handlers and the background tasks of one server."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.alerts = AlertWatch(options.alertmanager, options.alertmanager_login)
        self.hub = Hub(store, self.status, self.alerts, options.max_browsers)
        self._files = load_files()
        self._workers: dict[str, dict[str, object]] = {}

    def status(self) -> dict[str, object]:
        """How feed, workers and data are, for the page's status line and quality strip."""
        feed = self.store.feed()
        return {
            "kafka": {"state": feed.state, "since_ms": feed.since_ms, "detail": feed.detail},
            "alerts": asdict(self.alerts.state),
            "workers": list(self._workers.values()),
            "quality": self.store.quality(),
            "stale_ms": round(self.options.stale_seconds * 1000),
            **self.store.counts(),
        }

    def app(self) -> web.Application:
        """The aiohttp application; its background tasks start and end with it."""
        check = guard.make_guard(self.options.host, self.options.allowed_hosts, self.options.token)
        app = web.Application(middlewares=[guard.middleware(check)])
        app.router.add_get("/", self._page)
        app.router.add_get("/queue", self._page)
        app.router.add_get("/quality", self._page)
        app.router.add_get("/static/{name:.+}", self._static)
        app.router.add_get("/events", self._events)
        app.router.add_get("/api/kpis", self._kpis)
        app.router.add_get("/api/intervals", self._intervals)
        app.router.add_get("/api/compared", self._compared)
        app.router.add_get("/api/status", self._status)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.cleanup_ctx.append(self._background)
        return app

    async def _background(self, _app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.hub.run())]
        if self.options.workers:
            tasks.append(asyncio.create_task(self._ask_workers()))
        if self.options.alertmanager:
            tasks.append(asyncio.create_task(self.alerts.run()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_workers(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=2)) as session:
            while True:
                for address in self.options.workers:
                    self._workers[address] = await _ready(session, address)
                await asyncio.sleep(WORKER_SECONDS)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        one = request.path == "/queue"
        mistakes: list[str] = []
        for check in (_filter_of, _one_queue) if one else (_filter_of,):
            try:
                check(request)
            except query.BadQueryError as bad:
                mistakes += [line for line in bad.mistakes if line not in mistakes]
        if mistakes:
            return _refuse(query.BadQueryError(mistakes))
        return self._send(PAGES[request.path], request)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._send(request.match_info["name"], request)

    def _send(self, name: str, request: web.Request) -> web.StreamResponse:
        file = self._files.get(name)
        if file is None:
            return web.Response(status=404, text="Not found\n")
        headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("If-None-Match") == file.etag:
            return web.Response(status=304, headers=headers)
        body = file.content
        if file.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = file.packed
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers={**headers, "Content-Type": file.mime})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            wanted = _filter_of(request)
        except query.BadQueryError as bad:
            return _refuse(bad)
        frames = self.hub.frames(wanted)
        try:
            first = await anext(frames)
        except FullError:
            return web.Response(
                status=503, text="Too many browsers.\n", headers={"Retry-After": "10"}
            )
        response = web.StreamResponse(
            headers={
                **guard.HEADERS,
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        try:
            await response.prepare(request)
            await response.write(first)
            async for content in frames:
                # returns when the browser has room; one that does not read is not waited for
                await asyncio.wait_for(response.write(content), self.options.stall_seconds)
        except (TimeoutError, DroppedError):
            self.hub.dropped += 1
            logger.info("a browser that does not read was dropped")
            if request.transport is not None:
                request.transport.abort()
        except ConnectionResetError:
            pass  # it left
        finally:
            await frames.aclose()
        return response

    async def _kpis(self, request: web.Request) -> web.StreamResponse:
        try:
            wanted = _filter_of(request)
        except query.BadQueryError as bad:
            return _refuse(bad)
        keys = sorted(key for key in self.store.names() if wanted.matches(key))
        if request.query.get("window"):
            items, _ = self.store.views(keys, wanted.window)
        else:
            items = self.store.raw(keys)
        return _json(items, "kpis")

    async def _intervals(self, request: web.Request) -> web.StreamResponse:
        try:
            key = _one_queue(request)
        except query.BadQueryError as bad:
            return _refuse(bad)
        return _json(self.store.intervals(key), "intervals")

    async def _compared(self, request: web.Request) -> web.StreamResponse:
        try:
            key = _one_queue(request)
        except query.BadQueryError as bad:
            return _refuse(bad)
        at_ms = now_ms()
        found = {"server_ms": at_ms, **self.store.past.compare(key, at_ms)}
        return web.json_response(
            body=orjson.dumps(found) + b"\n", headers={"Cache-Control": "no-store"}
        )

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(body=orjson.dumps({"server_ms": now_ms(), **self.status()}))

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        # alive means this loop answers; Kafka is no reason to restart the board
        feed = self.store.feed()
        return web.json_response(
            {"status": "ok", "kafka": feed.state, "browsers": self.hub.browsers}
        )

    async def _readyz(self, _request: web.Request) -> web.StreamResponse:
        state = self.store.feed().state
        return web.json_response({"kafka": state}, status=200 if state == "live" else 503)


def runner_of(board: Board, shutdown_seconds: float) -> web.AppRunner:
    """What serves the board; requests are not logged, and of those that fail one a minute."""
    return web.AppRunner(
        board.app(), access_log=None, logger=_requests, shutdown_timeout=shutdown_seconds
    )


def _filter_of(request: web.Request) -> query.Filter:
    """The filter of a request. Raises BadQueryError."""
    # `queue` names the one queue of its own page and is no filter
    own = "queue" if request.path == "/queue" else None
    return query.parse((name, value) for name, value in request.query.items() if name != own)


def _one_queue(request: web.Request) -> tuple[str, str, str]:
    """Tenant, queue and channel of a page or request about one queue. Raises BadQueryError."""
    wanted = dict(request.query)
    mistakes = []
    channel = wanted.get("channel", "voice")
    if channel not in CHANNELS:
        mistakes.append(f"channel: {query.shown(channel)} is not one of {', '.join(CHANNELS)}")
    queue = wanted.get("queue", "")
    if not 0 < len(queue) <= MAX_NAME:
        mistakes.append(f"queue: needs a name of 1 to {MAX_NAME} characters")
    if mistakes:
        raise query.BadQueryError(mistakes)
    return wanted.get("tenant") or "default", queue, channel


def _refuse(bad: query.BadQueryError) -> web.Response:
    return web.json_response(
        {"error": "query parameters", "mistakes": bad.mistakes},
        status=400,
        content_type="application/problem+json",
    )


def _json(items: Sequence[bytes], name: str) -> web.Response:
    body = b'{"server_ms":%d,"%b":[%b]}\n' % (now_ms(), name.encode(), b",".join(items))
    return web.Response(
        body=body, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _ready(session: ClientSession, address: str) -> dict[str, object]:
    """What the page says of a worker: `reason` is a word it has a sentence for."""
    where = urllib.parse.urlsplit(address).netloc
    detail, reason, ready = "", "", False
    try:
        async with session.get(address.rstrip("/") + "/readyz") as answer:
            ready = answer.status == 200
            if not ready:
                reason = "said"
                detail = (await answer.content.read(200)).decode().strip()
    except TimeoutError:
        reason = "silent"
    except OSError:  # no connection: aiohttp's errors of that kind are of this one too
        reason = "unreachable"
    except (ClientError, ValueError):
        reason = "garbled"
    return {"name": where, "ready": ready, "reason": reason, "detail": detail}
