"""`streams demo` as a newcomer runs it: one command, no configuration, nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

QUEUE = "billing"
PATIENCE_SECONDS = 150.0


class Run:
    """A running demo: its process, what it has printed, and every process below it so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self.below: set[int] = set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(list(self.lines))

    def until(self, pattern: str) -> "re.Match[str]":
        """The first place in what it prints that matches; fails when it ends before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.below |= _descendants(self.process.pid)
            if found := re.search(pattern, self.text, re.MULTILINE):
                return found
            assert self.process.poll() is None, self.text
            time.sleep(0.1)
        raise AssertionError(f"no {pattern} within {PATIENCE_SECONDS} s in:\n{self.text}")

    def end(self) -> int:
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join()
        return code

    def left(self) -> list[int]:
        """Processes below it that still are there; a zombie is none."""
        return [pid for pid in self.below if _state(pid) not in (None, "Z")]


def _descendants(pid: int) -> set[int]:
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        tasks = Path(f"/proc/{waiting.pop()}/task")
        for task in tasks.glob("*/children"):
            try:
                children = {int(word) for word in task.read_text().split()}
            except OSError:  # it has ended meanwhile
                continue
            waiting.extend(children - found)
            found |= children
    return found


def _state(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return None


@contextmanager
def demo(root: Path, *options: str, **env: str) -> Iterator[Run]:
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", "demo", *options],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Somebody's own Kafka must not be touched by it.
        env=os.environ | {"STREAMS_BOOTSTRAP": "kafka.invalid:9092"} | env,
    )
    run = Run(process)
    try:
        yield run
    finally:
        process.terminate()
        process.wait(60)


def streams(root: Path, *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def figure(records: list[dict[str, Any]], of: Callable[[dict[str, Any]], Any]) -> int:
    return sum(of(record) for record in records)


def test_the_demo_shows_pages_agrees_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    """A full table at once, a page for the queue that is too small, live figures that are the sum
    of the intervals and what the centre's own books say, exit 0, and no process left."""
    folder = tmp_path / "demo"
    with demo(root, "--dir", str(folder), DEMO_SECONDS="45") as run:
        bootstrap = run.until(r"streams kpis --bootstrap (\S+)$")[1]
        board = run.until(r"wallboard +(http://127\.0\.0\.1:\d+/)$")[1]
        row = run.until(rf"^ *{QUEUE} +voice +\d+ .* (\d+)%/80% .* (\d+) s +(\d+)% ")
        assert int(row[2]) > 0
        assert int(row[3]) > 85

        def kpis() -> int:
            read = streams(
                root, *f"kpis --once --json --queue {QUEUE} --bootstrap {bootstrap}".split()
            )
            return figure(read, lambda record: record["windows"]["60m"]["offered"])

        # Counts only grow, and the centre is half an hour old: what is read between lies between.
        before = kpis()
        parts = streams(root, *f"intervals --json --queue {QUEUE} --bootstrap {bootstrap}".split())
        after = kpis()
        assert 0 < before <= figure(parts, lambda record: record["figures"]["offered"]) <= after
        assert len(parts) >= 2

        if shutil.which("prometheus") and shutil.which("prometheus-alertmanager"):
            run.until(rf"PAGE QueueOccupancyHigh {QUEUE} \(voice\): agents [\d.]+% occupied")
        with urllib.request.urlopen(f"{board}api/status") as answer:
            status = orjson.loads(answer.read())
        assert status["skipped"] == {}, "the workers wrote what the wallboard cannot read"
        run.below |= _descendants(run.process.pid)
        assert len(run.below) >= 4
        assert run.end() == 0, run.text
        assert re.search(
            r"^exact: \d+ events, \d+ visits and \d+ tickets counted", run.text, re.MULTILINE
        )
        assert run.left() == []
    assert orjson.loads((folder / "truth.json").read_bytes())["events"] > 10_000


@pytest.mark.parametrize("moment", ["the centre's process is there", "its first events are"])
def test_asked_to_end_at_the_beginning_it_accuses_nobody(
    root: Path, tmp_path: Path, moment: str
) -> None:
    """While the centre still sends its past, books and worker speak of different moments: the demo
    says that it does not compare, ends with 0 and leaves no process."""
    folder = tmp_path / "demo"

    def there() -> bool:
        if moment == "its first events are":
            files = folder.glob("kafka/**/contact.calls-*/*.log")
            return any(file.stat().st_size for file in files)
        return any(_is_part(pid, "simulate") for pid in run.below)

    with demo(root, "--dir", str(folder)) as run:
        run.until("starting the simulated centre")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not there() and time.monotonic() < deadline:
            run.below |= _descendants(run.process.pid)
            time.sleep(0.01)
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 0, run.text
        assert re.search("^(not compared: the last 30 minutes|exact: )", run.text, re.MULTILINE)
        assert "differ" not in run.text
        assert run.left() == []


def test_a_part_that_fails_is_named_and_the_rest_ends(root: Path, tmp_path: Path) -> None:
    """A child that ends by itself ends the demo with 1: which one, where its log is, its end."""
    folder = tmp_path / "demo"
    with demo(root, "--dir", str(folder)) as run:
        run.until("starting the simulated centre")
        deadline = time.monotonic() + PATIENCE_SECONDS
        victims: list[int] = []
        while not victims and time.monotonic() < deadline:
            run.below |= _descendants(run.process.pid)
            victims = [pid for pid in run.below if _is_part(pid, "board")]
            time.sleep(0.05)
        os.kill(victims[0], signal.SIGKILL)
        assert run.end() == 1
        assert "the demo's wallboard ended by itself (signal 9)" in run.text
        assert str(folder / "wallboard.log") in run.text
        assert "Traceback" not in run.text
        assert run.left() == []


def _is_part(pid: int, command: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    # The launcher that becomes the part carries the same words behind its own.
    return words[1:4] == [b"-m", b"streams", command.encode()]


def test_a_used_folder_is_refused(root: Path, tmp_path: Path) -> None:
    """A second centre in the same topics would be counted with the first."""
    (tmp_path / "something").write_text("")
    with demo(root, "--dir", str(tmp_path)) as run:
        assert run.end() == 1
        assert f"--dir {tmp_path} is not empty" in run.text
