"""`streams deadletters`: what was rejected can be seen, and sent again once."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from streams.__main__ import main
from streams.kafka.connect import kafka_python_options
from streams.settings import Settings
from tests.broker.records import read_topic


@pytest.fixture
def settings(fresh_topics: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = fresh_topics(partitions=2)
    monkeypatch.setenv("STREAMS_BOOTSTRAP", made.bootstrap)
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", made.topic_prefix)
    monkeypatch.setenv("STREAMS_APP_ID", made.app_id)
    return made


def bury(settings: Settings, letters: list[tuple[str, str, bytes | None, bytes]]) -> None:
    """Dead letters (reason, topic, key, value), as the worker writes them."""
    producer = KafkaProducer(**kafka_python_options(settings))
    for number, (reason, topic, key, value) in enumerate(letters):
        headers = {
            "reason": reason, "detail": f"detail {number}", "field": "queue",
            "topic": settings.topics.named(topic), "partition": "1", "offset": str(number),
            "seen_at": str(1_767_600_000_000 + number),
        }  # fmt: skip
        producer.send(
            settings.topics.deadletters, key=key, value=value,
            headers=[(name, text.encode()) for name, text in headers.items()],
        )  # fmt: skip
    producer.flush()
    producer.close()


def landed(settings: Settings, topic: str) -> list[tuple[bytes | None, bytes]]:
    found = read_topic(settings, settings.topics.named(topic))
    return sorted((record.key, record.value) for records in found for record in records)


LETTERS: list[tuple[str, str, bytes | None, bytes]] = [
    ("schema", "contact.calls", b"c1", b'{"no":"queue"}'),
    ("not_json", "contact.chats", b"c2", b"\xff\xfe{"),
    ("schema", "contact.calls", b"c3", b'{"no":"agent"}'),
    ("wrong_topic", "contact.calls", b"c4", b'{"channel":"chat"}'),
]


def test_list_shows_reason_and_origin(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with its reason, field, place and bytes; filters and limits; JSON for programs."""
    bury(settings, LETTERS)
    assert main(["deadletters", "list", "--bootstrap", settings.bootstrap]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("detail") == 4
    assert "not_json 1, schema 2, wrong_topic 1" in shown.err
    assert main(["deadletters", "list", "--json", "--reason", "schema", "--limit", "1"]) == 0
    rows: list[dict[str, Any]] = list(map(orjson.loads, capsys.readouterr().out.splitlines()))
    assert rows == [
        {
            "reason": "schema", "detail": "detail 2", "field": "queue", "partition": 1,
            "topic": settings.topics.calls, "offset": 2, "seen_at": 1_767_600_000_002,
            "key": "c3", "value": '{"no":"agent"}',
        }
    ]  # fmt: skip


def test_redrive_sends_the_original_bytes_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Key and value untouched, to the topic they came from; a second redrive sends nothing."""
    bury(settings, LETTERS)
    assert main(["deadletters", "redrive", "--dry-run"]) == 0
    assert "4 dead letters would be sent" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == []
    assert main(["deadletters", "redrive", "--yes"]) == 0
    assert "4 dead letters sent again" in capsys.readouterr().out
    calls = sorted((key, value) for _, topic, key, value in LETTERS if topic == "contact.calls")
    assert landed(settings, "contact.calls") == calls
    assert landed(settings, "contact.chats") == [(b"c2", b"\xff\xfe{")]
    assert main(["deadletters", "redrive", "--yes"]) == 0
    assert "nothing to redrive" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == calls
    bury(settings, [("late", "contact.agents", b"a1", b"{}")])
    assert main(["deadletters", "redrive", "--yes"]) == 0
    assert "1 dead letters sent again" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == calls


def test_one_reason_after_the_other(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """A redrive of one reason leaves the others for later, and a later one leaves that out."""
    bury(settings, LETTERS)
    assert main(["deadletters", "redrive", "--reason", "schema", "--yes"]) == 0
    assert [key for key, _ in landed(settings, "contact.calls")] == [b"c1", b"c3"]
    assert main(["deadletters", "redrive", "--yes"]) == 0
    assert "2 dead letters sent again" in capsys.readouterr().out
    assert [key for key, _ in landed(settings, "contact.calls")] == [b"c1", b"c3", b"c4"]
    assert main(["deadletters", "redrive", "--reason", "schema", "--yes"]) == 0
    assert "nothing to redrive" in capsys.readouterr().out


def test_redrive_goes_nowhere_but_into_our_inputs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header that names another topic is not followed."""
    bury(settings, [("schema", "contact.kpis", b"k", b"v"), LETTERS[0]])
    assert main(["deadletters", "redrive", "--yes"]) == 0
    shown = capsys.readouterr()
    assert "1 dead letters name none of our input topics" in shown.err
    assert landed(settings, "contact.kpis") == []
    assert landed(settings, "contact.calls") == [(b"c1", b'{"no":"queue"}')]


def test_redrive_asks_first(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is sent, and the command says why."""
    bury(settings, LETTERS[:1])
    assert main(["deadletters", "redrive"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert landed(settings, "contact.calls") == []
