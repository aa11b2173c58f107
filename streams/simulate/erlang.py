"""The textbook queue, M/M/n or M/M/n+M: Poisson arrivals, exponential handling and patience.

One voice queue, first come first served, no ringing, no wrap-up. In: rates and a seed. Out: NDJSON
in time order, with an `agent.state` at each change of an agent, and the books of what happened.
Invariant: times are integer milliseconds in the simulation itself, so the books and the events
agree exactly. Cost: some 10 µs a contact without output, 20 µs with it.
"""

import hashlib
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any

QUEUE = "erlang"
START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
FLUSH_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Model:
    """Arrivals a second, mean handle and patience in seconds (None = nobody ever leaves)."""

    arrival_rate: float
    handle_seconds: float
    agents: int
    contacts: int
    seed: int
    patience_seconds: float | None = None
    service_level_seconds: int = 20


@dataclass(slots=True)
class Batch:
    """The books of a run of consecutive arrivals."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    waited: int = 0
    answered_wait_ms: int = 0
    abandoned_wait_ms: int = 0
    answered_in_threshold: int = 0
    abandoned_in_threshold: int = 0
    handle_ms: int = 0
    first_ms: int = 0


@dataclass(slots=True)
class Outcome:
    """All batches, and the end: the instant of the last event."""

    batches: list[Batch] = field(default_factory=list)
    events: int = 0
    start_ms: int = START_MS
    end_ms: int = START_MS
    handling_ms: int = 0

    def total(self, name: str) -> int:
        """The sum of a count, or of ms, over all batches."""
        return sum(getattr(batch, name) for batch in self.batches)

    def as_json(self, model: Model) -> dict[str, Any]:
        """The books as `Centre.truth` has them: seconds; ratios are None over nothing."""
        names = ("offered", "answered", "abandoned", "answered_in_threshold")
        staffed = model.agents * (self.end_ms - self.start_ms)
        answered_wait = self.total("answered_wait_ms")
        abandoned_wait = self.total("abandoned_wait_ms")
        return {
            "tenant": "default", "queue": QUEUE, "channel": "voice", "seed": model.seed,
            "start": self.start_ms, "as_of": self.end_ms, "events": self.events,
            **{name: self.total(name) for name in names},
            "abandoned_in_threshold": self.total("abandoned_in_threshold"),
            "threshold_decided": self.total("offered"),
            "handled": self.total("answered"),
            "answered_wait_seconds": answered_wait / 1000,
            "abandoned_wait_seconds": abandoned_wait / 1000,
            "closed_wait_seconds": (answered_wait + abandoned_wait) / 1000,
            "talk_seconds": self.total("handle_ms") / 1000,
            "handling_agent_seconds": self.handling_ms / 1000,
            "staffed_agent_seconds": staffed / 1000,
            "occupancy_ratio": round(self.handling_ms / staffed, 6) if staffed else None,
        }  # fmt: skip


def simulate(
    model: Model, write: Callable[[str], object] | None = None, batches: int = 1
) -> Outcome:
    """Runs the queue until every contact is gone; `write` gets chunks of NDJSON lines."""
    text = f"erlang/{model}"
    draw = Random(text).random
    log = math.log
    run = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    outcome = Outcome()
    lines = _Lines(run, write)
    per_batch = max(1, math.ceil(model.contacts / batches))
    threshold_ms = model.service_level_seconds * 1000
    gap_ms, handle_mean_ms = 1000 / model.arrival_rate, model.handle_seconds * 1000
    patience_mean_ms = None if model.patience_seconds is None else model.patience_seconds * 1000
    free = list(range(model.agents, 0, -1))
    busy: list[tuple[int, int, int]] = []  # end, contact, agent
    line: deque[tuple[int, int, int, Batch]] = deque()  # contact, entered, leaves at, batch
    leaving: list[tuple[int, int, int, Batch]] = []  # leaves at, contact, entered, batch
    gone: set[int] = set()
    never = 1 << 62
    clock = float(START_MS)  # arrivals are drawn in continuous time: rounding must not add up
    if write is not None:
        for agent in free:
            lines.agent(START_MS, agent, 0)
    clock -= gap_ms * log(1 - draw())
    arrival, arrived = round(clock), 0
    batch = Batch()
    while True:
        end = busy[0][0] if busy else never
        if leaving and leaving[0][0] < end and leaving[0][0] < arrival:
            now, contact, entered, its = heappop(leaving)
            if contact not in gone:
                gone.add(contact)
                its.abandoned += 1
                its.abandoned_wait_ms += now - entered
                its.abandoned_in_threshold += now - entered <= threshold_ms
                lines.contact(now, "contact.abandoned", contact)
            else:
                gone.discard(contact)
                continue
        elif end <= arrival:
            if end == never:
                break
            now, contact, agent = heappop(busy)
            lines.ended(now, contact, agent)
            while line and line[0][0] in gone:
                gone.discard(line.popleft()[0])
            if line:
                contact, entered, leaves, its = line.popleft()
                if leaves != never:
                    gone.add(contact)  # its patience no longer matters
                wait = now - entered
                its.answered += 1
                its.waited += 1
                its.answered_wait_ms += wait
                its.answered_in_threshold += wait <= threshold_ms
                handle = round(-handle_mean_ms * log(1 - draw()))
                its.handle_ms += handle
                outcome.handling_ms += handle
                heappush(busy, (now + handle, contact, agent))
                lines.answered(now, contact, agent, 0)
            else:
                free.append(agent)
                lines.agent(now, agent, 0)
        else:
            now = arrival
            arrived += 1
            if (arrived - 1) % per_batch == 0:
                batch = Batch(first_ms=now)
                outcome.batches.append(batch)
            batch.offered += 1
            lines.enqueued(now, arrived)
            if free:
                agent = free.pop()
                handle = round(-handle_mean_ms * log(1 - draw()))
                batch.answered += 1
                batch.answered_in_threshold += 1
                batch.handle_ms += handle
                outcome.handling_ms += handle
                heappush(busy, (now + handle, arrived, agent))
                lines.answered(now, arrived, agent, 1)
                lines.agent(now, agent, 1)
            else:
                leaves = never
                if patience_mean_ms is not None:
                    leaves = now + round(-patience_mean_ms * log(1 - draw()))
                    heappush(leaving, (leaves, arrived, now, batch))
                line.append((arrived, now, leaves, batch))
            if arrived == model.contacts:
                arrival = never
            else:
                clock -= gap_ms * log(1 - draw())
                arrival = round(clock)
    outcome.end_ms = now
    lines.finish(now)
    outcome.events = lines.count
    return outcome


class _Lines:
    """The events as text, by templates: a dictionary and an encoder cost three times as much."""

    def __init__(self, run: str, write: Callable[[str], object] | None) -> None:
        self.run = run
        self.write = write
        self.count = 0
        self.pending: list[str] = []
        self.said: dict[int, tuple[int, int]] = {}

    def _line(self, source: str, kind: str, now: int, rest: str) -> None:
        self.count += 1
        self.pending.append(
            f'{{"event_id":"{self.run}-{self.count}","type":"{kind}","occurred_at":{now},'
            f'"source":"{source}",{rest}}}\n'
        )
        if len(self.pending) >= FLUSH_LINES:
            self._flush()

    def _flush(self) -> None:
        assert self.write is not None
        self.write("".join(self.pending))
        self.pending.clear()

    def contact(self, now: int, kind: str, contact: int, rest: str = "") -> None:
        if self.write is not None:
            self._line(
                "pbx", kind, now,
                f'"channel":"voice","contact_id":"{self.run}-{contact}","queue":"{QUEUE}"{rest}',
            )  # fmt: skip

    def enqueued(self, now: int, contact: int) -> None:
        self.contact(now, "contact.enqueued", contact)

    def answered(self, now: int, contact: int, agent: int, seq: int) -> None:
        self.contact(
            now, "contact.answered", contact,
            f',"agent_id":"agent-{agent}"' + (f',"seq":{seq}' if seq else ""),
        )  # fmt: skip

    def ended(self, now: int, contact: int, agent: int) -> None:
        # Last of its millisecond: a conversation may be shorter than one.
        self.contact(now, "contact.ended", contact, f',"agent_id":"agent-{agent}","seq":2')

    def agent(self, now: int, agent: int, handling: int) -> None:
        if self.write is None:
            return
        last, seq = self.said.get(agent, (0, 0))
        seq = seq + 1 if last == now else 0
        self.said[agent] = (now, seq)
        busy = f'{{"voice":{handling}}}' if handling else "{}"
        self._line(
            "acd", "agent.state", now,
            f'"agent_id":"agent-{agent}","state":"available","queues":["{QUEUE}"],'
            f'"handling":{busy},"capacity":{{"voice":1}}' + (f',"seq":{seq}' if seq else ""),
        )  # fmt: skip

    def finish(self, now: int) -> None:
        if self.write is None:
            return
        for source in ("pbx", "acd"):
            self._line(source, "source.heartbeat", now, '"ended":true')
        self._flush()
