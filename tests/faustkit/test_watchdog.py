"""The watchdog and the end: a hung worker dies with 70, one that was only stopped does not."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from streams.faustkit.units import Units
from streams.faustkit.watchdog import Watchdog
from tests.faustkit.memory import IN, OPTIONS, Ended, Factory, MemoryKafka, until

ROOT = Path(__file__).parents[2]
CHECK = 0.02


def units_with(ended: Ended, **changes: float) -> Units:
    """No unit yet; the watchdog's times as given, in seconds."""
    options = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    return Units(options, [Factory().spec()], MemoryKafka(), ended)


@pytest.mark.slow
def test_a_silent_event_loop_ends_the_process() -> None:
    """The loop is blocked for longer than allowed, while other threads run."""

    async def test() -> None:
        ended = Ended()
        watchdog = Watchdog(units_with(ended, silence_timeout_seconds=1.0), ended, CHECK)
        watchdog.start()
        await asyncio.sleep(1.5)
        assert not ended
        time.sleep(2.5)  # noqa: ASYNC251  # blocking the loop is the point
        watchdog.stop()
        assert "silent" in ended.reasons[0][0]

    asyncio.run(test())


def test_not_being_ready_in_time_ends_the_process() -> None:
    """A worker that never gets or loads its units is not left waiting."""

    async def test() -> None:
        ended = Ended()
        watchdog = Watchdog(units_with(ended, ready_timeout_seconds=0.2), ended, CHECK)
        watchdog.start()
        await until(lambda: ended)
        watchdog.stop()
        assert "not ready" in ended.reasons[0][0]

    asyncio.run(test())


def test_a_ready_worker_may_wait_for_its_next_assignment() -> None:
    """The time limit is for the start; later there may be rebalances and lost brokers."""

    async def test() -> None:
        ended = Ended()
        units = units_with(ended, ready_timeout_seconds=0.2)

        async def seek(_: int, wanted: object) -> dict[str, int]:
            return {IN: 0}

        watchdog = Watchdog(units, ended, CHECK)
        watchdog.start()
        units.assign(1, [(IN, 0)], seek)
        await until(lambda: units.ready)
        await asyncio.sleep(3 * CHECK)
        await units.suspend()
        await asyncio.sleep(0.5)
        watchdog.stop()
        await units.close()
        assert not ended

    asyncio.run(test())


HANGING = """
import logging, sys, threading, time
from streams.faustkit.shutdown import end_process
handler = logging.StreamHandler()
logging.basicConfig(level=logging.INFO, handlers=[handler])
if sys.argv[1] == "locked":
    threading.Thread(target=lambda: (handler.acquire(), time.sleep(60)), daemon=True).start()
    time.sleep(0.2)
    logging.disable()
try:
    raise ValueError("the cause")
except ValueError as exc:
    end_process("the reason", exc, partition=3)
"""


def test_the_end_flushes_the_logs_and_exits_with_70() -> None:
    """Reason, fields and cause are in the log."""
    done = subprocess.run(
        [sys.executable, "-c", HANGING, "free"], cwd=ROOT, capture_output=True, timeout=120
    )
    assert done.returncode == 70
    for part in (b"the reason", b"partition=3", b"the cause"):
        assert part in done.stderr


def test_the_end_comes_even_when_a_log_is_stuck() -> None:
    """A thread that hangs in a handler holds its lock for ever; the process ends all the same."""
    done = subprocess.run(
        [sys.executable, "-c", HANGING, "locked"], cwd=ROOT, capture_output=True, timeout=120
    )
    assert done.returncode == 70


STOPPABLE = """
import asyncio, sys
sys.path.insert(0, ".")
from dataclasses import replace
from streams.faustkit.shutdown import end_process
from streams.faustkit.units import Units
from streams.faustkit.watchdog import Watchdog
from tests.faustkit.memory import OPTIONS, Factory, MemoryKafka

async def main():
    options = replace(OPTIONS, silence_timeout_seconds=1.0)
    units = Units(options, [Factory().spec()], MemoryKafka(), end_process)
    Watchdog(units, end_process, 0.1).start()
    print("on", flush=True)
    await asyncio.sleep(6)

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_process_that_was_stopped_and_continued_is_not_taken_for_hung() -> None:
    """The watchdog counts its own wake-ups: it was as silent as the loop."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPABLE], cwd=ROOT, stdout=subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    process.send_signal(signal.SIGSTOP)
    threading.Event().wait(3)
    process.send_signal(signal.SIGCONT)
    assert process.wait(20) == 0
