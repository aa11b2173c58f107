"""What a field of a record is: its meaning, its unit and its kind, written once at the field.

In: a sentence. Out: the `msgspec.Meta` that stands in the field's `Annotated` type, and `Field`,
what everybody else reads of it: schemas, documents, tables, files, the exporter, comparisons.
Kinds:
    count, sum   integers inside; they add up over windows, intervals and queues
    ratio, mean  made of two of those, None where the denominator is not positive; never add up
    quantile     of the histogram, within 0.8 %
    level        what is so at `as_of`
    instant      ms since the epoch
    list         rows of figures by a value that no closed list has: a topic, a currency
    setting, frame   what the figures go by, and whose they are
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Meta

Kind = Literal[
    "count", "sum", "ratio", "mean", "quantile", "level", "instant", "list", "setting", "frame"
]
#: What a reader takes for a number, and for an instant (ms): up to the year 9999.
Count = Annotated[int, Meta(ge=0)]
Number = Annotated[float, Meta(ge=0)]
Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
ByWord = dict[str, Count]
SecondsByWord = dict[str, Number]
#: What a setting is for each word; None: there it is nothing.
SecondsPromised = dict[str, Number | None]
ByPercentile = dict[str, Number | None]
RatioByWord = dict[str, Number | None]
PERCENTILES: Final = ("p50", "p80", "p90", "p95", "p99")
_BOUND: Final = "error at most 0.8 %"


S = TypeVar("S", bound=msgspec.Struct)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every record and part: fields go by name; a reader passes over unknown ones."""


#: The structs that `sorted_by_name` has put in order, as they are written.
_WRITTEN: Final[dict[type[msgspec.Struct], type[msgspec.Struct]]] = {}


def sorted_by_name(struct: type[S]) -> type[S]:
    """The same part with its fields in the order of their names, for what is published so.

    An encoder that has to sort the keys of every part of every record takes half as long again,
    and a tick is records above all. What is made is a `Part` of its own, no heir of `struct`.
    """
    hints = get_type_hints(struct, include_extras=True)
    columns = [
        (item.name, hints[item.name], msgspec.field(name=item.encode_name))
        for item in sorted(msgspec.structs.fields(struct), key=lambda item: item.encode_name)
    ]
    made = msgspec.defstruct(
        struct.__name__,
        columns,
        bases=(Part,),
        module=struct.__module__,
        namespace={"__doc__": struct.__doc__},
        frozen=True,
        kw_only=True,
    )
    _WRITTEN[made] = struct
    return cast("type[S]", made)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record; `name` as it is published.

    `labels`: the series of `/metrics` that shows it. `each`: the words that are a mapping's keys,
    and `each_means` the sentence about one of them. `since`: the version that brought the field.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str
    exact: bool
    type: Any
    labels: dict[str, str]
    each: tuple[str, ...]
    each_means: str
    since: int

    @property
    def nullable(self) -> bool:
        """Whether the value may be None."""
        return type(None) in get_args(self.type)

    @property
    def by_name(self) -> bool:
        """Whether it is a mapping whose keys no list of the contract has: settings name them."""
        return get_origin(self.type) is dict and not self.each

    @property
    def additive(self) -> bool:
        """Whether it adds up over the intervals of a day and the queues of a centre."""
        return self.kind in ("count", "sum")


def _meta(kind: Kind, meaning: str, unit: str, **extra: Any) -> Meta:
    return Meta(description=meaning, extra={"kind": kind, "unit": unit, **extra})


def count(meaning: str, since: int = 0, **labels: str) -> Meta:
    """An exact number; `labels`: the series of `/metrics` that shows it (`outcome`)."""
    return _meta("count", meaning, "1", labels=labels, since=since)


def total(meaning: str, since: int = 0, **labels: str) -> Meta:
    """Exact seconds that add up; `labels`: the series of `/metrics` that shows it (`state`)."""
    return _meta("sum", f"{meaning}, in seconds.", "s", labels=labels, since=since)


def totals(meaning: str, words: tuple[str, ...], each_means: str, since: int = 0) -> Meta:
    """Exact seconds by the words of one closed list; without any, by names of the settings."""
    extra = {"each": words, "each_means": f"{each_means}, in seconds.", "since": since}
    return _meta("sum", f"{meaning}, in seconds.", "s", **extra)


def ratio(meaning: str, since: int = 0) -> Meta:
    """A numerator over a denominator, to six decimals; None where that is not positive."""
    return _meta("ratio", meaning, "ratio", since=since)


def ratios(meaning: str, words: tuple[str, ...], each_means: str, since: int = 0) -> Meta:
    """The same by the words of one closed list."""
    return _meta("ratio", meaning, "ratio", each=words, each_means=each_means, since=since)


def points(meaning: str, since: int = 0) -> Meta:
    """A difference of two shares in points, -100 to 100, to one decimal; None without any."""
    return _meta("ratio", meaning, "points", since=since)


def scores(meaning: str, since: int = 0) -> Meta:
    """Points of a scale, summed; they add up where the scale is the same."""
    return _meta("sum", meaning, "points", since=since)


def mean_score(meaning: str, since: int = 0) -> Meta:
    """Points of a scale over a count, to six decimals; None without any."""
    return _meta("mean", meaning, "points", since=since)


def money(meaning: str, since: int = 0) -> Meta:
    """An amount in units of its currency; amounts of one currency add up."""
    return _meta("sum", meaning, "currency", since=since)


def rows(meaning: str, since: int = 0) -> Meta:
    """A list of parts, each of another value, by which they are sorted."""
    return _meta("list", meaning, "", since=since)


def mean(meaning: str, since: int = 0) -> Meta:
    """Seconds over a count, to six decimals; None without any."""
    return _meta("mean", f"{meaning}, in seconds.", "s", since=since)


def quantile(meaning: str, since: int = 0) -> Meta:
    """Seconds of the histogram: the only figures that are not exact."""
    return _meta("quantile", f"{meaning}, {_BOUND}, in seconds.", "s", exact=False, since=since)


def quantiles(meaning: str, each_means: str, since: int = 0) -> Meta:
    """Such figures by percentile, `p50` to `p99`."""
    extra = {"each": PERCENTILES, "each_means": each_means, "exact": False, "since": since}
    return _meta("quantile", f"{meaning}, {_BOUND}, in seconds.", "s", **extra)


def counts(meaning: str, words: tuple[str, ...], each_means: str, since: int = 0) -> Meta:
    """Exact numbers by the words of one closed list."""
    return _meta("count", meaning, "1", each=words, each_means=each_means, since=since)


def level(meaning: str, since: int = 0, unit: str = "1") -> Meta:
    """How many, or how much, there is at `as_of`."""
    return _meta("level", meaning, unit, since=since)


def levels(meaning: str, words: tuple[str, ...], each_means: str, since: int = 0) -> Meta:
    """How many there are at `as_of`, by the words of one closed list."""
    return _meta("level", meaning, "1", each=words, each_means=each_means, since=since)


def instant(meaning: str, since: int = 0) -> Meta:
    """Milliseconds since the epoch, UTC."""
    return _meta("instant", meaning, "ms", since=since)


def setting(meaning: str, unit: str = "", since: int = 0) -> Meta:
    """What the figures go by."""
    return _meta("setting", meaning, unit, since=since)


def settings(meaning: str, words: tuple[str, ...], since: int = 0) -> Meta:
    """Seconds that the figures go by, for each word of one closed list."""
    extra = {"each": words, "each_means": f"{meaning}, for `{{}}`, in seconds.", "since": since}
    return _meta("setting", f"{meaning}, in seconds.", "s", **extra)


def frame(meaning: str, words: tuple[str, ...] = (), each_means: str = "", since: int = 0) -> Meta:
    """Whose figures a record has, which record it is, and what holds its parts."""
    return _meta("frame", meaning, "", each=words, each_means=each_means, since=since)


@cache
def fields_of(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """The fields of a record or of a part of one, by their published names, as they are written."""
    hints = get_type_hints(struct, include_extras=True)
    found = {}
    for item in msgspec.structs.fields(_WRITTEN.get(struct, struct)):
        hint = hints[item.name]
        meta = next(part for part in hint.__metadata__ if part.extra)
        extra = dict(meta.extra or {})
        found[item.encode_name] = Field(
            item.encode_name,
            extra["kind"],
            meta.description or "",
            extra["unit"],
            extra.get("exact", True),
            get_args(hint)[0],
            extra.get("labels", {}),
            extra.get("each", ()),
            extra.get("each_means", ""),
            extra.get("since", 0),
        )
    return found


def plain_type(kind: Any) -> tuple[Any, bool]:
    """A value's type without its limits (`int`, `str`, …), and whether it may be null."""
    options = get_args(kind) if get_origin(kind) in (UnionType, Union) else (kind,)
    (held,) = (option for option in options if option is not type(None))
    plain = get_args(held)[0] if get_origin(held) is Annotated else held
    return plain, type(None) in options


def row_of(field: Field) -> type[msgspec.Struct] | None:
    """The struct of which a field holds a list; None where it holds no list."""
    if field.kind != "list":
        return None
    held = next(kind for kind in (field.type, *get_args(field.type)) if get_origin(kind) is list)
    return cast("type[msgspec.Struct]", get_args(held)[0])


def part_of(field: Field) -> type[msgspec.Struct] | None:
    """The struct that a field holds, or holds by word; None for plain values and lists."""
    held = field.type
    if field.kind == "list":
        return None
    if get_origin(held) is dict:
        held = get_args(held)[1]
    if field.nullable:
        held = next(kind for kind in get_args(held) if kind is not type(None))
    is_struct = isinstance(held, type) and issubclass(held, msgspec.Struct)
    return held if is_struct else None


def leaves_of(struct: type[msgspec.Struct]) -> Iterator[tuple[tuple[str, ...], Field]]:
    """The fields of a record that hold values, those of its parts too, each with its path."""
    for name, field in fields_of(struct).items():
        part = part_of(field)
        if part is None:
            yield (name,), field
        else:
            for path, leaf in leaves_of(part):
                yield (name, *path), leaf


def since_of(struct: type[msgspec.Struct], path: Sequence[str]) -> int:
    """The version that brought what the path leads to; 0: the first."""
    first, *rest = path
    field = fields_of(struct)[first]
    part = part_of(field)
    return max(field.since, since_of(part, rest) if rest and part is not None else 0)


@cache
def reading(struct: type[S]) -> type[S]:
    """The struct as a reader takes it: a field of a later version than the first may be missing.

    Records stay on compacted topics after an upgrade, and a wall may be newer than a worker: what
    such a record does not say is None, never 0. The struct itself where nothing came later.
    """
    columns, same = [], True
    for item in msgspec.structs.fields(struct):
        field = fields_of(struct)[item.encode_name]
        part = part_of(field)
        held = reading(part) if part is not None else None
        kept = held is part and not field.since
        same = same and kept
        kind = item.type
        if held is not part:
            kind = _with_part(field.type, held)
        default = item.default if kept else (None if field.since else msgspec.NODEFAULT)
        if field.since:
            kind = kind | None
        columns.append((item.name, kind, msgspec.field(name=item.encode_name, default=default)))
    if same:
        return struct
    made = msgspec.defstruct(struct.__name__, columns, frozen=True, kw_only=True)
    return cast("type[S]", made)


def _with_part(kind: Any, part: Any) -> Any:
    """The type of a field that holds the struct `part` instead: alone, by word, or None too."""
    if get_origin(kind) is dict:
        return dict[str, part]
    return part | None if type(None) in get_args(kind) else part


def newest_field(struct: type[msgspec.Struct]) -> int:
    """The greatest `since` of a record's fields and those of its parts."""
    found = [0]
    for field in fields_of(struct).values():
        part = part_of(field)
        found += [field.since, newest_field(part) if part is not None else 0]
    return max(found)
