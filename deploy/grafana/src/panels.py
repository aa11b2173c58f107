"""Panels of one figure, of bars, lines and bands: what is drawn of a few queries.

In: titles, queries, definitions. Out: builders of grafana-foundation-sdk (classic JSON, core
panels). Invariant: a coloured background is a verdict; a figure without limits is only blue. What
has no figure is grey, or red where that itself is the fault.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    gauge,
    stat,
    statetimeline,
    text,
    timeseries,
)
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.models import common as models
from grafana_foundation_sdk.models.dashboard import FieldColorModeId

from deploy.grafana.src.kit import (
    BLUE,
    COUNT,
    GREY,
    NOTHING,
    RED,
    SHARE,
    UNSEEN,
    Panel,
    Steps,
    Words,
    finish,
    last,
    query,
    setting,
    steps,
    words_for,
)


def tile(
    title: str,
    expr: str,
    definition: str,
    unit: str = COUNT,
    limits: Steps | None = None,
    *,
    legend: str = "",
    named: bool = False,
    nothing: str = NOTHING,
    decimals: int = 0,
    words: Words | None = None,
) -> Panel:
    """A big number; limits colour its background.

    `nothing` is what stands there without a sample: a dash on grey, any other text on red.
    `named` shows the legend also where there is one series only.
    """
    colour = models.BigValueColorMode
    below = GREY if nothing == NOTHING else RED
    panel = (
        stat.Panel()
        .with_target(query(expr, legend, instant=True))
        .reduce_options(last())
        .color_mode(colour.VALUE if limits is None else colour.BACKGROUND)
        .graph_mode(models.BigValueGraphMode.NONE)
        .justify_mode(models.BigValueJustifyMode.CENTER)
        .decimals(decimals)
        .no_value(nothing)
        .thresholds(steps(((0, BLUE),) if limits is None else limits, below))
    )
    if named:
        panel = panel.text_mode(models.BigValueTextMode.VALUE_AND_NAME)
    if words:
        panel = panel.mappings(words_for(words))
    return finish(panel, title, definition, unit)


def judged(
    title: str,
    figures: Sequence[tuple[str, str]],
    definition: str,
    unit: str,
    words: Words,
) -> Panel:
    """A tile for limits that are series: each query answers only where its colour is due.

    No two of the queries may answer at the same time.
    """
    (first, _), *others = figures
    panel = tile(title, first, definition, unit, (), words=words)
    for ref, (expr, _) in zip("BCDE", others, strict=False):
        panel = panel.with_target(query(expr, ref=ref, instant=True))
    for ref, (_, colour) in zip("ABCDE", figures, strict=False):
        fixed = setting("color", {"mode": "fixed", "fixedColor": colour})
        panel = panel.override_by_query(ref, [fixed])
    return panel


def label(title: str, expr: str, legend: str, definition: str) -> Panel:
    """Words from the labels of one series, as the legend puts them together."""
    panel = tile(title, expr, definition, legend=legend)
    return panel.text_mode(models.BigValueTextMode.NAME)


def dial(title: str, expr: str, definition: str, limits: Steps) -> Panel:
    """A ratio on a dial from 0 to 100 % with its bands."""
    panel = (
        gauge.Panel()
        .with_target(query(expr, instant=True))
        .reduce_options(last())
        .min(0)
        .max(1)
        .decimals(1)
        .no_value(NOTHING)
        .thresholds(steps(limits))
    )
    return finish(panel, title, definition, SHARE)


def bars(title: str, queries: Sequence[tuple[str, str]], definition: str) -> Panel:
    """One bar a series, named by the legend; letters and figures stay as they are with fewer."""
    panel = (
        bargauge.Panel()
        .reduce_options(last())
        .orientation(models.VizOrientation.HORIZONTAL)
        .display_mode(models.BarGaugeDisplayMode.BASIC)
        .name_placement(models.BarGaugeNamePlacement.LEFT)
        .text(common.VizTextDisplayOptions().title_size(14).value_size(24))
        .min(0)
        .no_value(NOTHING)
        .thresholds(steps(((0, BLUE),)))
    )
    for ref, (expr, legend) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(query(expr, legend, ref, instant=True))
    return finish(panel, title, definition, COUNT)


def lines(
    title: str,
    queries: Sequence[tuple[str, str]],
    definition: str,
    unit: str = COUNT,
    *,
    up_to: float,
    stacked: bool = False,
    limits: Steps = (),
) -> Panel:
    """Lines over time from zero, the axis `up_to` at least; `limits` are drawn as lines.

    Without `up_to` a line that is zero for hours would have an axis that Grafana invents.
    """
    panel = timeseries.Panel().min(0).fill_opacity(60 if stacked else 8).line_width(2)
    panel = panel.show_points(models.VisibilityMode.NEVER).axis_soft_max(up_to)
    panel = panel.legend(
        common.VizLegendOptions()
        .display_mode(models.LegendDisplayMode.LIST)
        .placement(models.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    for ref, (expr, legend) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(query(expr, legend, ref))
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(models.StackingMode.NORMAL))
    drawn = [(value, colour) for value, colour in limits if value]
    if drawn:
        style = common.GraphThresholdsStyleConfig().mode(models.GraphThresholdsStyleMode.LINE)
        panel = panel.thresholds(steps(drawn, UNSEEN)).thresholds_style(style)
    return finish(panel, title, definition, unit)


def coloured(panel: Panel, colours: Mapping[str, str], *, dashed: bool = False) -> Panel:
    """The lines named so in these colours: by meaning, not by their order."""
    for name, colour in colours.items():
        properties = [setting("color", {"mode": "fixed", "fixedColor": colour})]
        if dashed:
            properties += [
                setting("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
                setting("custom.fillOpacity", 0),
            ]
        panel = panel.override_by_name(name, properties)
    return panel


def on_the_right(panel: Panel, ref: str, unit: str, up_to: float) -> Panel:
    """The lines of query `ref` on an axis of their own, for they have another unit."""
    properties = [
        setting("unit", unit),
        setting("custom.axisPlacement", "right"),
        setting("custom.axisSoftMax", up_to),
    ]
    return panel.override_by_query(ref, properties)


def many(panel: Panel) -> Panel:
    """The legend as a table at the right, greatest first: more lines than fit below."""
    return panel.legend(
        common.VizLegendOptions()
        .display_mode(models.LegendDisplayMode.TABLE)
        .placement(models.LegendPlacement.RIGHT)
        .show_legend(True)
        .calcs(["lastNotNull"])
        .sort_by("Last *")
        .sort_desc(True)
    )


def logarithmic(panel: Panel) -> Panel:
    """Powers of ten on the axis: one straggler does not flatten the rest."""
    return panel.scale_distribution(
        common.ScaleDistributionConfig().type(models.ScaleDistribution.LOG).log(10)
    )


def as_bars(panel: Panel, every: str) -> Panel:
    """A bar for each `every` (a duration of Prometheus') instead of lines."""
    return panel.draw_style(models.GraphDrawStyle.BARS).interval(every).decimals(0)


def bands(title: str, expr: str, legend: str, definition: str, limits: Steps) -> Panel:
    """A row of coloured states a series, a ratio cut at its limits.

    Grafana writes each state's limits on it; words for ranges it would ignore.
    """
    panel = (
        statetimeline.Panel()
        .with_target(query(expr, legend))
        .color_scheme(dashboards.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(limits))
        .merge_values(True)
        .legend(common.VizLegendOptions().show_legend(False))
        .decimals(0)
        .no_value(NOTHING)
    )
    return finish(panel, title, definition, SHARE)


def note(title: str, markdown: str, definition: str) -> Any:
    """Words, for what a number cannot say."""
    return text.Panel().content(markdown).title(title).description(definition)
