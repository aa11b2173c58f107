"""Every figure on the page has a definition, and the definition gives the figure."""

import json
import re
from typing import Any

import msgspec
import pytest

from deploy import thresholds
from streams.board.server import STATIC
from streams.contract.customer_figures import TopicFigures
from streams.contract.fields import fields_of, part_of
from streams.contract.figures import Figures
from streams.contract.records import Live, QualityRecord
from streams.contract.words import FORMULAS
from tests.board.records import Centre

DEFINITIONS: dict[str, Any] = json.loads((STATIC / "definitions.json").read_text())
STRINGS: dict[str, Any] = json.loads((STATIC / "strings.json").read_text())
RECORDS = Centre(12).records(1_795_000_000_000)
SCRIPTS = {path.name: path.read_text() for path in STATIC.glob("*.js")}


def value(record: dict[str, Any], name: str) -> Any:
    found: Any = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def total(record: dict[str, Any], fields: list[str]) -> float:
    return sum(
        -value(record, name[1:]) if name.startswith("-") else value(record, name) for name in fields
    )


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_numerator_over_denominator_is_the_figure(name: str) -> None:
    """The terms named are fields, and dividing them gives the published value.

    For every record, or for those of the one channel whose words they are.
    """
    what = DEFINITIONS[name]
    if not what["denominator"]:
        return
    forms = {None: what} | what.get("variants", {})
    compared = 0
    windows = [(record, record["windows"][name]) for record in RECORDS for name in ("30m", "today")]
    if what["scope"] == "topic":
        windows = [(record, row) for record, day in windows for row in day.get("by_topic") or ()]
    for record, figures in windows:
        if what.get("channel", record["channel"]) != record["channel"]:
            continue
        for formula, form in forms.items():
            published = value(figures, what["value"])
            if isinstance(published, dict):
                published = published[formula or record["definitions"]["default_formula"]]
            if published is None:
                continue
            made = total(figures, form["numerator"]) / total(figures, form["denominator"])
            # points of a hundred have one decimal
            times = what.get("times", 1)
            assert made * times == pytest.approx(published, abs=1e-5 if times == 1 else 0.051)
            compared += 1
    assert compared > 0


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_every_name_in_a_definition_is_a_field_of_what_is_sent(name: str) -> None:
    """A figure that the record does not have would stand as a dash for ever."""
    what = DEFINITIONS[name]
    structs: dict[str, type[msgspec.Struct]] = {"figures": Figures, "live": Live}
    structs["topic"] = TopicFigures
    struct = structs.get(what["scope"], QualityRecord)
    forms = [what, *what.get("variants", {}).values()]
    named = {term.removeprefix("-") for f in forms for term in (*f["numerator"], *f["denominator"])}
    beside = {*what.get("by", ()), *what.get("beside", ()), *([what["of"]] if "of" in what else [])}
    for term in {*named, *beside, what["value"]}:
        held: type[msgspec.Struct] | None = struct
        each: tuple[str, ...] = ()
        for word in term.split("."):
            if held is None:
                assert word in each, term
                continue
            field = fields_of(held)[word]
            held, each = part_of(field), field.each
    assert set(what.get("variants", FORMULAS)) == set(FORMULAS)


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_a_definition_is_complete(name: str) -> None:
    """Name, meaning, formula and hard case, in English and in every other language."""
    what = DEFINITIONS[name]
    for field in ("name", "means", "formula", "hard_case", "value", "unit", "scope"):
        assert what[field], field
    for language, words in STRINGS.items():
        if language != "en":
            assert set(words["figures"][name]) == {"name", "means", "hard_case"}


def test_what_is_marked_is_marked_where_the_alerts_and_dashboards_are() -> None:
    """The strip's limits are those of deploy/thresholds.py, and its words say them."""
    anomalies, source = DEFINITIONS["did_nothing"], DEFINITIONS["source_age"]
    assert anomalies["marked"] == {
        "above_share": thresholds.BAD_EVENT_RATIO,
        "at_least": thresholds.DID_NOTHING_MIN,
    }
    assert source["marked"] == {"above_seconds": thresholds.SOURCE_SILENT_AMBER_SECONDS}
    others = [words["figures"] for name, words in STRINGS.items() if name != "en"]
    ten = {"ten", "diez", "zehn"}
    for words in (DEFINITIONS, *others):
        said = words["did_nothing"]["hard_case"]
        assert f"{thresholds.BAD_EVENT_RATIO * 100:g} %" in said
        assert said.removesuffix(".").rsplit(" ", 1)[1] in ten
    assert {name for name, what in DEFINITIONS.items() if "marked" in what} == {
        "did_nothing",
        "source_age",
    }


def test_every_figure_of_the_page_has_a_definition() -> None:
    """Names the scripts give to figures are names of definitions, and no definition is for none."""
    named = set(re.findall(r"figure\('(\w+)'", "".join(SCRIPTS.values())))
    lists = re.findall(r"\[('\w+'(?:, '\w+')*)\]", SCRIPTS["cards.js"] + SCRIPTS["queue.js"])
    named |= {name for some in lists for name in re.findall(r"\w+", some)}
    named -= {"tenant", "window", "theme", "lang", "kiosk", "age", "until", "callbacks", "bots"}
    named -= {"complaints", "1m", "5m", "15m", "30m", "60m", "today"}
    assert named <= set(DEFINITIONS)
    used = {name for name in DEFINITIONS if f"'{name}'" in "".join(SCRIPTS.values())}
    assert used == set(DEFINITIONS)


def test_every_language_has_every_string() -> None:
    """No key of one language is missing in another, and placeholders agree."""
    english = STRINGS["en"]
    for words in STRINGS.values():
        assert set(words) - {"figures"} == set(english)
        for key, text in english.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", words[key]), key


def test_every_string_the_page_asks_for_exists() -> None:
    """`t('key')` and data-text name strings; a typo would show its own name on the wall."""
    asked = set(re.findall(r"\bt\('(\w+)'", "".join(SCRIPTS.values())))
    heads = re.findall(r"_HEADS = \[(.*)\]", SCRIPTS["wall.js"])
    asked |= {f"short_{name}" for head in heads for name in re.findall(r"\w+", head)}
    groups = set(re.findall(r"^ +(\w+): \['", SCRIPTS["queue.js"], re.MULTILINE))
    asked |= {f"group_{name}" for name in groups - {"voice", "chat", "ticket"}}
    for page in STATIC.glob("*.html"):
        asked |= set(re.findall(r'data-text="(\w+)"', page.read_text()))
    assert asked <= set(STRINGS["en"])


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """No address of another server in pages, styles and our scripts."""
    for path in [*STATIC.glob("*.html"), *STATIC.glob("*.css"), *STATIC.glob("*.js")]:
        found = re.findall(r"https?://[^\s\"')]+", path.read_text())
        assert set(found) <= {"http://www.w3.org/2000/svg"}, path.name
    for library in ("uplot", "inter"):
        assert (STATIC / "vendor" / f"{library}.LICENSE").stat().st_size > 500
