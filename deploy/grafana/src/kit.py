"""What every dashboard is written with: colours, units, the chosen queues, queries, limits.

In: names and numbers. Out: the small builders of grafana-foundation-sdk that panels (`panels.py`),
tables (`tables.py`) and boards (`board.py`) are made of. Invariants: the data source is always the
variable `$datasource`; a panel cannot be finished without the definition of its number; below its
first limit a figure is grey or red, for that is the colour Grafana gives to no figure at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

PROMETHEUS: Final = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"
PURPLE, YELLOW, PALE_BLUE = "purple", "yellow", "light-blue"
# Not Grafana's `text`, which is a white block in the dark and a black one in the light.
GREY: Final = "#6e727c"
UNSEEN: Final = "transparent"
NOTHING: Final = "–"

# Units. Not `short`, which makes 1 K of 1,234; not `s`, which makes 2 min of 102 seconds.
COUNT: Final = "locale"
TIMES: Final = "none"
SHARE: Final = "percentunit"
SECONDS: Final = "suffix:s"
TEXT: Final = "string"  # a queue named 2024 is not 2,024
CLOCK: Final = "dthms"  # 00:01:42, for what may last hours
DAYS: Final = "dtdhms"  # 2 d 00:01:42, for what may last days

# Which queues a panel is about: the variables of `queue_variables`. `_all` is never one of them.
QUEUES: Final = 'tenant=~"$tenant", channel=~"$channel", queue=~"$queue"'
TICKET_QUEUES: Final = 'tenant=~"$tenant", channel="ticket", queue=~"$ticket_queue"'
# Alerts on the chosen queues, and those that are on no queue.
QUEUES_OR_NONE: Final = 'tenant=~"$tenant|", channel=~"$channel|", queue=~"$queue|"'
# The whole centre, each agent once: occupancies of queues can be neither added nor averaged.
CENTRE: Final = 'tenant=~"$tenant", channel=~"$channel", queue="_all"'
BY_QUEUE: Final = "tenant, queue, channel"

Panel = Any  # the SDK's builders share no base class with the methods used here
Steps = Sequence[tuple[float, str]]
Words = Mapping[int, tuple[str, str]]


def steps(limits: Steps, below: str = GREY) -> Any:
    """Colour limits, each (from, colour); `below` the first of them, and without a figure."""
    listed = [models.Threshold(value=value, color=color) for value, color in limits]
    first = models.Threshold(value=None, color=below)
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps([first, *listed])


def words_for(words: Words) -> list[Any]:
    """Mappings of whole numbers to (text, colour), for figures that are really answers."""
    results = {
        str(value): models.ValueMappingResult(text=text, color=color, index=place)
        for place, (value, (text, color)) in enumerate(words.items())
    }
    return [models.ValueMap(options=results)]


def names_for(words: Mapping[str, str]) -> Any:
    """The mapping of labels' values to what people call them."""
    results = {
        value: models.ValueMappingResult(text=text, index=place)
        for place, (value, text) in enumerate(words.items())
    }
    return models.ValueMap(options=results)


def word_for_nothing(colour: str) -> Any:
    """The mapping of no figure to a dash of this colour, where limits give it another."""
    result = models.ValueMappingResult(text=NOTHING, color=colour)
    match = models.SpecialValueMatch.NULL_AND_NAN
    options = models.DashboardSpecialValueMapOptions(match=match, result=result)
    return models.SpecialValueMap(options=options)


def query(expr: str, legend: str = "", ref: str = "A", instant: bool = False) -> Any:
    """One Prometheus query; instant ones for numbers and tables, ranges for lines."""
    made = prometheus.Dataquery().datasource(PROMETHEUS).ref_id(ref).expr(expr)
    made = made.legend_format(legend) if legend else made
    return made.instant() if instant else made.range()


def last() -> Any:
    """What a panel of single figures shows of a series: its newest sample."""
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def finish(panel: Panel, title: str, definition: str, unit: str) -> Panel:
    """The panel with its title, the definition of its number, its data source and unit."""
    return panel.title(title).description(definition).datasource(PROMETHEUS).unit(unit)


def setting(name: str, value: Any) -> Any:
    """One property of an override, such as `custom.width`."""
    return models.DynamicConfigValue(id_val=name, value=value)


def firing(chosen: str) -> str:
    """How many alerts fire. None is 0 only while there are data, for rules to be evaluated on."""
    data = "stream:contactcenter_as_of_age:seconds"
    return f'count(ALERTS{{alertstate="firing", {chosen}}}) or 0 * count({data})'


def grown(metric: str, chosen: str, window: str, by: str = "") -> str:
    """How much a counter grew within a window, over all workers; `by` keeps labels apart."""
    kept = f"sum by ({by}) " if by else "sum"
    return f"{kept}(increase(contactcenter_{metric}{{{chosen}}}[{window}]))"


def mean_grown(total: str, counts: str, chosen: str, window: str) -> str:
    """The mean of what was counted within a window: a counter of seconds over its counts."""
    return f"{grown(total, chosen, window)} / ({grown(counts, chosen, window)} > 0)"


def or_none(expr: str, label: str) -> str:
    """The query with `(none)` where a label is empty: what has no name would be called Value."""
    return f'label_replace({expr}, "{label}", "(none)", "{label}", "")'
