"""Families of series: what a metrics page is made of, and its text (layer 5).

In: definitions of the catalogue and their rows. Out: text of the two exposition formats, or
prometheus_client's own objects. The text is written here because prometheus_client takes ten times
as long: 2,000 queues are 180,000 series. Cost: about half a microsecond a series.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.samples import Sample

from streams.metrics.catalogue import BY_NAME
from streams.metrics.metric import MetricDef

PLAIN_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Labels:
    """Some of a series' labels, made once and used for many series."""

    __slots__ = ("more", "pairs", "text")

    def __init__(self, **pairs: str) -> None:
        self.pairs = pairs
        self.text = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs.items())
        self.more = "," + self.text if self.text else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


NO_LABELS = Labels()

#: The sample's suffix, two parts of its labels, its value. Only where the first part has labels may
#: the second have some.
Row = tuple[str, Labels, Labels, float]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric of the catalogue with the rows of one scrape, which can be gone through once.

    Rows are made as they are written: 180,000 of them at a time would keep the collector of garbage
    busy for as long as the rest takes.
    """

    definition: MetricDef
    rows: Iterable[Row]

    def metric(self) -> Metric:
        """The same for prometheus_client."""
        definition = self.definition
        name = definition.full_name
        metric = Metric(name.removesuffix("_total"), definition.help, definition.type)
        metric.samples = [
            Sample(name + end, first.pairs | second.pairs, value)
            for end, first, second, value in self.rows
        ]
        return metric

    def lines(self, openmetrics: bool) -> list[str]:
        """Its text: the head, then one line a series."""
        definition = self.definition
        name = definition.full_name
        head = name.removesuffix("_total") if openmetrics else name
        return [
            f"# HELP {head} {definition.help}\n# TYPE {head} {definition.type}\n",
            *[
                f"{name}{end}{{{first.text}{second.more}}} {value}\n"
                for end, first, second, value in self.rows
            ],
        ]


def family(name: str, rows: Iterable[Row]) -> Family:
    """A family of the catalogue's metric `name`."""
    return Family(BY_NAME[name], rows)


def single(name: str, value: float) -> Family:
    """A family of one series without labels."""
    return family(name, [("", NO_LABELS, NO_LABELS, value)])


def bounds_of(name: str, **extra: str) -> tuple[Labels, ...]:
    """The labels of a histogram's buckets: `extra`, and `le`."""
    return tuple(Labels(**extra, le=le) for le in (*map(repr, BY_NAME[name].buckets), "+Inf"))


def histogram_rows(
    base: Labels, extra: Labels, les: Sequence[Labels], counts: Sequence[int], total: float
) -> Iterator[Row]:
    """The rows of one histogram; `counts` by bucket, not cumulative; `les` hold `extra` too."""
    running = 0
    for le, running in zip(les, accumulate(counts), strict=True):
        if base.text:
            yield "_bucket", base, le, running
        else:
            yield "_bucket", le, NO_LABELS, running
    yield "_count", base, extra, running
    yield "_sum", base, extra, total
