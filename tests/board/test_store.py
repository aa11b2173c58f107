"""Newest per key, and nothing that can grow without end."""

from streams.board import store as module
from streams.board.store import Store
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import put

NOW = 1_795_000_000_000


def test_a_record_replaces_the_one_of_its_key() -> None:
    """The topic is compacted: one record a key, the last one written."""
    store, centre = Store(), Centre(3)
    put(store, centre.records(NOW))
    first = store.take_changes()
    newer = centre.records(NOW + 1_000)
    put(store, newer[:1])
    assert len(store.names()) == len(newer)
    assert store.raw(store.names()[:1]) == [value_of(newer[0])]
    assert len(first.kpis) == len(newer)
    assert len(store.take_changes().kpis) == 1
    assert not store.take_changes()


def test_a_tombstone_removes_the_queue() -> None:
    """A queue that was deleted leaves the wall, and the browsers are told."""
    store = Store()
    [record, *_] = Centre(1).records(NOW)
    put(store, [record])
    store.take_changes()
    assert store.put_kpi(key_of(record), None)
    changes = store.take_changes()
    assert store.names() == []
    assert store.views(changes.kpis, "30m") == ([], [("default", "billing", "voice")])


def test_what_cannot_be_read_is_skipped_and_counted_by_reason() -> None:
    """A bad record changes nothing: not the count of queues, not the old record of its key."""
    store = Store()
    [record, *_] = Centre(1).records(NOW)
    put(store, [record])
    key = key_of(record)
    assert not store.put_kpi(key, b"{")
    assert not store.put_kpi(key, b"{}")
    assert not store.put_kpi(b"billing", value_of(record))
    assert not store.put_kpi(b'["default","other","voice"]', value_of(record))
    assert not store.put_history(key, b"[]")
    assert not store.put_interval(key, b"{}")
    assert store.raw(store.names()) == [value_of(record)]
    assert store.counts()["skipped"] == {
        "history_schema": 1,
        "interval_key": 1,
        "kpi_key": 2,
        "kpi_not_json": 1,
        "kpi_schema": 1,
    }


def test_more_keys_than_allowed_are_refused_and_counted() -> None:
    """A topic gone wrong cannot fill the board's memory; known keys are still updated."""
    store, centre = Store(max_keys=4), Centre(6)
    kept = [store.put_kpi(key_of(r), value_of(r)) for r in centre.records(NOW)]
    assert kept.count(True) == 4
    [first, *_] = centre.records(NOW + 1_000)
    assert store.put_kpi(key_of(first), value_of(first))
    assert store.counts()["skipped"] == {"kpi_too_many": len(kept) - 4}


def test_only_the_newest_intervals_of_a_queue_are_kept() -> None:
    """Two days of 15-minute intervals, oldest first; a new revision replaces the old one."""
    store, centre = Store(), Centre(1)
    queue = centre.queues[0]
    written = centre.intervals(NOW, queue, count=module.MAX_INTERVALS + 30)
    for record in reversed(written):
        assert store.put_interval(key_of(record), value_of(record))
    again = written[-1] | {"revision": 99}
    assert store.put_interval(key_of(again), value_of(again))
    kept = store.intervals(("default", queue.name, queue.channel))
    assert len(kept) == module.MAX_INTERVALS
    assert b'"revision":99' in kept[-1]
    assert str(written[30]["interval_start"]).encode() in kept[0]


def test_quality_is_summed_over_partitions() -> None:
    """Counts add up, a source is as old as its last word anywhere, the oldest `at` counts."""
    store = Store()
    assert store.quality() is None
    for record in Centre(1).quality(NOW):
        record["at"] -= record["partition"]
        record["sources"]["pbx"] -= record["partition"]
        assert store.put_history(key_of(record), value_of(record))
    found = store.quality()
    assert found is not None
    assert found["anomalies"] == 5 + 6 + 7 + 8
    assert found["anomalies_by_sort"] == {
        "took_effect_otherwise": 8,
        "given_up_by_age": 4,
        "did_nothing": 2 + 3 + 4 + 5,
    }
    assert found["dead_letters"] == 3
    assert found["at"] == NOW - 3
    assert found["sources"] == {"helpdesk": NOW - 2_300, "pbx": NOW - 600}


def test_quality_of_an_older_worker_has_no_sorts() -> None:
    """What it does not tell is None, never 0."""
    store = Store()
    for record in Centre(1).quality(NOW, partitions=1):
        for later in ("anomalies_by_sort", "effective_lately", "did_nothing_lately"):
            del record[later]
        assert store.put_history(key_of(record), value_of(record))
    found = store.quality()
    assert found is not None
    assert (found["anomalies"], found["anomalies_by_sort"], found["effective_lately"]) == (
        5,
        None,
        None,
    )


def test_since_moves_only_when_the_state_does() -> None:
    """The page says since when Kafka is gone, not when that was last noticed."""
    store = Store()
    store.set_feed("lost", "first", since_ms=1)
    store.set_feed("lost", "second", since_ms=2)
    assert (store.feed().since_ms, store.feed().detail) == (1, "second")
    store.set_feed("live")
    assert store.feed().since_ms > 2
