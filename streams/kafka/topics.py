"""The topics: creates them, or reports every difference from what the worker relies on.

One plan (`topic_plan`) says what each topic is; creation and checking both follow it, and the
worker refuses to start on what `check_topics` finds. Nothing is ever deleted or shrunk here; that
is `topics_reset`, and only when somebody says so.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streams.contract.words import HOUR_MS
from streams.errors import BrokerError
from streams.kafka.connect import kafka_python_options
from streams.kafka.diagnosis import broker_problem
from streams.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

READY_SECONDS = 30
_MEGABYTE = 1024 * 1024
_EXISTS = 36  # Kafka's error code: somebody else made the topic meanwhile
_WHY = {
    "cleanup.policy": "else records are lost that are still needed",
    "retention.ms": "else records are gone before a stopped worker has read them",
    "max.message.bytes": "else large records are refused",
    "min.insync.replicas": "else a lost broker can lose what was acknowledged",
}


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One topic as it should be; `configs` are Kafka's topic settings, as Kafka writes them."""

    name: str
    partitions: int
    replication_factor: int
    configs: dict[str, str]


def topic_plan(settings: Settings) -> list[TopicPlan]:
    """Every topic of the project. All have the same number of partitions: the worker needs it."""
    names = settings.topics
    plans: dict[str, dict[str, object]] = {}
    for name in names.inputs:
        plans[name] = {
            "cleanup.policy": "delete",
            "retention.ms": settings.input_retention_hours * HOUR_MS,
            "segment.ms": 24 * HOUR_MS,
        }
    for name in (names.cells, names.customers):
        plans[name] = {
            "cleanup.policy": "delete",
            "retention.ms": settings.cells_retention_hours * HOUR_MS,
            "segment.ms": 6 * HOUR_MS,
            "max.message.bytes": 8 * _MEGABYTE,
        }
    plans[names.deadletters] = {
        "cleanup.policy": "delete",
        "retention.ms": settings.deadletter_retention_hours * HOUR_MS,
        "segment.ms": 24 * HOUR_MS,
        # What was rejected for its size must fit here, with its headers.
        "max.message.bytes": 8 * _MEGABYTE,
    }
    plans[names.anomalies] = {
        "cleanup.policy": "delete",
        "retention.ms": 7 * 24 * HOUR_MS,
        "segment.ms": 24 * HOUR_MS,
    }
    if settings.agent_figures != "off":
        # About persons: kept for a while, and no longer.
        plans[names.agent_figures] = {
            "cleanup.policy": "delete",
            "retention.ms": settings.agent_figures_retention_hours * HOUR_MS,
            "segment.ms": 6 * HOUR_MS,
        }
    # A few keys rewritten every second: small segments and an eager cleaner keep what a new reader
    # or a restarted worker has to read close to one record a key.
    compact: dict[str, object] = {
        "cleanup.policy": "compact",
        "segment.bytes": 32 * _MEGABYTE,
        "segment.ms": HOUR_MS,
        "min.cleanable.dirty.ratio": 0.2,
    }
    # No age deletes anything here: the wallboard compares with intervals of up to 28 days ago, so
    # of `contact.intervals` 29 days have to be there.
    for name in (names.kpis, names.history, names.intervals):
        plans[name] = compact
    for name in (names.intake_changelog, names.queues_changelog):
        plans[name] = compact | {"max.message.bytes": 8 * _MEGABYTE}
    # Three copies survive one lost broker without stopping; two copies cannot.
    in_sync = 2 if settings.replication_factor >= 3 else 1
    return [
        TopicPlan(
            name,
            settings.partitions,
            settings.replication_factor,
            {
                key: str(value)
                for key, value in (configs | {"min.insync.replicas": in_sync}).items()
            },
        )
        for name, configs in plans.items()
    ]


def create_topics(settings: Settings) -> list[str]:
    """Makes the topics that are missing, ready to use when it returns; returns their names.

    Existing ones are left as they are. Raises BrokerError.
    """
    plan = topic_plan(settings)
    with _admin(settings) as admin:
        there = set(_described(admin, plan))
        missing = [topic for topic in plan if topic.name not in there]
        if not missing:
            return []
        answer = admin.create_topics(
            {
                topic.name: {
                    "num_partitions": topic.partitions,
                    "replication_factor": topic.replication_factor,
                    "configs": topic.configs,
                }
                for topic in missing
            },
            raise_errors=False,
        )
        refused: dict[str, list[str]] = {}
        for item in answer["topics"]:
            if item["error_code"] not in (0, _EXISTS):
                why = item.get("error_message") or f"error {item['error_code']}"
                refused.setdefault(why.rstrip("."), []).append(item["name"])
        if refused:
            told = "; ".join(f"{_listed(names, plan)}: {why}" for why, names in refused.items())
            raise BrokerError(
                f"Kafka at {settings.bootstrap} refuses topics (check partitions,"
                f" replication_factor and this user's rights): {told}"
            )
        admin.wait_for_topics([topic.name for topic in plan], timeout_ms=READY_SECONDS * 1_000)
        _await_leaders(admin, missing)
    return [topic.name for topic in missing]


def _await_leaders(admin: "KafkaAdminClient", topics: list[TopicPlan]) -> None:
    """Waits until each partition answers: its leader is named before it has made its files, and
    a producer that is quicker fills its log with retries."""
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError

    partitions_ = {
        TopicPartition(topic.name, number): OffsetSpec.LATEST
        for topic in topics
        for number in range(topic.partitions)
    }
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            admin.list_partition_offsets(partitions_, timeout_ms=1_000)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def check_topics(settings: Settings) -> list[str]:
    """Every difference from the plan that matters, in words with its fix; empty = all is well.

    Raises BrokerError when Kafka cannot be asked.
    """
    plan = topic_plan(settings)
    with _admin(settings) as admin:
        described = _described(admin, plan)
        configs = _configs(admin, [topic for topic in plan if topic.name in described])
    # What is wrong with several topics is said once.
    found: dict[str, list[str]] = {}
    counts = {len(item["partitions"]) for item in described.values()}
    for topic in plan:
        if topic.name not in described:
            wrong = ["missing; create with `streams topics create`"]
        else:
            wrong = _partition_differences(topic, described[topic.name], counts, settings)
            wrong += [
                f"{key} is {configs[topic.name][key]}, needs {needed}"
                f" ({_WHY[key]}); set it with `streams topics create --alter`"
                for key, needed in _config_differences(topic, configs[topic.name])
            ]
        for what in wrong:
            found.setdefault(what, []).append(topic.name)
    return [f"{_listed(names, plan)}: {what}" for what, names in found.items()]


def _listed(names: list[str], plan: list[TopicPlan]) -> str:
    return f"all {len(plan)} topics" if len(names) == len(plan) else ", ".join(names)


def alter_topics(settings: Settings) -> list[str]:
    """Sets what `check_topics` finds wrong in topic settings; returns what was set."""
    from kafka.admin import ConfigResource

    plan = topic_plan(settings)
    with _admin(settings) as admin:
        described = _described(admin, plan)
        there = [topic for topic in plan if topic.name in described]

        def differences() -> list[tuple[TopicPlan, str]]:
            configs = _configs(admin, there)
            return [
                (topic, key)
                for topic in there
                for key, _ in _config_differences(topic, configs[topic.name])
            ]

        wrong = differences()
        changes: dict[str, dict[str, str]] = {}
        for topic, key in wrong:
            changes.setdefault(topic.name, {})[key] = topic.configs[key]
        if changes:
            admin.alter_configs([ConfigResource("TOPIC", *item) for item in changes.items()])
        # The controller answers before the brokers have taken it over.
        deadline = time.monotonic() + 10
        while changes and differences() and time.monotonic() < deadline:
            time.sleep(0.05)
    return [f"{topic.name}: {key} = {topic.configs[key]}" for topic, key in wrong]


def message_limits(settings: Settings, names: Iterable[str]) -> dict[str, int]:
    """The largest batch of records, in bytes, that each topic (by its real name) takes.

    Raises BrokerError where one is missing.
    """
    plan = [topic for topic in topic_plan(settings) if topic.name in set(names)]
    with _admin(settings) as admin:
        described = _described(admin, plan)
        for topic in plan:
            if topic.name not in described:
                raise BrokerError(
                    f"Kafka at {settings.bootstrap} has no topic {topic.name};"
                    " create them: streams topics create"
                )
        configs = _configs(admin, plan)
    return {name: int(values["max.message.bytes"]) for name, values in configs.items()}


def _admin(settings: Settings) -> "KafkaAdminClient":
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        return KafkaAdminClient(**kafka_python_options(settings))
    except KafkaError as problem:
        raise broker_problem(problem, settings) from problem


def _described(admin: "KafkaAdminClient", plan: list[TopicPlan]) -> dict[str, dict[str, Any]]:
    """What Kafka says of each topic of the plan that exists."""
    answer = admin.describe_topics([topic.name for topic in plan])
    return {item["name"]: item for item in answer if item["error_code"] == 0}


def _configs(admin: "KafkaAdminClient", plan: list[TopicPlan]) -> dict[str, dict[str, str]]:
    from kafka.admin import ConfigResource

    if not plan:
        return {}
    resources = [ConfigResource("TOPIC", topic.name) for topic in plan]
    answer = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: {key: str(item["value"]) for key, item in values.items()}
        for name, values in answer.items()
    }


def _partition_differences(
    topic: TopicPlan, described: dict[str, Any], counts: set[int], settings: Settings
) -> list[str]:
    """`counts`: how many partitions there are, of whichever topics exist."""
    found = []
    partitions = described["partitions"]
    number = len(partitions)
    if number != topic.partitions:
        names = settings.topics
        anew = "or create all topics anew under another topic_prefix and app_id"
        if counts == {number}:
            way = f"set partitions = {number} (STREAMS_PARTITIONS={number}), {anew}"
        elif topic.name in (*names.inputs, names.deadletters):
            way = (
                "in another number of them keys would move: set partitions to what the inputs have"
                f" and run `streams topics reset`, {anew}"
            )
        else:
            way = "`streams topics reset` creates it anew and has the inputs counted again"
        found.append(f"{number} partitions, needs {topic.partitions} as all topics have; {way}")
    copies = min((len(item["replica_nodes"]) for item in partitions), default=0)
    if copies < topic.replication_factor:
        found.append(
            f"{copies} replicas, needs {topic.replication_factor} (else a lost broker can lose"
            " it); have them added where Kafka is run, or set replication_factor lower"
        )
    return found


def _config_differences(topic: TopicPlan, actual: dict[str, str]) -> list[tuple[str, str]]:
    """(setting, what is needed) for each that would make numbers wrong; taste is left alone."""
    found = []
    for key, planned in topic.configs.items():
        value = actual.get(key)
        if value is None or key not in _WHY:
            continue
        if key == "cleanup.policy":
            if set(value.split(",")) != {planned}:
                found.append((key, planned))
        elif value != "-1" and int(value) < int(planned):
            found.append((key, f"{planned} or more"))
    return found
