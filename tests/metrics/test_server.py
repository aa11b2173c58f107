"""The worker's web server: pages, probes and what is wrong with the port."""

import contextlib
import gzip
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from streams.errors import ConfigError
from streams.metrics import server as server_module
from streams.metrics.server import MetricsServer
from tests.examples import examples
from tests.metrics.stand_in import START, StandIn, Unit, call, centre, families_of


class Served:
    """A running server, its stand-in for a worker, and a client."""

    def __init__(self) -> None:
        self.worker = StandIn(centre(metrics_port=0))
        parts = (self.worker.units, self.worker.intake, self.worker.queues)
        self.server = MetricsServer(self.worker.settings, *parts)
        self.port = self.server.start()

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes, str]:
        """Status, content type, body as sent, its encoding."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            answer = urllib.request.urlopen(
                urllib.request.Request(url, headers=named, method=method), timeout=20
            )
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            told = answer.headers
            return (
                answer.status,
                told["Content-Type"],
                answer.read(),
                told.get("Content-Encoding", ""),
            )


@pytest.fixture
def served() -> Iterator[Served]:
    """A server on a free port."""
    running = Served()
    yield running
    running.server.stop()


def test_a_page_in_the_format_that_was_asked_for(served: Served) -> None:
    """Plain text by default, OpenMetrics for Prometheus, compressed only where that is accepted."""
    status, kind, body, encoding = served.get("/metrics")
    assert (status, kind, encoding) == (200, "text/plain; version=0.0.4; charset=utf-8", "")
    assert "contacts_offered_total" in families_of(body.decode())
    asked = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"
    status, kind, body, encoding = served.get("/metrics?x=1", Accept=asked, Accept_Encoding="gzip")
    expected = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert (status, kind, encoding) == (200, expected, "gzip")
    assert list(parse_openmetrics(gzip.decompress(body).decode()))


def test_other_paths_and_methods(served: Served) -> None:
    """404 names what there is; HEAD has no body; nothing can be written."""
    status, _, body, _ = served.get("/")
    assert (status, body) == (404, b"/metrics, /livez or /readyz\n")
    assert served.get("/metrics", "HEAD")[::2] == (200, b"")
    assert served.get("/metrics", "POST")[0] == 501


def test_live_is_a_matter_of_the_event_loop(served: Served) -> None:
    """Alive while it starts and beats, 503 with the reason when it is silent."""
    stats = served.worker.units.stats
    assert served.get("/livez")[::2] == (200, b"starting\n")
    stats.beat_at = time.monotonic()
    assert served.get("/livez")[::2] == (200, b"alive\n")
    stats.beat_at -= 30
    status, _, body, _ = served.get("/livez")
    assert status == 503
    assert body.startswith(b"the event loop has been silent for 3")
    assert served.get("/metrics")[0] == 200, "the page is not the loop's"


def test_ready_is_assigned_and_loaded(served: Served) -> None:
    """503 says what is missing; a broker that is gone later changes nothing."""
    units = served.worker.units
    assert served.get("/readyz")[::2] == (200, b"ready\n")
    units.ready = False
    assert served.get("/readyz")[::2] == (503, b"waiting for an assignment\n")
    units.live["queues", 1] = Unit(epoch=0)
    units.stats.units["queues", 1].restore_remaining = 12
    assert served.get("/readyz")[::2] == (503, b"loading queues 1; 12 changelog records left\n")


def test_a_taken_port_is_said(served: Served) -> None:
    """The message has the setting, the address, the reason and the way out; a bad host too."""
    parts = (served.worker.units, served.worker.intake, served.worker.queues)
    second = MetricsServer(centre(metrics_port=served.port), *parts)
    with pytest.raises(
        ConfigError, match=rf"metrics_port: .* port {served.port} .*in use.*0 = any"
    ):
        second.start()
    unknown = MetricsServer(centre(metrics_host="no-such-host.invalid"), *parts)
    with pytest.raises(ConfigError, match=r"metrics_host, .* no-such-host\.invalid port"):
        unknown.start()


def test_a_stopped_server_gives_its_port_back() -> None:
    """Stopping twice is fine, and the next server may have the port."""
    first = Served()
    first.server.stop()
    first.server.stop()
    parts = (first.worker.units, first.worker.intake, first.worker.queues)
    second = MetricsServer(centre(metrics_port=first.port), *parts)
    assert second.start() == first.port
    second.stop()


def test_pages_are_whole_while_the_stages_go_on(served: Served) -> None:
    """Scrapes in several threads beside a worker that counts: every page parses and adds up."""
    done = threading.Event()
    failures: list[BaseException] = []

    def scrape() -> None:
        try:
            while not done.is_set():
                page = families_of(served.get("/metrics")[2].decode())
                waits = page["wait_seconds"].samples
                for count in (s for s in waits if s.name.endswith("_count")):
                    last = next(s for s in waits if s.labels == {**count.labels, "le": "+Inf"})
                    assert last.value == count.value
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=scrape) for _ in range(3)]
    for thread in threads:
        thread.start()
    worker = served.worker
    for number in range(examples(60)):
        queue = {"queue": f"new-{number}"}
        at = START + number * 1_000
        worker.send(*({**event, **queue} for event in call(f"c{number}", at, answered=2)))
        worker.turn()
    done.set()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("said", [b"", b"GET /met", b"GET /livez HTTP/1.1\r\nHost: x\r\nX: "])
def test_probes_are_answered_while_hundreds_hold_connections_open(
    served: Served, said: bytes
) -> None:
    """Idle or in the middle of a request: they keep nobody out, and few of them are kept."""
    held = []
    try:
        for _ in range(400):
            held.append(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            held[-1].sendall(said)
        for _ in range(3):
            assert served.get("/livez")[0] == 200
            assert served.get("/readyz")[0] == 200
            assert served.get("/metrics")[0] == 200
        # The first ones were sent away: reading ends, at once or with a reset.
        for early in held[: 400 - server_module.MAX_CONNECTIONS]:
            with contextlib.suppress(ConnectionResetError):
                assert early.recv(1) == b""
    finally:
        for connection in held:
            connection.close()


def lazy_readers(served: Served) -> list[socket.socket]:
    """As many as may have a page at once, each with one that it does not take."""
    big = b"x" * 30_000_000
    asked = threading.Semaphore(0)

    def page(openmetrics: bool) -> bytes:
        asked.release()
        return big

    served.server.collector.page = page  # type: ignore[method-assign]
    held = []
    for _ in range(server_module.MAX_PAGES):
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect(("127.0.0.1", served.port))
        lazy.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        held.append(lazy)
    for _ in held:
        assert asked.acquire(timeout=60), "the pages were never asked for"
    served.server.collector.page = lambda openmetrics: b"small"  # type: ignore[method-assign]
    return held


def test_pages_that_are_read_at_once_are_few(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further one is told so, probes are answered meanwhile, and who leaves makes room."""
    monkeypatch.setattr(server_module, "SEND_SECONDS", 600.0)
    held = lazy_readers(served)
    assert served.get("/metrics")[0] == 503
    assert served.get("/livez")[0] == 200
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 60
    while served.get("/metrics")[0] != 200:
        assert time.monotonic() < deadline, "no room was made"


def test_a_page_that_nobody_takes_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds its memory for a while only, also where its reader stays."""
    monkeypatch.setattr(server_module, "SEND_SECONDS", 0.5)
    held = lazy_readers(served)
    deadline = time.monotonic() + 60
    while served.get("/metrics")[0] != 200:
        assert time.monotonic() < deadline, "never given up"
    for connection in held:
        connection.close()


def test_failed_requests_are_one_line_without_what_they_said(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can fill the log by asking, or write into it."""
    caplog.set_level(logging.DEBUG)
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer secret\xff\r\n")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
            client.sendall(b"secret \xff\xfe / HTTP/9.9\r\n\r\n")
            client.recv(1_000)
    assert served.get("/livez")[0] == 200
    assert "secret" not in caplog.text
    assert len(caplog.records) <= 1
