"""What somebody in front of a dashboard sees, as far as its JSON decides: no server, no browser.

Each promise here was once broken, unseen by tests that ask whether queries answer: rows torn apart,
green without data, figures off the screen, 102 seconds read as two minutes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import thresholds as at
from deploy.grafana.src.kit import GREY, RED
from streams.metrics.catalogue import CATALOGUE, LABEL_VALUES
from streams.metrics.metric import TICKET
from tests.stack.boards import (
    BOARDS,
    PANEL_IDS,
    PANELS,
    VARIABLE,
    keys,
    panels,
    settings,
    targets,
)
from tests.stack.promql import metric_names

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
# Grafana's grid: rows of 30 px, gaps of 8, margins of 16; the head of a panel, the rows of a table.
ROW, GAP, MARGIN, HEAD, TABLE_ROW = 30, 8, 16, 40, 36
LAPTOP = 1280  # px across; a screen of 1080 lines at 150 % has as many
LETTER, PADDING, ARROW = 7.5, 16, 20  # px, of a column's heading; the arrow if it sorts
# Axes and cells that say what they count; `short` and `s` scale it away.
CLOCKS = {"suffix:s", "dthms", "dtdhms"}
UNITS = {"locale", "none", "percentunit", *CLOCKS}
TABLES = [(name, panel) for name, panel in PANELS if panel["type"] == "table"]
LINES = [(name, panel) for name, panel in PANELS if panel["type"] == "timeseries"]
FIGURES = [(name, panel) for name, panel in PANELS if panel["type"] in {"stat", "gauge"}]


def ids(listed: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Names for tests about these panels."""
    return [f"{name}-{panel['title']}" for name, panel in listed]


def panel_of(board: str, title: str) -> dict[str, Any]:
    """One panel by its title."""
    (found,) = (panel for panel in panels(BOARDS[board]) if panel["title"] == title)
    return found


def looks(panel: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Unit, decimals, limits and words: the panel's own, then those of single fields."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    yield defaults
    for own in settings(panel).values() if defaults else ():
        yield defaults | own


def steps(look: dict[str, Any]) -> list[dict[str, Any]]:
    """The colours and where each begins."""
    listed: list[dict[str, Any]] = (look.get("thresholds") or {}).get("steps") or []
    return listed


def headings(table: dict[str, Any]) -> list[str]:
    """The headings of a table's columns."""
    named = next(t for t in table["transformations"] if t["id"] == "organize")
    return list(named["options"]["renameByName"].values())


@pytest.mark.parametrize(("name", "table"), TABLES, ids=ids(TABLES))
def test_each_column_has_the_labels_of_the_rows_and_no_other(
    name: str, table: dict[str, Any]
) -> None:
    """Rows are joined by all labels that columns share, and a recorded series has its own name."""
    wrapped = re.compile(r"max by \(([^)]+)\) \((.*)\)", re.DOTALL)
    for target in targets(table):
        found = wrapped.fullmatch(target["expr"])
        assert found, target["expr"]
        assert found[1].split(", ") == keys(table)
        depth = 0
        for sign in found[2]:
            depth += (sign == "(") - (sign == ")")
            assert depth >= 0, "the aggregation ends before the query does"


@pytest.mark.parametrize(("name", "table"), TABLES, ids=ids(TABLES))
def test_columns_fit_and_headings_are_whole(name: str, table: dict[str, Any]) -> None:
    """On a small screen too no column is off it, and no heading is cut."""
    width = table["gridPos"]["w"] / 24 * (LAPTOP - 2 * MARGIN + GAP) - GAP
    own = settings(table)
    needed = 0.0
    for heading in headings(table):
        least = own[heading].get("custom.width") or own[heading]["custom.minWidth"]
        needed += least
        if "custom.width" in own[heading]:
            arrow = ARROW if heading == table["options"]["sortBy"][0]["displayName"] else 0
            assert LETTER * len(heading) + PADDING + arrow <= least, heading
    assert needed <= width


@pytest.mark.parametrize(("name", "table"), TABLES, ids=ids(TABLES))
def test_names_are_not_taken_for_numbers(name: str, table: dict[str, Any]) -> None:
    """A queue named 2024 is not 2,024, and a name of spaces not 0."""
    assert table["fieldConfig"]["defaults"]["unit"] == "string"
    own = settings(table)
    for heading in set(headings(table)):
        is_figure = "decimals" in own[heading]
        assert (own[heading].get("unit", "string") in UNITS) == is_figure


@pytest.mark.parametrize(
    ("board", "title", "column", "descending"),
    [
        ("wallboard", "Nearest to a page", "× limit", True),
        ("alerts", "Firing now", "Severity", False),
        ("alerts", f"Budget left of the last {at.OPEN_HOURS} hours", "Budget left", False),
        ("sites", "Side by side", "Offered 30 min", True),
        ("queue-detail", "Counts behind the ratios", "Last 30 min", True),
        ("tickets", "Queues, the worst first", "In danger", True),
        ("tickets", "Kept in 24 hours, by queue", "Below target", True),
        ("tickets", "Kept in 24 hours, by priority", "Below target", True),
        ("pipeline", "Running versions", "Workers", True),
        ("quality", "Queues, the most answers first", "of answers", True),
    ],
)
def test_a_table_shows_first_what_matters_most(
    board: str, title: str, column: str, descending: bool
) -> None:
    """The worst is on the screen, and what is below its edge is better."""
    (sorted_by,) = panel_of(board, title)["options"]["sortBy"]
    assert (sorted_by["displayName"], sorted_by["desc"]) == (column, descending)


def test_every_table_is_among_those_sorted() -> None:
    """No table is left in the order of its labels."""
    assert len(TABLES) == 10
    assert all(table["options"].get("sortBy") for _, table in TABLES)


def test_alerts_are_listed_by_rank_and_lead_to_their_runbooks() -> None:
    """Pages are 1 and come first, by words and colours; the name of an alert opens its page."""
    own = settings(panel_of("alerts", "Firing now"))
    (words,) = own["Severity"]["mappings"]
    assert [words["options"][rank]["text"] for rank in "123"] == ["page", "ticket", "note"]
    (link,) = own["Alert"]["links"]
    assert link["url"] == f"{at.RUNBOOK_BASE_URL}/${{__value.raw}}.md"
    (target,) = targets(panel_of("alerts", "Firing now"))
    for rank, severity in (("1", "page"), ("2", "ticket"), ("3", "info")):
        assert re.search(
            rf'{rank} \* label_join\(ALERTS{{[^}}]*severity="{severity}"', target["expr"]
        )


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_units_do_not_round_away_what_is_shown(name: str, panel: dict[str, Any]) -> None:
    """102 s is not 2 min, 1,234 not 1 K, and what falls short of 80 % is not written as 80 %."""
    if panel["type"] == "text":
        return
    for look in looks(panel):
        assert look["unit"] in UNITS or (panel["type"] == "table" and look["unit"] == "string")
        judged = len(steps(look)) > 2 and panel["type"] in {"stat", "gauge", "table"}
        if judged and look["unit"] == "percentunit":
            assert look["decimals"] == 1


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_no_figure_has_a_colour_of_its_own(name: str, panel: dict[str, Any]) -> None:
    """Without a sample a panel is grey, or red where that is the fault: never green, never blue."""
    for look in looks(panel) if panel["type"] != "timeseries" else ():
        if "noValue" not in look or not steps(look):
            continue
        below, *above = steps(look)
        assert below["value"] is None
        assert below["color"] in {GREY, RED}
        assert all(step["color"] != "text" for step in above), "a block of white, or of black"
        if below["color"] == GREY and panel["type"] != "state-timeline" and above:
            assert above[0]["value"] <= 0, "zero is a figure"
        if below["color"] == RED and look["noValue"] == "–":
            (dash,) = [one for one in look["mappings"] if one["type"] == "special"]
            assert dash["options"]["match"] == "null+nan"
            assert dash["options"]["result"]["color"] == GREY


@pytest.mark.parametrize(("name", "panel"), FIGURES, ids=ids(FIGURES))
def test_words_for_no_figure_say_no_more_than_that(name: str, panel: dict[str, Any]) -> None:
    """A dash is grey; only a loss of data has words, on red. That nobody waits is a figure: 0."""
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["noValue"] in {"–", "NO DATA", "NONE", "ALL", "unknown"}
    assert steps(defaults)[0]["color"] == (GREY if defaults["noValue"] == "–" else RED)
    coloured = panel["type"] == "stat" and panel["options"]["colorMode"] == "background"
    if panel["type"] == "stat":
        assert coloured == (len(steps(defaults)) > 2 or "mappings" in defaults), (
            "a background is a verdict"
        )
    if panel["title"] == "Longest wait":
        (words,) = defaults["mappings"]
        assert words["options"]["0"]["text"] == "nobody"
        assert " or 0 * (" in targets(panel)[0]["expr"]


def test_waits_are_judged_by_each_queues_own_threshold() -> None:
    """A chat that may wait a minute is not red after one; amber and red are where the rule is."""
    for board in ("wallboard", "queue-detail"):
        panel = panel_of(board, "Longest wait")
        colours = {ref: own["color"]["fixedColor"] for ref, own in settings(panel).items()}
        assert colours == {"A": "green", "B": "orange", "C": RED}
        for target in targets(panel):
            assert "queue_wait_threshold_seconds" in target["expr"]
        assert targets(panel)[2]["expr"].endswith(f" > {at.LONGEST_WAIT_FACTOR}")
    for _, table in TABLES:
        for heading, own in settings(table).items():
            if own.get("unit") in CLOCKS:
                assert "thresholds" not in own, heading


def test_yes_and_no_are_words() -> None:
    """Whether alerting works is no number."""
    for title in ("Queues muted", "Alerting works"):
        (words,) = panel_of("alerts", title)["fieldConfig"]["defaults"]["mappings"]
        assert {words["options"][answer]["text"] for answer in "01"} == {"no", "yes"}


def test_queues_are_called_muted_by_what_mutes_them() -> None:
    """Every alert that holds back those of all queues turns the tile to yes."""
    manager = yaml.safe_load((DEPLOY / "alertmanager/alertmanager.yml").read_text())
    muting = {
        re.fullmatch(r'alertname = "(\w+)"', rule["source_matchers"][0])[1]  # type: ignore[index]
        for rule in manager["inhibit_rules"]
        if "equal" not in rule
        and re.search(r"business|Queue\.\*", " ".join(rule["target_matchers"]))
    }
    (target,) = targets(panel_of("alerts", "Queues muted"))
    (asked,) = re.findall(r'alertname=~"([^"]+)"', target["expr"])
    assert set(asked.split("|")) == muting == {"StreamStale", "NoWorkers"}


def test_bands_are_cut_by_limits_alone() -> None:
    """Grafana names states by their limits, and ignores mappings beside them."""
    bands = [panel for _, panel in PANELS if panel["type"] == "state-timeline"]
    assert bands
    for panel in bands:
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["color"]["mode"] == "thresholds"
        assert not defaults.get("mappings")
        assert [step["value"] for step in steps(defaults)] == [
            None,
            at.OCCUPANCY_IDLE,
            at.OCCUPANCY_TARGET_LOW,
            at.OCCUPANCY_TARGET_HIGH,
            at.OCCUPANCY_LIMIT,
        ]
        assert defaults["decimals"] == 0


def test_the_wall_is_one_screen_that_is_read_from_two_metres() -> None:
    """At 150 % on 1080 lines everything is in sight, every row of the table too."""
    board = BOARDS["wallboard"]
    bottom = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"])
    assert bottom * (ROW + GAP) - GAP + 2 * MARGIN <= 1080 / 1.5
    table = panel_of("wallboard", "Nearest to a page")
    inside = table["gridPos"]["h"] * (ROW + GAP) - GAP - HEAD
    assert 7 <= at.WALLBOARD_QUEUES <= inside // TABLE_ROW - 1
    assert table["gridPos"]["w"] == 24


def test_the_wall_shows_pages_and_that_its_data_live() -> None:
    """A dead source is seen there, which the age of the figures hides, and so is a page."""
    dead = {
        "Data age": [None, 0, at.DATA_AGE_AMBER_SECONDS, at.STREAM_STALE_SECONDS],
        "Quietest source": [None, 0, at.SOURCE_SILENT_AMBER_SECONDS, at.SOURCE_SILENT_SECONDS],
        "Pages": [None, 0, at.ANY],
    }
    for title, limits in dead.items():
        defaults = panel_of("wallboard", title)["fieldConfig"]["defaults"]
        assert [step["value"] for step in steps(defaults)] == limits
        assert steps(defaults)[0]["color"] == RED
    (pages,) = targets(panel_of("wallboard", "Pages"))
    assert "or 0 * count(stream:contactcenter_as_of_age:seconds)" in pages["expr"], "0 is known"


def test_workers_that_are_missing_are_red() -> None:
    """One of two workers is not well."""
    panel = panel_of("pipeline", "Workers missing")
    assert "== 0" in targets(panel)[0]["expr"]
    assert steps(panel["fieldConfig"]["defaults"])[-1] == {"value": at.ANY, "color": RED}


@pytest.mark.parametrize(("name", "panel"), LINES, ids=ids(LINES))
def test_axes_are_sensible(name: str, panel: dict[str, Any]) -> None:
    """All zero is no axis to 10,000 %, and seconds are on an axis of their own."""
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["custom"]["axisSoftMax"] > 0
    if defaults["unit"] not in {"percentunit", *CLOCKS}:
        for target in targets(panel):
            if any("seconds" in metric for metric in metric_names(target["expr"])):
                own = settings(panel)[target["refId"]]
                assert own["unit"] == "suffix:s"
                assert own["custom.axisPlacement"] == "right"


@pytest.mark.parametrize(("name", "panel"), LINES, ids=ids(LINES))
def test_lines_are_told_apart(name: str, panel: dict[str, Any]) -> None:
    """States and results have fixed colours, many lines a legend that is whole and sorted."""
    legends = " ".join(target.get("legendFormat", "") for target in targets(panel))
    for metric, label, bad in (
        ("queue_agents", "state", ["error"]),
        ("stream_events_total", "result", ["invalid"]),
        ("queue_tickets_open", "status", []),
    ):
        if f"{{{{{label}}}}}" in legends:
            colours = {who: own["color"]["fixedColor"] for who, own in settings(panel).items()}
            assert set(colours) == set(LABEL_VALUES[metric, label])
            assert [who for who, colour in colours.items() if colour == RED] == bad
    if legends.count("{{topic}}") > 1 or re.search(r"\{\{(reason|kind|queue)\}\}", legends):
        legend = panel["options"]["legend"]
        assert (legend["displayMode"], legend["placement"]) == ("table", "right")
        assert (legend["sortBy"], legend["sortDesc"]) == ("Last *", True)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_legends_name_what_they_are_of(name: str, panel: dict[str, Any]) -> None:
    """A queue of two tenants is two lines with two names; what belongs nowhere has a name too."""
    for target in targets(panel):
        legend, expr = target.get("legendFormat", ""), target["expr"]
        if "{{queue}}" in legend or "{{channel}}" in legend:
            assert "{{tenant}}" in legend or expr.startswith("sum by (channel)")
        if "{{site}}" in legend or "{{$group}}" in legend:
            assert '"(none)"' in expr
        if target.get("range") and " or " in expr:
            assert not re.search(r"\b(queue|site|topic|source|stage|stream):", expr), (
                "a recorded series has a name: with what stands in for it, it would be two lines"
            )
        if target.get("range") and "topk(" in expr:
            assert "@ end()" in expr, "the worst now, not those of each moment"


def test_a_queues_own_limits_are_the_only_ones_drawn() -> None:
    """Fixed limits beside a queue's own would be wrong where these differ."""
    own = [p for _, p in LINES if any("_limit:ratio" in t["expr"] for t in targets(p))]
    assert own
    for panel in own:
        assert "thresholdsStyle" not in panel["fieldConfig"]["defaults"]["custom"]
        red = [s for s in settings(panel).values() if s["color"]["fixedColor"] == RED]
        assert [s["custom.lineStyle"]["fill"] for s in red] == ["dash"]


def test_a_line_beside_limits_has_no_verdicts_colour() -> None:
    """A green line above a red limit would say two things."""
    judged = [
        (panel, [target["legendFormat"] for target in targets(panel)])
        for _, panel in LINES
        if "thresholdsStyle" in panel["fieldConfig"]["defaults"]["custom"]
    ]
    fixed = [(panel, names) for panel, names in judged if not any("{{" in one for one in names)]
    assert {panel["title"] for panel, _ in fixed} == {"Abandonment", "Events that did nothing"}
    for panel, names in fixed:
        colours = {settings(panel)[name]["color"]["fixedColor"] for name in names}
        assert all("blue" in colour for colour in colours)


def test_rare_events_are_counted_not_rated() -> None:
    """A dead letter is 1 in five minutes, not 0.003 a second."""
    for title in ("Dead letters", "Anomalies"):
        panel = panel_of("pipeline", title)
        assert panel["fieldConfig"]["defaults"]["custom"]["drawStyle"] == "bars"
        assert all(f"[{panel['interval']}]" in target["expr"] for target in targets(panel))
        assert not any("rate(" in target["expr"] for target in targets(panel))


def test_a_queue_has_no_panels_that_are_never_its_own() -> None:
    """What only chats have is hidden until it is wanted; tickets are on a board of their own, and
    no queue of tickets is offered on that of calls and chats, nor the other way round."""
    board = BOARDS["queue-detail"]
    closed = [p for p in board["panels"] if p.get("collapsed")]
    assert [row["title"] for row in closed] == ["Chats and bots"]
    hidden = {panel["title"] for row in closed for panel in row["panels"]}
    of_chats = {
        p["title"] for p in panels(board) if any("_chats_" in q["expr"] for q in targets(p))
    }
    assert of_chats == {"First message and response", "Chats without an answer"} < hidden
    of_tickets = {metric.full_name for metric in CATALOGUE if metric.channels == TICKET}
    for panel in panels(board):
        for target in targets(panel):
            assert not metric_names(VARIABLE.sub("x", target["expr"])) & of_tickets
    for name, offered in (("queue-detail", '!="ticket"'), ("tickets", '="ticket"')):
        for entry in BOARDS[name]["templating"]["list"]:
            assert entry["type"] != "query" or f"channel{offered}" in entry["query"]
    for panel in panels(BOARDS["tickets"]):
        assert all('channel="ticket"' in target["expr"] for target in targets(panel))
    for _, table in TABLES:
        assert "window" not in keys(table), "a window is a column: its counts do not mix"
        assert "Present" not in headings(table)


def test_a_row_of_the_wall_leads_to_the_board_of_its_channel() -> None:
    """Each with the row's own queue; a chosen queue of calls is not carried on to the tickets."""
    links = settings(panel_of("wallboard", "Nearest to a page"))["Queue"]["links"]
    assert [link["url"].split("/")[2] for link in links] == ["cc-queue", "cc-tickets"]
    for link, own in zip(links, ("var-queue", "var-ticket_queue"), strict=True):
        assert link["url"].endswith(f"&{own}=${{__data.fields.Queue}}")
    variables = [entry["name"] for entry in BOARDS["tickets"]["templating"]["list"]]
    assert not {"queue", "channel"} & set(variables)


def test_promises_come_first_and_none_is_praised_that_was_not_made() -> None:
    """At risk is amber, broken is red; without a promise there is a dash, and fewer promises than
    the alert asks for are no verdict."""
    listed = sorted(panels(BOARDS["tickets"]), key=lambda p: (p["gridPos"]["y"], p["gridPos"]["x"]))
    assert [one["title"] for one in listed[:3]] == ["At risk", "Breached and open", "Next due in"]
    worst = panel_of("tickets", "Queues, the worst first")
    promised = 'state=~"running|paused|breached_open"'
    for panel, colour in zip(listed[:2], ("orange", RED), strict=True):
        (target,) = targets(panel)
        assert promised in target["expr"].split(" and ")[1]
        assert steps(panel["fieldConfig"]["defaults"])[1:] == [
            {"color": "green", "value": 0},
            {"color": colour, "value": at.ANY},
        ]
    judged = [
        q["expr"] for q in targets(worst) if "at_risk" in q["expr"] or "breached" in q["expr"]
    ]
    assert len(judged) == 3
    assert all(promised in expr.split(" and ")[1] for expr in judged)
    for title in ("Kept in 24 hours, by queue", "Kept in 24 hours, by priority"):
        first = targets(panel_of("tickets", title))[0]
        assert first["expr"].endswith(f">= {at.SLA_DECIDED_MIN})")
        assert settings(panel_of("tickets", title))["Below target"]["thresholds"]["steps"] == [
            {"color": GREY, "value": None},
            {"color": "green", "value": 0},
            {"color": RED, "value": at.BELOW_TARGET},
        ]
        assert "queue_target_sla_ratio" in first["expr"]


def test_tickets_have_an_age_each() -> None:
    """A bar for every age there is, the youngest first, and no other."""
    asked = [target["expr"] for target in targets(panel_of("tickets", "Open by age"))]
    ages = [re.findall(r'age="(\w+)"', expr) for expr in asked]
    assert ages == [[age] for age in LABEL_VALUES["queue_tickets_by_age", "age"]]
