"""The compose file and the Dockerfile: pinned, closed, healthy, and what they mount is valid.

No container engine runs here: the files are read as data, and what they mount is checked by the
tools of the programs that will read it.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings import load
from streams.simulate.config import default_centre

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"topics"}
NO_PORT = {"simulator"}  # sends only: nothing to ask whether it is well
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_stack_is_whole() -> None:
    """Kafka, its topics, two workers, board, simulator on demand, and the three that watch."""
    assert set(SERVICES) == {
        "kafka",
        "topics",
        "worker-1",
        "worker-2",
        "board",
        "simulator",
        "prometheus",
        "alertmanager",
        "grafana",
    }
    assert SERVICES["simulator"]["profiles"] == ["simulator"]
    assert [name for name in SERVICES if "profiles" in SERVICES[name]] == ["simulator"]


def test_each_worker_has_a_name_of_its_own() -> None:
    """One that was killed has its partitions back when it is started again, at once."""
    for name in ("worker-1", "worker-2"):
        assert SERVICES[name]["environment"]["STREAMS_GROUP_INSTANCE_ID"] == name
        assert "STREAMS_METRICS_HOST" in SERVICES[name]["environment"]


@each_service
def test_images_are_pinned(name: str) -> None:
    """A full version, never latest, never a bare name."""
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), SERVICES[name]["image"]


@each_service
def test_a_service_is_closed(name: str) -> None:
    """Not root, read-only, no capabilities, no new privileges, limits, rotated logs."""
    service = SERVICES[name]
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "network_mode" not in service
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")


@each_service
def test_ports_are_on_loopback(name: str) -> None:
    """Nothing listens on the network without being asked to."""
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_no_two_services_want_one_port() -> None:
    """Host ports are unique."""
    wanted = [port.split(":")[1] for s in SERVICES.values() for port in s.get("ports", ())]
    assert len(set(wanted)) == len(wanted)


@each_service
def test_a_service_says_whether_it_is_well(name: str) -> None:
    """A health check that asks the program, not only its port; none for a job that ends."""
    if name in ONE_SHOT | NO_PORT:
        assert "healthcheck" not in SERVICES[name]
        return
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["interval"]
    assert check["timeout"]
    said = " ".join(check["test"])
    assert re.search(r"/readyz|/healthz|--list|ready|/api/health", said)


def test_services_wait_for_what_they_need() -> None:
    """Topics wait for a broker that answers; workers and board for the topics."""
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for name in ("worker-1", "worker-2", "board", "simulator"):
        needs = SERVICES[name]["depends_on"]
        assert needs["topics"] == {"condition": "service_completed_successfully"}
        assert needs["kafka"] == {"condition": "service_healthy"}


def test_no_password_stands_in_the_files() -> None:
    """Passwords and keys come from files that must be made; none is committed."""
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|API_KEY", key):
                assert key.endswith("__FILE"), key
                assert str(value).startswith("/run/secrets/")
    secrets = COMPOSE["secrets"]
    for secret in secrets.values():
        path = ROOT / secret["file"]
        assert path.parent == ROOT / "deploy/secrets"
    used = {
        entry if isinstance(entry, str) else entry["source"]
        for service in SERVICES.values()
        for entry in service.get("secrets", ())
    }
    assert used == set(secrets)
    assert (ROOT / "deploy/secrets/.gitignore").read_text().splitlines()[1:] == ["*", "!.gitignore"]
    readme = (ROOT / "deploy/README.md").read_text()
    assert all(name in readme for name in secrets), "the README says which files to make"


def test_alertmanager_finds_the_secrets_where_its_configuration_looks() -> None:
    """Every *_file of alertmanager.yml is a secret mounted at that path, and the reverse."""
    text = (ROOT / "deploy/alertmanager/alertmanager.yml").read_text()
    wanted = set(re.findall(r"_file: (\S+)", text))
    mounted = {entry["target"] for entry in SERVICES["alertmanager"]["secrets"]}
    assert mounted == wanted


@each_service
def test_what_is_mounted_is_there_and_read_only(name: str) -> None:
    """Bind mounts exist in the repository and end in :ro; other volumes are declared."""
    for mount in SERVICES[name].get("volumes", ()):
        source, target, *rest = mount.split(":")
        assert target.startswith("/")
        if source.startswith("./"):
            assert (ROOT / source).exists(), mount
            assert rest == ["ro"], mount
        else:
            assert source in COMPOSE["volumes"], mount


def inside(name: str, path: str, folder: Path) -> Path:
    """Copies what a service mounts below `path` into `folder`, as the container sees it."""
    for mount in SERVICES[name]["volumes"]:
        source, target = mount.split(":")[:2]
        if not source.startswith("./") or not target.startswith(path):
            continue
        place = folder / target.removeprefix(path).lstrip("/")
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)
    return folder


@pytest.mark.slow
def test_mounted_configurations_are_valid(tmp_path: Path) -> None:
    """promtool and amtool accept the trees the containers see, where their commands look."""
    assert "--config.file=/etc/prometheus/prometheus.yml" in SERVICES["prometheus"]["command"]
    seen = inside("prometheus", "/etc/prometheus", tmp_path / "prometheus")
    subprocess.run(["promtool", "check", "config", seen / "prometheus.yml"], check=True, timeout=60)
    assert "--config.file=/etc/alertmanager/alertmanager.yml" in SERVICES["alertmanager"]["command"]
    seen = inside("alertmanager", "/etc/alertmanager", tmp_path / "alertmanager")
    subprocess.run(["amtool", "check-config", seen / "alertmanager.yml"], check=True, timeout=60)


def test_prometheus_scrapes_the_services_there_are() -> None:
    """Targets and the Alertmanager's address are names and ports of this file."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    jobs = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]
    }
    workers = [name for name in SERVICES if name.startswith("worker-")]
    assert jobs["contactcenter-worker"] == [f"{name}:9464" for name in workers]
    for name in workers:
        assert SERVICES[name]["command"] == ["streams", "worker", "--metrics-port", "9464"]
        assert SERVICES[name]["environment"]["STREAMS_METRICS_HOST"] == "0.0.0.0"  # noqa: S104
    managers = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert managers == jobs["alertmanager"] == ["alertmanager:9093"]
    sources = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    for source in sources["datasources"]:
        host, _, port = source["url"].removeprefix("http://").partition(":")
        assert any(entry.endswith(f":{port}") for entry in SERVICES[host]["ports"])


def test_grafana_finds_its_dashboards() -> None:
    """The provider's path and the home dashboard are where the boards are mounted."""
    provider = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/dashboards/contact-centre.yml").read_text()
    )["providers"][0]
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.parent == Path(provider["options"]["path"])
    assert (ROOT / "deploy/grafana/dashboards" / home.name).exists()


def test_kafka_is_one_node_of_the_version_we_test_on() -> None:
    """KRaft, no topic made by accident, one replica of everything, the pom's version."""
    kafka = SERVICES["kafka"]["environment"]
    assert kafka["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert kafka["KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"] == 1
    version = SERVICES["kafka"]["image"].rpartition(":")[2]
    assert f"<version>{version}</version>" in (ROOT / "deploy/kafka/pom.xml").read_text()
    for name in ("topics", "worker-1", "board", "simulator"):
        address = SERVICES[name]["environment"]["STREAMS_BOOTSTRAP"]
        assert f"INTERNAL://{address}" in kafka["KAFKA_ADVERTISED_LISTENERS"]


def test_the_variables_are_settings() -> None:
    """The containers' STREAMS_* variables and streams.toml load without a mistake."""
    config = ROOT / "deploy/streams.toml"
    for name in ("topics", "worker-1", "board", "simulator"):
        env = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
        assert env.pop("STREAMS_CONFIG") == "/etc/contact-streams/streams.toml"
        load(config, env, {})


def test_the_sample_settings_fit_the_simulated_centre() -> None:
    """Its six queues, channels, thresholds and wrap-up rules are those streams.toml names."""
    settings = load(ROOT / "deploy/streams.toml", {}, {})
    configured = {(queue.name, queue.channels[0]): queue for queue in settings.queues}
    plans = default_centre().queues
    assert set(configured) == {(plan.name, plan.channel) for plan in plans}
    for plan in plans:
        queue = configured[plan.name, plan.channel].on(plan.channel)
        assert queue.service_level_seconds == plan.service_level_seconds
        assert queue.short_abandon_seconds == plan.short_abandon_seconds
        assert queue.wrapup is plan.waits_for_wrapup, plan.name


def test_the_image_is_built_in_stages_and_runs_as_nobody() -> None:
    """Locked packages by hash, a pinned base, the last stage without pip, and not as root."""
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert len({image for image, _ in stages}) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", stages[0][0])
    assert "--no-deps $binary --require-hashes -r requirements.txt" in DOCKERFILE
    last = DOCKERFILE.split("FROM ")[-1]
    assert "USER 10001:10001" in last
    assert "pip install" not in last
    assert SERVICES["worker-1"]["user"] == "10001:10001"
    assert "STREAMS_" not in last, "settings come from outside"


def test_everything_the_image_copies_passes_the_dockerignore() -> None:
    """What COPY names is let through, and nothing else is sent to the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = set()
    for match in re.finditer(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        copied |= set(match[1].split())
    assert copied == allowed
