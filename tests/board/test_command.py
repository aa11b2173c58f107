"""`streams board`: wrong use is said with its fix, and a signal ends it in order."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.board.serving import until

COMMAND = [sys.executable, "-m", "streams", "board"]
NOWHERE = ["--bootstrap", "127.0.0.1:1", "--port", "0"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=30)


def test_every_mistake_is_reported_together(tmp_path: Path) -> None:
    """Exit 2, one line for each wrong option."""
    short = tmp_path / "token"
    short.write_text("short\n")
    done = run("--token-file", str(short), "--worker", "localhost:9464", "--stale-after", "0")
    assert done.returncode == 2
    for option in ("--token-file", "--worker", "--stale-after"):
        assert option in done.stderr
    assert "short\n" not in done.stderr


def test_a_token_file_that_is_not_there(tmp_path: Path) -> None:
    """Never served without the token that was asked for."""
    done = run("--token-file", str(tmp_path / "none"))
    assert done.returncode == 2
    assert "cannot be read" in done.stderr


def test_a_taken_port_is_said() -> None:
    """Exit 1 with the setting's name, not a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("--bootstrap", "127.0.0.1:1", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_without_kafka_and_ends_on_a_signal(number: int) -> None:
    """Started before Kafka: the page is there and waits; a signal ends it with exit 0."""
    with subprocess.Popen([*COMMAND, *NOWHERE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", int(found[1]))) == 0

        until(answers, 10, "the port answers")
        os.kill(process.pid, number)
        assert process.wait(30) == 0
