"""Makes the generated call log, and its answers by a naive count.

    python -m tests.data.make_call_log            write both
    python -m tests.data.make_call_log --check    exit 1, and say which, if a written one differs

Two weeks of a small centre: callers come by the hour of the day, wait in one line for the next free
of two agents, and hang up when their patience ends. So waits, abandonments and busy hours hang
together as in a real log. What breaks naive code is in it too: waits of 0 s, calls over midnight,
answered calls without an agent, unknown customers, rows out of time order. The seed is fixed.
"""

import argparse
import csv
import gzip
import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapreplace
from pathlib import Path
from random import Random

from tests.data.call_logs import COLUMNS, GENERATED, HERE, Row, answers_of, count, text_of

SEED = 19
#: A Monday.
BEGIN = datetime(2001, 1, 1, tzinfo=UTC)
CALLS_OF_WEEKDAYS = (390, 380, 370, 375, 400, 170, 120)
CALLS_OF_HOURS = (2, 0, 0, 0, 0, 0, 1, 9, 22, 24, 28, 25, 21, 22, 23, 22, 25, 19, 18, 15, 14, 16,
                  14, 14)  # fmt: skip
#: Name: share of the calls, mean talk in seconds.
QUEUES = {"service": (62, 210), "sales": (24, 150), "loans": (9, 330), "online": (5, 290)}
#: The export of another switch: its rows stand after all others.
LAST = "online"
DESKS = 2
ROSTER = 9
CUSTOMERS = 700


def made_calls() -> list[Row]:
    """All calls, in the order of the file."""
    chance = Random(SEED)
    free_at = [(0, desk) for desk in range(DESKS)]
    places, calls = [], []
    for number, entered_at in enumerate(_arrivals(chance)):
        queue = chance.choices(list(QUEUES), [share for share, _ in QUEUES.values()])[0]
        wait = max(0, free_at[0][0] - entered_at)
        patience = chance.randrange(7) if chance.random() < 0.1 else _about(chance, 300)
        answered = wait <= patience
        answered_at = entered_at + wait
        ended_at = entered_at + patience
        agent = ""
        if answered:
            ended_at = answered_at + _about(chance, QUEUES[queue][1])
            desk = free_at[0][1]
            heapreplace(free_at, (ended_at, desk))
            # Two of nine a day; the log does not name all of them.
            if chance.random() >= 0.02:
                agent = f"agent-{(answered_at // 86_400 * DESKS + desk) % ROSTER + 1:02}"
        calls.append(
            {
                "call_id": f"{_time(entered_at):%y%m%d}-{number:05}",
                "customer": _customer(chance),
                "priority": str(chance.choices((0, 1, 2), (62, 13, 25))[0]),
                "queue": queue,
                "entered_at": _text(entered_at),
                "outcome": "answered" if answered else "abandoned",
                "answered_at": _text(answered_at) if answered else "",
                "ended_at": _text(ended_at),
                "agent": agent,
            }
        )
        late = chance.randrange(7_200) if chance.random() < 0.02 else 0
        places.append((queue == LAST, entered_at + late, number))
    return [calls[number] for *_, number in sorted(places)]


def _arrivals(chance: Random) -> list[int]:
    """Seconds since BEGIN of every call, in order."""
    return sorted(
        (day * 24 + hour) * 3_600 + chance.randrange(3_600)
        for day, calls in enumerate(CALLS_OF_WEEKDAYS * 2)
        for hour in chance.choices(range(24), CALLS_OF_HOURS, k=calls)
    )


def _about(chance: Random, mean: int) -> int:
    """Whole seconds, exponential."""
    return int(chance.expovariate(1 / mean))


def _customer(chance: Random) -> str:
    """Unknown, or one of CUSTOMERS; some call far more often than others."""
    if chance.random() < 0.6:
        return ""
    number = int(CUSTOMERS * chance.random() ** 2)
    return f"{Random(number).getrandbits(48):012x}"


def _time(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def _text(seconds: int) -> str:
    return f"{_time(seconds):%Y-%m-%dT%H:%M:%SZ}"


def as_text(rows: list[Row]) -> str:
    """The rows as the file holds them, unpacked."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the log and its answers, or compare; 1 if something written differs."""
    parser = argparse.ArgumentParser(description="the generated call log and its answers")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    parser.add_argument("--dir", type=Path, default=HERE, help="where the two files are")
    options = parser.parse_args(arguments)
    rows = made_calls()
    answers = count(rows)
    log = options.dir / GENERATED.name
    if not options.check:
        log.write_bytes(gzip.compress(as_text(rows).encode(), mtime=0))
        beside = log.with_name("call_log.answers.json")
        beside.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")
        return 0
    # Unpacked, for another zlib packs otherwise.
    wrong = [
        name
        for name, same in (
            ("the rows", log.exists() and text_of(log) == as_text(rows)),
            ("its answers", log.exists() and answers_of(log) == answers),
        )
        if not same
    ]
    for name in wrong:
        print(f"{name} in {options.dir} differ: run python -m tests.data.make_call_log")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
