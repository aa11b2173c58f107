"""A replay's records: which there are, what they count, and what a repeated event does."""

from random import Random
from typing import Any, cast

from streams.contract.events import Event
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


def contact(kind: str, seconds: int, **fields: Any) -> dict[str, Any]:
    """A call's event in billing; its id is made of kind and contact."""
    return {
        "type": kind, "occurred_at": START + 1_000 * seconds, "source": "pbx", "queue": "billing",
        "channel": "voice", "event_id": f"{fields['contact_id']}-{kind}",
    } | fields  # fmt: skip


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


def test_anomalies_are_counted_by_kind_with_the_first_place() -> None:
    """Whatever the order of the lines; an age's stands at the first event of its contact."""
    lines = [
        ("b.ndjson", 9, contact("contact.offered", 0, contact_id="a", agent_id="x")),
        ("a.ndjson", 7, contact("contact.ended", 1, contact_id="a")),
        ("a.ndjson", 3, contact("contact.offered", 2, contact_id="b", agent_id="x")),
        ("a.ndjson", 4, contact("contact.enqueued", 3, contact_id="c")),
        ("a.ndjson", 5, contact("contact.answered", 4, contact_id="c")),
        ("a.ndjson", 6, contact("contact.ended", 90_000, contact_id="d")),
    ]
    for seed in range(6):
        Random(seed).shuffle(lines)
        replay = Replay(CONFIGURED)
        for file, line, event in sorted(lines, key=lambda item: item[0]):
            replay.add(cast("Event", decode(encoded([event])[0])), file, line)
        replay.records()
        assert replay.anomalies() == {
            "offered_without_visit": (2, "a.ndjson", 3),
            "ended_without_visit": (2, "a.ndjson", 6),
            "handling_expired": (1, "a.ndjson", 4),
        }


def test_an_id_said_again_with_other_content_is_a_conflict() -> None:
    """It stands where the content stands that does not count; a mere repeat is none."""
    first = contact("contact.answered", 5, contact_id="a", event_id="x")
    other = contact("contact.answered", 6, contact_id="a", event_id="x")
    replay = Replay(CONFIGURED)
    for line, event in enumerate([other, first, first, other], 1):
        replay.add(cast("Event", decode(encoded([event])[0])), "day.ndjson", line)
    replay.records()
    assert replay.anomalies()["conflict"] == (1, "day.ndjson", 1)


def test_a_conflict_stands_where_its_own_content_stands() -> None:
    """Not where its id was said first."""
    first = contact("contact.answered", 5, contact_id="a", event_id="x")
    other = contact("contact.answered", 6, contact_id="a", event_id="x")
    replay = Replay(CONFIGURED)
    for line, event in enumerate([first, first, other], 1):
        replay.add(cast("Event", decode(encoded([event])[0])), "day.ndjson", line)
    replay.records()
    assert replay.anomalies()["conflict"] == (1, "day.ndjson", 3)
