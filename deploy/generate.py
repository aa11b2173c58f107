"""Documents that stand beside the code, made from what the code runs by.

    python deploy/generate.py            write them
    python deploy/generate.py --check    exit 1, and say where, if a written one differs

The structs of events and records become the JSON Schemas under `schemas/`, the transition tables
`streams/lifecycle/LIFECYCLES.md`, the metric catalogue `deploy/METRICS.md`, the fields of a record
`schemas/FIGURES.md` and `AGENT_FIGURES.md`, what the fields of events are for
`schemas/PURPOSES.md`.
"""

import argparse
import difflib
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from streams.contract import fields, purposes, schemas
from streams.contract.agent_figures import AgentRecord
from streams.contract.events import TYPES
from streams.contract.figures import Figures
from streams.contract.records import IntervalRecord, KpiRecord
from streams.lifecycle import agent, callback, contact, ticket
from streams.lifecycle.agent_sources import PRECEDENCE
from streams.metrics.catalogue import CATALOGUE, LABEL_VALUES

ROOT: Final = Path(__file__).resolve().parents[1]
_MADE: Final = "Made by `python deploy/generate.py`; change the code, not this file.\n"


def documents() -> dict[str, str]:
    """Path below the project's root to the text of every document made here."""
    written = {f"schemas/{name}": text for name, text in schemas.documents().items()}
    written["streams/lifecycle/LIFECYCLES.md"] = _lifecycles()
    written["deploy/METRICS.md"] = _metrics()
    written["schemas/FIGURES.md"] = _figures()
    written["schemas/AGENT_FIGURES.md"] = _agent_figures()
    written["schemas/PURPOSES.md"] = _purposes()
    return written


def _lifecycles() -> str:
    contacts = _table(contact)
    tickets = _table(ticket)
    callbacks = _table(callback)
    states = " > ".join(f"`{name}`" for name in PRECEDENCE)
    return f"""# Lifecycles

{_MADE}
Each cell is what an event does in a phase, and after → the phases it may lead to; without an arrow
the phase stays, and so it does where an effect only counts what was said twice. `!name` changes
nothing and counts the anomaly of that name; – has no effect.
Events are taken by time, those of one millisecond and seq in the rows' order; but within grace
meaning orders a contact's events, not the clock (`contact_order.py`). The rules that do not fit a
table stand above it in its module.

## Contacts (voice, chat): `contact.py`

{contacts}
## Tickets: `ticket.py`

{tickets}
## Promises to call back: `callback.py`

{callbacks}
## Agents: `agent.py`

{_text(agent.__doc__)}
One state an agent, the first that holds: {states}.
"""


def _table(lifecycle: Any) -> str:
    phases = lifecycle.PHASES
    lines = ["| event | " + " | ".join(phases) + " |", "|---" * (len(phases) + 1) + "|"]
    for event, effects in lifecycle.TABLE.items():
        cells = [_cell(effect, lifecycle) for effect in effects]
        lines.append(f"| `{event}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(effect: Any, lifecycle: Any) -> str:
    if isinstance(effect, str):
        return f"`!{effect}`"
    name = str(effect.__name__).strip("_").replace("_", " ")
    if name == "nothing":
        return "–"
    after = " or ".join(lifecycle.PHASES[phase] for phase in lifecycle.LEADS_TO.get(effect, ()))
    return f"{name} → {after}" if after else name


def _text(docstring: str | None) -> str:
    """A module's docstring without its first line."""
    return (docstring or "").split("\n", 1)[1].strip() + "\n"


def _figures() -> str:
    kinds = textwrap.dedent((fields.__doc__ or "").split("Kinds:\n", 1)[1]).rstrip()
    lines = [
        "# The figures of a record\n",
        _MADE,
        "Each stands in every window of a KPI record and in every interval. Formulas, deciding",
        "events and hard cases: [DEFINITIONS.md](../streams/kpis/DEFINITIONS.md).\n",
        f"```\n{kinds}\n```\n",
        "`since`: the `schema_version` that brought it; a record of an earlier one lacks it.\n",
        *_fields_table(Figures, ()),
        "\n## What else a KPI record says\n",
        *_fields_table(KpiRecord, ("windows",)),
        "\n## What an interval says\n",
        *_fields_table(IntervalRecord, ("figures", *fields.fields_of(KpiRecord))),
    ]
    return "\n".join(lines) + "\n"


def _agent_figures() -> str:
    lines = [
        "# The record of one agent\n",
        _MADE,
        "On `contact.agent_figures`, where the setting `agent_figures` says so. What it means:",
        "[DEFINITIONS.md](../streams/kpis/DEFINITIONS.md), 2a. `today` has what `figures` has.\n",
        *_fields_table(AgentRecord, ("today",)),
    ]
    return "\n".join(lines) + "\n"


def _fields_table(record: type[fields.Part], left_out: Sequence[str]) -> list[str]:
    lines = ["| name | kind | unit | since | meaning |", "|---|---|---|---|---|"]
    for path, field in fields.leaves_of(record):
        if path[0] in left_out:
            continue
        kind = field.kind if field.exact else f"{field.kind}, not exact"
        since = f"1.{fields.since_of(record, path)}"
        row = (f"`{'.'.join(path)}`", kind, field.unit, since, field.meaning)
        lines.append(f"| {' | '.join(row)} |")
        each = fields.row_of(field)
        columns = {} if each is None else fields.fields_of(each)
        for name, column in columns.items():
            row = (f"`{'.'.join(path)}[].{name}`", column.kind, column.unit, since, column.meaning)
            lines.append(f"| {' | '.join(row)} |")
    return lines


def _purposes() -> str:
    lines = [
        "# What each event and each field is for\n",
        _MADE,
        "The figures that it feeds: by their path in a window or an interval, after `live.` in the",
        "live part; the main ones, not each mean that is made of them. Leaving the events out, or",
        "another value of the field, changes each of those. All figures:",
        "[FIGURES.md](FIGURES.md), [DEFINITIONS.md](../streams/kpis/DEFINITIONS.md).\n",
        "## Fields of every event\n",
        *_purpose_rows(list(purposes.EVERY_EVENT.items())),
        "\n## Events, and the fields that they have beside those\n",
    ]
    rows = []
    for kind in TYPES:
        own = purposes.KINDS[kind].fields if kind in purposes.KINDS else {}
        rows.append((kind, purposes.purpose_of(kind)))
        rows += [(f"{kind}`, `{name}", purpose) for name, purpose in own.items()]
    return "\n".join([*lines, *_purpose_rows(rows)]) + "\n"


def _purpose_rows(rows: list[tuple[str, purposes.Purpose]]) -> list[str]:
    lines = ["| | what for | figures |", "|---|---|---|"]
    for name, purpose in rows:
        figures = ", ".join(f"`{figure}`" for figure in purpose.figures) or "–"
        lines.append(f"| `{name}` | {purpose.says} | {figures} |")
    return lines


def _metrics() -> str:
    lines = [
        "# Metrics\n",
        _MADE,
        "Ratios are made where they are read, from numerators and denominators.\n",
        "| metric | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    for metric in CATALOGUE:
        labels = ", ".join(_label(metric.name, label) for label in metric.labels) or "–"
        lines.append(f"| `{metric.full_name}` | {metric.type} | {labels} | {metric.help} |")
    return "\n".join(lines) + "\n"


def _label(metric: str, label: str) -> str:
    values = LABEL_VALUES.get((metric, label))
    return f"`{label}`" + (f" ({' '.join(values)})" if values else "")


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python deploy/generate.py")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if one differs")
    parser.add_argument("--dir", type=Path, default=ROOT, help="default: the project's root")
    options = parser.parse_args(argv)
    wrong = 0
    for name, text in documents().items():
        path = options.dir / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        wrong += 1
        if options.check:
            lines = difflib.unified_diff(
                found.splitlines(), text.splitlines(), name, "the code", n=1, lineterm=""
            )
            sys.stderr.write("\n".join(list(lines)[:40]) + "\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    if options.check and wrong:
        sys.stderr.write(f"{wrong} differ: run python deploy/generate.py\n")
    return 1 if options.check and wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
