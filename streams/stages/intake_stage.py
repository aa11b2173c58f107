"""The intake stage: event records of one partition number to cells, dead letters and progress.

In: raw records of the five inputs, and what other units tell of customers. Out: one transaction:
entities, cells, the batches for the queues' stage and for other units' customers, dead letters, a
sample of the anomalies. What a record is, is decided here; what it
means, in `streams.windows.intake`.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

import msgspec
import orjson

from streams.contract.records import AnomalyRecord, QualityRecord, encode
from streams.contract.words import ANOMALY_SORTS, MINUTE_MS
from streams.faustkit.stage import InputClock, Output, Record, Turn
from streams.lifecycle.kinds import KINDS, NOTHING
from streams.lifecycle.rules import rules_of
from streams.metrics.meters import IntakeMeter
from streams.settings import Settings
from streams.stages.clocks import caught_up, event_now, wall_now
from streams.stages.dead_letters import dead_letter
from streams.wall_clock import now_ms
from streams.windows.customer_batches import decode_customers
from streams.windows.intake import PROGRESS_MS, Intake, IntakeTurn, Tally
from streams.windows.samples import MOST_SAMPLES, Sample
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import misplaced

log = logging.getLogger(__name__)

#: An event may be this far ahead of this machine's clock, ms.
FUTURE_MS = 60_000
_AHEAD = "more than 60 s ahead of this machine's clock"
#: So long back looks the wallboard's share of events that did nothing.
LATELY_MS = 10 * MINUTE_MS


class IntakeStage:
    """One partition number of the intake stage; see `faustkit.stage.Stage`."""

    def __init__(
        self,
        settings: Settings,
        partition: int,
        meter: IntakeMeter,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._customers = settings.topics.customers
        self.inputs = (*settings.topics.inputs, self._customers)
        self.partition = partition
        self.intake = Intake(rules_of(settings), partition, settings.partitions)
        self._settings, self._meter, self._clock = settings, meter, clock
        self._now = wall_now if settings.clock == "wall" else event_now
        self._letters: list[Output] = []
        self._results: Counter[tuple[str, str]] = Counter()
        self._reasons: Counter[str] = Counter()
        self._delays: list[tuple[str, int]] = []
        self._turned: IntakeTurn | None = None
        self._quality_at = 0
        #: (wall, effective events, those that did nothing) at each quality record of `LATELY_MS`.
        self._before: deque[tuple[int, int, int]] = deque()
        self._minute = self._sampled = self._left_off = 0
        self._canonical = {name: settings.topics.canonical(name) for name in settings.topics.inputs}

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one changelog record."""
        self.intake.restore(key, value)

    def restored(self) -> None:
        """Everything has been restored."""
        self.intake.restored()
        for tenant, queue, channel in self.intake.changed_rules:
            log.info(
                "rules changed: visits that began before keep the old ones",
                extra={"tenant": tenant, "queue": queue, "channel": channel,
                       "partition": self.partition, "since": self.intake.now + 1},
            )  # fmt: skip

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        """Decode records and hand them to the intake; what is unusable becomes a dead letter."""
        if topic == self._customers:
            self._hear(topic, records)
            return
        wall, name = self._clock(), self._canonical[topic]
        newest, partitions = wall + FUTURE_MS, self._settings.partitions
        self._results[name, "ok"] += len(records)
        for record in records:
            event = decode(record.value)
            rejected: Rejected | None
            if isinstance(event, Rejected):
                rejected = event
            elif event.occurred_at > newest:
                rejected = Rejected("future", _AHEAD, "occurred_at")
            else:
                rejected = misplaced(event, name, record.key, record.partition, partitions)
                if rejected is None:
                    rejected = self.intake.accept(event, name, record.offset)
            if rejected is not None:
                self._reject(record, rejected, topic, name, wall)
        if records and not isinstance(event, Rejected):
            # One sample a slice is enough for a histogram, and costs nothing an event.
            self._delays.append((name, event.occurred_at))

    def _hear(self, topic: str, records: Sequence[Record]) -> None:
        """What other units tell of customers; nobody else has any business there."""
        target = self._settings.topics.deadletters
        for record in records:
            try:
                self.intake.accept_customers(decode_customers(record.value or b""))
            except msgspec.MsgspecError:
                rejected = Rejected("schema", "not a batch of customers")
                self._letters.append(dead_letter(target, record, rejected, topic, record.timestamp))
                self._reasons[rejected.reason] += 1
                self.intake.counts["dead_letters"] += 1

    def _reject(self, record: Record, rejected: Rejected, topic: str, name: str, wall: int) -> None:
        target = self._settings.topics.deadletters
        self._letters.append(dead_letter(target, record, rejected, topic, wall))
        self._reasons[rejected.reason] += 1
        self._results[name, "ok"] -= 1
        self._results[name, "late" if rejected.reason == "late" else "invalid"] += 1
        self.intake.counts["dead_letters"] += 1

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        """Apply what was accepted, let time move on, and collect everything to write."""
        # What is told of customers holds nobody's time.
        clocks = {topic: clock for topic, clock in clocks.items() if topic in self._canonical}
        now = self._now(clocks, self._watermark)
        following = self._now is wall_now and caught_up(clocks.values())
        turned = self.intake.turn(self.intake.now if now is None else now, wall_ms, following)
        self._turned = turned
        letters, self._letters = self._letters, []
        if turned is None:
            return Turn([], letters)
        cells = self._settings.topics.cells
        source = str(self.partition).encode()
        outputs: list[Output] = [(cells, target, source, data, []) for target, data in turned.cells]
        customers = self._customers
        outputs += [(customers, unit, source, data, []) for unit, data in turned.customers]
        if wall_ms - self._quality_at >= PROGRESS_MS:
            self._quality_at = wall_ms
            outputs.append(self._quality(wall_ms))
        outputs += self._samples(turned.tally, wall_ms)
        return Turn(turned.state, outputs + letters)

    def _watermark(self, topic: str) -> int | None:
        return self.intake.inputs[self._canonical[topic]].watermark()

    def _quality(self, wall: int) -> Output:
        """What the wallboard's strip of data quality shows of this partition."""
        counts, before = self.intake.counts, self._before
        before.append((wall, counts["effective"], counts[NOTHING]))
        while before[0][0] < wall - LATELY_MS:
            before.popleft()
        record = QualityRecord(
            partition=self.partition,
            at=wall,
            sources=self.intake.last_seen(),
            late=counts["late"],
            dead_letters=counts["dead_letters"],
            anomalies=counts["anomalies"],
            orphaned=counts["orphaned"],
            unknown_agents=counts["unknown_agents"],
            # A late event can take back an anomaly that was counted before this state was kept.
            anomalies_by_sort={sort: max(0, counts[sort]) for sort in ANOMALY_SORTS},
            effective_lately=counts["effective"] - before[0][1],
            did_nothing_lately=max(0, counts[NOTHING] - before[0][2]),
        )
        key = orjson.dumps(["_quality", self.partition])
        return self._settings.topics.history, None, key, encode(record), []

    def _samples(self, tally: Tally, wall: int) -> list[Output]:
        """The turn's anomalies, as far as this wall minute has room for them."""
        if wall // MINUTE_MS != self._minute:
            self._minute, self._sampled = wall // MINUTE_MS, 0
        room = MOST_SAMPLES - self._sampled
        tally.left_off += len(tally.samples[room:])
        del tally.samples[room:]
        outputs = []
        for sample in tally.samples:
            outputs.append(self._anomaly(sample, wall))
            self._left_off = 0
        self._sampled += len(outputs)
        self._left_off += tally.left_off
        return outputs

    def _anomaly(self, sample: Sample, wall: int) -> Output:
        topics = self._settings.topics
        record = AnomalyRecord(
            topic=topics.named(sample.topic),
            partition=self.partition,
            offset=sample.offset,
            type=sample.type,
            source=sample.source,
            tenant=sample.tenant,
            channel=sample.channel or None,
            queue=sample.queue,
            kind=sample.kind,
            sort=KINDS[sample.kind][0],
            occurred_at=sample.occurred_at,
            seen_at=wall,
            left_off=self._left_off,
        )
        return topics.anomalies, self.partition, None, encode(record), []

    def committed(self) -> None:
        """The last turn is durable: count it."""
        wall = self._clock()
        delays = [(topic, wall - at) for topic, at in self._delays]
        self._meter.add(
            self.partition, self.intake, self._turned, self._results, self._reasons, delays
        )
        self._turned = None
        self._results, self._reasons, self._delays = Counter(), Counter(), []

    def closed(self) -> None:
        """The unit is released."""
        self._meter.forget(self.partition, self.intake)
