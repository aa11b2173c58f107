"""Writes the dashboards' JSON, or says whether what is committed is what this makes.

python -m deploy.grafana.src            writes deploy/grafana/dashboards/*.json
python -m deploy.grafana.src --check    exit 1 and a list when a file differs
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.src import (
    alerts,
    pipeline,
    quality,
    queue_detail,
    sites,
    tickets,
    wallboard,
)

DASHBOARDS: Final = Path(__file__).resolve().parent.parent / "dashboards"
BOARDS: Final = (wallboard, queue_detail, tickets, quality, sites, pipeline, alerts)


def generate() -> dict[str, str]:
    """File name to JSON text, for every board."""
    made = {}
    for module in BOARDS:
        name = module.__name__.rsplit(".", 1)[1].replace("_", "-")
        encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
        made[f"{name}.json"] = encoder.encode(module.build()) + "\n"
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """0 = written, or all the same; 1 = `--check` found a difference."""
    parser = argparse.ArgumentParser(description="Write the Grafana dashboards.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    made = generate()
    if options.check:
        committed = {path.name: path.read_text() for path in DASHBOARDS.glob("*.json")}
        differing = sorted(
            name for name in made.keys() | committed.keys() if made.get(name) != committed.get(name)
        )
        for name in differing:
            sys.stderr.write(f"{name} is not what deploy/grafana/src makes\n")
        return 1 if differing else 0
    DASHBOARDS.mkdir(exist_ok=True)
    for name, text in made.items():
        (DASHBOARDS / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
