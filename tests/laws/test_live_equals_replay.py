"""Both stages, batch by batch, against one replay of everything: the same sums, always."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from streams.lifecycle import entity
from streams.windows import batches
from tests.examples import QUICK, examples
from tests.later_stories import told_twice_history
from tests.laws.pipeline import Pipeline, additive
from tests.laws.test_replay_equals_oracle import configured, replayed
from tests.oracle.oracle import Oracle
from tests.strategies import QUEUE_VARIANTS, encoded, random_history

HORIZON_MS = 14_400_000
#: How much of a history; each quarter of an hour is an interval of each queue.
LATELY_MS = (16 if QUICK else 40) * 3_600_000


def lately(
    seed: int, stories: int, tell: Callable[[int, int], list[dict[str, Any]]] = random_history
) -> list[dict[str, Any]]:
    """A seeded history without what happens months later: intervals are many otherwise.

    Nor is an id told again, revised or not, when what it told is final: nobody remembers it.
    """
    history = tell(seed, stories)
    first = min(event["occurred_at"] for event in history)
    said: dict[tuple[str, str], int] = {}
    for event in history:
        identity = event["source"], event["event_id"]
        said[identity] = min(event["occurred_at"], said.get(identity, event["occurred_at"]))
    return [
        event
        for event in history
        if event["occurred_at"] < first + LATELY_MS
        and event["occurred_at"] <= said[event["source"], event["event_id"]] + 3_600_000
    ]


def live(
    history: list[dict[str, Any]],
    queues: list[dict[str, Any]],
    seed: int,
    intervals: bool = True,
    **limits: Any,
) -> Pipeline:
    """Everything through both stages: unordered by up to an hour, in random batches, with ticks
    at random times, repeats and restarts, while `closed_before` advances."""
    chance = random.Random(seed)
    arrivals = sorted(
        history, key=lambda event: event["occurred_at"] + chance.randrange(0, 3_600_000)
    )
    settings = replace(configured(queues), **limits)
    pipeline = Pipeline(settings, chance.choice((1, 2, 3)), intervals)
    raws = encoded(arrivals)
    position = 0
    while position < len(raws):
        size = chance.choice((1, 2, 5, 20))
        batch = raws[position : position + size]
        for raw in batch + [chance.choice(batch)] * chance.choice((0, 1)):
            pipeline.accept(raw)
        position += size
        # Nothing to come is older than what came by more than the disorder: now may be anything up
        # to the newest time but never so late that what is still to come is closed.
        rest = [event["occurred_at"] for event in arrivals[position:]]
        newest = max(event["occurred_at"] for event in arrivals[:position])
        latest = min([newest, *(at + HORIZON_MS - 1 for at in rest)])
        pipeline.turn(max(0, latest - chance.choice((0, 0, 1, 20_000, 3_000_000))))
        if chance.random() < 0.1:
            pipeline.restart()
    return pipeline


@pytest.mark.parametrize("seed", range(examples(40)))
def test_sums_over_intervals_equal_the_replay(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Order, duplicates, batches, ticks, packing, cut batches and restarts leave no trace."""
    monkeypatch.setattr(batches, "BATCH_BYTES", 1_500)
    monkeypatch.setattr(entity, "PACK_ABOVE", 4)
    monkeypatch.setattr(entity, "PACK_LEAVES", 2)
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    # Now and then there is room for what is configured only.
    limits: dict[str, Any] = {"max_tenants": 1, "max_queues": 1} if queues and seed % 4 == 3 else {}
    # And tickets that are settled are forgotten within these hours.
    limits["ticket_memory_days"] = 1 + 89 * (seed % 2)
    compare(lately(seed, 25), queues, seed, **limits)


@pytest.mark.parametrize("seed", range(examples(40)))
def test_of_one_id_one_event_counts_whichever_comes_first(seed: int) -> None:
    """A flow-out that is told twice, once with a call back, is the same one in every order."""
    compare(told_twice_history(seed), QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)], seed)


def compare(
    history: list[dict[str, Any]], queues: list[dict[str, Any]], seed: int, **limits: Any
) -> None:
    """What both stages publish of the history in the end is what a replay says."""
    pipeline = live(history, queues, seed, **limits)
    # A last word at a pane's edge, so that integrals end at the same time in both; behind all
    # others, for what happens at the edge itself is shown with its pane.
    as_of = (max(event["occurred_at"] for event in history) // 10_000 + 1) * 10_000
    last = {
        "type": "source.heartbeat",
        "event_id": "last",
        "occurred_at": as_of,
        "source": "x",
    }
    pipeline.finish(as_of)
    assert not pipeline.rejected
    expected = {
        (r["tenant"], r["queue"], r["channel"]): r
        for r in replayed([*history, last], queues, **limits)
    }
    sums = pipeline.sums()
    kpis = pipeline.kpis()
    assert set(expected) <= set(kpis)
    # Others were seen for a moment, before a repeat came that counts instead.
    for queue_key in set(kpis) - set(expected):
        today = kpis[queue_key]["windows"]["today"]
        assert not any(today[name] for name in ("offered", "blocked", "tickets_opened", "handled"))
    for queue_key, record in expected.items():
        wanted = additive(record["windows"]["all"])
        found = sums.get(queue_key, dict.fromkeys(wanted, 0))
        wrong = {k: (found.get(k, 0), v) for k, v in wanted.items() if found.get(k, 0) != v}
        assert not wrong, (queue_key, wrong)
        assert kpis[queue_key]["live"] == record["live"], queue_key


@pytest.mark.parametrize("seed", range(examples(20)))
def test_sliding_windows_equal_the_oracle(seed: int) -> None:
    """Each window's counts and integrals are those of the oracle's lists, at any instant."""
    history = lately(seed, 20)
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    chance = random.Random(seed)
    pipeline = live(history, queues, seed, intervals=False)
    as_of = max(e["occurred_at"] for e in history) + chance.choice((0, 1, 4_999, 60_000, 400_000))
    pipeline.finish(as_of)
    oracle = Oracle(queues).run(history, now_ms=as_of)
    end, cut = -(-as_of // 10_000) * 10_000, as_of // 10_000 * 10_000
    widths = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "60m": 3_600_000}
    for queue_key, record in pipeline.kpis().items():
        for name, width in widths.items():
            found = additive(record["windows"][name])
            counted = additive(oracle.figures(*queue_key, end - width, end))
            timed = additive(oracle.figures(*queue_key, cut - width, cut))
            for key, value in found.items():
                clocked = (
                    "slot_",
                    "waiting_",
                    "connected_",
                    "agent_state_",
                    "break_",
                    "chat.contact_",
                )
                integral = key.startswith(clocked) or "_agent_seconds" in key
                wanted = timed[key] if integral else counted[key]
                assert value == wanted, (queue_key, name, key, value, wanted)
