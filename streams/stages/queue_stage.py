"""The queues' stage: cells of all sources to KPI, interval and history records of its queues.

A turn is a tick. A queue whose panes changed is published on the next one; what only time changes
goes out within ten seconds, a share of the queues a tick, so that no tick is long. Of single
agents, where they are wanted, what only time changes goes out within a minute.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from streams.contract.records import SCHEMA_VERSION, KpiRecord, encode
from streams.contract.words import INTERVAL_MS, MINUTE_MS, QueueKey
from streams.faustkit.stage import InputClock, Output, Record, Turn
from streams.kpis.agent_record import agent_record, agent_today
from streams.kpis.definitions import Definitions
from streams.kpis.history import history_record
from streams.kpis.record import interval_record, kpi_record
from streams.lifecycle.ledger import PANE_MS
from streams.metrics.meters import QueueMeter
from streams.settings import Settings
from streams.stages.dead_letters import dead_letter
from streams.windows.cells import CellBatch, decode_batch
from streams.windows.queue_state import Queue
from streams.windows.queues import Queues
from streams.wire.rejected import Rejected

#: The share of queues published a tick when only time has passed: all within eight ticks.
SHARE = 8


class QueueStage:
    """One partition number of the queues' stage; see `faustkit.stage.Stage`."""

    def __init__(
        self, settings: Settings, definitions: Definitions, partition: int, meter: QueueMeter
    ) -> None:
        self.inputs = (settings.topics.cells,)
        self.partition = partition
        self.unit = Queues(definitions.of_partition(partition, settings.partitions))
        self._settings, self._definitions, self._meter = settings, definitions, meter
        self._has_agents = settings.agent_figures != "off"
        #: When each agent was published last: the minute, and how far intervals were final.
        self._agents_shown: dict[QueueKey, tuple[int, int]] = {}
        self._letters: list[Output] = []
        self._minute = -1
        self._cut = (-1, -1)
        self._ageing: deque[QueueKey] = deque()
        self._aged: deque[QueueKey] = deque()
        self._fresh: dict[QueueKey, KpiRecord] = {}

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one changelog record."""
        self.unit.restore(key, value)

    def restored(self) -> None:
        """Everything has been restored."""
        self.unit.restored()

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        """Take the newest cells of their sources."""
        batches: list[CellBatch] = []
        for record in records:
            try:
                batches.append(decode_batch(record.value or b""))
            except msgspec.MsgspecError:
                rejected = Rejected("schema", "not a batch of cells")
                target = self._settings.topics.deadletters
                letter = dead_letter(target, record, rejected, topic, record.timestamp)
                self._letters.append(letter)
                self._meter.reject()
        self.unit.accept(*batches)

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        """Move `as_of` on and publish what changed."""
        caught_up = clocks[self.inputs[0]].caught_up_ms is not None
        follow = caught_up and self._settings.clock == "wall"
        self.unit.advance(wall_ms if follow else None)
        outputs, self._letters = self._letters, []
        if self.unit.as_of >= 0:
            outputs += self._publish()
        return Turn(self.unit.collect(), outputs)

    def _publish(self) -> list[Output]:
        outputs: list[Output] = []
        unit = self.unit
        due = self._due()
        queues = [queue for queue in due if queue.used]
        agents = self._due_agents(due) if self._has_agents else []
        if queues or agents:
            unit.revise()
        for queue in queues:
            outputs += self._records(queue)
        for agent in agents:
            outputs += self._agent_records(agent)
        for queue in self._due_for_history():
            key, value = _key(queue.queue_key), encode(history_record(queue, unit))
            outputs.append((self._settings.topics.history, None, key, value, []))
        return outputs

    def _due(self) -> list[Queue]:
        """Queues that changed, and a share of those that only grew older."""
        queues = self.unit.queues
        # By event time the last intervals become final while `as_of` stands.
        cut = self.unit.as_of // PANE_MS, self.unit.closed_before // INTERVAL_MS
        if cut != self._cut:
            self._cut = cut
            waiting = set(self._ageing)
            self._ageing.extend(queue_key for queue_key in queues if queue_key not in waiting)
        due = {queue_key: queue for queue_key, queue in queues.items() if queue.dirty}
        for _ in range(min(len(self._ageing), len(queues) // SHARE + 1)):
            queue_key = self._ageing.popleft()
            due[queue_key] = queues[queue_key]
        return list(due.values())

    def _due_agents(self, due: list[Queue]) -> list[Queue]:
        """Of those that are due, the agents of whom anything was told; others once a minute.

        There are many of them, and each record stays for days. By event time, which may stand
        still at any moment, all that are due.
        """
        step = MINUTE_MS if self._settings.clock == "wall" else PANE_MS
        time = self.unit.as_of // step, self.unit.closed_before // INTERVAL_MS
        agents = []
        for agent in due:
            if not agent.is_agent:
                continue
            agent.dirty = False
            if agent.has_news or self._agents_shown.get(agent.queue_key) != time:
                agent.has_news = False
                self._agents_shown[agent.queue_key] = time
                agents.append(agent)
        return agents

    def _due_for_history(self) -> list[Queue]:
        queues, minute = self.unit.queues, self.unit.as_of // MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            self._aged = deque(queue_key for queue_key, queue in queues.items() if queue.used)
        share = min(len(self._aged), len(queues) // (2 * SHARE) + 1)
        return [queues[self._aged.popleft()] for _ in range(share)]

    def _records(self, queue: Queue) -> list[Output]:
        queue.dirty = False
        topics, unit = self._settings.topics, self.unit
        record = kpi_record(queue, unit, self._definitions)
        self._fresh[queue.queue_key] = record
        outputs: list[Output] = [
            (topics.kpis, None, _key(queue.queue_key), encode(record), _VERSION)
        ]
        for start, before in unit.passed(queue):
            interval = interval_record(queue, start, before, unit, self._definitions)
            key = _key((*queue.queue_key, start))
            outputs.append((topics.intervals, None, key, encode(interval), _VERSION))
        return outputs

    def _agent_records(self, agent: Queue) -> list[Output]:
        unit = self.unit
        outputs: list[Output] = []
        tenant, name, _ = agent.queue_key
        topic, key = self._settings.topics.agent_figures, _key((tenant, name))
        today = None
        for start, before in unit.passed(agent):
            if not (any(before.values()) or agent.panes.has_anything()):
                continue  # gone for a day: there is nothing to say, or to correct
            today = today or agent_today(agent, unit.as_of)
            record = agent_record(agent, start, before, today, unit)
            outputs.append((topic, None, key, encode(record), _VERSION))
        return outputs

    def committed(self) -> None:
        """The last turn is durable: show it."""
        self._meter.show(self.partition, self.unit, self._fresh)
        self._fresh = {}

    def closed(self) -> None:
        """The unit is released: its queues are somebody else's."""
        self._meter.forget(self.partition, self.unit)


#: The header by which a reader knows the version without reading the record.
_VERSION = [("schema_version", SCHEMA_VERSION.encode())]


def _key(parts: tuple[Any, ...]) -> bytes:
    return orjson.dumps(parts)
