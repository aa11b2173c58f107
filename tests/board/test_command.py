"""`streams board`: wrong use is said with its fix, and a signal ends it in order."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams.__main__ import main
from tests.board.serving import until

COMMAND = [sys.executable, "-m", "streams", "board"]
NOWHERE = ["--bootstrap", "127.0.0.1:1", "--port", "0"]


def test_every_mistake_is_reported_together(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, one line for each wrong option."""
    short = tmp_path / "token"
    short.write_text("short\n")
    wrong = ["--token-file", str(short), "--worker", "localhost:9464", "--stale-after", "0"]
    assert main(["board", *wrong]) == 2
    said = capfd.readouterr().err
    for option in ("--token-file", "--worker", "--stale-after"):
        assert option in said
    assert "short\n" not in said


def test_a_token_file_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Never served without the token that was asked for."""
    assert main(["board", "--token-file", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capfd.readouterr().err


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
