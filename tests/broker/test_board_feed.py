"""The feed against a real Kafka: what is on the topic is in the store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from streams.board.feed import KafkaFeed
from streams.board.store import Store
from streams.contract.words import DAY_MS
from streams.kafka.connect import kafka_python_options
from streams.kafka.local_kafka import LocalKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import now_ms, until

Topics = Callable[..., Settings]


def feed_of(settings: Settings, store: Store) -> KafkaFeed:
    topics = settings.topics
    options = kafka_python_options(settings)
    return KafkaFeed(store, options, topics.kpis, topics.history, topics.intervals)


@pytest.fixture
def feeds() -> Iterator[list[KafkaFeed]]:
    """Feeds started by the test, stopped at its end."""
    made: list[KafkaFeed] = []
    yield made
    for feed in made:
        feed.stop(patience_seconds=30)
        assert not feed.is_alive()


def send(settings: Settings, topic: str, pairs: list[tuple[bytes, bytes | None]]) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap, acks="all")
    for key, value in pairs:
        producer.send(topic, key=key, value=value)
    producer.flush()
    producer.close()


def test_the_store_is_the_topic(fresh_topics: Topics, feeds: list[KafkaFeed]) -> None:
    """From the start and as it grows: newest per key, tombstones, history, quality, intervals."""
    settings, store, centre = fresh_topics(), Store(), Centre(6)
    old, new = centre.records(now_ms() - 5_000), centre.records(now_ms())
    topics = settings.topics
    send(settings, topics.kpis, [(key_of(r), value_of(r)) for r in old + new])
    send(settings, topics.history, [(key_of(r), value_of(r)) for r in centre.history(now_ms())])
    send(settings, topics.history, [(key_of(r), value_of(r)) for r in centre.quality(now_ms())])
    made = centre.intervals(now_ms(), centre.queues[0])
    send(settings, topics.intervals, [(key_of(r), value_of(r)) for r in made])
    feeds.append(feed_of(settings, store))
    feeds[0].start()
    until(lambda: store.feed().state == "live", 30, "the topics are read")
    assert sorted(store.raw(store.names())) == sorted(value_of(r) for r in new)
    assert len(store.sparks(store.names())) == len(centre.queues)
    assert len(store.intervals(("default", "billing", "voice"))) == len(made)
    assert store.quality() is not None

    send(settings, topics.kpis, [(key_of(new[0]), None), (key_of(new[1]), b"rubbish")])
    send(settings, topics.kpis, [(key_of(new[2]), value_of(new[2] | {"revision": 50}))])
    until(lambda: store.counts()["skipped"] == {"kpi_not_json": 1}, 10, "rubbish is counted")
    until(lambda: len(store.names()) == len(new) - 1, 10, "the tombstone took effect")
    until(lambda: b'"revision":50' in b"".join(store.raw(store.names())), 10, "the new record")


def test_days_of_weeks_ago_are_read_beside_the_live_ones(
    fresh_topics: Topics, feeds: list[KafkaFeed]
) -> None:
    """Live at once; then of each day that is compared what is on the topic, and of no other day."""
    settings, store, centre = fresh_topics(), Store(), Centre(1, tickets=False)
    now = now_ms()
    noon = now // DAY_MS * DAY_MS + DAY_MS // 2
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap, acks="all")
    for ago in (29, 28, 21, 14, 8, 7, 3):
        [*_, made] = centre.intervals(noon - ago * DAY_MS, centre.queues[0], 1)
        made |= {"final": True, "figures": made["figures"] | {"offered": ago}}
        at = made["interval_start"] + 5 * 3_600_000
        for value in (value_of(made), b"rubbish"):
            topic = settings.topics.intervals
            producer.send(topic, key=key_of(made), value=value, timestamp_ms=at)
    producer.flush()
    producer.close()
    feeds.append(feed_of(settings, store))
    feeds[0].start()
    until(lambda: store.feed().state == "live", 30, "the live topics are read")
    until(lambda: store.past.unread(now_ms()) == [], 60, "the days of weeks ago are read")
    found = store.past.compare(("default", "billing", "voice"), now_ms())
    usual = dict(zip(found["at"], found["slots"]["offered"]["usual"], strict=True))
    assert usual[noon] == 17.5  # of 7, 14, 21 and 28
    assert [one for one in usual.values() if one is not None] == [17.5]
    assert set(store.counts()["skipped"]) == {"past_not_json"}  # type: ignore[call-overload]
    assert store.intervals(("default", "billing", "voice")) == []


def test_what_is_not_committed_is_not_shown(fresh_topics: Topics, feeds: list[KafkaFeed]) -> None:
    """A worker's aborted transaction never reaches the wall."""
    settings, store, centre = fresh_topics(), Store(), Centre(2, tickets=False)
    [first, second, *_] = centre.records(now_ms())
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap, transactional_id=f"{settings.app_id}-test"
    )
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(settings.topics.kpis, key=key_of(first), value=value_of(first))
    producer.flush()
    producer.abort_transaction()
    producer.begin_transaction()
    producer.send(settings.topics.kpis, key=key_of(second), value=value_of(second))
    producer.commit_transaction()
    producer.close()
    feeds.append(feed_of(settings, store))
    feeds[0].start()
    until(lambda: store.feed().state == "live", 30, "the topics are read")
    until(store.names, 10, "the committed record")
    assert store.raw(store.names()) == [value_of(second)]


def test_missing_topics_are_said_and_waited_for(
    fresh_settings: Topics, feeds: list[KafkaFeed]
) -> None:
    """Started before the topics are made: names the topic, and goes on when it is there."""
    settings, store = fresh_settings(), Store()
    feeds.append(feed_of(settings, store))
    feeds[0].start()
    until(lambda: store.feed().state == "missing", 30, "the topic is missed")
    assert store.feed().detail == settings.topics.kpis
    create_topics(settings)
    [record, *_] = Centre(1).records(now_ms())
    send(settings, settings.topics.kpis, [(key_of(record), value_of(record))])
    until(store.names, 30, "the record is read")


def test_kafka_gone_and_back(tmp_path: Path, feeds: list[KafkaFeed]) -> None:
    """Gone: says since when. Back: goes on by itself and shows what was written meanwhile."""
    with LocalKafka(1, tmp_path) as broker:
        settings = Settings(bootstrap=broker.bootstrap)
        create_topics(settings)
        store, centre = Store(), Centre(1)
        [record, *_] = centre.records(now_ms())
        send(settings, settings.topics.kpis, [(key_of(record), value_of(record))])
        feeds.append(feed_of(settings, store))
        started_ms = now_ms()
        feeds[0].start()
        until(store.names, 30, "the record is read")
        until(lambda: store.feed().state == "live", 30, "live")
        killed_ms = now_ms()
        broker.kill_node(0)
        until(lambda: store.feed().state == "lost", 30, "the loss is noticed")
        # the last answer came before the end, or was on its way
        assert started_ms <= store.feed().since_ms <= killed_ms + 1_000
        assert store.raw(store.names()) == [value_of(record)]
        broker.start_node(0)
        until(lambda: store.feed().state == "live", 60, "live again")
        newer = record | {"revision": 1_000}
        send(settings, settings.topics.kpis, [(key_of(newer), value_of(newer))])
        until(lambda: store.raw(store.names()) == [value_of(newer)], 30, "the newer record")
        feeds.pop().stop()
