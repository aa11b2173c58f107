"""Stage 1's public face: JSON Schemas, made from the structs that decode.

    python -m streams.contract.event_schemas            write schemas/*.v1.json
    python -m streams.contract.event_schemas --check    exit 1, and say where one differs

One file a type and `event.v1.json` for all of them, each complete in itself. Invariant: what
`decode` accepts a schema accepts, and the other way round, but for what JSON Schema cannot say:
record size, a time's range in text, one field compared with another (in the description then).
Other schemas may lie beside these; files it did not make are left alone.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.contract.events import TYPES, Event, MessageSent

VERSION: Final = "v1"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DIRECTORY: Final = Path(__file__).resolve().parents[2] / "schemas"

# What a struct checks by comparing fields, as far as JSON Schema can say it.
_CROSS_FIELD: Final[dict[str, dict[str, Any]]] = {
    MessageSent.__name__: {
        "if": {"properties": {"author": {"const": "agent"}}, "required": ["author"]},
        "then": {
            "required": ["agent_id"],
            "properties": {"agent_id": {"type": "string"}},
        },
    },
}


def documents() -> dict[str, str]:
    """Return file name to text of every schema made here."""
    made = {f"{tag}.{VERSION}.json": _document(tag, struct) for tag, struct in TYPES.items()}
    made[f"event.{VERSION}.json"] = _document("event", Event)
    return made


def _document(name: str, shape: Any) -> str:
    schema = msgspec.json.schema(shape)
    definitions = schema.get("$defs", {})
    for struct, rule in _CROSS_FIELD.items():
        if struct in definitions:
            definitions[struct] |= rule
    head = {"$schema": DIALECT, "$id": f"{name}.{VERSION}.json", "title": name}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def write(directory: Path) -> list[Path]:
    """Write the files that differ; return them."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in documents().items():
        path = directory / name
        if _read(path) != text:
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def differences(directory: Path) -> Iterator[str]:
    """Yield a short diff for every file that is missing or not what the structs say."""
    for name, text in documents().items():
        found = _read(directory / name)
        if found is None:
            yield f"{name}: missing"
        elif found != text:
            lines = difflib.unified_diff(
                found.splitlines(), text.splitlines(), name, "the structs", n=1, lineterm=""
            )
            yield "\n".join(list(lines)[:40])


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m streams.contract.event_schemas")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 on a difference"
    )
    parser.add_argument(
        "--dir", type=Path, default=DIRECTORY, help="default: the project's schemas/"
    )
    options = parser.parse_args(argv)
    if not options.check:
        for path in write(options.dir):
            sys.stdout.write(f"wrote {path.name}\n")
        return 0
    found = list(differences(options.dir))
    for difference in found:
        sys.stderr.write(difference + "\n")
    if found:
        sys.stderr.write(f"{len(found)} differ: run python -m streams.contract.event_schemas\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
