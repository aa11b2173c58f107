"""The rules and alerts: valid, tested, documented, with the project's own numbers and metrics."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import thresholds
from deploy.prometheus.render import Fast, render
from streams.metrics.catalogue import CATALOGUE
from tests.stack.promql import metric_names

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
RUNBOOKS = ROOT / "deploy/runbooks"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))
GROUPS: list[dict[str, Any]] = [
    group for path in RULE_FILES for group in yaml.safe_load(path.read_text())["groups"]
]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
RECORDS = [rule for group in GROUPS for rule in group["rules"] if "record" in rule]
ALERT_IDS = [f"{rule['alert']}-{rule['labels']['severity']}" for rule in ALERTS]
# What Prometheus and Alertmanager say about themselves.
OWN_METRICS = {
    "ALERTS",
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_alertmanagers_discovered",
    "alertmanager_notifications_failed_total",
}
# Alert, severity: what its expression must compare with, so that no number is written twice.
NUMBERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("QueueOccupancyHigh", "page"): (f">= {thresholds.STAFFED_SECONDS_MIN}",),
    ("QueueOccupancyWarn", "ticket"): (f">= {thresholds.STAFFED_SECONDS_MIN}",),
    ("QueueOccupancyLow", "info"): (
        f"< {thresholds.OCCUPANCY_IDLE:.2f}",
        f">= {thresholds.STAFFED_SECONDS_MIN_IDLE}",
    ),
    ("QueueAbandonmentHigh", "ticket"): (
        f"> {thresholds.ABANDONMENT_TARGET}",
        f">= {thresholds.ABANDONMENT_OFFERED_MIN}",
    ),
    ("QueueAbandonmentHigh", "page"): (
        f"> {thresholds.ABANDONMENT_PAGE}",
        f">= {thresholds.ABANDONMENT_OFFERED_MIN}",
    ),
    ("QueueServiceLevelBudgetBurn", "page"): (
        f"{thresholds.BURN_PAGE:g} * queue:contactcenter_miss_budget:ratio",
        f">= {thresholds.BURN_OFFERED_MIN}",
        f"> {thresholds.STREAM_STALE_SECONDS}",
    ),
    ("QueueServiceLevelBudgetBurn", "ticket"): (
        f"{thresholds.BURN_TICKET:g} * queue:contactcenter_miss_budget:ratio",
        f">= {thresholds.BURN_OFFERED_MIN_2H}",
        f"> {thresholds.STREAM_STALE_SECONDS}",
    ),
    ("QueueLongestWait", "page"): (f"{thresholds.LONGEST_WAIT_FACTOR} * max by",),
    ("QueueUnstaffed", "page"): ("> 0", "== 0"),
    ("QueueAgentsStuck", "ticket"): ("> 0",),
    ("QueueTicketsAtRisk", "page"): (f">= {thresholds.ANY}",),
    ("QueueTicketsAtRisk", "ticket"): (f">= {thresholds.ANY}",),
    ("QueueSlaBreachedOpen", "ticket"): (f">= {thresholds.ANY}",),
    ("QueueSlaComplianceLow", "page"): (
        f">= {thresholds.SLA_DECIDED_MIN}",
        "max by (tenant, queue, channel, metric) (contactcenter_queue_target_sla_ratio)",
        f"> {thresholds.STREAM_STALE_SECONDS}",
    ),
    ("QueueCallbacksOverdue", "ticket"): (f">= {thresholds.ANY}",),
    ("QueueWaitedOverLimit", "ticket"): (f">= {thresholds.ANY}",),
    ("QueueHandleTimeShift", "ticket"): (
        f"{thresholds.HANDLE_TIME_FACTOR:g} * queue:",
        f">= {thresholds.HANDLE_TIME_HANDLED_MIN}",
    ),
    ("StreamStale", "page"): (f"> {thresholds.STREAM_STALE_SECONDS}",),
    ("SourceSilent", "page"): (f"> {thresholds.SOURCE_SILENT_SECONDS}",),
    ("StreamLagGrowing", "ticket"): (f"> {thresholds.LAG_GROWING_MIN}",),
    ("StreamLagHigh", "page"): (f"> {thresholds.LAG_HIGH}",),
    ("StreamInvalidEvents", "ticket"): (
        f"> {thresholds.BAD_EVENT_RATIO}",
        f">= {thresholds.BAD_EVENT_MIN}",
    ),
    ("StreamLateEvents", "ticket"): (
        f"> {thresholds.BAD_EVENT_RATIO}",
        f">= {thresholds.BAD_EVENT_MIN}",
    ),
    ("StreamAnomalies", "ticket"): (
        f"> {thresholds.BAD_EVENT_RATIO}",
        f">= {thresholds.DID_NOTHING_MIN}",
    ),
    ("StreamQueueLimitReached", "ticket"): ("> 0",),
    ("StreamLimitReached", "ticket"): ("> 0",),
    ("StreamRebalanceStorm", "ticket"): (f"> {thresholds.REBALANCES_MAX}",),
    ("StreamRecoveryStuck", "page"): ("> 0", ">= 0"),
    ("PartitionUnowned", "page"): ("== 1", "< on ()"),
    ("QueueSeriesDuplicated", "ticket"): ("> 1",),
    ("WorkerDown", "ticket"): ("== 0",),
    ("WorkerRestarting", "page"): (f"> {thresholds.RESTARTS_MAX}",),
    ("NoWorkers", "page"): ("== 1",),
    ("ExporterSlow", "ticket"): (
        f"> {thresholds.SCRAPE_SLOW_SECONDS}",
        f"> {thresholds.SAMPLE_LIMIT_NEAR}",
    ),
    ("RuleEvaluationFailing", "page"): ("> 0",),
    ("AlertDeliveryFailing", "page"): ("> 0", "< 1"),
    ("Watchdog", "none"): ("vector(1)",),
}


#: Annotations of every alert, and further ones of an alert on a queue.
MESSAGE = {"summary", "value", "limit", "description", "runbook_url"}
OF_A_QUEUE = {"window", "waiting", "old_figures"}


def run(*command: str | Path, cwd: Path = PROMETHEUS) -> str:
    """Runs a tool and returns what it said; fails with that when the tool fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.slow
def test_rules_and_configuration_load_without_a_lint_finding() -> None:
    """promtool accepts prometheus.yml and every rule file, lint findings being failures."""
    run("promtool", "check", "config", "prometheus.yml")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)


@pytest.mark.slow
@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    """promtool runs every scenario: recorded values, firing, not firing, resolved, annotations."""
    run("promtool", "test", "rules", path)


@pytest.mark.parametrize("alert", ALERTS, ids=ALERT_IDS)
def test_an_alert_is_complete(alert: dict[str, Any]) -> None:
    """Severity, domain, and all a message is made of: summary, value, limit, definition, runbook;
    of a queue also who waits and how old its figures are."""
    name = alert["alert"]
    assert alert["labels"]["severity"] in {"page", "ticket", "info", "none"}
    assert alert["labels"]["domain"] in {"business", "pipeline", "platform"}
    notes = alert["annotations"]
    business = alert["labels"]["domain"] == "business"
    needless = {"value", "limit"} if name == "Watchdog" else set()
    assert notes.keys() == (MESSAGE | (OF_A_QUEUE if business else set())) - needless
    assert "$value" in notes["description"], "the description gives the value"
    if name != "Watchdog":
        assert re.search(r" = |Counted", notes["description"]), "the description defines the value"
    assert notes["runbook_url"] == f"{thresholds.RUNBOOK_BASE_URL}/{name}.md"
    if business:
        assert name.startswith("Queue")
        assert notes["summary"].startswith("{{ $labels.queue }} ({{ $labels.channel }}): ")
        assert 'queue!="_all"' in alert["expr"], "the whole centre is in no alert on queues"
        assert alert["labels"]["kind"] in {"staffing", "service"}


def test_every_alert_has_one_runbook_with_its_four_parts() -> None:
    """Runbooks and alerts are the same set; each says what, where to look, what to do, silence."""
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert["alert"] for alert in ALERTS}
    for path in RUNBOOKS.glob("*.md"):
        text = path.read_text()
        assert text.startswith(f"# {path.stem}\n")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "What it means",
            "What to look at",
            "What to do",
            "How to silence",
        ]
        assert f"alertname={path.stem}" in text


def test_every_alert_compares_with_the_numbers_of_the_thresholds_module() -> None:
    """No threshold is written twice with two values: expressions hold the module's numbers."""
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in ALERTS} == set(NUMBERS)
    for rule in ALERTS:
        for part in NUMBERS[rule["alert"], rule["labels"]["severity"]]:
            assert part in rule["expr"], (rule["alert"], part)


def test_the_limits_of_occupancy_and_service_level_are_the_modules() -> None:
    """Default limit 85 %, warning and end of the page 5 points below it: the top of the band."""
    recorded = {rule["record"]: rule["expr"] for rule in RECORDS}
    limit = recorded["queue:contactcenter_occupancy_limit:ratio"]
    assert limit.split()[-1] == str(thresholds.OCCUPANCY_LIMIT)
    warn = recorded["queue:contactcenter_occupancy_warn:ratio"]
    assert f"- {thresholds.OCCUPANCY_HYSTERESIS}," in warn
    assert round(thresholds.OCCUPANCY_LIMIT - thresholds.OCCUPANCY_HYSTERESIS, 4) == (
        thresholds.OCCUPANCY_TARGET_HIGH
    )
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    worker = next(
        job for job in config["scrape_configs"] if job["job_name"] == "contactcenter-worker"
    )
    assert worker["sample_limit"] == thresholds.SAMPLE_LIMIT
    assert worker["honor_timestamps"] is False
    pressure = recorded["queue:contactcenter_pressure:ratio"]
    assert f"/ {thresholds.ABANDONMENT_TARGET}," in pressure
    assert f"/ ({thresholds.LONGEST_WAIT_FACTOR} * " in pressure
    assert config["global"]["scrape_interval"] == f"{thresholds.SCRAPE_INTERVAL_SECONDS}s"


def test_no_page_or_ticket_on_a_queue_ends_because_its_figures_are_gone() -> None:
    """Each stands on its last value while nobody publishes the queue, itself and no other alert."""
    held = 0
    for rule in ALERTS:
        labels = rule["labels"]
        if labels["domain"] != "business" or labels["severity"] == "info":
            continue
        held += 1
        flat = re.sub(r"\s+", " ", rule["expr"])
        own = f'alertname="{rule["alert"]}", severity="{labels["severity"]}", alertstate="firing"'
        last = rf'or last_over_time\(queue:[\w:]+{{queue!="_all"}}\[{thresholds.HELD_MINUTES}m\]\)'
        own_key = r"on \(tenant, queue, channel(, metric)?\)"
        key = r"on \(tenant, queue, channel\)"
        figures = r"(\( )?queue:contactcenter_figures:timestamp_seconds"
        assert re.search(rf"{last} and {own_key} ALERTS{{{own}}} unless {key} {figures}", flat), (
            rule
        )
    assert held == 16


def test_rules_name_only_metrics_that_exist() -> None:
    """Every name in an expression is in the catalogue, recorded here, or Prometheus' own."""
    known = {name for metric in CATALOGUE for name in metric.series_names}
    known |= {rule["record"] for rule in RECORDS} | OWN_METRICS
    for rule in [*ALERTS, *RECORDS]:
        unknown = metric_names(rule["expr"]) - known
        assert not unknown, (rule.get("alert") or rule["record"], unknown)


def test_no_division_by_what_may_be_zero() -> None:
    """A quotient of nothing is no sample: each divisor is written (x > 0)."""
    for rule in [*ALERTS, *RECORDS]:
        flat = re.sub(r"/ \d[\d.]*", "", re.sub(r"\s+", " ", rule["expr"]))  # numbers are not zero
        assert all(match[1] == "(" for match in re.finditer(r"/ (\S)", flat)), rule
        assert flat.count(" / ") <= flat.count("> 0)"), rule


def test_windows_are_never_added_up_over_workers() -> None:
    """A window or level belongs to one worker: rules take its maximum or minimum."""
    gauges = "|".join(m.full_name for m in CATALOGUE if m.type == "gauge" and "queue" in m.labels)
    for rule in [*ALERTS, *RECORDS]:
        flat = re.sub(r"\s+", " ", rule["expr"])
        for match in re.finditer(rf"(\w+)(?: by)? ?(?:\([^()]*\))? ?\( ?({gauges})\b", flat):
            if rule.get("record") == "tenant:contactcenter_agents:known" and match[1] == "sum":
                continue  # asks only whether the tenant reports any agent
            assert match[1] in {"max", "min", "count", "timestamp"}, (rule, match[0])


def test_recording_rules_are_named_level_metric_operation() -> None:
    """Names read level:metric:operation, and no two rules record the same name."""
    names = [rule["record"] for rule in RECORDS]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(
            r"(queue|tenant|site|topic|stage|source|stream):contactcenter_\w+:\w+", name
        ), name


def test_each_alert_has_scenarios_of_not_firing_firing_and_resolving() -> None:
    """Per alert: a time when it does not fire, one when it does, a later one when it is over."""
    seen: dict[str, set[str]] = {}
    for path in TEST_FILES:
        for scenario in yaml.safe_load(path.read_text())["tests"]:
            fired: set[str] = set()
            for check in scenario.get("alert_rule_test", ()):
                name = check["alertname"]
                phases = seen.setdefault(name, set())
                if check["exp_alerts"]:
                    phases.add("firing")
                    fired.add(name)
                else:
                    phases.add("resolved" if name in fired else "silent")
    for alert in {rule["alert"] for rule in ALERTS} - {"Watchdog"}:
        assert seen.get(alert) == {"silent", "firing", "resolved"}, alert
    assert seen["Watchdog"] == {"firing"}


@pytest.mark.slow
def test_the_fast_copy_is_the_same_rules_sooner(tmp_path: Path) -> None:
    """Names, labels, annotations and, but for the staffed minimum, expressions are production's."""
    render(tmp_path, Fast(targets=["127.0.0.1:9464"], scale=0.05, staffed_seconds_min=60))
    run("promtool", "check", "config", "prometheus.yml", cwd=tmp_path)
    fast = [
        rule
        for path in sorted((tmp_path / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if group["interval"] == "1s"
    ]
    slow = [rule for group in GROUPS for rule in group["rules"]]
    assert len(fast) == len(slow)
    for ours, theirs in zip(fast, slow, strict=True):
        for key in ("alert", "record", "labels", "annotations"):
            assert ours.get(key) == theirs.get(key)
        assert ours.keys() == theirs.keys()
        if "staffed_seconds:window5m >= " in theirs["expr"]:
            minimum = thresholds.STAFFED_SECONDS_MIN
            assert f">= {minimum}" not in ours["expr"]
        else:
            assert ours["expr"] == theirs["expr"]
    high = next(rule for rule in fast if rule.get("alert") == "QueueOccupancyHigh")
    assert (high["for"], high["keep_firing_for"]) == ("3s", "6s")
    assert "staffed_seconds:window5m >= 60\n" in high["expr"]
