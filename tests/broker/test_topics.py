"""`streams topics` on a real Kafka."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from streams.errors import BrokerError
from streams.kafka.topics import alter_topics, check_topics, create_topics, topic_plan
from streams.kafka.topics_reset import reset_topics
from streams.settings import Settings
from tests.broker.toy_world import wait_until

Make = Callable[..., Settings]


def test_created_topics_are_as_planned(fresh_settings: Make) -> None:
    """What create makes, check finds nothing wrong with; a second create makes nothing."""
    settings = fresh_settings(partitions=3)
    assert sorted(create_topics(settings)) == sorted(plan.name for plan in topic_plan(settings))
    assert check_topics(settings) == []
    assert create_topics(settings) == []


def test_all_topics_have_the_same_partitions() -> None:
    """The plan holds the fourteen topics, with equal partition counts, as assignment needs."""
    plan = topic_plan(Settings(partitions=7))
    assert {topic.partitions for topic in plan} == {7}
    assert len(plan) == 14
    assert {"contact.calls", "contact.cells", "contact-streams-intake-changelog"} <= {
        topic.name for topic in plan
    }


def test_a_missing_topic_is_reported_with_its_fix(fresh_settings: Make) -> None:
    """Without topics, check says so once, with the command that makes them; where some are there,
    it names the others."""
    settings = fresh_settings()
    assert check_topics(settings) == ["all 14 topics: missing; create with `streams topics create`"]
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.create_topics({settings.topics.calls: {"num_partitions": settings.partitions}})
    (line,) = [line for line in check_topics(settings) if "missing" in line]
    assert line.startswith(f"{settings.topics.chats}, {settings.topics.tickets}, ")


def test_partition_difference_is_reported(fresh_topics: Make) -> None:
    """Both numbers, once, with what the project has to mend it: a setting where all topics agree,
    a reset where only what a worker writes differs."""
    settings = fresh_topics(partitions=2)
    (line,) = check_topics(replace(settings, partitions=5))
    assert line.startswith("all 14 topics: 2 partitions, needs 5")
    assert "STREAMS_PARTITIONS=2" in line
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.create_partitions({settings.topics.kpis: 5})
        wait_until(lambda: len(check_topics(settings)) == 1, 20, "the partitions are there")
    (line,) = check_topics(settings)
    assert line.startswith(f"{settings.topics.kpis}: 5 partitions, needs 2")
    assert "streams topics reset" in line
    reset_topics(settings)
    assert check_topics(settings) == []


def test_dangerous_settings_are_reported_and_mended(fresh_topics: Make) -> None:
    """`delete` on a changelog and a short retention are found; --alter mends them."""
    settings = fresh_topics()
    names = settings.topics
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.alter_configs(
            [
                ConfigResource(
                    "TOPIC", names.intake_changelog, {"cleanup.policy": "compact,delete"}
                ),
                ConfigResource("TOPIC", names.calls, {"retention.ms": "60000"}),
                # More than planned is no difference.
                ConfigResource("TOPIC", names.chats, {"retention.ms": "-1"}),
            ]
        )
    # Kafka answers before the brokers have taken it over.
    deadline = time.monotonic() + 20
    while len(found := check_topics(settings)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(found) == 2, found
    assert any("cleanup.policy is compact,delete, needs compact" in line for line in found)
    assert any(line.startswith(f"{names.calls}: retention.ms is 60000") for line in found)
    assert len(alter_topics(settings)) == 2
    assert check_topics(settings) == []


def test_too_many_replicas_are_refused_in_words(fresh_settings: Make) -> None:
    """One broker cannot hold three copies: the error names the setting."""
    with pytest.raises(BrokerError, match="replication_factor"):
        create_topics(fresh_settings(replication_factor=3))
