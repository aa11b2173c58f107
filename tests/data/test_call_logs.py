"""The call logs are what other tests take them for: hard to count, and rightly counted."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.data import make_call_log
from tests.data.call_logs import (
    COLUMNS,
    GENERATED,
    Row,
    answers_of,
    count,
    each_log,
    rows_of,
    seconds_between,
)


@each_log
def test_the_answers_are_a_naive_count_of_the_rows(log: Path) -> None:
    """The answers of either log, whoever worked them out, are what one count gives."""
    assert count(rows_of(log)) == answers_of(log)


@each_log
def test_a_log_has_what_breaks_naive_code(log: Path) -> None:
    """Each case is there, in a log of the same columns and two weeks."""
    rows = rows_of(log)
    assert tuple(rows[0]) == COLUMNS
    answered = [row for row in rows if row["outcome"] == "answered"]
    abandoned = [row for row in rows if row["outcome"] == "abandoned"]
    assert len(answered) + len(abandoned) == len(rows) == len({row["call_id"] for row in rows})
    assert not any(row["answered_at"] or row["agent"] for row in abandoned)
    assert len({row["queue"] for row in rows}) >= 4
    assert len({row["priority"] for row in rows}) == 3
    assert 14 <= len({row["entered_at"][:10] for row in rows}) <= 15

    waits = [seconds_between(row["entered_at"], row["answered_at"]) for row in answered]
    lost = [seconds_between(row["entered_at"], row["ended_at"]) for row in abandoned]
    assert {0, 20, 21} <= set(waits), "a wait of 0 s, one at T, one beyond"
    assert {0, 5, 6, 20, 21} <= set(lost), "given up at once, at S, beyond, at T, beyond"
    assert any(row["answered_at"] == row["ended_at"] for row in answered)
    assert any(_days(row, "answered_at", "ended_at") for row in answered), "a talk over midnight"
    assert any(_days(row, "entered_at", "answered_at") for row in answered), "a wait over midnight"
    assert not all(row["agent"] for row in answered)
    customers = [row["customer"] for row in rows]
    assert "" in customers
    assert len(set(customers)) < len(customers) - customers.count("")
    entered = [row["entered_at"] for row in rows]
    assert sum(later < earlier for earlier, later in pairwise(entered)) >= 50


def test_the_generated_log_is_what_its_generator_makes() -> None:
    """Whoever changes the generator writes the log and its answers again."""
    assert make_call_log.main(["--check"]) == 0


def test_a_log_that_differs_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, with what differs and the command that mends it; never the rows."""
    there = ["--dir", str(tmp_path)]
    assert make_call_log.main(["--check", *there]) == 1
    assert make_call_log.main(there) == 0
    assert make_call_log.main(["--check", *there]) == 0
    capsys.readouterr()
    answers = tmp_path / "call_log.answers.json"
    answers.write_text(answers.read_text(encoding="utf-8").replace('"rows": 4', '"rows": 5'))
    assert make_call_log.main(["--check", *there]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [f"its answers in {tmp_path} differ: run python -m tests.data.make_call_log"]
    assert (tmp_path / GENERATED.name).exists()


def _days(row: Row, start: str, end: str) -> bool:
    """True if midnight lies between the two."""
    return row[start][:10] != row[end][:10]
