"""The command line as a person meets it: real processes, exit codes and messages."""

import importlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams.__main__ import COMMANDS, main
from streams.kafka.local_kafka import free_ports

RATES = ("--arrival-rate", "1", "--handle", "60", "--contacts", "9")
ERLANG = ("simulate", "erlang", *RATES, "--out", "-")


def _streams(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | env,
        timeout=60,
    )


def _ended(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """Exit code, standard output and error of what ends before a command does anything.

    Not in a process of its own: there are many of these, and each would load the commands anew.
    """
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    out, err = capfd.readouterr()
    return code, out, err


def test_help_teaches_the_way() -> None:
    """The overview names every command, and the order a newcomer needs them in."""
    done = _streams("--help")
    assert done.returncode == 0
    way = ["streams broker", "streams topics create", "streams worker", "streams simulate"]
    places = [done.stdout.index(f"  {step}") for step in [*way, "streams kpis"]]
    assert places == sorted(places)
    for name, text in COMMANDS.items():
        assert f"  {name}" in done.stdout
        assert text in done.stdout


def test_help_is_light() -> None:
    """The overview loads no client, framework or web library: it must be there at once."""
    heavy = "faust mode kafka aiokafka aiohttp rich msgspec orjson prometheus_client asyncio"
    code = (
        "import sys\nfrom streams.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({heavy.split()!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """--help of each command ends with an example that is an invocation of that command."""
    tool = importlib.import_module(f"streams.commands.{name}")
    assert COMMANDS[name] == tool.HELP
    code, out, err = _ended(capfd, name, "--help")
    assert code == 0, err
    lines = [line.strip() for line in out.rstrip().splitlines()]
    example = [line.strip() for line in tool.EXAMPLE.strip().splitlines()]
    assert lines[-len(example) - 1 :] == ["example:", *example]
    assert example[0].startswith(f"streams {name}")
    assert "--bootstrap" in out
    for meaning in ("0 done", "1 failed", "2 wrong use", "70 ", "130 "):
        assert meaning in out


def test_every_module_of_a_command_is_listed() -> None:
    """A module that looks like a command can be reached: none is forgotten in the list."""
    tools = Path(__file__).parents[2] / "streams" / "commands"
    offered = {path.stem for path in tools.glob("*.py") if "\nHELP = " in path.read_text()}
    assert offered == set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "streams COMMAND"),
        (("frobnicate",), "invalid choice"),
        (("topics",), "required: action"),
        (("topics", "check", "--bootstrap", "nowhere"), "--bootstrap: needs HOST:PORT"),
        (("publish", "calls.csv"), "say --format call-log"),
        (("replay", "queue_log.1", "queue_log"), "say --format queue-log"),
        (("publish", "day.ndjson", "--rate", "x"), "--rate: needs a number, not 'x'"),
        (("simulate", "--scale", "0"), "--scale: needs a whole number above 0"),
        (("topics", "check", "--partitions", "x"), "--partitions: needs a number, not 'x'"),
        (
            ("replay", "day.ndjson", "--mapping", "m.toml"),
            "--mapping is for --format call-log and queue-log",
        ),
        (("board", "--port", "99999"), "--port: needs a whole number"),
        (("board", "--host", "no host"), "--host: needs a host name"),
        (("broker", "--port", "99999"), "--port: needs a port"),
        (("topics", "reset", "--alter", "--yes"), "--alter does not go with reset"),
        (("topics", "create", "--yes"), "--yes does not go with create"),
        (("simulate", "--start", "2026-01-05T08:00:00Z"), "--start goes with --out FILE"),
        (("simulate", "--out", "-", "--speed", "2"), "--speed does not go with --out"),
        (("simulate", "--out", "-", "--backlog-minutes", "2"), "--backlog-minutes does not go"),
        (("simulate", "--out", "-", "--minutes", "inf"), "--minutes: needs a number above 0"),
        (
            ("simulate", "--out", "-", "--disorder", "inf"),
            "--disorder: needs a number of 0 or more",
        ),
        (("simulate", "--out", "-", "--tenant", "a", "--tenant", "a"), "--tenant: needs a name"),
        (("simulate", "--out", "-", "--tenant", ""), "--tenant: needs a name"),
        ((*ERLANG, "--agents", "0"), "--agents: needs a whole number above 0"),
        ((*ERLANG, "--agents", "3"), "--agents 3 cannot serve a load of 60"),
        (("kpis", "--once", "--follow"), "not allowed with argument --once"),
        (("anomalies", "--once", "--follow"), "not allowed with argument --once"),
        (("intervals", "--json", "--out", "day.csv"), "not allowed with argument --json"),
        (("demo", "--bootstrap", "kafka-1:9092"), "--bootstrap does not go with demo"),
        (("broker", "--bootstrap", "kafka-1:9092"), "--bootstrap does not go with broker"),
    ],
)
def test_wrong_use_exits_2(
    arguments: tuple[str, ...], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wrong use says what is wrong, on standard error, without a traceback."""
    code, out, err = _ended(capfd, *arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in err
    assert out == ""


def test_wrong_use_ends_the_process_with_2() -> None:
    """What a shell sees of it."""
    done = _streams("board", "--port", "99999")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_wrong_configuration_exits_1() -> None:
    """A file that cannot be read, or a wrong value in it: one message, no traceback."""
    done = _streams("topics", "check", "--config", "/none.toml")
    assert done.returncode == 1
    assert "/none.toml: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("broker", "--dir", "FILE"), "--dir"),
        (("simulate", "--out", "-", "--truth", "FILE/truth.json"), "cannot write"),
        (("deadletters", "redrive", "FILE"), "FILE:1: no JSON"),
    ],
)
def test_a_wrong_file_is_one_message(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    """Named on standard error, exit 1, before anything else is done."""
    file = tmp_path / "file"
    file.write_text("no JSON")
    done = _streams(*(word.replace("FILE", str(file)) for word in arguments))
    assert done.returncode == 1
    assert words.replace("FILE", str(file)) in done.stderr
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_no_broker_is_one_line() -> None:
    """An address where nothing answers gives one line: the address, and what to do."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    done = _streams("topics", "check", STREAMS_BOOTSTRAP=address)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert address in done.stderr
    assert "streams broker" in done.stderr
    assert "--bootstrap" in done.stderr


@pytest.mark.parametrize("command", ["board", "broker"])
def test_a_taken_port_names_the_option_that_was_typed(command: str, tmp_path: Path) -> None:
    """`--port`, not the setting behind it; and what stands in the way, on one line; exit 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--dir", str(tmp_path)] if command == "broker" else []
        done = _streams(command, "--port", port, *options)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert port in last
    assert "--port" in last
    assert "board_port" not in last
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_error() -> None:
    """`streams … | head` ends quietly when head has enough."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "streams", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_exits_130() -> None:
    """Ctrl-C in a command that does not handle it itself ends without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "topics", "check", "--bootstrap", address],
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job ignores SIGINT, and so would what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
        # It has called, so it is in the middle of its work, waiting for an answer.
        silent.accept()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_version() -> None:
    """--version prints name and version, as packaged."""
    from streams import __version__

    assert _streams("--version").stdout == f"streams {__version__}\n"
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{__version__}"' in project
