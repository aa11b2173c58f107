"""Duplicates, disorder and bad records: as many as the truth says, at no cost to the truth."""

from collections import Counter

import orjson
import pytest

from streams.simulate import SOURCES, default_centre
from streams.simulate.records import KAFKA_REASONS, Faults, Outgoing
from streams.simulate.session import Session
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import key_of, topic_of
from tests.examples import QUICK
from tests.oracle.oracle import Oracle
from tests.simulate.books import MINUTE_MS, START_MS, differences, queue_settings

HOUR_MS = 60 * MINUTE_MS


def disturbed(minutes: int = 4 if QUICK else 8, **faults: object) -> tuple[Session, list[Outgoing]]:
    session = Session(
        [default_centre()],
        1,
        START_MS,
        START_MS + minutes * MINUTE_MS,
        Faults(seed=4, **faults),  # type: ignore[arg-type]
    )
    return session, list(session.records())


def verdict(record: Outgoing) -> str:
    """What a worker whose clock is the sending time would say of the record."""
    event = decode(record.value)
    if isinstance(event, Rejected):
        return event.reason
    key = key_of(event)
    if topic_of(event) not in (None, record.topic):
        return "wrong_topic"
    if key is not None and record.key != key.encode():
        return "wrong_key"
    assert isinstance(event.occurred_at, int)
    if event.occurred_at > record.at_ms + MINUTE_MS:
        return "future"
    return "late" if event.occurred_at < record.at_ms - 4 * HOUR_MS else "fine"


def test_bad_records_are_of_every_kind_and_as_many_as_the_truth_says() -> None:
    """Each record is rejected for the reason it is counted under, and no good one is touched."""
    session, records = disturbed(bad_ratio=0.02, reasons=KAFKA_REASONS)
    found = Counter(map(verdict, records))
    fine = found.pop("fine")
    truth = session.truth()
    assert dict(found) == truth["bad"]
    assert set(found) == set(KAFKA_REASONS)
    assert fine == truth["events"]
    assert truth["records"] == len(records)


def test_files_get_only_what_a_line_can_show() -> None:
    """A file knows no keys, topics or clocks: its bad lines are those that do not decode."""
    session, records = disturbed(bad_ratio=0.02)
    rejected = sum(isinstance(decode(record.value), Rejected) for record in records)
    assert rejected == sum(session.truth()["bad"].values()) > 0
    assert not any(b"\n" in record.value for record in records)


def test_duplicates_are_the_same_bytes_and_as_many_as_the_truth_says() -> None:
    """A repeat is a true repeat, sent later, to the same place."""
    session, records = disturbed(duplicate_ratio=0.05)
    places = Counter((record.topic, record.key, record.value) for record in records)
    repeats = sum(count - 1 for count in places.values())
    assert repeats == session.truth()["duplicates"] > 0


def test_disorder_delays_but_loses_nothing() -> None:
    """The same records as without, no later than said, heartbeats still true."""
    _, calm = disturbed()
    session, records = disturbed(disorder_seconds=8.0)
    plain = [record for record in records if not record.every]
    assert sorted(it.value for it in plain) == sorted(it.value for it in calm if not it.every)
    times = [orjson.loads(record.value)["occurred_at"] for record in plain]
    assert times != sorted(times)
    assert session.truth()["disordered"] > 0
    delays = [record.at_ms - at for record, at in zip(plain, times, strict=True)]
    assert min(delays) == 0
    assert 4_000 < max(delays) <= 8_000
    said = dict.fromkeys(SOURCES, 0)
    for record in records:
        event = orjson.loads(record.value)
        if record.every:
            said[event["source"]] = max(said[event["source"]], event["occurred_at"])
        else:
            assert event["occurred_at"] >= said[event["source"]]


def test_faults_do_not_change_the_truth() -> None:
    """The figures of a spoiled stream are those of the life behind it."""
    session, records = disturbed(duplicate_ratio=0.05, disorder_seconds=8.0, bad_ratio=0.02)
    calm, _ = disturbed()
    truth = session.truth()
    assert truth["queues"] == calm.truth()["queues"]
    lines = [it.value for it in records if not isinstance(decode(it.value), Rejected)]
    told = Oracle(queue_settings(session.centres[0].truth())).run(list(map(orjson.loads, lines)))
    for row in truth["queues"]:
        assert differences(row, told.figures(row["tenant"], row["queue"], row["channel"])) == {}


def test_tenants_are_centres_of_their_own() -> None:
    """Two tenants: one stream in time order, sources that end once, a truth for each."""
    configs = [default_centre("east"), default_centre("west")]
    session = Session(configs, 1, START_MS, START_MS + 5 * MINUTE_MS, Faults())
    events = [orjson.loads(record.value) for record in session.records()]
    times = [event["occurred_at"] for event in events]
    assert times == sorted(times)
    first_end = next(number for number, event in enumerate(events) if event.get("ended"))
    assert all(event.get("ended") for event in events[first_end:])
    assert {row["tenant"] for row in session.truth()["queues"]} == {"east", "west"}
    assert len({event["event_id"] for event in events}) == len(events)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_extreme_ratios_work(ratio: float) -> None:
    """Nothing or everything twice."""
    session, records = disturbed(minutes=1, duplicate_ratio=ratio)
    heartbeats = sum(record.every for record in records)
    assert len(records) - heartbeats == (1 + ratio) * (session.truth()["events"] - heartbeats)
