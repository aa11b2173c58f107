"""The engine against the oracle: every figure of random histories, illegal ones included."""

import random
from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings

from streams.contract.words import TICKET_PRIORITIES
from streams.kpis.replay import Replay
from streams.settings import QueueSettings, Settings
from streams.settings.calendars import Calendar, holidays_of, week_of
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.examples import examples
from tests.later_stories import told_twice_history
from tests.laws.pipeline import published
from tests.oracle.oracle import Oracle
from tests.strategies import (
    QUEUE_VARIANTS,
    encoded,
    histories,
    queue_settings,
    random_history,
)


def configured(queues: list[dict[str, Any]]) -> Settings:
    """The same queues as the product's settings."""
    return Settings(queues=tuple(map(_configured, queues)))


def _configured(queue: dict[str, Any]) -> QueueSettings:
    first = _wired({**queue, "channels": tuple(queue.get("channels", ("voice",))), "changes": ()})
    then, changes = QueueSettings(**first), []
    for change in queue.get("changes", []):
        new = {name: value for name, value in change.items() if name != "from"}
        then = replace(then, **_wired(new))
        changes.append((change["from"], then))
    return QueueSettings(**first | {"changes": tuple(changes)})


def _wired(queue: dict[str, Any]) -> dict[str, Any]:
    """The queue with its lists, its calendar and its promises as the settings hold them."""
    wired = {key: tuple(value) if key == "break_reasons" else value for key, value in queue.items()}
    if "calendar" in queue:
        wired["calendar"] = _calendar(queue["calendar"])
    if "sla" in queue:
        wired["sla"] = {metric: _by_priority(said) for metric, said in queue["sla"].items()}
    return wired


def _calendar(given: Any) -> Calendar | None:
    """A calendar's dict, or "" for none, as `QueueSettings.calendar` has it."""
    if not given:
        return None
    week, holidays = week_of(given["hours"]), holidays_of(given.get("holidays", {}))
    name = f"{given['time_zone']} {crc32(repr(given).encode())}"
    return Calendar(name, week, given["time_zone"], holidays)


def _by_priority(said: Any) -> dict[str, int]:
    """Seconds for each priority, or for all of them."""
    return said if isinstance(said, dict) else dict.fromkeys(TICKET_PRIORITIES, said)


def replayed(
    history: list[dict[str, Any]], queues: list[dict[str, Any]], **limits: Any
) -> list[dict[str, Any]]:
    """The records of a replay of the history."""
    return told(history, queues, **limits)[0]


def told(
    history: list[dict[str, Any]], queues: list[dict[str, Any]], **limits: Any
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The records of a replay of the history, and how often each anomaly occurred."""
    replay = Replay(replace(configured(queues), **limits))
    for raw in encoded(history):
        event = decode(raw)
        assert not isinstance(event, Rejected), event
        replay.add(event)
    records = [published(record) for record in replay.records()]
    return records, {kind: times for kind, (times, _, _) in replay.anomalies().items()}


def close(found: Any, expected: Any) -> bool:
    """Quantiles and maxima: within the histogram's error."""
    if found is None or expected is None:
        return found is expected
    return abs(found - float(expected)) <= 0.008 * float(expected) + 1e-9


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Every key that differs, in parts too; quantiles may by the stated error."""
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    wrong = []
    for key, value in expected.items():
        if isinstance(value, dict) and isinstance(found[key], dict) and "quantiles" not in key:
            wrong += [f"{key}.{line}" for line in differences(found[key], value)]
            continue
        if "quantiles" in key:
            same = all(close(found[key][name], value[name]) for name in value)
        elif key == "wait_max_seconds":
            same = close(found[key], value)
        else:
            same = found[key] == value
        if not same:
            wrong.append(f"{key}: {found[key]} instead of {value}")
    return wrong


#: Anomalies that are all there is to see of a field.
COUNTED = ("transferred_elsewhere",)


def check(history: list[dict[str, Any]], queues: list[dict[str, Any]], **limits: Any) -> None:
    """Same scopes, same figures, same live part; `limits` leave room for what is configured."""
    expected = Oracle(queues, only_configured=bool(limits)).run(history)
    found, anomalies = told(history, queues, **limits)
    for kind in COUNTED:
        assert anomalies.get(kind, 0) == expected.anomalies[kind], kind
    records = {(r["tenant"], r["queue"], r["channel"]): r for r in found}
    assert set(records) == set(expected.scopes())
    for queue_key, record in records.items():
        figures = differences(record["windows"]["all"], expected.figures(*queue_key))
        live = differences(record["live"], expected.live(*queue_key))
        assert not figures + live, (queue_key, figures, live)


@settings(max_examples=examples(300), deadline=None)
@given(histories(), queue_settings())
def test_every_figure_equals_the_oracles(history: list[dict], queues: list[dict]) -> None:
    """A replay gives what the definitions give when applied to finished lists."""
    check(history, queues)


@pytest.mark.parametrize("seed", range(examples(60)))
def test_larger_histories_equal_the_oracles(seed: int) -> None:
    """The same for longer seeded histories, in a random order of lines."""
    history = random_history(seed, stories=40)
    random.Random(seed).shuffle(history)
    check(history, QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)])


@pytest.mark.parametrize("seed", range(examples(60)))
def test_of_one_id_one_event_counts_also_where_it_is_read_twice(seed: int) -> None:
    """A flow-out is read for the contact and for a call back: of two that differ, the same one."""
    history = told_twice_history(seed)
    random.Random(seed).shuffle(history)
    check(history, QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)])


@pytest.mark.parametrize("seed", range(examples(20)))
def test_tenants_and_queues_beyond_the_limits_count_as_other(seed: int) -> None:
    """Every visit, ticket and agent is still counted, once, and what is configured is exact."""
    history = random_history(seed, stories=30)
    variants = [queues for queues in QUEUE_VARIANTS if queues]
    check(history, variants[seed % len(variants)], max_tenants=1, max_queues=1)


def chat(number: int, kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    """An event of one chat in `billing`, unless another queue is told."""
    about = {"channel": "chat", "contact_id": "c1", "source": "acd", "queue": "billing"}
    at = 1_700_000_000_000 + round(seconds * 1_000)
    return {"event_id": f"e{number}", "type": kind, "occurred_at": at, **about, **fields}


REF = {"customer_ref": "5e" * 32}
#: Random histories in which a replay once differed from the oracle, made short.
ONCE_DIFFERENT: dict[str, list[tuple[str, float, dict[str, Any]]]] = {
    "two comings with one entry": [
        ("contact.enqueued", 10, {}),
        ("message.sent", 7_201, {"author": "customer"}),
        ("contact.answered", 10_841, {}),
        ("contact.ended", 10_867, REF),
        ("contact.answered", 14_410, {}),
    ],
    "two comings of one instant": [
        ("contact.answered", 1, REF),
        ("contact.answered", 2, {"queue": "sales"}),
        ("contact.resumed", 2, {}),
        ("contact.abandoned", 3, {}),
    ],
    "a bot contained him twice at once": [
        ("bot.ended", 470, {"outcome": "contained", **REF}),
        ("bot.ended", 470, {"outcome": "contained", **REF}),
        ("contact.enqueued", 534, REF),
        ("message.sent", 606, {"author": "agent", "agent_id": "ben"}),
    ],
    "an earlier coming ends last, and nobody knows whose": [
        ("contact.answered", 18_045, {"queue": "sales"}),
        ("contact.answered", 46_825, {"queue": "support"}),
        ("contact.ended", 90_225, {"queue": "sales"}),
        ("contact.answered", 101_058, {}),
        ("contact.ended", 104_445, {"queue": "support"}),
        ("contact.enqueued", 104_659, {"queue": "sales"}),
        ("contact.ended", 273_626, {"queue": None}),
    ],
}


@pytest.mark.parametrize("name", ONCE_DIFFERENT)
def test_what_once_differed_is_the_same_now(name: str) -> None:
    """Whatever the settings of its queues."""
    told = enumerate(ONCE_DIFFERENT[name])
    history = [chat(n, kind, at, **fields) for n, (kind, at, fields) in told]
    for queues in QUEUE_VARIANTS:
        check(history, queues)
