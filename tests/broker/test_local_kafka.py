"""The local Kafka: started, reused, stopped and killed as a real process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from streams.errors import BrokerError
from streams.kafka.kafka_node import HOST
from streams.kafka.local_kafka import KAFKA_VERSION, LocalKafka, free_ports

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `streams broker` processes; what a test leaves behind is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start_(*arguments: str, **env: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "broker", "--dir", str(tmp_path / "k"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | env,
        )
        processes.append(process)
        return process

    yield start_
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _bootstrap(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _nodes_of(directory: Path) -> list[int]:
    """Process ids of java nodes that run in a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(directory).encode() in command and b"kafka.Kafka\0" in command:
                found.append(int(entry.name))
    return found


def _await_gone(directory: Path) -> None:
    deadline = time.monotonic() + 20
    while _nodes_of(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _nodes_of(directory) == []


def test_what_was_written_outlives_a_killed_command(start: Start, tmp_path: Path) -> None:
    """kill -9 of the command takes its Kafka with it, so that nothing holds port or files; the next
    one uses the directory again, with what was acknowledged; Ctrl-C ends it with 0."""
    first = start("--port", "0")
    bootstrap = _bootstrap(first)
    assert bootstrap.startswith("127.0.0.1:")
    assert len(_nodes_of(tmp_path)) == 1
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    producer.send("kept", b"yes").get(timeout=20)
    producer.close()
    first.kill()
    first.wait(10)
    _await_gone(tmp_path)

    second = start("--port", "0")
    consumer = KafkaConsumer(
        "kept",
        bootstrap_servers=_bootstrap(second),
        auto_offset_reset="earliest",
    )
    (records,) = consumer.poll(timeout_ms=20_000).values()
    assert [record.value for record in records] == [b"yes"]
    consumer.close()
    second.send_signal(signal.SIGINT)
    assert second.wait(30) == 0
    assert _nodes_of(tmp_path) == []


def test_it_can_be_stopped_before_it_is_ready(start: Start, tmp_path: Path) -> None:
    """SIGTERM while Kafka is still starting ends the command with 0 and leaves no process."""
    process = start("--port", "0")
    deadline = time.monotonic() + 60
    while not _nodes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert _nodes_of(tmp_path) == []


def test_a_dead_node_ends_the_command_with_one_line(start: Start, tmp_path: Path) -> None:
    """When Kafka dies, `streams broker` says how and where its log is, and exits 1."""
    process = start("--port", "0")
    assert _bootstrap(process)
    (node,) = _nodes_of(tmp_path)
    os.kill(node, signal.SIGKILL)
    assert process.wait(30) == 1
    assert process.stderr is not None
    log = tmp_path / "k/node-0/kafka.log"
    assert process.stderr.read().splitlines()[2:] == [
        f"streams: Kafka node 0 ended (signal 9): it gave no reason; its log is {log}"
    ]


def test_one_process_a_folder(start: Start, tmp_path: Path) -> None:
    """A second broker is refused before it has touched a file, with the folder and the process that
    has it; the first goes on. Nobody else may look into the folder."""
    first = start("--port", "0")
    bootstrap = _bootstrap(first)
    folder = tmp_path / "k"
    files = [folder / "node-0" / name for name in ("server.properties", "output.log")]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    second = start("--port", "0")
    assert second.wait(30) == 1
    assert second.stderr is not None
    assert f"{folder} is in use by another broker, process {first.pid}" in second.stderr.read()
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics({"alive": {"num_partitions": 1}}, wait_for_metadata=True)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / "node-0")] == [0o700] * 2


def test_a_lost_node_is_started_again_if_asked(start: Start, tmp_path: Path) -> None:
    """`--restart`: one line why it ended, one that it is back, and it answers at its address."""
    process = start("--port", "0", "--restart")
    bootstrap = _bootstrap(process)
    os.kill(_nodes_of(tmp_path)[0], signal.SIGKILL)
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(5)][2:]
    assert said[0].startswith("Kafka node 0 ended (signal 9): ")
    assert said[1:] == ["starting node 0 again\n", "node 0 is back\n"]
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        assert len(admin.describe_cluster()["brokers"]) == 1


def test_three_nodes_go_on_while_a_majority_is_left(start: Start, tmp_path: Path) -> None:
    """Each lost node is a line; the first leaves the others at work, the second ends them all."""
    process = start("--port", "0", "--nodes", "3")
    addresses = _bootstrap(process).split(",")
    with KafkaAdminClient(bootstrap_servers=addresses) as admin:
        admin.create_topics(
            {"safe": {"num_partitions": 1, "replication_factor": 3}}, wait_for_metadata=True
        )
    producer = KafkaProducer(bootstrap_servers=addresses, acks="all")
    assert process.stderr is not None
    nodes = {n: pid for pid in _nodes_of(tmp_path) for n in range(3) if _is_node(pid, n)}
    os.kill(nodes[2], signal.SIGKILL)
    said = [process.stderr.readline() for _ in range(4)][2:]
    assert said[0].startswith("Kafka node 2 ended (signal 9): ")
    assert said[1] == "2 of 3 nodes go on without it\n"
    producer.send("safe", b"yes").get(timeout=60)
    producer.close()
    os.kill(nodes[1], signal.SIGKILL)
    assert process.wait(60) == 1
    assert "1 of 3 nodes left, Kafka needs 2: ending" in process.stderr.read()
    assert _nodes_of(tmp_path) == []


def _is_node(pid: int, node: int) -> bool:
    return f"node-{node}/server.properties".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()


#: What Kafka 4.2 and Java write, and the words that a person is told.
ENDS = {
    "java": (
        (
            "Error: LinkageError occurred while loading main class kafka.Kafka\n"
            "\tjava.lang.UnsupportedClassVersionError: kafka/Kafka has been compiled by a more"
            " recent version of the Java Runtime (class file version 61.0)"
        ),
        "this Java is too old: Kafka needs 17 or later",
    ),
    "disk": (
        (
            "[2026-01-05 09:00:00,000] ERROR Error while writing to checkpoint file\n"
            "java.io.IOException: No space left on device\n\tat java.base/sun.nio.ch.write0"
        ),
        "no space is left on the disk",
    ),
    "port": (
        (
            "[2026-01-05 09:00:00,000] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)\n"
            "org.apache.kafka.common.KafkaException: Socket server failed to bind to"
            " 127.0.0.1:9092: Address already in use.\n\tat kafka.network.Acceptor.openServerSocket"
        ),
        "a port is taken: choose others with --port",
    ),
    "unknown": (
        "[2026-01-05 09:00:00,000] ERROR Something else (kafka.Kafka$)\n\tat kafka.Kafka.main",
        "[2026-01-05 09:00:00,000] ERROR Something else (kafka.Kafka$)",
    ),
}


@pytest.mark.parametrize("stage", ["format", "run"])
@pytest.mark.parametrize("end", ENDS)
def test_why_kafka_does_not_start(start: Start, tmp_path: Path, end: str, stage: str) -> None:
    """The cause in one line with the file of the whole story, never the story itself."""
    text, words = ENDS[end]
    java = tmp_path / "java/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit 1\n")
    java.chmod(0o755)
    if stage == "run":
        data = tmp_path / "k/node-0/data"
        data.mkdir(parents=True)
        (data / "meta.properties").touch()
    log = tmp_path / ("k/format.log" if stage == "format" else "k/node-0/kafka.log")
    process = start("--port", "0", JAVA_HOME=str(tmp_path / "java"))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = errors.splitlines()[1:]
    assert f": {words}; " in line
    assert line.endswith(str(log))


def test_three_nodes_outlive_one(tmp_path: Path) -> None:
    """With three nodes, records acknowledged by all survive a lost one, and it can come back."""
    with LocalKafka(3, tmp_path) as cluster:
        with KafkaAdminClient(bootstrap_servers=cluster.bootstrap.split(",")) as admin:
            admin.create_topics(
                {"safe": {"num_partitions": 3, "replication_factor": 3}}, wait_for_metadata=True
            )
        producer = KafkaProducer(bootstrap_servers=cluster.bootstrap.split(","), acks="all")
        cluster.kill_node(1)
        for number in range(30):
            producer.send("safe", b"%d" % number).get(timeout=60)
        producer.close()
        cluster.start_node(1)
        cluster.check()
    assert _nodes_of(tmp_path) == []


def test_another_number_of_nodes_is_refused(tmp_path: Path) -> None:
    """A directory of one node is not silently made into three; the error names both ways out."""
    tmp_path.joinpath("cluster.json").write_text('{"id": "K", "nodes": 1}')
    with pytest.raises(BrokerError, match=r"holds a cluster of 1 nodes: use --nodes 1, or"):
        LocalKafka(3, tmp_path).start()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """A port in use is found before Kafka is started on it."""
    (port,) = free_ports(1)
    with socket.socket() as other:
        other.bind((HOST, port))
        other.listen()
        with pytest.raises(BrokerError, match=f"port {port} of 127.0.0.1 is taken"):
            LocalKafka(1, tmp_path, port).start()


def test_missing_jars_name_the_remedy(start: Start, tmp_path: Path) -> None:
    """Without Kafka's jars the error says `make setup`, not a Java exception."""
    process = start("--port", "0", XDG_CACHE_HOME=str(tmp_path))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "make setup" in errors


def test_one_version_of_kafka_everywhere(root: Path) -> None:
    """The jars that are fetched, the ones that are looked for and the set-up agree."""
    assert f"<version>{KAFKA_VERSION}</version>" in (root / "deploy/kafka/pom.xml").read_text()
    assert f"kafka={KAFKA_VERSION}\n" in (root / "deploy/setup.sh").read_text()
