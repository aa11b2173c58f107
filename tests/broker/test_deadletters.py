"""`streams deadletters`: what was rejected can be seen, and sent again once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource

from streams.__main__ import main
from streams.kafka.connect import kafka_python_options
from streams.kafka.deadletter_log import DeadLetterLog
from streams.kafka.redrive import redrive
from streams.kafka.redrive_plan import FromLog
from streams.kafka.topics import message_limits
from streams.settings import Settings
from tests.broker.records import read_topic


def bury(settings: Settings, letters: Sequence[tuple[str, str, bytes | None, bytes]]) -> None:
    """Dead letters (reason, topic, key, value), as the worker writes them."""
    producer = KafkaProducer(**kafka_python_options(settings), max_request_size=8_000_000)
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


def event(contact: str, **changes: Any) -> bytes:
    """One that a worker takes, changed."""
    made = {
        "type": "contact.enqueued", "event_id": contact, "occurred_at": 1_767_600_000_000,
        "source": "pbx", "channel": "voice", "contact_id": contact, "queue": "billing",
    } | changes  # fmt: skip
    return orjson.dumps({name: value for name, value in made.items() if value is not None})


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
            "sent_again": False, "key": "c3", "value": '{"no":"agent"}',
        }
    ]  # fmt: skip


def test_redrive_sends_the_original_bytes_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Key and value untouched, to the topic they came from; a second redrive sends nothing."""
    bury(settings, LETTERS)
    assert main(["deadletters", "redrive", "--anyway", "--dry-run"]) == 0
    assert "4 dead letters would be sent" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == []
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "4 dead letters sent again" in capsys.readouterr().out
    calls = sorted((key, value) for _, topic, key, value in LETTERS if topic == "contact.calls")
    assert landed(settings, "contact.calls") == calls
    assert landed(settings, "contact.chats") == [(b"c2", b"\xff\xfe{")]
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "nothing to redrive" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == calls
    assert main(["deadletters", "list"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("(sent again)") == 4
    assert "4 dead letters, 4 sent again" in shown.err
    bury(settings, [("late", "contact.agents", b"a1", b"{}")])
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "1 dead letters sent again" in capsys.readouterr().out
    assert landed(settings, "contact.calls") == calls


def test_one_reason_after_the_other(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """A redrive of one reason leaves the others for later, and a later one leaves that out."""
    bury(settings, LETTERS)
    assert main(["deadletters", "redrive", "--reason", "schema", "--anyway", "--yes"]) == 0
    assert [key for key, _ in landed(settings, "contact.calls")] == [b"c1", b"c3"]
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "2 dead letters sent again" in capsys.readouterr().out
    assert [key for key, _ in landed(settings, "contact.calls")] == [b"c1", b"c3", b"c4"]
    assert main(["deadletters", "redrive", "--reason", "schema", "--anyway", "--yes"]) == 0
    assert "nothing to redrive" in capsys.readouterr().out


def test_redrive_goes_nowhere_but_into_our_inputs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header that names another topic is not followed."""
    bury(settings, [("schema", "contact.kpis", b"k", b"v"), LETTERS[0]])
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    shown = capsys.readouterr()
    assert "1 dead letters name none of our input topics" in shown.err
    assert landed(settings, "contact.kpis") == []
    assert landed(settings, "contact.calls") == [(b"c1", b'{"no":"queue"}')]


def test_redrive_asks_first(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is sent, and the command says why."""
    bury(settings, LETTERS[:1])
    assert main(["deadletters", "redrive", "--anyway"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert landed(settings, "contact.calls") == []


def test_what_would_be_rejected_again_is_left_unless_asked_for(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said with its reasons; it can still be sent later."""
    bury(settings, [*LETTERS[:2], ("future", "contact.calls", b"c9", event("c9"))])
    assert main(["deadletters", "redrive", "--yes"]) == 0
    shown = capsys.readouterr()
    assert "2 dead letters would be rejected again (not_json 1, schema 1): left out" in shown.err
    assert "export FILE" in shown.err
    assert landed(settings, "contact.calls") == [(b"c9", event("c9"))]
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "2 dead letters sent again" in capsys.readouterr().out


def test_a_letter_larger_than_its_topic_takes_is_named_and_the_others_go(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 each time it is met, and what could be sent is sent once; a topic that takes more
    gets it."""
    large = b"x" * 1_200_000
    bury(settings, [LETTERS[0], ("too_large", "contact.calls", b"c8", large), LETTERS[1]])
    redrive = ["deadletters", "redrive", "--anyway", "--yes"]
    assert main(redrive) == 1
    shown = capsys.readouterr()
    assert "2 dead letters sent again" in shown.out
    assert f"{settings.topics.deadletters}[" in shown.err
    assert "1200002 bytes" in shown.err
    assert main(redrive) == 1
    assert "0 dead letters sent again" in capsys.readouterr().out
    with KafkaAdminClient(**kafka_python_options(settings)) as admin:
        larger = {"max.message.bytes": "3000000"}
        admin.alter_configs([ConfigResource("TOPIC", settings.topics.calls, larger)])
    assert message_limits(settings, [settings.topics.calls]) == {settings.topics.calls: 3_000_000}
    assert main(redrive) == 0
    assert (b"c8", large) in landed(settings, "contact.calls")


def test_letters_are_exported_mended_and_sent_once(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Key, value and topic as a person has made them; the same file again sends nothing, nor does
    a redrive of everything; what was sent before is not exported."""
    bury(settings, [*LETTERS, ("wrong_key", "contact.chats", b"\xff", b"\xfe")])
    assert main(["deadletters", "redrive", "--reason", "not_json", "--anyway", "--yes"]) == 0
    file = tmp_path / "letters.ndjson"
    assert main(["deadletters", "export", str(file)]) == 0
    assert "4 dead letters are in" in capsys.readouterr().err
    rows = {
        row["origin"]["offset"]: row for row in map(orjson.loads, file.read_text().splitlines())
    }
    assert sorted(rows) == [0, 2, 3, 4]
    assert rows[0]["value"] == '{"no":"queue"}'
    assert (rows[4]["key_base64"], rows[4]["value_base64"]) == ("/w==", "/g==")
    rows[0] |= {"key": "m0", "value": event("m0").decode()}
    rows[3] |= {"topic": settings.topics.chats, "key": "m3",
                "value": event("m3", channel="chat").decode()}  # fmt: skip
    del rows[4]["value_base64"]
    rows[4] |= {"key_base64": "bTQ=", "value": event("m4", channel="chat").decode()}
    del rows[2]
    file.write_bytes(b"\n".join(map(orjson.dumps, rows.values())))
    redrive = ["deadletters", "redrive", str(file), "--yes"]
    assert main(redrive) == 0
    assert "3 dead letters sent again" in capsys.readouterr().out
    calls = [(b"m0", event("m0"))]
    chats = [
        (b"c2", b"\xff\xfe{"),
        *((k, event(k.decode(), channel="chat")) for k in (b"m3", b"m4")),
    ]
    assert landed(settings, "contact.calls") == calls
    assert landed(settings, "contact.chats") == chats
    assert main(redrive) == 0
    shown = capsys.readouterr()
    assert "nothing to redrive" in shown.out
    assert "3 letters of the file have been sent again already" in shown.err
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert "1 dead letters sent again" in capsys.readouterr().out
    assert len(landed(settings, "contact.calls")) == 2
    assert landed(settings, "contact.chats") == chats
    assert main(["deadletters", "export", str(file)]) == 1
    assert "is there already" in capsys.readouterr().err


def test_all_that_keeps_a_file_from_being_sent_is_said_at_once(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By line and field, without a value, before anything is sent; --anyway sends what is only
    rejected again, never what is no letter."""
    bury(settings, [("schema", "contact.calls", b"k", b"%d" % number) for number in range(4)])
    file = tmp_path / "letters.ndjson"
    redrive = ["deadletters", "redrive", str(file), "--yes"]
    assert main(["deadletters", "export", str(file)]) == 0
    rows = [orjson.loads(line) for line in file.read_text().splitlines()]
    rows[0] |= {"key": "m0", "value": event("m0", queue=None).decode()}
    rows[1] |= {"key": "other", "value": event("m1").decode()}
    rows[2] |= {"key": "m2", "value": event("m2", channel="chat").decode()}
    rows[3] |= {"key": "m3", "value": event("m3").decode()}
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    capsys.readouterr()
    assert main(redrive) == 1
    said = capsys.readouterr().err
    assert f"{file}:1: value, queue: required field is missing (schema)" in said
    assert f"{file}:2: key: the record's key is not" in said
    assert f"{file}:3: topic: contact.enqueued does not belong in contact.calls" in said
    assert f"{file}:4" not in said
    assert "--anyway" in said
    assert landed(settings, "contact.calls") == []

    broken = [
        b"{", b"[]", b"", orjson.dumps(rows[0] | {"kye": 1, "0170": 2, "topic": "contact.kpis"}),
        orjson.dumps(rows[1] | {"letter": {"partition": "0170"}, "value": {"a": "0170"}}),
        orjson.dumps(rows[2]), orjson.dumps(rows[2] | {"key_base64": "0170"}),
    ]  # fmt: skip
    file.write_bytes(b"\n".join(broken))
    assert main([*redrive, "--anyway"]) == 1
    said = capsys.readouterr().err
    for line, field in ((1, "no JSON"), (2, "expected a JSON object"), (4, "kye: unknown"),
                        (4, "a field: unknown"), (4, "topic: expected one of"), (5, "letter:"),
                        (5, "value: expected text"), (7, "key: give either")):  # fmt: skip
        assert f"{file}:{line}: {field}" in said
    assert "0170" not in said

    twice = [rows[3], rows[3] | {"origin": None}]
    file.write_bytes(b"\n".join(map(orjson.dumps, twice)))
    assert main(redrive) == 1
    elsewhere = [rows[3] | {"letter": {"partition": 1, "offset": 99}},
                 rows[2] | {"origin": {"topic": "other", "partition": 0, "offset": 0}}]  # fmt: skip
    file.write_bytes(b"\n".join(map(orjson.dumps, elsewhere)))
    assert main([*redrive, "--anyway"]) == 1
    assert capsys.readouterr().err.count("letter: there is none at this place") == 2
    assert landed(settings, "contact.calls") == []
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    assert main([*redrive, "--anyway"]) == 0
    assert len(landed(settings, "contact.calls")) == 4


def test_an_interrupted_redrive_goes_on_where_it_was(settings: Settings) -> None:
    """What was said to be sent is noted, what was not is sent by the next: each letter once."""
    letters = [("schema", "contact.calls", b"c%d" % number, b"{}") for number in range(5_000)]
    bury(settings, letters)
    told: list[int] = []

    def interrupt(count: int) -> None:
        told.append(count)
        raise KeyboardInterrupt

    with DeadLetterLog(settings) as log:
        sendings = FromLog(log, None, settings, anyway=True).sendings()
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(redrive(settings, sendings, interrupt, lambda *_: None))
    assert len(landed(settings, "contact.calls")) == sum(told) < 5_000
    assert main(["deadletters", "redrive", "--anyway", "--yes"]) == 0
    assert len(landed(settings, "contact.calls")) == 5_000


def test_options_that_would_be_ignored_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and which one it is."""
    for arguments, said in (
        (["export"], "needs a FILE"),
        (["list", "letters.ndjson"], "list takes no FILE"),
        (["redrive", "letters.ndjson", "--reason", "late"], "--reason does not go with"),
        (["list", "--yes"], "--yes does not go with list"),
        (["redrive", "--limit", "3"], "--limit does not go with redrive"),
    ):
        assert main(["deadletters", *arguments]) == 2
        assert said in capsys.readouterr().err
