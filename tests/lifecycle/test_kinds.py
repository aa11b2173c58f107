"""Every kind of anomaly has a sort and a meaning, and nothing else has."""

import re
from pathlib import Path

from streams.contract.words import ANOMALY_SORTS
from streams.lifecycle import callback, contact, ticket
from streams.lifecycle.kinds import KINDS

CORE = Path(contact.__file__).parents[1]


def told() -> set[str]:
    """The kinds in the transition tables, and those that are counted by name."""
    tables = {
        effect
        for module in (contact, ticket, callback)
        for row in module.TABLE.values()
        for effect in row
        if isinstance(effect, str)
    }
    named = re.compile(
        r'[. _](?:anomaly|unexpected)\((?:state, fact, )?\s*"(\w+)"(?: if \w+ else "(\w+)")?'
    )
    sources = [*CORE.glob("lifecycle/*.py"), CORE / "kpis" / "replay.py"]
    found = (kinds for path in sources for kinds in named.findall(path.read_text()))
    return tables | {kind for kinds in found for kind in kinds if kind}


def test_every_kind_is_known_and_every_known_kind_occurs() -> None:
    """A kind that is not in the list would be shown nowhere."""
    assert told() == set(KINDS)
    assert all(sort in ANOMALY_SORTS and meaning for sort, meaning in KINDS.values())


def test_the_runbook_says_what_is_wrong_with_each_kind(root: Path) -> None:
    """A row a kind, with its sort and meaning, and none of a kind that is gone."""
    text = (root / "deploy" / "runbooks" / "StreamAnomalies.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert {row[0].strip("`"): row[1] for row in rows} == {
        kind: sort.replace("_", " ") for kind, (sort, _) in KINDS.items()
    }
    assert all(len(row) == 4 and all(row) for row in rows)
