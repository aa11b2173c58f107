"""The set-up: locked by hash, silent and offline when nothing is missing, plain when it cannot."""

import os
import re
import shutil
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
