"""Every command while Kafka goes away: one line that says so, an end in time, Ctrl-C at once.

The Kafka is this module's own: it is stopped (SIGSTOP), as a machine is that hangs; connections
stay open and nothing answers.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.broker.toy_world import wait_until

PATIENCE = 60.0
EVENT = (
    '{"event_id":"%d","type":"contact.enqueued","occurred_at":"2026-03-02T09:00:00Z",'
    '"source":"pbx","channel":"voice","contact_id":"%d","queue":"q"}\n'
)
ASKING = (
    *("topics check", "topics reset --yes", "kpis", "kpis --once", "intervals", "worker"),
    *("deadletters list", "deadletters redrive --yes", "publish FILE", "simulate"),
    *("anomalies", "anomalies --once", "deadletters export letters.ndjson"),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalKafka, Settings]]:
    """A Kafka of its own, with the topics."""
    with LocalKafka(1, tmp_path_factory.mktemp("away")) as kafka:
        settings = Settings(bootstrap=kafka.bootstrap, partitions=2)
        create_topics(settings)
        yield kafka, settings


class Command:
    """One running command; what it says on both streams is in a file."""

    def __init__(self, home: Path, settings: Settings, words: str) -> None:
        file = home / "events.ndjson"
        if not file.exists():
            file.write_text("".join(EVENT % (n, n) for n in range(50_000)))
        self.log = home / f"{words.replace(' ', '_')}.log"
        arguments = [str(file) if word == "FILE" else word for word in words.split()]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=home,
                env=os.environ
                | {
                    "STREAMS_BOOTSTRAP": settings.bootstrap,
                    "STREAMS_PARTITIONS": "2",
                    "STREAMS_METRICS_PORT": "0",
                    "STREAMS_BOARD_PORT": "0",
                },
                # A shell's background job ignores SIGINT, and so would what it starts.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ended(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.ended(10)


@pytest.fixture
def start(
    settings: tuple[LocalKafka, Settings], tmp_path: Path
) -> Iterator[Callable[[str], Command]]:
    """Starts commands; what a test leaves behind is killed."""
    started: list[Command] = []

    def start_(words: str) -> Command:
        started.append(Command(tmp_path, settings[1], words))
        return started[-1]

    yield start_
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()


@contextmanager
def away(kafka: LocalKafka) -> Iterator[None]:
    """Kafka hangs."""
    (process,) = kafka._processes
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


Start = Callable[[str], Command]
Own = tuple[LocalKafka, Settings]


def test_away_before(settings: Own, start: Start) -> None:
    """Each command ends with 1 and says in its last line which address nobody answers at."""
    with away(settings[0]):
        commands = [start(words) for words in ASKING]
        codes = {command.log.stem: command.ended() for command in commands}
    assert set(codes.values()) == {1}, codes
    for command in commands:
        last = command.said.splitlines()[-1]
        assert f"streams: no Kafka answers at {settings[1].bootstrap}" in last
        assert "Traceback" not in command.said
        assert len(command.said.splitlines()) <= 2, command.said


def _has_said(command: Command, words: str, times: int = 1) -> bool:
    """True once it has said the words that often."""
    return command.said.count(words) >= times


def at_work(start: Start) -> dict[str, Command]:
    """Commands in the middle of their work."""
    commands = {words: start(words) for words in RUNNING}
    for words, (pattern, times) in RUNNING.items():
        command = commands[words]
        wait_until(partial(_has_said, command, pattern, times), PATIENCE, f"{words} works")
    return commands


#: What each says, and how often, once it is at work.
RUNNING = {
    "simulate --backlog-minutes 1": ("now live", 1),
    "simulate --speed 20": ("", 0),
    "publish FILE --rate 1000": ("", 0),
    "worker": ("unit loaded", 4),
    "kpis --json": ('"queue"', 1),
}


def test_away_meanwhile_and_interrupted(settings: Own, start: Start) -> None:
    """Each says that Kafka is away, and the first Ctrl-C ends it with 130 and no traceback."""
    commands = at_work(start)
    with away(settings[0]):
        for words, command in commands.items():
            wait_until(partial(_has_said, command, "is away"), PATIENCE, f"{words} says so")
            assert command.interrupt() == 130, command.said
            assert "Traceback" not in command.said


def test_away_for_long(settings: Own, start: Start) -> None:
    """A writer ends with 1 after its patience, a worker with 70 and why in one line; a reader waits
    and says when Kafka is back."""
    commands = at_work(start)
    reader = commands.pop("kpis --json")
    with away(settings[0]):
        for words, command in commands.items():
            assert command.ended() == (70 if words == "worker" else 1), command.said
            last = command.said.splitlines()[-1]
            said = "Kafka did not answer in time" if words == "worker" else "ended after 20 s"
            assert said in last
            assert "Traceback" not in command.said
        wait_until(lambda: "is away: waiting for it" in reader.said, PATIENCE, "it waits")
    wait_until(lambda: "is back" in reader.said, PATIENCE, "it goes on")
    assert reader.process.poll() is None
