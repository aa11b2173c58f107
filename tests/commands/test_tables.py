"""What the tables of `streams kpis` and `streams replay` show, and that 80 columns are enough."""

import io
from typing import Any

import msgspec
import orjson
import pytest
from rich.console import Console

from streams.commands import kpis
from streams.commands.replay import _COLUMNS, _TICKET_COLUMNS, _ends, _promises, _table
from streams.contract.records import KpiRecord
from tests.board.records import Centre, Record, value_of

NOW = 1_795_000_000_000


def drawn(records: list[Record], window: str = "30m") -> list[str]:
    """The lines of `streams kpis --once` in a terminal of 80 columns."""
    console = Console(file=io.StringIO(), width=80)
    console.print(kpis.table(records, window, NOW))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def ticket(**live: Any) -> Record:
    """A ticket queue with little in it but what is said."""
    made: Record = next(r for r in Centre(1).records(NOW) if r["queue"] == "back-office")
    figures = made["windows"]["30m"]
    figures |= {"tickets_opened": 7, "tickets_resolved": 5, "resolution_in_time_ratio": 0.75}
    figures |= {"first_response_mean_seconds": 1_830.0}
    clocks = {"running": 9, "paused": 0, "at_risk": 2, "breached_open": 1}
    made["live"] |= {
        "backlog": {"open": 3, "pending": 20, "on_hold": 100}, "oldest_open_at": NOW - 7_200_000,
        "next_due_at": NOW + 847_000, "sla": dict.fromkeys(made["live"]["sla"], clocks),
    }  # fmt: skip
    made["live"] |= live
    return made


def row(lines: list[str], name: str) -> list[str]:
    return next(line for line in lines if line.startswith(name)).split()[1:]


def test_tickets_have_a_table_of_their_own_with_promises_first() -> None:
    """At risk, broken and open, the next one due, in time against the target; then the stock."""
    lines = drawn([ticket(), *Centre(1).records(NOW)[:1]])
    assert row(lines, "back-office") == [
        "6", "3", "14:07", "75%/90%", "123", "2", "h", "7", "30:30", "5", "0:00",
    ]  # fmt: skip
    assert any(line.startswith("billing") for line in lines)


def test_a_record_of_an_older_worker_has_dashes_for_what_it_does_not_say() -> None:
    """No promise, no call-back and no limit is made up."""
    old, call = ticket(), Centre(1).records(NOW)[0]
    for name in ("sla", "next_due_at", "backlog_age", "complaints_open"):
        del old["live"][name]
    for name in ("callbacks_owed", "callbacks_overdue", "oldest_callback_at", "waiting_over_limit"):
        del call["live"][name]
    del old["windows"]["30m"]["resolution_in_time_ratio"]
    lines = drawn([old, call])
    assert row(lines, "back-office")[:4] == ["–", "–", "–", "–/90%"]
    assert not any("call-backs" in line for line in lines)


def test_the_queue_with_the_most_broken_promises_comes_first() -> None:
    """Then those with promises at risk, then the largest backlog."""
    names = ("calm", "risky", "broken")
    made = [ticket() | {"queue": name} for name in names]
    for record, (risk, broken) in zip(made, ((0, 0), (4, 0), (0, 1)), strict=True):
        clocks = {"running": 9, "paused": 0, "at_risk": risk, "breached_open": broken}
        record["live"]["sla"] = dict.fromkeys(record["live"]["sla"], clocks)
    lines = [line for line in drawn(made) if line.startswith(names)]
    assert [line.split()[0] for line in lines] == ["broken", "risky", "calm"]


def test_who_waits_over_the_limit_and_calls_owed_stand_below_the_table() -> None:
    """A line for each queue that has any; none where there are none."""
    [record, *_] = Centre(1).records(NOW)
    record["live"] |= {
        "waiting_over_limit": 2, "callbacks_owed": 4, "callbacks_overdue": 1,
        "oldest_callback_at": NOW - 3_000_000,
    }  # fmt: skip
    said = "billing (voice): 2 waiting over the limit, call-backs owed 4 (oldest 50:00, 1 overdue)"
    assert " ".join(drawn([record])[-2:]) == said
    record["live"] |= {"waiting_over_limit": 0, "callbacks_owed": 0, "oldest_callback_at": None}
    assert not any("limit" in line for line in drawn([record]))


@pytest.mark.parametrize("window", ["1m", "today"])
def test_80_columns_are_enough_for_the_live_tables(window: str) -> None:
    """Whatever is in a usual centre of many queues, nothing but a long name is cut."""
    lines = drawn(Centre(40).records(NOW), window)
    assert max(map(len, lines)) <= 80
    assert not any("…" in " ".join(line.split()[1:]) for line in lines)


def test_80_columns_are_enough_for_a_replay(capsys: pytest.CaptureFixture[str]) -> None:
    """Of one tenant and of several; promises broken and calls owed stand below the tables."""
    made = [*Centre(3).records(NOW), *Centre(2, tenant="acme").records(NOW)]
    raw = [record | {"windows": {"all": record["windows"]["today"]}} for record in made]
    records = [msgspec.json.decode(value_of(one), type=KpiRecord) for one in raw]
    tickets = [record for record in records if record.channel == "ticket"]
    calls = [record for record in records if record.channel != "ticket"]
    _table(calls, _COLUMNS)
    _ends(calls)
    _table(tickets, _TICKET_COLUMNS)
    _promises(tickets)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    said = " ".join(shown.split())
    billing = orjson.loads(value_of(raw[0]))
    figures, owed = billing["windows"]["all"]["callbacks"], billing["live"]["callbacks_owed"]
    assert f"call-backs asked {figures['asked']} (reached {figures['reached']}," in said
    assert f"owed {owed})" in said
    kept = next(t for t in tickets if (t.tenant, t.queue) == ("default", "complaints"))
    assert kept.windows["all"].ticket is not None
    promise = kept.windows["all"].ticket.sla.resolution
    of = f"resolution {promise.breached} of {promise.met + promise.breached}"
    assert of in said
