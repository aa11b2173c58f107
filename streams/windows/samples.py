"""Layer 3: a sample of the anomalies of a turn, for whoever mends the system that sent them.

In: the ledger's anomalies, and the fact at hand with its place. Out: `Sample`s, at most
`MOST_SAMPLES` a turn, and how many more there were. Only an event that is an anomaly when it is
taken is one: a refold tells of all anomalies of its entity again, and of older events that is
nothing new. Invariant: no id of a contact, a customer or an agent. Cost: nothing but for anomalies.
"""

from dataclasses import dataclass
from typing import Any, Final

from streams.contract.events import Event
from streams.lifecycle.changelog import parts_of
from streams.lifecycle.facts import AnyFact, CallbackFact, Fact
from streams.lifecycle.ledger import Ledger

#: Anomalies of one turn that are shown one by one, and of one wall minute (`intake_stage.py`).
MOST_SAMPLES: Final = 100
#: A fact with its time (ms), by which they are taken, and its entity's key before it; and its
#: event's topic (the contract's name), offset and struct.
Taking = tuple[int, str, AnyFact, str, int, type[Event]]


@dataclass(frozen=True, slots=True)
class Sample:
    """An event that was an anomaly when it was taken, and where it stands; `occurred_at` in ms."""

    topic: str
    offset: int
    type: str
    source: str
    tenant: str
    channel: str
    queue: str | None
    kind: str
    occurred_at: int


class Sampler:
    """Hears a ledger's anomalies; `taking` is the fact at hand, None where none is."""

    def __init__(self, ledger: Ledger) -> None:
        self.taking: Taking | None = None
        self._ledger = ledger
        self._samples: list[Sample] = []
        self._left_off = 0
        ledger.heard = self._hear

    def _hear(self, kind: str, fact: Any) -> None:
        if self.taking is None or self._ledger.sign != 1 or fact is None:
            return
        _, key, taken, topic, offset, struct = self.taking
        if (fact.source, fact.id) != (taken.source, taken.id):
            return
        if len(self._samples) == MOST_SAMPLES:
            self._left_off += 1
            return
        tenant, channel, _ = parts_of(key)
        if isinstance(taken, CallbackFact):
            channel = taken.channel
        queue = taken.queue if isinstance(taken, Fact) else None
        where = (topic, offset, struct.TYPE, taken.source, tenant, channel, queue)
        self._samples.append(Sample(*where, kind, taken.at))

    def collect(self) -> tuple[list[Sample], int]:
        """The samples since the last call, and how many more there were."""
        samples, left_off = self._samples, self._left_off
        self._samples, self._left_off = [], 0
        return samples, left_off
