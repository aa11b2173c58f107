"""A worker that cannot work says everything that is wrong, and the fix, and ends at once."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import free_ports
from streams.kafka.topics import create_topics
from streams.settings import Settings

ROOT = Path(__file__).parents[2]


def start(
    settings: Settings, *options: str, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run a worker that should end by itself; its exit code and words."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
    return subprocess.run(
        [sys.executable, "-m", "streams", "worker", "--metrics-port", "0", *options],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env=inherited
        | {
            "STREAMS_BOOTSTRAP": settings.bootstrap,
            "STREAMS_APP_ID": settings.app_id,
            "STREAMS_TOPIC_PREFIX": settings.topic_prefix,
        }
        | variables,
    )


def message(ended: "subprocess.CompletedProcess[str]", code: int) -> str:
    """What it said: one message on standard error, and no traceback."""
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("streams: ") == 1
    assert ended.stdout == ""
    return ended.stderr


def test_missing_topics_are_told_once(fresh_settings: Callable[..., Settings]) -> None:
    """That all topics are missing, with the command that creates them; exit 1."""
    said = message(start(fresh_settings()), 1)
    assert "all 14 topics: missing" in said
    assert "streams topics create" in said


def test_one_missing_topic_and_other_counts(fresh_topics: Callable[..., Settings]) -> None:
    """Topics with another number of partitions than the worker's, and one that is gone: exit 1."""
    settings = fresh_topics(partitions=2)
    with KafkaAdminClient(**kafka_python_options(settings)) as admin:
        admin.delete_topics([settings.topics.chats])
    said = message(start(settings), 1)
    assert f"{settings.topics.chats}: missing" in said
    assert f"{settings.topics.calls}, " in said
    assert ": 2 partitions, needs 4" in said
    assert "partitions = 2" in said


def test_every_wrong_setting_is_named(
    fresh_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """File, variable and option mistakes in one message, each with its place; exit 1."""
    config = tmp_path / "streams.toml"
    config.write_text('horizon_secnds = 5\n[[queues]]\nname = "q"\nchannels = ["telex"]\n')
    ended = start(
        fresh_settings(), "--config", str(config), STREAMS_PARTITIONS="none",
        STREAMS_CLOCK="moon", STREAMS_TRANSACTION_TIMEOUT_SECONDS="90",
    )  # fmt: skip
    said = message(ended, 1)
    for words in (
        "horizon_secnds: unknown setting; did you mean horizon_seconds?",
        "channels",
        "STREAMS_PARTITIONS",
        "STREAMS_CLOCK",
        "transaction_timeout_seconds",
    ):
        assert words in said


def test_a_wrong_option_is_wrong_use(fresh_settings: Callable[..., Settings]) -> None:
    """An option that is none: exit 2 and where help is."""
    ended = start(fresh_settings(), "--clock", "moon")
    assert ended.returncode == 2
    assert "invalid choice: 'moon'" in ended.stderr
    assert "try: streams worker --help" in ended.stderr


def test_no_kafka_is_said_in_words(fresh_settings: Callable[..., Settings]) -> None:
    """Nobody listens at the address: what was tried, and what to do; exit 1."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    said = message(start(fresh_settings(bootstrap=address)), 1)
    assert f"no Kafka answers at {address}" in said
    assert "--bootstrap" in said


@pytest.mark.parametrize("host", ["no-such-host.invalid:9092"])
def test_a_host_that_is_none(fresh_settings: Callable[..., Settings], host: str) -> None:
    """A name nobody knows ends the same way."""
    assert "no Kafka answers at" in message(start(fresh_settings(bootstrap=host)), 1)


def test_a_port_that_is_taken(fresh_settings: Callable[..., Settings]) -> None:
    """The metrics port belongs to somebody else: said with the fix; exit 1."""
    import socket

    settings = fresh_settings()
    create_topics(settings)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = start(settings, "--metrics-port", port)
    said = message(ended, 1)
    assert f"port {port}" in said
    assert "--metrics-port" in said
