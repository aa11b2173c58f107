"""The set-up: locked by hash, silent and offline when nothing is missing, plain when it cannot."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

LOCKS = ("requirements.txt", "requirements-dev.txt")
# What a page needs to draw a dashboard's panels with.
DRAWN = "tests/grafana_ui"
# What the script itself is written with; everything it looks for is left out.
BASICS = ("bash", "cat", "cut", "dirname", "head", "id", "sed", "sha256sum")


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked_by_hash(name: str, root: Path) -> None:
    """Each line pins one version with hashes, and none says where packages come from."""
    text = (root / name).read_text()
    packages = re.findall(
        r"^([a-z0-9._-]+)==\S+(?: ; .*)? \\\n(?:    --hash=sha256:)", text, re.MULTILINE
    )
    lines = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert len(packages) == len(lines) > 30
    assert "://" not in text
    assert "index" not in text


def test_the_locks_follow_the_project(root: Path) -> None:
    """What pyproject.toml pins is what the locks hold."""
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    runtime = project["project"]["dependencies"]
    dev = project["dependency-groups"]["dev"]
    for name, pins in ((LOCKS[0], runtime), (LOCKS[1], [*runtime, *dev])):
        text = (root / name).read_text()
        assert [pin for pin in pins if f"\n{pin} \\\n" not in text] == []


def test_what_draws_dashboards_is_locked_and_of_the_version_that_will_draw_them(root: Path) -> None:
    """Every package has its hash and no address; Grafana's are the compose file's, to the digit."""
    lock = json.loads((root / DRAWN / "package-lock.json").read_text())
    pins = json.loads((root / DRAWN / "package.json").read_text())["dependencies"]
    assert lock["packages"].pop("")["dependencies"] == pins
    assert all(package["integrity"].startswith("sha512-") for package in lock["packages"].values())
    assert "://" not in (root / DRAWN / "package-lock.json").read_text()
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in pins} == pins
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    image = f"grafana/grafana:{pins['@grafana/ui']}"
    assert compose["services"]["grafana"]["image"] == image
    assert pins["@grafana/data"] == pins["@grafana/ui"]


@pytest.mark.slow
def test_a_second_set_up_asks_nobody(root: Path, tmp_path: Path) -> None:
    """With everything in place the script starts no installer and says nothing (`make setup`
    must have been run)."""
    called = tmp_path / "called"
    for name in ("apt-get", "sudo", "mvn", "npm"):
        stub = tmp_path / name
        stub.write_text(f'#!/bin/sh\necho "$0 $*" >>{called}\nexit 1\n')
        stub.chmod(0o755)
    offline = {"PIP_NO_INDEX": "1", "http_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [root / "deploy" / "setup.sh", "test"],
        env=os.environ | offline | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not called.exists()


def test_what_cannot_be_installed_is_one_line(tmp_path: Path) -> None:
    """Where packages cannot be installed from here, one line names exactly those missing."""
    for name in BASICS:
        path = shutil.which(name)
        assert path is not None
        (tmp_path / name).symlink_to(path)
    script = Path(__file__).parent.parent / "deploy" / "setup.sh"
    done = subprocess.run(
        [script, "test"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    missing = "default-jre-headless maven prometheus prometheus-alertmanager chromium npm"
    assert line.endswith(missing), line


def stub(path: Path, text: str) -> Path:
    """A small program in the place of a real one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fresh_tree(root: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A tree with the script in it, and the place of Kafka's jars, which are there."""
    tree = tmp_path / "tree"
    (tree / "deploy").mkdir(parents=True)
    shutil.copy(root / "deploy" / "setup.sh", tree / "deploy")
    for name in ("pyproject.toml", "requirements-dev.txt"):
        (tree / name).write_text("")
    version = re.search(r"^kafka=(\S+)$", (tree / "deploy/setup.sh").read_text(), re.MULTILINE)
    assert version is not None
    jars = tmp_path / "home" / "contact-streams" / f"kafka-{version[1]}"
    jars.mkdir(parents=True)
    return tree, jars


def test_without_npms_packages_the_set_up_goes_on(root: Path, tmp_path: Path) -> None:
    """One line says which tests will fail; nothing half there is left for them."""
    tree, jars = fresh_tree(root, tmp_path)
    shutil.copytree(root / DRAWN, tree / DRAWN)
    tools = tmp_path / "bin"
    inner = stub(tmp_path / "inner", "")
    python = stub(
        tools / "python",
        f'[ "$2" != venv ] || {{ mkdir -p .venv/bin; cp {inner} .venv/bin/python; }}',
    )
    stub(tools / "java", "echo 'version \"17\"' >&2")
    stub(tools / "npm", "echo nothing to be had >&2; exit 1")
    for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool", "chromium"):
        stub(tools / name, "")
    done = subprocess.run(
        [tree / "deploy" / "setup.sh", "test"],
        env=os.environ | {
            "PYTHON": str(python), "XDG_CACHE_HOME": str(jars.parents[1]), "JAVA_HOME": "",
            "PATH": f"{tools}:{os.environ['PATH']}",
        },
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].endswith("the tests that draw dashboards will fail")
    assert list(jars.parent.iterdir()) == [jars]


def test_what_was_killed_in_the_middle_is_filled_anew(root: Path, tmp_path: Path) -> None:
    """pip takes a package that is half there for installed: the next set-up begins with nothing,
    one after a whole one keeps what is there."""
    tree, jars = fresh_tree(root, tmp_path)
    fifo = tmp_path / "reached"
    os.mkfifo(fifo)
    # Where the test asks for it, the first pip says that it is at work, and then never ends.
    hang = f'case "$*" in *install*) [ -z "$HANG" ] || {{ echo >{fifo}; sleep 600; }};; esac'
    inner = stub(tmp_path / "inner", f'touch "$(dirname "$0")/../$MARK"\n{hang}')
    python = stub(
        tmp_path / "bin" / "python",
        f'[ "$2" != venv ] || {{ mkdir -p .venv/bin; cp {inner} .venv/bin/python; }}',
    )
    stub(tmp_path / "bin" / "java", "echo 'version \"17\"' >&2")
    env = os.environ | {
        "PYTHON": str(python), "XDG_CACHE_HOME": str(jars.parents[1]), "JAVA_HOME": "",
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }  # fmt: skip
    script = tree / "deploy" / "setup.sh"
    killed = subprocess.Popen([script], env=env | {"HANG": "1", "MARK": "first"},
                              start_new_session=True, stderr=subprocess.DEVNULL)  # fmt: skip
    assert fifo.read_text() == "\n"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait(60)
    assert (tree / ".venv" / "first").exists()
    for mark, left in (("second", {"second"}), ("third", {"second", "third"})):
        (tree / "pyproject.toml").write_text(mark)
        subprocess.run([script], env=env | {"MARK": mark}, check=True, timeout=60)
        found = {path.name for path in (tree / ".venv").iterdir()}
        assert found == {"bin", ".setup-stamp"} | left
