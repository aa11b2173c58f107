"""Both stages with records made by hand; the wall clock is the test's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from streams.faustkit.stage import InputClock, Turn
from streams.kpis.definitions import Definitions
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.settings import QueueSettings, Settings
from streams.stages.intake_stage import IntakeStage
from streams.stages.queue_stage import QueueStage

#: A millisecond into a pane: a window ends at `as_of` rounded up, and holds what is before its end.
START = 1_700_000_000_001
SETTINGS = Settings(partitions=1, queues=(QueueSettings(name="billing"),))


@dataclass
class Record:
    """One Kafka record."""

    value: bytes | None
    key: bytes | None = b"c1"
    topic: str = "contact.calls"
    offset: int = 7
    partition: int = 0
    timestamp: int = START
    headers: tuple[tuple[str, bytes], ...] = ()


def call(kind: str, at: int, contact: str = "c1", **fields: Any) -> Record:
    """A call's event as a record under its own key."""
    event = {
        "event_id": f"{contact}-{kind}-{at}",
        "type": kind,
        "occurred_at": at,
        "source": "pbx",
        "channel": "voice",
        "contact_id": contact,
        "queue": "billing",
        **fields,
    }
    return Record(orjson.dumps(event), contact.encode())


class Stages:
    """One partition number of both."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.settings = settings
        self.wall = START
        self.intake = IntakeStage(settings, 0, IntakeMeter(), lambda: self.wall)
        self.queues = QueueStage(settings, Definitions(settings), 0, QueueMeter())

    @classmethod
    def restored(cls, state: Mapping[bytes, bytes | None]) -> Self:
        """A fresh intake stage that is loaded from these writes."""
        stages = cls()
        for key, value in state.items():
            if value is not None:
                stages.intake.restore(key, value)
        stages.intake.restored()
        return stages

    def take(self, *records: Record) -> Turn:
        """One turn of the intake stage, caught up at the wall's time."""
        for record in records:
            self.intake.accept(record.topic, [record])
        clock = InputClock(self.wall, unread=False, fetched=True)
        turn = self.intake.turn(dict.fromkeys(self.settings.topics.inputs, clock), self.wall)
        self.intake.committed()
        return turn

    def tick(self, turn: Turn) -> dict[str, list[tuple[Any, Any]]]:
        """One turn of the queues' stage upon it: (key, value) by topic."""
        cells = self.settings.topics.cells
        batches = [Record(out[3], topic=cells) for out in turn.outputs if out[0] == cells]
        self.queues.accept(cells, batches)
        clock = InputClock(self.wall, unread=False, fetched=True)
        found: dict[str, list[tuple[Any, Any]]] = {}
        for topic, _, key, value, _ in self.queues.turn({cells: clock}, self.wall).outputs:
            if topic == self.settings.topics.deadletters:
                found.setdefault(topic, []).append((key, value))
            else:
                row = orjson.loads(key or b"null"), orjson.loads(value or b"null")
                found.setdefault(topic, []).append(row)
        self.queues.committed()
        return found
