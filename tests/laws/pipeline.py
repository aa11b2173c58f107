"""Both stages without Kafka: partitions, changelogs and restarts as the worker has them."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from streams.contract.agent_figures import AgentRecord
from streams.contract.customer_figures import TopicFigures
from streams.contract.fields import Part, fields_of, leaves_of
from streams.contract.figures import Figures
from streams.contract.records import IntervalRecord, encode
from streams.kpis.agent_record import agent_record, agent_today
from streams.kpis.definitions import Definitions
from streams.kpis.figures import figures
from streams.kpis.record import interval_record, kpi_record
from streams.lifecycle.counters import WAITING
from streams.lifecycle.rules import rules_of
from streams.settings import Settings
from streams.windows import views
from streams.windows.cells import decode_batch
from streams.windows.customer_batches import decode_customers
from streams.windows.intake import Intake
from streams.windows.queue_state import Queue
from streams.windows.queues import Queues
from streams.windows.views import View
from streams.wire.decode import decode
from streams.wire.keys import partition_of
from streams.wire.routing import key_of, topic_of


def published(record: Part) -> dict[str, Any]:
    """A record as its readers get it."""
    read: dict[str, Any] = orjson.loads(encode(record))
    return read


def _today(queue: Queue, as_of: int, reasons: Mapping[str, int]) -> View:
    also = reasons.values()
    return views.today(queue.panes, as_of, views.filling(queue.panes, as_of), also)


class Log:
    """A compacted changelog partition."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def write(self, writes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Apply one transaction's writes."""
        for key, value in writes:
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


class Pipeline:
    """`partitions` units of each stage; with `intervals`, the newest record of each interval."""

    def __init__(self, settings: Settings, partitions: int = 2, intervals: bool = True) -> None:
        self.keeps_intervals = intervals
        self.settings, self.partitions = settings, partitions
        self.definitions = Definitions(settings)
        self.logs = {(s, p): Log() for s in ("intake", "queues") for p in range(partitions)}
        self.intakes = [self._intake(p) for p in range(partitions)]
        self.queues = [self._queues(p) for p in range(partitions)]
        self.intervals: dict[tuple[str, str, str, int], IntervalRecord] = {}
        #: The newest record of each (tenant, agent, start), where the settings want them.
        self.agents: dict[tuple[str, str, int], AgentRecord] = {}
        self.rejected: list[Any] = []
        self.wall = 0
        #: By unit: what others have told it of customers, and it has not read.
        self.told: list[list[bytes]] = [[] for _ in range(partitions)]

    def _intake(self, partition: int) -> Intake:
        unit = Intake(rules_of(self.settings), partition, self.partitions)
        self._restore(unit, self.logs["intake", partition])
        return unit

    def _queues(self, partition: int) -> Queues:
        unit = Queues(self.definitions.of_partition(partition, self.partitions))
        self._restore(unit, self.logs["queues", partition])
        return unit

    @staticmethod
    def _restore(unit: Any, log: Log) -> None:
        for key, value in log.values.items():
            unit.restore(key, value)
        unit.restored()

    def restart(self) -> None:
        """Every unit is lost and loaded again from its changelog."""
        self.intakes = [self._intake(p) for p in range(self.partitions)]
        self.queues = [self._queues(p) for p in range(self.partitions)]

    def accept(self, raw: bytes) -> None:
        """Hand one record to its partition."""
        event: Any = decode(raw)
        topic, key = topic_of(event), key_of(event)
        if topic is None or key is None:
            return
        found = self.intakes[partition_of(key, self.partitions)].accept(event, topic)
        if found is not None:
            self.rejected.append(found)

    def turn(self, now: int) -> None:
        """One transaction of every intake unit, then of every queues unit."""
        self.wall += 10_000  # so that idle units report their progress each time
        for number, intake in enumerate(self.intakes):
            while self.told[number]:
                intake.accept_customers(decode_customers(self.told[number].pop(0)))
            turned = intake.turn(now, wall=self.wall, following=False)
            if turned is None:
                continue
            self.logs["intake", number].write(turned.state)
            for target, value in turned.cells:
                self.queues[target].accept(decode_batch(value))
            for target, value in turned.customers:
                self.told[target].append(value)
        for number, unit in enumerate(self.queues):
            unit.advance(None)
            unit.revise()
            for queue in unit.queues.values():
                for start, before in unit.passed(queue):
                    if queue.is_agent:
                        today = agent_today(queue, unit.as_of)
                        agent = agent_record(queue, start, before, today, unit)
                        self.agents[(agent.tenant, agent.agent, start)] = agent
                        continue
                    if not self.keeps_intervals:
                        continue
                    record = interval_record(queue, start, before, unit, self.definitions)
                    self.intervals[(*queue.queue_key, start)] = record
            self.logs["queues", number].write(unit.collect())

    def finish(self, now: int) -> None:
        """Turns at `now` until no unit has anything to read."""
        self.turn(now)
        while any(decode_customers(data).told for told in self.told for data in told):
            self.turn(now)

    def kpis(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The live records of every place that exists."""
        return {
            queue.queue_key: published(kpi_record(queue, unit, self.definitions))
            for unit in self.queues
            for queue in unit.queues.values()
            if queue.used
        }

    def today(self) -> dict[tuple[str, str, str], tuple[dict[str, Any], int]]:
        """What the day counts, and who waits, of every place that exists: a part of `kpis`."""
        found = {}
        for unit in self.queues:
            for key, queue in unit.queues.items():
                if not queue.used:
                    continue
                reasons = self.definitions.reasons(key)
                view = _today(queue, unit.as_of, reasons)
                told = published(figures(view, key[2], "days", reasons))
                found[key] = told, queue.panes.levels().get(WAITING, 0)
        return found

    def sums(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Every count and sum of seconds, added up over the newest interval records."""
        total: dict[tuple[str, str, str], dict[str, Any]] = {}
        for (*queue_key, _), record in self.intervals.items():
            tenant, queue, channel = queue_key
            into = total.setdefault((tenant, queue, channel), {})
            for name, value in additive(published(record)["figures"]).items():
                into[name] = round(into.get(name, 0) + value, 3)
        return total


#: The figures that add up over intervals: where each stands, its name, whether it is by word.
ADDITIVE = [
    (path, ".".join(path), bool(field.each or field.by_name))
    for path, field in leaves_of(Figures)
    if field.additive
]
#: And those of a topic.
OF_TOPIC = [name for name, field in fields_of(TopicFigures).items() if field.additive]


def additive(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that add up over intervals: counts and sums of seconds; by topic too."""
    found: dict[str, Any] = {}
    for path, name, by_word in ADDITIVE:
        value: Any = figures
        for key in path:
            value = None if value is None else value[key]
        if value is None:
            continue
        if by_word:
            found |= {f"{name}.{word}": amount for word, amount in value.items()}
        else:
            found[name] = value
    for row in figures["by_topic"] or ():
        found |= {f"by_topic.{row['topic']}.{name}": row[name] for name in OF_TOPIC}
    return found
