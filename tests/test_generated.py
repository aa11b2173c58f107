"""Generated documents: up to date, and a difference is found."""

from pathlib import Path

import pytest

from deploy import generate


def test_the_written_documents_are_what_the_code_says(root: Path) -> None:
    """Whoever changes a table or the catalogue writes the documents again."""
    assert generate.main(["--check", "--dir", str(root)]) == 0


def test_a_difference_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, with the lines that differ and the command that mends it."""
    assert generate.main(["--dir", str(tmp_path)]) == 0
    file = tmp_path / "deploy" / "METRICS.md"
    file.write_text(file.read_text(encoding="utf-8").replace("offered", "offred", 1))
    assert generate.main(["--check", "--dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "offred" in said
    assert "1 differ: run python deploy/generate.py" in said
