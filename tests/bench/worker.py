"""What several benchmarks need of a real worker: the process, its pages, its CPU; and a percentile.

In: options of `streams worker`. Out: a process that listens, ended with the block, whatever comes.
Nothing is asked of it but what anybody may ask: its first line, its pages, the kernel's figures.
"""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0-1) of the values lie below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Worker:
    """`with Worker("--clock", "event", ...)`: one worker with a free port; true: it listens."""

    def __init__(self, *options: str) -> None:
        self.started = time.monotonic()
        """When the process was asked for (monotonic)."""
        self.process = subprocess.Popen(
            [*[sys.executable, "-m", "streams", "worker", "--metrics-port", "0"], *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://[^/\s]+:\d+", self.process.stdout.readline())
        if found is None:
            raise SystemExit("the worker did not start; its reason stands above")
        self.url = found[0]
        self.listening = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def page(self, path: str) -> str:
        """The text of a page, whatever its status."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refused:
            return refused.read().decode()

    def total(self, metric: str) -> float:
        """The sum of a metric over all its series; `metric` without the project's prefix."""
        line = re.compile(rf"^contactcenter_{metric}(?:\{{[^}}]*\}})? (\S+)$", re.MULTILINE)
        return sum(map(float, line.findall(self.page("/metrics"))))

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the process so far."""
        return cpu_seconds(self.process.pid)

    @property
    def waited_seconds(self) -> float:
        """How long its main thread was ready to run and had no core: what others took from it."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[1]) / 1e9

    def stop(self) -> None:
        """End it as a service manager would; returns when it is gone."""
        self.process.terminate()
        self.process.wait(60)

    def kill(self) -> None:
        """End it at once, as a crash would; returns when it is gone."""
        if self.running:
            self.process.kill()
        self.process.wait()
