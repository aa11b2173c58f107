"""A replay's records: which there are, what they count, and what a repeated event does."""

from typing import Any

from streams.kpis.replay import Replay
from streams.settings import QueueSettings, Settings
from streams.wire.decode import decode
from tests.strategies import encoded

START = 1_700_000_000_000
CONFIGURED = Settings(queues=(QueueSettings(name="billing"),))


def replayed(*events: dict[str, Any], settings: Settings = CONFIGURED) -> tuple[Any, Replay]:
    """{(queue, channel): record} of these events, and the replay itself."""
    replay = Replay(settings)
    for number, fields in enumerate(events):
        common = {
            "event_id": f"e{number}", "occurred_at": START, "source": "pbx", "queue": "billing",
            "channel": "voice", "contact_id": "c",
        }  # fmt: skip
        event: Any = decode(encoded([common | fields])[0])
        replay.add(event)
    return {(record.queue, record.channel): record for record in replay.records()}, replay


def agent(**fields: Any) -> dict[str, Any]:
    """An available agent of one slot for calls."""
    return {
        "type": "agent.state", "agent_id": "anna", "state": "available",
        "capacity": {"voice": 1}, "queues": ["billing"], "queue": None, "channel": None,
        "contact_id": None,
    } | fields  # fmt: skip


def test_agents_alone_make_no_queue() -> None:
    """A queue exists where it is configured, or where a contact or ticket has been in it."""
    records, _ = replayed(agent(queues=["billing", "sales"]))
    assert records.keys() == {("_all", "voice"), ("billing", "voice")}
    records, _ = replayed(
        agent(queues=["billing", "sales"]), {"type": "contact.enqueued", "queue": "sales"}
    )
    assert records.keys() == {(queue, "voice") for queue in ("_all", "billing", "sales")}


def test_the_whole_centre_has_each_visit_and_each_agent_once() -> None:
    """Visits are added up over the queues; an agent of two queues is one agent."""
    records, _ = replayed(
        agent(queues=["billing", "sales"]),
        {"type": "contact.enqueued", "contact_id": "c1"},
        {"type": "contact.enqueued", "contact_id": "c2", "queue": "sales"},
    )
    offered = {queue: record.windows["all"].offered for (queue, _), record in records.items()}
    assert offered == {"_all": 2, "billing": 1, "sales": 1}
    free = {queue: record.live.agents.available for (queue, _), record in records.items()}
    assert free == {"_all": 1, "billing": 1, "sales": 1}


def test_the_oldest_of_all_queues_is_the_least_of_them() -> None:
    """By its own start, whichever contact is folded first."""
    starts = {"c1": 3_000, "c2": 1_000, "c3": 2_000}
    waiting = [
        {"type": "contact.enqueued", "contact_id": name, "occurred_at": START + at, "queue": queue}
        for (name, at), queue in zip(starts.items(), ("billing", "sales", "sales"), strict=True)
    ]
    records, _ = replayed(*waiting, *waiting[::-1])
    oldest = {queue: record.live.oldest_waiting_at for (queue, _), record in records.items()}
    assert oldest == {"_all": START + 1_000, "billing": START + 3_000, "sales": START + 1_000}


def test_its_span_is_from_the_first_time_to_the_last() -> None:
    """`as_of` is the largest time seen, the watermark the least of the sources' largest."""
    records, _ = replayed(
        {"type": "contact.enqueued", "occurred_at": START + 5_000},
        {"type": "contact.enqueued", "contact_id": "d", "occurred_at": START, "source": "crm"},
    )
    record = records["billing", "voice"]
    assert (record.as_of, record.watermark) == (START + 5_000, START)
    assert record.windows["all"].waiting_seconds == 5.0
    assert record.windows["all"].depth_mean == 1.0


def test_repeats_are_counted_and_change_nothing() -> None:
    """The same content again is a duplicate, another one under the id a conflict."""
    first = {"type": "contact.enqueued", "event_id": "x"}
    later = first | {"occurred_at": START + 1_000}
    records, replay = replayed(first, first, later)
    assert records["billing", "voice"].windows["all"].offered == 1
    assert replay.outcomes == {"ok": 1, "duplicate": 1, "conflict": 1}


def test_without_events_every_configured_queue_has_its_zeros() -> None:
    """Nothing was seen, which is no error."""
    records, _ = replayed()
    assert records["billing", "voice"].windows["all"].offered == 0
    assert records["billing", "voice"].watermark is None
