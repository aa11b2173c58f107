"""Would an estimated wait hold what it says? On real calls, and where all agents are busy.

    python -m tests.bench.bench_estimate [--contacts 40000] [--rank nearest] [--free-in-class]

At each entry the estimate is made of what was known before: the last 50 answered waits of this
queue that found as many waiting (0, 1, 2-3, 4-7, 8-15, 16 or more). Beside it the mean of the last
ten waits. An abandon within the p80 says nothing; one after it is a miss. Where agents are known
and one is free, nobody waiting, the estimate is 0; such visits are apart, in no class of depth.
A call log knows no agents' states: there a visit is never apart. `--rank nearest` and
`--free-in-class` show what the other readings give.
"""

import argparse
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean, median

import orjson

from streams.simulate.erlang import Model, simulate
from tests.data.call_logs import LOGS, name_of, rows_of

#: The least depth of each class; from SCALED on a wait is taken per place in the line.
CLASSES, SCALED = (0, 1, 2, 4, 8, 16), 4
KEPT, LEAST = 50, 20
#: Arrivals a second, mean handle, agents, seed, patience: the sets of the test of the simulation.
SETS = (
    (48 / 60, 60, 50, 11, 120), (3.5 / 60, 180, 9, 12, 300), (10 / 60, 60, 10, 13, 60),
    (360 / 1800, 240, 55, 21, None), (48 / 60, 60, 52, 22, None),
)  # fmt: skip
#: Seconds, what happened, the visit's number.
Step = tuple[float, str, int]


@dataclass(slots=True)
class Visit:
    """What was said at its entry (p50, p80), the mean of the last ten waits, what came of it."""

    entered: float
    depth: int
    free: bool
    said: tuple[float, float] | None
    last_ten: float
    wait: float = 0.0
    answered: bool = False


@dataclass(slots=True)
class Estimate:
    """The waits known so far of one queue, by class of depth: (how many before, depth, wait)."""

    beyond: int
    by_class: list[deque[tuple[int, int, float]]] = field(
        default_factory=lambda: [deque(maxlen=KEPT) for _ in CLASSES]
    )
    last: deque[float] = field(default_factory=lambda: deque(maxlen=10))
    known: int = 0

    def add(self, visit: Visit, apart: bool) -> None:
        self.known += 1
        self.last.append(visit.wait)
        if not apart:
            its = self.by_class[bisect_right(CLASSES, visit.depth) - 1]
            its.append((self.known, visit.depth, visit.wait))

    def say(self, depth: int) -> tuple[float, float] | None:
        place = bisect_right(CLASSES, depth) - 1
        alike = list(self.by_class[place])
        if len(alike) < LEAST:
            near = self.by_class[max(0, place - 1) : place + 2]
            alike = sorted(entry for waits in near for entry in waits)[-KEPT:]
        if len(alike) < LEAST:
            return None
        scaled = depth >= SCALED
        waits = sorted(w * (depth + 1) / (d + 1) if scaled else w for _, d, w in alike)
        # The next wait falls into each of the n + 1 gaps between n waits with the same chance.
        gaps = len(waits) + self.beyond
        return waits[math.ceil(gaps / 2) - 1], waits[math.ceil(gaps * 4 / 5) - 1]


def visits(steps: Iterable[Step], agents: int, options: argparse.Namespace) -> list[Visit]:
    """One queue's visits, each with what was said at its entry; no agents: none is known."""
    estimate = Estimate(beyond=options.rank == "next")
    depth = busy = 0
    found: dict[int, Visit] = {}
    answers: deque[tuple[float, Visit]] = deque()
    for at, what, number in steps:
        if what == "enqueued":
            while answers and answers[0][0] < at:
                visit = answers.popleft()[1]
                estimate.add(visit, visit.free and not options.free_in_class)
            free = depth == 0 and busy < agents
            said = (0.0, 0.0) if free else estimate.say(depth)
            found[number] = Visit(at, depth, free, said, mean(estimate.last or [0.0]))
            depth += 1
        elif what == "ended":
            busy -= 1
        else:
            depth -= 1
            visit = found[number]
            visit.wait, visit.answered = at - visit.entered, what == "answered"
            if visit.answered:
                busy += 1
                answers.append((at, visit))
    return list(found.values())


def holds(some: list[Visit]) -> str:
    """The answered, the share whose p80 held, and that share with those who left after it."""
    answered = [v for v in some if v.answered and v.said]
    held = sum(v.said is not None and v.wait <= v.said[1] for v in answered)
    missed = sum(v.said is not None and not v.answered and v.wait > v.said[1] for v in some)
    of_all = held / max(1, len(answered) + missed)
    return f"{len(answered):>7,} {held / max(1, len(answered)):>7.1%} {of_all:>7.1%}"


def errors(some: list[Visit]) -> str:
    """Median absolute errors in seconds: the p50, the mean of the last ten, how much less."""
    answered = [(v, v.said[0]) for v in some if v.answered and v.said]
    ours = median([abs(v.wait - p50) for v, p50 in answered] or [0.0])
    theirs = median([abs(v.wait - v.last_ten) for v, _ in answered] or [0.0])
    return f"{ours:>7.1f} {theirs:>7.1f} {1 - ours / theirs if theirs else 0:>6.0%}"


def report(name: str, all_of_it: list[Visit]) -> None:
    """One line: of the visits with p80 > 0, and of those among them that found somebody waiting."""
    some = [v for v in all_of_it if v.said and v.said[1] > 0]
    behind = [v for v in some if v.depth]
    print(f"{name:<18}{holds(some)} |{holds(behind)} |{errors(some)} |{errors(behind)}")


def of_log(rows: list[dict[str, str]], queue: str) -> list[Step]:
    """The steps of a queue; in one second who waited leaves before the next one enters."""
    steps: list[tuple[float, int, int, str]] = []
    for number, row in enumerate(row for row in rows if row["queue"] == queue):
        start = datetime.fromisoformat(row["entered_at"]).timestamp()
        gone = datetime.fromisoformat(row["answered_at"] or row["ended_at"]).timestamp()
        steps += (start, 1, number, "enqueued"), (gone, 2 * (gone == start), number, row["outcome"])
    return [(at, what, number) for at, _, number, what in sorted(steps)]


def of_model(model: Model) -> list[Step]:
    chunks: list[str] = []
    simulate(model, chunks.append)
    events = map(orjson.loads, "".join(chunks).splitlines())
    return [
        (e["occurred_at"] / 1000, e["type"][8:], int(e["contact_id"].rsplit("-")[-1]))
        for e in events
        if e["type"].startswith("contact.")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=40_000)
    parser.add_argument("--rank", choices=("next", "nearest"), default="next")
    parser.add_argument("--free-in-class", action="store_true")
    options = parser.parse_args()
    print(
        f"{'':<18}{'the p80 holds':<24}| {'behind somebody':<23}| {'errors':<21}| behind somebody"
    )
    for log in LOGS:
        rows = rows_of(log)
        together: list[Visit] = []
        for queue in sorted({row["queue"] for row in rows}):
            found = visits(of_log(rows, queue), 0, options)
            report(f"{name_of(log)} {queue}", found)
            together += found
        report(f"{name_of(log)}, all", together)
    for rate, handle, agents, seed, patience in SETS:
        for other in (0, 100, 200):
            model = Model(rate, handle, agents, options.contacts, seed + other, patience)
            report(f"{agents} agents, {seed + other}", visits(of_model(model), agents, options))


if __name__ == "__main__":
    main()
