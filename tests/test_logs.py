"""Log lines: a constant message, and its data where a reader finds it."""

import logging
import sys

from streams.logs import FieldsFormatter, RepeatsFilter, SeldomFilter


def line(message: str, *, failed: bool = False, **fields: object) -> str:
    """One line as it is written."""
    cause = None
    if failed:
        try:
            raise ValueError("the cause")
        except ValueError:
            cause = sys.exc_info()
    logger = logging.getLogger("streams.test")
    record = logger.makeRecord(
        "streams.test", logging.INFO, __file__, 1, message, (), cause, extra=fields
    )
    return FieldsFormatter().format(record)


def test_fields_stand_behind_the_message() -> None:
    """In the order they were given; what has spaces in it, or nothing, is quoted."""
    said = line("units assigned", generation=3, detail="two of four", none="")
    assert said.endswith(
        "INFO streams.test units assigned generation=3 detail='two of four' none=''"
    )


def test_a_message_without_fields_is_left_alone() -> None:
    """Nothing of the record itself is shown twice."""
    assert line("it is on").endswith("INFO streams.test it is on")


def test_a_traceback_comes_after_the_fields() -> None:
    """The first line says what, where and with what; the rest says why."""
    first, *rest = line("a unit failed", failed=True, partition=3).splitlines()
    assert first.endswith("a unit failed partition=3")
    assert rest[-1] == "ValueError: the cause"


def test_what_anybody_can_cause_is_one_line_a_minute() -> None:
    """Nothing of the first line's data stays in it, and the next one says how many there were."""
    now = [0.0]
    seldom, passed = SeldomFilter("requests failed", 60, lambda: now[0]), []
    for second in (0, 1, 59, 60, 61):
        now[0] = float(second)
        try:
            raise ValueError("a token")
        except ValueError:
            line = logging.makeLogRecord(
                {"msg": "of %s", "args": ("x",), "exc_info": sys.exc_info()}
            )
        if seldom.filter(line):
            passed.append(FieldsFormatter().format(line))
    assert [text.partition("requests failed ")[2] for text in passed] == [
        "error=ValueError times=1",
        "error=ValueError times=3",
    ]


def test_what_a_library_repeats_is_one_line_a_minute() -> None:
    """Whatever data is in it; our own lines, and what it says for the first time, always pass."""
    now = [0.0]
    repeats, passed = RepeatsFilter(60, lambda: now[0]), []
    for second, name, text in [
        (0, "aiokafka", "cannot reach %s"),
        (1, "aiokafka", "cannot reach %s"),
        (1, "aiokafka.consumer", "cannot reach %s"),
        (2, "streams.worker", "cannot reach %s"),
        (2, "streams.worker", "cannot reach %s"),
        (3, "aiokafka", "something else %s"),
        (60, "aiokafka", "cannot reach %s"),
        (119, "aiokafka", "cannot reach %s"),
        (120, "aiokafka", "cannot reach %s"),
    ]:
        now[0] = float(second)
        record = logging.makeLogRecord(
            {"name": name, "levelname": "WARNING", "msg": text, "args": (second,)}
        )
        if repeats.filter(record):
            passed.append(FieldsFormatter().format(record).partition("WARNING ")[2])
    assert passed == [
        "aiokafka cannot reach 0",
        "aiokafka.consumer cannot reach 1",
        "streams.worker cannot reach 2",
        "streams.worker cannot reach 2",
        "aiokafka something else 3",
        "aiokafka cannot reach 60 times=2",
        "aiokafka cannot reach 120 times=2",
    ]


def test_texts_without_end_are_held_in_bounds() -> None:
    """A library that puts its data into the message itself costs no memory for ever."""
    repeats = RepeatsFilter(60, lambda: 0.0)
    for number in range(3 * RepeatsFilter.MOST):
        assert repeats.filter(logging.makeLogRecord({"name": "faust", "msg": f"about {number}"}))
    assert len(repeats._held) <= RepeatsFilter.MOST
