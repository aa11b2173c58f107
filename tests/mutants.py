"""Small changes to layers 2-4, one at a time, to see whether a test notices: `make mutants`.

In: the tree, a seed, a count. Out: a line a change that every test lets pass ("alive"), and the
figures. The tree itself is never touched: each process has a copy in a temporary folder. A change
is run against the tests of its own layer, then those of the layers above, and only if it is still
alive against `oracle` and `laws`. What changes nothing that can be observed stands, with its
reason, in `mutants_equal.txt`. Cost: 5-30 s of CPU a change, a minute or two if it lives on.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent
#: Layer: the folders of tests that can notice a change in it, nearest first.
LAYERS = {
    "lifecycle": ("lifecycle", "stages", "windows", "kpis"),
    "windows": ("windows", "stages", "kpis"),
    "kpis": ("kpis", "stages"),
}
LAST = ("oracle", "laws")
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Appended to the copy's conftest.py: every run draws the same examples and shrinks none, and tests
#: that draw examples come last, for they cost the most.
CONFTEST = """
from hypothesis import Phase
phases = [Phase.explicit, Phase.generate]
hypothesis_settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, phases=phases
)
hypothesis_settings.load_profile("mutants")

def pytest_collection_finish(session):
    session.items.sort(key=lambda item: hasattr(item.obj, "hypothesis"))
"""


@dataclass(frozen=True)
class Mutant:
    """One change: the file with it, and the lines it changes, before and after."""

    path: str
    line: int
    kind: str
    before: str
    after: str
    text: str

    @property
    def change(self) -> str:
        """As it stands in `mutants_equal.txt`, whatever the line's number."""
        return f"{self.path}: {self.before} => {self.after}"


def changes_of(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What the node's code is changed to, each with the kind of change."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.Compare):
        for place, operator in enumerate(new.ops):
            new.ops[place] = SWAPS[type(operator)]()
            yield "comparison", f"({ast.unparse(new)})"
            new.ops[place] = operator
    elif isinstance(new, ast.BinOp | ast.BoolOp) and type(new.op) in SWAPS:
        new.op = SWAPS[type(new.op)]()
        yield "operator", f"({ast.unparse(new)})"
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        yield "not", f"({ast.unparse(new.operand)})"
    elif isinstance(new, ast.Constant) and type(new.value) is int:
        yield "constant", str(new.value + 1)
        yield "constant", str(new.value - 1)
    elif isinstance(new, ast.Name) and new.id in NAMES:
        yield "name", NAMES[new.id]
    elif isinstance(new, ast.AugAssign) or (
        isinstance(new, ast.Expr) and isinstance(new.value, ast.Call)
    ):
        yield "statement", "pass"
        yield "return", "return"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every change to one file; changes of annotations are left out, for nothing runs them."""
    text = path.read_text()
    lines = text.encode().splitlines(keepends=True)
    tree = ast.parse(text)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if isinstance(part := getattr(node, name, None), ast.AST):
                skipped.update(ast.walk(part))
    conditions = {
        id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.IfExp)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        changes = list(changes_of(node))
        if id(node) in conditions:
            changes.append(("condition", f"(not ({ast.unparse(node)}))"))
        for kind, code in changes:
            assert isinstance(node, ast.expr | ast.stmt)
            assert node.end_lineno is not None
            first, last = node.lineno - 1, node.end_lineno - 1
            head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
            after = (head + code.encode() + tail).decode()
            before = b"".join(lines[first : last + 1]).decode()
            rest = b"".join(lines[last + 1 :]).decode()
            whole = b"".join(lines[:first]).decode() + after + rest
            old, new = " ".join(before.split()), " ".join(after.split())
            yield Mutant(str(path.relative_to(ROOT)), first + 1, kind, old, new, whole)


def sample(seed: int, count: int) -> list[Mutant]:
    """Changes drawn by `seed`: each kind equally often, as far as there are so many."""
    kinds: dict[str, list[Mutant]] = {}
    for layer in LAYERS:
        for path in sorted((ROOT / "streams" / layer).glob("*.py")):
            for mutant in mutants_of(path):
                kinds.setdefault(mutant.kind, []).append(mutant)
    draw = random.Random(seed)
    for mutants in kinds.values():
        draw.shuffle(mutants)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(kinds.values()):
        chosen += [mutants.pop() for mutants in kinds.values() if mutants]
    return chosen[:count]


def copy_tree(folder: Path) -> Path:
    """A copy of the tree without caches, and with the tests' examples drawn alike each time."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=ignored, symlinks=True)
    with (tree / "tests" / "conftest.py").open("a") as conftest:
        conftest.write(CONFTEST)
    return tree


def passes(tree: Path, folders: tuple[str, ...], seconds: int) -> bool:
    """Whether the tests of these folders pass; not if they use more seconds of CPU than given."""
    limited = ["sh", "-c", 'ulimit -t "$0" && exec "$@"', str(seconds), sys.executable, "-m"]
    command = ["pytest", "-xq", "-m", "not slow", "-p", "no:cacheprovider"]
    command += [f"tests/{folder}" for folder in folders]
    environment = os.environ | {
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # of two changes in one second the older would be run
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none is used, and a start takes half the time
        "STREAMS_QUICK": "1",
    }
    done = subprocess.run([*limited, *command], cwd=tree, env=environment, capture_output=True)
    return done.returncode == 0


def fate(mutant: Mutant, tree: Path, seconds: int, laws: bool) -> str:
    """`killed` if a test notices the change, else `alive`; the copy is as before afterwards."""
    file = tree / mutant.path
    original = file.read_text()
    file.write_text(mutant.text)
    try:
        runs = [LAYERS[file.parent.name], *([LAST] if laws else [])]
        return "alive" if all(passes(tree, folders, seconds) for folders in runs) else "killed"
    finally:
        file.write_text(original)


def main() -> int:
    """Runs the sample; 1 if the tests do not pass without any change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=120, help="seconds of CPU a run of tests")
    parser.add_argument("--no-laws", action="store_true", help="leave out oracle and laws")
    parser.add_argument("--only", default="", help="only changes with this in them, such as a path")
    options = parser.parse_args()
    equal = (ROOT / "tests" / "mutants_equal.txt").read_text().splitlines()
    chosen = [m for m in sample(options.seed, options.count) if options.only in m.change]
    fates: Counter[str] = Counter()
    trees: Queue[Path] = Queue()

    def run(mutant: Mutant) -> str:
        if mutant.change in equal:
            return "equal"
        tree = trees.get()
        try:
            return fate(mutant, tree, options.timeout, not options.no_laws)
        finally:
            trees.put(tree)

    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ThreadPoolExecutor(options.processes) as pool,
    ):
        for number in range(options.processes):
            trees.put(copy_tree(Path(folder) / str(number)))
        if not passes(trees.queue[0], LAYERS["lifecycle"], options.timeout):
            print("the tests do not pass as they are: no change was tried", file=sys.stderr)
            return 1
        for mutant, what in zip(chosen, pool.map(run, chosen), strict=True):
            fates[what] += 1
            print(f"{fates.total()}/{len(chosen)} {what}", file=sys.stderr, flush=True)
            if what == "alive":
                print(f"{mutant.path}:{mutant.line}: {mutant.kind}", flush=True)
                print(f"  - {mutant.before}\n  + {mutant.after}", flush=True)
    tried = fates["killed"] + fates["alive"]
    print(f"{len(chosen)} changes: {dict(fates)}; {fates['killed'] / max(tried, 1):.0%} killed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
