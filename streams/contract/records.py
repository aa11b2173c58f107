"""The records this project publishes, one struct each; every field says what it means.

In: nothing. Out: `KpiRecord`, `IntervalRecord`, `HistoryRecord`, `QualityRecord`, `AnomalyRecord`,
and their parts.
Whoever makes a record makes one of these, so a figure that is forgotten or misspelt is a type
error; whoever shows one reads its fields (`fields.fields_of`): schemas, documents, tables, files,
the labels of `/metrics`, and what is compared with the truth.
Invariant: the bytes have every key. Ratios are 0-1; times are seconds, in `_at` ms.
"""

from typing import Annotated, Final

import msgspec

from streams.contract.fields import (
    ByWord,
    Count,
    Instant,
    Number,
    Part,
    SecondsPromised,
    count,
    counts,
    frame,
    instant,
    level,
    levels,
    mean,
    newest_field,
    ratio,
    setting,
    settings,
    sorted_by_name,
)
from streams.contract.figures import Figures
from streams.contract.limits import MAX_NAME
from streams.contract.words import (
    ANOMALY_SORTS,
    BACKLOG_AGES,
    STATE_LIMIT_SECONDS,
    TICKET_PRIORITIES,
    WINDOWS,
)

_NAME: Final = msgspec.Meta(min_length=1, max_length=MAX_NAME)


@sorted_by_name
class Agents(Part, frozen=True):
    """Members of the queue by one exclusive state each."""

    error: Annotated[Count, level("Agents in the state `error`.")]
    on_contact: Annotated[Count, level("Agents in the state `on_contact`.")]
    wrapup: Annotated[Count, level("Agents in the state `wrapup`.")]
    ringing: Annotated[Count, level("Agents in the state `ringing`.")]
    break_: Annotated[Count, level("Agents in the state `break`.")] = msgspec.field(name="break")
    available: Annotated[Count, level("Agents in the state `available`.")]
    unknown: Annotated[Count, level("Agents in the state `unknown`.")]
    offline: Annotated[Count, level("Agents in the state `offline`.")]


@sorted_by_name
class Backlog(Part, frozen=True):
    """Open tickets by status."""

    open: Annotated[Count, level("Tickets with the status `open`.")]
    pending: Annotated[Count, level("Tickets with the status `pending`.")]
    on_hold: Annotated[Count, level("Tickets with the status `on_hold`.")]


@sorted_by_name
class SlaLive(Part, frozen=True):
    """The clocks of one promise; at_risk are running, breached_open count as breached."""

    running: Annotated[Count, level("Clocks that run, not due yet.")]
    paused: Annotated[Count, level("Clocks that stand still, not due yet.")]
    at_risk: Annotated[Count, level("Of those that run, the ones with little time left.")]
    breached_open: Annotated[Count, level("Clocks that were due and are not fulfilled yet.")]


@sorted_by_name
class PromisesLive(Part, frozen=True):
    """The three promises of a ticket."""

    first_response: Annotated[SlaLive, frame("The first response.")]
    next_response: Annotated[SlaLive, frame("A reply to what the customer wrote later.")]
    resolution: Annotated[SlaLive, frame("The resolution.")]


@sorted_by_name
class Live(Part, frozen=True):
    """What is so at `as_of`."""

    waiting: Annotated[Count, level("Visits waiting, ringing included.")]
    waiting_over_threshold: Annotated[Count, level("Visits waiting longer than T.")]
    waiting_over_limit: Annotated[Count, level("Visits waiting longer than L.", since=2)]
    oldest_waiting_at: Annotated[
        Instant | None,
        instant("When the longest-waiting visit entered, in ms; null where none waits."),
    ]
    ringing: Annotated[Count, level("Visits ringing.")]
    handling: Annotated[Count, level("Visits connected.")]
    longest_handling_at: Annotated[
        Instant | None, instant("When the longest connected visit was answered, in ms; null: none.")
    ]
    in_progress_handle_seconds: Annotated[
        Number,
        level(
            "Time from the answer to `as_of`, summed over the visits connected; in no AHT yet, in "
            "seconds.",
            since=2,
            unit="s",
        ),
    ]
    agents: Annotated[
        Agents, frame("Members with a slot for the channel, by one exclusive state each.")
    ]
    agents_stuck: Annotated[
        ByWord,
        levels(
            "Of `agents`, those who have been in one state for longer than the queue's limit.",
            tuple(STATE_LIMIT_SECONDS),
            "Agents in the state `{}` for longer than the queue's limit.",
            since=2,
        ),
    ]
    agents_stuck_oldest_at: Annotated[
        Instant | None,
        instant("Since when the first of those has been in its state, in ms; null: none.", since=2),
    ]
    backlog: Annotated[Backlog, frame("Open tickets by status.")]
    backlog_unassigned: Annotated[Count, level("Open tickets without an agent.", since=2)]
    oldest_open_at: Annotated[
        Instant | None, instant("When the oldest open ticket was opened, in ms; null: none.")
    ]
    backlog_age: Annotated[
        ByWord,
        levels(
            "Open tickets by age, from their opening; reopened ones keep it.",
            BACKLOG_AGES,
            "Open tickets younger than `{}`, and not in a younger group.",
            since=3,
        ),
    ]
    complaints_open: Annotated[Count, level("Open complaints.", since=3)]
    sla: Annotated[
        PromisesLive | None,
        frame("The clocks of promises; null where it is no ticket.", since=3),
    ]
    next_due_at: Annotated[
        Instant | None,
        instant("When the first of the running clocks is due, in ms; null: none.", since=3),
    ]
    callbacks_owed: Annotated[Count, level("Calls promised back and not ended.", since=3)]
    callbacks_overdue: Annotated[
        Count, level("Of those, the ones whose agreed time has passed.", since=3)
    ]
    oldest_callback_at: Annotated[
        Instant | None,
        instant("When the oldest of the calls owed was asked for, in ms; null: none.", since=3),
    ]


@sorted_by_name
class TargetsShown(Part, frozen=True):
    """What the queue aims at; None: no target, or the queues of `_all` differ."""

    service_level: Annotated[Number | None, setting("The share to be reached, 0-1.", "ratio")]
    occupancy_low: Annotated[Number | None, setting("Lower edge of the good band, 0-1.", "ratio")]
    occupancy_high: Annotated[Number | None, setting("Upper edge of the good band, 0-1.", "ratio")]
    occupancy_limit: Annotated[
        Number | None, setting("Occupancy above which the queue is overloaded, 0-1.", "ratio")
    ]
    abandonment: Annotated[
        Number | None, setting("Largest abandonment ratio aimed at, 0-1.", "ratio")
    ]
    handle_seconds: Annotated[Number | None, setting("Mean handle time aimed at, in seconds.", "s")]
    first_response_seconds: Annotated[
        Number | None, setting("Time to the first response aimed at, in seconds.", "s")
    ]
    resolution_ratio: Annotated[
        Number | None,
        setting("Share of promised resolutions to be kept, 0-1.", "ratio"),
    ]
    waited_over_limit: Annotated[
        Number | None,
        setting("Largest share aimed at that waits over the limit, 0-1.", "ratio", since=3),
    ]
    resolved_same_day: Annotated[
        Number | None,
        setting("Share to be resolved on the day of the opening, 0-1.", "ratio", since=3),
    ]
    first_response_ratio: Annotated[
        Number | None,
        setting("Share of promised first responses to be kept, 0-1.", "ratio", since=3),
    ]
    next_response_ratio: Annotated[
        Number | None,
        setting("Share of promised next responses to be kept, 0-1.", "ratio", since=3),
    ]


@sorted_by_name
class PromisesShown(Part, frozen=True):
    """What is promised to tickets, by priority, in seconds of business time; null: nothing is."""

    first_response: Annotated[
        SecondsPromised,
        settings("Until the first response", TICKET_PRIORITIES),
    ]
    next_response: Annotated[
        SecondsPromised,
        settings("Until a reply to what the customer wrote later", TICKET_PRIORITIES),
    ]
    resolution: Annotated[
        SecondsPromised,
        settings("Until the resolution", TICKET_PRIORITIES),
    ]


@sorted_by_name
class DefinitionsShown(Part, frozen=True):
    """What the figures go by; None where the queues of `_all` differ."""

    service_level_seconds: Annotated[
        Number | None, setting("The service-level threshold T, in seconds; null: none.", "s")
    ]
    short_abandon_seconds: Annotated[
        Number | None, setting("The short-abandon threshold S, in seconds; null: none.", "s")
    ]
    wait_limit_seconds: Annotated[
        Number | None,
        setting("The limit L that nobody should wait over, in seconds; null: none.", "s", since=2),
    ]
    default_formula: Annotated[
        str | None, setting("Which of the four formulas of `service_level` the queue shows.")
    ]
    targets: Annotated[
        TargetsShown,
        frame("What the queue aims at, ratios 0-1 and seconds; null: no target."),
    ]
    calendar: Annotated[
        str | None,
        setting("The calendar whose business time tickets go by; null: all time.", since=3),
    ]
    sla: Annotated[
        PromisesShown | None,
        frame("What is promised to tickets; null: nothing.", since=3),
    ]


class Record(Part, frozen=True):
    """What every record of a queue begins with."""

    tenant: Annotated[str, frame("Whose centre it is."), _NAME]
    queue: Annotated[
        str,
        frame(
            "The queue's name; `_all` is every queue of the tenant and channel, each agent once."
        ),
        _NAME,
    ]
    channel: Annotated[str, frame("voice, chat or ticket."), _NAME]


class FiguresRecord(Record, frozen=True):
    """What the two records with figures have in common."""

    watermark: Annotated[
        Instant | None, instant("Least event time over the sources, in ms; null without events.")
    ]
    revision: Annotated[
        Count,
        frame("Grows with every record of the key, gaps allowed; a reader keeps the largest."),
    ]
    schema_version: Annotated[
        str,
        frame("The version of the record's schema: 1, and how often fields were added.", since=1),
    ]
    definitions: Annotated[
        DefinitionsShown,
        frame("What the figures go by; null where the queues of `_all` differ."),
    ]


@sorted_by_name
class KpiRecord(FiguresRecord, frozen=True):
    """One record of `contact.kpis`; a replay has the one window `all`."""

    as_of: Annotated[
        Instant, instant("The time the figures stand at, in ms since the epoch (UTC).")
    ]
    live: Annotated[Live, frame("What is so at `as_of`.")]
    windows: Annotated[dict[str, Figures], frame("The figures by window.", WINDOWS, "The last {}.")]


@sorted_by_name
class IntervalRecord(FiguresRecord, frozen=True):
    """One record of `contact.intervals`."""

    interval_start: Annotated[
        Instant, instant("The start of the interval, in ms since the epoch (UTC).")
    ]
    interval_seconds: Annotated[
        int, frame("The length of the interval, in seconds."), msgspec.Meta(ge=1)
    ]
    final: Annotated[
        bool, frame("Whether every source has passed the interval by the lateness horizon.")
    ]
    figures: Annotated[Figures, frame("The figures of the interval alone.")]


class Minute(Part, frozen=True):
    """One whole minute of the last hour."""

    at: Annotated[Instant, instant("When the minute began, in ms.")]
    offered: Annotated[Count, count("Visits that entered.")]
    answered: Annotated[Count, count("Visits answered.")]
    abandoned: Annotated[Count, count("Visits abandoned.")]
    waiting: Annotated[Count, level("Visits waiting at the minute's end.")]
    service_level: Annotated[Number | None, ratio("The formula `offered_less_short`, 0-1.")]
    abandonment_ratio: Annotated[Number | None, ratio("As in the figures, 0-1.")]
    occupancy_ratio: Annotated[Number | None, ratio("As in the figures, 0-1.")]
    wait_mean_seconds: Annotated[Number | None, mean("ASA of the minute")]


class HistoryRecord(Record, frozen=True):
    """One record of `contact.history`: the last 60 minutes, oldest first."""

    minutes: Annotated[
        list[Minute], frame("Whole minutes, oldest first."), msgspec.Meta(max_length=240)
    ]


class QualityRecord(Part, frozen=True):
    """The `_quality` record of one partition, on `contact.history`: how good the data are."""

    partition: Annotated[
        Count,
        frame("The partition number."),
    ]
    at: Annotated[Instant, instant("When it was written, in ms.")]
    sources: Annotated[
        dict[str, Instant], frame("The newest event of each source that has not ended, in ms.")
    ]
    late: Annotated[Count, count("Events older than the lateness horizon.")]
    dead_letters: Annotated[Count, count("Records rejected.")]
    anomalies: Annotated[Count, count("Legal events that found an unexpected state.")]
    orphaned: Annotated[Count, count("Visits whose end was never reported.")]
    unknown_agents: Annotated[Count, count("Agents whose snapshots went silent.")]
    anomalies_by_sort: Annotated[
        ByWord,
        counts(
            "`anomalies` by what became of them, counted since 1.2.",
            ANOMALY_SORTS,
            "Anomalies of the sort `{}`.",
            since=2,
        ),
    ]
    effective_lately: Annotated[
        Count, count("Events of the last ten minutes that could have had an effect.", since=2)
    ]
    did_nothing_lately: Annotated[Count, count("Of those, how many did nothing.", since=2)]


class AnomalyRecord(Part, frozen=True):
    """One record of `contact.anomalies`: a legal event that found an unexpected state, a sample.

    It says where the event stands, not whose it is: no id of a contact, a customer or an agent.
    """

    topic: Annotated[str, frame("The topic the event stands in.")]
    partition: Annotated[Count, frame("Its partition there.")]
    offset: Annotated[Count, frame("Its offset there.")]
    type: Annotated[str, frame("The event's type.")]
    source: Annotated[str, frame("The system that sent it."), _NAME]
    tenant: Annotated[str, frame("Whose centre it is."), _NAME]
    channel: Annotated[str | None, frame("voice, chat or ticket; null: an agent's.")]
    queue: Annotated[str | None, frame("The queue it names; null: none.")]
    kind: Annotated[str, frame("What was unexpected: deploy/runbooks/StreamAnomalies.md has all.")]
    sort: Annotated[
        str, frame(f"What became of it: {', '.join(f'`{sort}`' for sort in ANOMALY_SORTS)}.")
    ]
    occurred_at: Annotated[Instant, instant("The event's own time, in ms.")]
    seen_at: Annotated[Instant, instant("When it was taken, in ms.")]
    left_off: Annotated[
        Count,
        count("Anomalies of the partition between the sample before and this one, left off."),
    ]


#: In every KPI and interval record, as a Kafka header of theirs, and in the files made of them.
SCHEMA_VERSION: Final = f"1.{max(newest_field(KpiRecord), newest_field(IntervalRecord))}"

#: By name: parts are so by their types, dicts by this.
_SORTED: Final = msgspec.json.Encoder(order="deterministic").encode
_IN_ORDER: Final = msgspec.json.Encoder().encode


def encode(record: Part) -> bytes:
    """The bytes of a record: every key there; those of a record with figures are sorted."""
    has_figures = isinstance(record, KpiRecord | IntervalRecord)
    return _SORTED(record) if has_figures else _IN_ORDER(record)
