"""Log lines: a constant message, and its data where a reader finds it."""

import logging
import sys

from streams.logs import FieldsFormatter


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
