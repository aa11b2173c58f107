"""What the board reads and sends: the contract's own records, and two forms of them for the page.

In: the bytes of one Kafka record. Out: a frozen struct, or `UnreadableError` with the reason.
A `WindowView` is the KPI record with one of its windows: no field is left out, changed or computed.
What a record of an older worker does not say is null on the page, never 0.
Cost: about 30 µs to read a record, 5 µs to write a view.
"""

import re
from typing import TypeVar

import msgspec

from streams.contract.fields import Part, reading
from streams.contract.figures import Figures
from streams.contract.records import (
    DefinitionsShown,
    HistoryRecord,
    IntervalRecord,
    KpiRecord,
    Live,
    QualityRecord,
)
from streams.contract.words import MINUTE_MS, QueueKey

T = TypeVar("T")


class UnreadableError(Exception):
    """A record that is not what the contract says; the argument is the reason it is counted by."""


class WindowView(Part, frozen=True):
    """One record with one window, as the page gets it; `figures` is null if it lacks the window."""

    tenant: str
    queue: str
    channel: str
    as_of: int
    watermark: int | None
    revision: int
    definitions: DefinitionsShown
    live: Live
    figures: Figures | None


class Spark(Part, frozen=True):
    """The last hour as the page draws it: a value a minute, the last at `until`, gaps null."""

    tenant: str
    queue: str
    channel: str
    until: int
    waiting: list[float | None]
    service_level: list[float | None]


class ThinDefinitions(msgspec.Struct):
    """Of an interval's definitions what its service level goes by."""

    default_formula: str | None = None


class ThinFigures(msgspec.Struct):
    """Of an interval's figures those that days are compared by; see `compared`."""

    offered: float | None = None
    answered: float | None = None
    answered_measured: float | None = None
    abandoned: float | None = None
    short_abandoned: float | None = None
    flowed_out: float | None = None
    threshold_decided: float | None = None
    answered_in_threshold: float | None = None
    abandoned_in_threshold: float | None = None
    answered_wait_seconds: float | None = None
    handled: float | None = None
    talk_seconds: float | None = None
    hold_seconds: float | None = None
    wrapup_seconds: float | None = None
    handling_agent_seconds: float | None = None
    staffed_agent_seconds: float | None = None
    slot_busy_seconds: float | None = None
    slot_capacity_seconds: float | None = None
    tickets_opened: float | None = None
    tickets_resolved: float | None = None
    first_responses: float | None = None
    first_response_seconds: float | None = None


class ThinInterval(msgspec.Struct):
    """An interval record of weeks ago: all that is read of it."""

    interval_start: int
    final: bool
    definitions: ThinDefinitions
    figures: ThinFigures


_THIN: "msgspec.json.Decoder[ThinInterval]" = msgspec.json.Decoder(ThinInterval)
_KPI: "msgspec.json.Decoder[KpiRecord]" = msgspec.json.Decoder(reading(KpiRecord))
_HISTORY: "msgspec.json.Decoder[HistoryRecord]" = msgspec.json.Decoder(reading(HistoryRecord))
_INTERVAL: "msgspec.json.Decoder[IntervalRecord]" = msgspec.json.Decoder(reading(IntervalRecord))
_QUALITY: "msgspec.json.Decoder[QualityRecord]" = msgspec.json.Decoder(reading(QualityRecord))
_KEY = msgspec.json.Decoder(QueueKey)
_INTERVAL_KEY = msgspec.json.Decoder(tuple[str, str, str, int])
_ENCODE = msgspec.json.Encoder()
_QUALITY_KEY = re.compile(rb'\["_quality",\s*\d{1,4}\]')


def _read(decoder: "msgspec.json.Decoder[T]", raw: bytes) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise UnreadableError("schema") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError("not_json") from error


def read_key(raw: bytes) -> QueueKey:
    """The (tenant, queue, channel) of a Kafka key. Raises UnreadableError("key")."""
    try:
        key: QueueKey = _KEY.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError("key") from error
    return key


def read_interval_key(raw: bytes) -> tuple[QueueKey, int]:
    """The queue and the start in ms of an interval's key. Raises UnreadableError("key")."""
    try:
        tenant, queue, channel, start = _INTERVAL_KEY.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError("key") from error
    return (tenant, queue, channel), start


def is_quality_key(raw: bytes) -> bool:
    """Whether a key of `contact.history` is that of a partition's quality, `["_quality", n]`."""
    return _QUALITY_KEY.fullmatch(raw) is not None


def read_kpi(raw: bytes) -> KpiRecord:
    """A KPI record. Raises UnreadableError."""
    return _read(_KPI, raw)


def read_quality(raw: bytes) -> QualityRecord:
    """The quality record of one partition. Raises UnreadableError."""
    return _read(_QUALITY, raw)


def read_interval(raw: bytes) -> IntervalRecord:
    """An interval record. Raises UnreadableError."""
    return _read(_INTERVAL, raw)


def read_thin(raw: bytes) -> ThinInterval:
    """Of an interval record what days are compared by. Raises UnreadableError."""
    return _read(_THIN, raw)


def read_spark(raw: bytes) -> Spark:
    """A history record, laid on 60 one-minute slots that end with its newest minute."""
    history = _read(_HISTORY, raw)
    until = max((minute.at for minute in history.minutes), default=0)
    waiting: list[float | None] = [None] * 60
    level: list[float | None] = [None] * 60
    for minute in history.minutes:
        slot = 59 - (until - minute.at) // MINUTE_MS
        if slot >= 0:
            waiting[slot] = minute.waiting
            level[slot] = None if minute.service_level is None else round(minute.service_level, 3)
    return Spark(
        tenant=history.tenant,
        queue=history.queue,
        channel=history.channel,
        until=until,
        waiting=waiting,
        service_level=level,
    )


def one_window(record: KpiRecord, window: str) -> bytes:
    """The record with one window, as JSON."""
    return _ENCODE.encode(
        WindowView(
            tenant=record.tenant,
            queue=record.queue,
            channel=record.channel,
            as_of=record.as_of,
            watermark=record.watermark,
            revision=record.revision,
            definitions=record.definitions,
            live=record.live,
            figures=record.windows.get(window),
        )
    )


def encode(value: object) -> bytes:
    """Any struct or plain value as JSON."""
    return _ENCODE.encode(value)
