"""What one metric of `/metrics` is: name, labels, help, and where its numbers come from (layer 5).

In: nothing. Out: `MetricDef`, of which the catalogue is made. Invariant: a counter of seconds is
named `…_seconds_total`, and its numbers are milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from streams.contract.words import CHANNELS

PREFIX: Final = "contactcenter_"

MetricType = Literal["counter", "gauge", "histogram"]
#: The values of a series' labels beside the queue's, in order; () without any.
Values = tuple[str, ...]

QUEUE: Final = ("tenant", "queue", "channel")
#: The channels with visits: somebody waits and is answered.
LIVE: Final = ("voice", "chat")
CHAT: Final = ("chat",)
TICKET: Final = ("ticket",)


@dataclass(frozen=True, slots=True)
class MetricDef:
    """One metric: `name` without the prefix, its labels in order, and its help text.

    `channels`: those whose queues have it. `buckets` are the upper bounds of a histogram, +Inf left
    out, empty for other types.
    `booked` says which numbers of `lifecycle/counters.py` the series of a counter show, by the
    values of their labels beside the queue's; of a histogram the number of the first bucket, and
    `sums` that of the sum. `beside`: the counts of a counter of seconds: with none of them a change
    of the sum is a correction. `sparse`: a queue has it only once anything of its part was booked.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...]
    help: str
    channels: tuple[str, ...] = CHANNELS
    buckets: tuple[float, ...] = ()
    booked: Mapping[Values, int] = field(default_factory=dict)
    sums: Mapping[Values, int] = field(default_factory=dict)
    beside: Mapping[Values, tuple[int, ...]] = field(default_factory=dict)
    sparse: bool = False

    @property
    def full_name(self) -> str:
        """The name as it is exposed, with the prefix."""
        return PREFIX + self.name

    @property
    def series_names(self) -> tuple[str, ...]:
        """The sample names a reader may query: one, or the three of a histogram."""
        if self.type != "histogram":
            return (self.full_name,)
        return tuple(self.full_name + end for end in ("_bucket", "_count", "_sum"))

    @property
    def is_seconds(self) -> bool:
        """Whether it is a sum of times."""
        return self.name.endswith("_seconds_total")

    def own_labels(self, values: Values) -> dict[str, str]:
        """The labels beside the queue's that a series of `booked` has."""
        return dict(zip(self.labels[len(QUEUE) :], values, strict=True))


def counter(name: str, labels: tuple[str, ...], text: str) -> MetricDef:
    """A counter that the exporter counts itself."""
    return MetricDef(name, "counter", labels, text)


def counted(
    name: str,
    text: str,
    numbers: int | Mapping[str, int],
    channels: tuple[str, ...] = CHANNELS,
    label: str = "",
) -> MetricDef:
    """A counter of a queue's first bookings: of one number, or of several told apart by `label`."""
    by_values: dict[Values, int] = {}
    if isinstance(numbers, int):
        by_values[()] = numbers
    else:
        by_values |= {(value,): number for value, number in numbers.items()}
    labels = (*QUEUE, label) if label else QUEUE
    return MetricDef(name, "counter", labels, text, channels, booked=by_values)


def seconds(
    name: str,
    text: str,
    number: int,
    counts: tuple[int, ...],
    channels: tuple[str, ...] = CHANNELS,
) -> MetricDef:
    """A counter of a queue's seconds, and the counts that its mean is made with."""
    return MetricDef(
        name, "counter", QUEUE, text, channels, booked={(): number}, beside={(): counts}
    )


def gauge(
    name: str, labels: tuple[str, ...], text: str, channels: tuple[str, ...] = CHANNELS
) -> MetricDef:
    """What is so now."""
    return MetricDef(name, "gauge", labels, text, channels)


def histogram(
    name: str, labels: tuple[str, ...], buckets: tuple[float, ...], text: str
) -> MetricDef:
    """A histogram that the exporter counts itself."""
    return MetricDef(name, "histogram", labels, text, buckets=buckets)


def histogram_booked(
    name: str,
    bounds: tuple[int, ...],
    text: str,
    numbers: Mapping[Values, tuple[int, int]],
    label: str = "",
) -> MetricDef:
    """A histogram of a queue's first bookings; by labels: numbers of the first bucket and sum."""
    return MetricDef(
        name,
        "histogram",
        (*QUEUE, label) if label else QUEUE,
        text,
        LIVE,
        tuple(float(bound) for bound in bounds),
        {values: first for values, (first, _) in numbers.items()},
        {values: total for values, (_, total) in numbers.items()},
    )
