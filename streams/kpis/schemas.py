"""Stage 4's public face: JSON Schemas of KPI and interval records, with every key described.

    python -m streams.kpis.schemas            write schemas/kpi.v1.json, schemas/interval.v1.json
    python -m streams.kpis.schemas --check    exit 1, and say where, if a written one differs

The keys are those of records the record functions make; what each means stands in `shapes`.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from streams.kpis.definitions import Definitions
from streams.kpis.record import interval_record, kpi_record
from streams.kpis.shapes import MEANINGS, PARTS
from streams.settings import Settings
from streams.windows.queues import Queue, Queues

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DIRECTORY: Final = Path(__file__).resolve().parents[2] / "schemas"
_NULL_TOO: Final = ("_ratio", "_mean_seconds", "_max_seconds", "depth_mean", "watermark", "_at")


def samples() -> dict[str, dict[str, Any]]:
    """An empty record of each kind, by name."""
    queue, unit, definitions = Queue(("default", "billing", "voice")), Queues({}), _definitions()
    queue.panes.interval(0)
    return {
        "kpi": kpi_record(queue, unit, definitions),
        "interval": interval_record(queue, 0, {}, unit, definitions),
    }


def _definitions() -> Definitions:
    return Definitions(Settings())


def documents() -> dict[str, str]:
    """File name to text of every schema made here."""
    made = {}
    for name, sample in samples().items():
        head = {"$schema": DIALECT, "$id": f"{name}.v1.json", "title": name}
        schema = head | _object(sample, "")
        made[f"{name}.v1.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return made


def _object(sample: dict[str, Any], parent: str) -> dict[str, Any]:
    properties = {key: _property(key, sample[key], parent) for key in sorted(sample)}
    return {"type": "object", "properties": properties, "required": sorted(sample)}


def _property(key: str, value: Any, parent: str) -> dict[str, Any]:
    part = PARTS.get(parent)
    text = part.format(key) if part and key != "today" else MEANINGS[key]
    if isinstance(value, dict):
        return {"description": text} | _object(value, key)
    return {"description": text, "type": _type(key, value, parent)}


def _type(key: str, value: Any, parent: str) -> str | list[str]:
    if isinstance(value, str):
        return ["string", "null"] if parent == "definitions" else "string"
    if isinstance(value, bool):
        return "boolean"
    if parent in ("definitions", "targets"):
        return ["number", "null"]
    whole = key.endswith("_at") or key == "watermark" or type(value) is int
    kind = "integer" if whole else "number"
    return [kind, "null"] if key.endswith(_NULL_TOO) or value is None else kind


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m streams.kpis.schemas")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if one differs")
    parser.add_argument("--dir", type=Path, default=DIRECTORY, help="the project's schemas/")
    options = parser.parse_args(argv)
    wrong = 0
    for name, text in documents().items():
        path = options.dir / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        wrong += 1
        if not options.check:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
            continue
        lines = difflib.unified_diff(
            found.splitlines(), text.splitlines(), name, "the records", n=1, lineterm=""
        )
        sys.stderr.write("\n".join(list(lines)[:40]) + "\n")
    if options.check and wrong:
        sys.stderr.write(f"{wrong} differ: run python -m streams.kpis.schemas\n")
    return 1 if options.check and wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
