"""The core is pure, and a layer never looks ahead: read from the imports themselves."""

import ast
from collections.abc import Iterator
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


def _module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imports(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """(line, module) of each import in a file, those inside functions and TYPE_CHECKING too."""
    package = _module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            # `from streams import wire` names a package of ours in the second place.
            if module == "streams":
                for name in node.names:
                    yield node.lineno, f"streams.{name.name}"


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
