"""The demo's watch: Prometheus, Alertmanager with a fast copy of the rules, and who hears them.

In: the worker's metrics address. Out: one line for each page and ticket that begins or ends.
The rules, routes and texts are those of deploy/; only their timings are shorter (render.py there).
Where Debian's packages, or the project's deploy/ folder, are missing, the demo goes on without.
"""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from streams.demo.children import Child
from streams.errors import StreamsError
from streams.kafka.kafka_node import HOST

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("prometheus", "prometheus-alertmanager")
# Receivers of deploy/alertmanager that are people; the word each is shown with.
PEOPLE = {
    "oncall-operations": "PAGE",
    "oncall-engineering": "PAGE",
    "tickets-operations": "TICKET",
    "tickets-engineering": "TICKET",
}
WORKERS = "workers.json"
LARGEST_MESSAGE = 1 << 20
# A second less, and a busy small machine misses scrapes.
INTERVAL_SECONDS = 2


def missing() -> list[str]:
    """What the watch lacks on this machine; empty = all is there."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if not (ROOT / "deploy/prometheus/render.py").is_file():
        lacking.append("the folder deploy/ of the source tree")
    return lacking


class Receiver:
    """A webhook on a free loopback port; `hear` gets each line, in a thread of its own."""

    def __init__(self, hear: Callable[[str], object]) -> None:
        self._hear = hear
        self._known: dict[tuple[str, ...], str] = {}
        self._lock = threading.Lock()
        receiver = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), LARGEST_MESSAGE)
                receiver.take(self.path.rpartition("/")[2], self.rfile.read(length))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Hook)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="demo-webhook", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where notifications go; the receiver's name comes behind it."""
        return f"http://{HOST}:{self._server.server_address[1]}/hook"

    def take(self, receiver: str, body: bytes) -> None:
        """Says what is new in one notification. A repeated one says nothing."""
        word = PEOPLE.get(receiver)
        if word is None:
            return
        try:
            alerts = json.loads(body)["alerts"]
            for alert in alerts:
                self._alert(word, alert)
        except (ValueError, KeyError, TypeError):
            self._hear("a notification that cannot be read came from Alertmanager")

    def _alert(self, word: str, alert: Mapping[str, Mapping[str, str]]) -> None:
        labels = alert["labels"]
        name = labels["alertname"]
        place = (name, labels.get("tenant", ""), labels.get("queue", ""), labels.get("channel", ""))
        status = str(alert["status"])
        with self._lock:
            before, self._known[place] = self._known.get(place), status
        if status == before or (before is None and status == "resolved"):
            return
        if status == "resolved":  # its text would still be that of the beginning
            self._hear(f"{word} ENDED {name} {labels.get('queue', '')}".rstrip())
        else:  # the summary begins with the queue, where there is one
            self._hear(f"{word} {name} {alert['annotations'].get('summary', '')}")

    def close(self) -> None:
        """Hears no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def render(folder: Path, metrics_port: int, alertmanager_port: int, webhook: str) -> None:
    """Writes the fast copy of the rules and routes. Raises StreamsError."""
    command = [
        *[sys.executable, "-m", "deploy.prometheus.render", "--out", str(folder)],
        *["--target", f"{HOST}:{metrics_port}"],
        *["--alertmanager", f"{HOST}:{alertmanager_port}", "--webhook", webhook],
        *["--interval-seconds", str(INTERVAL_SECONDS)],
    ]
    scrape(folder, [metrics_port])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StreamsError(f"the demo's rules could not be written:\n{done.stderr}")
    config = folder / "prometheus.yml"
    fixed = f'static_configs: [{{targets: ["{HOST}:{metrics_port}"]}}]'
    found = f"file_sd_configs: [{{files: [{WORKERS}], refresh_interval: 1s}}]"
    config.write_text(config.read_text().replace(fixed, found))


def scrape(folder: Path, ports: Sequence[int]) -> None:
    """Tells Prometheus which workers there are."""
    folder.mkdir(exist_ok=True)
    part = folder / f"{WORKERS}.part"
    part.write_text(json.dumps([{"targets": [f"{HOST}:{port}" for port in ports]}]))
    part.replace(folder / WORKERS)


def start_alertmanager(folder: Path, port: int, log: Path, env: Mapping[str, str]) -> Child:
    """Alertmanager on `folder`/alertmanager.yml, without gossip."""
    command = [
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=alertmanager-data",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    return Child("Alertmanager", command, log, env, folder)


def start_prometheus(folder: Path, port: int, log: Path, env: Mapping[str, str]) -> Child:
    """Prometheus on `folder`/prometheus.yml."""
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=prometheus-data",
        "--storage.tsdb.retention.time=6h",
        f"--web.listen-address={HOST}:{port}",
    ]
    return Child("Prometheus", command, log, env, folder)
