"""One list of metrics: what a live worker emits, what is documented, what rules and boards use."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from kafka import KafkaProducer
from prometheus_client import Metric

from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.metrics.catalogue import CATALOGUE, LABEL_VALUES
from streams.metrics.metric import PREFIX
from streams.settings import Settings
from streams.wire.decode import decode
from streams.wire.routing import key_of, topic_of
from tests.metrics.stand_in import families_of, value_in
from tests.stack.promql import metric_names
from tests.stack.servers import eventually

ROOT = Path(__file__).parents[2]
CONFIG = """
[[queues]]
name = "billing"
site = "berlin"
[[queues]]
name = "web"
channels = ["chat"]
[[queues]]
name = "mail"
channels = ["ticket"]
"""


def events(now: int) -> list[dict[str, Any]]:
    """One of everything a metric tells of: outcomes, calls that wait, a sale, tickets, agents."""

    def call(number: int, name: str, seconds: int) -> dict[str, Any]:
        at = now + (seconds - 120) * 1_000
        return {"type": name, "contact_id": f"c{number}", "queue": "billing", "occurred_at": at}

    agent = {"type": "agent.state", "agent_id": "a1", "state": "available", "queues": ["billing"]}
    ticket = {"type": "ticket.opened", "channel": "ticket", "contact_id": "t1", "queue": "mail"}
    due = {"metric": "resolution", "due_at": now + 3_600_000}
    found = [
        *(call(number, "contact.enqueued", 0) for number in range(4)),
        *(call(0, "contact.answered", 7), call(0, "contact.ended", 80)),
        *(call(1, "contact.abandoned", 2), call(2, "contact.abandoned", 30)),
        call(9, "contact.answered", 10),
        {**agent, "occurred_at": now - 119_000},
        {**ticket, "occurred_at": now - 119_000},
        {**ticket, "type": "ticket.sla_set", "occurred_at": now - 118_000} | due,
        call(8, "callback.requested", 3),
        call(0, "sale.closed", 81) | {"kind": "upsell"},
    ]
    common = {"source": "acd", "channel": "voice"}
    return [{"event_id": f"e{number}"} | common | event for number, event in enumerate(found)]


def send(settings: Settings) -> None:
    """Put the events, and a record that is none, where a source would."""
    producer = KafkaProducer(**kafka_python_options(settings))
    for fields in events(time.time_ns() // 1_000_000):
        value = orjson.dumps(fields)
        event: Any = decode(value)
        topic = settings.topics.named(str(topic_of(event)))
        producer.send(topic, value=value, key=str(key_of(event)).encode())
    producer.send(settings.topics.calls, value=b"not an event", key=b"c1")
    producer.flush()
    producer.close()


class Scraped:
    """A running worker's address."""

    def __init__(self, base: str) -> None:
        self.base = base

    def text(self) -> str:
        """Its page."""
        with urllib.request.urlopen(f"{self.base}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    def missing(self) -> set[str]:
        """Metrics of the catalogue that have no series."""
        shown = {name for name, family in families_of(self.text()).items() if family.samples}
        return {definition.name for definition in CATALOGUE} - shown


@pytest.fixture(scope="module")
def scraped(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A worker that has read the events, on a real Kafka; every metric has something to say."""
    home = tmp_path_factory.mktemp("contract")
    name = f"contract-{os.getpid()}"
    settings = Settings(
        bootstrap=kafka.bootstrap, app_id=name, topic_prefix=f"{name}.", partitions=2
    )
    create_topics(settings)
    send(settings)
    config, log = home / "streams.toml", home / "worker.log"
    config.write_text(CONFIG)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STREAMS_")}
    told = {
        "PYTHONPATH": str(ROOT),
        "STREAMS_BOOTSTRAP": settings.bootstrap,
        "STREAMS_APP_ID": name,
        "STREAMS_TOPIC_PREFIX": settings.topic_prefix,
        "STREAMS_PARTITIONS": "2",
        "STREAMS_REVISION": "abc123",
    }
    command = [sys.executable, "-m", "streams", "worker", "--config", str(config)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--metrics-port", "0"],
            cwd=home,
            env=inherited | told,
            stdout=out,
            stderr=out,
        )
    try:

        def address() -> str | None:
            assert process.poll() is None, log.read_text()
            found = re.search(r"http://[^/\s]+:\d+", log.read_text())
            return found[0] if found else None

        worker = Scraped(eventually(address, "address of the worker"))
        try:
            eventually(lambda: not worker.missing(), "series of every metric")
        except AssertionError:
            pytest.fail(f"no series of {sorted(worker.missing())}\n{log.read_text()[-3_000:]}")
        yield worker
    finally:
        process.terminate()
        process.wait(30)


def expressions() -> Iterator[str]:
    """Every query of the rules and of the dashboards, variables included."""
    for path in (ROOT / "deploy/prometheus/rules").glob("*.yml"):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule["expr"] for rule in group["rules"])
    for path in (ROOT / "deploy/grafana/dashboards").glob("*.json"):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            yield from (target["expr"] for target in panel.get("targets") or ())
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield variable["query"]


def test_emitted_is_documented(scraped: Scraped) -> None:
    """Families, types, help, labels and closed label values are exactly the catalogue's."""
    page: dict[str, Metric] = families_of(scraped.text())
    assert page.keys() == {definition.name for definition in CATALOGUE}
    for definition in CATALOGUE:
        family = page[definition.name]
        assert (family.type, family.documentation) == (definition.type, definition.help)
        assert {sample.name for sample in family.samples} == set(definition.series_names)
        for sample in family.samples:
            own = {"le"} if sample.name.endswith("_bucket") else set()
            assert set(sample.labels) == set(definition.labels) | own
        for label in definition.labels:
            closed = LABEL_VALUES.get((definition.name, label))
            assert closed is None or {s.labels[label] for s in family.samples} == set(closed)


def test_used_is_emitted(scraped: Scraped) -> None:
    """Every metric of ours in a rule, an alert, a panel or a variable has series on the page."""
    used = {name for text in expressions() for name in metric_names(text)}
    ours = {name for name in used if name.startswith(PREFIX)}
    emitted = {s.name for family in families_of(scraped.text()).values() for s in family.samples}
    assert len(ours) > 20
    assert ours <= emitted


def test_promtool_has_nothing_to_say(scraped: Scraped) -> None:
    """The live page passes promtool's lint."""
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=scraped.text(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_worker_answers_its_probes(scraped: Scraped) -> None:
    """Alive by its own event loop's heartbeat, and ready."""
    for path, words in (("/livez", b"alive\n"), ("/readyz", b"ready\n")):
        with urllib.request.urlopen(scraped.base + path, timeout=10) as answer:
            assert answer.read() == words


def test_the_stream_speaks_of_itself(scraped: Scraped) -> None:
    """Commits, rebalances and lag of a worker that has read everything."""

    def settled() -> str | None:
        text = scraped.text()
        lags = families_of(text)["stream_consumer_lag"].samples
        return text if lags and not any(sample.value for sample in lags) else None

    text = eventually(settled, "page without lag")
    rebalances = value_in(text, "stream_rebalances_total")
    assert value_in(text, "stream_rebalance_seconds_count") == rebalances == 1
    assert value_in(text, "stream_recovery_remaining") == 0
    for stage in ("intake", "queues"):
        commits = value_in(text, "stream_commits_total", stage=stage)
        assert value_in(text, "stream_commit_seconds_count", stage=stage) is not None
        assert commits is not None
        assert commits > 0
    read = value_in(text, "stream_batch_records_sum", stage="intake")
    assert read is not None
    # What the two units tell each other of customers comes on top.
    assert read >= len(events(0)) + 1
    assert value_in(text, "build_info", revision="abc123") == 1
    assigned = families_of(text)["stream_partition_assigned"].samples
    # Of each number the five inputs, what is told of customers, and the cells.
    assert len(assigned) == 2 * 7
