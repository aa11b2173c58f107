"""Layer 3: cells of all sources to the panes of this partition's queues: a queues unit's state.

Time here is `as_of`: what every source has passed. A source that was caught up is followed by the
clock for 15 s, so idle queues stay fresh; one that is silent holds `as_of`, and everybody sees it
age. Invariant: the same cells in any order, repeated or not, give the same panes. Times in ms.
"""

from collections.abc import Iterator

import msgspec

from streams.contract.words import ALL, INTERVAL_MS, OF_AGENT, QueueKey
from streams.lifecycle import changelog
from streams.lifecycle.changelog import AS_OF, REVISION, SOURCES, Write, key_of, kind_of, parts_of
from streams.lifecycle.counters import HANDLING, is_of_agents
from streams.lifecycle.ledger import PANE_MS
from streams.lifecycle.local_days import midnight_of
from streams.lifecycle.rules import NEVER
from streams.windows.cells import CellBatch, CellUpdate, Values, decode_values, encode_values
from streams.windows.panes import add
from streams.windows.queue_state import Queue

#: How long the clock speaks for a source that was caught up and has not reported since.
FOLLOWED_MS = 15_000

#: Empty intervals are due this far back. Levels do not outlast it (an age or a time to live ends
#: them), so one event with a wrong year costs a month of empty records, not decades of them.
GAP_MS = 35 * 24 * 3_600_000


class Progress(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How far one source is."""

    now: int
    closed_before: int
    watermark: int | None
    following: bool


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE_PROGRESS = msgspec.msgpack.Decoder(dict[int, Progress]).decode


class Queues:
    """All queues of one partition number."""

    def __init__(self, configured: dict[QueueKey, str]) -> None:
        """`configured`: the places of this partition that always exist, with their time zones."""
        self.zones = configured
        self.queues: dict[QueueKey, Queue] = {}
        self.progress: dict[int, Progress] = {}
        self.sources = 0
        self.as_of = -1
        self.revision = 0
        #: What the changelog does not have yet: panes and intervals by their starts, and queues.
        self._changed_panes: set[tuple[QueueKey, int]] = set()
        self._changed_intervals: set[tuple[QueueKey, int]] = set()
        self._changed_queues: set[QueueKey] = set()
        self._unsaved = False
        self._to_tidy: list[Queue] = []
        for queue_key in configured:
            self.queue(queue_key).used = True

    def queue(self, queue_key: QueueKey) -> Queue:
        """The queue at a place, made on first use."""
        known = self.queues.get(queue_key)
        if known is None:
            zone = "UTC" if queue_key[1] == ALL else self.zones.get(queue_key, "UTC")
            known = self.queues[queue_key] = Queue(queue_key, zone)
            known.panes.advance(self.end, midnight_of(max(self.as_of, 0), zone))
            if self.as_of >= 0:
                known.publish_from(self.as_of - self.as_of % INTERVAL_MS)
        return known

    @property
    def end(self) -> int:
        """Where count windows end: `as_of` rounded up to a pane."""
        return _rounded_up(self.as_of, PANE_MS) if self.as_of >= 0 else 0

    @property
    def watermark(self) -> int | None:
        """The least event watermark over the sources that have one."""
        marks = (p.watermark for p in self.progress.values())
        return min((mark for mark in marks if mark is not None), default=None)

    @property
    def closed_before(self) -> int:
        """What no source will change any more."""
        if not self.sources or len(self.progress) < self.sources:
            return -1
        return min(p.closed_before for p in self.progress.values())

    def accept(self, *batches: CellBatch) -> None:
        """Take changes of one source or of several; a source's progress counts after them."""
        changed: set[QueueKey] = set()
        for batch in batches:
            self._accept(batch, changed)
        for queue_key in changed:
            self.queues[queue_key].panes.settle()

    def _accept(self, batch: CellBatch, changed: set[QueueKey]) -> None:
        """Take one; whose panes it changed is added to `changed`."""
        self.sources = max(self.sources, batch.sources)
        for name in batch.names:
            queue_key = (name.tenant, name.queue, name.channel)
            names = self.queue(queue_key).names
            if name.first not in names:
                names[name.first] = name.by, name.value
                self._changed_queues.add(queue_key)
        for update in batch.cells:
            queue_key = (update.tenant, update.queue, update.channel)
            queue = self.queue(queue_key)
            start = update.pane - update.pane % INTERVAL_MS
            if queue.cursor < 0:
                queue.publish_from(start)
                self._changed_queues.add(queue_key)
            elif start not in queue.panes.intervals:
                if start < queue.first:
                    queue.first = start
                    self._changed_queues.add(queue_key)
                if start < queue.cursor:
                    self._begin_earlier(queue, start)
            if queue.panes.replace(update.pane, batch.source, update.values):
                self._changed_panes.add((queue_key, update.pane))
                changed.add(queue_key)
                queue.dirty = queue.has_news = True
            if not queue.used and _makes_queue(update):
                queue.used = True
                self._changed_queues.add(queue_key)
        for item in batch.oldest_updates:
            queue_key = (item.tenant, item.queue, item.channel)
            queue = self.queue(queue_key)
            starts = queue.oldest.setdefault(item.level, {})
            if item.oldest is None:
                starts.pop(batch.source, None)
            else:
                starts[batch.source] = item.oldest
            if item.level == HANDLING:
                queue.talking[batch.source] = item.standing, item.starts
                if not item.standing:
                    del queue.talking[batch.source]
            queue.dirty = True
            self._changed_queues.add(queue_key)
        for standing in batch.standings:
            queue_key = (standing.tenant, standing.queue, OF_AGENT)
            queue = self.queue(queue_key)
            queue.standing = standing.number, standing.since, standing.reason
            queue.dirty = queue.has_news = True
            self._changed_queues.add(queue_key)
        self.progress[batch.source] = Progress(
            batch.now, batch.closed_before, batch.watermark, batch.following
        )
        self._unsaved = True

    def _begin_earlier(self, queue: Queue, start: int) -> None:
        """Something happened before all that was known of the queue: what lies between is due too.

        What ended is due at once. What did not (a source told of a later time before this one came
        so far) is due at its end: published now alone, it would have no integrals.
        """
        ended = self.as_of - self.as_of % INTERVAL_MS
        oldest = max(start, queue.cursor - GAP_MS)
        for missed in range(oldest, min(ended, queue.cursor), INTERVAL_MS):
            queue.panes.interval(missed)
        if ended < queue.cursor:
            # Then `start` is the queue's first interval now, for which it is stored already.
            queue.cursor = max(start, ended)

    def advance(self, wall: int | None) -> None:
        """Move `as_of` on; `wall` (ms) only where everything sent was read, else None."""
        if not self.sources or len(self.progress) < self.sources:
            return
        reached = min(
            p.now if wall is None or not p.following else max(p.now, min(wall, p.now + FOLLOWED_MS))
            for p in self.progress.values()
        )
        if reached <= self.as_of:
            return
        first, self.as_of = self.as_of < 0, reached
        end = self.end
        for queue in self.queues.values():
            if queue.panes.advance(end, midnight_of(reached, queue.zone)):
                queue.dirty = True
            if first and queue.cursor < 0:
                queue.publish_from(reached - reached % INTERVAL_MS)
                self._changed_queues.add(queue.queue_key)

    def revise(self) -> None:
        """What is published from here on is newer; stored with it, so that a restart goes on."""
        self.revision += 1
        self._unsaved = True

    def passed(self, queue: Queue) -> Iterator[tuple[int, Values]]:
        """Intervals to publish: those that changed, and those that just ended or became final.

        Each with the levels at its start. The open interval changes with time alone where a level
        is not zero, or was not for a while since it was shown.
        """
        cut = self.as_of - self.as_of % PANE_MS
        if cut > queue.shown_cut:
            now = self.as_of - self.as_of % INTERVAL_MS
            moved = queue.panes.has_moved_levels(max(queue.shown_cut, now), cut)
            queue.shown_cut = cut
            had_open_levels = queue.has_open_levels
            queue.has_open_levels = queue.panes.has_open_levels(cut)
            if moved or queue.has_open_levels or had_open_levels:
                queue.panes.interval(now).changed = True
        final_before = self.closed_before
        while 0 <= queue.cursor <= self.as_of - INTERVAL_MS:
            self._changed_queues.add(queue.queue_key)
            if queue.cursor < self.as_of - GAP_MS and queue.cursor not in queue.panes.intervals:
                self._pass_gap(queue)
                continue
            queue.panes.interval(queue.cursor).changed = True
            queue.cursor += INTERVAL_MS
        levels = dict(queue.panes.base)
        levels_changed_from = queue.panes.levels_changed_from
        queue.panes.levels_changed_from = NEVER
        for start, interval in sorted(queue.panes.intervals.items()):
            interval.changed |= start > levels_changed_from
            if not interval.final and start + INTERVAL_MS <= final_before:
                interval.final = interval.changed = True
                self._changed_intervals.add((queue.queue_key, start))
            if interval.changed:
                interval.changed = False
                yield start, levels
            add(levels, interval.levels)

    def _pass_gap(self, queue: Queue) -> None:
        """Go on to where intervals are due again; those between only where a level stands."""
        intervals, gap = queue.panes.intervals, queue.cursor
        oldest = (self.as_of - GAP_MS) // INTERVAL_MS * INTERVAL_MS + INTERVAL_MS
        queue.cursor = min([oldest, *(start for start in intervals if start > gap)])
        levels = dict(queue.panes.base)
        for start, interval in intervals.items():
            if start < gap:
                add(levels, interval.levels)
        if any(levels.values()):
            for start in range(gap, queue.cursor, INTERVAL_MS):
                queue.panes.interval(start).changed = True

    # -- changelog -----------------------------------------------------------------------------

    def collect(self) -> list[Write]:
        """The changelog's writes of everything that changed since the last call."""
        writes: list[Write] = []
        for queue in self._next_to_tidy():
            panes = queue.panes
            gone, grown = panes.fold(self.closed_before, self.as_of)
            for pane in gone:
                self._changed_panes.add((queue.queue_key, pane))
            for start in grown:
                self._changed_intervals.add((queue.queue_key, start))
            for start in panes.forget(self.as_of):
                self._changed_intervals.add((queue.queue_key, start))
                self._changed_queues.add(queue.queue_key)
        for queue_key, start in self._changed_panes:
            panes = self.queues[queue_key].panes
            value = panes.pack_fine(start) if start in panes.fine else None
            key = key_of(changelog.PANE, *queue_key, str(start))
            writes.append((key.encode(), value))
        for queue_key, start in self._changed_intervals:
            key = key_of(changelog.INTERVAL, *queue_key, str(start))
            writes.append((key.encode(), self.queues[queue_key].pack_interval(start)))
        for queue_key in self._changed_queues:
            key = key_of(changelog.QUEUE, *queue_key)
            writes.append((key.encode(), self.queues[queue_key].pack()))
        if self._unsaved or writes:
            times = {AS_OF: self.as_of, REVISION: self.revision, SOURCES: self.sources}
            writes.append((key_of(changelog.PROGRESS).encode(), _ENCODE(self.progress)))
            writes.append((key_of(changelog.TIMES).encode(), encode_values(times)))
        self._changed_panes = set()
        self._changed_intervals = set()
        self._changed_queues = set()
        self._unsaved = False
        return writes

    def _next_to_tidy(self) -> list[Queue]:
        """A share of the queues to tidy up: all of them take their turn within about a minute."""
        if not self._to_tidy:
            self._to_tidy = list(self.queues.values())
        share = len(self.queues) // 50 + 1
        next_ones = self._to_tidy[:share]
        self._to_tidy = self._to_tidy[share:]
        return next_ones

    def restore(self, key: bytes, value: bytes) -> None:
        """One changelog record, the newest of its key; the table of keys: `changelog.py`."""
        text = key.decode()
        kind = kind_of(text)
        if kind == changelog.PROGRESS:
            self.progress = _DECODE_PROGRESS(value)
            return
        if kind == changelog.TIMES:
            times = decode_values(value)
            self.as_of, self.revision = times[AS_OF], times[REVISION]
            self.sources = times[SOURCES]
            return
        tenant, name, channel, *number = parts_of(text)
        queue = self.queue((tenant, name, channel))
        if kind == changelog.QUEUE:
            queue.restore(value)
        elif kind == changelog.PANE:
            queue.panes.restore_fine(int(number[0]), value)
        else:
            queue.restore_interval(int(number[0]), value)

    def restored(self) -> None:
        """Every record was given: rebuild the running sums."""
        first = self.closed_before - self.closed_before % INTERVAL_MS
        for queue in self.queues.values():
            # A source without events so far has closed nothing: `first` may be -1, decades ago.
            due_from = max(first, queue.first, queue.cursor - GAP_MS)
            due_from -= due_from % INTERVAL_MS
            # A queue without a single event has no intervals to publish: its cursor is -1.
            for start in range(max(due_from, 0), queue.cursor, INTERVAL_MS):
                if start not in queue.panes.intervals:  # empty ones are not stored
                    queue.panes.interval(start).changed = False
            queue.panes.rebuild(self.end, midnight_of(max(self.as_of, 0), queue.zone))


def _rounded_up(at: int, step: int) -> int:
    """The least multiple of `step` that is not before `at`."""
    return (at + step - 1) // step * step


def _makes_queue(update: CellUpdate) -> bool:
    """Whether a contact or ticket left anything there: agents alone make `_all`, and no queue.

    A single agent is none, whatever is booked for him.
    """
    if update.channel == OF_AGENT:
        return False
    return update.queue == ALL or not all(map(is_of_agents, update.values))
