"""Inputs that have left the state behind: loud at every start, and the runbook's way out is exact.

Kafka is told to delete records that no worker has counted, as its retention does after a long stop.
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition

from streams.contract.events import Event
from streams.kafka.connect import kafka_python_options
from streams.kafka.topics import create_topics
from streams.kafka.topics_reset import derived_topics
from streams.settings import Settings
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from tests.broker.records import read_topic
from tests.broker.toy_world import PATIENCE, wait_until
from tests.broker.worker_files import expected_sums, write_centre
from tests.broker.worker_world import ROOT, STOPPED, World

EVENT_TIME = ("--clock", "event")
CONTACTS = 1_500
RUNBOOK = "deploy/runbooks/WorkerRestarting.md"


@pytest.fixture
def settings(fresh_topics: Callable[..., Settings]) -> Settings:
    """Topics of its own."""
    return fresh_topics(session_timeout_seconds=12, transaction_timeout_seconds=8)


def run(world: World, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """One of the project's commands, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        env=world.environment,
    )


def counted(settings: Settings, home: Path) -> None:
    """A worker has counted a file and stopped in order."""
    with closing(World(settings, home)) as world:
        worker = world.start(*EVENT_TIME)
        wait_until(lambda: worker.ready, PATIENCE, "the worker has its units")
        assert world.publish(write_centre(home / "1.ndjson", CONTACTS, seed=1)).wait(PATIENCE) == 0
        world.await_exact(expected_sums(settings, events_in(settings)))
        worker.send(signal.SIGTERM)
        assert worker.ended(PATIENCE) == 0


def events_in(settings: Settings) -> list[Event]:
    """Every event the inputs hold now."""
    found = [
        decode(record.value)
        for topic in settings.topics.inputs
        for records in read_topic(settings, topic)
        for record in records
    ]
    events = [event for event in found if not isinstance(event, Rejected)]
    assert len(events) == len(found)
    return events


def cut_off(settings: Settings, left: int) -> None:
    """All but the last records of each partition of the calls are deleted."""
    topic = settings.topics.calls
    ends = {n: len(records) for n, records in enumerate(read_topic(settings, topic))}
    with KafkaAdminClient(**kafka_python_options(settings)) as admin:
        admin.delete_records({TopicPartition(topic, n): end - left for n, end in ends.items()})


def test_the_way_out_of_a_log_that_was_cut_off(settings: Settings, tmp_path: Path) -> None:
    """Records are deleted uncounted: each start ends with 70 and names the runbook; after a reset
    the figures are those of a replay of what is left."""
    counted(settings, tmp_path)
    with closing(World(settings, tmp_path)) as world:
        file = write_centre(tmp_path / "2.ndjson", CONTACTS, seed=2)
        assert world.publish(file).wait(PATIENCE) == 0
        assert world.lag() > 400
        cut_off(settings, left=100)
        for _ in range(2):
            worker = world.start(*EVENT_TIME)
            assert worker.ended(PATIENCE) == STOPPED
            assert "it was cut off or recreated" in worker.said
            assert RUNBOOK in worker.said
        assert (ROOT / RUNBOOK).exists()
        before = events_in(settings)
        reset = run(world, "topics", "reset", "--yes")
        assert reset.returncode == 0, reset.stderr
    with closing(World(settings, tmp_path)) as world:
        assert events_in(settings) == before
        worker = world.start(*EVENT_TIME)
        world.await_exact(expected_sums(settings, before))
        assert worker.running


def test_another_app_id_does_not_begin_on_the_cells_of_the_first(
    settings: Settings, tmp_path: Path
) -> None:
    """Nor does the same one without its changelogs: sums of two states would be added. Refused with
    the ways out; the last of them is exact."""
    counted(settings, tmp_path)
    other = replace(settings, app_id=f"{settings.app_id}-other")
    create_topics(other)
    changelogs = {settings.topics.intake_changelog, settings.topics.queues_changelog}
    with KafkaAdminClient(**kafka_python_options(settings)) as admin:
        admin.delete_topics(sorted(changelogs))
        wait_until(lambda: not changelogs & set(admin.list_topics()), PATIENCE, "they are gone")
    assert set(create_topics(settings)) == changelogs
    for told in (other, settings):
        with closing(World(told, tmp_path)) as world:
            refused = run(world, "worker", *EVENT_TIME)
            assert refused.returncode == 1
            assert f"app_id {told.app_id} has no state" in refused.stderr
            assert "streams topics reset" in refused.stderr
            assert "Traceback" not in refused.stderr
    with closing(World(other, tmp_path)) as world:
        assert run(world, "topics", "reset", "--yes").returncode == 0
    with closing(World(other, tmp_path)) as world:
        world.start(*EVENT_TIME)
        world.await_exact(expected_sums(other, events_in(other)))


def test_nothing_is_reset_by_mistake(settings: Settings, tmp_path: Path) -> None:
    """Not while a worker is there, be it under another app_id; not without a word of consent. What
    it would empty is named, and no input is among it."""
    other = replace(settings, app_id=f"{settings.app_id}-other")
    with closing(World(settings, tmp_path)) as world, closing(World(other, tmp_path)) as beside:
        asked = run(world, "topics", "reset")
        assert asked.returncode == 1
        assert ", ".join(derived_topics(settings)) in asked.stderr
        assert "--yes" in asked.stderr
        worker = world.start()
        wait_until(lambda: worker.ready, PATIENCE, "the worker has its units")
        for place in (world, beside):
            refused = run(place, "topics", "reset", "--yes")
            assert refused.returncode == 1
            assert f"workers are in the group {settings.app_id}: stop them all" in refused.stderr
        assert worker.running
    names = settings.topics
    assert not {*names.inputs, names.deadletters} & set(derived_topics(settings))
