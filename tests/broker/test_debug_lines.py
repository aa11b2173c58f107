"""No level of logging shows what a record holds: the clients' own debug lines would."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import DEVNULL

from kafka import KafkaProducer

from streams.kafka.connect import kafka_python_options
from streams.settings import Settings
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_world import World

MARK = "somebody-42"
EVENT = (
    '{"event_id":"%s","type":"contact.enqueued","occurred_at":"2026-03-02T09:00:0%dZ",'
    '"source":"pbx","channel":"voice","contact_id":"%s","queue":"%s"}'
)
DEBUG = ("--log-level", "debug")


def test_no_record_is_in_the_log(fresh_topics: Callable[..., Settings], tmp_path: Path) -> None:
    """Worker, publisher, redriver and reader at `debug`: good and bad records leave no trace."""
    settings = fresh_topics(partitions=1)
    good = [EVENT % (f"{MARK}-{n}", n, f"{MARK}-{n}", MARK) for n in range(5)]
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join([*good, "{" + MARK]))
    with closing(World(settings, tmp_path)) as world:
        worker = world.start("--clock", "event", *DEBUG)
        assert world.command("publish", str(file), *DEBUG).wait(PATIENCE) == 0
        producer = KafkaProducer(**kafka_python_options(settings))
        for value in (MARK, good[0]):
            producer.send(settings.topics.calls, key=MARK.encode(), value=value.encode())
        producer.close()
        wait_until(lambda: world.applied > 5 and world.lag() == 0, PATIENCE, "all is read")
        for command in ("deadletters redrive --yes", "kpis --once --json", "intervals --json"):
            process = world.command(*command.split(), *DEBUG, stdout=DEVNULL)
            assert process.wait(PATIENCE) == 0
        wait_until(lambda: world.lag() == 0, PATIENCE, "what was sent again is read")
        assert worker.running
        logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    assert {name for name, text in logs.items() if MARK in text} == set()
    assert "INFO" in logs["worker-0.log"]
