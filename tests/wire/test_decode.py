"""Promises of `decode`: what is an event, what is not, and which reason is given."""

import json
from typing import Any

import pytest

from streams.contract.events import ContactEnqueued, SurveyAnswered
from streams.contract.limits import MAX_RECORD_BYTES
from streams.lifecycle.event_facts import contact_fact
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

ENQUEUED = {
    "type": "contact.enqueued",
    "event_id": "e-1",
    "occurred_at": 1_709_283_600_123,
    "source": "acd-1",
    "channel": "voice",
    "contact_id": "call-1",
    "queue": "billing",
}
SURVEY = {
    "type": "survey.answered",
    "event_id": "e-2",
    "occurred_at": 1_709_283_600_123,
    "source": "surveys",
    "channel": "chat",
    "contact_id": "chat-1",
    "kind": "csat",
    "score": 4,
    "scale_min": 1,
    "scale_max": 5,
    "higher_is_better": True,
    "version": "2024-1",
}


def raw(**changes: Any) -> bytes:
    return json.dumps(ENQUEUED | changes).encode()


def rejected(data: bytes) -> Rejected:
    outcome = decode(data)
    assert isinstance(outcome, Rejected), outcome
    return outcome


def reason_and_field(data: bytes) -> tuple[str, str | None]:
    outcome = rejected(data)
    return outcome.reason, outcome.field


def with_unknown_field(value: bytes) -> bytes:
    return raw()[:-1] + b', "unknown": ' + value + b"}"


def test_a_minimal_event_gets_the_contracts_defaults() -> None:
    """Tenant `default`, seq 0, inbound; everything optional is None."""
    event = decode(raw())
    assert isinstance(event, ContactEnqueued)
    assert event.TYPE == "contact.enqueued"
    assert (event.tenant, event.seq, event.direction) == ("default", 0, "inbound")
    assert (event.reason, event.agent_id, event.customer_ref, event.attributes) == (None,) * 4


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_read_alike(kind: Any) -> None:
    """Kafka clients and files hand over different buffers: the event is the same."""
    assert decode(kind(raw())) == decode(raw())


def test_unknown_fields_are_ignored() -> None:
    """A producer may add a field at any time."""
    assert decode(raw(colour={"any": ["thing", 1.5, None]})) == decode(raw())


def test_null_is_the_same_as_absent_where_a_field_may_be_absent() -> None:
    """Producers that write every field are understood."""
    assert decode(raw(reason=None, agent_id=None, attributes=None, arrived_at=None)) == decode(
        raw()
    )


def test_a_record_of_64_kib_is_read_and_one_byte_more_is_too_large() -> None:
    """The limit is on the record's bytes, and it is inclusive."""
    padding = MAX_RECORD_BYTES - len(raw(padding=""))
    assert isinstance(decode(raw(padding="x" * padding)), ContactEnqueued)
    assert reason_and_field(raw(padding="x" * (padding + 1))) == ("too_large", None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"hello",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"[" + raw() + b"]",
        raw() + b" x",
        raw() + raw(),
        raw()[:-1],
        b"\xef\xbb\xbf" + raw(),
        raw().decode().encode("utf-16"),
        raw().replace(b"billing", b"bill\xffing"),
        raw().replace(b"billing", b"bill\xed\xa0\x80ing"),
        raw().replace(b"billing", b"\\ud800 no pair follows"),
        raw().replace(b"billing", b"line\nbreak"),
        raw().replace(b"1709283600123", b"NaN"),
        raw().replace(b"1709283600123", b"01"),
        raw().replace(b'"source"', b"source"),
        with_unknown_field(b"NaN"),
        with_unknown_field(b"-Infinity"),
        with_unknown_field(b'"\xff"'),
        with_unknown_field(b'"\\udc00 alone, with room after it"'),
        with_unknown_field(b"[1,]"),
        with_unknown_field(b"[" * 30_000 + b"]" * 30_000),
        b"[" * 60_000,
    ],
)
def test_what_is_no_json_object_is_not_json(data: bytes) -> None:
    """Broken syntax, broken UTF-8, another kind of value, endless nesting: all `not_json`."""
    assert reason_and_field(data) == ("not_json", None)


def test_a_record_without_a_value_is_not_json() -> None:
    """A tombstone in an input topic is no event, and no crash."""
    assert decode(None) == Rejected("not_json", "the record has no value")


def test_broken_syntax_matters_more_than_a_wrong_field() -> None:
    """The decoder meets the bad type first; the producer's fault is the syntax."""
    assert reason_and_field(b'{"type": "contact.teleported", garbage') == ("not_json", None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "schema"),
        (b'{"type": null}', "schema"),
        (b'{"type": 5}', "schema"),
        (b'{"type": ["contact.enqueued"]}', "schema"),
        (raw(type="contact.teleported"), "unknown_type"),
        (raw(type=""), "unknown_type"),
        (raw(type="Contact.Enqueued"), "unknown_type"),
        (raw()[:-1] + b', "type": "contact.ended"}', "schema"),
    ],
)
def test_the_type_is_required_known_and_given_once(data: bytes, reason: str) -> None:
    """A missing type is a schema fault, an unknown one has its own reason."""
    assert reason_and_field(data) == (reason, "type")


@pytest.mark.parametrize("name", ["contact.teleported", "+442079460000", "Ann Smith"])
def test_an_unknown_type_is_not_repeated(name: str) -> None:
    """What stands in `type` by mistake may be anything, customer data included."""
    assert rejected(raw(type=name)) == Rejected(
        "unknown_type",
        "expected the name of an event type, as contact.enqueued; all are in schemas/",
        "type",
    )


def test_the_type_may_stand_anywhere() -> None:
    """JSON objects have no order."""
    last = {name: value for name, value in ENQUEUED.items() if name != "type"}
    assert decode(json.dumps(last | {"type": "contact.enqueued"}).encode()) == decode(raw())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", ""),
        ("event_id", "x" * 257),
        ("event_id", 7),
        ("source", ""),
        ("source", "x" * 257),
        ("tenant", ""),
        ("tenant", "x" * 257),
        ("tenant", None),
        ("contact_id", ""),
        ("contact_id", "x" * 257),
        ("contact_id", None),
        ("queue", ""),
        ("queue", "x" * 257),
        ("queue", " \u00a0"),
        ("source", " "),
        ("agent_id", ""),
        ("channel", "ticket"),
        ("channel", "Phone"),
        ("channel", None),
        ("direction", "sideways"),
        ("customer_ref", ""),
        ("customer_ref", "+49 170 1234567"),
        ("customer_ref", "0" * 63),
        ("customer_ref", "0" * 63 + "g"),
        ("customer_ref", "0" * 64 + "\n"),
        ("customer_ref", 7),
        ("customer_ref", ["0" * 64]),
        ("attributes", []),
        ("attributes", {f"a{n}": "" for n in range(65)}),
        ("seq", -1),
        ("seq", 2**31),
        ("seq", 10**40),
        ("seq", "1"),
        ("priority", True),
        ("priority", 1.5),
        ("priority", ""),
    ],
)
def test_a_value_beyond_its_bounds_is_a_schema_rejection(field: str, value: Any) -> None:
    """Every bound of the contract, with the field's name."""
    assert reason_and_field(raw(**{field: value})) == ("schema", field)


@pytest.mark.parametrize("value", [True, False, 1.0, 1.5, 1e3])
def test_booleans_and_floats_are_no_integers(value: object) -> None:
    """Not even a float with an integral value: `1` is an integer, `1.0` is not."""
    assert reason_and_field(raw(seq=value)) == ("schema", "seq")
    assert reason_and_field(raw(occurred_at=value)) == ("schema", "occurred_at")


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("attributes", {"name": 5}, "attributes[...]"),
        ("attributes", {"": "x"}, "attributes"),
        ("attributes", {"a": "x" * 1025}, "attributes[...]"),
    ],
)
def test_the_path_goes_into_containers(field: str, value: Any, path: str) -> None:
    """Which entry is wrong is not said: its name could be the customer's."""
    assert reason_and_field(raw(**{field: value})) == ("schema", path)


@pytest.mark.parametrize("field", [name for name in ENQUEUED if name != "type"])
def test_a_missing_required_field_is_named(field: str) -> None:
    """Whichever it is."""
    rest = {name: value for name, value in ENQUEUED.items() if name != field}
    assert decode(json.dumps(rest).encode()) == Rejected(
        "schema", "required field is missing", field
    )


@pytest.mark.parametrize(
    ("kind", "reason", "read"),
    [
        ("contact.flowed_out", "Voicemail", "voicemail"),
        ("contact.flowed_out", "gone fishing", "unknown"),
        ("contact.flowed_out", "x" * 10_000, "unknown"),
        ("contact.blocked", "VOICEMAIL", "unknown"),
        ("contact.enqueued", "vip", "unknown"),
        ("contact.enqueued", None, None),
    ],
)
def test_a_reason_that_is_no_word_is_unknown(
    kind: str, reason: str | None, read: str | None
) -> None:
    """The event counts, whatever a system calls its reasons; its own word is not kept."""
    event = decode(raw(type=kind, reason=reason))
    assert not isinstance(event, Rejected)
    assert getattr(event, "reason", None) == read


def test_other_words_are_not_guessed() -> None:
    """An outcome, a kind or a state that nobody knows is still a fault."""
    for changes in ({"type": "offer.failed", "agent_id": "a", "outcome": "x"}, {"reason": 5}):
        assert isinstance(decode(raw(**changes)), Rejected)


def test_a_detail_says_what_was_expected() -> None:
    """A producer's developer can mend it without reading our code."""
    assert rejected(raw(seq="1")).detail == "expected `int`, got `str`"
    assert rejected(raw(channel="fax")).detail == "expected one of: chat, voice"
    assert "RFC 3339 text with an offset" in rejected(raw(occurred_at="today")).detail
    assert "1990 to 2100" in rejected(raw(occurred_at=1_709_283_600)).detail


def test_a_detail_never_repeats_a_value() -> None:
    """Details become headers and log fields: no customer data may be in them."""
    secret = "ann.smith@example.org"
    for field in ENQUEUED:
        outcome = decode(raw(**{field: [secret]}))
        assert isinstance(outcome, Rejected)
        assert secret not in outcome.detail + str(outcome.field)
    for changes in (
        {"channel": secret},
        {"direction": secret},
        {"type": secret},
        {"occurred_at": secret},
        {"arrived_at": secret},
        {"attributes": {secret: 5}},
        {"attributes": {"a": [secret]}},
    ):
        outcome = rejected(raw(**changes))
        assert secret not in outcome.detail + str(outcome.field)


def test_lengths_count_characters_not_bytes() -> None:
    """256 letters fit a queue's name in any script."""
    event = decode(json.dumps(ENQUEUED | {"queue": "ñ" * 256}, ensure_ascii=False).encode())
    assert isinstance(event, ContactEnqueued)
    assert event.queue == "ñ" * 256


def test_text_times_become_integers() -> None:
    """Whatever the notation, `occurred_at` and `arrived_at` are ms afterwards."""
    text = raw(occurred_at="2024-03-01T10:00:00.1239+01:00", arrived_at="2024-03-01T08:59:00Z")
    assert decode(text) == decode(raw(arrived_at=1_709_283_540_000))


def test_an_answer_may_tell_since_when_the_contact_waited() -> None:
    """`entered_at` is ms afterwards, and part of what a contact's life remembers of the answer."""
    text = raw(type="contact.answered", entered_at="2024-03-01T08:59:00Z")
    answer = decode(text)
    assert answer == decode(raw(type="contact.answered", entered_at=1_709_283_540_000))
    assert contact_fact(answer).since == 1_709_283_540_000
    assert contact_fact(decode(raw(type="contact.answered"))).since == -1
    wrong = raw(type="contact.answered", entered_at=1_709_283_540)
    assert reason_and_field(wrong) == ("schema", "entered_at")


def test_further_times_of_other_types_become_integers() -> None:
    """`due_at` of a ticket's promise too."""
    promise = ENQUEUED | {
        "type": "ticket.sla_set",
        "channel": "ticket",
        "metric": "resolution",
        "due_at": "2024-03-01T09:00:00Z",
    }
    as_number = promise | {"due_at": 1_709_283_600_000}
    assert decode(json.dumps(promise).encode()) == decode(json.dumps(as_number).encode())


@pytest.mark.parametrize(
    "time",
    [
        631_151_999_999,
        4_102_444_800_001,
        "1989-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00.001Z",
        1_709_283_600,
        -1,
        10**30,
    ],
)
def test_times_lie_from_1990_to_2100(time: object) -> None:
    """Seconds or microseconds sent for milliseconds are rejected, not misread."""
    assert reason_and_field(raw(occurred_at=time)) == ("schema", "occurred_at")
    assert reason_and_field(raw(arrived_at=time)) == ("schema", "arrived_at")


def test_a_surveys_numbers_keep_their_kind() -> None:
    """A whole score stays an integer, a broken one a float."""
    whole = decode(json.dumps(SURVEY).encode())
    broken = decode(json.dumps(SURVEY | {"score": 4.5}).encode())
    assert isinstance(whole, SurveyAnswered)
    assert isinstance(broken, SurveyAnswered)
    assert repr((whole.score, broken.score)) == "(4, 4.5)"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"score": 6}, "score"),
        ({"score": 0}, "score"),
        ({"score": True}, "score"),
        ({"score": "4"}, "score"),
        ({"scale_max": 1}, "scale_max"),
        ({"higher_is_better": 1}, "higher_is_better"),
        ({"version": ""}, "version"),
    ],
)
def test_a_score_must_be_readable_on_its_scale(changes: dict[str, Any], field: str) -> None:
    """A score without a sane scale could never be counted."""
    assert reason_and_field(json.dumps(SURVEY | changes).encode()) == ("schema", field)


def test_a_currency_is_three_capitals_and_nothing_after_them() -> None:
    """A line end after them is no currency either."""
    sale = {**SURVEY, "type": "sale.closed", "kind": "upsell"}
    for wrong in ("EUR\n", "eur", "EURO", ""):
        assert reason_and_field(json.dumps(sale | {"currency": wrong}).encode()) == (
            "schema",
            "currency",
        )
