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


def test_a_dead_node_ends_the_command_with_its_last_words(start: Start, tmp_path: Path) -> None:
    """When Kafka dies, `streams broker` says so, with the end of its log, and exits 1."""
    process = start("--port", "0")
    assert _bootstrap(process)
    (node,) = _nodes_of(tmp_path)
    os.kill(node, signal.SIGKILL)
    assert process.wait(30) == 1
    assert process.stderr is not None
    errors = process.stderr.read()
    assert "Kafka node 0 ended" in errors
    assert "Kafka Server started" in errors
    assert "Traceback" not in errors


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
