"""Layer 3: the cells of one intake unit: the sums of what it booked, by queue or agent and pane.

In: what a turn booked in the ledger. Out: the cells that are others now, to store and to send, and
for the counters of `/metrics` what is older than grace (`held.py`). Invariant: a cell is the sum of
all that was booked there, until it is final and dropped; a queue's visits and tickets are in its
tenant's `_all` too. Cost: one addition a changed counter, one encoding a changed cell. Times in ms.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from streams.contract.words import ALL, OF_AGENT, QueueKey
from streams.lifecycle.changelog import PANE, Write, key_of
from streams.lifecycle.counters import LOCAL, ORPHANED, STATES
from streams.lifecycle.ledger import Ledger, QueueEntry
from streams.lifecycle.splits import SPLIT_BASE, block_of
from streams.windows.cells import CellUpdate, Values, decode_values, encode_values
from streams.windows.held import Held


class UnitCells:
    """All cells of one partition number that are not final."""

    def __init__(self, ledger: Ledger, grace: int) -> None:
        self.by_queue: defaultdict[QueueKey, dict[int, Values]] = defaultdict(dict)
        self._keys_of_pane: defaultdict[int, list[QueueKey]] = defaultdict(list)
        self._ledger = ledger
        self._held = Held(ledger.width, grace)

    def collect(self, state: list[Write], counts: Counter[str]) -> list[CellUpdate]:
        """Take what was booked since the last call. Returned is what to send.

        Added to: `state`, what to store; `counts`, the totals that a person asks for.
        """
        updates: list[CellUpdate] = []
        entries = [entry for entry in self._ledger.entries.values() if entry.panes]
        for entry in entries:
            if entry.queue != ALL:
                self._add_to_all(entry)
        for entry in [entry for entry in self._ledger.entries.values() if entry.panes]:
            queue_key = (entry.tenant, entry.queue, entry.channel)
            for pane, changes in entry.panes.items():
                self._change(queue_key, pane, changes, state, updates)
                self._held.add(queue_key, pane, changes)
                if entry.queue == ALL:
                    counts["orphaned"] += changes.get(ORPHANED, 0)
                    counts["unknown_agents"] += changes.get(STATES["unknown"], 0)
            entry.panes.clear()
        # Of a single agent nothing is in totals, or on /metrics.
        for queue_key, panes in self._ledger.agents.collect():
            for pane, changes in panes.items():
                self._change(queue_key, pane, changes, state, updates)
        return updates

    def _change(
        self,
        queue_key: QueueKey,
        pane: int,
        changes: Mapping[int, int],
        state: list[Write],
        updates: list[CellUpdate],
    ) -> None:
        """Add `changes` to a cell; if it is another now, it is stored and sent."""
        cells = self.by_queue[queue_key]
        values = cells.get(pane)
        stored = {
            counter: change
            for counter, change in changes.items()
            if change and (counter < LOCAL or counter >= SPLIT_BASE)
        }
        if values is None:
            values = cells[pane] = stored
            self._keys_of_pane[pane].append(queue_key)
        else:
            for counter, change in stored.items():
                values[counter] = values.get(counter, 0) + change
        if stored:
            state.append((_key(queue_key, pane), encode_values(values)))
            updates.append(CellUpdate(*queue_key, pane, values))

    def _add_to_all(self, entry: QueueEntry) -> None:
        """A queue's visits and tickets are its tenant's too; agents count there by themselves."""
        ledger = self._ledger.select(entry.tenant, entry.channel)
        in_all = ledger.entry(ALL)
        total = in_all.panes
        for pane, changes in entry.panes.items():
            ledger.add_to_all(total[pane], changes, in_all.known)

    def older_than_grace(self, now: int) -> list[tuple[QueueKey, Values]]:
        """What was booked in panes that ended more than grace before `now`, each once."""
        return self._held.take(now)

    def count(self, until: int) -> int:
        """How many cells there are of panes that begin at `until` or before."""
        return sum(len(keys) for pane, keys in self._keys_of_pane.items() if pane <= until)

    def drop(self, final_before: int, state: list[Write]) -> None:
        """Cells of panes that end at `final_before` or before go, from the changelog too."""
        last = final_before - self._ledger.width
        for pane in sorted(pane for pane in self._keys_of_pane if pane <= last):
            for queue_key in self._keys_of_pane.pop(pane):
                del self.by_queue[queue_key][pane]
                state.append((_key(queue_key, pane), None))

    # -- changelog -----------------------------------------------------------------------------

    def restore(self, queue_key: QueueKey, pane: int, value: bytes) -> None:
        """One changelog record: a cell."""
        values = self.by_queue[queue_key][pane] = decode_values(value)
        self._keys_of_pane[pane].append(queue_key)
        tenant, queue, channel = queue_key
        if channel == OF_AGENT:
            self._ledger.agents.know(tenant, queue)
            return
        entry = self._ledger.select(tenant, channel).entry(queue)
        # A value that may still be taken back counts under its own name, not as `_other`.
        entry.known |= {block_of(n): False for n in values if n >= SPLIT_BASE}

    def restored(self, now: int) -> None:
        """Every record was given: what nobody was shown yet, at `now`, is still to be shown."""
        for queue_key, panes in self.by_queue.items():
            if queue_key[2] == OF_AGENT:
                continue
            for pane, values in panes.items():
                self._held.restore(queue_key, pane, values, now)


def _key(queue_key: QueueKey, pane: int) -> bytes:
    return key_of(PANE, *queue_key, str(pane)).encode()
