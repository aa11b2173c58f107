"""The units of this process: which are assigned, loaded, live.

In: assignments from the transport, events from the agents. Out: events to the unit they belong to.
A unit is kept over a rebalance when its partition stays and no generation was missed in between
(then nobody else can have written its state); otherwise it is released and loaded again. Another
process with our `group_instance_id` hides behind our generation, but has fenced our producers.
Invariant: a unit receives batches of the current assignment only, from its own next offset on.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from streams.errors import StateError
from streams.faustkit.clients import Clients
from streams.faustkit.options import Options
from streams.faustkit.shutdown import End
from streams.faustkit.stage import StageSpec
from streams.faustkit.stats import KitStats
from streams.faustkit.unit import Unit

log = logging.getLogger(__name__)

# Seeks the inputs of one partition number: {topic: next offset, None = the beginning} to the
# offsets sought, or None when the assignment has changed meanwhile.
Seek = Callable[[int, Mapping[str, int | None]], Awaitable[Mapping[str, int] | None]]


class Units:
    """See the module; everything but reading `stats` and `ready` runs on the event loop."""

    def __init__(
        self, options: Options, stages: Iterable[StageSpec], links: Clients, end: End
    ) -> None:
        self.options = options
        self.stages = {spec.name: spec for spec in stages}
        self.stats = KitStats()
        self.epoch = 0  # counts assignments and their ends
        self.live: dict[tuple[str, int], Unit] = {}
        self.closed = False
        self.stopping = False  # a signal has asked for the end
        self._links = links
        self._end = end
        self._stage_of = {topic: spec for spec in self.stages.values() for topic in spec.inputs}
        if len(self._stage_of) < sum(len(spec.inputs) for spec in self.stages.values()):
            raise ValueError("an input topic can belong to one stage only")
        self._generation: int | None = None
        self._assigned = False
        self._unsettled_at: float | None = None  # monotonic start of the rebalance under way
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def topics(self) -> tuple[str, ...]:
        """Every input topic."""
        return tuple(self._stage_of)

    @property
    def ready(self) -> bool:
        """An assignment is there and all of its units are loaded and reading."""
        if not self._assigned:
            return False
        return all(unit.epoch == self.epoch for unit in list(self.live.values()))

    # -- for the agents

    def put(self, event: Any) -> None:
        """Give one event to its unit, without waiting: full units are not polled for."""
        try:
            batch = event.value
            unit = self.live.get((self._stage_of[batch.topic].name, batch.partition))
            if unit is not None:
                unit.put(event)
        except Exception as exc:
            self._end("an event could not be handed to its unit", exc)

    # -- for the transport

    def unit(self, topic: str, partition: int) -> Unit | None:
        """The unit that reads this input."""
        spec = self._stage_of.get(topic)
        return None if spec is None else self.live.get((spec.name, partition))

    def pollable(self) -> list[tuple[str, int]]:
        """The (topic, partition) whose unit is loaded, sought and has room."""
        return [
            (topic, unit.partition)
            for unit in self.live.values()
            if unit.epoch == self.epoch
            for topic in unit.spec.inputs
            if unit.has_room(topic)
        ]

    async def suspend(self) -> None:
        """Wait for the commits in flight; nothing is written until the next assignment."""
        self.epoch += 1
        self._assigned = False
        self._unsettle()
        await asyncio.gather(*(unit.suspend() for unit in self.live.values()))

    def assign(self, generation: int, inputs: Iterable[tuple[str, int]], seek: Seek) -> None:
        """Release what is lost, keep what stays, load what is new; returns before it is loaded.

        Raises StateError when a partition number is here with some of a stage's inputs only.
        """
        if self.closed:
            return
        self.epoch += 1
        self.stats.rebalances += 1
        self._unsettle()
        wanted = self._whole_units(inputs)
        missed = self._generation is None or generation - self._generation not in (0, 1)
        self._generation = generation
        for key, unit in list(self.live.items()):
            if key not in wanted or missed:
                del self.live[key]
                # At once, because a successor of the same place shares its statistics.
                unit.retire()
                self._spawn(unit.release())
        for stage, partition in sorted(wanted - self.live.keys()):
            spec = self.stages[stage]
            stats = self.stats.unit(stage, partition, spec.inputs)
            stats.assigned = True
            unit = Unit(spec, partition, self.options, stats, self._links, self._end)
            self.live[stage, partition] = unit
        for unit in self.live.values():
            self._spawn(self._prepare(unit, self.epoch, seek))
        self._assigned = True
        self._mark_ready()
        log.info(
            "units assigned",
            extra={"generation": generation, "units": sorted(wanted), "missed": missed},
        )

    def _whole_units(self, inputs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        here = set(inputs)
        wanted = {
            (self._stage_of[topic].name, partition)
            for topic, partition in here
            if topic in self._stage_of
        }
        for stage, partition in wanted:
            missing = [t for t in self.stages[stage].inputs if (t, partition) not in here]
            if missing:
                raise StateError(
                    f"partition {partition} of {', '.join(missing)} went to another worker than "
                    f"the rest of stage {stage}: all workers must read the same topics, with "
                    "equal numbers of partitions"
                )
        return wanted

    async def _prepare(self, unit: Unit, epoch: int, seek: Seek) -> None:
        # Shielded: a load goes on over a rebalance in which the unit is kept.
        await asyncio.shield(unit.acquire())
        if unit.released or epoch != self.epoch:
            return
        starts = await seek(
            unit.partition, {topic: unit.next.get(topic) for topic in unit.spec.inputs}
        )
        if starts is not None and not unit.released and epoch == self.epoch:
            unit.begin(epoch, starts)
            self._mark_ready()

    def _unsettle(self) -> None:
        if self._unsettled_at is None:
            self._unsettled_at = time.monotonic()

    def _mark_ready(self) -> None:
        if self._unsettled_at is not None and self.ready:
            self.stats.rebalance.add(time.monotonic() - self._unsettled_at)
            self._unsettled_at = None

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._end("a unit could not be loaded or released", exc)

    async def close(self) -> None:
        """Release every unit; none will be made any more."""
        self.closed = True
        self._assigned = False
        self.epoch += 1
        units = list(self.live.values())
        self.live.clear()
        await asyncio.gather(*(unit.release() for unit in units))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
