"""Every message that an alert can become, as the person gets it, without a server.

In: the alerts that promtool holds the rules to (`deploy/prometheus/tests`), each as Prometheus
sends it. Out: what Alertmanager's templates make of them, by amtool.
"""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.stack.servers import call

ROOT = Path(__file__).resolve().parents[2]
ALERTMANAGER = ROOT / "deploy/alertmanager"
ZONE = "Europe/Berlin"
SINCE = datetime(2026, 3, 2, 8, 29, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """One alert as Prometheus sends it."""

    labels: dict[str, str]
    annotations: dict[str, str]

    def data(self, status: str) -> dict[str, Any]:
        """The alert as the templates know it; one that is over lasted a quarter of an hour."""
        return {
            "status": status,
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": SINCE.isoformat(),
            "endsAt": (SINCE + timedelta(minutes=15)).isoformat(),
        }


@cache
def expected_alerts() -> list[Sent]:
    """All alerts that the rules' own tests expect, in order of the files."""
    found = []
    for path in sorted((ROOT / "deploy/prometheus/tests").glob("*.yml")):
        for scenario in yaml.safe_load(path.read_text())["tests"]:
            for check in scenario.get("alert_rule_test", ()):
                for alert in check["exp_alerts"]:
                    labels = {"alertname": check["alertname"], **alert["exp_labels"]}
                    found.append(Sent(labels, alert["exp_annotations"]))
    return found


def rendered(folder: Path, template: str, *alerts: tuple[Sent, str]) -> str:
    """What one template makes of these alerts, each with its status, in one message."""

    def common(of: Iterable[dict[str, str]]) -> dict[str, str]:
        first, *others = list(of)
        return {k: v for k, v in first.items() if all(one.get(k) == v for one in others)}

    firing = any(status == "firing" for _, status in alerts)
    data = {
        "status": "firing" if firing else "resolved",
        "commonLabels": common(sent.labels for sent, _ in alerts),
        "commonAnnotations": common(sent.annotations for sent, _ in alerts),
        "alerts": [sent.data(status) for sent, status in alerts],
    }
    path = folder / "data.json"
    path.write_text(json.dumps(data))
    done = subprocess.run(
        [
            *("amtool", "template", "render", "--template.glob=templates/*.tmpl"),
            f'--template.text={{{{ template "{template}" . }}}}',
            f"--template.data={path}",
        ],
        cwd=ALERTMANAGER,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "TZ": ZONE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def alert(name: str, severity: str = "page", **annotations: str) -> Sent:
    """The first alert of this name that the rules' tests expect with these annotations."""
    return next(
        sent
        for sent in expected_alerts()
        if (sent.labels["alertname"], sent.labels["severity"]) == (name, severity)
        and annotations.items() <= sent.annotations.items()
    )


def of(sent: Sent, queue: str, **annotations: str) -> Sent:
    """An alert on billing as one on this queue of the tenant `default`."""
    notes = {name: text.replace("billing", queue) for name, text in sent.annotations.items()}
    labels = sent.labels | {"tenant": "default", "queue": queue}
    return replace(sent, labels=labels, annotations=notes | annotations)


def post(base: str, sent: Sent, starts: datetime, ends: datetime | None = None) -> None:
    """As Prometheus does."""
    body = {"labels": sent.labels, "annotations": sent.annotations, "startsAt": starts.isoformat()}
    call(f"{base}/api/v2/alerts", [body | ({"endsAt": ends.isoformat()} if ends else {})])
