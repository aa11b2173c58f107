"""The wheel, really built: whoever installs it has the documents and schemas the code speaks of."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

#: What a build reads, and so what it is given.
SOURCES = ("streams", "schemas", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of a copy, so that no build of before is in it and none is left behind."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        if (root / name).is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / name, source / name, symlinks=True, ignore=leave)
        else:
            shutil.copy(root / name, source / name)
    # As pip does it, without pip: what it calls of the build back end.
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(built)!r})"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(built.glob("*.whl")))


def test_every_file_of_the_package_is_in_the_wheel(root: Path, wheel: zipfile.ZipFile) -> None:
    """No document, page or font is forgotten, and nothing else slips in."""
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {
        str(path.relative_to(root))
        for path in (root / "streams").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    schemas = {
        f"streams/contract/json_schemas/{path.name}" for path in (root / "schemas").glob("*.json")
    }
    packed_schemas = {name for name in packed if name.startswith("streams/contract/json_schemas/")}
    assert packed_schemas == schemas
    assert packed - schemas == {
        name for name in files if not name.startswith("streams/contract/json_schemas/")
    }
    for name in ("kpis/DEFINITIONS.md", "lifecycle/LIFECYCLES.md", "DECISIONS.md"):
        assert f"streams/{name}" in packed


def test_packed_schemas_are_those_of_the_repository(root: Path, wheel: zipfile.ZipFile) -> None:
    """There is one text of each schema: an installed program reads what a reviewer saw."""
    for path in (root / "schemas").glob("*.json"):
        assert wheel.read(f"streams/contract/json_schemas/{path.name}") == path.read_bytes()
