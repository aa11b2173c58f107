"""What really happened in the simulated centre: its own books, kept without the engine.

In: calls from the simulation at the instant something happens, in integer milliseconds.
Out: one JSON object, the same names as the KPI record of window `all`, seconds with 3 decimals.
Invariant: the books never look at an emitted event; offered = answered + abandoned + flowed_out +
waiting. Nothing here imports the engine, so agreement between the two is evidence.
"""

from collections.abc import Iterable
from typing import Any

from streams.simulate.agent_books import AgentSeconds
from streams.simulate.feedback_books import FeedbackBooks
from streams.simulate.ticket_books import TicketBooks, added

COUNTS = (
    "offered", "laps", "blocked", "answered", "answered_measured", "abandoned", "short_abandoned",
    "silent_abandoned", "flowed_out", "handled", "held", "transferred", "answered_in_threshold",
    "abandoned_in_threshold", "flowed_out_in_threshold", "waited_over_limit", "tickets_opened",
    "first_responses", "reopen_responses", "tickets_resolved", "resolved_without_reply",
    "bot_resolved", "tickets_reopened", "tickets_closed",
    "tickets_resolved_again", "tickets_assigned", "next_responses", "resolution_net_count",
    "tickets_worked", "resumed", "messages", "arrivals",
    "contacts", "contacts_hopped", "contacts_over_two", "time_to_answer_count",
)  # fmt: skip
SUMS = (
    "answered_wait", "abandoned_wait", "closed_wait", "customer_wait", "customer_wait_abandoned",
    "time_to_answer", "talk", "hold", "wrapup",
    "first_response", "reopen_response", "resolution", "waiting", "connected",
    "resolution_cycle", "assign", "next_response",
    "resolution_net", "on_hold", "work",
)  # fmt: skip
#: Of tickets, those that a record has by the clock on the wall too.
CALENDAR_SUMS = (
    "first_response", "next_response", "resolution", "resolution_cycle", "resolution_net", "assign",
)  # fmt: skip
CHAT_COUNTS = (
    "first_message_count", "responses", "messaged", "left_unanswered", "answered_no_reply",
)  # fmt: skip
CHAT_SUMS = ("first_message", "response")
BOT_COUNTS = ("conversations", "contained", "escalated", "timed", "handoff_wait_count")
BOT_SUMS = ("timed", "handoff_wait")
CALLBACK_COUNTS = (
    "asked", "reached", "given_up", "cancelled", "expired", "reach_count", "visits",
)  # fmt: skip
ATTEMPTS = ("connected", "not_reached")
PARTS = ("bot", "chat", "callbacks", "surveys", "sales", "followups", "customers")
HOPS = ("contacts", "contacts_hopped", "contacts_over_two")
DERIVED = ("threshold_decided", "limit_decided", "customer_wait_count")
OFFERS = ("accepted", "rejected", "timeout", "customer_left", "rescinded")


class QueueBooks:
    """The figures of one (tenant, queue, channel)."""

    __slots__ = (
        "answered_open",
        "attempts",
        "backlog",
        "blocked_reasons",
        "bots",
        "bots_ms",
        "callbacks",
        "channel",
        "chat",
        "chat_ms",
        "connected",
        "count",
        "feedback",
        "flowed_out_reasons",
        "limit_ms",
        "offers",
        "owed",
        "queue",
        "reach_ms",
        "service_level_ms",
        "short_ms",
        "sum_ms",
        "tickets",
        "wait_max_ms",
        "waiting",
    )  # fmt: skip

    def __init__(
        self,
        queue: str,
        channel: str,
        service_level_ms: int | None,
        short_ms: int | None,
        limit_ms: int | None,
        tickets: TicketBooks | None,
    ) -> None:
        self.queue = queue
        self.channel = channel
        self.service_level_ms = service_level_ms
        self.short_ms = short_ms
        self.limit_ms = limit_ms
        self.count = dict.fromkeys(COUNTS, 0)
        self.sum_ms = dict.fromkeys(SUMS, 0)
        self.offers = dict.fromkeys(OFFERS, 0)
        self.flowed_out_reasons: dict[str, int] = {}
        self.blocked_reasons: dict[str, int] = {}
        self.chat = dict.fromkeys(CHAT_COUNTS, 0)
        self.chat_ms = dict.fromkeys(CHAT_SUMS, 0)
        self.bots = dict.fromkeys(BOT_COUNTS, 0)
        self.bots_ms = dict.fromkeys(BOT_SUMS, 0)
        self.callbacks = dict.fromkeys(CALLBACK_COUNTS, 0)
        self.attempts = dict.fromkeys(ATTEMPTS, 0)
        self.reach_ms = 0
        self.owed: dict[str, tuple[int, int | None]] = {}
        """Contact that asked to be called → when, and the time agreed."""
        self.wait_max_ms = 0
        self.waiting: dict[int, int] = {}
        """Visit number → enqueue time of the visits still waiting."""
        self.connected: dict[int, int] = {}
        """Visit number → answer time of the visits still connected."""
        self.answered_open = 0
        self.backlog = {"open": 0, "pending": 0, "on_hold": 0}
        self.feedback = FeedbackBooks()
        self.tickets = tickets

    def blocked(self, reason: str) -> None:
        """A contact is refused entry, for a reason of the contract."""
        self.count["blocked"] += 1
        self.blocked_reasons[reason] = self.blocked_reasons.get(reason, 0) + 1

    def enqueued(self, visit: int, at_ms: int, hop: int) -> None:
        """A visit begins, the `hop`th of its contact."""
        self.count["offered"] += 1
        if hop <= len(HOPS):
            self.count[HOPS[hop - 1]] += 1
        self.waiting[visit] = at_ms

    def answered(self, visit: int, at_ms: int, waited_ms: int, arrived_ms: int | None) -> None:
        """A waiting visit is answered; its wait (ms) is booked, after others of the customer.

        `arrived_ms`: when the contact arrived, if nobody has answered it before.
        """
        wait = self._close(visit, at_ms)
        self.count["answered"] += 1
        self.count["answered_measured"] += 1
        self.offers["accepted"] += 1
        self.connected[visit] = at_ms
        self.sum_ms["answered_wait"] += wait
        self.sum_ms["customer_wait"] += waited_ms + wait
        if arrived_ms is not None:
            self.count["time_to_answer_count"] += 1
            self.sum_ms["time_to_answer"] += at_ms - arrived_ms
        self.wait_max_ms = max(self.wait_max_ms, wait)
        self.answered_open += 1
        if self.service_level_ms is not None and wait <= self.service_level_ms:
            self.count["answered_in_threshold"] += 1

    def abandoned(self, visit: int, at_ms: int, silent: bool, waited_ms: int) -> bool:
        """A waiting visit is given up, `silent` when nobody said so; returns whether soon."""
        wait = self._close(visit, at_ms)
        self.count["abandoned"] += 1
        self.count["silent_abandoned"] += silent
        self.sum_ms["abandoned_wait"] += wait
        self.sum_ms["customer_wait_abandoned"] += waited_ms + wait
        short = self.short_ms is not None and wait <= self.short_ms
        self.count["short_abandoned"] += short
        if self.service_level_ms is not None and wait <= self.service_level_ms:
            self.count["abandoned_in_threshold"] += 1
        return short

    def flowed_out(self, visit: int, at_ms: int, reason: str) -> None:
        """A waiting visit leaves for another place, for a reason of the contract."""
        wait = self._close(visit, at_ms)
        self.count["flowed_out"] += 1
        self.flowed_out_reasons[reason] = self.flowed_out_reasons.get(reason, 0) + 1
        if self.service_level_ms is not None and wait <= self.service_level_ms:
            self.count["flowed_out_in_threshold"] += 1

    def bot(self, outcome: str, lasted_ms: int) -> None:
        """A bot's conversation is over, `contained` or `escalated`."""
        self.bots["conversations"] += 1
        self.bots[outcome] += 1
        self.bots["timed"] += 1
        self.bots_ms["timed"] += lasted_ms

    def asked_back(self, contact: str, at_ms: int, due_ms: int | None) -> None:
        """A customer is owed a call, perhaps at a time agreed."""
        self.callbacks["asked"] += 1
        self.owed[contact] = at_ms, due_ms

    def called_back(self, contact: str, at_ms: int, outcome: str, final: bool) -> None:
        """An attempt; unless nobody was reached and it is not the final one, nothing is owed."""
        if outcome in ATTEMPTS:
            self.attempts[outcome] += 1
        if outcome == "not_reached" and not final:
            return
        asked_ms, due_ms = self.owed.pop(contact)
        if outcome == "connected":
            self.callbacks["reached"] += 1
            self.callbacks["reach_count"] += 1
            self.reach_ms += max(0, at_ms - max(asked_ms, due_ms or 0))
        else:
            self.callbacks["cancelled" if outcome == "cancelled" else "given_up"] += 1

    def took_call_back(self, visit: int, at_ms: int) -> None:
        """An agent is connected with somebody who was called back: nobody had waited."""
        self.offers["accepted"] += 1
        self.connected[visit] = at_ms
        self.answered_open += 1

    def ended(self, visit: int, at_ms: int) -> None:
        """The agent and the customer are no longer connected."""
        self.sum_ms["connected"] += at_ms - self.connected.pop(visit)

    def handled(self, talk_ms: int, hold_ms: int, transferred: bool) -> None:
        """The visit counts as handled: its talk and hold are booked whole, now."""
        self.count["handled"] += 1
        self.count["held"] += hold_ms > 0
        self.count["transferred"] += transferred
        self.sum_ms["talk"] += talk_ms
        self.sum_ms["hold"] += hold_ms
        self.answered_open -= 1

    def _close(self, visit: int, at_ms: int) -> int:
        wait = at_ms - self.waiting.pop(visit)
        self.count["waited_over_limit"] += self.limit_ms is not None and wait > self.limit_ms
        self.sum_ms["closed_wait"] += wait
        self.sum_ms["waiting"] += wait
        return wait

    def _waiting_over(self, limit_ms: int | None, at_ms: int) -> int:
        if limit_ms is None:
            return 0
        return sum(1 for entered in self.waiting.values() if entered + limit_ms < at_ms)

    def as_json(self, tenant: str, at_ms: int, agents: AgentSeconds) -> dict[str, Any]:
        """The figures as of `at_ms`. A waiting visit is decided once E+T lies before that."""
        late = self._waiting_over(self.service_level_ms, at_ms)
        over = self._waiting_over(self.limit_ms, at_ms)
        count = self.count
        closed = count["answered"] + count["abandoned"] + count["flowed_out"]
        sums = dict(self.sum_ms)
        tickets = self.tickets
        sums["waiting"] += sum(at_ms - entered for entered in self.waiting.values())
        sums["connected"] += sum(at_ms - answered for answered in self.connected.values())
        return {
            "tenant": tenant, "queue": self.queue, "channel": self.channel,
            **count,
            "customer_wait_count": count["answered_measured"],
            "threshold_decided": 0 if self.service_level_ms is None else closed + late,
            "waited_over_limit": count["waited_over_limit"] + over,
            "limit_decided": 0 if self.limit_ms is None else closed + over,
            "flowed_out_reasons": dict(sorted(self.flowed_out_reasons.items())),
            "blocked_reasons": dict(sorted(self.blocked_reasons.items())),
            "offers": dict(self.offers),
            "wait_max_seconds": self.wait_max_ms / 1000,
            **{f"{name}_seconds": value / 1000 for name, value in sums.items()},
            **agents.as_json(),
            "ticket": None if tickets is None else {
                # No queue has a calendar here.
                **{f"{name}_calendar_seconds": sums[name] / 1000 for name in CALENDAR_SUMS},
                **tickets.as_json(at_ms),
            },
            "chat": {
                **self.chat, **_seconds(self.chat_ms), **agents.chats_as_json(),
            },
            **self.feedback.as_json(at_ms),
            "bot": {**self.bots, **_seconds(self.bots_ms)},
            "callbacks": {
                **self.callbacks, "attempted": dict(self.attempts),
                "reach_seconds": self.reach_ms / 1000,
            },
            "live": {
                "callbacks_owed": len(self.owed),
                "callbacks_overdue": sum(
                    1 for _, due_ms in self.owed.values() if due_ms is not None and due_ms < at_ms
                ),
                "oldest_callback_at": min((asked for asked, _ in self.owed.values()), default=None),

                "waiting": len(self.waiting),
                "oldest_waiting_at": min(self.waiting.values(), default=None),
                "answered_not_handled": self.answered_open,
                "backlog": dict(self.backlog),
                **({} if tickets is None else tickets.live(at_ms)),
            },
        }  # fmt: skip


def add_up(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The sum of several queues' counts and seconds (not of agents', maxima or ratios)."""
    total: dict[str, Any] = {}
    for row in rows:
        for name in (*COUNTS, *DERIVED, *(f"{name}_seconds" for name in SUMS)):
            total[name] = total.get(name, 0) + row[name]
        for name in ("offers", "flowed_out_reasons", "blocked_reasons"):
            into = total.setdefault(name, {})
            for key, value in row[name].items():
                into[key] = into.get(key, 0) + value
        known = total.setdefault("ticket", None)
        if row["ticket"] is not None:
            total["ticket"] = row["ticket"] if known is None else added(known, row["ticket"])
        for part in PARTS:
            _add(total.setdefault(part, {}), row[part])
    for name in SUMS:
        if total:
            total[f"{name}_seconds"] = round(total[f"{name}_seconds"], 3)
    return total


def _add(into: dict[str, Any], part: dict[str, Any]) -> None:
    for name, value in part.items():
        if isinstance(value, dict):
            _add(into.setdefault(name, {}), value)
        else:
            into[name] = round(into.get(name, 0) + value, 3)


def _seconds(sums_ms: dict[str, int]) -> dict[str, float]:
    return {f"{name}_seconds": value / 1000 for name, value in sums_ms.items()}
