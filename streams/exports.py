"""Interval records as files for analysts: CSV with its description beside it, or Parquet.

In: records as their readers get them. Out: one table whose columns, order and types are always the
same (`contract/columns.py`), so that files of any day and any filter are one data set.
Timestamps are UTC: Parquet's own type, in CSV ISO 8601 to the millisecond. Units and meanings are
in Parquet's metadata; for CSV in `FILE.csv-metadata.json`, in the W3C's form (CSV on the Web).
"""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from streams.contract.columns import Column, interval_columns
from streams.contract.records import SCHEMA_VERSION
from streams.contract.schemas import VERSION
from streams.errors import StreamsError

Record = Mapping[str, Any]
TIME_ZONE: Final = "UTC"
_CSVW_TYPES: Final = {
    "text": "string",
    "json": "json",
    "integer": "integer",
    "number": "double",
    "boolean": "boolean",
    "timestamp": "dateTimeStamp",
}


def write_csv(records: Sequence[Record], path: Path) -> None:
    """The records are in `path`, and what each column means in `path` + `-metadata.json`."""
    columns = interval_columns()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in columns)
        for record in records:
            writer.writerow(_cell(column, record) for column in columns)
    sidecar = path.with_name(path.name + "-metadata.json")
    sidecar.write_text(json.dumps(_description(path.name), indent=2) + "\n", encoding="utf-8")


def _cell(column: Column, record: Record) -> Any:
    value = column.of(record)
    if value is None:
        return None
    if column.type == "timestamp":
        at = datetime.fromtimestamp(value / 1_000, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value).lower() if column.type == "boolean" else value


def _description(name: str) -> dict[str, Any]:
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": name,
        "dc:conformsTo": f"interval.{VERSION}.json",
        "schema:version": SCHEMA_VERSION,
        "dc:temporal": TIME_ZONE,
        "tableSchema": {
            "primaryKey": ["tenant", "queue", "channel", "interval_start"],
            "columns": [
                {
                    "name": column.name,
                    "datatype": _CSVW_TYPES[column.type],
                    "required": not column.nullable,
                    "dc:description": column.meaning,
                    **({"schema:unitText": column.unit} if column.unit else {}),
                }
                for column in interval_columns()
            ],
        },
    }


def write_parquet(records: Sequence[Record], path: Path) -> None:
    """The records are in `path`; raises StreamsError where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise StreamsError(
            "Parquet needs pyarrow: pip install 'contact-streams[parquet]', or write a .csv"
        ) from None
    types = {
        "text": pyarrow.string(),
        "json": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "timestamp": pyarrow.timestamp("ms", tz=TIME_ZONE),
    }
    columns = interval_columns()
    schema = pyarrow.schema(
        [
            pyarrow.field(
                column.name,
                types[column.type],
                nullable=column.nullable,
                metadata={"unit": column.unit, "kind": column.kind, "meaning": column.meaning},
            )
            for column in columns
        ],
        metadata={
            "schema": f"interval.{VERSION}.json",
            "schema_version": SCHEMA_VERSION,
            "time_zone": TIME_ZONE,
        },
    )
    values = {column.name: [column.of(record) for record in records] for column in columns}
    parquet.write_table(pyarrow.Table.from_pydict(values, schema=schema), path)
