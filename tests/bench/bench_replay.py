"""Events per second of a replay beside decoding alone, and memory per open contact, in one run.

    python -m tests.bench.bench_replay [FILE.ndjson]

Without a file, five simulated hours (about 370,000 events). Compare the ratio, not the figures:
whatever else runs on the machine is in both.
"""

import gc
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from streams.__main__ import main as streams
from streams.contract.events import ContactAnswered, ContactEnqueued
from streams.kpis.replay import Replay
from streams.lifecycle.event_facts import contact_fact
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import rules_of
from streams.lifecycle.store import EntityStore
from streams.settings import Settings
from streams.sources.ndjson import read_lines
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

CONTACTS = 20_000
START_MS = 1_700_000_000_000


def speed(path: Path) -> None:
    """Print decoding and replaying of one file."""
    lines = [raw for _, _, raw in read_lines([path])]
    size = sum(map(len, lines)) / len(lines)
    gc.disable()
    started = time.perf_counter()
    for raw in lines:
        decode(raw)
    decoding = time.perf_counter() - started
    replay = Replay(Settings())
    started = time.perf_counter()
    for raw in lines:
        event = decode(raw)
        if not isinstance(event, Rejected):
            replay.add(event)
    records = replay.records()
    replaying = time.perf_counter() - started
    gc.enable()
    print(f"{len(lines):,} events of {size:.0f} bytes, {len(records)} records")
    print(f"decode only  {len(lines) / decoding:>10,.0f} events/s")
    print(f"replay       {len(lines) / replaying:>10,.0f} events/s, x{decoding / replaying:.2f}")


def memory() -> None:
    """Print the bytes of an open (connected) contact in the live store."""
    book = Ledger(rules_of(Settings()))
    store = EntityStore(book)
    tracemalloc.start()
    for number in range(CONTACTS):
        about: dict[str, Any] = {
            "source": "pbx",
            "channel": "voice",
            "contact_id": f"contact-{number:08}",
        }
        for struct, at in ((ContactEnqueued, START_MS), (ContactAnswered, START_MS + 9_000)):
            event = struct(event_id=f"e-{number:08}-{at}", occurred_at=at, queue="billing", **about)
            key = f"c\0default\0voice\0{event.contact_id}"
            store.add(key, contact_fact(event), START_MS + 10_000)
        if number % 1_000 == 999:
            store.advance(START_MS + 10_000)
            store.collect(START_MS - 1)
    used = tracemalloc.get_traced_memory()[0] / CONTACTS
    tracemalloc.stop()
    print(f"memory       {used:>10,.0f} bytes an open contact ({CONTACTS:,} of them)")


def main() -> None:
    if len(sys.argv) > 1:
        speed(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            day = Path(folder) / "day.ndjson"
            streams(["simulate", "--out", str(day), "--minutes", "300", "--seed", "3"])
            speed(day)
    memory()


if __name__ == "__main__":
    main()
