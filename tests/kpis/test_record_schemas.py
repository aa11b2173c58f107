"""The schemas of KPI and interval records: every key described, and real records fit."""

import json
from pathlib import Path
from typing import Any

from tests.laws.pipeline import Pipeline, published
from tests.laws.test_live_equals_replay import lately
from tests.laws.test_replay_equals_oracle import configured
from tests.strategies import QUEUE_VARIANTS, encoded

TYPES: dict[str, Any] = {"number": (int, float), "integer": int, "string": str, "boolean": bool}


def misfits(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    """Where a value is not what these schemas (objects, lists of them, plain values) say."""
    assert where == "" or schema["description"], where
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "object" in kinds and value is not None:
        if "additionalProperties" in schema:  # keys that the settings name
            each = {"description": "One."} | schema["additionalProperties"]
            return [miss for key in value for miss in misfits(value[key], each, f"{where}/{key}")]
        found = [] if value.keys() == schema["properties"].keys() else [f"{where}: keys"]
        for key, part in schema["properties"].items():
            found += misfits(value[key], part, f"{where}/{key}")
        return found
    if "array" in kinds and value is not None:
        row = {"description": schema["description"]} | schema["items"]
        rows = (misfits(one, row, f"{where}/{n}") for n, one in enumerate(value))
        return [found for each in rows for found in each]
    fits = "null" in kinds if value is None else isinstance(value, TYPES[kinds[0]])
    return [] if fits else [f"{where}: {value!r} is not {kinds}"]


def test_records_of_random_histories_fit(root: Path) -> None:
    """Records with and without events, of every channel."""
    for seed in range(2):
        history = lately(seed, 20)
        pipeline = Pipeline(configured(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]))
        for raw in encoded(history):
            pipeline.accept(raw)
        pipeline.turn(max(event["occurred_at"] for event in history))
        kpis, intervals = pipeline.kpis(), list(pipeline.intervals.values())[:50]
        for name, records in (
            ("kpi", list(kpis.values())[:50]),
            ("interval", list(map(published, intervals))),
        ):
            schema = json.loads((root / "schemas" / f"{name}.v1.json").read_text(encoding="utf-8"))
            assert records
            for record in records:
                assert misfits(record, schema, "") == []
