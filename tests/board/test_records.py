"""What the board reads is what the contract says, and nothing else gets through."""

import json
from typing import Any

import msgspec
import orjson
import pytest

from streams.board import records
from streams.contract.records import encode
from streams.kpis.definitions import Definitions
from streams.kpis.record import replay_record
from streams.settings import Settings
from tests.board.records import WINDOWS, Centre, value_of

NOW = 1_795_000_000_000


def published(channel: str) -> dict[str, Any]:
    """An empty queue's record as the KPI stage makes it, with the live windows' names."""
    place = ("default", "billing", channel)
    made = replay_record(place, {}, {}, 0, {}, (0, NOW), None, Definitions(Settings()))
    record: dict[str, Any] = orjson.loads(encode(made))
    return record | {"windows": dict.fromkeys(WINDOWS, record["windows"]["all"])}


def shape(value: Any) -> Any:
    """The keys of a record, all the way down."""
    if not isinstance(value, dict):
        return None
    return {key: shape(item) for key, item in value.items()}


def one_of(channel: str) -> dict[str, Any]:
    """A record of that channel by the generator, with whole days in `today` alone."""
    made = next(r for r in Centre(6).records(NOW) if r["channel"] == channel)
    made["definitions"]["sla"] = None  # what is promised is a setting
    return made | {"windows": dict.fromkeys(WINDOWS, made["windows"]["today"])}


@pytest.mark.parametrize("channel", ["voice", "chat", "ticket"])
def test_a_record_of_the_kpi_stage_is_read(channel: str) -> None:
    """An idle queue, all zeros and nulls, is readable on every channel."""
    record = records.read_kpi(orjson.dumps(published(channel)))
    assert record.windows["30m"].occupancy_ratio is None
    assert record.live.waiting == 0


@pytest.mark.parametrize("channel", ["voice", "chat", "ticket"])
def test_the_generator_of_these_tests_writes_the_contract_s_record(channel: str) -> None:
    """Same keys as the KPI stage, so that what is tested here holds for real records."""
    assert shape(one_of(channel)) == shape(published(channel))


def test_a_view_is_the_record_with_one_window() -> None:
    """Every field of a view is the record's own value, unrounded and unchanged."""
    for record in Centre(6).records(NOW):
        view = json.loads(records.one_window(records.read_kpi(value_of(record)), "5m"))
        figures = view.pop("figures")
        for name, value in figures.items():
            assert value == record["windows"]["5m"][name], name
        for name, value in view.items():
            assert value == record[name], name


def test_a_window_the_record_lacks_is_null() -> None:
    """No made-up zeros for a window that is not there."""
    [record, *_] = Centre(1).records(NOW)
    del record["windows"]["1m"]
    view = json.loads(records.one_window(records.read_kpi(value_of(record)), "1m"))
    assert view["figures"] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.pop("live"), "schema"),
        (lambda r: r["live"].update(waiting=-1), "schema"),
        (lambda r: r["live"].update(waiting="3"), "schema"),
        (lambda r: r["live"]["agents"].pop("unknown"), "schema"),
        (lambda r: r["windows"]["30m"].update(occupancy_ratio="NaN"), "schema"),
        (lambda r: r.update(as_of=10**18), "schema"),
        (lambda r: r.update(queue=""), "schema"),
    ],
)
def test_what_is_not_the_contract_s_record_is_unreadable(change: Any, reason: str) -> None:
    """A missing field, a wrong type or an impossible value is named by reason."""
    [record, *_] = Centre(1).records(NOW)
    change(record)
    with pytest.raises(records.UnreadableError, match=reason):
        records.read_kpi(value_of(record))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'"x"', b"NaN"])
def test_any_bytes_are_a_record_or_unreadable(raw: bytes) -> None:
    """No bytes bring the reader down with another error."""
    for read in (records.read_kpi, records.read_spark, records.read_interval, records.read_quality):
        with pytest.raises(records.UnreadableError):
            read(raw)
    with pytest.raises(records.UnreadableError):
        records.read_key(raw)
    with pytest.raises(records.UnreadableError):
        records.read_interval_key(raw)


def test_a_missing_minute_is_a_gap_in_the_sparkline() -> None:
    """60 slots that end with the newest minute; a minute nobody wrote is null, not 0."""
    [history] = Centre(1, tickets=False).history(NOW)
    del history["minutes"][30]
    spark = records.read_spark(value_of(history))
    assert len(spark.waiting) == 60
    assert spark.waiting[30] is None
    assert spark.until == history["minutes"][-1]["at"]
    assert spark.waiting[59] == history["minutes"][-1]["waiting"]


def test_views_are_json_that_msgspec_and_the_browser_agree_on() -> None:
    """Numbers survive the way through the board to the last digit."""
    [record, *_] = Centre(1).records(NOW)
    record["windows"]["30m"]["occupancy_ratio"] = 0.123457
    view = msgspec.json.decode(records.one_window(records.read_kpi(value_of(record)), "30m"))
    assert view["figures"]["occupancy_ratio"] == 0.123457
