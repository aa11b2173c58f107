"""The guard of the quick tests: nothing that is not marked slow starts a server."""

import subprocess

import pytest

from tests.no_servers import REFUSED, is_slow


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_no_server_is_started(name: str) -> None:
    """From this process the start itself fails, by name or by path."""
    for command in (name, f"/usr/bin/{name}"):
        with pytest.raises(pytest.fail.Exception, match=f"no {name} unless it is marked slow"):
            subprocess.run([command, "--version"], check=False)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_no_server_is_started_by_a_child(name: str) -> None:
    """A process that a test starts finds no server on its PATH either, and is told why."""
    done = subprocess.run(["sh", "-c", f"{name} --version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (97, "")
    assert done.stderr == f"a test may start no {name} unless it is marked slow\n"


def test_whoever_needs_a_kafka_is_slow() -> None:
    """By the fixture that is asked for or the folder, so that no mark can be forgotten."""
    assert is_slow(("tests", "board"), ("kafka",), marked=False)
    assert is_slow(("tests", "broker"), (), marked=False)
    assert is_slow(("tests", "board"), (), marked=True)
    assert not is_slow(("tests", "board"), ("tmp_path",), marked=False)


@pytest.mark.slow
def test_a_slow_test_may_start_one() -> None:
    """The guard is off for what is marked."""
    assert subprocess.run(["promtool", "--version"], capture_output=True).returncode == 0
