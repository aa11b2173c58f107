"""Files for analysts: one data set whatever is in them, and the wall's numbers come out."""

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

from deploy.examples.service_level import service_levels
from streams.contract.columns import interval_columns
from streams.exports import write_csv, write_parquet
from tests.board.records import Centre
from tests.laws.pipeline import Pipeline, published
from tests.laws.test_live_equals_replay import lately, live
from tests.strategies import QUEUE_VARIANTS

NOW = 1_795_000_000_000


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """A centre that has lived a while."""
    history = lately(1, 25)
    lived = live(history, QUEUE_VARIANTS[1], 1)
    lived.turn(max(event["occurred_at"] for event in history) + 60_000)
    return lived


@pytest.fixture(scope="module")
def records(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Every interval of it, as its readers get it."""
    return list(map(published, pipeline.intervals.values()))


def test_every_column_has_a_name_of_its_own_and_a_meaning() -> None:
    """Lower-case words joined by underscores, as SQL wants them without quotes."""
    names = [column.name for column in interval_columns()]
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalnum() and name == name.lower() for name in names)
    assert all(column.meaning for column in interval_columns())


def test_files_of_any_filter_are_one_data_set(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    """A queue without thresholds, a ticket queue and an empty one have the types of all others."""
    records = records[:: len(records) // 8]
    for number, record in enumerate(records):
        write_parquet([record], tmp_path / f"{number}.parquet")
    write_parquet(records, tmp_path / "all.parquet")
    schemas = {parquet.read_schema(path).to_string() for path in tmp_path.glob("*.parquet")}
    assert len(schemas) == 1
    with duckdb.connect() as connection:
        query = "select count(*) from read_parquet(?)"
        rows = connection.execute(query, [str(tmp_path / "*.parquet")]).fetchall()
    assert rows == [(2 * len(records),)]


def test_parquet_says_units_time_zone_and_schema(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Timestamps are timestamps in UTC; what a column means stands in the file."""
    path = tmp_path / "i.parquet"
    write_parquet(records, path)
    schema = parquet.read_schema(path)
    assert schema.metadata[b"schema"] == b"interval.v1.json"
    assert schema.metadata[b"time_zone"] == b"UTC"
    assert str(schema.field("interval_start").type) == "timestamp[ms, tz=UTC]"
    assert schema.field("wait_mean_seconds").metadata[b"unit"] == b"s"
    read = ("offered", "waiting_seconds", "occupancy_ratio")
    found = parquet.read_table(path, columns=["interval_start", *read]).to_pylist()
    for row, record in zip(found, records, strict=True):
        assert row["interval_start"].timestamp() * 1_000 == record["interval_start"]
        for name in read:
            assert row[name] == record["figures"][name]


def test_csv_has_the_same_columns_and_a_description(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    """DuckDB reads the file with the types that the file beside it names."""
    path = tmp_path / "i.csv"
    write_csv(records, path)
    described = json.loads((tmp_path / "i.csv-metadata.json").read_text())["tableSchema"]["columns"]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [column["name"] for column in described]
    assert rows[0]["interval_start"].endswith("Z")
    assert [row["final"] for row in rows] == [str(r["final"]).lower() for r in records]
    kinds = {
        "string": "VARCHAR",
        "integer": "BIGINT",
        "double": "DOUBLE",
        "boolean": "BOOLEAN",
        "dateTimeStamp": "TIMESTAMPTZ",
        "json": "JSON",
    }
    types = {column["name"]: kinds[column["datatype"]] for column in described}
    with duckdb.connect() as connection:
        query = "select sum(offered) from read_csv(?, types = ?)"
        total = connection.execute(query, [str(path), types]).fetchall()
    assert total == [(sum(record["figures"]["offered"] for record in records),)]


def test_what_the_settings_name_is_one_column(pipeline: Pipeline, tmp_path: Path) -> None:
    """Queues list reasons of their own: the columns are the same, whatever they list."""
    records = list(map(published, pipeline.intervals.values()))
    records[0]["figures"]["break_seconds"] = {"lunch": 1.5, "other": 0.0}
    write_csv(records, tmp_path / "i.csv")
    write_parquet(records, tmp_path / "i.parquet")
    with (tmp_path / "i.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = parquet.read_table(tmp_path / "i.parquet").to_pylist()
    assert rows[0]["break_seconds"] == found[0]["break_seconds"] == '{"lunch":1.5,"other":0.0}'


def test_what_one_channel_alone_has_is_null_elsewhere(tmp_path: Path) -> None:
    """Promises, messages and call-backs: whole counts, seconds and ratios under names of their own;
    null, not 0, for other channels and in records of an older worker."""
    centre = Centre(6)
    kinds = {queue.channel: queue for queue in centre.queues}
    records = [centre.intervals(NOW, queue, 1)[0] for queue in kinds.values()]
    old = records[-1] | {"queue": "old", "figures": dict(records[-1]["figures"])}
    for part in ("bot", "chat", "callbacks", "ticket", "resolution_in_time_ratio"):
        del old["figures"][part]
    write_parquet([*records, old], tmp_path / "i.parquet")
    write_csv([*records, old], tmp_path / "i.csv")
    types = {
        "ticket_sla_resolution_met": "BIGINT",
        "ticket_sla_first_response_breached_by_priority_urgent": "BIGINT",
        "ticket_complaints_opened": "BIGINT",
        "ticket_cohorts_resolved_within_ratio": "DOUBLE",
        "resolution_in_time_ratio": "DOUBLE",
        "chat_first_message_seconds": "DOUBLE",
        "chat_left_unanswered": "BIGINT",
        "callbacks_attempted_connected": "BIGINT",
        "callbacks_reach_quantiles_seconds_p90": "DOUBLE",
        "bot_contained": "BIGINT",
    }
    with duckdb.connect() as connection:
        at = str(tmp_path / "i.parquet")
        described = connection.execute("describe select * from read_parquet(?)", [at]).fetchall()
        assert {row[0]: row[1] for row in described if row[0] in types} == types
        names = ", ".join(types)
        query = f"select queue, channel, {names} from"
        found = connection.execute(f"{query} read_parquet(?)", [at]).fetchall()
        as_csv = [str(tmp_path / "i.csv"), types]
        assert connection.execute(f"{query} read_csv(?, types = ?)", as_csv).fetchall() == found
    rows = {
        channel if queue != "old" else "old": dict(zip(types, rest, strict=True))
        for queue, channel, *rest in found
    }
    figures = {record["channel"]: record["figures"] for record in records}
    met = figures["ticket"]["ticket"]["sla"]["resolution"]["met"]
    assert rows["ticket"]["ticket_sla_resolution_met"] == met
    first = figures["chat"]["chat"]["first_message_seconds"]
    assert rows["chat"]["chat_first_message_seconds"] == first
    called = figures["voice"]["callbacks"]["attempted"]["connected"]
    assert rows["voice"]["callbacks_attempted_connected"] == called
    told = {
        channel: {name for name, value in row.items() if value is not None}
        for channel, row in rows.items()
    }
    every = set(types) - {"ticket_cohorts_resolved_within_ratio"}
    assert told["ticket"] == {n for n in every if n.startswith(("ticket", "resolution", "bot"))}
    assert told["old"] == set()
    assert {n for n in told["voice"] if n.startswith(("ticket", "chat"))} == set()
    assert {n for n in told["chat"] if n.startswith("ticket")} == set()


def test_a_day_in_sql_gives_the_wall_s_service_level(
    pipeline: Pipeline, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The example's four ratios are those of the records' `today`, to their six decimals."""
    path = tmp_path / "day.parquet"
    write_parquet(records, path)
    days = parquet.read_table(path, columns=["interval_start"])["interval_start"].to_pylist()
    rows = {
        (row["tenant"], row["queue"], row["channel"]): row
        for row in service_levels([path], str(max(days).date()))
    }
    compared = 0
    for queue_key, record in pipeline.kpis().items():
        today: dict[str, Any] = record["windows"]["today"]["service_level"]
        row = rows[queue_key]
        for name, level in today.items():
            found = row[name]
            assert (found is None) == (level is None), (queue_key, name)
            if level is not None:
                assert found == pytest.approx(level, abs=1e-6)
                compared += 1
        assert row["shown"] == record["definitions"]["default_formula"]
    assert compared > 4
