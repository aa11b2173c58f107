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
    Count,
    Instant,
    Number,
    count,
    counts,
    frame,
    instant,
    level,
    levels,
    mean,
    newest_field,
    quantile,
    quantiles,
    ratio,
    setting,
    total,
    totals,
)
from streams.contract.limits import MAX_NAME
from streams.contract.words import (
    AGENT_STATES,
    ANOMALY_SORTS,
    BLOCK_REASONS,
    FLOW_OUT_REASONS,
    OFFER_OUTCOMES,
    STATE_LIMIT_SECONDS,
    TICKET_LEAVES,
    WINDOWS,
)

_VISITS: Final = "Visits {}, each counted at its own event's time."
_NAME: Final = msgspec.Meta(min_length=1, max_length=MAX_NAME)
ByWord = dict[str, Count]
SecondsByWord = dict[str, Number]
ByPercentile = dict[str, Number | None]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every record and part: fields go by name; a reader passes over unknown ones."""


class ServiceLevel(Part, frozen=True):
    """The four formulas."""

    answered_only: Annotated[Number | None, ratio("answered_in_threshold / answered_measured.")]
    offered: Annotated[Number | None, ratio("answered_in_threshold / threshold_decided.")]
    offered_less_short: Annotated[
        Number | None, ratio("answered_in_threshold / (threshold_decided - short_abandoned).")
    ]
    removed_in_threshold: Annotated[
        Number | None, ratio("(answered + abandoned in threshold) / threshold_decided.")
    ]


class Figures(Part, frozen=True):
    """All figures of one window or interval; formulas and sources: `kpis/figures.py`."""

    # volumes
    offered: Annotated[Count, count(_VISITS.format("that entered the queue"), outcome="offered")]
    contacts: Annotated[
        Count,
        count("Contacts, each at its first visit that is known.", outcome="contacts", since=2),
    ]
    contacts_hopped: Annotated[Count, count("Contacts at their second visit.", since=2)]
    contacts_over_two: Annotated[Count, count("Contacts at their third visit.", since=2)]
    hops_per_contact: Annotated[
        Number | None, ratio("offered / contacts, a ratio of two flows.", since=2)
    ]
    laps: Annotated[
        Count,
        count("Entries of who had left the same queue within grace before; not offered.", since=2),
    ]
    blocked: Annotated[Count, count("Contacts refused entry; never offered.")]
    blocked_reasons: Annotated[
        ByWord,
        counts(
            "`blocked` by reason.",
            BLOCK_REASONS,
            "Contacts refused entry for the reason `{}`.",
            since=2,
        ),
    ]
    answered: Annotated[
        Count,
        count(_VISITS.format("answered, at the first agent connection"), outcome="answered"),
    ]
    answered_measured: Annotated[
        Count,
        count(
            "Of those answered, those whose wait is known.", outcome="answered_measured", since=2
        ),
    ]
    abandoned: Annotated[
        Count,
        count(
            _VISITS.format("left by the customer unanswered, short and silent included"),
            outcome="abandoned",
        ),
    ]
    short_abandoned: Annotated[
        Count, count(_VISITS.format("abandoned within S"), outcome="short_abandoned")
    ]
    silent_abandoned: Annotated[Count, count(_VISITS.format("of chats abandoned without a word"))]
    abandoned_unmeasured: Annotated[
        Count, count("Of those abandoned, those whose wait is not known.", since=2)
    ]
    flowed_out: Annotated[
        Count, count(_VISITS.format("that left unanswered otherwise"), outcome="flowed_out")
    ]
    flowed_out_reasons: Annotated[
        ByWord,
        counts(
            "`flowed_out` by reason.",
            FLOW_OUT_REASONS,
            "Visits that flowed out for the reason `{}`.",
        ),
    ]
    orphaned: Annotated[
        Count,
        count(_VISITS.format("closed at the maximum waiting age, their end never reported")),
    ]
    orphans_recovered: Annotated[
        Count, count("Orphaned visits of which the end was told after all.", since=2)
    ]
    handled: Annotated[
        Count, count(_VISITS.format("whose handling is complete"), outcome="handled")
    ]
    transferred: Annotated[Count, count(_VISITS.format("transferred by the agent"))]
    threshold_decided: Annotated[
        Count,
        count(
            "Visits whose service level was decided: min(answered, left, E + T).",
            outcome="threshold_decided",
        ),
    ]
    answered_in_threshold: Annotated[
        Count,
        count("Of those, answered within T; exactly T is within.", outcome="answered_in_threshold"),
    ]
    abandoned_in_threshold: Annotated[
        Count, count("Of those, abandoned within T.", outcome="abandoned_in_threshold")
    ]
    flowed_out_in_threshold: Annotated[Count, count("Of those, flowed out within T.")]
    limit_decided: Annotated[
        Count,
        count(
            "Visits of which it is known whether they waited over L: min(answered, left, E + L).",
            outcome="limit_decided",
            since=2,
        ),
    ]
    waited_over_limit: Annotated[
        Count,
        count("Of those, still waiting at E + L.", outcome="waited_over_limit", since=2),
    ]
    waited_over_limit_ratio: Annotated[
        Number | None, ratio("waited_over_limit / limit_decided.", since=2)
    ]
    offers: Annotated[
        ByWord,
        counts(
            "Attempts to connect an agent, by outcome; every answer is an accepted one.",
            OFFER_OUTCOMES,
            "Attempts with the outcome `{}`.",
        ),
    ]
    offer_answer_ratio: Annotated[
        Number | None,
        ratio("Of `offers`: accepted / (accepted + rejected + timeout), 0-1.", since=2),
    ]
    abandonment_ratio: Annotated[
        Number | None,
        ratio("(abandoned - short) / (answered + abandoned - short + flowed_out), 0-1."),
    ]
    service_level: Annotated[ServiceLevel, frame("The four formulas, ratios 0-1.")]

    # waits
    answered_wait_seconds: Annotated[Number, total("Sum of the waits of visits answered")]
    abandoned_wait_seconds: Annotated[Number, total("Sum of the waits of visits abandoned")]
    closed_wait_seconds: Annotated[
        Number, total("Sum of the waits of visits answered, abandoned or flowed out")
    ]
    wait_mean_seconds: Annotated[
        Number | None, mean("ASA: answered_wait_seconds / answered_measured")
    ]
    wait_closed_mean_seconds: Annotated[
        Number | None, mean("closed_wait_seconds / visits closed whose wait is known")
    ]
    abandoned_wait_mean_seconds: Annotated[
        Number | None,
        mean("abandoned_wait_seconds / (abandoned - abandoned_unmeasured)"),
    ]
    customer_wait_seconds: Annotated[
        Number,
        total(
            "Sum of all the customer waited up to an answer: the contact's other visits too",
            since=2,
        ),
    ]
    customer_wait_count: Annotated[
        Count, count("The answers of it, whose wait is known: answered_measured.", since=2)
    ]
    customer_wait_mean_seconds: Annotated[
        Number | None, mean("customer_wait_seconds / customer_wait_count", since=2)
    ]
    customer_wait_abandoned_seconds: Annotated[
        Number, total("The same up to an abandonment", since=2)
    ]
    customer_wait_abandoned_mean_seconds: Annotated[
        Number | None,
        mean("customer_wait_abandoned_seconds / (abandoned - abandoned_unmeasured)", since=2),
    ]
    time_to_answer_seconds: Annotated[
        Number,
        total("Sum from the contact's arrival, menus included, to its first answer", since=2),
    ]
    time_to_answer_count: Annotated[
        Count, count("First answers of contacts whose arrival is told.", since=2)
    ]
    time_to_answer_mean_seconds: Annotated[
        Number | None, mean("time_to_answer_seconds / time_to_answer_count", since=2)
    ]
    wait_max_seconds: Annotated[Number | None, quantile("Longest wait of visits answered")]
    wait_quantiles_seconds: Annotated[
        ByPercentile,
        quantiles(
            "Waits of visits answered",
            "Percentile {} of answered waits, in seconds; null without any.",
        ),
    ]
    waiting_seconds: Annotated[Number, total("Queue depth integrated over the window")]
    depth_mean: Annotated[
        Number | None, ratio("waiting_seconds / the integrated length: mean visits waiting.")
    ]

    # handling
    talk_seconds: Annotated[Number, total("Connected time less hold, of visits handled")]
    hold_seconds: Annotated[Number, total("Hold, of visits handled")]
    wrapup_seconds: Annotated[Number, total("Wrap-up, of visits handled")]
    talk_mean_seconds: Annotated[Number | None, mean("talk_seconds / handled")]
    hold_mean_seconds: Annotated[Number | None, mean("hold_seconds / handled")]
    held: Annotated[Count, count("Of the visits handled, those that were on hold.", since=2)]
    hold_per_held_mean_seconds: Annotated[Number | None, mean("hold_seconds / held", since=2)]
    wrapup_mean_seconds: Annotated[Number | None, mean("wrapup_seconds / handled")]
    wrapups_reported: Annotated[Count, count("Wrap-ups that were told.", since=2)]
    wrapups_unreported: Annotated[
        Count, count("Visits handled at the wrap-up cap, without any: none was told.", since=2)
    ]
    wrapup_reported_mean_seconds: Annotated[
        Number | None, mean("wrapup_seconds / wrapups_reported", since=2)
    ]
    handle_mean_seconds: Annotated[Number | None, mean("AHT: (talk + hold + wrap-up) / handled")]

    # agents
    handling_agent_seconds: Annotated[
        Number, total("Agent time with any handling or wrap-up", state="busy")
    ]
    staffed_agent_seconds: Annotated[
        Number, total("Agent time handling, wrapping up or available", state="staffed")
    ]
    slot_busy_seconds: Annotated[
        Number, total("Busy slot time, at most the capacity", state="slot_busy")
    ]
    slot_capacity_seconds: Annotated[
        Number, total("Slot time of staffed agents", state="slot_capacity")
    ]
    agent_state_seconds: Annotated[
        SecondsByWord,
        totals(
            "Time of the members, by the one state each is in",
            AGENT_STATES,
            "Agent time in the state `{}`",
            since=2,
        ),
    ]
    occupancy_ratio: Annotated[
        Number | None, ratio("handling_agent_seconds / staffed_agent_seconds, 0-1.")
    ]
    slot_occupancy_ratio: Annotated[
        Number | None, ratio("slot_busy_seconds / slot_capacity_seconds, 0-1.")
    ]
    ready_ratio: Annotated[
        Number | None,
        ratio(
            "Of `agent_state_seconds`: (on_contact + wrapup + ringing + available) / (all - "
            "offline - unknown), 0-1.",
            since=2,
        ),
    ]

    # tickets
    tickets_opened: Annotated[Count, count("Tickets opened.")]
    first_responses: Annotated[Count, count("First public human replies.")]
    first_response_seconds: Annotated[Number, total("Sum from opened to first response")]
    first_response_mean_seconds: Annotated[
        Number | None, mean("first_response_seconds / first_responses")
    ]
    next_responses: Annotated[
        Count, count("Public human replies to what the customer wrote later.", since=2)
    ]
    next_response_seconds: Annotated[
        Number, total("Sum from the customer's first unanswered reply to those", since=2)
    ]
    next_response_mean_seconds: Annotated[
        Number | None, mean("next_response_seconds / next_responses", since=2)
    ]
    tickets_resolved: Annotated[Count, count("First resolutions.")]
    resolution_seconds: Annotated[Number, total("Sum from opened to first resolution")]
    resolution_mean_seconds: Annotated[
        Number | None, mean("ART: resolution_seconds / tickets_resolved")
    ]
    resolution_net_count: Annotated[
        Count, count("Of those, the ones whose time in pending is known.", since=2)
    ]
    resolution_net_seconds: Annotated[
        Number, total("Sum from opened to first resolution of those, less pending", since=2)
    ]
    resolution_net_mean_seconds: Annotated[
        Number | None, mean("resolution_net_seconds / resolution_net_count", since=2)
    ]
    on_hold_seconds: Annotated[
        Number, total("What of resolution_net_seconds the tickets were on hold", since=2)
    ]
    resolution_quantiles_seconds: Annotated[
        ByPercentile,
        quantiles("Resolution times", "Percentile {} of resolution times, in seconds."),
    ]
    tickets_reopened: Annotated[Count, count("Tickets reopened.")]
    bot_resolved: Annotated[
        Count,
        count("Resolutions by a bot where no person had replied; in no mean.", since=2),
    ]
    resolved_without_reply: Annotated[
        Count,
        count("Of the first resolutions, those of tickets that nobody had replied to.", since=2),
    ]
    tickets_left: Annotated[
        ByWord,
        counts(
            "Tickets that left the figures, by why; none of them is a resolution.",
            TICKET_LEAVES,
            "Tickets that left the figures as `{}`.",
            since=2,
        ),
    ]
    tickets_resolved_again: Annotated[
        Count, count("Resolutions by a person of a ticket that was resolved before.", since=2)
    ]
    resolution_cycle_seconds: Annotated[
        Number,
        total("Sum from opened or last reopened to resolved, first or again", since=2),
    ]
    resolution_cycle_mean_seconds: Annotated[
        Number | None,
        mean("resolution_cycle_seconds / (tickets_resolved + tickets_resolved_again)", since=2),
    ]
    tickets_worked: Annotated[
        Count, count("Tickets worked on, at the end of the first piece of work.", since=2)
    ]
    work_seconds: Annotated[
        Number, total("Work of agents on tickets, each piece at its end", since=2)
    ]
    work_per_resolution_seconds: Annotated[
        Number | None,
        mean("work_seconds / (tickets_resolved + tickets_resolved_again)", since=2),
    ]
    tickets_assigned: Annotated[Count, count("First assignments to an agent.", since=2)]
    assign_seconds: Annotated[
        Number, total("Sum from opened to the first assignment to an agent", since=2)
    ]
    assign_mean_seconds: Annotated[
        Number | None, mean("assign_seconds / tickets_assigned", since=2)
    ]


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


class Backlog(Part, frozen=True):
    """Open tickets by status."""

    open: Annotated[Count, level("Tickets with the status `open`.")]
    pending: Annotated[Count, level("Tickets with the status `pending`.")]
    on_hold: Annotated[Count, level("Tickets with the status `on_hold`.")]


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
        Number | None, setting("Share of tickets to be resolved in time, 0-1.", "ratio")
    ]


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


class KpiRecord(FiguresRecord, frozen=True):
    """One record of `contact.kpis`; a replay has the one window `all`."""

    as_of: Annotated[
        Instant, instant("The time the figures stand at, in ms since the epoch (UTC).")
    ]
    live: Annotated[Live, frame("What is so at `as_of`.")]
    windows: Annotated[dict[str, Figures], frame("The figures by window.", WINDOWS, "The last {}.")]


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

_SORTED: Final = msgspec.json.Encoder(order="sorted").encode
_IN_ORDER: Final = msgspec.json.Encoder().encode


def encode(record: Part) -> bytes:
    """The bytes of a record: every key there; those of a record with figures are sorted."""
    return _SORTED(record) if isinstance(record, FiguresRecord) else _IN_ORDER(record)
