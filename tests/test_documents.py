"""Documents: all are found from the README, and what they and docstrings name is there."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

OURS = ("streams", "tests", "deploy", "schemas")
#: Forms a reader uses for a file of their own, and files that are made.
OWN = {"streams.toml", "day.ndjson", "prometheus.yml"}
ENDINGS = "py|md|yml|yaml|json|ndjson|toml|sh|js|css|html|txt|tmpl"
PATH = re.compile(rf"[\w.][\w.-]*(?:/[\w.-]+)*(?:\.(?:{ENDINGS})|/)")
NAME = re.compile(r"(?:streams|tests|deploy)(?:\.\w+)+")
#: `tests/golden/NAME.json`: the reader puts in a name.
PLACEHOLDER = re.compile(r"(?:^|/)[A-Z]+(?:[./]|$)")


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


def _stale(text: str, known: frozenset[str]) -> Iterator[str]:
    """Back-ticked paths and dotted names of ours that lead nowhere."""
    for quoted in re.findall(r"`([^`\s]+)`", text):
        target = quoted.split("::")[0]
        if target in OWN or (PLACEHOLDER.search(target) and not target.endswith(".md")):
            continue
        if PATH.fullmatch(target):
            if target.rstrip("/") not in known:
                yield quoted
        elif NAME.fullmatch(quoted) and not _leads_somewhere(quoted):
            yield quoted


def _leads_somewhere(name: str) -> bool:
    """True if a dotted name is a module, or a chain of attributes of one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if isinstance(found, ModuleType) and part not in vars(found):
                # Made when it is asked for (`streams.app.app` opens a port then): not asked here.
                return f'"{part}"' in inspect.getsource(found)
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.fixture(scope="module")
def known(root: Path) -> frozenset[str]:
    """Every file and folder of the project, under each of the ends of its path."""
    tops = [root / name for name in (*OURS, ".github", ".ci")]
    paths = [path for top in tops for path in (top, *top.rglob("*"))]
    paths += [path for path in root.iterdir() if path.is_file()]
    parts = [path.relative_to(root).parts for path in paths]
    return frozenset("/".join(part[place:]) for part in parts for place in range(len(part)))


@pytest.mark.parametrize("top", ["", *OURS, ".github"])
def test_what_is_pointed_at_exists(top: str, root: Path, known: frozenset[str]) -> None:
    """No document, docstring or comment names a file, folder, module or name that is gone."""
    endings = ("*.md", "*.py", "*.sh")
    found = (root / top).rglob if top else root.glob
    files = sorted(file for ending in endings for file in found(ending) if file != Path(__file__))
    stale = []
    for file in files:
        text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        stale += [f"{file.relative_to(root)}: {target}" for target in _stale(text, known)]
    assert files
    assert stale == []


@pytest.mark.parametrize(
    "target",
    ["tests/test_none.py", "streams/none/", "none.py", "streams.errors.None_", "streams.none"],
)
def test_a_stale_pointer_is_found(target: str, known: frozenset[str]) -> None:
    """One of each kind is: silence above means that there is none."""
    text = f"See `{target}`, and `errors.py` and `streams.errors` and `golden/NAME.json`."
    assert list(_stale(text, known)) == [target]


def test_every_test_says_what_it_promises(root: Path) -> None:
    """Each module of tests, and each test in it, has a docstring."""
    silent = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        tests = [
            node
            for node in module.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        ]
        silent += [
            f"{path.name}: {getattr(node, 'name', 'the module')}"
            for node in (module, *tests)
            if not ast.get_docstring(node)
        ]
    assert silent == []
