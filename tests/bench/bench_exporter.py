"""What one scrape costs a worker that owns every queue: beside prometheus_client, in one run.

    python -m tests.bench.bench_exporter [--queues 2000]

Both make the page of the same meters. The budget is 0.3 s for the page of 2,000 queues, compressed.
"""

import argparse
import gc
import gzip
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from streams.faustkit.application import COLLECT_AFTER
from streams.metrics.meters import COUNTS, HISTOGRAMS, SUMS
from streams.settings import QueueSettings
from tests.metrics.stand_in import START, StandIn, call, centre


def filled(queues: int) -> StandIn:
    """A worker that owns this many queues, each with a busy queue's numbers."""
    names = tuple(QueueSettings(f"queue-{number:04}") for number in range(queues))
    worker = StandIn(centre(queues=(QueueSettings("billing"), *names), partitions=1))
    worker.send(*call("c1", START, answered=7, ended=200), *call("c2", START))
    worker.turn(201)
    records = worker.queues.records[0]
    model, booked = records["default", "billing", "voice"], dict.fromkeys(COUNTS, 12_345)
    booked |= dict.fromkeys(SUMS, 123_456_789)
    for first, buckets, total in HISTOGRAMS:
        booked |= {first + place: 1_000 + place for place in range(buckets)}
        booked[total] = 123_456_789
    for queue in names:
        records["default", queue.name, "voice"] = model
        worker.intake.booked["default", queue.name, "voice"] = booked
    return worker


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of CPU the work takes, the least of several runs."""
    found = []
    for _ in range(times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", type=int, default=2_000)
    args = parser.parse_args()
    worker = filled(args.queues)
    # As in a worker.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    collector = worker.collector
    registry = CollectorRegistry()
    registry.register(collector)
    page = collector.page(openmetrics=True)
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    print(f"{args.queues} queues, {series} series, {len(page) / 1e6:.1f} MB")
    plain = best(lambda: collector.page(openmetrics=False))
    text = best(lambda: collector.page(openmetrics=True))
    packed = best(lambda: gzip.compress(page, compresslevel=1))
    client = best(lambda: generate_latest(registry), 2)
    slow = best(lambda: openmetrics.generate_latest(registry), 2)
    print(
        f"plain text          {plain:.3f} s, prometheus_client {client / plain:.1f} times as long"
    )
    print(f"OpenMetrics         {text:.3f} s, prometheus_client {slow / text:.1f} times as long")
    print(f"gzip level 1        {packed:.3f} s")
    print(f"a scrape            {text + packed:.3f} s of CPU (budget 0.3 s at 2,000 queues)")


if __name__ == "__main__":
    main()
