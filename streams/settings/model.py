"""One frozen `Settings`, built once: nobody else reads the configuration.

In: `streams.toml`, then `STREAMS_*` variables, then options; a later one wins. A key has one name:
`metrics_port` in the file, `STREAMS_METRICS_PORT`, `--metrics-port`.
Out: checked values; or a ConfigError with every mistake, each with its place and its fix.
Passwords come from a file (`sasl_password_file`) or a variable, never from streams.toml or an
option, and are masked wherever settings are shown. How values are read: `loading.py`.
A few modules also take from the environment what is not a setting: where Java and the cache are,
the revision that was built, `DEMO_SECONDS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from streams.contract.words import (
    AGENT_FIGURES,
    CALLBACK_MEMORY_DAYS,
    CHANNEL_DEFAULTS,
    CUSTOMERS,
    GRACE_SECONDS,
    HORIZON_SECONDS,
    INPUT_TOPICS,
    MAX_AGENTS,
    MAX_ALL_QUEUES,
    MAX_CUSTOMERS,
    MAX_QUEUES,
    MAX_TENANTS,
    REPEAT_DAYS,
    RESOLUTION_DAYS,
    TICKET_MEMORY_DAYS,
    WRAPUP_CAP_SECONDS,
)
from streams.settings.calendars import Calendar


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password that shows itself only to `reveal()`."""

    value: str

    def reveal(self) -> str:
        """The password itself, for the client that sends it."""
        return self.value

    def __repr__(self) -> str:
        return "****"


@dataclass(frozen=True, slots=True)
class Targets:
    """What a queue aims at; ratios 0-1. Shown beside the figures and compared in alerts."""

    service_level: float = 0.8
    occupancy_low: float = 0.75
    occupancy_high: float = 0.80
    occupancy_limit: float = 0.85
    abandonment: float = 0.05
    handle_seconds: int | None = None
    first_response_seconds: int = 300
    resolution_ratio: float = 0.9
    waited_over_limit: float = 0.0
    resolved_same_day: float = 0.7
    first_response_ratio: float = 0.9
    next_response_ratio: float = 0.9


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """One queue. Of the first five seconds, None means the channel's default (see `on`)."""

    name: str
    tenant: str = "default"
    channels: tuple[str, ...] = ("voice",)
    service_level_seconds: int | None = None
    short_abandon_seconds: int | None = None
    max_wait_seconds: int | None = None
    max_handle_seconds: int | None = None
    wait_limit_seconds: int | None = None
    default_formula: str = "offered_less_short"
    targets: Targets = field(default_factory=Targets)
    time_zone: str = "UTC"
    wrapup: bool = False
    wrapup_cap_seconds: int = WRAPUP_CAP_SECONDS
    silent_chat_seconds: int | None = None
    closed_resolves: bool = True
    resolution_days: int = RESOLUTION_DAYS
    repeat_days: int = REPEAT_DAYS
    #: From which score on an answer to `csat` is a satisfied one; None: the better quarter.
    csat_satisfied_from: float | None = None
    #: What its contacts and tickets may be about: some figures are told apart by it.
    topics: tuple[str, ...] = ()
    #: By state, where not as in `words.STATE_LIMIT_SECONDS`; 0: no limit.
    state_limit_seconds: Mapping[str, int] = field(default_factory=dict)
    #: Why agents are on a break: reasons with a figure each, lower case; all others are `other`.
    break_reasons: tuple[str, ...] = ()
    #: Of tickets. By metric and priority, in how many seconds of business time it is promised.
    calendar: Calendar | None = None
    sla: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    at_risk_seconds: int | None = None
    pause_on_hold: bool = False
    hours: str = ""
    site: str = ""
    skill: str = ""
    team: str = ""
    #: The queue as it is from later instants (ms) on, in order of time.
    changes: tuple[tuple[int, "QueueSettings"], ...] = ()

    def versions(self, channel: str) -> tuple[tuple[int, "QueueSettings"], ...]:
        """The queue on one channel through time: (from when in ms, what holds then)."""
        return tuple((since, queue.on(channel)) for since, queue in ((0, self), *self.changes))

    def on(self, channel: str) -> "QueueSettings":
        """The queue as it is at first on one channel: defaults filled in, so None means none.

        A ticket has no threshold and no ages, whatever the queue says for its calls and chats; what
        is promised of it is for tickets alone.
        The short-abandon threshold S is never above the service-level threshold T.
        """
        default = CHANNEL_DEFAULTS[channel]
        is_ticket = channel == "ticket"
        if is_ticket:
            threshold = short = wait = handle = limit = None
        else:
            threshold = self.service_level_seconds or default.service_level_seconds
            short = self.short_abandon_seconds
            if short is None:
                short = default.short_abandon_seconds
            if short is not None and threshold is not None:
                short = min(short, threshold)
            wait = self.max_wait_seconds or default.max_wait_seconds
            handle = self.max_handle_seconds or default.max_handle_seconds
            limit = self.wait_limit_seconds or default.wait_limit_seconds
        return replace(
            self,
            channels=(channel,),
            service_level_seconds=threshold,
            short_abandon_seconds=short,
            max_wait_seconds=wait,
            max_handle_seconds=handle,
            wait_limit_seconds=limit,
            silent_chat_seconds=self.silent_chat_seconds if channel == "chat" else None,
            calendar=self.calendar if is_ticket else None,
            sla=self.sla if is_ticket else {},
            at_risk_seconds=self.at_risk_seconds if is_ticket else None,
            changes=(),
        )


@dataclass(frozen=True, slots=True)
class TopicNames:
    """The topics' real names: the contract's with the prefix before them, changelogs by app id."""

    prefix: str
    app_id: str

    def named(self, canonical: str) -> str:
        """The real name of a topic of the contract (`contact.calls`)."""
        return self.prefix + canonical

    def canonical(self, name: str) -> str:
        """The contract's name of a real topic."""
        return name.removeprefix(self.prefix)

    @property
    def calls(self) -> str:
        """Events of calls, keyed by contact."""
        return self.named("contact.calls")

    @property
    def chats(self) -> str:
        """Events of chats, keyed by contact."""
        return self.named("contact.chats")

    @property
    def tickets(self) -> str:
        """Events of tickets, keyed by contact."""
        return self.named("contact.tickets")

    @property
    def agents(self) -> str:
        """Agents' states, keyed by agent."""
        return self.named("contact.agents")

    @property
    def surveys(self) -> str:
        """Surveys and sales, keyed by contact."""
        return self.named("contact.surveys")

    @property
    def cells(self) -> str:
        """Sums from the intake units to the queue units, keyed by queue."""
        return self.named("contact.cells")

    @property
    def kpis(self) -> str:
        """The newest KPI record of each queue; compacted."""
        return self.named("contact.kpis")

    @property
    def history(self) -> str:
        """Every KPI record, for as long as its retention."""
        return self.named("contact.history")

    @property
    def intervals(self) -> str:
        """The newest revision of each interval of each queue."""
        return self.named("contact.intervals")

    @property
    def deadletters(self) -> str:
        """Records that were refused, each with its reason."""
        return self.named("contact.deadletters")

    @property
    def anomalies(self) -> str:
        """A sample of the legal events that found an unexpected state."""
        return self.named("contact.anomalies")

    @property
    def customers(self) -> str:
        """What the intake units tell each other of customers."""
        return self.named(CUSTOMERS)

    @property
    def agent_figures(self) -> str:
        """What is published of single agents, if the settings say so."""
        return self.named(AGENT_FIGURES)

    @property
    def intake_changelog(self) -> str:
        """The intake units' state; compacted."""
        return f"{self.app_id}-intake-changelog"

    @property
    def queues_changelog(self) -> str:
        """The queue units' state; compacted."""
        return f"{self.app_id}-queues-changelog"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The five topics events come from."""
        return tuple(self.named(name) for name in INPUT_TOPICS)


@dataclass(frozen=True)
class Settings:
    """Everything a process is told. Built by `load`; the defaults alone are a working set."""

    bootstrap: str = "127.0.0.1:9092"
    app_id: str = "contact-streams"
    topic_prefix: str = ""
    partitions: int = 4
    replication_factor: int = 1
    clock: str = "wall"
    horizon_seconds: int = HORIZON_SECONDS
    grace_seconds: int = GRACE_SECONDS
    ticket_memory_days: int = TICKET_MEMORY_DAYS
    callback_memory_days: int = CALLBACK_MEMORY_DAYS
    tick_seconds: float = 1.0
    max_queues: int = MAX_QUEUES
    max_all_queues: int = MAX_ALL_QUEUES
    max_tenants: int = MAX_TENANTS
    max_customers: int = MAX_CUSTOMERS
    max_agents: int = MAX_AGENTS
    agent_figures: str = "off"
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9464
    metrics_windows: tuple[str, ...] = ("5m", "30m")
    board_host: str = "127.0.0.1"
    board_port: int = 8088
    board_alertmanager: str | None = None
    board_alertmanager_user: str | None = None
    board_alertmanager_password: Secret | None = None
    transaction_timeout_seconds: int = 10
    session_timeout_seconds: int = 30
    # Of one worker alone, so not for a file they share; but "auto" is (kafka/worker_name.py).
    group_instance_id: str | None = None
    input_retention_hours: int = 7 * 24
    # As long as the inputs: of a worker that was down, neither is cut off before the other.
    cells_retention_hours: int = 7 * 24
    deadletter_retention_hours: int = 30 * 24
    agent_figures_retention_hours: int = 7 * 24
    log_level: str = "info"
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: Secret | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_key_password: Secret | None = None
    ssl_check_hostname: bool = True
    # What customers of a file are hashed with (HMAC-SHA-256); without it they are not read.
    customer_key: Secret | None = None
    # What agents' names are hashed with where `agent_figures` is "pseudonyms".
    agent_key: Secret | None = None
    queues: tuple[QueueSettings, ...] = ()

    @cached_property
    def topics(self) -> TopicNames:
        """The real topic names."""
        return TopicNames(self.topic_prefix, self.app_id)

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], QueueSettings]:
        return {(queue.tenant, queue.name): queue for queue in self.queues}

    def queue(self, tenant: str, name: str, channel: str) -> QueueSettings:
        """The settings of one queue on one channel, defaults filled in; None = none there."""
        found = self._by_name.get((tenant, name)) or QueueSettings(name=name, tenant=tenant)
        return found.on(channel)

    def losing_a_minute(self) -> list[str]:
        """The names of the calendars in use whose hours end at 23:59, mostly by mistake."""
        used = [then.calendar for queue in self.queues for _, then in queue.versions("ticket")]
        return sorted({one.name for one in used if one is not None and one.loses_a_minute()})

    def shown(self) -> dict[str, object]:
        """Each setting as it may be printed and logged: secrets masked, queues as their number."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["queues"] = len(self.queues)
        return {name: repr(v) if isinstance(v, Secret) else v for name, v in values.items()}
