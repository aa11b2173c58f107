"""A real Faust app, conductor, streams and agents on our consumer; only its thread is made up."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from faust.types import TP
from mode import Service

from streams.faustkit.application import UnitApp, attach, build_app
from streams.faustkit.consumer_thread import Fetched
from streams.faustkit.transport import Consumer
from tests.faustkit.memory import IN, Ended, Factory, MemoryKafka, records

GENERATION = 5


@dataclass(frozen=True)
class HarnessSettings:
    """What `build_app` reads."""

    app_id: str = "app"
    tick_seconds: float = 0.05
    transaction_timeout_seconds: float = 10
    session_timeout_seconds: float = 30
    group_instance_id: str | None = None


class ScriptedThread:
    """Stands for the consumer thread: input logs in memory, and what was sought and committed."""

    def __init__(self, assigned: Iterable[tuple[str, int]]) -> None:
        self.assigned = {TP(topic, partition) for topic, partition in assigned}
        self.logs: dict[TP, list[Any]] = {tp: [] for tp in self.assigned}
        self.ends: dict[TP, int] = dict.fromkeys(self.assigned, 0)
        self.at: dict[TP, int] = {}
        self.sought: list[dict[TP, int | None]] = []
        self.commits: list[dict[TP, int]] = []
        self.polls: list[set[TP]] = []
        self.fail: Exception | None = None
        self.gate: asyncio.Event | None = None  # a poll that has been answered waits for it

    def append(self, keys: Iterable[bytes | None], start: int, after: int = 0) -> None:
        """Records of input `in`, partition 0, then `after` offsets without a record."""
        tp = TP(IN, 0)
        found = records(keys, start)
        self.logs[tp] += found
        self.ends[tp] = start + len(found) + after

    async def fetch(self, tps: list[TP], limit: int, seconds: float) -> Mapping[TP, Fetched]:
        self.polls.append(set(tps))
        if self.fail is not None:
            raise self.fail
        found = {}
        for tp in tps:
            start, end = self.at[tp], self.ends[tp]
            part = [r for r in self.logs[tp] if r.offset >= start]
            found[tp] = Fetched(start, end, end, 1_000, part)
            self.at[tp] = end
        await asyncio.sleep(0.001)
        if self.gate is not None:
            await self.gate.wait()
        return found

    async def seek_inputs(self, wanted: Mapping[TP, int | None]) -> Mapping[TP, int] | None:
        self.sought.append(dict(wanted))
        if not all(tp in self.assigned for tp in wanted):
            return None
        starts = {tp: offset or 0 for tp, offset in wanted.items()}
        self.at.update(starts)
        return starts

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        self.commits.append(dict(offsets))
        return True

    def assignment(self) -> set[TP]:
        return set(self.assigned)

    @property
    def committed(self) -> dict[TP, int]:
        """The newest commit of each partition."""
        return {tp: offset for commit in self.commits for tp, offset in commit.items()}


@dataclass
class Harness:
    """Everything a test needs."""

    app: UnitApp
    consumer: Consumer
    thread: ScriptedThread
    factory: Factory
    kafka: MemoryKafka
    ended: Ended

    async def rebalance(self, assigned: Iterable[tuple[str, int]], generation: int) -> None:
        """Revoke and assign, as Faust and aiokafka do."""
        await self.consumer.on_partitions_revoked(self.thread.assignment())
        await self.assign(assigned, generation)

    async def assign(self, assigned: Iterable[tuple[str, int]], generation: int) -> None:
        """The second half: what Faust's recovery service does without tables."""
        self.thread.assigned = {TP(topic, partition) for topic, partition in assigned}
        for tp in self.thread.assigned:
            self.thread.logs.setdefault(tp, [])
            self.thread.ends.setdefault(tp, 0)
        self.app.consumer_generation_id = generation
        await self.app.topics.on_partitions_assigned(self.thread.assignment())
        await self.consumer.perform_seek()
        self.app.flow_control.resume()
        self.consumer.resume_flow()


@asynccontextmanager
async def running(*inputs: str, partitions: Iterable[int] = (0,)) -> Any:
    """A started harness with these partitions assigned, fetching."""
    factory, kafka, ended = Factory(*(inputs or (IN,))), MemoryKafka(), Ended()
    client = {"bootstrap_servers": "nowhere:1"}
    app = build_app(HarnessSettings(), client, linger_seconds=0, poll_seconds=0.001)
    app.end = ended
    units = attach(app, {"stage": factory.spec()}, links=kafka)
    app.in_worker = True
    app.finalize()
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    assigned = [(topic, p) for topic in factory.inputs for p in partitions]
    thread = ScriptedThread(assigned)
    consumer._thread = cast("Any", thread)
    for agent in app.agents.values():
        await agent.start()
    await cast("Any", app.topics)._update_indices()
    harness = Harness(app, consumer, thread, factory, kafka, ended)
    app.flow_control.resume()
    await harness.assign(assigned, GENERATION)
    fetching = asyncio.create_task(consumer._drain_messages(Service()))
    try:
        yield harness
    finally:
        consumer._stopped.set()
        consumer.resume_flow()
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        await units.close()
        for agent in app.agents.values():
            # Faust waits for ever for one that failed.
            with suppress(TimeoutError):
                await asyncio.wait_for(agent.stop(), 0.5)
