"""A worker with two toy stages, run as a program: counts per key, then the sum of all counts.

    TOY='{"bootstrap": ..., "app_id": ..., "marks": FILE, ...}' python -m tests.broker.toy_worker

Stage `count` reads two topics and writes each key's absolute count; stage `total` keeps the newest
count of each key, so it too is exact only if nothing was lost or repeated. Statistics go to the
file `marks`, one JSON line every 0.2 s; what each unit of `count` has applied and committed goes to
shared memory, so that a test can stop the process and see whether something was uncommitted.
"""

import faulthandler
import json
import logging
import mmap
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from streams.faustkit.application import UnitApp, attach, build_app, run_worker
from streams.faustkit.stage import InputClock, Record, StageSpec, Turn

A, B, COUNTS, TOTALS = "toy.a", "toy.b", "toy.counts", "toy.totals"
MAX_PARTITIONS = 16
STAGES: "WeakSet[Count]" = WeakSet()


class Count:
    """How often each key came, over both inputs."""

    inputs: tuple[str, ...] = (A, B)
    output = COUNTS

    def __init__(
        self,
        prefix: str,
        work_seconds: float = 0,
        shared: memoryview | None = None,
        bomb: Path = Path("no-bomb"),
    ) -> None:
        self.inputs = tuple(prefix + name for name in type(self).inputs)
        self.shared = shared
        self.bomb = bomb
        self.applied = 0
        self.clocks: Mapping[str, InputClock] = {}
        STAGES.add(self)
        self.target = prefix + self.output
        self.counts: dict[bytes, int] = {}
        self.dirty: set[bytes] = set()
        self.work_seconds = work_seconds

    def restore(self, key: bytes, value: bytes) -> None:
        self.counts[key] = int(value)

    def restored(self) -> None:
        self.dirty.clear()

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        if self.bomb.exists():
            raise ZeroDivisionError("a bug in the stage")
        for record in records:
            assert record.key is not None
            self.counts[record.key] = self.counts.get(record.key, 0) + 1
            self.dirty.add(record.key)
        self.applied += len(records)
        if self.shared is not None:
            self.shared[0] = self.applied
        if self.work_seconds:
            time.sleep(self.work_seconds * len(records))

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        self.clocks = clocks
        turn = Turn()
        for key in sorted(self.dirty):
            value = b"%d" % self.counts[key]
            turn.state.append((key, value))
            turn.outputs.append((self.target, None, key, value, []))
        self.dirty.clear()
        return turn

    def committed(self) -> None:
        if self.shared is not None:
            self.shared[1] = self.applied

    def closed(self) -> None:
        if self.shared is not None:
            # Whatever was applied and not committed is forgotten with this object.
            self.shared[0] = self.shared[1]


class Total(Count):
    """The newest count of each key, read from the first stage's transactions."""

    inputs = (COUNTS,)
    output = TOTALS

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        for record in records:
            assert record.key is not None
            assert record.value is not None
            self.counts[record.key] = int(record.value)
            self.dirty.add(record.key)


@dataclass(frozen=True)
class ToySettings:
    app_id: str
    tick_seconds: float
    transaction_timeout_seconds: float
    session_timeout_seconds: float
    group_instance_id: str | None = None


def build(config: Mapping[str, object]) -> UnitApp:
    """The toy app of one configuration."""
    prefix, app_id = str(config["prefix"]), str(config["app_id"])
    work = float(str(config.get("work_seconds", 0)))
    tick = float(str(config.get("tick_seconds", 0.5)))
    settings = ToySettings(
        app_id,
        tick,
        float(str(config.get("transaction_timeout", 5))),
        float(str(config.get("session_timeout", 6))),
    )
    changes = dict(config.get("options", {}))  # type: ignore[call-overload]
    app = build_app(settings, {"bootstrap_servers": config["bootstrap"]}, **changes)
    memory = shared_memory(Path(str(config["shared"])))

    def count(_: str, partition: int) -> Count:
        return Count(prefix, work, memory[2 * partition : 2 * partition + 2], Path("bomb"))

    def total(_: str, __: int) -> Total:
        return Total(prefix)

    attach(
        app,
        {
            "count": StageSpec(
                "count", (prefix + A, prefix + B), f"{app_id}-count-changelog", count
            ),
            "total": StageSpec(
                "total", (prefix + COUNTS,), f"{app_id}-total-changelog", total, tick
            ),
        },
    )
    _mark(app, Path(str(config["marks"])))
    return app


def _behind_ms() -> int | None:
    """The age of the oldest "caught up" of all inputs of all units; None when one is not."""
    found = [clock.caught_up_ms for stage in STAGES for clock in stage.clocks.values()]
    ages = [time.time_ns() // 1_000_000 - at for at in found if at is not None]
    return max(ages) if ages and len(ages) == len(found) else None


def shared_memory(path: Path) -> memoryview:
    """Two numbers a partition, applied and committed records, visible to other processes."""
    if not path.exists():
        path.write_bytes(bytes(2 * 8 * MAX_PARTITIONS))
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")


def _mark(app: UnitApp, path: Path) -> None:
    @app.timer(0.2)
    async def mark() -> None:
        stats = app.units.stats
        units = stats.units.values()
        line = {
            "pid": os.getpid(),
            "ready": app.units.ready,
            "owned": sorted(unit.partition for unit in units if unit.assigned),
            "records": sum(unit.records for unit in units),
            "skipped": sum(unit.skipped_replayed for unit in units),
            "fences": sum(unit.fences for unit in units),
            "commits": sum(unit.commits for unit in units),
            "rebalances": stats.rebalances,
            "lag": sum(unit.lag(topic) for unit in units for topic in unit.positions),
            "behind_ms": _behind_ms(),
            "restored": sum(unit.restore_records for unit in units),
        }
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    run_worker(build(json.loads(os.environ["TOY"])))
