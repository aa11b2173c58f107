"""Families of series: what a metrics page is made of, and its text (layer 5).

In: definitions of the catalogue and their values. Out: text of the two exposition formats, or
prometheus_client's own objects. The text is written here because prometheus_client takes ten times
as long: 2,000 queues are 350,000 series. Cost: about half a microsecond a series, for what is alike
for all queues is put together once, and a column of values is written at a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

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


class Key:
    """One series that each of some things (queues, partitions) has: its suffix and own labels."""

    __slots__ = ("alone", "behind", "end", "labels")

    def __init__(self, end: str, labels: Labels) -> None:
        self.end, self.labels = end, labels
        #: The text before and after a thing's labels: where it has some, and where it has none.
        self.behind = f"{end}{{", f"{labels.more}}} "
        self.alone = f"{end}{{{labels.text}", "} "


PLAIN = Key("", NO_LABELS)

#: A series and its values, one for each of the family's things; None: this one has no such series.
Column = tuple[Key, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric of the catalogue with the values of one scrape, which can be gone through once.

    `things` are the labels of what has it; either all of them have some or none has.
    """

    definition: MetricDef
    things: Sequence[Labels]
    columns: Iterable[Column]

    def metric(self) -> Metric:
        """The same for prometheus_client."""
        definition = self.definition
        name = definition.full_name
        metric = Metric(name.removesuffix("_total"), definition.help, definition.type)
        columns = [
            [
                (name + key.end, labels.pairs | key.labels.pairs, value)
                for labels, value in zip(self.things, values, strict=True)
            ]
            for key, values in self.columns
        ]
        metric.samples = [
            Sample(*sample)
            for samples in zip(*columns, strict=True)
            for sample in samples
            if sample[2] is not None
        ]
        return metric

    def lines(self, openmetrics: bool) -> list[str]:
        """Its text: the head, then one line a series, those of one thing together."""
        definition = self.definition
        name = definition.full_name
        head = name.removesuffix("_total") if openmetrics else name
        texts = [labels.text for labels in self.things]
        have_labels, columns = any(texts), []
        for key, values in self.columns:
            before, after = key.behind if have_labels else key.alone
            columns.append(
                [
                    "" if value is None else f"{name}{before}{text}{after}{value}\n"
                    for text, value in zip(texts, values, strict=True)
                ]
            )
        lines = filter(None, chain.from_iterable(zip(*columns, strict=True)))
        return [f"# HELP {head} {definition.help}\n# TYPE {head} {definition.type}\n", *lines]


def family(name: str, things: Sequence[Labels], columns: Iterable[Column]) -> Family:
    """A family of the catalogue's metric `name`."""
    return Family(BY_NAME[name], things, columns)


def single(name: str, value: float) -> Family:
    """A family of one series without labels."""
    return family(name, [NO_LABELS], [(PLAIN, [value])])


def histogram_keys(name: str, **extra: str) -> tuple[Key, ...]:
    """The series of a histogram, `extra` being labels of its own."""
    labels = Labels(**extra)
    bounds = (*map(repr, BY_NAME[name].buckets), "+Inf")
    buckets = (Key("_bucket", Labels(**extra, le=le)) for le in bounds)
    return (*buckets, Key("_count", labels), Key("_sum", labels))


def histogram_values(counts: Iterable[int], total: float) -> list[float]:
    """The values of `histogram_keys`; `counts` by bucket, not cumulative."""
    values: list[float] = [*accumulate(counts)]
    return [*values, values[-1], total]


def columns_of(keys: Iterable[Key], rows: Sequence[Sequence[float | None]]) -> Iterable[Column]:
    """The columns of `keys`; `rows`: of each thing its values, in the order of the keys."""
    return zip(keys, zip(*rows, strict=True), strict=True) if rows else ()
