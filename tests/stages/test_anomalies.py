"""Legal events that find an unexpected state: a sample of them on a topic, all in the counts."""

import json
from pathlib import Path
from typing import Any

import orjson

from streams.faustkit.stage import Turn
from tests.kpis.test_record_schemas import misfits
from tests.stages.stages import START, Record, Stages, call

MINUTE_MS = 60_000
#: The first moment of a wall minute after `START`.
MINUTE = START // MINUTE_MS * MINUTE_MS + MINUTE_MS


def samples(turn: Turn) -> list[dict[str, Any]]:
    """The turn's records of `contact.anomalies`, each in the partition it tells of."""
    found = [out for out in turn.outputs if out[0] == "contact.anomalies"]
    rows = [orjson.loads(out[3] or b"") for out in found]
    assert all(out[1:3] == (row["partition"], None) for out, row in zip(found, rows, strict=True))
    return rows


def quality(turn: Turn) -> dict[str, Any]:
    """The turn's quality record."""
    (row,) = (orjson.loads(out[3] or b"") for out in turn.outputs if out[0] == "contact.history")
    return dict(row)


def strays(count: int, first: int = 0) -> list[Record]:
    """Ends of conversations that never were, each of another contact."""
    return [
        call("contact.ended", START, f"c{n}", agent_id="anna") for n in range(first, first + count)
    ]


def test_an_anomaly_is_told_with_its_place_and_without_a_persons_id(root: Path) -> None:
    """What mends an adapter is in the record; contact, agent, customer and event id are not."""
    stages = Stages()
    stray = call(
        "contact.ended", START, "secret-1", agent_id="secret-2", customer_ref="5ec7e7" + "0" * 58,
        event_id="secret-4",
    )  # fmt: skip
    turn = stages.take(call("contact.enqueued", START), stray)
    (row,) = samples(turn)
    assert row == {
        "topic": "contact.calls", "partition": 0, "offset": 7, "type": "contact.ended",
        "source": "pbx", "tenant": "default", "channel": "voice", "queue": "billing",
        "kind": "ended_without_visit", "sort": "did_nothing", "occurred_at": START,
        "seen_at": START, "left_off": 0,
    }  # fmt: skip
    told = b"".join(o[3] or b"" for o in turn.outputs if o[0] != "contact.cells")
    assert b"secret" not in told
    assert b"5ec7e7" not in told
    schema = json.loads((root / "schemas" / "anomaly.v1.json").read_text(encoding="utf-8"))
    assert misfits(row, schema, "") == []


def test_only_the_event_at_hand_is_sampled() -> None:
    """Later events of the contact, in order or not, tell nothing of it a second time."""
    stages = Stages()
    assert len(samples(stages.take(*strays(1)))) == 1
    late = [call("offer.failed", START - 1_000, "c0", outcome="timeout", agent_id="anna")]
    late += [call("contact.enqueued", START + 5_000, "c0")]
    for record in late:
        found = samples(stages.take(record))
        assert "ended_without_visit" not in {row["kind"] for row in found}


def test_an_event_that_is_explained_later_leaves_the_counts() -> None:
    """The entry comes after the offer did: the sample stays, the count goes, none is negative."""
    stages = Stages()
    offer = call("contact.offered", START + 30_000, agent_id="anna")
    stages.wall = START + 60_000
    assert [row["kind"] for row in samples(stages.take(offer))] == ["offered_without_visit"]
    stages.wall += 10_000
    turn = stages.take(call("contact.enqueued", START))
    assert samples(turn) == []
    assert quality(turn)["anomalies_by_sort"]["did_nothing"] == 0


def test_an_id_with_another_content_is_an_anomaly_and_a_repeat_is_none() -> None:
    """A conflict did nothing, a revision took effect; what Kafka brings again is no news."""
    stages = Stages()
    event = {"event_id": "same", "queue": "billing"}
    stages.take(call("contact.enqueued", START, **event))
    assert samples(stages.take(call("contact.enqueued", START, **event))) == []
    stages.wall += 10_000
    turn = stages.take(
        call("contact.enqueued", START, **event | {"queue": "sales"}),
        call("contact.enqueued", START, **event, revision=2),
    )
    assert [row["kind"] for row in samples(turn)] == ["conflict", "revision"]
    assert quality(turn)["anomalies_by_sort"] == {
        "took_effect_otherwise": 1, "given_up_by_age": 0, "did_nothing": 1,
    }  # fmt: skip


def test_a_corrected_anomaly_is_told_as_it_is_now() -> None:
    """The one that a revision takes back is not told again."""
    stages = Stages()
    stages.take(call("contact.ended", START, event_id="same"))
    found = samples(stages.take(call("contact.ended", START + 1, event_id="same", revision=2)))
    assert [(row["kind"], row["occurred_at"]) for row in found] == [
        ("ended_without_visit", START + 1),
        ("revision", START + 1),
    ]


def test_a_minute_has_room_for_a_hundred_and_the_rest_is_counted() -> None:
    """Whatever comes: by wall minute, over its turns; the next record says how many it passed."""
    stages = Stages()
    stages.wall = MINUTE
    assert len(samples(stages.take(*strays(60)))) == 60
    stages.wall = MINUTE + 59_999
    assert len(samples(stages.take(*strays(250, 100)))) == 40
    stages.wall = MINUTE + 60_000
    found = samples(stages.take(*strays(2, 1_000)))
    assert [row["left_off"] for row in found] == [210, 0]
    meter = stages.intake._meter
    assert meter.samples == {"written": 102, "left_off": 210}
    assert meter.anomalies == {"ended_without_visit": 312}


def test_the_share_that_did_nothing_is_of_the_last_ten_minutes() -> None:
    """What an adapter did wrong an hour ago warns nobody now; the counts since ever stay."""
    stages = Stages()
    stages.take()
    stages.wall += 5_000
    first = quality(stages.take(*strays(3), call("contact.enqueued", START, "good")))
    assert (first["effective_lately"], first["did_nothing_lately"]) == (4, 3)
    stages.wall += 600_000
    then = quality(stages.take(call("contact.enqueued", START, "better")))
    assert (then["effective_lately"], then["did_nothing_lately"]) == (1, 0)
    assert then["anomalies_by_sort"]["did_nothing"] == then["anomalies"] == 3


def test_counts_by_sort_go_on_after_a_restart() -> None:
    """They are of the state, not of the process."""
    stages = Stages()
    state = dict(stages.take(*strays(3)).state)
    again = Stages.restored(state)
    assert quality(again.take(*strays(1, 10)))["anomalies_by_sort"]["did_nothing"] == 4
