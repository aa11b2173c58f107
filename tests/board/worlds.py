"""Worlds for the wall: every number of tenants and queues, names of every length, every load.

In: a `World`, or a seed. Out: a store as the feed would have filled it. The records are the
seeded generator's; a heavy load makes figures as wide as they get.
"""

import random
from dataclasses import dataclass

from streams.board.store import Store
from streams.contract.words import SLA_METRICS
from tests.board.records import Centre, Record, key_of, value_of
from tests.board.serving import now_ms, put

TENANTS = ("default", "acme-retail", "nordwind-versicherung-aktiengesellschaft", "kurz", "e", "f")
SCRIPTS = (
    "клиентская-поддержка-премиум-северо-запад",
    "客户服务中心高级账户支持北部地区第一组",
    "εξυπηρέτηση-πελατών-λογαριασμοί",
    "خدمة-العملاء-الحسابات-المميزة",
)
LOADS = ("usual", "heavy", "idle", "mixed")
PARTS = ("bot", "chat", "callbacks", "ticket", "complaints", "cohorts", "sla", *SLA_METRICS)
PARTS += ("surveys", "sales", "followups", "customers")
NO_VALUE = ("_ratio", "_mean_seconds", "_max_seconds", "_mean", "nps", "per_handled", "per_ticket")


@dataclass(frozen=True, slots=True)
class World:
    """`queues` over all tenants; `names`: short, long (40 letters) or scripts (256 signs)."""

    queues: int
    tenants: int = 1
    names: str = "short"
    load: str = "usual"
    tickets: bool = True
    history: bool = True
    stale_share: float = 0.0
    seed: int = 7

    def __str__(self) -> str:
        parts = [f"{self.tenants}x{self.queues}", self.names, self.load]
        parts += [] if self.tickets else ["no-tickets"]
        parts += [] if self.history else ["no-history"]
        parts += [f"stale-{self.stale_share}"] if self.stale_share else []
        return "-".join(parts)


def name_of(kind: str, number: int) -> str:
    """A name of that kind; those of one kind are alike but for a few signs."""
    if kind == "long":
        return f"customer-care-{number:03d}-premium-account-{'abc'[number % 3]}north"
    made = SCRIPTS[number % 4]
    return (made * 18)[: 254 - len(str(number))] + f"-{number}"


def generated(seed: int) -> World:
    """A world drawn from all there is."""
    draw = random.Random(f"world {seed}")
    tenants = draw.choice((1, 1, 2, 3, 3, 5))
    return World(
        queues=draw.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 20, 40, 60)),
        tenants=tenants,
        names=draw.choice(("short", "long", "scripts")),
        load=draw.choice(LOADS),
        tickets=draw.random() < 0.7,
        history=draw.random() < 0.8,
        stale_share=draw.choice((0.0, 0.0, 0.3)),
        seed=seed,
    )


def filled(world: World) -> Store:
    """A store that holds the world's records, history and quality."""
    store, now = Store(), now_ms()
    draw = random.Random(f"{world.seed} load")
    for number, centre in enumerate(_centres(world)):
        records = centre.records(now)
        for record in records:
            _load(record, world, draw, now)
        put(store, records)
        if world.history:
            for record in centre.history(now):
                store.put_history(key_of(record), value_of(record))
        if number == 0:
            for record in centre.quality(now):
                store.put_history(key_of(record), value_of(record))
    store.set_feed("live")
    return store


def _centres(world: World) -> list[Centre]:
    found = []
    for number in range(min(world.tenants, world.queues or 1)):
        count = world.queues // world.tenants + (number < world.queues % world.tenants)
        if world.queues == 0:
            return []
        centre = Centre(count, world.seed + number, world.tickets, TENANTS[number])
        if world.names != "short":
            for at, queue in enumerate(centre.queues):
                queue.name = name_of(world.names, at)
        found.append(centre)
    return found


def _load(record: Record, world: World, draw: random.Random, now: int) -> None:
    """Makes the figures those of the world's load."""
    if draw.random() < world.stale_share:
        record["as_of"] = now - draw.choice((75_000, 4_000_000, 400_000_000))
    load = draw.choice(("usual", "heavy", "idle")) if world.load == "mixed" else world.load
    if load == "idle":
        _idle(record)
    if load != "heavy":
        return
    ticket = record["channel"] == "ticket"
    live = record["live"]
    if not ticket:
        waiting = draw.choice((0, 1, 14, 130, 1_234))
        age = draw.choice((61_000, 3_599_000, 5_025_000, 44_000_000, 400_000_000))
        live["waiting"] = waiting
        live["waiting_over_threshold"] = waiting // 2
        live["oldest_waiting_at"] = now - age if waiting else None
    live["agents"] = {state: draw.choice((0, 9, 88, 1_234)) for state in live["agents"]}
    if draw.random() < 0.2:
        live["agents"] = dict.fromkeys(live["agents"], 0)
    live["backlog"] = {state: draw.choice((3, 12_345)) * ticket for state in live["backlog"]}
    live["backlog_age"] = {age: draw.choice((0, 7, 12_345)) * ticket for age in live["backlog_age"]}
    live["backlog_unassigned"] = live["complaints_open"] = draw.choice((0, 12_345)) * ticket
    for clocks in (live["sla"] or {}).values():
        clocks |= {name: draw.choice((0, 7, 12_345)) for name in clocks}
    if ticket:
        live["next_due_at"] = now + draw.choice((59_000, 3_599_000, 86_000_000, 400_000_000))
    for figures in record["windows"].values():
        figures["service_level"] = dict.fromkeys(
            figures["service_level"], draw.choice((0.0, 0.06, 0.999, 1.0))
        )
        figures["abandonment_ratio"] = draw.choice((0.0, 0.05, 0.123, 1.0))
        figures["occupancy_ratio"] = draw.choice((0.444, 0.9999, 1.0))
        figures["slot_occupancy_ratio"] = figures["occupancy_ratio"]
        figures["handle_mean_seconds"] = draw.choice((5.0, 754.4, 5_025.0, 50_025.0))
        figures["wait_mean_seconds"] = draw.choice((5.0, 754.4, 5_025.0))
        figures["offered"] = draw.choice((1, 12_345, 123_456))
        figures["first_response_mean_seconds"] = draw.choice((59.0, 45_000.0, 4_500_000.0))
        figures["resolution_mean_seconds"] = draw.choice((59.0, 45_000.0, 45_000_000.0))
        if ticket:
            for kept in figures["ticket"]["sla"].values():
                ratio = draw.choice((0.0, 0.5, 0.999, 1.0))
                kept |= {"met": 12_345, "breached": 123_456, "compliance_ratio": ratio}
            figures["resolution_in_time_ratio"] = ratio


def _idle(record: Record) -> None:
    live = record["live"]
    live |= {"waiting": 0, "waiting_over_threshold": 0, "oldest_waiting_at": None, "handling": 0}
    for figures in record["windows"].values():
        _nothing(figures)


def _nothing(figures: Record) -> None:
    """No counts, no means, no keys of open maps; the parts of the figures stay."""
    for name, value in figures.items():
        if name in PARTS and value is not None:
            _nothing(value)
        elif isinstance(value, dict):
            figures[name] = dict.fromkeys(value) if name == "service_level" else {}
        elif isinstance(value, list):
            figures[name] = []
        elif value is None or name.endswith(NO_VALUE):
            figures[name] = None
        else:
            figures[name] = 0


__all__ = ["LOADS", "World", "filled", "generated", "name_of"]
