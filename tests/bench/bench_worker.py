"""The whole worker on a backlog, beside decoding alone, in one run; then what it costs when idle.

    python -m tests.bench.bench_worker [--minutes 120]

A simulated centre's events wait in a real broker on the same machine; one `streams worker`
process takes them, with its full lifecycle, durable and fenced. The rate is that between 10 % and
90 % of the events, the CPU that of the worker process alone. Compare ratios: the broker shares
the cores.
"""

import argparse
import tempfile
import time
from pathlib import Path

from streams.__main__ import main as streams
from streams.kafka.local_kafka import LocalKafka
from streams.sources.ndjson import read_lines
from streams.wire.decode import decode
from tests.bench.worker import Worker


def decode_rate(path: Path) -> float:
    """Events a second of decoding alone."""
    lines = [raw for _, _, raw in read_lines([path])]
    started = time.perf_counter()
    for raw in lines:
        decode(raw)
    return len(lines) / (time.perf_counter() - started)


def drain(worker: Worker, total: int) -> None:
    """Print the rate at which the worker takes the backlog."""
    marks: list[tuple[float, float, float]] = []
    while True:
        done = worker.total("stream_events_total")
        marks.append((time.perf_counter(), done, worker.cpu_seconds))
        if done >= total or not worker.running:
            break
        time.sleep(0.25)
    first = next(mark for mark in marks if mark[1] >= total * 0.1)
    last = next(mark for mark in marks if mark[1] >= total * 0.9)
    events = max(1, last[1] - first[1])
    print(
        f"worker       {events / (last[0] - first[0]):>10,.0f} events/s,"
        f" {(last[2] - first[2]) / events * 1e6:.1f} us of CPU an event"
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events, config = folder / "events.ndjson", folder / "streams.toml"
        simulate = ["simulate", "--out", str(events), "--minutes", str(minutes), "--scale", "4"]
        streams([*simulate, "--seed", "1", "--write-config", str(config)])
        total = sum(1 for _ in read_lines([events]))
        kafka = LocalKafka(1, folder / "kafka", 0)
        kafka.start()
        try:
            where = ["--bootstrap", kafka.bootstrap, "--config", str(config)]
            streams(["topics", "create", *where])
            streams(["publish", str(events), *where])
            print(f"{total:,} events; decode only {decode_rate(events):,.0f} events/s")
            with Worker("--clock", "event", *where, "--log-level", "warning") as worker:
                drain(worker, int(total * 0.95))
                time.sleep(5)
                before = worker.cpu_seconds
                time.sleep(20)
                print(f"idle         {(worker.cpu_seconds - before) / 20:>10.1%} of a core")
        finally:
            kafka.stop()


if __name__ == "__main__":
    main()
