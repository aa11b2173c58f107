"""The set-up: locked by hash, silent and offline when nothing is missing, plain when it cannot."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.txt", "requirements-dev.txt")
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


@pytest.mark.slow
def test_a_second_set_up_asks_nobody(root: Path, tmp_path: Path) -> None:
    """With everything in place the script starts no installer and says nothing (`make setup`
    must have been run)."""
    called = tmp_path / "called"
    for name in ("apt-get", "sudo", "mvn"):
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
    missing = "default-jre-headless maven prometheus prometheus-alertmanager chromium"
    assert line.endswith(missing), line


def stub(path: Path, text: str) -> Path:
    """A small program in the place of a real one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_what_was_killed_in_the_middle_is_filled_anew(root: Path, tmp_path: Path) -> None:
    """pip takes a package that is half there for installed: the next set-up begins with nothing,
    one after a whole one keeps what is there."""
    tree, home = tmp_path / "tree", tmp_path / "home"
    (tree / "deploy").mkdir(parents=True)
    shutil.copy(root / "deploy" / "setup.sh", tree / "deploy")
    for name in ("pyproject.toml", "requirements-dev.txt"):
        (tree / name).write_text("")
    version = re.search(r"^kafka=(\S+)$", (tree / "deploy/setup.sh").read_text(), re.MULTILINE)
    assert version is not None
    (home / "contact-streams" / f"kafka-{version[1]}").mkdir(parents=True)
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
        "PYTHON": str(python), "XDG_CACHE_HOME": str(home), "JAVA_HOME": "",
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
