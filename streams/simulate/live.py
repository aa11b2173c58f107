"""The simulated centre into Kafka: the backlog in bulk, then each record when it is due.

In: a session's records in sending order. Out: keyed records in the five input topics, a source's
heartbeats in every partition of the topic it writes.
Invariant: one stream, sent once and in order; the bulk part is in the log before the live part
begins. Live, a record is sent some 10 ms after it is due.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain

from streams.kafka.bulk import BulkPublisher
from streams.settings import Settings
from streams.simulate.records import Outgoing
from streams.simulate.session import Session

FLUSH_SECONDS = 0.5
"""Bulk batches are handed over at least this often while a backlog is paced."""
CHECK_SECONDS = 0.5


def run_live(
    session: Session,
    settings: Settings,
    stop: threading.Event,
    speed: float | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """All records of the session are in Kafka. Returns at its end, or soon after `stop` is set.

    `speed` paces the backlog: simulated seconds a second; None sends it at once. `say` hears when
    the backlog is over.
    Raises BrokerError and PublishError.
    """
    pace = _Pace(session.start_ms, speed)
    records = session.records()
    first_live = asyncio.run(_send_backlog(session, records, settings, stop, pace, say))
    if first_live is not None:
        _send_live(session, chain((first_live,), records), settings, stop, pace)


class _Pace:
    """When a record is due, in Unix seconds: never before its own time, in the past by `speed`."""

    def __init__(self, start_ms: int, speed: float | None) -> None:
        self.start_ms = start_ms
        self.speed = speed
        self.began = time.time()

    def due(self, at_ms: int) -> float:
        own = at_ms / 1000
        if self.speed is None:
            return own
        return max(own, self.began + (at_ms - self.start_ms) / 1000 / self.speed)


async def _send_backlog(
    session: Session,
    records: Iterator[Outgoing],
    settings: Settings,
    stop: threading.Event,
    pace: _Pace,
    say: Callable[[str], object],
) -> Outgoing | None:
    """Sends what is due; returns the first record that is not, or None at the end."""
    started = flushed = time.monotonic()
    named = settings.topics.named
    opening = True
    async with BulkPublisher(settings, stop.is_set) as bulk:
        for record in records:
            if opening and not record.every:
                # The sources' first heartbeats stand before anything else: no input may look
                # empty to a worker while another is far ahead.
                await bulk.flush()
                opening = False
            if not stop.is_set():
                wait = pace.due(record.at_ms) - time.time()
                if wait > 0:
                    if pace.speed is None or pace.due(record.at_ms) == record.at_ms / 1000:
                        await bulk.flush()
                        seconds = time.monotonic() - started
                        say(f"backlog: {bulk.sent} records in {seconds:.1f} s; now live")
                        return record
                    if wait > FLUSH_SECONDS or time.monotonic() - flushed > FLUSH_SECONDS:
                        await bulk.flush()
                        flushed = time.monotonic()
                    await asyncio.sleep(wait)
            if stop.is_set():
                session.finish()
            if record.every:
                await bulk.send_everywhere(named(record.topic), record.value)
            else:
                await bulk.send(named(record.topic), record.key, record.value)
    return None


def _send_live(
    session: Session,
    records: Iterator[Outgoing],
    settings: Settings,
    stop: threading.Event,
    pace: _Pace,
) -> None:
    from streams.kafka.sender import Sender

    named = settings.topics.named
    with Sender(settings, linger_ms=5, asked=stop.is_set) as sender:
        for record in records:
            while not stop.is_set() and (wait := pace.due(record.at_ms) - time.time()) > 0:
                stop.wait(min(wait, CHECK_SECONDS))
                sender.check()
            if stop.is_set():
                session.finish()
            topic = named(record.topic)
            if record.every:
                for partition in sender.partitions(topic):
                    sender.send(topic, None, record.value, partition)
            else:
                sender.send(topic, record.key, record.value)
