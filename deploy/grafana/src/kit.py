"""Panels and boards as this project wants them: what every dashboard module is written with.

In: titles, queries, definitions. Out: builders of grafana-foundation-sdk (classic JSON, core
panels). Invariant: a panel cannot be made without the definition of its number; the data source is
always the variable `$datasource`; panels lie in rows of 24 columns, so they cannot overlap.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    gauge,
    prometheus,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PROMETHEUS: Final = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, AMBER, RED, BLUE, GREY = "green", "orange", "red", "blue", "text"
NOTHING: Final = "–"
TAG: Final = "contact-centre"
REFRESH: Final = "5s"

# Which queues a panel is about: the variables of `queue_variables`. `_all` is never one of them.
QUEUES: Final = 'tenant=~"$tenant", channel=~"$channel", queue=~"$queue"'
# The whole centre, each agent once: occupancies of queues can be neither added nor averaged.
CENTRE: Final = 'tenant=~"$tenant", channel=~"$channel", queue="_all"'
BY_QUEUE: Final = "tenant, queue, channel"

Panel = Any  # the SDK's builders share no base class with the methods used here
Steps = Sequence[tuple[float | None, str]]


def steps(*pairs: tuple[float | None, str]) -> Any:
    """Colour limits: (from, colour), the first from None (below all others)."""
    listed = [models.Threshold(value=value, color=color) for value, color in pairs]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(listed)


def query(expr: str, legend: str = "", ref: str = "A", instant: bool = False) -> Any:
    """One Prometheus query; instant ones for numbers and tables, ranges for lines."""
    made = prometheus.Dataquery().datasource(PROMETHEUS).ref_id(ref).expr(expr)
    made = made.legend_format(legend) if legend else made
    return made.instant() if instant else made.range()


def _finish(panel: Panel, title: str, definition: str, unit: str | None) -> Panel:
    panel = panel.title(title).description(definition).datasource(PROMETHEUS)
    return panel if unit is None else panel.unit(unit)


def _last() -> Any:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def tile(
    title: str,
    expr: str,
    definition: str,
    unit: str = "short",
    limits: Steps = ((None, BLUE),),
    *,
    legend: str = "",
    nothing: str = NOTHING,
    decimals: int = 0,
) -> Panel:
    """A big number, its background coloured by limits; `nothing` when there is no sample."""
    panel = (
        stat.Panel()
        .with_target(query(expr, legend, instant=True))
        .reduce_options(_last())
        .color_mode(common_models.BigValueColorMode.BACKGROUND)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .justify_mode(common_models.BigValueJustifyMode.CENTER)
        .decimals(decimals)
        .no_value(nothing)
        .thresholds(steps(*limits))
    )
    return _finish(panel, title, definition, unit)


def dial(title: str, expr: str, definition: str, limits: Steps) -> Panel:
    """A ratio on a dial from 0 to 100 % with its bands."""
    panel = (
        gauge.Panel()
        .with_target(query(expr, instant=True))
        .reduce_options(_last())
        .min(0)
        .max(1)
        .decimals(0)
        .no_value(NOTHING)
        .thresholds(steps(*limits))
    )
    return _finish(panel, title, definition, "percentunit")


def bars(title: str, expr: str, legend: str, definition: str, unit: str = "short") -> Panel:
    """One bar a series, named by the legend."""
    panel = (
        bargauge.Panel()
        .with_target(query(expr, legend, instant=True))
        .reduce_options(_last())
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .min(0)
        .no_value(NOTHING)
        .thresholds(steps((None, BLUE)))
    )
    return _finish(panel, title, definition, unit)


def lines(
    title: str,
    queries: Sequence[tuple[str, str]],
    definition: str,
    unit: str = "short",
    *,
    stacked: bool = False,
    limits: Steps | None = None,
    top: float | None = None,
) -> Panel:
    """Lines over time, from zero; `limits` are drawn as lines, `stacked` fills."""
    panel = timeseries.Panel().min(0).fill_opacity(60 if stacked else 8).line_width(2)
    panel = panel.show_points(common_models.VisibilityMode.NEVER)
    panel = panel.legend(
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    for ref, (expr, legend) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(query(expr, legend, ref))
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    if top is not None:
        panel = panel.max(top)
    if limits is not None:
        style = common.GraphThresholdsStyleConfig().mode(
            common_models.GraphThresholdsStyleMode.LINE
        )
        panel = panel.thresholds(steps(*limits)).thresholds_style(style)
    return _finish(panel, title, definition, unit)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, its query and how its cells look."""

    heading: str
    expr: str
    unit: str = "short"
    limits: Steps | None = None
    decimals: int = 0


def grid(
    title: str,
    columns: Sequence[Column],
    keys: Mapping[str, str],
    definition: str,
    *,
    sort: str | None = None,
    link: tuple[str, str] | None = None,
) -> Panel:
    """A table: one row for each set of the labels `keys` (label: heading), one column a query.

    `link` (title, url) opens from the cells of the first key. Labels not in `keys` are not shown.
    """
    panel = table.Panel().cell_height(common_models.TableCellHeight.SM).no_value(NOTHING)
    renamed: dict[str, str] = dict(keys)
    for ref, column in zip("ABCDEFGHIJKL", columns, strict=False):
        asked = query(column.expr, ref=ref, instant=True).format(PromQueryFormat.TABLE)
        panel = panel.with_target(asked)
        value = f"Value #{ref}" if len(columns) > 1 else "Value"
        renamed[value] = column.heading
        properties = [
            models.DynamicConfigValue(id_val="unit", value=column.unit),
            models.DynamicConfigValue(id_val="decimals", value=column.decimals),
        ]
        if column.limits:
            cell = {"type": "color-background", "mode": "basic"}
            properties += [
                models.DynamicConfigValue(id_val="custom.cellOptions", value=cell),
                models.DynamicConfigValue(
                    id_val="thresholds", value=steps(*column.limits).build().to_json()
                ),
            ]
        panel = panel.override_by_name(column.heading, properties)
    order = {name: place for place, name in enumerate(renamed)}
    panel = panel.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    panel = panel.with_transformation(
        models.DataTransformerConfig(
            id_val="filterFieldsByName", options={"include": {"names": list(renamed)}}
        )
    )
    panel = panel.with_transformation(
        models.DataTransformerConfig(
            id_val="organize", options={"indexByName": order, "renameByName": renamed}
        )
    )
    if sort:
        panel = panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(True)])
    if link:
        first = next(iter(keys.values()))
        shown = [{"title": link[0], "url": link[1]}]
        panel = panel.override_by_name(
            first, [models.DynamicConfigValue(id_val="links", value=shown)]
        )
    return _finish(panel, title, definition, "short")


def bands(
    title: str,
    expr: str,
    legend: str,
    definition: str,
    named: Sequence[tuple[float, float, str, str]],
) -> Panel:
    """A row of coloured states a series; `named` are (from, to, text, colour) of the ranges."""
    mapped: list[Any] = [
        models.RangeMap(
            options=models.DashboardRangeMapOptions(
                from_val=low,
                to=high,
                result=models.ValueMappingResult(text=name, color=color, index=place),
            )
        )
        for place, (low, high, name, color) in enumerate(named)
    ]
    panel = (
        statetimeline.Panel()
        .with_target(query(expr, legend))
        .mappings(mapped)
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .thresholds(steps((None, GREY)))
        .no_value(NOTHING)
    )
    return _finish(panel, title, definition, "percentunit")


def note(title: str, markdown: str, definition: str) -> Panel:
    """Words, for what a number cannot say."""
    panel = text.Panel().content(markdown)
    return panel.title(title).description(definition)


def _variable(name: str, label: str, asked: str, *, many: bool) -> Any:
    made = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(asked)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(many)
        .include_all(many)
    )
    if many:
        made = made.current(models.VariableOption(selected=True, text="All", value="$__all"))
    # A queue without a site is among all sites; `All` queues are those the others leave.
    return made.all_value(".*") if many and name != "queue" else made


def queue_variables(*, one_queue: bool = False) -> list[Any]:
    """Tenant, channel, site, team, queue, each narrowed by those before it."""
    info = "contactcenter_queue_info"
    chosen = ""
    made = []
    listed = (
        ["tenant", "channel", "queue"]
        if one_queue
        else [
            "tenant",
            "channel",
            "site",
            "team",
            "queue",
        ]
    )
    for name in listed:
        rest = 'queue!="_all"' + chosen
        many = not one_queue
        asked = f"label_values({info}{{{rest}}}, {name})"
        made.append(_variable(name, name.capitalize(), asked, many=many))
        chosen += f', {name}=~"${name}"'
    return made


@dataclass(slots=True)
class Board:
    """One dashboard; rows are added top down, ids count up."""

    uid: str
    title: str
    description: str
    variables: Sequence[Any] = ()
    since: str = "now-3h"
    _top: int = 0
    _id: int = 0
    _panels: list[Panel] = field(default_factory=list)

    def row(self, height: int, *panels: tuple[Panel, int]) -> None:
        """Adds panels side by side, each with its width; raises ValueError beyond 24 columns."""
        if sum(width for _, width in panels) > 24:
            raise ValueError(f"{self.uid}: a row wider than 24 columns")
        left = 0
        for panel, width in panels:
            self._id += 1
            place = models.GridPos(h=height, w=width, x=left, y=self._top)
            self._panels.append(panel.id(self._id).grid_pos(place))
            left += width
        self._top += height

    def build(self) -> Any:
        """The finished model; the SDK's encoder makes the JSON of it."""
        with warnings.catch_warnings():
            # The SDK would rather have the next schema; classic JSON loads in every Grafana.
            warnings.simplefilter("ignore", DeprecationWarning)
            made = dashboard.Dashboard(self.title)
        made = (
            made.uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .readonly()
            .time(self.since, "now")
            .timezone("browser")
            .refresh(REFRESH)
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
        )
        source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        made = made.with_variable(source)
        for variable in self.variables:
            made = made.with_variable(variable)
        names = {variable.build().name for variable in self.variables}
        where = QUEUES if "queue" in names else ""
        made = made.annotation(
            dashboard.AnnotationQuery()
            .name("Pages")
            .datasource(PROMETHEUS)
            .enable(True)
            .icon_color(RED)
            .expr(f'ALERTS{{alertstate="firing", severity="page"{", " + where if where else ""}}}')
            .title_format("{{alertname}} {{queue}}")
        )
        made = made.link(
            dashboard.DashboardLink("Contact centre")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .include_vars(True)
            .keep_time(True)
        )
        for panel in self._panels:
            made = made.with_panel(panel)
        return made.build()
