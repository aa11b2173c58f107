"""A seeded generator of the records a worker writes, for the board's tests and screenshots.

Not a simulation: each call draws figures that fit together (the ratios follow from the counts),
with a few queues off their targets, so that every state of the page can be seen.
"""

import math
import random
from dataclasses import dataclass, field
from typing import Any

import orjson

from streams.contract.fields import fields_of
from streams.contract.figures import Figures
from streams.contract.records import SCHEMA_VERSION
from streams.contract.words import FLOW_OUT_REASONS
from tests.board import parts
from tests.board.parts import over as _ratio

#: A count or sum that nothing below draws is 0: the board has no opinion of it.
_NOTHING = {name: 0 for name, told in fields_of(Figures).items() if told.additive and not told.each}

MINUTE_MS = 60_000
WINDOWS = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "60m": 60, "today": 480}
NAMES = (
    "billing",
    "support",
    "sales",
    "claims",
    "orders",
    "returns",
    "technical",
    "onboarding",
    "renewals",
    "fraud",
    "travel",
    "premium",
    "partners",
    "delivery",
    "warranty",
    "accounts",
)
Record = dict[str, Any]
#: What queues of tickets promise, in seconds by priority.
_PROMISED = {
    "first_response": {"urgent": 900.0, "high": 3_600.0, "normal": 14_400.0}
    | dict.fromkeys(("low", "other")),
    "next_response": dict.fromkeys(("urgent", "high", "normal", "low", "other")),
    "resolution": dict.fromkeys(("urgent", "high", "normal", "low", "other"), 86_400.0),
}


@dataclass
class Queue:
    name: str
    channel: str
    rate: float  # contacts a minute
    trouble: float  # 0 fine .. 1 in flames
    agents: int
    tenant: str = "default"
    served: bool = True  # whether surveys, sales and customers are told


@dataclass
class Centre:
    """`count` voice and chat queues and, with `tickets`, two ticket queues, plus `_all` records."""

    count: int
    seed: int = 7
    tickets: bool = True
    tenant: str = "default"
    revision: int = 0
    queues: list[Queue] = field(default_factory=list)

    def __post_init__(self) -> None:
        draw = random.Random(self.seed)
        for number in range(self.count):
            name = NAMES[number % len(NAMES)]
            if number >= len(NAMES):
                name = f"{name}-{number // len(NAMES) + 1}"
            trouble = (
                (0.85, 0.05, 0.4, 0.15, 0.1, 0.55)[number % 6]
                if number < 6
                else (draw.random() ** 4 * 0.9)
            )
            channel = "chat" if number % 3 == 2 else "voice"
            self.queues.append(
                Queue(name, channel, draw.uniform(1, 6), trouble, draw.randint(6, 30), self.tenant)
            )
        if self.tickets:
            for name, rate in (("back-office", 0.6), ("complaints", 0.2)):
                trouble = draw.random() * 0.5
                self.queues.append(Queue(name, "ticket", rate, trouble, 9, self.tenant))

    def records(self, now_ms: int) -> list[Record]:
        """One KPI record a queue and one `_all` record a channel, as of `now_ms`."""
        self.revision += 1
        found = [self._record(queue, now_ms) for queue in self.queues]
        for channel in sorted({queue.channel for queue in self.queues}):
            members = [queue for queue in self.queues if queue.channel == channel]
            whole = Queue(
                "_all",
                channel,
                sum(q.rate for q in members),
                sum(q.trouble for q in members) / len(members),
                sum(q.agents for q in members) * 2 // 3,
                self.tenant,
            )
            found.append(self._record(whole, now_ms))
        return found

    def _record(self, queue: Queue, now_ms: int) -> Record:
        draw = random.Random(f"{self.seed} {queue.name} {queue.channel} {self.revision}")
        voice = queue.channel == "voice"
        ticket = queue.channel == "ticket"
        waiting = round(queue.rate * queue.trouble * draw.uniform(1.2, 3)) if not ticket else 0
        oldest = int(draw.uniform(4, 30) * 1000 * (1 + queue.trouble * 8)) if waiting else None
        busy = round(queue.agents * min(0.97, 0.66 + queue.trouble * 0.33))
        rest = queue.agents - busy
        wrapup = round(busy * 0.14)
        pause = round(rest * 0.3)
        threshold = None if ticket else 20 if voice else 60
        return {
            "tenant": queue.tenant,
            "queue": queue.name,
            "channel": queue.channel,
            "as_of": now_ms,
            "watermark": now_ms - 400,
            "revision": self.revision,
            "schema_version": SCHEMA_VERSION,
            "definitions": {
                "service_level_seconds": threshold,
                "short_abandon_seconds": None if ticket else 5 if voice else 10,
                "wait_limit_seconds": 60 if voice else None,
                "default_formula": "offered_less_short",
                "targets": {
                    "service_level": 0.8,
                    "occupancy_low": 0.75,
                    "occupancy_high": 0.8,
                    "occupancy_limit": 0.85,
                    "abandonment": 0.05,
                    "handle_seconds": None if ticket else 300.0 if voice else 540.0,
                    "first_response_seconds": 300.0,
                    "resolution_ratio": 0.9,
                    "waited_over_limit": 0.0,
                    "resolved_same_day": 0.7,
                    "first_response_ratio": 0.9,
                    "next_response_ratio": 0.9,
                },
                "calendar": "desk" if ticket else None,
                "sla": _PROMISED if ticket else None,
            },
            "live": {
                "waiting": waiting,
                "waiting_over_threshold": waiting // 2 if queue.trouble > 0.3 else 0,
                "waiting_over_limit": waiting // 4 if queue.trouble > 0.6 else 0,
                "oldest_waiting_at": None if oldest is None else now_ms - oldest,
                "ringing": min(1, rest),
                "handling": busy,
                "longest_handling_at": now_ms - 812_000 if busy else None,
                "in_progress_handle_seconds": 812.0 * min(busy, 1) + 190.0 * max(busy - 1, 0),
                "agents": {
                    "error": 1 if queue.trouble > 0.8 else 0,
                    "on_contact": busy - wrapup,
                    "wrapup": wrapup,
                    "ringing": min(1, rest - pause),
                    "break": pause,
                    "available": max(0, rest - pause - 1),
                    "unknown": 0,
                    "offline": draw.randint(0, 4),
                },
                "agents_stuck": {
                    "error": 0,
                    "on_contact": 0,
                    "wrapup": 1 if queue.trouble > 0.8 else 0,
                    "ringing": 0,
                    "break": 0,
                },
                "agents_stuck_oldest_at": now_ms - 1_260_000 if queue.trouble > 0.8 else None,
                "backlog": {
                    "open": round(queue.rate * 50) if ticket else 0,
                    "pending": round(queue.rate * 20) if ticket else 0,
                    "on_hold": round(queue.rate * 5) if ticket else 0,
                },
                "backlog_unassigned": round(queue.rate * 8) if ticket else 0,
                "oldest_open_at": now_ms - 183_000_000 if ticket else None,
                **parts.live(queue.channel, queue.rate, queue.trouble, now_ms),
            },
            "windows": {
                name: self._figures(queue, minutes, draw) for name, minutes in WINDOWS.items()
            },
        }

    def _figures(self, queue: Queue, minutes: int, draw: random.Random) -> Record:
        ticket = queue.channel == "ticket"
        offered = round(queue.rate * minutes * draw.uniform(0.9, 1.1))
        contacts = round(offered * 0.9)
        abandoned = 0 if ticket else round(offered * (0.015 + queue.trouble * 0.14))
        short = min(abandoned, round(offered * 0.008))
        flowed = 0 if ticket else round(offered * 0.01)
        answered = offered - abandoned - flowed
        decided = offered
        within = round(answered * max(0.05, 0.95 - queue.trouble * 0.6 - draw.random() * 0.02))
        limited = queue.channel == "voice"
        over = round((decided - within) * 0.3) if limited else 0
        handled = answered
        talk = handled * (210 + queue.trouble * 90) * (1 if queue.channel == "voice" else 1.7)
        hold, wrapup = talk * 0.07, talk * 0.16
        held = round(handled * 0.12)
        staffed = queue.agents * minutes * 60 * 0.9
        slots = staffed * (2 if queue.channel == "chat" else 1)
        handling = staffed * min(0.97, 0.7 + queue.trouble * 0.26 + draw.random() * 0.03)
        mean = 6 + queue.trouble * 95
        closed = answered + abandoned - short + flowed
        opened = offered if ticket else 0
        replied, resolved = round(opened * 0.9), round(opened * 0.8)
        again = round(resolved * 0.05)
        replied_seconds = round(replied * (140 + queue.trouble * 400), 3)
        figures: Record = _NOTHING | {
            "offered": 0 if ticket else offered,
            "contacts": 0 if ticket else contacts,
            "contacts_hopped": 0 if ticket else offered - contacts,
            "hops_per_contact": None if ticket else _ratio(offered, contacts),
            "blocked_reasons": dict.fromkeys(("full", "closed", "no_agents", "other"), 0),
            "answered": answered * (not ticket),
            "answered_measured": answered * (not ticket),
            "abandoned": abandoned,
            "short_abandoned": short,
            "flowed_out": flowed,
            "flowed_out_reasons": dict.fromkeys(FLOW_OUT_REASONS, 0) | {"overflow": flowed},
            "wrapups_reported": handled,
            "handled": handled,
            "transferred": round(handled * 0.05),
            "threshold_decided": 0 if ticket else decided,
            "answered_in_threshold": 0 if ticket else within,
            "abandoned_in_threshold": short,
            "limit_decided": decided if limited else 0,
            "waited_over_limit": over,
            "waited_over_limit_ratio": _ratio(over, decided) if limited else None,
            "offers": {
                "accepted": answered,
                "rejected": 1,
                "timeout": 2,
                "customer_left": 0,
                "rescinded": 0,
            },
            "offer_answer_ratio": _ratio(answered, answered + 3),
            "answered_wait_seconds": round(answered * mean, 3),
            "abandoned_wait_seconds": 0.0,
            "closed_wait_seconds": round(closed * mean, 3),
            "customer_wait_seconds": round(answered * mean * 1.1, 3),
            "customer_wait_count": answered * (not ticket),
            "customer_wait_mean_seconds": _ratio(
                round(answered * mean * 1.1, 3), answered * (not ticket)
            ),
            "customer_wait_abandoned_seconds": round(abandoned * mean * 0.7, 3),
            "customer_wait_abandoned_mean_seconds": _ratio(
                round(abandoned * mean * 0.7, 3), abandoned
            ),
            "time_to_answer_seconds": round(answered * (mean + 20), 3),
            "time_to_answer_count": answered * (not ticket),
            "time_to_answer_mean_seconds": round(mean + 20, 6) if answered and not ticket else None,
            "time_to_answer_quantiles_seconds": parts.spread(mean + 20, answered * (not ticket)),
            "wait_max_seconds": mean * 4,
            "talk_seconds": round(talk, 3),
            "hold_seconds": round(hold, 3),
            "wrapup_seconds": round(wrapup, 3),
            "handling_agent_seconds": round(handling, 3),
            "staffed_agent_seconds": round(staffed, 3),
            "slot_busy_seconds": round(handling * 1.4, 3),
            "slot_capacity_seconds": round(staffed * 2, 3),
            "break_seconds": {"other": round(staffed * 0.1, 3)},
            "agent_state_seconds": {
                "error": 0.0,
                "on_contact": round(handling * 0.86, 3),
                "wrapup": round(handling * 0.14, 3),
                "ringing": 0.0,
                "break": round(staffed * 0.1, 3),
                "available": round(staffed - handling, 3),
                "unknown": 0.0,
                "offline": round(staffed * 0.2, 3),
            },
            "waiting_seconds": round(offered * mean, 3),
            "abandonment_ratio": _ratio(abandoned - short, closed) if not ticket else None,
            "wait_mean_seconds": round(mean, 6) if answered and not ticket else None,
            "wait_closed_mean_seconds": round(mean, 6) if closed else None,
            "abandoned_wait_mean_seconds": None,
            "wait_quantiles_seconds": {
                "p50": mean * 0.6,
                "p80": mean * 1.5,
                "p90": mean * 2.1,
                "p95": mean * 2.8,
                "p99": mean * 3.7,
            },
            "service_level": {
                "answered_only": _ratio(within, answered) if not ticket else None,
                "offered": _ratio(within, decided) if not ticket else None,
                "offered_less_short": _ratio(within, decided - short) if not ticket else None,
                "removed_in_threshold": _ratio(within + short, decided) if not ticket else None,
            },
            "talk_mean_seconds": _ratio(talk, handled),
            "hold_mean_seconds": _ratio(hold, handled),
            "held": held,
            "hold_per_held_mean_seconds": _ratio(round(hold, 3), held),
            "wrapup_mean_seconds": _ratio(wrapup, handled),
            "wrapup_reported_mean_seconds": _ratio(wrapup, handled),
            "handle_mean_seconds": _ratio(
                round(talk, 3) + round(hold, 3) + round(wrapup, 3), handled
            ),
            "occupancy_ratio": _ratio(round(handling, 3), round(staffed, 3)),
            "slot_occupancy_ratio": _ratio(handling * 1.4, staffed * 2),
            "ready_ratio": _ratio(staffed, staffed * 1.1),
            "connected_seconds": round(talk + hold, 3),
            "queue_load_ratio": None if ticket else _ratio(talk + hold + wrapup, slots),
            "depth_mean": _ratio(offered * mean, minutes * 60),
            "tickets_opened": opened,
            "first_responses": replied,
            "first_response_seconds": replied_seconds,
            "first_response_mean_seconds": _ratio(replied_seconds, replied),
            "next_responses": replied,
            "next_response_seconds": replied_seconds,
            "next_response_mean_seconds": _ratio(replied_seconds, replied),
            "tickets_resolved": resolved,
            "resolution_seconds": round(resolved * 21_600.0, 3),
            "resolution_mean_seconds": 21_600.0 if resolved else None,
            "resolution_net_count": resolved,
            "resolution_net_seconds": round(resolved * 14_400.0, 3),
            "resolution_net_mean_seconds": 14_400.0 if resolved else None,
            "on_hold_seconds": round(resolved * 900.0, 3),
            "resolution_quantiles_seconds": parts.spread(21_600.0, resolved),
            "tickets_reopened": round(resolved * 0.06),
            "bot_resolved": round(resolved * 0.1),
            "resolved_without_reply": round(resolved * 0.02),
            "tickets_left": {"merged": 0, "spam": round(opened * 0.04), "deleted": 0},
            "tickets_resolved_again": again,
            "resolution_cycle_seconds": round((resolved + again) * 21_600.0, 3),
            "resolution_cycle_mean_seconds": 21_600.0 if resolved else None,
            "tickets_worked": replied,
            "work_seconds": round(replied * 700.0, 3),
            "work_per_resolution_seconds": _ratio(replied * 700.0, resolved + again),
            "tickets_assigned": replied,
            "assign_seconds": round(replied * 95.0, 3),
            "assign_mean_seconds": 95.0 if replied else None,
        }
        chats = offered * (queue.channel == "chat")
        handle = figures["handle_mean_seconds"]
        figures |= {
            "bot": parts.bot(chats * 2),
            "chat": parts.chat(answered, mean, handle, handling) if chats else None,
            "callbacks": None if ticket else parts.callbacks(round(flowed * 0.5)),
            "ticket": parts.ticket(figures, queue.trouble, minutes == 480) if ticket else None,
        }
        kept = figures["ticket"]["sla"]["resolution"] if ticket else None
        figures["resolution_in_time_ratio"] = kept and kept["compliance_ratio"]
        # slow figures: a minute of them says nothing
        slow = parts.served(figures, queue.trouble, told=queue.served)
        figures |= slow if minutes == WINDOWS["today"] else dict.fromkeys(slow)
        return figures

    def history(self, now_ms: int) -> list[Record]:
        """The last 60 one-minute figures of each queue."""
        last = now_ms // MINUTE_MS * MINUTE_MS
        found = []
        for queue in self.queues:
            draw = random.Random(f"{self.seed} {queue.name} history")
            phase = draw.uniform(0, 6)
            minutes = []
            for back in range(59, -1, -1):
                wave = 0.5 + 0.5 * math.sin(phase + back / 9) + draw.uniform(-0.15, 0.15)
                # the last minutes drift towards what the live figures say
                trouble = max(0.0, queue.trouble * (1.5 - back / 40) * (0.6 + 0.6 * wave))
                minutes.append(
                    {
                        "at": last - back * MINUTE_MS,
                        "offered": round(queue.rate),
                        "answered": round(queue.rate * (1 - trouble / 3)),
                        "abandoned": round(queue.rate * trouble / 4),
                        "waiting": round(queue.rate * trouble * 2.4),
                        "service_level": round(max(0.1, min(1, 0.97 - trouble * 0.5)), 6),
                        "abandonment_ratio": round(min(1, trouble / 6), 6),
                        "occupancy_ratio": round(min(0.98, 0.68 + trouble * 0.3), 6),
                        "wait_mean_seconds": round(6 + trouble * 90, 6),
                    }
                )
            found.append(
                {
                    "tenant": queue.tenant,
                    "queue": queue.name,
                    "channel": queue.channel,
                    "minutes": minutes,
                }
            )
        return found

    def intervals(self, now_ms: int, queue: Queue, count: int = 40) -> list[Record]:
        """The last `count` 15-minute intervals of one queue, the newest one still open."""
        last = now_ms // 900_000 * 900_000
        definitions = self._record(queue, now_ms)["definitions"]
        found = []
        for back in range(count - 1, -1, -1):
            draw = random.Random(f"{self.seed} {queue.name} {back}")
            day = 0.35 + 0.65 * math.sin(math.pi * (count - back) / count)
            shape = Queue(
                queue.name,
                queue.channel,
                queue.rate * day,
                min(1.0, queue.trouble * day * draw.uniform(0.5, 1.3)),
                queue.agents,
            )
            found.append(
                {
                    "tenant": queue.tenant,
                    "queue": queue.name,
                    "channel": queue.channel,
                    "interval_start": last - back * 900_000,
                    "interval_seconds": 900,
                    "watermark": now_ms,
                    "revision": self.revision,
                    "schema_version": SCHEMA_VERSION,
                    "final": back > 16,
                    "definitions": definitions,
                    "figures": self._figures(shape, 15, draw),
                }
            )
        return found

    def quality(self, now_ms: int, partitions: int = 4) -> list[Record]:
        """One quality record a partition."""
        return [
            {
                "partition": number,
                "at": now_ms,
                "sources": {"pbx": now_ms - 600, "helpdesk": now_ms - 2_300},
                "late": 1 if number == 2 else 0,
                "dead_letters": 3 if number == 0 else 0,
                "anomalies": 5 + number,
                "orphaned": 1 if number == 1 else 0,
                "unknown_agents": 0,
                "anomalies_by_sort": {
                    "took_effect_otherwise": 2,
                    "given_up_by_age": 1,
                    "did_nothing": 2 + number,
                },
                "effective_lately": 4_000,
                "did_nothing_lately": 1,
            }
            for number in range(partitions)
        ]


def key_of(record: Record) -> bytes:
    """The Kafka key of a KPI, history, interval or quality record."""
    if "partition" in record:
        return orjson.dumps(["_quality", record["partition"]])
    key = [record["tenant"], record["queue"], record["channel"]]
    if "interval_start" in record:
        key.append(record["interval_start"])
    return orjson.dumps(key)


def value_of(record: Record) -> bytes:
    """The Kafka value of a record: keys sorted, as the worker writes it."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
