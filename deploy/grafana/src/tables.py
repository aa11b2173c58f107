"""Tables: a row for each set of labels, a column for each query.

In: the labels that tell rows apart, and columns with their queries. Out: a table panel whose
queries are joined by Grafana's transformation `merge`, which makes one row of two only if every
label they share is equal. Invariant: each query has exactly the labels of the keys, and so at most
one sample a row; a recorded series would bring its own name, which differs in each column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as models
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.src.kit import (
    COUNT,
    GREY,
    NOTHING,
    TEXT,
    Panel,
    Steps,
    Words,
    finish,
    names_for,
    query,
    setting,
    steps,
    word_for_nothing,
    words_for,
)

LEAST_WIDTH = 100  # px, of a column that takes what the others leave


@dataclass(frozen=True, slots=True)
class Key:
    """A label that tells rows apart; without a width (px) its column takes what is left.

    `words`: what its values are called.
    """

    label: str
    heading: str
    width: int | None = None
    words: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of each row: its heading, its query and how its cells look; `width` in px.

    `below` is the colour below the first limit; `leads` puts the column before the keys.
    """

    heading: str
    expr: str
    width: int
    unit: str = COUNT
    limits: Steps = ()
    decimals: int = 0
    words: Words | None = None
    below: str = GREY
    leads: bool = False


QUEUE_KEYS = (Key("queue", "Queue"), Key("channel", "Channel", 75), Key("tenant", "Tenant", 90))


def _wide(width: int | None) -> Any:
    if width is None:
        return setting("custom.minWidth", LEAST_WIDTH)
    return setting("custom.width", width)


def _looks(column: Column) -> list[Any]:
    """The properties of a column's cells."""
    properties = [
        _wide(column.width),
        setting("unit", column.unit),
        setting("decimals", column.decimals),
    ]
    if column.limits or column.words:
        cell = {"type": "color-background", "mode": "basic"}
        limits = steps(column.limits, column.below).build().to_json()
        properties += [setting("custom.cellOptions", cell), setting("thresholds", limits)]
    if column.words:
        properties.append(setting("mappings", [one.to_json() for one in words_for(column.words)]))
        properties.append(setting("custom.align", "center"))
    elif column.below != GREY:
        properties.append(setting("mappings", [word_for_nothing(GREY).to_json()]))
    return properties


def grid(
    title: str,
    columns: Sequence[Column],
    keys: Sequence[Key],
    definition: str,
    *,
    sort: str,
    descending: bool = False,
    links: Mapping[str, str] | None = None,
) -> Panel:
    """A table, sorted by the column `sort`. Labels that are not in `keys` are not shown.

    `links` (addresses by title) open from the cells of the first key.
    """
    by = ", ".join(key.label for key in keys)
    panel = table.Panel().cell_height(models.TableCellHeight.SM).no_value(NOTHING)
    names = {key.label: key.heading for key in keys}
    leading: dict[str, str] = {}
    for ref, column in zip("ABCDEFGHIJKL", columns, strict=False):
        asked = query(f"max by ({by}) ({column.expr})", ref=ref, instant=True)
        panel = panel.with_target(asked.format(PromQueryFormat.TABLE))
        value = f"Value #{ref}" if len(columns) > 1 else "Value"
        (leading if column.leads else names)[value] = column.heading
        panel = panel.override_by_name(column.heading, _looks(column))
    names = leading | names
    order = {name: place for place, name in enumerate(names)}
    for transformation, options in (
        ("merge", {}),
        ("filterFieldsByName", {"include": {"names": list(names)}}),
        ("organize", {"indexByName": order, "renameByName": names}),
    ):
        made = DataTransformerConfig(id_val=transformation, options=options)
        panel = panel.with_transformation(made)
    for key in keys:
        properties = [_wide(key.width)]
        if key.words:
            properties.append(setting("mappings", [names_for(key.words).to_json()]))
        if links and key is keys[0]:
            listed = [{"title": text, "url": url} for text, url in links.items()]
            properties.append(setting("links", listed))
        panel = panel.override_by_name(key.heading, properties)
    panel = panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(descending)])
    return finish(panel, title, definition, TEXT)
