"""Layer 2: which rules held when: a queue's settings as the lifecycle needs them, integer ms.

Built once from the settings; the lifecycle never reads a configuration itself. What a unit lived
through keeps its rules: `windows/kept_rules.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from streams.contract.words import (
    CALLBACK_MEMORY_DAYS,
    CHANNEL_DEFAULTS,
    CHANNELS,
    DAY_MS,
    GRACE_SECONDS,
    HORIZON_SECONDS,
    HOUR_MS,
    MAX_AGENTS,
    MAX_ALL_QUEUES,
    MAX_CUSTOMERS,
    MAX_QUEUES,
    MAX_TENANTS,
    REPEAT_DAYS,
    RESOLUTION_DAYS,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    TICKET_MEMORY_DAYS,
    TICKET_PRIORITIES,
    WRAPUP_CAP_SECONDS,
    QueueKey,
)
from streams.lifecycle.thousandths import in_thousandths
from streams.settings import QueueSettings, Settings
from streams.settings.calendars import Calendar

#: Due time of a deadline that does not exist: later than any event (year 2100 is 4.1e12).
NEVER = 1 << 60
HORIZON_MS = HORIZON_SECONDS * 1_000
GRACE_MS = GRACE_SECONDS * 1_000
#: An agent whose last event is this old is forgotten.
FORGET_MS = 90 * DAY_MS
#: How long an agent's snapshot without `ttl_seconds` holds.
SNAPSHOT_MS = 16 * HOUR_MS

T = TypeVar("T")
#: (since in ms, the calendar from then on; None: all time is open), in order; the first always was.
Calendars = Sequence[tuple[int, Calendar | None]]


def in_force(first: T, later: Iterable[tuple[int, T]], at: int) -> T:
    """Of versions through time, the last that began by `at` (ms); `first` has always been."""
    in_effect = first
    for since, version in later:
        if since > at:
            break
        in_effect = version
    return in_effect


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000


_VOICE = CHANNEL_DEFAULTS["voice"]


def _limits_of(said: Mapping[str, int]) -> tuple[int | None, ...]:
    """Of each state in `STATE_LIMIT_SECONDS`; 0 in the settings: none."""
    return tuple(_ms(said.get(s, default) or None) for s, default in STATE_LIMIT_SECONDS.items())


@dataclass(frozen=True, slots=True)
class QueueRules:
    """One (queue, channel)'s rules; times in ms; None: the rule does not apply.

    `later`: the rules from later instants (ms) on, in order of time. A visit keeps those that were
    in force when it was enqueued, so that a change does not rewrite what has been. The names of the
    fields are stored with a unit's state.
    """

    threshold_ms: int | None = _ms(_VOICE.service_level_seconds)
    short_ms: int | None = _ms(_VOICE.short_abandon_seconds)
    wrapup: bool = False
    wrapup_cap_ms: int = WRAPUP_CAP_SECONDS * 1_000
    max_wait_ms: int | None = _ms(_VOICE.max_wait_seconds)
    max_handle_ms: int | None = _ms(_VOICE.max_handle_seconds)
    silent_ms: int | None = None
    closed_resolves: bool = True
    #: None for rules that were stored when there was no limit.
    wait_limit_ms: int | None = None
    #: How long an agent may stay in each state of `STATE_LIMIT_SECONDS`, in its order.
    state_limits_ms: tuple[int | None, ...] = _limits_of({})
    #: Of tickets: where their days begin, and in how many of them they are to be resolved, and
    #: could be taken back.
    time_zone: str = "UTC"
    resolution_ms: int = RESOLUTION_DAYS * DAY_MS
    repeat_ms: int = REPEAT_DAYS * DAY_MS
    #: Of tickets: by metric (`words.SLA_METRICS`) and priority (`words.TICKET_PRIORITIES`) the
    #: business time that is promised; with how much left a promise is at risk, where the queue
    #: says so.
    calendar: Calendar | None = None
    sla_ms: tuple[tuple[int | None, ...], ...] = ()
    at_risk_ms: int | None = None
    pause_on_hold: bool = False
    #: From which score on (thousandths) an answer to `csat` is a satisfied one; None: the better
    #: quarter of its scale.
    csat_satisfied_from: int | None = None
    #: The topics that figures are told apart by; none: they are not.
    topics: tuple[str, ...] = ()
    #: Why agents are on a break: the reasons that have a figure each.
    break_reasons: tuple[str, ...] = ()
    later: tuple[tuple[int, "QueueRules"], ...] = ()

    def at(self, at: int) -> "QueueRules":
        """The rules in force at `at` (ms)."""
        return in_force(self, self.later, at)

    def calendars(self) -> Calendars:
        """(since in ms, the calendar from then on); empty where there never is one."""
        versions = ((0, self), *self.later)
        if all(rules.calendar is None for _, rules in versions):
            return ()
        return tuple((since, rules.calendar) for since, rules in versions)


def _score(said: float | None) -> int | None:
    return None if said is None else in_thousandths(said)


def _rules_of(queue: QueueSettings) -> QueueRules:
    return QueueRules(
        threshold_ms=_ms(queue.service_level_seconds),
        short_ms=_ms(queue.short_abandon_seconds),
        wrapup=queue.wrapup,
        wrapup_cap_ms=queue.wrapup_cap_seconds * 1_000,
        max_wait_ms=_ms(queue.max_wait_seconds),
        max_handle_ms=_ms(queue.max_handle_seconds),
        silent_ms=_ms(queue.silent_chat_seconds),
        wait_limit_ms=_ms(queue.wait_limit_seconds),
        csat_satisfied_from=_score(queue.csat_satisfied_from),
        topics=queue.topics,
        repeat_ms=queue.repeat_days * DAY_MS,
        state_limits_ms=_limits_of(queue.state_limit_seconds),
        break_reasons=queue.break_reasons,
    )


#: By channel, for queues that no configuration names.
DEFAULTS = {channel: _rules_of(QueueSettings(name="default").on(channel)) for channel in CHANNELS}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of every configured queue, and what holds for all."""

    queues: dict[QueueKey, QueueRules]
    horizon_ms: int = HORIZON_MS
    max_queues: int = MAX_QUEUES
    max_all_queues: int = MAX_ALL_QUEUES
    max_tenants: int = MAX_TENANTS
    grace_ms: int = GRACE_MS
    ticket_memory_days: int = TICKET_MEMORY_DAYS
    callback_memory_days: int = CALLBACK_MEMORY_DAYS
    max_customers: int = MAX_CUSTOMERS
    max_agents: int = MAX_AGENTS
    #: Whether figures of single agents are made, and the key of their pseudonyms; empty: by name.
    has_agents: bool = False
    agent_key: bytes = field(default=b"", repr=False)

    def of(self, tenant: str, queue: str, channel: str) -> QueueRules:
        """The queue's own rules, or its channel's defaults."""
        return self.queues.get((tenant, queue, channel)) or DEFAULTS[channel]

    def least_limits(self) -> tuple[int, ...]:
        """Of each state in `STATE_LIMIT_SECONDS`, the least limit (ms) any queue ever has."""
        limits = zip(*(rules.state_limits_ms for rules in self._each()), strict=True)
        return tuple(min(NEVER if ms is None else ms for ms in of_state) for of_state in limits)

    def has_topics(self) -> bool:
        """Whether any queue ever tells figures apart by topic."""
        return any(rules.topics for rules in self._each())

    def _each(self) -> Iterator[QueueRules]:
        """The rules of all queues at all times."""
        for first in (*DEFAULTS.values(), *self.queues.values()):
            yield first
            yield from (then for _, then in first.later)


def rules_of(settings: Settings) -> Rules:
    """The rules of every configured queue on each of its channels."""
    queues = {
        (queue.tenant, queue.name, channel): _through_time(queue, channel)
        for queue in settings.queues
        for channel in queue.channels
    }
    secret, key = settings.agent_key, b""
    if secret is not None and settings.agent_figures == "pseudonyms":
        key = secret.reveal().encode()
    return Rules(
        queues,
        settings.horizon_seconds * 1_000,
        settings.max_queues,
        settings.max_all_queues,
        settings.max_tenants,
        settings.grace_seconds * 1_000,
        settings.ticket_memory_days,
        settings.callback_memory_days,
        settings.max_customers,
        settings.max_agents,
        settings.agent_figures != "off",
        key,
    )


def _through_time(queue: QueueSettings, channel: str) -> QueueRules:
    rules = _ticket_rules_of if channel == "ticket" else _rules_of
    (_, first), *later = queue.versions(channel)
    versions = tuple((since, rules(then)) for since, then in later)
    return replace(rules(first), later=versions)


def _ticket_rules_of(queue: QueueSettings) -> QueueRules:
    """What a queue may say of tickets, and of the agents who work on them."""
    return replace(
        DEFAULTS["ticket"],
        closed_resolves=queue.closed_resolves,
        time_zone=queue.time_zone,
        resolution_ms=queue.resolution_days * DAY_MS,
        repeat_ms=queue.repeat_days * DAY_MS,
        calendar=queue.calendar,
        sla_ms=tuple(
            tuple(_ms(queue.sla.get(metric, {}).get(word)) for word in TICKET_PRIORITIES)
            for metric in SLA_METRICS
        )
        if queue.sla
        else (),
        at_risk_ms=_ms(queue.at_risk_seconds),
        pause_on_hold=queue.pause_on_hold,
        topics=queue.topics,
        csat_satisfied_from=_score(queue.csat_satisfied_from),
        state_limits_ms=_limits_of(queue.state_limit_seconds),
        break_reasons=queue.break_reasons,
    )
