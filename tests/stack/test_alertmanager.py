"""Who is told what: routes by amtool; grouping, inhibition and hours on a real Alertmanager."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus.render import Fast, render
from tests.stack.servers import alertmanager, call, eventually, hearing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/alertmanager"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
ROUTES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "routes_test.yml").read_text())
ALERTS = [
    rule
    for path in sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
Labels = dict[str, str]


def run(*command: str | Path) -> str:
    """Runs a tool and returns what it said; fails with that when the tool fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=FOLDER, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def receivers_of(labels: Labels) -> list[str]:
    """Who hears an alert with these labels, as amtool says."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said = run("amtool", "config", "routes", "test", "--config.file=alertmanager.yml", *pairs)
    return said.strip().split(",")


def queue_alert(name: str, severity: str = "page", queue: str = "billing") -> Labels:
    """The labels of an alert on a queue."""
    return {
        "alertname": name,
        "severity": severity,
        "domain": "business",
        "tenant": "acme",
        "queue": queue,
        "channel": "voice",
    }


STALE: Labels = {"alertname": "StreamStale", "severity": "page", "domain": "pipeline"}


@pytest.mark.slow
def test_the_configuration_loads() -> None:
    """amtool accepts the routes, receivers, intervals and templates."""
    run("amtool", "check-config", "alertmanager.yml")


@pytest.mark.slow
@pytest.mark.parametrize("case", ROUTES, ids=lambda case: "-".join(case["labels"].values()))
def test_an_alert_reaches_its_receivers(case: dict[str, Any]) -> None:
    """Each line of routes_test.yml holds."""
    assert receivers_of(case["labels"]) == case["receivers"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule", ALERTS, ids=[f"{rule['alert']}-{rule['labels']['severity']}" for rule in ALERTS]
)
def test_every_alert_of_the_rules_has_a_receiver_of_its_domain(rule: dict[str, Any]) -> None:
    """Operations hear of the floor, engineering of the system, nobody of info, by severity."""
    labels = {"alertname": rule["alert"], **rule["labels"]}
    team = "operations" if labels["domain"] == "business" else "engineering"
    expected = {
        "page": ["consumers", f"oncall-{team}"],
        "ticket": ["consumers", f"tickets-{team}"],
        "info": ["null"],
        "none": ["dead-man"],
    }
    assert receivers_of(labels) == expected[labels["severity"]]


def test_keys_come_from_files_and_no_file_is_in_the_repository() -> None:
    """No receiver carries a key, a password or an address with one in it."""
    text = (FOLDER / "alertmanager.yml").read_text()
    files = re.findall(r"(?:_file): (\S+)", text)
    assert files
    assert all(path.startswith("/etc/alertmanager/secrets/") for path in files)
    assert not {name for name in CONFIG["global"] if name.endswith(("password", "key", "url"))}
    forbidden = {"routing_key", "service_key", "api_url", "api_key", "credentials", "password"}
    for receiver in CONFIG["receivers"]:
        for kind, entries in receiver.items():
            for entry in entries if isinstance(entries, list) else ():
                assert not forbidden & entry.keys(), (receiver["name"], kind)
                if "message" not in kind and kind != "webhook_configs":
                    assert "contactcenter." in str(entry), "messages come from the templates"


def test_a_queue_is_in_every_grouping_of_queue_alerts() -> None:
    """A second hot queue never waits for the first one's group interval."""
    routes = [CONFIG["route"], *CONFIG["route"]["routes"]]
    for route in routes:
        for_queues = any(
            "business" in str(m) or "page|ticket" in str(m) for m in route.get("matchers", ())
        )
        if for_queues or route is CONFIG["route"]:
            assert {"tenant", "queue"} <= set(route["group_by"])


def test_nobody_of_the_floor_is_paged_when_it_is_closed() -> None:
    """Routes of the business domain have opening hours; pages of the system have none."""

    def walk(route: dict[str, Any], business: bool) -> None:
        business = business or 'domain = "business"' in route.get("matchers", ())
        if business:
            assert route["active_time_intervals"] == ["open-hours"], route
        elif 'severity = "page"' in route.get("matchers", ()):
            assert "active_time_intervals" not in route
        for child in route.get("routes", ()):
            walk(child, business)

    walk(CONFIG["route"], business=False)
    names = {interval["name"] for interval in CONFIG["time_intervals"]}
    assert names == {"open-hours", "working-hours"}


def fire(base: str, *alerts: Labels) -> None:
    """Posts alerts as Prometheus does, firing for the next hour."""
    now = datetime.now(UTC)
    call(
        f"{base}/api/v2/alerts",
        [
            {
                "labels": labels,
                "annotations": {"summary": labels["alertname"]},
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(hours=1)).isoformat(),
            }
            for labels in alerts
        ],
    )


def told(heard: list[dict[str, Any]], receiver: str) -> list[str]:
    """The names of the alerts a receiver has heard, in order."""
    return [
        alert["labels"]["alertname"]
        for message in heard
        if message["path"].endswith(f"/{receiver}")
        for alert in message["alerts"]
    ]


def status_of(base: str, name: str) -> dict[str, Any]:
    """The status Alertmanager gives the one alert of this name."""
    alerts = call(f"{base}/api/v2/alerts?filter=alertname%3D{name}")
    status: dict[str, Any] = alerts[0]["status"]
    return status


def fast_copy(folder: Path, port: int) -> None:
    render(folder, Fast(targets=[], webhook=f"http://127.0.0.1:{port}/hook"))


@pytest.mark.slow
def test_pages_on_queues_are_held_back_while_the_stream_is_stale(tmp_path: Path) -> None:
    """StreamStale is told; the queue's page is not, until the stream is fresh again."""
    with hearing() as (port, heard):
        fast_copy(tmp_path, port)
        with alertmanager(tmp_path) as base:
            fire(base, STALE)
            eventually(lambda: "StreamStale" in told(heard, "oncall-engineering"), "page")
            fire(base, queue_alert("QueueOccupancyHigh"))
            eventually(lambda: status_of(base, "QueueOccupancyHigh")["inhibitedBy"], "inhibition")
            # A later page of another group goes through: the queue's had its chance before.
            fire(base, {"alertname": "StreamLagHigh", "severity": "page", "domain": "pipeline"})
            eventually(lambda: "StreamLagHigh" in told(heard, "oncall-engineering"), "fence")
            assert told(heard, "oncall-operations") == []
            past = datetime.now(UTC) - timedelta(seconds=1)
            resolved = {"labels": STALE, "endsAt": past.isoformat()}
            call(f"{base}/api/v2/alerts", [resolved])
            eventually(lambda: told(heard, "oncall-operations"), "page after the stale stream")
            assert told(heard, "consumers").count("QueueOccupancyHigh") >= 1


@pytest.mark.slow
def test_the_page_mutes_the_ticket_of_the_same_queue_only(tmp_path: Path) -> None:
    """QueueOccupancyHigh of one queue holds back its warning, not that of the next queue."""
    with hearing() as (port, heard):
        fast_copy(tmp_path, port)
        with alertmanager(tmp_path) as base:
            fire(base, queue_alert("QueueOccupancyHigh"))
            eventually(lambda: told(heard, "oncall-operations"), "page")
            fire(
                base,
                queue_alert("QueueOccupancyWarn", "ticket"),
                queue_alert("QueueOccupancyWarn", "ticket", queue="sales"),
            )
            eventually(lambda: told(heard, "tickets-operations"), "ticket of the other queue")
            queues = {
                alert["labels"]["queue"]
                for message in heard
                if message["path"].endswith("/tickets-operations")
                for alert in message["alerts"]
            }
            assert queues == {"sales"}


@pytest.mark.slow
def test_one_notification_a_tenant_and_queue(tmp_path: Path) -> None:
    """Two alerts of one queue are one message to the floor; another queue is another message."""
    with hearing() as (port, heard):
        fast_copy(tmp_path, port)
        with alertmanager(tmp_path) as base:
            fire(
                base,
                queue_alert("QueueOccupancyHigh"),
                queue_alert("QueueLongestWait"),
                queue_alert("QueueOccupancyHigh", queue="sales"),
            )

            def groups() -> dict[str, int]:
                return {
                    message["groupLabels"]["queue"]: len(message["alerts"])
                    for message in heard
                    if message["path"].endswith("/oncall-operations")
                }

            eventually(lambda: len(groups()) == 2, "message of each queue")
            assert groups() == {"billing": 2, "sales": 1}


@pytest.mark.slow
def test_closed_means_silent_for_the_floor_and_not_for_the_system(tmp_path: Path) -> None:
    """Outside open-hours a queue's page is not sent; a page of the pipeline is."""
    with hearing() as (port, heard):
        webhook = f"http://127.0.0.1:{port}/hook"
        render(tmp_path, Fast(targets=[], webhook=webhook, always_open=False))
        path = tmp_path / "alertmanager.yml"
        hours = '- weekdays: ["monday:saturday"]'
        assert hours in path.read_text()
        text = path.read_text().replace(hours, '- years: ["1999"]')
        path.write_text(text)
        run("amtool", "check-config", path)
        with alertmanager(tmp_path) as base:
            fire(base, queue_alert("QueueUnstaffed"))
            eventually(lambda: told(heard, "consumers"), "the consumers' copy")
            fire(base, {"alertname": "NoWorkersX", "severity": "page", "domain": "platform"})
            eventually(lambda: told(heard, "oncall-engineering"), "page of the system")
            assert told(heard, "oncall-operations") == []
