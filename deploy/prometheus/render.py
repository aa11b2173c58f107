"""Writes a fast copy of the same rules and routes, for the demo and the end-to-end tests.

In: deploy/prometheus/ and deploy/alertmanager/ as they are. Out: a folder with prometheus.yml,
rules/, alertmanager.yml and templates/, which Prometheus and Alertmanager on this machine load.
Invariant: only timings, the minimum of staffed seconds, addresses, receivers and opening hours
differ; names, expressions, labels, annotations, routes and inhibitions are those of production.
Plain text substitution on files of ours: no YAML package is needed where this runs.

    python -m deploy.prometheus.render --out /tmp/run --target 127.0.0.1:9464 --scale 0.05
"""

import argparse
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.thresholds import STAFFED_SECONDS_MIN

DEPLOY: Final = Path(__file__).resolve().parent.parent
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_FOR: Final = re.compile(r"^(\s+(?:for|keep_firing_for): )(\d+)([smh])$", re.MULTILINE)
_INTERVAL: Final = re.compile(r"^(\s+interval: )\d+[smh]$", re.MULTILINE)
_STAFFED: Final = re.compile(r"(staffed_seconds:window5m >= )(\d+)")
_GROUPING: Final = re.compile(r"^(\s+group_(?:wait|interval): )\d+[smh]$", re.MULTILINE)
_RECEIVER: Final = re.compile(r'^  - name: "?([\w-]+)"?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fast:
    """How the copy differs: `scale` multiplies every `for` and `keep_firing_for`, 1 s at least;
    `always_open` leaves the opening hours out, so that a demo pages at night."""

    targets: Sequence[str]
    alertmanager: str | None = None
    webhook: str | None = None
    interval_seconds: int = 1
    scale: float = 0.05
    staffed_seconds_min: int = 60
    always_open: bool = True


def rules(text: str, fast: Fast) -> str:
    """A rule file with every interval, `for` and staffed minimum replaced, and nothing else."""

    def shorter(match: re.Match[str]) -> str:
        seconds = int(match[2]) * _UNITS[match[3]] * fast.scale
        return f"{match[1]}{max(1, math.ceil(seconds))}s"

    def staffed(match: re.Match[str]) -> str:
        ratio = int(match[2]) / STAFFED_SECONDS_MIN
        return f"{match[1]}{math.ceil(fast.staffed_seconds_min * ratio)}"

    text = _INTERVAL.sub(rf"\g<1>{fast.interval_seconds}s", text)
    return _STAFFED.sub(staffed, _FOR.sub(shorter, text))


def prometheus(fast: Fast) -> str:
    """A prometheus.yml that scrapes `targets` under the job name the rules know."""
    seconds = f"{fast.interval_seconds}s"
    lines = [
        "global:",
        f"  scrape_interval: {seconds}",
        f"  scrape_timeout: {seconds}",
        f"  evaluation_interval: {seconds}",
        "rule_files: [rules/*.yml]",
    ]
    if fast.alertmanager:
        lines += [
            "alerting:",
            f'  alertmanagers: [{{static_configs: [{{targets: ["{fast.alertmanager}"]}}]}}]',
        ]
    targets = ", ".join(f'"{target}"' for target in fast.targets)
    lines += [
        "scrape_configs:",
        "  - job_name: contactcenter-worker",
        "    honor_timestamps: false",
        f"    static_configs: [{{targets: [{targets}]}}]",
    ]
    return "\n".join(lines) + "\n"


def alertmanager(text: str, fast: Fast) -> str:
    """An alertmanager.yml with the same routes, every receiver the one webhook.

    The receiver's name is the last part of the webhook's path, so that a listener sees who was
    told; without a webhook nobody is told.
    """
    head, receivers = text.split("\nreceivers:\n")
    head = _GROUPING.sub(rf"\g<1>{fast.interval_seconds}s", head)
    if fast.always_open:
        head = re.sub(r"^\s+active_time_intervals: .*\n", "", head, flags=re.MULTILINE)
    lines = []
    for name in _RECEIVER.findall(receivers):
        lines.append(f'  - name: "{name}"')
        if fast.webhook and name != "null":
            url = f"{fast.webhook.rstrip('/')}/{name}"
            lines.append(f'    webhook_configs: [{{url: "{url}", send_resolved: true}}]')
    return head + "\nreceivers:\n" + "\n".join(lines) + "\n"


def render(out: Path, fast: Fast) -> None:
    """Writes the whole folder; files that are there are replaced. Raises OSError."""
    (out / "rules").mkdir(parents=True, exist_ok=True)
    for source in sorted((DEPLOY / "prometheus/rules").glob("*.yml")):
        (out / "rules" / source.name).write_text(rules(source.read_text(), fast))
    (out / "prometheus.yml").write_text(prometheus(fast))
    production = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
    (out / "alertmanager.yml").write_text(alertmanager(production, fast))
    shutil.copytree(DEPLOY / "alertmanager/templates", out / "templates", dirs_exist_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 0."""
    parser = argparse.ArgumentParser(description="Write a fast copy of the rules and routes.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--target", action="append", required=True, help="HOST:PORT of a worker")
    parser.add_argument("--alertmanager", help="HOST:PORT of Alertmanager")
    parser.add_argument("--webhook", help="URL that hears every notification, receiver appended")
    parser.add_argument("--interval-seconds", type=int, default=1)
    parser.add_argument("--scale", type=float, default=0.05, help="factor on every `for`")
    parser.add_argument("--staffed-seconds-min", type=int, default=60)
    options = parser.parse_args(arguments)
    fast = Fast(
        targets=options.target,
        alertmanager=options.alertmanager,
        webhook=options.webhook,
        interval_seconds=options.interval_seconds,
        scale=options.scale,
        staffed_seconds_min=options.staffed_seconds_min,
    )
    render(options.out, fast)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
