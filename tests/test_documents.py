"""Documents: every one is found from the README, and every file they name is there."""

import re
from pathlib import Path

import pytest

TEXTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md", "schemas/CHANGES.md",
         "streams/DECISIONS.md", "streams/kpis/DEFINITIONS.md", ".github/SECURITY.md")  # fmt: skip
#: Where a path in back-ticks may begin.
STARTS = ("", "streams", "streams/*", "deploy", "deploy/*", "tests", "tests/*")
#: Forms a reader uses for a file of their own, and files that are made.
OWN = {"streams.toml", "day.ndjson", "calls.csv", "before.csv", "prometheus.yml"}


def _links(root: Path, name: str) -> set[Path]:
    """What the document links to inside the project."""
    text = (root / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+?)\)", text)
    return {(root / name).parent / target for target in targets if "://" not in target}


def test_every_document_is_reached_from_the_readme(root: Path) -> None:
    """Whoever begins there finds all of them; a link leads somewhere."""
    reached: set[Path] = set()
    ahead = {root / "README.md"}
    while ahead:
        file = ahead.pop().resolve()
        assert file.exists(), file
        reached.add(file)
        if file.suffix == ".md":
            ahead |= {
                t for t in _links(root, str(file.relative_to(root))) if t.resolve() not in reached
            }
    hidden = {".venv", ".github", ".git", ".pytest_cache", "tests"}
    documents = {
        path.resolve()
        for path in root.rglob("*.md")
        if not hidden & set(path.relative_to(root).parts)
    }
    assert (
        documents - {path for path in documents if path in reached or path.parent in reached}
        == set()
    )


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_a_document_names_is_there(root: Path, name: str) -> None:
    """A module that moves takes its name in the documents along."""
    text = (root / name).read_text(encoding="utf-8")
    named = re.findall(r"`([a-z][\w./-]*\.(?:py|md|sh|toml|yml))`", text)
    missing = [
        path
        for path in named
        if path not in OWN and not any(True for start in STARTS for _ in _found(root, start, path))
    ]
    assert missing == []


def test_every_module_a_docstring_names_is_there(root: Path) -> None:
    """The same for the package: pointers to modules and tests that are gone mislead."""
    missing = []
    for file in (root / "streams").rglob("*.py"):
        for path in re.findall(r"`((?:\w+/)*\w+\.py)`", file.read_text(encoding="utf-8")):
            here = (file.parent / path).exists()
            if not here and not any(True for start in STARTS for _ in _found(root, start, path)):
                missing.append(f"{file.relative_to(root)}: {path}")
    assert missing == []


def _found(root: Path, start: str, path: str) -> list[Path]:
    return list(root.glob(f"{start}/{path}".lstrip("/")))
