"""A real Apache Kafka on this machine, without containers: one or more nodes from its own jars.

In: number of nodes, a directory, a first port. Out: processes of ours, in KRaft mode, on loopback.
The directory is formatted once and used again, by one process at a time (`folder_lock`), and nobody
else can read it; "ready" is an answered admin request.
No node outlives us: each is told by the kernel (Linux) to die with the thread that started it, so
start nodes from a thread that lives as long as they should.
"""

import base64
import json
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from streams.errors import BrokerError
from streams.kafka.folder_lock import FolderLock
from streams.kafka.kafka_node import HOST, LOGGING, Listener, server_properties
from streams.kafka.last_words import why_ended, written_since

KAFKA_VERSION = "4.2.0"
READY_SECONDS = 90

# Runs before the program takes its place: without it a killed parent would leave it running.
LAUNCH = """
import ctypes, os, signal, sys
try:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
except (AttributeError, OSError):
    pass
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def jars_directory() -> Path:
    """Where `make setup` puts Kafka's jars."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "contact-streams" / f"kafka-{KAFKA_VERSION}"


def free_ports(number: int) -> list[int]:
    """That many free loopback ports, below the range the kernel hands out for connections."""
    found: list[int] = []
    while len(found) < number:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Kafka does: a port whose last connections still fade away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class LocalKafka:
    """A cluster of `nodes` combined brokers and controllers.

    Node i (from 0) listens on port + i, its controller on port + nodes + i; port 0 takes free ones.
    `further` listeners are on free ports always; see `address`.
    Use it as a context manager, or call `start` and `stop`. Raises BrokerError.
    """

    def __init__(
        self, nodes: int, directory: Path, port: int = 0, further: Sequence[Listener] = ()
    ) -> None:
        self.nodes = nodes
        self.directory = Path(directory).absolute()
        ports = free_ports((2 + len(further)) * nodes)
        if port:
            ports[: 2 * nodes] = range(port, port + 2 * nodes)
        self._ports, self._controllers, *more = (
            ports[first : first + nodes] for first in range(0, len(ports), nodes)
        )
        self._further = list(zip(further, more, strict=True))
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * nodes
        self._log_starts = [0] * nodes
        self._lock = FolderLock(self.directory)

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every node, with commas between them."""
        return ",".join(f"{HOST}:{port}" for port in self._ports)

    def address(self, name: str) -> str:
        """HOST:PORT of every node on a further listener, with commas between them."""
        (ports,) = (ports for listener, ports in self._further if listener.name == name)
        return ",".join(f"{HOST}:{port}" for port in ports)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, stop: threading.Event | None = None) -> None:
        """Starts every node; true after it: each answers, or `stop` was set meanwhile.

        On failure nothing is left running.
        """
        java, classpath = self._java(), self._classpath()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.take()
        try:
            self._start(java, classpath, stop)
        except BaseException:
            self.stop(patience_seconds=0)
            raise

    def _start(self, java: str, classpath: str, stop: threading.Event | None) -> None:
        taken = [port for port in (*self._ports, *self._controllers) if not _is_free(port)]
        if taken:
            raise BrokerError(
                f"port {taken[0]} of {HOST} is taken, perhaps by another broker:"
                " end that one, or choose others with --port"
            )
        self._prepare(java, classpath)
        for node in range(self.nodes):
            self._launch(node, java, classpath)
        self._await_ready(range(self.nodes), stop)

    def start_node(self, node: int, stop: threading.Event | None = None) -> None:
        """Starts one node that was killed or lost; true after it: it answers, or `stop` is set."""
        self._launch(node, self._java(), self._classpath())
        self._await_ready([node], stop)

    def kill_node(self, node: int) -> None:
        """Ends one node at once (SIGKILL), as a lost machine would."""
        if (process := self._processes[node]) is not None:
            process.kill()
            process.wait()
            self._processes[node] = None

    def stop(self, patience_seconds: float = 15) -> None:
        """Ends every node: in order within `patience_seconds`, then by force."""
        running = [process for process in self._processes if process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM if patience_seconds else signal.SIGKILL)
        deadline = time.monotonic() + patience_seconds
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = [None] * self.nodes
        self._lock.release()

    @property
    def running(self) -> list[int]:
        """The nodes that have not ended."""
        return [
            node
            for node, process in enumerate(self._processes)
            if process is not None and process.poll() is None
        ]

    def lost(self) -> dict[int, str]:
        """Node → why, in one line, of each that has ended by itself since this was last asked."""
        found = {n: why for n in range(self.nodes) if (why := self._why_ended(n)) is not None}
        for node in found:
            self._processes[node] = None
        return found

    def check(self, nodes: Sequence[int] | None = None) -> None:
        """Raises BrokerError with the cause if a node (of these) has ended by itself."""
        for node in range(self.nodes) if nodes is None else nodes:
            if (reason := self._why_ended(node)) is not None:
                raise BrokerError(reason)

    def _why_ended(self, node: int) -> str | None:
        if (process := self._processes[node]) is None or (code := process.poll()) is None:
            return None
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        log = self._home(node) / "kafka.log"
        text = written_since(self._home(node) / "output.log", 0)
        text += written_since(log, self._log_starts[node])
        return f"Kafka node {node} ended ({how}): {why_ended(text)}; its log is {log}"

    def _home(self, node: int) -> Path:
        return self.directory / f"node-{node}"

    def _java(self) -> str:
        home = os.environ.get("JAVA_HOME")
        java = shutil.which("java", path=f"{home}/bin") if home else None
        if (java := java or shutil.which("java")) is None:
            raise BrokerError("Java is missing: `make setup` installs it (Kafka needs 17 or later)")
        return java

    def _classpath(self) -> str:
        jars = jars_directory()
        if not (jars / f"kafka_2.13-{KAFKA_VERSION}.jar").is_file():
            raise BrokerError(f"Kafka's jars are not in {jars}: `make setup` puts them there")
        return str(jars / "*")

    def _prepare(self, java: str, classpath: str) -> None:
        """Writes each node's files, and formats the storage of those that have none."""
        note = self.directory / "cluster.json"
        if note.is_file():
            kept = json.loads(note.read_text())
        else:
            # Kafka's form of an id: 16 bytes in URL-safe base64, not beginning with a dash.
            kept = {
                "id": "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22],
                "nodes": self.nodes,
                "kafka": KAFKA_VERSION,
            }
            note.write_text(json.dumps(kept))
        if kept["nodes"] != self.nodes:
            raise BrokerError(
                f"{self.directory} holds a cluster of {kept['nodes']} nodes:"
                f" use --nodes {kept['nodes']}, or another --dir"
            )
        formats = []
        for node in range(self.nodes):
            home = self._home(node)
            home.mkdir(exist_ok=True)
            home.chmod(0o700)  # customers' records are in it
            (home / "log4j2.properties").write_text(LOGGING)
            (home / "server.properties").write_text(self._properties(node))
            if not (home / "data" / "meta.properties").is_file():
                tool = ["kafka.tools.StorageTool", "format", "-t", kept["id"]]
                tool += [part for one, _ in self._further for part in one.format_options]
                # It lives a second: the optimising compiler would only delay it.
                quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
                command = [*self._command(node, java, classpath, 128, *quick), *tool]
                formats.append(
                    subprocess.Popen(
                        [*command, "-c", str(home / "server.properties")],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                )
        outputs = [process.communicate()[0] for process in formats]
        for process, output in zip(formats, outputs, strict=True):
            if process.returncode != 0:
                log = self.directory / "format.log"
                log.write_bytes(output)
                reason = why_ended(output.decode(errors="replace"))
                raise BrokerError(f"Kafka's storage could not be formatted: {reason}; see {log}")

    def _command(
        self, node: int, java: str, classpath: str, heap_mb: int, *options: str
    ) -> list[str]:
        home = self._home(node)
        return [
            java,
            f"-Xmx{heap_mb}m",
            *options,
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}",
            f"-Dstreams.log={home / 'kafka.log'}",
            "-cp",
            classpath,
        ]

    def _launch(self, node: int, java: str, classpath: str) -> None:
        home = self._home(node)
        command = self._command(node, java, classpath, 512 if self.nodes == 1 else 384)
        log = home / "kafka.log"
        self._log_starts[node] = log.stat().st_size if log.is_file() else 0
        with (home / "output.log").open("wb") as output:
            self._processes[node] = subprocess.Popen(
                [
                    *[sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid())],
                    *[*command, "kafka.Kafka", str(home / "server.properties")],
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal is for us; the nodes are ended in order by `stop`.
                start_new_session=True,
            )

    def _properties(self, node: int) -> str:
        return server_properties(
            node,
            self._home(node),
            self._ports,
            self._controllers,
            [(listener, ports[node]) for listener, ports in self._further],
        )

    def _await_ready(self, started: Sequence[int], stop: threading.Event | None) -> None:
        """Waits until every running node answers and knows every other, or `stop` is set.

        Raises BrokerError if one of `started` ends.
        """
        from kafka.errors import KafkaError

        deadline = time.monotonic() + READY_SECONDS
        noise = logging.getLogger("kafka")
        level = noise.level
        noise.setLevel(logging.CRITICAL)  # refused connections are what is waited for
        try:
            while stop is None or not stop.is_set():
                self.check(started)
                try:
                    self._ask_every_node()
                except KafkaError:
                    pass
                else:
                    return
                if time.monotonic() > deadline:
                    raise BrokerError(
                        f"Kafka did not answer within {READY_SECONDS} s;"
                        f" its logs are {self.directory}/node-*/kafka.log"
                    )
                time.sleep(0.1)
        finally:
            noise.setLevel(level)

    def _ask_every_node(self) -> None:
        """Raises KafkaError unless each node answers when it is asked through each other one.

        That all are registered is not enough: a client that meets a node which has not heard of the
        others yet is sent to brokers it cannot find.
        """
        from kafka import KafkaAdminClient

        for node in self.running:
            with KafkaAdminClient(
                bootstrap_servers=[f"{HOST}:{self._ports[node]}"], bootstrap_timeout_ms=1_000
            ) as admin:
                for other in self.running:
                    admin.get_broker_version_data(other)
