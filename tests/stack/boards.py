"""The committed dashboards, and a Prometheus that is asked what their panels would ask.

In: deploy/grafana/dashboards/*.json. Out: panels, and queries with their variables filled in as
Grafana does it: `All` for many-valued variables, every value of the others.
"""

import json
import re
from functools import partial
from typing import Any

from deploy.grafana.src.__main__ import DASHBOARDS
from tests.stack.promql import metric_names
from tests.stack.servers import ask, eventually

BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))
}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The board's panels, headings left out, and those that a closed heading hides."""
    listed = [part for one in board["panels"] for part in (one, *one.get("panels", ()))]
    return [panel for panel in listed if panel["type"] != "row"]


PANELS = [(name, panel) for name, board in BOARDS.items() for panel in panels(board)]
PANEL_IDS = [f"{name}-{panel['title']}" for name, panel in PANELS]
# Asks for yesterday, or for what is decided after a week: a Prometheus that has run for seconds has
# no answer yet.
NEEDS_HISTORY = {
    "queue:contactcenter_handle_seconds:mean_window30m_avg1d",
    "contactcenter_customers_fcr_decided_total",
    "contactcenter_customers_fcr_resolved_total",
}
VARIABLE = re.compile(r"\$(\w+)")


def targets(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """The panel's queries."""
    listed: list[dict[str, Any]] = panel.get("targets") or []
    return listed


def keys(table: dict[str, Any]) -> list[str]:
    """The labels that tell a table's rows apart."""
    kept = next(t for t in table["transformations"] if t["id"] == "filterFieldsByName")
    names: list[str] = kept["options"]["include"]["names"]
    return [name for name in names if not name.startswith("Value")]


def settings(panel: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a panel sets for single fields: name, or query of them, to property to value."""
    return {
        rule["matcher"]["options"]: {one["id"]: one["value"] for one in rule["properties"]}
        for rule in panel["fieldConfig"]["overrides"]
    }


class Live:
    """A Prometheus that has scraped something; asks as Grafana would."""

    def __init__(self, base: str) -> None:
        self.base = base

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The instant vector of a query without variables."""
        return ask(self.base, expr)

    def values(self, asked: str) -> list[str]:
        """What a variable's label_values(selector, label) offers."""
        matched = re.fullmatch(r"label_values\((.+), (\w+)\)", asked)
        assert matched, asked
        return sorted({row["metric"].get(matched[2], "") for row in self.ask(matched[1])} - {""})


def joined(chosen: dict[str, list[str]], variable: re.Match[str]) -> str:
    """A variable's values as Grafana writes them into a matcher."""
    return "|".join(chosen[variable[1]])


def substitute(expr: str, board: dict[str, Any], live: Live) -> list[str]:
    """The query as Grafana would send it: All for many-valued variables, each of the others."""
    chosen: dict[str, list[str]] = {"__rate_interval": ["30s"]}
    for entry in board["templating"]["list"]:
        if entry["type"] == "query":
            asked = VARIABLE.sub(partial(joined, chosen), entry["query"])
            every = entry.get("allValue")
            chosen[entry["name"]] = [every] if every else live.values(asked)
        elif entry["type"] == "custom":
            chosen[entry["name"]] = entry["query"].split(",")
    if "$group" in expr:
        rest = {name: values for name, values in chosen.items() if name != "group"}
        made = [expr.replace("$group", group) for group in chosen["group"]]
    else:
        rest, made = chosen, [expr]
    return [VARIABLE.sub(partial(joined, rest), one) for one in made]


def check_variables(board: dict[str, Any], live: Live) -> None:
    """Each variable's query answers, and never offers the whole centre as a queue."""
    chosen: dict[str, list[str]] = {}
    for entry in board["templating"]["list"]:
        if entry["type"] != "query":
            continue
        asked = VARIABLE.sub(partial(joined, chosen), entry["query"])
        chosen[entry["name"]] = live.values(asked)
        assert chosen[entry["name"]], entry["query"]
        assert "_all" not in chosen[entry["name"]]


def check_rows(rows: list[dict[str, Any]], allowed: list[str]) -> None:
    """No two series of a table's query are one row, and none has labels that would part its rows.

    Grafana joins rows of two queries only where every label they share is equal, `__name__` too.
    """
    found = [row["metric"] for row in rows]
    for metric in found:
        assert set(metric) <= set(allowed), metric
    distinct = {tuple(metric.get(key, "") for key in allowed) for metric in found}
    assert len(distinct) == len(found), found


def check_judged(panel: dict[str, Any], board: dict[str, Any], live: Live) -> None:
    """One of its queries answers, with one figure: that of the colour which is due."""
    queries = [expr for one in targets(panel) for expr in substitute(one["expr"], board, live)]
    answered = eventually(
        lambda: [row for expr in queries for row in live.ask(expr)], f"answer to one of {queries}"
    )
    assert len(answered) == 1, answered


def check_panel(panel: dict[str, Any], board: dict[str, Any], live: Live) -> None:
    """Each of its queries is answered with series that have the labels its legend names."""
    if panel["type"] == "stat" and len(targets(panel)) > 1:
        check_judged(panel, board, live)
        return
    for target in targets(panel):
        for expr in substitute(target["expr"], board, live):
            if metric_names(expr) <= NEEDS_HISTORY or re.search(r" offset \d+d", expr):
                live.ask(expr)
                continue
            rows = eventually(partial(live.ask, expr), f"answer to {expr}")
            if panel["type"] == "table":
                check_rows(rows, keys(panel))
            for label in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
                assert any(label in row["metric"] for row in rows), (label, expr)
