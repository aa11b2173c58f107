"""A timeline into the topics: keyed records in time order, and the heartbeats that carry time on.

In: a Timeline. Out: its events, and for each source of the files heartbeats in every partition of
every input: at the start, at each hour of event time, and `ended` at the end.
Invariant: within a partition the heartbeat of an hour stands after every earlier event and before
every later one; the `ended` ones carry the largest time of all files, so that every input's
watermark reaches the end of the data.
"""

import asyncio
import time
from collections.abc import Callable

from streams.contract.events import SourceHeartbeat
from streams.contract.words import HOUR_MS, INPUT_TOPICS
from streams.kafka.bulk import BulkPublisher
from streams.settings import Settings
from streams.sources.timeline import Timeline
from streams.wire.encode import encode

SAY_EVERY = 5_000
PACE_SECONDS = 0.05


async def publish(
    timeline: Timeline,
    settings: Settings,
    rate: float | None = None,
    said: Callable[[int], object] | None = None,
) -> int:
    """The whole timeline is in Kafka; returns the number of its events.

    `rate` limits events a second; `said` hears the number sent now and then. Raises BrokerError
    and PublishError.
    """
    if timeline.first_ms is None or timeline.last_ms is None:
        return 0
    names = {topic: settings.topics.named(topic) for topic in INPUT_TOPICS}
    count = 0
    async with BulkPublisher(settings) as bulk:

        async def heartbeats(at_ms: int, ended: bool = False) -> None:
            for source in timeline.sources:
                event = SourceHeartbeat(
                    event_id=f"publish-{at_ms}{'-ended' if ended else ''}",
                    occurred_at=at_ms,
                    source=source,
                    ended=ended,
                )
                value = encode(event)
                for name in names.values():
                    await bulk.send_everywhere(name, value)

        await heartbeats(timeline.first_ms)
        # In the log before the first event: no input may look empty while another runs ahead.
        await bulk.flush()
        hour = timeline.first_ms // HOUR_MS
        began = time.monotonic()
        burst = SAY_EVERY if rate is None else max(1, round(rate * PACE_SECONDS))
        for event in timeline:
            if event.at_ms // HOUR_MS > hour:
                hour = event.at_ms // HOUR_MS
                # One ms before the hour: events of the hour's first ms have not been sent yet.
                await heartbeats(hour * HOUR_MS - 1)
            await bulk.send(names[event.topic], event.key, event.value)
            count += 1
            if count % burst == 0:
                if said is not None:
                    said(count)
                if rate is not None:
                    await bulk.flush()
                    await asyncio.sleep(max(0.0, began + count / rate - time.monotonic()))
        await heartbeats(timeline.last_ms, ended=True)
    if said is not None:
        said(count)
    return count
