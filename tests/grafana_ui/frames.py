"""What Grafana's Prometheus data source makes of Prometheus' answers: the frames of each panel.

In: a dashboard's JSON, a Prometheus, a time. Out: data frames as JSON, by panel id. The rules are
the data source's: a series a frame, named by its legend; a query of format `table` is one frame
with a column a label, its figures under `Value`, or `Value #B` where several queries answer.
"""

import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from tests.stack.boards import Live, targets
from tests.stack.servers import call

Frame = dict[str, Any]
Series = dict[str, Any]
Chosen = dict[str, list[str]]
POINTS = 200  # of a line
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _filled(text: str, chosen: Chosen) -> str:
    return _VARIABLE.sub(lambda found: "|".join(chosen[found[1] or found[2]]), text)


def variables(board: dict[str, Any], live: Live) -> Chosen:
    """What a board's variables stand at when it is opened: All, or the first value."""
    chosen: Chosen = {"__rate_interval": ["30s"]}
    for entry in board["templating"]["list"]:
        if entry["type"] == "query":
            every = entry.get("allValue")
            offered = live.values(_filled(entry["query"], chosen))
            values = offered if entry.get("includeAll") else offered[:1]
            chosen[entry["name"]] = [every] if every else values
        elif entry["type"] == "custom":
            chosen[entry["name"]] = entry["query"].split(",")[:1]
    return chosen


def _asked(base: str, path: str, **parameters: str | float) -> list[Series]:
    answer = call(f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
    assert answer["status"] == "success", answer
    found: list[Series] = answer["data"]["result"]
    return found


def _answered(
    base: str, target: dict[str, Any], expr: str, since: float, at: float
) -> list[Series]:
    """Series with `values`, one of them for an instant query."""
    if target.get("range"):
        step = max(1.0, (at - since) / POINTS)
        return _asked(base, "query_range", query=expr, start=since, end=at, step=step)
    found = _asked(base, "query", query=expr, time=at)
    return [{"metric": one["metric"], "values": [one["value"]]} for one in found]


def _legend(target: dict[str, Any], labels: Mapping[str, str], chosen: Chosen) -> str:
    wanted = _filled(target.get("legendFormat") or "", chosen)
    if wanted:
        return _LABEL.sub(lambda found: labels.get(found[1], ""), wanted)
    rest = ", ".join(f'{k}="{v}"' for k, v in sorted(labels.items()) if k != "__name__")
    return labels.get("__name__", "") + (f"{{{rest}}}" if rest else "")


def _field(name: str, kind: str, values: list[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "values": values, "config": {}, **more}


def _lines(target: dict[str, Any], found: list[Series], chosen: Chosen) -> list[Frame]:
    """A frame a series, of its times and its figures."""
    frames = []
    for one in found:
        name = _legend(target, one["metric"], chosen)
        labels = {k: v for k, v in one["metric"].items() if k != "__name__"}
        config = {"displayNameFromDS": name} if name else {}
        times = [1000 * at for at, _ in one["values"]]
        figures = [float(figure) for _, figure in one["values"]]
        fields = [
            _field("Time", "time", times),
            _field("Value", "number", figures, labels=labels) | {"config": config},
        ]
        frames.append({"refId": target["refId"], "name": name, "fields": fields})
    return frames


def _table(target: dict[str, Any], found: list[Series], value: str) -> Frame:
    """One frame of all series: the time, a column a label (`__name__` is one), the figure."""
    names = dict.fromkeys(name for one in found for name in sorted(one["metric"]))
    samples = [(one["metric"], *sample) for one in found for sample in one["values"]]
    fields = [
        _field("Time", "time", [1000 * at for _, at, _ in samples]),
        *(
            _field(name, "string", [metric.get(name, "") for metric, _, _ in samples])
            for name in names
        ),
        _field(value, "number", [float(figure) for _, _, figure in samples]),
    ]
    return {"refId": target["refId"], "fields": fields}


def frames(
    panel: dict[str, Any], base: str, chosen: Chosen, since: float, at: float
) -> list[Frame]:
    """The panel's frames at a time in seconds; lines go back to `since`."""
    tables = [one for one in targets(panel) if one.get("format") == "table"]
    made: list[Frame] = []
    for target in targets(panel):
        expr = _filled(target["expr"], chosen)
        found = _answered(base, target, expr, since, at)
        if target in tables:
            value = f"Value #{target['refId']}" if len(tables) > 1 else "Value"
            made.append(_table(target, found, value))
        else:
            made += _lines(target, found, chosen)
    return made


def answers(
    board: dict[str, Any], base: str, chosen: Chosen, since: float, at: float
) -> dict[int, list[Frame]]:
    """What each panel of a board is drawn from, by its id."""
    listed = [panel for one in board["panels"] for panel in (one, *one.get("panels", ()))]
    return {one["id"]: frames(one, base, chosen, since, at) for one in listed}
