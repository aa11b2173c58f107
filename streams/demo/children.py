"""The processes of `streams demo`: each with a log file of its own, none outliving us.

In: a command line. Out: a running child, its last words when it ends by itself.
The kernel (Linux) ends a child with the thread that started it, so start them from the main thread.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from streams.errors import StreamsError
from streams.kafka.kafka_node import HOST
from streams.kafka.local_kafka import LAUNCH, free_ports

LAST_LINES = 12
NEIGHBOURS = 10


class Child:
    """One process with its log. `start` and `stop` belong to the main thread."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=folder,
                # Ctrl-C at the terminal is for us; the children are ended in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id, for people who want to see what happens when it is ended."""
        return self._process.pid

    def check(self) -> None:
        """Raises StreamsError with its last words when it has ended by itself."""
        code = self._process.poll()
        if code is not None:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise StreamsError(
                f"the demo's {self.name} ended by itself ({how});"
                f" its last words, from {self.log}:\n{last_words(self.log)}"
            )

    def stop(self, patience_seconds: float = 15) -> None:
        """Ends it: in order within `patience_seconds`, then by force."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def said(self, pattern: str) -> str | None:
        """The first group of the first place in its log that matches; None when there is none."""
        found = re.search(pattern, self.log.read_text(errors="replace"))
        return found[1] if found else None


def last_words(log: Path) -> str:
    """The end of a log, indented."""
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.is_file() else []
    return "\n".join(f"  {line[:300]}" for line in lines) or "  (nothing)"


def answers(url: str) -> bool:
    """Whether GET gives 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - a loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Ports:
    """Loopback ports: the usual one when it is free, else one near it, else any."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def take(self, usual: int, number: int = 1) -> int:
        """The first of `number` ports in a row that nobody listens on."""
        first = usual
        while not all(self._is_free(first + step) for step in range(number)):
            first = first + 1 if first < usual + NEIGHBOURS else free_ports(1)[0]
        self._given.update(range(first, first + number))
        return first

    def _is_free(self, port: int) -> bool:
        if port in self._given:
            return False
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
        return True
