"""A worker without Kafka: both stages, their meters and the units' statistics, for the exporter.

In: events as dictionaries, and moments. Out: what `/metrics` would show. Everything is committed at
once; the wall clock is the test's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from msgspec.structs import replace
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from streams.faustkit.stage import InputClock, Stage
from streams.faustkit.stats import KitStats
from streams.kpis.definitions import Definitions
from streams.lifecycle import counters as c
from streams.metrics.collector import MetricsCollector
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.settings import QueueSettings, Settings
from streams.stages.intake_stage import IntakeStage
from streams.stages.queue_stage import QueueStage
from streams.wire.decode import decode
from streams.wire.keys import partition_of
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of

#: A full pane, ms.
START = 1_700_000_000_000
PREFIX = "contactcenter_"


@dataclass
class Record:
    """One Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = START
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Unit:
    """What the server asks of a unit."""

    epoch: int = 1


@dataclass
class Units:
    """What the server asks of the units."""

    stats: KitStats = field(default_factory=KitStats)
    ready: bool = True
    epoch: int = 1
    live: dict[tuple[str, int], Unit] = field(default_factory=dict)


class StandIn:
    """A worker that has been assigned every partition."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.wall = settings, START
        self.units, self.intake, self.queues = Units(), IntakeMeter(), QueueMeter()
        self.stages: dict[tuple[str, int], Stage] = {}
        for number in range(settings.partitions):
            self.assign("intake", number)
            self.assign("queues", number)
        self.collector = MetricsCollector(settings, self.units.stats, self.intake, self.queues)
        self._offset = self._id = 0

    def assign(self, name: str, number: int) -> None:
        """Give it a unit, fresh and loaded."""
        stage: Stage
        if name == "intake":
            stage = IntakeStage(self.settings, number, self.intake, lambda: self.wall)
        else:
            stage = QueueStage(self.settings, Definitions(self.settings), number, self.queues)
        stage.restored()
        self.stages[name, number] = stage
        stats = self.units.stats.unit(name, number, stage.inputs)
        stats.assigned = stats.loaded = True
        self.units.live[name, number] = Unit()

    def release(self, name: str, number: int) -> None:
        """Take it away again."""
        stats = self.units.stats.units[name, number]
        stats.assigned = stats.loaded = False
        del self.units.live[name, number]
        self.stages.pop((name, number)).closed()

    def send(self, *events: Mapping[str, Any]) -> None:
        """Hand over events; fields not given are a voice contact's of the source `acd`."""
        for fields in events:
            self._id += 1
            event = {"event_id": f"e{self._id}", "source": "acd", "channel": "voice", **fields}
            self.put(orjson.dumps(event))

    def put(self, value: bytes, key: bytes | None = None, topic: str | None = None) -> None:
        """Hand over one record; key and topic are the event's own unless given."""
        event: Any = decode(value)
        if not isinstance(event, Rejected):
            topic = topic or topic_of(event)
            key = key or (key_of(event) or "").encode()
        topic, key = topic or "contact.calls", key or b""
        number = partition_of(key, self.settings.partitions)
        self._offset += 1
        record = Record(self.settings.topics.named(topic), number, self._offset, key, value)
        self.stages["intake", number].accept(record.topic, [record])

    def turn(self, seconds: float = 1.0) -> None:
        """Let time pass, and every unit commit a turn: intake first, then queues."""
        self.wall += round(seconds * 1_000)
        topics = self.settings.topics
        readers = {topics.cells: "queues", topics.customers: "intake"}
        for stage in self._of("intake"):
            outputs = stage.turn(self._clocks(stage.inputs), self.wall).outputs
            stage.committed()
            for topic, number, key, value, _ in outputs:
                if topic in readers and number is not None:
                    reader = self.stages.get((readers[topic], number))
                    if reader is not None:
                        reader.accept(topic, [Record(topic, number, 0, key, value)])
        for stage in self._of("queues"):
            stage.turn(self._clocks(stage.inputs), self.wall)
            stage.committed()

    def show(self, queue: str, channel: str, **live: Any) -> None:
        """A queue's newest record says this of now; its units need not have seen why."""
        key = ("default", queue, channel)
        for number, records in self.queues.records.items():
            if key in records:
                now = replace(records[key].live, **live)
                self.queues.records[number] = records | {key: replace(records[key], live=now)}

    def book(self, queue: str, channel: str, **numbers: int) -> None:
        """A turn books these changes; numbers by their names in `lifecycle/counters.py`."""
        changes = {getattr(c, name): change for name, change in numbers.items()}
        self.intake.book(("default", queue, channel), changes)

    def _of(self, name: str) -> list[Stage]:
        return [stage for (kind, _), stage in sorted(self.stages.items()) if kind == name]

    def _clocks(self, topics: Iterable[str]) -> dict[str, InputClock]:
        return {topic: InputClock(self.wall, False, True) for topic in topics}

    def text(self) -> str:
        """The page, in the plain format."""
        return self.collector.page(openmetrics=False).decode()

    def families(self) -> dict[str, Metric]:
        """The page by family; counters with their `_total`."""
        return families_of(self.text())

    def value(self, name: str, **labels: str) -> float | None:
        """One series' value, the labels given being among its own; None where there is none."""
        return value_in(self.text(), name, **labels)


def families_of(text: str) -> dict[str, Metric]:
    """A page by family, in the names of the catalogue."""
    found = {}
    for metric in text_string_to_metric_families(text):
        end = "_total" if metric.type == "counter" else ""
        found[metric.name.removeprefix(PREFIX) + end] = metric
    return found


def value_in(text: str, name: str, **labels: str) -> float | None:
    """One series of a page; more than one is a mistake of the test."""
    lines = [line for line in text.splitlines() if line.startswith(PREFIX + name)]
    values = [
        sample.value
        for metric in text_string_to_metric_families("\n".join(lines))
        for sample in metric.samples
        if sample.name == PREFIX + name and labels.items() <= sample.labels.items()
    ]
    assert len(values) < 2, (name, labels, values)
    return values[0] if values else None


def centre(**changes: Any) -> Settings:
    """Two voice queues, a chat and a ticket queue, on two partitions."""
    queues = (
        QueueSettings("billing", site="berlin", skill="de", team="red"),
        QueueSettings("sales", service_level_seconds=30),
        QueueSettings("web", channels=("chat",)),
        QueueSettings("mail", channels=("ticket",)),
    )
    given: dict[str, Any] = {"partitions": 2, "queues": queues}
    return Settings(**given | changes)


def call(contact: str, at: int, **steps: int) -> list[dict[str, Any]]:
    """A call in `billing`: seconds after its start at which it was `answered`, `ended`, …"""
    events = [("enqueued", 0), *steps.items()]
    return [
        {
            "type": f"contact.{name}",
            "contact_id": contact,
            "queue": "billing",
            "occurred_at": at + seconds * 1_000,
        }
        for name, seconds in events
    ]
