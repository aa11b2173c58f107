"""A worker that starts while some of its brokers are lost: it goes on with those that are there."""

import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError

from streams.errors import BrokerError
from streams.kafka.local_kafka import LocalKafka
from streams.kafka.patience import ask_again
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_world import World


@pytest.fixture
def hung() -> Iterator[list[str]]:
    """Addresses where connections are taken and nothing is answered, as of a machine that hangs."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(9)]
    yield [f"127.0.0.1:{server.getsockname()[1]}" for server in servers]
    for server in servers:
        server.close()


def test_addresses_that_hang_are_passed_over(
    fresh_topics: Callable[..., Settings], hung: list[str], tmp_path: Path
) -> None:
    """Nine of ten addresses hang: one line says which one it goes on with, and it is ready."""
    settings = fresh_topics()
    world = World(settings, tmp_path)
    try:
        world.settings = replace(settings, bootstrap=",".join([*hung, settings.bootstrap]))
        worker = world.start()
        wait_until(lambda: worker.ready or not worker.running, PATIENCE, "it is ready or ends")
        assert worker.running, worker.said
        assert worker.said.count(f"going on with {settings.bootstrap}") == 1
    finally:
        world.close()


def test_one_of_three_brokers_is_lost(tmp_path: Path) -> None:
    """A worker that is started at the moment when a broker begins to hang has all its units."""
    with LocalKafka(3, tmp_path / "kafka") as kafka:
        settings = Settings(bootstrap=kafka.bootstrap, partitions=2, replication_factor=3)
        create_topics(settings)
        (tmp_path / "world").mkdir()
        world = World(settings, tmp_path / "world")
        process = kafka._processes[1]
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            worker = world.start()
            wait_until(lambda: worker.ready or not worker.running, PATIENCE, "ready or ended")
            assert worker.running, worker.said
            assert f"going on with {','.join(kafka.bootstrap.split(',')[::2])}" in worker.said
        finally:
            process.send_signal(signal.SIGCONT)
            world.close()


def test_asked_again_until_it_answers(fresh_settings: Callable[..., Settings]) -> None:
    """A partition without a leader for a while: one line, and the answer in the end."""
    said: list[str] = []
    answers = iter([KafkaTimeoutError(), KafkaTimeoutError(), "well"])

    def ask(_: Settings) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert ask_again(fresh_settings(), ask, say=said.append) == "well"
    assert len(said) == 1
    assert "asking again, ending after 20 s" in said[0]


def test_patience_ends_and_what_is_refused_is_not_asked_again(
    fresh_settings: Callable[..., Settings],
) -> None:
    """Patience over: an error that says for how long; a right that is missing: at once."""
    said: list[str] = []

    def fail(problem: Exception) -> Callable[[Settings], None]:
        def ask(_: Settings) -> None:
            raise problem

        return ask

    with pytest.raises(BrokerError, match="ended after 0 s; look which brokers are lost"):
        ask_again(fresh_settings(), fail(KafkaTimeoutError()), 0, said.append)
    assert len(said) == 1
    with pytest.raises(TopicAuthorizationFailedError):
        ask_again(fresh_settings(), fail(TopicAuthorizationFailedError()), 0, said.append)
    assert len(said) == 1
