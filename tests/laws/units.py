"""Intake units alone, over weeks: what each tells the others, and all that is booked, in sums.

Between transactions a unit may be lost; what one tells another is read a turn later, or more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any

import orjson

from streams.contract.words import ALL
from streams.kpis.replay import Replay
from streams.lifecycle.rules import rules_of
from streams.settings import Settings
from streams.windows.cells import decode_batch
from streams.windows.customer_batches import decode_customers
from streams.windows.intake import Intake
from streams.wire.decode import decode
from streams.wire.keys import partition_of
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of
from tests.laws.pipeline import Log

#: (tenant, queue, channel, counter)
Counted = tuple[str, str, str, int]


def decoded(event: dict[str, Any]) -> Any:
    """The event as the wire gives it."""
    found = decode(orjson.dumps(event))
    assert not isinstance(found, Rejected), found
    return found


class Units:
    """`partitions` intake units."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self.settings, self.partitions = settings, partitions
        self.logs = [Log() for _ in range(partitions)]
        self.told: list[list[bytes]] = [[] for _ in range(partitions)]
        self.panes: dict[tuple[int, str, str, str, int], dict[int, int]] = {}
        self.anomalies: Counter[str] = Counter()
        self.wall = 0
        self.units = [self._loaded(number) for number in range(partitions)]

    def _loaded(self, number: int) -> Intake:
        unit = Intake(rules_of(self.settings), number, self.partitions)
        for key, value in self.logs[number].values.items():
            unit.restore(key, value)
        unit.restored()
        return unit

    def restart(self) -> None:
        """Every unit is lost, and loaded from its changelog."""
        self.units = [self._loaded(number) for number in range(self.partitions)]

    def accept(self, event: dict[str, Any]) -> None:
        """Hand an event to its unit."""
        found = decoded(event)
        topic, key = topic_of(found), key_of(found)
        assert topic is not None
        assert key is not None
        unit = self.units[partition_of(key, self.partitions)]
        assert unit.accept(found, topic) is None

    def turn(self, now: int, hear: Random | None = None) -> None:
        """One transaction of each; what others told is read, or by chance only some of it."""
        self.wall += 10_000
        for number, unit in enumerate(self.units):
            waiting = self.told[number]
            while waiting and (hear is None or hear.random() < 0.7):
                unit.accept_customers(decode_customers(waiting.pop(0)))
            turned = unit.turn(now, wall=self.wall, following=False)
            if turned is None:
                continue
            self.anomalies += turned.tally.anomalies
            self.logs[number].write(turned.state)
            for _, data in turned.cells:
                batch = decode_batch(data)
                for cell in batch.cells:
                    place = (cell.tenant, cell.queue, cell.channel, cell.pane)
                    self.panes[batch.source, *place] = dict(cell.values)
            for target, data in turned.customers:
                self.told[target].append(data)

    def finish(self, now: int) -> None:
        """Turns at `now` until nothing that was told is unread."""
        self.turn(now)
        while any(decode_customers(data).told for told in self.told for data in told):
            self.turn(now)
        self.turn(now)

    def sums(self, counters: Iterable[int]) -> dict[Counted, int]:
        """What is counted in all queues but `_all`; only what is not 0."""
        wanted = set(counters)
        found: defaultdict[Counted, int] = defaultdict(int)
        for (_, tenant, queue, channel, _), values in self.panes.items():
            if queue != ALL:
                for counter in wanted & values.keys():
                    found[tenant, queue, channel, counter] += values[counter]
        return {place: n for place, n in found.items() if n}


def replayed(
    events: list[dict[str, Any]], settings: Settings, counters: Iterable[int], now: int
) -> dict[Counted, int]:
    """The same of a replay that ends at `now` (ms)."""
    replay = Replay(settings)
    last = {"type": "source.heartbeat", "event_id": "last", "source": "clock", "occurred_at": now}
    for event in [*events, last]:
        replay.add(decoded(event))
    replay.records()
    return {
        (entry.tenant, entry.queue, entry.channel, counter): entry.panes[0][counter]
        for entry in replay.ledger.entries.values()
        for counter in counters
        if entry.panes[0].get(counter) and entry.queue != ALL
    }
