"""Single agents on the command line, as far as that needs no Kafka."""

import json
from pathlib import Path

import pytest

from streams.__main__ import main
from streams.errors import ConfigError
from streams.settings import load
from tests.oracle.test_oracle import GOLDEN

FILE = str(GOLDEN / "answers.ndjson")


def test_a_replay_writes_what_each_agent_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line an agent; where that is off, it is wrong use."""
    out = tmp_path / "agents.ndjson"
    assert main(["replay", FILE, "--agents", str(out)]) == 2
    assert "figures of single agents are off" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.setenv("STREAMS_AGENT_FIGURES", "names")
    assert main(["replay", FILE, "--agents", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["agent"] for line in lines] == sorted(line["agent"] for line in lines)
    anna = next(line["figures"] for line in lines if line["agent"] == "anna")
    assert (anna["legs_handled"], anna["leg_talk_seconds"]) == (4, 130.0)
    assert main(["replay", FILE, "--agents", str(tmp_path / "no" / "where")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_where_it_is_off_the_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Before Kafka is asked for anything."""
    assert main(["agents", "--once"]) == 1
    assert "figures of single agents are off: set agent_figures" in capsys.readouterr().err


def test_pseudonyms_need_a_key_that_is_shown_nowhere(tmp_path: Path) -> None:
    """From a file or a variable; never from the settings' own file."""
    with pytest.raises(ConfigError, match="pseudonyms need a key"):
        load(None, {"STREAMS_AGENT_FIGURES": "pseudonyms"}, {})
    key = tmp_path / "key"
    key.write_text("a secret\n")
    config = tmp_path / "streams.toml"
    config.write_text(f'agent_figures = "pseudonyms"\nagent_key_file = "{key}"\n')
    settings = load(config, {}, {})
    assert settings.agent_key is not None
    assert settings.agent_key.reveal() == "a secret"
    assert "a secret" not in repr(settings) + repr(settings.shown())
    config.write_text('agent_key = "a secret"\n')
    with pytest.raises(ConfigError, match="a password does not belong here"):
        load(config, {}, {})
