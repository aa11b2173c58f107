"""`streams demo`: everything on this machine, from an empty folder to a page, and to nothing again.

Kafka, topics, a simulated centre whose last 30 minutes are sent first, a worker, the wallboard,
and, where they are installed, Prometheus and Alertmanager with the project's own rules, faster.
Ends on Ctrl-C, SIGTERM, after DEMO_SECONDS seconds of showing, or with a part that failed (exit
1). At the end the figures are compared with what the simulator knows to have happened.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from streams import settings as settings_module
from streams.demo import alerts as demo_alerts
from streams.demo.children import Child, Ports, answers
from streams.demo.comparison import differences, sums
from streams.demo.view import Figures, View
from streams.errors import StreamsError, UsageError
from streams.kafka.kafka_node import HOST
from streams.kafka.local_kafka import KAFKA_VERSION, LocalKafka
from streams.settings import Settings

HELP = "everything on this machine: Kafka, worker, simulated centre, wallboard"
EXAMPLE = "streams demo\nDEMO_SECONDS=120 streams demo --dir demo-files"
BACKLOG_MINUTES = 30
START_SECONDS = 90.0
AGREE_SECONDS = 15.0
LOOK_SECONDS = 0.25


class _Asked(Exception):  # noqa: N818 - not an error
    """Somebody wants the demo to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add("--dir", type=Path, metavar="D", help="keep data and logs there (default: a temporary one)")
    add(
        "--seconds", type=_seconds, metavar="N", default=os.environ.get("DEMO_SECONDS"),
        help="end by itself after showing figures for so long (DEMO_SECONDS; default: Ctrl-C)",
    )  # fmt: skip


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not value > 0:
        raise argparse.ArgumentTypeError("needs a number of seconds above 0 (also DEMO_SECONDS)")
    return value


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Runs until it is asked to end; raises StreamsError when a part of it fails."""
    del settings  # it brings everything itself, its configuration too
    for name in ("bootstrap", "config"):
        if getattr(args, name) is not None:
            raise UsageError(
                f"--{name} does not go with demo: it brings its own Kafka and settings"
            )
    folder, temporary = _folder(args.dir)
    view = View()
    demo = Demo(folder, view)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, demo.asked)
    try:
        demo.show(args.seconds)
    except BaseException:
        view.say(f"data and logs stay in {folder}")
        raise
    if temporary:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        view.say(f"data and logs are in {folder}")
    return 0


def _folder(wanted: Path | None) -> tuple[Path, bool]:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="streams-demo-")), True
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(wanted.iterdir()):
            # A second centre in the same topics would be counted with the first.
            raise StreamsError(f"--dir {wanted} is not empty: name a new one, or remove it")
    except OSError as problem:
        raise StreamsError(
            f"--dir {wanted}: cannot be a folder of ours ({problem.strerror})"
        ) from None
    return wanted.absolute(), False


class Demo:
    """All parts, in the order of their start; they are ended in the reverse order."""

    def __init__(self, folder: Path, view: View) -> None:
        self.folder = folder
        self.view = view
        self._asked = 0
        self._children: list[Child] = []
        # Nothing a person has set for a Kafka of their own reaches the demo's processes.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
        self._env = kept | {"PYTHONUNBUFFERED": "1"}
        self._ports = Ports()
        self._workers: list[int] = []
        self._second = 0
        self._parts = ExitStack()

    def asked(self, *_: object) -> None:
        """A signal: once ends in order, twice does without the last comparison."""
        self._asked += 1

    def show(self, seconds: float | None) -> None:
        """Starts all, shows until somebody asks or `seconds` have passed, ends all."""
        orderly = False
        with self._parts:
            try:
                self._start()
                deadline = None if seconds is None else time.monotonic() + seconds
                while deadline is None or time.monotonic() < deadline:
                    self._look()
                    self.view.draw(self.figures.records())
                    self._meet_second_worker()
                    time.sleep(LOOK_SECONDS)
                orderly = True
            except _Asked:
                orderly = hasattr(self, "simulator")
            finally:
                self.view.close()
            if orderly:
                self._compare()
            self.view.say("ending")
        self.view.say("all processes have ended")

    # -- starting

    def _start(self) -> None:
        say, folder = self.view.say, self.folder
        self.kafka = LocalKafka(1, folder / "kafka", self._ports.take(9092, 2))
        say(f"starting Apache Kafka {KAFKA_VERSION} (data and logs: {folder})")
        stop = threading.Event()
        watcher = threading.Thread(target=self._set_when_asked, args=(stop,), daemon=True)
        watcher.start()
        self._parts.callback(self.kafka.stop)
        self.kafka.start(stop)
        stop.set()
        self._look()
        config = self._configure()
        self.settings = settings_module.load(config, {}, {"bootstrap": self.kafka.bootstrap})
        from streams.kafka.topics import create_topics

        create_topics(self.settings)
        say(
            f"starting the simulated centre, its last {BACKLOG_MINUTES} minutes first, and a worker"
        )
        metrics, board = self._ports.take(9464), self._ports.take(8088)
        self._workers, self._second = [metrics], self._ports.take(metrics + 1)
        self.worker = self._child(
            "worker", "worker", "--config", str(config), "--metrics-port", str(metrics)
        )
        self.simulator = self._child(
            *("simulator", "simulate", "--backlog-minutes", str(BACKLOG_MINUTES)),
            *("--truth", str(folder / "truth.json")),
        )
        self.figures = Figures(self.settings)
        self._parts.callback(self.figures.close)
        self.figures.start()
        alerts = self._ports.take(9093)
        shown = [] if demo_alerts.missing() else ["--alertmanager", _url(alerts)]
        self._child("wallboard", "board", "--port", str(board), "--worker", _url(metrics), *shown)
        self._until(lambda: answers(_url(metrics) + "/readyz"), "the worker to be ready")
        self._until(lambda: self.simulator.said("(now live)"), "the centre's last 30 minutes")
        self._until(self.figures.are_live, "figures")
        self._until(lambda: answers(_url(board) + "/"), "the wallboard")
        opened = [("wallboard", _url(board) + "/"), ("metrics", _url(metrics) + "/metrics")]
        opened += self._watch(metrics, alerts)
        self.view.say("\n".join(["", *self._guide(opened, config)]))

    def _configure(self) -> Path:
        """The queues' settings as the simulated centre has them, as a file for every worker."""
        from streams.simulate.config import default_centre
        from streams.simulate.queues import as_toml

        config = self.folder / "streams.toml"
        config.write_text(as_toml([default_centre()]), encoding="utf-8")
        return config

    def _child(self, name: str, *arguments: str) -> Child:
        command = [sys.executable, "-m", "streams", *arguments]
        command += ["--bootstrap", self.kafka.bootstrap]
        return self._adopt(Child(name, command, self.folder / f"{name}.log", self._env))

    def _adopt(self, child: Child) -> Child:
        self._children.append(child)
        self._parts.callback(child.stop)
        return child

    def _watch(self, metrics_port: int, alerts: int) -> list[tuple[str, str]]:
        """Prometheus and Alertmanager; what to open, or a line about what is missing."""
        lacking = demo_alerts.missing()
        if lacking:
            self.view.say(f"no alerts: {', '.join(lacking)} missing (make demo installs them)")
            return []
        folder, env = self.folder / "watch", self._env
        receiver = demo_alerts.Receiver(self.view.page)
        self._parts.callback(receiver.close)
        rules = self._ports.take(9090)
        demo_alerts.render(folder, metrics_port, alerts, receiver.url)
        log = self.folder / "alertmanager.log"
        self._adopt(demo_alerts.start_alertmanager(folder, alerts, log, env))
        self._until(lambda: answers(_url(alerts) + "/-/ready"), "Alertmanager")
        log = self.folder / "prometheus.log"
        self._adopt(demo_alerts.start_prometheus(folder, rules, log, env))
        self._until(lambda: answers(_url(rules) + "/-/ready"), "Prometheus")
        return [("Prometheus", _url(rules) + "/"), ("Alertmanager", _url(alerts) + "/")]

    def _guide(self, opened: list[tuple[str, str]], config: Path) -> list[str]:
        there = f"--bootstrap {self.kafka.bootstrap}"
        streams = _program()
        lines = ["open:"]
        lines += [f"  {name:<14}{url}" for name, url in opened]
        lines += ["try, in another terminal:"]
        lines += [
            f"  {streams} kpis {there}",
            f"  {streams} intervals --json --queue billing {there}",
            f"  {streams} deadletters list {there}",
            f"  {streams} worker --config {config} --metrics-port {self._second} {there}",
            "    (a second worker: half of the partitions move to it)",
            "    (end it as you like, with kill -9 too: the figures stay exact)",
        ]
        if len(opened) > 2:
            lines.append("billing has too few agents: its page comes within a minute")
        return [*lines, "Ctrl-C ends all of it", ""]

    # -- watching

    def _set_when_asked(self, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            if self._asked:
                stop.set()

    def _look(self) -> None:
        """Raises _Asked, or StreamsError for a part that has ended by itself."""
        if self._asked:
            raise _Asked
        self.kafka.check()
        for child in self._children:
            child.check()
        if (figures := getattr(self, "figures", None)) is not None:
            figures.check()

    def _meet_second_worker(self) -> None:
        """A worker that somebody starts beside ours is scraped from then on."""
        watched = (self.folder / "watch").is_dir() and self._second not in self._workers
        if watched and answers(_url(self._second) + "/livez"):
            self._workers.append(self._second)
            demo_alerts.scrape(self.folder / "watch", self._workers)

    def _until(self, ready: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            self._look()
            if time.monotonic() > deadline:
                raise StreamsError(f"the demo waited {START_SECONDS:.0f} s in vain for {what}")
            time.sleep(LOOK_SECONDS)

    # -- ending

    def _compare(self) -> None:
        """Ends the centre, and says whether what was counted is what really happened."""
        before = self._asked
        self.view.say("the simulated centre closes; comparing the figures with its own books")
        self.simulator.stop()
        books = self.folder / "truth.json"
        if not self.simulator.said("(now live)") or not books.is_file():
            # The books end in the past then, and the worker's clock goes on: it lets wrap-ups
            # that never ended reach their longest length.
            self.view.say(f"not compared: the last {BACKLOG_MINUTES} minutes were not all sent yet")
            return
        truth: dict[str, Any] = orjson.loads(books.read_bytes())
        from streams.kafka.compacted import newest

        deadline = time.monotonic() + AGREE_SECONDS
        while True:
            counted_to_the_end = self.figures.have_reached(truth["as_of"])
            counted = sums(newest(self.settings, self.settings.topics.intervals))
            differ = differences(truth, counted)
            if not differ or time.monotonic() > deadline or self._asked > before:
                break
            time.sleep(LOOK_SECONDS)
        queues = [row for row in truth["queues"] if row["queue"] != "_all"]
        offered = sum(row["offered"] for row in queues)
        if differ and self._asked > before:
            self.view.say("not compared to the end: you asked twice")
        elif differ and not counted_to_the_end:
            self.view.say(f"not compared: the worker needs more than {AGREE_SECONDS:.0f} s to end")
        elif differ:
            said = "the figures differ from the centre's books (did anybody else send events?):"
            raise StreamsError("\n".join([said, *differ[:12]]))
        else:
            tickets = sum(row["tickets_opened"] for row in queues)
            self.view.say(
                f"exact: {truth['events']} events, {offered} visits and {tickets} tickets counted"
                " as they happened, in every compared figure of every queue"
            )


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"


def _program() -> str:
    """How this command can be called again from here."""
    if shutil.which("streams"):
        return "streams"
    here = Path(sys.argv[0])
    return os.path.relpath(here) if here.name == "streams" else f"{sys.executable} -m streams"
