"""What runs on a change elsewhere is what runs here, and it may read the code and no more."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def workflow(root: Path) -> dict[str, Any]:
    """The one workflow there is."""
    (file,) = (root / ".github" / "workflows").glob("*.yml")
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def test_the_workflow_runs_the_one_script_on_both_pythons(workflow: dict[str, Any]) -> None:
    """Nothing is checked there that cannot be checked on one's own machine."""
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_the_workflow_has_no_more_rights_than_reading(workflow: dict[str, Any]) -> None:
    """A changed dependency can push nothing; actions are pinned to a full version."""
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert "permissions" not in job
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", name) for name in used)
