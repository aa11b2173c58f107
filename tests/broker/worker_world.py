"""The world around real workers: files published, processes to hurt, and what Kafka holds of them.

What was committed at a fault is read from Kafka itself: the units' positions in their changelogs,
and the records of transactions still open there. Nothing is asked of the process that is hurt.
"""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from streams.board.store import Store
from streams.contract.events import Event
from streams.faustkit.unit import POSITION_KEY
from streams.kafka.connect import kafka_python_options
from streams.lifecycle import changelog
from streams.lifecycle.changelog import key_of
from streams.settings import Settings
from streams.windows.cells import decode_values
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import Sums, in_thousandths, read_events

ROOT = Path(__file__).parents[2]
STOPPED = 70
#: For how long a transaction must stand still to be the stopped worker's, not a running one's.
STILL_SECONDS = 0.4

#: Changelog records of a transaction that has entities and panes in it; a bare tick has three.
WITH_EVENTS = 20

Offsets = dict[tuple[str, int], int]


class Worker:
    """One `streams worker` process."""

    def __init__(self, world: "World", number: int, *options: str) -> None:
        self.log = world.home / f"worker-{number}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker", *options],
                cwd=world.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=world.environment,
            )

    @property
    def said(self) -> str:
        """Everything it has printed and logged."""
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    @property
    def ready(self) -> bool:
        """It says on /readyz that all of its units are loaded."""
        try:
            with urllib.request.urlopen(self._url("/readyz"), timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _url(self, path: str) -> str:
        found = re.search(r"http://[^/\s]+:\d+", self.said)
        return (found[0] if found else "http://127.0.0.1:1") + path

    def metrics(self) -> dict[tuple[str, str], float]:
        """Samples of /metrics by name (without the project's prefix) and label values."""
        with urllib.request.urlopen(self._url("/metrics"), timeout=5) as answer:
            text = answer.read().decode()
        return {
            (sample.name.removeprefix("contactcenter_"), ",".join(sample.labels.values())): (
                sample.value
            )
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ended(self, seconds: float) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(seconds)


class World:
    """Topics of its own on a broker, workers on them, and a reader of everything they commit."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self.settings = settings
        self.home = home
        self.workers: list[Worker] = []
        self._ended: set[Worker] = set()
        self._publishers: list[subprocess.Popen[bytes]] = []
        self.results = Results(settings)
        self._committed = self._consumer("read_committed")
        self._all = self._consumer("read_uncommitted")

    def _consumer(self, isolation: str) -> KafkaConsumer:
        return KafkaConsumer(
            **kafka_python_options(self.settings) | {"request_timeout_ms": 60_000},
            isolation_level=isolation,
            enable_auto_commit=False,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands need to know of this world."""
        told = self.settings
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
        key = {} if told.agent_key is None else {"STREAMS_AGENT_KEY": told.agent_key.reveal()}
        return (
            inherited
            | key
            | {
                "STREAMS_AGENT_FIGURES": told.agent_figures,
                "PYTHONPATH": os.pathsep.join(
                    filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
                ),
                "STREAMS_BOOTSTRAP": told.bootstrap,
                "STREAMS_APP_ID": told.app_id,
                "STREAMS_TOPIC_PREFIX": told.topic_prefix,
                "STREAMS_PARTITIONS": str(told.partitions),
                "STREAMS_METRICS_PORT": "0",
                "STREAMS_SESSION_TIMEOUT_SECONDS": str(told.session_timeout_seconds),
                "STREAMS_TRANSACTION_TIMEOUT_SECONDS": str(told.transaction_timeout_seconds),
            }
        )

    def start(self, *options: str) -> Worker:
        """Start one more worker."""
        worker = Worker(self, len(self.workers), *options)
        self.workers.append(worker)
        return worker

    def command(self, *arguments: str, stdout: int | None = None) -> "subprocess.Popen[bytes]":
        """Start another command of the project; it is ended with the world."""
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", *arguments],
            stdout=stdout,
            stderr=(self.home / f"{arguments[0]}.log").open("ab"),
            env=self.environment,
        )
        self._publishers.append(process)
        return process

    def publish(self, path: Path, *options: str) -> "subprocess.Popen[bytes]":
        """Start `streams publish` of a call log (.csv) or NDJSON."""
        form = "call-log" if path.suffix == ".csv" else "ndjson"
        return self.command("publish", str(path), "--format", form, *options)

    def close(self) -> None:
        """End everything that was started."""
        for process in [worker.process for worker in self.workers] + self._publishers:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.results.close()
        self._committed.close()
        self._all.close()

    # -- what is committed

    def _places(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(t, p) for t in topics for p in range(self.settings.partitions)]

    def lag(self, topics: Iterable[str] | None = None) -> int:
        """Input records that no committed position has passed."""
        self.results.read()
        places = self._places(topics or self.settings.topics.inputs)
        ends = self._committed.end_offsets(places, timeout_ms=60_000)
        positions = self.results.positions
        return sum(max(0, end - 1 - positions.get((p[0], p[1]), -1)) for p, end in ends.items())

    @property
    def applied(self) -> int:
        """Input records that a committed position has passed."""
        self.results.read()
        inputs = self.settings.topics.inputs
        return sum(n + 1 for (topic, _), n in self.results.positions.items() if topic in inputs)

    def open_transactions(self) -> dict[TopicPartition, tuple[int, int]]:
        """Changelog partitions with an open transaction: where it begins, and the log's end."""
        names = self.settings.topics
        places = self._places((names.intake_changelog, names.queues_changelog))
        stable = self._committed.end_offsets(places, timeout_ms=60_000)
        ends = self._all.end_offsets(places, timeout_ms=60_000)
        return {p: (stable[p], ends[p]) for p in places if ends[p] > stable[p]}

    def stop_amid_work(self, worker: Worker, supply: "Supply") -> int:
        """SIGSTOP it in a transaction that carries events; how many changelog records are open.

        However fast the workers are, `supply` sees to it that there is work until it is caught.
        """
        caught: list[int] = []

        def catch() -> bool:
            supply.keep_up()
            worker.send(signal.SIGSTOP)
            before = self.open_transactions()
            if before:
                # What stays as it is belongs to the stopped worker; the others go on.
                time.sleep(STILL_SECONDS)
                after = self.open_transactions()
                still = {
                    p: end - at for p, (at, end) in before.items() if after.get(p) == (at, end)
                }
                intake = self.settings.topics.intake_changelog
                if any(n >= WITH_EVENTS for p, n in still.items() if p.topic == intake):
                    caught.append(sum(still.values()))
                    return True
            worker.send(signal.SIGCONT)
            if before:
                # Stopped most of the time, it would be fenced before it is caught.
                time.sleep(STILL_SECONDS)
            return False

        wait_until(catch, PATIENCE, "a moment with an open transaction")
        return caught[0]

    def await_exact(self, expected: Sums, seconds: float = PATIENCE) -> None:
        """Wait until the intervals say what the replay says, all read, and nobody died of it."""
        deadline = time.monotonic() + seconds
        alive = [worker for worker in self.workers if worker.running]
        while (wrong := self.differences(expected)) or self.lag() > 0:
            for worker in alive:
                assert worker.running, (
                    f"ended with {worker.process.returncode}: {worker.said[-3000:]}"
                )
            assert time.monotonic() < deadline, (
                f"lag {self.lag()}, of cells {self.lag([self.settings.topics.cells])}, "
                f"times {self.results.times}, wrong {wrong}, "
                f"{[(w.process.poll(), w.said[-1500:]) for w in self.workers]}"
            )
            time.sleep(0.3)
        assert not self.differences(expected)

    def differences(self, expected: Sums) -> dict[Any, Any]:
        """Each sum that is not the replay's: (found, wanted)."""
        self.results.read()
        found = self.results.sums
        wrong = {}
        for place in expected.keys() | found.keys():
            wanted, have = expected.get(place, {}), found.get(place, {})
            for name in wanted.keys() if place in expected else have.keys():
                if have.get(name, 0) != wanted.get(name, 0):
                    wrong[(*place, name)] = have.get(name, 0), wanted.get(name, 0)
        return wrong

    def supervise(
        self, met: Callable[[], bool], seconds: float, code: int, *options: str
    ) -> list[int]:
        """Start a worker again whenever one ends, with `code`, until `met`; the codes found.

        Also for those that ended before: a broker's start may outlast their patience.
        """
        counted = self._ended
        ended: list[int] = []

        def done() -> bool:
            for worker in list(self.workers):
                if worker not in counted and not worker.running:
                    counted.add(worker)
                    ended.append(worker.process.returncode)
                    assert worker.process.returncode == code, worker.said[-3000:]
                    self.start(*options)
            return met()

        wait_until(done, seconds, "under supervision")
        return ended


class Supply:
    """Files of events, published one after the other: while it is kept up, work never runs out."""

    def __init__(self, world: World, make: Callable[[Path, int], Path], rate: int) -> None:
        """`make` writes the file of a number, from 0 on; `rate` in events a second."""
        self._world, self._make, self._rate = world, make, rate
        self._paths: list[Path] = []
        self._publisher: subprocess.Popen[bytes] | None = None

    def keep_up(self) -> None:
        """Begin the next file if there is none, or the last one has been published and read."""
        begun = self._publisher
        if begun is None or (begun.poll() is not None and self._world.lag() == 0):
            self.begin()

    def begin(self) -> None:
        """Begin the next file, once the last one is in Kafka."""
        if self._publisher is not None:
            self.finish()
        number = len(self._paths)
        self._paths.append(self._make(self._world.home, number))
        self._publisher = self._world.publish(self._paths[-1], "--rate", str(self._rate))

    def finish(self) -> None:
        """Wait until everything begun is in Kafka."""
        assert self._publisher is not None
        said = self._world.home / "publish.log"
        assert self._publisher.wait(PATIENCE) == 0, said.read_text()

    @property
    def events(self) -> list[Event]:
        """Every event of the files begun so far."""
        return [event for path in self._paths for event in read_events(path)]


class Results:
    """Reads what the workers commit, in order, and fails where a unit's writes step back.

    A step back is a writer that should be dead: positions and revisions only ever grow.
    """

    def __init__(self, settings: Settings) -> None:
        names = settings.topics
        self._intervals = names.intervals
        self._logs = {names.intake_changelog, names.queues_changelog}
        self._consumer = KafkaConsumer(
            **kafka_python_options(settings) | {"request_timeout_ms": 60_000},
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        topics = (*self._logs, names.intervals)
        self._places = [TopicPartition(t, p) for t in topics for p in range(settings.partitions)]
        self._consumer.assign(self._places)
        self._consumer.seek_to_beginning(*self._places)
        self.positions: Offsets = {}
        #: How far each unit is, by its changelog: `changelog.NOW` and the like, ms.
        self.times: dict[tuple[str, int], dict[int, int]] = {}
        self.sums: Sums = defaultdict(lambda: defaultdict(int))
        self._newest: dict[bytes, tuple[int, dict[str, int]]] = {}
        self.revised = 0
        self._board = Store()

    def read(self) -> None:
        """Take everything committed by now."""
        ends = self._consumer.end_offsets(self._places, timeout_ms=60_000)
        while any(self._consumer.position(place) < ends[place] for place in self._places):
            for place, records in self._consumer.poll(timeout_ms=100, max_records=5_000).items():
                for record in records:
                    if place.topic in self._logs:
                        self._position(record)
                    else:
                        self._interval(record)

    def _position(self, record: Any) -> None:
        if record.key == key_of(changelog.TIMES).encode():
            self.times[record.topic, record.partition] = decode_values(record.value)
        if not record.key.startswith(POSITION_KEY):
            return
        place = record.key.removeprefix(POSITION_KEY).decode(), record.partition
        position = int(record.value)
        assert position > self.positions.get(place, -1), f"{place} steps back to {position}"
        self.positions[place] = position

    def _interval(self, record: Any) -> None:
        assert self._board.put_interval(record.key, record.value), f"no reader takes {record}"
        found = orjson.loads(record.value)
        revision, figures = found["revision"], in_thousandths(found["figures"])
        before, old = self._newest.get(record.key, (-1, {}))
        assert revision > before, f"{record.key!r} steps back from revision {before} to {revision}"
        self._newest[record.key] = revision, figures
        self.revised += 1
        into = self.sums[found["tenant"], found["queue"], found["channel"]]
        for name, value in figures.items():
            into[name] += value - old.get(name, 0)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()
