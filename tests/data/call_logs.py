"""Two weeks of calls to test with, and what a naive count of their rows gives.

A generated log is in every clone (`make_call_log.py`). A real one, of a bank's call centre, has no
licence to be passed on: it lies beside the checkout where somebody has it, and the same tests then
run on both. Nothing of `streams` is imported here: the answers are not the engine's own.
"""

import csv
import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GENERATED = HERE / "call_log.csv.gz"
REAL = HERE.parents[2] / "shared" / "data" / "call_log.csv"
#: The logs that are here; the last one is the longest.
LOGS = [GENERATED, *([REAL] if REAL.exists() else [])]
COLUMNS = (
    *("call_id", "customer", "priority", "queue", "entered_at", "outcome"),
    *("answered_at", "ended_at", "agent"),
)

Row = dict[str, str]


def name_of(log: Path) -> str:
    """`generated` or `real`, for the names of tests."""
    return "generated" if log == GENERATED else "real"


#: For tests that hold of either; the quick ones read the log that every clone has.
each_log = pytest.mark.parametrize(
    "log",
    [pytest.param(log, marks=[pytest.mark.slow] * (log != GENERATED)) for log in LOGS],
    ids=name_of,
)


def text_of(log: Path) -> str:
    """The log as text, unpacked if need be."""
    data = log.read_bytes()
    return (gzip.decompress(data) if log.suffix == ".gz" else data).decode()


def rows_of(log: Path) -> list[Row]:
    """Its calls, in the order of the file."""
    return list(csv.DictReader(text_of(log).splitlines()))


def answers_of(log: Path) -> dict[str, Any]:
    """What lies beside the log as its right answers, in the form of `count`."""
    path = log.with_name("call_log.answers.json")
    answers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return answers


def count(rows: list[Row]) -> dict[str, Any]:
    """The figures of all calls and of each queue, by looking at every row.

    T = 20 s, S = 5 s; percentiles of the answered calls' waits by nearest rank, ratios to six
    digits, means in seconds to four.
    """
    queues = sorted({row["queue"] for row in rows})
    return {
        "rows": len(rows),
        "total": _figures(rows),
        "queues": {
            queue: _figures([row for row in rows if row["queue"] == queue]) for queue in queues
        },
    }


def is_mean(found: float, answer: float) -> bool:
    """True if a figure with six decimals is the mean that the answers give with four.

    To round it once more would not do: 205.2538502 is 205.2539, but by way of 205.25385 205.2538.
    """
    return abs(found - answer) <= 0.000_051


def seconds_between(start: str, end: str) -> int:
    """Whole seconds from one cell's time to another's."""
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def _figures(rows: list[Row]) -> dict[str, Any]:
    answered = [row for row in rows if row["outcome"] == "answered"]
    waits = sorted(seconds_between(row["entered_at"], row["answered_at"]) for row in answered)
    talks = [seconds_between(row["answered_at"], row["ended_at"]) for row in answered]
    lost = [
        seconds_between(row["entered_at"], row["ended_at"])
        for row in rows
        if row["outcome"] == "abandoned"
    ]
    short = sum(wait <= 5 for wait in lost)
    within = sum(wait <= 20 for wait in waits)
    return {
        "offered": len(rows),
        "answered": len(answered),
        "abandoned": len(lost),
        "short_abandoned": short,
        "abandonment_ratio": round((len(lost) - short) / (len(rows) - short), 6),
        "abandoned_per_offered": round(len(lost) / len(rows), 6),
        "mean_wait_answered_s": _mean(waits),
        "mean_talk_s": _mean(talks),
        # The least wait that so many percent of the calls do not exceed.
        **{f"wait_p{p}_s": waits[-(-p * len(waits) // 100) - 1] for p in (50, 80, 90, 95, 99)},
        "wait_max_s": waits[-1],
        "mean_wait_abandoned_s": _mean(lost),
        "service_level_T20_S5": {
            "answered_only": round(within / len(answered), 6),
            "offered": round(within / len(rows), 6),
            "offered_less_short": round(within / (len(rows) - short), 6),
            "removed_in_T": round((within + sum(wait <= 20 for wait in lost)) / len(rows), 6),
        },
    }


def _mean(seconds: Iterable[int]) -> float:
    values = list(seconds)
    return round(sum(values) / len(values), 4)
