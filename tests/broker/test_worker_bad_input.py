"""Any bytes in any input topic: a dead letter with its reason, and the worker goes on."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from streams.contract.words import INPUT_TOPICS
from streams.kafka.connect import kafka_python_options
from streams.settings import Settings
from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.keys import partition_of
from streams.wire.rejected import Rejected
from tests.broker.records import read_topic
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import expected_sums
from tests.broker.worker_world import World

HOUR_MS = 3_600_000
CALLS = "contact.calls"


@pytest.fixture
def world(fresh_topics: Callable[..., Settings], tmp_path: Path) -> Iterator[World]:
    made = World(fresh_topics(partitions=2), tmp_path)
    yield made
    made.close()


class Sender:
    """Writes single records and remembers what must become of each."""

    def __init__(self, world: World) -> None:
        self.settings = world.settings
        self.events: list[Any] = []
        self.letters: Counter[tuple[Any, ...]] = Counter()
        # Compressed, a record gets past the limit of the inputs that is far too large for an event.
        self._producer = KafkaProducer(
            **kafka_python_options(world.settings),
            compression_type="gzip",
            max_request_size=10_000_000,
        )

    def good(self, **fields: Any) -> None:
        """An event that counts."""
        raw = orjson.dumps(fields)
        event = decode(raw)
        assert not isinstance(event, Rejected), event
        self.events.append(event)
        key = fields.get("contact_id", fields.get("agent_id", "")).encode()
        self._send(CALLS, partition_of(key, 2), key, raw)

    def bad(
        self, reason: str, field: str, value: bytes | None, key: bytes | None = b"c",
        topic: str = CALLS, partition: int | None = None,
    ) -> None:  # fmt: skip
        """A record that must become a dead letter with this reason and field."""
        where = partition_of(key, 2) if partition is None and key is not None else partition or 0
        offset = self._send(topic, where, key, value)
        name = self.settings.topics.named(topic)
        self.letters[reason, field, name, where, offset, key, value] += 1

    def _send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> int:
        name = self.settings.topics.named(topic)
        sent = self._producer.send(name, value, key, partition=partition)
        return int(sent.get(20).offset)

    def close(self) -> None:
        self._producer.close()


def call(kind: str, contact: str, at: int, seq: int = 0, **more: Any) -> dict[str, Any]:
    """One event of a voice contact."""
    return {
        "event_id": f"{contact}-{seq}", "type": kind, "occurred_at": at, "source": "pbx",
        "channel": "voice", "contact_id": contact, "queue": "q", "seq": seq, **more,
    }  # fmt: skip


def good_calls(sender: Sender, name: str, now: int, number: int) -> None:
    """Finished calls of the last ten minutes."""
    for n in range(number):
        at = now - 600_000 + n * 1_000
        sender.good(**call("contact.enqueued", f"{name}-{n}", at))
        sender.good(**call("contact.answered", f"{name}-{n}", at + 3_000, 1, agent_id="a1"))
        sender.good(**call("contact.ended", f"{name}-{n}", at + 60_000, 2, agent_id="a1"))


def send_bad(sender: Sender, now: int) -> None:
    """Every reason there is, in every way we know, between good events."""
    bad = sender.bad
    chance = Random(3)
    for topic in INPUT_TOPICS:
        bad("not_json", "", None, topic=topic)
        bad("not_json", "", b"", topic=topic)
        bad("not_json", "", b"\xff\xfe\x00{", key=b"\xff\x00\xfe", topic=topic)
        bad("not_json", "", b"x" + chance.randbytes(2_000), key=None, topic=topic)
        bad("too_large", "", b"[" * 65_537, topic=topic)
        bad("too_large", "", chance.randbytes(1_000_000), topic=topic)
        bad("too_large", "", b"[" * 3_000_000, topic=topic)
    fine = call("contact.enqueued", "c", now)
    far_key = next(str(n).encode() for n in range(99) if partition_of(str(n).encode(), 2) == 0)
    bad("unknown_type", "type", orjson.dumps(fine | {"type": "contact.vanished"}))
    bad("schema", "queue", orjson.dumps({k: v for k, v in fine.items() if k != "queue"}))
    bad("schema", "seq", orjson.dumps(fine | {"seq": -1}))
    bad("schema", "occurred_at", orjson.dumps(fine | {"occurred_at": "yesterday"}))
    bad("schema", "queue", orjson.dumps(fine | {"queue": "_all"}))
    bad("not_json", "", b"[]")
    bad("wrong_topic", "type", orjson.dumps(fine | {"channel": "chat"}))
    bad("wrong_topic", "type", orjson.dumps(fine), topic="contact.agents")
    bad("wrong_key", "", orjson.dumps(fine), key=b"another")
    bad("wrong_key", "", orjson.dumps(fine), key=None)
    bad("wrong_key", "", orjson.dumps(fine | {"contact_id": far_key.decode()}), far_key, CALLS, 1)
    bad("future", "occurred_at", orjson.dumps(fine | {"occurred_at": now + HOUR_MS}))
    bad("late", "occurred_at", orjson.dumps(fine | {"occurred_at": now - 5 * HOUR_MS}))


def send_garbage_cells(sender: Sender) -> None:
    """What nobody but a worker should write to contact.cells."""
    cells = "contact.cells"
    for value in (None, b"", b"\xc1", b"\x90", b'{"no":"batch"}', Random(4).randbytes(900_000)):
        sender.bad("schema", "", value, b"\xff", cells, 1)


def letters_of(world: World) -> Counter[tuple[Any, ...]]:
    """The dead letters as `Sender.letters` has them."""
    found: Counter[tuple[Any, ...]] = Counter()
    for records in read_topic(world.settings, world.settings.topics.deadletters):
        for record in records:
            head = {name: value.decode() for name, value in record.headers}
            assert set(head) == {
                "reason", "detail", "field", "topic", "partition", "offset", "seen_at",
            }  # fmt: skip
            assert head["detail"]
            assert int(head["seen_at"]) > 1_700_000_000_000
            found[
                head["reason"], head["field"], head["topic"], int(head["partition"]),
                int(head["offset"]), record.key, record.value,
            ] += 1  # fmt: skip
    return found


def test_every_bad_record_becomes_a_dead_letter_and_all_good_ones_count(world: World) -> None:
    """Reason, field and origin in the headers, key and value untouched, each exactly once."""
    worker = world.start()
    wait_until(lambda: worker.ready, PATIENCE, "the worker has its units")
    sender = Sender(world)
    try:
        now = time.time_ns() // 1_000_000
        good_calls(sender, "before", now, 30)
        sums = world.results.sums
        wait_until(lambda: world.lag() == 0, PATIENCE, "the first calls are read")
        # Caught up, so that its time is the clock's and five hours ago is late.
        wait_until(lambda: world.differences(expected_sums(world.settings, sender.events)) == {},
                   PATIENCE, f"the first calls count: {sums}")  # fmt: skip
        send_bad(sender, now)
        send_garbage_cells(sender)
        good_calls(sender, "after", now, 30)
    finally:
        sender.close()
    world.await_exact(expected_sums(world.settings, sender.events))
    cells = [world.settings.topics.cells]
    wait_until(lambda: world.lag(cells) == 0, PATIENCE, "the cells are read")
    wait_until(
        lambda: letters_of(world).total() >= sender.letters.total(), PATIENCE, "dead letters"
    )
    found = letters_of(world)
    assert brief(found - sender.letters) == brief(sender.letters - found) == []
    assert worker.running
    reasons = Counter[str]()
    for letter, number in sender.letters.items():
        reasons[letter[0]] += number
    samples = worker.metrics()
    counted = {r: samples.get(("stream_dead_letters_total", r), 0) for r in reasons}
    assert counted == reasons
    print(f"{found.total()} dead letters: {dict(reasons)}")


def brief(letters: Counter[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Letters for a message: large values by their beginning and length."""
    return [
        (*head, key, value and value[:60], value and len(value)) for *head, key, value in letters
    ]


def test_encoded_events_are_what_was_meant() -> None:
    """The calls of this file are events of the contract, so that none is rejected by chance."""
    event = decode(orjson.dumps(call("contact.enqueued", "x", 1_767_600_000_000)))
    assert decode(encode(event)) == event  # type: ignore[arg-type]
