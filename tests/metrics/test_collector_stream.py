"""Stream metrics: lag, time, sources, commits and rebalances as the statistics have them."""

import time

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from streams import __version__
from streams.contract.names import clean
from streams.faustkit import stats as kit
from streams.metrics.catalogue import BY_NAME
from streams.metrics.meters import IntakeMeter
from streams.metrics.stream_metrics import MAX_SOURCES, loop_lag
from streams.wire.keys import murmur2
from tests.metrics.stand_in import PREFIX, START, StandIn, call, centre, value_in


def test_the_kits_buckets_are_the_catalogues() -> None:
    """Counted in one place, named in another: the bounds must not drift apart."""
    stats = kit.KitStats()
    unit = stats.unit("intake", 0, ())
    for name, spread in {
        "stream_commit_seconds": unit.commit,
        "stream_batch_records": unit.transaction,
        "stream_rebalance_seconds": stats.rebalance,
        "stream_event_delay_seconds": IntakeMeter().delays["contact.calls"],
    }.items():
        assert spread.bounds == BY_NAME[name].buckets


def test_statistics_of_the_units_are_shown() -> None:
    """Sums over units for counters and histograms; partitions only while they are ours."""
    worker = StandIn(centre())
    stats = worker.units.stats
    stats.rebalances = 3
    stats.rebalance.add(0.4)
    for number in range(2):
        unit = stats.units["queues", number]
        unit.commits, unit.skipped_replayed, unit.restore_remaining = 5, 2, 7
        unit.commit.add(0.02)
        unit.transaction.add(60)
        unit.last_commit_at = 1_700_000_000.5
        unit.positions["contact.cells"], unit.end_offsets["contact.cells"] = 9, 25
    text = worker.text()

    def of(name: str, **labels: str) -> float | None:
        return value_in(text, "stream_" + name, **labels)

    assert of("rebalances_total") == 3
    assert of("rebalance_seconds_bucket", le="0.25") == 0
    assert of("rebalance_seconds_bucket", le="0.5") == of("rebalance_seconds_count") == 1
    assert of("rebalance_seconds_sum") == 0.4
    assert of("commits_total", stage="queues") == 10
    assert of("commits_total", stage="intake") == 0
    assert of("commit_seconds_count", stage="queues") == 2
    assert of("commit_seconds_sum", stage="queues") == 0.04
    assert of("batch_records_bucket", stage="queues", le="50.0") == 0
    assert of("batch_records_bucket", stage="queues", le="100.0") == 2
    assert of("replayed_records_skipped_total") == 4
    assert of("recovery_remaining") == 14
    assert of("last_commit_timestamp_seconds", stage="queues", partition="1") == 1_700_000_000.5
    assert of("last_commit_timestamp_seconds", stage="intake", partition="1") is None
    assert of("consumer_lag", topic="contact.cells", partition="0") == 15
    assert of("consumer_lag", topic="contact.calls", partition="0") is None, "not fetched yet"
    assert of("partition_assigned", topic="contact.calls", partition="0") == 1
    assert of("partitions") == 2
    worker.release("queues", 0)
    assert worker.value("stream_consumer_lag", topic="contact.cells", partition="0") is None
    assert worker.value("stream_recovery_remaining") == 7
    assert worker.value("stream_commits_total", stage="queues") == 10


def test_topics_are_named_as_in_the_contract() -> None:
    """A prefix of the installation is in no label: rules and dashboards stay the same."""
    worker = StandIn(centre(topic_prefix="east."))
    worker.send(*call("c1", START))
    worker.turn()
    assert "east." not in worker.text()
    assert worker.value("stream_events_total", topic="contact.calls", result="ok") == 1


def test_where_the_stream_stands() -> None:
    """Both stages' time and the age of the figures; nothing before anything was read."""
    worker = StandIn(centre())
    assert not worker.families()["stream_watermark_timestamp_seconds"].samples
    worker.turn(5)
    now = START / 1_000 + 5
    for stage in ("intake", "queues"):
        for number in "01":
            labels = {"stage": stage, "partition": number}
            assert worker.value("stream_watermark_timestamp_seconds", **labels) == now
    assert worker.value("stream_as_of_timestamp_seconds", partition="0") == now


def test_a_delay_ends_at_the_commit() -> None:
    """The histogram shows from the event's time to the commit, not to the reading."""
    worker = StandIn(centre())
    worker.send(*call("c1", START))
    worker.turn(4)
    labels = {"topic": "contact.calls"}
    assert worker.value("stream_event_delay_seconds_sum", **labels) == 4
    assert worker.value("stream_event_delay_seconds_bucket", **labels, le="2.5") == 0
    assert worker.value("stream_event_delay_seconds_bucket", **labels, le="5.0") == 1


def test_sources_are_bounded_and_an_ended_one_leaves() -> None:
    """At most the newest fifty, the newest time over all partitions, none that has said goodbye."""
    worker = StandIn(centre())
    name = "stream_source_last_event_timestamp_seconds"
    for number in range(MAX_SOURCES + 10):
        fields = {**call(f"c{number}", START + number)[0], "source": f"s{number:02}"}
        worker.send(fields)
    worker.turn()
    shown = {s.labels["source"]: s.value for s in worker.families()[name].samples}
    assert sorted(shown) == [f"s{number:02}" for number in range(10, MAX_SOURCES + 10)]
    assert shown["s59"] == (START + 59) / 1_000
    ended = {"type": "source.heartbeat", "source": "s59", "occurred_at": START + 100, "ended": True}
    worker.send(ended)
    worker.turn()
    number = murmur2(b"c59") & 0x7FFFFFFF & 1
    assert (worker.value(name, source="s59") is None) == (number == murmur2(b"") & 1)


def test_a_hung_loop_shows_as_growing_lag() -> None:
    """No heartbeat is no lag of zero: what is overdue by now counts."""
    stats = kit.KitStats()
    assert loop_lag(stats) == 0
    stats.beat_at = time.monotonic()
    stats.loop_lag.add(0.03)
    assert loop_lag(stats) == 0.03
    stats.beat_at -= 20
    assert 19 < loop_lag(stats) < 60


def test_the_page_tells_of_itself() -> None:
    """Its own number of series, the time of the page before, and what is running."""
    worker = StandIn(centre())
    worker.send(*call("c1", START, answered=3))
    worker.turn()
    text = worker.text()
    lines = [line for line in text.splitlines() if line.startswith(PREFIX)]
    assert value_in(text, "exporter_series") == len(lines)
    assert (worker.value("exporter_collect_seconds") or 0) > 0
    labels = {"version": __version__, "revision": "unknown", "faust": "0.15.3"}
    assert worker.value("build_info", **labels) == 1


def test_no_source_can_break_the_page_or_make_it_long() -> None:
    """Names with quotes, line ends and blanks of all kinds come back as they are kept; 50."""
    worker = StandIn(centre())
    odd = ['a"b', "a\\", "a\nb", "a\r\nb 1", '"} 1\nevil{x="', "\x85\u2028\u200f", "\x01\x7f"]
    names = [f"s{number}" for number in range(300)] + odd
    for number, name in enumerate(names):
        event = call(f"c{number}", START + number)[0]
        worker.send({**event, "source": name})
    worker.turn(10)
    for openmetrics in (False, True):
        page = worker.collector.page(openmetrics).decode()
        parse = parse_openmetrics if openmetrics else text_string_to_metric_families
        family = "contactcenter_stream_source_last_event_timestamp_seconds"
        (found,) = (metric for metric in parse(page) if metric.name == family)
        shown = {sample.labels["source"] for sample in found.samples}
        assert set(map(clean, odd)) <= shown
        assert len(shown) == 50
        assert "evil" not in {sample.name for metric in parse(page) for sample in metric.samples}
