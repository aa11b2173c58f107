"""The worker's own web server: /metrics, /livez, /readyz (layer 5).

In: requests of Prometheus and of whatever watches the process. Out: a page, or 200 or 503 with the
reason in words. Invariant: it runs in threads of its own and never waits for the event loop, so it
answers while the loop is busy or hangs. It listens on `metrics_host`, the loopback unless set.
It holds at most `MAX_CONNECTIONS`: a further one takes the place of the one that has waited longest
without asking anything, so whoever holds connections open keeps nobody out.
"""

import gzip
import logging
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from prometheus_client.exposition import choose_encoder, gzip_accepted

from streams.errors import ConfigError
from streams.faustkit.stats import KitStats
from streams.logs import SeldomFilter
from streams.metrics.collector import MetricsCollector
from streams.metrics.families import OPENMETRICS_TYPE, PLAIN_TYPE
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.settings import Settings

log = logging.getLogger(__name__)
log.addFilter(SeldomFilter("metrics requests failed"))

#: The event loop counts as hung after this long without a heartbeat (one is due every 0.5 s).
SILENT_SECONDS = 10.0
#: A connection that says nothing for this long is closed.
IDLE_SECONDS = 60.0
#: An answer that is not taken within this time is given up.
SEND_SECONDS = 15.0
#: Connections at a time, each with a thread.
MAX_CONNECTIONS = 64
#: Pages at a time: one of 2,000 queues is 20 MB until it is taken.
MAX_PAGES = 4
TEXT_TYPE = "text/plain; charset=utf-8"


class UnitView(Protocol):
    """What is asked of one unit."""

    @property
    def epoch(self) -> int: ...


class UnitsView(Protocol):
    """What is asked of the units; `faustkit.units.Units` is one."""

    @property
    def stats(self) -> KitStats: ...
    @property
    def ready(self) -> bool: ...
    @property
    def epoch(self) -> int: ...
    @property
    def live(self) -> Mapping[tuple[str, int], UnitView]: ...


class MetricsServer:
    """Serves one worker; `start` once, `stop` once."""

    def __init__(
        self, settings: Settings, units: UnitsView, intake: IntakeMeter, queues: QueueMeter
    ) -> None:
        self.collector = MetricsCollector(settings, units.stats, intake, queues)
        self.port = 0
        self._settings, self._units = settings, units
        self._server: _Server | None = None

    def start(self) -> int:
        """Serve from now on; returns the port. Raises ConfigError where it cannot listen."""
        host, port = self._settings.metrics_host, self._settings.metrics_port
        try:
            self._server = _Server(host, port, self)
        except OSError as problem:
            mistake = (
                f"metrics_host, metrics_port: cannot listen on {host} port {port} "
                f"({problem.strerror}); set another port (--metrics-port, STREAMS_METRICS_PORT; "
                "0 = any free one) or host"
            )
            raise ConfigError([mistake]) from problem
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        ).start()
        return self.port

    def stop(self) -> None:
        """Serve no more; the port is free when this returns."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def alive(self) -> tuple[bool, str]:
        """Whether the event loop beats, and in words; a process that is starting is alive."""
        beat = self._units.stats.beat_at
        if not beat:
            return True, "starting"
        silent = time.monotonic() - beat
        if silent > SILENT_SECONDS:
            return False, f"the event loop has been silent for {silent:.0f} s"
        return True, "alive"

    def ready(self) -> tuple[bool, str]:
        """Whether an assignment is there and loaded, and what is missing."""
        units = self._units
        if units.ready:
            return True, "ready"
        waiting = [key for key, unit in dict(units.live).items() if unit.epoch != units.epoch]
        if not waiting:
            return False, "waiting for an assignment"
        left = sum(unit.restore_remaining for unit in units.stats.units.copy().values())
        names = ", ".join(f"{stage} {partition}" for stage, partition in sorted(waiting))
        return False, f"loading {names}; {left} changelog records left"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, metrics: MetricsServer) -> None:
        self.metrics = metrics
        self.pages = threading.BoundedSemaphore(MAX_PAGES)
        #: Whether each is being answered; the one that has waited longest comes first.
        self._open: dict[object, bool] = {}
        self._lock = threading.Lock()
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, _, _, _, address = found[0]
        super().__init__((str(address[0]), port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service for this machine's name, which may take seconds.
        super(ThreadingHTTPServer, self).server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """A new connection: it gets a thread, and its place from another where there is none."""
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                waiting = (other for other, answered in self._open.items() if not answered)
                victim: Any = next(waiting, next(iter(self._open)))
                del self._open[victim]
                with suppress(OSError):
                    victim.shutdown(socket.SHUT_RDWR)  # its thread sees the end and closes it
            self._open[request] = False
        super().process_request(request, client_address)

    def mark(self, request: object, answered: bool) -> None:
        """Whether the connection is being answered or waits from now on."""
        with self._lock:
            if self._open.pop(request, None) is not None:
                self._open[request] = answered

    def shutdown_request(self, request: Any) -> None:
        """The connection is over."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        # Called while the exception is handled; mostly a client that went away.
        log.info("metrics requests failed", exc_info=sys.exception())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answer one request."""
        self.server.mark(self.connection, True)
        # For the answer as a whole: a reader may not take it byte by byte.
        self.connection.settimeout(SEND_SECONDS)
        self._answer()
        self.connection.settimeout(IDLE_SECONDS)
        self.server.mark(self.connection, False)

    def _answer(self) -> None:
        metrics = self.server.metrics
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._page(metrics.collector)
        elif path == "/livez":
            self._say(*metrics.alive())
        elif path == "/readyz":
            self._say(*metrics.ready())
        else:
            self._send(HTTPStatus.NOT_FOUND, TEXT_TYPE, b"/metrics, /livez or /readyz\n")

    def do_HEAD(self) -> None:
        """The same without the body."""
        self.do_GET()

    def _page(self, collector: MetricsCollector) -> None:
        if not self.server.pages.acquire(blocking=False):
            self._say(False, "too many pages are being read")
            return
        try:
            self._send_page(collector)
        finally:
            self.server.pages.release()

    def _send_page(self, collector: MetricsCollector) -> None:
        _, wanted = choose_encoder(self.headers.get("Accept", ""))
        openmetrics = wanted.startswith("application/openmetrics-text")
        body = collector.page(openmetrics)
        zipped = gzip_accepted(self.headers.get("Accept-Encoding", ""))
        if zipped:
            # Level 9 takes six times as long for a tenth less.
            body = gzip.compress(body, compresslevel=1)
        kind = OPENMETRICS_TYPE if openmetrics else PLAIN_TYPE
        self._send(HTTPStatus.OK, kind, body, zipped)

    def _say(self, good: bool, words: str) -> None:
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, TEXT_TYPE, f"{words}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, zipped: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """No line for each scrape."""
