"""The oracle: what any history of events must give, worked out the slow and obvious way.

In: event dicts of the contract, already legal, in any order. Out: a `Result` with the complete
lists of contributions and level changes, and figures recomputed from those lists on each question.
Nothing of `streams` is imported here: the engine and this file share the definitions, not code.
Each entity is told once, from its first event to `now`, with its deadlines in their places; what
remains is a list of finished facts, and each number is a definition applied to those facts.
Cost: about 20 µs an event, and a walk over all lists for each figure.
"""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.oracle import figures as oracle_figures
from tests.oracle.agents import LIMITS, tell_agent
from tests.oracle.calendars import Clocks
from tests.oracle.callbacks import tell_callback
from tests.oracle.contacts import tell_contact
from tests.oracle.customers import Coming, Failure, tell_customers
from tests.oracle.feedback import clean, thousandths
from tests.oracle.repeats import (
    AGENT_RANKS,
    CALLBACK_RANKS,
    CONTACT_RANKS,
    TICKET_RANKS,
    entities_of,
    in_order,
    without_repeats,
)
from tests.oracle.tickets import tell_ticket

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

CHANNEL_DEFAULTS = {
    "voice": {
        "service_level_seconds": 20,
        "short_abandon_seconds": 5,
        "max_wait_seconds": 4 * 3600,
        "max_handle_seconds": 12 * 3600,
        "wait_limit_seconds": 60,
    },
    "chat": {
        "service_level_seconds": 60,
        "short_abandon_seconds": 10,
        "max_wait_seconds": 4 * 3600,
        "max_handle_seconds": 12 * 3600,
    },
    "ticket": {},
}


class Oracle:
    """Figures of whole histories, for one configuration of queues.

    `queues` are plain dicts in the words of the configuration file; `horizon_ms` is the lateness
    horizon, which decides when closed contacts are forgotten, `memory_days` when tickets that were
    settled, `callback_days` when a call-back of which nothing is heard is given up.
    `only_configured`: the limits of tenants and queues leave room for none but those of the
    configuration. Within `grace_ms` meaning orders the events of a contact, not the clock.
    """

    def __init__(
        self,
        queues: list[dict] | None = None,
        horizon_ms: int = 4 * HOUR_MS,
        only_configured: bool = False,
        grace_ms: int = 5_000,
        memory_days: int = 90,
        callback_days: int = 7,
    ) -> None:
        self.queues = queues or []
        self.horizon_ms = horizon_ms
        self.only_configured = only_configured
        self.grace_ms = grace_ms
        self.memory_days = memory_days
        self.clocks = Clocks(self)
        self.callback_days = callback_days

    def place(self, tenant: str, queue: str) -> tuple[str, str]:
        """Where what happens there is counted: further queues and tenants are `_other`."""
        if not self.only_configured:
            return tenant, queue
        own = {entry["name"] for entry in self.queues if entry.get("tenant", "default") == tenant}
        if queue in own:
            return tenant, queue
        if not own:
            return "_other", "_all" if queue == "_all" else "_other"
        return tenant, "_all" if queue == "_all" else "_other"

    def settings(self, tenant: str, queue: str, channel: str, at: int) -> dict:
        """The settings of one queue on one channel at `at`; durations in ms, None without one.

        A change (`from` in ms) says what is new; the rest stays as it was.
        """
        given: dict = {}
        for entry in self.queues:
            listed = entry.get("channels") or ["voice"]
            same = entry["name"] == queue and entry.get("tenant", "default") == tenant
            if same and channel in listed:
                given = dict(entry)
                for change in entry.get("changes", []):
                    if change["from"] <= at:
                        given |= change

        def ms_of(seconds: int | None) -> int | None:
            return None if seconds is None else seconds * 1000

        def ms(name: str) -> int | None:
            seconds = given.get(name)
            if channel == "ticket":
                seconds = None
            elif seconds is None:
                seconds = CHANNEL_DEFAULTS[channel].get(name)
            return ms_of(seconds)

        return {
            "threshold_ms": ms("service_level_seconds"),
            "short_ms": ms("short_abandon_seconds"),
            "limit_ms": ms("wait_limit_seconds"),
            "max_wait_ms": ms("max_wait_seconds"),
            "max_handle_ms": ms("max_handle_seconds"),
            "silent_ms": ms("silent_chat_seconds") if channel == "chat" else None,
            "wrapup": bool(given.get("wrapup", False)),
            "wrapup_cap_ms": given.get("wrapup_cap_seconds", 900) * 1000,
            "closed_resolves": bool(given.get("closed_resolves", True)),
            "state_limit_seconds": given.get("state_limit_seconds", {}),
            "break_reasons": given.get("break_reasons", []),
            "time_zone": given.get("time_zone", "UTC"),
            "calendar": given.get("calendar"),
            "sla": given.get("sla", {}),
            "risk_ms": ms_of(given.get("at_risk_seconds")),
            "pause_on_hold": bool(given.get("pause_on_hold", False)),
            "resolution_ms": given.get("resolution_days", 7) * DAY_MS,
            "repeat_ms": given.get("repeat_days", 7) * DAY_MS,
            "topics": tuple(map(clean, given.get("topics") or ())),
            "satisfied_from": (
                None
                if given.get("csat_satisfied_from") is None
                else thousandths(given["csat_satisfied_from"])
            ),
        }

    def has_topics(self, tenant: str, queue: str, channel: str) -> bool:
        """Whether the queue ever has a list of topics; `_all` has one where any queue has."""
        for entry in self.queues:
            same = entry.get("tenant", "default") == tenant and queue in ("_all", entry["name"])
            same = same and channel in (entry.get("channels") or ["voice"])
            versions = (entry, *entry.get("changes", []))
            if same and any(version.get("topics") for version in versions):
                return True
        return False

    def limit(self, tenant: str, queue: str, channel: str, state: str, at: int) -> int | None:
        """How long an agent may be in the state, in ms; None: there is no limit."""
        said = self.settings(tenant, queue, channel, at)["state_limit_seconds"]
        seconds = said.get(state, LIMITS.get(state))
        return seconds * 1000 if seconds else None

    def break_reasons(self, tenant: str, queue: str, channel: str) -> set[str]:
        """All the reasons for a break that the queue ever lists; `_all`: one of the queues."""
        found: set[str] = set()
        for entry in self.queues:
            same = entry.get("tenant", "default") == tenant and queue in ("_all", entry["name"])
            if same and channel in (entry.get("channels") or ["voice"]):
                for version in (entry, *entry.get("changes", [])):
                    found |= set(version.get("break_reasons", []))
        return found

    def run(self, events: list[dict], now_ms: int | None = None) -> "Result":
        """Everything that follows from `events` at `now_ms` (default: the largest occurred_at)."""
        times = [event["occurred_at"] for event in events]
        now = now_ms if now_ms is not None else max(times, default=0)
        result = Result(self, as_of=now, first_ms=min(times, default=now))
        entities: dict[tuple[str, ...], list[dict]] = {}
        for event in events:
            for entity in entities_of(event):
                entities.setdefault(entity, []).append(event)
        for entity, told in entities.items():
            unique = without_repeats(told, result.anomalies)
            if entity[0] == "agent":
                tell_agent(entity, in_order(unique, AGENT_RANKS), now, self, result)
            elif entity[0] == "ticket":
                tell_ticket(entity, in_order(unique, TICKET_RANKS), now, self, result)
            elif entity[0] == "callback":
                tell_callback(entity, in_order(unique, CALLBACK_RANKS), now, self, result)
            else:
                ordered = in_order(unique, CONTACT_RANKS)
                tell_contact(entity, ordered, now, self, result)
        tell_customers(self, now, result)
        result.move(self.place)
        return result


class Result:
    """Lists of all that happened; `contributions` and `levels` in ms, in no special order."""

    def __init__(self, oracle: Oracle, as_of: int, first_ms: int) -> None:
        self.oracle = oracle
        self.as_of = as_of
        self.first_ms = first_ms
        self.contributions: list[tuple[int, str, str, str, str, int]] = []
        self.levels: list[tuple[int, str, str, str, str, int]] = []
        #: The same by (name, tenant, channel).
        self.levels_by_name: dict[tuple[str, str, str], list[tuple]] = {}
        self.waits: list[tuple[int, str, str, str, int]] = []
        self.resolutions: list[tuple[int, str, str, str, int]] = []
        self.visits: list = []
        self.open_tickets: list[tuple[str, str, int]] = []  # tenant, queue, opened_at
        self.stuck: list[tuple[str, str, str, int]] = []  # tenant, queue, channel, since
        #: (tenant, queue, channel, at): due times of running clocks; when calls owed were asked.
        self.due: list[tuple[str, str, str, int]] = []
        self.callbacks: list[tuple[str, str, str, int]] = []
        #: What is told apart by a value: (at, tenant, queue, channel, by, value, name, amount).
        self.splits: list[tuple[int, str, str, str, str, str, str, int]] = []
        #: Of customers: who came, was failed, was answered (owner, at, channel, contact, queue),
        #: and needed nobody, as a bot said (owner, at).
        self.comings: list[Coming] = []
        self.failures: list[Failure] = []
        self.answers: list[tuple[tuple[str, str], int, str, str, str]] = []
        self.contained: list[tuple[tuple[str, str], int]] = []
        #: Of one agent each: (at, tenant, agent, name, amount), and (from, until, tenant, agent,
        #: state); `agent_figures` says which.
        self.agent_rows: list[tuple[int, str, str, str, int]] = []
        self.agent_states: list[tuple[int, int, str, str, str]] = []
        #: By (tenant, agent): state, since_at, reason at the end.
        self.standing: dict[tuple[str, str], dict] = {}
        self.anomalies: Counter[str] = Counter()
        self.used: set[tuple[str, str, str]] = set()
        #: What was asked of the finished lists before, by (list or level, scope).
        self.looked_for: dict[tuple[str, tuple[str, str, str]], list] = {}

    def count_topic(
        self, at: int, scope: tuple[str, str, str], topic: str, name: str, amount: int
    ) -> None:
        """It counts under a topic too, where the queue has a list of topics then."""
        listed = self.oracle.settings(*scope, at)["topics"]
        if listed:
            value = (topic if topic in listed else "_other") if topic else "_none"
            self.splits.append((at, *scope, "topic", value, name, amount))

    def move(self, place: Callable[[str, str], tuple[str, str]]) -> None:
        """Everything is in the lists: put it under the names that it is counted under."""
        lists: list[Any] = [self.contributions, self.levels, self.waits, self.resolutions]
        lists.append(self.splits)
        for rows in lists:
            rows[:] = [(at, *place(tenant, queue), *rest) for at, tenant, queue, *rest in rows]
        for level in self.levels:
            self.levels_by_name.setdefault((level[4], level[1], level[3]), []).append(level)
        moved = []
        for tenant, channel, visit in self.visits:
            owner, visit.queue = place(tenant, visit.queue)
            moved.append((owner, channel, visit))
        self.visits = moved
        self.open_tickets = [
            (*place(tenant, queue), opened) for tenant, queue, opened in self.open_tickets
        ]
        for standing in (self.stuck, self.due, self.callbacks):
            standing[:] = [
                (*place(tenant, queue), channel, at) for tenant, queue, channel, at in standing
            ]
        self.used = {(*place(tenant, queue), channel) for tenant, queue, channel in self.used}
        self.agent_rows = [
            (at, place(tenant, "_all")[0], agent, name, amount)
            for at, tenant, agent, name, amount in self.agent_rows
        ]
        self.agent_states = [
            (begin, end, place(tenant, "_all")[0], agent, state)
            for begin, end, tenant, agent, state in self.agent_states
        ]

    def scopes(self) -> set[tuple[str, str, str]]:
        """(tenant, queue, channel) of each record there is, `_all` included."""
        found = set(self.used)
        for entry in self.oracle.queues:
            for channel in entry.get("channels") or ["voice"]:
                found.add((entry.get("tenant", "default"), entry["name"], channel))
        # Agents alone make no queue, but they make the whole that they are in.
        found |= {row[1:4] for row in self.levels if row[2] == "_all"}
        return found | {(tenant, "_all", channel) for tenant, _, channel in found}

    def figures(
        self,
        tenant: str,
        queue: str,
        channel: str,
        a: int | None = None,
        b: int | None = None,
        span: str = "days",
    ) -> dict:
        """The contract's `figures` of [a, b) ms; without bounds a replay's window `all`."""
        return oracle_figures.figures(self, (tenant, queue, channel), a, b, span)

    def live(self, tenant: str, queue: str, channel: str) -> dict:
        """The contract's `live` object at `as_of`."""
        return oracle_figures.live(self, (tenant, queue, channel))

    def level_at(self, tenant: str, queue: str, channel: str, level: str, at_ms: int) -> int:
        """The level after all changes at or before `at_ms`."""
        rows = oracle_figures.changes(self, (tenant, queue, channel), level)
        return sum(amount for time, amount in rows if time <= at_ms)

    def integral_seconds(self, scope: tuple[str, str, str], level: str, a: int, b: int) -> Fraction:
        """The integral of a level over [a, b) ms, in seconds."""
        return Fraction(oracle_figures.integral(self, scope, level, a, b), 1000)
