"""What a tick of the queues' stage costs: 2,000 queues of a channel, of which 200 changed.

    python -m tests.bench.bench_tick [--queues 2000] [--ticks 60]

In it is all that one unit does for a second of cells but Kafka: taking them, windows, figures,
records as bytes, the changelog's writes. Beside it writing the same bytes anew, by orjson alone:
compare the ratio, and two checkouts on one core at the same time.
"""

import argparse
import gc
import random
import time
from collections.abc import Iterable

import orjson

from streams.faustkit.application import COLLECT_AFTER
from streams.faustkit.stage import InputClock, Output
from streams.lifecycle import counters as c
from streams.lifecycle.ledger import PANE_MS
from streams.settings import Settings
from streams.windows.cells import CellBatch, CellUpdate, Values, encode_batch
from tests.stages.stages import START, Record, Stages

#: Panes of contents that every window has before the first tick.
PANES = 30
#: One queue of so many changes in a tick; before the first one, a fifth of all in each pane.
CHANGED = 10


class Centre:
    """The queues of one channel, and whoever tells of them."""

    def __init__(self, channel: str, queues: int) -> None:
        self._stages = Stages(Settings(partitions=1))
        self._topic = self._stages.settings.topics.cells
        self._channel = channel
        self._names = [f"queue-{number:04}" for number in range(queues)]
        self._chance = random.Random(1)
        self._first = START - START % PANE_MS
        for pane in range(-PANES, 0):
            self._tick(self._first + pane * PANE_MS, queues // 5)

    def tick(self, second: int) -> list[Output]:
        """The second's cells and what is published of them."""
        return self._tick(self._first + second * 1_000, len(self._names) // CHANGED)

    def _tick(self, at: int, changed: int) -> list[Output]:
        pane = at - at % PANE_MS
        cells = [
            CellUpdate("default", name, self._channel, pane, self._values())
            for name in self._chance.sample(self._names, changed)
        ]
        batch = CellBatch(0, 1, at, at - 4 * 3_600_000, at, True, cells, [])
        self._stages.queues.accept(self._topic, [Record(encode_batch(batch), b"0", self._topic)])
        clock = InputClock(at, unread=False, fetched=True)
        outputs = self._stages.queues.turn({self._topic: clock}, at).outputs
        self._stages.queues.committed()
        return outputs

    def _values(self) -> Values:
        """A pane of a busy queue: two closed, one that waits, or one less."""
        chance = self._chance
        lasted, moment = chance.randrange(1, 60_000), chance.randrange(9_000)
        moved = chance.choice((0, 1, -1))
        if self._channel == "ticket":
            counted = {c.TICKETS_OPENED: 2, c.FIRST_RESPONSES: 1, c.FIRST_RESPONSE_TIME: lasted}
            counted |= {c.TICKETS_RESOLVED: 1, c.RESOLUTION_TIME: 9 * lasted}
            counted |= {c.RESOLUTION_BUCKETS + chance.randrange(1_500): 1}
            return counted | {c.BACKLOG["open"]: moved, c.BACKLOG["open"] + c.MOMENT: moment}
        counted = {c.OFFERED: 2, c.ANSWERED: 2, c.ACCEPTED: 2, c.HANDLED: 1}
        counted |= {c.ANSWERED_MEASURED: 2, c.ANSWERED_WAIT: lasted, c.CLOSED_WAIT: lasted}
        counted |= {c.THRESHOLD_DECIDED: 2, c.ANSWERED_IN_THRESHOLD: 1}
        counted |= {c.TALK: 90_000, c.WRAPUP: 9_000}
        counted |= {c.WAIT_BUCKETS + chance.randrange(900): 1}
        return counted | {c.WAITING: moved, c.WAITING_MOMENT: moment}


def written(outputs: Iterable[Output]) -> float:
    """Seconds of CPU that writing these values by orjson takes."""
    values = [orjson.loads(value) for _, _, _, value, _ in outputs if value]
    started = time.process_time()
    for value in values:
        orjson.dumps(value)
    return time.process_time() - started


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", type=int, default=2_000)
    parser.add_argument("--ticks", type=int, default=60)
    args = parser.parse_args()
    for channel in ("voice", "chat", "ticket"):
        centre = Centre(channel, args.queues)
        # As in a worker.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        spent = alone = 0.0
        records = 0
        for second in range(args.ticks):
            started = time.process_time()
            outputs = centre.tick(second)
            spent += time.process_time() - started
            alone += written(outputs)
            records += len(outputs)
        a_tick = spent / args.ticks * 1e3
        print(
            f"{channel:6}  {a_tick:4.0f} ms of CPU a tick, {records / args.ticks:.0f} records,"
            f" {spent / records * 1e6:.0f} us each; x{spent / alone:.1f} of writing alone"
        )


if __name__ == "__main__":
    main()
