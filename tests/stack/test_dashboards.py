"""Dashboards: what is committed is what the code makes, lint-clean, and every query answers.

There is no Grafana server where these tests run. They look at the JSON, and ask a real Prometheus,
which scrapes a page with every series of the catalogue, each query a panel or a variable would ask.
What somebody in front of a board sees is looked at in `test_dashboards_look.py`.
"""

import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import thresholds
from deploy.grafana.src import figures
from deploy.grafana.src.__main__ import generate, main
from deploy.prometheus.render import Fast, render
from streams.metrics.catalogue import CATALOGUE
from tests.stack.boards import (
    BOARDS,
    PANEL_IDS,
    PANELS,
    VARIABLE,
    Live,
    check_panel,
    check_variables,
    joined,
    panels,
    targets,
)
from tests.stack.exposition import BUSY, IDLE, Centre
from tests.stack.promql import metric_names
from tests.stack.servers import eventually, exposing, prometheus

ROOT = Path(__file__).resolve().parents[2]
PROVISIONING = ROOT / "deploy/grafana/provisioning"
CORE = {
    "stat",
    "gauge",
    "bargauge",
    "table",
    "timeseries",
    "state-timeline",
    "text",
}


def limits(panel: dict[str, Any]) -> Iterator[float]:
    """Every number at which a panel changes its colour."""
    config = panel.get("fieldConfig", {})
    found = [config.get("defaults", {}).get("thresholds")]
    for override in config.get("overrides", ()):
        found += [p["value"] for p in override["properties"] if p["id"] == "thresholds"]
    for entry in found:
        if entry:
            yield from (step["value"] for step in entry["steps"] if step["value"] is not None)


def test_the_committed_files_are_what_the_code_makes() -> None:
    """Regenerating changes nothing, and there are seven boards."""
    assert main(["--check"]) == 0
    assert len(generate()) == len(BOARDS) == 7


def test_uids_titles_and_panel_ids_are_unique() -> None:
    """Boards are told apart by uid, panels by id; both stay put so that links do."""
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)
    assert len({board["title"] for board in BOARDS.values()}) == len(BOARDS)
    for board in BOARDS.values():
        headings = [part for part in board["panels"] if part["type"] == "row"]
        listed = [*headings, *panels(board)]
        ids = [panel["id"] for panel in listed]
        assert len(set(ids)) == len(ids)
        titles = [panel["title"] for panel in listed]
        assert len(set(titles)) == len(titles)


def test_panels_do_not_overlap_and_stay_inside() -> None:
    """Every cell of the 24-column grid belongs to one panel at most."""
    for name, board in BOARDS.items():
        taken: dict[tuple[int, int], str] = {}
        for panel in [part for one in board["panels"] for part in (one, *one.get("panels", ()))]:
            place = panel["gridPos"]
            assert place["x"] >= 0
            assert place["x"] + place["w"] <= 24, (name, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert (x, y) not in taken, (name, panel["title"], taken.get((x, y)))
                    taken[x, y] = panel["title"]


def test_boards_are_read_only_refresh_and_choose_their_data_source() -> None:
    """Not editable, refreshed no faster than scraped, data source a variable, no id baked in."""
    for board in BOARDS.values():
        assert board["editable"] is False
        assert board.get("id") is None
        assert board["refresh"] == f"{thresholds.SCRAPE_INTERVAL_SECONDS}s"
        first = board["templating"]["list"][0]
        assert (first["name"], first["type"], first["query"]) == (
            "datasource",
            "datasource",
            "prometheus",
        )


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_is_described_and_has_units(name: str, panel: dict[str, Any]) -> None:
    """Title, a definition of the number, core panel types, visible queries, limits of the rules."""
    assert panel["type"] in CORE
    assert panel["title"]
    assert len(panel["description"]) > 40, "the description defines the number"
    if panel["type"] == "text":
        assert not targets(panel)
        return
    assert targets(panel)
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    refs = [target["refId"] for target in targets(panel)]
    assert len(set(refs)) == len(refs)
    for target in targets(panel):
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert not target.get("hide"), "no query is hidden"
        wants_instant = panel["type"] in {"stat", "gauge", "bargauge", "table"}
        assert bool(target.get("instant")) is wants_instant
        assert bool(target.get("range")) is not wants_instant
    if panel["type"] != "timeseries":
        assert panel["fieldConfig"]["defaults"]["noValue"], "no sample is words, never 0"
    known = {value for key, value in vars(thresholds).items() if key.isupper()}
    known |= {figures.SERVICE_LEVEL_PAGE, 0}
    assert set(limits(panel)) <= known, "limits come from the thresholds module"


@cache
def recorded() -> set[str]:
    """The names of what the rules record."""
    return {
        rule["record"]
        for path in (ROOT / "deploy/prometheus/rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panels_queries_are_sound(name: str, panel: dict[str, Any]) -> None:
    """Known metrics, counters only in rate or increase, divisors guarded, variables that exist."""
    known = {series for metric in CATALOGUE for series in metric.series_names} | recorded()
    known |= {"ALERTS", "up", "scrape_duration_seconds"}
    counters = {metric.full_name for metric in CATALOGUE if metric.type == "counter"}
    variables = {entry["name"] for entry in BOARDS[name]["templating"]["list"]}
    for target in targets(panel):
        expr = target["expr"]
        assert metric_names(VARIABLE.sub("x", expr)) - {"x"} <= known, expr
        for counter in counters & metric_names(VARIABLE.sub("x", expr)):
            assert re.search(rf"(rate|increase)\({counter}\b", expr), expr
        assert expr.count(" / ") <= expr.count("> 0)"), expr
        used = set(VARIABLE.findall(expr)) - {"__rate_interval"}
        assert used <= variables, expr
        if "{{" in target.get("legendFormat", ""):
            assert set(VARIABLE.findall(target["legendFormat"])) <= variables


@pytest.mark.parametrize("name", BOARDS)
def test_pages_are_marked_where_they_begin(name: str) -> None:
    """The whole length of a page would be a curtain before the curves."""
    (mark,) = BOARDS[name]["annotations"]["list"]
    began, earlier = mark["expr"].split(" unless ")
    assert earlier == f"{began} offset 1m"
    assert mark["enable"] is (name != "wallboard")
    assert "placement" not in mark, "hidden in a menu"
    if name == "pipeline":
        assert 'domain!="business"' in began


@pytest.mark.parametrize("name", BOARDS)
def test_boards_open_on_their_own_data_source(name: str) -> None:
    """Not on whichever name sorts first."""
    path = PROVISIONING / "datasources/prometheus.yml"
    sources = yaml.safe_load(path.read_text())["datasources"]
    (own,) = (source for source in sources if source.get("isDefault"))
    current = BOARDS[name]["templating"]["list"][0]["current"]
    assert (current["text"], current["value"]) == (own["name"], own["uid"])


@pytest.mark.parametrize("name", BOARDS)
def test_links_lead_on_and_do_not_narrow_the_wall(name: str) -> None:
    """One menu of the boards, and links that leave the one queue behind: to the wall, and from a
    queue to the tickets, which it does not show."""
    board = BOARDS[name]
    folder = yaml.safe_load((PROVISIONING / "dashboards/contact-centre.yml").read_text())
    assert not board["title"].startswith(folder["providers"][0]["folder"])
    assert all("placement" not in link for link in board["links"]), "hidden in a menu"
    menu = board["links"][-1]
    assert menu["asDropdown"]
    assert not set(menu["tags"]) & set(BOARDS["wallboard"]["tags"])
    leads_to = {"wallboard": [], "queue-detail": ["cc-tickets", "cc-wallboard"]}
    direct = board["links"][:-1]
    assert [link["url"].split("/")[2] for link in direct] == leads_to.get(name, ["cc-wallboard"])
    for link in direct:
        assert "queue:" not in link["url"]
        assert not link["includeVars"]


def test_provisioning_points_at_what_is_there() -> None:
    """The data source is Prometheus with the scrape interval; boards are read-only from files."""
    folder = PROVISIONING
    source = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"][0]
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == f"{thresholds.SCRAPE_INTERVAL_SECONDS}s"
    assert source["editable"] is False
    provider = yaml.safe_load((folder / "dashboards/contact-centre.yml").read_text())["providers"][
        0
    ]
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is True
    assert provider["options"]["path"].endswith("/dashboards")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Prometheus with the fast rules, after enough scrapes that rates and alerts are there."""
    folder = tmp_path_factory.mktemp("dashboards")
    centre = Centre()
    with exposing(centre.page) as port:
        render(folder, Fast(targets=[f"127.0.0.1:{port}"], scale=0.02))
        with prometheus(folder) as base:
            asked = Live(base)
            ready = (
                'ALERTS{alertname="QueueOccupancyHigh", alertstate="firing"}',
                "queue:contactcenter_missed_per_offered:ratio_rate2h",
                "rate(contactcenter_stream_commits_total[1m])",
                "site:contactcenter_service_level:ratio_window30m",
            )
            for expr in ready:
                eventually(partial(asked.ask, expr), f"answer to {expr}")
            yield asked


def test_the_page_that_stands_in_for_a_worker_has_every_metric() -> None:
    """A new label without a value would be no page, and two minutes of waiting for an alert."""
    page = Centre().page()
    assert [m.full_name for m in CATALOGUE if f"# TYPE {m.full_name} " not in page] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_variables_offer_values(name: str, live: Live) -> None:
    """Each variable's query answers, and never offers the whole centre as a queue."""
    check_variables(BOARDS[name], live)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_every_query_of_a_panel_answers(name: str, panel: dict[str, Any], live: Live) -> None:
    """A real Prometheus answers each query with series that have the labels its legend names."""
    check_panel(panel, BOARDS[name], live)


@pytest.mark.slow
def test_the_figures_shown_are_the_figures_scraped(live: Live) -> None:
    """Occupancy, service level and abandonment of the fixture, by hand."""
    where = '{queue="support"}'
    for record, value in (
        ("queue:contactcenter_occupancy:ratio_window5m", 0.7),
        ("queue:contactcenter_service_level:ratio_window30m", 33 / 46),
        ("queue:contactcenter_abandonment:ratio_window30m", 4 / 45),
        ("queue:contactcenter_handle_seconds:mean_window30m", 9000 / 38),
        ("queue:contactcenter_wait_seconds:mean_window5m", 300 / 38),
    ):
        assert float(live.ask(record + where)[0]["value"][1]) == pytest.approx(value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wallboard", "queue-detail"])
def test_that_nobody_waits_is_a_figure(name: str, live: Live) -> None:
    """Zero where nobody waits, the wait where somebody does, and nothing where nothing is known."""
    (panel,) = (one for one in panels(BOARDS[name]) if one["title"] == "Longest wait")
    queries = [target["expr"] for target in targets(panel)]

    def answered(queue: str) -> list[float]:
        chosen = {"tenant": ["default"], "channel": [".*"], "queue": [queue]}
        found = [live.ask(VARIABLE.sub(partial(joined, chosen), expr)) for expr in queries]
        return [float(row["value"][1]) for rows in found for row in rows]

    assert answered(IDLE) == [0]
    (waited,) = answered(BUSY)
    assert waited >= 12
    assert answered("nowhere") == []
