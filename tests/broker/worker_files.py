"""Files of events for the workers to count, and what a replay of the same files says."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from streams.contract.events import Event
from streams.kpis.replay import Replay
from streams.settings import Settings
from streams.simulate.erlang import Model, simulate
from streams.sources import call_log
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.data.call_logs import COLUMNS, LOGS, rows_of
from tests.laws.pipeline import additive, published

TIMES = ("entered_at", "answered_at", "ended_at")
#: Two weeks and a day.
LOG_SECONDS = 15 * 86_400
PANE_MS = 10_000
#: Events a second at which files are published: seconds of work, however fast the workers are.
RATE = 4_000

Place = tuple[str, str, str]
Sums = dict[Place, dict[str, int]]


def write_call_log(home: Path, number: int) -> Path:
    """The real call log, where it is absent the generated one, `number` times its length later.

    Times are moved, because what lies before the end of an earlier file is late.
    """
    path = home / f"calls-{number}.csv"
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        for call in rows_of(LOGS[-1]):
            times = {name: _later(call[name], number) for name in TIMES}
            out.writerow(call | times | {"call_id": f"{number}-{call['call_id']}"})
    return path


def _later(text: str, number: int) -> str:
    if not text or not number:
        return text
    return _text(round(datetime.fromisoformat(text).timestamp()) + number * LOG_SECONDS)


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_centre(path: Path, contacts: int, seed: int) -> Path:
    """A queue with agents, whose last word stands at a pane's edge: integrals end there too."""
    model = Model(
        arrival_rate=0.5, handle_seconds=60, agents=28, contacts=contacts, seed=seed,
        patience_seconds=90,
    )  # fmt: skip
    with path.open("w") as file:
        outcome = simulate(model, file.write)
        at = -(-outcome.end_ms // PANE_MS) * PANE_MS
        file.write(
            f'{{"event_id":"last","type":"survey.sent","occurred_at":{at},"source":"pbx",'
            '"channel":"voice","contact_id":"last","kind":"csat"}\n'
        )
    return path


def centre(home: Path, number: int) -> Path:
    """One queue with agents; each number has contacts of its own."""
    return write_centre(home / f"centre-{number}.ndjson", 2_000, seed=number + 1)


def read_events(path: Path) -> list[Event]:
    """Every event of a call log (.csv) or of NDJSON."""
    found: Iterable[Event | Rejected]
    if path.suffix == ".csv":
        found = (event for _, event in call_log.read(path, None))
    else:
        found = map(decode, path.read_bytes().splitlines())
    events = []
    for event in found:
        assert not isinstance(event, Rejected), event
        events.append(event)
    return events


def in_thousandths(figures: dict[str, Any]) -> dict[str, int]:
    """Counts and sums of seconds, as integers that add up without rounding."""
    return {name: round(value * 1_000) for name, value in additive(figures).items()}


def expected_sums(settings: Settings, events: Iterable[Event]) -> Sums:
    """What a replay of the events says of each (tenant, queue, channel), and of each `_all`."""
    replay = Replay(settings)
    for event in events:
        replay.add(event)
    found = {}
    for record in map(published, replay.records()):
        sums = in_thousandths(record["windows"]["all"])
        if record["as_of"] % PANE_MS:  # integrals of a live record end at the last full pane
            for name, level in (("waiting_seconds", "waiting"), ("connected_seconds", "handling")):
                if record["live"][level]:
                    del sums[name]
        if any(record["live"]["agents"].values()):
            # For the worker time goes on, and who is known stays in some state.
            sums = {n: s for n, s in sums.items() if not n.startswith("agent_state_seconds.")}
        found[record["tenant"], record["queue"], record["channel"]] = sums
    return found
