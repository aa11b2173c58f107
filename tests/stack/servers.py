"""Real Prometheus, Alertmanager and small HTTP and mail servers for the tests of the stack.

Everything listens on a free loopback port, keeps its data in the test's own folder and is ended by
its process id. Nothing here waits a fixed time: `eventually` polls until a deadline.
"""

import base64
import json
import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from typing import Any, TypeVar

Got = TypeVar("Got")


def eventually(look: Callable[[], Got | None], what: str, seconds: float = 120) -> Got:
    """The first true thing `look` returns; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        got = look()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f"within {seconds} s: no {what}")


def call(url: str, body: Any = None) -> Any:
    """GET, or POST of a JSON body; the decoded JSON answer, None for an empty or plain one."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        raw = answer.read()
    return json.loads(raw) if raw[:1] in (b"{", b"[") else None


def ask(base: str, query: str) -> list[dict[str, Any]]:
    """The instant vector with which a Prometheus answers a query."""
    answer = call(f"{base}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    assert answer["status"] == "success", answer
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


@contextmanager
def _answering(server: TCPServer) -> Iterator[int]:
    """A bound server in threads of its own; yields the port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """An HTTP server on a free port, in threads of its own; yields the port."""
    with _answering(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        yield port


@contextmanager
def exposing(page: Callable[[], str]) -> Iterator[int]:
    """A metrics page whose text is made again at each scrape; yields the port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Page) as port:
        yield port


@contextmanager
def hearing() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A webhook; yields its port and the list of what it was sent, `path` added to each."""
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append({"path": self.path, **json.loads(body)})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Hook) as port:
        yield port, heard


@contextmanager
def mailbox(user: str, password: str) -> Iterator[tuple[int, list[EmailMessage]]]:
    """A mail server for whoever knows the password; yields its port and the mails it has taken."""
    mails: list[EmailMessage] = []
    plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    class Session(StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            with suppress(ConnectionError):  # Alertmanager ends while it is connected
                self.serve()

        def serve(self) -> None:
            self.say("220 mail.test ESMTP")
            known = False
            for raw in self.rfile:
                line = raw.decode().strip()
                verb = line.upper().partition(" ")[0]
                if verb == "EHLO":
                    self.say("250-mail.test")
                    self.say("250 AUTH PLAIN")
                elif verb == "AUTH":
                    known = line == f"AUTH PLAIN {plain}"
                    self.say("235 welcome" if known else "535 who are you?")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                elif not known:
                    self.say("530 authentication required")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    whole = b"".join(line.removeprefix(b".") for line in lines)
                    mails.append(message_from_bytes(whole, policy=policy.default))
                    self.say("250 taken")
                else:
                    self.say("250 fine")

    with _answering(ThreadingTCPServer(("127.0.0.1", 0), Session)) as port:
        yield port, mails


@contextmanager
def _running(command: list[str], folder: Path, log: Path, zone: str = "UTC") -> Iterator[str]:
    """Starts a server that logs `Listening on … address=HOST:PORT`; yields http://HOST:PORT."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"TZ": zone},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:

        def address() -> str | None:
            assert process.poll() is None, log.read_text()
            # Alertmanager also names its gossip port: the first line is the web server's.
            found = re.search(r"Listening on.*address=(127\.0\.0\.1:\d+)", log.read_text())
            return found[1] if found else None

        base = "http://" + eventually(address, f"address in {log.name}")

        def ready() -> bool:
            try:
                with urllib.request.urlopen(f"{base}/-/ready", timeout=2) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                return False

        eventually(ready, f"readiness of {command[0]}")
        yield base
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Prometheus on `folder`/prometheus.yml; yields its base URL."""
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        "--storage.tsdb.retention.time=2h",
        "--web.listen-address=127.0.0.1:0",
    ]
    with _running(command, folder, folder / "prometheus.log") as base:
        yield base


@contextmanager
def alertmanager(folder: Path, zone: str = "UTC") -> Iterator[str]:
    """Alertmanager on `folder`/alertmanager.yml, without gossip; yields its base URL."""
    command = [
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=am-data",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    with _running(command, folder, folder / "alertmanager.log", zone) as base:
        yield base
