"""Two workers, scraped five times a second while queues move between them: one owner a queue.

A scraper sees at most one round in a row with two owners of a queue: the old one's page may be
from just before it let go. `QueueSeriesDuplicated` waits a minute, so it cannot be fooled by that.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from streams.settings import Settings
from tests.stack.live import Source, Worker, configured
from tests.stack.servers import eventually

ROUND_SECONDS = 0.2
QUEUES = [f"queue-{n}" for n in range(8)]


class Watch:
    """Scrapes all workers in rounds; keeps who showed which queue."""

    def __init__(self, workers: list[Worker]) -> None:
        self._workers = workers
        self.rounds: list[dict[str, list[int]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            owners: dict[str, list[int]] = {}
            for number, worker in enumerate(self._workers):
                for name, labels in worker.page():
                    if name == "queue_contacts_waiting":
                        owners.setdefault(dict(labels)["queue"], []).append(number)
            self.rounds.append(owners)
            due = max(due + ROUND_SECONDS, time.monotonic())
            self._over.wait(due - time.monotonic())

    def owned(self, by: set[int]) -> bool:
        """In the last round each queue had one owner, and all of these had some."""
        last = self.rounds[-1] if self.rounds else {}
        found = [last.get(queue, []) for queue in QUEUES]
        return all(len(owners) == 1 for owners in found) and {o[0] for o in found} == by

    def doubled(self) -> list[tuple[int, str]]:
        """Queues with two owners in two rounds running, by the number of the round."""
        twice = [{q for q, owners in seen.items() if len(owners) > 1} for seen in self.rounds]
        return [(n, q) for n in range(1, len(twice)) for q in sorted(twice[n - 1] & twice[n])]


def test_no_scrape_finds_a_queue_twice_while_it_moves(
    fresh_topics: Callable[..., Settings], tmp_path: Path
) -> None:
    """A second worker joins, then the first is asked to end: every queue goes over to the other,
    and two scrapes running never show it at both."""
    settings = fresh_topics(partitions=2)
    config = configured(tmp_path / "streams.toml", "default", QUEUES)
    with (
        Source(settings, "default") as source,
        Worker(settings, tmp_path / "0.log", config) as first,
    ):
        for queue in QUEUES:
            source.agents(queue, [f"agent-of-{queue}"], 1, 3)
        first.started()
        with (
            Worker(settings, tmp_path / "1.log", config) as second,
            Watch([first, second]) as watch,
        ):
            eventually(lambda: watch.owned({0, 1}), "queues at both workers")
            assert first.stop() == 0
            eventually(lambda: watch.owned({1}), "all queues at the second worker")
        assert not watch.doubled()
        assert len(watch.rounds) > 10
