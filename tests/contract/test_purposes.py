"""Nothing is asked for in vain: each kind of event and each field moves a figure, or says why not.

The kinds and fields are those of the written JSON Schemas; each figure that one is said to feed is
moved by leaving it out, or by another value of it, in a replay of a short history.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.contract.events import TYPES
from streams.contract.fields import fields_of, leaves_of
from streams.contract.figures import Figures
from streams.contract.purposes import (
    EVERY_EVENT,
    KINDS,
    purpose_of,
)
from streams.contract.records import Live, TargetsShown
from streams.kpis.replay import Replay
from streams.settings import Settings, load
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.contract.telling import Told, saying, without
from tests.contract.told import CONFIG, OTHERWISE, STORIES, TO_NO_AVAIL
from tests.laws.pipeline import published

SCHEMAS = Path(__file__).parents[2] / "schemas"
#: Fields that move no figure, and never will: it says why they are asked for.
WITHOUT_A_FIGURE = {
    "type",
    "attributes",
    "contact.enqueued parent_contact_id",
    "contact.enqueued priority",
    "contact.transferred to_queue",
    "ticket.reopened reason",
    "source.heartbeat ended",
}
#: What no events alone can move: responses are never paused, and a calendar that never opens is an
#: error of the settings, unless they change.
ALWAYS_NOTHING = {
    "live.sla.first_response.paused",
    "live.sla.next_response.paused",
    "ticket.sla_never_due",
}


def asked_for() -> list[tuple[str, str]]:
    """Each kind with each of its fields, those of a part as `part.field`, from the schemas."""
    found = []
    for kind in TYPES:
        schema = json.loads((SCHEMAS / f"{kind}.v1.json").read_text(encoding="utf-8"))
        parts = schema["$defs"]
        top = schema["$ref"].rpartition("/")[2]
        for name, field in parts[top]["properties"].items():
            inside = [part["$ref"] for part in field.get("anyOf", ()) if "$ref" in part]
            if inside:
                part = parts[inside[0].rpartition("/")[2]]
                found += [(kind, f"{name}.{one}") for one in part["properties"]]
            else:
                found.append((kind, name))
    return found


def idle() -> list[tuple[str, str]]:
    """Fields that move nothing, or nothing yet."""
    return list(TO_NO_AVAIL)


def feeding() -> list[tuple[str, str]]:
    """Each kind, and each of its own fields, that is said to move a figure."""
    every = [(kind, "") for kind in KINDS if purpose_of(kind).figures]
    own = [(kind, name) for kind, said in KINDS.items() for name in said.fields]
    return every + [(kind, name) for kind, name in own if purpose_of(kind, name).figures]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The queues of the histories, as the settings say them."""
    path = tmp_path_factory.mktemp("purposes") / "streams.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return load(path, {}, {})


@pytest.fixture(scope="module")
def moved(settings: Settings) -> Callable[[str, str], set[str]]:
    """What another history publishes otherwise: the paths of figures, over all histories."""
    before = {name: published_by(told, settings) for name, told in STORIES.items()}

    @cache
    def moved_by(kind: str, field: str) -> set[str]:
        values = OTHERWISE | TO_NO_AVAIL
        change = saying(kind, field, values[kind, field]) if field else without(kind)
        found: set[str] = set()
        anybody = False
        for name, told in STORIES.items():
            events = [event for one in told if (event := change(one)) is not None]
            if events == told:
                continue
            anybody = True
            after = published_by(events, settings)
            for queue in before[name].keys() | after.keys():
                old, new = before[name].get(queue, {}), after.get(queue, {})
                # A queue that is gone, or figures of it, have nothing: as nothing is 0, or null.
                for path in old.keys() | new.keys():
                    if (old.get(path) or None) != (new.get(path) or None):
                        found.add(path)
        assert anybody, "no history says it"
        return found

    return moved_by


def published_by(told: list[Told], settings: Settings) -> dict[str, dict[str, Any]]:
    """The figures of each queue by their paths, `live.` before those of the live part."""
    replay = Replay(settings)
    for number, event in enumerate(told):
        decoded = decode(orjson.dumps({"event_id": f"e{number:03}", "tenant": "default"} | event))
        assert not isinstance(decoded, Rejected), decoded
        replay.add(decoded)
    records = {}
    for record in map(published, replay.records()):
        place = f"{record['tenant']}/{record['queue']}/{record['channel']}"
        live = {f"live.{path}": value for path, value in flat(record["live"])}
        records[place] = dict(flat(record["windows"]["all"])) | live
    return records


def flat(figures: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its path."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def test_every_kind_and_field_has_a_purpose() -> None:
    """Whatever a producer may send, somebody has said what for."""
    for kind, field in asked_for():
        assert purpose_of(kind).says
        assert purpose_of(kind, field).says
    known = {field for _, field in asked_for()}
    assert set(EVERY_EVENT) <= known
    assert set(KINDS) == set(TYPES)
    for kind, said in KINDS.items():
        assert set(said.fields) <= {field for one, field in asked_for() if one == kind}, kind


def test_what_moves_no_figure_is_listed() -> None:
    """Words alone excuse nothing: what feeds no figure stands here by name."""
    silent = {
        field if field in EVERY_EVENT else f"{kind} {field}".strip()
        for kind, field in [*asked_for(), *((kind, "") for kind in TYPES)]
        if not purpose_of(kind, field).figures
    }
    assert silent == WITHOUT_A_FIGURE


@pytest.mark.parametrize(("kind", "field"), feeding())
def test_a_figure_moves_with_what_feeds_it(
    kind: str, field: str, moved: Callable[[str, str], set[str]]
) -> None:
    """Left out, or said otherwise, each figure it is said to feed is another."""
    held(purpose_of(kind, field).figures, moved(kind, field))


@pytest.mark.parametrize("field", [name for name in EVERY_EVENT if EVERY_EVENT[name].figures])
def test_a_figure_moves_with_what_every_event_says(
    field: str, moved: Callable[[str, str], set[str]]
) -> None:
    """In the events of one kind or another."""
    kinds = [kind for kind, name in OTHERWISE if name == field and name not in _own(kind)]
    held(EVERY_EVENT[field].figures, set().union(*(moved(kind, field) for kind in kinds)))


def _own(kind: str) -> set[str]:
    return set(KINDS[kind].fields)


def held(figures: tuple[str, ...], found: set[str]) -> None:
    """Each figure, or a part of it, is among those found."""
    still = [
        figure
        for figure in figures
        if not any(path == figure or path.startswith(f"{figure}.") for path in found)
    ]
    assert still == []


@pytest.mark.parametrize(("kind", "field"), idle())
def test_what_is_said_to_feed_nothing_feeds_nothing(
    kind: str, field: str, moved: Callable[[str, str], set[str]]
) -> None:
    """Whoever makes a figure of it says so."""
    assert purpose_of(kind, field).figures == ()
    assert moved(kind, field) == set()


def test_every_count_and_sum_is_fed(moved: Callable[[str, str], set[str]]) -> None:
    """No figure is published that no event moves."""
    figures = [".".join(path) for path, field in leaves_of(Figures) if field.additive]
    live = [".".join(("live", *path)) for path, _ in leaves_of(Live)]
    fed = set().union(*(moved(kind, "") for kind in KINDS))
    held(tuple(path for path in (*figures, *live) if path not in ALWAYS_NOTHING), fed)


def test_what_answers_a_wish_is_published(root: Path) -> None:
    """The table of wishes names figures and targets that exist, alerts that fire, and no others."""
    text = (root / "streams" / "kpis" / "DEFINITIONS.md").read_text(encoding="utf-8")
    wishes = text.partition("## 6. ")[2]
    named = set(re.findall(r"`([a-zA-Z_.0-9]+)`", wishes)) - {"live.", "_all", "arrived_at"}
    figures = [path for path, _ in leaves_of(Figures)]
    figures += [("live", *path) for path, _ in leaves_of(Live)]
    published = {".".join(path[:n]) for path in figures for n in range(1, len(path) + 1)}
    rules = "".join(path.read_text("utf-8") for path in (root / "deploy").rglob("*.yml"))
    alerts = set(re.findall(r"alert: (\w+)", rules))
    assert named - published - set(fields_of(TargetsShown)) - alerts == set()
    assert len(re.findall(r"^\| (?!Asked|As it|---)", wishes, re.MULTILINE)) >= 65
