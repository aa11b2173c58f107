"""The textbook queue against the textbook: `DEFINITIONS.md` section 5, by batch means."""

import math
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

import orjson
import pytest

from streams.commands import simulate as tool
from streams.simulate.erlang import Batch, Model, simulate
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.examples import examples
from tests.oracle.oracle import Oracle
from tests.simulate.command import run_command

BATCHES = 30

FIGURES: dict[str, Callable[[Batch], float]] = {
    "p_wait": lambda b: (b.waited + b.abandoned) / b.offered,
    "p_abandon": lambda b: b.abandoned / b.offered,
    "wait_all": lambda b: (b.answered_wait_ms + b.abandoned_wait_ms) / b.offered / 1000,
    "wait_answered": lambda b: b.answered_wait_ms / b.answered / 1000,
    "wait_abandoned": lambda b: b.abandoned_wait_ms / max(1, b.abandoned) / 1000,
    "sl_offered": lambda b: b.answered_in_threshold / b.offered,
    "sl_answered_only": lambda b: b.answered_in_threshold / b.answered,
    "sl_removed": lambda b: (b.answered_in_threshold + b.abandoned_in_threshold) / b.offered,
    "sl_less_short": lambda b: b.answered_in_threshold / (b.offered - b.abandoned_in_threshold),
}
ERLANG_A = ("p_wait", "p_abandon", "wait_all", "wait_answered", "wait_abandoned")
SERVICE = ("sl_offered", "sl_answered_only", "sl_removed", "sl_less_short")


def agrees(batches: list[Batch], name: str, exact: float, widest: float = 0.08) -> None:
    """The mean of the batches is within four standard errors of the exact value."""
    values = [FIGURES[name](batch) for batch in batches]
    error = stdev(values) / math.sqrt(len(values))
    assert mean(values) == pytest.approx(exact, abs=4 * error + 1e-4), (name, error)
    # A tolerance so wide that anything passes would prove nothing.
    assert error < widest * exact, name


@pytest.mark.parametrize(
    ("model", "waits", "occupancy", "service"),
    [
        (
            Model(48 / 60, 60, 50, 100_000, 11, 120),
            (0.46777, 0.03091, 3.7095, 3.6159, 6.6428),
            0.93032,
            (0.94302, 0.97310, 0.97286, 0.97203),
        ),
        (
            Model(3.5 / 60, 180, 9, 60_000, 12, 300),
            (0.78984, 0.18873, 56.6184, 56.5867, 56.7550),
            0.94648,
            (0.30208, 0.37235, 0.35005, 0.31730),
        ),
        (
            Model(10 / 60, 60, 10, 60_000, 13, 60),
            (0.54207, 0.12511, 7.5066, 6.8966, 11.7724),
            0.87489,
            (0.76422, 0.87350, 0.86626, 0.85106),
        ),
    ],
)
def test_erlang_a(
    model: Model, waits: tuple[float, ...], occupancy: float, service: tuple[float, ...]
) -> None:
    """M/M/n+M: waits, abandonment and all four service levels are the exact ones."""
    outcome = simulate(model, batches=BATCHES)
    batches = outcome.batches[1:]  # the first starts with an empty centre
    for name, exact in zip(ERLANG_A + SERVICE, waits + service, strict=True):
        agrees(batches, name, exact)
    assert outcome.as_json(model)["occupancy_ratio"] == pytest.approx(occupancy, rel=0.012)


@pytest.mark.parametrize(
    ("model", "p_wait", "wait", "occupancy", "service"),
    [
        (Model(360 / 1800, 240, 55, 100_000, 21, None, 15), 0.238701, 8.184, 0.872727, 0.845883),
        (Model(48 / 60, 60, 52, 100_000, 22), 0.445, None, 0.923077, None),
    ],
)
def test_erlang_c(
    model: Model, p_wait: float, wait: float | None, occupancy: float, service: float | None
) -> None:
    """M/M/n: nobody leaves, and the queue is Erlang C's."""
    outcome = simulate(model, batches=BATCHES)
    batches = outcome.batches[1:]
    assert outcome.total("abandoned") == 0
    agrees(batches, "p_wait", p_wait if wait is not None else erlang_c(model), 0.12)
    if wait is not None and service is not None:
        agrees(batches, "wait_answered", wait, 0.2)
        agrees(batches, "sl_offered", service)
    assert outcome.as_json(model)["occupancy_ratio"] == pytest.approx(occupancy, rel=0.015)


def erlang_c(model: Model) -> float:
    """P(wait) of M/M/n, by the recursion of Erlang B."""
    load = model.arrival_rate * model.handle_seconds
    blocked = 1.0
    for n in range(1, model.agents + 1):
        blocked = load * blocked / (n + load * blocked)
    share = load / model.agents
    return blocked / (1 - share + share * blocked)


def test_the_file_tells_the_same_as_the_books(tmp_path: Path) -> None:
    """The oracle finds in the NDJSON exactly what the simulation counted; each line decodes."""
    out, truth = tmp_path / "e.ndjson", tmp_path / "e.json"
    code = run_command(
        tool, f"erlang --arrival-rate 0.2 --handle 45 --agents 10 --patience 60"
        f" --contacts {examples(4_000)} --seed 3 --out {out} --truth {truth}",
    )  # fmt: skip
    assert code == 0
    lines = out.read_bytes().splitlines()
    assert not any(isinstance(decode(line), Rejected) for line in lines)
    told = Oracle().run(list(map(orjson.loads, lines)))
    figures = told.figures("default", "erlang", "voice")
    books = orjson.loads(truth.read_bytes())
    assert not +told.anomalies
    assert books["events"] == len(lines)
    assert told.as_of == books["as_of"]
    for name in set(books) & set(figures):
        assert figures[name] == books[name], name
    assert books["handling_agent_seconds"] == books["talk_seconds"]


def test_the_same_seed_gives_the_same_file() -> None:
    """Batches and writing change nothing; another seed is another life."""
    model = Model(1.0, 30, 35, 2_000, 7, 60)
    chunks: list[str] = []
    simulate(model, chunks.append, batches=5)
    again: list[str] = []
    simulate(model, again.append)
    assert "".join(chunks) == "".join(again)
    other: list[str] = []
    simulate(Model(1.0, 30, 35, 2_000, 8, 60), other.append)
    assert other != again


def test_a_queue_that_would_grow_for_ever_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More load than agents, and nobody leaves: the command says so and how to mend it."""
    out = tmp_path / "e.ndjson"
    code = run_command(
        tool, f"erlang --arrival-rate 1 --handle 60 --agents 50 --contacts 10 --out {out}"
    )
    assert code == 2
    assert "--patience" in capsys.readouterr().err
