"""What is not used becomes a dead letter, untouched and with its reason; the rest goes on."""

import msgspec
import orjson
import pytest

from streams.faustkit.stage import InputClock
from streams.lifecycle.comings import CAME, Item
from streams.lifecycle.counters import CONTACTS_WITH_REF
from streams.settings import Settings
from streams.windows.cells import decode_batch
from streams.windows.customer_batches import CustomerBatch
from tests.stages.stages import START, Record, Stages, call

OTHER_PARTITION = Settings(partitions=4)


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        (Record(b"{"), "not_json", ""),
        (Record(None), "not_json", ""),
        (Record(b'"' + b"x" * 70_000 + b'"'), "too_large", ""),
        (Record(b'{"type":"no.such"}'), "unknown_type", "type"),
        (call("contact.enqueued", START, event_id=""), "schema", "event_id"),
        (call("contact.enqueued", START, queue="_all"), "schema", "queue"),
        (call("contact.enqueued", START, channel="chat"), "wrong_topic", "type"),
        (call("contact.enqueued", START + 60_001), "future", "occurred_at"),
    ],
)
def test_an_unusable_record_is_a_dead_letter_with_reason_field_and_origin(
    record: Record, reason: str, field: str
) -> None:
    """Key and value are the original ones."""
    turn = Stages().take(record)
    (letter,) = (out for out in turn.outputs if out[0] == "contact.deadletters")
    headers = dict(letter[4])
    assert (letter[2], letter[3]) == (record.key, record.value)
    assert (headers["reason"].decode(), headers["field"].decode()) == (reason, field)
    assert (headers["topic"], headers["partition"], headers["offset"]) == (
        b"contact.calls",
        b"0",
        b"7",
    )
    assert headers["seen_at"] == str(START).encode()


@pytest.mark.parametrize(("key", "value"), [(b"c1", b" " * 9_000_000), (b"k" * 9_000_000, b"{")])
def test_a_record_that_no_topic_takes_is_cut_and_the_letter_says_so(
    key: bytes, value: bytes
) -> None:
    """Compression brings it in; sent again as it is kept, it is rejected again."""
    (letter,) = (
        out for out in Stages().take(Record(value, key)).outputs if out[0] == "contact.deadletters"
    )
    assert dict(letter[4])["cut"] == str(len(key) + len(value)).encode()
    assert len(letter[2] or b"") + len(letter[3] or b"") < 150_000
    assert reasons(Stages().take(Record(letter[3], letter[2]))) == [dict(letter[4])["reason"]]


def test_a_wrong_key_and_a_key_of_another_partition_are_told_apart() -> None:
    """Either would split a contact's state."""
    foreign = call("contact.enqueued", START)
    foreign.key = b"another"
    assert reasons(Stages().take(foreign)) == [b"wrong_key"]
    settings = Settings(partitions=4)
    found = [
        reasons(Stages(settings).take(call("contact.enqueued", START, contact=f"c{n}")))
        for n in range(20)
    ]
    assert [] in found
    assert [b"wrong_key"] in found


def test_an_event_older_than_the_horizon_is_late_and_one_within_is_not() -> None:
    """Four hours before the unit's now, which a turn before has reached."""
    stages = Stages()
    stages.take()
    assert reasons(stages.take(call("contact.enqueued", START - 14_400_001))) == [b"late"]
    assert reasons(stages.take(call("contact.enqueued", START - 14_400_000))) == []


@pytest.mark.parametrize(
    "record",
    [
        call("contact.enqueued", START, contact="secret", channel="chat"),
        call("secret", START),
        call("contact.enqueued", START + 60_001, contact="secret"),
        call("contact.enqueued", START - 14_400_001, contact="secret"),
        call("contact.enqueued", START, contact="secret", queue="_all"),
        Record(call("contact.enqueued", START, contact="secret").value, key=b"c1"),
    ],
)
def test_a_dead_letters_headers_hold_nothing_of_the_record(record: Record) -> None:
    """Whatever its reason: headers go to lists and logs, key and value may be customer data."""
    stages = Stages()
    stages.take()
    turn = stages.take(record)
    (letter,) = (out for out in turn.outputs if out[0] == "contact.deadletters")
    assert b"secret" in (letter[2] or b"") + (letter[3] or b"")
    assert b"secret" not in b" ".join(value for _, value in letter[4])


def test_good_records_around_a_bad_one_all_count() -> None:
    """Nothing is lost."""
    stages = Stages()
    turn = stages.take(
        call("contact.enqueued", START), Record(b"?"), call("contact.answered", START + 1_000)
    )
    assert reasons(turn) == [b"not_json"]
    ((_, record),) = [row for row in stages.tick(turn)["contact.kpis"] if row[0][1] == "billing"]
    figures = record["windows"]["5m"]
    assert (figures["offered"], figures["answered"]) == (1, 1)


def test_quality_goes_out_every_five_seconds() -> None:
    """What the wallboard's strip shows: the newest word of each source, and the counts."""
    stages = Stages()
    turn = stages.take(call("contact.enqueued", START), Record(b"?"))
    (quality,) = (out for out in turn.outputs if out[0] == "contact.history")
    record = orjson.loads(quality[3] or b"")
    assert record["sources"] == {"pbx": START}
    assert record["dead_letters"] == 1
    stages.wall += 1_000
    again = stages.take(call("contact.answered", START + 1_000))
    assert not [out for out in again.outputs if out[0] == "contact.history"]


def test_eighteen_thousand_sources_fit_into_every_record_and_a_restart() -> None:
    """Each record counts, what is written is bounded, and another unit goes on with it."""
    stages = Stages()
    state: dict[bytes, bytes | None] = {}
    for first in range(0, 18_000, 3_000):
        turn = stages.take(
            *(
                call("contact.enqueued", START + n, f"c{n}", source=f"{n:05}" + "\U0001f4de" * 59)
                for n in range(first, first + 3_000)
            )
        )
        assert reasons(turn) == []
        state |= dict(turn.state)
        stages.wall += 6_000
    turn = stages.take(call("contact.enqueued", START + 18_000, "last"))
    state |= dict(turn.state)
    (quality,) = (out for out in turn.outputs if out[0] == "contact.history")
    assert len(quality[3] or b"") < 100_000
    assert len(orjson.loads(quality[3] or b"")["sources"]) == 200
    assert max(len(value) for value in state.values() if value) < 333_000
    again = Stages.restored(state)
    assert again.intake.intake.watermark() == stages.intake.intake.watermark()


def reasons(turn: object) -> list[bytes]:
    """The reasons of a turn's dead letters."""
    outputs = turn.outputs  # type: ignore[attr-defined]
    return [dict(out[4])["reason"] for out in outputs if out[0] == "contact.deadletters"]


def test_garbage_among_what_units_tell_of_customers_is_a_dead_letter() -> None:
    """Nobody else may write there; the unit goes on, and a batch after it is read."""
    stages = Stages(Settings(partitions=2))
    item = Item(CAME, "voice", "c9", START, START, START, 0, "billing", None, 7)
    batch = CustomerBatch(1, 2, START, [("default", b"0123456789ab", item, 1)])
    good = msgspec.msgpack.encode(batch)
    topic = stages.settings.topics.customers
    garbage = (None, b"", b"\xc1", b"\x90", b'{"no":"batch"}')
    records = [Record(value, b"1", topic=topic) for value in (*garbage, good)]
    turn = stages.take(*records)
    assert reasons(turn) == [b"schema"] * 5
    cells = [decode_batch(out[3] or b"") for out in turn.outputs if out[0] == "contact.cells"]
    told = [cell for one in cells for cell in one.cells if cell.queue == "billing"]
    assert [cell.values for cell in told] == [{CONTACTS_WITH_REF: 1}]


def test_what_is_unread_of_customers_holds_nobodys_time() -> None:
    """A unit that has not read it yet goes on with the clock."""
    stages = Stages()
    stages.take(call("contact.enqueued", START))
    stages.wall += 60_000
    clocks = {
        topic: InputClock(stages.wall, False, True) for topic in stages.settings.topics.inputs
    }
    clocks[stages.settings.topics.customers] = InputClock(None, True, True)
    stages.intake.turn(clocks, stages.wall)
    assert stages.intake.intake.now == stages.wall
