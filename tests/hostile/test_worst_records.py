"""Records of the worst legal kind: each is accounted for, and nothing outgrows its limit."""

from typing import Any

import orjson
import pytest

from streams.contract.words import OTHER
from streams.faustkit.parts import PART_BYTES, Parts
from streams.faustkit.stage import Output, Turn
from streams.lifecycle.splits import MOST_KNOWN
from streams.settings import QueueSettings, Settings
from tests.examples import examples
from tests.stages.stages import START, Record, Stages, call

#: 256 characters each: Latin, Cyrillic, Han, emoji.
SCRIPTS = ("n" * 253, "ж" * 253, "客" * 253, "📞" * 253)
#: What a record of the topic may have, bytes.
LIMITS = {
    "contact.anomalies": 4_000,
    "contact.cells": 8_000_000,
    "contact.deadletters": 1_040_000,
    "contact.history": 1_000_000,
    "contact.kpis": 1_000_000,
    "contact.intervals": 1_000_000,
}


def name(number: int) -> str:
    """One of many names of 256 characters, in four scripts by turns."""
    return SCRIPTS[number % 4] + f"{number:03}"


def agent(number: int, at: int, system: int = 0) -> Record:
    """A snapshot with as many memberships and slots as there may be."""
    event = {
        "event_id": f"e{number}-{at}" + "i" * 100,
        "type": "agent.state",
        "occurred_at": at,
        "source": name(number + system),
        "agent_id": name(number),
        "state": "available",
        "reason": "r" * 256,
        "queues": [name(200 * ((number + system) % 4) + n) for n in range(200)],
        "handling": {"voice": 1_000, "chat": 1_000, "ticket": 1_000},
        "capacity": {"voice": 1_000, "chat": 1_000, "ticket": 1_000},
    }
    return Record(orjson.dumps(event), name(number).encode(), topic="contact.agents")


def ticket(number: int) -> Record:
    """A ticket that stays open."""
    contact = f"{number:05}" + "客" * 251
    fields = {"channel": "ticket", "queue": name(number % 50), "source": name(number % 100)}
    record = call("ticket.opened", START + number, contact, event_id=f"t{number}", **fields)
    record.topic = "contact.tickets"
    return record


def calls(repeats: int) -> list[Record]:
    """A contact with thousands of events in one millisecond, and ids that repeat."""
    return [
        call(
            "message.sent" if number else "contact.enqueued",
            START,
            "c" * 256,
            event_id=f"{number % (repeats - 100):05}" + "客" * 251,
            channel="chat",
            author="customer",
            queue=name(1),
            source=name(2),
        )
        for number in range(repeats)
    ]


def chats(repeats: int) -> list[Record]:
    """The same, where chats go."""
    found = calls(repeats)
    for record in found:
        record.topic = "contact.chats"
    return found


def garbage() -> list[Record]:
    """What is no event: deep, large, in pieces, without a value, with a key of megabytes."""
    deep = b"[" * 30_000 + b"]" * 30_000
    return [
        Record(deep),
        Record(b'{"type":' + deep + b"}"),
        Record(b'{"attributes":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}"),
        Record(b" " * 20_000_000),
        Record(b"\xff" * 65_536),
        Record(None),
        Record(b"{}", key=b"k" * 20_000_000),
        call("contact.enqueued", START, tenant="_other"),
    ]


WORLDS = {
    "agents of 200 queues each": lambda: [agent(number, START) for number in range(300)],
    "agents of 200 queues in each of six systems": lambda: [
        agent(number, START + system, system) for system in range(6) for number in range(50)
    ],
    "10,000 tickets": lambda: [ticket(number) for number in range(examples(10_000))],
    "one contact in one millisecond": lambda: chats(3_000),
    "garbage": garbage,
    "ends of nobody": lambda: [
        call("contact.ended", START, f"c{n}", tenant=name(n), queue=name(n), source=name(n))
        for n in range(2_000)
    ],
    "tenants": lambda: [
        call("contact.enqueued", START, f"c{number}", tenant=name(number), queue=name(number))
        for number in range(1_000)
    ],
}


def outgrown(outputs: list[Output]) -> list[tuple[str, int]]:
    """Outputs beyond their topic's limit, headers included."""
    sizes = [
        (
            topic,
            len(key or b"") + len(value or b"") + sum(len(n) + len(v) for n, v in headers),
        )
        for topic, _, key, value, headers in outputs
    ]
    return [(topic, size) for topic, size in sizes if size > LIMITS[topic]]


@pytest.mark.parametrize("world", WORLDS)
def test_a_hostile_world_is_accounted_for_and_fits(world: str) -> None:
    """Used + rejected = read, no record outgrows its topic, and what was written can be loaded."""
    records: list[Record] = WORLDS[world]()
    settings = Settings(partitions=1)
    stages, parts = Stages(settings), Parts()
    state: dict[bytes, bytes | None] = {}
    rejected = 0

    def keep(turn: Turn) -> None:
        nonlocal rejected
        assert not outgrown(turn.outputs)
        rejected += sum(out[0] == "contact.deadletters" for out in turn.outputs)
        for key, value in turn.state:
            state.update(parts.split(key, value))
        published: dict[str, Any] = stages.tick(turn)
        for topic, rows in published.items():
            sizes = [len(orjson.dumps(value)) for _, value in rows if topic in LIMITS]
            assert max(sizes, default=0) <= LIMITS[topic]

    for first in range(0, len(records), 1_000):
        keep(stages.take(*records[first : first + 1_000]))
    stages.wall += 61_000
    keep(stages.take())
    meter = stages.intake._meter
    by_result: dict[str, int] = {}
    for (_, result), count in meter.events.items():
        by_result[result] = by_result.get(result, 0) + count
    used = by_result.get("ok", 0) + by_result.get("duplicate", 0)
    assert used + rejected == len(records)
    assert max(len(value) for value in state.values() if value) <= PART_BYTES
    again = Stages(settings)
    for key, value in Parts().join({k: v for k, v in state.items() if v is not None}).items():
        again.intake.restore(key, value)
    again.intake.restored()
    assert len(again.intake.intake.store) == len(stages.intake.intake.store)
    assert len(again.intake.intake.ledger.entries) <= 10_600


def test_ten_thousand_tenants_are_a_hundred_and_one_more() -> None:
    """What figures, pages and memory there are does not grow with the names."""
    stages = Stages(Settings(partitions=1))
    for first in range(0, 10_000, 1_000):
        turn = stages.take(
            *(
                call("contact.enqueued", START, f"c{number}", tenant=f"t{number}")
                for number in range(first, first + 1_000)
            )
        )
        stages.tick(turn)
    assert len({tenant for tenant, _, _ in stages.queues.unit.queues}) == 101
    waiting = sum(
        queue.panes.levels().get(100, 0)
        for (_, name_, _), queue in stages.queues.unit.queues.items()
        if name_ != "_all"
    )
    assert waiting == 10_000


def test_ten_thousand_topics_and_instruments_are_those_of_the_list_and_a_few() -> None:
    """What is kept of a queue, and what a record has, does not grow with what events say."""
    listed = tuple(name(number) for number in range(50))
    queue = QueueSettings(name="billing", topics=listed)
    stages = Stages(Settings(partitions=1, queues=(queue,)))
    scale = {"score": 1, "scale_min": 0, "scale_max": 5, "higher_is_better": True}
    for first in range(0, 10_000, 1_000):
        records = []
        for number in range(first, first + 1_000):
            topic = name(number) if number < 50 else f"{number:05}" + "客" * 251
            records.append(call("contact.abandoned", START, f"c{number}", topic=topic))
            told = call("survey.answered", START, f"c{number}", version=topic, **scale)
            told.value = (told.value or b"").replace(b'"pbx"', b'"pbx","kind":"ces"')
            told.topic = "contact.surveys"
            records.append(told)
        turn = stages.take(*records)
        assert not outgrown(turn.outputs)
        published = stages.tick(turn)
    for place in ("billing", "_all"):
        key = ("default", place, "voice")
        assert len(stages.intake.intake.ledger.entries[key].known) == 51 + MOST_KNOWN + 1
        assert len(stages.queues.unit.queues[key].names) == 51 + MOST_KNOWN + 1
        (record,) = (value for found, value in published["contact.kpis"] if found == list(key))
        today = record["windows"]["today"]
        assert sorted(row["topic"] for row in today["by_topic"][:-1]) == sorted(listed)
        assert sum(row["unanswered"] for row in today["by_topic"]) == 10_000
        assert today["by_topic"][-1]["topic"] == OTHER
        assert [row["n"] for row in today["surveys"]["ces"]] == [1] * 8 + [10_000 - 8]
        assert 32_000 < len(orjson.dumps(record)) < 112_000
    assert stages.intake.intake.over_limit()["values"] > 0
