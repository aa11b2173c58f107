"""How far a unit's time may go, from how far its inputs were read. Times in ms.

A backlog, a restart or a broker that is gone must not make misses, orphans or late events out of
events that are merely unread: an input that lags speaks by its event watermark, or not at all.
"""

from collections.abc import Callable, Iterable, Mapping

from streams.faustkit.stage import InputClock

Watermark = Callable[[str], int | None]


def wall_now(clocks: Mapping[str, InputClock], watermark: Watermark) -> int | None:
    """The least over the inputs of: the last fetch's time (caught up), else the event watermark.

    None where an input has neither yet: it holds the unit's time.
    """
    times = []
    for topic, clock in clocks.items():
        at = clock.caught_up_ms
        if at is None:
            at = watermark(topic) if clock.fetched else None
        if at is None:
            return None
        times.append(at)
    return min(times, default=None)


def event_now(clocks: Mapping[str, InputClock], watermark: Watermark) -> int | None:
    """The least event watermark; an empty input does not count, an unread one holds."""
    times = []
    for topic, clock in clocks.items():
        at = watermark(topic)
        if at is not None:
            times.append(at)
        elif clock.unread:
            return None
    return min(times, default=None)


def caught_up(clocks: Iterable[InputClock]) -> bool:
    """Whether every input has been read to its end."""
    return all(clock.caught_up_ms is not None for clock in clocks)
