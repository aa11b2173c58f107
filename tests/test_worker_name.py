"""`group_instance_id = "auto"`: which name a process gets, and when another one may have it."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.errors import ConfigError
from streams.kafka.worker_name import own_name, slots_folder
from streams.settings import load

ROOT = Path(__file__).parent.parent
HOLD = (
    "import sys; from streams.kafka.worker_name import own_name;"
    "print(own_name('app', 'desk'), flush=True); sys.stdin.read()"
)
Start = Callable[[], tuple[str, "subprocess.Popen[str]"]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that has a name until it ends; gives its name and the process."""
    started: list[subprocess.Popen[str]] = []

    def start_() -> tuple[str, "subprocess.Popen[str]"]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
        )
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield start_
    for process in started:
        process.kill()
        process.communicate()


def test_a_name_is_one_process_alone_and_comes_back(start: Start) -> None:
    """Two processes differ; one that was killed leaves its name to the next, the other keeps its
    own."""
    first, killed = start()
    second, _ = start()
    assert (first, second) == ("app-desk-0", "app-desk-1")
    killed.kill()
    killed.wait()
    assert start()[0] == first
    assert start()[0] == "app-desk-2"


def test_a_name_is_what_kafka_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the host is called, the setting takes the name, and its folder is the user's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    name = own_name("a" * 100, "büro pc/" + "x" * 300)
    assert load(None, {"STREAMS_GROUP_INSTANCE_ID": name}, {}).group_instance_id == name
    assert stat.S_IMODE(slots_folder().stat().st_mode) == 0o700


def test_without_a_folder_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A state folder that cannot be made is a mistake of the settings, with its way out."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        ConfigError, match=r"group_instance_id: auto needs a folder.*XDG_STATE_HOME"
    ):
        own_name("app")
