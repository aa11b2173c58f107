"""The core is pure, no package looks ahead, nothing goes in a circle: read from the imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "streams"
LAYERS = ("wire", "lifecycle", "windows", "kpis")
# Whoever imports these depends on a broker, a clock, a machine or an event loop.
FOREIGN = {
    *("faust", "mode", "kafka", "aiokafka", "prometheus_client", "aiohttp", "rich"),
    *("asyncio", "threading", "time", "os", "socket", "subprocess", "random", "logging"),
}
# What every layer may use: plain values, themselves bound by the same rule.
SHARED = {"contract", "settings", "errors"}
# Every package and module of streams/; each imports of those before it, or beside it in its set.
ORDER: tuple[set[str], ...] = (
    {"errors", "contract", "wall_clock", "logs"},
    {"settings"},
    {"wire"},
    {"lifecycle"},
    {"windows"},
    {"kpis"},
    {"faustkit"},
    {"metrics"},
    {"stages"},
    {"kafka", "board", "exports"},
    {"sources", "simulate"},
    {"app"},
    {"commands", "demo"},
    {"__main__"},
)
# These could be taken out of the project: what they import of it is all named here.
APART = {"faustkit": {"errors"}, "board": {"contract", "logs", "wall_clock"}}


def _module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def _import_nodes(text: str) -> list[ast.Import | ast.ImportFrom]:
    """The imports of a module: several rules are about them."""
    nodes = ast.walk(ast.parse(text))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def _imports(path: Path, text: str, named: bool = False) -> Iterator[tuple[int, str]]:
    """(line, module) of each import in a file, those inside functions and TYPE_CHECKING too.

    `named`: what is imported from a module is given as well, for it may be a module itself.
    """
    package = _module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in _import_nodes(text):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            # `from streams import wire` names a package of ours in the second place.
            if named or module == "streams":
                for name in node.names:
                    yield node.lineno, f"{module}.{name.name}"


def _files() -> list[Path]:
    layers = [path for layer in LAYERS for path in sorted((PACKAGE / layer).rglob("*.py"))]
    shared = [path for name in sorted(SHARED) for path in sorted((PACKAGE / name).rglob("*.py"))]
    return [*layers, *shared, PACKAGE / "errors.py"]


def _mistakes(path: Path, text: str) -> Iterator[str]:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = SHARED | (set(LAYERS[: LAYERS.index(part) + 1]) if part in LAYERS else set())
    for line, module in _imports(path, text):
        top, _, rest = module.partition(".")
        if top in FOREIGN:
            yield f"{path.relative_to(PACKAGE.parent)}:{line} imports {module}"
        if top == "streams" and rest and rest.split(".")[0] not in allowed:
            yield f"{path.relative_to(PACKAGE.parent)}:{line} reaches past its layer to {module}"


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_exists(layer: str) -> None:
    """The rule below is about something: every layer has modules."""
    assert list((PACKAGE / layer).glob("*.py"))


@pytest.mark.parametrize("path", _files(), ids=_module_of)
def test_core_imports_no_machinery_and_no_later_layer(path: Path) -> None:
    """No broker, clock, system or event loop in layers 1-4, and layer n imports none after it."""
    assert list(_mistakes(path, path.read_text(encoding="utf-8"))) == []


def test_the_rule_sees_through_every_form_of_import() -> None:
    """A planted import of each form is found, so silence means there is none."""
    text = (
        "import os.path\n"
        "from time import monotonic\n"
        "from streams.kpis import figures\n"
        "from ..windows import panes\n"
        "from streams import lifecycle\n"
        "def later():\n"
        "    import asyncio\n"
    )
    found = _mistakes(PACKAGE / "wire" / "planted.py", text)
    assert [line.split()[0].split(":")[1] for line in found] == ["1", "2", "3", "4", "5", "7"]


@cache
def _graph() -> dict[str, set[str]]:
    """For each module of streams/ the modules of streams/ that it imports, wherever it does."""
    paths = {_module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
    graph: dict[str, set[str]] = {name: set() for name in paths}
    for name, path in paths.items():
        text = path.read_text(encoding="utf-8")
        for _, module in _imports(path, text, named=True):
            graph[name].add(module if module in paths else module.rpartition(".")[0])
        graph[name] = graph[name] & paths.keys() - {name}
    return graph


def _part(module: str) -> str:
    """The package of streams/ that a module is in; empty for streams itself."""
    return module.split(".")[1] if "." in module else ""


def test_no_module_imports_itself_by_way_of_others() -> None:
    """There is no circle, imports for types and inside functions included."""
    try:
        TopologicalSorter(_graph()).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_no_package_imports_a_later_one() -> None:
    """The order of packages is the order above, and every package has its place in it."""
    places = {part: place for place, parts in enumerate(ORDER) for part in parts}
    graph = _graph()
    assert {_part(module) for module in graph} - {""} == set(places)
    ahead = [
        f"{module} imports {used}"
        for module, others in graph.items()
        for used in others
        if _part(used) and places.get(_part(module), -1) < places[_part(used)]
    ]
    assert ahead == []


@pytest.mark.parametrize("part", APART)
def test_what_stands_apart_imports_nothing_of_the_project(part: str) -> None:
    """The kit knows no calls, and the board knows records, not who makes them."""
    foreign = [
        f"{module} imports {used}"
        for module, others in _graph().items()
        for used in others
        if _part(module) == part and _part(used) not in {part, *APART[part]}
    ]
    assert foreign == []


def test_the_seam_of_the_kit_loads_no_faust() -> None:
    """Stages, and their tests, see `streams.faustkit.stage` without Faust or a Kafka client."""
    heavy = {"faust", "mode", "aiokafka", "kafka"}
    code = f"import sys, streams.faustkit.stage; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
