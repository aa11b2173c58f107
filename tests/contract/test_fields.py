"""The contract's fields: words and structs agree, and an older record stays readable."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from streams.contract.events import TYPES
from streams.contract.fields import (
    Count,
    Part,
    count,
    fields_of,
    leaves_of,
    newest_field,
    part_of,
    reading,
    row_of,
)
from streams.contract.figures import Figures, ServiceLevel
from streams.contract.records import (
    SCHEMA_VERSION,
    Agents,
    Backlog,
    HistoryRecord,
    IntervalRecord,
    KpiRecord,
    QualityRecord,
    TargetsShown,
)
from streams.contract.words import (
    AGENT_STATES,
    CHANNEL_DEFAULTS,
    CHANNELS,
    FORMULAS,
    SLA_METRICS,
    TICKET_STATUSES,
    TOPIC_OF_CHANNEL,
)
from streams.kpis.definitions import FIGURE_OF_TARGET
from streams.lifecycle import counters
from streams.lifecycle.rules import DEFAULTS
from streams.metrics.catalogue import BOOKED
from streams.metrics.meters import COUNTS, HISTOGRAMS, SUMS
from streams.settings import Targets

RECORDS = (KpiRecord, IntervalRecord, HistoryRecord, QualityRecord)


@pytest.mark.parametrize(
    ("struct", "words"),
    [(Agents, AGENT_STATES), (Backlog, TICKET_STATUSES), (ServiceLevel, FORMULAS)],
)
def test_a_part_has_one_field_a_word(struct: type[Part], words: tuple[str, ...]) -> None:
    """In the words' order."""
    assert tuple(fields_of(struct)) == words


def test_targets_are_the_settings_own() -> None:
    """What a queue may aim at is shown, under the same name."""
    assert set(fields_of(TargetsShown)) == set(Targets.__dataclass_fields__)


@pytest.mark.parametrize("target", list(Targets.__dataclass_fields__))
def test_a_target_is_held_against_a_figure(target: str) -> None:
    """A ratio or a mean of the same unit, with a numerator and a denominator."""
    figures = {".".join(path): field for path, field in leaves_of(Figures)}
    figure = figures[FIGURE_OF_TARGET[target]]
    assert figure.kind in ("ratio", "mean")
    assert figure.unit == fields_of(TargetsShown)[target].unit


def every_field(struct: type[msgspec.Struct], later: bool = True) -> list[tuple[str, Any]]:
    """All fields of a record, those of its parts too; not `later`: those of the first version."""
    found = []
    for name, field in fields_of(struct).items():
        if field.since and not later:
            continue
        found.append((name, field))
        part = part_of(field)
        if part is not None:
            found += every_field(part, later)
    return found


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_says_what_it_means(record: type[Part]) -> None:
    """A sentence, a kind, and a unit wherever there is one to name."""
    for name, field in every_field(record):
        assert field.meaning.endswith("."), name
        if field.kind in ("count", "sum", "mean", "quantile", "ratio"):
            assert field.unit, name
        assert name.endswith("_seconds") <= (field.unit == "s" or field.kind == "frame"), name


@pytest.mark.parametrize("record", [KpiRecord, IntervalRecord])
def test_keys_are_published_by_name(record: type[Part]) -> None:
    """At every depth: the encoder sorts dicts alone, a part is so by its type."""
    parts: set[type[msgspec.Struct]] = {record}
    while parts:
        part = parts.pop()
        keys = part.__struct_encode_fields__
        assert list(keys) == sorted(keys), part
        for field in fields_of(part).values():
            parts |= {held for held in (part_of(field), row_of(field)) if held is not None}


def test_only_quantiles_are_not_exact() -> None:
    """Everything else is a sum of integers, or made of two of them."""
    inexact = {name for name, field in fields_of(Figures).items() if not field.exact}
    assert inexact == {
        name for name, field in fields_of(Figures).items() if field.kind == "quantile"
    }


def test_a_channel_s_defaults_stand_once() -> None:
    """What a record shows for a queue that nobody listed is what it is counted by."""
    assert set(CHANNEL_DEFAULTS) == set(CHANNELS) == set(TOPIC_OF_CHANNEL) == set(DEFAULTS)
    for channel, rules in DEFAULTS.items():
        seconds = CHANNEL_DEFAULTS[channel]
        assert rules.threshold_ms == _ms(seconds.service_level_seconds)
        assert rules.short_ms == _ms(seconds.short_abandon_seconds)
        assert rules.max_wait_ms == _ms(seconds.max_wait_seconds)
        assert rules.max_handle_ms == _ms(seconds.max_handle_seconds)
        assert rules.wait_limit_ms == _ms(seconds.wait_limit_seconds)


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000


def test_what_is_exported_is_counted() -> None:
    """The exporter's list is the catalogue's: a counter that nobody keeps would show 0 for ever."""
    shown = [number for metric in BOOKED for number in metric.booked.values()]
    assert len(shown) == len(set(shown)), "each is in one series"
    assert set(shown) == {*COUNTS, *SUMS, *(first for first, _, _ in HISTOGRAMS)}
    known: set[int] = set()
    for name, value in vars(counters).items():
        if name.isupper():
            known |= {value} if isinstance(value, int) else set()
            known |= set(value.values()) if isinstance(value, dict) else set()
    known |= {counters.SLA[metric] + counters.WITHDRAWN for metric in SLA_METRICS}
    for places in (counters.MET, counters.BREACHED):
        known |= {counters.SLA[m] + place for m in SLA_METRICS for place in places.values()}
    assert all(number in known or number < 0 for number in shown)
    beside = {count for counts in SUMS.values() for count in counts}
    assert beside <= {*shown, counters.ABANDONED, counters.ANSWERED_MEASURED}


class _Old(Part, frozen=True):
    first: Annotated[Count, count("The first figure.")]


class _New(_Old, frozen=True):
    later: Annotated[Count, count("One that came later.", since=1)]


class _Holds(Part, frozen=True):
    windows: Annotated[dict[str, _New], count("By window.")]
    alone: Annotated[_New, count("Alone.")]


def test_a_record_from_before_a_field_came_is_read_as_null() -> None:
    """A wall newer than its worker shows a dash, never a 0 and never nothing at all."""
    assert reading(_Old) is _Old
    decoder = msgspec.json.Decoder(reading(_Holds))
    old = decoder.decode(b'{"windows": {"5m": {"first": 3}}, "alone": {"first": 4}}')
    assert (old.windows["5m"].first, old.windows["5m"].later, old.alone.later) == (3, None, None)
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(b'{"windows": {}, "alone": {"later": 4}}')
    new = decoder.decode(b'{"windows": {}, "alone": {"first": 1, "later": 2}}')
    assert new.alone.later == 2


def test_every_event_type_has_a_name_of_its_own() -> None:
    """The tag is the `type` of the JSON."""
    assert all(tag == struct.TYPE for tag, struct in TYPES.items())


def test_a_field_that_came_later_says_since_when() -> None:
    """The first version's keys are all there will be of it: a reader takes none as null."""
    first = [
        name
        for record in (KpiRecord, IntervalRecord)
        for name, _ in every_field(record, later=False)
    ]
    assert len(first) == 171, "a new field needs `since`: one more than the newest there is"


def test_a_reader_finds_since_when_a_key_is_there(root: Path) -> None:
    """Of each key of a record, those of its parts too, the version that brought it."""
    listed = (root / "schemas" / "FIGURES.md").read_text(encoding="utf-8")
    assert f"1.{newest_field(KpiRecord)}" == SCHEMA_VERSION
    for record in (Figures, KpiRecord, IntervalRecord):
        for path, _ in leaves_of(record):
            name = ".".join(path).removeprefix("windows.").removeprefix("figures.")
            lines = [line for line in listed.splitlines() if line.startswith(f"| `{name}` ")]
            assert len(lines) == 1, name
