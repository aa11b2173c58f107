"""`streams simulate --out`: the file, its truth, and wrong use."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from streams.commands import simulate as tool
from streams.settings import load
from streams.simulate import default_centre
from streams.simulate.queues import queue_settings
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.simulate.command import run_command


def test_a_file_and_its_truth_are_the_same_each_time(tmp_path: Path) -> None:
    """The same options give the same bytes, and the truth counts the lines."""
    names = [(tmp_path / f"{n}.ndjson", tmp_path / f"{n}.json") for n in range(2)]
    for out, truth in names:
        options = "--minutes 10 --seed 9 --duplicates 0.02 --disorder 4 --bad 0.01"
        assert run_command(tool, f"{options} --out {out} --truth {truth}") == 0
    (out, truth), (again, truth_again) = names
    assert out.read_bytes() == again.read_bytes()
    assert truth.read_bytes() == truth_again.read_bytes()
    told = orjson.loads(truth.read_bytes())
    lines = out.read_bytes().splitlines()
    rejected = [line for line in lines if isinstance(decode(line), Rejected)]
    assert told["records"] == len(lines)
    assert sum(told["bad"].values()) == len(rejected)
    assert told["as_of"] - told["start"] == 600_000


@pytest.mark.parametrize(
    "options",
    ["--minutes 0", "--bad 2", "--duplicates x", "--start 2026-01-05T08:00:00", "--speed -1"],
)
def test_wrong_numbers_are_wrong_use(options: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the option's name."""
    with pytest.raises(SystemExit) as end:
        run_command(tool, f"--out - {options}")
    assert end.value.code == 2
    assert options.split(maxsplit=1)[0] in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 and the file's name, no traceback."""
    assert run_command(tool, f"--out {tmp_path}/none/x.ndjson --minutes 1") == 1
    assert "none/x.ndjson" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_file_cleanly(number: signal.Signals, root: Path) -> None:
    """Exit 0, the sources' last word is `ended`, and every line is whole."""
    command = [sys.executable, "-m", "streams", "simulate", "--out", "-", "--minutes", "100000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5_000)]
        process.send_signal(number)
        lines += process.stdout.readlines()
        assert process.wait(30) == 0
    assert not any(isinstance(decode(line.rstrip()), Rejected) for line in lines)
    assert all(orjson.loads(line)["ended"] for line in lines[-5:])


def test_the_worker_can_be_told_about_the_queues(tmp_path: Path) -> None:
    """`--write-config` is a configuration file the settings accept, queue for queue."""
    config = tmp_path / "streams.toml"
    options = f"--out {tmp_path}/x.ndjson --minutes 1 --tenant east --tenant west"
    assert run_command(tool, f"{options} --write-config {config}") == 0
    told = load(config, {}, {})
    expected = [*queue_settings(default_centre("east")), *queue_settings(default_centre("west"))]
    assert list(told.queues) == expected
    assert told.queue("west", "support", "voice").wrapup
    assert not told.queue("west", "billing", "voice").wrapup
