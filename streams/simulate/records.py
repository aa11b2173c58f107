"""From the simulation's events to what is sent: bytes, topic, key; with faults where asked for.

In: events in time order. Out: `Outgoing` records in the order they are sent, which with faults is
no longer that of `occurred_at`: some records come twice, some late, some are rubbish.
Invariant: rubbish is always an additional record, so the truth of the events stands, and a
source's heartbeat never claims what is still held back. The faults' own numbers are counted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any, NamedTuple

import orjson

from streams.simulate.config import SOURCES
from streams.simulate.kernel import Event

DUPLICATE_DELAY_SECONDS = 20.0
DISORDER_RATIO = 0.1
"""Share of records that `disorder` delays."""
FILE_REASONS = ("not_json", "too_large", "schema", "unknown_type")
KAFKA_REASONS = (*FILE_REASONS, "wrong_topic", "wrong_key", "future", "late")
"""The last four exist only in a topic: a line of a file has no key, and a replay no clock."""


class Outgoing(NamedTuple):
    """One record. `topic` is canonical; `key` None with `every` means every partition."""

    at_ms: int
    topic: str
    key: bytes | None
    value: bytes
    every: bool = False


@dataclass(slots=True)
class Faults:
    """What to do to the stream, and what has been done (counts)."""

    duplicate_ratio: float = 0.0
    disorder_seconds: float = 0.0
    bad_ratio: float = 0.0
    reasons: tuple[str, ...] = FILE_REASONS
    seed: int = 0
    records: int = 0
    duplicates: int = 0
    disordered: int = 0
    bad: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The counts, reasons by name."""
        return {
            "records": self.records,
            "duplicates": self.duplicates,
            "disordered": self.disordered,
            "bad": dict(sorted(self.bad.items())),
        }


def outgoing(event: Event) -> Outgoing:
    """The event as the record a perfect source would send, when it happens."""
    topic = SOURCES[event["source"]]
    key = event.get("contact_id") or event.get("agent_id")
    value = orjson.dumps(event)
    at_ms = event["occurred_at"]
    if key is None:
        return Outgoing(at_ms, topic, None, value, every=True)
    return Outgoing(at_ms, topic, key.encode(), value)


def records(events: Iterable[Event], faults: Faults) -> Iterator[Outgoing]:
    """The events as records in sending order; everything held back is sent before the stream's
    `ended` heartbeats."""
    for record in _disturbed(events, faults):
        faults.records += 1
        yield record


def _disturbed(events: Iterable[Event], faults: Faults) -> Iterator[Outgoing]:
    if not (faults.duplicate_ratio or faults.disorder_seconds or faults.bad_ratio):
        yield from map(outgoing, events)
        return
    rng = Random(f"faults/{faults.seed}")
    held: list[tuple[int, int, Outgoing]] = []
    serial = 0
    rubbish = BadRecords(faults, rng)

    def hold(record: Outgoing, seconds: float) -> None:
        nonlocal serial
        serial += 1
        due = record.at_ms + round(seconds * 1000)
        heappush(held, (due, serial, record._replace(at_ms=due)))

    for event in events:
        now = event["occurred_at"]
        ended = event.get("ended", False)
        while held and (ended or held[0][0] <= now):
            record = heappop(held)[2]
            yield record._replace(at_ms=min(record.at_ms, now))
        if event["type"] == "source.heartbeat":
            if not ended:  # honest: what is held back has not been sent
                event["occurred_at"] = now - round(faults.disorder_seconds * 1000)
            yield outgoing(event)._replace(at_ms=now)
            continue
        record = outgoing(event)
        if rng.random() < faults.duplicate_ratio:
            faults.duplicates += 1
            hold(record, rng.uniform(0, DUPLICATE_DELAY_SECONDS))
        if faults.disorder_seconds and rng.random() < DISORDER_RATIO:
            faults.disordered += 1
            hold(record, rng.uniform(0, faults.disorder_seconds))
        else:
            yield record
        if rng.random() < faults.bad_ratio:
            yield rubbish.next(now)


class BadRecords:
    """Bad records of each kind in turn; each is about a contact of its own."""

    def __init__(self, faults: Faults, rng: Random) -> None:
        self.faults = faults
        self.rng = rng
        self.made = 0
        self.first_ms: int | None = None
        self.makers: dict[str, Callable[[Event], Outgoing]] = {
            "not_json": self._not_json, "too_large": self._too_large, "schema": self._schema,
            "unknown_type": self._unknown_type, "wrong_topic": self._wrong_topic,
            "wrong_key": self._wrong_key, "future": self._future, "late": self._late,
        }  # fmt: skip

    def next(self, now_ms: int) -> Outgoing:
        """The next record made to be refused, its event at `now_ms`; the reasons take turns."""
        if self.first_ms is None:
            self.first_ms = now_ms
        reason = self.faults.reasons[self.made % len(self.faults.reasons)]
        # Before a worker has seen a minute of events, nothing is late for it.
        if reason == "late" and now_ms < self.first_ms + 60_000:
            reason = "schema"
        self.made += 1
        self.faults.bad[reason] = self.faults.bad.get(reason, 0) + 1
        event: Event = {
            "event_id": f"bad-{self.faults.seed}-{now_ms}-{self.made}",
            "type": "contact.enqueued",
            "occurred_at": now_ms,
            "source": "pbx",
            "channel": "voice",
            "contact_id": f"bad-{self.faults.seed}-{now_ms}-{self.made}",
            "queue": "billing",
        }
        return self.makers[reason](event)._replace(at_ms=now_ms)

    def _not_json(self, event: Event) -> Outgoing:
        record = outgoing(event)
        return record._replace(value=record.value[: self.rng.randint(5, len(record.value) - 1)])

    def _too_large(self, event: Event) -> Outgoing:
        event["attributes"] = {"note": "x" * 66_000}
        return outgoing(event)

    def _schema(self, event: Event) -> Outgoing:
        key = str(event["contact_id"]).encode()
        flaw = self.made % 5
        if flaw == 0:
            del event["queue"]
        elif flaw == 1:
            event["seq"] = -1
        elif flaw == 2:
            event["channel"] = "fax"
        elif flaw == 3:
            event["event_id"] = ""
        else:
            event["occurred_at"] = "2026-01-05 08:00:00"
        return Outgoing(0, "contact.calls", key, orjson.dumps(event))

    def _unknown_type(self, event: Event) -> Outgoing:
        event["type"] = "contact.teleported"
        return outgoing(event)

    def _wrong_topic(self, event: Event) -> Outgoing:
        return outgoing(event)._replace(topic="contact.chats")

    def _wrong_key(self, event: Event) -> Outgoing:
        return outgoing(event)._replace(key=b"somebody-else")

    def _future(self, event: Event) -> Outgoing:
        event["occurred_at"] += 24 * 3_600_000
        return outgoing(event)

    def _late(self, event: Event) -> Outgoing:
        event["occurred_at"] -= 24 * 3_600_000
        return outgoing(event)
