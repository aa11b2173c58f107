"""How far a unit's time may go: never past what is merely unread."""

from collections.abc import Callable

from streams.faustkit.stage import InputClock
from streams.stages.clocks import caught_up, event_now, wall_now

READ = InputClock(caught_up_ms=1_000, unread=False, fetched=True)
LAGGING = InputClock(caught_up_ms=None, unread=True, fetched=True)
UNFETCHED = InputClock(caught_up_ms=None, unread=True, fetched=False)
EMPTY = InputClock(caught_up_ms=None, unread=False, fetched=True)


def marks(**known: int) -> Callable[[str], int | None]:
    """The event watermark of each input."""
    return known.get


def test_wall_time_is_the_least_fetch_of_inputs_that_are_caught_up() -> None:
    """Everything sent has been read: the time of the fetch."""
    later = InputClock(caught_up_ms=2_000, unread=False, fetched=True)
    assert wall_now({"a": READ, "b": later}, marks()) == 1_000


def test_an_input_that_lags_speaks_by_its_watermark() -> None:
    """A backlog moves time as far as its own events."""
    assert wall_now({"a": READ, "b": LAGGING}, marks(b=500)) == 500


def test_an_input_that_lags_without_a_watermark_holds_time() -> None:
    """So does one that was not fetched yet, whatever was known of it before."""
    assert wall_now({"a": READ, "b": LAGGING}, marks()) is None
    assert wall_now({"a": READ, "b": UNFETCHED}, marks(b=500)) is None


def test_event_time_is_the_least_watermark_and_empty_inputs_do_not_count() -> None:
    """No clock is asked."""
    assert event_now({"a": READ, "b": LAGGING, "c": EMPTY}, marks(a=900, b=700)) == 700


def test_an_unread_input_without_a_watermark_holds_event_time() -> None:
    """Its first event may be the oldest."""
    assert event_now({"a": READ, "b": LAGGING}, marks(a=900)) is None
    assert event_now({"a": EMPTY}, marks()) is None


def test_caught_up_means_every_input() -> None:
    """One that lags is enough to stop the clock from speaking for the source."""
    assert caught_up([READ, READ])
    assert not caught_up([READ, LAGGING])
